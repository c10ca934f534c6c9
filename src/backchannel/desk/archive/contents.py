"""What goes into an archive: facts that a historian reads without this program (spec/archive.md, 5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from backchannel.channel.state import Seat, State
from backchannel.desk.archive.bundle import File
from backchannel.desk.archive.readme import README
from backchannel.desk.channel import Channel
from backchannel.desk.syncing import Progress, Syncer
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse, RelayRefused, Unreachable
from backchannel.instruments import record, understanding
from backchannel.instruments.note import Note
from backchannel.instruments.sounding.values import Sounding
from backchannel.instruments.understanding import Understanding
from backchannel.ledger.checkpoint import open_checkpoint
from backchannel.ledger.faults import fault
from backchannel.ledger.leaf import ARRIVAL_UNIT
from backchannel.ledger.note import VerifierKey
from backchannel.ledger.origin import origin_line

Facts = dict[str, Any]
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
    held = {name: channel.items(name) for name in KEPT if notes or name != "note"}
    total = head.size + sum(map(len, held.values()))
    yield "readme.txt", [README.encode()]
    yield "archive.json", [_json(_about(teller, head, notes=notes))]
    yield "channel.json", [_json(_channel(teller))]
    for name, found in held.items():
        yield f"{name}s.json", _array(KEPT[name](teller, item.value) for item in found)
        done += len(found)
        progress(done, total)
    for item in held["understanding"]:
        yield from _understanding_files(channel, item.value)
    yield "log/leaves.csv", _leaves(channel, head.size, lambda leaves: progress(done + leaves, total))
    if head.checkpoint is not None:
        yield "log/checkpoint.txt", [head.checkpoint]


class Teller:
    """Tells facts about one channel as of now: times in words, seats by name, unless the charter forbids it."""

    def __init__(self, channel: Channel) -> None:
        self.channel, self.state, self.now = channel, channel.state, channel.session.now()
        charter = self.state.charter
        self.nameless = charter is not None and charter.terms.attribution == "chatham"  # 5.5

    def seat(self, seat: SeatId) -> Facts:
        """A seat, by name."""
        found = self.state.member(seat)
        return {"seat": seat.hex(), "name": found.name, "party": found.party}

    def who(self, seat: SeatId) -> Facts | None:
        """Who said something, if that may leave the channel."""
        return None if self.nameless else self.seat(seat)

    def at(self, arrival: int) -> str:
        """An arrival unit as a time."""
        return stamp(arrival * ARRIVAL_UNIT)


def stamp(at: float) -> str:
    """Unix seconds as a time."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
        "joined": teller.at(seat.joined.arrival),
        "fingerprint": seat.keys.fingerprint(channel).hex(),
        "words": list(seat.keys.words(channel)),
    }


def _leaves(channel: Channel, size: int, progress: Callable[[int], None]) -> Iterator[bytes]:
    log = iter(channel.session.book.entries.log(0, size))
    yield b"position,arrival,length,id,erase\n"
    while batch := list(islice(log, _BATCH)):
        rows = (f"{e.position},{e.leaf.arrival},{e.leaf.length},{e.leaf.id.hex()},{e.leaf.erase.hex()}" for e in batch)
        yield "".join(f"{row}\n" for row in rows).encode()
        progress(batch[-1].position + 1)


def _understanding_files(channel: Channel, item: Understanding) -> Iterator[File]:
    stem = f"understandings/{item.at.position}"
    yield f"{stem}.txt", [f"{item.terms.title}\n\n{item.terms.text}\n".encode()]
    if item.state == "complete":
        yield f"{stem}.json", [record.write(record.of(channel.id, item))]


# --- one instrument each ----------------------------------------------------------------------------------------------


def _note(teller: Teller, item: Note) -> Facts | None:
    if item.gone or item.until <= teller.now.arrival:  # 5.4
        return None
    named = not teller.nameless
    return {
        "number": item.at.position,
        "from": teller.who(item.author),
        "to": [teller.seat(seat) for seat in item.audience if seat != item.author] if named else None,
        "sent": teller.at(item.at.arrival),
        "until": teller.at(item.until),
        "text": item.text,
        "read_back": [
            {"seat": teller.who(r.seat), "state": r.state, "restated": r.restated, "corrected": r.corrected}
            for r in item.readbacks
            if r.state != "plain"
        ],
    }


def _understanding(teller: Teller, item: Understanding) -> Facts:
    signed = {one.seat for one in item.signatures}
    stem = f"understandings/{item.at.position}"
    return {
        "number": item.at.position,
        "title": item.terms.title,
        "text": f"{stem}.txt",
        "record": f"{stem}.json" if item.state == "complete" else None,
        "state": understanding.standing(item, teller.state),
        "proposed_by": teller.who(item.proposer),
        "proposed": teller.at(item.at.arrival),
        "reason": item.reason or None,
        "parties": [
            {
                "seat": party.seat.hex(),
                "name": party.name,
                "party": party.party,
                "role": party.role,
                "initialled": party.seat in item.initials,
                "signed": party.seat in signed,
            }
            for party in item.terms.parties
        ],
    }


def _sounding(teller: Teller, item: Sounding) -> Facts | None:
    if item.state != "closed":  # 5.4
        return None
    terms = item.terms
    return {
        "number": item.at.position,
        "question": terms.question,
        "options": list(terms.options),
        "rule": terms.rule,
        "required": [teller.seat(seat) for seat in terms.required],
        "quorum": terms.quorum,
        "reveal": terms.reveal,
        "voters": [teller.seat(seat) for seat in terms.voters],
        "asked_by": teller.who(item.asker),
        "asked": teller.at(item.at.arrival),
        "results": [{"option": terms.options[one.option], "yes": one.tally} for one in item.results],
    }


KEPT: dict[str, Callable[[Teller, Any], Facts | None]] = {
    "note": _note,
    "understanding": _understanding,
    "sounding": _sounding,
}
"""Instrument -> its facts for an archive, or None for an item that is not for one."""

LEFT_OUT = {
    "nonpaper": "it vanishes when it fails; what was taken up stands as an understanding",
    "hat": "what nobody has said in their own name is nobody's to keep",
}
"""Instrument -> why no archive has it."""


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
