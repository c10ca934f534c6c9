"""Soundings between real desks: killed at every step, restored, late, and what is left on their disks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import duties, soundings
from backchannel.desk.channel import Channel
from backchannel.desk.vault.vault import Vault
from backchannel.entry.codec import decode
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.sounding import rounds
from backchannel.instruments.sounding.rounds import Pocket
from backchannel.instruments.sounding.values import Sounding, Withdraw
from tests.desk.world import World, offline, online, pages, remove, returned, talks

ALL = ("ana", "hernan", "sofia")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        yield made


def item(world: World, name: str, k: int = -1) -> Sounding:
    return world[name].items("sounding")[k].value  # type: ignore[no-any-return]


def pocket(channel: Channel, k: int = -1) -> bytes:
    return channel.session.book.items.pocket(channel.items("sounding")[k].position)


def ask(world: World, *options: str, **change: Any) -> None:
    voters = [world["ana"].me, world["hernan"].me]
    soundings.ask(world["sofia"], "Who may mediate?", options or ("The Pope", "The King"), voters, **change)


def settle(world: World, *names: str) -> None:
    """Until nobody has anything to say."""
    for _ in range(60):
        if not sum(len(world[name].sync().events) for name in names or ALL):
            return
    raise AssertionError("it does not come to rest")


def answer(world: World, name: str, *yes: int, **change: Any) -> None:
    soundings.answer(world[name], item(world, name), yes, **change)


def rejected(world: World) -> list[str]:
    return [row.note for name in ALL for row in world[name].session.book.entries.log() if row.verdict == "rejected"]


def test_from_question_to_result_and_nothing_is_left(world: World) -> None:
    ask(world)
    settle(world)
    secrets = [decode(pocket(world[name]), Pocket).x for name in ALL]
    answer(world, "ana", 0)
    answer(world, "hernan", 0, 1)
    seen: list[bytes] = []
    for _ in range(40):
        if not sum(len(world[name].sync().events) for name in ALL):
            break
        seen += [m.body for m in item(world, "ana").ballots]
    assert seen
    for name in ALL:
        found = item(world, name)
        assert (found.state, [r.option for r in found.results]) == ("closed", [0])
        assert (found.ballots, found.keys, pocket(world[name]), returned(world[name])) == ((), (), b"", [])
        plain = pages(world[name])
        assert b"Who may mediate?" in plain
        for secret in (*secrets, *(body[-32:] for body in seen)):
            assert secret not in plain
    assert rejected(world) == []


def test_the_answer_is_forgotten_when_the_ballot_is_made(world: World) -> None:
    ask(world)
    settle(world)
    assert not soundings.cast(world["ana"], item(world, "ana"))
    answer(world, "ana", 1)
    held = decode(pocket(world["ana"]), Pocket)
    assert (held.answer, "ballot" in held.sent) == ((), True)
    assert soundings.cast(world["ana"], item(world, "ana"))
    with pytest.raises(Misuse) as refusal:
        answer(world, "ana", 0)
    assert refusal.value.code == "answered"


class Killed(Exception):
    """The desk's program ends here."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, n: int) -> Iterator[list[int]]:
    """The n-th write of anybody's vault fails, as if the program had ended before it."""
    count = [0]
    execute, many = Vault.execute, Vault.executemany

    def one(self: Vault, sql: str, *rest: Any) -> Any:
        if not sql.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            count[0] += 1
            if count[0] == n:
                raise Killed
        return execute(self, sql, *rest)

    def several(self: Vault, sql: str, rows: Any) -> None:
        count[0] += 1
        if count[0] == n:
            raise Killed
        many(self, sql, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "execute", one)
        patch.setattr(Vault, "executemany", several)
        yield count


