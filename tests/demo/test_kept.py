"""What is proved of steps, and of a seat handed over, holds on a talk that was played, and fails when it is not so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.demo import kept, relay, succeeded
from backchannel.demo.checks import Failed
from backchannel.demo.clock import Clock
from backchannel.demo.ladders import STEPPED, Ladders
from backchannel.demo.scenario import Scenario, load
from backchannel.demo.stage import Stage
from backchannel.demo.succession import SUCCEEDED
from backchannel.demo.tell_steps import _waiting
from backchannel.desk.reach import opens
from backchannel.errors import Misuse
from backchannel.instruments.step.values import Ladder

NEEDED = {"found", "invite", "join", "charter", "sign-charter", "note", "restate", "correct", "confirm"}
NEEDED |= {*STEPPED, *SUCCEEDED} - {"picture"}
ALONE = {"waiting", "carried"}


def shortened(scenario: Scenario) -> Scenario:
    scenes = tuple(
        replace(s, act=tuple(a for a in s.act if a.do in NEEDED and not {a.label, a.note} & ALONE))
        for s in scenario.scene
    )
    return replace(scenario, scene=scenes)


class Talk:
    """Notes and steps alone, and the seat that passes; and the relay's store."""

    def __init__(self, stage: Stage, store: Path) -> None:
        self.stage, self.store = stage, store

    def shut_out(self) -> str:
        return succeeded.shut_out(self.stage, self.store)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    folder = tmp_path_factory.mktemp("kept")
    with relay.running(folder / "relay.db") as host:
        stage = Stage(folder, shortened(load()), host.url, Clock())
        try:
            stage.make_desks()
            for _, act in stage.scenario.acts:
                stage.play(act)
            yield Talk(stage, folder / "relay.db")
        finally:
            stage.close()


