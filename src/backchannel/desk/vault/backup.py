"""A backup: one file that holds a vault, encrypted under a passphrase of its own.

    "bcvault\\0" || version (2) || memory KiB (4) || passes (4) || lanes (4) || salt (16) || check (16) || length (8) ||
    SHA-256 of all that (32) || SQLCipher database of that length || HMAC-SHA-256 of everything before (32)

Integers are big-endian, unsigned. Argon2id of the passphrase gives the database's key and the HMAC's (keyfile.py). What
must not travel is deleted in a copy whose key is thrown away, and only what is left goes into the file: so a deleted
row is on no page of the backup, nor on a page that was freed while it was made. No plaintext touches the disk.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from backchannel.desk.vault import cipher, files, keyfile, layout
from backchannel.desk.vault.keyfile import Cost, KeyFile, Keys
from backchannel.desk.vault.lock import DeskLock
from backchannel.desk.vault.migrations import Migration
from backchannel.desk.vault.vault import Vault, prepare
from backchannel.errors import Misuse, VaultError

MAGIC = b"bcvault\0"
VERSION = 1
RESTORED = "restored"
RESTORES = "restores"
PART = ".part"
_FIXED = struct.Struct(">8sHIII16s16sQ")
_SUM_BYTES = 32
_SEAL_BYTES = 32
_HEADER_BYTES = _FIXED.size + _SUM_BYTES
_PIECE = 1 << 20

Progress = Callable[[int, int], None]


class _Header(NamedTuple):
    file: KeyFile
    length: int

    def encode(self) -> bytes:
        cost = self.file.cost
        fixed = _FIXED.pack(
            MAGIC, VERSION, cost.memory_kib, cost.passes, cost.lanes, self.file.salt, self.file.check, self.length
        )
        return fixed + hashlib.sha256(fixed).digest()


def backup(
    vault: Vault,
    target: Path | str,
    passphrase: str,
    *,
    exclude: Mapping[str, str] | None = None,
    scrub: Sequence[str] = (),
    cost: Cost = keyfile.DEFAULT_COST,
    random: Callable[[int], bytes] = os.urandom,
    progress: Progress = lambda done, total: None,
) -> None:
    """Write `vault` as it is now into the new file `target`; the desk's lock is held meanwhile.

    `exclude` names tables and the rows (an SQL condition) that must not travel; `scrub` are further statements on the
    copy. Both are our own SQL, never a person's. `progress(done, total)` in bytes, the total an estimate until the
    end; what it raises stops the backup. Until the file is whole and durable it is named `target` + ".part".
    Raises Misuse `passphrase`, `exists`; VaultError `disk-full`, `read-only`, `damaged`, `busy`.
    """
    target = Path(target)
    if target.exists():
        raise Misuse("exists", f"The file {target} is there already.", "Choose another name.")
    file, keys = keyfile.new(passphrase, cost, random)
    part, folder = target.with_name(target.name + PART), vault.folder
    with files.told(), vault.lock.held():
        estimate = 3 * (folder / layout.DATABASE).stat().st_size + 1
        count = _Count(progress, estimate)
        deleted = [f'DELETE FROM "{table}" WHERE {rows}' for table, rows in (exclude or {}).items()]  # noqa: S608
        with _scratch(folder / layout.SCRATCH[0]) as copy, _scratch(folder / layout.SCRATCH[1]) as out, _part(part):
            passing = random(32)
            vault.export(copy, passing, count)
            stage = cipher.connect(copy, passing, wal=False)
            try:
                with cipher.told():
                    for statement in (*deleted, *scrub):
                        stage.execute(statement).fetchall()
                count.next()
                cipher.export(stage, out, keys.database, count)
            finally:
                stage.close()
            count.next()
            _seal(out, part, _Header(file, out.stat().st_size), keys, count)
            files.replace(part, target)
        progress(count.done, count.done)


def restore(
    source: Path | str,
    folder: Path | str,
    passphrase: str,
    *,
    steps: Sequence[Migration] | None = None,
    cost: Cost = keyfile.DEFAULT_COST,
    random: Callable[[int], bytes] = os.urandom,
    progress: Progress = lambda done, total: None,
) -> Vault:
    """Make a new desk in `folder` from the backup `source` and open it, with the backup's passphrase but a new key.

    The fact `restored` is then "1" (sending chains must begin anew), and `restores` counts the times. Whatever fails,
    no half desk is left. Raises Misuse `exists`; VaultError `backup` (not one of ours, cut off, altered), `passphrase`,
    `newer`, `owner`, `folder`, `disk-full`.
    """
    source, folder = Path(source), Path(folder)
    with files.told(), _opened(source) as stream:
        header = _read_header(stream, os.fstat(stream.fileno()).st_size)
        keys = header.file.unlock(passphrase)
        if keys is None:
            raise VaultError("passphrase", "That is not the passphrase of this backup.", "Type it again.", _UNTOUCHED)
        new, fresh = keyfile.new(passphrase, cost, random)
        files.make_folder(folder)
        with DeskLock(folder / layout.LOCK).held(), layout.new_vault(folder, new) as target:
            count = _Count(progress, 2 * header.length)
            with _scratch(folder / layout.SCRATCH[2]) as copy:
                _unseal(stream, copy, header, keys, count)
                _bring_in(copy, target, keys, fresh, steps, count)
    progress(count.done, count.done)
    return Vault.open(folder, passphrase, steps=steps)


def _bring_in(copy: Path, target: Path, old: Keys, new: Keys, steps: Sequence[Migration] | None, count: _Count) -> None:
    try:
        stage = cipher.connect(copy, old.database, wal=False)
    except VaultError as error:
        raise (_altered() if error.code == "damaged" else error) from error
    try:
        cipher.check(stage)
        count.next()
        cipher.export(stage, target, new.database, count)
    finally:
        stage.close()
    database = cipher.connect(target, new.database, wal=False)
    try:
        prepare(database, steps, lambda _version: None)
        with cipher.told():
            database.execute(
                "INSERT INTO meta VALUES (?, '1') ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
                (RESTORES,),
            )
            database.execute("INSERT OR REPLACE INTO meta VALUES (?, '1')", (RESTORED,))
    finally:
        database.close()


# --- the file ------------------------------------------------------------------------------------


def _seal(database: Path, part: Path, header: _Header, keys: Keys, count: _Count) -> None:
    """Header, database, HMAC into `part`, durably."""
    seal = hmac.new(keys.seal, digestmod="sha256")
    handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, files.FILE_MODE)
    with os.fdopen(handle, "wb") as out, database.open("rb") as stream:
        _write(out, seal, header.encode())
        while piece := stream.read(_PIECE):
            _write(out, seal, piece)
            count.add(len(piece))
        out.write(seal.digest())
        out.flush()
        os.fsync(out.fileno())


def _unseal(stream: BinaryIO, copy: Path, header: _Header, keys: Keys, count: _Count) -> None:
    """Take the database out of the backup. Raises VaultError `backup` when a byte anywhere is not what was sealed."""
    seal = hmac.new(keys.seal, header.encode(), "sha256")
    left = header.length
    with copy.open("r+b") as out:
        while left:
            piece = stream.read(min(_PIECE, left))
            if not piece:
                raise _altered()
            _write(out, seal, piece)
            left -= len(piece)
            count.add(len(piece))
    if not hmac.compare_digest(seal.digest(), stream.read(_SEAL_BYTES + 1)):
        raise _altered()


def _write(out: BinaryIO, seal: hmac.HMAC, piece: bytes) -> None:
    seal.update(piece)
    out.write(piece)


def _read_header(stream: BinaryIO, size: int) -> _Header:
    raw = stream.read(_HEADER_BYTES)
    if raw[: len(MAGIC)] != MAGIC:
        raise VaultError("backup", "This file is not a backup of a desk.", "Choose another file.", _UNTOUCHED)
    if len(raw) < _HEADER_BYTES:
        raise _altered()
    fixed, told = raw[: _FIXED.size], raw[_FIXED.size :]
    if hashlib.sha256(fixed).digest() != told:
        raise _altered()
    _, version, memory_kib, passes, lanes, salt, check, length = _FIXED.unpack(fixed)
    if version > VERSION:
        raise VaultError("newer", "This backup was made by a newer program.", "Update this one.", _UNTOUCHED)
    cost = Cost(memory_kib, passes, lanes)
    if version < VERSION or not cost.bearable() or size != _HEADER_BYTES + length + _SEAL_BYTES:
        raise _altered()
    return _Header(KeyFile(cost, salt, check), length)


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    try:
        stream = source.open("rb")
    except OSError as error:
        raise VaultError(
            "backup", f"The file {source} cannot be read: {error.strerror}.", "Check its name.", _UNTOUCHED
        ) from error
    with stream:
        yield stream


# --- while it is made -----------------------------------------------------------------------------


class _Count:
    """Adds up the bytes of the stages; called with a stage's own growth while SQLite copies."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._before = 0
        self.done = 0

    def __call__(self, size: int) -> None:
        self.done = self._before + size
        self._progress(min(self.done, self._total), self._total)

    def add(self, size: int) -> None:
        self(self.done - self._before + size)

    def next(self) -> None:
        self._before = self.done


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """An empty private file for a block, gone afterwards with what SQLite put beside it."""
    layout.remove(path)
    files.make_private(path)
    try:
        yield path
    finally:
        layout.remove(path)


@contextmanager
def _part(path: Path) -> Iterator[None]:
    path.unlink(missing_ok=True)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


_UNTOUCHED = "Nothing was changed; the file was left as it is."


def _altered() -> VaultError:
    return VaultError(
        "backup", "This backup is damaged: it was cut off or altered.", "Use another copy of it.", _UNTOUCHED
    )
