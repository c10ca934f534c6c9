"""Sentences, dates and lists in its reader's language. Catalogues: `locale/<language>.po`, read as they are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any
from unicodedata import bidirectional

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_date, format_time, format_timedelta
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from backchannel.facts.saying import Hour, Said

PROBLEM = "what an error says"
"""Marks a sentence of the catalogue that comes from an error."""

_PART = re.compile(r"\{\w+\}")

PLURALS = ("zero", "one", "two", "few", "many", "other")
"""The forms of a language that has them all, in the order of its catalogue."""

LANGUAGES = {"en": "English", "es": "Español", "ar": "العربية"}
_DATES = {"en": "en_GB"}
RIGHT_TO_LEFT = frozenset({"ar"})
_ISOLATE, _END = "\u2068", "\u2069"


class Words:
    """One language: `say` translates, the rest writes dates and lists as its readers do."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
        self._locale = Locale.parse(language)
        # days before months, hours up to 24: nobody takes the one for the other
        self._dates = Locale.parse(_DATES.get(language, language))
        self._said = _catalogue(language)
        self._problems = _problems(language)

    def say(self, sentence: str, **parts: object) -> str:
        """The sentence in this language, its {parts} filled in; in English if the catalogue lacks it."""
        said = self._said.get(sentence, [sentence])[0]
        return said.format(**self._all_apart(parts)) if parts else said

    def problem(self, text: str) -> str:
        """What an error says, in this language. It comes with its parts filled in: they are found again."""
        if text in self._said:
            return self._said[text][0]
        for pattern, said in self._problems:
            if found := pattern.fullmatch(text):
                return said.format(**self._all_apart(found.groupdict()))
        return text

    def count(self, one: str, many: str, n: int, **parts: object) -> str:
        """One of two sentences by number, or of as many as this language has; {n} stands for it."""
        forms = self._said.get(one, [one, many])
        order = PLURALS.index(self._locale.plural_form(n)) if len(forms) == len(PLURALS) else int(n != 1)
        return forms[min(order, len(forms) - 1)].format(n=self.number(n), **self._all_apart(parts))

    def number(self, n: int) -> str:
        """A number, as its readers group digits."""
        return str(format_decimal(n, locale=self._locale))

    def told(self, *said: Said) -> str:
        """Sentences of the facts, one after the other."""
        return " ".join(self._filled(one) for one in said)

    def _filled(self, part: object) -> str:
        if isinstance(part, Said):
            return self.say(part.sentence, **{name: self._filled(one) for name, one in part.parts.items()})
        if isinstance(part, list):
            return self.names([self._filled(one) for one in part])
        if isinstance(part, Hour):
            return self.when(part)
        return str(part)

    def _all_apart(self, parts: dict[str, object]) -> dict[str, object]:
        return {name: self._apart(part) for name, part in parts.items()}

    def _apart(self, part: object) -> object:
        """A part of a sentence; if it is written in the other direction it cannot turn what is around it."""
        if not isinstance(part, str):
            return part
        turns = self.direction == "rtl" or any(bidirectional(letter) in ("R", "AL") for letter in part)
        return f"{_ISOLATE}{part}{_END}" if turns else part

    def when(self, stamp: str) -> str:
        """An ISO time, in the reader's time zone, to the minute."""
        at = _parse(stamp).astimezone().replace(tzinfo=None)
        whole: str = self._dates.datetime_formats["medium"]
        return whole.format(format_time(at, "short", locale=self._dates), self._day(at))

    def day(self, stamp: str) -> str:
        """The same, the day alone."""
        return self._day(_parse(stamp).astimezone())

    def _day(self, at: datetime) -> str:
        # the shorter form of Arabic is in figures alone
        return format_date(at.date(), "long" if self.language == "ar" else "medium", locale=self._dates)

    def date(self, day: date, *, whole: bool = False) -> str:
        """A day of no time zone, its month by name; `whole`: with the day of the week."""
        return format_date(day, "full" if whole else "long", locale=self._dates)

    def ago(self, stamp: str, now: datetime | None = None) -> str:
        """How long ago, or ahead, that is: "2 hours ago"."""
        delta = _parse(stamp) - (now or datetime.now(UTC))
        return format_timedelta(delta, add_direction=True, locale=self._locale)

    def names(self, names: list[str]) -> str:
        """Names in a row: "A, B and C"."""
        return format_list([str(self._apart(name)) for name in names], locale=self._locale) if names else ""


def negotiated(wished: str | None, accepts: str) -> str:
    """The language that was chosen, or the best that a browser accepts."""
    if wished in LANGUAGES:
        return wished
    asked = [part.split(";")[0].strip().replace("-", "_") for part in accepts.split(",")[:20]]
    return negotiate_locale([one for one in asked if one], LANGUAGES) or "en"


@cache
def words(language: str) -> Words:
    """A language's words, read once."""
    return Words(language)


def _catalogue(language: str) -> dict[str, list[str]]:
    """Each sentence's forms, by the English of one."""
    return {_first(one.id): forms for one in _held(language) if one.id and all(forms := _forms(one.string))}


def _problems(language: str) -> list[tuple[re.Pattern[str], str]]:
    """What errors say with parts, as patterns: those with the most words of their own first."""
    wanted = [one for one in _held(language) if PROBLEM in one.auto_comments and "{" in one.id and one.string]
    wanted.sort(key=lambda one: -len(_PART.sub("", str(one.id))))
    return [(_pattern(str(one.id)), str(one.string)) for one in wanted]


def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = [(literal, name) for literal, name, _, _ in Formatter().parse(sentence)]
    return re.compile("".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name in pieces), re.S)


@cache
def _held(language: str) -> Catalog:
    file = resources.files("backchannel.web") / "locale" / f"{language}.po"
    if language == "en" or not file.is_file():
        return Catalog()
    with file.open("rb") as source:
        return read_po(source, locale=language)


def _first(id_: str | list[str] | tuple[str, ...]) -> str:
    return id_ if isinstance(id_, str) else id_[0]


def _forms(string: Any) -> list[str]:
    return [string] if isinstance(string, str) else list(string or [""])


def _parse(stamp: str) -> datetime:
    found = datetime.fromisoformat(stamp)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