def test_a_desk_killed_at_every_write_of_every_step_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hernán's program is killed at its first write, restarted, killed at its second, ..; then it may get on."""
    ask(world, reveal="first")
    kills = 0
    for turn in range(40):
        moved = False
        for name in ("ana", "sofia"):
            moved = bool(world[name].sync().events) or moved
        for n in range(1, 60):
            with killed_at(monkeypatch, n) as count:
                try:
                    moved = bool(world["hernan"].sync().events) or moved
                except Killed:
                    kills += 1
            if count[0] < n:
                break
            world.open("hernan")
        if turn == 2:
            answer(world, "ana", 0, 1)
            answer(world, "hernan", 1)
        if turn > 3 and not moved:
            break
    assert kills > 40
    assert [(item(world, n).state, [r.option for r in item(world, n).results]) for n in ALL] == [("closed", [1])] * 3
    # Nothing was said twice, so nothing differently.
    assert [note for note in rejected(world) if not note.startswith("closed")] == []
    said = [
        (row.sender, row.kind) for row in world["ana"].session.book.entries.log() if row.kind.startswith("sounding.")
    ]
    once = [pair for pair in said if pair[1] in ("sounding.key", "sounding.ballot", "sounding.blind")]
    assert len(once) == len(set(once)) == 3 + 2 + 2


