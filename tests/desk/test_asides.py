"""Desks that were away, come from a backup, race, leave: what they hold of non-papers and hats, and what they say."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.desk import envelopes, hats, nonpapers, sealing
from backchannel.desk.book.items import Items
from backchannel.desk.book.reading import Reading
from backchannel.desk.channel import Channel
from backchannel.desk.vault import cipher
from backchannel.entry.codec import encode
from backchannel.errors import Misuse, RelayRefused
from backchannel.instruments.base import WordsOf
from backchannel.instruments.nonpaper.values import Idea
from backchannel.relay.refusals import refuse
from backchannel.seal import aside
from tests.desk.forensics import runs, secrets, traces
from tests.desk.test_vanishing import last, papers
from tests.desk.world import (
    World,
    agree,
    alarms,
    offline,
    online,
    pages,
    remove,
    returned,
    talks,
    waiting,
    wire,
)

SEATS = ("ana", "hernan", "sofia")
WORDS = "xylophonezanzibar"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        yield made


def log(channel: Channel, kind: str, verdict: str = "") -> list[int]:
    entries = channel.session.book.entries.log()
    return [e.position for e in entries if e.kind == kind and verdict in ("", e.verdict)]


def said(channel: Channel, number: int = -1) -> list[str]:
    """The words of a non-paper's versions and reactions as this desk has them; empty where it does not."""
    item = papers(channel)[number]
    ideas = [nonpapers.words(channel, version) for version in item.versions]
    remarks = [nonpapers.remark(channel, reaction) for reaction in item.reactions]
    return [found.text if found is not None else "" for found in (*ideas, *remarks)]


def kept(channel: Channel) -> int:
    """How many keys and words of items lie on a desk."""
    tables = ("aside_key", "aside_made", "aside")
    return sum(channel.session.vault.query(f"SELECT count(*) FROM {t}")[0][0] for t in tables)  # noqa: S608


@contextmanager
def watched(channel: Channel) -> Iterator[list[int]]:
    """How many keys and words lie there after each transaction of the block."""
    vault, counts = channel.session.vault, []
    whole = vault.transaction

    @contextmanager
    def transaction() -> Iterator[None]:
        with whole():
            yield
        counts.append(kept(channel))

    vault.transaction = transaction  # type: ignore[method-assign]
    try:
        yield counts
    finally:
        del vault.transaction


def float_(world: World, who: str = "ana", hours: int = 48, text: str = "Words " + WORDS) -> None:
    nonpapers.float_(world[who], "A title", text, hours=hours)


# --- away -------------------------------------------------------------------------------------------


def test_a_desk_that_returns_after_the_hour_never_holds_anything_and_confirms(world: World) -> None:
    sofia = world["sofia"]
    (first,) = secrets(sofia)["once"]
    float_(world, hours=3)
    world.settle("ana", "hernan")
    world.clock.days(0.2)
    world.settle("ana", "hernan")
    assert last(world["ana"]).destroyed == tuple(sorted((world["ana"].me, world["hernan"].me)))
    assert nonpapers.unconfirmed(world["ana"], last(world["ana"])) == (sofia.me,)
    with watched(sofia) as counts:
        world.settle()
    assert counts
    assert set(counts) == {0}
    assert traces(sofia, runs(WORDS) | {first}) == set()
    assert len(log(sofia, "once")) == 3
    assert [(last(world[n]).state, len(last(world[n]).destroyed)) for n in SEATS] == [("lapsed", 3)] * 3
    agree(world)


def test_a_desk_that_returns_after_it_was_withdrawn_never_holds_anything_and_confirms(world: World) -> None:
    sofia = world["sofia"]
    (first,) = secrets(sofia)["once"]
    float_(world)
    world.settle("ana", "hernan")
    nonpapers.withdraw(world["ana"], last(world["ana"]))
    world.settle("ana", "hernan")
    with watched(sofia) as counts:
        sofia.sync()
    assert set(counts) == {0}
    assert traces(sofia, {first}) == set()
    world.settle()
    assert [(last(world[n]).state, len(last(world[n]).destroyed)) for n in SEATS] == [("withdrawn", 3)] * 3
    # What it says of itself comes after its new one-time key stands in the log (spec/sealing.md, 12.7).
    assert max(log(sofia, "nonpaper.destroyed")) > max(log(sofia, "once"))


