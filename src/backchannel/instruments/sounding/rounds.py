"""What a desk owes in a sounding without asking its person (reflexes), and the secrets that it keeps for that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from backchannel.channel.state import DAY, At, State
from backchannel.entry.codec import Secret, Value, decode, encode
from backchannel.entry.ids import ZERO32, Bytes32, SeatId
from backchannel.instruments.base import Due, Me, Owed
from backchannel.instruments.sounding import tally
from backchannel.instruments.sounding.values import Ack, Ballot, Blind, Key, Share, Sounding, posted
from backchannel.seal import group as g

GRACE = 7 * DAY
"""How long a desk that cannot read the log keeps the messages beyond the hour: the result may be in the log (4.1)."""
MARGIN = 3
"""Units before the end in which nobody releases: a RELEASE that comes too late serves the dishonest only (3.7)."""


class Pocket(Secret, frozen=True):
    """A running sounding's secrets: the key x, this desk's part of the order, the answer, and what was sent already."""

    x: Bytes32
    order: Bytes32
    answer: tuple[bool, ...]
    sent: tuple[str, ...]


class Message(NamedTuple):
    """One message that is due: a name by which it is sent once, its kind, body and audience."""

    name: str
    kind: str
    body: Value
    audience: tuple[SeatId, ...]


def owed(sounding: Sounding, me: Me) -> Owed:
    """What is due now; the pocket afterwards, empty once the sounding is over (4.3).

    A desk that has lost its pocket (restored from a backup) abstains: it could only repeat or contradict itself (4.4).
    """
    part = sounding.who(me.seat)
    read = At(me.at.position, me.read)
    if sounding.state in ("lapsed", "withdrawn") or late(sounding, read) or left(sounding, me.state):
        return Owed((), b"", True)
    if part not in ("voter", "releaser"):
        return Owed((), b"")
    if late(
        sounding, me.at
    ):  # by this desk's clock: nothing of it could count, but what others posted in time may be unread
        return Owed((), me.pocket)
    pocket = decode(me.pocket, Pocket) if me.pocket else None
    if sounding.state == "closed" and not _still_shows(sounding, part, pocket):
        return Owed((), b"")
    if pocket is None:
        if sounding.state != "keys" or posted(sounding.keys, me.seat) is not None:
            return Owed((), b"")
        pocket = Pocket(g.random_scalar(me.random), me.random(32), (), ())
    messages = []
    for message in _due(sounding, me, pocket):
        if message.name not in pocket.sent:
            messages.append(Due(message.kind, message.body, message.audience))
            pocket = replace(pocket, sent=(*pocket.sent, message.name))
    if "ballot" in pocket.sent:
        pocket = replace(pocket, answer=())  # 4.3
    return Owed(tuple(messages), encode(pocket))


def late(sounding: Sounding, at: At) -> bool:
    """Whether a message at `at` comes too late for the state in which the sounding is (4.1)."""
    early = sounding.state in ("keys", "ballots")
    return at.arrival >= (sounding.terms.ballots_by if early else sounding.terms.ends_by)


def left(sounding: Sounding, state: State) -> bool:
    """Whether a voter or the releaser is no longer in the channel, so that it has lapsed (4.1)."""
    return sounding.state != "closed" and any(state.keys(seat) is None for seat in sounding.part)


def over(sounding: Sounding, at: At) -> bool:
    """Whether, as far as this desk knows at `at`, nothing more can come of it: closed, withdrawn, or lapsed (4.1)."""
    return sounding.state in ("closed", "lapsed", "withdrawn") or late(sounding, at)


def answered(pocket: bytes) -> bool:
    """Whether this desk's person has answered."""
    if not pocket:
        return False
    held = decode(pocket, Pocket)
    return bool(held.answer) or "ballot" in held.sent


def with_answer(pocket: bytes, answer: tuple[bool, ...]) -> bytes:
    """The pocket with the person's answer, which is posted as soon as all desks are ready."""
    return encode(replace(decode(pocket, Pocket), answer=answer))


def _still_shows(sounding: Sounding, part: str, pocket: Pocket | None) -> bool:
    """A closed sounding is over for a voter once this desk has shown its last share (3.9)."""
    if pocket is None or part != "voter" or not sounding.openings:
        return False
    return f"show {len(sounding.openings) - 1}" not in pocket.sent


def _due(sounding: Sounding, me: Me, pocket: Pocket) -> Iterator[Message]:
    """The messages of this state, sent before or not."""
    everyone, voter = sounding.audience, sounding.who(me.seat) == "voter"
    if sounding.state == "keys":
        yield Message("key", "sounding.key", _key(sounding, me, pocket, voter), everyone)
    if sounding.state == "ballots" and voter and pocket.answer and "ballot" not in pocket.sent:
        pairs, proof = tally.make_ballot(sounding, me.seat, pocket.answer, me.random)
        yield Message("ballot", "sounding.ballot", Ballot(sounding.id, pairs, proof), everyone)
    if sounding.state == "blinds" and voter and "blind" not in pocket.sent:
        order = pocket.order if sounding.terms.reveal == "first" else ZERO32
        blinds = tally.make_blind(sounding, me.seat, me.random)
        yield Message("blind", "sounding.blind", Blind(sounding.id, blinds, order), everyone)
    for position, opening in enumerate(sounding.openings):
        yield from _opening(sounding, me, pocket, position) if voter else _releasing(sounding, me, pocket, position)
        if not opening.done and not opening.release:
            return


def _key(sounding: Sounding, me: Me, pocket: Pocket, voter: bool) -> Key:
    h, proof = tally.make_key(sounding.sid, me.seat, pocket.x, me.random)
    first = voter and sounding.terms.reveal == "first"
    commit = tally.commitment(sounding.sid, me.seat, pocket.order) if first else ZERO32
    return Key(sounding.id, h, proof, commit)


def _opening(sounding: Sounding, me: Me, pocket: Pocket, position: int) -> Iterator[Message]:
    opening, voters = sounding.openings[position], sounding.terms.voters
    if not opening.release and f"share {position}" not in pocket.sent:
        share = tally.make_share(sounding, me.seat, position, pocket.x, me.random)
        yield Message(f"share {position}", "sounding.share", share, voters)
    if len(opening.shares) == len(voters):
        value = tally.ack_value(sounding, position)
        yield Message(f"ack {position}", "sounding.ack", Ack(sounding.id, position, value), sounding.audience)
    own = posted(opening.shares, me.seat)
    if opening.release and own is not None:
        yield Message(f"show {position}", "sounding.show", tally.read(Share, own), sounding.audience)


def _releasing(sounding: Sounding, me: Me, pocket: Pocket, position: int) -> Iterator[Message]:
    opening = sounding.openings[position]
    values = {tally.read(Ack, m).value for m in opening.acks}
    if (
        len(opening.acks) == len(sounding.terms.voters)
        and len(values) == 1
        and me.at.arrival < sounding.terms.ends_by - MARGIN
        and f"release {position}" not in pocket.sent
    ):
        share = tally.make_share(sounding, me.seat, position, pocket.x, me.random)
        yield Message(f"release {position}", "sounding.release", share, sounding.audience)
