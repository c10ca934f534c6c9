"""Who may say what in a round when, what a desk does by itself, and what becomes of a round that does not end."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.state import DAY, At
from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import ZERO32
from backchannel.errors import Malformed
from backchannel.instruments.base import WAITS, Me, Spoken
from backchannel.instruments.hat import mix, rounds, rules, view
from backchannel.instruments.hat.rules import HAT, LARGEST, LONGEST, RULES, SMALLEST, STATES
from backchannel.instruments.hat.values import FROM_HAT, Close, Hat, Idea, Open, Post, Question, Reaction, Slip
from backchannel.instruments.sounding.values import Open as Sounded
from tests.instruments.hat.kit import (
    MORNING,
    TERMS,
    UNREAD,
    Table,
    chance,
    channel,
    idea,
    question,
    reaction,
    seat,
    seats,
)
from tests.instruments.hat.test_blame import named, pocket, says, table
from tests.seal.kit import refused

BY = {"seat": "Cem", "caller": "Ben"}


def in_state(which: str) -> Table:
    """A round that Ben has called, and that stands so."""
    made = Table("Ana Ben Cem", name=which)
    made.call("Ben")
    if which in view.LIVE and which != "blame":
        made.until(which)
    elif which == "closed":
        made.run()
    elif which == "lapsed":
        for desk in made.desks.values():
            desk.keep(HAT, made.round().id, rules.lapse(made.round()))
    else:
        made.until("votes")
        if which == "failed":
            says(made, "Ben", "go", bytes(32))
            made.until("blame")
            desk = made.desks["Cem"]
            (due,) = desk.owed(made.at, made.state)
            made.post("Cem", due.kind, due.body, due.words[:-32] + bytes(32))
        else:
            says(made, "Ben", "nogo")
        if which != "blame":
            made.run()
    assert made.round().state == which
    return made


@pytest.mark.parametrize("which", STATES)
def test_every_cell_is_allowed_or_refused(which: str) -> None:
    made = in_state(which)
    item = made.round()
    for kind, who in product(HAT.kinds, BY):
        if kind == "hat.open":
            continue
        act: Any = Close(item.id, ()) if kind == "hat.close" else Post(item.id)
        spoken = Spoken(made.at, bytes(32), seat(BY[who]), item.audience, kind, act, made.state, holds=True)
        try:
            rules.fold(item, spoken)
            code = "ok"
        except Malformed as problem:
            code = problem.code
        row = (which, kind, "caller" if kind == "hat.close" and who == "caller" else "seat")
        assert (code == "rule") == (row not in RULES), (row, code)


def test_tables_name_only_what_there_is() -> None:
    named_ = {s for row, ends in RULES.items() for s in (row[0], *ends)} - {""}
    assert named_ == set(STATES)
    assert {kind for _, kind, _ in RULES} == set(HAT.kinds)
    assert set(view.LIVE) | {"closed", "blamed", "failed", "lapsed"} == set(STATES)


def opening(names: str = "Ana Ben Cem", by: str = "Ana", to: str = "", left: str = "", **change: Any) -> Hat:
    state = channel(names, left)
    terms: dict[str, Any] = {"seats": rules.speakers(state), "size": 4_096, "ends_by": MORNING + DAY} | change
    act = Open(**terms)
    audience = seats(to) if to else act.seats
    found: Hat = rules.fold(None, Spoken(At(7, MORNING), b"\7" * 32, seat(by), audience, "hat.open", act, state))
    return found


MANY = " ".join(f"P{k}" for k in range(17))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("seats", {"names": "Ana Ben"}),
        ("seats", {"names": MANY, "by": "P0"}),
        ("seats", {"names": "Ana Ben Cem Dov", "seats": seats("Ana Ben Cem")}),
        ("seats", {"seats": seats("Ana Ben Cem")[::-1]}),
        ("seats", {"seats": (*seats("Ana Ben Cem")[:2],) * 2}),
        ("seats", {"names": "Ana Ben Cem Obi", "seats": seats("Ana Ben Cem Obi")}),
        ("seats", {"names": "Ana Ben Cem Dov", "left": "Dov", "seats": seats("Ana Ben Cem Dov")}),
        ("rule", {"names": "Ana Ben Cem Obi", "by": "Obi"}),
        ("audience", {"names": "Ana Ben Cem Obi", "to": "Ana Ben Cem Obi"}),
        ("audience", {"to": "Ana Ben"}),
        ("size", {"size": SMALLEST - 1}),
        ("size", {"size": LARGEST + 1}),
        ("hours", {"ends_by": MORNING}),
        ("hours", {"ends_by": MORNING + LONGEST + 1}),
    ],
)
def test_rounds_that_cannot_be_called(code: str, change: dict[str, Any]) -> None:
    """A round among few of those who speak would show whose their slips are: nobody can call one."""
    with refused(code):
        opening(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"size": SMALLEST},
        {"size": LARGEST, "ends_by": MORNING + LONGEST},
        {"names": MANY[3:], "by": "P1"},
        {"names": "Ana Ben Cem Dov", "left": "Dov"},
        {"names": "Ana Ben Cem Obi"},
    ],
)
def test_rounds_that_can(change: dict[str, Any]) -> None:
    assert opening(**change).state == "keys"


def test_an_entry_about_nothing_or_to_others() -> None:
    item = opening()
    for held, to in ((None, item.audience), (item, item.audience[:2])):
        spoken = Spoken(At(8, MORNING), bytes(32), seat("Ana"), to, "hat.nogo", Post(item.id), channel("Ana Ben Cem"))
        with refused("item"):
            rules.fold(held, spoken)


# --- the whole way


@pytest.mark.parametrize("names", ["Ana Ben Cem", "Ana Ben Cem Dov Eli Obi", "Ana Ben Cem Dov Eli Fay Gil Hal Ira Jo"])
def test_what_was_dropped_comes_out_once_and_without_its_author(names: str) -> None:
    made = Table(names, name=names, reactions="hat", objection="2")
    before = made.float_("Ana", to=tuple(s for s in made.all if s != seat("Obi")))
    dropped = {"Ana": idea(), "Ben": reaction(before.id, text="No."), "Cem": question()}
    for name, slip in dropped.items():
        made.desks[name].tray.append(slip)
    made.call("Ben")
    made.run()
    item = made.round()
    assert item.state == "closed"
    assert {(s.hash, s.holds) for s in item.slips} == {
        (mix.content_hash(item.sid, slip), what)
        for slip, what in zip(dropped.values(), ("idea", "reaction", "question"), strict=True)
    }
    assert all(made.round(name) == item for name in names.split() if name != "Obi")
    assert item.read
    assert item.spoiled == 0
    (floated,) = [paper for paper in made.papers() if paper.route == "hat"]
    assert floated.author is None
    assert floated.until == MORNING + 14 * DAY
    (reacted,) = made.paper(before.id).reactions
    assert (reacted.seat, reacted.party, reacted.stance) == (None, "", "objection")
    (asked,) = [entry for entry in made.log if entry.kind == "sounding.open"]
    assert asked.sender == "Ben"
    for name, desk in made.desks.items():
        assert not any(desk.pockets.values())
        assert desk.tray == []
        assert name == "Obi" or desk.keys.keys() == {before.id, floated.id}


def test_slips_are_passed_on_in_an_order_that_nobody_chose() -> None:
    made = table("votes")
    for j, stage in enumerate(made.round().stages):
        found = mix.decode_list(made.desks["Ana"].words[stage.entry])
        assert list(found) == sorted(set(found))
        assert {len(one) for one in found} == {mix.wrapped_size(4, 4_096, j + 1)}
    assert sorted(pocket(made, name).core for name in made.desks) == list(found)


def test_the_slips_are_a_permutation() -> None:
    made = Table("Ana Ben Cem Dov Eli", name="all")
    for n, desk in enumerate(made.desks.values()):
        desk.tray.append(idea(f"Idea {n}.", n=n))
    made.call("Ana")
    made.run()
    assert sorted(slip.place for slip in made.round().slips) == list(range(5))
    floated = {entry.words for entry in made.log if entry.kind == "nonpaper.words"}
    assert len(floated) == 5


@pytest.mark.parametrize(
    "content",
    [
        b"\x80",
        b"anything",
        encode(Idea(bytes(16), "two\nlines", "text", ZERO32)),
        encode(Idea(bytes(16), "Title", "", ZERO32)),
        encode(Idea(bytes(16), "Title", "a\u202eb", ZERO32)),
        encode(Reaction(bytes(16), ZERO32, 0, "interest", "\x07")),
        encode(Question(bytes(16), "Without saying where it is from?", ("yes",))),
        encode(Question(bytes(16), FROM_HAT + "None?", ())),
        encode(Question(bytes(16), FROM_HAT + "Many?", ("x",) * 33)),
        encode(Question(bytes(16), FROM_HAT + "Empty?", ("",))),
    ],
)
def test_a_slip_that_cannot_be_counts_as_spoiled(content: bytes) -> None:
    made = Table(name="spoiled")
    made.desks["Ana"].tray.append(content)
    made.call("Ben")
    made.run()
    assert (made.round().state, made.round().spoiled, made.round().slips) == ("closed", 1, ())
    assert made.papers() == []


def test_a_core_that_does_not_open_counts_as_spoiled(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Table(name="core")
    made.call("Ben")
    made.until("commits")
    right = mix.make_core
    for name, wrong in (
        ("Ana", lambda core: core[:50] + bytes([core[50] ^ 1]) + core[51:]),
        ("Cem", lambda core: core[:-1] + bytes([core[-1] ^ 1])),
    ):
        monkeypatch.setattr(mix, "make_core", lambda *parts, _wrong=wrong: _wrong(right(*parts)))
        made.work(name)
    monkeypatch.setattr(mix, "make_core", right)
    made.run()
    assert (made.round().state, made.round().spoiled) == ("closed", 2)


def test_a_slip_is_filled_up_in_one_form() -> None:
    assert mix.unfill(mix.fill(b"", 32)) == b""
    assert mix.unfill(mix.fill(b"content\x80\0", 32)) == b"content\x80\0"
    assert mix.unfill(bytes(32)) is None
    assert mix.unfill(b"content".ljust(32, b"\1")) is None
    with pytest.raises(ValueError, match="too long"):
        mix.fill(bytes(32), 32)


def test_a_slip_that_is_too_long_for_a_round_waits() -> None:
    made = Table(name="long")
    made.desks["Ana"].tray.append(idea("x" * 1_000))
    made.call("Ben", size=1_024)
    made.run()
    assert made.round().slips == ()
    assert len(made.desks["Ana"].tray) == 1
    made.call("Ben")
    made.run()
    assert len(made.round().slips) == 1


# --- what comes of it


def test_what_nobody_can_take_any_more_is_not_posted_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question becomes a sounding of all the others; the caller releases it and has no vote."""
    made = Table(name="question")
    made.desks["Cem"].tray.append(question())
    made.call("Ben")
    made.run()
    (asked,) = [entry for entry in made.log if entry.kind == "sounding.open"]
    terms = decode(asked.body, Sounded)
    assert terms.voters == seats("Ana Cem")
    assert terms.releaser == seat("Ben")
    assert terms.question.startswith(FROM_HAT)
    assert terms.ballots_by < terms.ends_by


