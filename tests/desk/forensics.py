"""What whoever holds everything can find: every file and page of desks and relay, and a relay that kept every body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from backchannel.channel.engine import Engine, Event, Record
from backchannel.channel.lines import Lines
from backchannel.channel.state import At, State
from backchannel.desk.channel import Channel
from backchannel.entry.codec import decode
from backchannel.errors import Malformed
from backchannel.instruments import BY_KIND, ERASABLE
from backchannel.ledger.leaf import Leaf, entry_id
from backchannel.ledger.tree import Tree
from backchannel.ledger.wire import Frame
from backchannel.relay.logs import Book, Signer
from backchannel.relay.sqlite import SqliteStore
from backchannel.seal import aside
from backchannel.seal.aside import Aside, Once
from tests.desk.world import Clock, Host, pages

RUN = 8
"""So many bytes of a word in a row are a trace of it: an index keeps only what differs from the word before."""


class Recorder(Host):
    """A relay on a real store that keeps, beside it, every body that it was ever sent."""

    def __init__(self, clock: Clock, path: Path) -> None:
        super().__init__(clock)
        self.path = path
        self.sql = SqliteStore(path)
        self.signer = Signer(self.sql.seed())
        self.store = self.sql  # type: ignore[assignment]
        self._book = Book(self.sql, 1 << 30)
        self.bodies: dict[bytes, bytes] = {}

    def append(self, name: str, credential: bytes, frames: Sequence[Frame]) -> list[int]:
        self.bodies.update({entry_id(frame.body): frame.body for frame in frames})
        return super().append(name, credential, frames)

    def rows(self, name: str) -> list[tuple[bytes, bytes | None]]:
        return list(self.sql.read(self.log(name).log, 0, 1 << 20, 1 << 30).rows)

    def read_by(self, channel: Channel) -> list[Event]:
        """What a desk's vault opens of the log as it was before anything was erased, by the receiving keys it has."""
        leaves = [(Leaf.parse(leaf), body) for leaf, body in self.rows(channel.name)]
        tree = Tree(leaf.hash() for leaf, _ in leaves)
        wallet = channel.session.book.wallet()
        engine = Engine(wallet, State(channel.id), Lines(), erasable=ERASABLE, root_at=tree.root)
        return engine.process(
            [
                Record(At(at, leaf.arrival), leaf.id, leaf.erase, self.bodies.get(leaf.id, body))
                for at, (leaf, body) in enumerate(leaves)
            ]
        )

    def files(self) -> bytes:
        """The store's files, free pages and write-ahead log too."""
        return b"".join(path.read_bytes() for path in sorted(self.path.parent.glob(self.path.name + "*")))


def runs(*words: str) -> set[bytes]:
    """Every run of bytes by which one of these words would be known."""
    raw = [word.encode() for word in words]
    return {word[i : i + RUN] for word in raw for i in range(len(word) - RUN + 1)}


def everything(channel: Channel) -> bytes:
    """All files of a desk as they lie there, and every page of its vault decrypted."""
    folder = channel.session.vault.folder
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()) + pages(channel)


def traces(channel: Channel, wanted: Iterable[bytes]) -> set[bytes]:
    """Which of these bytes stand anywhere on a desk."""
    there = everything(channel)
    return {one for one in wanted if one in there}


def secrets(channel: Channel) -> dict[str, set[bytes]]:
    """What may be nowhere once all is over: the keys of items, the private halves of one-time keys."""
    vault = channel.session.vault
    return {
        table: {row[0] for row in vault.query(f"SELECT {column} FROM {table}")}  # noqa: S608
        for table, column in (("aside_key", "key"), ("aside_made", "key"), ("once", "seed"))
    }


def candidates(channel: Channel) -> set[bytes]:
    """Every value of 32 bytes in any row of the vault, however deep in what is encoded there."""
    vault, found = channel.session.vault, set()
    for (table,) in vault.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'"):
        for row in vault.query(f"SELECT * FROM {table}"):  # noqa: S608
            for value in row:
                found |= set(_within(value))
    return found


def _within(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        if len(value) == 32:
            yield value
        elif len(value) > 32:
            try:
                yield from _within(msgspec.msgpack.decode(value))
            except (msgspec.DecodeError, ValueError):
                yield from (value[i : i + 32] for i in range(0, len(value) - 31, 32))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _within(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _within(one)


def opened(host: Recorder, channels: Sequence[Channel]) -> list[bytes]:
    """The words in what was recorded that whoever has all these vaults can open."""
    values = set().union(*(candidates(channel) for channel in channels))
    envelopes: dict[bytes, Aside] = {}
    copies: list[Any] = []
    for channel in channels:
        for event in host.read_by(channel):
            if event.verdict == "line" and BY_KIND[event.kind].aside:
                kind = BY_KIND[event.kind].kinds[event.kind]
                if kind.aside:
                    envelopes[event.record.id] = decode(event.body, Aside)
                elif kind.copies:
                    copies.append(decode(event.body, kind.body))
    keys = set(values)
    one = channels[0].id
    for seed in values:
        once = Once(seed)
        for envelope in envelopes.values():
            slots = zip(envelope.to, envelope.slots, strict=True)
            keys |= {key for (seat, n), slot in slots if (key := once.open(one, seat, n, slot)) is not None}
        for copy in copies:
            found = aside.open_copy(one, copy.item, copy.seat, seed, copy.slot)
            keys |= {found} if found is not None else set()
    said = []
    for envelope in envelopes.values():
        for key in keys if envelope.sealed else ():
            try:
                said.append(aside.words(one, key, envelope))
            except Malformed:
                continue
    assert envelopes or copies, "the attacker gets at the envelopes: their chains open"
    return said
