"""Non-paper: who may do what when, and what is kept of it (spec/nonpaper.md, 2 to 4).

What is folded stands outside the words: a desk that cannot read them comes to the same state as all others. The words
themselves are the desk's to keep, and to destroy.
"""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from backchannel.channel.state import DAY, Seat
from backchannel.entry.codec import Value, encode
from backchannel.entry.ids import ZERO32, EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.instruments.base import Instrument, Kind, Rules, Spoken, WordsOf, remaining, step
from backchannel.instruments.hat import values as slips
from backchannel.instruments.hat.mix import content_hash
from backchannel.instruments.hat.onward import MOST_DAYS
from backchannel.instruments.hat.values import Hat, Slip
from backchannel.instruments.nonpaper.reflex import asked, owed
from backchannel.instruments.nonpaper.values import (
    CARRIERS,
    ROUTES,
    STANCES,
    About,
    Again,
    Asking,
    Copy,
    Float,
    Nonpaper,
    React,
    Reaction,
    Revise,
    Version,
    idea,
    over,
    remark,
)
from backchannel.seal.primitives import check_xwing

LONGEST = 90 * DAY

STATES = {
    "floated": "it can be read, and reacted to",
    "taken-up": "taken up: it goes on under Understandings",
    "carried": "put to the others by the intermediary",
    "withdrawn": "taken back by its author",
    "objected": "ended by objections",
    "lapsed": "its hour has passed",
}

_OVER = tuple(state for state in STATES if state != "floated")

RULES: Rules = {
    ("", "nonpaper.float", "speaker"): ("floated",),
    ("floated", "nonpaper.react", "reader"): ("floated", "objected"),
    ("floated", "nonpaper.react", "poster"): ("floated", "objected"),
    ("floated", "nonpaper.revise", "author"): ("floated",),
    ("floated", "nonpaper.take-up", "reader"): ("taken-up",),
    ("floated", "nonpaper.take-up", "author"): ("taken-up",),
    ("floated", "nonpaper.withdraw", "author"): ("withdrawn",),
    ("floated", "nonpaper.carried", "carrier"): ("carried",),
    **{
        ("floated", kind, who): ("floated",)
        for kind in ("nonpaper.again", "nonpaper.copy", "nonpaper.words")
        for who in ("reader", "author", "observer")
    },
    **{(state, "nonpaper.destroyed", who): (state,) for state in _OVER for who in ("reader", "author", "observer")},
}


def fold(item: Nonpaper | None, spoken: Spoken) -> Nonpaper:
    """The non-paper after an entry about it."""
    if spoken.kind == "nonpaper.float":
        return _floated(spoken)
    item = spoken.about(item, Nonpaper, passes=False)
    if item.state == "floated" and over(item, spoken.at):
        item = lapse(item)
    step(RULES, item.state, spoken.kind, _who(item, spoken))
    return _FOLDS[spoken.kind](item, spoken)


def _who(item: Nonpaper, spoken: Spoken) -> str:
    if spoken.kind == "nonpaper.react" and spoken.act.hat != ZERO32:
        return "poster"
    if spoken.sender == item.author:
        return "author"
    me = spoken.state.member(spoken.sender)
    if spoken.kind == "nonpaper.carried" and item.route == "carry":
        return "carrier"
    return "reader" if me.speaks else "observer"


