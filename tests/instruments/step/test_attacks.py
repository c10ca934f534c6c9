"""Whatever anybody says: a fold refuses or goes on, everything stands somewhere, and nobody is late for waiting."""

from __future__ import annotations

import random
import time
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backchannel.channel.state import DAY, At
from backchannel.entry.codec import decode, encode
from backchannel.errors import Malformed
from backchannel.instruments.base import Me, Spoken
from backchannel.instruments.step import rules
from backchannel.instruments.step.acts import (
    VERDICTS,
    Add,
    Excuse,
    File,
    Find,
    Inspect,
    Piece,
    Pledge,
    Promise,
    Propose,
    Remind,
    Report,
    Withdraw,
)
from backchannel.instruments.step.rules import RULES, STATES, STEP, parts
from backchannel.instruments.step.standing import Quota, quota, stand, standing
from backchannel.instruments.step.track import GROUPS, track
from backchannel.instruments.step.values import Ladder
from tests.instruments.step.kit import MORNING, NOTE, PEOPLE, Walk, promise, seat, standing_in, word
from tests.seal.kit import refused

PARTIES = ("Arland", "Borland", "Vigil", "Watch", "Pact", "Olan")
NUMBER = st.sampled_from([0, 1, 2, 7, 10, 365, 3_650, 3_651, MORNING, MORNING + 20 * DAY, (1 << 63) - 1])
WORDS = st.sampled_from(
    ["", "Done.", "x" * 20_001, "a\u202eb", "a\x00b", "\u0438\u0306", "<b>", "'; DROP TABLE item; --"]
)
PARTY = st.sampled_from([*PARTIES, "", "Nowhere", "arland"])
SOME = st.lists(PARTY, max_size=3).map(tuple)
REFERENCE = st.integers(0, 3) | st.binary(min_size=8, max_size=8)
DIGEST = st.sampled_from([bytes(32), b"\x01" * 32])
FILES = st.lists(st.builds(File, WORDS, NUMBER, DIGEST), max_size=3).map(tuple)
PROMISE = st.builds(
    Promise,
    PARTY,
    WORDS,
    WORDS,
    st.lists(st.lists(REFERENCE, max_size=3).map(tuple), max_size=3).map(tuple),
    st.lists(REFERENCE, max_size=3).map(tuple),
    NUMBER,
    NUMBER,
    WORDS,
    SOME,
    NUMBER,
    NUMBER,
    NUMBER,
    SOME,
    WORDS,
    NUMBER,
    st.lists(NUMBER, max_size=3).map(tuple),
    st.booleans(),
    st.booleans(),
)
PROMISES = st.lists(PROMISE | st.sampled_from([promise(), word(announced=True)]), max_size=3).map(tuple)


def acts(item: bytes, steps: list[bytes]) -> st.SearchStrategy[Any]:
    """Anything, about these steps as a rule."""
    step = st.sampled_from([*steps, bytes(8)])
    verdict = st.sampled_from([*VERDICTS, "kept", "", "Kept"])
    return st.one_of(
        st.builds(Propose, WORDS, PROMISES),
        st.builds(Add, st.just(item), PROMISES),
        st.builds(Pledge, st.just(item), st.lists(step, max_size=3).map(tuple)),
        st.builds(Withdraw, st.just(item), step, WORDS),
        st.builds(Report, st.just(item), step, WORDS, FILES),
        st.builds(Inspect, st.just(item), step, WORDS),
        st.builds(Find, st.just(item), step, verdict, WORDS, FILES),
        st.builds(Excuse, st.just(item), step, NUMBER, WORDS),
        st.builds(Remind, st.just(item), step, NUMBER),
        st.builds(Piece, st.just(item), DIGEST, NUMBER, st.binary(max_size=8)),
    )


