"""A whole channel in memory, without network, files or clock: a log, and seats with an engine each.

world = World()
world.found("Ana", "Argentina", "envoy")
world.enter("Ben", "Chile", "envoy")          # INVITE, JOIN, PREKEY
world.open()                                  # CHARTER, ASSENT by all, ROTATE
world["Ana"].say("note.send", note.Send("Hello.", False, 7))
world.sync()                                  # everybody reads; the rosters must agree
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from backchannel.channel import acts
from backchannel.channel.assent import next_seats
from backchannel.channel.charter import Terms
from backchannel.channel.engine import Engine, Event, Record, Wallet
from backchannel.channel.lines import Lines
from backchannel.channel.state import DAY, At, Invitation, Removal, Seat, State
from backchannel.entry.codec import Value, decode, encode
from backchannel.entry.ids import ZERO32
from backchannel.errors import Malformed, Rejected
from backchannel.instruments import ANCHORS, BY_KIND, ERASABLE, Spoken
from backchannel.ledger.leaf import EraseRecord, Leaf, entry_id
from backchannel.ledger.tree import Tree
from backchannel.seal import aside, roster
from backchannel.seal.box import Sealed, SharedBox, invite_seed, roster_box
from backchannel.seal.chain import Chain, Cursor, seal_entry
from backchannel.seal.dist import Reader, start_chain
from backchannel.seal.keys import Identity, PrekeySecret
from backchannel.seal.primitives import ed25519_public
from backchannel.seal.roster import EpochSecrets, join_proof, seal_epoch, sign_act
from backchannel.seal.slots import Recipient
from tests.seal.kit import chance

CHANNEL = bytes(range(32))
MORNING = 1_000 * DAY
SECRETS = EpochSecrets(b"\x01" * 32, b"\x02" * 32, b"\x03" * 32)
TERMS = Terms("Beagle", "To speak of the islands.", "envoy", "chatham", 30, "all", "all", "none")


@cache
def identity(name: str) -> Identity:
    """The same keys for the same name, made once a run."""
    return Identity.new(chance(f"identity {name}"))


@cache
def prekey(name: str, seq: int = 0) -> PrekeySecret:
    """The same prekey for the same name and number, made once a run."""
    return PrekeySecret.new(seq, chance(f"prekey {name} {seq}"))


@cache
def public_prekey(name: str, seq: int, not_after: int) -> Any:
    return prekey(name, seq).public(not_after)


@cache
def once(name: str) -> bytes:
    """The public half of a one-time key."""
    return aside.Once(chance(f"once {name}")(32)).public


class Log:
    """A relay that everybody can read at once, and its tree."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.lengths: list[int] = []
        self.tree = Tree()
        self.now = MORNING
        self.random = chance("log")

    def copy(self) -> Log:
        twin = Log()
        twin.now, twin.random = self.now, chance(f"log {len(self.records)}")
        twin.records, twin.lengths = list(self.records), list(self.lengths)
        for record, length in zip(self.records, self.lengths, strict=True):
            twin.tree.append(Leaf(record.id, record.at.arrival, length, record.erase).hash())
        return twin

    @property
    def at(self) -> At:
        """Where the next entry will stand."""
        return At(len(self.records), self.now)

    def post(self, sealed: Sealed) -> Record:
        """Append an entry."""
        record = Record(self.at, entry_id(sealed.body), sealed.erase, sealed.body)
        self.tree.append(Leaf(record.id, self.now, len(sealed.body), sealed.erase).hash())
        self.records.append(record)
        self.lengths.append(len(sealed.body))
        return record

    def erase(self, position: int, token: bytes = ZERO32) -> None:
        """Erase a body, and record it."""
        self.records[position] = self.records[position]._replace(body=None)
        self.post(Sealed(EraseRecord(position, token).encode(), ZERO32))

    def junk(self) -> Record:
        """Something that a relay made up."""
        return self.post(Sealed(self.random(700), self.random(32)))


