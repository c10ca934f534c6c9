"""Hats and non-papers in memory: a log, desks that fold it and do what they owe; no sealing, no files, no network.

table = Table("Ana Ben Cem")
table.desks["Ana"].tray.append(idea("Sea of peace"))
table.call("Ben")
table.run()
assert table.round().state == "closed"
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from backchannel.channel.charter import Terms
from backchannel.channel.state import DAY, Agreed, At, Seat, State
from backchannel.entry.codec import Value, decode, encode
from backchannel.entry.ids import ZERO32
from backchannel.errors import Malformed
from backchannel.instruments import BY_KIND
from backchannel.instruments.base import Due, Instrument, Me, Spoken, WordsOf, remaining
from backchannel.instruments.hat.rules import HAT, USUAL, speakers
from backchannel.instruments.hat.values import FROM_HAT, Hat, Idea, Open, Question, Reaction
from backchannel.instruments.nonpaper import values as nonpaper
from backchannel.instruments.nonpaper.rules import NONPAPER
from backchannel.instruments.nonpaper.values import Nonpaper
from backchannel.seal import aside
from backchannel.seal.keys import Keys

CHANNEL = bytes(range(32))
MORNING = 1_000 * DAY
INSTRUMENTS: tuple[Instrument, ...] = (HAT, NONPAPER)
TERMS = Terms("Good offices", "Avoid war.", "envoy", "attributed", 30, "all", "all", "none")


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


def seats(names: str | Iterable[str]) -> tuple[bytes, ...]:
    """Their ids, sorted."""
    return tuple(sorted(map(seat, names.split() if isinstance(names, str) else names)))


@cache
def channel(names: str, left: str = "", terms: Terms = TERMS) -> State:
    """An open channel of these; "Rae" is an intermediary, "Obi" observes, "Ann" is of Ana's party."""

    def member(name: str) -> Seat:
        role = {"Rae": "intermediary", "Obi": "observer"}.get(name, "envoy")
        party = {"Ann": "Ana"}.get(name, name)
        keys, standing = Keys(bytes(32), bytes(1952), bytes(32)), "gone" if name in left.split() else "active"
        return Seat(seat(name), keys, name, party, role, standing, True, 0, (), None, At(0, 0))

    charter = Agreed(terms, seats(names), bytes(32), At(0, MORNING))
    return State(CHANNEL, "open", 1, seats=tuple(map(member, names.split())), charter=charter)


def idea(text: str = "Share the waters.", title: str = "Sea of peace", counters: bytes = ZERO32, n: int = 1) -> bytes:
    """A slip with an idea."""
    return encode(Idea(bytes([n]) * 16, title, text, counters))


def reaction(item: bytes, stance: str = "objection", version: int = 0, text: str = "", n: int = 1) -> bytes:
    """A slip with a reaction."""
    return encode(Reaction(bytes([n]) * 16, item, version, stance, text))


def question(text: str = FROM_HAT + "Would we try it?", options: tuple[str, ...] = ("yes",)) -> bytes:
    """A slip with a question."""
    return encode(Question(bytes(16), text, options))


@dataclass
class Entry:
    """An entry of the log, and what the seats that have it made of it: "ok", or the code of a refusal."""

    id: bytes
    at: At
    sender: str
    audience: tuple[bytes, ...]
    kind: str
    body: bytes
    words: bytes
    state: State
    erased: bool = False
    verdicts: dict[str, str] = field(default_factory=dict)


