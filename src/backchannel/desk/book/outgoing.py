"""Files that a desk's person gave it to send, in the vault until the log has them (schema/004.sql)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from backchannel.desk.vault.vault import Vault

MOST_AT_ONCE = 16
"""Pieces that are deleted in one go: nobody waits for a gigabyte of that."""


class Row(NamedTuple):
    """A file: its number, the position of its ladder, its name, size and SHA-256; this is empty while it comes in."""

    k: int
    ladder: int
    name: str
    size: int
    sha256: bytes
    touched: float


class Outgoing:
    """Rows of the outgoing files of channel `c`. Whoever writes holds a transaction."""

    def __init__(self, vault: Vault, c: int) -> None:
        self._vault, self._c = vault, c

    def all(self) -> list[Row]:
        """All of them, in the order in which they came."""
        sql = "SELECT k, ladder, name, size, coalesce(file, x''), touched FROM outgoing WHERE c = ? ORDER BY k"
        return [Row(*row) for row in self._vault.query(sql, (self._c,))]

    def begin(self, ladder: int, name: str, at: float) -> int:
        """A file begins to come in; its number."""
        sql = "INSERT INTO outgoing (c, ladder, name, size, touched) VALUES (?, ?, ?, 0, ?)"
        return self._vault.execute(sql, (self._c, ladder, name, at)).rowid

    def add(self, k: int, n: int, data: bytes, at: float) -> None:
        """A piece of it."""
        self._vault.execute("INSERT INTO outgoing_piece VALUES (?, ?, ?)", (k, n, data))
        self._vault.execute("UPDATE outgoing SET size = size + ?, touched = ? WHERE k = ?", (len(data), at, k))

    def touch(self, k: int, at: float) -> None:
        """Its person still has to do with it."""
        self._vault.execute("UPDATE outgoing SET touched = ? WHERE k = ?", (at, k))

    def end(self, k: int, sha256: bytes) -> None:
        """All of it is here."""
        self._vault.execute("UPDATE outgoing SET file = ? WHERE k = ?", (sha256, k))

    def data(self, k: int, n: int) -> bytes:
        """A piece's bytes; none if it is not here."""
        row = self._vault.one("SELECT data FROM outgoing_piece WHERE k = ? AND n = ?", (k, n))
        return bytes(row[0]) if row is not None else b""

    def forget(self, k: int, ns: Iterable[int]) -> None:
        """These pieces are not needed any more."""
        self._vault.executemany("DELETE FROM outgoing_piece WHERE k = ? AND n = ?", [(k, n) for n in ns])

    def drop(self, k: int, most: int = MOST_AT_ONCE) -> bool:
        """It is not needed any more: so many of its pieces go, and at last its row. Whether all of it has gone."""
        sql = "SELECT n FROM outgoing_piece JOIN outgoing USING (k) WHERE k = ? AND c = ? LIMIT ?"
        rows = self._vault.query(sql, (k, self._c, most + 1))
        self.forget(k, [n for (n,) in rows[:most]])
        if len(rows) <= most:
            self._vault.execute("DELETE FROM outgoing WHERE k = ? AND c = ?", (k, self._c))
        return len(rows) <= most

    def pieces(self, k: int) -> frozenset[int]:
        """Which of its pieces are here."""
        return frozenset(n for (n,) in self._vault.query("SELECT n FROM outgoing_piece WHERE k = ?", (k,)))
