"""The hours of a ladder for a calendar (RFC 5545), which is likely to be synchronised to a stranger's server.

So it says no more than that something is due, unless words are asked for; it names neither this program nor a party,
and the same step has another identifier in every desk's file: two calendars are not told to belong together by it. The
hours themselves it cannot hide.

Who reports in the last minutes before an hour is in time: that is the event, so that what is to be done by the end of a
day stands on that day, and not on the one that begins then.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from icalendar import Alarm, Calendar, Event

from backchannel.errors import Misuse
from backchannel.papers.cards import Card, cleaned, facts
from backchannel.papers.model import line, utc
from backchannel.papers.sheet import plainly


class Due(NamedTuple):
    """A step with its hour: its id as bytes, the ladder's number and title, and the lead times of reminders in days."""

    id: bytes
    ladder: int
    title: str
    card: Card
    hour: datetime
    leads: tuple[int, ...] = ()


LAST = timedelta(minutes=5)
"""An arrival unit (spec/ledger.md, 2): the last in which a step is not late yet."""

_PRODUCT = "-//icalendar//NONSGML//EN"
# Standing -> status of the event; any other is confirmed.
_STATUS = {"proposed": "TENTATIVE", "withdrawn": "CANCELLED", "excused": "CANCELLED"}
_OVER = {"reported", "verified", "excused", "broken", "withdrawn"}
"""Nobody has to be reminded of these."""


def calendar(dues: Iterable[Due], stamp: datetime, secret: bytes, *, words: bool = False) -> bytes:
    """The hours as an .ics file; the same bytes for the same hours.

    `stamp`: when this was so, by the log's clock; a calendar takes the newest for an event. `secret`: this desk's own,
    the same each time, so that an event is found again and by nobody else. `words`: with what was promised.
    """
    if len(secret) < 16:
        raise Misuse("calendar-secret", "The secret of a calendar has at least 16 bytes.")
    made = Calendar()
    made.add("prodid", _PRODUCT)
    made.add("version", "2.0")
    for due in dues:
        made.add_component(_event(due._replace(card=cleaned(due.card), title=line(due.title)), stamp, secret, words))
    return bytes(made.to_ical())


def _event(due: Due, stamp: datetime, secret: bytes, words: bool) -> Event:
    event, card = Event(), due.card
    said = f"{card.number}. {card.what}" if words else _bare(due)
    event.add("uid", hmac.new(secret, due.id, sha256).hexdigest()[:32])
    event.add("dtstamp", _moment(stamp))
    event.add("dtstart", _moment(due.hour - LAST))
    event.add("dtend", _moment(due.hour))
    event.add("summary", said[:200])
    event.add("status", _STATUS.get(card.standing, "CONFIRMED"))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    if words:
        told = [due.title, card.what, f"{card.party}: {card.standing}"]
        told += [f"{name} {plainly(value)}".strip() for name, _, value, _ in facts(card)]
        event.add("description", "\n".join(filter(None, told)))
        if card.where:
            event.add("location", card.where)
    for lead in sorted(set(due.leads), reverse=True) if card.standing not in _OVER else ():
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", said[:200])
        alarm.add("trigger", timedelta(days=-lead))
        event.add_component(alarm)
    return event


def _bare(due: Due) -> str:
    over = "is over" if due.card.standing in _OVER else f"is due{_by(due.hour)}"
    return f"Step {due.card.number} of ladder {due.ladder} {over}"


def _by(hour: datetime) -> str:
    """The day that ends with an hour, in words: whose clock is ahead of UTC finds the event on the next."""
    last = _moment(hour) - LAST
    return f" by the end of {last.day} {last:%B %Y} (UTC)" if last.date() < _moment(hour).date() else ""


def _moment(when: datetime) -> datetime:
    """In UTC, which needs no table of time zones and names no place; calendars know whole seconds."""
    return utc(when).replace(tzinfo=UTC, microsecond=0)
