"""Texts: all of them, a new one, and one with where each paragraph stands and what its pen can do."""

from __future__ import annotations

from starlette.responses import RedirectResponse

from backchannel.desk import taking, texts
from backchannel.desk.channel import Channel
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse, Rejected
from backchannel.facts import common, may
from backchannel.facts import text as told_of
from backchannel.instruments.text import adopting
from backchannel.instruments.text.values import Text
from backchannel.papers.reading import MOST_BYTES
from backchannel.web import chosen
from backchannel.web.page import Ask, Facts, Filled, Form, Page, settle
from backchannel.web.portions import begin, portion


def look_all(ask: Ask) -> Facts | RedirectResponse:
    """The newest texts, or those before one; the only one as it is."""
    channel = ask.channel()
    held, earlier = chosen.past(ask, channel, "text")
    if len(held) == 1 and not ask.query("before") and not ask.query("all"):
        return RedirectResponse(ask.place(f"text/{held[0].position}"), 303)
    return {
        "texts": [told_of.facts(channel, one.value) for one in held],
        "earlier": earlier,
        "can_speak": chosen.speaks(channel),
    }


# --- a new one --------------------------------------------------------------------------------------------------------


def look_new(ask: Ask) -> Facts:
    """A form for a text, filled from a file or by hand."""
    channel = ask.channel()
    return {"readers": chosen.seats(channel, me=True), "can_speak": chosen.speaks(channel), "remarks": []}


def read(ask: Ask, form: Form) -> str:
    """Fill the form with the words of a file. Raises `Filled`; as reading does."""
    channel, files, say = ask.channel(), form.files("file"), ask.words.say
    if not files:
        raise Misuse("file", say("No file is chosen."), say("Choose one that ends in .txt, .md or .docx."))
    raw = files[0].file.read(MOST_BYTES + 1)
    said, remarks = taking.taken(channel, raw, files[0].filename or "", form.get("changes", "bracket"))
    kept = [(name, value) for name, value in form.typed() if name not in ("words", "do")]
    raise Filled([*kept, ("words", "\n\n".join(said))], remarks)


def open_(ask: Ask, form: Form) -> str:
    """Open a text."""
    channel = ask.channel()
    said = taking.typed(channel, form["words"])
    to = chosen.some(ask, channel, form, "to")
    pen = chosen.one(ask, channel, form, "pen") if form["pen"] else None
    known = begin(
        ask,
        channel,
        "text",
        lambda: texts.open_(channel, form["title"], said, pen=pen, to=to),
    )
    return ask.place("text?all=1" if known is None else f"text/{known}")


# --- one --------------------------------------------------------------------------------------------------------------


def look(ask: Ask) -> Facts:
    """A text: some paragraphs, each with where it stands, and what is awaited from this seat."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    one = told_of.facts(channel, item)
    start, end = portion(one["paragraphs"], ask.number("from"), lambda part: len(part["text"]))
    mine = channel.state.seat(channel.me)
    party = mine.party if mine is not None else ""
    found = told_of.found(channel, item)
    return {
        "text": one,
        "found": found,
        "rows": [_row(channel, part, party, found) for part in one["paragraphs"][start:end]],
        "start": start,
        "end": end,
        "since": _since(item, one),
        "layout": texts.seen(item),
        "part": "",
        "my_party": party,
        "unsaid": [part["number"] for part in one["paragraphs"] if not part["brackets"] and party in part["silent"]],
        "speaks": chosen.speaks(channel),
        "negotiators": common.names(channel.state, texts.negotiators(channel, item)),
        "proposed": _proposed(channel, item) if item.state == "adopted" else [],
        "others": len(chosen.past(ask, channel, "text")[0]) > 1,
        "heirs": [one for one in chosen.seats(channel) if _can_hold(channel, item, bytes.fromhex(one["id"]))],
    }


def _row(channel: Channel, part: Facts, party: str, found: list[Facts]) -> Facts:
    pieces = told_of.pieces(channel, part["text"])
    groups = [piece for piece in pieces if piece["alternatives"]]
    return {
        **part,
        "found": [word for one in found if one["paragraph"] == part["number"] for word in one["words"]],
        "pieces": pieces,
        "alternatives": groups[0]["alternatives"] if len(groups) == 1 and part["brackets"] == 1 else 1,
        "waits_for_me": not part["brackets"] and party in part["silent"],
    }


def _can_hold(channel: Channel, item: Text, seat: SeatId) -> bool:
    try:
        adopting.can_hold(seat, item.audience, channel.state)
    except Rejected:
        return False
    return True


def _proposed(channel: Channel, item: Text) -> list[Facts]:
    """The understandings that have these words: newest last, and of the newest only, for there may be many."""
    said = (item.title, texts.clauses(item))
    held = channel.session.book.items.newest("understanding", before=1 << 40, most=chosen.MOST)
    same = [one for one in held if (one.value.terms.title, one.value.terms.clauses) == said]
    return [{"number": one.position, "state": one.value.state} for one in same if one.value.state != "withdrawn"]


def _since(item: Text, one: Facts) -> Facts | None:
    """What has changed since the version before: numbers of paragraphs."""
    old = len(item.versions) - item.issued
    if old < 1:
        return None
    lines = texts.redline(item, old)
    return {
        "version": old,
        "changed": [line.after for line in lines if line.before and line.after and not line.same],
        "new": [line.after for line in lines if line.before is None],
        "gone": sum(1 for line in lines if line.after is None),
    }


# --- what the pen does, and how it ends -------------------------------------------------------------------------------


def _here(ask: Ask, form: Form) -> tuple[Channel, Text]:
    """The text, as its person has seen it. Raises `Misuse("changed")`."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    if form["layout"] != texts.seen(item):
        say = ask.words.say
        raise Misuse("changed", say("The text has changed while you looked at it."), say("Read it, and decide then."))
    return channel, item


