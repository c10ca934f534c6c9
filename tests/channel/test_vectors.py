"""Our own vectors of the channel: each act, code and charter is judged as the file says."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from backchannel.channel import charter, code
from backchannel.channel.fold import judge
from backchannel.channel.state import At, State
from backchannel.entry.codec import decode
from backchannel.errors import Malformed
from backchannel.seal import roster
from tools import make_vectors_channel as maker

FOLDER = maker.VECTORS / "channel"
FILES = sorted(FOLDER.glob("*.json"))


def case_of(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@cache
def played(name: str) -> tuple[State, tuple[str, ...]]:
    """The roster after a case, and what became of each of its acts."""
    case = case_of(FOLDER / f"{name}.json")
    state = played(case["after"])[0] if "after" in case else State(bytes.fromhex(case["channel"]))
    found = []
    for entry in case["acts"]:
        act = decode(b64decode(entry["act"]), roster.Act | roster.Dist)  # type: ignore[arg-type]
        outcome = judge(state, act, At(entry["position"], entry["arrival"]))
        state = outcome.state
        found.append(outcome.error.code if outcome.error else "ok")
    return state, tuple(found)


def judged(case: dict[str, Any], name: str) -> str:
    try:
        if case["op"] == "code":
            value = code.read(case["text"])
            assert {f: case["value"][f] for f in value.__struct_fields__} == {
                f: v.hex() if isinstance(v := getattr(value, f), bytes) else v for f in value.__struct_fields__
            }
        elif case["op"] == "terms":
            terms = charter.Terms(**case["terms"])
            assert charter.check(terms) is terms
        else:
            state, found = played(name)
            assert list(found) == [entry["class"] for entry in case["acts"]]
            assert json.loads(json.dumps(maker.summary(state))) == case["roster"]
            return found[-1]
    except Malformed as problem:
        return problem.code
    return "ok"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_case_is_judged_as_it_says(path: Path) -> None:
    case = case_of(path)
    assert judged(case, path.stem) == case["class"]


def test_there_are_all_of_them_and_no_others() -> None:
    assert {path.stem for path in FILES} == {*maker.ROSTERS, "founding", "open", *maker.codes(), *maker.terms()}
    classes = {case_of(path)["class"] for path in FILES}
    assert {"ok", "signature", "turn", "rule", "proof", "invitation", "subject", "rotation", "slots"} <= classes
