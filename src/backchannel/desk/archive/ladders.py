"""Ladders in an archive: what was promised, what was done and found, the files that came whole (spec/archive.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from backchannel.desk.archive.bundle import File
from backchannel.desk.archive.teller import Facts, Teller
from backchannel.desk.evidence import Named, of
from backchannel.desk.promised import promised
from backchannel.instruments.step.standing import stand
from backchannel.instruments.step.values import Ladder, Step


def ladder(teller: Teller, item: Ladder) -> Facts:
    """A ladder: every step as it was promised, where it stands when it is sealed, all that was said of it."""
    stands = stand(item, teller.now.arrival)
    here = teller.channel.session.book.pieces.counts(item.at.position)
    return {
        "number": item.at.position,
        "title": item.title,
        "proposed": teller.at(item.at.arrival),
        "proposed_by": teller.who(item.author),
        "steps": [
            {
                **promised(n, one, now, teller.at),
                **_said(teller, one),
                "files": [_file(teller, item, file) for file in of(one, here)],
            }
            for n, (one, now) in enumerate(zip(item.steps, stands, strict=True), 1)
        ],
    }


def _said(teller: Teller, one: Step) -> Facts:
    """All that was said of a step, by whom if that may be told."""
    return {
        "reports": [{**_by(teller, said), "text": said.words, "late": said.late} for said in one.reports],
        "findings": [{**_by(teller, found), "verdict": found.verdict, "text": found.words} for found in one.findings],
        "inspections": [{**_by(teller, visit), "text": visit.words} for visit in one.visits],
        "excuses": [
            {
                **_by(teller, word),
                "until": teller.at(word.until) if word.until else None,
                "reason": word.reason,
                "held": word.held,
            }
            for word in one.excuses
        ],
    }


def _by(teller: Teller, said: Any) -> Facts:
    return {"at": teller.at(said.at.arrival), "by": teller.who(said.by)}


def _file(teller: Teller, item: Ladder, one: Named) -> Facts:
    """A file as it was named; where it stands in the archive, if it came whole and is that."""
    kept = _whole(teller, item, one)
    return {
        "name": one.file.name,
        "size": one.file.size,
        "sha256": one.file.sha256.hex(),
        "by": None if teller.nameless else one.party,
        "file": _name(item, one) if kept else None,
    }


def _name(item: Ladder, one: Named) -> str:
    # So much of the digest that nobody can make two files of one name, one of which would stand for the other.
    return f"steps/{item.at.position}-{one.file.sha256[:24].hex()}.bin"


def _pieces(teller: Teller, item: Ladder, one: Named) -> Iterator[bytes]:
    return teller.channel.session.book.pieces.read(item.at.position, one.party, one.file.sha256)


def _whole(teller: Teller, item: Ladder, one: Named) -> bool:
    if one.here < one.pieces:
        return False
    digest = hashlib.sha256()
    for data in _pieces(teller, item, one):
        digest.update(data)
    return digest.digest() == one.file.sha256


def files(teller: Teller, item: Ladder) -> Iterator[File]:
    """The files that came whole, each once."""
    here = teller.channel.session.book.pieces.counts(item.at.position)
    named = {_name(item, file): file for one in item.steps for file in of(one, here) if _whole(teller, item, file)}
    for name, file in named.items():
        yield name, _pieces(teller, item, file)
