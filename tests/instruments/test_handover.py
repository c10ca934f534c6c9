"""The dossier's entries: from whom to whom, in which order, and what a desk says of them without asking."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.state import At, State
from backchannel.entry.codec import Value, encode
from backchannel.entry.ids import SeatId
from backchannel.instruments import Spoken
from backchannel.instruments.base import NEVER, Me, diagram, passing, readers
from backchannel.instruments.handover import (
    HANDOVER,
    MOST,
    RULES,
    STATES,
    Begin,
    End,
    Evidence,
    Getting,
    Handover,
    Part,
    Passed,
    Taken,
    Token,
    begins,
    getting,
    packed,
    reflex,
    things,
)
from backchannel.instruments.mandate import MANDATE
from backchannel.instruments.nonpaper.rules import NONPAPER
from backchannel.instruments.note import NOTE
from tests.channel.kit import MORNING
from tests.instruments.kit import channel, ids, seat
from tests.seal.kit import chance, refused

ID = b"\x01" * 32
THINGS = packed([Token(3, 4, bytes(32))])

# Dora (Chile, expert) stands here for who has come in the place of Ben (Chile, envoy).


def state(*gone: str) -> State:
    """Dora has succeeded Ben; these have left."""
    away = {seat(name) for name in gone}
    seats = (
        replace(s, succeeds=seat("Ben") if s.name == "Dora" else None, standing="gone" if s.id in away else "active")
        for s in channel().seats
    )
    return replace(channel(), seats=tuple(seats))


def say(item: Handover | None, by: str, act: Value, *, to: tuple[str, ...] = (), now: State | None = None) -> Handover:
    (kind,) = [k for k, one in HANDOVER.kinds.items() if isinstance(act, one.body)]
    audience = ids(*to) if to else ids(by, "Dora") if item is None else item.audience
    spoken = Spoken(At(50, MORNING), ID, seat(by), audience, kind, act, state() if now is None else now)
    return HANDOVER.fold(item, spoken)  # type: ignore[no-any-return]


def begun(by: str = "Ben", **more: Any) -> Handover:
    return say(None, by, Begin(seat("Dora"), seat("Ben")), **more)


def part(n: int, raw: bytes = THINGS) -> Part:
    return Part(ID, n, raw)


def passed() -> Handover:
    return say(say(begun(), "Ben", part(0)), "Ben", End(ID, 1, 40))


def taken() -> Handover:
    return say(passed(), "Dora", Taken(ID))


# --- from whom, to whom


def test_the_holder_begins_and_its_successor_alone_can_read_it() -> None:
    item = begun()
    assert (item.by, item.to, item.seat) == (seat("Ben"), seat("Dora"), seat("Ben"))
    assert item.audience == ids("Ben", "Dora")
    assert (item.state, item.parts, item.ended) == ("begun", 0, None)
    with refused("audience"):
        begun(to=("Ben", "Dora", "Ana"))


@pytest.mark.parametrize("to", ["Ana", "Ben", "Cem"])
def test_who_succeeds_nobody_gets_no_dossier(to: str) -> None:
    with refused("to"):
        say(None, "Ben", Begin(seat(to), seat("Ben")), to=("Ben", to, "Dora"))


def test_a_dossier_comes_from_a_seat_of_the_party() -> None:
    for by in ("Ana", "Cem", "Eve"):
        with refused("to"):
            begun(by)
    with refused("rule"):
        begun("Dora", to=("Ben", "Dora"))
    for act in (Begin(seat("Dora"), seat("Ana")), Begin(bytes(16), seat("Ben")), Begin(seat("Dora"), bytes(16))):
        with refused("to"):
            say(None, "Ben", act)
    with refused("to"):
        begun(now=state("Dora"))


def test_another_of_the_party_gives_what_it_has() -> None:
    now = replace(
        state("Ben"),
        seats=tuple(replace(s, party="Chile") if s.name == "Ana" else s for s in state("Ben").seats),
    )
    item = begun("Ana", now=now)
    assert (item.by, item.seat) == (seat("Ana"), seat("Ben"))


# --- in which order


ITEMS: dict[str, Callable[[], Handover]] = {"begun": begun, "passed": passed, "taken": taken}
ACTS: dict[str, Value] = {
    "handover.part": part(1),
    "handover.end": End(ID, 1, 40),
    "handover.taken": Taken(ID),
}


@pytest.mark.parametrize(("which", "kind", "who"), [*product(ITEMS, ACTS, ("giver", "successor"))])
def test_every_state_times_every_act(which: str, kind: str, who: str) -> None:
    item = replace(ITEMS[which](), parts=1)
    ends = RULES.get((which, kind, who))
    by = "Ben" if who == "giver" else "Dora"
    if ends is None:
        with refused("rule"):
            say(item, by, ACTS[kind])
    else:
        assert (say(item, by, ACTS[kind]).state,) == ends


def test_the_table_names_only_what_there_is() -> None:
    assert {state for state, _, _ in RULES if state} | {end for ends in RULES.values() for end in ends} == {*STATES}
    assert {kind for _, kind, _ in RULES} == {*HANDOVER.kinds}
    assert "begun --> passed: handover.end (giver)" in diagram(RULES)


@pytest.mark.parametrize("n", [0, 2, 7])
def test_parts_come_one_after_the_other(n: int) -> None:
    item = say(begun(), "Ben", part(0))
    assert item.parts == 1
    with refused("part"):
        say(item, "Ben", part(n))
    assert say(item, "Ben", part(1)).parts == 2


def test_a_part_is_short_and_holds_things() -> None:
    longest = packed([Passed("note", bytes(MOST), False)])
    assert say(begun(), "Ben", part(0, longest)).parts == 1
    with refused("part"):
        say(begun(), "Ben", part(0, packed([Passed("note", bytes(MOST + 1_000), False)])))
    for raw in (b"", b"\x91\x01", THINGS + b"\x00"):
        with refused("encoding"):
            say(begun(), "Ben", part(0, raw))


def test_an_end_names_the_parts_that_came_and_no_future() -> None:
    item = say(begun(), "Ben", part(0))
    for act in (End(ID, 0, 40), End(ID, 2, 40), End(ID, 1, 51)):
        with refused("parts"):
            say(item, "Ben", act)
    ended = say(item, "Ben", End(ID, 1, 50))
    assert (ended.state, ended.seen, ended.ended) == ("passed", 50, At(50, MORNING))


def test_more_parts_open_it_again() -> None:
    item = say(taken(), "Ben", part(1))
    assert (item.state, item.parts, item.seen) == ("begun", 2, 40)
    assert say(item, "Ben", End(ID, 2, 45)).seen == 45


def test_an_audience_of_a_dossier_passes_to_nobody() -> None:
    now = state("Ben")
    later = replace(now, seats=(*now.seats, replace(now.seats[0], id=b"\x07" * 16, succeeds=seat("Ben"))))
    assert say(passed(), "Dora", Taken(ID), to=("Dora",), now=later).state == "taken"
    with refused("item"):
        say(passed(), "Dora", Taken(ID), to=("Ben", "Dora"), now=later)


def test_things_are_what_was_packed() -> None:
    held = (Passed("note", b"x", True), Token(1, 2, bytes(32)), Evidence(3, "Chile", bytes(32), 0, b"y"))
    assert things(part(0, packed(held))) == held


def test_parts_can_be_erased_and_nothing_else_and_only_when_taken() -> None:
    assert [kind for kind, one in HANDOVER.kinds.items() if one.erasable] == ["handover.part"]
    assert [kind for kind, one in HANDOVER.kinds.items() if one.brings] == ["handover.part"]
    found = [HANDOVER.until(make()) for make in ITEMS.values()]
    assert found == [NEVER, NEVER, None]
    assert HANDOVER.lapse(passed()) == passed()
    assert HANDOVER.text(passed()) == ""
    assert HANDOVER.idle(passed()) == NEVER


# --- what a desk says without asking


def me(name: str, now: State | None = None, pocket: bytes = b"") -> Me:
    return Me(seat(name), pocket, chance("me"), At(60, MORNING), MORNING, state() if now is None else now)


def test_the_holders_desk_begins_once_for_each_successor() -> None:
    due = begins([], me("Ben"))
    assert due is not None
    assert (due.kind, due.body, due.audience) == (
        "handover.begin",
        Begin(seat("Dora"), seat("Ben")),
        ids("Ben", "Dora"),
    )
    assert begins([begun()], me("Ben")) is None
    assert begins([replace(begun(), by=seat("Ana"))], me("Ben")) == due
    assert begins([], me("Dora")) is None
    assert begins([], me("Ben", state("Dora"))) is None


def test_the_successors_desk_says_that_all_is_here_once_for_each_end() -> None:
    owed = reflex(passed(), me("Dora"))
    (said,) = owed.says
    assert (said.kind, said.body, said.audience) == ("handover.taken", Taken(ID), ids("Ben", "Dora"))
    assert reflex(passed(), me("Dora", pocket=owed.pocket)).says == ()
    later = replace(passed(), ended=At(55, MORNING))
    assert reflex(later, me("Dora", pocket=owed.pocket)).says == (said,)


def test_what_is_not_whole_yet_stays_in_the_pocket() -> None:
    half = encode(Getting(b"half", 0))
    owed = reflex(passed(), me("Dora", pocket=half))
    assert getting(owed.pocket) == Getting(b"half", 50)
    assert getting(b"") == Getting(b"", 0)


@pytest.mark.parametrize(
    ("item", "who", "gone"),
    [(begun(), "Dora", ()), (passed(), "Ben", ()), (passed(), "Dora", ("Ben",)), (taken(), "Dora", ())],
)
def test_otherwise_nothing_is_said(item: Handover, who: str, gone: tuple[str, ...]) -> None:
    kept = encode(Getting(b"" if gone else b"kept", 0))
    owed = reflex(item, me(who, state(*gone), kept))
    assert (owed.says, owed.pocket) == ((), kept)


# --- what passes


def under(dossier: str) -> State:
    now = state("Ben")
    assert now.charter is not None
    return replace(now, charter=replace(now.charter, terms=replace(now.charter.terms, dossier=dossier)))


def test_notes_pass_only_under_a_charter_that_lets_all_pass() -> None:
    to: tuple[SeatId, ...] = ids("Ana", "Ben")
    for instrument, dossier, passes in (
        (NOTE, "all", True),
        (NOTE, "record", False),
        (MANDATE, "all", True),
        (MANDATE, "record", True),
        (NONPAPER, "all", False),
        (HANDOVER, "all", False),
    ):
        assert passing(instrument, under(dossier)) is passes
        assert readers(instrument, to, under(dossier)) == (ids("Ana", "Dora") if passes else ids("Ana"))
    assert passing(NOTE, replace(under("all"), charter=None))


def test_half_an_item_is_destroyed_when_its_giver_has_gone() -> None:
    half = encode(Getting(b"a note, whose hour", 7))
    for item in (begun(), passed()):
        assert reflex(item, me("Dora", pocket=half)).wipes is False
        owed = reflex(item, me("Dora", state("Ben"), half))
        assert (owed.says, owed.wipes, getting(owed.pocket)) == ((), True, Getting(b"", 7))
        assert reflex(item, me("Dora", state("Ben"), owed.pocket)).pocket == owed.pocket
        assert reflex(item, me("Ben", state("Ben"), b"a plan")).pocket == b"a plan"