def hostile(walk: Walk, by: str, act: Any) -> bool:
    """Say it, as it is, whatever text it has; whether it was accepted."""
    (kind,) = [name for name, kind in STEP.kinds.items() if isinstance(act, kind.body)]
    audience = tuple(sorted(one.id for one in walk.state.active))
    walk.n += 1
    at = At(walk.n, walk.unit)
    before = None if isinstance(act, Propose) else walk.item
    try:
        item = STEP.fold(before, Spoken(at, bytes([walk.n % 256]) * 32, seat(by), audience, kind, act, walk.state))
    except Malformed:
        return False
    walk.item = walk.item if before is None else item
    return True


@given(st.data())
def test_no_act_breaks_a_fold(data: st.DataObject) -> None:
    """Nor what is read off it: standing, quota, reminders, track record, words for a search."""
    walk = Walk(
        [promise(visits=2, grace=3), promise(after=[[0]], by=MORNING + 5 * DAY), word(doer="Olan", returns=(0,))]
    )
    assert STEP.reflex is not None
    for _ in range(data.draw(st.integers(1, 12))):
        walk.day += data.draw(st.sampled_from([0, 0.01, 1, 8, 400]))
        hostile(walk, data.draw(st.sampled_from([*PEOPLE])), data.draw(acts(walk.id, [s.id for s in walk.item.steps])))
        assert decode(encode(walk.item), Ladder) == walk.item
        for unit in (0, walk.unit - DAY, walk.unit, 1 << 62):
            found = stand(walk.item, unit)
            assert all(one.state in STATES for one in found)
            assert found == tuple(standing(walk.item, n, unit) for n in range(len(found)))
            assert all(isinstance(quota(one, "Vigil", unit), Quota) for one in walk.item.steps)
            rows = track([walk.item], "Arland", 0, 1 << 63, unit)
            assert {row.group for row in rows} <= GROUPS.keys()
            me = Me(seat("Vic"), b"", bytes, At(walk.n, unit), unit, walk.state)
            owed = STEP.reflex(walk.item, me)
            for due in owed.says if unit == walk.unit else ():
                assert hostile(Copy(walk), "Vic", due.body)  # what a desk owes is never refused
        STEP.text(walk.item)
        STEP.until(walk.item)


class Copy(Walk):
    """A walk from where another is."""

    def __init__(self, walk: Walk) -> None:
        self.state, self.item, self.day, self.n, self.said = walk.state, walk.item, walk.day, walk.n, []


@given(
    st.sampled_from([(3, 0), (0, 4), (0, 90), (6, 2), (2, 9)]),
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["report", "doubt", "keep"])), max_size=15),
)
def test_nobody_is_late_for_waiting(terms: tuple[int, int], said: list[tuple[int, str]]) -> None:
    """Step 2 waits for 1, of which anything is said at any quarter of a day, and does nothing.

    It is late when it has been open for as long as it had when it first opened, a day at least: no sooner, no later.
    """
    days, day = terms
    by = MORNING + day * DAY if day else 0
    walk = Walk([word(days=0), word(doer="Borland", toward=("Arland",), after=[[0]], days=days, by=by, remind=())])
    walk.pledge(1)
    walk.pledge(2, by="Ben")
    fulfilled, doubted, used, has = False, False, 0.0, 0.0
    for quarters, what in [*said, (400, "keep")]:
        for _ in range(quarters):
            has = has or (max(days or 1, day - walk.day) if fulfilled else 0)
            walk.day += 0.25
            used += 0.25 * fulfilled
            late = fulfilled and used >= has
            assert walk.at(2) == ("late" if late else "due" if fulfilled else "pledged")
            assert walk.now(2).overdue(walk.unit) == (has > 0 and used >= has)
        if what == "report":
            walk.report(1)
            fulfilled, doubted = True, False
        elif what == "doubt":
            walk.find("Ola", 1, "doubted")
            fulfilled, doubted = False, walk.step(1).state == "disputed"
        else:
            walk.find("Ola", 1)
            fulfilled, doubted = fulfilled or doubted, False


