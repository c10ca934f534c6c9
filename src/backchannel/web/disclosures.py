"""Disclosures: which clauses are shown to whom, looked at exactly as the world will see them, agreed, then made."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import wraps
from io import BytesIO
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from backchannel.desk import disclosures
from backchannel.desk.channel import Channel
from backchannel.entry import text as prose
from backchannel.errors import BackchannelError, Misuse
from backchannel.facts import disclosed, understanding
from backchannel.facts import disclosure as told_of
from backchannel.instruments.disclosure.rules import AGREED, PUBLIC, Disclosure, Propose
from backchannel.instruments.understanding.values import Understanding
from backchannel.papers import disclosed as papers
from backchannel.web.page import Ask, Do, Facts, Form, Page, attachment, settle
from backchannel.web.portions import begin

NONE = 1 << 40
"""No number of an item."""


def _signatory(channel: Channel, item: Understanding) -> bool:
    return not set(channel.state.line(channel.me)).isdisjoint(item.signatories)


def preview(channel: Channel, of: Understanding, terms: Propose, digest: bytes = b"") -> Markup:
    """The page as the world would see it: what it shows is escaped where it is made, and it has no script."""
    shown = papers.body(disclosed.preview(channel, of, terms, digest.hex()))
    return Markup('<div class="disclosed" lang="en" dir="ltr">{}</div>').format(Markup(shown))  # noqa: S704


# --- a new one --------------------------------------------------------------------------------------------------------


def look_new(ask: Ask) -> Facts:
    """Clauses to choose from, and what is said with them."""
    channel = ask.channel()
    item = channel.understanding_at(ask.position())
    replaces = ask.number("replaces", NONE)
    before = channel.disclosure_at(replaces) if replaces != NONE else None
    return {
        "one": understanding.facts(channel, item),
        "may_disclose": item.state == "complete" and _signatory(channel, item),
        "earlier": [
            {"number": held.position}
            for held in channel.items("disclosure")
            if held.value.terms.understanding == item.id and held.value.state in AGREED
        ],
        "before": told_of.facts(channel, before) if before is not None else None,
        "to": before.terms.to if before is not None else PUBLIC,
        "parties": sorted({party.party for party in item.terms.parties}),
    }


def propose(ask: Ask, form: Form) -> str:
    """Propose to show these clauses, after a look at what the world would see."""
    channel, say = ask.channel(), ask.words.say
    item = channel.understanding_at(ask.position())
    clauses = form.numbers("clause")
    replaces = form.number("replaces", -1)
    before = channel.disclosure_at(replaces) if replaces >= 0 else None
    reader = form["reader"].strip() if form["to"] == "some" else PUBLIC
    more: dict[str, Any] = {
        "lines": form["lines"],
        "to": reader,
        "not_before": _day(ask, form["day"]),
        "condition": form["condition"],
        "replaces": before,
    }
    terms = disclosures.terms(channel, item, clauses, form["summary"], **more)
    ask.sure(
        form,
        say("Propose to show this?"),
        [
            say("Below stands what {reader} would see, and nothing else of it.", reader=told_of.reader(terms.to)),
            say("With it your party consents. Nothing is shown before the others consent and somebody publishes it."),
            _earliest(ask, more["not_before"]),
            say("What is shown cannot be taken back. The clauses that stay closed cannot be read from it."),
        ],
        say("Propose it"),
        preview(channel, item, terms),
    )
    made = begin(
        ask, channel, "disclosure", lambda: disclosures.propose(channel, item, clauses, form["summary"], **more)
    )
    return ask.place("understandings" if made is None else f"understandings/disclosure/{made}")


def _day(ask: Ask, given: str) -> float:
    """The beginning of a day (UTC); 0 for none."""
    if not given.strip():
        return 0
    try:
        return datetime.combine(date.fromisoformat(given.strip()), time(), UTC).timestamp()
    except (ValueError, OverflowError):
        raise Misuse("day", ask.words.say("This is no day."), ask.words.say("Write it as 1984-11-25.")) from None


def _earliest(ask: Ask, unix: float) -> str:
    """That day in words, for who has just typed it; empty for none."""
    if not unix:
        return ""
    day = ask.words.date(datetime.fromtimestamp(unix, UTC).date(), whole=True)
    return ask.words.say("It is shown on {day} (UTC) at the earliest.", day=day)


# --- one --------------------------------------------------------------------------------------------------------------


def look(ask: Ask) -> Facts:
    """What would be shown, exactly, how it stands, and what is awaited from this seat."""
    channel = ask.channel()
    item = channel.disclosure_at(ask.position())
    one, of = told_of.facts(channel, item), disclosures.of(channel, item)
    mine = channel.state.seat(channel.me)
    party = mine.party if mine is not None else ""
    signatory = _signatory(channel, of)
    try:
        shown, missing = preview(channel, of, item.terms, item.digest), ""
    except BackchannelError as problem:
        shown, missing = Markup(), problem.what
    return {
        "one": one,
        "shown": shown,
        "missing": missing,
        "can": {
            "consent": signatory and one["state"] == "proposed" and party in one["awaits"],
            "refuse": signatory and one["state"] == "proposed",
            "confirm": signatory and party in one["unconfirmed"],
            "withdraw": item.proposer in channel.state.line(channel.me) and one["state"] == "proposed",
            "publish": signatory and one["state"] == "agreed" and one["due"],
            "save": one["state"] == "published",
            "retract": signatory and item.state in ("waiting", "agreed", "published") and party not in one["retracted"],
            "notice": signatory and disclosures.shown(item) and one["state"] in ("replaced", "retracted"),
            "replace": signatory and item.state in AGREED and one["successor"] is None,
        },
        "party": party,
    }


def _here(ask: Ask) -> tuple[Channel, Disclosure]:
    channel = ask.channel()
    return channel, channel.disclosure_at(ask.position())


def _act(do: Callable[[Ask, Form, Channel, Disclosure], None]) -> Do:
    """Something that is done to the disclosure of a page: sent, and shown."""

    @wraps(do)
    def done(ask: Ask, form: Form) -> str:
        channel, item = _here(ask)
        do(ask, form, channel, item)
        settle(channel, ask.keeper)
        return ask.place(f"understandings/disclosure/{item.at.position}")

    return done


@_act
def consent(ask: Ask, form: Form, channel: Channel, item: Disclosure) -> None:
    """Agree, for one's party, to what is shown below the question."""
    of, say = disclosures.of(channel, item), ask.words.say
    ask.sure(
        form,
        say("Consent to showing this?"),
        [
            say("Below stands what {reader} will see, and nothing else of it.", reader=told_of.reader(item.terms.to)),
            say(
                "What is shown cannot be taken back. Your party can say later that it no longer stands by the wording; "
                "what was shown stays shown."
            ),
            say("The clauses that stay closed cannot be read from it."),
        ],
        say("Consent"),
        preview(channel, of, item.terms),
    )
    disclosures.consent(channel, item)


