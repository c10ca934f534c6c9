"""Attacks on non-papers by a member, desk against desk: what is put forward gets lost, wrong keys, endless answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from backchannel.desk import envelopes, hats, nonpapers
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.instruments.hat.values import Idea
from backchannel.instruments.nonpaper.values import Copy
from backchannel.seal import aside
from backchannel.seal.aside import Aside, OneTime, seal_copy
from tests.desk.forensics import runs, traces
from tests.desk.test_asides import float_, log, said
from tests.desk.test_vanishing import last, papers
from tests.desk.world import World, agree, returned, talks, waiting

QUOTE = "quixoterymeridian"
FOUR = ("ana", "hernan", "sofia", "emil")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path, FOUR) as made:
        yield made


def kinds(channel: Channel, kind: str) -> int:
    return len(log(channel, kind, "line"))


# --- put forward, and lost on the way -----------------------------------------------------------------


def test_what_an_intermediary_puts_forward_is_not_lost_when_a_one_time_key_was_replaced(world: World) -> None:
    """`carried` may stand in the log only when what it speaks of does; else the idea is over and nobody has seen it."""
    ana, sofia = world["ana"], world["sofia"]
    nonpapers.float_(ana, "A title", "Words carried", through=sofia.me)
    world.settle()
    asked = last(sofia)
    float_(world, "hernan")
    world.settle("hernan", "emil")  # new one-time keys, before Sofia has read of it
    nonpapers.carry(sofia, asked)
    world.settle()
    assert log(sofia, "nonpaper.float", "rejected")
    assert [item.route for item in papers(world["emil"])] == ["party", "intermediary"]
    assert said(world["emil"]) == ["Words carried"]
    assert papers(sofia)[0].state == "carried"
    assert [waiting(world[n]) for n in FOUR] == [0] * 4
    agree(world)


def test_who_leaves_meanwhile_does_not_make_what_is_taken_up_vanish_on_both_ends(world: World) -> None:
    """The formal text names a signatory who has left: it is refused, so the non-paper is not taken up."""
    hernan, sofia = world["hernan"], world["sofia"]
    float_(world)
    world.settle()
    hernan.remove(hernan.me, "Home.")
    world.settle("hernan", "ana")
    nonpapers.take_up(sofia, last(sofia), [hernan.me, sofia.me])
    world.settle()
    assert last(sofia).state == "floated"
    assert returned(sofia) == ["An understanding names a signatory who cannot sign it or cannot read it."]
    assert waiting(sofia) == 0
    assert said(sofia) == said(world["ana"]) != [""]


# --- a wrong key --------------------------------------------------------------------------------------


def test_a_reader_that_answers_first_with_a_wrong_key_keeps_nobody_from_the_words(world: World) -> None:
    """Any reader may answer whoever asks; only the key that the item began with is taken (sealing.md, 12.2)."""
    ana, hernan, emil = world["ana"], world["hernan"], world["emil"]
    nonpapers.float_(ana, "A title", "Words for three", to=[hernan.me, emil.me])
    hernan.sync()  # it asks, for not all read this non-paper, so that the key did not come with it
    emil._syncer.read()
    slot = seal_copy(emil.id, last(emil).id, hernan.me, last(emil).asking[0].key, b"\5" * 32)
    emil.say("nonpaper.copy", Copy(last(emil).id, hernan.me, slot), last(emil).audience)
    hernan.sync()
    assert kinds(hernan, "nonpaper.copy") == 1
    world.settle()
    assert said(hernan) == ["Words for three"]
    assert returned(emil) == returned(hernan) == []
    agree(world)


def test_an_author_that_gives_one_reader_another_key_is_asked_for_the_right_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, hernan = world["ana"], world["hernan"]
    right = aside.with_key

    def cheating(channel: bytes, key: bytes, act: bytes, to: Sequence[OneTime]) -> Aside:
        made, other = right(channel, key, act, to), right(channel, b"\5" * 32, act, to)
        pairs = zip(to, made.slots, other.slots, strict=True)
        return replace(made, slots=tuple(wrong if one.seat == hernan.me else good for one, good, wrong in pairs))

    monkeypatch.setattr(aside, "with_key", cheating)
    float_(world)
    monkeypatch.undo()
    hernan.sync()
    assert said(hernan) == [""]
    assert kinds(hernan, "nonpaper.again") == 1
    world.settle()
    assert said(hernan) == said(ana) != [""]


# --- slips that lie ready -----------------------------------------------------------------------------


@pytest.fixture
def hat(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path, FOUR, reactions="hat") as made:
        yield made


@pytest.mark.parametrize("riding", [False, True])
def test_what_somebody_would_have_said_of_it_goes_with_it(hat: World, riding: bool) -> None:
    """A slip may quote what is over: it goes before the receipt, and is not dropped into the next round."""
    ana, hernan = hat["ana"], hat["hernan"]
    float_(hat)
    hat.settle()
    nonpapers.drop_reaction(hernan, last(hernan), "objection", QUOTE)
    if riding:
        hats.call(ana)
        hat.settle("ana", "hernan", "sofia")
        hernan._syncer.read()
        emil = hat["emil"]
        emil.sync()
        hernan.sync()
        assert hats.riding(hernan, hernan.items("hat")[-1].value)
    nonpapers.withdraw(ana, last(ana))
    hat.settle("ana", "hernan")
    assert hernan.me in last(hernan).destroyed
    assert traces(hernan, runs(QUOTE)) == set()
    assert hats.waiting(hernan) == 0
    hat.settle()
    if not riding:
        hats.call(ana)
        hat.settle()
        (round_,) = hernan.items("hat")
        assert (round_.value.state, round_.value.slips) == ("closed", ())


def test_a_slip_is_not_dropped_before_who_does_not_read_what_it_counters(hat: World) -> None:
    ana, hernan = hat["ana"], hat["hernan"]
    nonpapers.float_(ana, "A title", "For two", to=[hernan.me])
    hat.settle()
    with pytest.raises(Misuse) as caught:
        nonpapers.drop(hernan, "Title", "Text", counters=last(hernan))
    assert caught.value.code == "readers"
    nonpapers._lay(hernan, Idea(bytes(16), "Title", "Text", last(hernan).id))
    hats.call(ana)
    hat.settle()
    assert [held.value.slips for held in hernan.items("hat")] == [()]
    assert hats.waiting(hernan) == 0


def test_who_seals_to_keys_that_nobody_has_posted_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each such entry makes all others replace their one-time keys; whoever was only overtaken is not named."""
    right = envelopes._one_time
    monkeypatch.setattr(envelopes, "_one_time", lambda *a: (one := right(*a))._replace(n=one.n + 1))
    float_(world, "emil")
    monkeypatch.undo()
    world["ana"].sync()
    (found,) = [e for e in world["ana"].session.book.entries.log() if e.verdict == "rejected" and "slots" in e.note]
    assert found.sender == world["emil"].me


@pytest.mark.parametrize("keep", [0, 2, 9])
def test_an_envelope_with_other_slots_than_readers_is_refused_and_stops_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, keep: int
) -> None:
    """Whoever is not found in it must come to a refusal like all others, or the channel could never be read again."""
    right = aside.with_key

    def uneven(channel: bytes, key: bytes, act: bytes, to: Sequence[OneTime]) -> Aside:
        made = right(channel, key, act, to)
        return replace(made, slots=(made.slots * 3)[:keep])

    monkeypatch.setattr(aside, "with_key", uneven)
    float_(world, "emil")
    monkeypatch.undo()
    for name in ("ana", "hernan", "sofia"):
        world[name].sync()
        rejected = [e for e in world[name].session.book.entries.log() if e.verdict == "rejected"]
        assert [(e.sender, e.note.partition(":")[0]) for e in rejected][:1] == [(world["emil"].me, "slots")]
        assert world[name].items("nonpaper") == []
