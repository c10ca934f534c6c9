"""`backchannel step`: reports and findings, and the files that go with them: taken in, named, sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, show, step_one
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import FAILED, DeskCommand
from backchannel.cli.progress import progress
from backchannel.cli.show import DIM, GOOD, Facts, Page
from backchannel.cli.step_done import UNDONE, Number, StepNumber, Yes, done
from backchannel.errors import Misuse

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.desk.files import Kept
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

    def text(work: Work) -> str:
        return ask.written(words, None, work.given, "finding")

    def unusual(one: Step) -> str:
        """A promise may have been seen to be kept before anybody says so, but as a rule it was not."""
        doer = one.promise.doer
        early = verdict == "kept" and not one.stands
        return f"{doer} has not reported step {number}. Say all the same that it was kept?" if early else ""

    _with_files(ctx, (ladder, number), "step.find", text, file, deed, yes=yes, unusual=unusual)


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
    unusual: Callable[[Step], str] = lambda _: "",
) -> None:
    """Say something to which files belong: it goes first, in time, with their hashes; then the files themselves.

    `unusual`: what is asked before what is rarely meant.
    """
    from backchannel.desk import files, steps, turns

    with at_desk(ctx) as work:
        channel = work.ready()
        item = steps.ladder_at(channel, which[0])
        one = turns.may(channel, item, which[1], kind)
        if question := unusual(one):
            ask.confirm(question, work.given, yes=yes)
        with _taken_in(work, channel, item, paths or []) as taken:
            text = written(work)
            if taken:
                if not work.given.json and not yes:
                    show.tell({"says": AS_THEY_ARE}, lambda page, told: page.say(told["says"]), as_json=False)
                ask.confirm(f"Send {_together(taken)}?", work.given, yes=yes)
            kept = files.kept(channel.session, item.at.position, [k for k, _ in taken])
            fate = work.act(channel, lambda: deed(channel, item, one, text, [named.file for named in kept]))
        _send(work, channel, which, fate, "Said", list(zip([one.file for one in kept], paths or [], strict=True)))


@contextmanager
def _taken_in(work: Work, channel: Channel, item: Ladder, paths: Sequence[Path]) -> Iterator[list[Kept]]:
    """Files, in the vault; what the block does not name leaves it again."""
    from backchannel.desk import files
    from backchannel.instruments.step.files import MOST_FILES

    if len(paths) > MOST_FILES:
        raise Misuse("files", f"More than {MOST_FILES} files do not go at once.", "Say it in two.", UNDONE)
    taken: list[Kept] = []
    try:
        for path in paths:
            with progress(f"Reading {path.name}", quiet=work.given.json) as told:
                taken.append(files.take(channel.session, item.at.position, path.expanduser(), told))
            files.kept(channel.session, item.at.position, [k for k, _ in taken])  # none is there twice
        yield taken
    finally:
        files.discard(channel.session, [k for k, _ in taken])


def _together(named: Sequence[Kept]) -> str:
    total = step_one.size(sum(one.file.size for one in named))
    return f"{named[0].file.name} ({total})" if len(named) == 1 else f"{len(named)} files ({total})"


GOES_ON = "It is kept on this desk, and goes on by itself with the next sync: backchannel desk sync"
STOPPED = Misuse("stopped", "It was stopped.", GOES_ON, "What was said stays said.")


def _send(
    work: Work, channel: Channel, which: tuple[int, int], fate: str, done: str, named: Sequence[tuple[File, Path]]
) -> None:
    """Send what was named, until the relay is lost or somebody stops it, and tell; what was said stays said."""
    from backchannel.desk import steps
    from backchannel.facts import step as facts

    stopped = None
    try:
        if named:
            work.carry(channel, named[0][0].name if len(named) == 1 else f"{len(named)} files")
    except KeyboardInterrupt:
        stopped = STOPPED
    item = steps.ladder_at(channel, which[0])
    sent = [_sent(channel, item, file, path, stopped) for file, path in named]
    told = {"fate": fate, "done": done, "ladder": facts.facts(channel, item), "changed": [which[1]], "files": sent}
    work.tell(told, _filed, channel)
    if any(file["why"] for file in sent):
        raise typer.Exit(FAILED)


def _sent(channel: Channel, item: Ladder, file: File, path: Path, stopped: Misuse | None) -> Facts:
    """How far a file has come, and why it does not go on by itself now."""
    from backchannel.desk import sending

    here, total = sending.progress(channel.session, [(item, file)])
    why, back = stopped, sending.came_back(channel.session).get(file.sha256)
    if back is not None:
        todo = "Let go of what came back, and it goes again: backchannel desk status"
        why = Misuse("returned", f"A piece was not accepted: {back}", todo, "")
    return {
        "name": file.name,
        "path": str(path),
        "size": file.size,
        "sha256": file.sha256.hex(),
        "here": here,
        "pieces": total,
        "sent": here == total,
        "why": why.as_dict() if why is not None and here < total else None,
    }


def _filed(page: Page, facts: Facts) -> None:
    done(page, facts)
    for file in facts["files"]:
        if file["sent"]:
            page.say(f"Sent: {file['name']} ({step_one.size(file['size'])})", GOOD)
            continue
        why = f" {file['why']['what']}" if file["why"] else ""
        page.say(f"Not sent yet: {file['name']}, {file['here']} of {file['pieces']} pieces.{why}", "yellow")
        page.say(f"  {file['why']['todo'] if file['why'] else GOES_ON}", DIM)


def send(
    ctx: typer.Context,
    ladder: Number,
    number: StepNumber,
    file: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files that your party has named.")],
) -> None:
    """Send files that were named at another desk of your party, or before this one was restored from a backup.

    What was named at this desk goes by itself.
    """
    from backchannel.desk import files, steps

    with at_desk(ctx) as work:
        channel = work.ready()
        item = steps.ladder_at(channel, ladder)
        steps.step(item, number)
        named: list[tuple[File, Path]] = []
        for path in file:
            with progress(f"Reading {path.name}", quiet=work.given.json) as told:
                named.append((files.take_again(channel, item, number, path.expanduser(), told), path))
        _send(work, channel, (ladder, number), "sent", "Read", named)


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel step`."""
    for name, command in (("report", report), ("find", find), ("send", send)):
        app.command(name, cls=DeskCommand)(command)
