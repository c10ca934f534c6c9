"""Pages of understandings: proposed, initialled, signed after one question, saved."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from backchannel.desk import understandings
from backchannel.instruments.understanding import record
from backchannel.instruments.understanding.values import Understanding
from tests.desk.world import offline, remove
from tests.web.kit_forms import do, fill, forms, meant, press, problem, send, sure
from tests.web.kit_texts import NASTY, Table, sitting

ALL = "/c/1/understandings"
CLAUSES = "1. Neither uses force.\n\n2. Both withdraw."


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with sitting(tmp_path) as one:
        yield one


def item(table: Table, name: str = "ana") -> Understanding:
    return table.channel(name).items("understanding")[-1].value  # type: ignore[no-any-return]


def proposed(table: Table, title: str = "Act", words: str = CLAUSES) -> str:
    ana = table.channel("ana")
    understandings.propose(ana, title, words, [ana.me, table.channel("hernan").me])
    return f"{ALL}/{item(table).at.position}"


def test_nothing_yet_teaches(table: Table) -> None:
    page = table["ana"].get(ALL)
    assert "Nothing is signed here yet" in page
    assert "Propose an understanding" in page


def test_one_is_proposed_by_hand(table: Table) -> None:
    both = [table.channel(name).me.hex() for name in ("ana", "hernan")]
    page = do(table["ana"], f"{ALL}/new", "propose", title="Act <b>", words=CLAUSES, sign=both)
    assert "Act &lt;b&gt;" in page
    assert "Your initials are awaited" in page
    assert item(table).terms.clauses == ("Neither uses force.", "Both withdraw.")
    assert len(item(table).audience) == 3
    assert "Your initials are awaited" in table["hernan"].get(ALL)
    page = table["sofia"].get(ALL)
    assert "awaits Ana P. and Hernán C." in page
    assert "Your initials" not in page


def test_one_is_proposed_to_some_with_annexes(table: Table) -> None:
    both = [table.channel(name).me.hex() for name in ("ana", "hernan")]
    place, fields = fill(
        table["ana"], f"{ALL}/new", "propose", title="Act", words="One.", sign=both, to_who="some", to=both[1:]
    )
    answer = send(table["ana"], place, fields, files={"annex": ("map.pdf", b"a map")})
    assert answer.status_code == 303
    assert [(one.name, one.sha256) for one in item(table).terms.annexes] == [("map.pdf", sha256(b"a map").digest())]
    assert {seat.hex() for seat in item(table).audience} == set(both)
    assert sha256(b"a map").hexdigest() in table["hernan"].get(f"{ALL}/{item(table).at.position}")
    assert not table.channel("sofia").items("understanding")


def test_who_signs_alone_is_told_and_what_was_typed_stays(table: Table) -> None:
    one = table.channel("hernan").me.hex()
    page = problem(table["ana"], f"{ALL}/new", "propose", title="Act", words="My words.", sign=[one])
    assert "signed by two or more" in page
    assert "My words." in page
    assert f'value="{one}" checked' in page
    assert "Nobody is chosen" in problem(table["ana"], f"{ALL}/new", "propose", title="Act", words="My words.")


def test_an_adopted_text_becomes_one(table: Table) -> None:
    place = table.open(["One.", "Two <b>."])
    assert "From an adopted text" not in table["ana"].get(f"{ALL}/new")
    page = table["ana"].get(f"{ALL}/new?text={place.rsplit('/', 1)[1]}", 404)
    assert "is not adopted yet" in page
    do(table["ana"], f"{place}/stand", "stand", which="clean", stance="agree")
    do(table["hernan"], f"{place}/stand", "stand", which="clean", stance="referendum")
    do(table["sofia"], place, "issue")
    do(table["sofia"], place, "adopt")
    assert "From an adopted text" in table["ana"].get(f"{ALL}/new")
    new = f"{ALL}/new?text={place.rsplit('/', 1)[1]}"
    page = table["ana"].get(new)
    assert "Not plainly agreed by all parties: paragraphs 1 and 2" in page
    assert "Two &lt;b&gt;." in page
    page = do(table["ana"], new, "propose_text")
    assert item(table).terms.clauses == ("One.", "Two <b>.")
    assert {party.party for party in item(table).terms.parties} == {"Argentina", "Chile"}


def test_from_initials_to_a_record(table: Table) -> None:
    place = proposed(table)
    for name in ("ana", "hernan"):
        page = do(table[name], place, "initial")
        assert "✓ yes" in page
    page = table["hernan"].get(place)
    assert "Your signature is awaited" in page
    assert "Words of the signatures, to be read aloud" in page
    words = " ".join(item(table).keys(table.channel("ana").me).words())
    assert words in page
    asked = press(table["hernan"], place, "sign")
    assert "You bind yourself to exactly these words, with Ana P. (Argentina). It cannot be undone." in asked.text
    assert "1. Neither uses force." in asked.text
    assert item(table).state == "initialled"
    assert sure(table["hernan"], asked).status_code == 303
    assert "signed by some" in table["ana"].get(place)
    assert not forms(table["hernan"].get(place), "withdraw")
    do(table["ana"], place, "sign")
    table.settle()
    page = table["sofia"].get(place)
    assert "signed by all" in page
    answer = table["sofia"].client.get(f"{place}/record")
    number = place.rsplit("/", 1)[1]
    assert answer.headers["content-disposition"] == f'attachment; filename="understanding-{number}.json"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert record.verify(record.read(answer.content)).clauses == ("Neither uses force.", "Both withdraw.")
    assert "Propose to show some clauses" in table["ana"].get(place)
    assert "Propose to show some clauses" not in table["sofia"].get(place)


def test_it_is_signed_once_however_often_one_says_yes(table: Table) -> None:
    place = proposed(table)
    for name in ("ana", "hernan"):
        do(table[name], place, "initial")
    asked = press(table["ana"], place, "sign")
    assert sure(table["ana"], asked).status_code == 303
    assert sure(table["ana"], asked).status_code == 303
    table.settle()
    assert len(item(table).signatures) == 1
    assert not table.channel("ana").session.book.outbox.returned()
    answer = meant(table["ana"], place, [*table["ana"].hidden(place).items(), ("do", "sign")])
    assert answer.status_code == 400
    assert "You have signed understanding" in answer.text


def test_a_capital_has_to_agree(table: Table) -> None:
    place = proposed(table)
    assert not forms(table["hernan"].get(place), "refer")
    do(table["hernan"], place, "initial")
    page = do(table["hernan"], place, "refer")
    assert ">ad referendum<" in page
    assert not forms(page, "refer")
    assert ">ad referendum<" in table["ana"].get(place)


def test_it_is_withdrawn_with_a_reason(table: Table) -> None:
    place = proposed(table)
    assert "The reason is missing" in problem(table["ana"], place, "withdraw", reason=" ")
    page = do(table["ana"], place, "withdraw", reason="Not <b> now.")
    assert "Not &lt;b&gt; now." in page
    assert ">withdrawn<" in page
    assert item(table).state == "withdrawn"


def test_who_is_no_signatory_can_only_read(table: Table) -> None:
    place = proposed(table)
    page = table["sofia"].get(place)
    for act in ("initial", "sign", "refer", "withdraw"):
        assert not forms(page, act)
        answer = send(table["sofia"], place, [*table["sofia"].hidden(place).items(), ("do", act), ("reason", "x")])
        assert answer.status_code == 400
    assert (
        "This is for its signatories"
        in send(table["sofia"], place, [*table["sofia"].hidden(place).items(), ("do", "initial")]).text
    )


def test_what_comes_too_early_or_twice_is_told(table: Table) -> None:
    place = proposed(table)
    own = table["ana"].hidden(place)
    answer = send(table["ana"], place, [*own.items(), ("do", "sign")])
    assert answer.status_code == 400
    assert "a text that its signatories are to initial" in answer.text
    assert "backchannel understanding" not in answer.text
    before = table["ana"].get(place)
    do(table["ana"], place, "initial")
    again = problem(table["ana"], place, "initial", page=before, _number="z" * 32)
    assert "You have initialled understanding" in again
    assert "not signed by all" in table["ana"].get(f"{place}/record", 404)


def test_one_whose_signatory_has_left_says_so(table: Table) -> None:
    place = proposed(table)
    table.settle()
    remove(table.world, "hernan", "ana", "sofia")
    for name in ("ana", "sofia"):
        table.world[name].sync()
    with table.browsers["ana"].keeper.desk() as desk:
        desk.channel().sync()
    page = table.browsers["ana"].get(place)
    assert "a signatory has left" in page
    assert not forms(page, "initial")


def test_hostile_words_are_text(table: Table) -> None:
    place = proposed(table, "<i>T</i>", f"1. {NASTY}\n\n2. <img src=x>")
    for name in ("ana", "hernan"):
        do(table[name], place, "initial")
    asked = press(table["ana"], place, "sign").text
    for page in (table["ana"].get(place), table["ana"].get(ALL), asked):
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<i>T" not in page
    assert "&lt;img src=x&gt;" in asked


def test_what_is_written_without_a_relay_waits(table: Table) -> None:
    ana = table["ana"]
    both = [table.channel(name).me.hex() for name in ("ana", "hernan")]
    with ana.keeper.desk() as desk:
        offline(desk.channel())
    answer = press(ana, f"{ALL}/new", "propose", title="Act", words="One.", sign=both)
    assert answer.headers["location"] == ALL
    assert "waits for the relay" in ana.get(ALL)


def test_older_ones_are_on_pages_of_their_own(table: Table) -> None:
    for n in range(21):
        proposed(table, f"Number {n:02}.")
    page = table["ana"].get(ALL).partition("<aside")[0]
    assert "Number 20." in page
    assert "Number 00." not in page
    before = table.channel("ana").items("understanding")[1].position
    assert f"?before={before}" in page
    assert "Number 00." in table["ana"].get(f"{ALL}?before={before}")
