"""Who may do what when, and what a desk says by itself: every cell of the table, any order of delivery, crashes."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from backchannel.channel.state import DAY
from backchannel.entry.codec import Value, decode
from backchannel.errors import Rejected
from backchannel.instruments.base import Spoken
from backchannel.instruments.sounding import rounds, rules, tally
from backchannel.instruments.sounding.rules import RULES, SOUNDING, STATES
from backchannel.instruments.sounding.values import Ack, Ballot, Blind, Key, Share, Withdraw
from backchannel.seal import dleq, schnorr
from backchannel.seal import group as g
from tests.instruments.sounding.kit import CHANNEL, NAMES, Table, seat, sounded, state, terms
from tests.seal.kit import refused

BY = {"voter": "Ana", "releaser": "Rae", "asker": "Sol", "reader": "Obi"}


def in_state(which: str) -> Table:
    """A sounding of Ana and Ben, asked by Sol, that stands so."""
    table = Table(("Ana", "Ben"), ["a"], asker="Sol", name=which)
    if which == "keys":
        return table
    table.run()
    if which == "withdrawn":
        assert table.said("Sol", "sounding.withdraw", Withdraw(table.id)) == "ok"
    if which in ("blinds", "opening", "closed"):
        table.answer({"Ana": [0], "Ben": [0]})
        table.until({"blinds": "sounding.ballot", "opening": "sounding.share", "closed": "sounding.release"}[which])
        if which == "blinds":
            table.work()
            table.read()
    if which == "lapsed":
        for desk in table.desks.values():
            desk.items[table.id] = SOUNDING.lapse(table.item())
    assert table.item().state == which
    return table


ACTS: dict[str, Any] = {
    "sounding.key": lambda i: Key(i, g.BASE, bytes(64), bytes(32)),
    "sounding.ballot": lambda i: Ballot(i, b"", b""),
    "sounding.blind": lambda i: Blind(i, b"", bytes(32)),
    "sounding.share": lambda i: Share(i, 9, b"", bytes(64)),
    "sounding.ack": lambda i: Ack(i, 9, bytes(32)),
    "sounding.release": lambda i: Share(i, 9, b"", bytes(64)),
    "sounding.show": lambda i: Share(i, 9, b"", bytes(64)),
    "sounding.withdraw": Withdraw,
}


@pytest.mark.parametrize("which", STATES)
def test_every_cell_is_allowed_or_refused(which: str) -> None:
    table = in_state(which)
    item = table.item()
    for kind, who in product(ACTS, BY):
        audience = item.terms.voters if kind == "sounding.share" else item.audience
        act: Value = ACTS[kind](table.id)
        spoken = Spoken(table.at, bytes(32), seat(BY[who]), audience, kind, act, state())
        try:
            rules.fold(item, spoken)
            code = "ok"
        except Rejected as problem:
            code = problem.code
        except Exception as problem:
            code = getattr(problem, "code", repr(problem))
        assert (code == "rule") == ((which, kind, who) not in RULES), (which, kind, who, code)


def test_tables_name_only_what_there_is() -> None:
    named = {s for row, ends in RULES.items() for s in (row[0], *ends)} - {""}
    assert named | {"lapsed"} == set(STATES)
    assert {kind for _, kind, _ in RULES} == set(SOUNDING.kinds)
    assert {who for _, _, who in RULES} <= {*BY, "speaker"}


def test_an_entry_about_nothing() -> None:
    spoken = Spoken(
        Table(ask=False).at, bytes(32), seat("Ana"), (), "sounding.key", ACTS["sounding.key"](bytes(32)), state()
    )
    with refused("item"):
        rules.fold(None, spoken)


@pytest.mark.parametrize("many", [2, 32, 33])
def test_the_number_of_voters(many: int) -> None:
    voters = tuple(sorted(bytes([k]) * 16 for k in range(many)))
    act = replace(terms(("Ana", "Ben"), ["a"]), voters=voters)
    at = Table(ask=False).at
    if many > 32:
        with refused("voters"):
            rules.check(act, at)
    else:
        rules.check(act, at)


@pytest.mark.parametrize(
    ("options", "change", "code"),
    [
        (32, {"reveal": "first"}, ""),
        (1000, {}, ""),
        (1000, {"quorum": 1}, ""),
        (512, {"quorum": 1, "voters": NAMES}, ""),
        (513, {"quorum": 1, "voters": NAMES}, "tests"),
        (513, {"quorum": 2, "voters": NAMES}, ""),
    ],
)
def test_bounds(options: int, change: dict[str, Any], code: str) -> None:
    change = dict(change)
    act = terms(change.pop("voters", ("Ana", "Ben")), [f"{k}" for k in range(options)], **change)
    if code:
        with refused(code):
            rules.check(act, Table(ask=False).at)
    else:
        rules.check(act, Table(ask=False).at)


def test_a_thousand_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest ballot that can be asked: it fits an entry, and comes to the truth. (No proof is verified.)"""
    monkeypatch.setattr(schnorr, "all_hold", lambda *_: True)
    monkeypatch.setattr(dleq, "holds", lambda *_: True)
    monkeypatch.setattr(dleq, "all_hold", lambda *_: True)
    yes = {"Ana": range(0, 1000, 2), "Ben": range(0, 1000, 3)}
    table = sounded(("Ana", "Ben"), [f"{k}" for k in range(1000)], yes, shared=True)
    assert [r.option for r in table.item().results] == list(range(0, 1000, 6))
    assert max(len(entry.body) for entry in table.log) < 2**18


