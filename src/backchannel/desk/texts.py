"""Texts at this desk: one negotiating text, from brackets to clean (spec/text.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from backchannel.desk import soundings
from backchannel.desk.book.intent import Say
from backchannel.desk.channel import Channel
from backchannel.desk.naming import called
from backchannel.entry import text
from backchannel.entry.codec import Value, decode
from backchannel.entry.ids import EntryId, SeatId
from backchannel.errors import Misuse
from backchannel.instruments.base import Due, current
from backchannel.instruments.text import acts, adopting, brackets, standing
from backchannel.instruments.text.acts import Change, Seen
from backchannel.instruments.text.redline import Line
from backchannel.instruments.text.redline import redline as compare
from backchannel.instruments.text.rules import TEXT
from backchannel.instruments.text.standing import Soundable, Way
from backchannel.instruments.text.values import Paragraph, Text, digest
from backchannel.instruments.understanding import values as understanding
from backchannel.seal.primitives import sha256

LONGEST_QUESTION = 2_000
UNDONE = "Nothing was done."


def open_(
    channel: Channel,
    title: str,
    paragraphs: Sequence[str],
    *,
    pen: SeatId | None = None,
    to: Iterable[SeatId] | None = None,
) -> None:
    """Open a text to everybody or to some. Without `pen` it is held by whom the charter wants, or by this seat."""
    everyone = tuple(seat.id for seat in channel.state.active)
    audience = tuple(sorted({channel.me, *(to if to is not None else everyone)}))
    tidy = tuple(map(text.tidy, paragraphs))
    holder = adopting.first_pen(channel.me, audience, channel.state) if pen is None else pen
    channel.say("text.open", acts.Open(text.tidy(title), holder, tidy), audience)


def paragraph(item: Text, number: int) -> Paragraph:
    """The paragraph with this number."""
    here = item.here
    if not 1 <= number <= len(here):
        raise Misuse("paragraph", f"There is no paragraph {number}; this text has {len(here)}.", "", UNDONE)
    return here[number - 1]


def seen(item: Text) -> str:
    """Stands for the text as it is, word for word: what a person has read before deciding on it."""
    return sha256(b"%d " % len(item.versions) + item.layout).hex()[:16]


def amend(channel: Channel, item: Text, changes: Iterable[Change], reason: str = "") -> None:
    """Propose changes, all or none of them; whoever holds the pen makes them."""
    _say(channel, item, "text.amend", acts.Amend(item.id, tuple(changes), text.tidy(reason)))


def decide(channel: Channel, item: Text, amendments: Iterable[EntryId], *, accept: bool, reason: str = "") -> None:
    """Accept or refuse amendments, one after the other."""
    said = [acts.Decide(item.id, one, accept, text.tidy(reason)) for one in amendments]
    to = current(item.audience, channel.state)
    channel.say_all([Due("text.decide", act, to) for act in said])


def withdraw(channel: Channel, item: Text, amendment: EntryId) -> None:
    """Take back an amendment of one's own."""
    _say(channel, item, "text.withdraw", acts.Withdraw(item.id, amendment))


def stand(channel: Channel, item: Text, on: Iterable[Paragraph], stance: str, words: str = "") -> None:
    """Say where one's party stands on paragraphs as they are in `item`, which its person has read."""
    seen = tuple(Seen(one.id, one.revision) for one in on)
    _say(channel, item, "text.stand", acts.Stand(item.id, seen, stance, text.tidy(words)))


def issue(channel: Channel, item: Text) -> None:
    """Give the text as it is in `item` the next number."""
    _settled(channel, item)
    number = len(item.versions) + 1
    said = [(one.id, item.said(one)) for one in item.here]
    _say(channel, item, "text.issue", acts.Issue(item.id, number, digest(channel.id, item.id, number, said)))


def silence(channel: Channel, item: Text, hours: int) -> None:
    """Adopted after so many hours, unless somebody breaks silence."""
    _settled(channel, item)
    _say(channel, item, "text.silence", acts.Silence(item.id, len(item.versions), hours))


def break_(channel: Channel, item: Text, words: str = "") -> None:
    """Break silence."""
    _say(channel, item, "text.break", acts.Break(item.id, text.tidy(words)))


def adopt(channel: Channel, item: Text) -> None:
    """Adopt the newest version, everybody having agreed."""
    _settled(channel, item)
    _say(channel, item, "text.adopt", acts.Adopt(item.id, len(item.versions)))


def close(channel: Channel, item: Text) -> None:
    """Give the text up."""
    _say(channel, item, "text.close", acts.Close(item.id))


def pass_(channel: Channel, item: Text, to: SeatId) -> None:
    """Pass the pen on, or take it (to oneself) from somebody who has left."""
    _say(channel, item, "text.pass", acts.Pass(item.id, to))


def propose(channel: Channel, item: Text, signatories: Sequence[SeatId]) -> None:
    """Propose an adopted text as an understanding, its paragraphs being the clauses."""
    if item.state != "adopted":
        raise Misuse("state", "Only an adopted text becomes an understanding.", "See: backchannel text brackets")
    seats = tuple(sorted(set(signatories)))
    formal = understanding.Propose(item.title, clauses(item), (), seats, channel.session.random(32))
    channel.say("understanding.propose", formal, current(item.audience, channel.state))


