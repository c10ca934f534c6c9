"""Every command: what it answers with --json, and that its page is drawn from that; what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from backchannel.cli import show
from backchannel.desk.link.client import RelayClient
from backchannel.errors import Misuse, Unreachable
from tests.cli.conftest import BACKUP, PHRASE, Person, Table, copy, open_channel, serve

FORBIDDEN = re.compile(
    r"\b(hash|decrypt\w*|ciphertext|signature scheme|cryptograph\w*|keys?|prekey|epoch|nonce|root)\b"
)
"""Words that are for engineers (design/ui.md): not in anything that is said to a delegate."""


@pytest.fixture
def spoken(table: Table) -> Table:
    """A channel in which a note was sent, and an understanding is half signed."""
    table.ana.run("note", "send", "The cape.", "--read-back")
    table.ana.run(
        "understanding", "propose", "--title", "Act", "--text", "No force.", "--sign", "Ana", "--sign", "Chile"
    )
    return table


def number(person: Person, noun: str) -> str:
    found = person.facts(noun, "list")["notes" if noun == "note" else "understandings"]
    return str(found[-1]["number"])


def test_every_command_answers_in_json(spoken: Table, tmp_path: Path) -> None:
    ana, hernan = spoken.ana, spoken.hernan
    note, text = number(hernan, "note"), number(hernan, "understanding")
    bak, act = str(tmp_path / "bak"), str(tmp_path / "act.json")
    lines: list[tuple[Person, tuple[str, ...], str]] = [
        (ana, ("desk", "status"), "channels"),
        (ana, ("desk", "sync"), "channels"),
        (ana, ("channel", "list"), "channels"),
        (ana, ("channel", "show"), "channel"),
        (ana, ("channel", "log"), "log"),
        (ana, ("channel", "verify"), "findings"),
        (ana, ("channel", "charter", "show"), "charter"),
        (ana, ("channel", "compare"), "words"),
        (ana, ("channel", "verify-seat", "Chile"), "words"),
        (ana, ("channel", "verify-seat", "Chile", "--yes"), "verified"),
        (ana, ("channel", "invite", "--name", "Emil", "--party", "Norway", "--role", "expert"), "invitation"),
        (hernan, ("channel", "admit", "Emil"), "invitation"),
        (ana, ("channel", "invite", "--again", "Emil"), "code"),
        (ana, ("note", "send", "Another."), "note"),
        (ana, ("note", "list"), "notes"),
        (hernan, ("note", "readback", note, "By the cape."), "note"),
        (ana, ("note", "readback", note, "--correct", "Chile", "Not quite."), "note"),
        (ana, ("search", "cape"), "found"),
        (hernan, ("understanding", "initial", text), "understanding"),
        (ana, ("understanding", "initial", text), "understanding"),
        (ana, ("understanding", "sign", text, "--yes"), "understanding"),
        (hernan, ("understanding", "sign", text, "--yes"), "understanding"),
        (hernan, ("understanding", "list"), "understandings"),
        (hernan, ("understanding", "show", text, "--save", act), "saved"),
        (hernan, ("understanding", "verify", act), "proves"),
        (ana, ("desk", "backup", bak), "bytes"),
        (ana, ("channel", "remove", "Holy See", "--reason", "Done.", "--yes"), "removal"),
    ]
    for person, line, expected in lines:
        facts = person.facts(*line, BACKCHANNEL_BACKUP_PASSPHRASE=BACKUP)
        assert expected in facts, (line, facts)
        assert facts.get("alarms", []) == []
        assert facts.get("relay_trouble") is None
    assert hernan.facts("understanding", "show", text)["understanding"]["state"] == "complete"
    assert ana.facts("channel", "show")["channel"]["seats"][1]["verified"] is True
    restored = Person(tmp_path / "restored")
    told = restored.facts("desk", "restore", bak, BACKCHANNEL_BACKUP_PASSPHRASE=BACKUP)
    assert [one["title"] for one in told["channels"]] == ["Good offices"]
    assert restored.facts("note", "list", BACKCHANNEL_PASSPHRASE=BACKUP)["notes"][0]["text"] == "The cape."


def test_a_page_says_nothing_that_the_json_does_not(spoken: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page is drawn again from what the JSON holds after a round trip, and must be the same page."""
    drawn: list[str] = []
    tell = show.tell

    def twice(facts: show.Facts, draw: show.Draw, *, as_json: bool) -> None:
        tell(json.loads(json.dumps(facts)), draw, as_json=as_json)
        drawn.append(str(draw))

    monkeypatch.setattr(show, "tell", twice)
    for line in (
        "channel show",
        "note list",
        "understanding list",
        "channel log",
        "desk status",
        "channel charter show",
    ):
        before = len(drawn)
        again = spoken.hernan.run(*line.split()).out
        monkeypatch.setattr(show, "tell", tell)
        assert spoken.hernan.run(*line.split()).out == again
        assert len(drawn) == before + 1
        monkeypatch.setattr(show, "tell", twice)


