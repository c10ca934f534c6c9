"""What the log says of this desk's own entries: taken, to be sealed again, or returned to their author."""

from __future__ import annotations

from collections.abc import Sequence

from backchannel.channel import acts
from backchannel.channel.engine import Event
from backchannel.desk.book.intent import Say, Welcome
from backchannel.desk.book.outbox import Outbox
from backchannel.desk.session import Session

AGAIN = frozenset({"stale", "stale-prekey", "turn", "closed"})
"""Reasons that sealing again mends: the roster or a prekey changed meanwhile, or an earlier act of ours fell out."""

MOST_TRIES = 5


def settle(session: Session, events: Sequence[Event], *, rotated: bool) -> None:
    """Compare new entries with the outbox. Inside the intake's transaction."""
    book = session.book
    marks = book.outbox.marks()
    rows = [row for row in marks if row.stage != "returned"]
    # A relay may say no and keep what it was sent: then the log's word counts.
    by_id = {row.id: row for row in marks if row.id is not None}
    frozen = any(isinstance(event.act, acts.Freeze) for event in events)
    if not by_id and not rotated and not frozen:
        return
    done: list[int] = []
    again: list[int] = []
    for event in events:
        row = by_id.get(event.record.id)
        if row is None:
            continue
        code = _refusal(event, book.outbox, row.n)
        if code is None:
            done.append(row.n)
        elif row.stage == "returned":
            continue
        elif code in AGAIN and row.tries < MOST_TRIES:
            again.append(row.n)
        else:
            book.outbox.set_returned(row.n, event.error.what if event.error else "It was not accepted.")
    settled = {*done, *again}
    if rotated:
        again += [
            row.n for row in rows if row.n not in settled and row.epoch is not None and row.epoch != session.state.epoch
        ]
    if frozen:  # what has not left is sealed to that seat, too, which can still read until the new roster
        left = {*settled, *again}
        here = [row for row in rows if row.n not in left and row.stage == "written" and row.epoch is not None]
        again += [row.n for row in here if isinstance(book.outbox.intent(row.n), Say)]
    if again or rotated:
        book.end_sending()
    book.outbox.done(done)
    book.outbox.set_unsealed(again)


def _refusal(event: Event, outbox: Outbox, n: int) -> str | None:
    """Why the log did not take an entry of ours, None if it did. A line of ours that we cannot open never began."""
    if event.error is not None:
        return event.error.code
    if event.verdict == "closed" and not isinstance(outbox.intent(n), Welcome):
        return "closed"
    return None
