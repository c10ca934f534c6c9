"""Write spec/states.md: the rules tables as diagrams and tables, so that nobody keeps pictures by hand."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from backchannel.channel import rules
from backchannel.instruments import INSTRUMENTS, Instrument
from backchannel.instruments.base import diagram

FILE = Path(__file__).parent.parent / "spec" / "states.md"

HEAD = """# States

Made by `tools/make_states.py` from the tables in `src/backchannel/channel/rules.py` and in each instrument; a test
fails when this file is stale. What a table does not name is refused, and changes nothing.
"""


def page() -> str:
    """The whole file."""
    return "\n".join([HEAD, _roster(), *(_instrument(instrument) for instrument in INSTRUMENTS)])


def _roster() -> str:
    rows = [(stage, act, who, ends) for (stage, act, who), ends in rules.ALLOWED.items()]
    return _section("The roster", "channel.md", rules.diagram(), rules.STAGES, ("stage", "act", "who"), rows)


def _instrument(instrument: Instrument) -> str:
    states: Mapping[str, str] = vars(sys.modules[instrument.fold.__module__]).get("STATES", {})
    rows = [(before or "-", kind, who, ends) for (before, kind, who), ends in instrument.rules.items()]
    title = instrument.name.capitalize()
    own = f"{instrument.name}.md"
    spec = own if (FILE.parent / own).exists() else "instruments.md"
    return _section(title, spec, diagram(instrument.rules), states, ("state", "kind", "who"), rows)


def _section(
    title: str,
    spec: str,
    drawn: str,
    states: Mapping[str, str],
    columns: tuple[str, str, str],
    rows: list[tuple[str, str, str, tuple[str, ...]]],
) -> str:
    lines = [f"## {title}", "", f"See {spec}.", "", "```mermaid", drawn, "```", ""]
    lines += [f"- **{name}**: {meaning}" for name, meaning in states.items()]
    lines += ["", f"| {' | '.join((*columns, 'leads to'))} |", "|---|---|---|---|"]
    lines += [f"| {a} | {b} | {c} | {', '.join(ends)} |" for a, b, c, ends in rows]
    return "\n".join([*lines, ""])


def main() -> None:
    FILE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
