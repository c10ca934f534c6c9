"""The hat at this desk: call a round; everything in it is done by reflex (spec/hat.md)."""

from __future__ import annotations

from backchannel.channel.state import DAY
from backchannel.desk.channel import Channel
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.instruments.hat import mix, rounds, rules, view
from backchannel.instruments.hat.values import Content, Hat, Open


def call(channel: Channel, *, hours: int = 24) -> None:
    """Call a round among all seats that speak. `Misuse("running")` while another goes round."""
    with channel.session.turn():
        now, seats = channel.session.now(), rules.speakers(channel.state)
        if any(standing(channel, held.value) in view.LIVE for held in channel.items("hat")):
            raise Misuse("running", "A hat is going round already.", "Wait until it is done, or its hour has passed.")
    channel.say("hat.open", Open(seats, rules.USUAL, now.arrival + hours * (DAY // 24)), seats)


def waiting(channel: Channel) -> int:
    """How many slips lie ready on this desk for the next round."""
    return len(channel.session.book.asides.tray("hat"))


def take_back(channel: Channel) -> int:
    """Destroy the slips that lie ready on this desk; how many there were."""
    asides = channel.session.book.asides
    with channel.session.turn(), channel.session.vault.transaction():
        there = asides.tray("hat")
        for n, _ in there:
            asides.lift(n)
    return len(there)


def standing(channel: Channel, item: Hat) -> str:
    """The round's state as of now: `lapsed` too once its hour has passed, or somebody in it has left."""
    with channel.session.turn():
        lapsed = view.left(item, channel.state) or view.late(item, channel.session.now())
    return "lapsed" if lapsed and item.state in view.LIVE and item.state != "opened" else item.state


def awaited(item: Hat) -> tuple[SeatId, ...]:
    """Whose desk the round waits for."""
    return view.awaited(item)


def slips(channel: Channel, item: Hat) -> list[Content]:
    """What the open slips hold, while the round's key lives on this desk."""
    session = channel.session
    with session.turn():
        if item.state != "opened" or session.book.asides.key(item.at.position) is None:
            return []
        heard = session.book.asides.words
        said = rounds.contents(item, lambda entry: heard(session.history.find(entry)))
    return [one for one in map(mix.read, said) if one is not None]
