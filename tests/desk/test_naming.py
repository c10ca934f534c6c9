"""Which seat a person means: never the wrong one of two, and the error says which is which."""

from __future__ import annotations

from pathlib import Path

import pytest

from backchannel.desk import handovers, naming
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from tests.desk.world import World, talks


def unclear(channel: Channel, who: str) -> tuple[str, str]:
    with pytest.raises(Misuse) as error:
        channel.seat(who)
    assert error.value.code == "seat"
    return error.value.what, error.value.todo


def handed(world: World, to: str) -> Channel:
    """Sofia's place is offered to somebody who has come in beside her; her desk is closed."""
    sofia = world["sofia"]
    invite = handovers.offer(sofia, sofia.me, to)
    sofia.sync()
    world.desk("heir").join(sofia.code(invite))
    heir = world["heir"]
    heir.sign_charter(heir.state.charter)
    world.settle("ana", "hernan", "heir")
    return heir


def test_a_seat_and_its_successor(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        ana, sofia = world["ana"], world["sofia"].me
        heir = handed(world, "Agostino C.")
        assert ana.seat("Sofia").id == sofia
        assert ana.seat("Agostino").id == ana.seat(heir.me.hex()).id == heir.me
        what, todo = unclear(ana, "holy see")
        assert what == "'holy see' could be several seats: Sofia S., Agostino C."
        assert todo == "Name one in full. Agostino C., in the place of Sofia S."
        assert unclear(ana, "Nobody")[1] == "Name one of them in full."
        world.settle()
        what, todo = unclear(ana, "Sofia S.")
        assert what.startswith("No seat is called 'Sofia S.': Ana P.")
        assert todo == "Name one in full. Agostino C., in the place of Sofia S."
        assert ana.seat("Holy See").id == heir.me


def test_two_of_one_name_are_told_apart_while_both_are_there(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        ana, sofia = world["ana"], world["sofia"].me
        heir = handed(world, "Sofia S.")
        assert unclear(ana, "Sofia S.")[0] == (
            "'Sofia S.' could be several seats: Sofia S. (old keys), Sofia S. (new keys)."
        )
        assert ana.seat("sofia s. (old keys)").id == sofia
        assert ana.seat("Sofia S. (new keys)").id == heir.me
        world.settle()
        assert ana.seat("Sofia").id == heir.me
        state = ana.state
        assert naming.placed(state, state.member(heir.me)) == "Sofia S., in the place of Sofia S. (old keys)"
        assert naming.placed(state, state.member(ana.me)) == "Ana P."