def test_no_command_speaks_of_cryptography(spoken: Table, tmp_path: Path) -> None:
    text = number(spoken.hernan, "understanding")
    said = [
        spoken.hernan.run(*line.split()).both
        for line in (
            "channel show",
            "channel log",
            "channel verify",
            "channel compare",
            "channel charter show",
            "note list",
            "desk status",
            f"understanding show {text}",
            "note send hello",
        )
    ]
    said += [spoken.ana.run("desk", "sync").both, spoken.ana.run("channel", "verify-seat", "Chile", "--yes").both]
    groups = ("desk", "channel", "note", "understanding", "channel charter", "search")
    said += [spoken.ana.run(*group.split(), "--help").both for group in groups]
    for page in said:
        page = page.replace("pytest-of-root", "")
        assert FORBIDDEN.search(page.lower()) is None, page


def test_read_back_by_every_way(spoken: Table) -> None:
    note = number(spoken.hernan, "note")
    spoken.hernan.run("note", "readback", note, "-", typed="By the cape.\n")
    facts = spoken.ana.facts("note", "readback", note, "--confirm", "Hernán C.")
    assert [(one["seat"], one["state"]) for one in facts["note"]["read_back"]] == [
        ("Hernán C.", "confirmed"),
        ("Sofia S.", "asked"),
    ]


def test_news_name_what_was_agreed(table: Table) -> None:
    table.ana.run("channel", "invite", "--name", "Emil", "--party", "Norway", "--role", "expert")
    table.ana.run("channel", "remove", "Chile", "--reason", "Recalled.", "--yes")
    table.hernan.run("channel", "admit", "Emil")
    table.sofia.run("channel", "remove", "Chile", "--reason", "Recalled.", "--yes")
    new = [one["what"] for one in table.ana.facts("desk", "sync")["channels"][0]["new"]]
    assert "yes to the admission of Emil" in new
    told = table.ana.run("channel", "show").out
    assert "Sofia S.: says yes to the admission of Emil (for Holy See)" in told
    assert table.hernan.facts("channel", "show")["channel"]["next"] == []


def test_a_note_for_one_is_read_by_one(table: Table) -> None:
    sent = table.ana.facts("note", "send", "For Chile only.", "--to", "Chile")
    assert sent["readers"] == ["Hernán C."]
    assert [one["text"] for one in table.hernan.facts("note", "list")["notes"]] == ["For Chile only."]
    assert table.sofia.facts("note", "list")["notes"] == []


def test_a_long_note_is_cut_on_the_page_and_whole_in_json(table: Table) -> None:
    text = "word " * 20_000
    table.ana.run("note", "send", "-", typed=text)
    page = table.hernan.run("note", "list").out
    assert "characters more: backchannel note list --since" in page
    assert len(page) < 4_000
    assert len(table.hernan.run("note", "list", "--full").out) > len(text.strip())
    assert table.hernan.facts("note", "list")["notes"][0]["text"] == text.strip()


