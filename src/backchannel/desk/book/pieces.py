"""Files of evidence, in the pieces in which they came (spec/step.md, 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from backchannel.desk.book.places import Places
from backchannel.desk.vault.vault import Vault


class Held(NamedTuple):
    """A piece that is here, without its bytes."""

    party: str
    file: bytes
    n: int


class Pieces:
    """Rows of the pieces of channel `c`. Whoever writes holds a transaction."""

    def __init__(self, vault: Vault, c: int) -> None:
        self._vault, self._places = vault, Places(c)

    def keep(self, ladder: int, party: str, file: bytes, n: int, data: bytes, *, instead: bool = False) -> None:
        """A piece of a party's file; one that is here already stays as it is, unless this one comes `instead`."""
        row, what = (self._places.of(ladder), party, file, n, data), "REPLACE" if instead else "IGNORE"
        self._vault.execute(f"INSERT OR {what} INTO piece VALUES (?, ?, ?, ?, ?)", row)  # noqa: S608 - one of two words

    def here(self, ladder: int, party: str, file: bytes) -> frozenset[int]:
        """Which pieces of a file are here."""
        return frozenset(one.n for one in self.of(ladder) if (one.party, one.file) == (party, file))

    def counts(self, ladder: int) -> dict[tuple[str, bytes], int]:
        """How many pieces of each party's files are here."""
        rows = self._vault.query(
            "SELECT party, file, COUNT(*) FROM piece WHERE place = ? GROUP BY party, file", (self._places.of(ladder),)
        )
        return {(party, file): count for party, file, count in rows}

    def of(self, ladder: int) -> list[Held]:
        """All pieces of a ladder, in order."""
        rows = self._vault.query(
            "SELECT party, file, n FROM piece WHERE place = ? ORDER BY party, file, n", (self._places.of(ladder),)
        )
        return [Held(*row) for row in rows]

    def data(self, ladder: int, held: Held) -> bytes:
        """A piece's bytes."""
        row = self._vault.one(
            "SELECT data FROM piece WHERE place = ? AND party = ? AND file = ? AND n = ?",
            (self._places.of(ladder), *held),
        )
        return bytes(row[0]) if row is not None else b""

    def read(self, ladder: int, party: str, file: bytes) -> Iterator[bytes]:
        """A file's bytes, piece by piece."""
        for n in sorted(self.here(ladder, party, file)):
            yield self.data(ladder, Held(party, file, n))
