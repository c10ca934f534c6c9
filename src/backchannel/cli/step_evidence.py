"""`backchannel step evidence`: the files of a step, and how much of them is here; saved elsewhere, if whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import step_one
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import FAILED, DeskCommand
from backchannel.cli.progress import progress
from backchannel.cli.show import DIM, GOOD, Facts, Page
from backchannel.cli.step_done import Number, StepNumber
from backchannel.errors import Misuse

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.desk.evidence import Named
    from backchannel.instruments.step.values import Ladder


def evidence_(
    ctx: typer.Context,
    ladder: Number,
    number: StepNumber,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FOLDER", help="Write those that are wholly here into it.")
    ] = None,
) -> None:
    """The files of a step: who named them, how much of them is here. What is saved is what was named, or it is not."""
    from backchannel.desk import evidence, steps
    from backchannel.facts import step as facts

    with at_desk(ctx) as work:
        channel = work.read()
        item = steps.ladder_at(channel, ladder)
        steps.step(item, number)
        files = evidence.named(channel, item, number)
        party = channel.state.member(channel.me).party
        found = [facts.evidence_facts(one, party) for one in files]
        if save is not None:
            folder = _folder(save.expanduser())
            for one, row, name in zip(files, found, evidence.filenames(files), strict=True):
                row["saved"], row["why"] = _save(work, channel, item, one, folder / name)
        told = {"ladder": ladder, "step": number, "evidence": found, "folder": None if save is None else str(save)}
        work.tell(told, _evidence, channel)
        if save is not None and any(row["why"] for row in found):
            raise typer.Exit(FAILED)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        what = f"{path} cannot be written: {error.strerror}."
        raise Misuse("file", what, "Name another folder.", "Nothing was written.") from error
    return path


def _save(work: Work, channel: Channel, item: Ladder, one: Named, path: Path) -> tuple[str | None, str | None]:
    """Where a file was saved, or why it was not."""
    from backchannel.desk import evidence

    try:
        with progress(f"Writing {path.name}", quiet=work.given.json) as told:
            evidence.save(channel, item, one, path, told)
    except Misuse as error:
        return None, error.what
    return str(path), None


def _evidence(page: Page, facts: Facts) -> None:
    if not facts["evidence"]:
        page.say("No files go with this step.")
        return
    step_one.evidence(page, facts["evidence"])
    for file in facts["evidence"] if facts["folder"] is not None else ():
        if file["saved"]:
            page.say(f"Saved as {file['saved']}", GOOD)
        else:
            page.say(f"Not saved: {file['why']}", "yellow")
    if facts["folder"] is not None:
        page.say("These files are not encrypted. They are as somebody else made them: open them with care.", DIM)


def register(app: typer.Typer) -> None:
    """Add it to `backchannel step`."""
    app.command("evidence", cls=DeskCommand)(evidence_)
