"""Sync: read to the head, do what is owed, post what waits, until nothing moves (design: the way an entry travels)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from backchannel.channel.engine import Event
from backchannel.desk import dossier, duties, sending
from backchannel.desk.book.outbox import Mark, Outbox
from backchannel.desk.intake import take
from backchannel.desk.joining import MOST_EMPTY, over
from backchannel.desk.link.client import RelayClient
from backchannel.desk.sealing import seal_waiting
from backchannel.desk.session import Session
from backchannel.errors import Malformed, RelayFault, RelayRefused
from backchannel.ledger.faults import fault
from backchannel.ledger.origin import control_hash, credential_hash, log_name
from backchannel.ledger.wire import Frame, Range, decode_frames

Progress = Callable[[int, int], None]
"""Told (entries read, entries in the log)."""

FORGET_EVERY = 60.0
"""Seconds between emptyings of the vault's write-ahead log while entries are pushed."""

_MOST_ROUNDS = 50
_MOST_FRAMES = 200
_MOST_BYTES = 1_500_000
_LOST_RACES = frozenset({"credential", "rotated"})
"""What the relay answers to the second of two desks that rotate at once: there is nothing to do but read on."""


class Report(NamedTuple):
    """What a sync brought: the new entries, and how many of this desk's own still wait."""

    events: list[Event]
    waiting: int


def _silent(done: int, total: int) -> None:
    """No progress wanted."""


