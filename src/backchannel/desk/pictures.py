"""A ladder as a file for outside: a picture, a table, a calendar. `papers` draws; here is what it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from backchannel.desk import steps
from backchannel.desk.channel import Channel
from backchannel.desk.vault.vault import Vault
from backchannel.instruments.step.standing import Standing
from backchannel.instruments.step.values import Ladder, Step
from backchannel.ledger.leaf import ARRIVAL_UNIT
from backchannel.papers import table
from backchannel.papers.calendar import Due
from backchannel.papers.calendar import calendar as written
from backchannel.papers.cards import Card
from backchannel.papers.ladder import Picture, pages, whole
from backchannel.papers.raster import png
from backchannel.papers.sheet import svg

_META = "calendar"


def picture(channel: Channel, item: Ladder) -> Picture:
    """A ladder as it is drawn: the parties that do something side by side."""
    doers = dict.fromkeys(one.promise.doer for one in item.steps)
    rows = enumerate(zip(item.steps, steps.standings(channel, item), strict=True), 1)
    return Picture(item.title, tuple(doers), tuple(card(n, *row) for n, row in rows), moment(steps.hour(channel)))


def card(number: int, one: Step, now: Standing) -> Card:
    """A step as a card."""
    said = one.promise
    notes = (
        "reported late" if one.late and one.reports else "",
        "" if said.reversible else "cannot be undone",
        "announced, in return for nothing" if said.announced else "",
    )
    return Card(
        number,
        said.doer,
        said.what,
        now.state,
        said.where,
        _hour(one, now),
        said.verifiers,
        said.needed,
        tuple(tuple(n + 1 for n in some) for some in one.after),
        tuple(n + 1 for n in one.returns),
        "; ".join(filter(None, notes)),
    )


def _hour(one: Step, now: Standing) -> str:
    said = one.promise
    if now.hour is not None:
        return moment(now.hour)
    within, day = f"{said.days} days after it is open" if said.days else "", steps.earliest(one)
    return " or ".join(filter(None, (moment(day) if day else "", within)))


def moment(unit: int) -> str:
    """An arrival unit in words: `2 March 1979` for the end of that day (UTC), else with its hour."""
    at = _time(unit)
    if at.hour or at.minute:
        return f"{at.day} {at:%B %Y, %H:%M} UTC"
    last = _time(unit - 1)
    return f"{last.day} {last:%B %Y}"


def _time(unit: int) -> datetime:
    return datetime.fromtimestamp(unit * ARRIVAL_UNIT, UTC)


def _pdf(drawn: Picture) -> bytes:
    from backchannel.papers.sheetpdf import pdf  # a fifth of a second, which only this form needs

    return pdf(pages(drawn))


PICTURES: dict[str, Callable[[Picture], bytes]] = {
    "svg": lambda drawn: svg(whole(drawn), fitted=True).encode(),  # whoever opens it may not have our fonts
    "png": lambda drawn: png(whole(drawn)),
    "pdf": _pdf,
}
TABLES = tuple(table.FORMS)


def write(channel: Channel, item: Ladder, form: str) -> bytes:
    """A ladder in a form of `PICTURES` or `TABLES`."""
    drawn = picture(channel, item)
    return PICTURES[form](drawn) if form in PICTURES else table.write(table.steps(drawn), form)


def calendar(
    channel: Channel, vault: Vault, items: Sequence[Ladder], *, leads: Sequence[int] | None = None, words: bool = False
) -> bytes:
    """The hours of ladders, with reminders of each step's own lead times, or of these."""
    dues = [due for item in items for due in _dues(channel, item, leads)]
    return written(dues, _time(steps.hour(channel)), _secret(channel, vault), words=words)


def _dues(channel: Channel, item: Ladder, leads: Sequence[int] | None) -> list[Due]:
    """The steps that have an hour, or had one promised."""
    found = []
    for n, (one, now) in enumerate(zip(item.steps, steps.standings(channel, item), strict=True), 1):
        hour = now.hour if now.hour is not None else steps.earliest(one)
        if hour:
            rings = tuple(one.promise.remind if leads is None else leads)
            found.append(Due(one.id, item.at.position, item.title, card(n, one, now), _time(hour), rings))
    return found


def _secret(channel: Channel, vault: Vault) -> bytes:
    """By which this desk's calendars know an event again, and nobody else's do."""
    with channel.session.turn(), vault.transaction():
        if vault.meta(_META) is None:
            vault.set_meta(_META, channel.session.random(32).hex())
        return bytes.fromhex(vault.meta(_META) or "")
