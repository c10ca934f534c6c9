"""Seats as people name them: by name, the first words of it, party, or id."""

from __future__ import annotations

from collections.abc import Sequence

from backchannel.channel.state import Seat, State
from backchannel.entry import text
from backchannel.errors import Misuse


def called(state: State, seat: Seat) -> str:
    """A seat's name; of a seat and who succeeds it under the same name, which one it is."""
    if any(_same(seat, other) and other.id == seat.succeeds for other in state.present):
        return f"{seat.name} (new keys)"
    if any(_same(seat, other) and other.succeeds == seat.id for other in state.present):
        return f"{seat.name} (old keys)"
    return seat.name


def placed(state: State, seat: Seat) -> str:
    """A seat's name, and whose place it has taken."""
    place = f", in the place of {called(state, state.member(seat.succeeds))}" if seat.succeeds is not None else ""
    return f"{called(state, seat)}{place}"


def find(state: State, seats: Sequence[Seat], who: str) -> Seat:
    """The one of these seats that a person means. `Misuse("seat")` unless it is exactly one: nobody is preferred."""
    wanted = text.folded(who)
    exact = [one for one in seats if wanted in _names(state, one)]
    found = exact or [one for one in seats if _first_words(one.name, wanted)]
    if len(found) != 1:
        names = ", ".join(called(state, one) for one in (found or seats)) or "nobody yet"
        what = f"{who!r} could be several seats" if found else f"No seat is called {who!r}"
        raise Misuse("seat", _stop(f"{what}: {names}"), _help(state, found, wanted))
    return found[0]


def _help(state: State, found: Sequence[Seat], wanted: str) -> str:
    """For a seat and its successor, which one is which, and who is in the place of one that is gone."""
    before = found or [one for one in state.seats if one.standing == "gone" and wanted in _names(state, one)]
    for heir in state.present:
        if heir.succeeds in {one.id for one in before}:
            return _stop(f"Name one in full. {placed(state, heir)}")
    return "Name one of them in full."


def _stop(sentence: str) -> str:
    return f"{sentence.removesuffix('.')}."


def _same(one: Seat, other: Seat) -> bool:
    return text.folded(one.name) == text.folded(other.name)


def _names(state: State, seat: Seat) -> tuple[str, ...]:
    return text.folded(seat.name), text.folded(called(state, seat)), text.folded(seat.party), seat.id.hex()


def _first_words(name: str, wanted: str) -> bool:
    """Whether a name begins with these words, whole ones: half a name may be a slip, and a signature lasts."""
    words = name.split()
    return any(text.folded(" ".join(words[:k])) == wanted for k in range(1, len(words)))
