"""`backchannel step`: reports and findings, and the files that go with them: named, then sent; saved elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, show, step_one
from backchannel.cli.context import Work, at_desk, trouble_facts
from backchannel.cli.options import FAILED, DeskCommand
from backchannel.cli.progress import progress
from backchannel.cli.show import DIM, GOOD, Facts, Page
from backchannel.cli.step_done import UNDONE, Number, StepNumber, Yes, done
from backchannel.errors import BackchannelError, Misuse

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.desk.evidence import Named
    from backchannel.instruments.step.acts import File
    from backchannel.instruments.step.values import Ladder, Step

Files = Annotated[
    list[Path] | None, typer.Option("--file", metavar="FILE", help="A file that goes with it, as it is; repeated.")
]
Words = Annotated[
    str | None, typer.Argument(metavar="[TEXT]", help="In words; typed if left out. As an argument the shell keeps it.")
]

AS_THEY_ARE = (
    "Files go exactly as they are, with their names, to everybody who can read the ladder, and stay there. A "
    "photograph often says where, when and with which device it was taken; a document, who wrote it."
)


def report(
    ctx: typer.Context, ladder: Number, number: StepNumber, words: Words = None, file: Files = None, yes: Yes = False
) -> None:
    """Say that a step of your party is done, with files as evidence. A second report answers what was found."""
    from backchannel.desk import steps

    def deed(channel: Channel, item: Ladder, one: Step, text: str, files: list[File]) -> None:
        steps.report(channel, item, one, text, files)

    _with_files(
        ctx,
        (ladder, number),
        "step.report",
        lambda work: ask.written(words, None, work.given, "report"),
        file,
        deed,
        yes=yes,
    )


def find(
    ctx: typer.Context,
    ladder: Number,
    number: StepNumber,
    verdict: Annotated[str, typer.Argument(metavar="kept|doubted|broken")],
    words: Annotated[
        str, typer.Argument(metavar="[TEXT]", help="In words. The shell's history keeps it; - is stdin.")
    ] = "",
    file: Files = None,
    yes: Yes = False,
) -> None:
    """Say what your party has found of another's step. Its newest word counts; all that was found can be read."""
    from backchannel.desk import steps
    from backchannel.instruments.step.acts import VERDICTS

    if verdict not in VERDICTS:
        raise typer.BadParameter(f"{verdict!r} is none of: {', '.join(VERDICTS)}.")

    def deed(channel: Channel, item: Ladder, one: Step, text: str, files: list[File]) -> None:
        steps.find(channel, item, one, verdict, text, files)

    text = lambda work: ask.written(words, None, work.given, "finding")  # noqa: E731
    _with_files(ctx, (ladder, number), "step.find", text, file, deed, yes=yes)


Deed = Callable[["Channel", "Ladder", "Step", str, list["File"]], object]


def _with_files(
    ctx: typer.Context,
    which: tuple[int, int],
    kind: str,
    written: Callable[[Work], str],
    paths: list[Path] | None,
    deed: Deed,
    *,
    yes: bool,
) -> None:
    """Say something to which files belong: it goes first, in time, with their hashes; then the files themselves."""
    from backchannel.desk import steps, turns

    with at_desk(ctx) as work:
        channel = work.ready()
        item = steps.ladder_at(channel, which[0])
        one = turns.may(channel, item, which[1], kind)
        named = _named(work, paths or [])
        text = written(work)
        if named:
            if not work.given.json and not yes:
                show.tell({"says": AS_THEY_ARE}, lambda page, told: page.say(told["says"]), as_json=False)
            ask.confirm(f"Send {_together(named)}?", work.given, yes=yes)
        fate = work.act(channel, lambda: deed(channel, item, one, text, [file for file, _ in named]))
        sent = _send_all(work, channel, item, named, ready=fate == "sent")
        _told(work, channel, which, fate, "Said", sent)


def _named(work: Work, paths: Sequence[Path]) -> list[tuple[File, Path]]:
    from backchannel.desk import evidence

    found: list[tuple[File, Path]] = []
    for path in paths:
        with progress(f"Reading {path.name}", quiet=work.given.json) as told:
            file = evidence.describe(path.expanduser(), told)
        if any(file.sha256 == other.sha256 for other, _ in found):
            raise Misuse("file", f"{path.name} is there twice.", "Name it once.", UNDONE)
        found.append((file, path.expanduser()))
    return found


