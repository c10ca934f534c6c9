"""Non-papers at this desk: float an idea, react to one, take it up, let it go (spec/nonpaper.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from backchannel.channel.state import DAY
from backchannel.desk.channel import Channel
from backchannel.entry import text
from backchannel.entry.codec import encode
from backchannel.entry.ids import ZERO32, SeatId
from backchannel.errors import Malformed, Misuse
from backchannel.instruments import understanding
from backchannel.instruments.base import Due, remaining
from backchannel.instruments.hat import values as slips
from backchannel.instruments.nonpaper import values as nonpaper
from backchannel.instruments.nonpaper.values import Idea, Nonpaper, Reaction, Remark, Version

HOUR = DAY // 24


def float_(
    channel: Channel,
    title: str,
    words: str,
    *,
    to: Iterable[SeatId] | None = None,
    hours: int = 72,
    through: SeatId | None = None,
    counters: Nonpaper | None = None,
) -> None:
    """Float an idea under one's own name, or hand it to an intermediary who may put it forward (`through`)."""
    idea = _idea(channel, title, words)
    act = nonpaper.Float("party" if through is None else "carry", _until(channel, hours), _id(counters), ZERO32, ZERO32)
    channel.say("nonpaper.float", act, to if through is None else (through,), encode(idea))


def drop(channel: Channel, title: str, words: str, *, counters: Nonpaper | None = None) -> None:
    """Lay an idea ready for the next round of the hat: nobody will know whose it is."""
    idea = _idea(channel, title, words)
    _lay(channel, slips.Idea(idea.nonce, idea.title, idea.text, _id(counters)))


def drop_reaction(channel: Channel, item: Nonpaper, stance: str, words: str = "") -> None:
    """Lay a reaction ready for the next round of the hat."""
    _stance(stance)
    remark = _remark(channel, words)
    _lay(channel, slips.Reaction(remark.nonce, item.id, len(item.versions) - 1, stance, remark.text))


def drop_question(channel: Channel, question: str, options: Sequence[str]) -> None:
    """Lay a question ready for the next round of the hat: a sounding that nobody has asked."""
    said = text.prose(text.tidy(question), "question", 2_000)
    tidy = tuple(text.prose(text.tidy(option), "option", 500) for option in options)
    if not 1 <= len(tidy) <= 32:
        raise Misuse("options", "A question in the hat has 1 to 32 options.")
    _lay(channel, slips.Question(channel.session.random(16), said, tidy))


def _lay(channel: Channel, content: slips.Content) -> None:
    raw = encode(content)
    if len(raw) >= MOST_SLIP:
        raise Misuse("too-long", f"A slip holds {MOST_SLIP} bytes; this has {len(raw)}.", "Shorten it.")
    with channel.session.turn(), channel.session.vault.transaction():
        channel.session.book.asides.lay("hat", raw)


MOST_SLIP = 4_096


def carry(channel: Channel, item: Nonpaper, *, to: Iterable[SeatId] | None = None, hours: int = 72) -> None:
    """Put to the others what a seat has asked this one to, without saying which."""
    if item.route != "carry" or item.author == channel.me:
        raise Misuse("route", "Nobody has asked this seat to put this non-paper to the others.")
    idea = _current(channel, item)
    seats = tuple(to) if to is not None else tuple(seat.id for seat in channel.state.active)
    act = nonpaper.Float("intermediary", _until(channel, hours), ZERO32, ZERO32, ZERO32)
    fresh = encode(Idea(channel.session.random(16), idea.title, idea.text))
    channel.say_all([Due("nonpaper.float", act, seats, fresh), _about(channel, item, "nonpaper.carried")])


def react(channel: Channel, item: Nonpaper, stance: str, words: str = "") -> None:
    """Say what one thinks of it, by name. `Misuse("named")` if the charter wants reactions from the hat."""
    _stance(stance)
    act = nonpaper.React(item.id, len(item.versions) - 1, stance, ZERO32, ZERO32)
    remark = encode(_remark(channel, words)) if words.strip() else b""
    channel.say("nonpaper.react", act, remaining(item.audience, channel.state), remark)


def revise(channel: Channel, item: Nonpaper, title: str, words: str) -> None:
    """The next version of one's own non-paper."""
    act = nonpaper.Revise(item.id, len(item.versions))
    audience = remaining(item.audience, channel.state)
    channel.say("nonpaper.revise", act, audience, encode(_idea(channel, title, words)))


def withdraw(channel: Channel, item: Nonpaper) -> None:
    """Take one's own non-paper back: it vanishes."""
    channel.say_all([_about(channel, item, "nonpaper.withdraw")])


def take_up(channel: Channel, item: Nonpaper, signatories: Sequence[SeatId]) -> None:
    """Propose its words as an understanding in one's own name; the non-paper ends, and nothing says whose it was."""
    idea = _current(channel, item)
    seats = tuple(sorted(set(signatories)))
    formal = understanding.Propose(idea.title, idea.text, seats, channel.session.random(16))
    to = remaining(item.audience, channel.state)
    channel.say_all([Due("understanding.propose", formal, to), _about(channel, item, "nonpaper.take-up")])


def _about(channel: Channel, item: Nonpaper, kind: str) -> Due:
    return Due(kind, nonpaper.About(item.id), remaining(item.audience, channel.state))


def words(channel: Channel, said: Version) -> Idea | None:
    """The words of a version, if this desk can read them."""
    found: Idea | None = _read(channel, said, nonpaper.idea)
    return found


def remark(channel: Channel, said: Reaction) -> Remark | None:
    """The words of a reaction, if this desk can read them."""
    found: Remark | None = _read(channel, said, nonpaper.remark)
    return found


def _read(channel: Channel, said: Version | Reaction, parse: Any) -> Any:
    session = channel.session
    with session.turn():
        raw = session.book.asides.words(session.history.find(said.entry))
    try:
        return parse(raw) if raw else None
    except Malformed:
        return None


def standing(channel: Channel, item: Nonpaper) -> str:
    """Its state as of now: `lapsed` from its hour on."""
    with channel.session.turn():
        return "lapsed" if item.state == "floated" and nonpaper.over(item, channel.session.now()) else item.state


def unconfirmed(channel: Channel, item: Nonpaper) -> tuple[SeatId, ...]:
    """The seats whose desks have not confirmed that they destroyed it."""
    return tuple(seat for seat in item.audience if seat not in item.destroyed)


def _current(channel: Channel, item: Nonpaper) -> Idea:
    found = words(channel, item.versions[-1]) if item.versions else None
    if found is None or standing(channel, item) != "floated":
        raise Misuse(
            "over", "This non-paper is over, or its words are not on this desk.", "Nothing can follow from it."
        )
    return found


def _idea(channel: Channel, title: str, words: str) -> Idea:
    idea = Idea(channel.session.random(16), text.tidy(title), text.tidy(words))
    nonpaper.idea(encode(idea))
    return idea


def _remark(channel: Channel, words: str) -> Remark:
    remark = Remark(channel.session.random(16), text.tidy(words))
    nonpaper.remark(encode(remark))
    return remark


def _stance(stance: str) -> None:
    if stance not in nonpaper.STANCES:
        raise Misuse("stance", f"{stance!r} is no reaction.", f"Reactions: {', '.join(nonpaper.STANCES)}.")


def _until(channel: Channel, hours: int) -> int:
    with channel.session.turn():
        return channel.session.now().arrival + hours * HOUR


def _id(item: Nonpaper | None) -> bytes:
    return item.id if item is not None else ZERO32
