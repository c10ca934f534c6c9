"""Schema versions of the SQLite store: numbered SQL files, a copy of the file before each upgrade."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from backchannel.errors import Misuse

_FOLDER = Path(__file__).parent / "migrations"


def migrations() -> dict[int, str]:
    """Version -> the SQL that leads to it."""
    return {int(path.name.partition("_")[0]): path.read_text() for path in sorted(_FOLDER.glob("*.sql"))}


def version_of(db: sqlite3.Connection) -> int:
    """The schema version of an open file; 0 when it is new."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def upgrade(db: sqlite3.Connection, path: Path, steps: Mapping[int, str] | None = None) -> None:
    """Bring the file at `path`, open as `db`, to the newest version; each step is one transaction.

    Misuse `schema` where the file is newer than this program.
    """
    steps = migrations() if steps is None else steps
    version = version_of(db)
    if version > max(steps):
        raise Misuse(
            "schema",
            f"The store has version {version}; this program knows versions up to {max(steps)}.",
            "Use the newer program, or the copy that was made before its upgrade.",
        )
    for number in sorted(step for step in steps if step > version):
        if version:
            _copy(db, Path(f"{path}.before-{number}"))  # spec/relay.md 11
        try:
            db.executescript(f"BEGIN IMMEDIATE;\n{steps[number]};\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _copy(db: sqlite3.Connection, target: Path) -> None:
    """A whole copy of the open file at `target`, there only once it is complete."""
    part = Path(f"{target}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(part)) as copy:
        db.backup(copy)
    part.replace(target)
