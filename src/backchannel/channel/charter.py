"""The charter's terms: what every seat signs before the first word (spec/channel.md, 5)."""

from __future__ import annotations

from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.errors import Malformed

TRACKS = ("1", "1.5", "2", "envoy")
ATTRIBUTIONS = ("attributed", "chatham")
DISCLOSURES = ("all", *map(str, range(2, 65)))
REACTIONS = ("named", "hat")
OBJECTIONS = ("none", *map(str, range(1, 65)))
PENS = ("passes", "intermediary")
DOSSIERS = ("all", "record")
MOST_HAT_DAYS = 90
LONGEST_RETENTION = 3_650


class Terms(Value, frozen=True):
    """The agreed terms of a channel. `admission` and `disclosure` are quorums of parties: `all`, or a number."""

    title: str
    purpose: str
    track: str
    attribution: str
    retention_days: int
    admission: str
    disclosure: str
    oversight: str
    reactions: str = "named"
    objection: str = "none"
    hat_days: int = 0
    pen: str = "passes"
    dossier: str = "all"


def check(terms: Terms) -> Terms:
    """The terms, unchanged; `Malformed("charter")` naming the first that cannot be."""
    text.line(terms.title, "title")
    text.prose(terms.purpose, "purpose", 2_000)
    choices = (
        ("track", terms.track, TRACKS, ""),
        ("attribution", terms.attribution, ATTRIBUTIONS, ""),
        ("admission", terms.admission, ("all",), " A newcomer needs every party; no other rule is built yet."),
        ("disclosure", terms.disclosure, DISCLOSURES, ""),
        ("reactions", terms.reactions, REACTIONS, ""),
        ("objection", terms.objection, OBJECTIONS, ""),
        ("pen", terms.pen, PENS, ""),
        ("dossier", terms.dossier, DOSSIERS, ""),
        ("oversight", terms.oversight, ("none",), " Oversight is not built yet, so a charter cannot promise it."),
    )
    for name, value, allowed, why in choices:
        if value not in allowed:
            some = ", ".join(allowed if len(allowed) < 6 else (*allowed[:2], "..", allowed[-1]))
            raise Malformed("charter", f"The charter's {name} is {value[:20]!r}; it can be {some}.{why}")
    if not 1 <= terms.retention_days <= LONGEST_RETENTION:
        raise Malformed(
            "charter", f"The charter keeps notes {terms.retention_days} days; 1 to {LONGEST_RETENTION} are allowed."
        )
    if not 0 <= terms.hat_days <= MOST_HAT_DAYS:
        raise Malformed(
            "charter",
            f"The charter passes the hat every {terms.hat_days} days; 0 (never) to {MOST_HAT_DAYS} are allowed.",
        )
    return terms
