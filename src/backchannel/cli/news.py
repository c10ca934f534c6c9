"""What came: one entry of the log as a line of news."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from backchannel.channel import acts
from backchannel.channel.engine import Event
from backchannel.channel.state import Invitation
from backchannel.cli import disclosure, hat, mandate, nonpaper_page, sounding, step_news, step_page, text_news
from backchannel.cli import draw as pages
from backchannel.cli.show import BAD, Facts, Page
from backchannel.desk.channel import Channel
from backchannel.desk.envelopes import act as act_of
from backchannel.desk.nonpapers import unconfirmed
from backchannel.facts import common as facts
from backchannel.facts import succession
from backchannel.facts.items import OF
from backchannel.facts.log import CALM, MACHINERY, SILENT, from_hat
from backchannel.facts.nonpaper import reaction
from backchannel.facts.outbox import KINDS


def of_all(channel: Channel, events: Iterable[Event]) -> list[Facts]:
    """What came together, in its order; what desks do by themselves is told once, by its end."""
    events = list(events)
    ends = {end: one.record.at.position for one in events if (end := _end(channel, one)) is not None}
    told = {position: what for (_, what), position in ends.items()}
    found = (of(channel, one, ending=told.get(one.record.at.position, "")) for one in events)
    return [one for one in found if one is not None]


def _end(channel: Channel, event: Event) -> tuple[int, str] | None:
    """The matter that this machinery has brought to its end, and what is told of that: a result, a cheat, a receipt."""
    if event.verdict != "line" or event.kind not in ENDINGS:
        return None
    item = _about(channel, event)
    if event.kind == "nonpaper.copy" and act_of(event.kind, event.body).seat != channel.me:
        return None
    what = ENDINGS[event.kind](channel, item) if item is not None else ""
    return (int(item.at.position), what) if what else None


def _sounded(channel: Channel, item: Any) -> str:
    """To a seat without a vote; voters learn it with the release."""
    return "result of sounding" if item.state == "closed" and channel.me not in item.terms.voters else ""


def _stopped(channel: Channel, item: Any) -> str:
    return "somebody cheated in the round of the hat" if item.state in ("blamed", "failed") else ""


def _gone(channel: Channel, item: Any) -> str:
    return "" if item.state == "floated" or unconfirmed(channel, item) else "destroyed on every desk: non-paper"


def _come(channel: Channel, item: Any) -> str:
    """To a desk that has asked for them."""
    return "here are the words of non-paper" if item.state == "floated" else ""


def _taken(channel: Channel, item: Any) -> str:
    """Each further round of parts ends with a receipt too."""
    return "all is there of dossier" if item.state == "taken" else ""


ENDINGS: dict[str, Callable[[Channel, Any], str]] = {
    "handover.taken": _taken,
    "sounding.show": _sounded,
    "hat.show": _stopped,
    "nonpaper.copy": _come,
    "nonpaper.destroyed": _gone,
    "step.piece": step_news.whole,
}


def of(channel: Channel, event: Event, *, ending: str = "") -> Facts | None:
    """What an event means to this person; None if nothing. `ending`: what machinery has brought to its end."""
    calm = _calm(channel, event)
    if calm is not None:
        return calm or None
    if event.verdict in SILENT or (event.verdict != "rejected" and event.kind in MACHINERY and not ending):
        return None
    state = channel.state
    asked = _about(channel, event) if event.verdict == "line" else None
    untold = (
        ending or event.kind in ("hat.close", "step.remind") or from_hat(asked, event.kind, event.record.at.position)
    )
    found: Facts = {
        "number": event.record.at.position,
        "arrived": facts.at(event.record.at.arrival),
        "by": None if event.sender is None or untold else facts.name(state, event.sender),
        "mine": event.sender == channel.me and not untold,
        "kind": event.kind or event.verdict,
        "what": f"{ending}{_item(channel, event)}" if ending else _what(channel, event),
    }
    if event.error is not None:
        found["why"] = event.error.what
    if isinstance(event.act, acts.Freeze):
        found["reason"] = event.act.reason
    for kinds, name, make in MORE:
        if asked is not None and event.kind in kinds:
            found[name] = make(channel, asked)
    if asked is not None and event.kind.startswith("text."):
        found |= text_news.facts(channel, asked, event.kind, act_of(event.kind, event.body), event.record.id)
    if asked is not None and event.kind.startswith("step."):
        found |= step_news.facts(channel, asked, event.kind, act_of(event.kind, event.body), event.record.at.position)
    if event.kind == "nonpaper.react" and asked is not None:
        said = next((one for one in asked.reactions if one.entry == event.record.id), None)
        found["reaction"] = reaction(channel, said) if said is not None else None
    return found


def _calm(channel: Channel, event: Event) -> Facts | None:
    """To a seat that has left, of what others did about seats: only that it has left, and once. Else None.

    Whoever has that desk now is not told that somebody has acted against it, nor who.
    """
    if event.act is None or acts.kind(event.act) not in CALM:
        return None
    if event.sender == channel.me or not facts.left(channel):
        return None
    if not isinstance(event.act, acts.Rotate) or channel.me in event.act.seats:
        return {}
    place: Facts = {"number": event.record.at.position, "arrived": facts.at(event.record.at.arrival), "by": None}
    return {**place, "mine": False, "kind": "seats", "what": "you are no longer in this channel"}


MORE: tuple[tuple[frozenset[str], str, Callable[[Channel, Any], Facts]], ...] = (
    (frozenset({"note.send"}), "note", OF["note"]),
    (frozenset({"understanding.propose"}), "understanding", OF["understanding"]),
    (frozenset({"sounding.open", "sounding.release", "sounding.show"}), "sounding", OF["sounding"]),
    (
        frozenset({"nonpaper.float", "nonpaper.revise", "nonpaper.react", "nonpaper.copy"}),
        "nonpaper",
        OF["nonpaper"],
    ),
    (frozenset({"hat.open", "hat.close", "hat.show"}), "hat", OF["hat"]),
    (frozenset({"mandate.grant"}), "mandate", OF["mandate"]),
    (frozenset({"disclosure.propose"}), "disclosure", OF["disclosure"]),
    (frozenset({"step.propose"}), "ladder", OF["step"]),
    (frozenset({"handover.taken"}), "dossier", succession.of_dossier),
)
"""With which kinds the whole matter is told, and how."""


def _what(channel: Channel, event: Event) -> str:
    if event.verdict in ("rejected", "erased"):
        return {"rejected": "not accepted", "erased": "an entry whose text is gone"}[event.verdict]
    if event.act is not None:
        return act(channel, event.act)
    return KINDS[event.kind] + _item(channel, event)


def act(channel: Channel, body: acts.Body) -> str:
    """A signed act, in words."""
    what = KINDS[acts.kind(body)]
    if isinstance(body, acts.Invite):
        return f"{what} of {body.name}"
    if isinstance(body, acts.Assent):
        return _assent(channel, body.subject)
    if isinstance(body, acts.Handover):
        return f"{body.name} is to come in the place of {facts.name(channel.state, body.seat)}"
    if isinstance(body, acts.Freeze):
        return f"{facts.name(channel.state, body.seat)} is frozen: nothing more is sealed to that seat"
    return _removal(channel, body, what) if isinstance(body, acts.Remove) else what


def _removal(channel: Channel, body: acts.Remove, what: str) -> str:
    state = channel.state
    heir = next((one for one in state.present if one.succeeds == body.seat), None)
    place = f", in whose place {facts.name(state, heir.id)} has come" if heir is not None else ""
    return f"{what} of {facts.name(state, body.seat)}{place}"


def _assent(channel: Channel, subject: bytes) -> str:
    state = channel.state
    if state.charter is not None and state.charter.digest == subject:
        return "signature under the charter"
    for one in facts.changes(state):
        if one.proposal.digest == subject:
            if not isinstance(one, Invitation):
                return f"yes to the removal of {facts.name(state, one.seat)}"
            place = f" in the place of {facts.name(state, one.replaces)}" if one.replaces else ""
            return f"yes to the admission of {one.name}{place}"
    return KINDS["assent"]


def _about(channel: Channel, event: Event) -> Any:
    """The item that an entry began, or is about; None if there is none."""
    held = channel.entry(getattr(act_of(event.kind, event.body), "item", event.record.id))
    return None if held is None else held.value


def _item(channel: Channel, event: Event) -> str:
    item = _about(channel, event)
    return "" if item is None or item.at == event.record.at else f" {item.at.position}"


ALONE = frozenset({"nonpaper.float", "hat.open", "text.open", "text.amend", "mandate.grant", "disclosure.propose"}) | {
    "step.propose"
}
"""Whose page says all that the line would."""


def draw(page: Page, one: Facts) -> None:
    """A line of news, with the text if it brought one."""
    if "note" in one:
        pages.note(page, one["note"])
        return
    if "why" in one or one.get("kind") not in ALONE:
        who = f" ({one['by']})" if one["by"] else ""
        page.say(f"{one['number']}  {one['what']}{who}", BAD if "why" in one else "")
    if "why" in one:
        page.say(f"  {one['why']}")
    if "reason" in one:
        page.quote(one["reason"])
    if "dossier" in one:
        pages.dossier(page, one["dossier"])
    if "understanding" in one:
        pages.matter(page, one["understanding"])
    if "sounding" in one:
        sounding.draw(page, one["sounding"])
    if one.get("reaction"):
        nonpaper_page.draw_reaction(page, one["reaction"], one["nonpaper"])
    elif "nonpaper" in one:
        nonpaper_page.draw(page, one["nonpaper"])
    text_news.draw(page, one)
    for name, draw_one in (
        ("hat", hat.draw),
        ("mandate", mandate.draw),
        ("disclosure", disclosure.draw),
        ("ladder", step_page.new),
    ):
        if name in one:
            draw_one(page, one[name])
