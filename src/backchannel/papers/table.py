"""A ladder or a track record as a table: as plain text, Markdown or CSV, the same facts as in the picture.

A spreadsheet takes a cell that begins like a formula for one, and runs it. What parties wrote can look like that; an
apostrophe is put before it, also behind what another country's spreadsheet takes for the end of a cell.
"""

from __future__ import annotations

import csv as csv_
import io
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from backchannel.errors import Misuse
from backchannel.papers import markdown
from backchannel.papers.cards import cleaned, facts
from backchannel.papers.ladder import Picture
from backchannel.papers.model import line
from backchannel.papers.sheet import plainly


class Table(NamedTuple):
    """Rows under names; `said`: what there is to know about the whole."""

    title: str
    said: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Kept(NamedTuple):
    """A step in a track record: whose, its group ("kept and verified", "late"..), which, its hour, its reasons."""

    party: str
    group: str
    ladder: str
    number: int
    what: str
    hour: str
    reasons: tuple[str, ...] = ()


_FACTS = ("where", "by", "verified by", "after", "in return for", "")
_FORMULA = re.compile("(^|[;,|\"'\t])(\\s*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")


def steps(picture: Picture) -> Table:
    """The facts of a ladder's picture, a row a step."""
    rows = []
    for card in map(cleaned, picture.cards):
        known = {name: plainly(value) for name, _, value, _ in facts(card)}
        rows.append((str(card.number), card.party, card.standing, card.what, *(known.get(n, "") for n in _FACTS)))
    names = ("step", "party", "standing", "what", *_FACTS[:-1], "note")
    said = f"As of {line(picture.as_of)}, by the log's clock." if picture.as_of else ""
    return Table(line(picture.title), said, names, tuple(rows))


def record(title: str, said: str, kept: Iterable[Kept]) -> Table:
    """A track record, a row a step, with its reasons; never one number."""
    rows = [
        tuple(
            map(line, (one.party, one.group, one.ladder, str(one.number), one.what, one.hour, "; ".join(one.reasons)))
        )
        for one in kept
    ]
    return Table(
        line(title), line(said), ("party", "standing", "ladder", "step", "what", "hour", "reasons"), tuple(rows)
    )


def write(table: Table, form: str) -> bytes:
    """The table as `txt`, `md` or `csv`."""
    if form not in FORMS:
        raise Misuse("paper-form", f"A table is not written as {form!r}.", f"Choose one of {', '.join(FORMS)}.")
    return FORMS[form](table)


def _text(table: Table) -> bytes:
    """A block a row: tables with prose in them fit no page."""
    wide = max(map(len, table.names)) + 2
    blocks = ["\n".join(filter(None, (table.title, table.said))) + "\n" + "=" * 40]
    for row in table.rows:
        cells = [f"{name + ':':<{wide}}{cell}" for name, cell in zip(table.names, row, strict=True) if cell]
        blocks.append("\n".join(cells))
    return ("\n\n".join(blocks) + "\n").encode()


def _markdown(table: Table) -> bytes:
    rows = [table.names, ("---",) * len(table.names), *(tuple(map(markdown.escape, row)) for row in table.rows)]
    head = [f"# {markdown.escape(table.title)}" if table.title else "", markdown.escape(table.said)]
    return "\n\n".join([*filter(None, head), "\n".join(f"| {' | '.join(row)} |" for row in rows)]).encode() + b"\n"


def _csv(table: Table) -> bytes:
    out = io.StringIO()
    writer = csv_.writer(out, quoting=csv_.QUOTE_ALL)
    writer.writerow(table.names)
    writer.writerows([_FORMULA.sub(r"\1\2'", cell) for cell in row] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")  # the mark tells spreadsheets that it is UTF-8


FORMS: dict[str, Callable[[Table], bytes]] = {"txt": _text, "md": _markdown, "csv": _csv}
