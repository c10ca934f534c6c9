"""Non-papers and the hat on the stage; and what the desks held of them while they lived, by which they could be read.

Every piece is looked for in the decrypted pages at once: a search that finds nothing later is no proof without that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from backchannel.demo.scenario import Act, Scenario
from backchannel.demo.search import pieces
from backchannel.demo.sounding import Trace
from backchannel.desk import hats, nonpapers
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.instruments.hat.rounds import Pocket
from backchannel.instruments.hat.values import Hat
from backchannel.instruments.nonpaper.values import Nonpaper

_MOST_ROUNDS = 40
_SEEDS = "SELECT seed FROM once"
_PART = slice(100, 148)
"""A part of a folded slip, which is too long for one page."""


class Came(NamedTuple):
    """What each desk had when an idea had come out of a hat: round and non-paper; and what told on whom after that."""

    round: dict[str, Hat]
    paper: dict[str, Nonpaper]
    left: tuple[tuple[str, str], ...]


class Nonpapers:
    """The non-papers of a talk, by the labels of the scenario."""

    def __init__(
        self,
        scenario: Scenario,
        channels: Mapping[str, Channel],
        pages: Callable[[str], bytes],
        together: Callable[[], None],
    ) -> None:
        self.traces: dict[str, list[Trace]] = {}
        self.came: dict[str, Came] = {}
        self._scenario, self._channels, self._pages, self._together = scenario, channels, pages, together
        self._began: dict[str, int] = {}

    def item(self, label: str, key: str) -> Nonpaper:
        """A non-paper as the desk of seat `key` has it."""
        held = self._channels[key].session.book.items.at(self._began.get(label))
        if held is None or not isinstance(held.value, Nonpaper):
            raise Misuse("item", f"The desk of {self._scenario.who(key).short} does not have {label!r}.")
        return held.value

    def float_(self, act: Act) -> int:
        """Float it; where in the log it stands."""
        channel = self._channels[act.who]
        self.traces[act.label] = list(self._one_time())
        nonpapers.float_(channel, act.title, act.text, to=[self._channels[k].me for k in act.to], hours=24 * act.days)
        self._together()
        return self._begins(act.label, act.who)

    def drop(self, act: Act) -> None:
        """Lay an idea ready for the hat; in that desk's vault it can be found, and in no other."""
        nonpapers.drop(self._channels[act.who], act.title, act.text)
        mark = act.text.strip()[:20].encode()
        self.traces[act.label] = [Trace(key, "slip", mark, mark in self._pages(key)) for key in self._channels]

    def pass_hat(self, act: Act) -> int:
        """Let a hat go round until what came out of it is floated; where in the log the round began."""
        label, traces = act.item, self.traces[act.item]
        traces += self._one_time()
        hats.call(self._channels[act.who])
        for _ in range(_MOST_ROUNDS):
            before = [channel.size for channel in self._channels.values()]
            for key, channel in self._channels.items():
                channel.sync()
                self._look_round(traces, key)
            after = [channel.size for channel in self._channels.values()]
            if before == after and len(set(after)) == 1:
                break
        self._begins(label, act.who)
        rounds = {key: channel.items("hat")[-1].value for key, channel in self._channels.items()}
        papers = {key: self.item(label, key) for key in self._channels}
        self.came[label] = Came(rounds, papers, tuple(self._telling(label)))
        return int(rounds[act.who].at.position)

    def look(self) -> None:
        """Look for what opens each non-paper, and for its words, on every desk that has them by now."""
        for label, began in self._began.items():
            traces = self.traces[label]
            for key, channel in self._channels.items():
                secret = channel.session.book.asides.key(began)
                if secret is None or (key, secret) in {(trace.desk, trace.raw) for trace in traces}:
                    continue
                pages = self._pages(key)
                raws = [("key", secret), *(("words", piece.encode()) for piece in pieces(self.texts(label)))]
                traces += [Trace(key, what, raw, raw in pages) for what, raw in raws]

    def texts(self, label: str) -> list[str]:
        """What a non-paper said when it was floated: title and text."""
        act = next(act for _, act in self._scenario.acts if act.label == label)
        return [act.title, act.text.strip()]

    def _begins(self, label: str, key: str) -> int:
        self._began[label] = int(self._channels[key].items("nonpaper")[-1].value.at.position)
        return self._began[label]

    def _one_time(self) -> Iterator[Trace]:
        for key, channel in self._channels.items():
            pages = self._pages(key)
            for (seed,) in channel.session.vault.query(_SEEDS):
                yield Trace(key, "one-time", seed, seed in pages)

    def _look_round(self, traces: list[Trace], key: str) -> None:
        book = self._channels[key].session.book
        known = {(trace.desk, trace.raw) for trace in traces}
        found: list[tuple[str, bytes]] = []
        for held in self._channels[key].items("hat"):
            found.append(("key", book.asides.key(held.position) or b""))
            found += [("one-time", seed) for (seed,) in self._channels[key].session.vault.query(_SEEDS)]
            if pocket := book.items.pocket(held.position):
                own = msgspec.msgpack.decode(pocket, type=Pocket)
                found += [("own", own.outer), ("own", own.inner), ("own", own.core[_PART])]
        new = [(what, raw) for what, raw in found if raw and (key, raw) not in known]
        pages = self._pages(key) if new else b""
        traces += [Trace(key, what, raw, raw in pages) for what, raw in new]

    def _telling(self, label: str) -> Iterator[tuple[str, str]]:
        """What is still on a desk, after the round, of that by which a slip could be told to be its own."""
        for key in self._channels:
            pages, seen = self._pages(key), {t.raw for t in self.traces[label] if t.desk == key and t.what == "own"}
            if any(raw in pages for raw in seen):
                yield key, "secrets of the round"
            if hats.waiting(self._channels[key]):
                yield key, "a slip that was laid ready"
