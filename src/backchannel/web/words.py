"""Sentences, dates and lists in its reader's language. Catalogues: `locale/<language>.po`, read as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib import resources

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.lists import format_list
from babel.messages.pofile import read_po

from backchannel.facts.saying import Hour, Said

LANGUAGES = {"en": "English", "es": "Español", "ar": "العربية"}
RIGHT_TO_LEFT = frozenset({"ar"})


class Words:
    """One language: `say` translates, the rest writes dates and lists as its readers do."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
        self._locale = Locale.parse(language)
        self._said = _catalogue(language)

    def say(self, sentence: str, **parts: object) -> str:
        """The sentence in this language, its {parts} filled in; in English if the catalogue lacks it."""
        said = self._said.get(sentence, sentence)
        return said.format(**parts) if parts else said

    def count(self, one: str, many: str, n: int) -> str:
        """One of two sentences by number; {n} stands for it."""
        return self.say(one if n == 1 else many, n=n)

    def told(self, *said: Said) -> str:
        """Sentences of the facts, one after the other."""
        return " ".join(self._filled(one) for one in said)

    def _filled(self, part: object) -> str:
        if isinstance(part, Said):
            return self.say(part.sentence, **{name: self._filled(one) for name, one in part.parts.items()})
        if isinstance(part, list):
            return self.names([self._filled(one) for one in part])
        return self.when(part) if isinstance(part, Hour) else str(part)

    def when(self, stamp: str) -> str:
        """An ISO time, in the reader's time zone."""
        return format_datetime(_parse(stamp).astimezone().replace(tzinfo=None), "medium", locale=self._locale)

    def day(self, stamp: str) -> str:
        """The same, the day alone."""
        return format_date(_parse(stamp).astimezone().date(), "medium", locale=self._locale)

    def ago(self, stamp: str, now: datetime | None = None) -> str:
        """How long ago, or ahead, that is: "2 hours ago"."""
        delta = _parse(stamp) - (now or datetime.now(UTC))
        return format_timedelta(delta, add_direction=True, locale=self._locale)

    def names(self, names: list[str]) -> str:
        """Names in a row: "A, B and C"."""
        return format_list(names, locale=self._locale) if names else ""


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


def _catalogue(language: str) -> dict[str, str]:
    if language == "en":
        return {}
    file = resources.files("backchannel.web") / "locale" / f"{language}.po"
    if not file.is_file():
        return {}
    with file.open("rb") as source:
        return {str(one.id): str(one.string) for one in read_po(source, locale=language) if one.id and one.string}


def _parse(stamp: str) -> datetime:
    found = datetime.fromisoformat(stamp)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
