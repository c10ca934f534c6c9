"""The engine: verified records of the log become opened entries and a roster (spec/sealing.md, spec/channel.md).

One direction: records in, events out. It holds the keys that open, and reaches for no clock, file or network. A large
batch is opened first and its signatures checked together; if one is forged, all is gone through again, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from backchannel.channel import acts
from backchannel.channel.fold import judge
from backchannel.channel.lines import Lines
from backchannel.channel.state import At, State
from backchannel.entry.ids import ZERO32, ChannelId, EntryId, SeatId
from backchannel.errors import Malformed, Rejected
from backchannel.ledger.history import Seen
from backchannel.seal import roster
from backchannel.seal.box import Sealed, SharedBox, roster_box
from backchannel.seal.chain import Chain, erase_commitment, erase_token
from backchannel.seal.dist import check_dist, open_dist
from backchannel.seal.keys import Identity, PrekeySecret
from backchannel.seal.verify import WORTHWHILE, Checking

CLASSES = frozenset({"talk"})
"""The classes of lines that there are (spec/sealing.md, 5.2)."""


class Record(NamedTuple):
    """One verified record of the log: where, which entry, its erase commitment, and its body unless that was erased."""

    at: At
    id: EntryId
    erase: bytes
    body: bytes | None

    @classmethod
    def of(cls, seen: Seen) -> Record:
        """The record that the ledger has verified."""
        return cls(At(seen.index, seen.leaf.arrival), seen.leaf.id, seen.leaf.erase, seen.body)


class Event(NamedTuple):
    """What an entry turned out to be, by `verdict`.

    - `act`: a signed act, applied; with an `error` if it is a new roster whose keys this seat was not given
    - `line`: something said, opened; with the `state` at its position, with the `token` that erases it if that is
      allowed and it is this seat's own, and with the `key` that opens it alone if it is of a kind that may be shown
    - `start`: a chain that this seat can read began
    - `closed`: not for this seat
    - `record`, `erased`: an erasure, and what was erased
    - `rejected`: with the `error`

    `sender` is only ever whoever verifiably wrote it.
    """

    record: Record
    verdict: str
    sender: SeatId | None = None
    kind: str = ""
    body: bytes = b""
    audience: tuple[SeatId, ...] = ()
    act: acts.Body | None = None
    error: Malformed | None = None
    token: bytes | None = None
    state: State | None = None
    key: bytes = b""


class Wallet(NamedTuple):
    """The keys of one seat in one channel."""

    me: SeatId
    identity: Identity
    prekeys: tuple[PrekeySecret, ...]
    secrets: Mapping[int, bytes]
    """The roster's secret of each epoch that this seat knows."""


class Presumed(NamedTuple):
    """Events that are true if `hold()` answers yes; otherwise `again()` gives the true ones, signature by signature."""

    events: list[Event]
    hold: Callable[[], bool]
    again: Callable[[], list[Event]]


