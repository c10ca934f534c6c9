"""Envelopes: the bodies of entries whose words are set aside, made when the outbox is sealed (spec/sealing.md, 12)."""

from __future__ import annotations

from typing import Any

from backchannel.desk.book.intent import Say
from backchannel.desk.session import Session
from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import EntryId, SeatId
from backchannel.errors import Misuse
from backchannel.instruments import BY_KIND
from backchannel.instruments.base import WordsOf, whole
from backchannel.seal import aside


def act(kind: str, raw: bytes) -> Any:
    """What an entry of this kind says, apart from its words: with an envelope, or without."""
    has = BY_KIND[kind].kinds[kind]
    return decode(decode(raw, aside.Aside).act if has.aside else raw, has.body)


def body(session: Session, intent: Say, audience: tuple[SeatId, ...]) -> tuple[bytes, bytes]:
    """The body of the entry itself, and the key of its item; a new item gets one here. Empty: it has none."""
    instrument = BY_KIND[intent.kind]
    kind, opens = instrument.kinds[intent.kind], intent.kind == instrument.opens
    if not instrument.aside:
        return intent.body, b""
    act: Any = decode(intent.body, kind.body)
    key = session.random(32) if opens else _key(session, act.item)
    if not kind.aside:
        return intent.body, key
    if not key:
        raise Misuse("over", "What this speaks of is over, or was never on this desk, so nothing can be said of it.")
    if not kind.bare:
        return encode(aside.with_words(session.state.channel, key, intent.body, intent.words, session.random)), key
    seats = audience if whole(audience, session.state) else ()
    return encode(aside.with_key(session.state.channel, key, intent.body, [_one_time(session, s) for s in seats])), key


def begins(intent: Say) -> bool:
    """Whether it begins an item."""
    return intent.kind == BY_KIND[intent.kind].opens


def words(session: Session, intent: Say, entry: EntryId, key: bytes) -> tuple[str, bytes] | None:
    """The kind and body of the entry that carries the words of `entry`; None if it has none, or carries them itself."""
    instrument = BY_KIND[intent.kind]
    kind = instrument.kinds[intent.kind]
    if not intent.words or (kind.aside and not kind.bare):
        return None
    if not key:
        raise Misuse("over", "What this speaks of is over, or was never on this desk, so nothing can be said of it.")
    act: Any = decode(intent.body, kind.body)
    item = entry if intent.kind == instrument.opens else act.item
    raw = encode(WordsOf(item, entry))
    envelope = aside.with_words(session.state.channel, key, raw, intent.words, session.random)
    return instrument.words, encode(envelope)


def _key(session: Session, item: EntryId) -> bytes:
    position = session.history.find(item)
    return (session.book.asides.key(position) if position is not None else None) or b""


def _one_time(session: Session, seat_id: SeatId) -> aside.OneTime:
    seat = session.state.seat(seat_id)
    if seat is None or seat.once is None:
        raise Misuse("absent", "Somebody named here has no seat, so nothing can be sealed for them.")
    return aside.OneTime(seat_id, seat.once.n, seat.once.xwing)
