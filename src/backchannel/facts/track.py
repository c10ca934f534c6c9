"""The track record as facts: what each party has promised, what became of it and why. Never one number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from backchannel.channel.state import DAY
from backchannel.desk import steps
from backchannel.desk.channel import Channel
from backchannel.desk.plans.reading import end_of
from backchannel.facts import Facts
from backchannel.facts.saying import by, local
from backchannel.facts.step import stamp
from backchannel.instruments.step.track import GROUPS, Reason, Row, counts, track
from backchannel.instruments.step.values import Ladder
from backchannel.papers import table

NAMELESS = "Who found or excused what is left out, as the charter says."
PERIOD = "A step counts where its hour lies (UTC days); one without an hour, where the last thing was said of it."
EVER = 1 << 40
"""Later than any hour, in arrival units."""


def facts(channel: Channel, parties: Sequence[str] = (), since: date | None = None, until: date | None = None) -> Facts:
    """Of all parties that have promised anything, or of these; from a day to a day, both within."""
    # An hour is the end of a day, as a rule, and belongs to that day.
    first = end_of(since) - DAY + 1 if since is not None else 0
    last = end_of(until) + 1 if until is not None else EVER
    items = [held.value for held in channel.items("step")]
    charter, unit = channel.state.charter, steps.hour(channel)
    named = charter is None or charter.terms.attribution != "chatham"
    titles = {item.id: item for item in items}
    found = {
        who: track(items, who, first, last, unit, named=named) for who in dict.fromkeys(parties or promised(items))
    }
    return {
        "as_of": stamp(unit),
        "since": since.isoformat() if since is not None else None,
        "until": until.isoformat() if until is not None else None,
        "named": named,
        "parties": [_of_party(who, rows, titles) for who, rows in found.items()],
    }


def promised(items: Sequence[Ladder]) -> list[str]:
    """The parties that have promised anything."""
    return sorted({one.promise.doer for item in items for one in item.steps if one.pledged is not None})


def _of_party(party: str, rows: Sequence[Row], ladders: dict[bytes, Ladder]) -> Facts:
    return {
        "party": party,
        "counts": counts(rows),
        "steps": [
            {
                "ladder": ladders[row.ladder].at.position,
                "title": ladders[row.ladder].title,
                "number": row.place + 1,
                "text": row.step.promise.what,
                "group": row.group,
                "late": row.late,
                "hour": stamp(row.hour),
                "reasons": [_reason(one) for one in row.reasons],
            }
            for row in rows
        ],
    }


def _reason(one: Reason) -> Facts:
    return {
        "what": one.what,
        "at": stamp(one.unit),
        "party": one.party,
        "text": one.words,
        "until": stamp(one.until),
    }


def says(reason: Facts) -> str:
    """A reason in a line."""
    who = f", {reason['party']}" if reason["party"] else ""
    until = f" until {by(reason['until'])}" if reason["until"] else ""
    words = " ".join(reason["text"].split())
    return f"{local(reason['at'])}: {reason['what']}{until}{who}" + (f", “{words}”" if words else "")


def written(told: Facts, form: str) -> bytes:
    """The record as a table, for a spreadsheet or to be read: `csv`, `txt` or `md`."""
    kept = [
        table.Kept(
            one["party"],
            GROUPS[part["group"]] + (", late" if part["late"] and part["group"] != "late" else ""),
            f"{part['ladder']}, {part['title']}",
            part["number"],
            part["text"],
            by(part["hour"]) if part["hour"] else "",
            tuple(map(says, part["reasons"])),
        )
        for one in told["parties"]
        for part in one["steps"]
    ]
    said = f"By the log's clock, {local(told['as_of'])}."
    return table.write(table.record("Track record", said if told["named"] else f"{said} {NAMELESS}", kept), form)
