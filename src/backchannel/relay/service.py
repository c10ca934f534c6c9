"""The relay itself: what each request of spec/relay.md does, without HTTP."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import attrgetter

from msgspec import Struct

from backchannel import labels
from backchannel.errors import Misuse
from backchannel.ledger.note import VerifierKey
from backchannel.ledger.origin import control_hash, credential_hash
from backchannel.ledger.wire import Frame, encode_rows
from backchannel.relay.access import Access, bearer, good_name
from backchannel.relay.jobs import Append, Appended, Erase, Found, Open, Probe, Rotate
from backchannel.relay.limits import Bucket, Limits
from backchannel.relay.logs import Book, Log, Signer, bound_of, nobody
from backchannel.relay.refusals import TooFast, refuse
from backchannel.relay.sequencer import Sequencer
from backchannel.relay.store import Keys, LogRow, Store

_CREDENTIAL: Callable[[Keys], bytes] = attrgetter("credential")
_CONTROL: Callable[[Keys], bytes] = attrgetter("control")
_READERS = 2
_HEALTH_SECONDS = 1.0
_NO_NAME = "0" * 64


class Answer(Struct, frozen=True):
    """A range answer's bytes, the size at which it ends, and whether there is more to read now."""

    raw: bytes
    end: int
    more: bool