class Desk:
    """One seat's desk: what it has read, the words that it can read, its pockets, its tray."""

    def __init__(self, name: str) -> None:
        self.name, self.id, self.random = name, seat(name), chance(f"desk {name}")
        self.read = self.known = 0
        self.clean = True
        self.items: dict[bytes, Any] = {}
        self.said: dict[bytes, tuple[bytes, bytes, At]] = {}  # entry -> sender, item, where
        self.keys: dict[bytes, bytes] = {}
        self.words: dict[bytes, bytes] = {}
        self.pockets: dict[bytes, bytes] = {}
        self.tray: list[bytes] = []
        self.wiped: set[str] = set()

    def copy(self) -> Desk:
        """The desk as its disk is now."""
        twin = copy.copy(self)
        twin.items, twin.said, twin.keys = dict(self.items), dict(self.said), dict(self.keys)
        twin.words, twin.pockets, twin.tray = dict(self.words), dict(self.pockets), list(self.tray)
        return twin

    def restore(self) -> None:
        """It comes from a backup: no key, no words, no secret."""
        self.keys, self.words, self.pockets, self.tray = {}, {}, {}, []

    def hear(self, entry: Entry) -> None:
        """Fold an entry."""
        if self.id not in entry.audience or entry.erased:
            return
        try:
            self._hear(entry)
            entry.verdicts[self.name] = "ok"
        except Malformed as problem:
            entry.verdicts[self.name] = problem.code

    def _hear(self, entry: Entry) -> None:
        instrument = BY_KIND[entry.kind]
        kind, opens = instrument.kinds[entry.kind], entry.kind == instrument.opens
        act: Any = decode(entry.body, kind.body)
        id_ = entry.id if opens else act.item
        if opens and instrument.aside and self.id not in UNREAD:
            self.keys[id_] = key(id_)
        if kind.copies and id_ not in self.keys and act.seat == self.id:
            seed = instrument.asked(self.pockets.get(id_, b""))
            found = aside.open_copy(CHANNEL, id_, self.id, seed, act.slot) if seed else None
            self.keys |= {id_: found} if found else {}
        of = self.said.get(act.entry) if isinstance(act, WordsOf) else None
        if isinstance(act, WordsOf) and (of is None or of[:2] != (seat(entry.sender), id_)):
            raise Malformed("words", "no entry of theirs")
        held, holds = self.items.get(id_), id_ in self.keys
        linked = instrument.links(held, act)
        item = instrument.fold(
            held,
            Spoken(
                entry.at,
                entry.id,
                seat(entry.sender),
                entry.audience,
                entry.kind,
                act,
                entry.state,
                entry.words if holds else b"",
                lambda one: self.words.get(one, b""),
                self.items.get(linked) if linked is not None else None,
                holds,
            ),
        )
        self.said[entry.id] = (seat(entry.sender), id_, entry.at)
        if holds and entry.words:
            if isinstance(act, WordsOf) and self._copied(act.entry):
                for one, words in decode(entry.words, tuple[tuple[bytes, bytes], ...]):
                    if self.said.get(one, (b"",))[:2] == (seat(entry.sender), id_):
                        self.words.setdefault(one, words)
            else:
                self.words[act.entry if isinstance(act, WordsOf) else entry.id] = entry.words
        self.keep(instrument, id_, item)

    def _copied(self, entry: bytes) -> bool:
        return not any(entry == one.entry for item in self.items.values() for one in said(item))

    def keep(self, instrument: Instrument, id_: bytes, item: Any) -> None:
        """The item as it is now; key and words go when it is over."""
        self.items[id_] = item
        if instrument.aside and instrument.until(item) is None:
            self.keys.pop(id_, None)
            for entry in [one for one, (_, of, _) in self.said.items() if of == id_]:
                self.words.pop(entry, None)

    def owed(self, at: At, roster: State) -> list[Due]:
        """What this desk owes; its pockets and its tray are changed."""
        says: list[Due] = []
        for id_, item in list(self.items.items()):
            instrument = next((one for one in INSTRUMENTS if isinstance(item, one.item)), None)
            if instrument is None or instrument.reflex is None:
                continue
            pocket = self.pockets.get(id_, b"")
            me = Me(
                self.id,
                pocket,
                self.random,
                at,
                self.known,
                roster,
                lambda one: self.words.get(one, b""),
                self.keys.get(id_, b""),
                self.clean,
                self.tray[0] if self.tray and instrument is HAT else b"",
            )
            due = instrument.reflex(item, me)
            if due.take:
                self.tray.pop(0)
            if pocket and not due.pocket and instrument.back(pocket):
                self.tray.append(instrument.back(pocket))
            self.pockets[id_] = due.pocket
            if due.over:
                self.keep(instrument, id_, instrument.lapse(item))
            self.wiped |= {one.kind for one in due.says if due.wipes}
            says += due.says
        return says


UNREAD: set[bytes] = set()
"""Seats to which nobody seals a key."""


def key(item: bytes) -> bytes:
    """The key of an item."""
    return hashlib.sha256(b"key" + item).digest()


def said(item: Any) -> tuple[Any, ...]:
    """What has words of its own in a non-paper."""
    return (*item.versions, *item.reactions) if isinstance(item, Nonpaper) else ()