def test_the_order_of_independent_acts_does_not_matter() -> None:
    """Three parties, each about a step of its own: whatever comes first, all stand alike."""
    made = [promise(), promise(doer="Borland", toward=("Arland",)), promise(doer="Olan"), promise()]
    outcomes = set()
    for order in permutations(range(4)):
        walk = Walk(made)
        walk.pledge(1, 4)
        walk.pledge(2, by="Ben")
        walk.pledge(3, by="Ola")
        walk.report(4)
        does = (
            lambda w: w.report(1),
            lambda w: w.find("Vic", 2, "broken"),
            lambda w: w.excuse("Ben", 3),
            lambda w: w.find("Vic", 4),
        )
        for n in order:
            does[n](walk)
        outcomes.add((tuple(walk.states), tuple(one.fulfilled is not None for one in walk.item.steps)))
    assert outcomes == {(("reported", "broken", "excused", "verified"), (False, False, True, True))}


def test_an_excuse_of_one_of_two_changes_nothing() -> None:
    walk = Walk([promise(toward=("Borland", "Olan"))])
    walk.pledge()
    walk.excuse("Ben")
    assert walk.at() == "due"
    walk.excuse("Ben")
    assert walk.at() == "due"
    with refused("rule"):
        walk.excuse("Vic")
    walk.excuse("Ola")
    assert walk.at() == "excused"


def test_only_its_own_party_reports_a_step() -> None:
    walk = Walk()
    walk.pledge()
    for by in PEOPLE:
        if PEOPLE[by][0] != "Arland":
            with refused("rule"):
                walk.report(by=by)
            with refused("rule"):
                walk.pledge(by=by)


def test_hours_are_those_of_the_log() -> None:
    """The fold has no clock: the same entries give the same ladder, whenever and wherever they are read."""
    walk = Walk([promise(grace=2)])
    walk.pledge()
    walk.day = 11
    walk.report()
    again: Any = None
    for spoken in walk.said:
        again = STEP.fold(again, spoken)
    assert again == walk.item
    late = [replace(spoken.at, arrival=spoken.at.arrival - 2 * DAY) for spoken in walk.said]
    assert not _folded([spoken._replace(at=at) for spoken, at in zip(walk.said[:2], late, strict=False)]).steps[0].late


def _folded(said: list[Spoken]) -> Ladder:
    item: Any = None
    for spoken in said:
        item = STEP.fold(item, spoken)
    return item  # type: ignore[no-any-return]


def test_ten_thousand_steps() -> None:
    """Twenty entries of 500, and three references a step: folded, and every standing read, in less than a second."""
    walk = Walk([word(what="step 0")])
    acts, keys = [], [walk.key(1)]
    for entry in range(20):
        made = [
            promise(
                what=f"step {entry}-{n}", after=[[keys[(7 * n) % len(keys)]], [keys[-1]], *([[n - 1]] if n else [])]
            )
            for n in range(500 if entry else 499)
        ]
        made = [replace(one, after=tuple(dict.fromkeys(one.after))) for one in made]
        acts.append(walk.spoken("Pia", Add(walk.id, tuple(made))))
        walk.say("Pia", Add(walk.id, tuple(made)))
        keys = [one.id for one in walk.item.steps]
    started = time.process_time()
    item: Any = _folded(walk.said)
    found = stand(item, walk.unit)
    assert time.process_time() - started < 1
    assert len(found) == 10_000
    assert sum(len(one.after) for one in item.steps) > 28_000


# --- who would fill a ladder, or have all desks compute without end