@pytest.mark.parametrize("held", [True, False])
def test_how_it_ended_is_judged_by_the_log_however_late_a_desk_reads(world: World, held: bool) -> None:
    """Taken up in time, read by a desk whose clock is past the hour: key and words go first, the end is true."""
    sofia = world["sofia"]
    float_(world, hours=3)
    world.settle(*(SEATS if held else SEATS[:2]))
    assert kept(sofia) == (2 if held else 0)
    nonpapers.take_up(world["hernan"], last(world["hernan"]), [world["hernan"].me, world["ana"].me])
    world.settle("ana", "hernan")
    world.clock.days(1)
    offline(sofia)
    sofia.work()
    assert kept(sofia) == 0
    assert traces(sofia, runs(WORDS)) == set()
    assert [item.state for item in papers(sofia)] == (["floated"] if held else [])
    if held:
        assert nonpapers.standing(sofia, last(sofia)) == "lapsed"
        assert said(sofia) == [""]
    online(sofia)
    world.settle()
    world.settle()
    assert [(last(world[n]).state, len(last(world[n]).destroyed)) for n in SEATS] == [("taken-up", 3)] * 3


def test_a_receipt_waits_for_the_hour_by_the_logs_clock(world: World) -> None:
    float_(world, hours=48)
    world.settle()
    world.clock.days(2)
    world.settle()
    assert [kept(world[n]) for n in SEATS] == [0, 0, 0]
    assert [last(world[n]).destroyed for n in SEATS] == [(), (), ()]
    world.clock.days(0.005)
    world.settle()
    assert last(world["ana"]).destroyed == ()
    world.clock.days(0.01)
    world.settle()
    assert [len(last(world[n]).destroyed) for n in SEATS] == [3, 3, 3]
    assert [returned(world[n]) for n in SEATS] == [[], [], []]
    assert log(world["ana"], "nonpaper.destroyed", "rejected") == []


# --- receipts ---------------------------------------------------------------------------------------


def test_a_reader_that_holds_up_the_write_ahead_log_holds_up_the_receipt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cipher, "BUSY_SECONDS", 0.02)
    world.open("hernan")
    hernan, twin = world["hernan"], world.twin("hernan")
    float_(world)
    world.settle(*SEATS)
    database: Any = twin.session.vault._database
    database.execute("BEGIN")
    database.execute("SELECT count(*) FROM aside").fetchone()
    nonpapers.withdraw(world["ana"], last(world["ana"]))
    for _ in range(3):
        world.sync(*SEATS)
    assert last(hernan).state == "withdrawn"
    assert kept(hernan) == 0
    assert hernan.me not in last(hernan).destroyed
    assert waiting(hernan) == 0
    assert WORDS.encode() in pages(hernan)
    database.execute("COMMIT")
    world.settle(*SEATS)
    assert hernan.me in last(hernan).destroyed
    assert WORDS.encode() not in pages(hernan)


def test_a_receipt_waits_while_a_used_one_time_key_is_here(world: World) -> None:
    """The relay takes nothing, so the desk cannot replace its key: it says nothing."""
    hernan = world["hernan"]
    float_(world)
    (used,) = secrets(hernan)["once"]
    offline(hernan)
    world.settle("ana", "sofia")
    nonpapers.withdraw(world["ana"], last(world["ana"]))
    world.settle("ana", "sofia")
    online(hernan)
    hernan._syncer.read()
    wire(hernan).before = lambda op, args: (_ for _ in ()).throw(refuse("full")) if op == "append" else None
    for _ in range(3):
        with pytest.raises(RelayRefused):
            hernan.sync()
    assert used in secrets(hernan)["once"]
    kinds = [getattr(row.intent, "kind", "act") for row in hernan.session.book.outbox.waiting()]
    assert kinds == ["act"]
    online(hernan)
    world.settle()
    assert used not in secrets(hernan)["once"]
    assert hernan.me in last(hernan).destroyed


