"""A mandate as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.facts import Facts
from backchannel.facts.passed import passes
from backchannel.facts.saying import local

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.mandate import Mandate


STATES = {
    "in-force": "in force until {until}",
    "revoked": "revoked; what was signed before stays signed",
    "over": "over: its hour has passed, or its seat has left",
}


@passes
def facts(channel: Channel, item: Mandate) -> Facts:
    """A mandate: of whom for whom, what it allows, until when, and how it stands."""
    from backchannel.desk.mandates import of_mandate, standing
    from backchannel.facts import common

    state, terms = channel.state, item.terms
    at, until = standing(channel, item), common.at(terms.until)
    return {
        "number": item.at.position,
        "to": common.name(state, terms.to),
        "by": common.name(state, item.by),
        "declared": terms.to == item.by,
        "party": item.party,
        "acts": list(terms.acts),
        "scope": terms.scope,
        "until": until,
        "state": at,
        "state_says": STATES[at].format(until=local(until)),
        "reason": item.reason,
        "attested": bool(terms.attestation),
        "attested_says": of_mandate(channel, item),
    }
