"""Our own vectors: each file is the log of a sounding; an implementer runs the same table."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.state import At
from backchannel.entry.codec import decode
from backchannel.errors import Malformed
from backchannel.instruments.base import Spoken
from backchannel.instruments.sounding.rules import RULES, SOUNDING
from backchannel.instruments.sounding.values import Sounding
from tests.instruments.sounding.kit import state
from tools import make_vectors_sounding

FILES = sorted(make_vectors_sounding.FOLDER.glob("*.json"))
CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}


def play(case: dict[str, Any]) -> tuple[list[Sounding], str]:
    """The sounding after each entry that counts, and what became of the last."""
    seats = {s.id: s for s in state().seats}
    roster = replace(
        state(),
        seats=tuple(
            replace(seats[bytes.fromhex(s["seat"])], role="observer" if s["observer"] else "envoy")
            for s in case["roster"]
        ),
    )
    left = set(map(bytes.fromhex, case["left"]))
    after = replace(roster, seats=tuple(replace(s, standing="gone") if s.id in left else s for s in roster.seats))
    seen: list[Sounding] = []
    for number, entry in enumerate(case["entries"]):
        last = number == len(case["entries"]) - 1
        try:
            act: Any = decode(bytes.fromhex(entry["body"]), SOUNDING.kinds[entry["kind"]].body)
            id_, sender = bytes.fromhex(entry["id"]), bytes.fromhex(entry["seat"])
            held = seen[-1] if seen and act.item == seen[0].id else None
            audience = tuple(map(bytes.fromhex, entry["audience"]))
            at = At(entry["position"], entry["arrival"])
            spoken = Spoken(at, id_, sender, audience, entry["kind"], act, after if last else roster)
            seen.append(SOUNDING.fold(held, spoken))
        except Malformed as problem:
            if not last:
                raise
            return seen, problem.code
    return seen, "ok"


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_judged_as_it_says(name: str) -> None:
    case = CASES[name]
    seen, code = play(case)
    assert code == case["class"]
    if "results" in case:
        full = next(item for item in reversed(seen) if item.sums.y)
        said = {
            "sid": seen[-1].sid.hex(),
            "h": full.sums.key.hex(),
            "th": [t.hex() for t in full.sums.threads],
            "tests": [{"option": t.option, "tally": t.tally, "a": t.a.hex(), "c": t.c.hex()} for t in full.sums.tests],
            "x": [x.hex() for x in full.sums.x],
            "y": [y.hex() for y in full.sums.y],
            "order": list(full.sums.order),
            "state": seen[-1].state,
            "results": [{"option": r.option, "tally": r.tally} for r in seen[-1].results],
            "failed": seen[-1].failed,
        }
        assert said == {key: case[key] for key in said}


def test_states_change_as_the_table_says() -> None:
    """Every step of every case is a row of the table, and every row but one is taken."""
    taken = set()
    for case in CASES.values():
        seen, _ = play(case)
        for entry, (before, after) in zip(case["entries"][1:], pairwise(seen), strict=False):
            sender = bytes.fromhex(entry["seat"])
            who = "asker" if entry["kind"] == "sounding.withdraw" else before.who(sender)
            assert after.state in RULES[before.state, entry["kind"], who]
            taken.add((before.state, entry["kind"], who))
    assert set(RULES) - taken == {("", "sounding.open", "speaker"), ("ballots", "sounding.withdraw", "asker")}


def test_the_files_are_what_the_tool_makes() -> None:
    made = make_vectors_sounding.cases()
    assert {path.name: path.read_text(encoding="utf-8") for path in FILES} == made


def test_every_kind_and_every_refusal_has_a_case() -> None:
    codes = {case["class"] for case in CASES.values()}
    assert codes >= {
        *("answered", "ack", "audience", "commit", "early", "hours", "item", "late", "left", "options", "order"),
        *(
            "point",
            "position",
            "proof",
            "prose",
            "repeat",
            "reveal",
            "rule",
            "scalar",
            "share",
            "size",
            "text",
            "voters",
        ),
    }
    last = {case["entries"][-1]["kind"] for case in CASES.values() if case["class"] == "ok"}
    assert last == set(SOUNDING.kinds)
