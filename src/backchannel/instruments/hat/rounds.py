"""What a desk owes in a round without asking its person, and the secrets that it keeps for that (spec/hat.md, 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from backchannel.entry.codec import Secret, decode, encode
from backchannel.entry.ids import EntryId
from backchannel.instruments.base import WAITS, Due, Me, Owed, remaining
from backchannel.instruments.hat import mix
from backchannel.instruments.hat.onward import onward
from backchannel.instruments.hat.values import Close, Hat, Keys, Post, Show, heard
from backchannel.instruments.hat.view import late, left, seen
from backchannel.seal import primitives as p


class Pocket(Secret, frozen=True):
    """A running round's secrets: outer and inner seed (one of them, from the end on), the slip and its core, folded.

    `sent`: what was said already. `open`: what the open slips hold, at the caller's desk, until it was carried on.
    """

    outer: bytes
    inner: bytes
    core: bytes
    wrapped: bytes
    slip: bytes
    sent: tuple[str, ...]
    open: tuple[bytes, ...]


def owed(item: Hat, me: Me) -> Owed:
    """What is due now, and the pocket afterwards.

    A desk without the round's key, or without its own secrets, takes no part: it could only contradict itself.
    """
    pocket = _of(me.pocket)
    if item.state == "closed":
        return Owed(tuple(onward(item, pocket.open, me.at, me.state)) if pocket else (), b"")
    over = item.state in ("blamed", "failed", "lapsed")
    if over or late(item, me.at) or left(item, me.state):
        return Owed((), b"", not over)
    if item.state == "opened":
        return _closes(item, me, pocket) if item.caller == me.seat else Owed((), b"")
    if not me.key:
        return Owed((), me.pocket)
    if pocket is None:
        if item.state != "keys" or heard(item.keys, me.seat) is not None:
            return Owed((), b"")
        pocket = Pocket(me.random(32), me.random(32), b"", b"", b"", (), ())
    return _next(item, me, pocket)


def _of(pocket: bytes) -> Pocket | None:
    return decode(pocket, Pocket) if pocket not in (b"", WAITS) else None


def slip_of(pocket: bytes) -> bytes:
    """The slip in a pocket; empty if nothing is on it, or others may have read it by now (4.3)."""
    mine = _of(pocket)
    return mine.slip if mine is not None else b""


def without_slip(pocket: bytes) -> bytes:
    """The same pocket; what is folded goes on, and nothing goes back to the tray."""
    mine = _of(pocket)
    return encode(replace(mine, slip=b"")) if mine is not None else pocket


def _next(item: Hat, me: Me, pocket: Pocket) -> Owed:
    name = _step(item, me)
    if name is None or name in pocket.sent:
        return Owed((), encode(pocket))
    take = name == "commit" and bool(me.tray) and len(me.tray) < item.terms.size
    if name == "commit":
        pocket = _fold(item, me, pocket, me.tray if take else b"")
    kind, words = _words(name, item, me, pocket)
    if kind == "hat.reveal":  # 2.8: one or the other, never both
        pocket = replace(pocket, outer=b"", core=b"", wrapped=b"", slip=b"")  # 4.3: from now on others may read it
    elif kind == "hat.show":
        pocket = replace(pocket, inner=b"", core=b"", wrapped=b"")
    elif kind == "hat.submit":
        pocket = replace(pocket, wrapped=b"")
    pocket = replace(pocket, sent=(*pocket.sent, name))
    due = Due(kind, Post(item.id), remaining(item.audience, me.state), words)
    return Owed((due,), encode(pocket), take=take, wipes=kind in ("hat.reveal", "hat.show"))


def _step(item: Hat, me: Me) -> str | None:
    """The message that this state asks of this seat."""
    if item.state == "stages":
        return "stage" if item.seats[len(item.stages)] == me.seat else None
    return {
        "keys": "key",
        "commits": "commit",
        "submits": "submit",
        "votes": "vote",
        "opening": "reveal",
        "blame": "show",
    }.get(item.state)


def _words(name: str, item: Hat, me: Me, pocket: Pocket) -> tuple[str, bytes]:
    """The kind and the words of a message; NOGO where there is something wrong (2.5, 2.6)."""
    if name == "stage":
        shaken = _shake(item, me, pocket)
        return ("hat.stage", mix.encode_list(shaken)) if shaken is not None else ("hat.nogo", b"")
    if name == "vote":
        there = pocket.core in mix.decode_list(me.heard(item.stages[-1].entry))
        return ("hat.go", seen(item)) if there else ("hat.nogo", b"")
    words = {
        "key": lambda: encode(Keys(p.xwing_public(pocket.outer), p.xwing_public(pocket.inner))),
        "commit": lambda: mix.commitment(item.sid, me.seat, pocket.wrapped),
        "submit": lambda: pocket.wrapped,
        "reveal": lambda: pocket.inner,
        "show": lambda: encode(Show(pocket.outer, seen(item))),
    }[name]()
    return f"hat.{name}", words


def _fold(item: Hat, me: Me, pocket: Pocket, content: bytes) -> Pocket:
    """2.3: a slip, or an empty one, folded. The same work for both."""
    keys = [decode(me.heard(m.entry), Keys) for m in item.keys]
    core = mix.make_core(item.sid, [k.inner for k in keys], mix.fill(content, item.terms.size), me.random)
    wrapped = mix.wrap(item.sid, [k.outer for k in keys], core)
    return replace(pocket, core=core, wrapped=wrapped, slip=content)


def _shake(item: Hat, me: Me, pocket: Pocket) -> tuple[bytes, ...] | None:
    """2.5: this seat's layer taken off; None where that cannot be."""
    j = len(item.stages)
    before: Sequence[bytes] = (
        mix.decode_list(me.heard(item.stages[-1].entry)) if j else [me.heard(m.entry) for m in item.submits]
    )
    return mix.shuffled(mix.strip(item.sid, j, p.xwing_private(pocket.outer), before))


def _closes(item: Hat, me: Me, pocket: Pocket | None) -> Owed:
    """What the caller owes once the slips are open (2.10): what they hold outlives the round's key, in its pocket."""
    if pocket is None or not me.key or "close" in pocket.sent:
        return Owed((), me.pocket)
    held = Pocket(b"", b"", b"", b"", b"", ("close",), tuple(contents(item, me.heard)))
    return Owed((Due("hat.close", Close(item.id, item.slips), remaining(item.audience, me.state)),), encode(held))


def contents(item: Hat, hears: Callable[[EntryId], bytes]) -> list[bytes]:
    """What the slips hold, in the order of `slips`, while the round's key lives."""
    seeds: dict[bytes, EntryId] = {m.seat: m.entry for m in item.reveals}
    inner = [p.xwing_private(hears(seeds[seat])) for seat in item.seats]
    cores = mix.decode_list(hears(item.stages[-1].entry))
    found = [mix.open_core(item.sid, inner, cores[slip.place]) or b"" for slip in item.slips]
    return [mix.unfill(slip) or b"" for slip in found]
