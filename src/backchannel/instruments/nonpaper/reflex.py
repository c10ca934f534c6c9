"""What a desk owes of a non-paper without asking its person (spec/nonpaper.md, 4.4 and 5)."""

from __future__ import annotations

from itertools import accumulate

from backchannel.entry.codec import Secret, decode, encode
from backchannel.instruments.base import WAITS, Due, Me, Owed, remaining
from backchannel.instruments.nonpaper.values import About, Again, Copied, Copy, Nonpaper, Reaction, Version, over
from backchannel.seal.aside import seal_copy
from backchannel.seal.primitives import sha256, xwing_public

MOST_ANSWERS = 4
"""To one seat: each is as long as all that was said, and asking costs little."""
MOST_COPIED = 900_000
"""Bytes: an entry has a mebibyte."""


class Pocket(Secret, frozen=True):
    """The seed of the key with which this desk has asked for the item's, and whom it has answered."""

    asked: bytes
    answered: tuple[bytes, ...]
    said: bool


def asked(pocket: bytes) -> bytes:
    """The seed with which this desk has asked; empty if it has not."""
    return _open(pocket).asked


def owed(item: Nonpaper, me: Me) -> Owed:
    """What is due: a receipt once it is over and destroyed (4.4); its key, asked for or given (5)."""
    pocket, to = _open(me.pocket), remaining(item.audience, me.state)
    if item.state != "floated":
        if me.seat in item.destroyed:
            return Owed((), b"")
        read = item.state != "lapsed" or me.read >= item.until  # by the log's clock too, or the others refuse it
        due = not pocket.said and not me.key and me.clean and read
        says = (Due("nonpaper.destroyed", About(item.id), to),) if due else ()
        return Owed(says, encode(Pocket(b"", (), pocket.said or due)))
    if over(item, me.at):
        return Owed((), me.pocket)
    if not me.key:
        if pocket.asked:
            return Owed((), me.pocket)
        seed = me.random(32)
        return Owed((Due("nonpaper.again", Again(item.id, xwing_public(seed)), to),), encode(Pocket(seed, (), False)))
    own, says_, answered = _own(item, me), [], list(pocket.answered)
    for one in item.asking:
        name, before = one.seat + sha256(one.key), [known for known in answered if known.startswith(one.seat)]
        if own and one.seat in to and one.seat != me.seat and name not in before and len(before) < MOST_ANSWERS:
            slot = seal_copy(me.state.channel, item.id, one.seat, one.key, me.key)
            says_.append(Due("nonpaper.copy", Copy(item.id, one.seat, slot), to, encode(own)))
            answered.append(name)
    return Owed(tuple(says_), encode(Pocket(b"", tuple(answered), False)) if answered else b"")


def _open(pocket: bytes) -> Pocket:
    return decode(pocket, Pocket) if pocket not in (b"", WAITS) else Pocket(b"", (), False)


def _own(item: Nonpaper, me: Me) -> Copied:
    """What this seat's desk has said in it, entry by entry, the newest first."""
    own: tuple[Version | Reaction, ...] = (*item.versions, *item.reactions)
    entries = [one.entry for one in sorted(own, key=lambda one: one.at.position) if one.by == me.seat]
    said = [(entry, words) for entry in reversed(entries) if (words := me.heard(entry))]
    sizes = accumulate(len(words) + 64 for _, words in said)
    return tuple(one for one, size in zip(said, sizes, strict=True) if size <= MOST_COPIED)
