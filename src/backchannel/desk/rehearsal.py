"""Rehearsal: fold an entry as its readers will, so that what cannot be accepted never leaves."""

from __future__ import annotations

from typing import Any

from backchannel.desk.session import Session
from backchannel.entry.codec import Value
from backchannel.entry.ids import EntryId, SeatId
from backchannel.errors import Malformed, Misuse
from backchannel.instruments import BY_KIND, Spoken


def rehearse(session: Session, kind: str, body: Value, audience: tuple[SeatId, ...], words: bytes = b"") -> None:
    """Fold it. Raises `Misuse` with what the readers would say. Inside a turn."""
    instrument, book, find = BY_KIND[kind], session.book, session.history.find

    def item(entry: EntryId) -> Any:
        held = book.items.at(find(entry))
        return held.value if held is not None else None

    held = None if kind == instrument.opens else item(body.item)  # type: ignore[attr-defined]
    linked = instrument.links(held, body)
    spoken = Spoken(
        session.now(),
        bytes(32),
        session.engine.wallet.me,
        audience,
        kind,
        body,
        session.state,
        words,
        lambda entry: book.asides.words(find(entry)),
        item(linked) if linked is not None else None,
        held is not None and book.asides.key(held.at.position) is not None,
    )
    try:
        instrument.fold(held, spoken)
    except Malformed as problem:
        raise Misuse(problem.code, problem.what, problem.todo) from problem
