"""The files of a vault, and every state in which a crash or a stranger can have left them.

    vault.db       SQLCipher, raw key          vault.key       how the passphrase becomes the key
    desk.lock      who changes the desk        *.new           only while one is made or the passphrase is changed

A change of passphrase writes vault.key.new, re-encrypts vault.db in one transaction and renames. Opening tries both key
files, and which of them fits the database says whether the change happened: a crash leaves one passphrase that opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from backchannel.desk.vault import cipher, files
from backchannel.desk.vault.keyfile import KeyFile
from backchannel.errors import Misuse, VaultError

DATABASE = "vault.db"
KEY = "vault.key"
NEW = ".new"
LOCK = "desk.lock"
_PLAIN = b"SQLite format 3\0"
SIDECARS = ("", "-journal", "-wal", "-shm")
# Encrypted copies on the way to a backup and back; a crash may leave them.
SCRATCH = ("backup.copy", "backup.out", "restore.copy")


class Unlocked(NamedTuple):
    """An open database, and the key file that fitted it."""

    key: Path
    database: Any


@contextmanager
def new_vault(folder: Path, file: KeyFile) -> Iterator[Path]:
    """For a block that fills the empty database it is given; then the vault stands, whole. A failure leaves nothing.

    The database gets its name before the key file does: opening finishes from there. Raises Misuse `exists`.
    """
    target, key = folder / DATABASE, folder / KEY
    if target.exists() or key.exists():
        raise Misuse("exists", f"There is a desk in {folder} already.", "Choose another folder, or open that desk.")
    discard(folder)
    try:
        files.write_durable(new(key), file.encode())
        files.make_private(new(target))
        yield new(target)
        files.replace(new(target), target)
        files.replace(new(key), key)
    finally:
        if not target.exists():
            discard(folder)


def discard(folder: Path) -> None:
    """Remove what a crash left of a vault that never came to be."""
    (folder / (KEY + NEW)).unlink(missing_ok=True)
    remove(folder / (DATABASE + NEW))


def remove(database: Path) -> None:
    """Remove a database and what SQLite puts beside it."""
    for end in SIDECARS:
        database.with_name(database.name + end).unlink(missing_ok=True)


def check_files(folder: Path) -> None:
    """Say which of the files is missing or cannot be a vault; close to others what is open to them."""
    database, keys = folder / DATABASE, [path for path in (folder / KEY, new(folder / KEY)) if path.exists()]
    if not database.exists():
        raise _MISSING["no-vault" if (folder / KEY).exists() else "no-desk"](folder)
    if not keys:
        raise _MISSING["no-key"](folder)
    for path in (database, *keys):
        if path.stat().st_mode & 0o077:
            path.chmod(files.FILE_MODE)
    with database.open("rb") as file:
        start = file.read(len(_PLAIN))
    if not start or start == _PLAIN:
        raise _MISSING["not-encrypted" if start else "empty"](folder)


def _missing(code: str, what: str, todo: str) -> Callable[[Path], VaultError]:
    return lambda folder: VaultError(code, what.format(folder=folder), todo, "Nothing was changed.")


_MISSING = {
    "no-desk": _missing(
        "no-desk", "There is no desk in {folder}.", "Check the folder's name, or make a new desk there."
    ),
    "no-vault": _missing(
        "no-vault", "The vault (vault.db) is missing from {folder}.", "Put it back, or restore the desk from a backup."
    ),
    "no-key": _missing(
        "no-key",
        "The key file (vault.key) is missing from {folder}.",
        "Put it back, or restore the desk from a backup.",
    ),
    "empty": _missing("empty", "The vault (vault.db) in {folder} is empty.", "Restore the desk from a backup."),
    "not-encrypted": _missing(
        "not-encrypted",
        "The file vault.db in {folder} is a plain database, not a vault.",
        "Restore the desk from a backup.",
    ),
}


def wrong(more: str = "") -> VaultError:
    """The refusal of a wrong passphrase."""
    return VaultError(
        "passphrase",
        "That is not the passphrase of this desk." + more,
        "Type it again; mind capital letters.",
        "Nothing was changed.",
    )


def unlock(folder: Path, passphrase: str) -> Unlocked | None:
    """The database, and the key file that opened it; None when the passphrase is right and the database does not open.

    Raises VaultError `passphrase`.
    """
    paths = [path for path in (folder / KEY, new(folder / KEY)) if path.exists()]
    fitting = [(path, keys) for path in paths if (keys := KeyFile.read(path).unlock(passphrase))]
    if not fitting:
        raise wrong()
    for path, keys in fitting:
        try:
            return Unlocked(path, cipher.connect(folder / DATABASE, keys.database, wal=True))
        except VaultError as error:
            if error.code != "damaged":
                raise
    if len(paths) > len(fitting):
        raise wrong(" The program stopped while it was being changed: it is the other of the two.")
    return None


def settle(opened_by: Path) -> None:
    """Finish a change of passphrase that took place, or discard one that did not."""
    key = opened_by.with_name(KEY)
    if opened_by == new(key):
        files.replace(new(key), key)
    new(key).unlink(missing_ok=True)
    files.sync_folder(key.parent)


def new(path: Path) -> Path:
    """Where a file stands before it takes its name."""
    return path.with_name(path.name + NEW)
