"""Whoever has all but two desks, and the relay, does no better than guessing which of the two has written a slip."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from backchannel.entry.codec import decode
from backchannel.instruments.hat import mix, rounds, rules
from backchannel.instruments.hat.rounds import Pocket
from backchannel.seal import primitives as p
from tests.channel import weaken as weakening
from tests.instruments.hat.kit import Table, idea, reaction, seat

NAMES = "Ana Ben Cem Dov"
ROUNDS = 120
FAR = 4.5 * ROUNDS**0.5 / 2
"""A guesser is this far from half once in 150,000 tries."""


def played(author: str, seed: int, to: str = "closed") -> tuple[Table, dict[str, bytes]]:
    """A round with one slip, the desks working in an order that `seed` decides; the outer seeds of Cem and Dov."""
    made = Table(NAMES, name=f"{author} {seed}")
    made.desks[author].tray.append(idea())
    made.call("Cem")
    dice, seeds = Random(seed), dict[str, bytes]()
    while made.round().state != to:
        for name in dice.sample(sorted(made.desks), 4):
            made.read()
            if made.round().state == to:
                break
            made.work(name)
            pocket = made.desks[name].pockets.get(made.round().id, b"")
            if name in ("Cem", "Dov") and pocket and (outer := decode(pocket, Pocket).outer):
                seeds[name] = outer
        made.read()
    return made, seeds


# --- what is the same to the byte, whoever wrote and whatever


def seen(made: Table) -> list[tuple[str, str, int, int, tuple[bytes, ...]]]:
    """All that shows without reading: who posts what when, how long, to whom."""
    return [(e.sender, e.kind, len(e.body), len(e.words), e.audience) for e in made.log]


@pytest.mark.parametrize("seed", range(3))
def test_lengths_order_and_number_of_entries_carry_nothing(seed: int) -> None:
    one, other = (seen(played(author, seed, "opened")[0]) for author in ("Ana", "Ben"))
    assert one == other


def test_an_empty_slip_costs_what_a_written_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same calls, on inputs of the same lengths, and the same chance drawn."""
    costs = [cost(slip, monkeypatch) for slip in (b"", idea(), reaction(bytes(32), text="x" * 3_000))]
    assert costs[0] == costs[1] == costs[2]
    assert len(costs[0]) == 3 + 3 + 3 + 1


