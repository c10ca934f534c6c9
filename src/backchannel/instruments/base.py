"""What every instrument has in common: entries, a rules table, a fold, a reflex (spec/instruments.md).

An **item** is one thing that an instrument keeps: a note, an understanding. It begins with one entry, whose id is the
item's, and every later entry about it names that id. `fold` is the only maker of items; it is pure, and the same on
every desk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from backchannel.channel.state import At, State
from backchannel.entry.codec import Value
from backchannel.entry.ids import EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.seal.keys import Random


class Heard(Protocol):
    """An item, as far as all are alike."""

    @property
    def audience(self) -> tuple[SeatId, ...]:
        """The seats that have it."""


T = TypeVar("T", bound=Heard)

NEVER = 1 << 62
"""The hour of what goes on until something is said."""


class Spoken(NamedTuple):
    """An opened entry on its way into the fold."""

    at: At
    id: EntryId
    sender: SeatId
    audience: tuple[SeatId, ...]
    kind: str
    act: Any
    state: State
    words: bytes = b""
    """What was said under the item's own key, if this desk can read it (spec/sealing.md, 12)."""
    heard: Callable[[EntryId], bytes] = lambda _: b""
    """The same of an earlier entry about the item."""
    linked: Any = None
    """The other item that the entry names (`Instrument.links`), if this seat has it."""
    holds: bool = False
    """Whether this desk has the item's own key."""
    box: bytes = b""
    key: bytes = b""
    """The sealed entry and the key that opens it alone, if it is of a kind that may be shown (`Kind.anchor`)."""
    commits: bytes = b""
    """By what the item's own key is known, if the entry brings that (spec/sealing.md, 12.2)."""

    @property
    def part(self) -> str:
        """The part in which the sender begins something."""
        return "speaker" if self.state.member(self.sender).speaks else "observer"

    def about(self, item: Any, kind: type[T], *, passes: bool = True) -> T:
        """The item; `Rejected("item")` unless it is of this kind and the entry goes to exactly the item's audience.

        `passes`: whether a seat's successors are in it (spec/handover.md, 3).
        """
        if not isinstance(item, kind) or self.audience != (current if passes else remaining)(item.audience, self.state):
            raise Rejected("item", "An entry speaks of something that its audience does not have.")
        return item

    def stands_for(self, seat: SeatId) -> bool:
        """Whether the sender is this seat, or succeeds it (spec/handover.md, 3)."""
        return seat in self.state.line(self.sender)


def remaining(audience: tuple[SeatId, ...], state: State) -> tuple[SeatId, ...]:
    """Who of an audience is still in the channel: to them goes what is said of an item that passes to no successor."""
    return tuple(seat for seat in audience if state.keys(seat) is not None)


def current(audience: tuple[SeatId, ...], state: State) -> tuple[SeatId, ...]:
    """To whom a follow-up goes: the item's audience as it is now, successors for those whom they succeed."""
    return state.current(audience)


def passing(instrument: Instrument, state: State) -> bool:
    """Whether items of an instrument pass with a seat under this charter (spec/handover.md, 3)."""
    return instrument.passes and (instrument.record or state.charter is None or state.charter.terms.dossier == "all")


def readers(instrument: Instrument, audience: tuple[SeatId, ...], state: State) -> tuple[SeatId, ...]:
    """Who has an item of this instrument and audience, as it is now (spec/handover.md, 3)."""
    return (current if passing(instrument, state) else remaining)(audience, state)


def whole(audience: tuple[SeatId, ...], state: State) -> bool:
    """Whether all who speak are in it: an item's key comes with it then, and is asked for else (sealing.md, 12.2)."""
    return {seat.id for seat in state.active if seat.speaks} <= set(audience)


class Kind(NamedTuple):
    """A kind of entry: its body's type, whether the audience may have it erased, whether its words are set aside.

    `aside`: an envelope (spec/sealing.md, 12.1); `bare`: one without words. `copies`: it brings the item's key, and its
    sender's own words, to the seat that has asked (12.8). `anchor`: each may be shown to a stranger by itself, so that
    its key is kept (spec/understanding.md, 3). `brings`: it holds items that its reader takes over (handover.md, 4.3).
    `piece`: it brings a piece of a file, which is kept beside the item (spec/step.md, 4).
    """

    body: type[Value]
    erasable: bool
    aside: bool = False
    bare: bool = False
    copies: bool = False
    anchor: bool = False
    brings: bool = False
    piece: bool = False


