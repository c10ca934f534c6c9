"""Unexpected errors, told to the host by type and place; never what was asked, by whom, or with which values."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TextIO

from backchannel.errors import RelayRefused
from backchannel.relay.refusals import refuse


def report(error: BaseException, stream: TextIO) -> None:
    """One line: `relay: KeyError at jobs.py:17`."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    stream.write(f"relay: {type(error).__name__}{place}\n")
    stream.flush()


def refusal(error: Exception) -> RelayRefused:
    """What a client is told of an error: itself if it is a refusal; any other is reported, and says nothing."""
    if isinstance(error, RelayRefused):
        return error
    report(error, sys.stderr)
    return refuse("unavailable")
