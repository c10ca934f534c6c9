"""Templates of common measures, written for this project after public practice: `NAMES` says what each is."""

from __future__ import annotations

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
}


def template(name: str) -> str:
    """A ladder to be filled in; `Misuse("template")` if there is none of this name."""
    if name not in NAMES:
        raise Misuse("template", f"There is no template called {name!r}.", f"There are: {', '.join(NAMES)}.")
    return (resources.files("backchannel.desk.plans") / "templates" / f"{name}.toml").read_text()
