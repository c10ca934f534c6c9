"""Every fault of a round: it ends, names who cheated and nobody else, and no slip is read (hat.md, 2.8 and 2.9)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backchannel.entry.codec import decode, encode
from backchannel.instruments.hat import mix, rounds, view
from backchannel.instruments.hat.rounds import Pocket
from backchannel.instruments.hat.values import Keys, Post, Show
from backchannel.labels import enc
from backchannel.seal import primitives as p
from tests.instruments.hat.kit import Table, idea, seat
from tests.seal.kit import weakened

NAMES = "Ana Ben Cem Dov"


def table(to: str = "", names: str = NAMES) -> Table:
    """A round in which Ana's slip holds an idea, that stands so."""
    made = Table(names, name=to)
    made.desks["Ana"].tray.append(idea())
    made.call("Ben")
    if to:
        made.until(to)
    return made


def order(made: Table) -> list[str]:
    """The seats in the order of the stages."""
    return sorted(made.desks, key=seat)


def pocket(made: Table, name: str) -> Pocket:
    return decode(made.desks[name].pockets[made.round().id], Pocket)


def set_pocket(made: Table, name: str, **change: Any) -> None:
    made.desks[name].pockets[made.round().id] = encode(replace(pocket(made, name), **change))


def says(made: Table, name: str, kind: str, words: bytes = b"") -> str:
    """Somebody posts something else than its desk would; what all make of it."""
    after = {"stage": "stage", "nogo": "vote", "go": "vote"}.get(kind, kind)
    if made.desks[name].pockets.get(made.round().id):
        set_pocket(made, name, sent=(*pocket(made, name).sent, after))
    return made.said(name, f"hat.{kind}", Post(made.round().id), words)


def named(made: Table) -> tuple[str, dict[str, str]]:
    """How the round ends, and who is named for what, if all desks agree."""
    made.run()
    found = {(made.round(name).state, made.round(name).culprits) for name in made.desks}
    assert len(found) == 1, found
    ((state, culprits),) = found
    of = {seat(name): name for name in made.desks}
    return state, {of[one.seat]: one.how for one in culprits}


def unread(made: Table) -> None:
    """No slip was read, and Ana's waits for the next round."""
    assert made.desks["Ana"].tray == [idea()]
    assert not any(made.round(name).slips for name in made.desks)
    assert not made.papers()


def folds(made: Table, name: str, wrapped: Callable[[bytes, list[bytes]], bytes]) -> None:
    """`name` commits itself to, and drops, what is made of its core and all outer keys."""
    item, desk = made.round(), made.desks[name]
    keys = [decode(desk.words[m.entry], Keys) for m in item.keys]
    core = mix.make_core(item.sid, [k.inner for k in keys], mix.fill(b"", item.terms.size), desk.random)
    made_ = wrapped(core, [k.outer for k in keys])
    set_pocket(made, name, core=core, wrapped=made_)
    assert says(made, name, "commit", mix.commitment(item.sid, seat(name), made_)) == "ok"


def items(made: Table) -> list[bytes]:
    """What the seat whose turn it is has before it."""
    item, words = made.round(), made.desks["Ana"].words
    if item.stages:
        return list(mix.decode_list(words[item.stages[-1].entry]))
    return [words[m.entry] for m in item.submits]


def stripped(made: Table, name: str) -> list[bytes]:
    """The list that an honest seat would post."""
    item = made.round()
    opened = mix.strip(item.sid, len(item.stages), p.xwing_private(pocket(made, name).outer), items(made))
    return sorted(one for one in opened if one is not None)


def to_turn(j: int) -> tuple[Table, str]:
    made = table("stages")
    while len(made.round().stages) < j:
        made.read()
        made.work(order(made)[len(made.round().stages)])
        made.read()
    return made, order(made)[j]


# --- submissions


@pytest.mark.parametrize("layer", range(4))
@pytest.mark.parametrize("who", NAMES.split()[1:])
def test_a_layer_that_does_not_open_names_who_folded_it(layer: int, who: str) -> None:
    made = table("commits")

    def spoiled(core: bytes, outer: list[bytes]) -> bytes:
        item = made.round()
        for j in reversed(range(4)):
            core = p.hpke_seal(outer[j], enc("bc1/hat/layer", item.sid, j), core)
            core = core[:-1] + bytes([core[-1] ^ 1]) if j == layer else core
        return core

    folds(made, who, spoiled)
    assert named(made) == ("blamed", {who: "folded"})
    unread(made)


def test_two_bad_folders_are_both_named() -> None:
    made = table("commits")
    for who in ("Ben", "Dov"):
        folds(made, who, lambda core, outer: bytes(len(mix.wrap(made.round().sid, outer, core))))
    assert named(made) == ("blamed", {"Ben": "folded", "Dov": "folded"})


