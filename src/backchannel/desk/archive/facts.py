"""Each instrument's items as facts for an archive, in one table (spec/archive.md, 5.3 to 5.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from backchannel.desk import disclosures
from backchannel.desk.archive import ladders
from backchannel.desk.archive.bundle import File
from backchannel.desk.archive.teller import Facts, Teller
from backchannel.instruments import INSTRUMENTS, mandate
from backchannel.instruments.disclosure.rules import Disclosure
from backchannel.instruments.hat.values import FROM_HAT
from backchannel.instruments.mandate import Mandate
from backchannel.instruments.note import Note
from backchannel.instruments.sounding.values import Sounding
from backchannel.instruments.text.values import Amendment, Text, laid_out
from backchannel.instruments.understanding import record
from backchannel.instruments.understanding.rules import standing
from backchannel.instruments.understanding.values import Understanding

BY_NAME = {one.name: one for one in INSTRUMENTS}


def _note(teller: Teller, item: Note) -> Facts | None:
    if item.gone or item.until <= teller.now.arrival:  # 5.4
        return None
    readers = [seat for seat in item.audience if seat != item.author]
    return {
        "number": item.at.position,
        "from": teller.who(item.author),
        "to": None if teller.nameless else teller.seats(readers),
        "sent": teller.at(item.at.arrival),
        "until": teller.at(item.until),
        "text": item.text,
        "read_back": [
            {"seat": teller.who(r.seat), "state": r.state, "restated": r.restated, "corrected": r.corrected}
            for r in item.readbacks
            if r.state != "plain"
        ],
    }


def _understanding(teller: Teller, item: Understanding) -> Facts:
    signed = {one.seat for one in item.signatures}
    stem = _stem("understandings", item)
    return {
        "number": item.at.position,
        "title": item.terms.title,
        "text": f"{stem}.txt",
        "annexes": [{"name": annex.name, "sha256": annex.sha256.hex()} for annex in item.terms.annexes],
        "record": f"{stem}.json" if item.state == "complete" else None,
        "state": standing(item, teller.state),
        "proposed_by": teller.who(item.proposer),
        "proposed": teller.at(item.at.arrival),
        "reason": item.reason or None,
        "parties": [
            {
                "seat": party.seat.hex(),
                "name": party.name,
                "party": party.party,
                "role": party.role,
                "initialled": party.seat in item.initials,
                "signed": party.seat in signed,
            }
            for party in item.terms.parties
        ],
    }


def _understanding_files(teller: Teller, item: Understanding) -> Iterator[File]:
    stem = _stem("understandings", item)
    yield f"{stem}.txt", [f"{item.terms.title}\n\n{item.terms.text}\n".encode()]
    if item.state == "complete":
        yield f"{stem}.json", [record.write(record.of(teller.channel.id, item))]


def _sounding(teller: Teller, item: Sounding) -> Facts | None:
    terms = item.terms
    if item.state != "closed" or terms.question.startswith(FROM_HAT):  # 5.4
        return None
    return {
        "number": item.at.position,
        "question": terms.question,
        "options": list(terms.options),
        "rule": terms.rule,
        "required": teller.seats(terms.required),
        "quorum": terms.quorum,
        "reveal": terms.reveal,
        "voters": teller.seats(terms.voters),
        "asked_by": teller.who(item.asker),
        "asked": teller.at(item.at.arrival),
        "results": [{"option": terms.options[one.option], "yes": one.tally} for one in item.results],
    }


def _mandate(teller: Teller, item: Mandate) -> Facts:
    terms, came = item.terms, mandate.attestation(item)
    return {
        "number": item.at.position,
        "to": teller.seat(terms.to),
        "by": teller.seat(item.by),
        "party": item.party,
        "acts": list(terms.acts),
        "scope": terms.scope,
        "granted": teller.at(item.at.arrival),
        "until": teller.at(terms.until),
        "state": mandate.standing(item, teller.state, teller.now),
        "reason": item.reason or None,
        "attestation": msgspec.to_builtins(came) if came is not None else None,
    }


def _disclosure(teller: Teller, item: Disclosure) -> Facts:
    terms = item.terms
    return {
        "number": item.at.position,
        "understanding": terms.understanding.hex(),
        "clauses": list(terms.clauses),
        "to": terms.to,
        "not_before": teller.at(terms.not_before) if terms.not_before else None,
        "summary": terms.summary,
        "lines": terms.lines,
        "replaces": terms.replaces.hex() if any(terms.replaces) else None,
        "disclosure": item.id.hex(),
        "state": disclosures.standing(teller.channel, item),
        "proposed": teller.at(item.at.arrival),
        "proposed_by": teller.who(item.proposer),
        "consented": None if teller.nameless else list(item.consents),
        "retracted": None if teller.nameless else list(item.retracts),
        "reason": item.reason or None,
        "sha256": item.digest.hex() or None,
    }


def _text(teller: Teller, item: Text) -> Facts:
    stem = _stem("texts", item)
    return {
        "number": item.at.position,
        "title": item.title,
        "state": item.state,
        "opened": teller.at(item.at.arrival),
        "opened_by": teller.who(item.author),
        "pen": teller.who(item.pen),
        "text": f"{stem}.txt",
        "paragraphs": [
            {
                "paragraph": one.id.hex(),
                "text": item.said(one),
                "stances": [
                    {
                        "party": None if teller.nameless else stands.party,
                        "stance": stands.stance,
                        "text": item.words[stands.words],
                        "since": teller.at(stands.at.arrival),
                    }
                    for stands in one.stances
                ],
            }
            for one in item.here
        ],
        "amendments": [
            _amendment(teller, item, one)
            for one in sorted((*item.settled, *item.proposed), key=lambda one: one.at.position)
        ],
        "versions": [
            {
                "version": one.number,
                "issued": teller.at(one.at.arrival),
                "digest": one.digest.hex(),
                "text": f"{stem}-{one.number}.txt",
            }
            for one in item.versions
        ],
        "silences": [
            {
                "version": one.number,
                "from": teller.at(one.at.arrival),
                "until": teller.at(one.until),
                "broken_by": teller.who(one.broken),
                "broken": one.broken is not None,
                "text": item.words[one.words],
            }
            for one in item.hushes
        ],
    }


def _amendment(teller: Teller, item: Text, one: Amendment) -> Facts:
    return {
        "number": one.at.position,
        "by": teller.who(one.seat),
        "proposed": teller.at(one.at.arrival),
        "outcome": one.outcome,
        "since": teller.at(one.since.arrival),
        "reason": item.words[one.reason],
        "answer": item.words[one.answer],
        "changes": [
            {
                "do": step.do,
                "paragraph": step.paragraph.hex(),
                "other": step.other.hex(),
                "text": [item.words[number] for number in step.words],
            }
            for step in one.steps
        ],
    }


def _text_files(teller: Teller, item: Text) -> Iterator[File]:
    stem = _stem("texts", item)
    for name, layout in ((stem, item.layout), *((f"{stem}-{one.number}", one.layout) for one in item.versions)):
        words = [item.words[number] for _, number in laid_out(layout)]
        yield f"{name}.txt", ["\n\n".join((item.title, *words)).encode() + b"\n"]


def _stem(folder: str, item: Understanding | Text) -> str:
    return f"{folder}/{item.at.position}"


class Kept(NamedTuple):
    """An item's facts, or None if it is not for an archive, and files of its own."""

    tell: Callable[[Teller, Any], Facts | None]
    files: Callable[[Teller, Any], Iterator[File]] = lambda _teller, _item: iter(())


KEPT = {
    "note": Kept(_note),
    "text": Kept(_text, _text_files),
    "understanding": Kept(_understanding, _understanding_files),
    "mandate": Kept(_mandate),
    "disclosure": Kept(_disclosure),
    "sounding": Kept(_sounding),
    "step": Kept(ladders.ladder, ladders.files),
}


def told(teller: Teller, name: str, item: Any) -> Facts | None:
    """An item's facts, and whether a predecessor passed it on to whoever seals: then nobody can verify who wrote it."""
    found = KEPT[name].tell(teller, item)
    if found is None or not BY_NAME[name].passes:
        return found
    giver = teller.channel.session.book.items.passed_on(item.at.position)
    return {**found, "passed_on": giver is not None, "passed_on_by": teller.who(giver)}


LEFT_OUT = {
    "handover": "what was passed on stands where it belongs, and says so",
    "nonpaper": "it vanishes when it fails; what was taken up stands as an understanding",
    "hat": "what nobody has said in their own name is nobody's to keep",
}
"""Instrument -> why no archive has it."""
