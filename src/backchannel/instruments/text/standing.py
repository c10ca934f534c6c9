"""Where a text stands: of each paragraph who agrees, and what stands in the way of the whole (spec/text.md, 4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import NamedTuple

from backchannel.channel.state import Seat, State
from backchannel.entry.ids import SeatId
from backchannel.instruments.base import current
from backchannel.instruments.sounding.rules import MOST_FIRST
from backchannel.instruments.sounding.values import alike
from backchannel.instruments.text import brackets
from backchannel.instruments.text.acts import ParagraphId
from backchannel.instruments.text.paragraphs import applied
from backchannel.instruments.text.values import Amendment, Paragraph, Text

LONGEST_OPTION = 500
NOTHING = "(no words)"
"""The option of a sounding that leaves a bracket's words out."""

KINDS = ("bracketed", "reserved", "open", "referendum", "agreed")

SPEAKS_FOR_A_PARTY = (("principal", "envoy"), ("expert",), ("intermediary", "convenor", "guarantor"))
"""Roles that negotiate: the first of these rows of which the text's audience has any (4.2)."""


def negotiators(audience: tuple[SeatId, ...], state: State) -> tuple[Seat, ...]:
    """The seats of an audience as it is now that speak for their parties."""
    began = {state.member(seat).role for seat in audience}
    roles = next((row for row in SPEAKS_FOR_A_PARTY if began.intersection(row)), ())
    return tuple(one for one in map(state.member, current(audience, state)) if one.role in roles)


def named(state: State) -> tuple[str, ...]:
    """Whom the label of a bracket can name (2.2): every party that is or was in the channel."""
    return tuple(sorted({seat.party for seat in state.seats}))


def parties(item: Text, state: State) -> tuple[str, ...]:
    """Whose agreement a paragraph needs."""
    return tuple(sorted({one.party for one in negotiators(item.audience, state)}))


def kind(item: Text, one: Paragraph, of: Sequence[str]) -> str:
    """Which of `KINDS` a paragraph is, for the parties `of`."""
    if bracketed(item, one):
        return "bracketed"
    stands = _stands(one, of)
    if "reserve" in stands:
        return "reserved"
    if not of or "open" in stands:
        return "open"
    return "referendum" if "referendum" in stands else "agreed"


def bracketed(item: Text, one: Paragraph) -> bool:
    """Whether a paragraph has brackets."""
    return brackets.bracketed(item.said(one))


def _stands(one: Paragraph, of: Sequence[str]) -> tuple[str, ...]:
    taken = {stance.party: stance.stance for stance in one.stances}
    return tuple(taken.get(party, "open") for party in of)


class Row(NamedTuple):
    """A paragraph: its number, what it is, its brackets, and the parties that reserve, are silent, await a capital."""

    number: int
    id: ParagraphId
    kind: str
    brackets: int
    reserve: tuple[str, ...]
    silent: tuple[str, ...]
    referendum: tuple[str, ...]


class Without(NamedTuple):
    """Minus-X: without these parties, these paragraphs (numbers) would be agreed as well."""

    parties: tuple[str, ...]
    paragraphs: tuple[int, ...]


class Soundable(NamedTuple):
    """A group of brackets that a sounding could clear: the paragraph's number, which of its groups from 1, what for.

    `last`: the paragraph would be clean.
    """

    number: int
    group: int
    options: tuple[str, ...]
    last: bool


class Way(NamedTuple):
    """What stands in the way (4.4). `stale`: those of the undecided amendments that no longer fit."""

    rows: tuple[Row, ...]
    counts: dict[str, int]
    brackets: int
    without: tuple[Without, ...]
    soundable: tuple[Soundable, ...]
    proposed: tuple[Amendment, ...]
    stale: tuple[Amendment, ...]

    @property
    def clear(self) -> bool:
        """Whether nothing does."""
        return clear(self.rows)


def in_the_way(item: Text, state: State, known: Sequence[Row] = ()) -> Way:
    """What stands between this text and its adoption; `known`: its `rows`, if they are."""
    stand, names = tuple(known) or rows(item, state), named(state)
    counts = {name: sum(1 for row in stand if row.kind == name) for name in KINDS}
    found = [one for n, paragraph in enumerate(item.here, 1) for one in soundable(item, n, paragraph, names)]
    left = sum(row.brackets for row in stand)
    stale = tuple(one for one in item.proposed if applied(item.paragraphs, one.id, one.steps) is None)
    without = _without(stand, parties(item, state))
    return Way(stand, counts, left, without, tuple(found), item.proposed, stale)


def rows(item: Text, state: State) -> tuple[Row, ...]:
    """Where each paragraph stands."""
    of = parties(item, state)
    return tuple(_row(item, n, one, of) for n, one in enumerate(item.here, 1))


def clear(stand: Sequence[Row]) -> bool:
    """Whether every paragraph is agreed, or agreed ad referendum."""
    return bool(stand) and all(row.kind in ("agreed", "referendum") for row in stand)


def _row(item: Text, number: int, one: Paragraph, of: Sequence[str]) -> Row:
    stands = dict(zip(of, _stands(one, of), strict=True))

    def those(stance: str) -> tuple[str, ...]:
        return tuple(party for party in of if stands[party] == stance)

    left = brackets.count(item.said(one))
    return Row(number, one.id, kind(item, one, of), left, those("reserve"), those("open"), those("referendum"))


def groups(words: str, names: Sequence[str]) -> tuple[brackets.Group, ...]:
    """All groups of brackets in a paragraph's words, nested ones too."""
    return tuple(brackets.walk(brackets.parse(words, names))) if brackets.bracketed(words) else ()


def soundable(item: Text, number: int, one: Paragraph, names: Sequence[str]) -> tuple[Soundable, ...]:
    """The groups of a paragraph's brackets that can be sounded: few, short and different options (4.4)."""
    every, found = groups(item.said(one), names), []
    for n, group in enumerate(every, 1):
        options = tuple(option or NOTHING for option in brackets.options(group))
        short = all(len(option) <= LONGEST_OPTION for option in options)
        if 2 <= len(set(map(alike, options))) == len(options) <= MOST_FIRST and short:
            found.append(Soundable(number, n, options, len(every) == 1))
    return tuple(found)


def _without(rows: Sequence[Row], of: Sequence[str]) -> tuple[Without, ...]:
    """For each set of one or two parties but never all, what only these keep from being agreed."""
    held: dict[frozenset[str], list[int]] = {}
    for row in rows:
        against = frozenset((*row.reserve, *row.silent))
        if row.kind != "bracketed" and 1 <= len(against) <= 2:
            held.setdefault(against, []).append(row.number)
    found = []
    for size in (1, 2):
        for some in combinations(of, size) if size < len(of) else ():
            numbers = _within(held, frozenset(some))
            if numbers and (size == 1 or frozenset(some) in held or _more(held, some)):
                found.append(Without(some, numbers))
    return tuple(found)


def _within(held: dict[frozenset[str], list[int]], some: Collection[str]) -> tuple[int, ...]:
    return tuple(sorted(n for against, numbers in held.items() if against <= frozenset(some) for n in numbers))


def _more(held: dict[frozenset[str], list[int]], some: Sequence[str]) -> bool:
    """Whether two parties hold back more together than either alone."""
    return all(frozenset((one,)) in held for one in some)