# --- hours


def test_nothing_counts_that_comes_too_late() -> None:
    for which, kind, by in (
        ("keys", "ballots_by", "Ana"),
        ("ballots", "ballots_by", "Ana"),
        ("blinds", "ends_by", "Ben"),
    ):
        table = in_state(which)
        if which == "ballots":
            table.answer({"Ana": [0]})
        owed = table.desks[by].owed(table.at, state())
        (name, body, audience) = owed[0]
        table.now = getattr(table.terms, kind)
        table.post(by, name, body, audience)
        table.read()
        assert set(table.log[-1].verdicts.values()) == {"late"}
        table.now -= 1
        table.post(by, name, body, audience)
        table.read()
        assert set(table.log[-1].verdicts.values()) == {"ok"}


def test_a_desk_says_nothing_after_the_hour_and_lapses_when_it_has_read_all() -> None:
    table = in_state("ballots")
    table.answer({"Ana": [0]})
    table.now = table.terms.ballots_by
    assert not table.work()
    assert table.desks["Ana"].pockets[table.id] != b""  # others may have posted in time what it has not read
    for desk in table.desks.values():
        desk.known = table.terms.ballots_by
    assert not table.work()
    assert {table.item(name).state for name in table.desks} == {"lapsed"}
    assert not any(any(desk.pockets.values()) for desk in table.desks.values())


def test_nobody_releases_in_the_last_minutes() -> None:
    for before, posted in ((rounds.MARGIN + 1, True), (rounds.MARGIN, False), (1, False)):
        table = in_state("opening")
        for _ in range(4):
            table.read()
            table.work("Ana", "Ben")
        table.read()
        assert len(table.item("Rae").openings[0].acks) == 2
        table.now = table.terms.ends_by - before
        assert table.work("Rae") == posted


def test_the_asker_may_leave() -> None:
    table = in_state("ballots")
    table.left = frozenset({"Sol"})
    table.audience = tuple(s for s in table.audience if s != seat("Sol"))
    item_audience = table.item().audience
    table.answer({"Ana": [0], "Ben": [0]})
    for _ in range(12):
        table.read("Ana", "Ben", "Rae")
        for name in ("Ana", "Ben", "Rae"):
            for kind, body, audience in table.desks[name].owed(table.at, state(table.left)):
                table.post(name, kind, body, tuple(s for s in audience if s != seat("Sol")))
    assert seat("Sol") in item_audience
    assert {table.item(name).state for name in ("Ana", "Ben", "Rae")} == {"closed"}


def test_the_pocket_says_nothing_of_itself() -> None:
    pocket = rounds.Pocket(b"\x07" * 32, b"\x08" * 32, (True,), ())
    assert repr(pocket) == "<Pocket>"


def test_search_text_and_lapse() -> None:
    table = in_state("ballots")
    item = table.item()
    assert SOUNDING.text(item) == "Who may mediate?\na"
    assert SOUNDING.until(item) == table.terms.ends_by + 7 * DAY
    assert SOUNDING.idle(item) == table.terms.ends_by
    assert SOUNDING.until(SOUNDING.lapse(item)) is None
    closed = in_state("closed").item()
    assert closed.keys
    assert SOUNDING.until(closed) is not None
    assert SOUNDING.lapse(closed).state == "closed"
    assert SOUNDING.lapse(closed).results == closed.results
    assert rounds.over(SOUNDING.lapse(item), table.at)
    assert not rounds.over(item, table.at)


