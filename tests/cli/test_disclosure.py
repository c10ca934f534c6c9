"""`backchannel disclosure` and `backchannel verify`: from a proposal to a page, and what a stranger is told."""

from __future__ import annotations

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from backchannel.facts.disclosed import BUNDLE, PAGE
from tests.cli.conftest import Person, Table, table_in

TEXT = "1. Neither uses force.\n\n2. Both withdraw.\n\n3. Both ask for mediation."


def signed(table: Table) -> str:
    """Ana and Hernán have signed an understanding of three clauses; its number."""
    who = ("--sign", "Ana", "--sign", "Hernán")
    told = table.ana.facts("understanding", "propose", "--title", "Act of Montevideo", "--text", TEXT, *who)
    number = str(told["understanding"]["number"])
    for step in (("initial",), ("sign", "--yes")):
        for person in (table.hernan, table.ana):
            person.facts("desk", "sync")
            person.facts("understanding", step[0], number, *step[1:])
    together(table)
    return number


def together(table: Table) -> list[Any]:
    """Everybody reads; what was new to Sofía."""
    news: list[Any] = []
    for _ in range(2):
        for person in table.all:
            came = person.facts("desk", "sync")["channels"][0]["new"]
            news += came if person is table.sofia else []
    return news


def proposed(table: Table, *more: str, of: str, by: Person | None = None) -> str:
    words = ("--summary", "They will not fight.", "--clause", "1")
    return str((by or table.ana).facts("disclosure", "propose", of, *words, *more)["disclosure"]["number"])


def test_the_whole_way(table: Table, tmp_path: Path) -> None:
    of = signed(table)
    number = proposed(table, "--clause", "3", "--lines", "We agreed.", of=of)
    said = table.hernan.run("desk", "sync").out
    assert f"Disclosure {number}, of understanding {of}: Act of Montevideo" in said
    assert "clauses 1 and 3 of 3, to the public; proposed by Ana P." in said
    assert "They will not fight." in said
    assert "It awaits the consent of Chile." in said
    waits = f"you: say whether clauses are shown: disclosure {number} (for Chile)"
    assert waits in table.hernan.run("channel", "show").out
    answer = table.hernan.run("disclosure", "consent", number, typed="n\n", code=1)
    assert "What is shown cannot be taken back." in answer.out
    answer = table.hernan.run("disclosure", "consent", number, typed="y\n")
    assert f"Consented.\nDisclosure {number}: agreed; it may be published.\n" in answer.out
    assert f"consent to disclosure {number} (Hernán C.)" in table.ana.run("desk", "sync").out
    assert f"you: publish disclosure {number}" in table.ana.run("channel", "show").out
    assert "Both withdraw" not in table.ana.run("disclosure", "show", number).out

    folder = tmp_path / "pub"
    said = table.ana.run("disclosure", "publish", number, str(folder), "--comments", "press@example.org", "--yes").out
    assert "Publish both together." in said
    page, raw = (folder / PAGE).read_text(encoding="utf-8"), (folder / BUNDLE).read_bytes()
    for words in ("Neither uses force.", "clause 2 stays closed", "We agreed.", "press@example.org", "the public"):
        assert words in page
    assert "Both withdraw" not in page + raw.decode()
    assert f"publication of disclosure {number}" in str(together(table))
    told = table.sofia.facts("disclosure", "list")["disclosures"]
    assert [(one["state"], one["number"]) for one in told] == [("published", int(number))]
    assert "published; that cannot be taken back" in table.sofia.run("disclosure", "list").out
    assert "publish" not in table.ana.run("channel", "show").out
    (found,) = table.sofia.facts("search", "fight")["found"]
    assert found["disclosure"]["number"] == int(number)
    assert "They will not fight." in table.sofia.run("search", "fight").out

    # A stranger has only the file.
    stranger = Person(tmp_path / "stranger")
    said = stranger.run("verify", str(folder / BUNDLE)).out
    assert stranger.run("verify", str(folder)).out == said
    assert (folder / BUNDLE).stat().st_mode & 0o777 == 0o600
    assert said.startswith("This holds: every signature, every clause that is shown, and its place in the\n  log.\n")
    assert "nothing here says whose keys these" in said
    assert "1 stays closed" in said
    assert "They will not fight." not in said  # nobody signed that
    facts = stranger.facts("verify", str(folder / BUNDLE))
    assert (facts["ok"], facts["kind"], facts["to"], facts["replaces"]) == (True, "disclosure", "the public", None)
    assert [one["text"] for one in facts["clauses"]] == ["Neither uses force.", None, "Both ask for mediation."]
    assert facts["sha256"] in page
    assert not stranger.folder.exists()
    (tmp_path / "lie.json").write_bytes(raw.replace(b'"index": ', b'"index": 1'))
    assert stranger.facts("verify", str(tmp_path / "lie.json"), code=1)["error"] == "place"
    for name, written in (("x.json", b"{}"), ("y.json", b'{"backchannel": "disclosure 1"}\n')):
        (tmp_path / name).write_bytes(written)
        assert stranger.facts("verify", str(tmp_path / name), code=1)["error"] == "record"
    record = tmp_path / "record.json"
    table.ana.run("understanding", "show", of, "--save", str(record))
    assert "Every signature holds" in stranger.run("verify", str(record)).out