# --- from a backup ----------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before the float", "after it"])
def test_a_restored_desk_asks_and_gets_the_words_and_can_react(world: World, when: str) -> None:
    ana, hernan = world["ana"], world["hernan"]
    source = world.backup("sofia") if when.startswith("before") else None
    float_(world)
    world.settle()
    nonpapers.react(hernan, last(hernan), "question", "How far?")
    world.settle()
    source = source or world.backup("sofia")
    world.desks.pop("sofia").close()
    shutil.rmtree(world.folder / "sofia")
    sofia = world.restore(source, "sofia")
    assert kept(sofia) == 0
    world.clock.days(0.2)
    world.settle()
    world.settle()
    assert said(sofia) == said(ana) == ["Words " + WORDS, "How far?"]
    assert len(log(ana, "nonpaper.again")) == 1
    assert len(log(ana, "nonpaper.copy")) == 2  # of each who has said something
    nonpapers.react(sofia, last(sofia), "interest", "As far as that.")
    world.settle()
    assert said(ana) == said(hernan) == said(sofia) == ["Words " + WORDS, "How far?", "As far as that."]
    assert papers(sofia) == papers(ana) == papers(hernan)
    nonpapers.withdraw(ana, last(ana))
    world.settle()
    assert [(last(world[n]).state, len(last(world[n]).destroyed), kept(world[n])) for n in SEATS] == [
        ("withdrawn", 3, 0)
    ] * 3
    assert [returned(world[n]) + alarms(world[n]) for n in SEATS] == [[], [], []]


def test_a_desk_restored_after_the_end_confirms_once(world: World) -> None:
    """The backup was made between the end and the receipt."""
    float_(world)
    world.settle()
    sofia = world["sofia"]
    nonpapers.withdraw(world["ana"], last(world["ana"]))
    world["ana"].sync()
    sofia._syncer.read()
    source = world.backup("sofia")
    world.desks.pop("sofia").close()
    shutil.rmtree(world.folder / "sofia")
    world.restore(source, "sofia")
    world.clock.days(0.2)
    world.settle()
    world.settle()
    assert len(last(world["ana"]).destroyed) == 3
    assert len(log(world["ana"], "nonpaper.destroyed")) == 3


def test_a_copy_fills_what_is_missing_and_changes_nothing(world: World) -> None:
    """Somebody who says its words again, for a desk that has lost them, cannot say others to those who have them."""
    ana, hernan = world["ana"], world["hernan"]
    source = world.backup("sofia")
    float_(world)
    world.settle()
    nonpapers.react(hernan, last(hernan), "question", "How far?")
    world.settle()
    (place, raw), *_ = ana.session.vault.query("SELECT place, words FROM aside ORDER BY place")
    false = raw.replace(WORDS.encode(), WORDS.upper().encode())
    ana.session.vault.execute("UPDATE aside SET words = ? WHERE place = ?", (false, place))
    world.desks.pop("sofia").close()
    shutil.rmtree(world.folder / "sofia")
    world.restore(source, "sofia")
    world.clock.days(0.2)
    world.settle()
    world.settle()
    assert said(world["hernan"])[0] == "Words " + WORDS
    assert said(world["sofia"])[0] == "Words " + WORDS.upper()


def test_two_live_copies_of_a_desk_come_to_rest(world: World) -> None:
    world.desks.pop("hernan").close()
    shutil.copytree(world.folder / "hernan", world.folder / "hernan too")
    world.open("hernan")
    world.open("hernan too")
    float_(world)
    world.settle()
    assert len(log(world["ana"], "nonpaper.again")) <= 1
    size = world["ana"].size
    for _ in range(3):
        world.settle()
    assert world["ana"].size == size
    for _ in range(3):
        world.clock.days(0.03)
        world.settle()
    assert world["ana"].size <= size + 3 * 4
    nonpapers.withdraw(world["ana"], last(world["ana"]))
    world.settle()
    world.settle()
    assert [last(world[n]).state for n in SEATS] == ["withdrawn"] * 3


