"""Hours by which something is to be done, and sizes of files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from babel import Locale
from babel.numbers import format_decimal

from backchannel.facts.common import UNIT
from backchannel.web.words import Words

_SIZES = ((10**9, "{n} GB"), (10**6, "{n} MB"), (10**3, "{n} kB"))


def by(words: Words, hour: str | int, *, whole: bool = False) -> str:
    """An hour by which something is to be done: the end of a day, as it was promised (UTC), or a time.

    `whole`: with the day of the week, for who has just typed it.
    """
    at = datetime.fromtimestamp(hour * UNIT, UTC) if isinstance(hour, int) else datetime.fromisoformat(hour)
    if at.hour or at.minute:
        return words.when(at.isoformat())
    last = (at - timedelta(days=1)).date()
    return words.say("the end of {day} (UTC)", day=words.date(last, whole=whole))


def size(words: Words, size: int) -> str:
    """`2.4 MB`."""
    for unit, name in _SIZES:
        if size >= unit:
            return words.say(name, n=format_decimal(round(size / unit, 1), locale=Locale.parse(words.language)))
    return words.count("one byte", "{n} bytes", size)
