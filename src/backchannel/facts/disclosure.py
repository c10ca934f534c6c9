"""A disclosure as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.facts import Facts, Tell
from backchannel.facts.passed import passes
from backchannel.facts.saying import local, names

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.disclosure.rules import Disclosure


STATES = {
    "proposed": "it awaits the consent of {awaits}",
    "waiting": "agreed; it may be published once {unconfirmed} confirm that its condition is met",
    "agreed": "agreed; it may be published{from_}",
    "published": "published; that cannot be taken back",
    "refused": "refused",
    "withdrawn": "taken back by its proposer",
    "replaced": "replaced by disclosure {successor}",
    "retracted": "the parties no longer stand by its wording; what was shown stays shown",
}


@passes
def facts(channel: Channel, item: Disclosure) -> Facts:
    """A disclosure: which clauses to whom from when, in which words, and how it stands."""
    from backchannel.desk import disclosures
    from backchannel.facts import common

    terms, state = item.terms, disclosures.standing(channel, item)
    of, successor = disclosures.of(channel, item), disclosures.successor(channel, item)
    missing = lacking(item, state)
    not_before = common.at(terms.not_before) if terms.not_before else None
    said = STATES[state].format(
        awaits=names(missing),
        unconfirmed=names(missing),
        from_=f" from {local(not_before)} on" if not_before else "",
        successor=successor.at.position if successor else "",
    )
    return {
        "number": item.at.position,
        "of": of.terms.title,
        "understanding": of.at.position,
        "clauses": [{"number": k, "text": of.terms.clauses[k - 1]} for k in terms.clauses],
        "of_clauses": len(of.terms.clauses),
        "to": reader(terms.to),
        "not_before": not_before,
        "once": terms.condition or None,
        "confirmed": list(item.confirms),
        "unconfirmed": missing if state == "waiting" else [],
        "due": disclosures.due(channel, item),
        "summary": terms.summary,
        "lines": terms.lines,
        "proposed_by": common.name(channel.state, item.proposer),
        "consented": list(item.consents),
        "retracted": list(item.retracts),
        "awaits": missing if state == "proposed" else [],
        "state": state,
        "state_says": said,
        "reason": item.reason,
        "successor": successor.at.position if successor else None,
        "sha256": item.digest.hex() or None,
    }


def lacking(item: Disclosure, state: str) -> list[str]:
    """The parties whose consent is awaited, or then whose confirmation."""
    given = {"proposed": item.consents, "waiting": item.confirms}.get(state, item.asked)
    return [party for party in item.asked if party not in given]


def reader(to: str) -> str:
    """For whom, in a sentence."""
    return "the public" if to == "public" else to


# --- who can do what next ---------------------------------------------------------------------------------------------

_ASKS = {"proposed": ("consent", "whether clauses are shown"), "waiting": ("confirm", "whether its condition is met")}
"""What the parties are asked about a disclosure in each state: the command, and the question."""


def steps(channel: Channel, item: Disclosure, tell: Tell) -> None:
    """Whose consent, or confirmation, is awaited; and its proposer, once it may be shown."""
    from backchannel.desk import disclosures
    from backchannel.facts import common, succession

    state, n, stands = channel.state, item.at.position, disclosures.standing(channel, item)
    missing = lacking(item, stands)
    for first, party in item.parties:
        seat = succession.now(state, first)
        if party in missing and state.keys(seat) is not None:
            command, question = _ASKS[stands]
            tell(
                common.name(state, seat),
                "say",
                f"{question}: disclosure {n} (for {party})",
                f"disclosure {command} {n}",
            )
    if stands == "agreed" and disclosures.due(channel, item):
        what = f"disclosure {n}, to which the parties have agreed"
        tell(common.name(state, item.proposer), "publish", what, f"disclosure publish {n} FOLDER")
