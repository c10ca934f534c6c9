"""Texts on real desks: opened, amended offline, sounded, adopted by silence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import soundings, texts
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse, Unreachable
from backchannel.instruments.sounding.values import Sounding
from backchannel.instruments.text.acts import Change, Delete, Replace
from backchannel.instruments.text.values import Text
from tests.desk.world import World, alarms, returned, talks, wire

TWO = ["The parties [shall / should] meet.", "Peace."]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        made.settle()
        yield made
        assert [alarms(made[name]) for name in made.desks] == [[], [], []]


def last(channel: Channel) -> Text:
    return channel.text_at(channel.items("text")[-1].position)


def words(channel: Channel) -> list[str]:
    item = last(channel)
    return [item.said(one) for one in item.here]


def opened(
    world: World, paragraphs: list[str] | None = None, *, by: str = "sofia", **more: Any
) -> tuple[Channel, Channel, Channel]:
    """A text of Sofia's on every desk."""
    texts.open_(world[by], "Directive 2", TWO if paragraphs is None else paragraphs, **more)
    world.settle()
    return world["ana"], world["hernan"], world["sofia"]


def change(item: Text, number: int, said: str) -> Change:
    one = texts.paragraph(item, number)
    return Replace(one.id, one.revision, said)


def test_two_offline_desks_edit_one_paragraph_and_all_see_the_same(world: World) -> None:
    ana, hernan, sofia = opened(world)
    for channel in (ana, hernan):
        wire(channel).before = _unreachable
        name = channel.state.member(channel.me).name
        texts.amend(channel, last(channel), [change(last(channel), 2, f"Peace, says {name}")], "So.")
    for channel in (hernan, ana):
        wire(channel).before = lambda op, args: None
    world.settle()
    first, second = last(sofia).proposed
    texts.decide(sofia, last(sofia), [first.id, second.id], accept=True, reason="In the order they came.")
    world.settle()
    assert [one.outcome for one in last(ana).settled] == ["accepted", "overtaken"]
    assert words(ana) == words(hernan) == words(sofia)
    assert last(ana) == last(hernan) == last(sofia)


def _unreachable(op: str, args: object) -> None:
    raise Unreachable("unreachable", "Not now.")


def test_what_was_said_of_words_that_have_changed_comes_back(world: World) -> None:
    ana, _, sofia = opened(world)
    wire(ana).before = _unreachable
    texts.stand(ana, last(ana), last(ana).here, "agree")
    texts.amend(sofia, last(sofia), [change(last(sofia), 2, "War.")])
    world["sofia"].sync()
    wire(ana).before = lambda op, args: None
    world.settle()
    (back,) = ana.session.book.outbox.returned()
    assert "changed" in back.why
    assert all(one.stances == () for one in last(ana).here)


def test_a_bracket_is_cleared_by_a_sounding(world: World) -> None:
    ana, hernan, sofia = opened(world)
    way = texts.in_the_way(sofia, last(sofia))
    assert [(one.number, one.group, one.options, one.last) for one in way.soundable] == [
        (1, 1, ("shall", "should"), True)
    ]
    texts.sound(sofia, last(sofia), 1)
    world.settle()
    asked: Sounding = ana.items("sounding")[-1].value
    assert asked.terms.options == ("shall", "should")
    assert set(asked.terms.voters) == {ana.me, hernan.me} == set(texts.negotiators(ana, last(ana)))
    assert (asked.terms.releaser, asked.asker) == (sofia.me, sofia.me)
    assert asked.terms.question.startswith("Directive 2, paragraph 1: which of these")
    assert asked.terms.question.endswith(TWO[0])
    for channel in (ana, hernan):
        soundings.answer(channel, asked, [1])
    world.settle()
    done: Sounding = sofia.items("sounding")[-1].value
    (result,) = done.results
    texts.amend(sofia, last(sofia), [texts.clear(sofia, last(sofia), 1, 1, result.option)])
    world.settle()
    assert words(ana)[0] == "The parties should meet."
    assert texts.in_the_way(ana, last(ana)).brackets == 0


def test_the_pen_releases_what_a_party_asks(world: World) -> None:
    ana, _, sofia = opened(world, ["[not] " + "word " * 500])
    texts.sound(ana, last(ana), 1)
    world.settle()
    asked: Sounding = sofia.items("sounding")[-1].value
    assert (asked.asker, asked.terms.releaser) == (ana.me, sofia.me)
    assert asked.terms.options == ("not", "(no words)")
    assert len(asked.terms.question) <= 2_000
    assert asked.terms.question.endswith("…")
    assert words(ana)[0].startswith("[not] ")
    clean = texts.clear(ana, last(ana), 1, 1, 1)
    assert isinstance(clean, Replace)
    assert clean.words.startswith("word word")


def test_without_a_pen_that_is_free_another_reader_releases(world: World) -> None:
    ana, hernan, sofia = opened(world, pen=world["ana"].me)
    assert last(ana).pen == ana.me
    for channel in (ana, hernan):
        assert texts.third(channel, last(channel), texts.negotiators(channel, last(channel))) == (sofia.me,)
        texts.sound(channel, last(channel), 1)
        world.settle()
        assert hernan.items("sounding")[-1].value.terms.releaser == sofia.me


