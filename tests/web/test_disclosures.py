"""Pages of disclosures: looked at as the world will see them, agreed, made, saved, retracted, replaced."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import disclosures, understandings
from backchannel.facts.disclosed import page_of
from backchannel.instruments.disclosure import bundle as bundles
from backchannel.instruments.disclosure.rules import Disclosure
from backchannel.papers.disclosed import body, html
from backchannel.seal.primitives import sha256
from tests.desk.world import NOW, World
from tests.web.kit_forms import do, forms, meant, press, problem, send, sure
from tests.web.kit_texts import NASTY, Table, sitting

ALL = "/c/1/understandings"
CLAUSES = "1. Neither uses force.\n\n2. Both withdraw to the positions of 1977.\n\n3. Both ask for mediation."


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with sitting(tmp_path, then=signing) as one:
        yield one


def signing(world: World, words: str = CLAUSES) -> None:
    """An understanding of two, signed."""
    both = ("ana", "hernan")
    understandings.propose(world["ana"], "Act of Montevideo", words, [world[name].me for name in both])
    for step in (understandings.initial, understandings.sign):
        for name in both:
            world.settle()
            step(world[name], world[name].items("understanding")[-1].value)
    world.settle()


def signed(table: Table, words: str = CLAUSES) -> str:
    """Where it is; another, if it has other words."""
    if words != CLAUSES:
        signing(table.world, words)
    return f"{ALL}/{table.channel('ana').items('understanding')[-1].position}"


def item(table: Table, name: str = "ana") -> Disclosure:
    return table.channel(name).items("disclosure")[-1].value  # type: ignore[no-any-return]


def proposed(table: Table, **typed: Any) -> str:
    given: dict[str, Any] = {"clause": ["1", "3"], "summary": "They will not fight.", "lines": "We agreed.", **typed}
    do(table["ana"], f"{signed(table)}/disclose", "propose", **given)
    return f"{ALL}/disclosure/{item(table).at.position}"


def agreed(table: Table, **typed: Any) -> str:
    place = proposed(table, **typed)
    do(table["hernan"], place, "consent")
    return place


def test_what_the_world_would_see_is_shown_before_anything_is_said(table: Table) -> None:
    place = signed(table)
    asked = press(table["ana"], f"{place}/disclose", "propose", clause=["1"], summary="No <b> force.")
    assert "Propose to show this?" in asked.text
    assert "clauses 2 to 3 stay closed" in asked.text
    assert "1977" not in asked.text
    assert "No &lt;b&gt; force." in asked.text
    assert not table.channel("ana").items("disclosure")
    assert sure(table["ana"], asked).status_code == 303
    assert (item(table).terms.clauses, item(table).terms.to) == ((1,), "public")
    assert item(table).consents == ("Argentina",)


def test_it_says_for_whom_from_when_and_on_which_condition(table: Table) -> None:
    typed = {"to": "some", "reader": "The <i>press", "day": "2030-01-02", "condition": "Once both have withdrawn."}
    asked = press(table["ana"], f"{signed(table)}/disclose", "propose", clause=["1"], summary="S.", **typed)
    assert "Wednesday, 2 January 2030" in asked.text
    assert sure(table["ana"], asked).status_code == 303
    place = f"{ALL}/disclosure/{item(table).at.position}"
    terms = item(table).terms
    assert (terms.to, terms.condition) == ("The <i>press", "Once both have withdrawn.")
    assert terms.not_before * 300 == datetime(2030, 1, 2, tzinfo=UTC).timestamp()
    page = table["hernan"].get(place)
    assert "The &lt;i&gt;press" in page
    assert "Once both have withdrawn." in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"clause": []}, "The clauses that are shown are some of 1 to 3"),
        ({"clause": ["9"]}, "The clauses that are shown are some of 1 to 3"),
        ({"clause": ["x"]}, "The clauses that are shown are some of 1 to 3"),
        ({"summary": " "}, "The summary is empty"),
        ({"day": "soon"}, "This is no day."),
        ({"day": "9999-01-01"}, "a hundred years"),
        ({"to": "some", "reader": ""}, "reader has 1 to 80"),
        ({"replaces": "x"}, "is no number"),
        ({"replaces": "7"}, "There is no disclosure number 7"),
    ],
)
def test_what_cannot_be_proposed_is_told_and_what_was_typed_stays(
    table: Table, typed: dict[str, Any], says: str
) -> None:
    place = f"{signed(table)}/disclose"
    given: dict[str, Any] = {"clause": ["2"], "summary": "My summary.", "lines": "My lines.", **typed}
    page = problem(table["ana"], place, "propose", **given)
    assert says in page
    assert "My lines." in page
    if "clause" not in typed:
        assert 'value="2" checked' in page


def test_only_who_has_signed_proposes(table: Table) -> None:
    place = f"{signed(table)}/disclose"
    page = table["sofia"].get(place)
    assert not forms(page, "propose")
    answer = send(table["sofia"], place, [*table["sofia"].hidden(place).items(), ("do", "propose"), ("clause", "1")])
    assert answer.status_code == 400
    assert "this seat has not" in answer.text


def test_what_one_consents_to_is_exactly_what_is_published(table: Table) -> None:
    place = proposed(table)
    page = table["hernan"].get(place)
    assert "Your consent is awaited" in page
    asked = press(table["hernan"], place, "consent").text
    assert item(table).state == "proposed"
    do(table["hernan"], place, "consent")
    assert item(table).state == "agreed"
    before = table["ana"].get(place)
    asked = press(table["ana"], place, "publish")
    page = sure(table["ana"], asked)
    assert page.status_code == 303
    table.settle()
    answer = press(table["ana"], place, "save", address="press@example.org <b>")
    assert answer.headers["content-type"] == "application/octet-stream"
    number = place.rsplit("/", 1)[1]
    assert answer.headers["content-disposition"] == f'attachment; filename="disclosure-{number}.zip"'
    with zipfile.ZipFile(BytesIO(answer.content)) as made:
        assert made.namelist() == ["index.html", "bundle.json"]
        raw, shown = made.read("bundle.json"), made.read("index.html").decode()
        assert {one.date_time for one in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert bundles.verify(bundles.read(raw)).record.clauses[1] is None
    assert item(table).digest == sha256(raw)
    assert shown == html(page_of(raw, "bundle.json", "press@example.org <b>"))
    # What stood on the page before was what is published, but for the hash of a proof that was not there yet.
    looked = body(page_of(raw, "bundle.json", ""))
    digest = sha256(raw).hex()
    assert looked in table["ana"].get(place)
    assert looked.replace(digest, "(it is here once this is published)") in before
    assert looked.replace(digest, "(it is here once this is published)") in asked.text


def test_it_is_saved_again_and_by_others_and_is_the_same(table: Table) -> None:
    place = agreed(table)
    do(table["ana"], place, "publish")
    table.settle()
    one, other = (press(table[name], place, "save").content for name in ("ana", "sofia"))
    assert one == other
    assert not forms(table["hernan"].get(place), "publish")


def test_it_may_not_be_made_before_it_is_agreed_or_its_day(table: Table) -> None:
    day = datetime.fromtimestamp(NOW + 40 * 86_400, UTC).date().isoformat()
    place = proposed(table, day=day)
    own = table["ana"].hidden(place)
    for says in ("have not agreed", "has not come"):
        for act in ("publish", "save"):
            answer = send(table["ana"], place, [*own.items(), ("do", act), ("address", "")])
            assert answer.status_code == 400
            assert says in answer.text
        do(table["hernan"], place, "consent") if says == "have not agreed" else None
        table.settle()
    assert not forms(table["ana"].get(place), "publish")


def test_a_condition_is_confirmed_by_the_parties(table: Table) -> None:
    place = agreed(table, condition="Once both <b> have withdrawn.")
    page = table["ana"].get(place)
    assert "Is the condition met?" in page
    assert "Once both &lt;b&gt; have withdrawn." in page
    asked = press(table["ana"], place, "confirm")
    assert "Once both &lt;b&gt; have withdrawn." in asked.text
    assert sure(table["ana"], asked).status_code == 303
    table.settle()
    page = table["ana"].get(place)
    assert not forms(page, "confirm")
    assert "not confirmed yet by Chile" in page
    do(table["hernan"], place, "confirm")
    assert item(table).state == "agreed"
    assert "confirmed by Argentina and Chile" in table["ana"].get(place)


def test_a_party_refuses(table: Table) -> None:
    place = proposed(table)
    page = do(table["hernan"], place, "refuse", reason="Not <b> now.")
    assert "Not &lt;b&gt; now." in page
    assert ">refused<" in page
    assert not forms(page, "consent")


def test_its_proposer_takes_it_back(table: Table) -> None:
    place = proposed(table)
    assert not forms(table["hernan"].get(place), "withdraw")
    assert ">taken back<" in do(table["ana"], place, "withdraw")


def test_parties_no_longer_stand_by_it(table: Table) -> None:
    place = agreed(table)
    do(table["ana"], place, "publish")
    page = do(table["ana"], place, "retract", reason="It was <b> wrong.")
    assert "It was &lt;b&gt; wrong." in page
    assert not forms(page, "retract")
    assert (
        "not shown, or still holds"
        in send(table["ana"], place, [*table["ana"].hidden(place).items(), ("do", "notice"), ("address", "")]).text
    )
    do(table["hernan"], place, "retract")
    table.settle()
    page = table["ana"].get(place)
    assert ">retracted<" in page
    answer = press(table["ana"], place, "notice")
    number = place.rsplit("/", 1)[1]
    assert answer.headers["content-disposition"] == f'attachment; filename="disclosure-{number}-notice.html"'
    assert "do not stand by the words" in answer.text
    assert item(table).digest.hex() in answer.text
    assert "wrong" not in answer.text


def test_another_takes_its_place(table: Table) -> None:
    place = agreed(table)
    do(table["ana"], place, "publish")
    table.settle()
    number = place.rsplit("/", 1)[1]
    (again,) = re.findall(rf'href="([^"]+disclose\?replaces={number})"', table["ana"].get(place))
    page = table["ana"].get(again)
    assert "They will not fight." in page
    assert 'value="3" checked' in page
    do(table["ana"], again, "propose", clause=["1"], summary="Better.")
    assert item(table).terms.replaces
    newer = f"{ALL}/disclosure/{item(table).at.position}"
    do(table["hernan"], newer, "consent")
    table.settle()
    page = table["ana"].get(place)
    assert ">replaced<" in page
    assert newer in page
    answer = press(table["ana"], place, "notice", address="https://example.org/new")
    assert "was replaced by another" in answer.text
    assert "https://example.org/new" in answer.text


def test_the_list_and_the_understanding_lead_there(table: Table) -> None:
    place = proposed(table)
    number = item(table).at.position
    for page in (table["sofia"].get(ALL), table["sofia"].get(f"{ALL}/{disclosures_of(table)}")):
        assert f"{ALL}/disclosure/{number}" in page
        assert "awaits the consent of Chile" in page
    assert place.endswith(str(number))


def disclosures_of(table: Table) -> int:
    channel = table.channel("ana")
    return disclosures.of(channel, item(table)).at.position


def test_who_has_not_signed_can_only_look(table: Table) -> None:
    place = proposed(table)
    page = table["sofia"].get(place)
    assert "What the world would see, exactly" in page
    for act in ("consent", "refuse", "confirm", "withdraw", "publish", "retract", "notice", "save"):
        assert not forms(page, act)
        own = [*table["sofia"].hidden(place).items(), ("do", act), ("reason", ""), ("address", "")]
        assert meant(table["sofia"], place, own).status_code == 400
    assert item(table).state == "proposed"


def test_hostile_words_are_text_and_an_address_is_one_line(table: Table) -> None:
    place = signed(table, f"1. {NASTY}\n\n2. Two.")
    asked = press(
        table["ana"], f"{place}/disclose", "propose", clause=["1"], summary=NASTY, lines="<img src=x>", condition=NASTY
    )
    sure(table["ana"], asked)
    table.settle()
    at = f"{ALL}/disclosure/{item(table).at.position}"
    do(table["hernan"], at, "consent")
    for page in (asked.text, table["ana"].get(at), press(table["ana"], at, "confirm").text):
        assert "<script>alert" not in page
        assert "<img" not in page
    for name in ("ana", "hernan"):
        do(table[name], at, "confirm")
    do(table["ana"], at, "publish")
    table.settle()
    page = problem(table["ana"], at, "save", address="x" * 501)
    assert "x" * 501 in page
    assert "has 1 to 500 characters" in page


def test_what_is_not_anchored_yet_says_so(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    from backchannel.errors import Misuse

    place = proposed(table)

    def nothing(*_: object) -> None:
        raise Misuse("not-anchored", "What was signed is not in the record yet.")

    monkeypatch.setattr(disclosures, "anchor_proof", nothing)
    assert "What was signed is not in the record yet." in table["ana"].get(place)
