"""Record: what came since one was last here, what waits, whether all see one history; checked, kept, printed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from starlette.responses import Response

from backchannel.desk.archive.papers import Papers
from backchannel.desk.archive.store import seal
from backchannel.desk.audit import Finding, audit
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.facts import common, log, outbox
from backchannel.web import places, sheet
from backchannel.web.jobs import Held, Job, Progress, held
from backchannel.web.page import Answered, Ask, Do, Facts, Form, Page, attachment

MOST = 25
"""Entries on a page."""
MOST_NEWS = 12
COMPARED = 16
"""So many words."""


class Sealed(NamedTuple):
    """An archive that was made: its file, its words, and the papers until they are handed out."""

    file: Held
    words: tuple[str, ...]
    papers: Papers
    notes: bool

    def close(self) -> None:
        """Let go of the file; without the papers nobody opens it."""
        self.file.close()


def look(ask: Ask) -> Facts:
    """The record of a channel, its newest entries or those before a position."""
    channel = ask.channel()
    whole, before = ask.query("all") == "1", ask.number("before", 1 << 40)
    size = min(max(ask.number("size", channel.size), 1), max(channel.size, 1))
    many, news = log.news(channel, MOST_NEWS)
    rows = log.newest(channel, before=before, most=MOST, whole=whole)
    waits = [one for one in outbox.facts(channel) if one["stage"] != "returned"]
    return {
        "size": channel.size,
        "last": common.last(channel),
        "news_count": many,
        "news": [_linked(channel, one) for one in news],
        "outbox": waits,
        "files": outbox.files(channel),
        "rows": [_linked(channel, one) for one in rows],
        "whole": whole,
        "earlier": rows[-1]["number"] if len(rows) == MOST else None,
        "later": bool(ask.query("before")),
        "compare": {"size": size, "words": list(channel.compare_words(size)) if channel.size else []},
        "heard": None,
        "share": None,
        "verify": _verified(ask.keeper.jobs.get(_job(channel, "verify"))),
        "archive": _archived(ask.keeper.jobs.get(_job(channel, "archive"))),
    }


def _linked(channel: Channel, one: Facts) -> Facts:
    about = one["about"]
    if about is None:
        return {**one, "place": None, "title": ""}
    return {
        **one,
        "place": places.place(channel, {**about, "verb": "look"}),
        "title": places.title(channel, about["number"]),
    }


def _job(channel: Channel, what: str) -> str:
    return f"{what}-{channel.session.book.c}"


def seen(ask: Ask, form: Form) -> str:
    """What came up to here is no news any more."""
    ask.channel().mark_seen(form.number("size"))
    return ask.place("record")


def discard(ask: Ask, form: Form) -> str:
    """Let go of something that came back."""
    ask.channel().discard(form.number("row", -1))
    ask.keeper.changed()
    return ask.place("record")


def compare(ask: Ask, form: Form) -> str:
    """What another seat has read to this person: the same words, or not."""
    channel, size = ask.channel(), form.number("size")
    own, said = list(channel.compare_words(size)), form["words"].lower().replace(",", " ").split()
    differ = [k for k, word in enumerate(own, 1) if said[k - 1 : k] != [word]]
    raise Answered(
        compare={"size": size, "words": own},
        heard={"same": said == own, "count": len(said), "differ": differ if len(said) == COMPARED else []},
    )


# --- checking everything ----------------------------------------------------------------------------------------------


def verify(ask: Ask, form: Form) -> str:
    """Begin to check the whole record."""
    channel = ask.channel()

    def work(progress: Progress) -> list[Finding]:
        return audit(channel, progress)

    ask.keeper.jobs.start(_job(channel, "verify"), work)
    return ask.place("record#verify")


def _verified(job: Job | None) -> Facts | None:
    if job is None:
        return None
    found = [_finding(one) for one in job.result or ()]
    return {**_state(job), "findings": found, "ok": all(one["ok"] for one in found)}


def _finding(one: Finding) -> Facts:
    kind, _, number = one.name.partition(" ")
    return {"kind": kind, "n": number, "ok": one.ok, "detail": one.detail}


def _state(job: Job) -> Facts:
    return {"state": job.state, "done": job.done, "total": job.total, "problem": job.problem}


# --- an archive -------------------------------------------------------------------------------------------------------


def seal_(ask: Ask, form: Form) -> str:
    """Seal the record into one file under papers of trustees."""
    channel, say = ask.channel(), ask.words.say
    threshold, count, notes = form.number("threshold"), form.number("shares"), form["notes"] == "yes"
    if not 2 <= threshold <= count <= 16:
        raise Misuse("threshold", "An archive has 2 to 16 papers, and 2 of them or more open it.", "Choose others.")
    ask.sure(
        form,
        say("Seal the record of this channel?"),
        [
            say("Any {k} of {n} papers will open it, without any of you, at any time.", k=threshold, n=count),
            say("Its notes outlive their time in it.") if notes else say("Notes are left out."),
            say("Non-papers, what was in the hat, and soundings without a result are never in it."),
            say("The papers are shown one by one, to be written down by hand. They are kept nowhere."),
        ],
        say("Seal it"),
    )

    def work(progress: Progress) -> Sealed:
        return _seal(channel, ask.keeper.folder, threshold, count, notes, progress)

    ask.keeper.jobs.start(_job(channel, "archive"), work)
    return ask.place("record#archive")


def _seal(channel: Channel, folder: Path, threshold: int, count: int, notes: bool, progress: Progress) -> Sealed:
    papers: list[Papers] = []
    words: tuple[str, ...] = ()

    def write(path: Path) -> None:
        nonlocal words
        words = seal(
            channel, path, threshold=threshold, count=count, hand_out=papers.append, notes=notes, progress=progress
        )

    file = held(folder, write)
    return Sealed(file, words, papers[0], notes)


def _archived(job: Job | None) -> Facts | None:
    if job is None:
        return None
    made: Sealed | None = job.result
    if made is None:
        return {**_state(job), "made": None}
    shares, threshold = len(made.papers.shares), made.papers.threshold
    facts = {"words": list(made.words), "bytes": made.file.size, "shares": shares, "threshold": threshold}
    return {**_state(job), "made": facts}


def share(ask: Ask, form: Form) -> str:
    """One paper of the archive, on a page that has no address."""
    made, number = _sealed(ask), form.number("number")
    if not 1 <= number <= len(made.papers.shares):
        raise Misuse("share", f"There is no paper {number}.", "Choose one of them.")
    raise Answered(share={"number": number, "words": made.papers.shares[number - 1].split()})


def handed_out(ask: Ask, form: Form) -> str:
    """All papers are written down, and the file is saved: let go of both."""
    ask.sure(
        form,
        ask.words.say("Are all papers written down, and is the file saved?"),
        [ask.words.say("This desk then forgets both. A paper cannot be shown again, and the file not be saved again.")],
        ask.words.say("Forget them"),
    )
    ask.keeper.jobs.forget(_job(ask.channel(), "archive"))
    return ask.place("record")


def archive_file(ask: Ask) -> Response:
    """The archive's file, to be saved."""
    return _sealed(ask).file.answer("channel.archive")


def _sealed(ask: Ask) -> Sealed:
    job = ask.keeper.jobs.get(_job(ask.channel(), "archive"))
    if job is None or not isinstance(job.result, Sealed):
        raise Misuse("no-archive", "There is no archive here that was just sealed.", "Seal one.")
    return job.result


# --- a sheet of help --------------------------------------------------------------------------------------------------


def _sheet(ask: Ask) -> Response:
    names = ask.query("names") != "0"
    raw = sheet.sheet(ask.channel(), ask.words, names=names, minutes=ask.keeper.idle_minutes)
    return attachment(raw, "sheet.pdf")


_ACTS: dict[str, Do] = {
    "seen": seen,
    "discard": discard,
    "compare": compare,
    "verify": verify,
    "seal": seal_,
    "share": share,
    "handed-out": handed_out,
}

RECORD = (
    Page("/c/{c:int}/record", "record.html", look, _ACTS),
    Page("/c/{c:int}/record/archive", "record.html", archive_file),
    Page("/c/{c:int}/record/sheet", "record.html", _sheet),
)
