"""`backchannel archive`: the whole record, sealed under words on paper; checked and opened without desk or relay."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli.context import at_desk
from backchannel.cli.options import DeskCommand, Group, PlainCommand, Settings, settings
from backchannel.cli.progress import progress
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.errors import Malformed, Misuse

if TYPE_CHECKING:
    from backchannel.desk.archive.papers import Papers
    from backchannel.desk.archive.store import Archive, Share

app = typer.Typer(cls=Group, no_args_is_help=True, help="Archives: the whole record, sealed under words on paper.")

FILE = Annotated[str, typer.Argument(metavar="FILE", help="The archive.")]
CLEAR = "\x1b[H\x1b[2J\x1b[3J"
"""Empties a terminal, and what can be scrolled back to where it allows that."""


@app.command("seal", cls=DeskCommand)
def seal_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The new file to write.")],
    threshold: Annotated[int, typer.Option("--threshold", metavar="K", min=2, max=16, help="How many shares open it.")],
    shares: Annotated[int, typer.Option("--shares", metavar="N", min=2, max=16, help="How many shares there are.")],
    shares_to: Annotated[
        str | None,
        typer.Option(
            "--shares-to", metavar="DIR", help="Write each share to a file in this new folder, instead of showing them."
        ),
    ] = None,
    without_notes: Annotated[bool, typer.Option("--without-notes", help="Leave the notes out.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Seal the whole record into one file, which K of N trustees can open together with what they have on paper."""
    given = settings(ctx)
    if shares_to is None and not _terminal(given):
        raise Misuse(
            "ask",
            "Shares are shown one after another on a terminal, and there is none here.",
            "Use a terminal, or name a new folder with --shares-to.",
            "Nothing was done.",
        )
    target = Path(file).expanduser()
    if not target.absolute().parent.is_dir():
        raise Misuse("file", f"There is no folder {target.absolute().parent}.", "Make it first.", "Nothing was done.")
    with at_desk(ctx) as work:
        channel = work.ready()
        notes = "" if without_notes else " Its notes outlive their time in it."
        question = (
            f"Any {threshold} of {shares} shares will open the record of “{channel.state.title}”.{notes} Seal it?"
        )
        ask.confirm(question, given, yes=yes)
        from backchannel.desk.archive.store import seal

        with ExitStack() as bar:
            told = bar.enter_context(progress("Sealing the record", quiet=given.json))

            def hand_out(papers: Papers) -> None:
                bar.close()  # or it would be drawn over what is shown
                if shares_to is not None:
                    papers.write(Path(shares_to).expanduser())
                else:
                    _show(papers)

            words = seal(
                channel,
                target,
                threshold=threshold,
                count=shares,
                hand_out=hand_out,
                notes=not without_notes,
                progress=told,
            )
        facts: Facts = {
            "file": str(target.absolute()),
            "bytes": target.stat().st_size,
            "threshold": threshold,
            "shares": shares,
            "shares_to": shares_to,
            "notes": not without_notes,
            "words": list(words),
        }
        work.tell(facts, _sealed, channel)


def _terminal(given: Settings) -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and not given.json


def _show(papers: Papers) -> None:
    """One share after another, each gone from the terminal before the next."""
    count = len(papers.shares)
    for number, share in enumerate(papers.shares, 1):
        sys.stdout.write(CLEAR)
        page = Page(sys.stdout)
        page.say(f"Share {number} of {count}. Any {papers.threshold} of the {count} open the archive.", STRONG)
        page.say("Write it on paper, for one trustee alone. It is kept nowhere and cannot be shown again.")
        page.say()
        page.words(share.split())
        page.say()
        sys.stdout.flush()
        typer.prompt("When it is written down, press Enter", default="", show_default=False, err=True)
    sys.stdout.write(CLEAR)


def _sealed(page: Page, facts: Facts) -> None:
    page.say(f"The archive is {facts['file']} ({facts['bytes']:,} bytes).", GOOD)
    if facts["shares_to"]:
        page.say(
            f"Its {facts['shares']} shares are in {facts['shares_to']}, a file each. Print them or hand them over one "
            "by one, then delete the files: together they open the archive."
        )
    page.say("The words of the file; they belong on every paper, to be compared before it is opened:")
    page.words(facts["words"])
    spare = facts["shares"] - facts["threshold"]
    page.say(
        f"{facts['threshold']} trustees together can read it at any time. "
        + (f"If more than {spare} of the papers are lost" if spare else "If one paper is lost")
        + ", nobody can, ever. A paper cannot be replaced."
    )
    page.say("Try each paper: backchannel archive check FILE --share -")


