"""A saved understanding, read by a stranger: what is shown, what stays closed, what is not proved."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from backchannel.instruments.understanding import form, record
from tests.channel.kit import CHANNEL
from tests.cli.conftest import Person
from tests.instruments.understanding.kit import in_state


def saved(folder: Path, *clauses: int, shown: bool = True) -> str:
    made = record.of(CHANNEL, in_state("complete"), clauses)
    if not shown:
        first = replace(made.signatures[0], header=record.Shown(()))
        made = replace(made, signatures=(first, *made.signatures[1:]))
    file = folder / "record.json"
    file.write_bytes(record.write(made))
    return str(file)


def _disclosed(made: record.Record) -> tuple[str, ...]:
    header = made.signatures[0].header
    assert isinstance(header, record.Shown)
    return header.disclosures


def test_a_part_says_what_stays_closed(tmp_path: Path) -> None:
    nobody = Person(tmp_path / "nobody")
    file = saved(tmp_path, 2)
    page = nobody.run("understanding", "verify", file).out
    assert "Every signature holds for a text of which this is a part." in page
    assert "2 | Nor west of it," in page
    assert "(clause 1 is not shown)" in page
    assert "1 of 3 clauses are shown; what the others say, nothing here tells." in page
    assert "fish east" not in page
    found = nobody.facts("understanding", "verify", file)
    assert (found["clauses"][0], found["closed"]) == (None, [1, 3])
    assert found["annexes"] == [{"name": "chart.pdf", "sha256": "05" * 32}]
    assert "Who they are" in found["proves_not"]


def test_with_nothing_shown_it_still_says_which_keys_signed(tmp_path: Path) -> None:
    nobody = Person(tmp_path / "nobody")
    file = saved(tmp_path, shown=False)
    page = nobody.run("understanding", "verify", file).out
    assert "(the title is not shown)" in page
    assert "(not shown), (not shown), for (not shown); the words of these keys:" in page
    found = nobody.facts("understanding", "verify", file)
    assert [len(party["words"]) for party in found["parties"]] == [12, 12]


@pytest.mark.parametrize("what", ["signature", "words"])
def test_what_was_altered_is_refused_in_plain_words(tmp_path: Path, what: str) -> None:
    nobody = Person(tmp_path / "nobody")
    file = Path(saved(tmp_path, 1))
    made = record.of(CHANNEL, in_state("complete"), (1,))
    old = _disclosed(made)[1]
    new = form.b64(form.unb64(old).replace(b"fish", b"fist"))
    raw = file.read_bytes()
    if what == "signature":
        raw = raw.replace(made.signatures[0].signature.encode(), made.signatures[2].signature.encode())
    file.write_bytes(raw.replace(old.encode(), new.encode()) if what == "words" else raw)
    said = nobody.run("understanding", "verify", str(file), code=1).both
    assert {"signature": "does not hold", "words": "does not belong to it"}[what] in " ".join(said.split())
    assert "Traceback" not in said
