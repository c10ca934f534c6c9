"""The command tree."""

from __future__ import annotations

from typing import Annotated

import typer

from backchannel.cli import (
    archive,
    channel,
    demo,
    desk,
    disclosed,
    disclosure,
    hat,
    mandate,
    nonpaper,
    note,
    relay,
    search,
    show,
    sounding,
    step,
    text,
    understanding,
)
from backchannel.cli.options import Root, settings

app = typer.Typer(
    cls=Root,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Confidential talks: channels that the host cannot read, notes that vanish, understandings that last.",
    epilog="The passphrase is asked for, or taken from BACKCHANNEL_PASSPHRASE. "
    "Exit codes: 0, 1 refused or failed, 2 usage.",
)


def _version(ctx: typer.Context, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from backchannel import __version__

        facts = {"version": __version__}
        show.tell(facts, lambda page, told: page.say(f"backchannel {told['version']}"), as_json=settings(ctx).json)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Shared by all commands; the shared options are added by their class."""


for group, name in (
    (desk.app, "desk"),
    (channel.app, "channel"),
    (note.app, "note"),
    (nonpaper.app, "nonpaper"),
    (hat.app, "hat"),
    (sounding.app, "sounding"),
    (text.app, "text"),
    (understanding.app, "understanding"),
    (step.app, "step"),
    (disclosure.app, "disclosure"),
    (mandate.app, "mandate"),
    (archive.app, "archive"),
    (relay.app, "relay"),
):
    app.add_typer(group, name=name)
for single in (search, disclosed, demo):
    single.register(app)
