"""What can be proved of a seat that was handed over: the successor has all and no more, the old desk nothing new."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from backchannel.demo.checks import Failed, must
from backchannel.demo.disclosing import command
from backchannel.demo.stage import Stage
from backchannel.demo.succession import Passed
from backchannel.desk.channel import Channel
from backchannel.desk.reach import Recorded, opens
from backchannel.errors import RelayRefused


def same_dossier(stage: Stage) -> str:
    """The successor had, when the old desk left, exactly what that desk had and what passes; it goes on from there."""
    must(bool(stage.succession.passed), "No seat is handed over in the scenario.")
    for holder, had in stage.succession.passed.items():
        short = stage.scenario.who(stage.heir(holder)).short
        must(bool(had.old), "The old desk had nothing: this would show nothing.")
        must(had.new == had.old, f"The desk of {short} did not have what the old one had: {_differ(had)}.")
        must(not had.stays, f"The desk of {short} has got something that does not pass: {sorted(had.stays)}.")
        went_on = _went_on(stage, holder)
    return (
        f"{len(had.old)} things byte for byte, {sum(map(len, had.old.values())):,} bytes, and no sounding, non-paper "
        f"or hat; {went_on} read-backs that the old desk had asked for were confirmed by the new one"
    )


def shut_out(stage: Stage, store: Path) -> str:
    """The old desk's keys open nothing that came later, and are worth nothing at the relay; others' do, and are."""
    must(bool(stage.succession.passed), "No seat is handed over in the scenario.")
    for holder, had in stage.succession.passed.items():
        old, new = stage.channels[holder], stage.channels[stage.heir(holder)]
        before, after = _recorded(store, 0, had.last), _recorded(store, had.last, new.size)
        must(bool(after), "Nothing came after it: this would show nothing.")
        must(bool(opens(old.session, before)), "Not even what came before opens with the old keys: a blind search.")
        must(bool(opens(new.session, after)), "What came later opens with nobody's keys: a blind search.")
        opened = opens(old.session, after)
        must(
            not opened,
            f"The old keys open {len(opened)} entries that came later, the first of them {min(opened or [0])}.",
        )
        said = _refused(old, new, had.last)
        old.sync()
        must(old.size == had.last, "The old desk has read on.")
    early = len(opens(old.session, before))
    return (
        f"with all that the old desk has, tried on what a host could have kept: {early} earlier entries open, "
        f"of {len(after)} later ones none. The relay says: “{said}”"
    )


def marked(stage: Stage) -> str:
    """Of every note from before the successor's desk says who passed it on; of others no desk says anything."""
    must(bool(stage.succession.passed), "No seat is handed over in the scenario.")
    for holder, had in stage.succession.passed.items():
        heir, giver = stage.heir(holder), stage.scenario.who(holder)
        early = {position for kind, position in had.new if kind == "note"}
        must(bool(early), "No note was passed on: this would show nothing.")
        shown = {one["number"] for one in _notes(stage, heir) if one["passed_on_by"] == giver.name}
        must(
            shown == early, f"{stage.scenario.who(heir).short}'s desk says of {sorted(shown)} that they were passed on."
        )
        for key in stage.seated.keys() - {heir}:
            held = stage.channels[key].session.book.items
            must(not any(map(held.passed_on, early)), f"{stage.scenario.who(key).short}'s desk says so too.")
    return (
        f"`backchannel note list` says of {len(early)} notes on {stage.scenario.who(heir).short}'s desk that "
        f"{giver.name} passed them on, and that who wrote them cannot be verified again; on the others' of none"
    )


def _recorded(store: Path, first: int, before: int) -> list[Recorded]:
    """What a host could have kept of these entries."""
    with closing(sqlite3.connect(store)) as db:
        rows = db.execute("SELECT key % 4294967296, leaf, body FROM entries ORDER BY key").fetchall()
    return [Recorded(at, leaf[44:], body) for at, leaf, body in rows if body is not None and first <= at < before]


def _refused(old: Channel, new: Channel, position: int) -> str:
    """What the relay says to the old desk's newest credential, where it takes the new one's."""

    def read(channel: Channel) -> object:
        return new.client.read(new.name, channel.session.book.credential()[1], position, 1)

    must(bool(read(new)), "The relay refuses the new desk too.")
    try:
        read(old)
    except RelayRefused as refusal:
        return refusal.what
    raise Failed("The relay takes the old desk's credential still.")


def _went_on(stage: Stage, holder: str) -> int:
    """How many read-backs the successor has confirmed, of notes that the holder wrote."""
    done = 0
    for _, act in stage.scenario.acts:
        if act.do == "confirm" and act.who == stage.heir(holder):
            note = stage.labelled(stage.act(act.note), act.who)
            whom = stage.channels[act.whom].me
            state = next(one.state for one in note.readbacks if one.seat == whom)
            must(state == "confirmed", f"The read-back of {act.note!r} has not come to its end.")
            done += note.author == stage.channels[holder].me
    must(done > 0, "The new desk has confirmed nothing that the old one asked for.")
    return done


def _differ(had: Passed) -> str:
    return ", ".join(f"{kind} {at}" for kind, at in sorted(had.old.keys() | had.new.keys()) if _other(had, (kind, at)))


def _other(had: Passed, which: tuple[str, int]) -> bool:
    return had.old.get(which) != had.new.get(which)


def _notes(stage: Stage, key: str) -> list[dict[str, Any]]:
    with stage.away(key) as desk:
        said = command(["--json", "note", "list"], desk, stage.passphrase(key))
    found: list[dict[str, Any]] = json.loads(said)["notes"]
    return found