Rules = Mapping[tuple[str, str, str], tuple[str, ...]]
"""(state, kind of entry, who) -> the states that it can lead to."""


class WordsOf(Value, frozen=True):
    """The words of another entry about the item, right before it, of the same sender (spec/sealing.md, 12.1)."""

    item: EntryId
    entry: EntryId


class Me(NamedTuple):
    """The seat whose desk asks what it owes: what it keeps secret for the item (empty at first), chance, now, roster.

    `read`: no entry that arrived before this unit is still to come; the desk has read them all. `heard`: the words of
    an entry about the item; `key`: the item's key, if this desk has it; `clean`: whether nothing of what was
    destroyed is left on it; `tray`: what its person has laid ready for this instrument.
    """

    seat: SeatId
    pocket: bytes
    random: Random
    at: At
    read: int
    state: State
    heard: Callable[[EntryId], bytes] = lambda _: b""
    key: bytes = b""
    clean: bool = False
    tray: bytes = b""


WAITS = b"waits"
"""A pocket that holds nothing, of an item whose key was destroyed: its reflex is asked what follows."""


class Due(NamedTuple):
    """Something that a desk owes: kind, body, audience, and words that are set aside."""

    kind: str
    body: Value
    audience: tuple[SeatId, ...]
    words: bytes = b""


class Owed(NamedTuple):
    """What a desk owes, and the pocket from now on; an empty one is destroyed.

    `over`: nothing more can come of the item, so that it lapses now. `take`: what was in the tray is in the pocket now.
    `wipes`: the pocket has lost a secret, and nothing may leave before no file of the vault has it any more.
    """

    says: tuple[Due, ...]
    pocket: bytes
    over: bool = False
    take: bool = False
    wipes: bool = False


@dataclass(frozen=True)
class Instrument:
    """One instrument. `fold(item or None, spoken) -> item`; `opens` is the kind that begins an item.

    `text(item)` is what a search may find; `until(item)` the arrival unit after which its text is to be gone, or None;
    `lapse(item)` the item without it; `reflex(item, me)` what my desk owes next without asking, if the instrument has
    any, and `idle(item)` the arrival unit from which it owes nothing any more, so that its pocket is of no use.

    `aside`: words are set aside under a key of the item's own, and destroyed when `until` is None (spec/sealing.md,
    12); `needs`: without that key a desk takes no part; `words`: the kind of entry that carries another's words;
    `asked(pocket)`: the seed under which this desk has asked for the key; `back(pocket)`: what goes back to the tray
    when the pocket is destroyed.
    `settled(item)`: whether nothing of it is awaited from anybody any more.
    `passes`: its items pass with a seat to whoever succeeds it (spec/handover.md, 3), and if they are no `record`, only
    under a charter that lets all pass.
    `links(item, act)`: the other item that an entry names. `begins(items, me)`: what my desk begins without being
    asked, by the clock.
    """

    name: str
    kinds: Mapping[str, Kind]
    opens: str
    item: type[Value]
    rules: Rules
    fold: Callable[[Any, Spoken], Any]
    text: Callable[[Any], str]
    until: Callable[[Any], int | None]
    lapse: Callable[[Any], Any]
    reflex: Callable[[Any, Me], Owed] | None = None
    idle: Callable[[Any], int] = lambda _: 0
    aside: bool = False
    needs: bool = False
    words: str = ""
    asked: Callable[[bytes], bytes] = lambda _: b""
    back: Callable[[bytes], bytes] = lambda _: b""
    links: Callable[[Any, Any], EntryId | None] = lambda _item, _act: None
    passes: bool = True
    settled: Callable[[Any], bool] = lambda _: False
    record: bool = True
    begins: Callable[[Sequence[Any], Me], Due | None] | None = None


def step(rules: Rules, state: str, kind: str, who: str) -> tuple[str, ...]:
    """The states that this may lead to; `Rejected("rule")` if the table does not allow it."""
    ends = rules.get((state, kind, who))
    if ends is None:
        raise Rejected("rule", f"This ({kind}) cannot be done by {who} while the matter is {state}.")
    return ends


def diagram(rules: Rules) -> str:
    """A rules table as a Mermaid state diagram, for spec/states.md."""
    arrows = sorted({(a, b, kind, who) for (a, kind, who), ends in rules.items() for b in ends})
    lines = ["stateDiagram-v2"]
    lines += [f"    {a or '[*]'} --> {b}: {kind} ({who})" for a, b, kind, who in arrows]
    return "\n".join(lines)