def test_who_does_not_read_the_text_releases_nothing_of_it(world: World) -> None:
    ana, hernan, sofia = opened(world, to=[world["ana"].me, world["hernan"].me], pen=world["ana"].me, by="ana")
    for releaser in (None, sofia.me):
        with pytest.raises(Misuse, match="A sounding needs a seat that reads the text") as problem:
            texts.sound(ana, last(ana), 1, releaser=releaser)
        assert "invite an intermediary" in problem.value.todo
    with pytest.raises(Misuse, match="Only a seat that reads the text") as problem:
        texts.sound(ana, last(ana), 1, voters=[ana.me], releaser=sofia.me)
    assert "Choose one of: Hernán C." in problem.value.todo
    assert not hernan.items("sounding")


def test_what_cannot_be_sounded(world: World) -> None:
    ana, hernan, sofia = opened(world, ["[a / b] [X [y]]", "Peace.", "[Gone]"])
    for number, group, code in ((1, 1, "group"), (2, 1, "group"), (4, 1, "paragraph"), (0, 1, "paragraph")):
        with _misused(code):
            texts.sound(sofia, last(sofia), number, group)
    with _misused("option"):
        texts.clear(sofia, last(sofia), 3, 1, 2)
    with _misused("releaser"):
        texts.sound(sofia, last(sofia), 3, voters=(ana.me, hernan.me, sofia.me))
    assert isinstance(texts.clear(sofia, last(sofia), 3, 1, 1), Delete)
    assert [one.value for one in sofia.items("sounding")] == []


@contextmanager
def _misused(code: str) -> Iterator[None]:
    """Refused before anything leaves the desk, with this code."""
    with pytest.raises(Misuse) as problem:
        yield
    assert problem.value.code == code


def test_adopted_at_the_hour_when_nobody_breaks_silence(world: World) -> None:
    ana, hernan, sofia = opened(world, ["Peace."])
    texts.issue(sofia, last(sofia))
    with _misused("waits"):  # until the log has it
        texts.silence(sofia, last(sofia), 24)
    world.settle()
    texts.silence(sofia, last(sofia), 24)
    world.settle()
    assert last(ana).state == "silence"
    world.clock.days(0.99)
    world.settle()
    assert last(ana).state == "silence"
    world.clock.days(0.05)
    assert last(ana).state == "silence"  # by its clock alone a desk adopts nothing
    world.settle()
    assert [last(channel).state for channel in (ana, hernan, sofia)] == ["adopted"] * 3
    with _misused("rule"):
        texts.break_(hernan, last(hernan), "Too late.")


def test_silence_broken_in_time_is_broken_for_a_desk_that_reads_it_late(world: World) -> None:
    ana, hernan, sofia = opened(world, ["Peace."])
    texts.issue(sofia, last(sofia))
    world.settle()
    texts.silence(sofia, last(sofia), 24)
    world.settle()
    world.clock.days(0.9)
    hernan.sync()
    texts.break_(hernan, last(hernan), "We cannot.")
    world.clock.days(3)
    wire(ana).before = _unreachable
    with pytest.raises(Unreachable):
        ana.sync()
    assert last(ana).state == "silence"
    wire(ana).before = lambda op, args: None
    world.settle()
    for channel in (ana, hernan, sofia):
        item = last(channel)
        assert item.state == "drafting"
        assert item.words[item.hushes[-1].words] == "We cannot."


def test_from_agreement_to_adoption_and_the_pen_on_its_way(world: World) -> None:
    ana, hernan, sofia = opened(world, ["Peace.", "Good faith."])
    texts.pass_(sofia, last(sofia), hernan.me)
    world.settle()
    texts.amend(hernan, last(hernan), [change(last(hernan), 1, "Peace, now.")])
    mine = last(ana)
    world.settle()
    texts.amend(ana, last(ana), [change(last(ana), 2, "Good will.")])
    world.settle()
    texts.withdraw(ana, last(ana), last(ana).proposed[0].id)
    with _misused("revision"):
        texts.stand(ana, mine, mine.here, "agree")  # as it was before
    for channel in (ana, hernan):
        texts.stand(channel, last(channel), last(channel).here, "referendum")
    world.settle()
    texts.issue(hernan, last(hernan))
    world.settle()
    assert texts.in_the_way(ana, last(ana)).clear
    texts.adopt(hernan, last(hernan))
    world.settle()
    assert last(sofia).state == "adopted"
    texts.stand(ana, last(ana), last(ana).here[:1], "agree")
    world.settle()
    assert [run.mark for run in texts.redline(last(sofia), 0)[0].runs] == ["+"]
    assert [returned(channel) for channel in (ana, hernan, sofia)] == [[], [], []]
    found = [one.instrument.name for one in sofia.session.book.items.find("peace now")]
    assert found == ["text"]


def test_opened_to_some_and_given_up(world: World) -> None:
    ana, hernan, sofia = world["ana"], world["hernan"], world["sofia"]
    texts.open_(ana, " Between us ", ["  Peace.\n"], to=[hernan.me], pen=hernan.me)
    world.settle()
    assert (last(hernan).title, words(hernan), last(hernan).pen) == ("Between us", ["Peace."], hernan.me)
    assert sofia.items("text") == []
    texts.close(hernan, last(hernan))
    world.settle()
    assert last(ana).state == "closed"
    with _misused("item"):
        sofia.text_at(last(ana).at.position)


def test_other_texts_do_not_make_it_wait(world: World) -> None:
    _, _, sofia = opened(world)
    wire(sofia).before = _unreachable
    sofia.send_note("A note that waits.")
    texts.open_(sofia, "Another", [])
    texts.issue(sofia, last(sofia))
    with _misused("waits"):
        texts.issue(sofia, last(sofia))