def test_a_correction_and_a_page_that_takes_back(table: Table, tmp_path: Path) -> None:
    of = signed(table)
    first = proposed(table, of=of)
    table.hernan.facts("disclosure", "consent", first, "--yes")
    told = table.ana.facts("disclosure", "publish", first, str(tmp_path / "first"), "--yes")
    table.hernan.facts("desk", "sync")
    second = proposed(table, "--replaces", first, of=of, by=table.hernan)
    table.ana.facts("disclosure", "consent", second, "--yes")
    after = table.hernan.facts("disclosure", "publish", second, str(tmp_path / "second"), "--yes")
    together(table)
    shown = Person(tmp_path / "stranger").facts("verify", after["bundle"])
    assert shown["replaces"] == told["disclosure"]["sha256"]
    assert "It replaces an earlier disclosure" in Person(tmp_path / "s").run("verify", after["bundle"]).out
    assert f"replaced by disclosure {second}" in table.sofia.run("disclosure", "list").out

    gone = tmp_path / "gone"
    args = ("disclosure", "publish", first, str(gone), "--see", "https://example.org/new", "--yes")
    assert "Publish it where the page stood that it is about." in table.ana.run(*args).out.replace("\n  ", " ")
    assert [path.name for path in gone.iterdir()] == [PAGE]
    page = (gone / PAGE).read_text(encoding="utf-8")
    for words in ("replaced by another", "https://example.org/new", told["disclosure"]["sha256"], shown["sha256"]):
        assert words in page

    said = table.ana.run("disclosure", "retract", second, "It was misread.").out
    assert f"Retracted, for your party.\nDisclosure {second}: published" in said
    said = table.ana.run("disclosure", "show", second).out
    assert "No longer stand by its wording: Argentina." in said
    assert "Because: It was misread." in said
    table.hernan.facts("disclosure", "retract", second)
    told = table.hernan.facts("disclosure", "publish", second, str(tmp_path / "retracted"), "--yes")
    assert (told["bundle"], told["disclosure"]["state"]) == (None, "retracted")
    page = (tmp_path / "retracted" / PAGE).read_text(encoding="utf-8")
    assert "do not stand by the words" in page
    assert "misread" not in page  # that was said in the channel
    # What was never shown needs no page.
    third = proposed(table, of=of)
    table.ana.facts("disclosure", "withdraw", third)
    assert (
        table.ana.facts("disclosure", "publish", third, str(tmp_path / "n"), "--yes", code=1)["error"] == "not-agreed"
    )
    assert not (tmp_path / "n").exists()


