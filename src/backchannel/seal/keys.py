"""Keys of a seat: three identity keys, new for every channel, and prekeys that rotate (spec/sealing.md, 2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Annotated

from msgspec import Meta

from backchannel import labels
from backchannel.entry.codec import Secret, Value
from backchannel.entry.ids import Bytes32, ChannelId, Count, SeatId
from backchannel.labels import enc
from backchannel.seal import primitives as p

MldsaPublic = Annotated[bytes, Meta(min_length=p.MLDSA_PUBLIC, max_length=p.MLDSA_PUBLIC)]
XwingPublic = Annotated[bytes, Meta(min_length=p.XWING_PUBLIC, max_length=p.XWING_PUBLIC)]

Random = Callable[[int], bytes]
"""A source of randomness: n -> n random bytes."""


class Keys(Value, frozen=True):
    """A seat's public identity keys."""

    ed25519: Bytes32
    mldsa: MldsaPublic
    x25519: Bytes32

    def fingerprint(self, channel: ChannelId) -> bytes:
        """32 bytes that name these keys in this channel (spec/sealing.md, 2.2)."""
        return p.labelled_hash(labels.FINGERPRINT, channel, self.ed25519, self.mldsa, self.x25519)

    def seat(self, channel: ChannelId) -> SeatId:
        """The seat's id."""
        return self.fingerprint(channel)[:16]

    def words(self, channel: ChannelId) -> tuple[str, ...]:
        """12 words to read aloud."""
        return p.words(self.fingerprint(channel), 12)

    def check(self) -> None:
        """`Rejected("key")` for keys with which nobody could start a chain (spec/sealing.md, 2.5)."""
        p.check_x25519(self.x25519)

    def verify(self, label: str, message: bytes, ed: bytes, mldsa: bytes) -> bool:
        """Whether both signatures of a hybrid signature hold (spec/sealing.md, 2.3)."""
        signed = enc(label, message)
        return p.ed25519_verify(self.ed25519, signed, ed) and p.mldsa_verify(self.mldsa, signed, mldsa)


class SigningKeys(Value, frozen=True):
    """The public keys under which a seat signs what is meant to be shown to strangers (spec/understanding.md, 1.3)."""

    ed25519: Bytes32
    mldsa: MldsaPublic

    def words(self) -> tuple[str, ...]:
        """12 words to read aloud."""
        return p.words(p.labelled_hash(labels.JWS_WORDS, self.ed25519, self.mldsa), 12)


class Signer:
    """The private halves of a seat's signing keys. Both sign the bytes as they are: their format rules (JWS)."""

    def __init__(self, ed25519: bytes, mldsa: bytes) -> None:
        self._ed25519, self._mldsa = ed25519, p.mldsa_private(mldsa)

    @cached_property
    def keys(self) -> SigningKeys:
        """The public halves."""
        return SigningKeys(p.ed25519_public(self._ed25519), self._mldsa.public_key().public_bytes_raw())

    def ed25519(self, message: bytes) -> bytes:
        """An Ed25519 signature (64)."""
        return p.ed25519_sign(self._ed25519, message)

    def mldsa(self, message: bytes) -> bytes:
        """An ML-DSA-65 signature (3309), empty context."""
        return self._mldsa.sign(message)


class IdentitySeeds(Secret, frozen=True):
    """What the vault keeps of a seat's identity: three seeds."""

    ed25519: Bytes32
    mldsa: Bytes32
    x25519: Bytes32


class Identity:
    """A seat's private identity keys. Never shown: `repr` says nothing."""

    def __init__(self, seeds: IdentitySeeds) -> None:
        self.seeds = seeds

    @classmethod
    def new(cls, random: Random) -> Identity:
        """Fresh keys."""
        return cls(IdentitySeeds(random(32), random(32), random(32)))

    @cached_property
    def _mldsa(self) -> p.MldsaKey:
        return p.mldsa_private(self.seeds.mldsa)

    @cached_property
    def keys(self) -> Keys:
        """The public half."""
        return Keys(
            p.ed25519_public(self.seeds.ed25519),
            self._mldsa.public_key().public_bytes_raw(),
            p.x25519_public(self.seeds.x25519),
        )

    def sign(self, label: str, message: bytes) -> tuple[bytes, bytes]:
        """A hybrid signature: Ed25519 (64), ML-DSA-65 (3309), both over enc(label, message)."""
        signed = enc(label, message)
        return p.ed25519_sign(self.seeds.ed25519, signed), self._mldsa.sign(signed)

    def signer(self, channel: ChannelId) -> Signer:
        """The seat's signing keys, used for nothing else (spec/understanding.md, 1.3)."""
        return Signer(
            p.kdf(self.seeds.ed25519, labels.JWS_ED, channel), p.kdf(self.seeds.mldsa, labels.JWS_MLDSA, channel)
        )

    def dh(self, public: bytes) -> bytes:
        """X25519 of the identity key with another public key."""
        return p.x25519(self.seeds.x25519, public)


class Prekey(Value, frozen=True):
    """The public half of a prekey, as a seat posts it (spec/sealing.md, 2.4)."""

    seq: Count
    xwing: XwingPublic
    x25519: Bytes32
    not_after: Count

    def check(self) -> None:
        """`Rejected("key")` for a prekey to which nobody could seal (spec/sealing.md, 2.5)."""
        p.check_xwing(self.xwing)
        p.check_x25519(self.x25519)


class PrekeySeeds(Secret, frozen=True):
    """What the vault keeps of a prekey until its bound has passed."""

    seq: Count
    xwing: Bytes32
    x25519: Bytes32


class PrekeySecret:
    """The private half of a prekey."""

    def __init__(self, seeds: PrekeySeeds) -> None:
        self.seeds = seeds

    @classmethod
    def new(cls, seq: int, random: Random) -> PrekeySecret:
        """A fresh prekey."""
        return cls(PrekeySeeds(seq, random(32), random(32)))

    @property
    def seq(self) -> int:
        """Its sequence number in its seat's line of prekeys."""
        return self.seeds.seq

    @cached_property
    def _xwing(self) -> p.XwingKey:
        return p.xwing_private(self.seeds.xwing)

    def public(self, not_after: int) -> Prekey:
        """The half to post; `not_after` in arrival units."""
        return Prekey(self.seq, p.xwing_public(self.seeds.xwing), p.x25519_public(self.seeds.x25519), not_after)

    def open(self, info: bytes, sealed: bytes) -> bytes | None:
        """HPKE: the plaintext if it was sealed to this prekey under `info`."""
        return p.hpke_open(self._xwing, info, sealed)

    def dh(self, public: bytes) -> bytes:
        """X25519 of the prekey's second half with another public key."""
        return p.x25519(self.seeds.x25519, public)
