"""Steps: all ladders; one, as a picture and a table; what leaves the channel as a file; the track record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from markupsafe import Markup
from starlette.responses import Response

from backchannel.desk import pictures, steps, turns
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.facts import step as told_of
from backchannel.facts import track
from backchannel.instruments.step.track import GROUPS
from backchannel.instruments.step.values import Ladder
from backchannel.papers.ladder import whole
from backchannel.papers.sheet import svg
from backchannel.web import chosen, lines
from backchannel.web.hours import by
from backchannel.web.page import Ask, Facts, Form, Page, attachment, settle
from backchannel.web.promised import Line, open_, there, told
from backchannel.web.words import Words

MOST = 40
"""Steps, or promises of a record, on a page."""
MOST_DRAWN = 60
"""Steps of a ladder whose picture stands on its page; a longer one's is a file."""
MOST_PICTURE = 60_000
FILES = (*pictures.PICTURES, *pictures.TABLES, "ics")

TONES = {
    "verified": "good",
    "reported": "warm",
    "late": "bad",
    "broken": "bad",
    "disputed": "bad",
}


def look_all(ask: Ask) -> Facts:
    """All ladders that this seat can read, the newest first."""
    channel = ask.channel()
    held, earlier = chosen.past(ask, channel, "step")
    return {
        "ladders": [told_of.line(channel, one.value) for one in held],
        "earlier": earlier,
        "can_speak": chosen.speaks(channel),
        **drawing(ask),
    }


def look(ask: Ask) -> Facts:
    """A ladder: what is awaited from this seat, its picture, and the same as a table."""
    channel = ask.channel()
    item = steps.ladder_at(channel, ask.position())
    stands = steps.standings(channel, item)
    here = channel.session.book.pieces.counts(item.at.position)
    first = min(max(ask.number("from", 1), 1), len(item.steps))
    last = min(first + MOST - 1, len(item.steps))
    mine = channel.state.member(channel.me).party
    open_ = [n for n, (one, now) in enumerate(zip(item.steps, stands, strict=True), 1)
             if one.promise.doer == mine and now.state == "proposed" and not now.held]  # fmt: skip
    pledges = open_[:MOST] if chosen.speaks(channel) else []
    return {
        "ladder": told_of.line(channel, item),
        "rows": [told_of.step_facts(channel, item, n, stands[n - 1], here) for n in range(first, last + 1)],
        "pledges": [told_of.step_facts(channel, item, n, stands[n - 1], here) for n in pledges],
        "many": len(item.steps),
        "first": first,
        "last": last,
        "picture": _picture(channel, item) if len(item.steps) <= MOST_DRAWN else "",
        "can_speak": chosen.speaks(channel),
        **drawing(ask),
    }


def drawing(ask: Ask) -> Facts:
    """What the templates of steps write with."""
    return {"by": partial(by, ask.words), "tones": TONES}


def _picture(channel: Channel, item: Ladder) -> Markup:
    """The ladder drawn, built and never pasted together (papers.sheet); nothing if it is too much for a page."""
    try:
        drawn = svg(whole(pictures.picture(channel, item)), fitted=True)
    except Misuse:
        return Markup()
    return Markup(drawn) if len(drawn) <= MOST_PICTURE else Markup()  # noqa: S704 - what people wrote in it is escaped


def pledge(ask: Ask, form: Form) -> str:
    """Promise steps, for one's party, when their person has read them once more."""
    channel = ask.channel()
    item = steps.ladder_at(channel, ask.position())
    wanted = sorted(set(form.numbers("step")))
    if not wanted:
        raise Misuse("step", ask.words.say("No step is chosen."), ask.words.say("Tick those that you promise."))
    found = [turns.may(channel, item, n, "step.pledge") for n in wanted]
    say, party = ask.words.say, channel.state.member(channel.me).party
    asked = there(item.steps, steps.standings(channel, item), wanted)
    ask.sure(
        form,
        ask.words.say("Promise this for {party}?", party=party),
        [
            say("Who can read “{title}” sees it, permanently: {names}.", title=item.title, names=_readers(ask, item)),
            say("From its hour on a step that was not reported is late, and all of them see that too."),
            *open_(ask.words, asked),
            say("Those to whom it is owed can give it another hour, or let it go."),
            *_stands(ask, asked),
        ],
        say("Promise it"),
        told(ask.words, asked, item.steps),
    )
    steps.pledge(channel, item, found)
    settle(channel, ask.keeper)
    return ask.place(f"steps/{item.at.position}")


