"""Our own vectors: each file is the log of a ladder; an implementer runs the same table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backchannel.channel.state import At
from backchannel.entry.codec import decode
from backchannel.errors import Malformed
from backchannel.instruments.base import Spoken
from backchannel.instruments.step.rules import RULES, STATES, STEP
from backchannel.instruments.step.values import Ladder
from tests.instruments.step.kit import channel, seat
from tools import make_vectors_step as maker

FILES = sorted(maker.FOLDER.glob("*.json"))
CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}


def play(case: dict[str, Any]) -> tuple[Ladder | None, str]:
    """The ladder after all entries that count, and what became of the last."""
    people = {one["name"]: (one["party"], one["role"]) for one in case["roster"]}
    assert [seat(name).hex() for name in people] == [one["seat"] for one in case["roster"]]
    state, item = channel(people), None
    for number, entry in enumerate(case["entries"], 1):
        try:
            act: Any = decode(bytes.fromhex(entry["body"]), STEP.kinds[entry["kind"]].body)
            id_, sender = bytes.fromhex(entry["id"]), bytes.fromhex(entry["seat"])
            at = At(entry["position"], entry["arrival"])
            audience = tuple(map(bytes.fromhex, entry["audience"]))
            item = STEP.fold(item, Spoken(at, id_, sender, audience, entry["kind"], act, state))
        except Malformed as problem:
            assert number == len(case["entries"])
            return item, problem.code
    return item, "ok"


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_judged_as_it_says(name: str) -> None:
    case = CASES[name]
    item, code = play(case)
    assert code == case["class"]
    if code == "ok":
        assert item is not None
        for there in (case["after"], *case["later"]):
            assert maker.after(item, there["unit"]) == there


def test_the_files_are_fresh() -> None:
    made = {name: json.loads(json.dumps(one)) for name, one in maker.cases().items()}
    assert made == CASES, "run: python tools/make_vectors_step.py"


def test_every_kind_is_accepted_and_refused_somewhere() -> None:
    judged = {(case["entries"][-1]["kind"], case["class"] == "ok") for case in CASES.values()}
    assert judged == {(kind, ok) for _, kind, _ in RULES for ok in (True, False)}


def test_every_standing_is_somewhere() -> None:
    there = [at for case in CASES.values() if "after" in case for at in (case["after"], *case["later"])]
    assert {one["standing"] for at in there for one in at["steps"]} == set(STATES)
