"""Templates of common measures, written for this project after public practice: `NAMES` says what each is.

In their files `{A}`, `{B}` and `{C}` stand for parties, and `{+30}` for the day 30 days ahead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from importlib import resources

from backchannel.errors import Misuse

NAMES = {
    "ceasefire": "arms are silent in a zone, guns go back, a third party watches",
    "hotline": "a line between two headquarters that is answered at any hour, and tested",
    "exercises": "exercises above a size are announced, and observers invited",
    "corridor": "a road is open to relief, at known hours, checked by a third party",
    "detainees": "lists are exchanged, and people go home in turn, the sick first",
    "inspection": "each side may look, so many times a year",
    "remains": "the dead are found, named and given back",
    "blank": "one step, with every line that a step can have",
}

PARTIES = ("A", "B", "C")
_PLACE = re.compile(r"\{(?:([A-C])|\+(\d+))\}")


def lacks(name: str, parties: Mapping[str, str]) -> list[str]:
    """The letters for which a template needs a party that is not named."""
    raw = _raw(name)
    return [letter for letter in PARTIES if f"{{{letter}}}" in raw and letter not in parties]


def template(name: str, parties: Mapping[str, str], today: date) -> str:
    """A ladder to fill in; parties that are not named stay `A`, `B`, `C`. `Misuse("template")` if it is not there."""
    if name not in NAMES:
        raise Misuse("template", f"There is no template called {name!r}.", f"There are: {', '.join(NAMES)}.")
    unknown = next((letter for letter in parties if letter not in PARTIES), None)
    if unknown is not None:
        hint = "A and B are the two sides, C the third party. As: --as A=Argentina"
        raise Misuse("template", f"No party is called {unknown!r} in a template.", hint, "")
    raw = _raw(name)

    def filled(found: re.Match[str]) -> str:
        letter, days = found.groups()
        return _quoted(parties.get(letter, letter)) if letter else str(today + timedelta(days=int(days)))

    return _PLACE.sub(filled, raw)


def _quoted(party: str) -> str:
    """A name as it stands within quotes in TOML."""
    return party.replace("\\", "\\\\").replace('"', '\\"')


def _raw(name: str) -> str:
    return (resources.files("backchannel.desk.plans") / "templates" / f"{name}.toml").read_text()
