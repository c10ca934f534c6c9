"""Files that a person gives this desk to send: taken into the vault as they come, sent from there (spec/step.md, 4).

Nothing of them lies on the disk in the clear, but where their person has them. What was named in a report or a finding
goes on its way whenever this desk is in step with the relay, until the log has all of it (`sending`); what was never
named goes an hour after it came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from backchannel.desk import handovers, sending
from backchannel.desk.channel import Channel
from backchannel.desk.evidence import named
from backchannel.desk.session import Session
from backchannel.desk.syncing import Progress, Report
from backchannel.entry import text
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.step.acts import PIECE, File
from backchannel.instruments.step.files import LARGEST
from backchannel.instruments.step.values import Ladder

UNDONE = "Nothing was sent."


class Kept(NamedTuple):
    """A file that is wholly here, and the number by which its person's forms call it."""

    k: int
    file: File


def _called(name: str) -> str:
    """A file's name, as it can be named; `Misuse("file")` if it cannot."""
    try:
        return text.line(text.tidy(name), "file name", 200)
    except Malformed as problem:
        raise Misuse("file", f"{name[:200]}: {problem.what}", "Give it another name.", UNDONE) from problem


def _check_size(name: str, size: int) -> None:
    """`Misuse("file")` for what is too large to go."""
    if size > LARGEST:
        raise Misuse("file", f"{name} is larger than a gigabyte.", "Divide it.", UNDONE)


class Incoming:
    """A file on its way in: `write` what comes, then `end`; else it is forgotten. Raises `Misuse("file")`."""

    def __init__(self, session: Session, ladder: int, name: str) -> None:
        self._session, self._name = session, _called(name)
        self._whole, self._size, self._n, self._rest = hashlib.sha256(), 0, 0, bytearray()
        with session.turn(), session.vault.transaction():
            self.k = session.book.outgoing.begin(ladder, self._name, session.clock())

    def write(self, data: bytes) -> None:
        """What comes next, of any length."""
        self._size += len(data)
        _check_size(self._name, self._size)
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


def take(session: Session, ladder: int, path: Path, progress: Progress = lambda done, total: None) -> Kept:
    """Take in a file from the disk. Raises `Misuse("file")` for what is no file, cannot be read or is too large.

    It is named by what was taken in: whatever becomes of it on the disk, now or later, changes nothing any more.
    """
    incoming = None
    try:
        total = -(-_size(path) // PIECE)
        incoming = Incoming(session, ladder, path.name)
        for n, data in enumerate(_read(path), 1):
            incoming.write(data)
            progress(n, max(total, n))
        return incoming.end()
    except BaseException:
        if incoming is not None:
            discard(session, [incoming.k])
        raise


def _size(path: Path) -> int:
    try:
        if not path.is_file():  # a pipe would never end
            raise Misuse("file", f"{path} is no file.", "Check its name.", UNDONE)
        size = path.stat().st_size
    except OSError as problem:
        raise _unreadable(path, problem) from problem
    _check_size(path.name, size)
    return size


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as source:
            while data := source.read(PIECE):
                yield data
    except OSError as problem:
        raise _unreadable(path, problem) from problem


def _unreadable(path: Path, problem: OSError) -> Misuse:
    return Misuse("file", f"{path} cannot be read: {problem.strerror or problem}.", "", UNDONE)


def take_again(
    channel: Channel, item: Ladder, number: int, path: Path, progress: Progress = lambda done, total: None
) -> File:
    """Take in a file that one's party has named for a step, to send what the log does not have; it, as it was named.

    For a desk that does not have it: another of the party's, or one from a backup. `Misuse("file")` if it is no such.
    """
    party = channel.state.member(channel.me).party
    own = [one.file for one in named(channel, item, number) if one.party == party]
    if not own:
        raise Misuse("file", f"{party} has named no files for step {number}.", "", UNDONE)
    kept = take(channel.session, item.at.position, path, progress)
    found = next((file for file in own if file.sha256 == kept.file.sha256), None)
    if found is not None:
        return found
    discard(channel.session, [kept.k])
    if kept.file.name in [file.name for file in own]:
        what = f"{path.name} is not what {party} named: it has changed since."
        raise Misuse("file", what, "Find it as it was; or report again, with it as it is.", UNDONE)
    known = ", ".join(file.name for file in own)
    raise Misuse("file", f"{path.name} is no file that {party} named for step {number}: {known}.", "", UNDONE)


def kept(session: Session, ladder: int, numbers: Iterable[int]) -> list[Kept]:
    """The files with these numbers, for a ladder; `Misuse("file")` if one is not here any more, or is there twice.

    From now on they are here for another hour, to be named.
    """
    with session.turn(), session.vault.transaction():
        here = {row.k: row for row in session.book.outgoing.all() if row.sha256 and row.ladder == ladder}
        found: list[Kept] = []
        for k in dict.fromkeys(numbers):
            if k not in here:
                raise Misuse("file", "A file that was chosen is not here any more.", "Choose it again.", UNDONE)
            if any(one.file.sha256 == here[k].sha256 for one in found):
                raise Misuse("file", f"{here[k].name} is there twice.", "Take one of the two out.", UNDONE)
            session.book.outgoing.touch(k, session.clock())
            found.append(Kept(k, sending.file(here[k])))
        return found


def unnamed(session: Session, item: Ladder) -> list[Kept]:
    """The files that were taken in for a ladder, and that nothing names yet."""
    rows = [row for row in session.book.outgoing.all() if row.sha256 and row.ladder == item.at.position]
    return [Kept(row.k, sending.file(row)) for row in rows if not sending.is_named(session, row)]


def discard(session: Session, numbers: Iterable[int]) -> None:
    """Let go of these, unless they are named already."""
    for k in numbers:
        sending.drop(session, k)


def carry(channel: Channel, told: Progress = lambda done, total: None) -> Report:
    """Sync until the log has all files that are on their way, or takes no more now; as `Channel.sync`, with what came.

    `told` of the pieces of these files, of a dossier that this desk sends, or else of what is read.
    """
    session, events, going = channel.session, [], sending.going(channel.session)
    reading = handovers.telling(channel, told)

    def tell(done: int, total: int) -> None:
        told(*sending.progress(session, going)) if going else reading(done, total)

    while True:
        before = sending.progress(session, going) if going else None
        report = channel.sync(tell)
        events += report.events
        going = sending.going(session)
        if not going or sending.progress(session, going) == before:
            return Report(events, report.waiting)
