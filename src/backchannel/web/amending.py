"""What becomes of a text: changes proposed and decided, where parties stand, soundings on brackets."""

from __future__ import annotations

from starlette.responses import RedirectResponse

from backchannel.desk import changes, texts
from backchannel.desk.channel import Channel
from backchannel.entry.ids import EntryId
from backchannel.errors import Misuse
from backchannel.facts import common, may, promises
from backchannel.facts import redline as redlines
from backchannel.facts import text as told_of
from backchannel.instruments.sounding.values import Sounding
from backchannel.instruments.text import standing
from backchannel.instruments.text.acts import STANCES
from backchannel.instruments.text.values import Paragraph, Text
from backchannel.web import chosen
from backchannel.web.page import Ask, Facts, Form, Page, settle
from backchannel.web.portions import begin, portion

MOST = 20
"""Amendments on a page."""
_STOOD = ("drafting", "silence", "adopted")


def _facts(ask: Ask, part: str) -> tuple[Channel, Text, Facts]:
    """The text of an address, and what every page of it shows."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    mine = channel.state.seat(channel.me)
    more = {"part": part, "speaks": chosen.speaks(channel), "my_party": mine.party if mine is not None else ""}
    return channel, item, {"text": told_of.facts(channel, item), **more}


# --- one paragraph ----------------------------------------------------------------------------------------------------


def look_paragraph(ask: Ask) -> Facts:
    """A paragraph: who stands where on it, its brackets, and forms for what can be proposed."""
    channel, item, shown = _facts(ask, "")
    number = ask.request.path_params["p"]
    texts.paragraph(item, number)
    one = shown["text"]["paragraphs"][number - 1]
    way = told_of.way_facts(item, texts.in_the_way(channel, item))
    cans = [can for can in way["soundable"] if can["paragraph"] == number]
    among = told_of.asked(channel, item) if cans else []
    voters = texts.negotiators(channel, item)
    third = texts.third(channel, item, voters)
    here = {one["id"]: one for one in chosen.seats(channel, me=True, observers=False)}
    return {
        **shown,
        "one": {**one, "alternatives": 1},
        "pieces": told_of.pieces(channel, one["text"]),
        "stands": _stands(shown["text"], one),
        "mine": _mine(shown["my_party"], one),
        "soundable": [{**can, "sounded": _sounded(channel, item, can, cans, among)} for can in cans],
        "third": [here[seat.hex()] for seat in third],
        "voters": common.names(channel.state, voters),
        "shown": promises.SHOWN,
        "hidden": promises.hidden(len(voters), 0),
        "last": number == len(item.here),
    }


def _sounded(channel: Channel, item: Text, can: Facts, cans: list[Facts], among: list[Sounding]) -> Facts | None:
    """The newest sounding on a bracket, unless another bracket of the paragraph has the same options."""
    alike = [one for one in cans if one["options"] == can["options"]]
    return told_of.sounded(channel, item, can, among) if len(alike) == 1 else None


def _stands(text: Facts, one: Facts) -> list[Facts]:
    """Where each party stands: what, and which words it has reserved."""
    reserved = {row["party"]: row["reason"] for row in one["reserve"]}
    return [
        {"party": party, "stance": _mine(party, one), "reason": reserved.get(party, "")} for party in text["parties"]
    ]


def _mine(party: str, one: Facts) -> str:
    for stance, parties in (
        ("agree", one["agree"]),
        ("referendum", one["referendum"]),
        ("reserve", [row["party"] for row in one["reserve"]]),
    ):
        if party in parties:
            return stance
    return "open"


def _as_seen(ask: Ask, item: Text, seen: list[str]) -> list[Paragraph]:
    """The paragraphs that a form shows, if they still say what it shows. Raises `Misuse("changed")`."""
    now = {f"{one.id.hex()}.{one.revision}": one for one in item.here}
    if not seen or any(one not in now for one in seen):
        say = ask.words.say
        what = say("What this is about has changed, or is gone, while you looked at it.")
        raise Misuse("changed", what, say("Read it as it stands now, and decide then."))
    return [now[one] for one in seen]


def _say(ask: Ask, channel: Channel, item: Text, rows: list[Paragraph], form: Form) -> None:
    """Say where one's party stands. Raises `Misuse`: `stance`, `brackets`."""
    stance, say = form["stance"], ask.words.say
    if stance not in STANCES:
        raise Misuse("stance", say("It is not chosen where your party stands."), say("Choose it."))
    if stance in ("agree", "referendum") and any(standing.bracketed(item, one) for one in rows):
        what = say("Nobody can agree to a paragraph before its brackets are gone.")
        raise Misuse("brackets", what, say("Propose words without them."), may.UNDONE)
    texts.stand(channel, item, rows, stance, form["reason"] if stance == "reserve" else "")
    settle(channel, ask.keeper)


