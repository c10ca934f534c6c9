"""What is proved of the soundings holds on a talk that was played, and fails when it is not so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.demo import relay, sounded
from backchannel.demo.checks import Failed
from backchannel.demo.clock import Clock
from backchannel.demo.pages import Pages
from backchannel.demo.scenario import Act, Scenario, load
from backchannel.demo.sounding import Sight, Soundings
from backchannel.demo.stage import Stage
from backchannel.errors import Misuse
from backchannel.instruments.sounding.values import Posted

NEEDED = {"found", "invite", "join", "charter", "sign-charter", "ask", "answer"}


def with_acts(scenario: Scenario, change: Any) -> Scenario:
    scenes = tuple(
        replace(s, act=tuple(change(a) for a in s.act if a.do in NEEDED and a.item != "miles" and a.who != "casaroli"))
        for s in scenario.scene
    )
    return replace(scenario, scene=scenes)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("sounded")
    with relay.running(folder / "relay.db") as host:
        stage = Stage(folder, with_acts(load(), lambda act: act), host.url, Clock())
        try:
            stage.make_desks()
            for _, act in stage.scenario.acts:
                stage.play(act)
            yield stage
        finally:
            stage.close()


@pytest.fixture
def pretend(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the proofs believe in other answers than those that were given."""

    def set_(change: Any) -> None:
        monkeypatch.setattr(stage, "scenario", with_acts(stage.scenario, change))

    return set_


def asked(stage: Stage, label: str) -> Act:
    return next(act for act in sounded.asked(stage) if act.label == label)


# --- what was opened


def test_what_was_opened(stage: Stage) -> None:
    said = sounded.opened(stage)
    assert "on the desks of all who were there: “Who may mediate?” The Pope;" in said
    assert said.endswith("nothing that all accept")


def test_another_outcome_is_noticed(stage: Stage, pretend: Any) -> None:
    pretend(lambda act: replace(act, accept=(1,)) if act.item == "mediator" else act)
    with pytest.raises(Failed, match=r"shows \('The Pope',\) for “Who may mediate\?”"):
        sounded.opened(stage)


def test_a_result_that_is_missing_is_noticed(stage: Stage, pretend: Any) -> None:
    pretend(lambda act: replace(act, accept=(3,)) if act.item == "first" else act)
    with pytest.raises(Failed, match="shows nothing for “How could"):
        sounded.opened(stage)


@pytest.mark.parametrize(
    ("sight", "reason"),
    [
        (Sight("lapsed", (), 0), "of Chile “Who may mediate\\?” is 'lapsed'"),
        (Sight("closed", ("The Pope", "The King of Spain"), 0), "desk of Chile shows"),
        (Sight("closed", ("The Pope",), 9), "2 different results"),
    ],
)
def test_a_desk_that_shows_something_else_is_noticed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, sight: Sight, reason: str
) -> None:
    true = stage.soundings.sights
    monkeypatch.setattr(stage.soundings, "sights", lambda act: {**true(act), "chile": sight})
    with pytest.raises(Failed, match=reason):
        sounded.opened(stage)


def test_without_a_sounding_nothing_is_proved(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "scenario", replace(stage.scenario, scene=()))
    with pytest.raises(Failed, match="has no sounding"):
        sounded.opened(stage)
    with pytest.raises(Failed, match="no sounding that finds nothing"):
        sounded.nothing_known(stage)


# --- what is not known


def test_where_nothing_was_common_nothing_is_known(stage: Stage) -> None:
    assert "bytes on all 3 desks" in sounded.nothing_known(stage)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"results": (1,)}, "has a result"),
        ({"ballots": (Posted(bytes(8), b"x"),)}, "still has the sealed answers"),
        ({"failed": 2}, "differ in what they have"),
    ],
)
def test_a_desk_that_knows_more_is_noticed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], reason: str
) -> None:
    true = Soundings.item

    def item(self: Soundings, act: Act, key: str) -> Any:
        found = true(self, act, key)
        return replace(found, **change) if key == "argentina" else found

    monkeypatch.setattr(Soundings, "item", item)
    with pytest.raises(Failed, match=reason):
        sounded.nothing_known(stage)