def test_refused_and_not_before_its_day(table: Table, tmp_path: Path) -> None:
    of = signed(table)
    number = proposed(table, "--not-before", "2044-11-25", "--to", "The Holy See", of=of)
    assert "(for Chile)" in table.sofia.run("channel", "show").out
    assert "to The Holy See; proposed" in table.hernan.run("disclosure", "show", number).out.replace("\n  ", " ")
    told = table.hernan.facts("disclosure", "refuse", number, "Not now.")["disclosure"]
    assert (told["state"], told["reason"], told["awaits"]) == ("refused", "Not now.", [])
    number = proposed(table, "--not-before", "2044-11-25", of=of)
    table.hernan.facts("disclosure", "consent", number, "--yes")
    table.ana.facts("desk", "sync")
    assert "it may be published from 2044-11-2" in table.ana.run("disclosure", "show", number).out
    assert "you: publish" not in table.ana.run("channel", "show").out
    told = table.ana.facts("disclosure", "publish", number, str(tmp_path / "early"), "--yes", code=1)
    assert told["error"] == "early"
    assert not (tmp_path / "early").exists()


def test_a_side_letter_names_what_it_belongs_to_by_hash(table: Table, tmp_path: Path) -> None:
    """An understanding of its own, among fewer, with the record of the other as an annex (understanding.md, 6)."""
    of, saved = signed(table), tmp_path / "act.json"
    table.ana.facts("understanding", "show", of, "--save", str(saved))
    letter = ("--title", "Side letter", "--text", "Pilots are named by Chile.", "--annex", str(saved), "--to", "Hernán")
    told = table.ana.facts("understanding", "propose", *letter, "--sign", "Ana", "--sign", "Hernán")["understanding"]
    (annex,) = told["annexes"]
    assert annex == {"name": "act.json", "sha256": sha256(saved.read_bytes()).hexdigest()}
    together(table)
    titles = [[one["title"] for one in person.facts("understanding", "list")["understandings"]] for person in table.all]
    assert [("Side letter" in held) for held in titles] == [person is not table.sofia for person in table.all]


def test_only_once_something_is_confirmed(table: Table, tmp_path: Path) -> None:
    number = proposed(table, "--once", "The units are back in barracks.", of=signed(table))
    table.hernan.facts("disclosure", "consent", number, "--yes")
    table.ana.facts("desk", "sync")
    page = table.ana.run("disclosure", "show", number).out
    assert "The units are back in barracks." in page
    assert "once Argentina and Chile confirm" in page.replace("\n  ", " ")
    assert "whether its condition is met" in table.sofia.run("channel", "show").out
    told = table.ana.facts("disclosure", "publish", number, str(tmp_path / "early"), "--yes", code=1)
    assert told["error"] == "condition"
    for person in (table.ana, table.hernan):
        told = person.facts("disclosure", "confirm", number, "--yes")["disclosure"]
    assert (told["state"], told["confirmed"], told["unconfirmed"]) == ("agreed", ["Argentina", "Chile"], [])
    assert table.hernan.facts("disclosure", "confirm", number, "--yes", code=1)["error"]
    assert table.hernan.facts("disclosure", "publish", number, "/dev/null/new", "--yes", code=1)["error"] == "folder"
    table.hernan.facts("disclosure", "publish", number, str(tmp_path / "shown"), "--yes")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, relay: str) -> tuple[Table, str, str]:
    """A table with an understanding, and a disclosure that awaits consent."""
    table = table_in(tmp_path_factory.mktemp("disclosure"), relay)
    of = signed(table)
    number = proposed(table, of=of)
    together(table)
    return table, of, number


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("propose {of} --clause 9 --summary x", 1, "clauses"),
        ("propose {of} --clause 0 --summary x", 2, "usage"),
        ("propose {of} --summary x", 2, "usage"),
        ("propose {of} --clause 1 --summary x --not-before 1984-25-11", 1, "day"),
        ("propose {of} --clause 1 --summary x --not-before 9999-01-01", 1, "day"),
        ("propose {of} --clause 1 --summary x --replaces 0", 1, "item"),
        ("propose 0 --clause 1 --summary x", 1, "item"),
        ("show 0", 1, "item"),
        ("consent 0", 1, "item"),
        ("withdraw 0", 1, "item"),
        ("publish {n} {folder} --yes", 1, "exists"),
        ("publish {n} {folder}/new --yes", 1, "not-agreed"),
        ("publish {n} /dev/null/new --yes", 1, "not-agreed"),
        ("retract {n}", 1, "not-now"),
    ],
)
def test_bad_input(line: str, code: int, error: str, shared: tuple[Table, str, str], tmp_path: Path) -> None:
    table, of, number = shared
    args = line.format(of=of, n=number, folder=tmp_path).split()
    told = table.ana.facts("disclosure", *args, code=code)
    assert told["error"] == error
    assert told["what"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "line", ["consent {n} --yes", "refuse {n}", "withdraw {n}", "propose {of} --clause 1 --summary x"]
)
def test_who_has_not_signed_is_told_so(line: str, shared: tuple[Table, str, str]) -> None:
    table, of, number = shared
    told = table.sofia.facts("disclosure", *line.format(of=of, n=number).split(), code=1)
    assert told["error"] == "signatory"
    assert "disclosure." not in told["what"]


