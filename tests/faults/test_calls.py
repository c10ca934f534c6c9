"""Every request of every desk operation fails once, in every way: the state stays whole, and trying again works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import hats, nonpapers, understandings
from backchannel.desk.channel import Channel
from backchannel.errors import BackchannelError, RelayFault, Unreachable
from backchannel.instruments.nonpaper.values import Nonpaper
from backchannel.relay.refusals import REFUSALS, refuse
from tests.desk.world import NAMES, World, agree, notes, online, returned, talks, texts, waiting, wire

WAYS: dict[str, tuple[BackchannelError, bool]] = {
    "not reached": (Unreachable("refused", "The relay does not answer."), False),
    "done, and the answer lost": (Unreachable("broken", "The connection to the relay broke."), True),
    "done, and the answer garbled": (RelayFault("answer", "The relay's answer cannot be read."), True),
    **{f"refused: {code}": (refuse(code), False) for code in sorted(REFUSALS) if code != "too-large"},
}
"""How a request fails; whether it was done nevertheless."""


def _invite(world: World) -> None:
    world["ana"].invite(*NAMES["dora"])


def _prepare_nothing(world: World) -> None:
    """The channel as it is."""


def _note_to_read(world: World) -> None:
    world["hernan"].send_note("to read")
    world["hernan"].sync()


def _removal_to_complete(world: World) -> None:
    world["hernan"].remove(world["hernan"].me, "I go.")
    world["hernan"].sync()


def _text_to_erase(world: World) -> None:
    world["ana"].send_note("soon gone", keep_days=1)
    world.settle()
    world.clock.days(1.5)


def _keys_to_renew(world: World) -> None:
    world.clock.days(8)


def _float(world: World) -> None:
    nonpapers.float_(world["ana"], "A title", "an idea", hours=48)


def _floated(world: World) -> None:
    _float(world)
    world.settle()


def _slip_laid_ready(world: World) -> None:
    nonpapers.drop(world["ana"], "A title", "from the hat")


def _react(world: World) -> None:
    nonpapers.react(world["ana"], _paper(world["ana"]), "question", "how far?")


def _floated_by_another(world: World) -> None:
    nonpapers.float_(world["hernan"], "A title", "an idea", hours=48)
    world.settle()


def _paper(channel: Channel) -> Nonpaper:
    (item,) = channel.items("nonpaper")
    return item.value  # type: ignore[no-any-return]


Step = Callable[[World], None]
OPERATIONS: dict[str, tuple[Step, Step]] = {
    "read": (_note_to_read, lambda world: None),
    "note": (_prepare_nothing, lambda world: world["ana"].send_note("said")),
    "invite": (_prepare_nothing, _invite),
    "remove": (_prepare_nothing, lambda world: world["ana"].remove(world["hernan"].me, "It is over.")),
    "rotate": (_removal_to_complete, lambda world: None),
    "erase": (_text_to_erase, lambda world: None),
    "renew": (_keys_to_renew, lambda world: None),
    "propose": (
        _prepare_nothing,
        lambda world: understandings.propose(world["ana"], "Act", "We agree.", [world["ana"].me, world["sofia"].me]),
    ),
    "float": (_prepare_nothing, _float),
    "react": (_floated_by_another, _react),
    "withdraw": (_floated, lambda world: nonpapers.withdraw(world["ana"], _paper(world["ana"]))),
    "hat": (_slip_laid_ready, lambda world: hats.call(world["ana"])),
}
"""What stands before, and what the desk is asked to do; then it syncs."""


def fail_at(channel: Channel, number: int, error: BackchannelError, done: bool) -> list[str]:
    """Make request `number` fail; the list gets its name when it has."""
    failed: list[str] = []
    left = [number]

    def before(op: str, args: tuple[Any, ...]) -> None:
        left[0] -= 1
        if left[0] == 0 and not done:
            failed.append(op)
            raise error

    def after(op: str, args: tuple[Any, ...], result: Any) -> Any:
        if left[0] == 0 and done:
            left[0] = -1
            failed.append(op)
            raise error
        return result

    wire(channel).before, wire(channel).after = before, after
    return failed


REFUSED_EACH_WAY = ("note", "rotate", "erase")
"""Operations that are refused with every code; the others with one."""

CASES = [
    (operation, way)
    for operation in OPERATIONS
    for way in WAYS
    if operation in REFUSED_EACH_WAY or not way.startswith("refused") or way == "refused: unavailable"
]


@pytest.mark.parametrize(("operation", "way"), CASES)
def test_any_request_may_fail_in_any_way(tmp_path: Path, operation: str, way: str) -> None:
    prepare, do = OPERATIONS[operation]
    error, done = WAYS[way]
    number, failed = 0, ["first"]
    while failed:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        with talks(folder) as world:
            prepare(world)
            ana = world["ana"]
            failed = fail_at(ana, number, error, done)
            raised = trying(lambda w=world: do(w), ana.sync)  # type: ignore[misc]
            assert raised in (None, error.code)
            assert failed or raised is None
            if number % 2:
                ana = world.open("ana")
            online(ana)
            gone = {n for n in world.desks if n == "hernan" and operation == "rotate"}
            here = [n for n in world.desks if n not in gone]
            world.settle(*here)
            agree(world, *here)
            assert (waiting(ana), returned(ana)) == (0, [])
            _check(world, operation)
    assert number > 1


def trying(*steps: Callable[[], object]) -> str | None:
    """The code of the error that one of the steps ends in."""
    try:
        for step in steps:
            step()
    except BackchannelError as problem:
        return problem.code
    return None


def _check(world: World, operation: str) -> None:
    ana, sofia = world["ana"], world["sofia"]
    if operation == "read":
        assert texts(ana) == ["to read"]
    if operation == "note":
        assert texts(ana) == texts(sofia) == ["said"]
    if operation == "invite":
        assert [i.name for i in sofia.state.invitations] == [NAMES["dora"][0]]
    if operation == "remove":
        assert len(sofia.state.removals) == 1
    if operation == "rotate":
        assert sofia.state.epoch == 2
    if operation == "erase":
        assert world.host.rows(world.name)[notes(ana)[0].at.position][1] is None
    if operation == "renew":
        assert sofia.state.seat(ana.me).prekeys[-1].prekey.seq == 1  # type: ignore[union-attr]
    if operation == "propose":
        assert len(sofia.items("understanding")) == 1
    if operation in ("float", "react", "withdraw", "hat"):
        check_papers(world, operation)


def check_papers(world: World, operation: str) -> None:
    """Whatever happened on the way, it is there once, the same for all, and what is over is gone."""
    for name in ("ana", "hernan", "sofia"):
        channel, item = world[name], _paper(world[name])
        assert item == _paper(world["sofia"])
        held = channel.session.vault.query("SELECT (SELECT count(*) FROM aside_key), (SELECT count(*) FROM aside)")
        made = channel.session.vault.query("SELECT count(*) FROM aside_made")
        assert made == [(0,)]
        if operation == "withdraw":
            assert (item.state, len(item.destroyed), held) == ("withdrawn", 3, [(0, 0)])
            continue
        words = nonpapers.words(channel, item.versions[0])
        assert words is not None
        assert (words.text, held) == {
            "float": ("an idea", [(1, 1)]),
            "react": ("an idea", [(1, 2)]),
            "hat": ("from the hat", [(1, 1)]),
        }[operation]
        if operation == "react":
            said = nonpapers.remark(channel, item.reactions[0])
            assert said is not None
            assert (len(item.reactions), said.text) == (1, "how far?")
        if operation == "hat":
            (round_,) = channel.items("hat")
            assert (item.author, round_.value.state, hats.waiting(channel)) == (None, "closed", 0)
            assert channel.session.vault.query("SELECT * FROM pocket") == []
