"""Drafts: kept as typed, offered again, destroyed when sent, thrown away or old; in no backup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.desk.drafts import LARGEST, MOST, SECONDS, Draft, Drafts
from tests.desk.conftest import CHEAP, PHRASE
from tests.desk.forensics import runs
from tests.desk.world import pages, talks

NOTE = Draft("/c/1/talk", "/c/1/talk", ("send",), (), (("text", "May I tell\nthem the cape?"), ("audience", "some")))


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    with Desk.create(tmp_path / "desk", PHRASE, cost=CHEAP, clock=clock) as made:
        yield made


def texts(desk: Desk, place: str = "/c/1/talk") -> list[str]:
    return [dict(one.fields)["text"] for one in desk.drafts.of(place)]


def with_text(text: str, **more: Any) -> Draft:
    return NOTE._replace(fields=(("text", text),), **more)


def test_what_was_typed_is_there_again_as_it_was(desk: Desk) -> None:
    assert desk.drafts.keep(NOTE)
    (found,) = desk.drafts.of(NOTE.place)
    assert found._replace(at=0.0, n=0) == NOTE
    assert desk.drafts.of("/c/2/talk") == []


def test_all_that_was_typed_newest_first(desk: Desk, clock: Clock) -> None:
    assert desk.drafts.all() == []
    desk.drafts.keep(NOTE)
    clock.now += 1
    desk.drafts.keep(NOTE._replace(place="/c/2/talk"))
    assert [one.place for one in desk.drafts.all()] == ["/c/2/talk", NOTE.place]


def test_text_in_no_standard_form_is_kept_too(desk: Desk) -> None:
    desk.drafts.keep(with_text("e\u0301 \u202e \x00 \ud7ff"))
    assert texts(desk) == ["e\u0301 \u202e \x00 \ud7ff"]


def test_a_form_has_one_draft_the_newest(desk: Desk, clock: Clock) -> None:
    for text in ("a", "ab", "abc"):
        clock.now += 2
        desk.drafts.keep(with_text(text))
    assert texts(desk) == ["abc"]


def test_forms_of_one_page_are_told_apart(desk: Desk, clock: Clock) -> None:
    desk.drafts.keep(with_text("to all"))
    clock.now += 1
    desk.drafts.keep(with_text("of 7", buttons=("restate",), about=(("note", "7"),)))
    clock.now += 1
    desk.drafts.keep(with_text("of 9", buttons=("restate",), about=(("note", "9"),)))
    assert texts(desk) == ["of 9", "of 7", "to all"]
    desk.drafts.sent("/c/1/talk", "restate", [("note", "7"), ("text", "of 7, and more")])
    assert texts(desk) == ["of 9", "to all"]
    desk.drafts.sent("/c/2/talk", "send", [("text", "to all")])
    desk.drafts.sent("/c/1/talk", "discard", [("text", "to all")])
    assert texts(desk) == ["of 9", "to all"]
    desk.drafts.sent("/c/1/talk", "send", [])
    assert texts(desk) == ["of 9"]


def test_an_emptied_form_is_no_draft(desk: Desk) -> None:
    desk.drafts.keep(NOTE)
    assert not desk.drafts.keep(NOTE._replace(fields=(("text", " \n"), ("keep", ""), ("_offered", "to=1"))))
    assert texts(desk) == []


def test_what_is_too_long_is_not_kept_and_replaces_what_was(desk: Desk) -> None:
    desk.drafts.keep(NOTE)
    assert not desk.drafts.keep(with_text("x" * (LARGEST + 1)))
    assert texts(desk) == []
    assert desk.drafts.keep(with_text("x" * (LARGEST - 100)))


def test_a_draft_is_destroyed_when_it_is_seven_days_old(desk: Desk, clock: Clock) -> None:
    desk.drafts.keep(NOTE)
    clock.now += SECONDS - 1
    assert len(texts(desk)) == 1
    clock.now += 1
    assert texts(desk) == []
    assert desk.vault.query("SELECT count(*) FROM draft") == [(1,)]
    desk.drafts.sweep()
    assert desk.vault.query("SELECT count(*) FROM draft") == [(0,)]


def test_a_desk_that_is_kept_in_step_destroys_them_too(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        ana = world["ana"]
        Drafts(ana.session.vault, world.clock).keep(NOTE)
        for days, left in ((6.9, 1), (0.2, 0)):
            world.clock.days(days)
            ana.sync()
            assert ana.session.vault.query("SELECT count(*) FROM draft") == [(left,)]
            assert (b"the cape" in pages(ana)) == bool(left)


def test_keeping_another_destroys_the_old_ones(desk: Desk, clock: Clock) -> None:
    desk.drafts.keep(NOTE)
    clock.now += SECONDS
    desk.drafts.keep(with_text("new", place="/c/2/talk"))
    assert desk.vault.query("SELECT place FROM draft") == [("/c/2/talk",)]


def test_only_so_many_are_kept(desk: Desk, clock: Clock) -> None:
    for k in range(MOST + 3):
        clock.now += 1
        desk.drafts.keep(with_text(str(k), place=f"/c/1/text/{k}"))
    assert desk.vault.query("SELECT count(*) FROM draft") == [(MOST,)]
    assert texts(desk, "/c/1/text/2") == []
    assert texts(desk, "/c/1/text/3") == ["3"]


def test_it_is_thrown_away(desk: Desk) -> None:
    desk.drafts.keep(NOTE)
    desk.drafts.keep(with_text("elsewhere", place="/c/2/talk"))
    desk.drafts.discard(NOTE.place)
    assert (texts(desk), texts(desk, "/c/2/talk")) == ([], ["elsewhere"])


def test_no_backup_has_drafts(desk: Desk, tmp_path: Path) -> None:
    desk.drafts.keep(NOTE)
    desk.backup(tmp_path / "b", PHRASE)
    with Desk.restore(tmp_path / "b", tmp_path / "other", PHRASE) as other:
        assert other.vault.query("SELECT count(*) FROM draft") == [(0,)]
    assert len(texts(desk)) == 1


def test_its_words_are_on_no_page_when_it_is_gone(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    with talks(tmp_path / "world") as world:
        desk, channel = world.desks["ana"], world["ana"]
        desk.drafts.keep(with_text("an unmistakable phrase " * 50), 1)
        assert runs("unmistakable") & found_in(channel)
        desk.drafts.discard("/c/1/talk")
        desk.vault.settle()
        assert not runs("unmistakable") & found_in(channel)


def found_in(channel: Channel) -> set[bytes]:
    raw = pages(channel)
    return {run for run in runs("unmistakable") if run in raw}


def test_it_goes_with_its_channel(desk: Desk) -> None:
    desk.vault.execute(
        "INSERT INTO channel (c, id, relay, relay_key, founded, seat, seeds, state, owed, head, isolation)"
        " VALUES (7, x'', '', x'', 0, x'', x'', x'', x'', 0, '')"
    )
    desk.drafts.keep(NOTE._replace(place="/c/7/talk"), 7)
    desk.drafts.keep(NOTE)
    desk.vault.execute("DELETE FROM channel WHERE c = 7")
    assert desk.vault.query("SELECT place FROM draft") == [(NOTE.place,)]


def test_opening_the_desk_destroys_what_is_old(tmp_path: Path, clock: Clock) -> None:
    with Desk.create(tmp_path / "desk", PHRASE, cost=CHEAP, clock=clock) as desk:
        desk.drafts.keep(NOTE)
    clock.now += SECONDS
    with Desk.open(tmp_path / "desk", PHRASE, clock=clock) as desk:
        assert desk.vault.query("SELECT count(*) FROM draft") == [(0,)]