def _stands(ask: Ask, promised: Sequence[Line]) -> list[str]:
    """Whether it can be taken back (spec/step.md, 3.1)."""
    say = ask.words.say
    if any(line.after or line.returns for line in promised):
        return [say("A promise cannot be taken back, unless what it waits for or is given for can no longer be.")]
    return [say("A promise cannot be taken back.")]


def _readers(ask: Ask, item: Ladder) -> str:
    return ask.words.names(told_of.line(ask.channel(), item)["readers"])


# --- files ------------------------------------------------------------------------------------------------------------


def look_file(ask: Ask) -> Response:
    """A ladder as a picture, a table or a calendar."""
    channel = ask.channel()
    item, form = steps.ladder_at(channel, ask.position()), _form(ask, FILES)
    raw = _calendar(ask, channel, [item]) if form == "ics" else pictures.write(channel, item, form)
    return attachment(raw, f"ladder-{item.at.position}.{form}")


def look_calendar(ask: Ask) -> Response:
    """The hours of all ladders."""
    channel = ask.channel()
    return attachment(_calendar(ask, channel, [held.value for held in channel.items("step")]), "steps.ics")


def _calendar(ask: Ask, channel: Channel, items: list[Ladder]) -> bytes:
    return pictures.calendar(channel, ask.desk.vault, items, words=ask.query("words") == "1")


def _form(ask: Ask, known: tuple[str, ...]) -> str:
    form = str(ask.request.path_params["form"])
    if form not in known:
        raise Misuse("page", ask.words.say("There is no such page."), ask.words.say("Choose from the list."))
    return form


# --- the track record -------------------------------------------------------------------------------------------------


def look_record(ask: Ask) -> Facts:
    """What each party has promised, and what became of it: all parties by their counts, one with its reasons."""
    channel = ask.channel()
    told = _record(ask, channel)
    which = ask.number("p", 0)
    one = told["parties"][which - 1] if 1 <= which <= len(told["parties"]) else None
    first = max(ask.number("from", 1), 1)
    return {
        **told,
        "groups": GROUPS,
        "one": one,
        "which": which,
        "rows": one["steps"][first - 1 : first - 1 + MOST] if one else [],
        "next": first + MOST if one and len(one["steps"]) >= first + MOST else None,
        "in_words": _in_words(ask.words, told),
        "period": "&".join(f"{name}={told[name]}" for name in ("since", "until") if told[name]),
        **drawing(ask),
    }


def _in_words(words: Words, told: Facts) -> str:
    """The period as people say it: how a browser writes days is its own affair."""
    first, last = (words.date(date.fromisoformat(told[name])) if told[name] else "" for name in ("since", "until"))
    if first and last:
        return words.say("From {first} to the end of {last} (UTC).", first=first, last=last)
    if first:
        return words.say("From {first} on (UTC).", first=first)
    return words.say("To the end of {last} (UTC).", last=last) if last else ""


def look_record_file(ask: Ask) -> Response:
    """The record as a table."""
    form = _form(ask, pictures.TABLES)
    return attachment(track.written(_record(ask, ask.channel()), form), f"track-record.{form}")


def _record(ask: Ask, channel: Channel) -> Facts:
    since, until = (_day(ask, name) for name in ("since", "until"))
    return track.facts(channel, (), since, until)


def _day(ask: Ask, name: str) -> date | None:
    said = ask.query(name)
    return lines.day(ask.words, said) if said else None


STEPS = (
    Page("/c/{c:int}/steps", "steps.html", look_all),
    Page("/c/{c:int}/steps/record", "record_steps.html", look_record),
    Page("/c/{c:int}/steps/record.{form}", "", look_record_file),
    Page("/c/{c:int}/steps/hours.ics", "", look_calendar),
    Page("/c/{c:int}/steps/{n:int}", "ladder.html", look, {"pledge": pledge}),
    Page("/c/{c:int}/steps/{n:int}/ladder.{form}", "", look_file),
)
