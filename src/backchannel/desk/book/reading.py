"""Reading what was set aside: an entry's key and words, kept while their item lives (spec/sealing.md, 12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from backchannel.channel.engine import Event
from backchannel.desk.book.aside import Asides
from backchannel.entry.codec import decode
from backchannel.entry.ids import ChannelId, EntryId, SeatId
from backchannel.errors import Malformed, Rejected
from backchannel.instruments.base import Kind, whole
from backchannel.seal import aside
from backchannel.seal.aside import Aside


class Read(NamedTuple):
    """What this desk could read of an entry: the item's key, the words, and why not if it could not."""

    key: bytes | None
    words: bytes
    error: Malformed | None


NOTHING = Read(None, b"", None)
"""Of an item whose words are not set aside."""


class Said(NamedTuple):
    """An entry that was read before: where, who wrote it, about the item that began where, of which kind."""

    position: int
    sender: SeatId | None
    item: int | None
    kind: str


class Reading:
    """One seat's reading of what is set aside, at arrival unit `now`."""

    def __init__(self, asides: Asides, channel: ChannelId, me: SeatId, now: int) -> None:
        self._asides, self._channel, self.me, self._now = asides, channel, me, now

    def past(self, until: int | None) -> bool:
        """Whether an item that lives until then is over by now."""
        return until is None or until <= self._now

    def said(self, entry: int) -> Said | None:
        """The entry of an earlier batch at this position."""
        row = self._asides.said(entry)
        return Said(entry, *row) if row is not None else None

    def heard(self, entry: int | None) -> bytes:
        """The words of an earlier entry, by its position."""
        return self._asides.words(entry)

    def open(self, event: Event, envelope: Aside | None, act: Any, kind: Kind, item: int | None) -> Read:
        """Open an entry about the item that began at `item`; None: that begins one.

        Raises `Rejected` for what every reader judges alike: for whom the key is there, and under which one-time keys.
        """
        held = self._asides.key(item) if item is not None else self._asides.made(event.record.id)
        if envelope is None:
            return Read(held, b"", None)
        slot = envelope.slot(self.me)
        if slot is not None:  # 12.5: whatever becomes of the entry, the key was used
            self._use(event)
        aside.check(envelope, _to(event) if item is None else (), bare=kind.bare)
        self._check_numbers(event, envelope)
        key = held if slot is None else self._right(self._open_slot(event, *slot), envelope.sealed) or held
        if key is None or kind.bare:
            return Read(key, b"", None)
        try:
            return Read(key, aside.words(self._channel, key, envelope), None)
        except Malformed as problem:
            return Read(key, b"", problem)

    def _check_numbers(self, event: Event, envelope: Aside) -> None:
        assert event.state is not None  # noqa: S101 - a line has one
        for seat_id, n in envelope.to:
            seat = event.state.seat(seat_id)
            if seat is None or seat.once is None or seat.once.n < n:  # 12.4: no honest desk says so
                raise Rejected("slots", "Something was sealed to a one-time key that no seat has posted.")
            if seat.once.n != n:
                raise Rejected("stale-prekey", f"{seat.name} had replaced the one-time key that this was sealed to.")

    def _use(self, event: Event) -> None:
        mine = event.state.member(self.me).once if event.state is not None else None
        if mine is not None:
            self._asides.mark_used(mine.xwing)

    def open_copy(self, act: Any, seed: bytes, commits: bytes) -> Read:
        """The key of an item that was asked for (12.8), if this copy is for this seat and brings that key."""
        if act.seat != self.me or not seed:
            return Read(None, b"", None)
        key = aside.open_copy(self._channel, act.item, self.me, seed, act.slot)
        return Read(self._right(key, commits), b"", None)

    def _right(self, key: bytes | None, commits: bytes) -> bytes | None:
        """The key, if the item began with it (12.2): no other is taken, whoever brings it."""
        return key if key is not None and aside.commitment(self._channel, key) == commits else None

    def _open_slot(self, event: Event, n: int, slot: bytes) -> bytes | None:
        assert event.state is not None  # noqa: S101
        mine = event.state.member(self.me).once
        assert mine is not None  # noqa: S101 - its number was checked
        once = self._asides.once(mine.xwing)
        return once.open(self._channel, self.me, n, slot) if once is not None else None

    def keep(self, item: int, entry: int, read: Read) -> None:
        """Keep the item's key, and the words of the entry at this position, until the item is over."""
        if read.key is not None:
            self._asides.keep_key(item, read.key)
            if read.words:
                self._asides.keep_words(entry, item, read.words)

    def keep_copied(self, item: int, words: bytes, said: Callable[[EntryId], Said | None], sender: SeatId) -> None:
        """Keep what a seat says again of its own (12.8) and is missing here, and nothing that it says of others."""
        try:
            copied = decode(words, tuple[tuple[EntryId, bytes], ...])
        except Malformed:
            return
        for entry, again in copied:
            before = said(entry)
            mine = before is not None and (before.sender, before.item) == (sender, item)
            if before is not None and mine and not self.heard(before.position):
                self._asides.keep_words(before.position, item, again)


def _to(event: Event) -> tuple[SeatId, ...]:
    """For whom the key must be there: nobody, if some who speak are not to read it; they ask for it (12.2, 12.8)."""
    assert event.state is not None  # noqa: S101 - a line has one
    return event.audience if whole(event.audience, event.state) else ()
