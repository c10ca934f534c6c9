"""Recomputes a store from its file: every id, every tree, every erase record (spec/relay.md, 11). Reads only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from backchannel.errors import Malformed, Misuse
from backchannel.ledger.leaf import NO_ERASE, EraseRecord, Leaf, entry_id
from backchannel.ledger.tree import Tree, leaf_hash
from backchannel.relay.schema import migrations, version_of
from backchannel.relay.sqlite import LOG_SHIFT, connect

PROGRESS_EVERY = 10_000
MOST_PROBLEMS = 100


class Report(Struct, frozen=True):
    """What was read, and what is wrong with it (a sentence each; the first hundred)."""

    ok: bool
    logs: int
    entries: int
    problems: tuple[str, ...]


def verify_store(url: str, progress: Callable[[int], None] | None = None) -> Report:
    """Check the store at `sqlite:PATH`, which may be in use; `progress` is told the entries read so far.

    Memory: about 150 bytes an entry of the largest log. Misuse where there is no such store.
    """
    path = Path(url.removeprefix("sqlite:"))
    if not url.startswith("sqlite:") or not path.is_file():
        raise Misuse("store", f"There is no store at '{url}'.", "Write sqlite:PATH of an existing file.")
    found = _Findings(progress)
    try:
        with closing(connect(path, read_only=True)) as db:
            db.execute("BEGIN")  # all of it as of one moment
            if version_of(db) != max(migrations()):
                raise Misuse("schema", f"The store has version {version_of(db)}, not {max(migrations())}.")
            for log, name, size, root in db.execute("SELECT log, name, size, root FROM logs").fetchall():
                found.logs += 1
                _LogCheck(f"log {name.hex()[:8]}…", found).run(db, log, size, root)
            (strays,) = db.execute(
                "SELECT count(*) FROM entries WHERE (key >> ?) NOT IN (SELECT log FROM logs)", (LOG_SHIFT,)
            ).fetchone()
            if strays:
                found.problem("store", f"{strays} entries belong to no log")
    except sqlite3.Error as error:
        found.problem("store", f"the file cannot be read ({type(error).__name__})")
    return Report(not found.problems, found.logs, found.entries, tuple(found.problems))


class _Findings:
    """What was counted and found so far."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self.logs = 0
        self.entries = 0
        self.problems: list[str] = []
        self._progress = progress

    def read(self) -> None:
        self.entries += 1
        if self._progress is not None and self.entries % PROGRESS_EVERY == 0:
            self._progress(self.entries)

    def problem(self, where: str, what: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(f"{where}: {what}")


class _LogCheck:
    """One log, read in order."""

    def __init__(self, name: str, found: _Findings) -> None:
        self._name = name
        self._found = found
        self._tree = Tree()
        self._ids: set[bytes] = set()
        self._arrival = 0
        self._commitments = bytearray()
        self._claimed: dict[int, int | None] = {}
        self._records: dict[int, int] = {}

    def run(self, db: sqlite3.Connection, log: int, size: int, root: bytes) -> None:
        rows = db.execute(
            "SELECT key, leaf, body, record FROM entries WHERE key >= ? AND key < ? ORDER BY key",
            (log << LOG_SHIFT, (log + 1) << LOG_SHIFT),
        )
        for key, data, body, record in rows:
            index = key - (log << LOG_SHIFT)
            if index != self._tree.size:
                self._found.problem(self._name, f"entry {self._tree.size} is missing")
                return
            for what in self._entry(index, data, body, record):
                self._found.problem(f"{self._name}, entry {index}", what)
            self._found.read()
        if self._tree.size != size:
            self._found.problem(self._name, f"{self._tree.size} entries are there, {size} were committed")
        elif self._tree.root() != root:
            self._found.problem(self._name, "the root is not the one that was committed")
        for index, record in self._claimed.items():
            if record is None or self._records.get(index) != record:
                self._found.problem(f"{self._name}, entry {index}", "erased without a valid erase record")
        for index in self._records.keys() - self._claimed.keys():
            self._found.problem(f"{self._name}, entry {index}", "has an erase record, but its body is there")

    def _entry(self, index: int, data: bytes, body: bytes | None, record: int | None) -> Iterator[str]:
        self._tree.append(leaf_hash(data))
        try:
            leaf = Leaf.parse(data)
        except Malformed:
            self._commitments += NO_ERASE
            yield "the leaf has not 76 bytes"
            return
        self._commitments += leaf.erase
        if leaf.id in self._ids:  # spec/ledger.md 3
            yield "the same id stands earlier in the log"
        self._ids.add(leaf.id)
        if leaf.arrival < self._arrival:  # spec/ledger.md 2.2
            yield "it arrived before the entry ahead of it"
        self._arrival = leaf.arrival
        if body is None:
            self._claimed[index] = record
            if leaf.erase == NO_ERASE:
                yield "an erase record was erased"
            return
        if entry_id(body) != leaf.id:  # spec/ledger.md 2.1
            yield "the body is not the one of the leaf's id"
        if len(body) != leaf.length:  # spec/ledger.md 2.3
            yield "the body has not the leaf's length"
        if leaf.erase == NO_ERASE:
            yield from self._erase_record(index, body)

    def _erase_record(self, index: int, body: bytes) -> Iterator[str]:
        try:
            record = EraseRecord.parse(body)
        except Malformed:
            yield "it is neither an entry nor an erase record"
            return
        at = record.index * len(NO_ERASE)
        if (
            record.index >= index
            or record.index in self._records
            or not record.fits(bytes(self._commitments[at : at + len(NO_ERASE)]))
        ):  # spec/ledger.md 4.4
            yield "the erase record is not valid"
            return
        self._records[record.index] = index