def clauses(item: Text) -> tuple[str, ...]:
    """Its paragraphs as those of an understanding."""
    return tuple(brackets.plain(item.said(one)) for one in item.here)


def redline(item: Text, old: int | None, new: int | None = None) -> tuple[Line, ...]:
    """From one version to another; None: the text as it is now, 0: nothing. `Misuse("version")` for what is not."""
    return compare(item, old, new)


def in_the_way(channel: Channel, item: Text) -> Way:
    """What stands between this text and its adoption."""
    state, known = channel.state, rows(channel, item)
    return channel.session.known.by_item(item, "way", state, lambda: standing.in_the_way(item, state, known))


def rows(channel: Channel, item: Text) -> tuple[standing.Row, ...]:
    """Where every paragraph stands."""
    state = channel.state
    return channel.session.known.by_item(item, "rows", state, lambda: standing.rows(item, state))


def negotiators(channel: Channel, item: Text) -> tuple[SeatId, ...]:
    """The seats that speak for their parties on this text."""
    return tuple(seat.id for seat in standing.negotiators(item.audience, channel.state))


def sound(
    channel: Channel,
    item: Text,
    number: int,
    group: int = 1,
    *,
    voters: Sequence[SeatId] | None = None,
    releaser: SeatId | None = None,
    hours: int = 24,
    window: int = 48,
) -> None:
    """Ask, in a sounding, which alternative of a bracket all could live with. Who votes: all that negotiate.

    Without a releaser: the first of `third`. Raises `Misuse`: `paragraph`, `group` for what a sounding cannot clear,
    `releaser` without one, or for one who does not read the text: the question quotes it.
    """
    found = soundable(channel, item, number, group)
    asked = tuple(voters) if voters is not None else negotiators(channel, item)
    last = releases(channel, item, asked, releaser)
    question = f"{item.title}, paragraph {number}: which of these could you live with?"
    said = item.said(paragraph(item, number))
    room = LONGEST_QUESTION - len(question) - 2
    shown = said if len(said) <= room else said[: room - 1].rstrip() + "…"
    soundings.ask(channel, f"{question}\n\n{shown}", found.options, asked, releaser=last, hours=hours, window=window)


def third(channel: Channel, item: Text, asked: Sequence[SeatId]) -> tuple[SeatId, ...]:
    """Who can take part in a sounding on the text without answering: this seat first, then the pen, then the others."""
    reads = [seat.id for seat in map(channel.state.member, current(item.audience, channel.state)) if seat.speaks]
    found = [one for one in reads if one not in asked]
    return tuple(sorted(found, key=lambda one: (one != channel.me, one != item.pen)))


def releases(channel: Channel, item: Text, asked: Sequence[SeatId], wanted: SeatId | None = None) -> SeatId:
    """Who gives the last part of a sounding on the text: who is wanted, or the first of `third`.

    Raises `Misuse("releaser")` if there is none, or if who is wanted cannot.
    """
    others = third(channel, item, asked)
    if not others:
        raise Misuse(
            "releaser",
            "A sounding needs a seat that reads the text and does not answer: it gives the last part.",
            "Here every seat that reads it answers: invite an intermediary, or let fewer answer.",
            UNDONE,
        )
    if wanted is None or wanted in others:
        return others[0] if wanted is None else wanted
    can = ", ".join(called(channel.state, channel.state.member(one)) for one in others)
    raise Misuse(
        "releaser",
        "Only a seat that reads the text and does not answer gives the last part of a sounding on it.",
        f"Choose one of: {can}.",
        UNDONE,
    )


def clear(channel: Channel, item: Text, number: int, group: int, option: int) -> Change:
    """The change that puts an option of `sound`, by number from 0, in the bracket's place."""
    one, found = paragraph(item, number), soundable(channel, item, number, group)
    if not 0 <= option < len(found.options):
        raise Misuse("option", f"The options are numbered from 1 to {len(found.options)}.")
    said, words = item.said(one), found.options[option]
    which = standing.groups(said, standing.named(channel.state))[group - 1]
    clean = brackets.choose(said, which, "" if words == standing.NOTHING else words)
    return acts.Replace(one.id, one.revision, clean) if clean else acts.Delete(one.id, one.revision)


def soundable(channel: Channel, item: Text, number: int, group: int) -> Soundable:
    """A bracket that can be put to a sounding. `Misuse`: `paragraph`, `group` if it cannot."""
    rows = standing.soundable(item, number, paragraph(item, number), standing.named(channel.state))
    for one in rows:
        if one.group == group:
            return one
    could = ", ".join(str(one.group) for one in rows) or "none"
    raise Misuse("group", f"Bracket {group} of paragraph {number} cannot be put to a sounding; {could} of them can.")


def _settled(channel: Channel, item: Text) -> None:
    """`Misuse("waits")` while something that this desk has said of the text is not in the log: it may change it."""
    with channel.session.turn():
        said = [row.intent for row in channel.session.book.outbox.waiting(*TEXT.kinds) if isinstance(row.intent, Say)]
    for one in said:
        about: Any = decode(one.body, TEXT.kinds[one.kind].body) if one.kind in TEXT.kinds else None
        if getattr(about, "item", None) == item.id:
            raise Misuse("waits", "Something that you said of this text is not in the record yet.", "Sync, then again.")


def _say(channel: Channel, item: Text, kind: str, act: Value) -> None:
    channel.say(kind, act, current(item.audience, channel.state))