def _together(named: Sequence[tuple[File, Path]]) -> str:
    total = step_one.size(sum(file.size for file, _ in named))
    return f"{named[0][0].name} ({total})" if len(named) == 1 else f"{len(named)} files ({total})"


def _send_all(
    work: Work, channel: Channel, item: Ladder, named: Sequence[tuple[File, Path]], *, ready: bool
) -> list[Facts]:
    """Send files, until the relay is lost or somebody stops it."""
    sent: list[Facts] = []
    for file, path in named:
        lost = any(one["why"] is not None and one["why"].get("error") != "file" for one in sent)
        sent.append(_send(work, channel, item, file, path, ready=ready and not lost))
    return sent


def _send(work: Work, channel: Channel, item: Ladder, file: File, path: Path, *, ready: bool) -> Facts:
    """Send a file; what stopped it is told beside the result, for what was said stays said."""
    from backchannel.desk import evidence
    from backchannel.instruments.step.files import pieces

    why: Facts | None = None
    try:
        if ready:
            with progress(f"Sending {file.name}", quiet=work.given.json) as told:
                evidence.send(channel, item, file, path, told)
    except BackchannelError as error:
        why = trouble_facts(error) if not isinstance(error, Misuse) else error.as_dict()
    except KeyboardInterrupt:
        why = Misuse("stopped", "It was stopped.", "", evidence.SENT).as_dict()
    party, total = channel.state.member(channel.me).party, pieces(file)
    here = channel.session.book.pieces.counts(item.at.position).get((party, file.sha256), 0)
    return {
        "name": file.name,
        "path": str(path),
        "size": file.size,
        "sha256": file.sha256.hex(),
        "here": here,
        "under_way": evidence.sent(channel, item, file) - here,
        "pieces": total,
        "sent": here == total,
        "why": why,
    }


def _told(work: Work, channel: Channel, which: tuple[int, int], fate: str, done: str, sent: list[Facts]) -> None:
    from backchannel.desk import steps
    from backchannel.facts import step as facts

    found = facts.facts(channel, steps.ladder_at(channel, which[0]))
    told = {"fate": fate, "done": done, "ladder": found, "changed": [which[1]], "files": sent}
    work.tell(told, _filed, channel)
    if not all(file["sent"] for file in sent):
        raise typer.Exit(FAILED)


def _filed(page: Page, facts: Facts) -> None:
    done(page, facts)
    (number,), ladder = facts["changed"], facts["ladder"]["number"]
    for file in facts["files"]:
        if file["sent"]:
            page.say(f"Sent: {file['name']} ({step_one.size(file['size'])})", GOOD)
            continue
        why = f" {file['why']['what']}" if file["why"] else ""
        page.say(
            f"Not sent yet: {file['name']}, {file['here'] + file['under_way']} of {file['pieces']} pieces.{why}",
            "yellow",
        )
        page.say(f"  To go on: backchannel step send {ladder} {number} {file['path']}", DIM)


def send(
    ctx: typer.Context,
    ladder: Number,
    number: StepNumber,
    file: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files that your party has named.")],
) -> None:
    """Send files that were named in a report or a finding, from where it stopped."""
    from backchannel.desk import evidence, steps

    with at_desk(ctx) as work:
        channel = work.ready()
        item = steps.ladder_at(channel, ladder)
        steps.step(item, number)
        named: list[tuple[File, Path]] = []
        for path in file:
            with progress(f"Reading {path.name}", quiet=work.given.json) as told:
                named.append((evidence.mine(channel, item, number, path.expanduser(), told), path.expanduser()))
        sent = _send_all(work, channel, item, named, ready=True)
        _told(work, channel, (ladder, number), "sent", "Read", sent)


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
    """Add these commands to `backchannel step`."""
    for name, command in (("report", report), ("find", find), ("send", send), ("evidence", evidence_)):
        app.command(name, cls=DeskCommand)(command)
