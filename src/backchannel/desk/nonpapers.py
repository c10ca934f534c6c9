"""Non-papers at this desk: float an idea, react to one, take it up, let it go (spec/nonpaper.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from backchannel.channel.state import DAY
from backchannel.desk import soundings
from backchannel.desk.channel import Channel
from backchannel.entry import text
from backchannel.entry.codec import encode
from backchannel.entry.ids import ZERO32, SeatId
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.base import Due, remaining, whole
from backchannel.instruments.hat import values as slips
from backchannel.instruments.hat.onward import MOST_DAYS
from backchannel.instruments.hat.rules import FEWEST, speakers
from backchannel.instruments.nonpaper import values as nonpaper
from backchannel.instruments.nonpaper.rules import LONGEST, STATES
from backchannel.instruments.nonpaper.values import Idea, Nonpaper, Reaction, Remark, Version
from backchannel.instruments.understanding import clauses
from backchannel.instruments.understanding.values import Propose

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
    """Float an idea under one's own name, or hand it to an intermediary who may put it forward (`through`).

    `to` is everybody if left out (all who speak, if reactions come from the hat); of an alternative, whoever has what
    it counters.
    """
    idea = _idea(channel, title, words)
    if counters is not None:
        living(channel, counters)
        to = to if to is not None else remaining(counters.audience, channel.state)
    if to is None and through_hat(channel):  # observers take no part in the hat, and nobody could react
        to = speakers(channel.state)
    act = nonpaper.Float("party" if through is None else "carry", until(channel, hours), _id(counters), ZERO32, ZERO32)
    channel.say("nonpaper.float", act, to if through is None else (through,), encode(idea))


def drop(channel: Channel, title: str, words: str, *, counters: Nonpaper | None = None) -> None:
    """Lay an idea ready for the next round of the hat: nobody will know whose it is."""
    idea = _idea(channel, title, words)
    if counters is not None and not reaches_all(channel, counters):
        raise Misuse(
            "readers",
            "Some of those among whom the hat goes round do not read what this is an alternative to: they would learn "
            "of it, and that one who reads it wrote this.",
            "Lay it ready by itself, or float it under your name.",
        )
    _lay(channel, slips.Idea(idea.nonce, idea.title, idea.text, _id(counters)))


def drop_reaction(channel: Channel, item: Nonpaper, stance: str, words: str = "") -> None:
    """Lay a reaction ready for the next round of the hat. Raises `Misuse` as `may_drop_reaction` does."""
    may_drop_reaction(channel, item, stance)
    remark = _remark(channel, words)
    _lay(channel, slips.Reaction(remark.nonce, item.id, len(item.versions) - 1, stance, remark.text))


def may_drop_reaction(channel: Channel, item: Nonpaper, stance: str) -> None:
    """Whether this seat can react from the hat, so, now. `Misuse`: `stance`, `over`, `named`, and as of `may_drop`."""
    _stance(stance)
    living(channel, item)
    if not through_hat(channel):
        raise Misuse("named", "Under this charter reactions are given by name, so none comes from the hat.")
    if remaining(item.audience, channel.state) != speakers(channel.state):
        raise Misuse(
            "readers",
            "Other people read this non-paper than those among whom the hat goes round: it gets nothing from there.",
            "Say what you think in a note, or float an alternative to all who speak.",
        )
    may_drop(channel)


def drop_question(channel: Channel, question: str, options: Sequence[str]) -> None:
    """Lay a question ready for the next round of the hat: a sounding that nobody has asked."""
    said = FROM_HAT + text.prose(text.tidy(question), "question", 2_000 - len(FROM_HAT))
    tidy = tuple(text.prose(text.tidy(option), "option", 500) for option in options)
    if not 1 <= len(tidy) <= 32:
        raise Misuse("options", "A question in the hat has 1 to 32 options.")
    _lay(channel, slips.Question(channel.session.random(16), said, tidy))


FROM_HAT = slips.FROM_HAT


def may_drop(channel: Channel) -> None:
    """Whether this seat can lay something ready for the hat. `Misuse`: `observer`, `few`, and as of `say`."""
    seats = speakers(channel.state)
    if channel.me not in seats:
        raise Misuse("observer", "This seat only observes here, so the hat does not come to it.")
    if len(seats) < FEWEST:
        raise Misuse("few", f"A hat goes round among {FEWEST} seats at least; here are {len(seats)} that speak.")


def _lay(channel: Channel, content: slips.Content) -> None:
    may_drop(channel)
    raw = encode(content)
    if len(raw) >= MOST_SLIP:
        raise Misuse("too-long", f"A slip holds {MOST_SLIP} bytes; this has {len(raw)}.", "Shorten it.")
    with channel.session.turn(), channel.session.vault.transaction():
        channel.session.book.asides.lay("hat", raw)


MOST_SLIP = 4_096


def carry(channel: Channel, item: Nonpaper, *, to: Iterable[SeatId] | None = None, hours: int = 72) -> None:
    """Put to the others what a seat has asked this one to, without saying which. `Misuse` as of `may_carry`."""
    idea = may_carry(channel, item)
    seats = tuple(to) if to is not None else tuple(seat.id for seat in channel.state.active)
    counters = item.counters if channel.entry(item.counters) is not None else ZERO32
    act = nonpaper.Float("intermediary", until(channel, hours), counters, ZERO32, ZERO32)
    fresh = encode(Idea(channel.session.random(16), idea.title, idea.text))
    channel.say_all([Due("nonpaper.float", act, seats, fresh), _about(channel, item, "nonpaper.carried")])


def may_carry(channel: Channel, item: Nonpaper) -> Idea:
    """The words that this seat was asked to put forward. `Misuse`: `route`, and as of `current`."""
    idea = current(channel, item)
    if item.route != "carry" or item.author == channel.me:
        raise Misuse("route", "Nobody has asked this seat to put this non-paper to the others.")
    return idea


def react(channel: Channel, item: Nonpaper, stance: str, words: str = "") -> None:
    """Say what one thinks of it, by name. `Misuse("named")` if the charter wants reactions from the hat."""
    _stance(stance)
    living(channel, item)
    if item.author == channel.me:
        raise Misuse("own", "This non-paper is your own: the others react to it.", "Revise it, or withdraw it.")
    act = nonpaper.React(item.id, len(item.versions) - 1, stance, ZERO32, ZERO32)
    remark = encode(_remark(channel, words)) if words.strip() else b""
    channel.say("nonpaper.react", act, remaining(item.audience, channel.state), remark)


def revise(channel: Channel, item: Nonpaper, title: str, words: str) -> None:
    """The next version of one's own non-paper."""
    own(channel, item)
    act = nonpaper.Revise(item.id, len(item.versions))
    audience = remaining(item.audience, channel.state)
    channel.say("nonpaper.revise", act, audience, encode(_idea(channel, title, words)))


