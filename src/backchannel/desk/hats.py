"""The hat at this desk: call a round; everything in it is done by reflex (spec/hat.md)."""

from __future__ import annotations

from collections import Counter

from backchannel.channel.state import DAY
from backchannel.desk.channel import Channel
from backchannel.desk.nonpapers import may_drop
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.instruments.hat import mix, rounds, rules, view
from backchannel.instruments.hat.values import Content, Hat, Open


def call(channel: Channel, *, hours: int = 24) -> None:
    """Call a round among all seats that speak. `Misuse`: `observer`, `few`, and `running` while another goes round."""
    may_call(channel)
    with channel.session.turn():
        now, seats = channel.session.now(), rules.speakers(channel.state)
    channel.say("hat.open", Open(seats, rules.USUAL, now.arrival + hours * (DAY // 24)), seats)


def may_call(channel: Channel) -> None:
    """Whether this seat can call a round, now. Raises `Misuse` as `call` does."""
    may_drop(channel)
    with channel.session.turn():
        if any(runs(channel, held.value) for held in channel.items("hat")):
            raise Misuse("running", "A hat is going round already.", "Wait until it is done, or its hour has passed.")


def at(channel: Channel, position: int) -> Hat:
    """The round that was called at a position of the log."""
    held = channel.session.book.items.at(position)
    if held is None or not isinstance(held.value, Hat):
        raise Misuse("item", f"There is no round of the hat number {position} here.", "See: backchannel hat status")
    return held.value


def due(channel: Channel) -> int | None:
    """The arrival unit from which the charter's schedule calls the next round; None if there is no schedule."""
    charter = channel.state.charter
    if charter is None or not charter.terms.hat_days:
        return None
    last = max((held.value.at.arrival for held in channel.items("hat")), default=charter.at.arrival)
    return int(last + charter.terms.hat_days * DAY)


def was_in(item: Hat) -> dict[str, int] | None:
    """How many slips held an idea, a reaction, a question, could not be read, or were empty; None if unknown."""
    if not item.read:
        return None
    held = Counter(slip.holds for slip in item.slips)
    empty = len(item.seats) - len(item.slips) - item.spoiled
    return {**{what: held[what] for what in ("idea", "reaction", "question")}, "spoiled": item.spoiled, "empty": empty}


def waiting(channel: Channel) -> int:
    """How many slips lie ready on this desk for the next round."""
    return len(channel.session.book.asides.tray("hat"))


def riding(channel: Channel, item: Hat) -> bool:
    """Whether this desk's own slip in a running round is not empty."""
    with channel.session.turn():
        pocket = channel.session.book.items.pocket(item.at.position)
    return bool(rounds.slip_of(pocket))


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
    return "lapsed" if lapsed and item.state in view.LIVE else item.state


def runs(channel: Channel, item: Hat) -> bool:
    """Whether the round is under way."""
    return standing(channel, item) in view.LIVE


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
