"""The vault: one encrypted database in the desk's folder, opened by a passphrase (its files: layout.py)."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from backchannel.desk.vault import cipher, files, keyfile, layout, migrations
from backchannel.desk.vault.keyfile import Cost, KeyFile
from backchannel.desk.vault.lock import TIMEOUT, DeskLock
from backchannel.desk.vault.migrations import Migration
from backchannel.errors import Misuse, VaultError

Row = tuple[Any, ...]
Parameters = Sequence[Any] | dict[str, Any]


class Written(NamedTuple):
    """What a statement did: how many rows it changed, and the id of the last row it inserted."""

    rows: int
    rowid: int


class Vault:
    """An open vault. Usable from several threads: one connection, one thread in it at a time.

    `lock` is the desk's lock between processes; hold it around an operation that reads, decides and writes.
    """

    def __init__(self, folder: Path, database: Any) -> None:
        self.folder = folder
        self.lock = DeskLock(folder / layout.LOCK)
        self._database = database
        self._turn = threading.RLock()
        self._closing = False

    # --- making, opening, closing

    @classmethod
    def create(
        cls,
        folder: Path | str,
        passphrase: str,
        *,
        cost: Cost = keyfile.DEFAULT_COST,
        random: Callable[[int], bytes] = os.urandom,
        steps: Sequence[Migration] | None = None,
    ) -> Vault:
        """Make a desk's vault in `folder` and open it; `random(n)` gives n bytes for the salt.

        Raises Misuse `passphrase` (too short) or `exists`; VaultError `owner`, `folder`, `disk-full`, `busy`.
        """
        folder = Path(folder)
        file, keys = keyfile.new(passphrase, cost, random)
        files.make_folder(folder)
        with files.told(), DeskLock(folder / layout.LOCK).held():
            with layout.new_vault(folder, file) as target:
                database = cipher.connect(target, keys.database, wal=False)
                try:
                    prepare(database, steps, _nothing)
                finally:
                    database.close()
            return cls(folder, cipher.connect(folder / layout.DATABASE, keys.database, wal=True))

    @classmethod
    def open(cls, folder: Path | str, passphrase: str, *, steps: Sequence[Migration] | None = None) -> Vault:
        """Open the vault in `folder`, finish what a crash left half done, and bring its schema up to date.

        Raises VaultError `no-desk`, `owner`, `folder`, `no-vault`, `no-key`, `key-file`, `passphrase`, `empty`,
        `not-encrypted`, `damaged`, `newer`, `older`, `busy`, `memory`, `disk-full`, `read-only`.
        """
        folder = Path(folder)
        files.check_folder(folder)
        with files.told():
            layout.check_files(folder)
            found = None if (folder / (layout.KEY + layout.NEW)).exists() else layout.unlock(folder, passphrase)
            if found is None:
                # Half changed, or another process is changing the passphrase just now: look when it has finished.
                with DeskLock(folder / layout.LOCK).held():
                    found = layout.unlock(folder, passphrase)
                    if found is None:
                        raise cipher.damaged()
                    layout.settle(found.key)
            database = found.database
            try:
                cls._bring_up(folder, database, steps)
                return cls(folder, database)
            except BaseException:
                database.close()
                raise

    @staticmethod
    def _bring_up(folder: Path, database: Any, steps: Sequence[Migration] | None) -> None:
        known = migrations.shipped() if steps is None else steps
        with cipher.told():
            if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone():
                raise VaultError("damaged", "vault.db is not a desk's vault.", "Restore the desk from a backup.")
            older = cipher.user_version(database) != len(known)
        leftover = _leftover(folder)
        if not older and not leftover:
            return
        lock = DeskLock(folder / layout.LOCK)
        try:
            with lock.held(TIMEOUT if older else 0.0):
                prepare(database, known, lambda version: _copy_before(folder, database, version))
                if leftover:
                    cipher.check(database)
                # A copy from before holds what has since been made to vanish: it lives until the upgrade is known good.
                for path in _leftover(folder):
                    layout.remove(path)
        except VaultError as error:
            if older or error.code != "busy":
                raise
            # Another process is at work, perhaps on these very files: they are for a later opening.

    def close(self) -> None:
        """Close, from any thread; the write-ahead log is folded into vault.db. Closing twice is nothing.

        Whoever is in a transaction gets no further statement: it is undone, and nobody is waited for who thinks.
        """
        self._closing = True
        with self._turn:
            self._database.close()

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Vault({str(self.folder)!r})"

    # --- reading and writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's statements, or none of them: durable when the block has ended (BEGIN IMMEDIATE .. COMMIT).

        Raises Misuse `nested` inside another one; VaultError `disk-full`, `read-only`, `busy` with nothing changed.
        """
        with self._turn:
            if self._connection().in_transaction:
                raise Misuse("nested", "A transaction is already open.", "Join the two into one.")
            with cipher.told():
                self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                with cipher.told():
                    self._database.execute("COMMIT")
            finally:
                # After some failures SQLite has rolled back by itself.
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")

    def execute(self, sql: str, parameters: Parameters = ()) -> Written:
        """Run one statement; outside a transaction it is one by itself."""
        with self._turn, cipher.told():
            cursor = self._connection().execute(sql, parameters)
            try:
                return Written(cursor.rowcount, cursor.lastrowid or 0)
            finally:
                cursor.close()

    def executemany(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one statement for each of `rows`, in a transaction of their own when none is open."""
        with self._turn:
            if not self._connection().in_transaction:
                with self.transaction():
                    self.executemany(sql, rows)
                return
            with cipher.told():
                self._database.executemany(sql, rows).close()

    def query(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows that `sql` selects, as tuples."""
        with self._turn, cipher.told():
            rows: list[Row] = self._connection().execute(sql, parameters).fetchall()
            return rows

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row, or None."""
        rows = self.query(sql, parameters)
        return rows[0] if rows else None

    def version(self) -> int:
        """A number that is another one once another process (or connection) has committed."""
        return int(self.query("PRAGMA data_version")[0][0])

    def meta(self, name: str) -> str | None:
        """One of the vault's own facts, such as `restored`."""
        row = self.one("SELECT value FROM meta WHERE name = ?", (name,))
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        """Set one of the vault's own facts."""
        self.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    # --- upkeep

    def settle(self) -> bool:
        """Fold the write-ahead log into vault.db and empty it, so that what was deleted is in neither.

        Answers False when another process is reading just now: then ask again later.
        """
        with self._turn, cipher.told():
            row = self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return bool(row[0] == 0)

    def verify(self) -> None:
        """Check every page's MAC and the structure. Raises VaultError `damaged`."""
        with self._turn:
            cipher.check(self._connection())

    def change_passphrase(
        self,
        old: str,
        new: str,
        *,
        cost: Cost = keyfile.DEFAULT_COST,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Re-encrypt the vault under `new`; afterwards the old passphrase and key file open nothing.

        Nobody else may have the vault open. A crash at any moment leaves a vault that one of the two opens. (Blocks
        that the disk has set free may still hold pages under the old key; backups keep theirs.)
        Raises Misuse `passphrase`; VaultError `passphrase` (old is wrong), `busy`, `disk-full`.
        """
        path = self.folder / layout.KEY
        with files.told(), self.lock.held(), self._turn:
            if layout.new(path).exists():
                raise VaultError(
                    "busy", "An earlier change of the passphrase is not finished.", "Close the desk and open it."
                )
            if KeyFile.read(path).unlock(old) is None:
                raise layout.wrong()
            file, keys = keyfile.new(new, cost, random)
            # Outside WAL the rollback journal undoes half a re-encryption, and nobody else can be reading.
            cipher.journal(self._connection(), "DELETE")
            try:
                files.write_durable(layout.new(path), file.encode())
                cipher.rekey(self._database, self.folder / layout.DATABASE, keys.database)
                files.replace(layout.new(path), path)
            finally:
                cipher.journal(self._database, "WAL")

    def export(self, target: Path, key: bytes, progress: Callable[[int], None] | None = None) -> None:
        """Copy all that is live into the empty file `target`, encrypted under another raw `key` (32 bytes)."""
        with self._turn:
            if self._connection().in_transaction:
                raise Misuse("nested", "A transaction is open.", "Finish it first.")
            cipher.export(self._database, target, key, progress)

    def _connection(self) -> Any:
        if self._closing:
            raise Misuse("closed", "This desk is closed.", "Open it again.")
        return self._database


def prepare(database: Any, steps: Sequence[Migration] | None, before: Callable[[int], None]) -> None:
    """Give a new or older database its tables; `steps` None means those that we ship."""
    with cipher.told():
        database.execute(migrations.META)
    if migrations.upgrade(database, migrations.shipped() if steps is None else steps, before):
        cipher.check(database)


def _leftover(folder: Path) -> list[Path]:
    named = (folder / name for name in layout.SCRATCH)
    return [*folder.glob(layout.DATABASE + ".before-*"), *(path for path in named if path.exists())]


def _copy_before(folder: Path, database: Any, version: int) -> None:
    """An encrypted copy beside the vault, in case the upgrade does harm."""
    with cipher.told():
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    copy = folder / f"{layout.DATABASE}.before-{version}"
    copy.unlink(missing_ok=True)
    files.make_private(copy)
    shutil.copyfile(folder / layout.DATABASE, copy)
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    files.sync_folder(folder)


def _nothing(_version: int) -> None:
    """Nothing to copy before the first version."""
