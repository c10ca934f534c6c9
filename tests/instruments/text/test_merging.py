"""Desks that were offline: whatever they say of whatever they have seen last, all come to the same text.

A log, and seats that have read it up to somewhere. Everybody speaks of the text as they know it; the log puts that in
order; a desk that holds its item in memory and one that writes it to disk after each entry must agree.
"""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backchannel.entry.codec import decode, encode
from backchannel.errors import Malformed
from backchannel.instruments.text import standing
from backchannel.instruments.text.acts import (
    STANCES,
    START,
    Adopt,
    Amend,
    Break,
    Change,
    Decide,
    Delete,
    Insert,
    Issue,
    Merge,
    Move,
    Pass,
    Replace,
    Seen,
    Silence,
    Split,
    Stand,
    Withdraw,
)
from backchannel.instruments.text.brackets import bracketed
from backchannel.instruments.text.redline import between, redline
from backchannel.instruments.text.rules import TEXT, at_the_hour
from backchannel.instruments.text.values import Paragraph, Text, digest
from tests.instruments.text.kit import CHANNEL, PEOPLE, Talk, seat

NAMES = tuple(name for name in PEOPLE if name != "Obi")
WORDS = st.sampled_from(["Peace.", "The parties [shall / may] meet.", "[X]", "לא יהיה כוח", "War [not [ever]]."])


