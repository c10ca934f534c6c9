"""What is proved of non-papers and the hat holds on a talk that was played, and fails when it is not so."""

from __future__ import annotations

import functools
import io
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.demo import host as hosting
from backchannel.demo import relay, search, vanished
from backchannel.demo.checks import Failed
from backchannel.demo.clock import DAY, Clock
from backchannel.demo.disclosing import SHOWN
from backchannel.demo.ladders import STEPPED
from backchannel.demo.nonpapers import Nonpapers
from backchannel.demo.scenario import Scenario, load
from backchannel.demo.stage import Stage
from backchannel.demo.succession import SUCCEEDED
from backchannel.demo.texts import WRITTEN
from backchannel.errors import Misuse, Unreachable

LEFT_OUT = {"ask", "answer", "note", "restate", "correct", "confirm", "offline", "online", "verify"}
LATER = {*WRITTEN, *SHOWN, *STEPPED, *SUCCEEDED}
PROPOSAL = "Radar and weather stations"


class Talk:
    """A talk that was played: the stage, the relay's store, a copy of the store from before anything lapsed."""

    def __init__(self, stage: Stage, store: Path, before: Path) -> None:
        self.stage, self.store, self.before = stage, store, before

    @property
    def files(self) -> list[Path]:
        desks = [path for key in self.stage.channels for path in (self.stage.folder / key).rglob("*")]
        return [*(path for path in desks if path.is_file()), *relay.files(self.store)]

    @property
    def backups(self) -> list[tuple[Path, str]]:
        scenario = self.stage.scenario
        return [(self.stage.backup_file(key), scenario.who(key).passphrase) for key in ("argentina", "chile")]

    def gone(self) -> str:
        return vanished.gone(self.stage, self.files, self.backups, self.store)


def shortened(scenario: Scenario, *left_out: str) -> Scenario:
    out = {*LEFT_OUT, *LATER, *left_out}
    scenes = tuple(
        replace(s, act=tuple(a for a in s.act if a.do not in out and a.item != "agreed" and a.who != "casaroli"))
        for s in scenario.scene
    )
    return replace(scenario, scene=scenes)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    folder = tmp_path_factory.mktemp("vanished")
    clock, store, before = Clock(15 * DAY), folder / "relay.db", folder / "before.db"
    with relay.running(store, clock=clock) as host:
        stage = Stage(folder, shortened(load()), host.url, clock)
        try:
            stage.make_desks()
            for _, act in stage.scenario.acts:
                if act.do == "hour":
                    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(before)) as copy:
                        source.backup(copy)
                stage.play(act)
            yield Talk(stage, store, before)
        finally:
            stage.close()


@pytest.fixture(autouse=True)
def opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each backup is opened once for all tests: that takes as long as the passphrase is strong."""
    monkeypatch.setattr(vanished, "pages_of", PAGES_OF)


PAGES_OF = functools.cache(vanished.pages_of)


@pytest.fixture
def other_item(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have a desk hold another non-paper than it does."""

    def set_(desk: str, label: str, **change: Any) -> None:
        true = Nonpapers.item

        def item(self: Nonpapers, which: str, key: str) -> Any:
            found = true(self, which, key)
            return replace(found, **change) if (which, key) == (label, desk) else found

        monkeypatch.setattr(Nonpapers, "item", item)

    return set_


# --- taken up


def test_what_was_taken_up(talk: Talk) -> None:
    assert "“Act of Montevideo” word for word on all 3 desks" in vanished.taken_up(talk.stage)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "lapsed"}, "On the desk of Chile “Act of Montevideo” is 'lapsed'"),
        ({"author": bytes(8)}, "desk of Chile still knows who floated"),
        ({"until": 7}, "differ in what they have"),
    ],
)
def test_another_end_is_noticed(talk: Talk, other_item: Any, change: dict[str, Any], reason: str) -> None:
    other_item("chile", "points", **change)
    with pytest.raises(Failed, match=reason):
        vanished.taken_up(talk.stage)


def test_a_sender_that_is_still_known_is_noticed(talk: Talk) -> None:
    channel = talk.stage.channels["argentina"]
    place = channel.session.vault.query("SELECT min(place) FROM entry WHERE kind = 'nonpaper.float'")[0][0]
    vault = channel.session.vault
    vault.execute("UPDATE entry SET sender = ? WHERE place = ?", (channel.me, place))
    try:
        with pytest.raises(Failed, match="desk of Argentina still knows who floated"):
            vanished.taken_up(talk.stage)
    finally:
        vault.execute("UPDATE entry SET sender = NULL WHERE place = ?", (place,))
    vanished.taken_up(talk.stage)