def _floated(spoken: Spoken) -> Nonpaper:
    act: Float = spoken.act
    step(RULES, "", "nonpaper.float", spoken.part)
    charter = spoken.state.charter
    days = charter.terms.retention_days * DAY if charter is not None else 0
    if not spoken.at.arrival < act.until <= spoken.at.arrival + min(LONGEST, days):  # 2.1
        raise Rejected("hours", "A non-paper lapses in the future: within 90 days, and what the charter keeps.")
    author: SeatId | None = spoken.sender
    if act.route not in ROUTES or (act.route == "hat") != (act.hat != ZERO32):
        raise Rejected("route", "A non-paper is floated by a party, through an intermediary, or from a hat.")
    if act.route == "intermediary" and not carries(spoken.state.member(spoken.sender)):
        raise Rejected("route", "Only an intermediary or convenor puts forward what another has asked for.")
    if act.route == "carry":
        others = [spoken.state.member(seat) for seat in spoken.audience if seat != spoken.sender]
        if len(others) != 1 or not carries(others[0]):
            raise Rejected("route", "A non-paper is handed on by one intermediary or convenor, and read by no other.")
    if act.route == "hat":
        author = None
        _from_hat(Slip(act.slip, "idea", 0, act.counters, 0, ""), spoken)
        if act.until > spoken.linked.terms.ends_by + MOST_DAYS * DAY:  # or its caller could bring it back for ever
            raise Rejected("hours", f"What came from a hat lapses within {MOST_DAYS} days after that round.")
    elif act.slip != ZERO32:
        raise Rejected("route", "A non-paper names a slip without the hat that it came from.")
    return Nonpaper(
        spoken.id,
        spoken.at,
        act.route,
        author,
        spoken.audience,
        act.until,
        act.counters,
        act.hat,
        "floated",
        (Version(spoken.id, spoken.at, spoken.sender, act.slip),),
        (),
        (),
        (),
        spoken.commits,
    )


def carries(seat: Seat) -> bool:
    """Whether a seat may be asked to put forward what another has written."""
    return seat.role in CARRIERS


def _from_hat(slip: Slip, spoken: Spoken) -> None:
    """`Rejected("slip")` unless that round had this slip (2.2)."""
    linked = spoken.linked
    if not isinstance(linked, Hat) or remaining(linked.audience, spoken.state) != spoken.audience:
        raise Rejected("slip", "This is said to come from a hat that these seats did not pass.")
    if linked.state != "closed" or spoken.sender != linked.caller:
        raise Rejected("slip", "What a hat held is put forward by the seat that called it, when the round is done.")
    if slip not in [replace(one, place=0) for one in linked.slips]:
        raise Rejected("slip", "This is said to come from a hat, but no slip in it says so.")


def _react(item: Nonpaper, spoken: Spoken) -> Nonpaper:
    act: React = spoken.act
    charter = spoken.state.charter
    assert charter is not None  # noqa: S101 - nobody speaks before there is one
    terms = charter.terms
    if act.stance not in STANCES or act.version >= len(item.versions):
        raise Rejected("stance", "A reaction is interest, a question or an objection, to a version that is there.")
    hat = act.hat != ZERO32
    if hat != (terms.reactions == "hat"):  # 3.2
        raise Rejected("named", "Under this charter reactions " + ("go through the hat." if not hat else "are named."))
    if hat:
        _from_hat(Slip(act.slip, "reaction", 0, act.item, act.version, act.stance), spoken)
        if act.slip in [r.slip for r in item.reactions]:
            raise Rejected("repeat", "This slip has been counted already.")
    elif act.slip != ZERO32:
        raise Rejected("slip", "A reaction names a slip without the hat that it came from.")
    sender = None if hat else spoken.sender
    party = "" if hat else spoken.state.member(spoken.sender).party
    kept = tuple(r for r in item.reactions if hat or r.seat != sender)
    reaction = Reaction(spoken.id, spoken.at, spoken.sender, sender, party, act.hat, act.slip, act.stance, act.version)
    after = replace(item, reactions=(*kept, reaction))
    if terms.objection != "none" and _against(after, hat) >= int(terms.objection):
        return _ended(after, "objected")
    return after


def _against(item: Nonpaper, hat: bool) -> int:
    """How many parties have an objection to the newest version; from the hat: how many slips of one round (3.3)."""
    standing = [r for r in item.reactions if r.stance == "objection" and r.version == len(item.versions) - 1]
    return max(Counter(r.hat for r in standing).values(), default=0) if hat else len({r.party for r in standing})


def _revise(item: Nonpaper, spoken: Spoken) -> Nonpaper:
    if spoken.act.version != len(item.versions):
        raise Rejected("version", "A revision is the next version, and no other.")
    return replace(item, versions=(*item.versions, Version(spoken.id, spoken.at, spoken.sender, ZERO32)))


