"""How facts write times, names in a row, and sentences that every face says in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple


def stamp(at: float) -> str:
    """Unix seconds as the facts hold times."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(stamp: str) -> str:
    """A time of the facts (`2026-11-03T14:05:00Z`) on this machine's clock, to the minute, with its distance from UTC:
    the others read their own clocks."""
    here = datetime.fromisoformat(stamp).astimezone()
    return here.strftime("%Y-%m-%d %H:%M ") + (here.strftime("UTC%z")[:-2].replace("UTC+00", "UTC"))


def by(stamp: str) -> str:
    """An hour by which something is to be done: the end of a day, as it was promised (UTC), or a time."""
    day, hour = stamp.split("T")
    return local(stamp) if hour != "00:00:00Z" else f"the end of {date.fromisoformat(day) - timedelta(days=1)} (UTC)"


def names(found: Sequence[str], none: str = "nobody") -> str:
    """`A, B and C`."""
    if not found:
        return none
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


FEW = 12
"""So many paragraphs are shown after each act, so many numbers in a row. All stand in `text show`, and in the JSON."""


def numbers(found: Sequence[int], noun: str = "paragraph") -> str:
    """`paragraph 2`, `paragraphs 1 to 3 and 5`."""
    spans: list[list[int]] = []
    for n in found:
        if spans and n == spans[-1][-1] + 1:
            spans[-1].append(n)
        else:
            spans.append([n])
    parts = [part for span in spans[:FEW] for part in _span(span)]
    if more := sum(map(len, spans[FEW:])):
        parts.append(f"{more} more")
    return f"{noun}{'s' if len(found) > 1 else ''} {names(parts)}" if noun else names(parts)


def _span(span: list[int]) -> list[str]:
    return [f"{span[0]} to {span[-1]}"] if len(span) > 2 else [str(n) for n in span]


class Hour(str):
    """A time of the facts in a sentence: each face writes it as its readers do."""

    __slots__ = ()


class Said(NamedTuple):
    """A sentence of this program, and what stands in its places. A list is a row of names, or of such sentences.

    Catalogues of translations find the sentences where they stand: always write them out in the call.
    """

    sentence: str
    parts: Mapping[str, object] = {}


def english(*said: Said) -> str:
    """The sentences as the terminal has them, one after the other."""
    return " ".join(_filled(one) for one in said)


def _filled(part: object) -> str:
    if isinstance(part, Said):
        parts = {name: _filled(one) for name, one in part.parts.items()}
        return part.sentence.format(**parts) if parts else part.sentence
    if isinstance(part, list):
        return names([_filled(one) for one in part])
    return local(part) if isinstance(part, Hour) else str(part)