def test_other_words_than_were_taken_up_are_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = tuple(
        replace(s, act=tuple(replace(a, text="Other words.") if a.do == "revise" else a for a in s.act))
        for s in talk.stage.scenario.scene
    )
    monkeypatch.setattr(talk.stage, "scenario", replace(talk.stage.scenario, scene=scenes))
    with pytest.raises(Failed, match="has other words"):
        vanished.taken_up(talk.stage)


def test_where_nothing_happened_nothing_is_proved(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk.stage, "scenario", replace(talk.stage.scenario, scene=()))
    monkeypatch.setattr(talk.stage.nonpapers, "came", {})
    monkeypatch.setattr(talk.stage.nonpapers, "traces", {})
    for proof, reason in ((vanished.taken_up, "Nothing is taken up"), (vanished.nobodys, "No hat goes round")):
        with pytest.raises(Failed, match=reason):
            proof(talk.stage)
    with pytest.raises(Failed, match="Nothing has lapsed"):
        talk.gone()


# --- from the hat


def test_what_came_from_the_hat_is_nobodys(talk: Talk) -> None:
    assert "the same idea without an author" in vanished.nobodys(talk.stage)
    came = talk.stage.nonpapers.came["waters"]
    assert {item.route for item in came.paper.values()} == {"hat"}
    assert not came.left


def test_a_desk_that_knows_more_of_the_hat_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    papers = talk.stage.nonpapers
    came = papers.came["waters"]
    author = talk.stage.channels["argentina"].me

    def fails(reason: str, **change: Any) -> None:
        monkeypatch.setattr(papers, "came", {"waters": came._replace(**change)})
        with pytest.raises(Failed, match=reason):
            vanished.nobodys(talk.stage)

    fails("desk of Chile names", paper={**came.paper, "chile": replace(came.paper["chile"], author=author)})
    fails("desks differ", paper={**came.paper, "chile": replace(came.paper["chile"], until=7)})
    fails("desks differ", round={**came.round, "chile": replace(came.round["chile"], spoiled=1)})
    fails("has not come to its end", round={**came.round, "chile": replace(came.round["chile"], state="opened")})
    fails("After the round Argentina still has secrets", left=(("argentina", "secrets of the round"),))


def test_what_would_tell_whose_slip_it_was_is_looked_for(talk: Talk) -> None:
    papers, vault = talk.stage.nonpapers, talk.stage.channels["argentina"].session.vault
    own = next(t.raw for t in papers.traces["waters"] if (t.desk, t.what, t.found) == ("argentina", "own", True))
    vault.execute("CREATE TABLE left_behind (raw BLOB)")
    vault.execute("INSERT INTO left_behind VALUES (?)", (own,))
    vault.execute("INSERT INTO tray (c, instrument, value) SELECT c, 'hat', x'00' FROM channel")
    try:
        found = list(papers._telling("waters"))
        assert found == [("argentina", "secrets of the round"), ("argentina", "a slip that was laid ready")]
    finally:
        vault.execute("DROP TABLE left_behind")
        vault.execute("DELETE FROM tray")
        assert vault.settle()
    assert not list(papers._telling("waters"))


@pytest.mark.parametrize(("what", "reason"), [("own", "a blind search"), ("slip", r"was on the desks of \[\]")])
def test_a_round_that_was_not_seen_proves_nothing(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, what: str, reason: str
) -> None:
    traces = talk.stage.nonpapers.traces
    unseen = [trace._replace(found=trace.found and trace.what != what) for trace in traces["waters"]]
    monkeypatch.setattr(talk.stage.nonpapers, "traces", {**traces, "waters": unseen})
    with pytest.raises(Failed, match=reason):
        vanished.nobodys(talk.stage)


# --- gone


def test_what_lapsed_is_gone(talk: Talk) -> None:
    said = talk.gone()
    assert "“Leave the question of the waters open” and “The proposal of His Holiness”" in said
    assert "All 3 desks have confirmed it" in said


@pytest.mark.parametrize("encoding", search.ENCODINGS)
@pytest.mark.parametrize("where", ["chile/notes.txt", "relay.db.old"])
def test_words_in_any_file_are_noticed(talk: Talk, where: str, encoding: str) -> None:
    file = talk.stage.folder / where
    file.write_bytes(b"\0" * 999 + PROPOSAL.upper().encode(encoding))
    try:
        with pytest.raises(Failed, match=rf"{file.name} holds '.*', words of what has lapsed"):
            talk.gone()
    finally:
        file.unlink()


