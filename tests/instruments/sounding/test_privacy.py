"""What the others cannot know, though all of them put everything together that they have.

The view of n-1 colluding seats (the releaser with them) on an option that was not opened: their own x, r, s, p; the
last seat's pair (A, C), its blind (X, Y), its share; and so E = sum of Y - sum of D = P (C_z - xA_z), P the sum of p.

The simulator makes the last seat's part without its answer: C is a random point, and Y such that E is a random point.
That is what must not be told from the real thing, by the DDH assumption: C without x, E without p. (Proofs are
simulated as usual; they hold for any witness.) A distinguisher is a function from a view to a guess of the answer. Ours
win where something is weakened; against the real thing they are right no more often than a coin, and do not tell real
views from simulated ones.

Bound: of 160 tosses of a fair coin, fewer than 48 or more than 112 heads come with probability below 1e-6.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from backchannel.entry.codec import decode
from backchannel.instruments.sounding import tally
from backchannel.instruments.sounding.rounds import Pocket
from backchannel.instruments.sounding.values import Ballot, Blind, Posted, Share, posted
from backchannel.seal import group as g
from tests.instruments.sounding.kit import Table, chance, seat
from tests.instruments.sounding.test_attacks import weaken

RUNS, LEAST, MOST = 160, 48, 112
OTHERS = ("Ben", "Cem")


class View(NamedTuple):
    """What the others have: the last seat's points, E, and their own secrets."""

    a: bytes
    c: bytes
    x: bytes
    y: bytes
    e: bytes
    total_a: bytes
    total_c: bytes
    keys: tuple[bytes, ...]
    offset: bytes
    """C - xA of the others' own pairs, which they know but for the last seat's part of x."""


def part(messages: tuple[Posted, ...], name: str, kind: Any) -> Any:
    message = posted(messages, seat(name))
    assert message is not None
    return tally.read(kind, message)


def view(answer: bool, name: str, quorum: int = 0) -> View:
    """Ana answers; of the others one refuses, so the option fails."""
    table = Table(("Ana", *OTHERS), ["a"], shared=True, name=name, quorum=quorum)
    table.run()
    table.answer({"Ana": [0] if answer else [], "Ben": [] if not quorum else [0], "Cem": [0] if not quorum else []})
    release = table.until("sounding.release")
    item = table.item()
    assert (item.state, item.results) == ("closed", ())
    ballot, blind = part(item.ballots, "Ana", Ballot).pairs, part(item.blinds, "Ana", Blind).blinds
    shares = [tally.read(Share, m).points[:32] for m in (*item.openings[0].shares, Posted(seat("Rae"), release.body))]
    keys = [decode(table.desks[name].pockets[table.id], Pocket).x for name in OTHERS]
    test = item.sums.tests[0]
    known = g.total(g.mul(x, test.a) for x in keys)
    return View(
        ballot[:32], ballot[32:], blind[:32], blind[32:64], g.sub(item.sums.y[0], g.total(shares)),
        test.a, test.c, tuple(keys), g.sub(test.c, known),
    )  # fmt: skip


def simulated(real: View, name: str) -> View:
    """The same without Ana's answer."""
    draw = chance(f"simulator {name}")
    points = [g.base(g.random_scalar(draw)) for _ in range(3)]
    return real._replace(c=points[0], y=g.add(real.x, points[1]), e=points[2])


Guess = Callable[[View], bool]

GUESSES: dict[str, Guess] = {
    "a bit of C": lambda v: bool(v.c[0] & 1),
    "a bit of E": lambda v: bool(v.e[0] & 1),
    "a bit of Y": lambda v: bool(v.y[0] & 1),
    "C is larger than A": lambda v: v.c > v.a,
    "E is larger than the offset": lambda v: v.e > v.offset,
    "bits together": lambda v: bool((v.a[0] ^ v.c[0] ^ v.x[0] ^ v.y[0] ^ v.e[0]) & 1),
    "bits of sums": lambda v: bool((g.add(v.e, v.y)[0] ^ g.add(v.c, v.offset)[1]) & 1),
}


@cache
def views() -> tuple[tuple[bool, View, View], ...]:
    toss = random.Random(7)
    found = []
    for k in range(RUNS):
        answer = toss.random() < 0.5
        real = view(answer, f"view {k}")
        found.append((answer, real, simulated(real, f"{k}")))
    return tuple(found)


@pytest.mark.parametrize("name", GUESSES)
def test_the_others_cannot_tell_what_the_last_seat_answered(name: str) -> None:
    guess = GUESSES[name]
    right = sum(guess(real) == answer for answer, real, _ in views())
    alike = sum(guess(real) == guess(fake) for _, real, fake in views())
    assert LEAST <= right <= MOST
    assert LEAST <= alike <= MOST


