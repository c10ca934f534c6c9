"""The `backchannel` command. Its parts: app (the tree), options, context (an open desk), show (all that is printed)."""

from __future__ import annotations

import sys

from backchannel.cli.private import keep_private


def main() -> None:
    """Entry point of the `backchannel` command; leaves by SystemExit with 0, 1 (refused or failed) or 2 (usage)."""
    keep_private()
    try:
        from backchannel.cli.app import app  # here, so that whoever imports a part of cli does not load the whole tree

        app(prog_name="backchannel")
    except KeyboardInterrupt:  # while the program was still being loaded: nothing has begun
        sys.stderr.write("Stopped.\n")
        sys.exit(1)
