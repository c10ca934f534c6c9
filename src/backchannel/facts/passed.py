"""What a predecessor passed on, as facts (spec/handover.md, 3 and 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from backchannel.facts import Facts

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel

Tell = Callable[["Channel", Any], Facts]


def passes(tell: Tell) -> Tell:
    """For the facts of an item that passes with a seat: who passed it on to this one, and who else may have it now."""

    @wraps(tell)
    def told(channel: Channel, item: Any) -> Facts:
        from backchannel.desk.naming import called, placed
        from backchannel.instruments import INSTRUMENTS
        from backchannel.instruments.base import readers

        state, giver = channel.state, channel.session.book.items.passed_on(item.at.position)
        of = next(one for one in INSTRUMENTS if one.item is type(item))
        heirs = (seat for seat in readers(of, item.audience, state) if seat not in item.audience)
        return {
            **tell(channel, item),
            "passed_on_by": called(state, state.member(giver)) if giver is not None else None,
            "heirs": [placed(state, state.member(seat)) for seat in heirs],
        }

    return told