def test_charter_from_a_file(person: Any, relay: str, tmp_path: Path) -> None:
    ana, hernan = person("ana"), person("hernan")
    ana.run("desk", "init")
    hernan.run("desk", "init")
    who = ("--name", "Ana P.", "--party", "Argentina", "--role", "envoy")
    ana.run("channel", "found", "--relay", relay, "--title", "T", "--purpose", "P", *who)
    invited = ana.facts("channel", "invite", "--name", "Hernán C.", "--party", "Chile", "--role", "envoy")
    hernan.run("channel", "join", invited["code"])
    charter = tmp_path / "charter.toml"
    for content, code in (
        ('track = "1.5\n', "charter-file"),
        ("colour = 1\n", "charter-file"),
        ('retention_days = "long"\n', "charter-file"),
        ("retention_days = true\n", "charter-file"),
        ('track = "3"\n', "charter"),
        ("disclosure = 99\n", "charter"),
        ("hat_days = true\n", "charter-file"),
        ("hat_days = 91\n", "charter"),
        ("objection = 0\n", "charter"),
        ('reactions = "loud"\n', "charter"),
        ('pen = "mine"\n', "charter"),
        ('oversight = "all"\n', "charter"),
    ):
        charter.write_text(content)
        assert ana.facts("channel", "charter", "sign", "--file", str(charter), "--yes", code=1)["error"] == code
    charter.write_bytes(b"title = '\xff'\n")
    assert ana.facts("channel", "charter", "sign", "--file", str(charter), "--yes", code=1)["error"] == "charter-file"
    charter.write_text(
        'title = "Terms"\npurpose = "Two\\nlines."\ntrack = 1.5\nretention_days = 7\ndisclosure = 2\nobjection = 2\n'
    )
    chosen = [*("--attribution", "chatham", "--reactions", "hat", "--hat-days", "3", "--pen", "intermediary")]
    chosen += ["--dossier", "record"]
    signed = ana.facts("channel", "charter", "sign", "--file", str(charter), *chosen, "--yes")
    assert signed["charter"]["terms"] == {
        "title": "Terms",
        "purpose": "Two\nlines.",
        "track": "1.5",
        "attribution": "chatham",
        "retention_days": 7,
        "admission": "all",
        "disclosure": "2",
        "oversight": "none",
        "reactions": "hat",
        "objection": "2",
        "hat_days": 3,
        "pen": "intermediary",
        "dossier": "record",
    }
    # the founder may propose other terms until all have signed
    again = ana.facts("channel", "charter", "sign", "--retention-days", "9", "--yes")
    assert again["charter"]["terms"]["retention_days"] == 9
    assert again["charter"]["awaits"] == ["Hernán C."]


def test_words_are_compared(table: Table) -> None:
    told = table.hernan.facts("channel", "compare")
    words, size = told["words"], str(told["entries"])
    same = table.ana.facts("channel", "compare", "--at", size, "--words", " ".join(words).upper())
    assert same["same"] is True
    other = table.ana.run("channel", "compare", "--at", size, "--words", "zero " * 8, code=1)
    assert "Not the same." in other.out
    assert "The same: both desks" in table.ana.run("channel", "compare", "--at", size, "--words", ", ".join(words)).out
    assert table.ana.facts("channel", "compare", "--at", "0", code=1)["error"] == "size"
    assert table.ana.facts("channel", "compare", "--at", "99999", code=1)["error"] == "size"


def test_seats_are_verified_only_with_a_yes(table: Table) -> None:
    table.ana.run("channel", "verify-seat", "Chile", typed="n\n", code=1)
    assert table.ana.facts("channel", "verify-seat", "Chile")["verified"] is False
    answer = table.ana.run("channel", "verify-seat", "Chile", typed="y\n")
    assert "is marked as verified" in answer.out
    words = table.hernan.facts("channel", "verify-seat", "Hernán C.")["words"]
    assert len(words) == 12
    assert table.ana.facts("channel", "verify-seat", "Chile") | {"verified": True} == {
        "alarms": [],
        "seat": "Hernán C.",
        "me": False,
        "words": words,
        "yours": table.ana.facts("channel", "verify-seat", "Ana P.")["words"],
        "verified": True,
        "relay_trouble": None,
    }
    assert table.ana.facts("channel", "verify-seat", "Chile")["verified"] is True


def test_passphrase_is_changed(table: Table) -> None:
    new = "another word in the cellar"
    table.ana.run("desk", "passphrase", BACKCHANNEL_NEW_PASSPHRASE=new)
    assert table.ana.facts("desk", "status", code=1)["error"] == "passphrase"
    assert table.ana.facts("desk", "status", BACKCHANNEL_PASSPHRASE=new)["channels"]
    refused = table.ana.facts("desk", "passphrase", code=1, BACKCHANNEL_NEW_PASSPHRASE="short")
    assert refused["error"] == "passphrase"


def test_what_was_not_founded_does_not_wait(person: Any) -> None:
    ana = person("ana")
    ana.run("desk", "init")
    found = ("channel", "found", "--title", "T", "--purpose", "P", "--name", "Ana", "--party", "A", "--role", "envoy")
    refused = ana.facts(*found, "--relay", "http://127.0.0.1:1", code=1)
    assert refused["safe"] == "There is no new channel on this desk."
    assert refused["todo"] == "Run the command again when it answers."
    assert ana.facts("desk", "status")["channels"] == []


