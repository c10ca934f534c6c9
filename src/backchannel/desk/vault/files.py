"""Files of a desk: private to one user, and written so that a crash leaves the old content or the new, never half."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backchannel.errors import VaultError

FOLDER_MODE = 0o700
FILE_MODE = 0o600

_UNSAVED = "Nothing was changed; what you were writing has not been saved."
_NO_ROOM = ("disk-full", "There is no room left on the disk.", "Make room, then do it again.", _UNSAVED)
_CLOSED = ("read-only", "The folder or disk cannot be written.", "Make it writable, then do it again.", _UNSAVED)
_MEANINGS = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: _NO_ROOM,
    errno.EROFS: _CLOSED,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
}


@contextmanager
def told() -> Iterator[None]:
    """Turn the system's refusals in a block into VaultErrors: `disk-full`, `read-only`, else `disk`."""
    try:
        yield
    except OSError as error:
        found = _MEANINGS.get(error.errno or 0)
        if found is None:
            found = (
                "disk",
                f"The disk did not do it: {error.strerror}.",
                "Check the disk, then do it again.",
                _UNSAVED,
            )
        raise VaultError(*found) from error


def make_folder(folder: Path) -> None:
    """Make `folder` (0700) if it is not there, and check it. Raises what `check_folder` raises."""
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise VaultError(
            "folder", f"The folder {folder} cannot be made: {error.strerror}.", "Choose another folder."
        ) from error
    check_folder(folder)


def check_folder(folder: Path) -> None:
    """Refuse a folder that is not there or is another user's; close it to everybody else if it is open.

    Raises VaultError `no-desk`, `folder` or `owner`.
    """
    try:
        found = folder.stat()
    except FileNotFoundError as error:
        raise VaultError(
            "no-desk", f"There is no desk in {folder}.", "Check the folder's name, or make a new desk there."
        ) from error
    except OSError as error:
        raise VaultError(
            "folder", f"The folder {folder} cannot be read: {error.strerror}.", "Check who may read it."
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise VaultError("folder", f"{folder} is a file, not a folder.", "Choose another folder.")
    if found.st_uid != os.geteuid():
        raise VaultError(
            "owner",
            f"The folder {folder} belongs to another user of this machine, who could read or replace the vault.",
            "Choose a folder of your own.",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(FOLDER_MODE)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable (a rename is not, before this)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_private(path: Path) -> None:
    """Make the empty file `path` (0600), so that SQLite, which takes over a file's mode, keeps to it."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, FILE_MODE))


def replace(old: Path, new: Path) -> None:
    """Rename `old` to `new`, durably."""
    old.replace(new)
    sync_folder(new.parent)


def write_durable(path: Path, content: bytes) -> None:
    """Write a small file (0600) that survives a power cut after this returns; before, the old content stands."""
    partial = path.with_name(path.name + ".tmp")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    replace(partial, path)
