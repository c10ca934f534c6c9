"""The engine: verified records of the log become opened entries and a roster (spec/sealing.md 4, 5, 8, 9; spec/channel.md).

One direction: records in, events out. It holds the keys that open, reaches for no clock, file or network, and moves only
as a whole: a batch that turns out to hold a forged entry is gone through again, one signature at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from backchannel.channel import acts
from backchannel.channel.fold import fold
from backchannel.channel.lines import Lines
from backchannel.channel.state import At, State
from backchannel.entry.ids import ZERO32, ChannelId, EntryId, SeatId
from backchannel.errors import Malformed, Rejected
from backchannel.seal import roster
from backchannel.seal.box import Sealed, SharedBox, roster_box
from backchannel.seal.chain import Chain, Check, erase_commitment, erase_token
from backchannel.seal.dist import open_dist
from backchannel.seal.keys import Identity, PrekeySecret
from backchannel.seal.verify import all_hold


class Record(NamedTuple):
    """One verified record of the log: where, which entry, its erase commitment, and its body unless that was erased."""

    at: At
    id: EntryId
    erase: bytes
    body: bytes | None


class Event(NamedTuple):
    """What an entry turned out to be.

    `verdict`: `act` (a signed act, applied), `line` (something said, opened), `start` (a chain that I can read began), `closed`
    (not for this seat), `record` (of an erasure), `erased`, `rejected` (with `error`). A line comes with the `state` at its
    position, and, if it is this seat's own and may be erased, with the `token` for that.
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


class Wallet(NamedTuple):
    """The keys of one seat in one channel."""

    me: SeatId
    identity: Identity
    prekeys: tuple[PrekeySecret, ...]
    secrets: Mapping[int, bytes]
    """The roster's secret of each epoch that this seat knows."""


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
    ) -> None:
        """`erasable`: every kind of entry that exists, and whether it may be erased; `root_at`: my log's root at a size."""
        self.wallet, self.state, self.lines = wallet, state, lines
        self.gained: dict[int, roster.EpochSecrets] = {}
        """Epochs whose secrets the last batch brought."""
        self._erasable, self._root_at = erasable, root_at
        self._boxes: dict[int, SharedBox] = {}
        self._checks: list[Check] | None = None

    @property
    def channel(self) -> ChannelId:
        """The channel's id."""
        return self.state.channel

    def process(self, records: Sequence[Record]) -> list[Event]:
        """Open and fold records that follow each other; the events, one a record."""
        before = self.state, self.lines.copy(), self.wallet
        events = self._run(records, [])
        if events is None:  # a signature does not hold: again, with each checked before the chain moves (4.4)
            self.state, self.lines, self.wallet = before
            events = self._run(records, None)
        assert events is not None  # noqa: S101
        return events

    def _run(self, records: Sequence[Record], checks: list[Check] | None) -> list[Event] | None:
        self.gained, self._checks = {}, checks
        events = [self._one(record) for record in records]
        return events if checks is None or all_hold(checks) else None

    def _one(self, record: Record) -> Event:
        if record.body is None:
            self.lines.erased(record.id, record.at.position)
            return Event(record, "erased")
        if record.erase == ZERO32:  # spec/ledger.md, 4.2: the ledger has checked what it is
            return Event(record, "record")
        try:
            found = self.lines.find(record.body[:16])
            if found is not None:
                return self._line(record, record.body, *found)
            return self._shared(record, record.body)
        except Malformed as problem:
            return Event(record, "rejected", error=problem)

    # -- what people say ------------------------------------------------------------------------------------------

    def _line(self, record: Record, body: bytes, chain: Chain, i: int) -> Event:
        opening = self.lines.open(self.channel, chain, i, body)
        if self._checks is not None:
            self._checks.append(opening.check)
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
        return Event(record, "line", chain.sender, header.kind, opening.body, chain.seats, token=token, state=self.state)

    def _gossip(self, size: int, root: bytes, at: At) -> None:
        if size > at.position or self._root_at(size) != root:  # spec/ledger.md, 8
            raise Rejected(
                "fork", "The author of an entry has seen another history of this channel than this desk has."
            )

    # -- what stands in a roster box --------------------------------------------------------------------------------

    def _shared(self, record: Record, body: bytes) -> Event:
        epoch = next((e for e in (self.state.epoch, self.state.epoch - 1) if self._recognises(e, body)), None)
        if epoch is None:
            return Event(record, "closed")
        content = roster.open_roster(self._box(epoch).open(Sealed(body, record.erase)))
        sender = content.seat if isinstance(content, roster.Act) else None
        if epoch != self.state.epoch:
            error = Rejected("stale", "An act was made under an earlier roster.")
            return Event(record, "rejected", sender, error=error)
        if isinstance(content, roster.Dist):
            return self._dist(record, content)
        try:
            self.state, act = fold(self.state, content, record.at)
        except Malformed as problem:
            return Event(record, "rejected", sender, error=problem)
        if isinstance(act, acts.Rotate):
            self._rotated(act)
        return Event(record, "act", sender, acts.kind(act), content.body, act=act)

    def _dist(self, record: Record, dist: roster.Dist) -> Event:
        if self.state.stage != "open":
            raise Rejected("rule", f"Nobody can speak before the charter is signed by all ({self.state.stage}).")
        opened = open_dist(
            self.channel, dist.slots, self.wallet.me, self.wallet.identity, self.wallet.prekeys, self.state.keys
        )
        if opened is None:
            return Event(record, "closed")
        chain, cursor = opened
        if chain.epoch != self.state.epoch:
            raise Rejected("stale", "A line of entries was started for an earlier roster.")
        for seat_id, seq in chain.audience:  # spec/sealing.md, 5.5 and 6
            seat = self.state.seat(seat_id)
            if seat is None or seat.standing != "active":
                raise Rejected("audience", "A line of entries was started for somebody who has no seat.")
            if not seat.prekey_valid(seq, record.at):
                raise Rejected("stale-prekey", "A line of entries was started with a receiving key that is over.")
        self.lines.start(chain, cursor, record.at.position)
        return Event(record, "start", chain.sender, audience=chain.seats)

    def _rotated(self, act: acts.Rotate) -> None:
        self.lines.end_all()
        if act.epoch in self.wallet.secrets or self.wallet.me not in act.seats:
            return
        secrets = roster.open_epoch(self.channel, act.epoch, act.slots, act.check, self.wallet.me, self.wallet.prekeys)
        if secrets is not None:
            self.gained[act.epoch] = secrets
            self.wallet = self.wallet._replace(secrets={**self.wallet.secrets, act.epoch: secrets.secret})

    def _recognises(self, epoch: int, body: bytes) -> bool:
        return epoch in self.wallet.secrets and self._box(epoch).recognises(body)

    def _box(self, epoch: int) -> SharedBox:
        if epoch not in self._boxes:
            self._boxes[epoch] = roster_box(self.wallet.secrets[epoch], self.channel)
        return self._boxes[epoch]

    def adopt(self, prekeys: Iterable[PrekeySecret]) -> None:
        """Use these prekeys from now on."""
        self.wallet = self.wallet._replace(prekeys=tuple(prekeys))