@pytest.mark.parametrize("first", range(4))
def test_twins_that_two_have_agreed_upon_name_both(first: int) -> None:
    made = table("commits")
    cores: list[bytes] = []

    def twin(core: bytes, outer: list[bytes]) -> bytes:
        item = made.round()
        if not cores:
            inner = core
            for j in reversed(range(first, 4)):
                inner = p.hpke_seal(outer[j], enc("bc1/hat/layer", item.sid, j), inner)
            cores.append(inner)
        whole = cores[0]
        for j in reversed(range(first)):
            whole = p.hpke_seal(outer[j], enc("bc1/hat/layer", item.sid, j), whole)
        return whole

    folds(made, "Ben", twin)
    folds(made, "Cem", twin)
    assert named(made) == ("blamed", {"Ben": "twin", "Cem": "twin"})
    unread(made)


def test_another_slip_than_the_one_committed_to_is_refused() -> None:
    made = table("submits")
    size = mix.wrapped_size(4, made.round().terms.size)
    assert says(made, "Ben", "submit", bytes(size)) == "commit"
    set_pocket(made, "Ben", sent=("key", "commit"))
    made.run()
    assert made.round().state == "closed"


@pytest.mark.parametrize("change", [-1, 1])
def test_a_slip_of_another_length_is_refused(change: int) -> None:
    made = table("commits")
    size = mix.wrapped_size(4, made.round().terms.size) + change
    folds(made, "Ben", lambda *_: bytes(size))
    made.run()
    assert "length" in {code for entry in made.log for code in entry.verdicts.values()}
    assert made.round().state == "submits"
    assert view.awaited(made.round()) == (seat("Ben"),)


# --- stages


def flip(one: bytes) -> bytes:
    return one[:-1] + bytes([one[-1] ^ 1])


@pytest.mark.parametrize("j", range(4))
def test_a_list_that_is_not_what_was_there_names_its_seat(j: int) -> None:
    made, who = to_turn(j)
    right = stripped(made, who)
    for wrong in (
        sorted([flip(right[0]), *right[1:]]),
        sorted(map(flip, right)),
        [bytes([k]) * len(right[0]) for k in range(4)],
    ):
        again, _ = to_turn(j)
        assert says(again, who, "stage", mix.encode_list(wrong)) == "ok"
        assert named(again) == ("blamed", {who: "stage"})
        unread(again)


@pytest.mark.parametrize("j", range(4))
def test_a_slip_that_is_replaced_by_a_proper_one_names_the_seat(j: int) -> None:
    """The seat whose turn it is takes Ana's slip out and puts in a second one of its own, properly folded."""
    made, who = to_turn(j)
    item, desk = made.round(), made.desks[who]
    right = stripped(made, who)
    keys = [decode(desk.words[m.entry], Keys) for m in item.keys]
    other = mix.make_core(item.sid, [k.inner for k in keys], mix.fill(b"", item.terms.size), desk.random)
    for k in reversed(range(j + 1, 4)):
        other = p.hpke_seal(keys[k].outer, enc("bc1/hat/layer", item.sid, k), other)
    # Which one is Ana's it cannot know before the last turn; whichever it takes out, somebody misses it.
    right.remove(pocket(made, "Ana").core if j == 3 else right[0])
    assert says(made, who, "stage", mix.encode_list(sorted([*right, other]))) == "ok"
    assert named(made) == ("blamed", {who: "stage"})
    unread(made)


@pytest.mark.parametrize("j", range(4))
def test_a_list_that_is_no_list_of_them_is_refused(j: int) -> None:
    made, who = to_turn(j)
    right = stripped(made, who)
    wrong: list[bytes] = [
        mix.encode_list(right[1:]),
        mix.encode_list(sorted([*right, bytes(len(right[0]))])),
        mix.encode_list([right[0], right[0], *right[2:]]),
        mix.encode_list(right[::-1]),
        mix.encode_list(sorted([right[0][1:], *right[1:]])),
        mix.encode_list([]),
        encode("list"),
        encode([1, 2, 3, 4]),
        b"",
        bytes(100_000),
        encode([[right]]),
    ]
    for words in wrong:
        assert says(made, who, "stage", words) in ("list", "encoding", "canonical")
    for other in set(made.desks) - {who}:
        assert made.said(other, "hat.stage", Post(made.round().id), mix.encode_list(right)) == "turn"
    set_pocket(made, who, sent=("key", "commit", "submit"))
    assert named(made) == ("closed", {})