class Desk:
    """One seat, honest unless told otherwise: what it posts can be given wrong on purpose."""

    def __init__(self, name: str, log: Log, secrets: Sequence[bytes], keys: str = "") -> None:
        self.name, self.log, self.keys = name, log, keys or name
        self.random = chance(f"desk {self.keys}")
        self.identity = identity(self.keys)
        self.id = self.identity.keys.seat(CHANNEL)
        self.epochs: dict[int, EpochSecrets] = {0: SECRETS}
        wallet = Wallet(self.id, self.identity, (prekey(self.keys),), dict(enumerate(secrets)))
        self.engine = self._engine(wallet, State(CHANNEL), Lines())
        self.sending: dict[tuple[bytes, ...], tuple[Chain, Cursor, bytes, int]] = {}
        self.read = 0
        self.events: list[Event] = []
        self.items: dict[bytes, Any] = {}

    def _engine(self, wallet: Wallet, state: State, lines: Lines) -> Engine:
        return Engine(wallet, state, lines, erasable=ERASABLE, root_at=self.log.tree.root, anchors=ANCHORS)

    def copy(self, log: Log) -> Desk:
        twin = Desk(self.name, log, (), self.keys)
        twin.random = chance(f"desk {self.keys} {len(log.records)}")
        twin.engine = twin._engine(self.engine.wallet, self.engine.state, self.engine.lines.copy())
        twin.epochs, twin.sending, twin.read = dict(self.epochs), dict(self.sending), self.read
        twin.events, twin.items = list(self.events), dict(self.items)
        return twin

    @property
    def state(self) -> State:
        return self.engine.state

    @property
    def seat(self) -> Seat:
        return self.state.member(self.id)

    @property
    def box(self) -> SharedBox:
        return roster_box(self.engine.wallet.secrets[self.state.epoch], CHANNEL)

    # --- reading

    def sync(self, batch: int = 1_000_000) -> list[Event]:
        """Read to the head, `batch` records at a time."""
        new: list[Event] = []
        while self.read < len(self.log.records):
            events = self.engine.process(self.log.records[self.read : self.read + batch])
            self.read += len(events)
            self.epochs.update(self.engine.gained)
            new += [fold_item(self.items, event) for event in events]
        self.events += new
        return new

    # --- posting

    def act(self, body: Any, **lies: Any) -> Record:
        """Post a signed act."""
        return self.log.post(self.sealed_act(body, **lies))

    def sealed_act(
        self, body: Any, n: int | None = None, epoch: int | None = None, seat: bytes | None = None, by: str = ""
    ) -> Sealed:
        mine = self.state.seat(self.id)
        turn = (mine.acts if mine is not None else 0) if n is None else n
        at = self.state.epoch if epoch is None else epoch
        raw = body if isinstance(body, bytes) else encode(body)
        signer = identity(by) if by else self.identity
        return self.shared(sign_act(signer, CHANNEL, at, seat or self.id, turn, raw))

    def shared(self, content: Value) -> Sealed:
        """Something in a roster box."""
        return self.box.seal(encode(content), self.random(16))

    def prekey_act(self, seq: int | None = None, not_after: int | None = None) -> acts.Prekey:
        mine = self.state.seat(self.id)
        count = len(mine.prekeys) if mine is not None else 0
        ends = self.log.now + 90 * DAY if not_after is None else not_after
        number = count if seq is None else seq
        held = {k.seq: k for k in (*self.engine.wallet.prekeys, prekey(self.keys, number))}
        self.engine.adopt(held.values())
        return acts.Prekey(public_prekey(self.keys, number, ends), once(self.keys))

    def rotate_act(self, seats: Any = None, leave_out: Any = b"", **lies: Any) -> acts.Rotate:
        """The ROTATE that is due."""
        due = tuple(next_seats(self.state) or ()) if seats is None else tuple(seats)
        epoch = self.state.epoch + 1
        secrets = EpochSecrets.new(self.random)
        slots = seal_epoch(CHANNEL, epoch, secrets, [self._recipient(s, s == leave_out) for s in due], self.random)
        act = acts.Rotate(epoch, due, slots, secrets.check(CHANNEL, epoch))
        return acts.Rotate(**{**{f: getattr(act, f) for f in act.__struct_fields__}, **lies})

    def _recipient(self, seat_id: bytes, wrongly: bool = False) -> Recipient:
        seat = self.state.seat(seat_id)
        newest = seat.prekeys[-1].prekey if seat is not None and seat.prekeys and not wrongly else None
        return Recipient(seat_id, newest.seq, newest.xwing) if newest else Recipient(seat_id, 0, other_xwing())

    def dist(self, audience: Iterable[bytes], cls: str = "talk", **lies: Any) -> Record:
        """Start a chain."""
        to = tuple(sorted({self.id, *audience}))
        readers = []
        for seat_id in to:
            seat = self.state.member(seat_id)
            readers.append(Reader(seat_id, seat.keys, lies.get("prekeys", {}).get(seat_id) or seat.prekeys[-1].prekey))
        epoch = lies.get("epoch", self.state.epoch)
        started = start_chain(CHANNEL, self.id, self.identity, readers, cls=cls, epoch=epoch, random=self.random)
        self.sending[to] = (started.chain, started.cursor, started.seed, epoch)
        return self.log.post(self.shared(roster.Dist(started.slots)))

    def say(self, kind: str, body: Value | bytes, audience: Iterable[bytes] | None = None, **lies: Any) -> Record:
        """Say something to everyone, or to some."""
        to = tuple(sorted({self.id, *(audience or (s.id for s in self.state.active))}))
        if to not in self.sending or self.sending[to][3] != self.state.epoch:
            self.dist(to)
        chain, cursor, seed, epoch = self.sending[to]
        log = self.log
        sealed, after = seal_entry(
            CHANNEL,
            chain,
            lies.get("cursor", cursor),
            lies.get("seed", seed),
            kind=kind,
            body=body if isinstance(body, bytes) else encode(body),
            erasable=lies.get("erasable", ERASABLE.get(kind, True)),
            size=lies.get("size", log.tree.size),
            root=lies.get("root", log.tree.root()),
            salt=self.random(16),
        )
        if not lies:
            self.sending[to] = (chain, after, seed, epoch)
        return log.post(sealed)