class Table:
    """A channel, its log, and everyone's desk."""

    def __init__(self, names: str = "Ana Ben Cem", *, name: str = "", **terms: Any) -> None:
        self.names, self.left, self.now = names, "", MORNING
        self.terms = Terms(**{**{f: getattr(TERMS, f) for f in TERMS.__struct_fields__}, **terms})
        self.log: list[Entry] = []
        self.desks = {one: Desk(one) for one in names.split()}
        for one, desk in self.desks.items():
            desk.random = chance(f"{name} {one}")
        self._ids = chance(f"{name} ids")
        self.refused: list[tuple[str, str]] = []

    @property
    def state(self) -> State:
        """The channel now."""
        return channel(self.names, self.left, self.terms)

    @property
    def at(self) -> At:
        """Where the next entry will stand."""
        return At(100 + len(self.log), self.now)

    @property
    def all(self) -> tuple[bytes, ...]:
        """Everyone who is here."""
        return tuple(sorted(s.id for s in self.state.active))

    # --- the log

    @property
    def words(self) -> dict[bytes, bytes]:
        """The words of all entries, for whoever holds every key."""
        return {entry.id: entry.words for entry in self.log}

    def post(
        self,
        sender: str,
        kind: str,
        act: Value | bytes,
        words: bytes = b"",
        to: tuple[bytes, ...] | None = None,
    ) -> Entry:
        """Append an entry, and behind it its words if its kind has them there; nobody has read it yet."""
        instrument = BY_KIND[kind]
        found = instrument.kinds.get(kind)
        inside = found is not None and found.aside and not found.bare
        body = act if isinstance(act, bytes) else encode(act)
        audience = self._audience(instrument, kind, act) if to is None else to
        entry = Entry(self._ids(32), self.at, sender, audience, kind, body, words if inside else b"", self.state)
        self.log.append(entry)
        if words and not inside:
            item = entry.id if kind == instrument.opens else act.item  # type: ignore[union-attr]
            self.post(sender, instrument.words, WordsOf(item, entry.id), words, audience)
        return entry

    def _audience(self, instrument: Instrument, kind: str, act: Any) -> tuple[bytes, ...]:
        held = (
            None
            if kind == instrument.opens
            else next((d.items[act.item] for d in self.desks.values() if act.item in d.items), None)
        )
        if held is not None:
            return remaining(held.audience, self.state)
        return speakers(self.state) if kind == HAT.opens else self.all

    def said(self, sender: str, kind: str, act: Value | bytes, words: bytes = b"", **change: Any) -> str:
        """Post, have everybody read it: "ok", or why it was refused; all who have it must agree."""
        entry = self.post(sender, kind, act, words, **change)
        self.read()
        return verdict(entry)

    def read(self, *names: str) -> None:
        """These desks, or all, read to the head."""
        for name in names or self.desks:
            desk = self.desks[name]
            for entry in self.log[desk.read :]:
                desk.hear(entry)
            desk.read = len(self.log)

    def work(self, *names: str) -> bool:
        """These desks, or all, post what they owe; whether any did."""
        posted = False
        for name in names or self.desks:
            if name in self.left.split():
                continue
            for due in self.desks[name].owed(self.at, self.state):
                self.post(name, due.kind, due.body, due.words, due.audience)
                posted = True
        return posted

    def run(self, *names: str) -> None:
        """These desks, or all, read and work until nothing moves."""
        while True:
            self.read(*names)
            if not self.work(*names):
                return

    def pass_(self, units: int) -> None:
        """Time passes, and the desks have read all that came before."""
        self.now += units
        for desk in self.desks.values():
            desk.known = self.now

    # --- the hat

    def call(self, caller: str = "", *, size: int = USUAL, hours: int = 24, **change: Any) -> bytes:
        """Call a round, have all read it; its id."""
        act = Open(speakers(self.state), size, self.now + hours * (DAY // 24))
        entry = self.post(caller or self.names.split()[0], "hat.open", act, **change)
        self.read()
        return entry.id

    def until(self, state: str) -> None:
        """Run, one desk at a time, until the newest round stands so at every desk."""
        while self.round().state != state:
            for name in self.desks:
                self.read()
                if self.round().state == state:
                    return
                self.work(name)
            self.read()

    def round(self, name: str = "") -> Hat:
        """The newest round as a desk has it."""
        items = self.desks[name or self.names.split()[0]].items.values()
        found: Hat = [item for item in items if isinstance(item, Hat)][-1]
        return found

    def papers(self, name: str = "") -> list[Nonpaper]:
        """The non-papers at a desk."""
        return [i for i in self.desks[name or self.names.split()[0]].items.values() if isinstance(i, Nonpaper)]

    # --- non-papers

    def float_(self, by: str = "Ana", route: str = "party", *, words: bytes | None = None, **change: Any) -> Entry:
        """Float an idea; everybody has read it."""
        to = change.pop("to", None)
        given: dict[str, Any] = {"until": self.now + DAY, "counters": ZERO32, "hat": ZERO32, "slip": ZERO32}
        act = nonpaper.Float(route, **{**given, **change})
        said_ = encode(nonpaper.Idea(bytes(16), "Three points", "No force.")) if words is None else words
        entry = self.post(by, "nonpaper.float", act, said_, to=to)
        self.read()
        return entry

    def paper(self, id_: bytes, name: str = "") -> Nonpaper:
        """A non-paper as a desk has it."""
        found: Nonpaper = self.desks[name or self.names.split()[0]].items[id_]
        return found


def verdict(entry: Entry) -> str:
    """What became of an entry, if all agree."""
    found = set(entry.verdicts.values())
    assert len(found) == 1, entry.verdicts
    return found.pop()
