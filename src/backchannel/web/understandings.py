"""Understandings: proposed, initialled, signed for good, saved as a record."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import BinaryIO

from starlette.responses import Response

from backchannel.desk import texts, understandings
from backchannel.desk.channel import Channel
from backchannel.entry import text as prose
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.facts import common, disclosure, may
from backchannel.facts import text as told_of
from backchannel.facts import understanding as facts_of
from backchannel.instruments.text.values import Text
from backchannel.instruments.understanding.values import Annex, Understanding
from backchannel.web import chosen
from backchannel.web.page import Ask, Facts, Form, Page, attachment, settle
from backchannel.web.portions import begin

NONE = 1 << 40
"""No number of an item."""


def look_all(ask: Ask) -> Facts:
    """The newest understandings, and disclosures of them."""
    channel = ask.channel()
    held, earlier = chosen.past(ask, channel, "understanding")
    shown, _ = chosen.past(ask, channel, "disclosure")
    return {
        "understandings": [_told(channel, one.value) for one in held],
        "earlier": earlier,
        "disclosures": [disclosure.facts(channel, one.value) for one in shown],
        "speaks": chosen.speaks(channel),
    }


def _told(channel: Channel, item: Understanding) -> Facts:
    """An understanding, and what is awaited of this seat."""
    one = facts_of.facts(channel, item)
    me = channel.state.seat(channel.me)
    mine = me is not None and channel.me in item.signatories
    awaited = mine and common.name(channel.state, channel.me) in one["awaits"]
    open_ = item.state in ("proposed", "initialled") and one["next"] is not None
    return {
        **one,
        "do": one["next"] if awaited else None,
        "can_refer": mine
        and channel.me in item.initials
        and channel.me not in item.referendum
        and _unsigned(channel, item),
        "can_withdraw": open_ and (mine or item.proposer == channel.me),
        "signed_here": mine,
    }


def _unsigned(channel: Channel, item: Understanding) -> bool:
    return item.state in ("proposed", "initialled", "signing") and channel.me not in item.signed


# --- a new one --------------------------------------------------------------------------------------------------------


def look_new(ask: Ask) -> Facts:
    """A form for an understanding; of an adopted text, which is taken as it is."""
    channel = ask.channel()
    number = ask.number("text", NONE)
    item = _adopted(channel, number) if number != NONE else None
    held, _ = chosen.past(ask, channel, "text")
    return {
        "speaks": chosen.speaks(channel),
        "seats": chosen.seats(channel, me=True, observers=False),
        "readers": chosen.seats(channel),
        "adopted": [{"number": one.position, "title": one.value.title} for one in held if one.value.state == "adopted"],
        "text": told_of.facts(channel, item) if item is not None else None,
        "negotiators": [one.hex() for one in texts.negotiators(channel, item)] if item is not None else [],
    }


def _adopted(channel: Channel, number: int) -> Text:
    item = channel.text_at(number)
    may.work(channel, item, states=("adopted",))
    return item


def _signatories(ask: Ask, channel: Channel, form: Form) -> list[SeatId]:
    found = chosen.several(ask, channel, form, "sign")
    if len(found) < 2:
        say = ask.words.say
        raise Misuse("signatories", say("An understanding is signed by two or more."), say("Choose whom it binds."))
    return found


def propose(ask: Ask, form: Form) -> str:
    """Propose clauses that were typed."""
    channel = ask.channel()
    signers = _signatories(ask, channel, form)
    readers = chosen.some(ask, channel, form, "to")
    to = sorted({*signers, *readers}) if readers is not None else None
    annexes = [Annex(prose.tidy(one.filename or ""), _digest(one.file)) for one in form.files("annex")]
    title, words = form["title"], form["words"]
    return _begun(ask, channel, lambda: understandings.propose(channel, title, words, signers, to, annexes))


def _digest(file: BinaryIO) -> bytes:
    found = sha256()
    while part := file.read(1 << 20):
        found.update(part)
    return found.digest()


def propose_text(ask: Ask, form: Form) -> str:
    """Propose an adopted text, its paragraphs being the clauses."""
    channel = ask.channel()
    item = _adopted(channel, form.number("text", NONE))
    signers = _signatories(ask, channel, form)
    return _begun(ask, channel, lambda: texts.propose(channel, item, signers))


def _begun(ask: Ask, channel: Channel, deed: Callable[[], None]) -> str:
    made = begin(ask, channel, "understanding", deed)
    return ask.place("understandings" if made is None else f"understandings/{made}")


# --- one --------------------------------------------------------------------------------------------------------------


def look(ask: Ask) -> Facts:
    """Its exact text, who has initialled and signed, and what is awaited from this seat."""
    channel = ask.channel()
    item = channel.understanding_at(ask.position())
    return {
        "one": _told(channel, item),
        "disclosures": [
            disclosure.facts(channel, held.value)
            for held in channel.items("disclosure")
            if held.value.terms.understanding == item.id
        ],
        "may_disclose": item.state == "complete"
        and not set(channel.state.line(channel.me)).isdisjoint(item.signatories),
    }


def _here(ask: Ask, verb: str = "") -> tuple[Channel, Understanding]:
    channel = ask.channel()
    item = channel.understanding_at(ask.position())
    if verb:
        may.bind(channel, item, verb)
    return channel, item


def _done(ask: Ask, channel: Channel) -> str:
    settle(channel, ask.keeper)
    return ask.place(f"understandings/{ask.position()}")


def initial(ask: Ask, form: Form) -> str:
    """This is the text."""
    channel, item = _here(ask, "initial")
    understandings.initial(channel, item)
    return _done(ask, channel)


def refer(ask: Ask, form: Form) -> str:
    """The capital has to agree."""
    channel, item = _here(ask)
    understandings.refer(channel, item)
    return _done(ask, channel)


def sign(ask: Ask, form: Form) -> str:
    """Bind oneself."""
    channel, item = _here(ask, "sign")
    say = ask.words.say
    others = [f"{party.name} ({party.party})" for party in item.terms.parties if party.seat != channel.me]
    ask.sure(
        form,
        say("Sign “{title}”, for good?", title=item.terms.title),
        [
            say(
                "You bind yourself to exactly these words, with {others}. It cannot be undone.",
                others=ask.words.names(others),
            ),
            say(
                "Your signature lasts: anybody who gets the saved record can check that you signed, and it cannot be "
                "denied later. A note is the opposite: it proves nothing."
            ),
            say(
                "It proves that the keys of this desk signed these words. It does not prove when, nor who you are: "
                "that is what the words of the signatures, read aloud, are for."
            ),
        ],
        say("Sign it"),
        item.terms.text,
    )
    understandings.sign(channel, item)
    return _done(ask, channel)


def withdraw(ask: Ask, form: Form) -> str:
    """It will not come about."""
    channel, item = _here(ask, "withdraw")
    say = ask.words.say
    if not form["reason"].strip():
        raise Misuse("reason", say("The reason is missing."), say("All who can read the text read why: say it."))
    ask.sure(
        form,
        say("Withdraw “{title}”?", title=item.terms.title),
        [say("Nobody can initial or sign it any more. It can be proposed anew, as another one.")],
        say("Withdraw it"),
    )
    understandings.withdraw(channel, item, form["reason"])
    return _done(ask, channel)


def save(ask: Ask) -> Response:
    """The record of a complete understanding."""
    channel, item = _here(ask)
    return attachment(understandings.record(channel, item), f"understanding-{item.at.position}.json")


_AT = "/c/{c:int}/understandings"
_NEW = {"propose": propose, "propose_text": propose_text}
_ACTS = {"initial": initial, "refer": refer, "sign": sign, "withdraw": withdraw}

UNDERSTANDINGS = (
    Page(_AT, "understandings.html", look_all),
    Page(f"{_AT}/new", "understanding_new.html", look_new, _NEW),
    Page(f"/papers{_AT}/new", "understanding_new.html", look_new, _NEW),
    Page(f"{_AT}/{{n:int}}", "understanding.html", look, _ACTS),
    Page(f"{_AT}/{{n:int}}/record", "problem.html", save),
)
