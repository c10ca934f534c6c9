"""Every proof holds on a talk that was played, and fails when what it looks at is not so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.demo import altered, checks, proofs, relay, search
from backchannel.demo.checks import Failed
from backchannel.demo.clock import DAY, Clock
from backchannel.demo.scenario import Act, Scenario, load
from backchannel.demo.stage import Stage
from backchannel.desk import understandings
from backchannel.desk.audit import Finding
from backchannel.desk.desk import Desk
from backchannel.errors import BackchannelError, Malformed, Misuse, Unreachable
from backchannel.instruments.understanding import form, record


class Played:
    """A talk that was played; its relay runs until `shut`."""

    def __init__(self, stage: Stage, store: Path) -> None:
        self.stage, self.store = stage, store
        self.port = 0
        self.size = stage.channels["chile"].size
        self.ids = [logged.leaf.id for logged in stage.channels["chile"].session.book.entries.log()]
        act = next(act for _, act in stage.scenario.acts if act.do == "take-up")
        item = stage.labelled(act, "chile")
        last = next(act for _, act in stage.scenario.acts if act.do == "propose")
        self.position = stage.labelled(last, "chile").at.position
        self.record = stage.folder / "record.json"
        self.record.write_bytes(understandings.record(stage.channels["chile"], item))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("played")
    clock = Clock(15 * DAY)
    with relay.running(folder / "relay.db", clock=clock) as host:
        stage = Stage(folder, load(), host.url, clock)
        try:
            stage.make_desks()
            for _, act in stage.scenario.acts:
                stage.play(act)
            talk = Played(stage, folder / "relay.db")
            talk.port = host.port
            yield talk
        finally:
            stage.close()


@pytest.fixture(scope="module")
def shut(played: Played) -> Path:
    """The relay's store as if it had been shut: copied out of the running one, nothing altered."""
    return copied(played, "shut")