# --- what is gone


def test_nothing_is_kept_that_would_tell(stage: Stage) -> None:
    said = sounded.forgotten(stage)
    assert "now not one is in any of" in said
    for act in sounded.asked(stage):
        found = [trace for trace in stage.soundings.traces[act.label] if trace.found]
        assert {trace.desk for trace in found} == {"holysee", "argentina", "chile"}
        assert len({trace.raw for trace in found if trace.what == "answer"}) >= 2 * len(act.options)


def test_a_secret_that_is_left_is_noticed(stage: Stage) -> None:
    vault = stage.channels["chile"].session.vault
    vault.execute("INSERT INTO pocket VALUES (7, x'00')")
    try:
        with pytest.raises(Failed, match="desk of Chile still keeps secrets of 1"):
            sounded.forgotten(stage)
    finally:
        vault.execute("DELETE FROM pocket WHERE place = 7")
    sounded.forgotten(stage)


@pytest.mark.parametrize("what", ["secret", "answer"])
def test_a_piece_that_is_left_in_a_page_is_noticed(stage: Stage, what: str) -> None:
    """Wherever: here among the desk's own facts, and then in the write-ahead log alone."""
    traces = stage.soundings.traces["first"]
    raw = next(trace.raw for trace in traces if trace.what == what and trace.found and any(trace.raw))
    vault = stage.channels["argentina"].session.vault
    vault.execute("CREATE TABLE left_behind (raw BLOB)")
    vault.execute("INSERT INTO left_behind VALUES (?)", (raw,))
    try:
        with pytest.raises(Failed, match="vault of Argentina still holds 1 pieces"):
            sounded.forgotten(stage)
        assert vault.settle()
        with pytest.raises(Failed, match="vault of Argentina still holds 1 pieces"):
            sounded.forgotten(stage)
        vault.execute("DROP TABLE left_behind")  # the log still has the page as it was, until it is emptied
    finally:
        vault.execute("DROP TABLE IF EXISTS left_behind")
        assert vault.settle()
    sounded.forgotten(stage)


def test_messages_that_are_left_are_noticed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounded, "_messages", lambda item: True)
    with pytest.raises(Failed, match="still keeps messages of a sounding"):
        sounded.forgotten(stage)


@pytest.mark.parametrize("what", ["secret", "answer"])
def test_a_search_that_found_nothing_while_it_ran_is_no_proof(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    traces = stage.soundings.traces
    unseen = [trace._replace(found=trace.found and trace.what != what) for trace in traces["mediator"]]
    monkeypatch.setattr(stage.soundings, "traces", {**traces, "mediator": unseen})
    with pytest.raises(Failed, match=f"no {what} was found in the vault of argentina, chile, holysee: a blind search"):
        sounded.forgotten(stage)


def test_pages_need_the_passphrase(stage: Stage) -> None:
    folder = stage.folder / "chile"
    assert b"SQLite" not in (folder / "vault.db").read_bytes()
    plain = Pages(folder, stage.scenario.who("chile").passphrase).read()
    assert b"Who may mediate?" in plain
    with pytest.raises(Failed, match="does not open the vault in chile"):
        Pages(folder, "somebody else's words")


def test_a_sounding_that_is_not_there(stage: Stage) -> None:
    with pytest.raises(Misuse, match="desk of Chile does not have the sounding 'mediator'"):
        stage.soundings.item(replace(asked(stage, "mediator"), text="Another?"), "chile")


# --- how it is told


def test_what_was_opened_in_vain(stage: Stage) -> None:
    act = asked(stage, "first")
    assert stage.soundings.in_vain(act, stage.soundings.item(act, "chile")) == (1, 2, 3)
    act = asked(stage, "mediator")
    item = stage.soundings.item(act, "chile")
    vain = stage.soundings.in_vain(act, item)
    assert len(vain) == item.failed
    assert 3 not in vain
