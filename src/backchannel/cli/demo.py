"""`backchannel demo`: a whole talk on this machine, with a relay, three desks, and proofs at the end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from backchannel.cli.options import FAILED, PlainCommand, settings


def demo(
    ctx: typer.Context,
    fast: Annotated[bool, typer.Option("--fast", help="Without pauses.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Where to leave it: a new or empty folder. Otherwise a new one."),
    ] = None,
) -> None:
    """Play the good offices in the Beagle dispute: a relay, three desks, everything proved at the end."""
    from backchannel.demo import play

    if play(folder, fast=fast, as_json=settings(ctx).json, out=sys.stdout):
        raise typer.Exit(FAILED)


def register(app: typer.Typer) -> None:
    """Add the command to the tree."""
    app.command("demo", cls=PlainCommand)(demo)
