"""Soundings in memory: a log, desks that fold it and do what they owe; no sealing, no files, no network.

table = Table("abc", options=["x", "y"])       # voters Ana, Ben, Cem; Rae releases and asks
table.answer({"Ana": [0], "Ben": [0, 1], "Cem": [0]})
table.run()
assert table.item("Ana").results
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from backchannel.channel.state import DAY, At, Seat, State
from backchannel.entry.codec import Value, decode, encode
from backchannel.errors import Malformed
from backchannel.instruments.base import Me, Spoken
from backchannel.instruments.sounding import rounds, rules
from backchannel.instruments.sounding.rules import SOUNDING
from backchannel.instruments.sounding.values import Open, Sounding
from backchannel.seal.keys import Keys

CHANNEL = bytes(range(32))
MORNING = 1_000 * DAY
NAMES = ("Ana", "Ben", "Cem", "Dov", "Eli", "Fay", "Gil", "Hal")


def chance(name: str) -> Callable[[int], bytes]:
    """A source of bytes that gives the same ones for the same name."""
    state = [0]

    def draw(size: int) -> bytes:
        state[0] += 1
        return hashlib.shake_256(f"{name} {state[0]}".encode()).digest(size)

    return draw


@cache
def seat(name: str) -> bytes:
    """The id of a seat; their order is not that of the names."""
    return hashlib.sha256(f"seat {name}".encode()).digest()[:16]


def seats(names: Iterable[str]) -> tuple[bytes, ...]:
    """Their ids, sorted."""
    return tuple(sorted(map(seat, names)))


@cache
def state(left: frozenset[str] = frozenset(), epoch: int = 1) -> State:
    """A channel of voters (NAMES), Rae and Sol who might release or ask, and Obi who observes."""
    keys, at = Keys(bytes(32), bytes(1952), bytes(32)), At(0, 0)

    def member(name: str) -> Seat:
        role, standing = "observer" if name == "Obi" else "envoy", "gone" if name in left else "active"
        return Seat(seat(name), keys, name, "Party", role, standing, True, 0, (), None, at)

    return State(CHANNEL, "open", epoch, seats=tuple(map(member, (*NAMES, "Rae", "Sol", "Obi"))))


def terms(voters: Sequence[str], options: Sequence[str], **change: Any) -> Open:
    """Terms of a sounding; who is named, is named by name."""
    given: dict[str, Any] = {
        "question": "Who may mediate?",
        "rule": "quorum" if change.get("quorum") else "all",
        "quorum": 0,
        "reveal": "all",
        "ballots_by": MORNING + DAY,
        "ends_by": MORNING + 3 * DAY,
    }
    given |= change
    required, releaser = seats(given.pop("required", ())), seat(given.pop("releaser", "Rae"))
    return Open(options=tuple(options), voters=seats(voters), required=required, releaser=releaser, **given)


@dataclass(frozen=True)
class Entry:
    """An entry of the log, and what the seats that have it made of it: "ok", or the code of a refusal."""

    id: bytes
    at: At
    sender: str
    audience: tuple[bytes, ...]
    kind: str
    body: bytes
    state: State
    verdicts: dict[str, str] = field(default_factory=dict)


class Desk:
    """One seat's desk: what it has read, and its pocket."""

    def __init__(self, name: str, chance_: Callable[[int], bytes]) -> None:
        self.name, self.id, self.random = name, seat(name), chance_
        self.read = 0
        self.known = 0
        self.items: dict[bytes, Sounding] = {}
        self.pockets: dict[bytes, bytes] = {}

    def hear(self, entry: Entry) -> None:
        """Fold an entry."""
        if self.id not in entry.audience:
            return
        try:
            act: Any = decode(entry.body, SOUNDING.kinds[entry.kind].body)
            id_ = entry.id if entry.kind == SOUNDING.opens else act.item
            spoken = Spoken(entry.at, entry.id, seat(entry.sender), entry.audience, entry.kind, act, entry.state)
            self.items[id_] = rules.fold(self.items.get(id_), spoken)
            entry.verdicts[self.name] = "ok"
        except Malformed as problem:
            entry.verdicts[self.name] = problem.code

    def owed(self, at: At, roster: State) -> list[tuple[str, Value, tuple[bytes, ...]]]:
        """What this desk owes; its pocket is changed."""
        says: list[tuple[str, Value, tuple[bytes, ...]]] = []
        for id_, item in self.items.items():
            due = rounds.owed(item, Me(self.id, self.pockets.get(id_, b""), self.random, at, self.known, roster))
            self.pockets[id_] = due.pocket
            if due.over:
                self.items[id_] = SOUNDING.lapse(item)
            says += [said[:3] for said in due.says]
        return says