def _done(ask: Ask, channel: Channel) -> str:
    settle(channel, ask.keeper)
    return ask.place(f"text/{ask.position()}")


def issue(ask: Ask, form: Form) -> str:
    """The next number for the text as it is."""
    channel, item = _here(ask, form)
    may.work(channel, item, pen=True)
    texts.issue(channel, item)
    return _done(ask, channel)


def silence(ask: Ask, form: Form) -> str:
    """Adopted after some days, unless somebody breaks it."""
    channel, item = _here(ask, form)
    may.end(channel, item, agreed=False)
    days = form.number("days", 3)
    say = ask.words.say
    ask.sure(
        form,
        say("Put “{title}” under silence?", title=item.title),
        [
            say(
                "Text {version} is adopted after so many days: {days}; unless somebody who negotiates breaks silence.",
                version=len(item.versions),
                days=days,
            ),
            say("Until then nothing of it is changed. You cannot end the silence yourself, but give the text up."),
        ],
        say("Begin the silence"),
    )
    texts.silence(channel, item, days * 24)
    return _done(ask, channel)


def break_(ask: Ask, form: Form) -> str:
    """Break silence."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item, party=True, states=("silence",))
    texts.break_(channel, item, form["reason"])
    return _done(ask, channel)


def adopt(ask: Ask, form: Form) -> str:
    """Adopt it, everybody having agreed."""
    channel, item = _here(ask, form)
    may.end(channel, item, agreed=True)
    say = ask.words.say
    ask.sure(
        form,
        say("Adopt “{title}”?", title=item.title),
        [
            say("Text {version} is adopted for good: nobody can change it any more.", version=len(item.versions)),
            say("Nobody is bound by that. To bind, it is proposed as an understanding, and signed."),
        ],
        say("Adopt it"),
    )
    texts.adopt(channel, item)
    return _done(ask, channel)


def close(ask: Ask, form: Form) -> str:
    """Give it up."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item, pen=True, states=may.WORKED_ON)
    say = ask.words.say
    ask.sure(
        form,
        say("Give up “{title}”?", title=item.title),
        [say("Nobody can work on this text any more. It stays readable for all who can read it now.")],
        say("Give it up"),
    )
    texts.close(channel, item)
    return _done(ask, channel)


def pass_(ask: Ask, form: Form) -> str:
    """Pass the pen on, or take it from somebody who has left."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    free = told_of.facts(channel, item)["pen_free"]
    may.work(channel, item, pen=not free, states=may.WORKED_ON)
    texts.pass_(channel, item, channel.me if free else chosen.one(ask, channel, form, "to"))
    return _done(ask, channel)


_ACTS = {"issue": issue, "silence": silence, "break": break_, "adopt": adopt, "close": close, "pass": pass_}
_NEW = {"read": read, "open": open_}

TEXTS = (
    Page("/c/{c:int}/text", "texts.html", look_all),
    Page("/c/{c:int}/text/new", "text_new.html", look_new, _NEW),
    Page("/papers/c/{c:int}/text/new", "text_new.html", look_new, _NEW),
    Page("/c/{c:int}/text/{n:int}", "text.html", look, _ACTS),
)