def withdraw(channel: Channel, item: Nonpaper) -> None:
    """Take one's own non-paper back: it vanishes."""
    own(channel, item)
    channel.say_all([_about(channel, item, "nonpaper.withdraw")])


def take_up(channel: Channel, item: Nonpaper, signatories: Sequence[SeatId]) -> None:
    """Propose its words as an understanding in one's own name; the non-paper ends, and nothing says whose it was."""
    idea = current(channel, item)
    seats = tuple(sorted(set(signatories)))
    formal = Propose(idea.title, clauses.split(idea.text), (), seats, channel.session.random(32))
    to = remaining(item.audience, channel.state)
    channel.say_all([Due("understanding.propose", formal, to), _about(channel, item, "nonpaper.take-up")])


def sound(
    channel: Channel,
    item: Nonpaper,
    *,
    paragraph: int | None = None,
    voters: Sequence[SeatId] | None = None,
    releaser: SeatId | None = None,
    hours: int = 24,
    window: int = 48,
) -> None:
    """Ask the readers whether they could live with it, or with one paragraph (from 1), naming it by number only.

    A sounding's question stays, so it has none of the words (spec/nonpaper.md, 3.5). Answers end with the non-paper.
    """
    count, number = len(paragraphs(current(channel, item).text)), item.at.position
    if paragraph is not None and not 1 <= paragraph <= count:
        raise Misuse("paragraph", f"Non-paper {number} has {count} paragraph{'' if count == 1 else 's'}.")
    left = (item.until - channel.session.now().arrival) // HOUR
    if not left:
        raise Misuse("hours", f"Non-paper {number} lapses within the hour: nobody could answer in time.")
    what = f"non-paper {number}"
    what += f", version {len(item.versions)}" if len(item.versions) > 1 else ""
    what += f", paragraph {paragraph}" if paragraph is not None else ""
    released = channel.me if releaser is None else releaser
    seats = [seat for seat in readers_who_speak(channel, item) if seat != released] if voters is None else voters
    option = f"{what[0].upper()}{what[1:]}, as it stands"  # with its name: "as it stands" has been asked before
    soundings.ask(
        channel,
        f"Could you live with {what}?",
        [option],
        seats,
        releaser=releaser,
        hours=min(hours, left),
        window=window,
    )


