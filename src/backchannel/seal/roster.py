"""What stands in a roster box: signed acts, and DIST, which nobody signs (spec/sealing.md, 8 and 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta

from backchannel import labels
from backchannel.entry.codec import Secret, Value, decode, encode
from backchannel.entry.ids import Bytes32, Bytes64, ChannelId, Count, SeatId
from backchannel.errors import Rejected
from backchannel.labels import enc
from backchannel.seal import primitives as p
from backchannel.seal.keys import Identity, Keys, PrekeySecret, Random
from backchannel.seal.slots import Recipient, check_slots, count, open_slots, rotate_info, seal_slots


class Act(Value, frozen=True, tag="act", tag_field="is"):
    """A seat's signed act; `n` counts the seat's acts without gaps, so that no old one can be posted again."""

    seat: SeatId
    n: Count
    body: bytes
    ed: Bytes64
    mldsa: Annotated[bytes, Meta(min_length=p.MLDSA_SIGNATURE, max_length=p.MLDSA_SIGNATURE)]


class Dist(Value, frozen=True, tag="dist", tag_field="is"):
    """The start of a chain."""

    slots: tuple[bytes, ...]


def open_roster(plaintext: bytes) -> Act | Dist:
    """What a roster box holds."""
    return decode(plaintext, Act | Dist)  # type: ignore[arg-type]


class EpochSecrets(Secret, frozen=True):
    """What makes an epoch: the roster's secret, the relay's credential and its control key."""

    secret: Bytes32
    credential: Bytes32
    control: Bytes32

    @classmethod
    def new(cls, random: Random) -> EpochSecrets:
        """Fresh ones."""
        return cls(random(32), random(32), random(32))

    def check(self, channel: ChannelId, epoch: int) -> bytes:
        """The commitment that stands in ROTATE, so that everybody gets the same (9.3)."""
        return p.labelled_hash(labels.ROTATE, channel, epoch, self.secret, self.credential, self.control)


_SECRETS_SIZE = len(encode(EpochSecrets(bytes(32), bytes(32), bytes(32))))


class Welcome(Secret, frozen=True):
    """What a newcomer finds in the welcome box: the roster's secrets so far."""

    epoch: Count
    secrets: tuple[Bytes32, ...]


def open_welcome(plaintext: bytes) -> Welcome:
    """What a welcome box holds; `Rejected("welcome")` unless it has a secret for each epoch (spec/sealing.md, 11)."""
    welcome = decode(plaintext, Welcome)
    if len(welcome.secrets) != welcome.epoch + 1:
        raise Rejected("welcome", "A welcome does not hold the keys that it should.")
    return welcome


def _message(channel: ChannelId, epoch: int, seat: SeatId, n: int, body: bytes) -> bytes:
    return enc(channel, epoch, seat, n, body)


def sign_act(identity: Identity, channel: ChannelId, epoch: int, seat: SeatId, n: int, body: bytes) -> Act:
    """An act with its hybrid signature."""
    ed, mldsa = identity.sign(labels.ROSTER_SIG, _message(channel, epoch, seat, n, body))
    return Act(seat, n, body, ed, mldsa)


def verify_act(keys: Keys, channel: ChannelId, epoch: int, act: Act) -> None:
    """`Rejected("signature")` unless both signatures hold."""
    message = _message(channel, epoch, act.seat, act.n, act.body)
    if not keys.verify(labels.ROSTER_SIG, message, act.ed, act.mldsa):  # 8
        raise Rejected("signature", "An act was not signed by the seat that it names.")


def join_proof(seed: bytes, channel: ChannelId, keys: Keys) -> bytes:
    """The invitation's signature over the keys that take it (spec/channel.md, 4.2)."""
    return p.ed25519_sign(seed, enc(labels.JOIN_SIG, channel, keys.ed25519, keys.mldsa, keys.x25519))


def join_proof_holds(invite: bytes, channel: ChannelId, keys: Keys, proof: bytes) -> bool:
    """Whether the holder of the invitation vouched for these keys."""
    return p.ed25519_verify(invite, enc(labels.JOIN_SIG, channel, keys.ed25519, keys.mldsa, keys.x25519), proof)


def seal_epoch(
    channel: ChannelId, epoch: int, secrets: EpochSecrets, seats: Sequence[Recipient], random: Random
) -> tuple[bytes, ...]:
    """The slots of a ROTATE to `epoch`."""
    plaintext = encode(secrets)
    return seal_slots([(to, rotate_info(channel, epoch, to.seat, to.seq), plaintext) for to in seats], random)


def check_rotate(slots: Sequence[bytes], seats: int) -> None:
    """`Rejected("slots")` for slots that cannot be a ROTATE's to so many seats: what every desk can judge (9.2)."""
    check_slots(slots, _SECRETS_SIZE)
    if len(slots) != count(seats):
        raise Rejected("slots", "A new roster's sealed keys are not as many as they must be.")


def open_epoch(
    channel: ChannelId, epoch: int, slots: Sequence[bytes], check: bytes, me: SeatId, prekeys: Iterable[PrekeySecret]
) -> EpochSecrets | None:
    """My copy of an epoch's secrets, None if there is none; `Rejected("epoch-secrets")` if not what everybody got."""
    check_slots(slots, _SECRETS_SIZE)
    found = open_slots(slots, ((prekey, rotate_info(channel, epoch, me, prekey.seq)) for prekey in prekeys))
    if found is None:
        return None
    secrets = decode(found[1], EpochSecrets)
    if not p.equal(secrets.check(channel, epoch), check):  # 9.3
        raise Rejected("epoch-secrets", "The keys of the new roster are not the same for everyone.")
    return secrets