class Engine:
    """One seat's reading of one channel."""

    def __init__(
        self,
        wallet: Wallet,
        state: State,
        lines: Lines,
        *,
        erasable: Mapping[str, bool],
        root_at: Callable[[int], bytes],
        anchors: Collection[str] = (),
    ) -> None:
        """`erasable`: all kinds of entry, and whether they may be erased; `root_at`: my log's root at a size.

        `anchors`: the kinds of entry of which each may be shown by itself, so that its key is kept.
        """
        self.wallet, self.state, self.lines = wallet, state, lines
        self.gained: dict[int, roster.EpochSecrets] = {}
        """Epochs whose secrets the last batch brought."""
        self._erasable, self._root_at, self._anchors = erasable, root_at, anchors
        self._root = root_at
        self._boxes: dict[int, SharedBox] = {}
        self._checking: Checking | None = None

    @property
    def channel(self) -> ChannelId:
        """The channel's id."""
        return self.state.channel

    def process(self, records: Sequence[Record]) -> list[Event]:
        """Open and fold records that follow each other; the events, one a record."""
        presumed = self.presume(records)
        return presumed.events if presumed.hold() else presumed.again()

    def presume(self, records: Sequence[Record]) -> Presumed:
        """The same, with the signatures of many lines still being verified: the events may be worked on, not kept."""
        if len(records) < WORTHWHILE:
            return Presumed(self._run(records, None), lambda: True, list)
        before, checking = (self.state, self.lines.copy(), self.wallet), Checking()

        def again() -> list[Event]:
            self.state, self.lines, self.wallet = before
            return self._run(records, None)

        events = self._run(records, checking)
        checking.begin()
        return Presumed(events, checking.hold, again)

    def _run(self, records: Sequence[Record], checking: Checking | None) -> list[Event]:
        """Without `checking`, each signature is verified before its chain moves (4.4)."""
        self.gained, self._checking = {}, checking
        self._root = lru_cache(256)(self._root_at)  # many entries name the same size
        return [self._one(record) for record in records]

    def _one(self, record: Record) -> Event:
        if record.body is None:
            self.lines.erased(record.id, record.at.position)
            return Event(record, "erased")
        if record.erase == ZERO32:  # spec/ledger.md, 4.2: the ledger has checked what it is
            return Event(record, "record")
        try:
            # The roster's box first: a line that is made to bear its mark must not hide an act from some seats.
            if self._recognises(self.state.epoch, record.body):
                return self._shared(record, record.body)
            found = self.lines.find(record.body[:16])
            if found is not None:
                return self._line(record, record.body, *found)
            if self._recognises(self.state.epoch - 1, record.body):
                raise Rejected("stale", "An entry was made for the roster before this one.")
            return Event(record, "closed")
        except Malformed as problem:
            return Event(record, "rejected", error=problem)

    # -- what people say ------------------------------------------------------------------------------------------

    def _line(self, record: Record, body: bytes, chain: Chain, i: int) -> Event:
        opening = self.lines.open(self.channel, chain, i, body)
        if self._checking is not None:
            self._checking.add(opening.check)
        elif not opening.check.holds():
            raise Rejected("signature", "An entry was not written by the seat whose line it stands in.")
        self.lines.move(chain, opening.after, record.at.position)
        header = opening.header
        if header.epoch != self.state.epoch:
            raise Rejected("stale", "An entry was sealed for an earlier roster.")
        if header.kind not in self._erasable:
            raise Rejected("kind", "An entry is of a kind that this version does not know.")
        if record.erase != erase_commitment(chain, i, self._erasable[header.kind]):
            raise Rejected("erase", "An entry says wrongly whether it may be erased.")
        self._gossip(header.size, header.root, record.at)
        mine = chain.sender == self.wallet.me and self._erasable[header.kind]
        token = erase_token(chain, i) if mine else None
        said = Event(record, "line", chain.sender, header.kind, opening.body, chain.seats)
        return said._replace(token=token, state=self.state, key=opening.key if header.kind in self._anchors else b"")

    def _gossip(self, size: int, root: bytes, at: At) -> None:
        if size > at.position or self._root(size) != root:  # spec/ledger.md, 8
            raise Rejected(
                "fork", "The author of an entry has seen another history of this channel than this desk has."
            )

    # -- what stands in a roster box --------------------------------------------------------------------------------

    def _shared(self, record: Record, body: bytes) -> Event:
        content = roster.open_roster(self._box(self.state.epoch).open(Sealed(body, record.erase)))
        if isinstance(content, roster.Dist):
            return self._dist(record, content)
        self.state, sender, act, error = judge(self.state, content, record.at)
        if act is None:
            return Event(record, "rejected", sender, error=error)
        if isinstance(act, acts.Freeze):
            self.lines.end_of(act.seat, record.at.position)
        if isinstance(act, acts.Rotate):
            error = self._rotated(act)
        return Event(record, "act", sender, acts.kind(act), content.body, act=act, error=error)

    def _dist(self, record: Record, dist: roster.Dist) -> Event:
        if self.state.stage != "open":
            raise Rejected("rule", f"Nobody can speak before the charter is signed by all ({self.state.stage}).")
        if self.state.keys(self.wallet.me) is None:  # a guest reads none
            check_dist(dist.slots)
            return Event(record, "closed")
        opened = open_dist(
            self.channel, dist.slots, self.wallet.me, self.wallet.identity, self.wallet.prekeys, self.state.keys
        )
        if opened is None:
            return Event(record, "closed")
        chain, cursor = opened
        if chain.epoch != self.state.epoch:
            raise Rejected("stale", "A line of entries was started for an earlier roster.")
        if chain.cls not in CLASSES:
            raise Rejected("class", "A line of entries is of a class that this version does not know.")
        for seat_id, seq in chain.audience:  # spec/sealing.md, 5.5 and 6
            seat = self.state.seat(seat_id)
            if seat is None or seat.standing != "active":
                raise Rejected("audience", "A line of entries was started for somebody who has no seat.")
            if not seat.prekey_valid(seq, record.at):
                raise Rejected("stale-prekey", "A line of entries was started with a receiving key that is over.")
        self.lines.start(chain, cursor, record.at.position)
        return Event(record, "start", chain.sender, audience=chain.seats)

    def _rotated(self, act: acts.Rotate) -> Malformed | None:
        """Take the new roster's keys; why not, if they are not there: the roster has changed nevertheless (9.5)."""
        self.lines.end_all()
        me, prekeys = self.wallet.me, self.wallet.prekeys
        if act.epoch in self.wallet.secrets or me not in act.seats:
            return None
        try:
            secrets = roster.open_epoch(self.channel, act.epoch, act.slots, act.check, me, prekeys)
        except Malformed as problem:
            return problem
        if secrets is None:
            return Rejected("left-out", "Whoever changed the roster gave this seat no keys for it.")
        self.gained[act.epoch] = secrets
        self.wallet = self.wallet._replace(secrets={**self.wallet.secrets, act.epoch: secrets.secret})
        return None

    def _recognises(self, epoch: int, body: bytes) -> bool:
        return epoch in self.wallet.secrets and self._box(epoch).recognises(body)

    def _box(self, epoch: int) -> SharedBox:
        if epoch not in self._boxes:
            self._boxes[epoch] = roster_box(self.wallet.secrets[epoch], self.channel)
        return self._boxes[epoch]

    def adopt(self, prekeys: Iterable[PrekeySecret]) -> None:
        """Use these prekeys from now on."""
        self.wallet = self.wallet._replace(prekeys=tuple(prekeys))
