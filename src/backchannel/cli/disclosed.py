"""`backchannel verify`: what a bundle shows and proves, in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli.options import PlainCommand, settings
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.errors import Malformed
from backchannel.facts.disclosed import BUNDLE, facts


def _draw(page: Page, told: Facts) -> None:
    page.say("This holds: every signature, every clause that is shown, and its place in the log.", GOOD)
    page.say()
    page.say(told["title"] or "(the title is not shown)", STRONG)
    for clause in told["clauses"]:
        if clause["text"] is not None:
            page.say(f"  {clause['number']}.")
            page.quote(clause["text"])
    page.say()
    page.say("Signed by")
    for one in told["signed"]:
        page.say(f"  {one['name']}, {one['role']}, for {one['party']}. {one['attested']}")
        page.words(one["thumbprint"].split())
    for heading, said in (("It proves", told["proves"]), ("It does not prove", told["proves_not"])):
        page.say()
        page.say(heading, STRONG)
        for sentence in said:
            page.say(f"  {sentence}")
    if told["replaces"]:
        page.say()
        page.say("It replaces an earlier disclosure: what that one said is no longer what the parties show.", DIM)


def verify(ctx: typer.Context, file: Annotated[str, typer.Argument(metavar="FILE")]) -> None:
    """Check a disclosure, or a saved understanding. Needs no desk, no passphrase, no relay and no network."""
    from backchannel.cli import understanding
    from backchannel.instruments.disclosure import bundle as bundles

    path = Path(file).expanduser()
    path = path / BUNDLE if path.is_dir() else path
    raw = ask.read_file(path, bundles.LARGEST)
    if b'"backchannel": "disclosure' in raw[:200]:
        show.tell(facts(raw), _draw, as_json=settings(ctx).json)
    elif b'"backchannel": "understanding' in raw[:200]:
        understanding.verify(ctx, file)
    else:
        raise Malformed(
            "record",
            "This file is neither a disclosure nor the record of an understanding, or it is damaged.",
            "Get it again from whoever published it.",
        )


def register(app: typer.Typer) -> None:
    """Add `verify` to `backchannel`."""
    app.command("verify", cls=PlainCommand)(verify)
