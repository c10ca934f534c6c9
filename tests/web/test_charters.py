"""The charter in a browser: proposed with every term explained, read, signed; never another than was read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.world import World, found
from tests.web.kit import Browser, browsing
from tests.web.kit_forms import do, done, fill, meant, press, problem, send, sure
from tests.web.kit_texts import sitting
from tests.web.test_seats import plain

CHARTER = "/c/1/seats/charter"


@pytest.fixture
def founding(tmp_path: Path) -> Iterator[tuple[World, Browser, Browser]]:
    world = World(tmp_path)
    codes = found(world, "ana", "hernan", "sofia")
    world.desk("hernan").join(codes["hernan"])
    world["ana"].sync()
    with browsing(world, "ana") as ana, browsing(world, "hernan") as hernan:
        yield world, ana, hernan
    world.close()


def test_every_term_is_explained_and_chosen(founding: tuple[World, Browser, Browser]) -> None:
    world, ana, _ = founding
    page = ana.get(CHARTER)
    for said in (
        "Track 1.5:",
        "may not be named (Chatham House)",
        "the hat",
        "Only the intermediary",
        "without the notes",
        "no oversight",
    ):
        assert said in page, said
    assert "has not joined" in page
    assert 'value="chatham" checked' in page  # what endangers nobody, until somebody chooses
    assert "With one seat only: Argentina and Chile" in plain(page)
    typed = {
        "title": "T <b>",
        "purpose": "P <i>",
        "track": "1.5",
        "attribution": "chatham",
        "retention_days": "3",
        "disclosure_how": "some",
        "disclosure": "2",
        "reactions": "hat",
        "objection_how": "some",
        "objection": "1",
        "hat_days": "5",
        "pen": "intermediary",
        "dossier": "record",
    }
    asked = press(ana, CHARTER, "propose", **typed)
    for said in ("T &lt;b&gt;", "3 days", "2 parties agree", "One objection ends", "every 5 days", "without the notes"):
        assert said in asked.text, said
    assert "who joins later makes all sign anew" in asked.text
    page = done(ana, sure(ana, asked))
    assert "not in force yet" in page
    assert world["ana"].state.charter is not None
    terms = world["ana"].state.charter.terms
    assert {name: str(getattr(terms, name)) for name in typed if not name.endswith("_how")} == {
        name: value for name, value in typed.items() if not name.endswith("_how")
    }


def test_what_is_not_chosen_is_what_endangers_nobody(founding: tuple[World, Browser, Browser]) -> None:
    world, ana, _ = founding
    place, fields = fill(ana, CHARTER, "propose")
    bare = [(name, value) for name, value in fields if name != "attribution"]
    assert done(ana, sure(ana, send(ana, place, bare)))
    agreed = world["ana"].state.charter
    assert agreed is not None
    assert agreed.terms.attribution == "chatham"


@pytest.mark.parametrize(
    "wrong",
    [{"retention_days": "0"}, {"retention_days": "x"}, {"track": "9"}, {"hat_days": "999"}, {"title": "a\u202eb"},
     {"disclosure_how": "some", "disclosure": "65"}, {"disclosure_how": "some", "disclosure": ""}],
)  # fmt: skip
def test_terms_that_cannot_be_stay_in_the_form(founding: tuple[World, Browser, Browser], wrong: dict[str, str]) -> None:
    world, ana, _ = founding
    page = problem(ana, CHARTER, "propose", **{"purpose": "My own <i>words</i>.", **wrong})
    assert "My own &lt;i&gt;words&lt;/i&gt;." in page
    assert world["ana"].state.charter is None


def test_nobody_signs_another_than_was_read(founding: tuple[World, Browser, Browser]) -> None:
    world, ana, hernan = founding
    do(ana, CHARTER, "propose")
    world["hernan"].sync()
    place, old = fill(hernan, CHARTER, "sign")
    page = do(ana, CHARTER, "propose", retention_days="99")
    assert "Propose other terms" in page
    world["hernan"].sync()
    answer = meant(hernan, place, old)
    assert answer.status_code == 400
    assert "Another charter was proposed" in answer.text
    me = world["hernan"].state.seat(world["hernan"].me)
    assert me is not None
    assert not me.signed
    page = do(hernan, CHARTER, "sign")
    assert "99 days" in page


def test_a_signature_is_given_once(founding: tuple[World, Browser, Browser]) -> None:
    world, ana, hernan = founding
    do(ana, CHARTER, "propose")
    world["hernan"].sync()
    place, fields = fill(hernan, CHARTER, "sign")
    asked = send(hernan, place, fields)
    assert [sure(hernan, asked).status_code for _ in range(2)] == [303, 303]
    page = hernan.get(CHARTER)
    assert ">Sign it<" not in page
    again = meant(hernan, place, [*fields, ("_number", "other")])
    assert again.status_code in (303, 400)


def test_nobody_else_proposes(founding: tuple[World, Browser, Browser]) -> None:
    _, _, hernan = founding
    assert "No charter is proposed yet" in hernan.get(CHARTER)
    hidden = hernan.hidden("/c/1/seats")
    answer = meant(hernan, CHARTER, [*hidden.items(), ("do", "propose")])
    assert answer.status_code == 400
    assert "Only the founder" in answer.text
    answer = send(hernan, CHARTER, [*hernan.hidden("/c/1/seats").items(), ("do", "sign")])
    assert "There is no charter to sign yet" in answer.text


def test_alone_one_proposes_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    found(world, "ana", "hernan")
    with browsing(world, "ana") as ana:
        answer = send(ana, CHARTER, [*ana.hidden("/c/1/seats").items(), ("do", "propose")])
        assert "Nobody but you has joined yet" in answer.text
    world.close()


def test_a_charter_in_force_is_read(tmp_path: Path) -> None:
    with sitting(tmp_path, hat_days=1, objection="2", attribution="chatham") as table:
        page = table["sofia"].get(CHARTER)
        assert "in force" in page
        assert "It goes round every day" in page
        assert "2 objections end" in page
        assert "<form" not in page[page.index("<main") : page.index("</main>")]
