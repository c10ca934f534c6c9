"""Mandates: for whom a seat may initial and sign; what attests whose keys those are (spec/mandate.md)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from backchannel.desk import mandates
from backchannel.desk.channel import Channel
from backchannel.entry import text
from backchannel.errors import Misuse
from backchannel.facts.mandate import facts
from backchannel.instruments.mandate import ACTS, X509, Attestation, Mandate, Published
from backchannel.web import chosen
from backchannel.web.page import Ask, Facts, Form, Page, attachment, settle

MOST_BYTES = 32_768
LONGEST = 3_653


def look(ask: Ask) -> Facts:
    """All mandates that this seat was shown, and the form that grants one."""
    channel = ask.channel()
    held, earlier = chosen.past(ask, channel, "mandate")
    speaks = chosen.speaks(channel)
    party = channel.state.member(channel.me).party if speaks else ""
    return {
        "mandates": [_mandate(ask, channel, one.value) for one in held],
        "earlier": earlier,
        "speaks": speaks,
        "seats": [one for one in chosen.seats(channel, me=True, observers=False) if one["party"] == party],
        "acts": ACTS,
        "longest": LONGEST,
        "statement": mandates.own_statement(channel).decode().rstrip("\n") if speaks else "",
    }


def _mandate(ask: Ask, channel: Channel, item: Mandate) -> Facts:
    one, said = facts(channel, item), {"initial": ask.words.say("initial"), "sign": ask.words.say("sign")}
    return {**one, "mine": item.by == channel.me, "may": ask.words.names([said[act] for act in one["acts"]])}


def look_statement(ask: Ask) -> Response:
    """The line that an institution signs, as a file."""
    return attachment(mandates.own_statement(ask.channel()), "statement.txt")


def grant(ask: Ask, form: Form) -> str:
    """Let a seat of one's party initial, sign or both; or declare it of oneself."""
    channel, say = ask.channel(), ask.words.say
    seat = chosen.one(ask, channel, form, "to")
    acts = [act for act in form.all("act") if act in ACTS]
    days = form.number("days", 365)
    if not acts or not 1 <= days <= LONGEST:
        raise Misuse("mandate", say("A mandate is to initial, to sign, or both, for 1 to 3,653 days."), "")
    mandates.grant(channel, seat, acts, form["scope"], days=days, attestation=_attestation(ask, form))
    settle(channel, ask.keeper)
    return ask.place("seats/mandates")


def _attestation(ask: Ask, form: Form) -> Attestation | None:
    certificate, signature = (_file(ask, form, name) for name in ("certificate", "signature"))
    published, say = form["published"].strip(), ask.words.say
    if (certificate is None) != (signature is None) or (certificate is not None and published):
        what = say("What attests the keys was not given in one of the two ways.")
        raise Misuse("attestation", what, say("Give a certificate and its signature, or say where it is published."))
    if certificate is not None and signature is not None:
        return X509(certificate, signature)
    return Published(text.tidy(published)) if published else None


def _file(ask: Ask, form: Form, name: str) -> bytes | None:
    sent = form.files(name)
    if not sent:
        return None
    raw: Any = sent[0].file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        what = ask.words.say("{name} is too long for a certificate or a signature.", name=sent[0].filename)
        raise Misuse("file", what, ask.words.say("Choose another file."))
    return bytes(raw)


def revoke(ask: Ask, form: Form) -> str:
    """Take a mandate back from now on."""
    channel, say = ask.channel(), ask.words.say
    item = channel.mandate_at(form.number("mandate", -1))
    one = facts(channel, item)
    lines = [
        say("What {name} signed before stays signed.", name=one["to"]),
        say("It cannot be undone; you can grant another."),
    ]
    ask.sure(form, say("Take back this mandate of {name}?", name=one["to"]), lines, say("Take it back"), one["scope"])
    mandates.revoke(channel, item, form["reason"])
    settle(channel, ask.keeper)
    return ask.place("seats/mandates")


MANDATES = (
    Page("/c/{c:int}/seats/mandates", "mandates.html", look, {"grant": grant, "revoke": revoke}),
    Page("/c/{c:int}/seats/statement.txt", "", look_statement),
)
