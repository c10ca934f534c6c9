"""Files that go with reports and findings: hashed, sent in pieces, put together again (spec/step.md, 4)."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from backchannel.desk.book.intent import Say
from backchannel.desk.channel import Channel
from backchannel.desk.files import AT_ONCE, UNDONE, called, check_size
from backchannel.entry.codec import decode
from backchannel.errors import Misuse
from backchannel.instruments.step.acts import PIECE, File, Piece
from backchannel.instruments.step.files import pieces
from backchannel.instruments.step.values import Ladder, Step

Progress = Callable[[int, int], None]
"""Told (pieces done, pieces in all)."""

SENT = "What was sent stays sent; the same command goes on where it stopped."


class Named(NamedTuple):
    """A file that a party named, and how many of its pieces are here."""

    party: str
    file: File
    here: int
    pieces: int


def describe(path: Path, progress: Progress = lambda done, total: None) -> File:
    """A file's name, size and digest. Raises `Misuse` for what is no file, cannot be read or is too large."""
    return _hashed(path, progress)[0]


def _hashed(path: Path, progress: Progress) -> tuple[File, list[bytes]]:
    """A file as it is named, and the digest of each of its pieces."""
    whole, size, parts = hashlib.sha256(), 0, []
    try:
        if not path.is_file():  # a pipe would never end
            raise Misuse("file", f"{path} is no file.", "Check its name.", UNDONE)
        total = -(-path.stat().st_size // PIECE)
        with path.open("rb") as source:
            while data := source.read(PIECE):
                whole.update(data)
                parts.append(hashlib.sha256(data).digest())
                size += len(data)
                check_size(path.name, size)
                progress(len(parts), max(total, len(parts)))
    except OSError as problem:
        raise Misuse("file", f"{path} cannot be read: {problem.strerror or problem}.", "", UNDONE) from problem
    return File(called(path.name), size, whole.digest()), parts


def mine(
    channel: Channel, item: Ladder, number: int, path: Path, progress: Progress = lambda done, total: None
) -> File:
    """The file that this is, of those that one's party has named for a step; `Misuse("file")` if it is none of them."""
    here, party = describe(path, progress), channel.state.member(channel.me).party
    own = [one.file for one in named(channel, item, number) if one.party == party]
    found = next((file for file in own if file.sha256 == here.sha256), None)
    if found is not None:
        return found
    changed = next((file for file in own if file.name == here.name), None)
    if changed is not None:
        what = f"{path.name} is not what {party} named: it has changed since."
        raise Misuse("file", what, "Find it as it was; or report again, with it as it is.", UNDONE)
    known = ", ".join(file.name for file in own) or "none"
    raise Misuse("file", f"{path.name} is no file that {party} named for step {number}: {known}.", "", UNDONE)


def send(channel: Channel, item: Ladder, file: File, path: Path, progress: Progress = lambda done, total: None) -> None:
    """Send what of a file the log does not have yet; `path` is read again, and must be what was named.

    A piece that is there already stays as it is, so that none may go that is not what was named. Raises
    `Misuse("file")` then, `Misuse("waits")` if the relay takes no more now.
    """
    total, party, place = pieces(file), channel.state.member(channel.me).party, item.at.position
    found, parts = _hashed(path, lambda done, total: None)
    if found.sha256 != file.sha256:
        raise _changed(path)
    channel.sync()  # a file is sent when the report that names it stands in the log
    there = channel.session.book.pieces.here(place, party, file.sha256) | _waiting(channel, item, file)
    for n, data in enumerate(_read(path)):
        if n >= total or hashlib.sha256(data).digest() != parts[n]:
            raise _changed(path)
        if n not in there:
            # The ladder's audience may be another by now: it is asked each time.
            channel.say("step.piece", Piece(item.id, file.sha256, n, data), channel.state.current(item.audience))
            if len(_waiting(channel, item, file)) >= AT_ONCE:
                _pass_on(channel, item, file, n, total)
        progress(n + 1, total)
    if _waiting(channel, item, file):
        _pass_on(channel, item, file, total, total)


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as source:
            while data := source.read(PIECE):
                yield data
    except OSError as problem:
        raise Misuse("file", f"{path} cannot be read: {problem.strerror or problem}.", "", SENT) from problem


def _changed(path: Path) -> Misuse:
    return Misuse("file", f"{path.name} has changed since it was named.", "Find it as it was.", SENT)


def sent(channel: Channel, item: Ladder, file: File) -> int:
    """How many pieces of an own file stand in the log, or wait here for it."""
    party = channel.state.member(channel.me).party
    here = channel.session.book.pieces.here(item.at.position, party, file.sha256)
    return len(here | _waiting(channel, item, file))


def _pass_on(channel: Channel, item: Ladder, file: File, n: int, total: int) -> None:
    channel.sync()
    if len(_waiting(channel, item, file)) >= AT_ONCE:
        raise Misuse("waits", f"The relay takes nothing now; {n} of {total} pieces are sent or wait here.", "", SENT)


def _waiting(channel: Channel, item: Ladder, file: File) -> frozenset[int]:
    """The pieces of a file that the log has not taken yet."""
    with channel.session.turn():
        rows = channel.session.book.outbox.waiting()
    said = (row.intent for row in rows if isinstance(row.intent, Say) and row.intent.kind == "step.piece")
    acts = (decode(one.body, Piece) for one in said)
    return frozenset(act.n for act in acts if (act.item, act.file) == (item.id, file.sha256))


def named(channel: Channel, item: Ladder, number: int) -> list[Named]:
    """The files of a step's reports and findings, each once."""
    return of(item.steps[number - 1], channel.session.book.pieces.counts(item.at.position))


def of(one: Step, here: Mapping[tuple[str, bytes], int]) -> list[Named]:
    """The same, with how many pieces of each party's files are here."""
    found: dict[tuple[str, bytes], File] = {}
    for party, files in (
        *((one.promise.doer, said.files) for said in one.reports),
        *((said.party, said.files) for said in one.findings),
    ):
        for file in files:
            found.setdefault((party, file.sha256), file)
    return [Named(party, file, here.get((party, sha), 0), pieces(file)) for (party, sha), file in found.items()]


_UNFIT = re.compile(r"[/\\:*?\"<>|]|^\.+|\s+$")


def filename(name: str) -> str:
    """A name under which a file that others named can be saved: it names no folder, and hides nothing."""
    stem, dot, ending = _UNFIT.sub("_", name).rpartition(".")
    kept = (stem if dot else ending).encode()[:150].decode(errors="ignore")
    return f"{kept}.{ending.encode()[:50].decode(errors='ignore')}" if dot else kept


def filenames(some: Iterable[Named]) -> list[str]:
    """Names under which several files can be saved beside each other: two parties may have named theirs alike."""
    found: list[str] = []
    for one in some:
        name, n = filename(one.file.name), 1
        stem, dot, ending = name.rpartition(".")
        while name.casefold() in map(str.casefold, found):  # some systems take a.jpg and A.jpg for the same
            n += 1
            name = f"{stem}-{n}.{ending}" if dot else f"{ending}-{n}"
        found.append(name)
    return found


def check(channel: Channel, item: Ladder, one: Named) -> None:
    """That a file is whole, and is what was named. `Misuse`: `missing`, `altered`."""
    _whole(one)
    digest, size = hashlib.sha256(), 0
    for data in channel.session.book.pieces.read(item.at.position, one.party, one.file.sha256):
        digest.update(data)
        size += len(data)
    _same(one, size, digest.digest())


def _whole(one: Named) -> None:
    if one.here < one.pieces:
        raise Misuse("missing", f"{one.pieces - one.here} of {one.pieces} pieces of {one.file.name} are not here yet.")


def _same(one: Named, size: int, digest: bytes) -> None:
    if (size, digest) != (one.file.size, one.file.sha256):
        what = f"What came of {one.file.name} is not the file that {one.party} named."
        raise Misuse("altered", what, f"Tell {one.party}.")


def save(
    channel: Channel, item: Ladder, one: Named, target: Path, progress: Progress = lambda done, total: None
) -> None:
    """Write a file out if it is whole and is what was named. `Misuse`: `missing`, `altered`, `exists`, `file`."""
    _whole(one)
    if target.exists():
        raise Misuse("exists", f"{target} is there already.", "Choose another name.")
    try:
        handle, scratch = tempfile.mkstemp(prefix=".evidence-", dir=target.parent)
    except OSError as problem:
        raise Misuse("file", f"{target} cannot be written: {problem.strerror or problem}.") from problem
    try:
        digest, size = hashlib.sha256(), 0
        with os.fdopen(handle, "wb") as out:
            for n, data in enumerate(channel.session.book.pieces.read(item.at.position, one.party, one.file.sha256), 1):
                digest.update(data)
                size += len(data)
                out.write(data)
                progress(n, one.pieces)
            out.flush()
            os.fsync(out.fileno())
        _same(one, size, digest.digest())
        _place(scratch, target)
    except FileExistsError as problem:
        raise Misuse("exists", f"{target} is there already.", "Choose another name.") from problem
    except OSError as problem:
        raise Misuse("file", f"{target} cannot be written: {problem.strerror or problem}.") from problem
    finally:
        Path(scratch).unlink(missing_ok=True)


def _place(scratch: str, target: Path) -> None:
    """Under its name, unless something came there meanwhile; a stick may know no links."""
    try:
        os.link(scratch, target)
    except FileExistsError:
        raise
    except OSError:
        if target.exists():
            raise FileExistsError from None
        Path(scratch).rename(target)