@cache
def other_xwing() -> bytes:
    """Somebody else's sealing key."""
    return prekey("nobody").public(0).xwing


def fold_item(items: dict[bytes, Any], event: Event) -> Event:
    """Fold a line into its item as a desk does; rejected if its instrument refuses it."""
    if event.verdict != "line":
        return event
    assert event.sender is not None
    assert event.state is not None
    instrument = BY_KIND[event.kind]
    try:
        act = decode(event.body, instrument.kinds[event.kind].body)
        at, id_ = event.record.at, event.record.id
        spoken = Spoken(at, id_, event.sender, event.audience, event.kind, act, event.state)
        held = None
        if event.kind != instrument.opens:
            id_ = act.item  # type: ignore[attr-defined]
            held = items.get(id_)
            if held is None:
                raise Rejected("item", "unknown")
        items[id_] = instrument.fold(held, spoken)
    except Malformed as problem:
        return event._replace(verdict="rejected", error=problem)
    return event


class World:
    """All desks of one channel, honest ones."""

    def __init__(self) -> None:
        self.log = Log()
        self.desks: dict[str, Desk] = {}

    def __getitem__(self, name: str) -> Desk:
        return self.desks[name]

    def copy(self) -> World:
        twin = World()
        twin.log = self.log.copy()
        twin.desks = {name: desk.copy(twin.log) for name, desk in self.desks.items()}
        return twin

    @property
    def here(self) -> list[Desk]:
        """The desks whose seats are still in the channel."""
        return [d for d in self.desks.values() if self.state.seat(d.id) in self.state.present]

    @property
    def knowing(self) -> list[Desk]:
        """The desks that can read the roster as it is now; all, if nobody can."""
        newest = max(d.state.epoch for d in self.desks.values())
        desks = [d for d in self.desks.values() if d.state.epoch == newest]
        return [d for d in desks if newest in d.engine.wallet.secrets] or desks

    @property
    def state(self) -> State:
        return self.knowing[0].state

    def sync(self) -> None:
        """Everybody reads to the head; all who can read the roster see the same."""
        for desk in self.desks.values():
            desk.sync()
        assert all(desk.state == self.state for desk in self.knowing)

    def verdict(self) -> str:
        """What the newest entry turned out to be, by the code of its error if it was refused; all must agree."""
        self.sync()
        at = self.log.records[-1].at
        told = [desk.events[-1] for desk in self.knowing if desk.events[-1].record.at == at]
        found = {event.error.code if event.error else event.verdict for event in told}
        assert len(found) == 1, found
        return found.pop()

    def found(self, name: str = "Ana", party: str = "Argentina", role: str = "envoy", **lies: Any) -> Desk:
        desk = self.desks[name] = Desk(name, self.log, [SECRETS.secret])
        body = acts.Found("Beagle", "To speak of the islands.", desk.identity.keys, name, party, role)
        desk.act(acts.Found(**{**{f: getattr(body, f) for f in body.__struct_fields__}, **lies}))
        desk.act(desk.prekey_act(), n=1)
        self.sync()
        return desk

    def enter(self, name: str, party: str, role: str = "envoy", by: str = "", keys: str = "") -> Desk:
        """Invite somebody, have everyone admit the invitation, and join."""
        founder = self.desks[by] if by else next(iter(self.here))
        self.invite(founder, name, party, role)
        return self.join(name, keys)

    def hand_over(self, by: str, seat: str, name: str, *, admit: bool = True) -> str:
        """Offer the place of a seat; what came of it."""
        self[by].act(handover_act(self[seat].id, name, self.log.now + 7 * DAY))
        found = self.verdict()
        if admit:
            self.admit()
        return found

    def succeed(self, seat: str, name: str, by: str = "") -> None:
        """A seat passes to a successor, up to the ROTATE that lets it in."""
        assert self.hand_over(by or seat, seat, name) == "act"
        self.join(name)
        self.sign()
        self.rotate()

    def freeze(self, by: str, seat: str) -> str:
        """Freeze a seat; what came of it."""
        self[by].act(acts.Freeze(self[seat].id, "Its device is lost."))
        return self.verdict()

    def invite(self, by: Desk, name: str, party: str, role: str = "envoy") -> None:
        by.act(invite_act(name, party, role, self.log.now + 7 * DAY))
        self.sync()
        self.admit()

    def admit(self) -> None:
        """Everyone assents to everything that awaits it, their own removal aside."""
        for desk in self.here:
            changes: list[Invitation | Removal] = [*desk.state.invitations, *desk.state.removals]
            for change in changes:
                proposal = change.proposal
                own = getattr(change, "seat", None) == desk.id
                if proposal.stage == "open" and desk.id not in proposal.assents and not own and self.may(desk):
                    desk.act(acts.Assent(proposal.digest))
                    self.sync()

    @staticmethod
    def may(desk: Desk) -> bool:
        return desk.seat.standing == "active"

    def join(self, name: str, keys: str = "") -> Desk:
        known = max((d for d in self.desks.values()), key=lambda d: len(d.engine.wallet.secrets)).engine.wallet.secrets
        desk = self.desks[name] = Desk(name, self.log, [known[e] for e in sorted(known)], keys)
        desk.sync()
        desk.act(join_act(name, desk.identity))
        desk.act(desk.prekey_act(), n=1)
        self.sync()
        return desk

    def charter(self, terms: Terms = TERMS) -> None:
        founder = next(d for d in self.desks.values() if d.id == self.state.founder)
        founder.act(acts.Charter(terms, tuple(sorted(s.id for s in founder.state.present))))
        self.sync()

    def sign(self) -> None:
        """Whoever has not signed the charter signs it."""
        for desk in self.here:
            if not desk.seat.signed and desk.state.charter is not None:
                desk.act(acts.Assent(desk.state.charter.digest))
                self.sync()

    def rotate(self, by: str = "") -> None:
        due = next_seats(self.state) or ()
        desk = self.desks[by] if by else next(d for d in self.here if d.id in due)
        desk.act(desk.rotate_act())
        self.sync()

    def open(self) -> None:
        self.charter()
        self.sign()
        self.rotate()