@_act
def confirm(ask: Ask, form: Form, channel: Channel, item: Disclosure) -> None:
    """Confirm, for one's party, that the condition is met."""
    say = ask.words.say
    ask.sure(
        form,
        say("Confirm that this condition is met?"),
        [
            say("Once every party whose consent counts has confirmed it, it may be published."),
            say("A confirmation cannot be taken back."),
        ],
        say("It is met"),
        item.terms.condition,
    )
    disclosures.confirm(channel, item)


@_act
def refuse(ask: Ask, form: Form, channel: Channel, item: Disclosure) -> None:
    """Do not agree: it ends."""
    say = ask.words.say
    ask.sure(
        form,
        say("Refuse to show these clauses?"),
        [say("The proposal ends, for all parties. Another can be made.")],
        say("Refuse"),
    )
    disclosures.refuse(channel, item, form["reason"])


@_act
def withdraw(ask: Ask, form: Form, channel: Channel, item: Disclosure) -> None:
    """Take one's own proposal back."""
    disclosures.withdraw(channel, item)


@_act
def retract(ask: Ask, form: Form, channel: Channel, item: Disclosure) -> None:
    """One's party no longer stands by the wording."""
    say = ask.words.say
    ask.sure(
        form,
        say("Say that your party no longer stands by the wording?"),
        [
            say("This cannot be taken back. What was shown stays shown, and its proof still verifies."),
            say("The others in the channel see it at once. The world sees it when a page that says so is published."),
        ],
        say("Say it"),
    )
    disclosures.retract(channel, item, form["reason"])


@_act
def publish(ask: Ask, form: Form, channel: Channel, item: Disclosure) -> None:
    """Make the page and its proof: the others are told."""
    say = ask.words.say
    disclosures.may_publish(channel, item)
    ask.sure(
        form,
        say("Make the page and its proof?"),
        [
            say("You get one file with both. Nothing is sent anywhere: you publish them where you choose."),
            say("The others in the channel are told that it was made. From then on it may be anywhere, for good."),
        ],
        say("Make them"),
        preview(channel, disclosures.of(channel, item), item.terms),
    )
    disclosures.publish(channel, item)


def save(ask: Ask, form: Form) -> Response:
    """The page and its proof, in one file to be saved."""
    channel, item = _here(ask)
    raw = disclosures.bundle(channel, item)
    page = papers.html(disclosed.page_of(raw, disclosed.BUNDLE, _address(form["address"]))).encode()
    files = {disclosed.PAGE: page, disclosed.BUNDLE: raw}
    return attachment(_zipped(files), f"disclosure-{item.at.position}.zip")


def notice(ask: Ask, form: Form) -> Response:
    """A page for the place of one that does not hold any more."""
    channel, item = _here(ask)
    if not disclosures.shown(item) or disclosures.standing(channel, item) not in ("replaced", "retracted"):
        raise Misuse("not-now", ask.words.say("This was not shown, or still holds."))
    made = papers.notice(disclosed.notice_of(channel, item, _address(form["address"])))
    return attachment(made.encode(), f"disclosure-{item.at.position}-notice.html")


def _address(given: str) -> str:
    return prose.line(prose.tidy(given), "address", 500) if given.strip() else ""


_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
"""No hour of this desk's stands in what is published."""


def _zipped(files: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name, raw in files.items():
            out.writestr(zipfile.ZipInfo(name, _ZIP_DAY), raw, zipfile.ZIP_DEFLATED)
    return made.getvalue()


_ACTS: dict[str, Do] = {
    "consent": consent,
    "confirm": confirm,
    "refuse": refuse,
    "withdraw": withdraw,
    "retract": retract,
    "publish": publish,
    "save": save,
    "notice": notice,
}

DISCLOSURES = (
    Page("/c/{c:int}/understandings/{n:int}/disclose", "disclose.html", look_new, {"propose": propose}),
    Page("/c/{c:int}/understandings/disclosure/{n:int}", "disclosure.html", look, _ACTS),
)
