"""Files that a person gives this desk to send: taken into the vault as they come, sent by reflex (spec/step.md, 4).

Nothing of them lies on the disk in the clear. What was named in a report or a finding goes on its way whenever this
desk is open, until the log has all of it; what was never named goes an hour after it came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from backchannel.desk.book.intent import Intent, Say
from backchannel.desk.book.outgoing import Row
from backchannel.desk.session import Session
from backchannel.entry import text
from backchannel.entry.codec import decode, encode
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.step.acts import PIECE, File, Find, Piece, Report
from backchannel.instruments.step.files import LARGEST, named, pieces
from backchannel.instruments.step.values import Ladder

FORGOTTEN_SECONDS = 3_600.0
"""After so long a file that nobody has named is let go."""
AT_ONCE = 4
"""Pieces that wait for the relay at a time."""
UNDONE = "Nothing was sent."

_BODIES: dict[str, type[Report | Find]] = {"step.report": Report, "step.find": Find}


class Kept(NamedTuple):
    """A file that is wholly here, and the number by which its person's forms call it."""

    k: int
    file: File


def called(name: str) -> str:
    """A file's name, as it can be named; `Misuse("file")` if it cannot."""
    try:
        return text.line(text.tidy(name), "file name", 200)
    except Malformed as problem:
        raise Misuse("file", f"{name[:200]}: {problem.what}", "Give it another name.", UNDONE) from problem


def check_size(name: str, size: int) -> None:
    """`Misuse("file")` for what is too large to go."""
    if size > LARGEST:
        raise Misuse("file", f"{name} is larger than a gigabyte.", "Divide it.", UNDONE)


class Incoming:
    """A file on its way in: `write` what comes, then `end`; else it is forgotten. Raises `Misuse("file")`."""

    def __init__(self, session: Session, ladder: int, name: str) -> None:
        self._session, self._name = session, called(name)
        self._whole, self._size, self._n, self._rest = hashlib.sha256(), 0, 0, bytearray()
        with session.turn(), session.vault.transaction():
            self.k = session.book.outgoing.begin(ladder, self._name, session.clock())

    def write(self, data: bytes) -> None:
        """What comes next, of any length."""
        self._size += len(data)
        check_size(self._name, self._size)
        self._whole.update(data)
        self._rest += data
        while len(self._rest) >= PIECE:
            self._keep(bytes(self._rest[:PIECE]))
            del self._rest[:PIECE]

    def end(self) -> Kept:
        """That was all of it."""
        if self._rest:
            self._keep(bytes(self._rest))
            self._rest.clear()
        session, sha256 = self._session, self._whole.digest()
        with session.turn(), session.vault.transaction():
            session.book.outgoing.end(self.k, sha256)
        return Kept(self.k, File(self._name, self._size, sha256))

    def _keep(self, data: bytes) -> None:
        session = self._session
        with session.turn(), session.vault.transaction():
            session.book.outgoing.add(self.k, self._n, data, session.clock())
        self._n += 1


def kept(session: Session, ladder: int, numbers: Iterable[int]) -> list[Kept]:
    """The files with these numbers, for a ladder; `Misuse("file")` if one is not here any more, or is there twice."""
    here = {row.k: row for row in session.book.outgoing.all() if row.sha256 and row.ladder == ladder}
    found: list[Kept] = []
    for k in dict.fromkeys(numbers):
        if k not in here:
            raise Misuse("file", "A file that was chosen is not here any more.", "Choose it again.", UNDONE)
        if any(one.file.sha256 == here[k].sha256 for one in found):
            raise Misuse("file", f"{here[k].name} is there twice.", "Take one of the two out.", UNDONE)
        found.append(Kept(k, _file(here[k])))
    return found


def unnamed(session: Session, item: Ladder) -> list[Kept]:
    """The files that were taken in for a ladder, and that nothing names yet."""
    rows = [row for row in session.book.outgoing.all() if row.sha256 and row.ladder == item.at.position]
    return [Kept(row.k, _file(row)) for row in rows if not _named(session, row)]


def discard(session: Session, numbers: Iterable[int]) -> None:
    """Let go of these, unless they are named already."""
    for k in numbers:
        gone = False
        while not gone:  # some pieces at a time: others wait for the desk
            with session.turn(), session.vault.transaction():
                row = next((row for row in session.book.outgoing.all() if row.k == k), None)
                gone = row is None or _named(session, row) or session.book.outgoing.drop(k)


def sending(session: Session) -> bool:
    """Whether files are on their way, so that this desk has more to do than what its person just asked."""
    return bool(session.book.outgoing.all())


def owed(session: Session, waiting: Sequence[Intent]) -> list[Intent]:
    """The next pieces of what was named; inside a turn and a transaction. What is not needed any more is let go."""
    out: list[Intent] = []
    rows = session.book.outgoing.all()
    if not rows:
        return out
    under_way = [decode(one.body, Piece) for one in waiting if isinstance(one, Say) and one.kind == "step.piece"]
    free = AT_ONCE - len(under_way)
    on_way = {(one.item, one.file, one.n) for one in under_way}
    back = {one.file for one in _returned(session)}
    for row in rows:
        item = _ladder(session, row)
        if item is None or not row.sha256 or not _named_in(session, item, row):
            if not _named(session, row) and session.clock() > row.touched + FORGOTTEN_SECONDS:
                session.book.outgoing.drop(row.k)
            continue
        here = session.book.pieces.here(item.at.position, _party(session), row.sha256)
        session.book.outgoing.forget(row.k, session.book.outgoing.pieces(row.k) & here)
        left = [n for n in range(pieces(_file(row))) if n not in here]
        if not left:
            session.book.outgoing.drop(row.k)
        elif row.sha256 not in back:
            new = [n for n in left if (item.id, row.sha256, n) not in on_way][: max(0, free)]
            on_way |= {(item.id, row.sha256, n) for n in new}
            out += [_piece(session, item, row, n) for n in new]
            free -= len(new)
    return out


def _piece(session: Session, item: Ladder, row: Row, n: int) -> Say:
    body = Piece(item.id, row.sha256, n, session.book.outgoing.data(row.k, n))
    return Say("step.piece", encode(body), "talk", session.state.current(item.audience))


def _file(row: Row) -> File:
    return File(row.name, row.size, row.sha256)


def _ladder(session: Session, row: Row) -> Ladder | None:
    held = session.book.items.at(row.ladder)
    return held.value if held is not None and isinstance(held.value, Ladder) else None


def _party(session: Session) -> str:
    return session.state.member(session.book.me).party


def _named_in(session: Session, item: Ladder, row: Row) -> bool:
    """Whether the log has a report or finding of this seat's party that names it."""
    return any(row.sha256 == file.sha256 for file in named(item, _party(session)))


def _named(session: Session, row: Row) -> bool:
    """Whether it is named, in the log or by what waits, or has come back, in this desk's outbox."""
    item = _ladder(session, row)
    if item is not None and row.sha256 and _named_in(session, item, row):
        return True
    return any(row.sha256 == file.sha256 for said in _said(session) for file in said.files)


def _said(session: Session) -> Iterator[Report | Find]:
    outbox = session.book.outbox
    for one in (*outbox.waiting(), *outbox.returned()):
        if isinstance(one.intent, Say) and one.intent.kind in _BODIES:
            yield decode(one.intent.body, _BODIES[one.intent.kind])


def _returned(session: Session) -> list[Piece]:
    rows = session.book.outbox.returned()
    said = [row.intent for row in rows if isinstance(row.intent, Say)]
    return [decode(one.body, Piece) for one in said if one.kind == "step.piece"]
