"""What comes next: only what is not settled is looked through, and that hides nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import disclosures, hats, nonpapers, soundings, steps, texts, turns, understandings
from backchannel.desk.book.items import Items
from backchannel.desk.channel import Channel
from backchannel.errors import BackchannelError
from backchannel.facts import overview
from backchannel.instruments import INSTRUMENTS
from backchannel.instruments.text.acts import Replace
from tests.desk.world import World, talks

PLAN = b"""title = "The hill"
[[step]]
key = "a"
who = "Argentina"
what = "Leave it."
owed_to = ["Chile", "Holy See"]
verified_by = ["Holy See"]
within_days = 2
broken_after_days = 1
[[step]]
who = "Chile"
what = "Open the road."
owed_to = ["Argentina"]
after = ["a"]
within_days = 1
"""
WORDS = ("They leave it.", "They open [the road / a path].", "They tell each other.")


class Table:
    """Somebody at random does something at random; what is not possible then is nothing."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world, self.dice = world, dice
        self.channels = [world[name] for name in ("ana", "hernan", "sofia")]

    def act(self) -> str:
        channel = self.dice.choice(self.channels)
        do = self.dice.choice(ACTS)
        with suppress(BackchannelError, LookupError):  # nothing there, or not now
            do(self, channel)
        return do.__name__

    def one(self, channel: Channel, instrument: str) -> Any:
        held = channel.items(instrument)
        return self.dice.choice(held).value if held else None

    def others(self, channel: Channel) -> list[bytes]:
        return [seat.id for seat in channel.state.active if seat.id != channel.me]


def of(
    instrument: str, *, doing: float = 0.7
) -> Callable[[Callable[[Table, Channel, Any], None]], Callable[[Table, Channel], None]]:
    """An act on an item of an instrument, if there is one; sometimes a new one is begun instead."""

    def made(do: Callable[[Table, Channel, Any], None]) -> Callable[[Table, Channel], None]:
        def act(table: Table, channel: Channel) -> None:
            item = table.one(channel, instrument)
            if item is None or table.dice.random() > doing:
                BEGIN[instrument](table, channel)
            else:
                do(table, channel, item)

        act.__name__ = instrument
        return act

    return made


BEGIN: dict[str, Callable[[Table, Channel], None]] = {
    "note": lambda table, channel: channel.send_note("So?", table.others(channel), read_back=True),
    "understanding": lambda table, channel: understandings.propose(
        channel, "Act", "They ask.\n\nThey thank.", [one.me for one in table.channels[:2]]
    ),
    "disclosure": lambda table, channel: disclosures.propose(
        channel,
        table.dice.choice(channel.items("understanding")).value,
        [1],
        "It was agreed.",
        condition=table.dice.choice(["", "All are home."]),
        replaces=table.dice.choice([None, table.one(channel, "disclosure")]),
    ),
    "sounding": lambda table, channel: soundings.ask(channel, "Who?", ["A", "B"], table.others(channel), hours=8),
    "text": lambda table, channel: texts.open_(channel, "Treaty", WORDS),
    "step": lambda table, channel: steps.propose(channel, steps.plan(channel, PLAN)),
    "nonpaper": lambda table, channel: nonpapers.float_(
        channel, "A zone", "Both fish.", hours=9, through=table.dice.choice([None, table.channels[2].me])
    ),
    "hat": lambda table, channel: hats.call(channel, hours=6),
}


@of("note")
def note(table: Table, channel: Channel, item: Any) -> None:
    seat = table.dice.choice(table.others(channel))
    acts: list[Callable[[], None]] = [
        lambda: channel.restate(item, "That."),
        lambda: channel.confirm(item, seat),
        lambda: channel.correct(item, seat, "No."),
    ]
    table.dice.choice(acts)()


@of("understanding", doing=0.9)
def understanding(table: Table, channel: Channel, item: Any) -> None:
    for do in (understandings.initial, understandings.sign):
        for one in table.channels[: table.dice.randint(1, 2)]:
            with suppress(BackchannelError):
                do(one, item)
        table.world.settle()
        item = channel.understanding_at(item.at.position)
    if not table.dice.randrange(4):
        understandings.withdraw(channel, item, "No.")


