"""Files in one stream of bytes, whose names can lead nowhere else (spec/archive.md, 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from backchannel.entry.ids import ChannelId
from backchannel.errors import Malformed

File: TypeAlias = tuple[str, Iterable[bytes]]

LONGEST_FRAME = 1 << 20
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)?", re.ASCII)
LONGEST_NAME = 80


def pack(channel: ChannelId, files: Iterable[File]) -> Iterator[bytes]:
    """The stream: the channel's id, then each file."""
    yield channel
    for name, pieces in files:
        yield _frame(name.encode())
        for piece in pieces:
            for at in range(0, len(piece), LONGEST_FRAME):
                yield _frame(piece[at : at + LONGEST_FRAME])
        yield _frame(b"")
    yield _frame(b"")


class Unpacking:
    """Reads such a stream. Raises `Malformed`: `frames`, `name`."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = bytearray()
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self.channel: ChannelId = self._take(32)

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Each file's name and pieces. The pieces must be read to their end before the next file is asked for."""
        while name := self._frame():
            yield self._check(name), self._body()
        for piece in self._pieces:  # to the end: only then is all of the stream genuine
            self._held += piece
        if self._held:
            raise Malformed("frames", _DAMAGED)

    def _body(self) -> Iterator[bytes]:
        while piece := self._frame():
            yield piece

    def _frame(self) -> bytes:
        length = int.from_bytes(self._take(4), "big")
        if length > LONGEST_FRAME:
            raise Malformed("frames", _DAMAGED)
        return self._take(length)

    def _take(self, size: int) -> bytes:
        while len(self._held) < size:
            piece = next(self._pieces, None)
            if piece is None:
                raise Malformed("frames", _DAMAGED)
            self._held += piece
        found = bytes(self._held[:size])
        del self._held[:size]
        return found

    def _check(self, raw: bytes) -> str:
        name = raw.decode("ascii", "replace")
        folder = name.rpartition("/")[0]
        clash = name in self._files | self._folders or folder in self._files
        if len(name) > LONGEST_NAME or not _NAME.fullmatch(name) or clash:
            raise Malformed("name", "This archive names a file in a way that is not allowed.")
        self._files.add(name)
        if folder:
            self._folders.add(folder)
        return name


_DAMAGED = "What is in this archive is not in the form that is allowed."


def _frame(piece: bytes) -> bytes:
    return len(piece).to_bytes(4, "big") + piece
