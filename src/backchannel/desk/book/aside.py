"""What a channel's vault keeps apart so that it can be destroyed: keys, words, drafts (spec/sealing.md, 12).

Nothing of it is in a backup or in an index.
"""

from __future__ import annotations

from backchannel.desk.book.places import Places
from backchannel.desk.vault.vault import Vault
from backchannel.entry.ids import EntryId, SeatId
from backchannel.seal import aside
from backchannel.seal.primitives import sha256

BY_CHANNEL, BY_PLACE = ("once", "aside_made", "tray"), ("aside_key", "aside")
KEPT_APART = (*BY_CHANNEL, *BY_PLACE)
"""The tables."""


class Asides:
    """Rows of channel `c`. Whoever writes holds a transaction."""

    def __init__(self, vault: Vault, c: int) -> None:
        self._vault, self._c, self._places = vault, c, Places(c)

    # --- items

    def key(self, item: int) -> bytes | None:
        """The key of the item that began at this position, if this desk has it."""
        row = self._vault.one("SELECT key FROM aside_key WHERE place = ?", (self._places.of(item),))
        return row[0] if row else None

    def keep_key(self, item: int, key: bytes) -> None:
        """Keep an item's key until the item is over."""
        self._vault.execute("INSERT OR REPLACE INTO aside_key VALUES (?, ?)", (self._places.of(item), key))

    def keep_made(self, entry: EntryId, key: bytes) -> None:
        """Keep the key of an item that this desk begins with an entry that is not in the log yet."""
        self._vault.execute("INSERT INTO aside_made VALUES (?, ?, ?)", (self._c, entry, key))

    def made(self, entry: EntryId) -> bytes | None:
        """That key, which stays here no longer."""
        row = self._vault.one("SELECT key FROM aside_made WHERE c = ? AND entry = ?", (self._c, entry))
        if row is not None:
            self._vault.execute("DELETE FROM aside_made WHERE c = ? AND entry = ?", (self._c, entry))
        return row[0] if row else None

    def forget_unmade(self) -> None:
        """Destroy the keys of items that will not begin: their entries were sealed anew, or came back."""
        sql = "DELETE FROM aside_made WHERE c = ? AND entry NOT IN (SELECT id FROM outbox WHERE id IS NOT NULL)"
        self._vault.execute(sql, (self._c,))

    def words(self, entry: int | None) -> bytes:
        """The words of the entry at this position; empty if there are none here."""
        row = self._vault.one("SELECT words FROM aside WHERE place = ?", (self._places.of(entry),)) if entry else None
        return row[0] if row else b""

    def keep_words(self, entry: int, item: int, words: bytes) -> None:
        """Keep the words of an entry until its item is over."""
        self._vault.execute(
            "INSERT OR REPLACE INTO aside VALUES (?, ?, ?)", (self._places.of(entry), self._places.of(item), words)
        )

    def said(self, entry: int) -> tuple[SeatId | None, int | None, str] | None:
        """(sender, position at which its item began, kind) of the entry at this position."""
        row = self._vault.one("SELECT sender, item, kind FROM entry WHERE place = ?", (self._places.of(entry),))
        return (row[0], self._places.position(row[1]) if row[1] else None, row[2]) if row else None

    def destroy(self, item: int) -> None:
        """Destroy an item's key and words."""
        place = (self._places.of(item),)
        self._vault.execute("DELETE FROM aside_key WHERE place = ?", place)
        self._vault.execute("DELETE FROM aside WHERE item = ?", place)

    def forget_who(self, item: int) -> None:
        """Forget who wrote the entries about an item (nonpaper.md, 4.4)."""
        place = self._places.of(item)  # what is about it stands behind it
        sql = "UPDATE entry SET sender = NULL WHERE place >= ? AND place < ? AND item = ?"
        self._vault.execute(sql, (place, self._places.end, place))

    def destroy_all(self) -> bool:
        """Destroy everything that is kept apart of this channel, pockets too; whether there was any."""
        place = (self._places.first, self._places.end)
        rows = [self._vault.execute(f"DELETE FROM {table} WHERE c = ?", (self._c,)) for table in BY_CHANNEL]  # noqa: S608
        rows += [
            self._vault.execute(f"DELETE FROM {table} WHERE place >= ? AND place < ?", place)  # noqa: S608
            for table in (*BY_PLACE, "pocket")
        ]
        return any(written.rows for written in rows)

    # --- one-time keys

    def keep_once(self, seed: bytes) -> bytes:
        """Keep the private half of a one-time key; the half to post."""
        public = aside.Once(seed).public
        self._vault.execute("INSERT INTO once VALUES (?, ?, ?, 0)", (self._c, sha256(public), seed))
        return public

    def once(self, public: bytes) -> aside.Once | None:
        """The private half of a one-time key, if this desk has it."""
        row = self._vault.one("SELECT seed FROM once WHERE c = ? AND public = ?", (self._c, sha256(public)))
        return aside.Once(row[0]) if row else None

    def mark_used(self, public: bytes) -> None:
        """Something was sealed to this one-time key."""
        self._vault.execute("UPDATE once SET used = 1 WHERE c = ? AND public = ?", (self._c, sha256(public)))

    def used(self) -> bool:
        """Whether a key is still here to which something was sealed."""
        return self._vault.one("SELECT 1 FROM once WHERE c = ? AND used = 1", (self._c,)) is not None

    def was_used(self, public: bytes) -> bool:
        """Whether something was sealed to this one-time key."""
        sql = "SELECT 1 FROM once WHERE c = ? AND public = ? AND used = 1"
        return self._vault.one(sql, (self._c, sha256(public))) is not None

    def keep_only(self, publics: list[bytes]) -> bool:
        """Destroy all one-time keys but these; whether there were any."""
        names = {sha256(public) for public in publics}
        rows = self._vault.query("SELECT public FROM once WHERE c = ?", (self._c,))
        gone = [(self._c, row[0]) for row in rows if row[0] not in names]
        self._vault.executemany("DELETE FROM once WHERE c = ? AND public = ?", gone)
        return bool(gone)

    # --- what a person has laid ready

    def tray(self, instrument: str) -> list[tuple[int, bytes]]:
        """(number, value) of what is laid ready, first in first."""
        sql = "SELECT n, value FROM tray WHERE c = ? AND instrument = ? ORDER BY n"
        return [(n, value) for n, value in self._vault.query(sql, (self._c, instrument))]

    def lay(self, instrument: str, value: bytes) -> None:
        """Lay something ready."""
        self._vault.execute("INSERT INTO tray (c, instrument, value) VALUES (?, ?, ?)", (self._c, instrument, value))

    def lift(self, n: int) -> None:
        """Take something from the tray."""
        self._vault.execute("DELETE FROM tray WHERE c = ? AND n = ?", (self._c, n))