def test_passphrases_are_typed_unseen_and_twice(person: Any) -> None:
    ana = person("ana")
    ana.env["BACKCHANNEL_PASSPHRASE"] = ""
    different = ana.run("desk", "init", typed=f"{PHRASE}\nsomething else entirely\n", code=1)
    assert "The two were not the same." in different.err
    made = ana.run("desk", "init", typed=f"{PHRASE}\n{PHRASE}\n")
    assert PHRASE not in made.both
    assert ana.run("desk", "status", typed=f"{PHRASE}\n").both.count("Passphrase") == 1
    wrong = ana.run("desk", "status", typed="not the passphrase\n", code=1)
    assert "passphrase" in wrong.err
    assert "not the passphrase\n" not in wrong.both
    nobody = ana.run("desk", "status", "--json", typed="", code=1)
    assert json.loads(nobody.out)["error"] == "ask"


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("channel show --channel nothing", 1, "which-channel"),
        ("channel found --relay ftp://x --title T --purpose P --name N --party Q --role envoy", 1, "url"),
        ("channel found --relay http://example.org --title T --purpose P --name N --party Q --role envoy", 1, "plain"),
        ("channel found --relay {RELAY} --title T --purpose P --name N --party Q --role king", 1, "role"),
        ("channel found --relay {RELAY} --title ' ' --purpose P --name N --party Q --role envoy", 1, "name"),
        (
            "channel found --relay {RELAY} --title T --purpose P --name N --party Q --role envoy --founding-code x",
            1,
            None,
        ),
        ("channel found --title T", 2, "usage"),
        ("channel invite --name N --party P --role envoy --days 31", 1, "days"),
        ("channel invite --name N --party P --role king", 1, "role"),
        ("channel invite --name N", 2, "usage"),
        ("channel invite --days x --name N --party P --role envoy", 2, "usage"),
        ("channel invite --again Nobody", 1, "nothing"),
        ("channel join nonsense", 1, "code"),
        ("channel join --json", 1, "ask"),
        ("channel charter sign --yes", 1, "signed"),
        ("channel charter sign --track 1", 1, "rule"),
        ("channel charter sign --file /nonexistent", 1, "rule"),
        ("channel charter", 2, "usage"),
        ("channel admit Nobody", 1, "nothing"),
        ("channel remove Nobody --reason x --yes", 1, "seat"),
        ("channel remove Chile --reason x", 1, "confirm"),
        ("channel remove Chile", 2, "usage"),
        ("channel verify-seat", 2, "usage"),
        ("channel verify-seat Nobody", 1, "seat"),
        ("channel compare --at x", 2, "usage"),
        ("channel log --since -1", 2, "usage"),
        ("note send x --keep 0", 1, "keep"),
        ("note send x --to Nobody", 1, "seat"),
        ("note send x --file {DIR}/none", 1, "usage"),
        ("note send --file {DIR}/none", 1, "file"),
        ("note send --file {DIR}", 1, "file"),
        ("note send --file {DIR}/huge", 1, "too-large"),
        ("note send --file {DIR}/latin", 1, "not-text"),
        ("note send --file {DIR}/closed", 1, "file"),
        ("note list --since x", 2, "usage"),
        ("note readback 1 x", 1, "item"),
        ("note readback x", 2, "usage"),
        ("note readback 1 --confirm A --correct B", 2, "usage"),
        ("understanding propose --title T --text x", 2, "usage"),
        ("understanding propose --title T --text x --sign Ana", 1, "signatories"),
        ("understanding propose --title T --text x --sign Ana --sign Nobody", 1, "seat"),
        ("understanding propose --title T --text x --file y --sign Ana --sign Chile", 1, "usage"),
        ("understanding initial 3", 1, "item"),
        ("understanding sign 3 --yes", 1, "item"),
        ("understanding withdraw 3 --reason x", 1, "item"),
        ("understanding show 3", 1, "item"),
        ("understanding verify {DIR}/latin", 1, "record"),
        ("understanding verify {DIR}", 1, "file"),
        ("desk backup {DIR}/huge", 1, "exists"),
        ("desk restore {DIR}/latin", 1, "exists"),
        ("desk restore {DIR}/latin --desk {DIR}/new", 1, "backup"),
        ("desk init", 1, "exists"),
        ("desk status --proxy ftp://x", 1, "proxy"),
        ("desk status --ca-file {DIR}/none", 1, "ca"),
        ("desk status --desk {DIR}/none", 1, "no-desk"),
        ("desk status --desk {DIR}/huge", 1, "folder"),
        ("relay verify --store sqlite:{DIR}/none", 1, "store"),
        ("relay verify --store mysql:x", 1, "store"),
        ("relay verify --store sqlite:{DIR}/huge", 1, None),
        ("relay serve --store mysql:x", 1, "store"),
        ("relay serve --store sqlite:{DIR}/s --limit nonsense=1", 1, "limit"),
        ("relay serve --store sqlite:{DIR}/s --limit streams=x", 1, "limit"),
        ("relay serve --store sqlite:{DIR}/s --limit streams=0", 1, "limit"),
        ("relay serve --store sqlite:{DIR}/s --tls-cert {DIR}/latin", 2, "usage"),
        ("relay serve --store sqlite:{DIR}/s --tls-cert {DIR}/none", 1, "file"),
        ("relay serve --store sqlite:{DIR}/s --founding-code-file {DIR}/latin", 1, "founding-code"),
        ("relay serve --store sqlite:{DIR}/s --port 70000", 2, "usage"),
        ("relay serve", 2, "usage"),
        ("search", 2, "usage"),
        ("nonsense", 2, "usage"),
        ("desk nonsense", 2, "usage"),
        ("--nonsense", 2, "usage"),
    ],
)
def test_bad_input(line: str, code: int, error: str | None, shared: Table, bad_files: Path) -> None:
    import shlex

    words = shlex.split(line.format(RELAY=shared.relay, DIR=bad_files))
    env = {"BACKCHANNEL_BACKUP_PASSPHRASE": BACKUP}
    told = shared.ana.run(*words, *(["--json"] if "--json" not in words else []), code=code, **env)
    if code == 1 and not told.json.get("error"):
        assert error is None
        assert told.json["ok"] is False
        return
    assert set(told.json) == {"error", "what", "safe", "todo"}
    assert error is None or told.json["error"] == error, told.json
    assert told.json["error"] != "bug", told.json
    assert told.json["what"]
    said = shared.ana.run(*[word for word in words if word != "--json"], code=code, typed="", **env)
    assert "Traceback" not in said.both
    assert said.both.strip()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, relay: str) -> Table:
    """An open channel for commands that change nothing."""
    folder = tmp_path_factory.mktemp("shared")
    open_channel(folder, relay)
    return Table(Person(folder / "ana"), Person(folder / "hernan"), Person(folder / "sofia"), relay)


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "huge").write_bytes(b"a" * 1_000_001)
    (folder / "latin").write_bytes("año".encode("latin-1"))
    (folder / "closed").symlink_to(folder / "closed")  # a loop: not even root can open it
    return folder


