"""An archive's file: written whole or not at all, opened by enough shares or not at all (spec/archive.md, 4)."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from backchannel import labels
from backchannel.desk.archive import contents
from backchannel.desk.archive.bundle import Unpacking, pack
from backchannel.desk.archive.papers import Papers
from backchannel.desk.channel import Channel
from backchannel.desk.syncing import Progress
from backchannel.desk.vault import files
from backchannel.errors import Malformed, Misuse
from backchannel.labels import enc
from backchannel.seal import primitives as p
from backchannel.seal import shares
from backchannel.seal.shares import Made, Manifest, Share
from backchannel.seal.stream import SEALED, open_stream, seal_stream

__all__ = ["Archive", "Share", "opened", "seal"]

MAGIC = b"bcarchiv"
PART = ".part"
_SUM = 32
_PIECE = 1 << 20


def seal(
    channel: Channel,
    target: Path,
    *,
    threshold: int,
    count: int,
    hand_out: Callable[[Papers], None],
    notes: bool = True,
    progress: Progress = lambda done, total: None,
) -> tuple[str, ...]:
    """Seal the record of a channel into the new file `target`; returns the file's twelve words.

    `hand_out` gets the shares when the file is durable and before it has its name: if it fails, nothing is left.
    Raises `Misuse`: `threshold`, `exists`; `VaultError` for the disk; `RelayFault` if the relay lies.
    """
    _free(target)
    head = contents.signed_head(channel)
    session = channel.session
    with _part(target) as part:
        with session.turn():
            made = shares.make(threshold, count, channel.id, session.engine.wallet.identity, session.random)
            packed = pack(channel.id, contents.files(channel, head, notes=notes, progress=progress))
            with files.told():
                found = _write(part, made, packed)
        hand_out(Papers(found, threshold, made.shares))
        _free(target)
        with files.told():
            files.replace(part, target)
    return found


def _write(part: Path, made: Made, packed: Iterable[bytes]) -> tuple[str, ...]:
    whole = hashlib.sha256()
    start = MAGIC + len(made.head).to_bytes(4, "big") + made.head
    handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, files.FILE_MODE)
    with os.fdopen(handle, "wb") as out:
        for piece in chain((start,), seal_stream(made.key, _context(made.head), packed)):
            whole.update(piece)
            out.write(piece)
        out.write(whole.digest())
        out.flush()
        os.fsync(out.fileno())
    return p.words(whole.digest(), 12)


class Archive:
    """An archive's file, found whole; no share is needed to have it. `words`: the file's, as on every paper."""

    def __init__(self, stream: BinaryIO, progress: Progress) -> None:
        """Reads the file to its end. Raises `Malformed`: `archive`, or as `shares.read_head`."""
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size
        stream.seek(0)
        if stream.read(len(MAGIC)) != MAGIC:
            raise Malformed("archive", "This file is not an archive.", "Choose another file.")
        length = int.from_bytes(stream.read(4), "big")
        self._start = len(MAGIC) + 4 + length
        chunks, rest = divmod(self._size - self._start - _SUM, SEALED)
        if length > shares.LARGEST_HEAD or rest or chunks < 1:  # 4.4
            raise _damaged()
        self._head = stream.read(length)
        self.words = self._check_sum(progress)
        self.manifest: Manifest = shares.read_head(self._head)

    @property
    def sealed_by(self) -> tuple[str, ...]:
        """The twelve words of the seat that sealed it, as people have compared them."""
        return p.words(self.manifest.fingerprint, 12)

    def share(self, typed: str) -> Share:
        """The share that was typed or read. Raises `Malformed` as `shares.belongs`."""
        return shares.belongs(self.manifest, typed)

    def unseal(
        self, held: Sequence[Share], folder: Path, progress: Progress = lambda done, total: None
    ) -> tuple[str, ...]:
        """Write what is in it into the new folder `folder`, and return the files' names.

        All of it is checked before the first byte is written, and the folder has its name when all is there.
        Raises `Misuse`: `exists`; `Malformed` as `shares.join`, `open_stream`, `Unpacking`, and `keys`; `VaultError`.
        """
        _free(folder)
        key = shares.join(self.manifest, held)
        for _, pieces in self._files(key, progress, 0):
            for _ in pieces:
                pass
        names = []
        with files.told(), _new_folder(folder) as part:
            for name, pieces in self._files(key, progress, 1):
                _put(part / name, pieces)
                names.append(name)
        return tuple(names)

    def _files(self, key: bytes, progress: Progress, turn: int) -> Iterator[tuple[str, Iterator[bytes]]]:
        unpacking = Unpacking(open_stream(key, _context(self._head), self._chunks(progress, turn)))
        if self.manifest.keys.fingerprint(unpacking.channel) != self.manifest.fingerprint:  # 5.2
            raise Malformed("keys", "This archive was sealed in the name of a seat of another channel.")
        yield from unpacking.files()

    def _chunks(self, progress: Progress, turn: int) -> Iterator[bytes]:
        self._stream.seek(self._start)
        end = self._size - _SUM
        for at in range(self._start, end, SEALED):
            progress(turn * end + at, 2 * end)
            yield self._stream.read(SEALED)

    def _check_sum(self, progress: Progress) -> tuple[str, ...]:
        whole, left = hashlib.sha256(), self._size - _SUM
        self._stream.seek(0)
        while left and (piece := self._stream.read(min(left, _PIECE))):
            whole.update(piece)
            left -= len(piece)
            progress(self._size - left, self._size)
        if not hmac.compare_digest(self._stream.read(_SUM), whole.digest()):  # 4.3
            raise _damaged()
        return p.words(whole.digest(), 12)


@contextmanager
def opened(path: Path, progress: Progress = lambda done, total: None) -> Iterator[Archive]:
    """An archive's file for a block. Raises `Misuse("file")` if it cannot be read, `Malformed` as `Archive`."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise Misuse(
            "file", f"The file {path} cannot be read: {error.strerror}.", "Check its name.", "Nothing was done."
        ) from error
    with stream:
        yield Archive(stream, progress)


def _context(head: bytes) -> bytes:
    return enc(labels.ARCHIVE, p.sha256(head))


def _damaged() -> Malformed:
    return Malformed("archive", "This archive is damaged: it was cut off or altered.", "Use another copy of it.")


def _free(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise Misuse("exists", f"{target} is there already.", "Choose another name.", "Nothing was overwritten.")


@contextmanager
def _part(target: Path) -> Iterator[Path]:
    """Where the file is while it is not whole; what an end without warning left there is only sealed bytes."""
    part = target.with_name(target.name + PART)
    part.unlink(missing_ok=True)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder that has its name when all is in it. What was opened before is nobody's to delete but its owner's."""
    part = folder.with_name(folder.name + PART)
    try:
        part.mkdir(mode=files.FOLDER_MODE)
    except FileExistsError as error:
        raise Misuse(
            "exists",
            f"{part} is there: an opening was stopped halfway.",
            "It may hold what was opened, in the clear: delete it, and open again.",
            "Nothing was overwritten.",
        ) from error
    try:
        yield part
        _free(folder)
        files.replace(part, folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _put(target: Path, pieces: Iterable[bytes]) -> None:
    target.parent.mkdir(mode=files.FOLDER_MODE, exist_ok=True)
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, files.FILE_MODE)
    with os.fdopen(handle, "wb") as out:
        for piece in pieces:
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