# --- time, absence, people who leave


@pytest.mark.parametrize("which", [state for state in view.LIVE if state != "blame"])
def test_a_silent_seat_is_awaited_and_the_round_lapses(which: str) -> None:
    made = table(which)
    order = sorted(made.desks, key=seat)
    silent = {"stages": order[0], "opened": "Ben"}.get(which, "Cem")
    made.run(*[name for name in made.desks if name != silent])
    made.read()
    assert view.awaited(made.round()) == (seat(silent),)
    made.pass_(DAY)
    assert not made.work("Ana")
    made.run()
    assert {made.round(name).state for name in made.desks} == {"lapsed"}
    assert view.awaited(made.round()) == (seat(silent),)
    assert not made.papers()
    opened = which in ("opening", "opened")
    assert made.desks["Ana"].tray == ([] if opened else [idea()])  # others may have read what was being opened
    assert not any(desk.pockets[made.round().id] or desk.keys for desk in made.desks.values())


def test_a_silent_seat_is_awaited_in_blame() -> None:
    made = table("votes")
    says(made, "Ben", "nogo")
    made.run("Ana", "Ben", "Dov")
    made.read()
    assert view.awaited(made.round()) == (seat("Cem"),)
    assert view.awaited(rules.lapse(made.round())) == (seat("Cem"),)
    assert view.awaited(in_state("closed").round()) == ()