def _words(item: Nonpaper, spoken: Spoken) -> Nonpaper:
    """Words of what came from the hat are those of the slip (2.2), as far as this desk can read both."""
    act: WordsOf = spoken.act
    said: tuple[Version | Reaction, ...] = (*item.versions, *item.reactions)
    of = next((one for one in said if one.entry == act.entry), None)
    if of is None or of.slip == ZERO32 or not spoken.words or not isinstance(spoken.linked, Hat):
        return item
    if content_hash(spoken.linked.sid, encode(_slip_of(item, of, spoken.words))) != of.slip:
        raise Rejected("slip", "This is said to come from a hat, but the slip says something else.")
    return item


def _slip_of(item: Nonpaper, of: Version | Reaction, words: bytes) -> Value:
    if isinstance(of, Version):
        said = idea(words)
        return slips.Idea(said.nonce, said.title, said.text, item.counters)
    remarked = remark(words)
    return slips.Reaction(remarked.nonce, item.id, of.version, of.stance, remarked.text)


def _again(item: Nonpaper, spoken: Spoken) -> Nonpaper:
    act: Again = spoken.act
    check_xwing(act.key)
    others = tuple(one for one in item.asking if one.seat != spoken.sender)
    return replace(item, asking=(*others, Asking(spoken.sender, act.key)))


def _copy(item: Nonpaper, spoken: Spoken) -> Nonpaper:
    if spoken.act.seat not in [one.seat for one in item.asking]:
        raise Rejected("asked", "A copy is for a desk that has asked for one.")
    return item


def _destroyed(item: Nonpaper, spoken: Spoken) -> Nonpaper:
    if spoken.sender in item.destroyed:
        raise Rejected("repeat", "This desk has confirmed already.")
    return replace(item, destroyed=_with(item.destroyed, spoken.sender))


def _with(seats: tuple[SeatId, ...], seat: SeatId) -> tuple[SeatId, ...]:
    return tuple(sorted({*seats, seat}))


def _ended(item: Nonpaper, state: str) -> Nonpaper:
    """Without who floated it, who reacted, and what it was about (4.4)."""
    bare = replace(item, state=state, author=None, counters=ZERO32, hat=ZERO32)
    return replace(bare, versions=(), reactions=(), asking=(), route="", commits=b"")


def lapse(item: Nonpaper) -> Nonpaper:
    """The non-paper once its hour has passed."""
    return _ended(item, "lapsed") if item.state == "floated" else item


_FOLDS = {
    "nonpaper.react": _react,
    "nonpaper.revise": _revise,
    "nonpaper.take-up": lambda item, _: _ended(item, "taken-up"),
    "nonpaper.withdraw": lambda item, _: _ended(item, "withdrawn"),
    "nonpaper.carried": lambda item, _: _ended(item, "carried"),
    "nonpaper.words": _words,
    "nonpaper.again": _again,
    "nonpaper.copy": _copy,
    "nonpaper.destroyed": _destroyed,
}


def _links(item: Nonpaper | None, act: Value) -> EntryId | None:
    hat = item.hat if isinstance(act, WordsOf) and item is not None else getattr(act, "hat", ZERO32)
    if isinstance(act, WordsOf) and item is not None:
        hat = next((r.hat for r in item.reactions if r.entry == act.entry), hat)
    return hat if hat != ZERO32 else None


NONPAPER = Instrument(
    name="nonpaper",
    kinds={
        "nonpaper.float": Kind(Float, False, aside=True, bare=True),
        "nonpaper.react": Kind(React, False),
        "nonpaper.revise": Kind(Revise, False),
        "nonpaper.take-up": Kind(About, False),
        "nonpaper.withdraw": Kind(About, False),
        "nonpaper.carried": Kind(About, False),
        "nonpaper.again": Kind(Again, False),
        "nonpaper.copy": Kind(Copy, False, copies=True),
        "nonpaper.destroyed": Kind(About, False),
        "nonpaper.words": Kind(WordsOf, True, aside=True),
    },
    passes=False,
    opens="nonpaper.float",
    item=Nonpaper,
    rules=RULES,
    fold=fold,
    text=lambda _: "",
    until=lambda item: item.until if item.state == "floated" else None,
    lapse=lapse,
    reflex=owed,
    idle=lambda _: 1 << 62,
    aside=True,
    words="nonpaper.words",
    asked=asked,
    links=_links,
    settled=lambda item: item.state != "floated",
)
