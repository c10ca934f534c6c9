"""Versions of a text: as they were issued, what changed from one to another, and as papers to be saved."""

from __future__ import annotations

from starlette.responses import Response

from backchannel import papers
from backchannel.desk import texts
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.facts import paper
from backchannel.facts import redline as redlines
from backchannel.facts import text as told_of
from backchannel.instruments.text.values import Text
from backchannel.web.page import Ask, Facts, Page, attachment
from backchannel.web.portions import portion

NOW = -1
"""In an address: the text as it is, not a version of it."""


def _item(ask: Ask) -> tuple[Channel, Text, Facts]:
    channel = ask.channel()
    item = channel.text_at(ask.position())
    return channel, item, told_of.facts(channel, item)


def look(ask: Ask) -> Facts:
    """All versions, and what can be saved."""
    _, _, one = _item(ask)
    return {"text": one, "part": "versions", "forms": [*papers.FORMS]}


def look_version(ask: Ask) -> Facts:
    """The words of a version."""
    _, item, one = _item(ask)
    version = ask.request.path_params["v"]
    if not 1 <= version <= len(item.versions):
        raise Misuse("version", ask.words.say("This text has no such version."))
    rows = told_of.version_facts(item, version)
    start, end = portion(rows, ask.number("from"), lambda part: len(part["text"]))
    return {
        "text": one,
        "part": "",
        "version": version,
        "issued": one["versions"][version - 1]["issued"],
        "rows": rows[start:end],
        "start": start,
        "end": end,
        "total": len(rows),
    }


def look_redline(ask: Ask) -> Facts:
    """What changed, from the version before or another, to now or another."""
    _, item, one = _item(ask)
    old, new = _span(ask, item)
    lines = redlines.redline_facts(texts.redline(item, old, new))
    shown = [line for line in lines if not line["same"]]
    start, end = portion(shown, ask.number("line"), lambda line: sum(len(run["text"]) for run in line["runs"]))
    return {
        "text": one,
        "part": "redline",
        "old": old,
        "new": NOW if new is None else new,
        "lines": shown[start:end],
        "same": len(lines) - len(shown),
        "start": start,
        "end": end,
        "total": len(shown),
    }


def _span(ask: Ask, item: Text) -> tuple[int, int | None]:
    old = ask.number("old", max(len(item.versions) - item.issued, 0))
    new = ask.number("new", NOW)
    return old, None if new == NOW else new


def save(ask: Ask) -> Response:
    """A paper: a version, or the text as it is; or with what changed since an older one."""
    channel, item, _ = _item(ask)
    form = ask.request.path_params["form"]
    version = ask.number("version", NOW)
    of = None if version == NOW else version
    old = ask.number("old", NOW)
    made = paper.document(channel, item, of) if old == NOW else paper.redlined(channel, item, old, of)
    which = f"-{of}" if of is not None else ""
    name = f"text-{item.at.position}{which}{'-redline' if old != NOW else ''}.{form}"
    return attachment(papers.write(made, form), name)


_AT = "/c/{c:int}/text/{n:int}"

VERSIONS = (
    Page(f"{_AT}/versions", "versions.html", look),
    Page(f"{_AT}/version/{{v:int}}", "version.html", look_version),
    Page(f"{_AT}/redline", "redline.html", look_redline),
    Page(f"{_AT}/paper/{{form}}", "problem.html", save),
)