@app.command("check", cls=PlainCommand)
def check(
    ctx: typer.Context,
    file: FILE,
    share: Annotated[
        str | None, typer.Option("--share", metavar="FILE|-", help="A share: a file, or typed (-). It opens nothing.")
    ] = None,
) -> None:
    """Check that an archive is whole, and that a share belongs to it. Needs no desk, no passphrase and no relay."""
    from backchannel.desk.archive.store import opened

    given = settings(ctx)
    with progress("Reading the archive", quiet=given.json) as told, opened(Path(file).expanduser(), told) as archive:
        facts = _about(archive, file)
    number = _read(archive, [share], given)[0].number if share is not None else None
    show.tell({**facts, "share": number}, _checked, as_json=given.json)


def _about(archive: Archive, file: str) -> Facts:
    return {
        "file": file,
        "threshold": archive.manifest.threshold,
        "shares": len(archive.manifest.shares),
        "words": list(archive.words),
        "sealed_by": list(archive.sealed_by),
    }


def _checked(page: Page, facts: Facts) -> None:
    page.say("The archive is whole.", GOOD)
    if facts["share"]:
        page.say(f"This share is whole, and belongs to it: number {facts['share']}.", GOOD)
    _draw(page, facts)


def _draw(page: Page, facts: Facts) -> None:
    page.say(f"It takes {facts['threshold']} of {facts['shares']} shares. The words of the file:")
    page.words(facts["words"])
    page.say("If they are not those on the papers, somebody has put another file in its place.")
    page.say("It was sealed at the desk of the seat with these words:", DIM)
    page.words(facts["sealed_by"])


@app.command("open", cls=PlainCommand)
def open_(
    ctx: typer.Context,
    file: FILE,
    to: Annotated[str, typer.Option("--to", metavar="DIR", help="The new folder to write what is in it to.")],
    share: Annotated[
        list[str] | None,
        typer.Option("--share", metavar="FILE|-", help="A share, repeated; those that are missing are asked for."),
    ] = None,
) -> None:
    """Open an archive with enough shares. Needs no desk, no passphrase and no relay."""
    from backchannel.desk.archive.store import opened

    given, folder = settings(ctx), Path(to).expanduser()
    if folder.exists():  # before anybody types 33 words
        raise Misuse("exists", f"{folder} is there already.", "Name a new folder.", "Nothing was done.")
    with ExitStack() as held_open:
        with progress("Reading the archive", quiet=given.json) as told:
            archive = held_open.enter_context(opened(Path(file).expanduser(), told))
        facts = _about(archive, file)
        held = _read(archive, share or [], given)
        if len(held) < archive.manifest.threshold:
            held = _ask(archive, held, facts, given)
        with progress("Opening the archive", quiet=given.json) as told:
            names = archive.unseal(held, folder, told)
    numbers = [one.number for one in held]
    told_facts: Facts = {**facts, "folder": str(folder.absolute()), "files": list(names), "used": numbers}
    show.tell(told_facts, _opened, as_json=given.json)


def _opened(page: Page, facts: Facts) -> None:
    page.say(f"Opened into {facts['folder']}; begin with readme.txt.", GOOD)
    page.say("It lies there in the clear, for whoever can read this disk.")
    _draw(page, facts)


def _read(archive: Archive, sources: list[str], given: Settings) -> list[Share]:
    """The shares in these files; `Malformed` naming every one that is bad."""
    held, bad = [], []
    for source in sources:
        typed = ask.written(None, source, given, "share")
        if source == "-":
            _wipe(given)
        try:
            held.append(archive.share(typed))
        except Malformed as error:
            bad.append((source, error))
    if bad:
        named = " ".join(f"{'On stdin' if source == '-' else source}: {error.what}" for source, error in bad)
        raise Malformed(bad[0][1].code, named, bad[0][1].todo, "Nothing was opened.")
    return held


def _ask(archive: Archive, held: list[Share], facts: Facts, given: Settings) -> list[Share]:
    """The shares that are missing, typed. A bad one is named and asked for again: the others are not typed twice."""
    wanted = archive.manifest.threshold
    if given.json:
        raise Misuse(
            "few",
            f"It takes {wanted} shares; {len(held)} were given.",
            "Give each with --share FILE.",
            "Nothing was done.",
        )
    show.tell(facts, _draw, as_json=False)
    try:
        while len(held) < wanted:
            held = [*held, *_typed(archive, held, given)]
    finally:
        _wipe(given)
    return held


def _typed(archive: Archive, held: list[Share], given: Settings) -> list[Share]:
    """One more share, or none if that was a bad one."""
    typed = ask.line(f"Share {len(held) + 1} of {archive.manifest.threshold}", given)
    try:
        one = archive.share(typed)
        if one.number in {other.number for other in held}:
            raise Malformed("twice", f"Share {one.number} was given already.", "Another trustee's is needed.")
    except Malformed as error:
        show.failure(error.as_dict(), as_json=False)
        return []
    return [one]


def _wipe(given: Settings) -> None:
    """What was typed or shown leaves the terminal."""
    if _terminal(given):
        sys.stdout.write(CLEAR)
        sys.stdout.flush()
