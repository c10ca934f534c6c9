"""The charter: its terms explained, proposed by the founder, read and signed by every seat."""

from __future__ import annotations

from collections import Counter

from backchannel.channel import charter as terms
from backchannel.channel.state import Seat, State
from backchannel.desk import charters
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.facts import common
from backchannel.web.page import Ask, Facts, Form, Page, settle
from backchannel.web.words import Words

SAFE = {"attribution": "chatham"}
"""What a form has ticked before anybody has chosen, where that is not what most channels take: it endangers nobody."""
CHOICES = {
    "track": terms.TRACKS,
    "attribution": terms.ATTRIBUTIONS,
    "reactions": terms.REACTIONS,
    "pen": terms.PENS,
    "dossier": terms.DOSSIERS,
}


def look(ask: Ask) -> Facts:
    """The terms in full, who has signed; for the founder, before there are any, the form."""
    channel = ask.channel()
    state, me = channel.state, channel.state.seat(channel.me)
    told = common.charter(channel)
    founding = state.stage == "founding" and channel.me == state.founder
    return {
        "charter": told,
        "rows": rows(ask.words, told["terms"]) if told else [],
        "digest": state.charter.digest.hex() if state.charter is not None else "",
        "signed": me is not None and me.signed,
        "seated": me is not None,
        "refuse": refuse(ask.words, state, me),
        "founding": founding,
        "alone": len(state.present) < 2,
        "single": sorted(party for party, many in Counter(one.party for one in state.present).items() if many == 1),
        "here_now": [{"name": one.name, "party": one.party, "role": one.role} for one in state.present],
        "missing": [one.name for one in state.invitations if one.proposal.stage == "granted"],
        "defaults": {
            **charters.DEFAULTS,
            **SAFE,
            "title": state.title,
            "purpose": state.purpose,
            **(told or {}).get("terms", {}),
        },
        "options": {name: [(value, _said(ask.words, value)) for value in some] for name, some in CHOICES.items()},
        "most_days": terms.LONGEST_RETENTION,
        "most_hat": terms.MOST_HAT_DAYS,
    }


def rows(words: Words, found: Facts) -> list[tuple[str, str]]:
    """Each term: what it is called, and what it means as it was chosen."""
    say, count = words.say, words.count
    days, round_ = found["retention_days"], found["hat_days"]
    kept = count("Every desk deletes them after a day.", "Every desk deletes them after {n} days at most.", days)
    goes = count("It goes round every day, and when called.", "It goes round every {n} days, and when called.", round_)
    newcomers = say("Every party has to say yes to who comes in later.")
    successors = say("But a seat names by itself who succeeds it.")
    return [
        (say("Kind of channel"), _said(words, found["track"])),
        (say("Who said what"), _said(words, found["attribution"])),
        (say("Notes"), kept),
        (say("Newcomers"), f"{newcomers} {successors}"),
        (say("Showing clauses"), _quorum(words, found["disclosure"])),
        (say("Reactions to non-papers"), _said(words, found["reactions"])),
        (say("Objections to non-papers"), _objection(words, found)),
        (say("The hat"), goes if round_ else say("It goes round when somebody calls it.")),
        (say("Texts"), _said(words, found["pen"])),
        (say("Successors"), _said(words, found["dossier"])),
        (say("Oversight"), say("There is none: nobody but the seats can read anything.")),
    ]


def refuse(words: Words, state: State, me: Seat | None) -> str:
    """What comes of not signing: a charter that is in force does not need a newcomer's signature."""
    if state.stage != "open" or me is None:
        return words.say("To refuse, do nothing: without your signature it does not hold.")
    before = state.seat(me.succeeds) if me.succeeds is not None else None
    if before is None or before.standing == "gone":
        return words.say("To refuse, do nothing: then you do not come in.")
    return words.say("To refuse, do nothing: then {name} keeps the place.", name=before.name)


