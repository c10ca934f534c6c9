"""Mandates in a browser: given, declared, attested, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.kit import browsing
from tests.web.kit_forms import do, done, fill, meant, press, problem, sure
from tests.web.kit_texts import Table, sitting

MANDATES = "/c/1/seats/mandates"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with sitting(tmp_path) as one:
        yield one


def test_one_is_declared_and_read_by_all(table: Table) -> None:
    page = table["ana"].get(MANDATES)
    assert "No mandates yet" in page
    page = do(table["ana"], MANDATES, "grant", scope="The <b>treaty</b>.", act=["sign"], days="30")
    assert "The &lt;b&gt;treaty&lt;/b&gt;." in page
    page = table["sofia"].get(MANDATES).replace("\u2068", "").replace("\u2069", "")
    assert "Ana P. may sign for Argentina" in page
    assert "Declared by that seat itself" in page
    assert "Take it back" not in page


def test_one_is_taken_back(table: Table) -> None:
    do(table["ana"], MANDATES, "grant", scope="All.")
    asked = press(table["ana"], MANDATES, "revoke", reason="Enough <b>.")
    assert "signed before stays signed" in asked.text
    page = done(table["ana"], sure(table["ana"], asked))
    assert "taken back" in page
    assert "Enough &lt;b&gt;." in page
    place, fields = fill(table["ana"], MANDATES, "grant", scope="x")
    for who, number in (("ana", "1"), ("ana", "x"), ("ana", str(table.channel("ana").items("mandate")[0].position))):
        rest = [(name, value) for name, value in fields if name not in ("do", "_number")]
        fresh = [*rest, ("_number", number), ("mandate", number), ("do", "revoke")]
        assert meant(table[who], place, fresh).status_code == 400


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"act": []}, "initial, to sign, or both"),
        ({"days": "9999"}, "initial, to sign, or both"),
        ({"days": "x"}, "is no number"),
        ({"scope": ""}, ""),
        ({"to": "ff" * 16}, "no longer here"),
    ],
)
def test_what_cannot_be_stays_in_the_form(table: Table, typed: dict[str, str], why: str) -> None:
    page = problem(table["ana"], MANDATES, "grant", **{"scope": "My <i>words</i>.", **typed})
    assert why in page
    assert "My &lt;i&gt;words" in page or "scope" in typed
    assert not table.channel("ana").items("mandate")


def test_an_institution_attests_it(table: Table) -> None:
    ana = table["ana"]
    answer = ana.client.get("/c/1/seats/statement.txt")
    assert answer.headers["content-disposition"] == 'attachment; filename="statement.txt"'
    line = answer.content.decode()
    assert line.endswith("\n")
    assert line.rstrip("\n") in ana.get(MANDATES)
    page = do(ana, MANDATES, "grant", scope="All.", published="https://mfa.example/<b>")
    assert "https://mfa.example/&lt;b&gt;" in page
    page = do(ana, MANDATES, "grant", scope="More.")
    assert page.count("Not proved") == 1


def attest(table: Table, **sent: bytes) -> tuple[int, str]:
    ana = table["ana"]
    place, fields = fill(ana, MANDATES, "grant", scope="All.", published="here" if "both" in sent else "")
    files = [(name, (f"{name}.der", raw)) for name, raw in sent.items() if name != "both"]
    answer = ana.client.post(place, data=dict(fields), files=files, headers={"origin": f"http://{ana.host}"})
    return answer.status_code, answer.text


def test_a_certificate_comes_with_its_signature(table: Table) -> None:
    assert attest(table, certificate=b"x", signature=b"y")[0] in (303, 400)
    for sent in ({"certificate": b"x"}, {"signature": b"x"}, {"certificate": b"x", "signature": b"y", "both": b""}):
        status, text = attest(table, **sent)
        assert status == 400
        assert "one of the two ways" in text
    status, text = attest(table, certificate=b"x" * 40_000, signature=b"y")
    assert status == 400
    assert "too long" in text


def test_observers_read(tmp_path: Path) -> None:
    from tests.desk.world import talks

    with talks(tmp_path, ("ana", "hernan", "dora")) as world, browsing(world, "dora") as dora:
        page = dora.get(MANDATES)
        assert "Give a mandate" not in page
        assert "<form" not in page[page.index("<main") : page.index("</main>")]


def test_many_are_told_in_portions(table: Table) -> None:
    from backchannel.desk import mandates

    channel = table.world["ana"]
    for n in range(21):
        mandates.grant(channel, channel.me, ["sign"], f"Matter {n}.")
    page = table["ana"].get(MANDATES)
    assert "Matter 20." in page
    assert "Matter 0." not in page
    assert "Earlier ones" in page