class Desks(RuleBasedStateMachine):
    """Everybody but the observer, each with a text of some age."""

    @initialize(words=st.lists(WORDS, max_size=4), pen=st.sampled_from(NAMES))
    def begin(self, words: list[str], pen: str) -> None:
        self.talk = Talk(words, pen=pen)
        self.known: dict[str, Text] = dict.fromkeys(NAMES, self.talk.item)
        self.written = encode(self.talk.item)
        self.revisions: dict[bytes, int] = {}
        self.places: list[bytes] = []

    def change(self, data: Any, item: Text) -> Change:
        """Something that makes sense to whoever has this text before them, or made sense once."""
        every = [one for one in item.paragraphs if not one.gone] or [Paragraph(START, 0, 0, True, ())]
        one, other = (data.draw(st.sampled_from(every)) for _ in range(2))
        after, words = data.draw(st.sampled_from([START, other.id])), data.draw(WORDS)
        return data.draw(  # type: ignore[no-any-return]
            st.sampled_from(
                [
                    Replace(one.id, one.revision, words),
                    Insert(after, (words,)),
                    Insert(after, (words, "And so on.")),
                    Delete(one.id, one.revision),
                    Move(one.id, after),
                    Split(one.id, one.revision, words, "And so on."),
                    Merge(one.id, one.revision, other.id, other.revision, words),
                ]
            )
        )

    def say(self, by: str, act: Any) -> bool:
        """It comes to the log; whether it was accepted."""
        spoken, before = self.talk.spoken(by, act), self.talk.item
        try:
            self.talk.say(by, act)
        except Malformed:
            assert self.talk.item is before
        again: Any = None
        with contextlib.suppress(Malformed):
            again = TEXT.fold(decode(self.written, Text), spoken)
        assert (again is not None) == (self.talk.item is not before)
        if again is not None:
            assert again == self.talk.item
            self.written = encode(again)
        return self.talk.item is not before

    @rule(by=st.sampled_from(NAMES))
    def read(self, by: str) -> None:
        self.known[by] = self.talk.item

    @rule(by=st.sampled_from(NAMES), size=st.integers(1, 3), data=st.data())
    def amend(self, by: str, size: int, data: st.DataObject) -> None:
        item, before = self.known[by], self.talk.item
        taken = self.say(by, Amend(item.id, tuple(self.change(data, item) for _ in range(size)), ""))
        if taken and seat(by) == before.pen:
            self.judged(before)

    @rule(by=st.sampled_from(NAMES), accept=st.booleans(), data=st.data())
    def decide(self, by: str, accept: bool, data: st.DataObject) -> None:
        item, before = self.known[by], self.talk.item
        if not item.proposed:
            return
        which = data.draw(st.sampled_from(item.proposed)).id
        taken = self.say(by, Decide(item.id, which, accept, "Why not." if accept else ""))
        assert taken == (
            before.state == "drafting" and seat(by) == before.pen and which in [one.id for one in before.proposed]
        )
        if taken:
            self.judged(before)

    def judged(self, before: Text) -> None:
        """What the pen's word did: everything, or nothing."""
        after = self.talk.item
        last = after.settled[-1]
        if last.outcome != "accepted":
            assert after.paragraphs == before.paragraphs
        lines = redline_of(before, after)
        assert [line.id for line in lines if line.after] == [one.id for one in after.here]
        assert [line.id for line in lines if line.before and not line.after] == [
            one.id for one in before.here if one.id not in {now.id for now in after.here}
        ]

    @rule(by=st.sampled_from(NAMES), data=st.data())
    def withdraw(self, by: str, data: st.DataObject) -> None:
        mine = [one for one in self.known[by].proposed if one.seat == seat(by)]
        if mine:
            self.say(by, Withdraw(self.talk.id, data.draw(st.sampled_from(mine)).id))

    @rule(by=st.sampled_from(NAMES), stance=st.sampled_from(STANCES), data=st.data())
    def stand(self, by: str, stance: str, data: st.DataObject) -> None:
        item, before = self.known[by], self.talk.item
        if not item.here:
            return
        on = data.draw(st.lists(st.sampled_from(item.here), min_size=1, unique_by=lambda one: one.id))
        taken = self.say(by, Stand(item.id, tuple(Seen(one.id, one.revision) for one in on), stance, ""))
        if taken:
            now = {one.id: one for one in before.here}
            assert all(now[one.id].words == one.words for one in on)  # nobody stands on what they have not seen

    @rule(by=st.sampled_from(NAMES))
    def issue(self, by: str) -> None:
        item = self.known[by]
        said = [(one.id, item.said(one)) for one in item.here]
        number = len(item.versions) + 1
        if self.say(by, Issue(item.id, number, digest(CHANNEL, item.id, number, said))):
            assert [item.said(one) for one in item.here] == self.talk.words

    @rule(by=st.sampled_from(NAMES), days=st.sampled_from([0.0, 0.4, 1.0]))
    def hush(self, by: str, days: float) -> None:
        self.talk.day += days
        self.say(by, Silence(self.talk.id, len(self.known[by].versions), 24))

    @rule(by=st.sampled_from(NAMES))
    def end_silence(self, by: str) -> None:
        self.say(by, Break(self.talk.id, "No."))

    @rule(by=st.sampled_from(NAMES))
    def adopt(self, by: str) -> None:
        clear = standing.in_the_way(self.talk.item, self.talk.state).clear
        if self.say(by, Adopt(self.talk.id, len(self.known[by].versions))):
            assert clear

    @rule(by=st.sampled_from(NAMES), to=st.sampled_from(NAMES))
    def pass_on(self, by: str, to: str) -> None:
        now = at_the_hour(self.talk.item, self.talk.spoken(by, Break(self.talk.id, "")).at.arrival)
        taken = self.say(by, Pass(self.talk.id, seat(to)))
        assert taken == (seat(by) == now.pen and now.state in ("drafting", "silence"))

    @rule(silent=st.booleans())
    def come_to_rest(self, silent: bool) -> None:
        """The pen takes all brackets out, issues, and waits."""
        item: Text = self.talk.item
        by = next(name for name in NAMES if seat(name) == item.pen)
        dirty = [one for one in item.here if bracketed(item.said(one))]
        if dirty:
            self.say(by, Amend(item.id, tuple(Replace(one.id, one.revision, "Clean.") for one in dirty), ""))
        self.read(by)
        self.issue(by)
        self.read(by)
        if silent:
            self.hush(by, 0.0)
        else:
            for other in ("Ana", "Ben"):
                self.known[other] = self.talk.item
                on = tuple(Seen(one.id, one.revision) for one in self.talk.item.here)
                self.say(other, Stand(item.id, on, "referendum", ""))

    @invariant()
    def what_always_holds(self) -> None:
        item: Text = self.talk.item
        ids = [one.id for one in item.paragraphs]
        assert len(set(ids)) == len(ids)
        assert START not in ids
        for one in item.paragraphs:
            assert one.revision >= self.revisions.get(one.id, 0)
            self.revisions[one.id] = one.revision
            assert not one.gone or not one.stances
            assert len({stance.party for stance in one.stances}) == len(one.stances)
        assert set(self.revisions) == set(ids)
        assert all(one.outcome == "proposed" for one in item.proposed)
        assert "proposed" not in {one.outcome for one in item.settled}
        assert sum(row.brackets for row in standing.in_the_way(item, self.talk.state).rows) >= 0
        if item.state == "adopted":
            assert item.issued


def redline_of(before: Text, after: Text) -> Any:
    """From one state of the text to a later one."""
    return between(after.words, before.layout, after.layout)


Desks.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestDesks = Desks.TestCase


def test_a_version_is_what_was_issued() -> None:
    talk = Talk(["Peace."])
    talk.issue()
    talk.amend("Sol", talk.replace(1, "War."))
    assert [run.words for run in redline(talk.item, 1)[0].runs] == ["Peace", "War", "."]