# --- when the relay is gone -------------------------------------------------------------------------------------------


def test_without_a_relay_what_is_written_waits(unreachable: Table) -> None:
    ana = unreachable.ana
    sent = ana.run("note", "send", "Later.")
    assert "Written. It waits on this desk." in sent.out
    assert "Nobody but Hernán C. and Sofia S. will be able to read it, for 30 days." in " ".join(sent.out.split())
    assert "It goes at the next sync: backchannel desk sync" in " ".join(sent.out.split())
    facts = ana.facts("note", "send", "Later too.")
    assert facts["fate"] == "waits"
    assert facts["note"] is None
    assert facts["relay_trouble"]["code"] == "refused"
    refused = ana.facts("note", "readback", "99", "What?", code=1)
    assert "The relay does not answer: this is what the desk knew when it last did." in refused["todo"]
    status = ana.facts("desk", "status")["channels"][0]
    assert status["waiting"] == 2
    assert [one["what"] for one in status["outbox"]] == ["note (Later.)", "note (Later too.)"]
    assert "Waits on this desk: note (Later.)" in ana.run("desk", "status").out
    synced = ana.facts("desk", "sync", code=1)
    assert synced["channels"][0]["trouble"]["code"] == "refused"
    assert "The relay does not answer" in ana.run("desk", "sync", code=1).out
    for line in ("channel show", "note list", "channel log", "channel compare", "understanding list"):
        assert ana.facts(*line.split())["relay_trouble"]["code"] == "refused"
    assert ana.facts("channel", "verify", code=1)["error"] == "refused"
    # everything that can be written is kept until then, and told in words
    ana.run("channel", "invite", "--name", "Emil", "--party", "Norway", "--role", "expert")
    ana.run("channel", "remove", "Chile", "--reason", "Gone.", "--yes")
    propose = ("--title", "Act", "--text", "Text.", "--sign", "Ana", "--sign", "Chile")
    assert "Written. It waits on this desk." in ana.run("understanding", "propose", *propose).out
    waiting = [one["what"] for one in ana.facts("desk", "status")["channels"][0]["outbox"]]
    assert waiting[2:] == ["invitation: Emil", "removal: Hernán C.", "proposal of an understanding (Act)"]


