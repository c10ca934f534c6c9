"""Ladders in an archive: every step with what was said of it, and the files that came whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import evidence, files, sending, steps
from backchannel.desk.archive import ladders
from backchannel.desk.archive.facts import KEPT
from backchannel.desk.archive.teller import Teller
from backchannel.desk.channel import Channel
from backchannel.desk.pictures import picture
from backchannel.desk.steps import standings
from backchannel.errors import Misuse
from backchannel.facts.step import facts, step_facts
from backchannel.instruments.step.acts import PIECE, File
from backchannel.instruments.step.values import Ladder
from tests.desk.world import World, talks

PLAN = b"""title = "T"
[[step]]
key = "a"
who = "Argentina"
what = "One."
where = "There."
owed_to = ["Chile"]
verified_by = ["Holy See"]
by = 2026-12-01
visits_a_year = 2
[[step]]
who = "Chile"
what = "Two."
after = ["a"]
owed_to = ["Argentina"]
"""


def ladder(channel: Channel) -> Ladder:
    found: Ladder = channel.items("step")[-1].value
    return found


def lived(world: World, tmp_path: Path) -> None:
    """A ladder in which much was said; two files that came whole, one that did not."""
    ana, hernan, sofia = (world[name] for name in ("ana", "hernan", "sofia"))
    steps.propose(ana, steps.plan(ana, PLAN))
    world.settle()
    steps.pledge(ana, ladder(ana), ladder(ana).steps[:1])
    world.settle()
    whole, small, missing = (tmp_path / name for name in ("whole.bin", "small.bin", "missing.bin"))
    whole.write_bytes(b"w" * (PIECE + 1))
    small.write_bytes(b"s")
    missing.write_bytes(b"m" * 10)
    taken = [files.take(ana.session, ladder(ana).at.position, path) for path in (whole, missing)]
    steps.report(ana, ladder(ana), ladder(ana).steps[0], "Done.", [one.file for one in taken])
    sending.drop(ana.session, taken[1].k, named_too=True)
    world.settle()
    steps.inspect(sofia, ladder(sofia), ladder(sofia).steps[0], "On Monday.")
    seen = files.take(sofia.session, ladder(sofia).at.position, small).file
    steps.find(sofia, ladder(sofia), ladder(sofia).steps[0], "kept", "Seen.", [seen])
    world.settle()
    steps.find(hernan, ladder(hernan), ladder(hernan).steps[0], "doubted", "Not by me.")
    world.settle()
    steps.excuse(hernan, ladder(hernan), ladder(hernan).steps[0], 0, "Enough.")
    steps.withdraw(hernan, ladder(hernan), ladder(hernan).steps[1], "Not now.")
    world.settle()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        lived(made, tmp_path)
        yield made


def told(channel: Channel) -> Any:
    found = KEPT["step"].tell(Teller(channel), ladder(channel))
    return json.loads(json.dumps(found))


def test_all_that_was_said_is_there(world: World) -> None:
    one = told(world["hernan"])
    assert (one["title"], one["proposed_by"]["name"]) == ("T", "Ana P.")
    first, second = one["steps"]
    assert (first["state"], first["text"], first["where"], first["by"]) == (
        *("excused", "One.", "There."),
        "2026-12-02T00:00:00Z",
    )
    assert [(said["by"]["name"], said["text"]) for said in first["reports"]] == [("Ana P.", "Done.")]
    assert [(said["by"]["party"], said["verdict"]) for said in first["findings"]] == [
        *(("Holy See", "kept"), ("Chile", "doubted")),
    ]
    assert [said["text"] for said in first["inspections"]] == ["On Monday."]
    assert [(said["until"], said["reason"], said["held"]) for said in first["excuses"]] == [(None, "Enough.", True)]
    assert (second["state"], second["reason"], second["after"], second["pledged"]) == (
        *("withdrawn", "Not now."),
        *([[1]], None),
    )


def test_a_step_is_told_as_every_face_tells_it(world: World) -> None:
    hernan = world["hernan"]
    item = ladder(hernan)
    kept = {"reports", "findings", "inspections", "excuses"}
    for n, (one, now) in enumerate(zip(told(hernan)["steps"], standings(hernan, item), strict=True), 1):
        shown = step_facts(hernan, item, n, now)
        same = one.keys() - kept - {"files"}
        assert {key: one[key] for key in same} == {key: shown[key] for key in same}
        assert kept | same <= shown.keys()
        for what in kept:
            assert [said["at"] for said in one[what]] == [said["at"] for said in shown[what]]


def test_files_that_came_whole_are_in_it_and_no_others(world: World, tmp_path: Path) -> None:
    hernan = world["hernan"]
    files = told(hernan)["steps"][0]["files"]
    assert [(one["name"], one["by"], one["file"] is not None) for one in files] == [
        ("whole.bin", "Argentina", True),
        ("missing.bin", "Argentina", False),
        ("small.bin", "Holy See", True),
    ]
    written = {name: b"".join(parts) for name, parts in KEPT["step"].files(Teller(hernan), ladder(hernan))}
    assert written == {
        files[0]["file"]: (tmp_path / "whole.bin").read_bytes(),
        files[2]["file"]: b"s",
    }


def test_two_files_whose_digests_begin_alike_do_not_stand_for_each_other(world: World) -> None:
    """Whoever hands both in can make such a pair; of eight bytes it takes a desk hours."""
    one, other = (File("a.jpg", 1, b"alike by chance."[:16] + bytes([n]) * 16) for n in (1, 2))
    item = ladder(world["hernan"])
    assert ladders._name(item, evidence.Named("Chile", one, 1, 1)) != ladders._name(
        item, evidence.Named("Chile", other, 1, 1)
    )


def test_a_file_that_is_another_than_named_is_not_in_it(world: World) -> None:
    hernan, book = world["hernan"], world["hernan"].session.book
    item = ladder(hernan)
    missing = next(one for one in evidence.named(hernan, item, 1) if one.file.name == "missing.bin")
    with pytest.raises(Misuse, match="not here yet"):
        evidence.check(hernan, item, missing)
    with book.vault.transaction():
        book.pieces.keep(item.at.position, "Argentina", missing.file.sha256, 0, b"x" * 10)
    assert told(hernan)["steps"][0]["files"][1]["file"] is None
    altered = next(one for one in evidence.named(hernan, item, 1) if one.file.name == "missing.bin")
    with pytest.raises(Misuse, match="is not the file that Argentina named"):
        evidence.check(hernan, item, altered)
    evidence.check(hernan, item, evidence.named(hernan, item, 1)[0])


def test_under_chatham_nobody_is_named(tmp_path: Path) -> None:
    with talks(tmp_path, attribution="chatham") as world:
        lived(world, tmp_path)
        one = told(world["sofia"])
        said = json.dumps(one)
        assert one["proposed_by"] is None
        assert "Ana P." not in said
        assert {word["by"] for kind in ("reports", "findings", "excuses") for word in one["steps"][0][kind]} == {None}
        assert {file["by"] for file in one["steps"][0]["files"]} == {None}
        assert picture(world["sofia"], ladder(world["sofia"])).cards[0].verifiers == ("Holy See",)


def test_facts_of_one_who_verifies_and_of_who_does(world: World) -> None:
    sofia = facts(world["sofia"], ladder(world["sofia"]))
    assert [turn["verb"] for turn in sofia["awaited"] if turn["mine"]] == []
    assert sofia["steps"][0]["visits_left"] == 1
    ana = facts(world["ana"], ladder(world["ana"]))
    assert [(turn["verb"], turn["command"]) for turn in ana["awaited"] if turn["mine"]] == [
        ("send", f"backchannel step send {ana['number']} 1 FILE")
    ]
