"""Files that go with reports and findings: hashed, sent in pieces, put together again (spec/step.md, 4)."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from backchannel.desk.book.intent import Say
from backchannel.desk.channel import Channel
from backchannel.entry import text
from backchannel.entry.codec import decode
from backchannel.errors import Misuse
from backchannel.instruments.base import current
from backchannel.instruments.step.acts import PIECE, File, Piece
from backchannel.instruments.step.values import Ladder

Progress = Callable[[int, int], None]
"""Told (pieces done, pieces in all)."""

MOST = 1 << 30
AT_ONCE = 4
"""Pieces that wait for the relay at a time."""

SENT = "What was sent stays sent; the same command goes on where it stopped."


class Named(NamedTuple):
    """A file that a party named, and how many of its pieces are here."""

    party: str
    file: File
    here: int
    pieces: int


def pieces(file: File) -> int:
    """In how many pieces a file goes."""
    return -(-file.size // PIECE)


def describe(path: Path, progress: Progress = lambda done, total: None) -> File:
    """A file's name, size and digest. Raises `Misuse` for what is no file, cannot be read or is too large."""
    digest, size = hashlib.sha256(), 0
    try:
        total = -(-path.stat().st_size // PIECE)
        with path.open("rb") as source:
            while data := source.read(PIECE):
                digest.update(data)
                size += len(data)
                if size > MOST:
                    raise Misuse("file", f"{path.name} is larger than a gigabyte.", "Divide it.")
                progress(-(-size // PIECE), total)
    except OSError as problem:
        raise Misuse("file", f"{path} cannot be read: {problem.strerror or problem}.") from problem
    return File(text.line(text.tidy(path.name), "file name", 200), size, digest.digest())


def send(channel: Channel, item: Ladder, file: File, path: Path, progress: Progress = lambda done, total: None) -> None:
    """Send what of a file the log does not have yet; `path` is read again, and must be what was named.

    Raises `Misuse("file")` if it is not, `Misuse("waits")` if the relay takes no more now.
    """
    total, me = pieces(file), channel.state.member(channel.me).party
    place = item.at.position
    channel.sync()  # a file is sent when the report that names it stands in the log
    with path.open("rb") as source:
        for n in range(total):
            data = source.read(PIECE)
            if len(data) != min(PIECE, file.size - n * PIECE):
                raise Misuse("file", f"{path.name} has changed since it was named.", "", SENT)
            if n not in channel.session.book.pieces.here(place, me, file.sha256) | _waiting(channel, item, file):
                to = current(item.audience, channel.state)
                channel.say("step.piece", Piece(item.id, file.sha256, n, data), to)
                if len(_waiting(channel, item, file)) >= AT_ONCE:
                    _pass_on(channel, item, file, n, total)
            progress(n + 1, total)
    if _waiting(channel, item, file):
        _pass_on(channel, item, file, total, total)


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
    one = item.steps[number - 1]
    found: dict[tuple[str, bytes], File] = {}
    for party, files in (
        *((one.promise.doer, said.files) for said in one.reports),
        *((said.party, said.files) for said in one.findings),
    ):
        for file in files:
            found.setdefault((party, file.sha256), file)
    held = channel.session.book.pieces
    return [
        Named(party, file, len(held.here(item.at.position, party, sha)), pieces(file))
        for (party, sha), file in found.items()
    ]


def save(
    channel: Channel, item: Ladder, one: Named, target: Path, progress: Progress = lambda done, total: None
) -> None:
    """Write a file out if it is whole and is what was named. `Misuse`: `missing`, `altered`, `exists`, `file`."""
    if one.here < one.pieces:
        raise Misuse("missing", f"{one.pieces - one.here} of {one.pieces} pieces of {one.file.name} are not here yet.")
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
        if (size, digest.digest()) != (one.file.size, one.file.sha256):
            raise Misuse(
                "altered", f"What came of {one.file.name} is not the file that {one.party} named.", f"Tell {one.party}."
            )
        os.link(scratch, target)  # and not `replace`: what came there meanwhile stays
    except OSError as problem:
        raise Misuse("file", f"{target} cannot be written: {problem.strerror or problem}.") from problem
    finally:
        Path(scratch).unlink(missing_ok=True)
