"""Our own vectors: each file is the log of a text; an implementer runs the same table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.state import At, State
from backchannel.entry.codec import decode
from backchannel.errors import Malformed
from backchannel.instruments.base import Spoken
from backchannel.instruments.text import brackets
from backchannel.instruments.text.rules import RULES, TEXT
from backchannel.instruments.text.values import Text
from tests.instruments.text.kit import TERMS, Talk, seat
from tests.instruments.text.kit import state as channel
from tools import make_vectors_text

FILES = sorted(make_vectors_text.FOLDER.glob("*.json"))
CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}


def roster(case: dict[str, Any], *, at_the_end: bool) -> State:
    people = {s["name"]: (s["party"], s["role"]) for s in case["roster"]}
    assert [seat(name).hex() for name in people] == [s["seat"] for s in case["roster"]]
    left = [name for name in people if at_the_end and seat(name).hex() in case["left"]]
    return channel(people, left=left, terms=replace(TERMS, attribution=case["attribution"], pen=case["pen"]))


def play(case: dict[str, Any]) -> tuple[list[Text], str]:
    """The text after each entry that counts, and what became of the last."""
    seen: list[Text] = []
    for number, entry in enumerate(case["entries"]):
        last = number == len(case["entries"]) - 1
        try:
            act: Any = decode(bytes.fromhex(entry["body"]), TEXT.kinds[entry["kind"]].body)
            id_, sender = bytes.fromhex(entry["id"]), bytes.fromhex(entry["seat"])
            held = seen[-1] if seen and act.item == seen[0].id else None
            audience = tuple(map(bytes.fromhex, entry["audience"]))
            at = At(entry["position"], entry["arrival"])
            now = roster(case, at_the_end=last)
            seen.append(TEXT.fold(held, Spoken(at, id_, sender, audience, entry["kind"], act, now)))
        except Malformed as problem:
            if not last:
                raise
            return seen, problem.code
    return seen, "ok"


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_judged_as_it_says(name: str) -> None:
    case = CASES[name]
    if "words" in case:
        read(case)
        return
    seen, code = play(case)
    assert code == case["class"]
    if code == "ok":
        talk = Talk()
        talk.state = roster(case, at_the_end=True)
        assert make_vectors_text.after(seen[-1], talk) == case["after"]


def read(case: dict[str, Any]) -> None:
    """Words and their brackets."""
    try:
        groups = list(brackets.walk(brackets.parse(case["words"], case["parties"])))
    except Malformed as problem:
        code = problem.code
    else:
        code = "ok"
        assert [
            (one.start, one.raw, one.placeholder, [(list(a.by), a.words) for a in one.alternatives]) for one in groups
        ] == [
            (one["start"], one["raw"], one["placeholder"], [(a["by"], a["words"]) for a in one["alternatives"]])
            for one in case["groups"]
        ]
    assert code == case["class"]


def test_the_files_are_fresh() -> None:
    made = {name: json.loads(json.dumps(one)) for name, one in make_vectors_text.cases().items()}
    assert made == CASES, "run: python tools/make_vectors_text.py"


def test_every_kind_is_accepted_and_refused_somewhere() -> None:
    judged = {(case["entries"][-1]["kind"], case["class"] == "ok") for case in CASES.values() if "entries" in case}
    refused = {kind for kind in TEXT.kinds if kind != "text.close"}
    assert {kind for kind, ok in judged if not ok} >= refused
    before = {entry["kind"] for case in CASES.values() for entry in case.get("entries", ())}
    assert before == {kind for _, kind, _ in RULES}