def cost(slip: bytes, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What a desk does to fold a slip."""
    made = Table("Ana Ben Cem", name="cost")
    desk, done = made.desks["Ana"], list[tuple[str, int]]()
    desk.tray += [slip] if slip else []
    made.call("Ben")
    made.until("commits")

    def counted(name: str, right: Callable[..., bytes]) -> Callable[..., bytes]:
        def called(*parts: Any) -> bytes:
            done.append((name, parts[0] if name == "random" else sum(map(len, parts))))
            return right(*parts)

        return called

    for name in ("hpke_seal", "aead_seal"):
        monkeypatch.setattr(p, name, counted(name, getattr(p, name)))
    desk.random = counted("random", desk.random)
    made.work("Ana")
    monkeypatch.undo()
    return done


def test_the_slip_is_off_the_desk_as_soon_as_others_can_read_it() -> None:
    made, _ = played("Ana", 0, "opening")
    made.work("Ana")
    (pocket,) = [raw for raw in made.desks["Ana"].pockets.values() if raw]
    assert b"Share the waters" not in pocket
    assert made.desks["Ana"].tray == []
    assert rounds.slip_of(pocket) == b""


# --- guessers


def place(made: Table) -> int:
    (slip,) = made.round("Cem").slips
    return slip.place


def followed(made: Table, seeds: dict[str, bytes], author: str) -> int:
    """Where a submission comes out, if honest desks keep to the order; Cem's and Dov's layers are taken off."""
    item, words = made.round("Cem"), made.words
    names = {seat(name): name for name in NAMES.split()}
    before = [words[m.entry] for m in item.submits]
    at = item.seats.index(seat(author))
    for j, stage in enumerate(item.stages):
        after = mix.decode_list(words[stage.entry])
        if seed := seeds.get(names[stage.seat]):
            (one,) = mix.strip(item.sid, j, p.xwing_private(seed), [before[at]])
            at = after.index(one or b"")
        before = list(after)
    return at


def by_order(made: Table, seeds: dict[str, bytes]) -> str:
    at = {followed(made, seeds, name): name for name in ("Ana", "Ben")}
    return at.get(place(made), _coin(made))


def by_place(made: Table, _: dict[str, bytes]) -> str:
    return "Ana" if place(made) < 2 else "Ben"


def by_bytes(made: Table, _: dict[str, bytes]) -> str:
    """Whoever's submission is smaller comes out earlier?"""
    item, words = made.round("Cem"), made.words
    ana, ben = (words[next(m.entry for m in item.submits if m.seat == seat(name))] for name in ("Ana", "Ben"))
    return "Ana" if (ana < ben) == (place(made) < 2) else "Ben"


def by_length(made: Table, _: dict[str, bytes]) -> str:
    sizes = {name: sum(len(e.words) for e in made.log if e.sender == name) for name in ("Ana", "Ben")}
    return max(sizes, key=lambda name: sizes[name]) if len(set(sizes.values())) > 1 else _coin(made)


def by_turn(made: Table, _: dict[str, bytes]) -> str:
    """Who folds first has something to say?"""
    return next(e.sender for e in made.log if e.kind == "hat.commit" and e.sender in ("Ana", "Ben"))


def by_commitment(made: Table, _: dict[str, bytes]) -> str:
    item, words = made.round("Cem"), made.words
    return "Ana" if words[item.commits[0].entry][0] % 2 else "Ben"


def _coin(made: Table) -> str:
    return "Ana" if hashlib.sha256(made.log[-1].id + made.log[-1].words).digest()[0] % 2 else "Ben"


GUESSERS = (by_order, by_place, by_bytes, by_length, by_turn, by_commitment)


def guessed(to: str, guessers: tuple[Any, ...] = GUESSERS, many: int = ROUNDS) -> dict[str, int]:
    """How often each guesser is right."""
    dice, right = Random(7), dict.fromkeys((guess.__name__ for guess in guessers), 0)
    for k in range(many):
        author = dice.choice(["Ana", "Ben"])
        made, seeds = played(author, k, to)
        for guess in guessers:
            right[guess.__name__] += guess(made, seeds) == author
    return right


def test_nobody_guesses_better_than_by_chance() -> None:
    right = guessed("closed")
    assert {name: n for name, n in right.items() if abs(n - ROUNDS / 2) > FAR} == {}


def weaken(monkeypatch: pytest.MonkeyPatch, module: str, *changes: tuple[str, str]) -> None:
    weakening.weaken(monkeypatch, module, *changes)
    for kind, old in list(rules._FOLDS.items()):
        monkeypatch.setitem(rules._FOLDS, kind, getattr(rules, old.__name__))


def test_desks_that_kept_the_order_would_be_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    weaken(monkeypatch, "instruments.hat.mix", ("whole = sorted(item for", "whole = list(item for"))
    weaken(monkeypatch, "instruments.hat.rules", (" or list(items) != sorted(set(items))", ""))
    assert guessed("closed", (by_order,), 20) == {"by_order": 20}


def test_slips_that_were_not_filled_up_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    weaken(monkeypatch, "instruments.hat.mix", ('(content + b"\\x80").ljust(size, b"\\0")', 'content + b"\\x80"'))
    weaken(
        monkeypatch,
        "instruments.hat.rules",
        ("if len(spoken.words) != mix.wrapped_size(len(item.seats), item.terms.size):", "if False:"),
    )
    assert guessed("stages", (by_length,), 20) == {"by_length": 20}


def test_desks_that_waited_for_one_with_something_to_say_would_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = "if name is None or name in pocket.sent"
    shy = f'{mine} or (name == "commit" and not me.tray and not item.commits)'
    weaken(monkeypatch, "instruments.hat.rounds", (mine, shy))
    assert guessed("stages", (by_turn,), 20) == {"by_turn": 20}
