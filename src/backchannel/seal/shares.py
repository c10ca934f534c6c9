"""The key of an archive, shared among trustees as words on paper, and the manifest that names a bad share
(spec/archive.md, 1 to 3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from msgspec import Meta

from backchannel import labels
from backchannel.entry.codec import Value, decode, encode
from backchannel.entry.ids import Bytes32, Bytes64, ChannelId
from backchannel.errors import Malformed, Misuse
from backchannel.seal import primitives as p
from backchannel.seal.keys import Identity, Keys, Random

FEWEST, MOST = 2, 16
WORDS = 33
"""Words of a share of 32 bytes: 7 about the share and its checksum, 26 of its value."""
LARGEST_HEAD = 16_384


class Manifest(Value, frozen=True, tag="archive 1", tag_field="backchannel"):
    """What is known of an archive without a single share."""

    salt: Bytes32
    threshold: int
    shares: tuple[Bytes32, ...]
    check: Bytes32
    keys: Keys
    fingerprint: Bytes32


class Head(Value, frozen=True):
    """A manifest, and the signature of the seat that sealed."""

    manifest: bytes
    ed: Bytes64
    mldsa: Annotated[bytes, Meta(min_length=p.MLDSA_SIGNATURE, max_length=p.MLDSA_SIGNATURE)]


class Share(NamedTuple):
    """A share that belongs to a manifest. Its words are secret: `repr` does not say them."""

    number: int
    words: str

    def __repr__(self) -> str:
        return f"<Share {self.number}>"


class Made(NamedTuple):
    """A new archive's head, key, and shares in words."""

    head: bytes
    key: bytes
    shares: tuple[str, ...]

    def __repr__(self) -> str:
        return "<Made>"


def make(threshold: int, count: int, channel: ChannelId, identity: Identity, random: Random) -> Made:
    """A fresh key, shared `threshold` of `count`. `Misuse("threshold")` unless 2 <= threshold <= count <= 16."""
    if not FEWEST <= threshold <= count <= MOST:
        raise Misuse(
            "threshold",
            f"It cannot take {threshold} of {count} shares: {FEWEST} at least, {MOST} shares at most.",
            "As in: --threshold 2 --shares 3",
            "Nothing was done.",
        )
    secret, salt = random(32), random(32)
    key, check = _derived(secret, salt)
    shares = p.slip39_split(secret, threshold, count)
    hashes = tuple(_hash(salt, number, share) for number, share in enumerate(shares, 1))
    keys = identity.keys
    manifest = encode(Manifest(salt, threshold, hashes, check, keys, keys.fingerprint(channel)))
    return Made(encode(Head(manifest, *identity.sign(labels.ARCHIVE_SIG, manifest))), key, shares)


def read_head(raw: bytes) -> Manifest:
    """The manifest of a head; `Malformed`: `encoding`, `canonical`, `threshold`, `signature` (2.3)."""
    head = decode(raw, Head)
    manifest = decode(head.manifest, Manifest)
    if not FEWEST <= manifest.threshold <= len(manifest.shares) <= MOST:
        raise Malformed("threshold", "This archive's manifest asks for a number of shares that cannot be.")
    if not manifest.keys.verify(labels.ARCHIVE_SIG, head.manifest, head.ed, head.mldsa):
        raise Malformed("signature", "The signature under this archive's manifest does not hold: it was altered.")
    return manifest


def words(typed: str) -> tuple[str, ...]:
    """The words of a share as somebody wrote them down: numbered, in lines, in capitals, with remarks after # (1.3)."""
    lines = (line for line in typed.lower().splitlines() if not line.lstrip().startswith("#"))
    return tuple(re.findall(r"[^\W\d_]+", " ".join(lines)))


def belongs(manifest: Manifest, typed: str) -> Share:
    """The share that these words are; `Malformed`: `words`, `checksum`, `foreign` (3). No message tells a word."""
    given = words(typed)
    strange = [place for place, word in enumerate(given, 1) if word not in p.SLIP39_WORDS]
    if strange:
        raise Malformed("words", f"Word {strange[0]} is not one of the words that shares are made of.", _LOOK)
    if len(given) != WORDS:
        raise Malformed("words", f"A share has {WORDS} words; here are {len(given)}.", _LOOK)
    if not p.slip39_checksum(given):
        wrong = _wrong(manifest, given)
        where = f"word {wrong} is wrong" if wrong else "some words are wrong, or stand in another order"
        raise Malformed("checksum", f"This share is not as it was given out: {where}.", _LOOK)
    share = _known(manifest, given)
    if share is None:
        raise Malformed(
            "foreign", "This is a whole share, but of another archive.", "Look for the paper that belongs to this one."
        )
    return share


def join(manifest: Manifest, shares: Sequence[Share]) -> bytes:
    """The archive's key from shares that belong to it; `Malformed`: `twice`, `few`, `key` (3.4, 3.5)."""
    numbers = [share.number for share in shares]
    for number in numbers:
        if numbers.count(number) > 1:
            raise Malformed("twice", f"Share {number} was given twice.", "Another trustee's share is needed.")
    if len(shares) < manifest.threshold:
        raise Malformed(
            "few", f"It takes {manifest.threshold} shares; {len(shares)} were given.", "Ask more trustees for theirs."
        )
    secret = p.slip39_combine([share.words for share in shares[: manifest.threshold]])
    key, check = _derived(secret, manifest.salt) if secret is not None else (b"", b"")
    if not p.equal(check, manifest.check):
        raise Malformed("key", "All shares belong, and yet they open nothing: whoever sealed this archive made it so.")
    return key


_LOOK = "Compare it with the paper, word by word."


def _derived(secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
    derived = p.kdf(secret, labels.ARCHIVE, salt, size=64)
    return derived[:32], derived[32:]


def _hash(salt: bytes, number: int, share: str) -> bytes:
    return p.labelled_hash(labels.ARCHIVE_SHARE, salt, number, share)


def _known(manifest: Manifest, given: Sequence[str]) -> Share | None:
    share = " ".join(given)
    for number, found in enumerate(manifest.shares, 1):
        if p.equal(_hash(manifest.salt, number, share), found):
            return Share(number, share)
    return None


def _wrong(manifest: Manifest, given: Sequence[str]) -> int | None:
    """The place (from 1) of the wrong word, if with another one there this is a share of the manifest."""
    for place in range(len(given)):
        before, after = given[:place], given[place + 1 :]
        if any(_known(manifest, (*before, other, *after)) for other in p.SLIP39_WORDS):
            return place + 1
    return None
