"""A seat passes to a successor, is frozen, its dossier passed on: four desks, a real relay, and what each is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.cli import progress
from tests.cli.conftest import Person, Table, open_channel

FROZEN = ("freez", "frozen", "Taken", "border", "Pia", "Ana B.")
"""What the desk of somebody who is held must not say."""


@pytest.fixture
def pia(tmp_path: Path) -> Person:
    return Person(tmp_path / "pia")


@pytest.fixture
def table(tmp_path: Path, relay: str) -> Table:
    """Ana and Pia of one party, Hernán, Sofia."""
    open_channel(tmp_path, relay, seats=4)
    return Table(Person(tmp_path / "ana"), Person(tmp_path / "hernan"), Person(tmp_path / "sofia"), relay)


def heir(folder: Path, name: str, code: str) -> Person:
    """Somebody with a desk of their own takes a place, and signs."""
    one = Person(folder / name)
    one.run("desk", "init")
    one.run("channel", "join", "-", typed=f"{code}\n\n")
    one.run("channel", "charter", "sign", "--yes")
    return one


def handed(table: Table, folder: Path, name: str = "Agostino C.") -> Person:
    """Whom Sofia has offered her place; he is in, and has nothing of hers yet."""
    code = table.sofia.facts("channel", "handover", "--to", name, "--yes")["code"]
    one = heir(folder, "ago", code)
    for person in (table.ana, table.hernan):
        person.run("desk", "sync")
    return one


def sync(*people: Person, rounds: int = 3) -> None:
    for _ in range(rounds):
        for person in people:
            person.run("desk", "sync")


def shown(person: Person) -> Any:
    return person.facts("channel", "show")["channel"]


def number(person: Person, noun: str) -> str:
    return str(person.facts(noun, "list")[f"{noun}s"][0]["number"])


def todo(person: Person) -> list[str]:
    return [f"{one['who']}: {one['what']}" for one in shown(person)["next"]]


# --- handed over by its holder


def test_a_seat_is_handed_over(table: Table, tmp_path: Path) -> None:
    ana, hernan, sofia = table.all
    ana.run("note", "send", "For Sofia alone.", "--to", "Sofia", "--read-back")
    sofia.run("mandate", "grant", "Sofia", "All of it.")
    offer = ("channel", "handover", "--to", "Agostino C.")
    said = sofia.run(*offer, typed="n\n", code=1).both
    for line in (
        "Agostino C. is to come in the place of Sofia S.: intermediary, for Holy See.",
        "What passes: 1 note and 1 mandate, and what comes until then.",
        "nobody but the successor sees what goes with it",
        "your keys open nothing that",
        "Non-papers, soundings and the hat do not pass",
        "Offer the place of Sofia S. to Agostino C.? [y/N]: n",
    ):
        assert line.replace(" ", "") in said.replace("\n", "").replace(" ", ""), (line, said)
    assert shown(ana)["pending"] == []
    said = sofia.run(*offer, typed="y\n").both
    assert "The code for Agostino C. (intermediary, Holy See)" in said
    assert "Keep this desk open until then" in said
    assert sofia.facts(*offer, "--yes", code=1)["error"] == "repeat"
    code = sofia.facts("channel", "invite", "--again", "Agostino C.")["code"]
    news = ana.run("desk", "sync").out
    assert "Agostino C. is to come in the place of Sofia S. (Sofia S.)" in news
    assert "Invited: Agostino C., in the place of Sofia S. (intermediary, Holy See)" in ana.run("channel", "show").out
    assert "Agostino C.: joins with the code that Sofia S. hands over" in todo(ana)

    ago = Person(tmp_path / "ago")
    ago.run("desk", "init")
    ago.run("channel", "join", "-", typed=f"{code}\n\n")
    [one] = shown(ana)["handovers"]
    assert (one["to"], one["of"], one["stage"], one["dossiers"]) == ("Agostino C.", "Sofia S.", "joined", [])
    assert "has joined, and has still to sign the charter" in ana.run("channel", "show").out
    assert ana.facts("channel", "pass-on", "Agostino", code=1)["error"] == "to"
    said = ago.run("channel", "charter", "sign", "--yes").out
    assert "You come in with the next sync of any desk that is in the channel." in said
    assert "What Sofia S. could read follows then" in said
    ana.run("desk", "sync")
    assert [one["stage"] for one in shown(ana)["handovers"]] == ["both"]
    assert "Sofia S.: hands its dossier on to Agostino C., and then leaves, with the next sync of that desk" in todo(
        ana
    )
    unclear = ana.facts("note", "send", "x", "--to", "Holy See", code=1)
    assert (unclear["error"], unclear["todo"]) == ("seat", "Name one in full. Agostino C., in the place of Sofia S.")

    sofia.run("desk", "sync")
    assert "you: hand its dossier" not in " ".join(todo(sofia))
    told = ago.run("desk", "sync").out
    assert "all is there of dossier" in told
    assert "taken over: 1 mandate and 1 note; marked as passed on" in told
    assert any(line.startswith("Sofia S.: leaves the channel, now that Agostino C. has") for line in todo(ago))
    assert "both are here" in ago.run("channel", "show").out
    sync(sofia, ago, ana)
    assert shown(sofia)["standing"] == "gone"
    out = sofia.run("channel", "show").out
    assert "You are not in this channel any more" in out
    assert not [name for name in ("Carlos", "Hern", "Agostino") if name in out]  # who sits there now is no affair of it
    told = shown(sofia)
    assert [told[name] for name in ("handovers", "seats", "gone", "uncompared")] == [[], [], [], []]
    assert told["charter"]["seats"] == []
    assert sofia.facts("note", "send", "x", code=1)["error"] == "removed"
    [seat] = [one for one in shown(ana)["seats"] if one["party"] == "Holy See"]
    assert (seat["name"], seat["in_place_of"]) == ("Agostino C.", "Sofia S.")
    assert "Handover:" not in ago.run("channel", "show").out
    [row] = shown(ago)["handovers"]
    assert [(one["state"], one["items"]) for one in row["dossiers"]] == [("taken", {"mandate": 1, "note": 1})]

    # he stands where she stood
    note = number(ago, "note")
    assert "passed on by Sofia S.; who wrote it cannot be verified again" in ago.run("note", "list").out
    assert "nobody else can read it but Agostino C., in the place of Sofia S." in ana.run("note", "list").out
    assert ana.facts("note", "list")["notes"][0]["passed_on_by"] is None
    assert "passed on by Sofia S." in ago.run("mandate", "list").out
    assert f"you: restate note {note}" in todo(ago)
    ago.run("note", "readback", note, "By the cape.")
    assert f"you: say whether Agostino C. has understood note {note}" in todo(ana)
    gone = ana.facts("note", "readback", note, "--confirm", "Sofia S.", code=1)
    assert gone["todo"] == "Name one in full. Agostino C., in the place of Sofia S."
    ana.run("note", "readback", note, "--correct", "Agostino", "By the island.")
    assert f"you: restate note {note}" in todo(ago)
    ago.run("note", "readback", note, "By the island.")
    ana.run("note", "readback", note, "--confirm", "Agostino")
    assert ago.facts("note", "list")["notes"][0]["read_back"][0]["state"] == "confirmed"
    assert "removal of Sofia S., in whose place Agostino C. has come (Sofia S.)" in hernan.run("desk", "sync").out


def test_every_item_that_passes_is_marked(table: Table, tmp_path: Path) -> None:
    ana, hernan, sofia = table.all
    parties = ("--sign", "Hernán", "--sign", "Sofia")
    act = hernan.facts("understanding", "propose", "--title", "Act", "--text", "No force.", *parties)
    one = act["understanding"]["number"]
    for verb in ("initial", "sign"):
        for person in (hernan, sofia):
            person.run("understanding", verb, str(one), *(("--yes",) if verb == "sign" else ()))
    sofia.run("text", "open", "Zone", "-", typed="One.\n")
    sync(hernan, sofia, rounds=1)
    hernan.run("disclosure", "propose", str(one), "--clause", "1", "--summary", "No war.")
    ago = handed(table, tmp_path)
    sync(sofia, ago, hernan)
    mark = "passed on by Sofia S.; who wrote it cannot be verified again"
    assert "passed on by Sofia S.; its signatures hold; whose keys they are" in ago.run("understanding", "list").out
    assert ago.facts("understanding", "list")["understandings"][0]["proved"] is True
    assert hernan.facts("understanding", "list")["understandings"][0]["proved"] is None
    for noun in ("text", "disclosure"):
        which = number(ago, noun)
        for line in ((noun, "list"), (noun, "show", which)):
            assert mark in ago.run(*line).out, line
            assert mark not in hernan.run(*line).out, line
    assert "so may Agostino C., in the place of Sofia S.; and nobody else" in " ".join(
        ana.run("text", "show", number(ana, "text")).out.split()
    )
    assert mark in ago.run("search", "One").out
    assert any(line.startswith("Agostino C.: says whether clauses are shown") for line in todo(hernan))
    assert ago.facts("channel", "verify")["ok"] is True
    with ago.desk() as desk:  # what a predecessor made up
        channel = desk.channel()
        [held] = channel.items("understanding")
        forged = tuple(replace(signed, ed=bytes(64)) for signed in held.value.signatures)
        with channel.session.turn(), channel.session.vault.transaction():
            channel.session.book.items.write([], [held._replace(value=replace(held.value, signatures=forged))])
    assert ago.facts("understanding", "show", str(one))["understanding"]["proved"] is False
    assert "passed on by Sofia S.; ITS SIGNATURES DO NOT HOLD" in ago.run("understanding", "show", str(one)).out


def test_the_same_name_with_new_keys(table: Table, tmp_path: Path) -> None:
    ago = handed(table, tmp_path, "Sofia S.")
    assert [one["name"] for one in shown(table.ana)["seats"]][2:] == [
        "Sofia S. (old keys)",
        "Pia A.",
        "Sofia S. (new keys)",
    ]
    assert table.ana.facts("note", "send", "x", "--to", "Sofia", code=1)["error"] == "seat"
    table.ana.run("note", "send", "x", "--to", "Sofia S. (new keys)")
    assert shown(table.sofia)["me"] == "Sofia S. (old keys)"
    assert any(line.startswith("Sofia S. (old keys): ") for line in todo(ago))
    sync(table.sofia, ago, table.ana)
    table.ana.run("note", "send", "x", "--to", "Sofia")
    assert shown(ago)["me"] == "Sofia S."


def test_a_charter_without_notes_in_the_dossier(person: Any, relay: str, tmp_path: Path) -> None:
    ana, hernan = person("ana"), person("hernan")
    for one in (ana, hernan):
        one.run("desk", "init")
    found = ("--title", "T", "--purpose", "P", "--party", "Argentina", "--role", "envoy", "--name", "Ana P.")
    ana.run("channel", "found", "--relay", relay, *found)
    code = ana.facts("channel", "invite", "--name", "Hernán C.", "--party", "Chile", "--role", "envoy")["code"]
    hernan.run("channel", "join", "-", typed=f"{code}\n\n")
    said = ana.run("channel", "charter", "sign", "--dossier", "record", typed="y\n").both
    assert "texts and understandings of the seat before, no notes" in said
    hernan.run("channel", "charter", "sign", "--yes")
    sync(ana, hernan, rounds=1)
    hernan.run("note", "send", "Not for a successor.")
    hernan.run("text", "open", "Act", "-", typed="One.\n")
    said = ana.run("channel", "handover", "--to", "Ana B.", typed="y\n").both
    assert "What passes: 1 text, and what comes until then (the charter lets no notes" in said
    code = ana.facts("channel", "invite", "--again", "Ana B.")["code"]
    anb = heir(tmp_path, "anb", code)
    sync(hernan, ana, anb)
    assert anb.facts("note", "list")["notes"] == []
    assert len(anb.facts("text", "list")["texts"]) == 1
    assert hernan.facts("note", "list")["notes"][0]["heirs"] == []


# --- frozen, and what the party has of it passed on


def test_the_place_of_who_is_held_is_given_to_another(table: Table, pia: Person, tmp_path: Path) -> None:
    ana, hernan, sofia = table.all
    hernan.run("note", "send", "To both.", "--to", "Ana", "--to", "Pia")
    hernan.run("note", "send", "To Ana.", "--to", "Ana")
    ana.run("desk", "sync")
    freeze = ("channel", "freeze", "Ana P.", "--reason", "Taken at the border.")
    assert pia.facts("channel", "freeze", "Hernán", "--reason", "x", code=1)["error"] == "seat"
    said = pia.run(*freeze, typed="n\n", code=1).both
    assert "cannot be undone" in said.replace("\n ", "")
    assert "Freeze Ana P. (Argentina)? [y/N]: n" in said
    assert pia.facts(*freeze, code=1)["error"] == "confirm"
    assert "Ana P. is frozen: nothing more can be read there." in pia.run(*freeze, typed="y\n").both
    news = hernan.run("desk", "sync").out
    assert "Ana P. is frozen: nothing more is sealed to that seat (Pia A.)" in news
    assert "| Taken at the border." in news
    assert "freezing of a seat, Pia A." in hernan.run("channel", "log").out
    hernan.run("note", "send", "Not for Ana.")

    said = pia.run("channel", "handover", "Ana P.", "--to", "Ana B.", typed="y\n").both
    assert "It takes the yes of Chile and Holy See; all seats see it." in said
    assert "leaves when" not in said
    assert "your desk has 1 note, and can pass that" in said
    assert "each runs: backchannel channel admit 'Ana B.'" in said.replace("\n  ", " ")
    assert "you: say yes to the admission of Ana B. in the place of Ana P. (for Chile)" in todo(hernan)
    admit = ("channel", "admit", "Ana B.")
    assert hernan.facts(*admit, code=1)["error"] == "confirm"
    assert "that Ana B. takes the place of Ana P.? [y/N]: n" in hernan.run(*admit, typed="n\n", code=1).both
    assert "You have said yes to Ana B., in the place of Ana P." in hernan.run(*admit, typed="y\n").both
    assert sofia.facts(*admit, "--yes")["invitation"]["in_place_of"] == "Ana P."
    assert "yes to the admission of Ana B. in the place of Ana P. (Sofia S.)" in hernan.run("desk", "sync").out
    anb = heir(tmp_path, "anb", pia.facts("channel", "invite", "--again", "Ana B.")["code"])
    sync(pia, anb, rounds=1)
    assert "nothing was passed on to you of Ana P." in anb.run("channel", "show").out
    assert "you: pass on to Ana B. what your desk has of Ana P." in todo(pia)
    assert not any("pass on" in line for line in (*todo(hernan), *todo(anb)))
    assert hernan.facts("channel", "pass-on", "Ana B.", code=1)["error"] == "party"
    pass_on = ("channel", "pass-on", "Ana B.")
    said = pia.run(*pass_on, typed="n\n", code=1).both
    assert "Of what Ana P. could read, this desk has 1 note." in said
    assert "Pass this on to Ana B.? [y/N]: n" in said
    said = pia.run(*pass_on, typed="y\n").both
    assert "dossier of Ana P., from Pia A., to Ana B.: all of it was sent; 1 part" in said
    assert pia.facts(*pass_on, "--yes", code=1)["error"] == "repeat"
    assert any(line.startswith("Ana B.: confirms that all of the dossier is there") for line in todo(pia))
    sync(anb, pia, rounds=2)
    assert [one["text"] for one in anb.facts("note", "list")["notes"]] == ["To both."]
    assert "passed on by Pia A.; who wrote it cannot be verified again" in anb.run("note", "list").out
    assert not any("dossier" in line or "pass on" in line for line in (*todo(pia), *todo(anb)))

    # the desk that was taken says only that it is over
    before = [ana.run(*line.split()).both for line in ("desk sync", "channel show", "desk status", "channel list")]
    before.append(ana.run("channel", "log", "--since", "24").both)
    assert "you are no longer in this channel" in before[0]
    told = [ana.run(*line.split(), "--json").out for line in ("desk sync", "channel log --since 24")]
    for page in (before[0], *before[2:], *told):
        assert not any(word in page for word in FROZEN), page
    assert not any(word in before[1].replace("Pia A.", "") for word in FROZEN)  # who sits in the channel, it knew
    rows = ana.facts("channel", "log")["log"]
    assert {row["by"] for row in rows if row["kind"] == "seats"} == {None}
    assert not {"freeze", "handover"} & {row["kind"] for row in rows}
    assert ana.facts("channel", "freeze", "Pia", "--reason", "x", "--yes", code=1)["error"] == "removed"
    assert ana.facts("channel", "handover", "--to", "X", "--yes", code=1)["error"] == "removed"


def test_a_party_without_another_seat(table: Table) -> None:
    """Any seat may propose who is to have the place of one that has left; nobody has its dossier."""
    offer = ("channel", "handover", "Sofia S.", "--to", "Agostino C.")
    assert table.hernan.facts(*offer, code=1)["error"] == "rule"
    table.sofia.run("channel", "remove", "Sofia S.", "--reason", "Ill.", "--yes")
    sync(table.ana, rounds=1)
    said = table.hernan.run(*offer, typed="n\n", code=1).both
    assert "It takes the yes of Argentina; all seats see it." in said
    assert "Only a seat of Holy See could pass on what it has of it." in said


def test_a_holder_who_is_there_leaves_with_its_successor(table: Table, pia: Person) -> None:
    said = pia.run("channel", "handover", "Ana P.", "--to", "Ana B.", typed="n\n", code=1).both
    assert "Ana P. leaves when Ana B. comes in." in said


def test_a_removal_with_another_partys_yes_is_told(table: Table) -> None:
    table.hernan.run("channel", "remove", "Pia", "--reason", "Done.", "--yes")
    table.sofia.run("channel", "remove", "Pia", "--reason", "Done.", "--yes")
    assert "yes to the removal of Pia A. (Sofia S.)" in table.hernan.run("desk", "sync").out


# --- the rest


@pytest.mark.parametrize("line", ["handover --to X --yes", "freeze Ana --reason x --yes", "pass-on Ana --yes"])
def test_before_the_charter(line: str, person: Any, relay: str) -> None:
    ana = person("ana")
    ana.run("desk", "init")
    found = ("--title", "T", "--purpose", "P", "--party", "Q", "--role", "envoy", "--name", "Ana")
    ana.run("channel", "found", "--relay", relay, *found)
    assert ana.facts("channel", *line.split(), code=1)["error"] == "not-open"


def test_without_a_relay_it_waits(tmp_path: Path) -> None:
    from tests.cli.conftest import serve

    host = serve(tmp_path / "relay.db")
    open_channel(tmp_path, host.url, seats=4)
    assert host.stop() == 0
    pia, ana = Person(tmp_path / "pia"), Person(tmp_path / "ana")
    said = ana.run("channel", "handover", "--to", "Ana B.", "--yes").out
    assert "The invitation of Ana B. waits on this desk" in said
    assert ana.facts("desk", "status")["channels"][0]["outbox"][0]["what"] == "offer of a seat to a successor: Ana B."
    said = pia.run("channel", "freeze", "Ana", "--reason", "Lost.", "--yes").out
    assert "It waits on this desk: until it is sent, that seat reads on." in said
    assert pia.facts("desk", "status")["channels"][0]["outbox"][0]["what"] == "freezing of a seat: Ana P."


def test_a_dossier_waits_too(table: Table, pia: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pia.run("channel", "freeze", "Ana", "--reason", "Lost.", "--yes")
    pia.run("channel", "handover", "Ana P.", "--to", "Ana B.", "--yes")
    for person in (table.hernan, table.sofia):
        person.run("channel", "admit", "Ana B.", "--yes")
    anb = heir(tmp_path, "anb", pia.facts("channel", "invite", "--again", "Ana B.")["code"])
    sync(pia, anb, rounds=1)
    monkeypatch.setattr("backchannel.cli.context.Work.act", lambda *_: "waits")
    told = pia.facts("channel", "pass-on", "Ana B.", "--yes")
    assert (told["fate"], told["dossier"], told["plan"]["passes"]) == ("waits", None, {})
    assert "It waits on this desk." in pia.run("channel", "pass-on", "Ana B.", "--yes").out


def test_a_long_dossier_shows_how_far_it_is(table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts go a few at a time; the bar is of the dossier, and says so."""
    labels: list[str] = []
    bar = progress.progress

    def noted(what: str, *, quiet: bool) -> Any:
        labels.append(what)
        return bar(what, quiet=quiet)

    monkeypatch.setattr("backchannel.desk.dossier.MOST", 800)
    monkeypatch.setattr("backchannel.cli.context.progress", noted)
    monkeypatch.setattr("backchannel.desk.syncing._MOST_ROUNDS", 2)
    for k in range(20):
        table.sofia.run("note", "send", f"{k} " + "word " * 100)
    ago = handed(table, tmp_path)
    table.sofia.run("channel", "show")
    page = table.sofia.run("channel", "show").out
    assert "parts of it are on the way" in page
    assert "gone through" in page
    [one] = shown(table.sofia)["handovers"][0]["dossiers"]
    assert 0 < one["through"] < one["until"]
    assert any("sends the rest of its dossier to Agostino C." in line for line in todo(ago))
    assert "you: send the rest of its dossier to Agostino C." in page
    assert "Passing the dossier on" in labels
