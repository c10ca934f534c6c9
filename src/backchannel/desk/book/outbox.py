"""The outbox of one channel: what the log has not taken yet, kept until it has (schema/001.sql)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from backchannel.desk.book.intent import Intent, Say, parse
from backchannel.desk.vault.vault import Vault
from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import EntryId
from backchannel.instruments import BY_KIND, Instrument


class Mark(NamedTuple):
    """A row of the outbox, without what it holds. `epoch`: for which it is sealed, None if it is not."""

    n: int
    epoch: int | None
    id: EntryId | None
    stage: str
    tries: int
    why: str


class Waiting(NamedTuple):
    """A row of the outbox, without its frames."""

    intent: Intent
    n: int
    epoch: int | None
    id: EntryId | None
    stage: str
    tries: int
    why: str


class Outbox:
    """Rows of the outbox of channel `c`. Whoever writes holds a transaction."""

    def __init__(self, vault: Vault, c: int) -> None:
        self._vault, self._c = vault, c

    def waiting(self, *kinds: str) -> list[Waiting]:
        """Everything that the log has not taken yet, in order; or what of it is of these kinds."""
        return self._rows("stage <> 'returned'", kinds)

    def returned(self, *kinds: str) -> list[Waiting]:
        """What the log will not take, each with the reason; or what of it is of these kinds."""
        return self._rows("stage = 'returned'", kinds)

    def marks(self) -> list[Mark]:
        """Everything, without what it holds, in order: to know how it stands, nothing long has to be deciphered."""
        return [Mark(*row) for row in self._vault.query(f"SELECT {_MARKS} FROM {_BY_MARK} ORDER BY n", (self._c,))]  # noqa: S608

    def count(self) -> int:
        """How much the log has not taken yet."""
        return sum(row.stage != "returned" for row in self.marks())

    def frames(self, n: int) -> bytes:
        """What leaves for a row that is sealed."""
        row = self._vault.one("SELECT frames FROM outbox WHERE n = ?", (n,))
        return row[0] if row is not None and row[0] is not None else b""

    def intent(self, n: int) -> Intent:
        """What was wanted in a row."""
        return parse(self._vault.query("SELECT intent FROM outbox WHERE n = ?", (n,))[0][0])

    def _rows(self, which: str = "1", kinds: Sequence[str] = ()) -> list[Waiting]:
        # The row itself is read for what it holds alone: its other columns stand behind that.
        sql = f"SELECT {_HELD}, {_MARKS} FROM {_BY_MARK} AND {which}"  # noqa: S608 - ours
        if kinds:  # an older program has not noted them
            sql += f" AND kind IN ('', {', '.join('?' * len(kinds))})"
        rows = self._vault.query(f"{sql} ORDER BY n", (self._c, *kinds))
        found = [Waiting(parse(intent), *rest) for intent, *rest in rows]
        return [row for row in found if not kinds or _kind(row.intent) in kinds]

    def put(self, intent: Intent) -> int:
        """A new intent, not sealed yet; its number."""
        return self._vault.execute(
            "INSERT INTO outbox (c, intent, stage, tries, why, aside, kind) VALUES (?, ?, 'written', 0, '', ?, ?)",
            (
                self._c,
                encode(intent),
                isinstance(intent, Say) and bool(BY_KIND[intent.kind].aside or intent.of),
                _kind(intent),
            ),
        ).rowid

    def set_sealed(self, n: int, epoch: int, frames: bytes, id_: EntryId) -> None:
        """An intent is sealed."""
        self._vault.execute("UPDATE outbox SET epoch = ?, frames = ?, id = ? WHERE n = ?", (epoch, frames, id_, n))

    def set_posted(self, rows: Iterable[Mark]) -> None:
        """The relay has acknowledged these, as they were; not what another process has sealed again meanwhile."""
        self._vault.executemany(
            "UPDATE outbox SET stage = 'posted' WHERE n = ? AND id = ?", [(row.n, row.id) for row in rows]
        )

    def set_written(self, ns: Iterable[int]) -> None:
        """These must be posted again, as they are."""
        self._vault.executemany("UPDATE outbox SET stage = 'written' WHERE n = ?", [(n,) for n in ns])

    def set_unsealed(self, ns: Iterable[int]) -> None:
        """These must be sealed again."""
        self._vault.executemany(
            "UPDATE outbox SET frames = NULL, epoch = NULL, id = NULL, stage = 'written', tries = tries + 1"
            " WHERE n = ?",
            [(n,) for n in ns],
        )

    def set_returned(self, n: int, why: str, *, left: bool = False) -> None:
        """The log will not take this; its author sees why. `left`: it has left this desk, and may yet turn up."""
        self._vault.execute(
            "UPDATE outbox SET stage = 'returned', frames = NULL, id = iif(?, id, NULL), why = ? WHERE n = ?",
            (left, why, n),
        )
        rows = self._rows()
        of = next((row.intent.of for row in rows if row.n == n and isinstance(row.intent, Say)), b"")
        behind = (row.n for row in rows if of and row.n > n and row.stage == "written" and about(row.intent) == of)
        self.done([*behind][:1])  # which says that this was said (nonpaper.md, 4.1)

    def recall(self, instrument: Instrument, item: EntryId, *, sealed: bool) -> None:
        """Take back what was said about an item, unless it was posted; with `sealed`, forget that too."""
        for row in self._rows():
            intent = row.intent
            if not isinstance(intent, Say) or not (sealed or row.stage == "written"):
                continue
            if (intent.kind in instrument.kinds and about(intent) == item) or intent.of == item:
                self.done([row.n])

    def expire(self, unit: int) -> list[EntryId | None]:
        """Return, without its words, what would begin an item whose hour has passed by `unit`; its entry, if sealed."""
        rows = [(row.n, row.intent, row.id) for row in self._rows("aside")]
        late = [(n, say, id_) for n, say, id_ in rows if isinstance(say, Say) and say.words and _until(say) <= unit]
        why = "Its hour passed before it had reached the others; its words are destroyed."
        for n, say, _ in late:
            self.set_returned(n, why, left=True)
            self._hollow(n, say)
        return [id_ for _, _, id_ in late]

    def give_back(self, why: str) -> None:
        """Nothing of this will be posted any more: it goes back to its author, but for words that were set aside."""
        for row in reversed(self._rows()):  # what ends an item, before what comes of that
            if row.stage != "returned":
                self.set_returned(row.n, why)
            if isinstance(row.intent, Say) and row.intent.of:
                self.done([row.n])
            elif isinstance(row.intent, Say) and row.intent.words:
                self._hollow(row.n, row.intent)

    def _hollow(self, n: int, say: Say) -> None:
        self._vault.execute("UPDATE outbox SET intent = ? WHERE n = ?", (encode(replace(say, words=b"")), n))

    def done(self, ns: Iterable[int]) -> None:
        """The log has taken these."""
        self._vault.executemany("DELETE FROM outbox WHERE n = ?", [(n,) for n in ns])


_HELD = "(SELECT intent FROM outbox AS held WHERE held.n = mark.n)"
_MARKS = "n, epoch, id, stage, tries, why"
_BY_MARK = "outbox AS mark INDEXED BY outbox_marks WHERE c = ?"


def _kind(intent: Intent) -> str:
    return intent.kind if isinstance(intent, Say) else type(intent).__name__.lower()


def about(intent: Intent) -> EntryId:
    """The item that it speaks of; empty if it begins one."""
    return getattr(_body(intent), "item", b"") if isinstance(intent, Say) else b""


def _body(say: Say) -> Any:
    return decode(say.body, BY_KIND[say.kind].kinds[say.kind].body)


def _until(say: Say) -> int:
    """The hour of the item that it begins."""
    return int(getattr(_body(say), "until", 1 << 62)) if say.kind == BY_KIND[say.kind].opens else 1 << 62
