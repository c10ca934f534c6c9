"""What came: one entry of the log as a line of news."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backchannel.channel import acts
from backchannel.channel.engine import Event
from backchannel.channel.state import Invitation
from backchannel.cli import draw as pages
from backchannel.cli import facts, sounding
from backchannel.cli.show import BAD, Facts, Page
from backchannel.desk.channel import Channel
from backchannel.entry.codec import decode
from backchannel.instruments import BY_KIND, note, understanding

SILENT = frozenset({"start", "closed", "record"})
"""What the machinery does, and what is not for this seat: in `channel log`, not in the news."""

MACHINERY = frozenset(
    {"prekey", "sounding.key", "sounding.ballot", "sounding.blind", "sounding.share", "sounding.ack", "sounding.show"}
)
"""What desks do by themselves."""


def of_all(channel: Channel, events: Iterable[Event]) -> list[Facts]:
    """What came together, in its order; what ends a sounding is told once."""
    events = list(events)
    last = {ended: one.record.at.position for one in events if (ended := _ended(channel, one)) is not None}
    found = (of(channel, one, ending=one.record.at.position in last.values()) for one in events)
    return [one for one in found if one is not None]


def _ended(channel: Channel, event: Event) -> int | None:
    """The sounding whose result this brought to a seat without a vote; voters learn it with the release."""
    if event.kind != "sounding.show" or event.verdict != "line":
        return None
    asked = _about(channel, event)
    if asked is None or asked.state != "closed" or channel.me in asked.terms.voters:
        return None
    return int(asked.at.position)


def of(channel: Channel, event: Event, *, ending: bool = False) -> Facts | None:
    """What an event means to this person; None if nothing. `ending`: machinery, but a sounding's last word."""
    if event.verdict in SILENT or (event.verdict != "rejected" and event.kind in MACHINERY and not ending):
        return None
    state = channel.state
    found: Facts = {
        "number": event.record.at.position,
        "arrived": facts.at(event.record.at.arrival),
        "by": None if event.sender is None or ending else facts.name(state, event.sender),
        "mine": event.sender == channel.me,
        "kind": event.kind or event.verdict,
        "what": f"result of sounding{_item(channel, event)}" if ending else _what(channel, event),
    }
    if event.error is not None:
        found["why"] = event.error.what
    held = channel.entry(event.record.id) if event.verdict == "line" else None
    if held is not None and isinstance(held.value, note.Note):
        found["note"] = facts.note_facts(channel, held.value)
    if held is not None and isinstance(held.value, understanding.Understanding):
        found["understanding"] = facts.understanding_facts(channel, held.value)
    if (ending or event.kind in ("sounding.open", "sounding.release")) and event.verdict == "line":
        asked = _about(channel, event)
        if asked is not None:
            found["sounding"] = sounding.facts(channel, asked)
    return found


def _what(channel: Channel, event: Event) -> str:
    if event.verdict in ("rejected", "erased"):
        return {"rejected": "not accepted", "erased": "an entry whose text is gone"}[event.verdict]
    if event.act is not None:
        return act(channel, event.act)
    return facts.KINDS[event.kind] + _item(channel, event)


def act(channel: Channel, body: acts.Body) -> str:
    """A signed act, in words."""
    what = facts.KINDS[acts.kind(body)]
    if isinstance(body, acts.Invite):
        return f"{what} of {body.name}"
    if isinstance(body, acts.Assent):
        return _assent(channel, body.subject)
    return f"{what} of {facts.name(channel.state, body.seat)}" if isinstance(body, acts.Remove) else what


def _assent(channel: Channel, subject: bytes) -> str:
    state = channel.state
    if state.charter is not None and state.charter.digest == subject:
        return "signature under the charter"
    for one in facts.changes(state):
        if one.proposal.digest == subject:
            admission = isinstance(one, Invitation)
            who = one.name if isinstance(one, Invitation) else facts.name(state, one.seat)
            return f"yes to the {'admission' if admission else 'removal'} of {who}"
    return facts.KINDS["assent"]


def _about(channel: Channel, event: Event) -> Any:
    """The item that an entry began, or is about; None if there is none."""
    body = decode(event.body, BY_KIND[event.kind].kinds[event.kind].body)
    held = channel.entry(getattr(body, "item", event.record.id))
    return None if held is None else held.value


def _item(channel: Channel, event: Event) -> str:
    item = _about(channel, event)
    return "" if item is None or item.at == event.record.at else f" {item.at.position}"


def draw(page: Page, one: Facts) -> None:
    """A line of news, with the text if it brought one."""
    if "note" in one:
        pages.note(page, one["note"])
        return
    who = f" ({one['by']})" if one["by"] else ""
    page.say(f"{one['number']}  {one['what']}{who}", BAD if "why" in one else "")
    if "why" in one:
        page.say(f"  {one['why']}")
    if "understanding" in one:
        pages.matter(page, one["understanding"])
    if "sounding" in one:
        sounding.draw(page, one["sounding"])
