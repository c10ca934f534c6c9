"""Files on their way: what was named goes, a few pieces at a time, until the log has all of it (spec/step.md, 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backchannel.desk.book.intent import Intent, Say
from backchannel.desk.book.outgoing import Row
from backchannel.desk.session import Session
from backchannel.entry.codec import decode, encode
from backchannel.instruments.step.acts import File, Find, Piece, Report
from backchannel.instruments.step.files import named, pieces
from backchannel.instruments.step.values import Ladder

FORGOTTEN_SECONDS = 3_600.0
"""After so long a file that nobody has named is let go."""
AT_ONCE = 4
"""Pieces that wait for the relay at a time."""

_BODIES: dict[str, type[Report | Find]] = {"step.report": Report, "step.find": Find}


def sending(session: Session) -> bool:
    """Whether files are on their way, so that this desk has more to do than what its person just asked."""
    return bool(session.book.outgoing.all())


def going(session: Session) -> list[tuple[Ladder, File]]:
    """The files that go by themselves, each with its ladder: named in the log, and wholly taken in here."""
    with session.turn():
        back = came_back(session)
        found = [(_ladder(session, row), row) for row in session.book.outgoing.all() if row.sha256 not in back]
        return [(item, file(row)) for item, row in found if item is not None and _named_in(session, item, row)]


def progress(session: Session, files: Sequence[tuple[Ladder, File]]) -> tuple[int, int]:
    """How many pieces of these files the log has, of how many."""
    with session.turn():
        party, held = _party(session), session.book.pieces
        here = sum(held.counts(item.at.position).get((party, one.sha256), 0) for item, one in files)
        return here, sum(pieces(one) for _, one in files)


def came_back(session: Session) -> dict[bytes, str]:
    """The files of which the log did not take a piece, by their digests, and why: they go no further by themselves."""
    return {
        decode(row.intent.body, Piece).file: row.why
        for row in session.book.outbox.returned("step.piece")
        if isinstance(row.intent, Say)
    }


def owed(session: Session, waiting: Sequence[Intent]) -> list[Intent]:
    """The next pieces of what was named; inside a turn and a transaction. What is not needed any more is let go."""
    out: list[Intent] = []
    rows = session.book.outgoing.all()
    if not rows:
        return out
    under_way = [decode(one.body, Piece) for one in waiting if isinstance(one, Say) and one.kind == "step.piece"]
    free = AT_ONCE - len(under_way)
    on_way = {(one.item, one.file, one.n) for one in under_way}
    back = came_back(session)
    for row in rows:
        item = _ladder(session, row)
        if item is None or not _named_in(session, item, row):
            if not is_named(session, row) and session.clock() > row.touched + FORGOTTEN_SECONDS:
                session.book.outgoing.drop(row.k)
            continue
        here = session.book.pieces.here(item.at.position, _party(session), row.sha256)
        session.book.outgoing.forget(row.k, session.book.outgoing.pieces(row.k) & here)
        left = [n for n in range(pieces(file(row))) if n not in here]
        if not left:
            session.book.outgoing.drop(row.k)
        elif row.sha256 not in back:
            new = [n for n in left if (item.id, row.sha256, n) not in on_way][: max(0, free)]
            on_way |= {(item.id, row.sha256, n) for n in new}
            out += [_piece(session, item, row, n) for n in new]
            free -= len(new)
    return out


def drop(session: Session, k: int, *, named_too: bool = False) -> None:
    """Let go of a file, unless it is named already; some of its pieces at a time, for others wait for the desk."""
    gone = False
    while not gone:
        with session.turn(), session.vault.transaction():
            row = next((row for row in session.book.outgoing.all() if row.k == k), None)
            kept = row is not None and not named_too and is_named(session, row)
            gone = row is None or kept or session.book.outgoing.drop(k)


def is_named(session: Session, row: Row) -> bool:
    """Whether it is named, in the log or by what waits, or has come back, in this desk's outbox."""
    item = _ladder(session, row)
    if item is not None and _named_in(session, item, row):
        return True
    return any(row.sha256 == one.sha256 for said in _said(session) for one in said.files)


def file(row: Row) -> File:
    """It, as it is named."""
    return File(row.name, row.size, row.sha256)


def _piece(session: Session, item: Ladder, row: Row, n: int) -> Say:
    body = Piece(item.id, row.sha256, n, session.book.outgoing.data(row.k, n))
    return Say("step.piece", encode(body), "talk", session.state.current(item.audience))


def _ladder(session: Session, row: Row) -> Ladder | None:
    held = session.book.items.at(row.ladder)
    return held.value if held is not None and isinstance(held.value, Ladder) else None


def _party(session: Session) -> str:
    return session.state.member(session.book.me).party


def _named_in(session: Session, item: Ladder, row: Row) -> bool:
    """Whether the log has a report or finding of this seat's party that names it; it has none that is still coming."""
    return any(row.sha256 == one.sha256 for one in named(item, _party(session)))


def _said(session: Session) -> Iterator[Report | Find]:
    outbox = session.book.outbox
    for one in (*outbox.waiting(*_BODIES), *outbox.returned(*_BODIES)):
        if isinstance(one.intent, Say):
            yield decode(one.intent.body, _BODIES[one.intent.kind])
