"""The vault's schema as numbered SQL files, each applied in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import Any, NamedTuple

import sqlcipher3.dbapi2 as sqlcipher

from backchannel.desk.vault import cipher
from backchannel.errors import VaultError

_NAME = re.compile(r"(\d{3})\.sql")

# The vault's own facts (restored, ..): there before any migration.
META = "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"


class Migration(NamedTuple):
    """Version `number` (1, 2, ..) is reached from the one before by the statements in `sql`.

    `unless`: a query; a vault of an earlier version in which it finds anything cannot be brought here.
    """

    number: int
    sql: str
    unless: str = ""


_UNLESS = {2: "SELECT 1 FROM channel", 3: "SELECT 1 FROM channel"}
"""Before version 1.0 formats change: a roster of version 1 has no one-time keys, one of version 2 no successors."""


def shipped() -> tuple[Migration, ...]:
    """The migrations in `desk/vault/schema/NNN.sql`, in order, without gaps."""
    folder = resources.files("backchannel.desk.vault") / "schema"
    named = sorted((item.name, item) for item in folder.iterdir()) if folder.is_dir() else []
    numbered = [(int(match[1]), item) for name, item in named if (match := _NAME.fullmatch(name))]
    found = [Migration(number, item.read_text(), _UNLESS.get(number, "")) for number, item in numbered]
    if [step.number for step in found] != list(range(1, len(found) + 1)):
        raise RuntimeError("desk/vault/schema: the numbers must be 001, 002, .. without gaps")
    return tuple(found)


def statements(sql: str) -> Iterator[str]:
    """Split a script at its statements' ends (a trigger's inner semicolons are not ends).

    Not `executescript`: that commits what is open, and a migration is one transaction.
    """
    pending = ""
    for piece in re.split(r"(?<=;)", sql):
        pending += piece
        if sqlcipher.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending


def _check_upgradable(database: Any, steps: Sequence[Migration]) -> None:
    if any(step.unless and database.execute(step.unless).fetchone() for step in steps):
        raise VaultError(
            "older",
            "This desk was last used with an older program, whose channels this one cannot read.",
            "Use that program for them. With this one make a new desk, and found your channels again.",
            "Nothing was changed.",
        )


def upgrade(database: Any, steps: Sequence[Migration], before: Callable[[int], None]) -> bool:
    """Bring `database` to the last of `steps`; `before(version)` is called once when a non-empty schema will change.

    Answers whether anything was done. Raises VaultError `newer`, `older`; any failure leaves the last whole version.
    """
    with cipher.told():
        now = cipher.user_version(database)
        if now > len(steps):
            raise VaultError(
                "newer",
                f"This desk was last used with a newer program (vault version {now}; this one knows {len(steps)}).",
                "Use that program, or update this one.",
                "Nothing was changed.",
            )
        if now == len(steps):
            return False
        if now:
            _check_upgradable(database, steps[now:])
            before(now)
        for step in steps[now:]:
            database.execute("BEGIN IMMEDIATE")
            try:
                for statement in statements(step.sql):
                    database.execute(statement).fetchall()
                database.execute(f"PRAGMA user_version = {step.number:d}")
                database.execute("COMMIT")
            finally:
                if database.in_transaction:
                    database.execute("ROLLBACK")
    return True