class Table:
    """A sounding among voters, and everyone's desk."""

    def __init__(
        self,
        voters: Sequence[str] = NAMES[:3],
        options: Sequence[str] = ("one", "two"),
        *,
        asker: str = "Rae",
        name: str = "",
        ask: bool = True,
        shared: bool = False,
        **change: Any,
    ) -> None:
        """`shared`: honest voters have the same view, so it is folded once for all of them."""
        self.name = name or f"{voters} {options} {change}"
        self.voters, self.asker, self.shared = tuple(voters), asker, shared
        self.releaser = change.get("releaser", "Rae")
        self.terms = terms(voters, options, **change)
        self.now, self.left, self.epoch = MORNING, frozenset[str](), 1
        self.log: list[Entry] = []
        people = list(dict.fromkeys([*voters, self.releaser, asker]))
        self.audience = seats(people)
        self.desks = {person: Desk(person, chance(f"{self.name} {person}")) for person in people}
        self._ids = chance(f"{self.name} ids")
        self.id = b""
        if ask:
            self.id = self.post(asker, "sounding.open", self.terms).id
            self.read()

    # --- the log

    @property
    def at(self) -> At:
        """Where the next entry will stand."""
        return At(100 + len(self.log), self.now)

    def post(
        self, sender: str, kind: str, act: Value | bytes, audience: tuple[bytes, ...] | None = None, **change: Any
    ) -> Entry:
        """Append an entry; nobody has read it yet."""
        to = self.terms.voters if kind == "sounding.share" else self.audience
        body = act if isinstance(act, bytes) else encode(act)
        entry = Entry(
            change.get("id", self._ids(32)),
            change.get("at", self.at),
            sender,
            to if audience is None else audience,
            kind,
            body,
            state(self.left, self.epoch),
        )
        self.log.append(entry)
        return entry

    def said(self, sender: str, kind: str, act: Value | bytes, audience: tuple[bytes, ...] | None = None) -> str:
        """Post, have everybody read it: "ok", or why it was refused; all who have it must agree."""
        entry = self.post(sender, kind, act, audience)
        self.read()
        return verdict(entry)

    def read(self, *names: str) -> None:
        """These desks, or all, read to the head."""
        for name in names or self.desks:
            desk, first = self.desks[name], self.desks[self.voters[0]]
            if self.shared and name in self.voters and desk is not first:
                desk.items, desk.read = dict(first.items), first.read
                continue
            for entry in self.log[desk.read :]:
                desk.hear(entry)
            desk.read = len(self.log)

    # --- people and their desks

    def answer(self, answers: Mapping[str, Iterable[int]]) -> None:
        """What people answer; their desks must have their pockets."""
        for name, yes in answers.items():
            chosen = set(yes)
            given = tuple(k in chosen for k in range(len(self.terms.options)))
            desk = self.desks[name]
            desk.pockets[self.id] = rounds.with_answer(desk.pockets[self.id], given)

    def work(self, *names: str) -> bool:
        """These desks, or all, post what they owe; whether any did."""
        posted = False
        for name in names or self.desks:
            for kind, body, audience in self.desks[name].owed(self.at, state(self.left, self.epoch)):
                self.post(name, kind, body, audience)
                posted = True
        return posted

    def run(self, *names: str) -> None:
        """These desks, or all, read and work until nothing moves."""
        while True:
            self.read(*names)
            if not self.work(*names):
                return

    def ready(self) -> None:
        """Everybody's key is there."""
        self.run()

    def until(self, kind: str) -> Entry:
        """Run, one desk at a time, until an entry of this kind was posted and read by all; that entry."""
        while True:
            for name in self.desks:
                self.read()
                before = len(self.log)
                self.work(name)
                for entry in self.log[before:]:
                    if entry.kind == kind:
                        self.read()
                        return entry
            assert len(self.log) < 10_000, kind

    def item(self, name: str = "Ana") -> Sounding:
        """The sounding as a desk has it."""
        return self.desks[name].items[self.id]


def verdict(entry: Entry) -> str:
    """What became of an entry, if all agree."""
    found = set(entry.verdicts.values())
    assert len(found) == 1, entry.verdicts
    return found.pop()


def sounded(
    voters: Sequence[str], options: Sequence[str], answers: Mapping[str, Iterable[int]], **change: Any
) -> Table:
    """A whole sounding, run to its end."""
    table = Table(voters, options, **change)
    table.run()
    table.answer(answers)
    table.run()
    return table
