"""What other programs of the same user may see of this process: not its memory (docs/decisions/0029)."""

from __future__ import annotations

import contextlib
import ctypes
import sys

_PR_SET_DUMPABLE = 4


def keep_private() -> None:
    """No core file of this process is written, and none without privilege reads its memory. Silent where it cannot be.

    Core files outlive the program, and crash reporters send them away; what is open while a desk is open is in them.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
