"""The rules table, cell by cell: what it allows is done, what it does not is refused and says why."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import pytest

from backchannel.channel import acts, rules
from backchannel.channel.state import DAY
from tests.channel.kit import TERMS, Desk, World, founding, handover_act, invite_act, join_act, once, opened

ACTS = ("found", "prekey", "once", "invite", "join", "charter", "assent", "remove", "handover", "freeze", "rotate")
PRESENT = {
    "empty": {"stranger": "Zoe"},
    "founding": {"stranger": "Zoe", "founder": "Ana", "guest": "Ben"},
    "signed": {"stranger": "Zoe", "founder": "Ana", "guest": "Ben"},
    "open": {"stranger": "Zoe", "guest": "Fay", "seat": "Ben", "observer": "Eve"},
}
CELLS = [(stage, act, who) for stage, parts in PRESENT.items() for act, who in product(ACTS, parts)]


@cache
def staged(stage: str) -> World:
    world = World()
    if stage == "founding":
        world = founding(3)
        world.invite(world["Ana"], "Zoe", "Peru")
        world.charter()
        world["Cem"].act(acts.Assent(world.state.charter.digest))  # type: ignore[union-attr]
    elif stage == "signed":
        world = founding(3)
        world.invite(world["Ana"], "Zoe", "Peru")
        world.charter()
        world.sign()
    elif stage == "open":
        world = opened(5)
        world.enter("Fay", "Peru")
        world.invite(world["Ana"], "Zoe", "Peru")
        world["Cem"].act(acts.Remove(world["Eve"].id, "She was never here."))
        world["Dora"].sync()
        world["Dora"].act(acts.Remove(world["Dora"].id, "I go."))
    return world


def ready(stage: str, name: str) -> tuple[World, Desk]:
    world = staged(stage).copy()
    if name == "Zoe":
        known = world["Ana"].engine.wallet.secrets.values() if world.desks else [b"\x01" * 32]
        world.desks["Zoe"] = Desk("Zoe", world.log, list(known))
    world.sync()
    return world, world[name]


def body(world: World, desk: Desk, act: str) -> Any:
    """The act, such that it is right wherever it is allowed at all."""
    state = desk.state
    if act == "found":
        return acts.Found("Beagle", "To speak.", desk.identity.keys, desk.name, "Argentina", "envoy")
    if act == "prekey":
        return desk.prekey_act()
    if act == "once":
        return acts.Once(once(f"{desk.name} next"))
    if act == "invite":
        return invite_act("Hal", "Peru", "envoy", world.log.now + DAY)
    if act == "join":
        return join_act(desk.name, desk.identity)
    if act == "charter":
        return acts.Charter(TERMS, tuple(sorted(s.id for s in state.present)))
    if act == "assent":
        awaiting = [r.proposal.digest for r in state.removals if r.proposal.stage == "open" and r.seat != desk.id]
        mine = state.seat(desk.id)
        if state.charter is not None and (mine is None or not mine.signed):
            return acts.Assent(state.charter.digest)
        return acts.Assent(awaiting[0] if awaiting else bytes(32))
    if act == "remove":
        return acts.Remove(world["Cem"].id if desk.name == "Ana" else desk.id, "Time to go.")
    if act == "handover":
        return handover_act(desk.id, f"{desk.name} II", world.log.now + DAY)
    if act == "freeze":
        return acts.Freeze(world["Dora"].id if "Dora" in world.desks else desk.id, "Lost.")
    due = rules.who(state, state.seat(desk.id)) in ("founder", "seat", "observer") and state.stage in ("signed", "open")
    return desk.rotate_act() if due else acts.Rotate(state.epoch + 1, (), (b"",), bytes(32))


@pytest.mark.parametrize(("stage", "act", "who"), CELLS)
def test_every_cell_is_allowed_or_refused(stage: str, act: str, who: str) -> None:
    world, desk = ready(stage, PRESENT[stage][who])
    if (stage, act, who) == ("open", "assent", "observer"):
        world["Ana"].act(acts.Remove(world["Cem"].id, "He is tired."))
        world.sync()
    if act == "rotate" and stage == "open" and who != "guest":
        assert world["Ana"].state.removals
    assert desk.state.stage == stage
    assert rules.who(desk.state, desk.state.seat(desk.id)) == who
    desk.act(body(world, desk, act))
    ends = rules.ALLOWED.get((stage, act, who))
    if ends is None:
        assert world.verdict() == "rule"
        assert desk.state.stage == stage
        error = desk.events[-1].error
        assert error is not None
        assert act in error.what
        assert error.what.endswith(".")
    else:
        assert world.verdict() == "act"
        assert desk.state.stage in ends


def test_the_table_names_only_what_there_is() -> None:
    for (stage, act, who), ends in rules.ALLOWED.items():
        assert who in PRESENT[stage]
        assert act in ACTS
        assert ends
        assert {stage, *ends} <= set(rules.STAGES)
    assert set(rules.WHO) == {who for parts in PRESENT.values() for who in parts}


def test_the_diagram_shows_every_row() -> None:
    drawn = rules.diagram()
    for (stage, act, _), ends in rules.ALLOWED.items():
        for end in ends:
            assert f"    {stage} --> {end}: {act}" in drawn.splitlines()