def test_what_was_returned_is_told(table: Table) -> None:
    with table.ana.desk() as desk:
        channel = desk.channel()
        with channel.session.turn(), desk.vault.transaction():
            from backchannel.channel import acts
            from backchannel.desk.book.intent import Act
            from backchannel.entry.codec import encode

            n = channel.session.book.outbox.put(Act(encode(acts.Assent(bytes(32)))))
            channel.session.book.outbox.set_returned(n, "Nobody knows what this agrees to.")
    status = table.ana.run("desk", "status").out
    assert "1 of your own came back: backchannel desk status" in status
    assert "Came back: signature, or yes to a change. Nobody knows what this agrees to." in " ".join(status.split())
    assert table.ana.facts("desk", "discard", str(n + 1), code=1)["error"] == "nothing"
    assert f"Number {n} is gone." in table.ana.run("desk", "discard", str(n)).out
    assert table.ana.facts("desk", "status")["channels"][0]["returned"] == 0


def test_search_finds_whatever_was_said(table: Table) -> None:
    ana = table.ana
    ana.run("note", "send", "By the cape.")
    ana.run("sounding", "ask", "The cape or the meridian?", "--option", "The cape", "--option", "The meridian")
    to = ("--sign", "Argentina", "--sign", "Chile")
    ana.run("understanding", "propose", "--title", "Line", "--text", "Through the cape.", *to)
    found = ana.facts("search", "cape")["found"]
    assert sorted(name for one in found for name in one if name != "channel") == ["note", "sounding", "understanding"]
    page = ana.run("search", "cape").out
    for part in ("By the cape.", "The cape or the meridian?", "Through the cape."):
        assert part in page


def test_alarms_come_first(table: Table) -> None:
    with table.ana.desk() as desk:
        channel = desk.channel()
        with channel.session.turn(), desk.vault.transaction():
            channel.session.book.alarm("fork", "The host shows two histories.", 1_790_000_000.0)
    for line in ("channel show", "note list", "channel log", "channel verify", "note send x"):
        answer = table.ana.run(*line.split())
        assert answer.out.startswith("ALARM ("), line
        assert "The host shows two histories." in answer.out
    assert table.ana.facts("channel", "show")["alarms"][0]["code"] == "fork"
    assert "ALARM (" in table.ana.run("desk", "status").out


def test_a_relay_that_was_set_back_is_caught(tmp_path: Path) -> None:
    import shutil

    host = serve(tmp_path / "relay.db")
    open_channel(tmp_path, host.url)
    ana = Person(tmp_path / "ana")
    port = host.url.rpartition(":")[2]
    assert host.stop() == 0
    shutil.copy(host.store, tmp_path / "older.db")
    again = serve(host.store, "--port", port)
    ana.run("note", "send", "Something new.")
    assert again.stop() == 0
    shutil.copy(tmp_path / "older.db", host.store)
    for left in tmp_path.glob("relay.db-*"):
        left.unlink()
    lying = serve(host.store, "--port", port)
    try:
        said = ana.run("note", "send", "Another.", code=1)
        assert "took back entries" in " ".join(said.both.split())
        looked = ana.run("note", "list", code=1)
        assert "ALARM (" in looked.out
        assert "Something new." in looked.out
        assert ana.facts("channel", "verify", code=1)["error"]
        assert ana.facts("desk", "sync", code=1)["channels"][0]["trouble"]["code"] == "rollback"
    finally:
        lying.stop()