def copied(played: Played, name: str) -> Path:
    import sqlite3
    from contextlib import closing

    target = played.stage.folder / f"{name}.db"
    with closing(sqlite3.connect(played.store)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def with_acts(scenario: Scenario, change: Any) -> Scenario:
    scenes = tuple(replace(s, act=tuple(change(a) for a in s.act)) for s in scenario.scene)
    return replace(scenario, scene=scenes)


@pytest.fixture
def pretend(played: Played, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the stage believe in another scenario than the one that was played."""

    def set_(change: Any) -> None:
        monkeypatch.setattr(played.stage, "scenario", with_acts(played.stage.scenario, change))

    return set_


# --- the same record


def test_the_same_record(played: Played) -> None:
    said = proofs.same_record(played.stage.seated)
    assert said.startswith(f"{played.size} entries")
    assert " ".join(played.stage.channels["chile"].compare_words(played.size)) in said


@pytest.mark.parametrize(
    ("size", "root", "words", "reason"),
    [(2, b"r", "w", "different length"), (1, b"s", "w", "2 different records"), (1, b"r", "v", "different words")],
)
def test_another_record_is_noticed(size: int, root: bytes, words: str, reason: str) -> None:
    def desk(size: int, root: bytes, words: str) -> Any:
        session = SimpleNamespace(history=SimpleNamespace(root=lambda n: root))
        return SimpleNamespace(size=size, session=session, compare_words=lambda n: (words,))

    assert "Read aloud" in proofs.same_record({"a": desk(1, b"r", "w"), "b": desk(1, b"r", "w")})
    with pytest.raises(Failed, match=reason):
        proofs.same_record({"a": desk(1, b"r", "w"), "b": desk(size, root, words)})


# --- what arrived, and with whom


def test_all_arrived(played: Played) -> None:
    assert "6 notes word for word with their readers, 5 read-backs" in proofs.arrived(played.stage)


def test_a_note_that_is_not_there_word_for_word_is_noticed(played: Played, pretend: Any) -> None:
    pretend(lambda act: replace(act, text="Other words.") if act.label == "carried" else act)
    with pytest.raises(Misuse, match="does not have 'carried'"):
        proofs.arrived(played.stage)


def test_a_read_back_without_end_is_noticed(played: Played, pretend: Any) -> None:
    pretend(lambda act: replace(act, read_back=True) if act.label == "deadline" else act)
    with pytest.raises(Failed, match="read-back of 'deadline' has not come to its end"):
        proofs.arrived(played.stage)


def test_what_still_waits_is_noticed(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(played.stage.channels["chile"].session.book.outbox), "count", lambda self: 1)
    with pytest.raises(Failed, match="still waits"):
        proofs.arrived(played.stage)


def test_one_side_only(played: Played) -> None:
    assert proofs.one_side_only(played.stage).startswith("4 notes to one side")


def test_a_note_that_the_other_side_can_read_is_noticed(played: Played, pretend: Any) -> None:
    pretend(lambda act: replace(act, to=("chile",)) if act.label == "baseline" else act)
    with pytest.raises(Failed, match=r"desk of Argentina has entry .* as 'open'"):
        proofs.one_side_only(played.stage)


def test_words_of_a_note_on_another_desk_are_noticed(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        played.stage,
        "sights",
        lambda position, author, among: tuple(s._replace(sight="closed") for s in seen(position, author)),
    )
    every = [item.value for item in played.stage.channels["holysee"].items("note")]
    monkeypatch.setattr(proofs, "_notes", lambda channel: every)
    with pytest.raises(Failed, match="holds entry"):
        proofs.one_side_only(played.stage)


def seen(position: int, author: str) -> Any:
    from backchannel.demo.desks import Sight

    return [Sight(seat, "open", position, 1) for seat in load().begin]


def test_a_scenario_without_a_confidence_shows_nothing(played: Played, pretend: Any) -> None:
    def to_all(act: Act) -> Act:
        return replace(act, to=tuple(k for k in played.stage.channels if k != act.who)) if act.do == "note" else act

    pretend(to_all)
    with pytest.raises(Failed, match="no note to one side"):
        proofs.one_side_only(played.stage)


def test_each_desk_audits(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "12 findings on 3 desks" in proofs.audited(played.stage.seated)
    monkeypatch.setattr(proofs, "audit", lambda channel: [Finding("record", False, "another history")])
    with pytest.raises(Failed, match="record: another history"):
        proofs.audited(played.stage.seated)


# --- files


def test_the_relays_files_are_silent(played: Played) -> None:
    files = relay.files(played.store)
    assert {"relay.db", "relay.db-wal"} <= {file.name for file in files}
    assert f"all {played.size} sealed entries" in proofs.relay_blind(files, played.stage.scenario, played.ids)


def test_files_that_are_not_the_relays_prove_nothing(played: Played, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"empty")
    with pytest.raises(Failed, match="they are not the relay's"):
        proofs.relay_blind([tmp_path / "other"], played.stage.scenario, played.ids)
    with pytest.raises(Failed, match="they are not the relay's"):
        proofs.relay_blind(relay.files(played.store), played.stage.scenario, [])


@pytest.mark.parametrize("words", ["Holy See", "ANTONIO SAMORÉ", "we pull back when they", "copihue harbour granite"])
def test_words_in_a_file_are_noticed(played: Played, shut: Path, tmp_path: Path, words: str) -> None:
    leaky = tmp_path / "leaky.db"
    leaky.write_bytes(shut.read_bytes() + words.encode("utf-16-le"))
    proofs.relay_blind([shut], played.stage.scenario, played.ids)
    with pytest.raises(Failed, match=r"leaky\.db holds"):
        proofs.relay_blind([leaky], played.stage.scenario, played.ids)
    with pytest.raises(Failed, match=r"leaky\.db holds"):
        proofs.vaults_closed([leaky], played.stage.scenario)


def test_vaults_are_silent(played: Played) -> None:
    files = [path for path in (played.stage.folder / "chile").rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert "byte by byte" in proofs.vaults_closed(files, played.stage.scenario)
    with pytest.raises(Failed, match="no vault files"):
        proofs.vaults_closed([], played.stage.scenario)


def test_a_search_that_overlooks_is_noticed(
    played: Played, shut: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "planted.db"
    assert "were found" in proofs.search_works(target, shut, played.stage.scenario)
    assert not target.exists()
    monkeypatch.setattr(search, "ENCODINGS", ("utf-8",))
    with pytest.raises(Failed, match=r"overlooks .* in utf-16-le"):
        proofs.search_works(target, shut, played.stage.scenario)
    assert not target.exists()


# --- a relay that lies


def test_an_altered_store_is_refused_by_the_host(played: Played, shut: Path, tmp_path: Path) -> None:
    bad = tmp_path / "sub" / "bad.db"
    altered.alter(shut, bad, played.position)
    assert f"entry {played.position}: the body is not" in altered.host_sees(shut, bad)
    with pytest.raises(Failed, match="passes a store in which a byte was changed"):
        altered.host_sees(shut, shut)
    with pytest.raises(Failed, match="refuses the untouched store"):
        altered.host_sees(bad, bad)
    with pytest.raises(Failed, match="no entry 9999"):
        altered.alter(shut, tmp_path / "worse.db", 9999)


def test_a_desk_refuses_an_altered_store(shut_talk: tuple[Played, Path, Path], tmp_path: Path) -> None:
    played, true, bad = shut_talk
    backup, phrase = played.stage.backup_file("casaroli"), played.stage.scenario.who("casaroli").passphrase

    def refuses(altered_: Path, size: int) -> str:
        return altered.desk_refuses(backup, tmp_path / "again", phrase, true, altered_, played.port, size)

    assert "an entry was altered" in refuses(bad, played.size)
    assert not (tmp_path / "again").exists()
    with pytest.raises(Failed, match="took an altered entry"):
        refuses(true, played.size)
    with pytest.raises(Failed, match=f"has {played.size} entries, not {played.size + 1}"):
        refuses(bad, played.size + 1)
    with pytest.raises(Failed, match="show nothing"):
        refuses(bad, 1)
    assert not (tmp_path / "again").exists()


@pytest.fixture
def shut_talk(played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Played, Path, Path]:
    """A store as it is and an altered copy, served on a port of their own: the talk's own relay still runs."""
    true, bad = copied(played, f"true-{tmp_path.name}"), tmp_path / "bad.db"
    altered.alter(true, bad, played.position)
    real, running = Desk.restore, relay.running

    def elsewhere(*args: Any, **options: Any) -> Any:
        desk = real(*args, **options)
        port = free_port()
        desk.vault.execute("UPDATE channel SET relay = ?", (f"http://127.0.0.1:{port}",))
        monkeypatch.setattr(played, "port", port)
        monkeypatch.setattr(relay, "running", lambda store, _: running(store, port))
        return desk

    monkeypatch.setattr(Desk, "restore", elsewhere)
    return played, true, bad


def free_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_relay_that_does_not_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="did not start"), relay.running(tmp_path / "no" / "folder" / "relay.db"):
        raise AssertionError("it started")


# --- the signed text


def test_the_signed_text_proves_itself(played: Played) -> None:
    assert "signed by" in altered.proves_itself(played.record)
    assert "without the word “not”" in altered.changed_word_refused(played.record)


def test_a_changed_record_proves_nothing(played: Played, tmp_path: Path) -> None:
    facts = json.loads(played.record.read_bytes())
    shown = facts["signatures"][0]["header"]["disclosures"]
    shown[2] = form.b64(form.unb64(shown[2]).replace(b"not ", b"", 1))
    file = tmp_path / "changed.json"
    file.write_bytes(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    for proof in (altered.proves_itself, altered.changed_word_refused):
        with pytest.raises(Malformed, match="does not belong to it"):
            proof(file)
        with pytest.raises(Failed, match="was not signed by all"):
            proof(tmp_path / "none.json")


def test_a_verifier_that_takes_anything_is_noticed(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    good = record.verify(record.read(played.record.read_bytes()))
    monkeypatch.setattr(record, "verify", lambda _: good)
    with pytest.raises(Failed, match="verifies with another text"):
        altered.changed_word_refused(played.record)


def test_a_text_without_not_loses_its_first_word(played: Played) -> None:
    assert altered._victim("We will stop.") == "We"


# --- the runner


@pytest.mark.parametrize("problem", [Failed("so"), Misuse("c", "so"), BackchannelError("c", "so")])
def test_a_check_that_fails_says_why(problem: Exception) -> None:
    def check() -> str:
        raise problem

    assert checks.run("n", "T", check) == ("n", "T", False, "so")
    assert checks.run("n", "T", not_tried) == ("n", "T", None, "not here")
    assert checks.run("n", "T", lambda: "seen") == ("n", "T", True, "seen")


def not_tried() -> str:
    raise checks.NotTried("not here")