def test_a_twin_that_two_first_seats_make_of_anothers_slip_is_found_before_an_honest_seat_opens_it() -> None:
    """They know each other's outer keys: the second seat's layer goes round the first one's find once more."""
    made, first = to_turn(0)
    item, second = made.round(), order(made)[1]
    right = stripped(made, first)
    deep = mix.strip(item.sid, 1, p.xwing_private(pocket(made, second).outer), right)
    keys = decode(made.desks[first].words[item.keys[1].entry], Keys)
    twin = p.hpke_seal(keys.outer, enc("bc1/hat/layer", item.sid, 1), deep[0] or b"")
    assert says(made, first, "stage", mix.encode_list(sorted([twin, *right[:-1]]))) == "ok"
    before = made.desks[second].copy()
    (due,) = before.owed(made.at, made.state)
    assert due.kind == "hat.nogo"
    assert named(made) == ("blamed", {first: "stage"})
    unread(made)


# --- alarms, votes, seeds


@pytest.mark.parametrize("who", NAMES.split())
@pytest.mark.parametrize("to", ["stages", "votes"])
def test_a_false_alarm_names_who_raised_it(who: str, to: str) -> None:
    made = table(to)
    assert says(made, who, "nogo") == "ok"
    assert named(made) == ("blamed", {who: "alarm"})
    unread(made)


@pytest.mark.parametrize("who", NAMES.split())
def test_a_wrong_go_names_who_gave_it(who: str) -> None:
    made = table("votes")
    assert says(made, who, "go", bytes(32)) == "ok"
    assert named(made) == ("blamed", {who: "alarm"})
    unread(made)


def test_a_go_of_another_length_and_a_second_vote_are_refused() -> None:
    made = table("votes")
    assert says(made, "Ben", "go", bytes(31)) == "go"
    assert says(made, "Ben", "go", view.seen(made.round())) == "ok"
    for kind, words in (("go", bytes(32)), ("nogo", b"")):
        assert says(made, "Ben", kind, words) == "repeat"
    assert named(made) == ("closed", {})


def test_nobody_votes_after_an_alarm_and_counts_twice() -> None:
    made = table("votes")
    assert says(made, "Ben", "nogo") == "ok"
    assert says(made, "Ben", "go", bytes(32)) == "repeat"
    assert says(made, "Cem", "go", view.seen(made.round())) == "ok"
    assert says(made, "Cem", "nogo") == "repeat"
    assert says(made, "Dov", "nogo") == "ok"
    assert named(made) == ("blamed", {"Ben": "alarm", "Dov": "alarm"})


def test_a_seed_that_does_not_fit_is_refused() -> None:
    made = table("opening")
    for words in (bytes(32), bytes(31), b"", pocket(made, "Ben").outer or bytes(33)):
        assert says(made, "Ben", "reveal", words) == "key"
    set_pocket(made, "Ben", sent=("key", "commit", "submit", "stage", "vote"))
    assert named(made) == ("closed", {})


def test_a_show_that_does_not_fit_is_refused() -> None:
    made = table("votes")
    says(made, "Ben", "nogo")
    assert says(made, "Cem", "show", encode(Show(bytes(32), bytes(32)))) == "key"
    assert says(made, "Cem", "show", b"\xc1") == "encoding"
    set_pocket(made, "Cem", sent=("key", "commit", "submit", "stage"))
    assert named(made) == ("blamed", {"Ben": "alarm"})


def test_who_says_to_have_seen_otherwise_ends_the_round_without_a_name() -> None:
    made = table("votes")
    says(made, "Ben", "nogo")
    outer = pocket(made, "Cem").outer
    assert says(made, "Cem", "show", encode(Show(outer, bytes(32)))) == "ok"
    assert named(made) == ("failed", {})
    unread(made)


def test_messages_twice_and_keys_that_are_none() -> None:
    made = table("keys")
    good = Keys(p.xwing_public(bytes(32)), p.xwing_public(b"\1" * 32))
    small_order = good.outer[:1184] + bytes(32)
    for words, code in (
        (b"", "encoding"),
        (encode(Keys(small_order, good.inner)), "key"),
        (encode(Keys(good.outer, b"\xff" * 1216)), "key"),
        (encode(Keys(good.outer, good.inner[1:])), "encoding"),
    ):
        assert says(made, "Ben", "key", words) == code
    assert says(made, "Ben", "key", encode(good)) == "ok"
    assert says(made, "Ben", "key", encode(good)) == "repeat"
    made = table("commits")
    assert says(made, "Ben", "commit", bytes(31)) == "commit"
    assert says(made, "Ben", "commit", bytes(32)) == "ok"
    assert says(made, "Ben", "commit", bytes(32)) == "repeat"
    made = table("submits")
    wrapped = pocket(made, "Ben").wrapped
    assert says(made, "Ben", "submit", wrapped) == "ok"
    assert says(made, "Ben", "submit", wrapped) == "repeat"
    made = table("opening")
    inner = pocket(made, "Ben").inner
    assert says(made, "Ben", "reveal", inner) == "ok"
    assert says(made, "Ben", "reveal", inner) == "repeat"