def test_nothing_yet(table: Table) -> None:
    said = table.ana.run("disclosure", "list").out
    assert said == "No disclosures. Propose one: backchannel disclosure propose\n"
    assert table.ana.facts("disclosure", "list")["disclosures"] == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")
def test_an_institution_attests_the_keys_with_openssl(table: Table, tmp_path: Path) -> None:
    """Exactly what `mandate statement` says to do, with another's program and a real certificate."""
    line, key, cert, sig = (tmp_path / name for name in ("line.txt", "key.pem", "cert.der", "sig"))
    said = table.ana.run("mandate", "statement", "--save", str(line)).out
    assert "openssl dgst -sha256 -sign KEY -out SIGNATURE" in said
    assert "<U+" not in said
    made = table.ana.facts("mandate", "statement")["statement"]
    assert line.read_text() == f"{made}\n"
    subject = "/C=AR/O=Ministerio de Relaciones Exteriores"
    for command in (
        [*f"req -x509 -newkey rsa:2048 -nodes -days 30 -keyout {key} -out {cert} -outform DER -subj".split(), subject],
        f"dgst -sha256 -sign {key} -out {sig} {line}".split(),
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    given = ("--certificate", str(cert), "--signature", str(sig))
    number = str(table.ana.facts("mandate", "grant", "Ana", "The dispute.", *given)["mandate"]["number"])
    assert "it is checked when this seat" in table.ana.run("mandate", "show", number).out.replace("\n    ", " ")
    of = signed(table)
    attested = "Attested by the holder of the certificate of O=Ministerio de Relaciones Exteriores,C=AR"
    assert attested in table.hernan.run("mandate", "show", number).out.replace("\n    ", " ")
    (found,) = table.hernan.facts("search", "dispute")["found"]
    assert found["mandate"]["number"] == int(number)
    n = proposed(table, of=of)
    table.hernan.facts("disclosure", "consent", n, "--yes")
    told = table.hernan.facts("disclosure", "publish", n, str(tmp_path / "pub"), "--yes")
    facts = Person(tmp_path / "stranger").facts("verify", told["bundle"])
    says = {one["name"]: one["attested"] for one in facts["signed"]}
    assert says["Ana P."].startswith(attested)
    assert "is not judged here" in says["Ana P."]
    assert says["Hernán C."] == "Not proved: nothing here says whose keys these are."
    assert json.dumps(facts).count("Ministerio") >= 1