def invite_act(name: str, party: str, role: str, expires: int, secret: bytes = b"") -> acts.Invite:
    return acts.Invite(ed25519_public(invite_seed(secret or invite_secret(name), CHANNEL)), name, party, role, expires)


def handover_act(seat: bytes, name: str, expires: int) -> acts.Handover:
    return acts.Handover(seat, ed25519_public(invite_seed(invite_secret(name), CHANNEL)), name, expires)


def join_act(name: str, mine: Identity, secret: bytes = b"") -> acts.Join:
    seed = invite_seed(secret or invite_secret(name), CHANNEL)
    return acts.Join(ed25519_public(seed), mine.keys, join_proof(seed, CHANNEL, mine.keys))


def invite_secret(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


PEOPLE = (
    ("Ben", "Chile", "envoy"),
    ("Cem", "Holy See", "intermediary"),
    ("Dora", "Chile", "expert"),
    ("Eve", "UN", "observer"),
)


@cache
def _founding(people: int) -> World:
    world = World()
    world.found()
    for name, party, role in PEOPLE[: people - 1]:
        world.enter(name, party, role)
    return world


@cache
def _opened(people: int) -> World:
    world = _founding(people).copy()
    world.open()
    return world


def founding(people: int = 3) -> World:
    """A channel in which so many have joined, the founder among them: Ana, Ben, Cem, Dora, Eve."""
    return _founding(people).copy()


def opened(people: int = 3) -> World:
    """A channel in its first epoch."""
    return _opened(people).copy()
