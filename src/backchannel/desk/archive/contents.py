"""What goes into an archive: facts that a historian reads without this program (spec/archive.md, 5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from backchannel.channel.state import Seat, State
from backchannel.desk.archive import readme
from backchannel.desk.archive.bundle import File
from backchannel.desk.archive.facts import KEPT, told
from backchannel.desk.archive.teller import Facts, Teller, stamp
from backchannel.desk.channel import Channel
from backchannel.desk.syncing import Progress, Syncer
from backchannel.errors import Misuse, RelayRefused, Unreachable
from backchannel.ledger.checkpoint import open_checkpoint
from backchannel.ledger.faults import fault
from backchannel.ledger.note import VerifierKey
from backchannel.ledger.origin import origin_line

_BATCH = 1_000


class Head(NamedTuple):
    """The log's head as this desk has verified it, and the relay's signature of exactly that, if it answered."""

    size: int
    root: bytes
    checkpoint: bytes | None


def signed_head(channel: Channel) -> Head:
    """The head, signed by the relay if it answers. One that signs another is remembered, and raises `RelayFault`.

    `Misuse("not-joined")` where there is no record yet.
    """
    session = channel.session
    with session.turn():
        if session.state.seat(channel.me) is None:
            raise Misuse("not-joined", "This desk has no seat in the channel yet, so there is no record to seal.")
        size, root, key = session.history.size, session.history.root(), session.book.cover().relay_key
        credential = session.book.credential()[1]
    note = None
    with suppress(Unreachable, RelayRefused), Syncer(session, channel.client).remembered():
        note = channel.client.checkpoint(channel.name, credential, size)
        point = open_checkpoint(note, origin_line(channel.name), key)
        if (point.size, point.root) != (size, root):
            raise fault("root", f"It signed {size} entries with another content.")
    return Head(size, root, note)


def files(channel: Channel, head: Head, *, notes: bool, progress: Progress) -> Iterator[File]:
    """The files of an archive, one after another. Whoever reads them holds the session's turn."""
    teller, done = Teller(channel), 0
    held = {name: [item.value for item in channel.items(name)] for name in KEPT if notes or name != "note"}
    total = head.size + sum(map(len, held.values()))
    yield "readme.txt", [readme.README.encode()]
    yield "archive.json", [_json(_about(teller, head, notes=notes))]
    yield "channel.json", [_json(_channel(teller))]
    for name, found in held.items():
        yield f"{name}s.json", _array(told(teller, name, item) for item in found)
        for item in found:
            yield from KEPT[name].files(teller, item)
        done += len(found)
        progress(done, total)
    yield "log/leaves.csv", _leaves(channel, head.size, lambda leaves: progress(done + leaves, total))
    if head.checkpoint is not None:
        yield "log/checkpoint.txt", [head.checkpoint]


# --- one file each ----------------------------------------------------------------------------------------------------


def _about(teller: Teller, head: Head, *, notes: bool) -> Facts:
    channel, name = teller.channel, origin_line(teller.channel.name)
    left_out = ["non-papers", "hats", "notes whose time is over", "soundings without a result", "keys"]
    return {
        "backchannel": "archive 1",
        "channel": channel.id.hex(),
        "sealed_by": _seat(teller, teller.state.member(channel.me)),
        "sealed": stamp(channel.session.clock()),
        "log": {
            "origin": name,
            "entries": head.size,
            "root": head.root.hex(),
            "relay_key": VerifierKey(name, channel.session.book.cover().relay_key).encode(),
            "checkpoint": "log/checkpoint.txt" if head.checkpoint is not None else None,
        },
        "left_out": left_out if notes else ["notes", *left_out],
    }


def _channel(teller: Teller) -> Facts:
    state, book = teller.state, teller.channel.session.book
    compared = book.verified()
    return {
        "title": state.title,
        "purpose": state.purpose,
        "stage": state.stage,
        "founder": teller.seat(state.founder),
        "charter": _charter(teller, state),
        "seats": [{**_seat(teller, seat), "compared": seat.id in compared} for seat in state.seats],
        "alarms": [{"code": code, "what": what, "at": stamp(at)} for code, what, at in book.alarms()],
    }


def _charter(teller: Teller, state: State) -> Facts | None:
    agreed = state.charter
    if agreed is None:
        return None
    return {
        "terms": {field: getattr(agreed.terms, field) for field in agreed.terms.__struct_fields__},
        "digest": agreed.digest.hex(),
        "proposed": teller.at(agreed.at.arrival),
        "signed_by": [teller.seat(seat.id) for seat in state.seats if seat.signed],
    }


def _seat(teller: Teller, seat: Seat) -> Facts:
    channel = teller.channel.id
    return {
        **teller.seat(seat.id),
        "role": seat.role,
        "standing": seat.standing,
        "in_place_of": teller.seat(seat.succeeds) if seat.succeeds is not None else None,
        "joined": teller.at(seat.joined.arrival),
        "fingerprint": seat.keys.fingerprint(channel).hex(),
        "words": list(seat.keys.words(channel)),
    }


def _leaves(channel: Channel, size: int, progress: Callable[[int], None]) -> Iterator[bytes]:
    yield b"position,arrival,length,id,erase\n"
    for start in range(0, size, _BATCH):
        batch = channel.session.book.entries.log(start, min(_BATCH, size - start))
        rows = (f"{e.position},{e.leaf.arrival},{e.leaf.length},{e.leaf.id.hex()},{e.leaf.erase.hex()}" for e in batch)
        yield "".join(f"{row}\n" for row in rows).encode()
        progress(start + len(batch))


# --- JSON -------------------------------------------------------------------------------------------------------------


def _json(facts: Any) -> bytes:
    return json.dumps(facts, ensure_ascii=False, indent=2).encode() + b"\n"


def _array(found: Iterable[Facts | None]) -> Iterator[bytes]:
    """A JSON array, item by item."""
    before = b"[\n"
    for facts in found:
        if facts is not None:
            yield before + _json(facts).rstrip()
            before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"
