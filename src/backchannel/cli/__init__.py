"""The `backchannel` command. Its parts: app (the tree), options, context (an open desk), show (all that is printed)."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `backchannel` command; leaves by SystemExit with 0, 1 (refused or failed) or 2 (usage)."""
    from backchannel.cli.app import app  # here, so that whoever imports a part of cli does not load the whole tree

    app(prog_name="backchannel")