def test_pocket_and_outbox_change_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the pocket written first, who dies between would never say it; were it last, would say it twice."""
    ask(world)
    settle(world)
    answer_given = rounds.with_answer(pocket(world["ana"]), (True, False))
    channel = world["ana"]
    with channel.session.turn(), channel.session.vault.transaction():
        channel.session.book.items.set_pocket(item(world, "ana").at.position, answer_given)
    n = 1
    while True:
        with killed_at(monkeypatch, n) as count:
            try:
                with channel.session.turn(), channel.session.vault.transaction():
                    duties.write_duties(channel.session)
                    raise Killed
            except Killed:
                pass
        assert pocket(channel) == answer_given
        assert channel.session.book.outbox.waiting() == []
        if count[0] < n:
            break
        n += 1
    assert n > 2


def test_a_restored_desk_abstains(world: World) -> None:
    ask(world)
    settle(world)
    secret = decode(pocket(world["ana"]), Pocket).x
    source = world.backup("ana")
    world.desks["ana"].close()
    del world.desks["ana"]
    world.restore(source, "again")
    world["again"].sync()
    assert pocket(world["again"]) == b""
    with pytest.raises(Misuse) as refusal:
        answer(world, "again", 0)
    assert refusal.value.code == "restored"
    answer(world, "hernan", 0)
    settle(world, "again", "hernan", "sofia")
    assert item(world, "sofia").state == "ballots"
    assert secret not in pages(world["again"])
    world.clock.days(1.1)
    settle(world, "again", "hernan", "sofia")
    assert {item(world, name).state for name in ("again", "hernan", "sofia")} == {"lapsed"}


def test_a_lapse_leaves_nothing(world: World) -> None:
    ask(world)
    settle(world)
    secret = decode(pocket(world["ana"]), Pocket).x
    answer(world, "ana", 0)
    settle(world)
    (ballot,) = item(world, "ana").ballots
    world.clock.days(1.01)
    assert soundings.standing(world["ana"], item(world, "ana")) == "lapsed"
    with pytest.raises(Misuse) as refusal:
        answer(world, "hernan", 0)
    assert refusal.value.code == "over"
    world.clock.days(0.1)
    settle(world)
    for name in ALL:
        assert (item(world, name).state, item(world, name).ballots, pocket(world[name])) == ("lapsed", (), b"")
    plain = pages(world["ana"])
    assert secret not in plain
    assert ballot.body[-32:] not in plain


def test_who_was_away_at_the_end_learns_the_result(world: World) -> None:
    """The result is in the log: a desk that comes back after the hour reads it before it lets go."""
    ask(world, reveal="all")
    settle(world)
    answer(world, "ana", 1)
    answer(world, "hernan", 1)
    for _ in range(30):
        world["ana"].sync()
        world["hernan"].sync()
        if item(world, "sofia").state != "opening" or not item(world, "sofia").openings[0].release:
            world["sofia"].sync()
    assert item(world, "ana").state == "closed"
    assert item(world, "sofia").state == "opening"
    world.clock.days(3.5)
    offline(world["sofia"])
    with pytest.raises(Exception, match="does not answer"):
        world["sofia"].sync()
    assert (item(world, "sofia").state, pocket(world["sofia"])) == ("opening", b"")
    online(world["sofia"])
    world["sofia"].sync()
    assert [r.option for r in item(world, "sofia").results] == [1]


def test_who_never_reads_again_destroys_it_nevertheless(world: World) -> None:
    ask(world)
    settle(world)
    answer(world, "ana", 0)
    settle(world)
    offline(world["ana"])
    world.clock.days(11)
    with pytest.raises(Exception, match="does not answer"):
        world["ana"].sync()
    assert (item(world, "ana").state, item(world, "ana").ballots, pocket(world["ana"])) == ("lapsed", (), b"")


def test_what_waited_beyond_the_hour_is_not_posted(world: World) -> None:
    """A RELEASE that comes too late is of use to the dishonest only."""
    ask(world)
    settle(world)
    answer(world, "ana", 0)
    answer(world, "hernan", 0)
    for _ in range(30):
        world["ana"].sync()
        world["hernan"].sync()
        sofia = world["sofia"]
        sofia._syncer.read()
        if item(world, "sofia").openings and len(item(world, "sofia").openings[0].acks) == 2:
            break
        sofia.sync()
    offline(sofia)
    sofia.work()
    waiting = [row.stage for row in sofia.session.book.outbox.waiting()]
    assert waiting == ["written"]
    world.clock.days(3.1)
    online(sofia)
    settle(world)
    assert sofia.session.book.outbox.waiting() == []
    assert not any(row.kind == "sounding.release" for row in sofia.session.book.entries.log())
    assert {item(world, name).state for name in ALL} == {"lapsed"}


def test_somebody_leaves_midway(world: World) -> None:
    ask(world)
    settle(world)
    answer(world, "ana", 0)
    settle(world)
    remove(world, "hernan", "ana", "sofia")
    settle(world, "ana", "sofia")
    for name in ("ana", "sofia"):
        assert (item(world, name).state, item(world, name).ballots, pocket(world[name])) == ("lapsed", (), b"")


def test_a_withdrawal_before_the_first_answer_and_not_after(world: World) -> None:
    ask(world)
    settle(world)
    sofia = world["sofia"]
    sofia.say("sounding.withdraw", Withdraw(item(world, "sofia").id), item(world, "sofia").audience)
    settle(world)
    assert {item(world, name).state for name in ALL} == {"withdrawn"}
    assert {pocket(world[name]) for name in ALL} == {b""}
    with pytest.raises(Misuse) as refusal:
        answer(world, "ana", 0)
    assert refusal.value.code == "over"
    ask(world)
    settle(world)
    answer(world, "ana", 0)
    settle(world)
    with pytest.raises(Misuse) as refusal:
        sofia.say("sounding.withdraw", Withdraw(item(world, "sofia").id), item(world, "sofia").audience)
    assert refusal.value.code == "answered"


def test_asking_again_needs_consent_whichever_was_asked_first(world: World) -> None:
    """Two at once: who answers the later first is asked for consent at the earlier."""
    ask(world, "The Pope", "The King")
    ask(world, "the  pope", "The UN")
    settle(world)
    first, second = (item(world, "ana", k) for k in (0, 1))
    assert soundings.asked_before(world["ana"], second) == []
    soundings.answer(world["ana"], second, [])
    assert soundings.asked_before(world["ana"], first) == [("The Pope", second.at.position)]
    with pytest.raises(Misuse) as refusal:
        soundings.answer(world["ana"], first, [0])
    assert refusal.value.code == "again"
    soundings.answer(world["ana"], first, [0], again=True)
    assert soundings.cast(world["ana"], first)
    assert soundings.asked_before(world["hernan"], item(world, "hernan", 1)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"question": ""}, "prose"),
        ({"question": "x" * 2001}, "prose"),
        ({"question": "a\0b"}, "prose"),
        ({"question": "a\u202eb"}, "prose"),
        ({"options": []}, "options"),
        ({"options": ["a", "A"]}, "options"),
        ({"options": ["a", " a"]}, "options"),
        ({"options": ["a", "a\ufe0f"]}, "options"),
        ({"options": ["a\nb", "ab"]}, "options"),
        ({"options": ["x" * 501]}, "prose"),
        ({"options": [f"{k}" for k in range(33)]}, "options"),
        ({"options": [f"{k}" for k in range(1001)], "reveal": "all"}, "options"),
        ({"hours": 0}, "hours"),
        ({"hours": -1}, "hours"),
        ({"window": 0}, "hours"),
        ({"hours": 24 * 90}, "hours"),
        ({"quorum": 3}, "rule"),
        ({"reveal": "some"}, "reveal"),
    ],
)
def test_a_question_that_cannot_be_asked(world: World, change: dict[str, Any], code: str) -> None:
    given: dict[str, Any] = {"question": "Who?", "options": ["a", "b"]} | change
    question, options = given.pop("question"), given.pop("options")
    with pytest.raises((Misuse, Malformed)) as refusal:
        soundings.ask(world["sofia"], question, options, [world["ana"].me, world["hernan"].me], **given)
    assert refusal.value.code == code
    assert world["sofia"].items("sounding") == []


@pytest.mark.parametrize(
    "words", ["¿Quién?", "من؟", "谁可以调停", "कौन?", "می‌تواند", "Wer?\n\tUnd wann?", "x" * 500, "🕊️", "e\u0301"]
)
def test_any_language(world: World, words: str) -> None:
    ask(world, words, "-", hours=1, window=1)
    world["sofia"].sync()
    assert item(world, "sofia").terms.options[1] == "-"


def test_who_may_not_answer_what(world: World) -> None:
    ask(world)
    world["sofia"].sync()
    settle(world)
    for name, yes, code in (("sofia", [0], "voter"), ("ana", [2], "option"), ("ana", [-1], "option")):
        with pytest.raises(Misuse) as refusal:
            soundings.answer(world[name], item(world, name), yes)
        assert refusal.value.code == code


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        (("0", "1", "0.5"), ["0.0 km", "0.5 km", "1.0 km"]),
        (("5", "5", "1"), ["5 km"]),
        (("1", "10", "4"), ["1 km", "5 km", "9 km"]),
        (("-1", "1", "1"), ["-1 km", "0 km", "1 km"]),
    ],
)
def test_a_grid(numbers: tuple[str, str, str], found: list[str]) -> None:
    assert soundings.grid(*numbers, "km") == found


@pytest.mark.parametrize(
    "numbers",
    [("a", "1", "1"), ("0", "1", "0"), ("0", "1", "-1"), ("2", "1", "1"), ("0", "nan", "1"), ("0", "inf", "1"),
     ("0", "1001", "1"), ("", "", ""), ("0", "1e999999", "1")],
)  # fmt: skip
def test_a_grid_that_is_none(numbers: tuple[str, str, str]) -> None:
    with pytest.raises(Misuse) as refusal:
        soundings.grid(*numbers)
    assert refusal.value.code == "grid"


def test_progress_names_who_is_missing(world: World) -> None:
    ask(world)
    world["sofia"].sync()
    seen = []
    voters = sorted([world["ana"].me, world["hernan"].me])
    for turn in range(30):
        seen.append((item(world, "sofia").state, soundings.progress(item(world, "sofia"))))
        for name in ALL:
            world[name].sync()
        if turn == 2:
            answer(world, "ana", 0)
        if turn == 4:
            answer(world, "hernan", 0)
    assert ("ballots", (1, 2, (world["hernan"].me,))) in seen
    assert seen[-1] == ("closed", (0, 0, ()))
    assert all(set(missing) <= {*voters, world["sofia"].me} for _, (_, _, missing) in seen)
