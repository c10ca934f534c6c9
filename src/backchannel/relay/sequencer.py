"""Group commit: what clients ask for at once becomes durable in one transaction, by one thread (spec/relay.md 4.4).

The event loop gathers jobs while the thread is at work and hands them over as one group; the thread answers with one
call back. A future is resolved only after the commit, and after the logs in memory are what the store holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Any

from backchannel.errors import RelayRefused
from backchannel.ledger.leaf import arrival_unit
from backchannel.relay.jobs import Append, Draft, Job
from backchannel.relay.limits import Limits
from backchannel.relay.logs import Book, Log
from backchannel.relay.refusals import refuse
from backchannel.relay.report import refusal
from backchannel.relay.store import Store

Outcome = Any
"""What a job returned, or the exception that it met."""


class Sequencer:
    """The only writer of a store. Made and used on one event loop; `close` waits for what was asked before it."""

    def __init__(
        self,
        store: Store,
        book: Book,
        limits: Limits,
        clock: Callable[[], float],
        on_change: Callable[[dict[str, int]], None],
    ) -> None:
        self._store = store
        self._book = book
        self._limits = limits
        self._clock = clock
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._groups: SimpleQueue[list[Job] | None] = SimpleQueue()
        self._jobs: list[Job] = []
        self._futures: list[asyncio.Future[Outcome]] = []
        self._out: list[asyncio.Future[Outcome]] = []
        self._busy = False
        self._waiting = 0
        self._thread = Thread(target=self._work, name="sequencer", daemon=True)
        self._thread.start()

    async def submit(self, job: Job) -> Outcome:
        """What the job returns, once it is durable; RelayRefused where it is refused or the disk fails."""
        weight = sum(len(frame.body) for frame in job.frames) if isinstance(job, Append) else 0
        if self._waiting + weight > self._limits.waiting_bytes:
            raise refuse("unavailable", "The relay has more to store than it can keep up with.")
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._jobs.append(job)
        self._futures.append(future)
        self._waiting += weight
        if not self._busy:
            self._busy = True
            # Requests that are being read in this turn of the loop belong to the same group.
            self._loop.call_soon(self._hand_over)
        try:
            return await future
        finally:
            self._waiting -= weight

    async def close(self) -> None:
        """Finish what was asked, then stop the thread."""
        while self._busy:
            await asyncio.wait(self._out + self._futures)
            await asyncio.sleep(0)
        self._groups.put(None)
        self._thread.join()

    def _hand_over(self) -> None:
        group, self._jobs = self._jobs, []
        self._out, self._futures = self._futures, []
        self._groups.put(group)

    def _done(self, outcomes: Sequence[Outcome], changed: dict[str, int]) -> None:
        for future, outcome in zip(self._out, outcomes, strict=True):
            if future.cancelled():
                continue
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        self._out = []
        if changed:
            self._on_change(changed)
        if self._jobs:
            self._loop.call_soon(self._hand_over)
        else:
            self._busy = False

    # --- the thread -------------------------------------------------------------------------------

    def _work(self) -> None:
        while (group := self._groups.get()) is not None:
            outcomes, changed = self._group(group)
            try:
                self._loop.call_soon_threadsafe(self._done, outcomes, changed)
            except RuntimeError:  # the loop was closed without waiting for us: nobody is left to tell
                return

    def _group(self, group: Sequence[Job]) -> tuple[list[Outcome], dict[str, int]]:
        draft = Draft(self._book, self._store, arrival_unit(self._clock()), self._limits.log_bytes)
        outcomes = [self._run(job, draft) for job in group]
        changes = draft.changes()
        changed: dict[str, int] = {}
        if changes:
            try:
                self._store.commit(changes)
            except Exception as error:
                failure = refusal(error)
                outcomes = [o if isinstance(o, RelayRefused | Log) else failure for o in outcomes]
                self._reconcile(draft)
            else:
                changed = draft.apply()
        self._book.trim()
        return outcomes, changed

    @staticmethod
    def _run(job: Job, draft: Draft) -> Outcome:
        try:
            return job.run(draft)
        except Exception as error:
            return refusal(error)

    def _reconcile(self, draft: Draft) -> None:
        """After a failed commit: forget a log unless the store says that nothing of it was persisted."""
        for name, log in draft.logs.items():
            try:
                row = self._store.log(bytes.fromhex(name))
            except RelayRefused:
                row = None
            if row is None or (row.size, row.keys) != (log.log.tree.size, log.log.keys):
                self._book.drop(name)