def _about(channel: Channel, item: Nonpaper, kind: str) -> Due:
    return Due(kind, nonpaper.About(item.id), remaining(item.audience, channel.state))


# --- what there is


def at(channel: Channel, position: int) -> Nonpaper:
    """The non-paper that stands at a position of the log."""
    held = channel.session.book.items.at(position)
    if held is None or not isinstance(held.value, Nonpaper):
        raise Misuse("item", f"There is no non-paper number {position} here.", "See: backchannel nonpaper list")
    return held.value


def through_hat(channel: Channel) -> bool:
    """Whether the charter wants reactions from the hat."""
    charter = channel.state.charter
    return charter is not None and charter.terms.reactions == "hat"


def readers_who_speak(channel: Channel, item: Nonpaper) -> tuple[SeatId, ...]:
    """The readers who are still here and are no observers."""
    there = {seat.id for seat in channel.state.active if seat.speaks}
    return tuple(seat for seat in item.audience if seat in there)


def reaches_all(channel: Channel, item: Nonpaper) -> bool:
    """Whether all who speak read it. If not, each reader's desk asks for its words (spec/sealing.md, 12.2)."""
    return whole(item.audience, channel.state)


def paragraphs(said: str) -> list[str]:
    """The parts of a text between its empty lines: so they are counted on every desk."""
    return [part.strip("\n") for part in re.split(r"\n\s*\n", said) if part.strip()]


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


def days_from_hat(channel: Channel) -> int:
    """How many days an idea from the hat lives."""
    charter = channel.state.charter
    return min(MOST_DAYS, charter.terms.retention_days) if charter is not None else MOST_DAYS


def last_heard(channel: Channel, seat: SeatId) -> int | None:
    """The arrival unit of the newest entry that this desk knows to be from that seat."""
    with channel.session.turn():
        leaf = channel.session.book.entries.newest_of(seat)
    return leaf.arrival if leaf is not None else None


def living(channel: Channel, item: Nonpaper) -> None:
    """`Misuse("over")` if it has ended."""
    state = standing(channel, item)
    if state != "floated":
        raise Misuse("over", f"Non-paper {item.at.position} is over ({STATES[state]}).", "", "Nothing was done.")


def own(channel: Channel, item: Nonpaper) -> None:
    """`Misuse`: `over`, and `author` unless this seat has floated it."""
    living(channel, item)
    if item.author != channel.me:
        whose = "It came from the hat, so that nobody" if item.author is None else "Only the seat that floated it"
        todo = f"Float an alternative: backchannel nonpaper counter {item.at.position}"
        raise Misuse("author", f"{whose} can revise or withdraw it.", todo, "Nothing was done.")


def current(channel: Channel, item: Nonpaper) -> Idea:
    """The words of its newest version. `Misuse`: `over`, and `words` if they are not here."""
    living(channel, item)
    found = words(channel, item.versions[-1])
    if found is None:
        raise Misuse(
            "words",
            f"The words of non-paper {item.at.position} are not on this desk.",
            "If it was restored, it asks the others for them: backchannel desk sync",
            "Nothing was done.",
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


def may_float(channel: Channel, hours: int) -> None:
    """Whether this seat can float something for so many hours. `Misuse`: `hours`, and as of `say`."""
    channel.terms()
    most = most_hours(channel)
    if not 1 <= hours <= most:
        raise Misuse("hours", f"Under this charter a non-paper lives 1 to {most} hours, not {hours}.")


def most_hours(channel: Channel) -> int:
    """How many hours a non-paper can live under the charter."""
    charter = channel.state.charter
    return min(LONGEST // HOUR, 24 * charter.terms.retention_days) if charter is not None else LONGEST // HOUR


def until(channel: Channel, hours: int) -> int:
    """The arrival unit so many hours from now."""
    with channel.session.turn():
        return channel.session.now().arrival + hours * HOUR


def _id(item: Nonpaper | None) -> bytes:
    return item.id if item is not None else ZERO32
