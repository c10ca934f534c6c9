"""Our own vectors of what is set aside, of hats and of non-papers: an implementer runs the same tables."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest

from backchannel.entry.codec import decode
from backchannel.errors import Malformed
from backchannel.instruments.hat import mix
from backchannel.instruments.hat.rules import HAT
from backchannel.instruments.nonpaper.rules import NONPAPER
from backchannel.seal import aside
from backchannel.seal import primitives as p
from backchannel.seal.aside import Aside, Once
from tests.instruments.hat.kit import CHANNEL, seat
from tools import make_vectors_hat as maker

FILES = sorted(file for folder in ("aside", "hat", "nonpaper") for file in (maker.FOLDER / folder).glob("*.json"))
CASES: dict[str, dict[str, Any]] = {
    f"{file.parent.name}/{file.stem}": json.loads(file.read_text(encoding="utf-8")) for file in FILES
}


def judged(case: dict[str, Any]) -> str:
    """What becomes of a case."""
    if case["op"] == "log":
        items, codes = maker.play(case)
        assert codes[-len(case["entries"]) :] == [entry["class"] for entry in case["entries"]]
        assert "items" not in case or json.loads(json.dumps(items)) == case["items"]
        return codes[-1] if "after" in case else "ok"
    if case["op"] == "slips":
        slips(case)
        return "ok"
    if case["op"] == "words":
        body = decode(b64decode(case["body"]), Aside)
        try:
            return (
                "ok" if aside.words(CHANNEL, bytes.fromhex(case["key"]), body) == b64decode(case["words"]) else "other"
            )
        except Malformed as problem:
            return problem.code
    who, seed, slot = bytes.fromhex(case["seat"]), bytes.fromhex(case["seed"]), b64decode(case["slot"])
    if case["op"] == "copy":
        found = aside.open_copy(CHANNEL, bytes.fromhex(case["item"]), who, seed, slot)
    else:
        found = Once(seed).open(CHANNEL, who, case["n"], slot)
    assert found in (None, bytes.fromhex(case["key"]))
    return "ok" if found else "none"


def slips(case: dict[str, Any]) -> None:
    """Layer by layer, and what is left."""
    sid, items = bytes.fromhex(case["sid"]), [b64decode(one) for one in case["submitted"]]
    for j, (seed, there) in enumerate(zip(case["outer"], case["lists"], strict=True)):
        found = mix.shuffled(mix.strip(sid, j, p.xwing_private(bytes.fromhex(seed)), items))
        assert found is not None
        items = list(found)
        assert items == [b64decode(one) for one in there]
    inner = [p.xwing_private(bytes.fromhex(seed)) for seed in case["inner"]]
    opened = [mix.open_core(sid, inner, core) for core in items]
    assert opened == [b64decode(one) for one in case["slips"]]


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_judged_as_it_says(name: str) -> None:
    assert judged(CASES[name]) == CASES[name]["class"]


def test_there_are_all_of_them_and_no_others() -> None:
    """HPKE seals otherwise each time: the files stay as first made, but the tool makes the same cases, judged alike."""
    made = {
        name: case
        for cases in (maker.asides(), maker.rounds(), maker.messages(), maker.nonpapers())
        for name, case in cases
    }
    assert made.keys() == CASES.keys()
    for name, case in made.items():
        assert _judgement(case) == _judgement(CASES[name]), name


def _judgement(case: dict[str, Any]) -> Any:
    entries = [(e["kind"], e["seat"], e["class"]) for e in case.get("entries", [])]
    return case["op"], case["class"], entries, [item["state"] for item in case.get("items", [])]


def test_every_kind_and_every_end_has_a_case() -> None:
    entries = [entry for case in CASES.values() for entry in case.get("entries", [])]
    assert {e["kind"] for e in entries if e["class"] == "ok"} >= {*HAT.kinds, *NONPAPER.kinds} - {
        "nonpaper.copy",
        "nonpaper.carried",
    }
    ends = {item["state"] for case in CASES.values() for item in case.get("items", [])}
    assert ends >= {"closed", "blamed", "failed", "objected", "taken-up", "withdrawn", "lapsed", "floated"}
    assert {entry["class"] for entry in entries} >= {
        *("ok", "rule", "key", "commit", "turn", "list", "go", "slips", "slip", "late", "encoding"),
        *("stance", "version", "hours", "route", "repeat"),
    }
    assert seat("Ana").hex() in {entry["seat"] for entry in entries}