@pytest.mark.parametrize("which", view.LIVE)
def test_nothing_counts_that_comes_too_late(which: str) -> None:
    made = in_state(which)
    made.read()
    dues = {name: desk.copy().owed(made.at, made.state) for name, desk in made.desks.items()}
    name, (due,) = next((name, due) for name, due in dues.items() if due)
    made.now = made.round().terms.ends_by
    late = made.post(name, due.kind, due.body, due.words, due.audience)
    made.read()
    assert set(late.verdicts.values()) == {"late"}
    made.now -= 1
    early = made.post(name, due.kind, due.body, due.words, due.audience)
    made.read()
    assert set(early.verdicts.values()) == {"ok"}


@pytest.mark.parametrize("which", view.LIVE)
def test_a_round_lapses_when_somebody_in_it_leaves(which: str) -> None:
    made = in_state(which)
    made.desks["Ana"].tray.append(idea())
    due = next(
        due for name, desk in made.desks.items() if name != "Cem" for due in desk.copy().owed(made.at, made.state)
    )
    made.left = "Cem"
    left = made.post("Ana" if due.kind != "hat.close" else "Ben", due.kind, due.body, due.words)
    made.read()
    assert {code for name, code in left.verdicts.items() if name != "Cem"} <= {"left", "turn"}
    made.run("Ana", "Ben")
    assert {made.round(name).state for name in ("Ana", "Ben")} == {"lapsed"}
    assert made.desks["Ana"].tray == [idea()]


