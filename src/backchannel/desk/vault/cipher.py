"""SQLCipher: connections with a raw key, what its failures mean, and copies under another key. The only importer of it.

A key never comes near an argument list, a log or an exception: it goes into one PRAGMA, as SQLCipher asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlcipher3.dbapi2 as sqlcipher

from backchannel.errors import VaultError

BUSY_SECONDS = 5.0
PROGRESS_STEPS = 20_000  # SQLite's virtual machine steps between two calls of a progress callback

# A wrong key makes SQLCipher write to standard error: cipher_log_level comes before everything.
_BEFORE_KEY = ("PRAGMA cipher_log_level = NONE", "PRAGMA cipher_memory_security = ON")
_AFTER_KEY = (
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA trusted_schema = OFF",
)


class _Meaning(NamedTuple):
    code: str
    what: str
    todo: str
    safe: str


_UNSAVED = "The vault is as it was before; what you were writing has not been saved."
_UNTOUCHED = "Nothing was changed."

# SQLite's name of an error, or how it starts -> what it means to a person. What is not here is our own bug.
_MEANINGS: dict[str, _Meaning] = {
    "SQLITE_FULL": _Meaning(
        "disk-full", "There is no room left on the disk of this desk.", "Make room, then do it again.", _UNSAVED
    ),
    "SQLITE_READONLY": _Meaning(
        "read-only", "The desk's folder cannot be written.", "Make the folder writable, then do it again.", _UNSAVED
    ),
    "SQLITE_BUSY": _Meaning(
        "busy",
        "Another window or command is using this desk.",
        "Wait until it has finished, then do this again.",
        _UNSAVED,
    ),
    "SQLITE_LOCKED": _Meaning("busy", "This desk is in the middle of something else.", "Do this again.", _UNSAVED),
    "SQLITE_CANTOPEN": _Meaning(
        "folder", "The vault cannot be opened or made in its folder.", "Check who may write the folder.", _UNTOUCHED
    ),
    "SQLITE_PERM": _Meaning("folder", "The vault may not be read.", "Check who may read the folder.", _UNTOUCHED),
    "SQLITE_AUTH": _Meaning("folder", "The vault may not be read.", "Check who may read the folder.", _UNTOUCHED),
    "SQLITE_IOERR": _Meaning(
        "disk", "The disk did not read or write the vault.", "Check the disk and its room, then do it again.", _UNSAVED
    ),
    "SQLITE_NOTADB": _Meaning(
        "damaged",
        "The vault (vault.db) is damaged, or belongs to another desk's key file.",
        "Restore the desk from a backup into a new folder.",
        "The files were left as they are.",
    ),
    "SQLITE_CORRUPT": _Meaning(
        "damaged",
        "The vault (vault.db) is damaged.",
        "Restore the desk from a backup into a new folder.",
        "The files were left as they are.",
    ),
}


# sqlcipher_export passes on what went wrong as a text only.
_TEXTS = {
    "database or disk is full": "SQLITE_FULL",
    "attempt to write a readonly database": "SQLITE_READONLY",
    "disk I/O error": "SQLITE_IOERR",
    "file is not a database": "SQLITE_NOTADB",
    "database disk image is malformed": "SQLITE_CORRUPT",
}


def meaning(error: BaseException) -> VaultError | None:
    """The VaultError for an SQLite failure that lies outside the program; None for one that is a bug."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if name == "SQLITE_ERROR":
        name = _TEXTS.get(str(error), name)
    for start, found in _MEANINGS.items():
        if name == start or name.startswith(start + "_"):
            return VaultError(*found)
    return None


def damaged() -> VaultError:
    """The vault does not open with its right key."""
    return VaultError(*_MEANINGS["SQLITE_NOTADB"])


@contextmanager
def told() -> Iterator[None]:
    """Turn SQLite's failures in a block into VaultErrors, and let through what is a bug."""
    try:
        yield
    except sqlcipher.Error as error:
        known = meaning(error)
        if known is None:
            raise
        raise known from error


def connect(path: Path, key: bytes, *, wal: bool) -> Any:
    """Open the database `path` (it must exist, an empty file is a new database) with a raw `key` of 32 bytes.

    Raises VaultError `damaged` when the key does not fit, and the others of the table above.
    """
    with told():
        database = sqlcipher.connect(
            path.absolute().as_uri() + "?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    try:
        with told():
            for pragma in _BEFORE_KEY:
                database.execute(pragma).fetchall()
            database.execute(f"PRAGMA key = \"x'{key.hex()}'\"").fetchall()
            database.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            for pragma in _AFTER_KEY:
                database.execute(pragma).fetchall()
            if wal:
                journal(database, "WAL")
    except BaseException:
        database.close()
        raise
    return database


def journal(database: Any, mode: str) -> None:
    """Set the journal mode. To leave WAL nobody else may have the database open (VaultError `busy`)."""
    with told():
        found = database.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0]
    if str(found).upper() != mode:
        raise VaultError("disk", "The vault's journal cannot be kept on this disk.", "Put the desk on a local disk.")


def user_version(database: Any) -> int:
    """The schema version in the database's header."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def check(database: Any) -> None:
    """Verify every page's MAC and the structure of tables and indexes. Raises VaultError `damaged`.

    Reads the whole file: about 3 s for 1 GB.
    """
    with told():
        pages = database.execute("PRAGMA cipher_integrity_check").fetchall()
        sound = not pages and database.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
    if not sound:
        raise damaged()


def export(database: Any, target: Path, key: bytes, progress: Callable[[int], None] | None = None) -> None:
    """Copy what is live in `database` into the empty file `target` under another raw `key`, compacted.

    `progress(bytes)` hears of the target's growth. The schema version goes along, which sqlcipher_export leaves out.
    """

    stopped: list[BaseException] = []

    def watch() -> int:
        try:
            if progress is not None:
                progress(target.stat().st_size)
        except BaseException as error:  # SQLite would only say that it was interrupted
            stopped.append(error)
        return len(stopped)

    with told():
        database.execute("ATTACH DATABASE ? AS copy KEY ?", (str(target), f"x'{key.hex()}'"))
        try:
            version = user_version(database)
            database.set_progress_handler(watch, PROGRESS_STEPS)
            database.execute("SELECT sqlcipher_export('copy')").fetchall()
            database.execute(f"PRAGMA copy.user_version = {version:d}")
        except sqlcipher.OperationalError:
            if stopped:
                raise stopped[0] from None
            raise
        finally:
            database.set_progress_handler(None, 0)
            database.execute("DETACH DATABASE copy")


def rekey(database: Any, path: Path, key: bytes) -> None:
    """Re-encrypt every page of `database`, which lies at `path`, in one transaction. Not in WAL mode.

    Raises VaultError `disk-full` and others when it did not happen.
    """
    with told():
        database.execute(f"PRAGMA rekey = \"x'{key.hex()}'\"").fetchall()
    # The pragma does not say when it fails: see whether the new key opens.
    try:
        connect(path, key, wal=False).close()
    except VaultError as error:
        raise VaultError(
            "disk-full",
            "The passphrase was not changed: the disk did not take the newly encrypted pages.",
            "Make room first.",
        ) from error