def right_guesses(guess: Guess, quorum: int = 0) -> int:
    return sum(guess(view(k % 2 == 0, f"weak {k}", quorum)) == (k % 2 == 0) for k in range(16))


def test_without_a_fresh_key_of_each_seat_the_ballot_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the last seat's x is known, C == xA tells."""

    def guess(v: View) -> bool:
        return v.c == g.total([*(g.mul(x, v.a) for x in v.keys), g.mul(g.small(5), v.a), g.mul(g.small(5), v.a)])

    assert not any(guess(real) for _, real, _ in views())
    weaken(monkeypatch, "instruments.sounding.rounds", ("Pocket(g.random_scalar(me.random), ", "Pocket(_of(me), "),
           ("def late(", "def _of(me: Me) -> bytes:\n    from tests.instruments.sounding.kit import seat\n"
            "    known = me.seat in (seat('Ana'), seat('Rae'))\n"
            "    return g.small(5) if known else g.random_scalar(me.random)\n\n\ndef late("))  # fmt: skip
    assert right_guesses(guess) == 16


def test_without_blinds_a_sum_that_failed_tells_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """3 of 3 wanted, Ben alone had accepted: with p known, E = (1 - 3) P B."""
    drawn = "g.random_scalar(random)) for _ in sounding.sums.tests"
    weaken(monkeypatch, "instruments.sounding.tally", (f"(g.random_scalar(random), {drawn}", f"(g.small(1), {drawn}"))
    found = [view(False, f"blinds {k}", quorum=3).e for k in range(8)]
    assert {g.add(e, g.base(g.small(6))) for e in found} == {g.IDENTITY}  # tally 1, target 3, P = 3
    monkeypatch.undo()
    assert len({view(False, f"blinds {k}", quorum=3).e for k in range(8)}) == 8


def test_a_lone_refuser_sees_what_anybody_else_would_make_it_see() -> None:
    """Whatever E a refuser sees, other answers of the others give the same E with another exponent of one of them.

    E = P w, w = C_z - xA_z. With w' for other answers, P' = P w / w' is as likely as P: so E says nothing about w. What
    is left is X = P A_z beside E = P w, a Diffie-Hellman pair as long as nobody knows the logarithm of w to A_z: that
    is what 5.2 proves.
    """
    draw = chance("refuser")
    x, p, s, r = (g.random_scalar(draw) for _ in range(4))
    mine = g.minus(s, g.times(x, r))  # the refuser's own w
    for others in ([bytes(32)], [g.random_scalar(draw)], [g.random_scalar(draw), g.random_scalar(draw)]):
        w = mine
        for other in others:
            w = g.plus(w, other)
        inverse = pow(int.from_bytes(w, "little"), -1, g.L).to_bytes(32, "little")
        explained = g.times(g.times(p, mine), inverse)
        assert g.mul(explained, g.base(w)) == g.mul(p, g.base(mine))
        assert explained != bytes(32)


def test_what_a_desk_keeps_of_a_closed_sounding_names_nobody() -> None:
    table = Table(("Ana", "Ben", "Cem"), ["a", "b"], shared=True)
    table.run()
    table.answer({"Ana": [0], "Ben": [0, 1], "Cem": [0]})
    table.run()
    one = table.item()
    other = Table(("Ana", "Ben", "Cem"), ["a", "b"], shared=True)
    other.run()
    other.answer({"Ana": [0, 1], "Ben": [0], "Cem": [0]})
    other.run()
    assert replace(other.item(), id=one.id, sid=one.sid) == one


def test_a_yes_and_a_no_cost_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that times a ballot from the last KEY must not count the yeses: always the same multiplications."""
    asked: Any = SimpleNamespace(
        sid=bytes(32),
        terms=SimpleNamespace(rule="all"),
        sums=SimpleNamespace(key=g.base(g.small(7)), threads=(bytes(32),)),
    )
    calls: Counter[str] = Counter()
    for name in ("base", "mul"):
        real = getattr(g, name)

        def counted(*args: bytes, name: str = name, real: Callable[..., bytes] = real) -> bytes:
            calls[name] += 1
            return real(*args)

        monkeypatch.setattr(g, name, counted)
    costs = []
    for answers in ([True] * 4, [False] * 4, [True, False, False, True]):
        calls.clear()
        tally.make_ballot(asked, seat("Ana"), answers, chance("cost"))
        costs.append(dict(calls))
    assert costs[0] == costs[1] == costs[2]
    assert costs[0]["mul"] >= 4