# --- desks that do not see the same


def test_desks_that_were_shown_different_keys_end_without_a_name_and_unread() -> None:
    """Ben's KEY is erased after Ana has read it, and he posts another; he then says to each what it expects."""
    made = Table("Ana Ben Cem", name="split")
    made.desks["Ana"].tray.append(idea())
    made.call("Ben")
    shadow = made.desks["Ben"].copy()
    made.work("Ben")
    made.read("Ana", "Ben")
    made.log[-1].erased = True
    shadow.read = made.desks["Ben"].read
    for due in shadow.owed(made.at, made.state):
        made.post("Ben", due.kind, due.body, due.words, due.audience)
    for _ in range(40):
        made.read()
        made.work()
    states = {name: made.round(name).state for name in made.desks}
    assert not any(made.round(name).culprits or made.round(name).slips for name in made.desks), states
    made.pass_(made.round().terms.ends_by)
    made.run()
    assert made.desks["Ana"].tray == [idea()]


# --- anything at all


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_one_seat_does_no_honest_seat_is_named_and_no_honest_desk_stumbles(seed: int) -> None:
    """One seat posts what its desk would, or something altered, or anything; desks read and work in any order."""
    dice = Random(seed)
    made = Table("Ana Ben Cem", name=str(seed))
    cheat, written = dice.sample(sorted(made.desks), 2)
    made.desks[written].tray.append(idea())
    made.call("Ana")
    left = dice.randrange(1, 4)

    def altered(kind: str, words: bytes) -> bytes:
        nonlocal left
        how = dice.choice(["as is"] * 4 + ["flip", "cut", "zeros", "swap"]) if left else "as is"
        left -= how != "as is"
        if how == "swap" and kind == "hat.stage":
            first, *rest = mix.decode_list(words)
            return mix.encode_list(sorted([*rest, flip(first)]))
        if how == "flip" and words:
            at = dice.randrange(len(words))
            return words[:at] + bytes([words[at] ^ 1]) + words[at + 1 :]
        return {"cut": words[:-1], "zeros": bytes(len(words))}.get(how, words)

    for _ in range(60):
        name = dice.choice(sorted(made.desks))
        made.read(name)
        if name != cheat:
            made.work(name)
            continue
        for due in made.desks[name].owed(made.at, made.state):
            made.post(name, due.kind, due.body, altered(due.kind, due.words), due.audience)
        if left and not dice.randrange(10):
            left -= 1
            kind = dice.choice(["nogo", "go", "show", "reveal", "stage", "commit"])
            made.post(name, f"hat.{kind}", Post(made.round().id), b"" if kind == "nogo" else bytes(32))
    made.run()
    one_or_the_other(made, cheat)
    honest = [name for name in made.desks if name != cheat]
    for name in honest:
        assert {one.seat for one in made.round(name).culprits} <= {seat(cheat)}
        assert made.round(name) == made.round(honest[0])
    if made.round(written).state != "closed":
        made.pass_(made.round().terms.ends_by)
        made.run()
        revealed = "hat.reveal" in [e.kind for e in made.log if e.sender == written]
        assert (made.desks[written].tray == [idea()]) != revealed


def one_or_the_other(made: Table, *but: str) -> None:
    """No honest seat has shown both of its keys."""
    for name in made.desks:
        kinds = {entry.kind for entry in made.log if entry.sender == name}
        assert name in but or not {"hat.reveal", "hat.show"} <= kinds


def test_who_is_blamed_hangs_on_the_replay() -> None:
    """Without the look at the lists, who misses its slip would be named instead of who took it."""
    weak = weakened(
        "instruments.hat.mix",
        ('        if tuple(sorted(items)) != t.lists[j]:\n            return [(t.seats[j], "stage")]\n', ""),
    )
    seats, seeds = [b"a" * 16, b"b" * 16, b"c" * 16], [bytes([k]) * 32 for k in range(3)]
    outer = [p.xwing_public(seed) for seed in seeds]
    submitted = [mix.wrap(b"sid", outer, bytes([k]) * 50) for k in range(3)]
    first = mix.shuffled(mix.strip(b"sid", 0, p.xwing_private(seeds[0]), submitted))
    assert first is not None
    wrong = tuple(sorted([flip(first[0]), *first[1:]]))
    said = mix.Transcript(b"sid", seats, submitted, [wrong], seeds, [seats[2]])
    assert mix.blame(said) == [(seats[0], "stage")]
    assert weak.blame(said) == [(seats[2], "alarm")]
    assert mix.blame(said._replace(lists=[first])) == [(seats[2], "alarm")]
    assert rounds.slip_of(b"") == b""
