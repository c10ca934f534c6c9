"""What a channel's log adds up to: seats, invitations, removals, charter, epoch. Frozen; only `fold` makes one."""

from __future__ import annotations

from msgspec.structs import replace

from backchannel.channel.charter import Terms
from backchannel.entry.codec import Value
from backchannel.entry.ids import Bytes32, ChannelId, Count, SeatId
from backchannel.seal.keys import Keys, Prekey, XwingPublic

DAY = 288
"""Arrival units (300 s) in a day."""

PREKEY_DISTANCE = 512
PREKEY_GRACE = 14 * DAY
PREKEY_LIFE = 90 * DAY
LONGEST_PREKEY = PREKEY_LIFE + DAY
"""A day more, for clocks that differ."""
PROPOSAL_LIFE = 30 * DAY
LONGEST_INVITATION = 30 * DAY
MOST_SEATS = 64


class At(Value, frozen=True):
    """Where in the log something stands: position, and arrival in units of 300 s."""

    position: Count
    arrival: Count


class PostedPrekey(Value, frozen=True):
    """A prekey, where it was posted, and where its successor was, if it has one."""

    prekey: Prekey
    at: At
    replaced: At | None

    def valid(self, at: At) -> bool:
        """Whether a DIST or ROTATE at `at` may use it (spec/sealing.md, 6)."""
        if at.position <= self.at.position or at.arrival > self.prekey.not_after:
            return False
        return self.replaced is None or not self.passed(at)

    def passed(self, at: At) -> bool:
        """Whether its bound lies behind `at`, so that nothing later can use it."""
        return self.replaced is not None and (
            at.position > self.replaced.position + PREKEY_DISTANCE or at.arrival > self.replaced.arrival + PREKEY_GRACE
        )


class OnceKey(Value, frozen=True):
    """A seat's newest one-time key, and its number (spec/sealing.md, 12.4)."""

    n: Count
    xwing: XwingPublic
    at: At


class Seat(Value, frozen=True):
    """One person's place. `standing`: guest (joined, not yet in an epoch), active, gone."""

    id: SeatId
    keys: Keys
    name: str
    party: str
    role: str
    standing: str
    signed: bool
    acts: Count
    prekeys: tuple[PostedPrekey, ...]
    once: OnceKey | None
    joined: At
    succeeds: SeatId | None = None
    """Whose place this is (spec/handover.md)."""

    @property
    def speaks(self) -> bool:
        """Observers listen."""
        return self.role != "observer"

    def newest(self, at: At) -> Prekey | None:
        """The prekey that others should use at `at`."""
        for posted in reversed(self.prekeys):
            if posted.valid(at):
                return posted.prekey
        return None

    def out(self) -> Seat:
        """This seat, gone; a guest that never came in has succeeded nobody, and leads nobody to what others read."""
        return replace(self, standing="gone", succeeds=None if self.standing == "guest" else self.succeeds)

    def prekey_valid(self, seq: int, at: At) -> bool:
        """Whether prekey `seq` may be used at `at`."""
        return any(posted.prekey.seq == seq and posted.valid(at) for posted in self.prekeys)


class Proposal(Value, frozen=True):
    """What awaits, or has, the assent of parties: an invitation or a removal.

    `stage`: open; granted, all having assented; done, the invitation's seat being taken. What lapsed is there no more.
    """

    digest: Bytes32
    by: SeatId
    at: At
    assents: tuple[SeatId, ...]
    stage: str
    epoch: Count


class Invitation(Value, frozen=True):
    """An offered seat; `seat` once somebody has taken it; `replaces`: whose place it is (spec/handover.md)."""

    proposal: Proposal
    invite: Bytes32
    name: str
    party: str
    role: str
    expires: Count
    seat: SeatId | None
    replaces: SeatId | None = None


class Removal(Value, frozen=True):
    """A seat that is to go."""

    proposal: Proposal
    seat: SeatId
    reason: str


class Agreed(Value, frozen=True):
    """The charter as proposed: its terms, its seats, its digest, and where."""

    terms: Terms
    seats: tuple[SeatId, ...]
    digest: Bytes32
    at: At


class State(Value, frozen=True):
    """A channel at one position of its log. `stage`: empty, founding, signed (charter complete), open.

    `frozen`: seats frozen since the last new roster; they are gone (spec/handover.md, 1.3).
    """

    channel: ChannelId
    stage: str = "empty"
    epoch: Count = 0
    title: str = ""
    purpose: str = ""
    founder: SeatId = bytes(16)
    seats: tuple[Seat, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    removals: tuple[Removal, ...] = ()
    charter: Agreed | None = None
    frozen: tuple[SeatId, ...] = ()

    def seat(self, seat: SeatId) -> Seat | None:
        """The seat of this id, present or gone."""
        return next((s for s in self.seats if s.id == seat), None)

    def keys(self, seat: SeatId) -> Keys | None:
        """The identity keys of a seat that is active now."""
        found = self.seat(seat)
        return found.keys if found is not None and found.standing == "active" else None

    @property
    def active(self) -> tuple[Seat, ...]:
        """Seats of the present epoch."""
        return tuple(s for s in self.seats if s.standing == "active")

    @property
    def present(self) -> tuple[Seat, ...]:
        """Seats that are active, or on the way in."""
        return tuple(s for s in self.seats if s.standing != "gone")

    def parties(self, without: SeatId | None = None) -> frozenset[str]:
        """Parties with an active seat, not counting the seat `without`."""
        return frozenset(s.party for s in self.active if s.id != without)

    def current(self, seats: tuple[SeatId, ...]) -> tuple[SeatId, ...]:
        """Of these seats those that are active, and whoever succeeds one of them and is (spec/handover.md, 3)."""
        here = tuple(seat for seat in seats if self.keys(seat) is not None)
        line = set(seats)
        for seat in self.seats:  # a successor comes after whom it succeeds
            if seat.succeeds in line:
                line.add(seat.id)
        return here if len(line) == len(seats) else tuple(sorted(s.id for s in self.active if s.id in line))

    def line(self, seat: SeatId) -> tuple[SeatId, ...]:
        """This seat and whom it succeeds, directly or over several, the newest first."""
        line = [seat]
        for one in reversed(self.seats):  # a successor comes after whom it succeeds
            if one.id == line[-1] and one.succeeds is not None:
                line.append(one.succeeds)
        return tuple(line)

    def member(self, seat: SeatId) -> Seat:
        """The seat of this id, which is known to be there."""
        return next(s for s in self.seats if s.id == seat)

    def with_seat(self, seat: Seat) -> State:
        """This state with one seat replaced, or added at the end."""
        if self.seat(seat.id) is None:
            return replace(self, seats=(*self.seats, seat))
        return replace(self, seats=tuple(seat if s.id == seat.id else s for s in self.seats))