def test_a_finding_that_does_not_hold(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    from backchannel.desk import audit

    monkeypatch.setattr(audit, "audit", lambda channel, told: [audit.Finding("record", False, "It differs.")])
    answer = table.ana.run("channel", "verify", code=1)
    assert "DOES NOT HOLD  record" in answer.out
    assert table.ana.facts("channel", "verify", code=1)["ok"] is False


def test_a_founding_that_is_refused_leaves_nothing(person: Any, tmp_path: Path) -> None:
    code = "ab" * 32
    (tmp_path / "code").write_text(code.upper() + "\n")
    host = serve(tmp_path / "relay.db", "--founding-code-file", str(tmp_path / "code"))
    try:
        assert host.founding == "code"
        ana = person("ana")
        ana.run("desk", "init")
        line: tuple[str, ...] = ("channel", "found", "--relay", host.url, "--title", "T", "--purpose", "P")
        line += ("--name", "Ana", "--party", "A", "--role", "envoy")
        assert ana.facts(*line, code=1)["error"] == "founding"
        assert ana.facts(*line, "--founding-code", "cd" * 32, code=1)["error"] == "founding"
        assert ana.facts("channel", "list")["channels"] == []
        assert code not in ana.run(*line, "--founding-code", "-", typed=f"{code}\n").both
        other = (*line[:5], "U", *line[6:])
        ana.run(*other, BACKCHANNEL_FOUNDING_CODE=code)
        assert [one["title"] for one in ana.facts("channel", "list")["channels"]] == ["T", "U"]
    finally:
        assert host.stop() == 0


def test_a_relay_that_falls_silent_on_the_way_in(person: Any, relay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, hernan = person("ana"), person("hernan")
    ana.run("desk", "init")
    hernan.run("desk", "init")

    def lost(*_: object) -> bool:
        raise Unreachable("timeout", "The relay takes too long to answer.")

    line = ("channel", "found", "--relay", relay, "--title", "T", "--purpose", "P", "--name", "Ana", "--party", "A")
    with monkeypatch.context() as silent:
        silent.setattr(RelayClient, "found", lost)
        assert ana.facts(*line, "--role", "envoy", code=1)["error"] == "timeout"
    assert ana.facts("channel", "list")["channels"] == []
    ana.run(*line, "--role", "envoy")
    code = ana.facts("channel", "invite", "--name", "Hernán C.", "--party", "Chile", "--role", "envoy")["code"]
    with monkeypatch.context() as silent:
        silent.setattr(RelayClient, "append", lost)
        joined = hernan.facts("channel", "join", code)
    assert joined["relay_trouble"]["code"] == "timeout"
    assert joined["channel"]["waiting"] == 2
    assert hernan.facts("desk", "sync")["channels"][0]["waiting"] == 0
    assert [one["name"] for one in ana.facts("channel", "show")["channel"]["seats"]] == ["Ana", "Hernán C."]


def test_an_unexpected_error_is_one_sentence(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    from backchannel.desk.channel import Channel

    def broken(self: Channel, *_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Channel, "sync", broken)
    answer = table.ana.run("note", "list", code=1)
    assert "This program made a mistake of its own (ZeroDivisionError)." in answer.err
    assert "secret detail" not in answer.both
    assert table.ana.facts("note", "list", code=1)["error"] == "bug"
    debugged = table.ana.run("note", "list", code=1, BACKCHANNEL_DEBUG="1")
    assert "Traceback" in debugged.err
    assert "secret detail" in debugged.err


@pytest.mark.parametrize("error", [KeyboardInterrupt, EOFError])
def test_an_interruption_is_told(table: Table, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    from backchannel.desk.channel import Channel

    def stopped(self: Channel, *_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Channel, "sync", stopped)
    answer = table.ana.run("note", "list", code=1)
    assert "Traceback" not in answer.both
    told = table.ana.facts("note", "list", code=1)
    assert told["error"] == ("stopped" if error is KeyboardInterrupt else "bug")


def test_a_pipe_that_closes_ends_the_command(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(show, "tell", closed)
    assert table.ana.run("note", "list", code=1).both == ""


def test_two_desks_of_one_copy_do_not_confuse_it(table: Table, tmp_path: Path) -> None:
    twin = copy(table.hernan, tmp_path / "twin")
    table.ana.run("note", "send", "Hello.")
    assert [one["text"] for one in twin.facts("note", "list")["notes"]] == ["Hello."]


def test_errors_hold_what_a_person_needs() -> None:
    error = Misuse("code", "What.", "Do.", "Safe.").as_dict()
    assert error == {"error": "code", "what": "What.", "safe": "Safe.", "todo": "Do."}