def test_a_sum_that_is_nothing_is_refused() -> None:
    """A last C that cancels all others'. (Its proof fails first; the sum is looked at by itself.)"""
    table = in_state("blinds")
    item = table.item()
    ballots = [decode(m.body, Ballot).pairs for m in item.ballots]
    cancelled = [ballots[0], ballots[1][:32] + g.sub(g.sub(g.BASE, ballots[0][32:]), g.BASE)]
    with refused("degenerate"):
        tally.tests(item, cancelled)


# --- any order, silence, crashes


class Delivery(RuleBasedStateMachine):
    """Entries reach each desk when they do; desks crash, are repeated, fall silent."""

    @initialize(
        yes=st.tuples(st.sets(st.integers(0, 1)), st.sets(st.integers(0, 1))), reveal=st.sampled_from(["first", "all"])
    )
    def begin(self, yes: tuple[set[int], set[int]], reveal: str) -> None:
        self.table = Table(("Ana", "Ben"), ["a", "b"], reveal=reveal, name=f"{yes} {reveal}")
        self.yes = dict(zip(("Ana", "Ben"), yes, strict=True))
        self.saved: dict[str, Any] = {}
        self.truth = yes[0] & yes[1]

    @rule(who=st.sampled_from(["Ana", "Ben", "Rae"]), many=st.integers(1, 5))
    def hear(self, who: str, many: int) -> None:
        desk = self.table.desks[who]
        for entry in self.table.log[desk.read : desk.read + many]:
            desk.hear(entry)
            desk.read += 1

    @rule(who=st.sampled_from(["Ana", "Ben", "Rae"]), dies=st.booleans())
    def work(self, who: str, dies: bool) -> None:
        """It reads on and says what it owes; or it dies before that is written, and starts from what it had."""
        desk = self.table.desks[who]
        before = (dict(desk.items), dict(desk.pockets), desk.read)
        if (
            who in self.yes
            and self.table.id in desk.items
            and not self.answered(who)
            and desk.pockets.get(self.table.id)
        ):
            self.table.answer({who: self.yes[who]})
        if dies:
            desk.owed(self.table.at, state())
            desk.items, desk.pockets, desk.read = before
        else:
            self.table.work(who)

    def answered(self, who: str) -> bool:
        return rounds.answered(self.table.desks[who].pockets.get(self.table.id, b""))

    @rule(k=st.integers(0, 60), by=st.sampled_from(["", "Ana", "Ben", "Rae"]))
    def again(self, k: int, by: str) -> None:
        """Somebody posts an entry of the log once more, as its author or as another."""
        if len(self.table.log) > 1:
            entry = self.table.log[1 + k % (len(self.table.log) - 1)]
            if len(self.table.log) < 120:
                self.table.post(by or entry.sender, entry.kind, entry.body, entry.audience)

    @rule()
    def get_on(self) -> None:
        """Chance alone would seldom come to an end."""
        for _ in range(3):
            for who in ("Ana", "Ben", "Rae"):
                self.hear(who, 200)
                self.work(who, False)

    @invariant()
    def only_the_truth_comes_out(self) -> None:
        if not hasattr(self, "table"):
            return
        for name, desk in self.table.desks.items():
            item = desk.items.get(self.table.id)
            if item is None:
                continue
            found = {r.option for r in item.results}
            assert found <= self.truth, name
            if item.state == "closed":
                assert bool(found) == bool(self.truth)
                assert item.terms.reveal == "first" or found == self.truth

    @invariant()
    def nothing_is_said_twice(self) -> None:
        if not hasattr(self, "table"):
            return
        counted: set[tuple[Any, ...]] = set()
        for entry in self.table.log:
            if "ok" in entry.verdicts.values() and entry.kind != "sounding.open":
                act: Any = decode(entry.body, SOUNDING.kinds[entry.kind].body)
                key = (entry.sender, entry.kind, getattr(act, "position", 0))
                assert key not in counted
                counted.add(key)


Delivery.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestDelivery = Delivery.TestCase


def test_names_of_the_channel_do_not_matter_but_its_id_does() -> None:
    table = in_state("ballots")
    other = replace(state(), channel=bytes(32))
    spoken = Spoken(table.log[0].at, table.id, seat("Sol"), table.audience, "sounding.open", table.terms, other)
    assert rules.fold(None, spoken).sid != table.item().sid
    assert other.channel != CHANNEL
