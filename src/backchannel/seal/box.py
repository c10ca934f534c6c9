"""The one form of everything on the relay: `tag || salt || com || ct` (spec/sealing.md, 3, 7, 8, 11)."""

from __future__ import annotations

from typing import NamedTuple

from backchannel import labels
from backchannel.entry.ids import ChannelId
from backchannel.errors import Misuse, Rejected
from backchannel.labels import enc
from backchannel.seal import primitives as p

SALT = 16
FLOOR = 512
OVERHEAD = 16 + SALT + 32
SMALLEST = OVERHEAD + FLOOR + 16


class Sealed(NamedTuple):
    """What goes to the relay: the sealed body, and the commitment that says whether it may be erased."""

    body: bytes
    erase: bytes


def padme(size: int) -> int:
    """The padded length of `size` bytes: at least 512, at most 12 % more, few to tell apart (Padmé, PURBs 2019)."""
    if size <= FLOOR:
        return FLOOR
    exponent = size.bit_length() - 1
    low = exponent - exponent.bit_length()
    mask = (1 << low) - 1
    return (size + mask) & ~mask


def pad(plaintext: bytes) -> bytes:
    """Plaintext || 0x80 || zeros (spec/sealing.md, 3.3)."""
    return (plaintext + b"\x80").ljust(padme(len(plaintext) + 1), b"\0")


def unpad(padded: bytes) -> bytes:
    """The plaintext; `Rejected("padding")` unless it is padded exactly as `pad` does."""
    plaintext = padded.rstrip(b"\0")[:-1]
    if pad(plaintext) != padded:  # 3.3
        raise Rejected("padding", "An entry is not filled up in the one form that is allowed.")
    return plaintext


def seal_box(secret: bytes, label: str, channel: ChannelId, tag: bytes, salt: bytes, plaintext: bytes) -> bytes:
    """Seal `plaintext` under `secret` (32 bytes); `salt` is fresh for each box (spec/sealing.md, 3)."""
    if len(tag) != 16 or len(salt) != SALT:
        raise Misuse("length", "A tag and a salt have 16 bytes each.")
    derived = p.kdf(secret, label, channel, salt, size=76)
    key, nonce, com = derived[:32], derived[32:44], derived[44:]
    return b"".join((tag, salt, com, p.aead_seal(key, nonce, pad(plaintext), enc(label, channel, tag, salt, com))))


def open_box(secret: bytes, label: str, channel: ChannelId, body: bytes) -> bytes:
    """The plaintext of a box; `Rejected` with `short`, `commitment`, `altered` or `padding`."""
    if len(body) < SMALLEST:  # 3.5
        raise Rejected("short", "An entry is too short to be one.")
    tag, salt, com = body[:16], body[16:32], body[32:64]
    derived = p.kdf(secret, label, channel, salt, size=76)
    if not p.equal(derived[44:], com):  # 3.4: the cipher alone commits to no key
        raise Rejected("commitment", "An entry does not fit the key it claims.")
    padded = p.aead_open(derived[:32], derived[32:44], body[64:], enc(label, channel, tag, salt, com))
    if padded is None:
        raise Rejected("altered", "An entry was altered after it was sealed.")
    return unpad(padded)


class SharedBox:
    """Boxes under a secret that several seats hold: an epoch's roster, an invitation (spec/sealing.md, 8, 11)."""

    def __init__(self, secret: bytes, label: str, channel: ChannelId) -> None:
        self._secret, self._label, self._channel = secret, label, channel
        self._tag_key = p.kdf(secret, labels.TAG, channel)
        self._keep_key = p.kdf(secret, labels.KEEP, channel)

    def seal(self, plaintext: bytes, salt: bytes) -> Sealed:
        """Seal; the box can never be erased."""
        tag = p.hmac256(self._tag_key, salt)[:16]
        body = seal_box(self._secret, self._label, self._channel, tag, salt, plaintext)
        return Sealed(body, p.hmac256(self._keep_key, salt))

    def recognises(self, body: bytes) -> bool:
        """Whether the box's tag says that it is one of these."""
        return p.equal(p.hmac256(self._tag_key, body[16:32])[:16], body[:16])

    def open(self, sealed: Sealed) -> bytes:
        """The plaintext; `Rejected` as `open_box`, `tag`, or `erase` if the box could be erased."""
        plaintext = open_box(self._secret, self._label, self._channel, sealed.body)
        if not self.recognises(sealed.body):  # 8: or desks that go by the tag and desks that try would differ
            raise Rejected("tag", "An entry does not carry the mark of its kind.")
        if not p.equal(p.hmac256(self._keep_key, sealed.body[16:32]), sealed.erase):  # 7
            raise Rejected("erase", "An entry that must be kept was made erasable.")
        return plaintext


def roster_box(secret: bytes, channel: ChannelId) -> SharedBox:
    """The box of an epoch's roster secret."""
    return SharedBox(secret, labels.ROSTER, channel)


def welcome_box(one_time: bytes, channel: ChannelId) -> SharedBox:
    """The box of an invitation's one-time secret."""
    return SharedBox(p.kdf(one_time, labels.WELCOME, channel), labels.WELCOME, channel)


def invite_seed(one_time: bytes, channel: ChannelId) -> bytes:
    """Seed of the invitation's own signing key."""
    return p.kdf(one_time, labels.INVITE_KEY, channel)