@pytest.fixture
def seen_as(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have Chile's desk show another ladder than it has."""
    real = Ladders.item

    def set_(change: Any) -> None:
        def item(self: Ladders, label: str, key: str) -> Ladder:
            found = real(self, label, key)
            return change(found) if key == "chile" else found

        monkeypatch.setattr(Ladders, "item", item)

    return set_


@pytest.fixture
def passed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have had the desks something else when the old one left."""

    def set_(**change: Any) -> None:
        had = talk.stage.succession.passed["holysee"]
        monkeypatch.setitem(talk.stage.succession.passed, "holysee", had._replace(**change))

    return set_


@pytest.fixture
def nothing(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk.stage, "scenario", replace(talk.stage.scenario, scene=()))
    monkeypatch.setattr(talk.stage.succession, "passed", {})


# --- steps


def test_all_desks_have_the_same_steps(talk: Talk) -> None:
    said = kept.same_steps(talk.stage)
    assert "8 steps on 3 desks, byte for byte the same: 3 verified, 1 excused, 4 due" in said


def test_another_form_of_the_steps_is_noticed(talk: Talk, seen_as: Any) -> None:
    seen_as(lambda item: replace(item, title="Another"))
    with pytest.raises(Failed, match="2 different forms"):
        kept.same_steps(talk.stage)


def test_another_standing_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    true = Ladders.stands

    def stands(self: Ladders, label: str, key: str) -> Any:
        found = true(self, label, key)
        return found[::-1] if key == "chile" else found

    monkeypatch.setattr(Ladders, "stands", stands)
    with pytest.raises(Failed, match="The desk of Chile shows other standings"):
        kept.same_steps(talk.stage)


@pytest.mark.parametrize(("do", "reason"), [("find", "Step 3 is 'due'"), ("excuse", "Step 4 is 'due'")])
def test_an_end_that_is_missing_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch, do: str, reason: str) -> None:
    true = Ladders.stands
    number = {"find": 3, "excuse": 4}[do]

    def stands(self: Ladders, label: str, key: str) -> Any:
        return [
            one._replace(now=one.now._replace(state="due")) if one.number == number else one
            for one in true(self, label, key)
        ]

    monkeypatch.setattr(Ladders, "stands", stands)
    with pytest.raises(Failed, match=reason):
        kept.same_steps(talk.stage)


@pytest.mark.usefixtures("nothing")
def test_where_nothing_was_promised_nothing_is_proved(talk: Talk) -> None:
    for proof, reason in ((kept.same_steps, "has no steps"), (kept.evidence_whole, "Nothing was reported")):
        with pytest.raises(Failed, match=reason):
            proof(talk.stage)


# --- the file


def test_the_file_is_what_was_reported(talk: Talk) -> None:
    assert "roll-of-ships.csv, 315 bytes: the same from 2 other desks, Casaroli's too" in kept.evidence_whole(
        talk.stage
    )


def test_another_file_than_was_named_is_noticed(talk: Talk) -> None:
    report = next(act for _, act in talk.stage.scenario.acts if act.do == "report")
    file = talk.stage.ladders.file(report)
    given = file.read_bytes()
    file.write_bytes(given.replace(b"First", b"Third"))
    try:
        with pytest.raises(Failed, match="is not what was named in the report"):
            kept.evidence_whole(talk.stage)
    finally:
        file.write_bytes(given)
    kept.evidence_whole(talk.stage)


@pytest.mark.parametrize("key", ["chile", "casaroli"])
def test_a_byte_on_another_desk_is_noticed(talk: Talk, key: str) -> None:
    vault = talk.stage.channels[key].session.vault
    [(data,)] = vault.query("SELECT data FROM piece")
    vault.execute("UPDATE piece SET data = ?", (data.replace(b"First", b"Third"),))
    try:
        with pytest.raises(Misuse, match="is not the file that Argentina named"):
            kept.evidence_whole(talk.stage)
    finally:
        vault.execute("UPDATE piece SET data = ?", (data,))
    kept.evidence_whole(talk.stage)


def test_a_piece_that_is_missing_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    named = Ladders.named
    monkeypatch.setattr(
        Ladders, "named", lambda self, act, key: [one._replace(here=0) for one in named(self, act, key)]
    )
    with pytest.raises(Misuse, match="not here yet"):
        kept.evidence_whole(talk.stage)
    monkeypatch.setattr(Ladders, "named", lambda self, act, key: [])
    with pytest.raises(Failed, match="knows of no file"):
        kept.evidence_whole(talk.stage)


def test_another_file_that_a_desk_gives_out_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_saved", lambda stage, act, key, one: b"another")
    with pytest.raises(Failed, match=r"The desk of Argentina gives out another roll-of-ships\.csv"):
        kept.evidence_whole(talk.stage)


def test_a_ladder_that_is_not_there(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(talk.stage.ladders._began, "none", 0)
    with pytest.raises(Misuse, match="The desk of Chile does not have 'none'"):
        talk.stage.ladders.item("none", "chile")


def test_a_step_that_waits_alone_is_told() -> None:
    def stand(number: int, *waits: tuple[int, ...]) -> Any:
        return SimpleNamespace(number=number, now=SimpleNamespace(waits=waits, state="pledged"))

    assert _waiting([stand(3, (0,), (1,))]) == "3 waits for 1 and 2."
    assert _waiting([stand(3), stand(4, (2,)), stand(5, (2,)), stand(6, (3,))]) == "4 and 5 wait for 3. 6 waits for 4."


# --- the seat


def test_the_successor_has_what_the_old_desk_had(talk: Talk) -> None:
    said = succeeded.same_dossier(talk.stage)
    assert said.startswith("5 things byte for byte")
    assert "2 read-backs that the old desk had asked for were confirmed by the new one" in said


def test_more_or_less_than_it_had_is_noticed(talk: Talk, passed: Any) -> None:
    had = talk.stage.succession.passed["holysee"]
    (which, value), *_ = had.old.items()
    for other in ({k: v for k, v in had.new.items() if k != which}, {**had.new, which: value + b"x"}):
        passed(new=other)
        with pytest.raises(Failed, match=rf"did not have what the old one had: {which[0]} {which[1]}\."):
            succeeded.same_dossier(talk.stage)
    passed(new=had.old, stays={("hat", 7): b""})
    with pytest.raises(Failed, match=r"something that does not pass: \[\('hat', 7\)\]"):
        succeeded.same_dossier(talk.stage)
    passed(old={}, new={}, stays={})
    with pytest.raises(Failed, match="this would show nothing"):
        succeeded.same_dossier(talk.stage)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda note: replace(note, author=bytes(16)), "confirmed nothing that the old one asked for"),
        (
            lambda note: replace(note, readbacks=tuple(replace(one, state="restated") for one in note.readbacks)),
            "The read-back of 'patience' has not come to its end",
        ),
    ],
)
def test_a_read_back_that_does_not_go_on_is_noticed(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, change: Any, reason: str
) -> None:
    true = Stage.labelled
    monkeypatch.setattr(Stage, "labelled", lambda self, act, key: change(true(self, act, key)))
    with pytest.raises(Failed, match=reason):
        succeeded.same_dossier(talk.stage)


def test_what_was_passed_on_says_so(talk: Talk) -> None:
    assert "says of 4 notes on Casaroli's desk that Antonio Samoré passed them on" in succeeded.marked(talk.stage)


def test_a_mark_that_is_missing_or_too_much_is_noticed(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, passed: Any
) -> None:
    true = succeeded._notes
    unmarked = [{**one, "passed_on_by": None} for one in true(talk.stage, "casaroli")]
    monkeypatch.setattr(succeeded, "_notes", lambda stage, key: unmarked)
    with pytest.raises(Failed, match=r"Casaroli's desk says of \[\] that they were passed on"):
        succeeded.marked(talk.stage)
    monkeypatch.setattr(succeeded, "_notes", true)
    vault, place = talk.stage.channels["chile"].session.vault, _place(talk, "chile")
    vault.execute("INSERT INTO passed VALUES (?, ?)", (place, bytes(16)))
    try:
        with pytest.raises(Failed, match="Chile's desk says so too"):
            succeeded.marked(talk.stage)
    finally:
        vault.execute("DELETE FROM passed WHERE place = ?", (place,))
    succeeded.marked(talk.stage)
    passed(new={})
    with pytest.raises(Failed, match="No note was passed on"):
        succeeded.marked(talk.stage)


def _place(talk: Talk, key: str) -> int:
    rows = talk.stage.channels[key].session.vault.query("SELECT max(place) FROM item WHERE instrument = 'note'")
    return int(rows[0][0])


def test_the_old_desk_opens_nothing_more(talk: Talk) -> None:
    said = talk.shut_out()
    assert "later ones none" in said
    assert "credential was replaced" in said


def test_an_old_desk_that_has_a_later_key_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One key of the new roster is enough."""
    old, new = talk.stage.channels["holysee"], talk.stage.channels["casaroli"]
    state = new.session.state
    with old.session.turn():
        wallet = old.session.engine.wallet
        more = {**wallet.secrets, state.epoch: new.session.engine.wallet.secrets[state.epoch]}
        monkeypatch.setattr(old.session.engine, "wallet", wallet._replace(secrets=more))
    with pytest.raises(Failed, match=r"The old keys open \d+ entries that came later"):
        talk.shut_out()


def test_a_search_with_keys_that_open_nothing_is_no_proof(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    for blind, reason in (("holysee", "Not even what came before"), ("casaroli", "opens with nobody's keys")):
        true, channel = opens, talk.stage.channels[blind]
        with monkeypatch.context() as here:
            here.setattr(succeeded, "opens", lambda s, rows, b=channel.session, t=true: [] if s is b else t(s, rows))
            with pytest.raises(Failed, match=reason):
                talk.shut_out()


def test_entries_that_only_the_new_desk_should_open(talk: Talk) -> None:
    """The search itself, on each entry: what a desk has read it finds, by roster or by line."""
    had, new = talk.stage.succession.passed["holysee"], talk.stage.channels["casaroli"]
    rows = succeeded._recorded(talk.store, had.last, new.size)
    found = set(opens(new.session, rows))
    read = {one.position for one in new.session.book.entries.log(had.last) if one.verdict in ("act", "line", "start")}
    assert read <= found
    assert len(rows) == new.size - had.last


def test_a_relay_that_takes_the_old_credential_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    new, had = talk.stage.channels["casaroli"], talk.stage.succession.passed["holysee"]
    with pytest.raises(Failed, match="takes the old desk's credential still"):
        succeeded._refused(new, new, had.last)
    monkeypatch.setattr(new.client, "read", lambda *given: ())
    with pytest.raises(Failed, match="refuses the new desk too"):
        succeeded._refused(new, new, had.last)


def test_an_old_desk_that_reads_on_is_noticed(talk: Talk, passed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    old, had = talk.stage.channels["holysee"], talk.stage.succession.passed["holysee"]
    monkeypatch.setattr(succeeded, "_refused", lambda *given: "no")
    monkeypatch.setattr(type(old), "size", property(lambda self: had.last + 1))
    with pytest.raises(Failed, match="has read on"):
        talk.shut_out()
    monkeypatch.undo()
    passed(last=talk.stage.channels["casaroli"].size)
    with pytest.raises(Failed, match="Nothing came after it"):
        talk.shut_out()


@pytest.mark.usefixtures("nothing")
def test_where_no_seat_passed_nothing_is_proved(talk: Talk) -> None:
    for proof in (succeeded.same_dossier, succeeded.marked, lambda stage: succeeded.shut_out(stage, talk.store)):
        with pytest.raises(Failed, match="No seat is handed over"):
            proof(talk.stage)


def test_what_the_relay_keeps_is_read_as_it_is(talk: Talk) -> None:
    with closing(sqlite3.connect(talk.store)) as db:
        [(entries,)] = db.execute("SELECT count(*) FROM entries WHERE body IS NOT NULL").fetchall()
    assert len(succeeded._recorded(talk.store, 0, 1 << 30)) == entries


def test_the_notes_are_the_commands_own(talk: Talk) -> None:
    found = succeeded._notes(talk.stage, "casaroli")
    assert json.dumps(found)
    assert {one["passed_on_by"] for one in found} == {"Antonio Samoré"}
