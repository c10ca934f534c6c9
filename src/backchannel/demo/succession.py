"""A seat that passes to a successor, on the stage; and what both desks had of it when the old one was through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from backchannel.demo.desks import Desks
from backchannel.demo.scenario import Act
from backchannel.desk import handovers
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.instruments import INSTRUMENTS

_MOST_ROUNDS = 40

Held = dict[tuple[str, int], bytes]
"""What a desk has: instrument and position -> the item, encoded."""


class Passed(NamedTuple):
    """What both desks had when the old one had left, by whether it passes with a seat; the old one's last entry."""

    old: Held
    new: Held
    stays: Held
    last: int


class Succession:
    """The seats that are handed over in a talk."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks
        self.passed: dict[str, Passed] = {}

    def hand_over(self, act: Act) -> dict[str, Any]:
        """Offer one's seat to a successor, for whom a new desk is made; the code is for it alone."""
        desks, channel, heir = self._desks, self._desks.channels[act.who], self._desks.scenario.who(act.whom)
        desks.desks[heir.key] = Desk.create(desks.folder / heir.key, heir.passphrase, clock=desks.clock)
        invite = handovers.offer(channel, channel.me, heir.name)
        channel.sync()
        desks.codes[act.whom] = channel.code(invite)
        return {"name": heir.name}

    def take_over(self, act: Act) -> dict[str, Any]:
        """Sign the charter, and let the desks go on until the old one has left."""
        desks = self._desks
        (holder,) = (key for key, heir in desks.scenario.heirs.items() if heir == act.who)
        old, new = desks.channels[holder], desks.channels[act.who]
        new.sign_charter(new.state.charter)
        for _ in range(_MOST_ROUNDS):
            if old.state.member(old.me).standing == "gone":
                break
            desks.together()
        self.passed[holder] = Passed(_held(old, True), _held(new, True), _held(new, False), old.size)
        desks.left.add(holder)
        desks.together()
        (item,) = (one for one in handovers.given(new) if one.to == new.me)
        return {"holder": holder, "counts": handovers.passing(new, new.me), "parts": item.parts, "state": item.state}


def _held(channel: Channel, passes: bool) -> Held:
    names = [one.name for one in INSTRUMENTS if one.passes is passes and one.name != "handover"]
    return {(name, held.position): msgspec.msgpack.encode(held.value) for name in names for held in channel.items(name)}


SUCCEEDED: dict[str, Callable[[Succession, Act], dict[str, Any]]] = {
    "hand-over": Succession.hand_over,
    "take-over": Succession.take_over,
}
"""What can be done with a seat, by the acts of the scenario."""
