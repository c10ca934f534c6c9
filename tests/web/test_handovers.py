"""A place passes to a successor, by clicks: one's own, another's, in need, and what a successor sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.desk.world import NAMES, World, found, remove, talks
from tests.desk.world import charter as agree
from tests.web.kit import browsing
from tests.web.kit_forms import do, done, fill, press, problem, send, sure
from tests.web.kit_texts import Table, sitting
from tests.web.test_seats import code_of, plain

SEATS = "/c/1/seats"
HANDOVER = f"{SEATS}/handover"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with sitting(tmp_path) as one:
        yield one


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Table]:
    """Argentina has two seats: Ana and Emil."""
    names = dict(NAMES)
    NAMES["emil"] = ("Emil N.", "Argentina", "expert")
    try:
        with talks(tmp_path, ("ana", "hernan", "sofia", "emil"), hat_days=3) as world, ExitStack() as stack:
            at = {name: stack.enter_context(browsing(world, name)) for name in ("ana", "hernan", "sofia", "emil")}
            yield Table(world, at)
    finally:
        NAMES.update(names)


def enter(table: Table, name: str, code: str, stack: ExitStack, keeps: str = "") -> None:
    """A successor joins with a code, and signs."""
    table.world.desk(name)
    browser = stack.enter_context(browsing(table.world, name))
    do(browser, "/join", "join", code=code)
    table.browsers[name] = browser
    table.settle()
    for place in (SEATS, f"{SEATS}/charter"):
        page = plain(browser.get(place))
        assert "To refuse, do nothing: then " in page
        assert "it does not hold" not in page
    assert (f"then {keeps} keeps the place." in page) is bool(keeps)
    do(browser, f"{SEATS}/charter", "sign")
    for _ in range(4):
        table.settle()


def test_ones_own_place_passes_with_what_it_could_read(table: Table) -> None:
    do(table["hernan"], "/c/1/talk", "send", text="For the <b>dossier</b>.", audience="all")
    page = table["ana"].get(HANDOVER)
    assert "A successor sees: one note" in plain(page)
    asked = press(table["ana"], HANDOVER, "offer", name="Diego F.")
    for said in (
        "Offer the place of Ana P. to Diego F.?",
        "one note",
        "leaves the channel",
        "still to sign ends",
        "lapse",
    ):
        assert said in plain(asked.text), said
    page = done(table["ana"], sure(table["ana"], asked))
    assert "passes on what goes with the place" in page
    assert "Your place is offered" in table["ana"].get(HANDOVER)
    with ExitStack() as stack:
        enter(table, "diego", code_of(page), stack, "Ana P.")
        page = table["diego"].get("/c/1/talk")
        assert "For the &lt;b&gt;dossier&lt;/b&gt;." in page
        assert "Passed on by" in page
        page = plain(table["diego"].get(HANDOVER))
        assert "Diego F. takes the place of Ana P." in page
        assert "is no longer here" in page
        assert "Compare words with Diego F., who has taken the place of Ana P." in plain(table["hernan"].get(SEATS))
        assert "You are no longer in this channel" in table.browsers["ana"].get(SEATS)
        assert "A place can be passed on when the channel is open" in table.browsers["ana"].get(HANDOVER)
        del table.browsers["diego"]


def test_its_progress_is_told(table: Table) -> None:
    page = do(table["ana"], HANDOVER, "offer", name="Diego F.")
    with ExitStack() as stack:
        table.world.desk("diego")
        diego = stack.enter_context(browsing(table.world, "diego"))
        do(diego, "/join", "join", code=code_of(page))
        table.settle()
        assert "has still to sign the charter" in plain(table["hernan"].get(HANDOVER))
        assert "takes the place of" in plain(table["hernan"].get(SEATS))


def test_anothers_place_takes_every_partys_yes(two: Table) -> None:
    emil = two.channel("emil").me.hex()
    assert "Give another" not in two["sofia"].get(HANDOVER)
    asked = press(two["ana"], HANDOVER, "offer", nth=1, seat=emil, name="Pio L.")
    for said in ("leaves when Pio L. comes in", "the yes of Chile and Holy See", "your desk has nothing yet"):
        assert said in plain(asked.text), said
    page = done(two["ana"], sure(two["ana"], asked))
    assert "The code exists when all have said yes" in page
    assert "in the place of Emil N." in plain(page)
    page = plain(two["hernan"].get(SEATS))
    assert "proposes Pio L. in the place of Emil N." in page
    asked = press(two["hernan"], SEATS, "agree")
    assert "may then be passed on to that seat" in asked.text
    done(two["hernan"], sure(two["hernan"], asked))


def test_who_has_nobody_left_is_helped_by_the_others(table: Table) -> None:
    remove(table.world, "sofia", "ana", "hernan")
    asked = press(table["ana"], HANDOVER, "offer", nth=1, name="Pio L.")
    for said in ("the yes of Chile", "Only a seat of Holy See could pass on"):
        assert said in plain(asked.text), said
    assert "leaves when" not in asked.text


WRONG = ({"name": ""}, {"name": "x\u202e"}, {"name": "A", "days": "99"}, {"name": "A", "days": "x"})


@pytest.mark.parametrize("typed", WRONG)
def test_an_offer_that_cannot_be(table: Table, typed: dict[str, str]) -> None:
    problem(table["ana"], HANDOVER, "offer", **typed)
    assert all(one.seat is not None for one in table.channel("ana").state.invitations)


def test_a_place_that_is_not_there(table: Table) -> None:
    place, fields = fill(table["ana"], HANDOVER, "offer", seat="ff" * 16, name="A")
    assert "No place is chosen" in send(table["ana"], place, fields).text


def test_a_seat_of_ones_own_party_is_frozen_in_need(two: Table) -> None:
    emil = two.channel("emil").me.hex()
    page = two["sofia"].get(HANDOVER)
    assert "Only a second seat of the same party can freeze a seat." in page
    assert 'value="freeze"' not in page
    page = problem(two["ana"], HANDOVER, "freeze", seat=emil, reason="")
    assert 'id="freeze" open' in page
    asked = press(two["ana"], HANDOVER, "freeze", seat=emil, reason="The desk was <b>taken</b>.")
    assert "It cannot be undone" in asked.text
    assert "The desk was &lt;b&gt;taken&lt;/b&gt;." in asked.text
    done(two["ana"], sure(two["ana"], asked))
    assert "No longer here" in two["hernan"].get(SEATS)
    page = two["emil"].get(SEATS)
    assert "You are no longer in this channel" in page
    assert "taken" not in page


def test_who_could_pass_nothing_on_is_helped_by_its_party(two: Table) -> None:
    do(two["hernan"], "/c/1/talk", "send", text="Before the frost.", audience="all")
    ana = two.channel("ana").me.hex()
    do(two["emil"], HANDOVER, "freeze", seat=ana, reason="Taken.")
    two.settle()
    page = do(two["emil"], HANDOVER, "offer", nth=1, seat=ana, name="Diego F.")
    for name in ("hernan", "sofia"):
        do(two[name], SEATS, "agree")
    place = re.search(rf'"({SEATS}/code/\d+)"', two["emil"].get(SEATS))
    assert place is not None
    page = two["emil"].get(place[1])
    with ExitStack() as stack:
        enter(two, "diego", code_of(page), stack)
        page = plain(two["diego"].get(HANDOVER))
        assert "Nothing was passed on to you of Ana P." in page
        page = plain(two["emil"].get(HANDOVER))
        assert "You can." in page
        asked = press(two["emil"], HANDOVER, "pass_on")
        for said in ("one note", "sealed to Diego F. alone", "cannot be taken back"):
            assert said in plain(asked.text), said
        assert sure(two["emil"], asked).status_code == 303
        for _ in range(4):
            two.settle()
        assert "Before the frost." in two["diego"].get("/c/1/talk")
        assert "one note" not in two["diego"].get(SEATS)
        place_, fields = fill(two["emil"], HANDOVER, "offer", name="x")
        more = [(name, value) for name, value in fields if name not in ("do", "seat")]
        again = send(two["emil"], place_, [*more, ("seat", two.channel("diego").me.hex()), ("do", "pass_on")])
        assert "have passed on" in again.text
        del two.browsers["diego"]


def test_the_charter_may_let_no_notes_pass(tmp_path: Path) -> None:
    with sitting(tmp_path, dossier="record") as table:
        do(table["hernan"], "/c/1/talk", "send", text="Secret.", audience="all")
        page = plain(table["ana"].get(HANDOVER))
        assert "A successor sees: nothing yet" in page
        assert "lets no notes pass" in page
        assert "lets no notes pass" in press(table["ana"], HANDOVER, "offer", name="Diego F.").text


def test_before_the_channel_is_open_nothing_passes(tmp_path: Path) -> None:
    world = World(tmp_path)
    codes = found(world, "ana", "hernan")
    world.desk("hernan").join(codes["hernan"])
    with browsing(world, "ana") as ana:
        assert "when the channel is open" in ana.get(HANDOVER)
        answer = send(ana, HANDOVER, [*ana.hidden(SEATS).items(), ("do", "offer"), ("seat", "own"), ("name", "A")])
        assert answer.status_code == 400
    agree(world, "ana", "hernan")
    world.close()
