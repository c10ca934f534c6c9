"""What a desk owes of a non-paper without asking its person (spec/nonpaper.md, 4.4 and 5)."""

from __future__ import annotations

from backchannel.entry.codec import decode, encode
from backchannel.instruments.base import Due, Me, Owed, remaining
from backchannel.instruments.nonpaper.values import About, Copied, Copy, Nonpaper, Reaction, Version, over

_ASKED, _SAID, _WAITS = b"again", b"said", b"waits"


def owed(item: Nonpaper, me: Me) -> Owed:
    """What is due: a receipt once it is over and destroyed (4.4); the key again, asked for or given (5)."""
    to = remaining(item.audience, me.state)
    if item.state != "floated":
        if me.seat in item.destroyed:
            return Owed((), b"")
        read = item.state != "lapsed" or me.read >= item.until  # by the log's clock too, or the others refuse it
        if me.pocket == _SAID or me.holds or not me.clean or not read:
            return Owed((), me.pocket or _WAITS)
        return Owed((Due("nonpaper.destroyed", About(item.id), to),), _SAID)
    if over(item, me.at):
        return Owed((), me.pocket)
    done = set(decode(me.pocket, tuple[bytes, ...]) if me.pocket else ())
    says: list[Due] = []
    if not me.holds and me.seat not in item.asking and _ASKED not in done:
        says.append(Due("nonpaper.again", About(item.id), to))
        done.add(_ASKED)
    own = _own(item, me) if me.holds else ()
    for seat in item.asking:
        if own and seat != me.seat and seat not in done and seat in to:
            says.append(Due("nonpaper.copy", Copy(item.id, seat), to, encode(own)))
            done.add(seat)
    return Owed(tuple(says), encode(tuple(sorted(done))) if done else b"")


def _own(item: Nonpaper, me: Me) -> Copied:
    """What this seat's desk has said in it, entry by entry."""
    own: tuple[Version | Reaction, ...] = (*item.versions, *item.reactions)
    entries = [one.entry for one in own if one.by == me.seat]
    return tuple((entry, words) for entry in entries if (words := me.heard(entry)))
