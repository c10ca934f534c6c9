"""Note: a message, with read-back if asked, deleted everywhere after its time (spec/instruments.md, 1)."""

from __future__ import annotations

from msgspec.structs import replace

from backchannel.channel.state import DAY, At
from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.entry.ids import Count, EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.instruments.base import Instrument, Kind, Rules, Spoken, passing, step


class Send(Value, frozen=True):
    """A note; `read_back` asks every reader to restate it."""

    text: str
    read_back: bool
    keep_days: int


class Restate(Value, frozen=True):
    """What a reader understood."""

    item: EntryId
    text: str


class Confirm(Value, frozen=True):
    """The author: `seat` understood it rightly."""

    item: EntryId
    seat: SeatId


class Correct(Value, frozen=True):
    """The author: `seat` understood it otherwise than it was meant."""

    item: EntryId
    seat: SeatId
    text: str


class ReadBack(Value, frozen=True):
    """Where the read-back with one reader stands: plain (not asked), asked, restated, confirmed, corrected."""

    seat: SeatId
    state: str
    restated: str
    corrected: str


class Note(Value, frozen=True):
    """A note as this seat knows it. Its text is empty once it is gone."""

    id: EntryId
    at: At
    author: SeatId
    audience: tuple[SeatId, ...]
    text: str
    until: Count
    gone: bool
    readbacks: tuple[ReadBack, ...]

    def readback(self, seat: SeatId) -> ReadBack | None:
        """The read-back with one reader."""
        return next((r for r in self.readbacks if r.seat == seat), None)


STATES = {
    "plain": "a note that nobody was asked to read back",
    "asked": "a note that awaits a read-back",
    "restated": "a read-back that awaits the author's word",
    "confirmed": "a read-back that was confirmed",
    "corrected": "a read-back that was corrected",
    "gone": "a note whose text is gone",
}

RULES: Rules = {
    ("", "note.send", "speaker"): ("plain", "asked"),
    ("plain", "note.restate", "reader"): ("restated",),
    ("asked", "note.restate", "reader"): ("restated",),
    ("corrected", "note.restate", "reader"): ("restated",),
    ("restated", "note.confirm", "author"): ("confirmed",),
    ("restated", "note.correct", "author"): ("corrected",),
}


def fold(note: Note | None, spoken: Spoken) -> Note:
    """The note after an entry about it."""
    act = spoken.act
    if isinstance(act, Send):
        return _sent(act, spoken)
    note = spoken.about(note, Note, passes=passing(NOTE, spoken.state))
    who = "author" if spoken.stands_for(note.author) else "reader"
    line = spoken.state.line(spoken.sender) if isinstance(act, Restate) else (act.seat,)
    now = next((r for r in map(note.readback, line) if r is not None), None)
    if now is None:
        raise Rejected("reader", "Only a reader of a note, observers aside, can read it back.")
    (state,) = step(RULES, "gone" if spoken.at.arrival >= note.until else now.state, spoken.kind, who)
    if isinstance(act, Restate):
        then = replace(now, state=state, restated=text.prose(act.text), corrected="")
    elif isinstance(act, Correct):
        then = replace(now, state=state, corrected=text.prose(act.text))
    else:
        then = replace(now, state=state)
    after = replace(note, readbacks=tuple(then if r is now else r for r in note.readbacks))
    return _lapse(after) if note.gone else after


def _sent(act: Send, spoken: Spoken) -> Note:
    step(RULES, "", "note.send", spoken.part)
    text.prose(act.text, "note")
    charter = spoken.state.charter
    longest = charter.terms.retention_days if charter is not None else 0
    if not 1 <= act.keep_days <= longest:
        raise Rejected("keep", f"A note is kept 1 to {longest} days under this charter.")
    readers = (s.id for s in map(spoken.state.member, spoken.audience) if s.speaks and s.id != spoken.sender)
    state = "asked" if act.read_back else "plain"
    return Note(
        spoken.id,
        spoken.at,
        spoken.sender,
        spoken.audience,
        act.text,
        spoken.at.arrival + act.keep_days * DAY,
        False,
        tuple(ReadBack(seat, state, "", "") for seat in readers),
    )


def _lapse(note: Note) -> Note:
    hushed = tuple(replace(r, restated="", corrected="") for r in note.readbacks)
    return replace(note, text="", gone=True, readbacks=hushed)


def _text(note: Note) -> str:
    return "\n".join((note.text, *(part for r in note.readbacks for part in (r.restated, r.corrected) if part)))


NOTE = Instrument(
    name="note",
    kinds={
        "note.send": Kind(Send, True),
        "note.restate": Kind(Restate, True),
        "note.confirm": Kind(Confirm, True),
        "note.correct": Kind(Correct, True),
    },
    opens="note.send",
    item=Note,
    rules=RULES,
    fold=fold,
    text=_text,
    until=lambda note: None if note.gone else note.until,
    lapse=_lapse,
    settled=lambda note: note.gone or all(r.state in ("plain", "confirmed") for r in note.readbacks),
    record=False,
)