class Relay:
    """One host's service on one store. Made and used on one event loop.

    clock: unix seconds, for arrivals. ticks: seconds that only go forward, for limits.
    """

    def __init__(
        self,
        store: Store,
        limits: Limits,
        clock: Callable[[], float],
        ticks: Callable[[], float],
        founding_code: bytes | None = None,
    ) -> None:
        self.limits = limits
        self._store = store
        self._ticks = ticks
        self._founding_code = founding_code
        self._book = Book(store, limits.loaded_leaves)
        self._signer = Signer(store.seed())
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._healthy_at = float("-inf")
        self._probe: asyncio.Future[None] | None = None
        self._sequencer = Sequencer(store, self._book, limits, clock, self._changed)

    @property
    def verifier_key(self) -> str:
        """The relay's public key as a C2SP verifier key."""
        return VerifierKey(labels.RELAY, self._signer.public).encode()

    @property
    def public_key(self) -> bytes:
        """The relay's 32-byte public key."""
        return self._signer.public

    async def close(self) -> None:
        """Finish what was asked for; the store stays open."""
        await self._sequencer.close()
        self._readers.shutdown()

    # --- access -----------------------------------------------------------------------------------

    async def access(self, name: str, authorization: str | None) -> Access:
        """The access that this header gives to this log; refused alike whatever is wrong (spec/relay.md 1.3)."""
        secret = bearer(authorization)
        known = good_name(name)
        log = self._book.get(name) if known else None
        row: Log | LogRow = log or await self._row(name if known else _NO_NAME)
        digest = credential_hash(secret or bytes(32))
        bound = bound_of(row.keys, row.rotations, digest, _CREDENTIAL)
        if secret is None or bound == -1:
            if log is not None:
                await self._row(name)  # the same work as for a log that is not there
            raise refuse("credential")
        return Access(name, digest, bound)

    async def controller(self, name: str, authorization: str | None) -> bytes:
        """The hash of the control key in this header, if it is or was the log's; refused as `access` does."""
        secret = bearer(authorization)
        known = good_name(name)
        row = await self._row(name if known else _NO_NAME)
        digest = control_hash(secret or bytes(32))
        if secret is None or bound_of(row.keys, row.rotations, digest, _CONTROL) == -1:
            raise refuse("credential")
        return digest

    async def renew(self, access: Access) -> Access:
        """The same access, which may have been bounded by a rotation since."""
        log = await self._log(access.name)
        bound = bound_of(log.keys, log.rotations, access.credential, _CREDENTIAL)
        return Access(access.name, access.credential, bound)

    # --- writing ----------------------------------------------------------------------------------

    async def found(self, name: str, authorization: str | None, keys: Keys) -> bool:
        """Found a log; True if it was made, False if it stood so already (spec/relay.md, 3)."""
        code = self._founding_code
        if code is not None and not hmac.compare_digest(bearer(authorization) or b"", code):
            raise refuse("founding")
        if not good_name(name):
            raise refuse("malformed", "A log's name is 64 lower-case hex digits.")
        an_hour = self.limits.founded_an_hour
        self._take("", "founded", 1, an_hour / 3600, an_hour)
        made: bool = await self._sequencer.submit(Found(name, keys))
        return made

    async def append(self, access: Access, frames: Sequence[Frame]) -> Appended:
        """Append entries, durably before it returns (spec/relay.md, 4)."""
        self._may_write(access, len(frames))
        appended: Appended = await self._sequencer.submit(Append(access.name, access.credential, frames))
        return appended

    async def erase(self, access: Access, index: int, token: bytes) -> int:
        """Erase a body; the index of its erase record (spec/relay.md, 8)."""
        self._may_write(access, 1)
        at: int = await self._sequencer.submit(Erase(access.name, access.credential, index, token))
        return at

    async def rotate(self, name: str, control: bytes, keys: Keys, frame: Frame, index: int | None = None) -> int:
        """New keys, with the entry that carries them, by the control key of this hash; its index (spec/relay.md, 9).

        Refused (`moved`) if that would not be `index`, where one is named.
        """
        at: int = await self._sequencer.submit(Rotate(name, control, keys, frame, index))
        return at

    # --- reading ----------------------------------------------------------------------------------

    async def read(self, access: Access, start: int, limit: int) -> Answer:
        """A range answer (spec/relay.md, 5)."""
        log = await self._log(access.name)
        if access.bound is not None and start >= access.bound:
            raise refuse("rotated")  # spec/relay.md 1.4
        if start > log.tree.size:
            raise refuse("malformed", "The log is not as long as that.")
        work = partial(self._answer, log, access.bound, start, min(limit, self.limits.range_records))
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def checkpoint(self, access: Access, size: int | None) -> bytes:
        """A signed note for this size, or for the head (spec/relay.md, 7)."""
        log, most = await self._reach(access)
        size = most if size is None else size
        self._within(access, size, most)
        return self._signer.note(log, size)

    async def inclusion(self, access: Access, index: int, size: int) -> list[bytes]:
        """An inclusion proof (spec/relay.md, 7)."""
        log, most = await self._reach(access)
        self._within(access, size, most)
        return _proof(log.tree.inclusion, index, size)

    async def consistency(self, access: Access, first: int, second: int) -> list[bytes]:
        """A consistency proof (spec/relay.md, 7)."""
        log, most = await self._reach(access)
        self._within(access, second, most)
        return _proof(log.tree.consistency, first, second)

    async def health(self) -> None:
        """Refused where the store cannot be written; asked of the disk once a second at most."""
        if self._ticks() - self._healthy_at < _HEALTH_SECONDS:
            return
        if self._probe is None:  # whoever asks meanwhile waits for the same answer
            self._probe = asyncio.ensure_future(self._sequencer.submit(Probe()))
            self._probe.add_done_callback(self._probed)
        await asyncio.shield(self._probe)

    def may_read(self, access: Access) -> None:
        """Count one reading request against the log's limit."""
        self._take(access.name, "reads", 1, self.limits.reads_rate, self.limits.reads_burst)

    # --- watching ---------------------------------------------------------------------------------

    def watch(self, name: str) -> asyncio.Event:
        """An event that is set when the log changes; TooFast when too many are watching."""
        watchers = self._watchers.setdefault(name, set())
        if len(watchers) >= self.limits.streams:
            raise TooFast(1.0)
        event = asyncio.Event()
        watchers.add(event)
        return event

    def unwatch(self, name: str, event: asyncio.Event) -> None:
        """The event of `watch` is needed no longer."""
        self._watchers[name].discard(event)
        if not self._watchers[name]:
            del self._watchers[name]

    # --- inside -----------------------------------------------------------------------------------

    def _changed(self, sizes: dict[str, int]) -> None:
        for name in sizes:
            for event in self._watchers.get(name, ()):
                event.set()

    def _probed(self, probe: asyncio.Future[None]) -> None:
        self._probe = None
        if not probe.cancelled() and probe.exception() is None:
            self._healthy_at = self._ticks()

    async def _row(self, name: str) -> LogRow:
        look = partial(self._store.log, bytes.fromhex(name))
        return await asyncio.get_running_loop().run_in_executor(self._readers, look) or nobody()

    async def _log(self, name: str) -> Log:
        log = self._book.get(name)
        if log is None:
            log = await self._sequencer.submit(Open(name))
        return log

    async def _reach(self, access: Access) -> tuple[Log, int]:
        """The log, and the largest size that this access sees."""
        log = await self._log(access.name)
        return log, log.tree.size if access.bound is None else access.bound

    @staticmethod
    def _within(access: Access, size: int, most: int) -> None:
        if size > most:
            raise refuse("malformed", "The log is not as long as that.") if access.bound is None else refuse("rotated")

    def _answer(self, log: Log, bound: int | None, start: int, most: int) -> Answer:
        if bound is not None:
            most = min(most, bound - start)
        snapshot = self._store.read(log.log, start, most, self.limits.range_bytes)
        # The store may be a moment ahead of the tree: what the tree does not have yet is read next time.
        rows = snapshot.rows[: log.tree.size - start]
        end = start + len(rows)
        # spec/relay.md 5.1: a replaced credential learns that there is more, not how much.
        head = snapshot.size if bound is None else bound + 1
        raw = encode_rows(head, self._signer.note(log, end), start, rows)
        return Answer(raw, end, end < (snapshot.size if bound is None else bound))

    def _may_write(self, access: Access, count: int) -> None:
        if access.bound is not None:
            raise refuse("rotated")  # spec/relay.md 1.4
        self._take(access.name, "entries", count, self.limits.entries_rate, self.limits.entries_burst)

    def _take(self, name: str, kind: str, count: int, rate: float, burst: float) -> None:
        now = self._ticks()
        bucket = self._buckets.get((name, kind))
        if bucket is None:
            bucket = self._buckets[name, kind] = Bucket(rate, burst, now)
        wait = bucket.take(count, now)
        if wait:
            raise TooFast(wait)


def _proof(prove: Callable[[int, int], list[bytes]], first: int, second: int) -> list[bytes]:
    try:
        return prove(first, second)
    except Misuse as error:
        raise refuse("malformed", error.what) from error