# --- races ------------------------------------------------------------------------------------------


def test_a_float_that_another_float_overtook_is_sealed_again(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    offline(hernan)
    float_(world, "hernan", text="Words of hernan")
    float_(world, "ana", text="Words of ana")
    world.settle("ana", "sofia")
    online(hernan)
    world.settle()
    assert len(log(ana, "nonpaper.float", "rejected")) == 1
    for name in SEATS:  # whose it was is not kept, for it is floated again
        entries = world[name].session.book.entries.log()
        assert {e.sender for e in entries if e.verdict == "rejected"} == {None}
    assert [[said(world[n], i) for i in range(2)] for n in SEATS] == [[["Words of ana"], ["Words of hernan"]]] * 3
    assert (waiting(hernan), returned(hernan)) == (0, [])
    # The words that were rejected are erased, and the keys they came under are gone.
    rows = world.host.rows(world.name)
    assert [rows[at][1] for at in log(hernan, "nonpaper.words", "rejected")] == [None]
    for item in list(papers(ana)):
        nonpapers.withdraw(world["ana" if item.author == ana.me else "hernan"], item)
    world.settle()
    assert [[len(item.destroyed) for item in papers(world[n])] for n in SEATS] == [[3, 3]] * 3
    assert all(kept(world[n]) == 0 for n in SEATS)
    agree(world)


def test_two_floats_at_once_need_no_second_sealing(world: World) -> None:
    """Both name the newest keys, for nobody has replaced one yet."""
    float_(world, "ana", text="one")
    float_(world, "hernan", text="two")
    world.settle()
    assert log(world["sofia"], "nonpaper.float", "rejected") == []
    assert [[said(world[n], i) for i in range(2)] for n in SEATS] == [[["one"], ["two"]]] * 3


def test_a_reader_who_was_removed_meanwhile_gets_no_key(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in SEATS)
    ana.remove(sofia.me, "It is over.")
    world.settle()
    offline(ana)
    float_(world)
    hernan.remove(sofia.me, "Agreed.")
    world.settle("hernan")
    assert hernan.state.epoch == 2
    online(ana)
    world.settle("ana", "hernan")
    assert said(hernan) == ["Words " + WORDS]
    assert last(hernan).audience == tuple(sorted((ana.me, hernan.me)))
    sofia.sync()
    assert papers(sofia) == []
    assert secrets(sofia)["once"] == set()


def test_a_desk_whose_seat_has_left_keeps_nothing(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in SEATS)
    float_(world)
    world.settle()
    hats_slip(world, "sofia", "An idea " + WORDS)
    offline(sofia)
    nonpapers.react(sofia, last(sofia), "interest", "pterodactylharbour")
    online(sofia)
    spent = secrets(sofia)["once"] | secrets(sofia)["aside_key"]
    assert traces(sofia, spent | runs(WORDS, "pterodactylharbour")) == spent | runs(WORDS, "pterodactylharbour")
    wire(sofia).before = lambda op, args: (_ for _ in ()).throw(AssertionError(op)) if op == "append" else None
    remove(world, "sofia", "ana", "hernan")
    sofia.sync()
    assert sofia.state.seat(sofia.me).standing == "gone"  # type: ignore[union-attr]
    assert traces(sofia, spent | runs(WORDS, "pterodactylharbour")) == set()
    assert returned(sofia) == ["This seat is no longer in the channel."]
    world.settle("ana", "hernan")
    nonpapers.withdraw(ana, last(ana))
    world.settle("ana", "hernan")
    assert nonpapers.unconfirmed(hernan, last(hernan)) == (sofia.me,)
    assert [item.state for item in papers(sofia)] == ["floated"]  # it has not heard
    world.clock.days(3)
    sofia.sync()
    assert [(item.state, item.author) for item in papers(sofia)] == [("lapsed", None)]


def test_words_stand_right_behind_what_they_belong_to(world: World) -> None:
    """Nobody says other words for an entry later on; what was tried is erased."""
    float_(world)
    world.settle()
    ana = world["ana"]
    version = last(ana).versions[0]
    nonpapers.revise(ana, last(ana), "A title", "second")
    world.settle()
    key = ana.session.book.asides.key(last(ana).at.position)
    assert key is not None
    raw = encode(WordsOf(last(ana).id, version.entry))
    false = encode(Idea(bytes(16), "A title", "other words"))
    with ana.session.turn(), ana.session.vault.transaction():
        body = encode(aside.with_words(ana.id, key, raw, false, ana.session.random))
        frame = sealing._entry(ana.session, "talk", last(ana).audience, "nonpaper.words", body)
    ana.client.append(ana.name, ana.session.book.credential()[1], [frame])
    world.settle()
    assert [said(world[n]) for n in SEATS] == [["Words " + WORDS, "second"]] * 3
    (at,) = log(ana, "nonpaper.words", "rejected")
    assert world.host.rows(world.name)[at][1] is None


# --- hat --------------------------------------------------------------------------------------------


def hats_slip(world: World, who: str, text: str) -> None:
    nonpapers.drop(world[who], "From a hat", text)


def rounds(channel: Channel) -> list[str]:
    return [hats.standing(channel, item.value) for item in channel.items("hat")]


def test_a_backup_made_while_a_hat_goes_round_holds_no_slip_and_abstains(world: World) -> None:
    hats_slip(world, "sofia", "Words " + WORDS)
    sofia = world["sofia"]
    assert traces(sofia, runs(WORDS)) == runs(WORDS)
    sources = [world.backup("sofia")]
    hats.call(world["ana"])
    for steps in range(4):
        world.sync(*(SEATS if steps < 2 else ("ana", "sofia")))  # then hernan is awaited
        sources.append(world.backup("sofia"))
    pocket = sofia.session.book.items.pocket(sofia.items("hat")[0].position)
    assert len(pocket) > 64
    assert traces(sofia, {pocket[8:72]}) == {pocket[8:72]}
    for number, source in enumerate(sources):
        copy = world.restore(source, f"copy {number}")
        assert traces(copy, runs(WORDS) | {pocket[8:72]}) == set()
        assert hats.waiting(copy) == 0
        world.desks.pop(f"copy {number}").close()
    world.desks.pop("sofia").close()
    shutil.rmtree(world.folder / "sofia")
    world.restore(sources[-1], "sofia")
    size = world["ana"].size
    world.settle()
    world.settle()
    mine = [e for e in world["ana"].session.book.entries.log(size) if e.kind.startswith("hat.")]
    assert world["sofia"].me not in {e.sender for e in mine}
    world.clock.days(1.1)
    world.settle()
    world.settle()
    assert [rounds(world[n]) for n in SEATS] == [["lapsed"]] * 3


@pytest.mark.parametrize("steps", range(1, 7))
def test_a_slip_whose_round_lapses_waits_for_the_next_and_comes_once(world: World, steps: int) -> None:
    hats_slip(world, "hernan", "Words " + WORDS)
    hats.call(world["ana"])
    for _ in range(steps):
        world.sync("ana", "hernan", "sofia")
        if papers(world["ana"]):
            break
    stopped, state = not papers(world["ana"]), rounds(world["hernan"])[0]
    if stopped:  # nobody is online until the hour has passed
        world.clock.days(1.1)
        world.settle()
        world.settle()
        assert rounds(world["ana"]) == ["lapsed"]
        sent = world["hernan"].session.vault.query("SELECT count(*) FROM pocket")[0][0]
        assert sent == 0
        opened = hats.waiting(world["hernan"]) == 0
        assert opened == (state in ("opening", "opened", "closed"))  # its key has left: others may have read them
        if not opened:
            hats.call(world["sofia"])
    world.settle()
    world.settle()
    texts = [said(world["ana"], i) for i in range(len(papers(world["ana"])))]
    assert texts in ([["Words " + WORDS]], []) if stopped else texts == [["Words " + WORDS]]
    assert [hats.waiting(world[n]) for n in SEATS] == [0, 0, 0]
    if not stopped or texts:
        assert [papers(world[n])[0].author for n in SEATS] == [None, None, None]


@pytest.mark.parametrize("restart", [False, True])
def test_hats_on_the_charters_schedule_are_called_once_by_the_right_desk(tmp_path: Path, restart: bool) -> None:
    with talks(tmp_path, hat_days=7) as world:
        world.settle()
        for week in range(1, 4):
            world.clock.days(6.9 if week == 1 else 6.8)
            world.settle()
            assert len(log(world["ana"], "hat.open", "line")) == week - 1
            world.clock.days(0.2)
            offline(world["hernan"])
            for _ in range(2):
                world.sync("sofia", "ana") if week % 2 else world.sync("ana", "sofia")
                if restart:
                    world.open("sofia")
                    world.open("ana")
            # It runs, and waits for hernan: no other is called meanwhile.
            world.clock.days(0.1)
            world.sync("sofia", "ana")
            online(world["hernan"])
            world.settle()
            called = [item.value for item in world["ana"].items("hat")]
            assert len(called) == week
            assert {item.caller for item in called} == {world["sofia"].me}  # the intermediary
            assert called[-1].state == "closed"
        assert [returned(world[n]) for n in SEATS] == [[], [], []]


def test_no_hat_is_called_before_its_day_or_without_enough_seats(tmp_path: Path) -> None:
    with talks(tmp_path, names=("ana", "hernan"), hat_days=1) as world:
        world.clock.days(3)
        world.settle()
        assert log(world["ana"], "hat.open") == []
        with pytest.raises(Misuse):
            hats.call(world["ana"])


def test_what_lies_ready_can_be_taken_back_and_leaves_nothing(world: World) -> None:
    ana = world["ana"]
    hats_slip(world, "ana", "Words " + WORDS)
    assert hats.waiting(ana) == 1
    assert hats.take_back(ana) == 1
    assert hats.waiting(ana) == 0
    ana.sync()
    ana.session.vault.settle()
    assert traces(ana, runs(WORDS)) == set()


def test_a_slip_about_what_is_over_by_then_is_not_carried_on(tmp_path: Path) -> None:
    with talks(tmp_path, reactions="hat") as world:
        ana, hernan, sofia = (world[n] for n in SEATS)
        float_(world)
        world.settle()
        nonpapers.drop_reaction(hernan, last(hernan), "objection", "pterodactylharbour")
        hats.call(sofia)
        ana.sync()
        for name in ("hernan", "ana", "sofia", "ana") * 20:
            world[name].sync()
            if ana.items("hat")[0].value.state == "votes":  # the slip is in the hat
                nonpapers.withdraw(ana, last(ana))
                break
        world.settle()
        world.settle()
        assert [rounds(world[n]) for n in SEATS] == [["closed"]] * 3
        assert [last(world[n]).state for n in SEATS] == ["withdrawn"] * 3
        assert log(ana, "nonpaper.react") == []
        assert [returned(world[n]) for n in SEATS] == [[], [], []]
        assert all(kept(world[n]) == 0 for n in SEATS)
        for name in SEATS:
            world[name].session.vault.settle()
            assert traces(world[name], runs("pterodactylharbour")) == set()


def test_what_the_open_slips_hold_can_be_read_until_the_round_is_done(world: World) -> None:
    hats_slip(world, "hernan", "Words " + WORDS)
    hats.call(world["ana"])
    ana = world["ana"]

    def before(op: str, args: tuple[Any, ...]) -> None:
        if op == "append" and ana.items("hat")[0].value.state == "opened":
            raise refuse("full")  # she cannot close it

    wire(ana).before = before
    for name in ("hernan", "sofia", "ana", "hernan", "sofia") * 8:
        with suppress(RelayRefused):
            world[name].sync()
    hernan = world["hernan"]
    held = hernan.items("hat")[0].value
    assert held.state == "opened"
    assert [getattr(slip, "text", "") for slip in hats.slips(hernan, held)] == ["Words " + WORDS]
    online(world["ana"])
    world.settle()
    assert hats.slips(hernan, hernan.items("hat")[0].value) == []


def test_words_that_do_not_open_are_as_good_as_none(world: World) -> None:
    """And a copy that cannot be read fills nothing."""
    float_(world)
    world.settle()
    ana, hernan = world["ana"], world["hernan"]
    key = ana.session.book.asides.key(last(ana).at.position)
    assert key is not None
    with ana.session.turn(), ana.session.vault.transaction():
        ana.session.book.asides.keep_key(last(ana).at.position, bytes(32))
    nonpapers.revise(ana, last(ana), "A title", "under another key")
    with ana.session.turn(), ana.session.vault.transaction():
        ana.session.book.asides.keep_key(last(ana).at.position, key)
    world.settle()
    assert said(hernan) == ["Words " + WORDS, ""]
    assert papers(hernan) == papers(ana)
    assert log(hernan, "nonpaper.words", "rejected") == []
    reading = Reading(hernan.session.book.asides, hernan.id, hernan.me, 0)
    before = kept(hernan)
    reading.keep_copied(last(hernan).at.position, b"\xc1", lambda _: None, ana.me)
    reading.keep_copied(last(hernan).at.position, encode(((bytes(32), b"false"),)), lambda _: None, ana.me)
    assert kept(hernan) == before


def test_what_comes_of_a_non_paper_stays_behind_when_its_seat_leaves(world: World) -> None:
    """A text that would have been proposed from it is not kept for its person: its words were set aside."""
    float_(world)
    world.settle()
    sofia = world["sofia"]
    offline(sofia)
    nonpapers.take_up(sofia, last(sofia), [sofia.me, world["ana"].me])
    assert waiting(sofia) == 2
    online(sofia)
    wire(sofia).before = lambda op, args: (_ for _ in ()).throw(AssertionError(op)) if op == "append" else None
    remove(world, "sofia", "ana", "hernan")
    sofia.sync()
    assert (waiting(sofia), len(returned(sofia))) == (0, 1)  # the taking up itself, which holds no words
    assert traces(sofia, runs(WORDS)) == set()


def test_nothing_is_sealed_for_somebody_without_a_key(world: World) -> None:
    with world["ana"].session.turn(), pytest.raises(Misuse) as caught:
        envelopes._one_time(world["ana"].session, b"\1" * 16)
    assert caught.value.code == "absent"


def test_a_turn_looks_at_nothing_that_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many notes and old non-papers there are: what is owed is found without reading them."""
    ana = world["ana"]
    ana.send_note("a note")
    float_(world)
    world.settle()
    nonpapers.withdraw(ana, last(ana))
    world.settle()
    note, paper = ana.items("note")[0], ana.items("nonpaper")[0]
    again = [
        item._replace(value=replace(item.value, id=bytes([n]) * 32, at=replace(item.value.at, position=start + n)))
        for item, start in ((note, 1_000), (paper, 2_000))
        for n in range(100)
    ]
    items = ana.session.book.items
    with ana.session.turn(), ana.session.vault.transaction():
        items.write(again, [])
        ana.session.vault.execute("DELETE FROM pocket")
    seen: list[int] = []
    whole = Items._items

    def counted(self: Items, sql: str, *parameters: Any) -> list[Any]:
        found = whole(self, sql, *parameters)
        seen.append(len(found))
        return found

    monkeypatch.setattr(Items, "_items", counted)
    ana.work()
    assert sum(seen) <= 3  # the newest of each instrument that may begin something
