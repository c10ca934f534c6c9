"""What a host allows: the table of spec/relay.md 10, and token buckets. The clock is passed in."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Settings of a host. Bytes, entries, requests a second, streams, logs an hour."""

    entry_bytes: int = 1 << 20
    append_bytes: int = 2 << 20
    append_frames: int = 256
    entries_rate: float = 200.0
    entries_burst: float = 2000.0
    reads_rate: float = 50.0
    reads_burst: float = 500.0
    log_bytes: int = 1 << 30
    streams: int = 64
    founded_an_hour: float = 600.0
    range_records: int = 4096
    range_bytes: int = 8 << 20
    request_seconds: float = 30.0
    waiting_bytes: int = 64 << 20
    loaded_leaves: int = 4_000_000


class Bucket:
    """A token bucket: `rate` a second, at most `burst` saved up (both above 0)."""

    __slots__ = ("_at", "_burst", "_level", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = now

    def take(self, count: float, now: float) -> float:
        """0 if `count` may pass, and takes them; else the seconds to wait until it is worth trying.

        More than the burst passes when the bucket is full, and leaves it in debt. A clock that goes back adds
        nothing.
        """
        passed = max(0.0, now - self._at)
        self._at = now
        self._level = min(self._burst, self._level + passed * self._rate)
        needed = min(count, self._burst)
        if self._level < needed:
            return (needed - self._level) / self._rate
        self._level -= count
        return 0.0
