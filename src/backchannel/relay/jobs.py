"""What can be asked of the sequencer, and the draft of a group: what the logs will be once it is durable.

A job looks at the draft, refuses or adds to it, and never does half of either. Nothing here changes a log in memory
before `Draft.apply`.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from msgspec import Struct

from backchannel.ledger.leaf import NO_ERASE, RECORD_PREFIX, EraseRecord, Leaf, entry_id
from backchannel.ledger.tree import Growth, leaf_hash
from backchannel.ledger.wire import Frame
from backchannel.relay.logs import Book, Log
from backchannel.relay.refusals import refuse
from backchannel.relay.store import Change, Erased, Extended, Founded, Keys, Rotated, Rotation, Store

ENTRY_OVERHEAD = 128
"""Bytes beside its body that an entry counts against the log's storage limit."""


class LogDraft:
    """One log with what the group adds to it."""

    def __init__(self, log: Log, arrival: int) -> None:
        self.log = log
        self.arrival = max(log.arrival, arrival)  # spec/ledger.md 2.2: it does not fall
        self.keys = log.keys
        self.rotations = log.rotations
        self.stored = log.stored
        self.ids: dict[bytes, int] = {}
        self.rows: list[tuple[bytes, bytes]] = []
        self.erased: dict[int, int] = {}
        self.rotated: list[Rotated] = []
        self.growth: Growth | None = None

    @property
    def size(self) -> int:
        """How many entries the log will have."""
        return self.log.tree.size + len(self.rows)

    def find(self, entry: bytes) -> int | None:
        """The index of this id, in the log or in the draft."""
        index = self.log.ids.get(entry)
        return self.ids.get(entry) if index is None else index

    def append(self, frame: Frame) -> int:
        """The index at which the frame will stand, or stands already (spec/ledger.md 3)."""
        entry = entry_id(frame.body)
        index = self.find(entry)
        if index is None:
            index = self.size
            leaf = Leaf(entry, self.arrival, len(frame.body), frame.erase)
            self.ids[entry] = index
            self.rows.append((leaf.data(), frame.body))
            self.stored += len(frame.body) + ENTRY_OVERHEAD
        return index

    def changes(self) -> list[Change]:
        """The draft as changes for the store."""
        log, found = self.log, list[Change]()
        if self.rows:
            self.growth = log.tree.plan([leaf_hash(leaf) for leaf, _ in self.rows])
            found.append(
                Extended(log.log, log.tree.size, tuple(self.rows), self.growth.size, self.growth.root, self.stored)
            )
        found += [Erased(log.log, index, record) for index, record in self.erased.items()]
        found += self.rotated
        return found

    def apply(self) -> None:
        """Make the log in memory what the store now holds."""
        log = self.log
        log.keys, log.rotations, log.stored = self.keys, self.rotations, self.stored
        if self.growth is not None:
            log.arrival = self.arrival
            log.ids.update(self.ids)
            log.tree.apply(self.growth)


class Draft:
    """What a group will change: drafts of logs, and logs to be founded."""

    def __init__(self, book: Book, store: Store, arrival: int, most_stored: int) -> None:
        self.book = book
        self.store = store
        self.most_stored = most_stored
        self.founded: dict[str, Keys] = {}
        self.logs: dict[str, LogDraft] = {}
        self._arrival = arrival

    def log(self, name: str) -> LogDraft:
        """The draft of a log; refused as `credential` where there is none."""
        draft = self.logs.get(name)
        if draft is None:
            log = self.book.load(name)
            if log is None:
                raise refuse("credential")
            draft = self.logs[name] = LogDraft(log, self._arrival)
        return draft

    def changes(self) -> list[Change]:
        """Everything as changes for the store."""
        found: list[Change] = [Founded(bytes.fromhex(name), keys) for name, keys in self.founded.items()]
        for draft in self.logs.values():
            found += draft.changes()
        return found

    def apply(self) -> dict[str, int]:
        """Make memory what the store now holds. Returns the logs that changed, with their size."""
        changed = {}
        for name, draft in self.logs.items():
            if draft.rows or draft.rotated:
                draft.apply()
                changed[name] = draft.log.tree.size
        return changed


class Appended(Struct, frozen=True):
    """Where the frames stand, and the log's size."""

    indices: tuple[int, ...]
    size: int


class Open(Struct, frozen=True):
    """Have the log in memory."""

    name: str

    def run(self, draft: Draft) -> Log:
        """See the class."""
        return draft.log(self.name).log


class Found(Struct, frozen=True):
    """A new log (spec/relay.md, 3). True if it was made, False if it stands so already."""

    name: str
    keys: Keys

    def run(self, draft: Draft) -> bool:
        """See the class."""
        keys = draft.founded.get(self.name)
        if keys is None:
            row = draft.store.log(bytes.fromhex(self.name))
            keys = row.keys if row else None
        if keys is None:
            draft.founded[self.name] = self.keys
        elif keys != self.keys:
            raise refuse("exists")
        return keys is None