def test_a_desk_without_the_key_takes_no_part_and_has_the_callers_word() -> None:
    made = Table("Ana Ben Cem Dov", name="restored")
    made.desks["Ana"].tray.append(idea())
    made.call("Ben")
    made.until("opening")
    made.run("Ana", "Ben", "Cem")
    made.read()
    assert made.round("Ana").state == "opening"
    made.run()
    done = made.round("Ana")
    # Dov's desk came from a backup after it had given its inner key away.
    again = Table("Ana Ben Cem Dov", name="restored")
    again.desks["Ana"].tray.append(idea())
    again.call("Ben")
    again.until("opening")
    again.work("Dov")
    again.desks["Dov"].restore()
    again.run()
    assert again.round("Ana").state == "closed"
    assert again.round("Dov").state == "closed"
    assert [s.hash for s in again.round("Dov").slips] == [s.hash for s in again.round("Ana").slips]
    assert not again.round("Dov").read
    assert done.slips[0].holds == "idea"
    assert [len(again.papers(name)) for name in again.desks] == [1, 1, 1, 1]


def test_a_desk_to_which_nobody_has_sealed_a_key_says_nothing() -> None:
    made = Table("Ana Ben Cem", name="unread")
    UNREAD.add(seat("Cem"))
    try:
        made.call("Ben")
        made.run()
    finally:
        UNREAD.clear()
    assert {entry.sender for entry in made.log} == {"Ana", "Ben"}
    assert made.round("Cem").state == "keys"
    assert view.awaited(made.round("Ana")) == (seat("Cem"),)


def test_a_desk_that_lost_its_secrets_but_not_the_key_says_nothing() -> None:
    """It would contradict itself: another key, another slip."""
    made = table("commits")
    made.desks["Cem"].pockets = {}
    assert made.desks["Cem"].owed(made.at, made.state) == []
    made = table("keys")
    made.work("Cem")
    made.read()
    made.desks["Cem"].pockets = {}
    assert made.desks["Cem"].owed(made.at, made.state) == []


def test_a_caller_without_its_secrets_closes_nothing() -> None:
    made = table("opened")
    made.desks["Ben"].pockets[made.round().id] = b""
    assert made.desks["Ben"].owed(made.at, made.state) == []
    assert rounds.slip_of(WAITS) == b""


def test_the_caller_carries_on_what_the_slips_held_though_it_stopped_on_the_way() -> None:
    made = table("opened")
    (close,) = made.desks["Ben"].owed(made.at, made.state)
    assert made.desks["Ben"].owed(made.at, made.state) == []  # once
    made.post("Ben", close.kind, close.body)
    made.read()
    assert made.round().state == "closed"
    assert made.desks["Ben"].keys == {}
    again = made.desks["Ben"].copy()
    assert [due.kind for due in made.desks["Ben"].owed(made.at, made.state)] == ["nonpaper.float"]
    assert [due.kind for due in again.owed(made.at, made.state)] == ["nonpaper.float"]


def test_the_caller_cannot_say_other_slips_than_there_were() -> None:
    made = table("opened")
    item = made.round()
    (right,) = item.slips
    for slips in ((), (replace(right, hash=bytes(32)),), (right, right), (replace(right, holds="reaction"),)):
        assert made.said("Ben", "hat.close", Close(item.id, slips)) == "slips"
    assert made.said("Cem", "hat.close", Close(item.id, item.slips)) == "rule"
    assert made.said("Ben", "hat.close", Close(item.id, item.slips)) == "ok"
    assert made.said("Ben", "hat.close", Close(item.id, item.slips)) == "rule"