def stand_one(ask: Ask, form: Form) -> str:
    """Where one's party stands on a paragraph."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item, party=True, states=_STOOD)
    _say(ask, channel, item, _as_seen(ask, item, form.all("seen")), form)
    return ask.place(f"text/{item.at.position}#p{ask.request.path_params['p']}")


def change(ask: Ask, form: Form) -> str:
    """Propose one change of the paragraph; whoever holds the pen makes it."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item)
    number, do = ask.request.path_params["p"], form["do"]
    _as_seen(ask, item, form.all("seen"))
    draft = changes.Draft(channel, item)
    draft.add(do, number, form["words"], behind=form.number("behind"))
    return _proposed(ask, channel, item, draft, form["reason"])


def _proposed(ask: Ask, channel: Channel, item: Text, draft: changes.Draft, reason: str) -> str:
    draft.check()
    texts.amend(channel, item, draft.changes, reason)
    settle(channel, ask.keeper)
    pen = item.pen == channel.me
    return ask.place(f"text/{item.at.position}" + ("" if pen else "/amendments"))


def sound(ask: Ask, form: Form) -> str:
    """Ask in a sounding which alternative of a bracket all could live with; first it is said who will know what."""
    channel, say = ask.channel(), ask.words.say
    item = channel.text_at(ask.position())
    number, group = ask.request.path_params["p"], form.number("bracket", 1)
    (one,) = _as_seen(ask, item, form.all("seen"))
    by = chosen.one(ask, channel, form, "releaser") if form["releaser"] else None
    hours = form.number("hours", 24)
    voters = texts.negotiators(channel, item)
    asked = ask.words.names(common.names(channel.state, voters))
    releaser = texts.releases(channel, item, voters, by)
    lines = [
        say("{names} are asked, yes or no to each of these:", names=asked),
        *(f"• {option}" for option in texts.soundable(channel, item, number, group).options),
        ask.words.told(promises.SHOWN, promises.hidden(len(voters), 0)),
        say(
            "{name} takes part without answering, and reads the question. It has the words of the paragraph.",
            name=common.name(channel.state, releaser),
        ),
        say("You can take it back until somebody has answered. That it was asked stays in the record."),
    ]
    title = say("Take a sounding on paragraph {n}?", n=number)
    ask.sure(form, title, lines, say("Take it"), item.said(one))

    def deed() -> None:
        texts.sound(channel, item, number, group, releaser=releaser, hours=hours)

    made = begin(ask, channel, "sounding", deed)
    return ask.place("soundings" if made is None else f"soundings/{made}")


def clear(ask: Ask, form: Form) -> str:
    """Propose an alternative in the place of its bracket."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item)
    _as_seen(ask, item, form.all("seen"))
    number, group, option = ask.request.path_params["p"], form.number("bracket", 1), form.number("option")
    draft = changes.Draft(channel, item)
    draft.changes.append(texts.clear(channel, item, number, group, option - 1))
    return _proposed(ask, channel, item, draft, form["reason"])


# --- changes of the text as a whole -----------------------------------------------------------------------------------


def look_change(ask: Ask) -> Facts | RedirectResponse:
    """Where to begin: a paragraph to change, a new one, or several changes at once."""
    _, item, shown = _facts(ask, "")
    number = ask.number("paragraph", 0)
    if 1 <= number <= len(item.here):
        return RedirectResponse(ask.place(f"text/{item.at.position}/paragraph/{number}"), 303)
    return {**shown, "layout": texts.seen(item), "verbs": changes.VERBS}


def _layout(ask: Ask, item: Text, form: Form) -> None:
    if form["layout"] != texts.seen(item):
        say = ask.words.say
        what = say("The text has changed while you wrote: its paragraphs may have other numbers now.")
        raise Misuse("changed", what, say("Compare it with what you wrote, and send that again."))


def insert(ask: Ask, form: Form) -> str:
    """Propose new paragraphs."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item)
    _layout(ask, item, form)
    draft = changes.Draft(channel, item)
    draft.add("insert", form.number("behind"), form["words"])
    return _proposed(ask, channel, item, draft, form["reason"])