class Append(Struct, frozen=True):
    """Frames to append, by who holds the credential of this hash (spec/relay.md, 4)."""

    name: str
    credential: bytes
    frames: Sequence[Frame]

    def run(self, draft: Draft) -> Appended:
        """See the class."""
        log = draft.log(self.name)
        _current(log, self.credential)
        for frame in self.frames:
            check_frame(frame)
        room = draft.most_stored - log.stored
        if sum(len(frame.body) + ENTRY_OVERHEAD for frame in self.frames) > room and not all(
            log.find(entry_id(frame.body)) is not None for frame in self.frames
        ):
            raise refuse("full")
        return Appended(tuple(log.append(frame) for frame in self.frames), log.size)


class Erase(Struct, frozen=True):
    """Erase the body at `index` by token (spec/relay.md, 8). Returns the erase record's index."""

    name: str
    credential: bytes
    index: int
    token: bytes

    def run(self, draft: Draft) -> int:
        """See the class."""
        log = draft.log(self.name)
        _current(log, self.credential)
        leaf = self._leaf(log, draft.store)
        record = EraseRecord(self.index, self.token)
        if leaf.erase == NO_ERASE or not record.fits(leaf.erase):  # spec/ledger.md 4.1
            raise refuse("token")
        done = log.erased.get(self.index)
        if done is None and self.index < log.log.tree.size:
            done = draft.store.record(log.log.log, self.index)
        if done is not None:
            return done
        at = log.append(Frame(NO_ERASE, record.encode()))  # spec/ledger.md 4.2
        log.erased[self.index] = at
        log.stored -= leaf.length
        return at

    def _leaf(self, log: LogDraft, store: Store) -> Leaf:
        held = log.log.tree.size
        if not 0 <= self.index < log.size:
            raise refuse("unknown", "There is no entry of this index.")
        if self.index >= held:
            return Leaf.parse(log.rows[self.index - held][0])
        rows = store.read(log.log.log, self.index, 1, 1).rows
        return Leaf.parse(rows[0][0])


class Rotate(Struct, frozen=True):
    """New keys, with the entry that carries them (spec/relay.md, 9). Returns that entry's index."""

    name: str
    control: bytes
    keys: Keys
    frame: Frame
    index: int | None = None

    def run(self, draft: Draft) -> int:
        """See the class."""
        log = draft.log(self.name)
        done = self._done(log)
        if done is not None:
            return done
        if not hmac.compare_digest(log.keys.control, self.control):
            raise refuse("credential")
        check_frame(self.frame)
        known = [log.keys, *(rotation.keys for rotation in log.rotations)]
        if any(self.keys.credential == old.credential or self.keys.control == old.control for old in known):
            raise refuse("malformed", "A rotation needs a new credential and a new control key.")
        if log.find(entry_id(self.frame.body)) is not None:
            raise refuse("exists", "The entry of this rotation stands in the log already.")
        if self.index not in (None, log.size):  # what was judged before an entry that has come since may be void now
            raise refuse("moved")
        index = log.append(self.frame)
        rotation = Rotation(index + 1, log.keys)  # spec/relay.md 1.4
        log.rotated.append(Rotated(log.log.log, self.keys, rotation))
        log.keys, log.rotations = self.keys, (*log.rotations, rotation)
        return index

    def _done(self, log: LogDraft) -> int | None:
        """The index of this very rotation, if it was done already and the control key is one of its two."""
        index = log.find(entry_id(self.frame.body))
        after = [*(rotation.keys for rotation in log.rotations[1:]), log.keys]
        for rotation, keys in zip(log.rotations, after, strict=False):
            if rotation.bound - 1 == index and keys == self.keys:
                ours = (rotation.keys.control, keys.control)
                if any(hmac.compare_digest(control, self.control) for control in ours):
                    return index
        return None


class Probe(Struct, frozen=True):
    """Whether the store can be written."""

    def run(self, draft: Draft) -> None:
        """See the class."""
        draft.store.probe()


Job = Open | Found | Append | Erase | Rotate | Probe


def check_frame(frame: Frame) -> None:
    """That a member may append this: no erase record, nothing that looks like one (spec/relay.md 4.3)."""
    if frame.erase == NO_ERASE or frame.body.startswith(RECORD_PREFIX):
        raise refuse("malformed", "An entry of this form is the relay's to write.")


def _current(log: LogDraft, credential: bytes) -> None:
    """That the credential was not rotated since it was looked at."""
    if not hmac.compare_digest(log.keys.credential, credential):
        raise refuse("rotated")
