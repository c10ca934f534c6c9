"""`backchannel mandate`: granted, shown, revoked; what it says of what attests it, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Person, Table, table_in


def granted(person: Person, *more: str) -> Any:
    return person.facts("mandate", "grant", "Ana", "The Act, and nothing else.", *more)


def test_declared_shown_and_revoked(table: Table) -> None:
    one = granted(table.ana, "--act", "initial", "--days", "30")["mandate"]
    assert (one["to"], one["by"], one["declared"], one["party"]) == ("Ana P.", "Ana P.", True, "Argentina")
    assert (one["acts"], one["state"], one["attested"]) == (["initial"], "in-force", False)
    number = str(one["number"])
    news = table.hernan.run("desk", "sync").out
    assert "The Act, and nothing else." in news
    assert table.hernan.facts("mandate", "show", number)["mandate"]["scope"] == "The Act, and nothing else."
    said = table.hernan.run("mandate", "list").out
    assert "Ana P. may initial for Argentina" in said
    assert "whose keys these are" in said
    assert table.hernan.facts("mandate", "revoke", number, code=1)["error"] in ("rule", "mandate")
    assert table.ana.facts("mandate", "revoke", number, "Recalled.")["mandate"]["state"] == "revoked"
    told = table.hernan.facts("mandate", "show", number)["mandate"]
    assert (told["state"], told["reason"]) == ("revoked", "Recalled.")
    assert "Because: Recalled." in table.hernan.run("mandate", "show", number).out


def test_said_to_be_published(table: Table) -> None:
    one = granted(table.ana, "--published", "https://ministry.example/keys")["mandate"]
    assert one["attested"] is True
    assert one["acts"] == ["initial", "sign"]
    assert "may initial and sign for Argentina" in table.ana.run("mandate", "show", str(one["number"])).out


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, relay: str) -> Table:
    return table_in(tmp_path_factory.mktemp("mandate"), relay)


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("grant Ana S --act marry", 1, "acts"),
        ("grant Nobody S", 1, "seat"),
        ("grant Ana S --days 0", 2, "usage"),
        ("grant Ana S --certificate missing", 1, "attestation"),
        ("grant Ana S --certificate missing --signature missing", 1, "file"),
        ("grant Ana S --certificate a --signature b --published c", 1, "attestation"),
        ("show 0", 1, "item"),
        ("revoke 0", 1, "item"),
        ("grant", 2, "usage"),
    ],
)
def test_bad_input(line: str, code: int, error: str, shared: Table, tmp_path: Path) -> None:
    told = shared.ana.facts("mandate", *line.split(), code=code)
    assert told["error"] == error
    assert told["what"]


def test_only_of_ones_own_party(table: Table) -> None:
    told = table.ana.facts("mandate", "grant", "Chile", "Anything.", code=1)
    assert "mandate." not in told["what"]
    assert table.ana.run("mandate", "list").out == "No mandates. A principal grants one: backchannel mandate grant\n"


def test_without_a_relay_it_waits(unreachable: Table) -> None:
    assert granted(unreachable.ana)["fate"] == "waits"