def test_a_desk_that_cannot_read_takes_no_more_slips_than_seats() -> None:
    made = table("keys")
    for desk in made.desks.values():
        desk.restore()
    slip = Slip(bytes(32), "idea", 0, ZERO32, 0, "")
    assert made.said("Ben", "hat.close", Close(made.round().id, (slip,) * 5)) == "slips"
    assert made.said("Ben", "hat.nogo", Post(made.round().id)) == "ok"
    assert made.round().state == "keys"
    assert made.said("Ben", "hat.close", Close(made.round().id, (slip,) * 4)) == "ok"


# --- the charter's schedule


def begins(names: str, days: int, by: str, *, day: float = 0, items: tuple[Hat, ...] = ()) -> Any:
    state = channel(names, "", replace(TERMS, hat_days=days))
    at = At(50, MORNING + int(day * DAY))
    return rules.begins(items, Me(seat(by), b"", chance("begins"), at, 0, state))


def test_a_round_begins_by_the_clock_at_one_desk() -> None:
    names = "Ana Ben Cem Rae"
    assert begins(names, 0, "Rae", day=9) is None
    assert begins(names, 3, "Rae", day=2.9) is None
    due = begins(names, 3, "Rae", day=3)
    assert due is not None
    assert (due.kind, due.audience) == ("hat.open", seats(names))
    assert due.body.ends_by == MORNING + 4 * DAY
    assert [name for name in names.split() if begins(names, 3, name, day=3)] == ["Rae"]
    some = "Ana Ben Cem"
    assert [seat(name) for name in some.split() if begins(some, 3, name, day=3)] == [min(seats(some))]
    assert begins("Ana Rae", 3, "Rae", day=3) is None


def test_a_round_begins_when_so_many_days_have_passed_since_the_last() -> None:
    names = "Ana Ben Cem Rae"
    last = replace(opening(names), at=At(7, MORNING + 2 * DAY))
    assert begins(names, 3, "Rae", day=4.9, items=(last,)) is None
    assert begins(names, 3, "Rae", day=5, items=(last,)) is not None
    runs = replace(last, terms=replace(last.terms, ends_by=MORNING + 6 * DAY))
    assert begins(names, 3, "Rae", day=5, items=(runs,)) is None
    assert begins(names, 3, "Rae", day=5, items=(rules.lapse(runs),)) is not None
    assert begins(names, 3, "Rae", day=6, items=(runs,)) is not None


def test_what_the_instrument_says_of_itself() -> None:
    item = opening()
    assert HAT.text(item) == ""
    assert HAT.until(item) == item.terms.ends_by
    assert HAT.until(rules.lapse(item)) is None
    assert HAT.idle(item) == item.terms.ends_by
    assert HAT.idle(replace(item, state="closed")) > item.terms.ends_by
    assert HAT.lapse(replace(item, state="blamed")).state == "blamed"
    assert not any(kind.erasable for kind in HAT.kinds.values())
    assert named(table("keys"))[0] == "closed"


# --- traffic (hat.md, 5)


@pytest.mark.parametrize(("many", "size"), [(3, 4_096), (4, 1_024), (10, 4_096), (16, 1_024)])
def test_the_words_of_a_round_are_as_long_as_the_spec_says(many: int, size: int) -> None:
    made = Table(" ".join(f"P{k}" for k in range(many)), name="traffic")
    made.call("P0", size=size)
    made.run()
    assert made.round("P0").state == "closed"
    n, w, head = many, 2_304 * many + size + 16, 1 if many < 16 else 3
    stages = [head + n * (w - 1_136 * (j + 1) + 3) for j in range(n)]
    words: dict[str, list[int]] = {}
    for entry in made.log:
        words.setdefault(entry.kind, []).append(len(entry.words))
    alike = {"hat.key": 2_451, "hat.commit": 32, "hat.submit": w, "hat.go": 32, "hat.reveal": 32}
    assert words == {
        "hat.open": [0],
        **{kind: [one] * n for kind, one in alike.items()},
        "hat.stage": stages,
        "hat.close": [0],
    }
    whole = n * (2_548 + w) + n * (n * (w + 3) - 568 * n * (n + 1))
    assert sum(map(sum, words.values())) == whole + n * (head - 1)
    if size == 4_096:
        assert round(whole / 1_000) == {3: 120, 10: 2_388}[n]
