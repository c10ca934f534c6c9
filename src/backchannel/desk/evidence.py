"""Files that were named in reports and findings: how much of them is here; given out whole or not (spec/step.md, 4)."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.instruments.step.acts import File
from backchannel.instruments.step.files import pieces
from backchannel.instruments.step.values import Ladder, Step

Progress = Callable[[int, int], None]
"""Told (pieces done, pieces in all)."""


class Named(NamedTuple):
    """A file that a party named, and how many of its pieces are here."""

    party: str
    file: File
    here: int
    pieces: int


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
