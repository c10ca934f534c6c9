"""Seats in a browser: from a desk that is in no channel to the first word; words compared; who comes and who goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.desk.world import NAMES, URL, World, charter, found, offline, talks
from tests.web.kit import Browser, browsing
from tests.web.kit_forms import do, done, fill, meant, press, problem, send, sure
from tests.web.kit_texts import Table, sitting

SEATS = "/c/1/seats"
CODE = re.compile(r'<p class="code"[^>]*>(.*?)</p>', re.S)


def code_of(page: str) -> str:
    shown = CODE.search(page)
    assert shown is not None
    return shown[1].replace("<br>", "\n")


def plain(page: str) -> str:
    """Without the marks that keep names in their places."""
    return page.replace("\u2068", "").replace("\u2069", "")


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with sitting(tmp_path) as one:
        yield one


# --- from nothing to the first word -----------------------------------------------------------------------------------


def test_a_channel_is_founded_joined_signed_and_spoken_in(tmp_path: Path) -> None:
    world = World(tmp_path)
    with ExitStack() as stack:
        stack.callback(world.close)
        at: dict[str, Browser] = {}
        for name in ("ana", "hernan", "sofia"):
            world.desk(name)
            at[name] = stack.enter_context(browsing(world, name))

        def all_read() -> None:
            for _ in range(3):
                for one in at.values():
                    with one.keeper.desk() as desk:
                        for channel in desk.channels():
                            channel.sync()

        name, party, role = NAMES["ana"]
        page = do(
            at["ana"], "/found", "found", relay=URL, title="Beagle", purpose="Peace.", name=name, party=party, role=role
        )
        assert "Nobody is here but you" in page
        assert "Invite whoever is to sit at the table" in page
        assert "Propose the charter</a>" not in page
        assert "Nobody but you has joined yet" in at["ana"].get(f"{SEATS}/charter")
        codes = {}
        for other in ("hernan", "sofia"):
            name, party, role = NAMES[other]
            page = do(at["ana"], f"{SEATS}/invite", "invite", name=name, party=party, role=role)
            assert "Whoever has this code can take the seat, once." in page
            codes[other] = code_of(page)
        page = plain(at["ana"].get(SEATS))
        assert "Nobody has joined yet; invited: Hernán C. and Sofia S." in page
        assert "Invite whoever is to sit at the table" not in page
        assert "It awaits that Hernán C. joins" in page
        assert "Show the code" in page
        for other, code in codes.items():
            page = do(at[other], "/join", "join", code=code)
            assert "You have a seat" in page
            assert "No charter is proposed yet" in at[other].get(f"{SEATS}/charter")
        all_read()
        assert "When all have joined, propose the charter" in at["ana"].get(SEATS)
        asked = press(at["ana"], f"{SEATS}/charter", "propose", retention_days="7", attribution="chatham")
        assert "Every desk deletes them after 7 days at most." in asked.text
        assert "the speaker may not be named" in asked.text
        done(at["ana"], sure(at["ana"], asked))
        all_read()
        for other in codes:
            assert "Read the charter, and sign it or not" in at[other].get(SEATS)
            for place in (SEATS, f"{SEATS}/charter"):
                assert "To refuse, do nothing" in at[other].get(place)
            asked = press(at[other], f"{SEATS}/charter", "sign")
            assert "It cannot be taken back" in asked.text
            page = done(at[other], sure(at[other], asked))
            assert "has signed" in page
            all_read()
        page = at["hernan"].get(SEATS)
        assert 'awaits"' not in page
        do(at["hernan"], "/c/1/talk", "send", text="The first word.", audience="all")
        all_read()
        assert "The first word." in at["sofia"].get("/c/1/talk")
        with at["sofia"].keeper.desk() as desk:
            charter = desk.channel().state.charter
            assert charter is not None
            assert (charter.terms.retention_days, charter.terms.attribution) == (7, "chatham")


def test_a_code_works_once_and_wrong_ones_say_so(tmp_path: Path) -> None:
    world = World(tmp_path)
    codes = found(world, "ana", "hernan")
    world.desk("sofia")
    world.desk("hernan").join(codes["hernan"])
    with browsing(world, "sofia") as sofia:
        page = problem(sofia, "/join", "join", code=codes["hernan"])
        assert codes["hernan"][:40] in page
        problem(sofia, "/join", "join", code="bc1-nonsense")
    world.close()


def test_a_code_is_shown_again_until_it_is_used(tmp_path: Path) -> None:
    world = World(tmp_path)
    codes = found(world, "ana", "hernan")
    with browsing(world, "ana") as ana:
        place = re.search(rf'"({SEATS}/code/\d+)"', ana.get(SEATS))
        assert place is not None
        assert "".join(code_of(ana.get(place[1])).split()) == codes["hernan"]
        world.desk("hernan").join(codes["hernan"])
        world["ana"].sync()
        page = ana.get(place[1])
        assert "The code was used: Hernán C. has taken the seat" in page
        assert "Compare words" in page
        assert 'class="code"' not in page
        for never in (0, 9999):
            ana.get(f"{SEATS}/code/{never}", 404)
        charter(world, "ana", "hernan")
        page = ana.get(place[1])
        assert "This invitation is used, or over" in page
        assert f'href="{SEATS}"' in page
    world.close()


def test_what_is_typed_wrongly_stays(tmp_path: Path) -> None:
    world = World(tmp_path)
    found(world, "ana", "hernan")
    with browsing(world, "ana") as ana:
        page = problem(ana, f"{SEATS}/invite", "invite", name="A <b>", party="P\u202e", role="envoy", days="14")
        assert "A &lt;b&gt;" in page
        assert "1 to 30 days" in problem(ana, f"{SEATS}/invite", "invite", name="A", party="P", role="envoy", days="99")
        problem(ana, f"{SEATS}/invite", "invite", name="A", party="P", role="king")
        with ana.keeper.desk() as desk:
            offline(desk.channel())
        page = do(ana, f"{SEATS}/invite", "invite", name="Late", party="P", role="envoy")
        assert "waiting on this desk until the relay answers" in page
    world.close()


# --- words ------------------------------------------------------------------------------------------------------------


def test_words_are_compared_aloud(table: Table) -> None:
    ana, hernan = table["ana"], table["hernan"]
    page = ana.get(SEATS)
    words = re.findall(r"<ol class=\"twelve\".*?</ol>", page, re.S)
    assert len(words) == 3
    assert words[0] in hernan.get(SEATS)
    assert page.count(">not compared yet<") == 2
    page = do(ana, SEATS, "verify")
    assert page.count(">not compared yet<") == 1
    assert page.count("words compared") == 1
    assert hernan.get(SEATS).count(">not compared yet<") == 2


def test_words_that_have_changed_are_not_marked(table: Table) -> None:
    page = problem(table["ana"], SEATS, "verify", words="other words")
    assert "These words have changed" in page
    page = problem(table["ana"], SEATS, "verify", seat="00" * 16)
    assert "no longer here" in page


# --- who comes later --------------------------------------------------------------------------------------------------


def test_a_newcomer_needs_every_party(table: Table) -> None:
    ana = table["ana"]
    page = do(ana, f"{SEATS}/invite", "invite", name="Emil <b>", party="Norway", role="expert")
    assert "The code exists when all have said yes" in page
    assert "Emil &lt;b&gt;" in page
    for name in ("hernan", "sofia"):
        page = plain(table[name].get(SEATS))
        assert "proposes to let in Emil &lt;b&gt;" in page
        assert "To refuse, do nothing" in page
        asked = press(table[name], SEATS, "agree")
        assert "not what was said before" in asked.text
        done(table[name], sure(table[name], asked))
    place = re.search(rf'"({SEATS}/code/\d+)"', table["ana"].get(SEATS))
    assert place is not None
    page = table["ana"].get(place[1])
    assert "It stops working when it is used, and when somebody else comes in or goes" in page
    assert "when the channel opens" not in page
    code = code_of(page)
    table.world.desk("emil")
    with browsing(table.world, "emil") as emil:
        page = do(emil, "/join", "join", code=code)
        assert "Read the charter, and sign it or not" in page
        assert "To refuse, do nothing: then you do not come in." in page
        table.settle()
        do(emil, f"{SEATS}/charter", "sign")
        table.settle()
        with emil.keeper.desk() as desk:
            desk.channel().sync()
        assert "Nobody has written to you here yet" in emil.get("/c/1/talk")
        do(emil, "/c/1/talk", "send", text="Hello.", audience="all")
    assert "Hello." in table["sofia"].get("/c/1/talk")


def test_yes_to_what_is_over(table: Table) -> None:
    ana = table["ana"]
    do(ana, f"{SEATS}/invite", "invite", name="Emil", party="Norway", role="expert")
    place, fields = fill(table["sofia"], SEATS, "agree")
    assert meant(table["sofia"], place, fields).status_code == 303
    table.settle()
    wrong = [(name, "999" if name == "change" else value) for name, value in fields]
    hidden = table["sofia"].hidden(SEATS)
    wrong = [(name, hidden.get(name, value)) for name, value in wrong]
    answer = meant(table["sofia"], place, wrong)
    assert answer.status_code == 400
    assert "not under way any more" in answer.text


# --- who goes ---------------------------------------------------------------------------------------------------------


def test_a_seat_goes_with_every_other_partys_yes(table: Table) -> None:
    sofia = table.channel("sofia").me.hex()
    asked = press(table["ana"], SEATS, "remove", seat=sofia, reason="It is <b>over</b>.")
    assert "It takes the yes of Chile" in plain(asked.text)
    done(table["ana"], sure(table["ana"], asked))
    page = table["hernan"].get(SEATS)
    assert "It is &lt;b&gt;over&lt;/b&gt;." in page
    assert "is to go" in page
    assert "Say yes" not in table["sofia"].get(SEATS)
    asked = press(table["hernan"], SEATS, "agree")
    assert "has read stays on that desk" in asked.text
    done(table["hernan"], sure(table["hernan"], asked))
    page = table["ana"].get(SEATS)
    assert "No longer here" in page
    page = table["sofia"].get(SEATS)
    assert "You are no longer in this channel" in page
    assert "<form" not in page[page.index("<main") : page.index("</main>")]


def test_who_leaves_says_why(table: Table) -> None:
    me = table.channel("sofia").me.hex()
    place, fields = fill(table["sofia"], SEATS, "remove", seat=me, reason="")
    assert meant(table["sofia"], place, fields).status_code == 400
    asked = press(table["sofia"], SEATS, "remove", seat=me, reason="Called home.")
    assert "Leave this channel?" in asked.text
    assert sure(table["sofia"], asked).status_code == 303
    table.settle()
    assert "No longer here" in table["ana"].get(SEATS)


def test_somebody_without_a_seat_here(table: Table) -> None:
    assert "no longer here" in problem(table["ana"], SEATS, "remove", seat="ff" * 16, reason="x")


def test_only_who_may_invites(tmp_path: Path) -> None:
    world = World(tmp_path)
    codes = found(world, "ana", "hernan")
    world.desk("hernan").join(codes["hernan"])
    with browsing(world, "hernan") as hernan:
        page = hernan.get(f"{SEATS}/invite")
        assert "only its founder invites" in page
        hidden = hernan.hidden(SEATS)
        typed = [("name", "X"), ("party", "Y"), ("role", "envoy"), ("do", "invite")]
        answer = send(hernan, f"{SEATS}/invite", [*hidden.items(), *typed])
        assert answer.status_code == 400
    world.close()


def test_a_large_table_stays_small(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan", "sofia", "dora", "emil")) as world, browsing(world, "ana") as ana:
        page = ana.get(SEATS)
        assert len(page.encode()) < 5 * 8_000