def test_a_party_fills_a_ladder_for_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each report may have 80 kB, is kept by all, and was written anew with all the others after every entry."""
    monkeypatch.setattr(rules, "MOST_SAID", 50_000)
    walk = standing_in("due", remind=(9, 1), announced=False)
    for _ in range(2):
        walk.report(words="x" * 20_000)
    with refused("size"):
        walk.report(words="x" * 20_000)
    with refused("size"):
        walk.add(*[promise(what="x" * 2_000)] * 6, by="Ana")
    walk.report(words="x" * 5_000)
    walk.find("Vic", verdict="broken")  # of what is broken its doer keeps nobody from saying so
    assert walk.at() == "broken"
    assert dict(walk.item.said)["Arland"] > 45_000 > dict(walk.item.said)["Vigil"]


def test_reminders_and_pieces_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = standing_in("due", remind=(10, 9, 8))
    walk.report(files=[NOTE])
    walk.say("Vic", Find(walk.id, walk.key(1), "kept", "", ()))
    before = walk.item.said
    walk.say("Ana", Piece(walk.id, NOTE.sha256, 0, b"0123456789"))
    assert walk.item.said == before


@pytest.mark.parametrize(
    ("standing_", "deed", "most"),
    [
        ("due", lambda walk, n: walk.report(), 32),
        ("reported", lambda walk, n: walk.find("Vic", verdict=("kept", "doubted")[n % 2]), 16),
        ("due", lambda walk, n: walk.excuse(day=100 + n), 16),
    ],
    ids=["report", "find", "excuse"],
)
def test_nobody_opens_and_closes_without_end(standing_: str, deed: Any, most: int) -> None:
    """A thousand doubts, each taken back, had all desks compute for a minute at every look at what waits for it."""
    walk = standing_in(standing_)
    for n in range(most):
        walk.day += 0.1
        deed(walk, n)
    with refused("many"):
        deed(walk, most)


def test_a_new_report_is_found_on_anew() -> None:
    """Or a doer would be free of doubts after the sixteenth."""
    walk = standing_in("reported")
    for _ in range(16):
        walk.find("Vic")
    with refused("many"):
        walk.find("Vic", verdict="broken")
    walk.find("Ola", verdict="doubted")
    walk.report()
    walk.find("Vic", verdict="broken")
    assert walk.at() == "broken"


TERMS: tuple[dict[str, Any], ...] = (
    {"grace": 3, "after": [[1]]},
    {"grace": 3, "visits": 9, "share": 9},
    {"grace": 3, "verifiers": ("Vigil", "Watch"), "needed": 2},
    {"verifiers": ("Borland", "Vigil"), "needed": 1, "toward": ("Borland", "Olan"), "grace": 9},
    {"verifiers": (), "needed": 0, "visits": 0, "share": 0, "after": [[1]]},
    {"announced": True},
)


def test_every_end_is_reached() -> None:
    """What the table says that a row can lead to, it can; and nothing else comes of it."""
    chance = random.Random(6)
    missing = {(row, end) for row, ends in RULES.items() for end in ends}
    for n in range(2_000):
        terms = TERMS[n % len(TERMS)]
        walk = Walk([promise(**terms), word(doer="Olan", days=0)], by="Ana" if "announced" in terms else "Pia")
        people = chance.sample(["Ana", "Ola", "Vic", "Wim", "Ben", "Pia"], 5)
        pace = chance.choice([(0,), (0, 0, 0, 9), (0, 0, 1, 8), (0, 0, 0, 0, 0, 12)])
        for _ in range(25):
            walk.day += chance.choice(pace)
            _wander(walk, chance, people, missing)
    for made, by, end in ((word(), "Pia", "proposed"), (word(announced=True), "Ana", "due")):
        for kind in ("step.propose", "step.add"):
            walk = Walk([made], by=by)
            if kind == "step.add":
                walk.add(made, by=by)
            assert walk.states[-1] == end
            missing.discard((("", kind, "speaker"), end))
    walk = Walk([word(announced=True, after=[[1]]), word()], by="Ana")
    walk.add(word(announced=True, after=[[walk.key(2)]]), by="Ana")
    assert walk.states == ["pledged", "proposed", "pledged"]
    missing -= {(("", kind, "speaker"), "pledged") for kind in ("step.propose", "step.add")}
    assert missing == _rare(missing)


def _rare(missing: set[Any]) -> set[Any]:
    """Of what chance has not found, what can be done by design: a doubt that is lifted last; a finding taken back."""
    found: set[Any] = set()
    others = (("beneficiary", "Ben"), ("proposer", "Pia"), ("other", "Ola"))
    for which, (who, by) in product(("due", "late", "broken"), others):
        walk = standing_in(which)
        walk.find(by, verdict="doubted")
        walk.find("Vic")
        assert walk.at() == which
        walk.find(by)
        found.add(((which, "step.find", who), walk.at()))
    for who, by in (*others, ("verifier", "Vic")):
        walk = standing_in("reported")
        walk.find("Vic", verdict="kept")
        walk.find(by, verdict="doubted")
        assert walk.at() == "disputed"
        walk.find(by)
        found.add((("disputed", "step.find", who), walk.at()))
        walk = standing_in("reported", verifiers=("Vigil", "Watch"), needed=2)
        walk.find(by, verdict="doubted")
        walk.find(by)
        found.add((("disputed", "step.find", who), walk.at()))
        walk = standing_in("due")
        walk.day = 3
        walk.remind(7, by=by)
        found.add((("due", "step.remind", who), walk.at()))
    for which in ("pledged", "due", "late", "reported", "disputed", "broken"):
        walk = standing_in(which, toward=("Borland", "Olan"))
        walk.excuse()
        found.add(((which, "step.excuse", "beneficiary"), walk.at()))
    for kind, who in (("step.find", "verifier"), ("step.excuse", "beneficiary")):
        walk = standing_in("due")
        walk.find(verdict="broken")
        walk.find("Ben", 2, "doubted")
        assert walk.states == ["broken", "disputed"]
        if kind == "step.find":
            walk.find(verdict="doubted")
        else:
            walk.excuse(day=50)
        found.add((("broken", kind, who), walk.at()))
    for which, day in (("pledged", 0), ("due", 0), ("late", 10)):
        walk = Walk([promise(announced=True, after=[[1]] if which == "pledged" else []), word()], by="Ana")
        walk.day = day
        assert walk.at() == which
        walk.withdraw()
        found.add(((which, "step.withdraw", "doer"), walk.at()))
    return missing & found


def _wander(walk: Walk, chance: random.Random, people: list[str], missing: set[Any]) -> None:
    """Somebody does something to one of the steps."""
    number, by, verdict = chance.choice([1, 1, 2]), chance.choice(people), chance.choice([*VERDICTS, "kept"])
    key, before, kind = walk.key(number), walk.at(number), chance.choice([*COMMON, *RARE] if number == 1 else COMMON)
    acts: dict[str, Any] = {
        "pledge": Pledge(walk.id, (key,)),
        "withdraw": Withdraw(walk.id, key, ""),
        "report": Report(walk.id, key, "Done.", ()),
        "inspect": Inspect(walk.id, key, ""),
        "find": Find(walk.id, key, verdict, "", ()),
        "excuse": Excuse(walk.id, key, chance.choice([0, MORNING + 200 * DAY, MORNING + 400 * DAY]), ""),
        "remind": Remind(walk.id, key, chance.choice([1, 7])),
    }
    spoken = walk.spoken(by, acts[kind])
    rows = [(before, spoken.kind, who) for who in parts(walk.step(number), spoken)]
    row = next((row for row in rows if row in RULES), None)
    try:
        walk.say(by, acts[kind])
    except Malformed:
        walk.n += 1
    else:
        assert row is not None
        assert walk.at(number) in RULES[row], (row, walk.at(number))
        missing.discard((row, walk.at(number)))


COMMON = ("pledge", "pledge", "report", "find", "find", "find", "find")
RARE = ("withdraw", "inspect", "remind", "excuse", "excuse", "excuse")