@of("disclosure")
def disclosure(table: Table, channel: Channel, item: Any) -> None:
    do = table.dice.choice([disclosures.consent, disclosures.confirm, disclosures.refuse, disclosures.withdraw])
    do(channel, item)


@of("sounding")
def sounding(table: Table, channel: Channel, item: Any) -> None:
    if table.dice.randrange(3):
        soundings.answer(channel, item, [0], again=True)
    else:
        soundings.withdraw(channel, item)


@of("text", doing=0.9)
def text(table: Table, channel: Channel, item: Any) -> None:
    one = table.dice.choice(item.here)
    acts: list[Callable[[], None]] = [
        lambda: texts.stand(channel, item, item.here, table.dice.choice(["agree", "reserve", "referendum"]), "Hm."),
        lambda: texts.amend(channel, item, [Replace(one.id, one.revision, "They leave.")]),
        lambda: texts.decide(channel, item, [one.id for one in item.proposed], accept=True),
        lambda: texts.issue(channel, item),
        lambda: texts.silence(channel, item, 24),
        lambda: texts.break_(channel, item),
        lambda: texts.adopt(channel, item),
        lambda: texts.close(channel, item),
    ]
    table.dice.choice(acts)()


@of("step", doing=0.95)
def ladder(table: Table, channel: Channel, item: Any) -> None:
    n = table.dice.randint(1, 2)
    kind = table.dice.choice([kind for kind in turns.VERBS if kind != "step.inspect"])
    one = turns.may(channel, item, n, kind)
    {
        "step.pledge": lambda: steps.pledge(channel, item, [one]),
        "step.withdraw": lambda: steps.withdraw(channel, item, one),
        "step.report": lambda: steps.report(channel, item, one, "Done."),
        "step.find": lambda: steps.find(channel, item, one, table.dice.choice(["kept", "doubted", "broken"])),
        "step.excuse": lambda: steps.excuse(channel, item, one, 0),
    }[kind]()


@of("nonpaper")
def nonpaper(table: Table, channel: Channel, item: Any) -> None:
    acts: list[Callable[[], None]] = [
        lambda: nonpapers.react(channel, item, "interest"),
        lambda: nonpapers.withdraw(channel, item),
        lambda: nonpapers.carry(channel, item, hours=9),
    ]
    table.dice.choice(acts)()


@of("hat", doing=0.0)
def hat(table: Table, channel: Channel, item: Any) -> None:
    """A round goes by itself."""


def wait(table: Table, channel: Channel) -> None:
    table.world.clock.days(table.dice.choice([0.1, 0.5, 2]))


ACTS: Sequence[Callable[[Table, Channel], None]] = (
    *(note, understanding, understanding, disclosure, disclosure, sounding, text, text),
    *(ladder, ladder, ladder, nonpaper, hat, wait),
)


@pytest.mark.parametrize("seed", [6, pytest.param(range(20), marks=pytest.mark.soak)], ids=str)
def test_what_is_settled_owes_nothing(tmp_path: Path, seed: int | range) -> None:
    """Compared with a look through everything, while anything happens."""
    for n in [seed] if isinstance(seed, int) else seed:
        with talks(tmp_path / str(n)) as world:
            look_on(Table(world, random.Random(n)))


def look_on(table: Table) -> None:
    """Whatever they do."""
    settled: set[str] = set()
    for _ in range(70):
        said = table.act()
        table.world.settle()
        for channel in table.channels:
            with pytest.MonkeyPatch.context() as patch:
                told = overview.steps(channel)
                patch.setattr(Items, "unsettled", Items.of)
                assert overview.steps(channel) == told, said
        settled |= {
            one.name for one in INSTRUMENTS for held in table.channels[0].items(one.name) if one.settled(held.value)
        }
    assert len(settled) > 2, settled
