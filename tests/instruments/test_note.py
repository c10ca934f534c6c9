"""Notes and their read-back: each its own, each in its turn, and gone when its time is over."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from backchannel.channel.state import DAY, At
from backchannel.entry.codec import Value
from backchannel.entry.ids import EntryId
from backchannel.errors import Malformed
from backchannel.instruments import BY_KIND, ERASABLE, INSTRUMENTS, Spoken, note
from backchannel.instruments.base import diagram
from backchannel.instruments.note import NOTE, RULES, STATES, Confirm, Correct, Note, Restate, Send
from backchannel.instruments.understanding.values import Propose
from tests.channel.kit import MORNING
from tests.channel.weaken import weaken
from tests.instruments.kit import PEOPLE, channel, ids, say, seat, without
from tests.seal.kit import refused

ID: EntryId = b"\x01" * 32


def sent(read_back: bool = True, days: int = 7, to: tuple[str, ...] = PEOPLE) -> Note:
    return say(None, "Ana", Send("We could live with that.", read_back, days), to=ids(*to))  # type: ignore[no-any-return]


def state(item: Note, name: str) -> str:
    found = item.readback(seat(name))
    return found.state if found else "none"


def test_a_note_as_it_was_sent() -> None:
    item = sent()
    assert (item.id, item.author, item.audience) == (ID, seat("Ana"), ids(*PEOPLE))
    assert item.until == MORNING + 7 * DAY
    assert not item.gone
    assert NOTE.text(item) == "We could live with that."
    assert NOTE.until(item) == item.until
    assert {state(item, name) for name in ("Ben", "Cem", "Dora")} == {"asked"}
    assert state(item, "Ana") == state(item, "Eve") == "none"  # authors do not read back, nor do those who only listen
    assert {r.state for r in sent(read_back=False).readbacks} == {"plain"}


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (Send("", False, 7), "prose"),
        (Send("  \n", False, 7), "prose"),
        (Send("a\x1b[2J", False, 7), "prose"),
        (Send("a\u202eb", False, 7), "prose"),
        (Send("x" * 200_001, False, 7), "prose"),
        (Send("words", False, 0), "keep"),
        (Send("words", False, -1), "keep"),
        (Send("words", False, 31), "keep"),
        (Send("words", False, 2**62), "keep"),
    ],
)
def test_a_note_that_cannot_be(act: Send, code: str) -> None:
    with refused(code):
        say(None, "Ana", act)


def test_a_note_is_kept_as_long_as_the_charter_says_at_most() -> None:
    assert sent(days=30).until == MORNING + 30 * DAY
    with refused("keep"):
        say(None, "Ana", Send("words", False, 1), state=replace(channel(), charter=None))


def test_observers_do_not_write() -> None:
    with refused("rule"):
        say(None, "Eve", Send("I saw it.", False, 7))
    with refused("reader"):
        say(sent(), "Eve", Restate(ID, "I saw it."))


def test_a_read_back_from_beginning_to_end() -> None:
    item = say(sent(), "Ben", Restate(ID, "You accept."))
    assert item.readback(seat("Ben")).restated == "You accept."
    item = say(item, "Ana", Correct(ID, seat("Ben"), "We do not reject."))
    assert (state(item, "Ben"), item.readback(seat("Ben")).corrected) == ("corrected", "We do not reject.")
    assert NOTE.text(item) == "We could live with that.\nYou accept.\nWe do not reject."
    item = say(item, "Ben", Restate(ID, "You do not reject."))
    assert item.readback(seat("Ben")).corrected == ""
    item = say(item, "Ana", Confirm(ID, seat("Ben")))
    assert state(item, "Ben") == "confirmed"
    assert state(item, "Cem") == "asked"  # each reader by itself
    with refused("rule"):
        say(item, "Ben", Restate(ID, "Once more."))


ACTS: dict[str, Value] = {
    "note.restate": Restate(ID, "words"),
    "note.confirm": Confirm(ID, seat("Ben")),
    "note.correct": Correct(ID, seat("Ben"), "words"),
}


def in_state(which: str) -> Note:
    """A note whose read-back with Ben stands so."""
    item = sent(read_back=which != "plain")
    for needed, by, kind in (
        (("restated", "confirmed", "corrected"), "Ben", "note.restate"),
        (("confirmed",), "Ana", "note.confirm"),
        (("corrected",), "Ana", "note.correct"),
    ):
        if which in needed:
            item = say(item, by, ACTS[kind])
    return item


@pytest.mark.parametrize(("which", "kind", "who"), [*product(STATES, ACTS, ("author", "reader"))])
def test_every_cell_is_allowed_or_refused(which: str, kind: str, who: str) -> None:
    item = in_state(which)
    by = "Ana" if who == "author" else "Ben"
    day = 7 if which == "gone" else 1
    ends = RULES.get((which, kind, who))
    if who == "author" and kind == "note.restate":
        with refused("reader"):
            say(item, by, ACTS[kind], day=day)
    elif ends is None:
        with refused("rule"):
            say(item, by, ACTS[kind], day=day)
    else:
        assert (state(say(item, by, ACTS[kind], day=day), "Ben"),) == ends


def test_nobody_reads_back_or_confirms_in_anothers_name(monkeypatch: pytest.MonkeyPatch) -> None:
    item = say(sent(), "Ben", Restate(ID, "You accept."))
    assert state(say(item, "Cem", Restate(ID, "You refuse.")), "Ben") == "restated"
    for act in (Confirm(ID, seat("Ben")), Correct(ID, seat("Ben"), "No.")):
        for by in ("Ben", "Cem", "Eve"):
            with refused("rule"):
                say(item, by, act)
    for name in ("Ana", "Eve"):
        with refused("reader"):
            say(item, "Ana", Confirm(ID, seat(name)))
    with refused("reader"):
        say(item, "Ana", Confirm(ID, b"\x09" * 16))
    weaken(
        monkeypatch,
        "instruments.note",
        ('    who = "author" if spoken.stands_for(note.author) else "reader"', '    who = "author"'),
    )
    assert state(note.fold(item, _spoken(item, "Cem", Confirm(ID, seat("Ben")))), "Ben") == "confirmed"


def _spoken(item: Note, by: str, act: Value) -> Any:
    return Spoken(At(60, MORNING), b"\x02" * 32, seat(by), item.audience, "note.confirm", act, channel())


def succeeded(*gone: str, dossier: str = "all") -> Any:
    """Dora has come in the place of Ben, and Cem in that of Ana, if these have gone."""
    heirs, before = {"Dora": seat("Ben"), "Cem": seat("Ana")}, without(*gone)
    assert before.charter is not None
    seats = tuple(replace(s, succeeds=heirs.get(s.name)) for s in before.seats)
    terms = replace(before.charter.terms, dossier=dossier)
    return replace(before, seats=seats, charter=replace(before.charter, terms=terms))


def test_a_successor_reads_back_and_confirms_what_its_predecessor_would_have() -> None:
    now = succeeded("Ana", "Ben")
    item = sent(to=("Ana", "Ben", "Eve"))
    here = ids("Cem", "Dora", "Eve")
    item = say(item, "Dora", Restate(ID, "You accept."), to=here, state=now)
    assert (state(item, "Ben"), item.readback(seat("Dora"))) == ("restated", None)
    with refused("rule"):
        say(item, "Eve", Confirm(ID, seat("Ben")), to=here, state=now)
    with refused("reader"):
        say(item, "Eve", Restate(ID, "You refuse."), to=here, state=now)
    item = say(item, "Cem", Confirm(ID, seat("Ben")), to=here, state=now)
    assert state(item, "Ben") == "confirmed"


def test_under_a_charter_of_the_record_alone_nobody_comes_in_a_notes_place() -> None:
    now = succeeded("Ben", dossier="record")
    item = sent(to=("Ana", "Ben", "Eve"))
    with refused("item"):
        say(item, "Dora", Restate(ID, "You accept."), to=ids("Ana", "Dora", "Eve"), state=now)
    with refused("reader"):
        say(item, "Eve", Restate(ID, "You accept."), to=ids("Ana", "Eve"), state=now)


def test_a_follow_up_goes_to_the_notes_audience() -> None:
    item = sent(to=("Ana", "Ben", "Cem"))
    for to in (ids("Ana", "Ben"), ids(*PEOPLE), ()):
        with refused("item"):
            say(item, "Ben", Restate(ID, "You accept."), to=to)
    with refused("item"):
        note.fold(None, _spoken(item, "Ben", Confirm(ID, seat("Ben"))))


def test_it_goes_on_without_those_who_left() -> None:
    item = sent(to=("Ana", "Ben", "Cem"))
    left = without("Cem")
    item = say(item, "Ben", Restate(ID, "You accept."), state=left)
    assert state(item, "Ben") == "restated"
    with refused("item"):  # not before they have left
        say(item, "Ana", Confirm(ID, seat("Ben")), to=ids("Ana", "Ben"))


def test_a_note_is_not_an_understanding() -> None:
    other = say(None, "Ana", Propose("Peace", ("We agree.",), (), ids("Ana", "Ben"), bytes(32)))
    with refused("item"):
        note.fold(other, _spoken(sent(), "Ana", Confirm(ID, seat("Ben"))))


@pytest.mark.parametrize("words", ["", "a\x1b[2J"])
def test_what_is_read_back_is_prose(words: str) -> None:
    with refused("prose"):
        say(sent(), "Ben", Restate(ID, words))
    with refused("prose"):
        say(in_state("restated"), "Ana", Correct(ID, seat("Ben"), words))


def test_when_its_time_is_over_only_the_fact_remains() -> None:
    item = NOTE.lapse(in_state("corrected"))
    assert item.gone
    assert NOTE.text(item) == ""
    assert NOTE.until(item) is None
    assert all(r.restated == r.corrected == "" for r in item.readbacks)
    assert state(item, "Ben") == "corrected"
    assert (item.author, item.at) == (sent().author, sent().at)
    with refused("rule"):
        say(item, "Ben", Restate(ID, "You accept."), day=7)


def test_a_desk_that_deleted_it_early_still_follows_and_keeps_nothing() -> None:
    item = say(NOTE.lapse(sent()), "Ben", Restate(ID, "You accept."), day=6.9)
    assert state(item, "Ben") == "restated"
    assert NOTE.text(item) == ""


def test_kinds_and_tables_agree() -> None:
    for instrument in INSTRUMENTS:
        assert instrument.opens in instrument.kinds
        assert {kind for _, kind, _ in instrument.rules} == set(instrument.kinds)
        for kind in instrument.kinds:
            assert BY_KIND[kind] is instrument
            assert ERASABLE[kind] == instrument.kinds[kind].erasable
        drawn = diagram(instrument.rules).splitlines()
        for (before, kind, who), ends in instrument.rules.items():
            for end in ends:
                assert f"    {before or '[*]'} --> {end}: {kind} ({who})" in drawn
    assert {s for row in RULES for s in (row[0], *RULES[row])} - {""} <= set(STATES)


class ReadBacks(RuleBasedStateMachine):
    """A note against the plainest model of it: for each reader one of four words."""

    @initialize(asked=st.booleans())
    def begin(self, asked: bool) -> None:
        self.item = sent(read_back=asked)
        self.model = dict.fromkeys(("Ben", "Cem", "Dora"), "asked" if asked else "plain")
        self.day = 0.0

    def expect(self, allowed: bool, by: str, act: Value) -> None:
        try:
            self.item = say(self.item, by, act, day=self.day)
        except Malformed:
            assert not allowed
        else:
            assert allowed

    @property
    def alive(self) -> bool:
        return self.day < 7

    @rule(by=st.sampled_from(PEOPLE))
    def restate(self, by: str) -> None:
        allowed = self.alive and self.model.get(by) in ("plain", "asked", "corrected")
        self.expect(allowed, by, Restate(ID, "So."))
        if allowed:
            self.model[by] = "restated"

    @rule(by=st.sampled_from(PEOPLE), about=st.sampled_from(PEOPLE), right=st.booleans())
    def answer(self, by: str, about: str, right: bool) -> None:
        allowed = self.alive and by == "Ana" and self.model.get(about) == "restated"
        self.expect(allowed, by, Confirm(ID, seat(about)) if right else Correct(ID, seat(about), "Not so."))
        if allowed:
            self.model[about] = "confirmed" if right else "corrected"

    @rule(days=st.sampled_from([0.1, 1.0, 3.0]))
    def wait(self, days: float) -> None:
        self.day += days

    @rule()
    def lapse(self) -> None:
        self.item = NOTE.lapse(self.item)

    @invariant()
    def agree(self) -> None:
        assert {name: state(self.item, name) for name in self.model} == self.model
        assert not self.item.gone or NOTE.text(self.item) == ""


ReadBacks.TestCase.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
TestReadBacks = ReadBacks.TestCase
