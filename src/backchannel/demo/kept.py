"""What can be proved of the steps: the same on all desks, with the file that goes with them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from backchannel.demo.checks import must
from backchannel.demo.scenario import Act
from backchannel.demo.stage import Stage
from backchannel.desk import evidence

_ENDS = {"find": "verified", "excuse": "excused"}
"""How a step stands that was found kept, or let go."""


def same_steps(stage: Stage) -> str:
    """Every desk has the same ladder, to the byte, and shows every step where the scenario left it."""
    acts = _acts(stage, "ladder")
    must(bool(acts), "The scenario has no steps.")
    for act in acts:
        forms = {msgspec.msgpack.encode(stage.ladders.item(act.label, key)) for key in stage.seated}
        must(len(forms) == 1, f"The desks have {len(forms)} different forms of the same steps.")
        said = {key: [one.now for one in stage.ladders.stands(act.label, key)] for key in stage.seated}
        for key, stands in said.items():
            must(stands == said[stage.first], f"The desk of {stage.scenario.who(key).short} shows other standings.")
        for one in (one for _, one in stage.scenario.acts if one.item == act.label and one.do in _ENDS):
            state = said[stage.first][one.number - 1].state
            must(state == _ENDS[one.do], f"Step {one.number} is {state!r}, and not {_ENDS[one.do]!r}.")
    item, stands = stage.ladders.item(acts[-1].label, stage.first), said[stage.first]
    states = [one.state for one in stands]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return f"“{item.title}”: {len(stands)} steps on {len(said)} desks, byte for byte the same: {counts}"


def evidence_whole(stage: Stage) -> str:
    """What any other desk gives out of a file is, byte for byte, what was reported; its digest stands in the report."""
    reports = [act for act in _acts(stage, "report") if act.file]
    must(bool(reports), "Nothing was reported with a file.")
    seen = 0
    for act in reports:
        given = stage.ladders.file(act).read_bytes()
        for key in stage.seated:
            short = stage.scenario.who(key).short
            found = [one for one in stage.ladders.named(act, key) if one.file.name == act.file]
            must(len(found) == 1, f"The desk of {short} knows of no file {act.file}.")
            must(found[0].file.sha256 == sha256(given).digest(), f"{act.file} is not what was named in the report.")
            must(_saved(stage, act, key, found[0]) == given, f"The desk of {short} gives out another {act.file}.")
            seen += key != act.who
    names = " and ".join(act.file for act in reports)
    passed = [stage.scenario.who(heir).short for heir in stage.scenario.heirs.values() if heir in stage.seated]
    also = f", {' and '.join(passed)}'s too, who was not there when it was sent" if passed else ""
    return f"{names}, {len(given)} bytes: the same from {seen} other desks{also}"


def _acts(stage: Stage, do: str) -> list[Act]:
    return [act for _, act in stage.scenario.acts if act.do == do]


def _saved(stage: Stage, act: Act, key: str, one: evidence.Named) -> bytes:
    with TemporaryDirectory() as folder:
        target = Path(folder) / "file"
        evidence.save(stage.channels[key], stage.ladders.item(act.item, key), one, target)
        return target.read_bytes()
