"""An understanding as facts: who has initialled and signed it, whose turn it is."""

from __future__ import annotations

from backchannel.channel.state import State
from backchannel.desk.channel import Channel
from backchannel.errors import BackchannelError
from backchannel.facts import Facts, Tell
from backchannel.facts.common import at, name, names, place
from backchannel.facts.passed import passes
from backchannel.instruments.understanding import record, rules
from backchannel.instruments.understanding.values import Understanding

VERBS = {"proposed": "initial", "initialled": "sign", "signing": "sign"}
"""What its signatories do next with an understanding in each state; nothing in the others."""


@passes
def facts(channel: Channel, item: Understanding) -> Facts:
    """An understanding: its exact text, who has initialled and signed, whom it still awaits."""
    state = channel.state
    standing = rules.standing(item, state)
    verb, awaited = awaits(item, state)
    parties = sorted(item.terms.parties, key=lambda party: place(state, party.seat))
    return {
        "number": item.at.position,
        "title": item.terms.title,
        "text": item.terms.text,
        "clauses": list(item.terms.clauses),
        "annexes": [{"name": annex.name, "sha256": annex.sha256.hex()} for annex in item.terms.annexes],
        "state": standing,
        "state_says": rules.STATES[standing],
        "proposed_by": name(state, item.proposer),
        "proposed": at(item.at.arrival),
        "readers": names(state, state.current(item.audience)),
        "parties": [
            {
                "name": party.name,
                "party": party.party,
                "role": party.role,
                "initialled": party.seat in item.initials,
                "signed": party.seat in item.signed,
                "ad_referendum": party.seat in item.referendum and party.seat not in item.signed,
                "words": list(item.keys(party.seat).words()) if party.seat in item.initials else [],
            }
            for party in parties
        ],
        "next": verb or None,
        "awaits": awaited,
        "anchored": item.anchor.at.position if item.anchor is not None else None,
        "proved": proved(channel, item),
        "reason": item.reason,
    }


def awaits(item: Understanding, state: State) -> tuple[str, list[str]]:
    """What its signatories do next with an understanding, if anything, and the names of those who have not yet."""
    verb = VERBS.get(rules.standing(item, state), "")
    done = item.initials if verb == "initial" else item.signed
    parties = sorted(item.terms.parties, key=lambda party: place(state, party.seat))
    return verb, [party.name for party in parties if party.seat not in done] if verb else []


def proved(channel: Channel, item: Understanding) -> bool | None:
    """Of a complete understanding that was passed on: whether its signatures hold. None: this desk saw them come."""
    if item.state != "complete" or channel.session.book.items.passed_on(item.at.position) is None:
        return None
    try:
        record.verify(record.of(channel.id, item))
    except BackchannelError:
        return False
    return True


def steps(channel: Channel, item: Understanding, tell: Tell) -> None:
    """Who has still to initial it, or to sign it."""
    n = item.at.position
    verb, awaited = awaits(item, channel.state)
    for who in awaited:
        tell(who, verb, f"understanding {n}: {item.terms.title}", f"understanding {verb} {n}")
