"""Sync: read to the head, do what is owed, post what waits, until nothing moves (design: the way an entry travels)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

from backchannel.channel.engine import Event
from backchannel.desk import duties
from backchannel.desk.outbox import Waiting
from backchannel.desk.client import RelayClient
from backchannel.desk.intake import take
from backchannel.desk.intent import Act, parse
from backchannel.desk.sealing import seal_waiting
from backchannel.desk.session import Session
from backchannel.desk.stream import Stream
from backchannel.errors import Malformed, RelayFault, RelayRefused
from backchannel.ledger.leaf import ARRIVAL_UNIT
from backchannel.ledger.origin import control_hash, credential_hash, log_name
from backchannel.ledger.wire import Frame, Range, decode_frames

Progress = Callable[[int, int], None]
"""Told (entries read, entries in the log)."""

_MOST_ROUNDS = 50
_MOST_FRAMES = 200
_MOST_BYTES = 1_500_000


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
        self.name = log_name(session.book.cover().id)

    def sync(self, progress: Progress = _silent) -> Report:
        """Read to the head, do what is owed, post what waits, until nothing moves any more.

        Raises `Unreachable`, `RelayRefused`, `RelayFault`; what was done until then stays done.
        """
        self.found()
        events: list[Event] = []
        for _ in range(_MOST_ROUNDS):
            if self.gone():
                break
            events += self.read(progress)
            if self.gone() or not self.work():
                break
        with self.session.turn():
            waiting = [row for row in self.session.book.outbox.waiting()]
        return Report(events, len(waiting))

    def gone(self) -> bool:
        """Whether this seat was removed, so that there is nothing more to read.

        Raises `Malformed("left-out")` if the seat is there and whoever changed the roster gave it no keys.
        """
        with self.session.turn():
            state, me = self.session.state, self.session.engine.wallet.me
            seat = state.seat(me)
            if seat is not None and seat.standing == "active" and state.epoch not in self.session.engine.wallet.secrets:
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

    def read(self, progress: Progress = _silent) -> list[Event]:
        """Read to the log's head with the newest credential; what came."""
        session, events = self.session, []
        with session.turn():
            promised = [row for row in session.book.outbox.waiting() if row.stage == "posted"]
        while True:
            with session.turn():
                epoch, credential = session.book.credential()
                start = session.history.size
            asked = session.clock()
            answer = self.client.read(self.name, credential, start)
            events += take(session, answer, asked)
            progress(answer.start + len(answer.records), answer.head)
            with session.turn():
                ended = session.history.size >= answer.head and session.book.credential()[0] == epoch
                if ended or session.state.epoch not in session.engine.wallet.secrets:
                    self._kept_promises(promised)
                    return events

    def _kept_promises(self, promised: list[Waiting]) -> None:
        """What the relay acknowledged before this read must stand in the log now."""
        lost = [
            row
            for row in self.session.book.outbox.waiting()
            if row.stage == "posted"
            and row in promised
            and row.id is not None
            and self.session.history.find(row.id) is None
        ]
        if not lost:
            return
        fault = RelayFault(
            "dropped",
            "The relay has acknowledged what this desk posted and does not have it.",
            "This desk keeps it and posts it again. Tell the other seats over another line.",
        )
        with self.session.vault.transaction():
            self.session.book.alarm(fault.code, fault.what, self.session.clock())
            self.session.book.outbox.set_unsealed([row.n for row in lost])
        raise fault

    def work(self) -> bool:
        """Do what is owed and post what waits; whether anything was posted, so that there is something to read."""
        session = self.session
        with session.turn(), session.vault.transaction():
            duties.lapse(session)
            duties.drop_old_prekeys(session)
            duties.write_duties(session)
            seal_waiting(session, recovered=True)
        posted = self.post()
        return self._rotate() or self._erase() or posted

    def post(self) -> bool:
        """Post what is sealed and waits, in order; whether anything was."""
        session, moved = self.session, False
        while True:
            with session.turn():
                rows = [row for row in session.book.outbox.waiting() if row.stage == "written" and row.frames]
                credential = session.book.credential()[1]
            if not rows:
                return moved
            ns, frames = _parcel(rows)
            try:
                self.client.append(self.name, credential, frames)
            except RelayRefused as problem:
                if problem.code == "rotated":  # read on: the roster has changed
                    return True
                if problem.code != "too-large" or len(ns) > 1:
                    raise
                with session.turn(), session.vault.transaction():
                    session.book.outbox.set_returned(ns[0], problem.what)
                continue
            with session.turn(), session.vault.transaction():
                session.book.outbox.set_posted(ns)
            moved = True

    def _rotate(self) -> bool:
        with self.session.turn():
            if any(
                isinstance(parse(row.intent), Act)
                for row in self.session.book.outbox.waiting()
                if row.stage != "returned"
            ):
                return False
            due = duties.rotation(self.session)
        if due is None:
            return False
        try:
            self.client.rotate(self.name, due.control, due.credential_hash, due.control_hash, due.frame)
        except RelayRefused as problem:
            if not duties.lost_race(problem):
                raise
        return True

    def _erase(self) -> bool:
        session = self.session
        with session.turn():
            credential = session.book.credential()[1]
            due = session.book.items.erasable(int(session.clock()) // ARRIVAL_UNIT)
        for position, token in due:
            self.client.erase(self.name, credential, position, token)
            with session.turn(), session.vault.transaction():
                session.book.entries.forget_token(position)
        return bool(due)

    def watch(self, stop: threading.Event, heard: Callable[[object], None] = lambda _: None) -> Iterator[list[Event]]:
        """Sync, then take what the relay pushes, until `stop` is set; yields what came, each time something came.

        `heard(error)` is told when the relay is lost, `heard(None)` when it is back.
        """
        while not stop.is_set():
            yield self.sync().events
            if self.gone():
                return
            with self.session.turn():
                epoch, credential = self.session.book.credential()
                start = self.session.history.size
            stream = Stream(self.client, self.name, credential, start, heard=heard)
            stopper = threading.Thread(target=_stop_with, args=(stop, stream), daemon=True)
            stopper.start()
            try:
                for answer in stream:
                    yield self._pushed(answer)
                    with self.session.turn():
                        moved = self.session.history.size != stream.position
                        if moved or self.session.book.credential()[0] != epoch:
                            break  # another process has read on, or the credential is new: start again from there
            except RelayRefused as problem:
                if problem.code != "rotated":
                    raise
            finally:
                stream.stop()

    def _pushed(self, answer: Range) -> list[Event]:
        events = take(self.session, answer, self.session.clock())
        if any(event.verdict in ("act", "line", "rejected") for event in events):
            self.work()
        return events


def _stop_with(stop: threading.Event, stream: Stream) -> None:
    stop.wait()
    stream.stop()


def _parcel(rows: list[Waiting]) -> tuple[list[int], list[Frame]]:
    """As many rows from the first on as go in one append."""
    ns: list[int] = []
    frames: list[Frame] = []
    size = 0
    for row in rows:
        more = decode_frames(row.frames or b"")
        size += sum(len(frame.body) + 36 for frame in more)
        if ns and (len(frames) + len(more) > _MOST_FRAMES or size > _MOST_BYTES):
            break
        ns.append(row.n)
        frames += more
    return ns, frames