def _said(words: Words, value: str) -> str:
    say = words.say
    return {
        "1": say("Track 1: governments speak, officially"),
        "1.5": say("Track 1.5: officials speak in their own names, with others"),
        "2": say("Track 2: people without office speak"),
        "envoy": say("Envoy channel: envoys speak for whoever has sent them"),
        "attributed": say("The speaker may be named outside."),
        "chatham": say("What is said may be used, the speaker may not be named (Chatham House)."),
        "named": say("They are said by name."),
        "hat": say("They come from the hat: nobody can tell whose they are."),
        "passes": say("The pen passes from seat to seat."),
        "intermediary": say("Only the intermediary holds the pen."),
        "all": say("A successor gets what its predecessor could read, notes too."),
        "record": say("A successor gets what was agreed and promised, without the notes."),
    }[value]


def _quorum(words: Words, many: str) -> str:
    if many == "all":
        return words.say("Clauses of what was signed are shown outside only if every party agrees.")
    return words.say("Clauses of what was signed are shown outside if {n} parties agree.", n=many)


def _objection(words: Words, found: Facts) -> str:
    if found["objection"] == "none":
        return words.say("They are heard, and end nothing.")
    return words.count("One objection ends a non-paper.", "{n} objections end a non-paper.", int(found["objection"]))


# --- acts -------------------------------------------------------------------------------------------------------------


def propose(ask: Ask, form: Form) -> str:
    """The founder closes the table, and signs with that."""
    channel, say = ask.channel(), ask.words.say
    if len(channel.state.present) < 2:
        raise Misuse("alone", say("Nobody but you has joined yet."), say("Invite the others first."))
    drawn = charters.drawn_up(channel, _chosen(ask, form))
    told = {name: getattr(drawn, name) for name in drawn.__struct_fields__}
    names = ask.words.names([f"{one.name} ({one.party})" for one in channel.state.present])
    absent = [one.name for one in channel.state.invitations if one.proposal.stage == "granted"]
    late = say("{names} has not joined: who joins later makes all sign anew.", names=ask.words.names(absent))
    lines = [
        say("It is for exactly these seats: {names}.", names=names),
        late if absent else "",
        say("You sign with this. Each of the others reads it, and signs or not; it holds when all have."),
    ]
    ask.sure(form, say("Propose this charter, and sign it?"), lines, say("Propose and sign"), _page(ask.words, told))
    channel.propose_charter(drawn)
    settle(channel, ask.keeper)
    return ask.place("seats/charter")


def _chosen(ask: Ask, form: Form) -> Facts:
    """What the form says of each term; what it does not say is as in most channels."""
    numbers = {name: form.number(name) for name in ("retention_days", "hat_days") if form[name]}
    texts = {name: form[name] for name in ("title", "purpose", *CHOICES) if form[name]}
    disclosure = form["disclosure"] if form["disclosure_how"] == "some" else "all"
    objection = form["objection"] if form["objection_how"] == "some" else "none"
    return {**SAFE, **texts, **numbers, "disclosure": disclosure.strip(), "objection": objection.strip()}


def _page(words: Words, told: Facts) -> str:
    """A charter in full, as it is read before it is signed."""
    lines = [f"{name}: {means}" for name, means in rows(words, told)]
    return "\n\n".join([told["title"], told["purpose"], "\n".join(lines)])


def sign(ask: Ask, form: Form) -> str:
    """Sign the charter that was shown, and no other."""
    channel, say = ask.channel(), ask.words.say
    agreed, told = channel.state.charter, common.charter(channel)
    shown = agreed if agreed is not None and agreed.digest.hex() == form["digest"] else None
    if shown is not None and told is not None:
        seats = ask.words.names([f"{one['name']} ({one['party']})" for one in told["seats"]])
        lines = [
            say("You bind yourself to these terms, with these seats: {names}.", names=seats),
            say("All of them see that you have signed. It cannot be taken back; you can leave the channel."),
            _keeps(channel, ask),
        ]
        title = say("Sign the charter “{title}”?", title=told["terms"]["title"])
        ask.sure(form, title, lines, say("Sign it"), _page(ask.words, told["terms"]))
    channel.sign_charter(shown)  # which says so if it is another by now
    settle(channel, ask.keeper)
    return ask.place("seats/charter")


def _keeps(channel: Channel, ask: Ask) -> str:
    """What no charter can promise."""
    return ask.words.say("No charter keeps a seat from copying, or photographing, what it reads.")


CHARTERS = (Page("/c/{c:int}/seats/charter", "charter.html", look, {"propose": propose, "sign": sign}),)