class Syncer:
    """Keeps one session in step with its relay. Nothing here holds the desk's lock while it waits for the network."""

    def __init__(self, session: Session, client: RelayClient) -> None:
        self.session, self.client = session, client
        self.name = log_name(session.book.id)
        self._refused: tuple[int, RelayRefused] | None = None
        self._forgotten = session.clock()
        self._crashed = True  # perhaps: then the write-ahead log may still hold what was destroyed before
        self._stale = False  # whether something was taken that the write-ahead log may still hold

    def sync(self, progress: Progress = _silent, *, files: bool = True) -> Report:
        """Read to the head, do what is owed, post what waits, until nothing moves any more.

        `files`: those that are on their way, too, until the log has them; else it is enough to send a few pieces.
        Raises `Unreachable`, `RelayRefused`, `RelayFault`; what was done until then stays done.
        """
        with self.remembered():
            return self._sync(progress, files=files)

    def _sync(self, progress: Progress, *, files: bool) -> Report:
        self._lapse()
        self.found()
        events: list[Event] = []
        self._refused = None
        for n in range(_MOST_ROUNDS):
            if self.gone():
                break
            events += self.read(progress)
            if self.gone():
                break
            self._read_on()
            if not self.work(files=files or n == 0):
                break
        if self.gone():
            self._give_back()
        if events or self._stale:
            self.forget()
        with self.session.turn():
            return Report(events, self.session.book.outbox.count())

    def _give_back(self) -> None:
        """What a removed seat has not posted goes back to its person; what was set aside is destroyed.

        Its desk could not hear when that is over (spec/sealing.md, 12.6).
        """
        with self.session.turn(), self.session.vault.transaction():
            dossier.drop(self.session)
            self.session.book.outbox.give_back("This seat is no longer in the channel.")
            files = self.session.book.outgoing.all()  # of its person, which nobody will get any more
            self._stale = bool(files) or self._stale
            self._stale = self.session.book.asides.destroy_all() or self._stale
        for row in files:
            sending.drop(self.session, row.k, named_too=True)

    def gone(self) -> bool:
        """Whether this seat was removed, so that there is nothing more to read.

        Raises `Malformed("left-out")` if it was given no keys, `Misuse("invitation")` if it had not joined yet.
        """
        with self.session.turn():
            state, me = self.session.state, self.session.engine.wallet.me
            seat, locked = state.seat(me), state.epoch not in self.session.engine.wallet.secrets
            if locked and seat is None:
                raise over()  # spec/channel.md, 3.4
            if locked and seat is not None and seat.standing == "active":
                raise Malformed(
                    "left-out",
                    "Whoever changed the roster gave this desk no keys for it, by mistake or on purpose.",
                    "Tell the other seats over another line; one of them can remove this seat and invite it again.",
                )
            return seat is not None and seat.standing == "gone"

    def found(self) -> None:
        """Tell the relay of a channel that this desk founds, if it does not know yet."""
        book = self.session.book
        if book.cover().founded:
            return
        with self.session.turn():
            secrets = book.epoch(0)
        assert secrets is not None  # noqa: S101 - a founder holds what it made
        code = self.session.vault.meta(f"founding-code-{book.c}")
        self.client.found(
            self.name,
            credential_hash(secrets.credential),
            control_hash(secrets.control),
            bytes.fromhex(code) if code else None,
        )
        with self.session.turn(), self.session.vault.transaction():
            book.set_founded()
            self.session.vault.execute("DELETE FROM meta WHERE name = ?", (f"founding-code-{book.c}",))

    def pushed(self, events: list[Event]) -> None:
        """Do what follows from entries that the relay pushed and that were taken."""
        self._stale = True
        # The first answer of a connection may be empty: the relay is back, and something may wait for it.
        if not events or any(event.verdict in ("act", "line", "rejected") for event in events):
            self.work()
        if self.session.clock() > self._forgotten + FORGET_EVERY:
            self.forget()

    def _lapse(self) -> None:
        """Delete the texts whose time is over, in portions: others wait for the desk."""
        while True:
            with self.session.turn(), self.session.vault.transaction():
                gone = duties.lapse(self.session)
            if not gone:
                return
            self.forget()

    def forget(self) -> None:
        """Empty the vault's write-ahead log, which still holds what was deleted: texts, and keys that moved on."""
        self._forgotten, self._stale, self._crashed = self.session.clock(), False, False
        self.session.vault.settle()

    def _read_on(self) -> None:
        """The relay has said that a credential was replaced: then the log has the roster that replaces it."""
        with self.session.turn():
            epoch = self.session.book.credential()[0]
        if self._refused is not None and self._refused[0] == epoch:
            raise self._refused[1]

    def read(self, progress: Progress = _silent) -> list[Event]:
        """Read to the log's head with the newest credential; what came."""
        session, events = self.session, []
        with session.turn():
            promised = [row for row in session.book.outbox.marks() if row.stage == "posted"]
        empty = 0
        while True:
            with session.turn():
                epoch, credential = session.book.credential()
                start = session.history.size
            asked = session.clock()
            answer = self._ask(credential, start)
            empty = 0 if answer.records else empty + 1
            if empty > MOST_EMPTY:  # a relay may be a moment behind itself, not for ever
                raise fault("range", f"It has {answer.head} entries, it says, and shows {start}.")
            events += take(session, answer, asked)
            progress(answer.start + len(answer.records), answer.head)
            with session.turn():
                ended = session.history.size >= answer.head and session.book.credential()[0] == epoch
                if ended or session.state.epoch not in session.engine.wallet.secrets:
                    self._kept_promises(promised)
                    return events

    def _ask(self, credential: bytes, start: int) -> Range:
        try:
            return self.client.read(self.name, credential, start)
        except RelayRefused as problem:
            if problem.code != "malformed":
                raise
            note = self.client.checkpoint(self.name, credential)  # spec/relay.md, 5.3
            with self.session.turn():
                self.session.history.check_head(note)
            raise

    @contextmanager
    def remembered(self) -> Iterator[None]:
        """A fault in the block is remembered as an alarm."""
        try:
            yield
        except RelayFault as problem:
            with self.session.turn(), self.session.vault.transaction():
                self.session.book.alarm(problem.code, problem.what, self.session.clock())
            raise

    def _kept_promises(self, promised: list[Mark]) -> None:
        """What the relay acknowledged before this read must stand in the log now."""
        lost = [
            row
            for row in self.session.book.outbox.marks()
            if row.stage == "posted"
            and row in promised
            and row.id is not None
            and self.session.history.find(row.id) is None
        ]
        if not lost:
            return
        problem = RelayFault(
            "dropped",
            "The relay has acknowledged what this desk posted and does not have it.",
            "This desk keeps it and posts it again. Tell the other seats over another line.",
        )
        with self.session.vault.transaction():
            self.session.book.alarm(problem.code, problem.what, self.session.clock())
            # As it was sealed: should the relay find it again, it is the same entry (spec/ledger.md, 3).
            self.session.book.outbox.set_written([row.n for row in lost])
        raise problem

    def work(self, *, files: bool = True) -> bool:
        """Do what is owed and post what waits; whether anything was posted, so that there is something to read."""
        self._lapse()
        posted = self._serve(files)
        if self._rotate():
            return True
        if self._erase():
            self._serve(files)  # what waited for that is owed now: no entry tells of an erasure, none would be pushed
            return True
        return posted

    def _serve(self, files: bool) -> bool:
        """Post what is owed, and what waits; whether anything was posted."""
        self.owe(files=files)
        return self.post()

    def owe(self, *, files: bool) -> None:
        """Put what is owed into the outbox. No relay is asked."""
        while self._owe(files=files) or self._crashed:
            self.forget()  # then what was destroyed can be confirmed

    def _owe(self, *, files: bool) -> bool:
        """Put what is owed into the outbox, and seal what waits there; whether a secret was destroyed meanwhile."""
        session = self.session
        with session.turn():  # one turn: nobody destroys anything between the emptying and the receipt that tells of it
            clean = duties.receipts_wait(session) and session.vault.settle()
            with session.vault.transaction():
                at_head = session.history.size >= session.book.cover().head
                dropped = at_head and duties.drop_old_prekeys(session)
                dropped = duties.write_duties(session, clean=clean, files=files) or dropped
                seal_waiting(session, recovered=True)
        return dropped

    def post(self) -> bool:
        """Post what is sealed and waits, in order; whether anything was."""
        session, moved, most = self.session, False, _MOST_FRAMES
        while True:
            with session.turn():
                rows = [row for row in session.book.outbox.marks() if row.stage == "written" and row.epoch is not None]
                parcel, frames = _parcel(session.book.outbox, rows, most)
                epoch, credential = session.book.credential()
            if not parcel:
                return moved
            try:
                self.client.append(self.name, credential, frames)
            except RelayRefused as problem:
                if problem.code == "rotated":  # read on: the roster has changed
                    self._refused = epoch, problem
                    return True
                if problem.code != "too-large":
                    raise
                most = 1  # this host takes less at once than we send
                if len(parcel) == 1:
                    with session.turn(), session.vault.transaction():
                        session.book.outbox.set_returned(parcel[0].n, problem.what, left=True)
                continue
            with session.turn(), session.vault.transaction():
                session.book.outbox.set_posted(parcel)
            moved = True

    def _rotate(self) -> bool:
        with self.session.turn():
            if self.session.book.outbox.waiting("act"):
                return False
            due, epoch = duties.rotation(self.session), self.session.state.epoch
        if due is None:
            return False
        try:
            self.client.rotate(self.name, *due)
        except RelayRefused as problem:
            if problem.code == "moved":  # an entry has come since: it may have made this roster void
                return True
            if problem.code not in _LOST_RACES:
                raise
            self._refused = epoch, problem
        return True

    def _erase(self) -> bool:
        session = self.session
        with session.turn():
            epoch, credential = session.book.credential()
            due = session.book.items.erasable(session.now().arrival)
        for position, token in due:
            try:
                self.client.erase(self.name, credential, position, token)
            except RelayRefused as problem:
                if problem.code != "rotated":
                    raise
                self._refused = epoch, problem
                return True
            with session.turn(), session.vault.transaction():
                session.book.entries.forget_token(position)
        return bool(due)


def _parcel(outbox: Outbox, rows: list[Mark], most: int) -> tuple[list[Mark], list[Frame]]:
    """As many rows from the first on as go in one append; at most `most` frames if that is more than one row."""
    parcel: list[Mark] = []
    frames: list[Frame] = []
    size = 0
    for row in rows:
        more = decode_frames(outbox.frames(row.n))
        size += sum(len(frame.body) + 36 for frame in more)
        if parcel and (len(frames) + len(more) > most or size > _MOST_BYTES):
            break
        parcel.append(row)
        frames += more
    return parcel, frames