def several(ask: Ask, form: Form) -> str:
    """Propose several changes that go together."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item)
    _layout(ask, item, form)
    draft = changes.Draft(channel, item)
    changes.read(draft, form["changes"])
    return _proposed(ask, channel, item, draft, form["reason"])


# --- amendments -------------------------------------------------------------------------------------------------------


def look_amendments(ask: Ask) -> Facts:
    """Those that are undecided, then others, newest first."""
    channel, item, shown = _facts(ask, "amendments")
    rows = [*item.proposed, *sorted(item.settled, key=lambda one: -one.at.position)]
    start = min(ask.number("from", 1), len(rows) + 1) - 1 if rows else 0
    page = rows[max(start, 0) : start + MOST]
    return {
        **shown,
        "amendments": [redlines.amendment_facts(channel, item, one) for one in page],
        "more": start + MOST + 1 if start + MOST < len(rows) else None,
    }


def _amendment(ask: Ask, item: Text, form: Form) -> EntryId:
    number = form.number("amendment", -1)
    for one in (*item.proposed, *item.settled):
        if one.at.position == number:
            if one.outcome != "proposed":
                raise Misuse("amendment", ask.words.say("This amendment is decided, or was taken back, already."))
            return one.id
    raise Misuse("amendment", ask.words.say("There is no such amendment to this text."))


def decide(ask: Ask, form: Form) -> str:
    """The pen accepts an amendment, or refuses it."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item, pen=True)
    accept = form["do"] == "accept"
    texts.decide(channel, item, [_amendment(ask, item, form)], accept=accept, reason="" if accept else form["reason"])
    settle(channel, ask.keeper)
    return ask.place(f"text/{item.at.position}/amendments")


def withdraw(ask: Ask, form: Form) -> str:
    """Take back an amendment of one's own."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item, states=may.WORKED_ON)
    texts.withdraw(channel, item, _amendment(ask, item, form))
    settle(channel, ask.keeper)
    return ask.place(f"text/{item.at.position}/amendments")


# --- where one stands, and what stands in the way ---------------------------------------------------------------------


def look_stand(ask: Ask) -> Facts:
    """Paragraphs, with where one's party stands on each."""
    channel, _, shown = _facts(ask, "stand")
    rows = shown["text"]["paragraphs"]
    start, end = portion(rows, ask.number("from"), lambda part: len(part["text"]))
    party = shown["my_party"]
    return {
        **shown,
        "rows": [
            {
                **part,
                "alternatives": 1,
                "pieces": told_of.pieces(channel, part["text"]),
                "mine": _mine(party, part),
            }
            for part in rows[start:end]
        ],
        "start": start,
        "end": end,
    }


def stand(ask: Ask, form: Form) -> str:
    """Where one's party stands on some paragraphs."""
    channel = ask.channel()
    item = channel.text_at(ask.position())
    may.work(channel, item, party=True, states=_STOOD)
    seen = form.all("clean") if form["which"] == "clean" else form.all("seen")
    if not seen:
        say = ask.words.say
        raise Misuse("paragraph", say("No paragraph is chosen."), say("Tick those that it is about."))
    _say(ask, channel, item, _as_seen(ask, item, seen), form)
    return ask.place(f"text/{item.at.position}")


def look_way(ask: Ask) -> Facts:
    """What stands between this text and its adoption."""
    channel, item, shown = _facts(ask, "way")
    return {**shown, "way": told_of.way_facts(item, texts.in_the_way(channel, item))}


_PARAGRAPH = {
    "stand": stand_one,
    "sound": sound,
    "clear": clear,
    **dict.fromkeys(("replace", "delete", "move", "split", "merge", "insert"), change),
}
_AT = "/c/{c:int}/text/{n:int}"

AMENDING = (
    Page(f"{_AT}/paragraph/{{p:int}}", "paragraph.html", look_paragraph, _PARAGRAPH),
    Page(f"{_AT}/change", "text_change.html", look_change, {"insert": insert, "several": several}),
    Page(
        f"{_AT}/amendments",
        "amendments.html",
        look_amendments,
        {"accept": decide, "refuse": decide, "withdraw": withdraw},
    ),
    Page(f"{_AT}/stand", "stand.html", look_stand, {"stand": stand}),
    Page(f"{_AT}/way", "way.html", look_way),
)
