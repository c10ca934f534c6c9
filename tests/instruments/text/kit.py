"""Texts in memory: seats that say things about a text, and its fold; no sealing, no files, no network.

talk = Talk(["The parties shall meet."])                 # Sol holds the pen; Ana and Ben negotiate
talk.say("Ben", Amend(ID, (talk.replace(1, "The parties [shall][may] meet."),), ""))
talk.accept()
assert talk.words == ["The parties [shall][may] meet."]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from backchannel.channel.charter import Terms
from backchannel.channel.state import DAY, Agreed, At, Seat, State
from backchannel.entry.codec import Value, decode, encode
from backchannel.instruments.base import Spoken
from backchannel.instruments.text import standing
from backchannel.instruments.text.acts import Amend, Change, Decide, Issue, Open, Replace, Seen, Stand
from backchannel.instruments.text.rules import TEXT
from backchannel.instruments.text.values import Paragraph, Text, digest
from backchannel.seal.keys import Keys

CHANNEL = bytes(range(32))
MORNING = 1_000 * DAY
TERMS = Terms("Beagle", "To speak of the islands.", "envoy", "attributed", 30, "all", "all", "none")
PEOPLE = {
    "Ana": ("Argentina", "envoy"),
    "Ben": ("Chile", "envoy"),
    "Bea": ("Chile", "principal"),
    "Sol": ("Holy See", "intermediary"),
    "Xul": ("Argentina", "expert"),
    "Obi": ("Kenya", "observer"),
}


def seat(name: str) -> bytes:
    """The id of a seat; their order is not that of the names."""
    return hashlib.sha256(f"seat {name}".encode()).digest()[:16]


def seats(names: Iterable[str]) -> tuple[bytes, ...]:
    """Their ids, sorted."""
    return tuple(sorted(map(seat, names)))


def state(
    people: dict[str, tuple[str, str]] | None = None, *, left: Iterable[str] = (), terms: Terms | None = TERMS
) -> State:
    """A channel of these people."""
    keys, at = Keys(bytes(32), bytes(1952), bytes(32)), At(0, 0)
    gone, here = set(left), PEOPLE if people is None else people
    members = tuple(
        Seat(seat(name), keys, name, *who, "gone" if name in gone else "active", True, 0, (), None, at)
        for name, who in here.items()
    )
    charter = Agreed(terms, seats(here), bytes(32), at) if terms is not None else None
    return State(CHANNEL, "open", 1, seats=members, charter=charter)


def chatham(**change: Any) -> Terms:
    return replace(TERMS, attribution="chatham", **change)


class Talk:
    """One text and what is said about it, as every desk folds it. `day` is the time of what is said next."""

    def __init__(self, paragraphs: Sequence[str] = (), *, pen: str = "Sol", by: str = "Sol", **options: Any) -> None:
        self.state: State = options.pop("state", None) or state(**options)
        self.day, self.n, self.said = 0.0, 0, list[Spoken]()
        self.item: Any = None
        self.say(by, Open("Directive 2", seat(pen), tuple(paragraphs)))

    def spoken(self, by: str, act: Value, *, to: Iterable[bytes] | None = None) -> Spoken:
        """An entry as it would stand in the log now."""
        (kind,) = [name for name, kind in TEXT.kinds.items() if isinstance(act, kind.body)]
        at, id_ = At(self.n, MORNING + int(self.day * DAY)), hashlib.sha256(b"%d" % self.n).digest()
        audience = tuple(s.id for s in self.state.active) if to is None else to
        read = decode(encode(act), TEXT.kinds[kind].body)
        return Spoken(at, id_, seat(by), tuple(sorted(audience)), kind, read, self.state)

    def say(self, by: str, act: Value, *, to: Iterable[bytes] | None = None) -> Text:
        """Fold it; what is refused changes nothing but time."""
        spoken = self.spoken(by, act, to=to)
        self.n += 1
        self.item = TEXT.fold(self.item, spoken)
        self.said.append(spoken)
        assert decode(encode(self.item), Text) == self.item
        return self.item  # type: ignore[no-any-return]

    def leave(self, *names: str) -> None:
        """These have left the channel."""
        gone = set(map(seat, names))
        members = tuple(replace(s, standing="gone") if s.id in gone else s for s in self.state.seats)
        self.state = replace(self.state, seats=members)

    # --- short forms

    @property
    def id(self) -> bytes:
        return self.item.id  # type: ignore[no-any-return]

    @property
    def words(self) -> list[str]:
        return [self.item.said(one) for one in self.item.here]

    def at(self, number: int) -> Paragraph:
        return self.item.here[number - 1]  # type: ignore[no-any-return]

    def replace(self, number: int, words: str) -> Replace:
        one = self.at(number)
        return Replace(one.id, one.revision, words)

    def amend(self, by: str, *changes: Change, reason: str = "") -> bytes:
        """Propose; the amendment's id."""
        spoken_id = self.spoken(by, Amend(self.id, changes, reason)).id
        self.say(by, Amend(self.id, changes, reason))
        return spoken_id

    def accept(self, amendment: bytes | None = None, by: str = "Sol") -> str:
        """The pen accepts an amendment, or the oldest; what became of it."""
        which = self.item.proposed[0].id if amendment is None else amendment
        self.say(by, Decide(self.id, which, True, ""))
        return self.item.settled[-1].outcome  # type: ignore[no-any-return]

    def stand(self, by: str, stance: str, *numbers: int, words: str = "") -> None:
        on = [self.at(n) for n in numbers or range(1, len(self.item.here) + 1)]
        self.say(by, Stand(self.id, tuple(Seen(one.id, one.revision) for one in on), stance, words))

    def issue(self, by: str = "Sol") -> int:
        number = len(self.item.versions) + 1
        said = [(one.id, self.item.said(one)) for one in self.item.here]
        self.say(by, Issue(self.id, number, digest(CHANNEL, self.id, number, said)))
        return number

    @property
    def kinds(self) -> list[str]:
        of = standing.parties(self.item, self.state)
        return [standing.kind(self.item, one, of) for one in self.item.here]