@pytest.mark.parametrize("what", ["key", "one-time", "own", "words"])
def test_a_piece_in_a_decrypted_page_is_noticed(talk: Talk, what: str) -> None:
    """Rows of any table, and what is left of them in the write-ahead log alone."""
    traces = [trace for made in ("waters", "proposal") for trace in talk.stage.nonpapers.traces[made]]
    own = vanished._words(talk.stage, ["waters", "proposal"])
    raw = next(t.raw for t in traces if t.found and t.what == what and (what != "words" or t.raw.decode() in own))
    vault = talk.stage.channels["holysee"].session.vault
    vault.execute("CREATE TABLE left_behind (raw BLOB)")
    vault.execute("INSERT INTO left_behind VALUES (?)", (raw,))
    try:
        for _ in range(2):
            with pytest.raises(Failed, match="the vault of Samoré holds"):
                talk.gone()
            assert vault.settle()
        vault.execute("DROP TABLE left_behind")
    finally:
        vault.execute("DROP TABLE IF EXISTS left_behind")
        assert vault.settle()
    talk.gone()


def test_a_backup_that_holds_it_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    true = vanished.pages_of
    monkeypatch.setattr(vanished, "pages_of", lambda file, phrase: true(file, phrase) + PROPOSAL.encode())
    with pytest.raises(Failed, match=r"argentina\.backup, opened, holds"):
        talk.gone()
    monkeypatch.setattr(vanished, "pages_of", lambda file, phrase: b"")
    with pytest.raises(Failed, match=r"in argentina\.backup, opened,, chile\.backup, opened,: a blind search"):
        talk.gone()


def test_the_sealed_words_at_the_relay_are_noticed(talk: Talk) -> None:
    with pytest.raises(Failed, match="The relay still has the sealed words of 'waters'"):
        vanished.gone(talk.stage, talk.files, talk.backups, talk.before)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "floated"}, "On the desk of Chile 'proposal' is 'floated'"),
        ({"destroyed": ()}, "has not confirmed that 'proposal' was destroyed"),
    ],
)
def test_a_desk_that_has_not_let_go_is_noticed(
    talk: Talk, other_item: Any, change: dict[str, Any], reason: str
) -> None:
    other_item("chile", "proposal", **change)
    with pytest.raises(Failed, match=reason):
        talk.gone()


@pytest.mark.parametrize("what", ["key", "one-time", "words"])
def test_a_search_that_found_nothing_before_is_no_proof(talk: Talk, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    traces = talk.stage.nonpapers.traces
    unseen = [trace._replace(found=trace.found and trace.what != what) for trace in traces["proposal"]]
    monkeypatch.setattr(talk.stage.nonpapers, "traces", {**traces, "proposal": unseen})
    with pytest.raises(Failed, match=f"no {what} was found in the vault of argentina, chile, holysee: a blind search"):
        talk.gone()


def test_words_that_others_have_said_too_prove_nothing(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what stands nowhere else in the talk is looked for."""
    said = [text for label in ("waters", "proposal") for text in talk.stage.nonpapers.texts(label)]
    charter = replace(talk.stage.scenario.channel, purpose=" ".join(said))
    monkeypatch.setattr(talk.stage, "scenario", replace(talk.stage.scenario, channel=charter))
    with pytest.raises(Failed, match="no words of its own"):
        talk.gone()


def test_a_non_paper_that_is_not_there(talk: Talk) -> None:
    with pytest.raises(Misuse, match="desk of Chile does not have 'nothing'"):
        talk.stage.nonpapers.item("nothing", "chile")


# --- the clock


def test_a_clock_is_put_right_once() -> None:
    heard: list[int] = []
    clock = Clock(100.0)
    early = clock()
    clock.tell(lambda: heard.append(1))
    clock.put_right()
    clock.put_right()
    assert 100 <= clock() - early < 130
    assert heard == [1]


def test_a_relay_that_has_ended_is_told(tmp_path: Path) -> None:
    clock = Clock(DAY)
    with relay.running(tmp_path / "relay.db", clock=clock):
        clock.tell(lambda: None)
        shutil.copy(tmp_path / "relay.db", tmp_path / "copy.db")
        clock.put_right()
    late = Clock(DAY)
    late.tell(lambda: relay._put_right(ended()))
    with pytest.raises(Unreachable, match="has ended before its time"):
        late.put_right()


def ended() -> Any:
    return SimpleNamespace(stdin=io.StringIO(), stdout=io.StringIO())


@pytest.mark.parametrize(("line", "behind"), [("now\n", 0.0), ("", 50.0)])
def test_a_host_puts_its_clock_right_when_told(monkeypatch: pytest.MonkeyPatch, line: str, behind: float) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(line))
    clock = Clock(50.0)
    hosting.obey(clock)
    assert clock.behind == behind
