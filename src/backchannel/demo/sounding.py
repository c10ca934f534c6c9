"""Soundings on the stage: asked, answered, carried to their end by the desks; and what the desks held meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from backchannel.demo.pages import Pages
from backchannel.demo.scenario import Act, Scenario
from backchannel.desk import soundings
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.instruments.sounding import tally
from backchannel.instruments.sounding.rounds import Pocket
from backchannel.instruments.sounding.values import Ballot, Sounding

_POINT = 32
_MOST_ROUNDS = 40


class Trace(NamedTuple):
    """Something that a desk held while a sounding ran, and must not have afterwards; whether it was found there."""

    desk: str
    what: str
    raw: bytes
    found: bool


class Sight(NamedTuple):
    """What one desk has at the end: the state, the options that are shown, how many were opened in vain."""

    state: str
    met: tuple[str, ...]
    failed: int


class Soundings:
    """The soundings of a talk: who holds what is looked up in the vaults as they run."""

    def __init__(self, scenario: Scenario, channels: Mapping[str, Channel]) -> None:
        self.traces: dict[str, list[Trace]] = {}
        self.of_texts: list[Act] = []
        self._scenario, self._channels = scenario, channels
        self._opened: dict[str, tuple[int, ...]] = {}
        self._pages: dict[str, Pages] = {}

    def item(self, asked: Act, key: str) -> Sounding:
        """A sounding as the desk of seat `key` has it."""
        found = [held.value for held in self._channels[key].items("sounding")]
        found = [item for item in found if item.terms.question == asked.text]
        if not found:
            short = self._scenario.who(key).short
            raise Misuse("item", f"The desk of {short} does not have the sounding {asked.label!r}.")
        return found[-1]  # type: ignore[no-any-return]

    def ask(self, act: Act) -> int:
        """Ask, and let every desk get ready; how many are."""
        channels = self._channels
        reveal = "all" if act.show_all else "first"
        soundings.ask(channels[act.who], act.text, act.options, [channels[k].me for k in act.to], reveal=reveal)
        return self.begun(act)

    def begun(self, act: Act) -> int:
        """Let every desk get ready for what was asked; how many are."""
        self._go_on(act)
        return len(self.item(act, act.who).keys)

    def answer(self, act: Act, asked: Act) -> Sounding:
        """Answer, and let the desks go as far as they can; the sounding as this desk then has it."""
        channel = self._channels[act.who]
        soundings.answer(channel, self.item(asked, act.who), [number - 1 for number in act.accept])
        self._go_on(asked)
        return self.item(asked, act.who)

    def sights(self, asked: Act) -> dict[str, Sight]:
        """What each desk has at the end."""
        found = {}
        for key in (asked.who, *asked.to):
            item = self.item(asked, key)
            met = tuple(item.terms.options[result.option] for result in item.results)
            found[key] = Sight(item.state, met, item.failed)
        return found

    def in_vain(self, asked: Act, item: Sounding) -> tuple[int, ...]:
        """The numbers, from 1, of the options that were opened and did not meet the rule."""
        met = {result.option for result in item.results}
        opened = range(len(asked.options)) if asked.show_all else self._opened.get(asked.label, ())[: item.failed]
        return tuple(k + 1 for k in opened if k not in met)

    def pages(self, key: str) -> bytes:
        """Every page of a desk's vault, decrypted."""
        if key not in self._pages:
            self._pages[key] = Pages(self._channels[key].session.vault.folder, self._scenario.who(key).passphrase)
        return self._pages[key].read()

    def _go_on(self, asked: Act) -> None:
        """Sync the desks in turn until nothing moves; look into each vault as the sounding runs."""
        seats = (asked.who, *asked.to)
        for _ in range(_MOST_ROUNDS):
            before = [self._channels[key].size for key in seats]
            for key in seats:
                self._channels[key].sync()
                self._look(asked, key)
            after = [self._channels[key].size for key in seats]
            if before == after and len(set(after)) == 1:
                return

    def _look(self, asked: Act, key: str) -> None:
        found = [held.value for held in self._channels[key].items("sounding")]
        if not any(item.terms.question == asked.text for item in found):
            return
        item, traces = self.item(asked, key), self.traces.setdefault(asked.label, [])
        if item.sums.order:
            self._opened[asked.label] = item.sums.order
        pocket = self._channels[key].session.book.items.pocket(item.at.position)
        known = {(trace.desk, trace.raw) for trace in traces}
        new = [(what, raw) for what, raw in _secrets(item, pocket) if (key, raw) not in known]
        pages = self.pages(key) if new else b""
        traces += [Trace(key, what, raw, raw in pages) for what, raw in new]


def _secrets(item: Sounding, pocket: bytes) -> list[tuple[str, bytes]]:
    """What would tell the answers, whole or with the others': the desk's own secrets, and the sealed answers."""
    found: list[tuple[str, bytes]] = []
    if pocket:
        held = msgspec.msgpack.decode(pocket, type=Pocket)
        found += [("secret", held.x), ("secret", held.order)]
    for posted in item.ballots:
        found += [("answer", part) for part in _parts(tally.read(Ballot, posted).pairs)]
    return found


def _parts(raw: bytes) -> Sequence[bytes]:
    return [raw[at : at + _POINT] for at in range(0, len(raw), _POINT)]
