"""Which clauses are shown, when, and with whose consent: every cell of the table (spec/disclosure.md, 1 to 4)."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from backchannel.channel.state import DAY
from backchannel.entry.codec import Value
from backchannel.errors import Malformed
from backchannel.instruments import BY_KIND
from backchannel.instruments.disclosure.rules import (
    AGREED,
    DISCLOSURE,
    LONGEST,
    RULES,
    STATES,
    Confirm,
    Consent,
    Disclosure,
    Publish,
    Refuse,
    Retract,
    Withdraw,
    successor,
)
from tests.channel.kit import MORNING
from tests.channel.weaken import weaken
from tests.instruments.disclosure.kit import ID, WHO, agreed, party, proposal, proposed, say, seated, signed
from tests.instruments.kit import PEOPLE, channel, ids, seat, without
from tests.instruments.understanding.kit import in_state
from tests.seal.kit import refused

DIGEST = b"\x0e" * 32
ACTS: dict[str, Value] = {
    "disclosure.consent": Consent(ID),
    "disclosure.refuse": Refuse(ID, "Not now."),
    "disclosure.withdraw": Withdraw(ID),
    "disclosure.confirm": Confirm(ID),
    "disclosure.publish": Publish(ID, DIGEST),
    "disclosure.retract": Retract(ID, "It was misread."),
}


def in_(state: str) -> Disclosure:
    """A disclosure that Ana proposed and that stands so."""
    ways = {
        "proposed": lambda: proposed(),
        "waiting": lambda: waiting(),
        "agreed": lambda: agreed(),
        "published": lambda: say(agreed(), "Ben", Publish(ID, DIGEST)),
        "refused": lambda: say(proposed(), "Ben", Refuse(ID, "")),
        "withdrawn": lambda: say(proposed(), "Ana", Withdraw(ID)),
        "retracted": lambda: retracted(agreed()),
    }
    made = ways[state]()
    assert made.state == state
    return made


def waiting(**changes: Any) -> Disclosure:
    """Agreed to, once the units are back."""
    item = proposed(condition="The units are back in barracks.", **changes)
    for by in WHO[1:]:
        item = say(item, by, Consent(ID))
    return item


def retracted(item: Disclosure) -> Disclosure:
    for by in WHO:
        item = say(item, by, Retract(ID, "It was misread."))
    return item


def test_from_a_proposal_to_the_world() -> None:
    item = proposed()
    assert (item.state, item.needed, item.consents) == ("proposed", 3, (party("Ana"),))
    assert item.asked == tuple(sorted(party(name) for name in WHO))
    item = say(say(item, "Ben", Consent(ID)), "Ben", Consent(ID))
    assert item.state == "proposed"
    item = say(item, "Cem", Consent(ID))
    assert (item.state, item.digest) == ("agreed", b"")
    item = say(item, "Cem", Publish(ID, DIGEST))
    assert (item.state, item.digest) == ("published", DIGEST)
    for by in WHO[:2]:
        item = say(item, by, Retract(ID, "It was misread."))
        assert item.state == "published"
    item = say(item, "Cem", Retract(ID, ""))
    assert (item.state, item.digest, item.reason) == ("retracted", DIGEST, "")
    assert set(STATES) - {"replaced"} == {end for ends in RULES.values() for end in ends}


STATES_HERE = ("proposed", "waiting", "agreed", "published", "refused", "withdrawn", "retracted")


@pytest.mark.parametrize(("state", "kind", "by"), list(product(STATES_HERE, ACTS, ("Ana", "Ben", "Dora", "Eve"))))
def test_every_cell_of_the_table(state: str, kind: str, by: str) -> None:
    who = {"Ana": "signatory", "Ben": "signatory"}.get(by, "reader")
    if kind == "disclosure.withdraw" and by == "Ana":
        who = "proposer"
    item, ends = in_(state), RULES.get((state, kind, who))
    if ends is None:
        with refused("rule"):
            say(item, by, ACTS[kind])
    else:
        assert say(item, by, ACTS[kind]).state in ends


def test_nothing_is_shown_before_the_parties_confirm_the_condition() -> None:
    item = waiting()
    with refused("rule"):
        say(item, "Ana", Publish(ID, DIGEST))
    for by in ("Ana", "Ana", "Ben"):
        item = say(item, by, Confirm(ID))
        assert item.state == "waiting"
    assert item.confirms == tuple(sorted({party("Ana"), party("Ben")}))
    with refused("rule"):
        say(item, "Dora", Confirm(ID))
    item = say(item, "Cem", Confirm(ID))
    assert item.state == "agreed"
    assert say(item, "Ana", Publish(ID, DIGEST)).state == "published"
    assert "barracks" in DISCLOSURE.text(item)
    assert retracted(waiting()).state == "retracted"
    for bad in (" ", "x" * 501, "\u202e"):
        with refused("prose"):
            proposed(condition=bad)


def test_the_first_publication_counts() -> None:
    with refused("rule"):
        say(in_("published"), "Ana", Publish(ID, b"\x0f" * 32))


@pytest.mark.parametrize(
    ("quorum", "parties", "needed"),
    [
        ("all", {}, 3),
        ("2", {}, 2),
        ("3", {}, 3),
        ("64", {}, 3),  # there are no more
        ("all", {"Ana": "Chile", "Ben": "Chile"}, 2),
        ("2", {"Ana": "Chile", "Ben": "Chile"}, 2),
        ("all", {"Ana": "Chile", "Ben": "Chile", "Cem": "Chile"}, 1),
        ("2", {"Ana": "Chile", "Ben": "Chile", "Cem": "Chile"}, 1),
    ],
)
def test_the_quorum_counts_parties(quorum: str, parties: dict[str, str], needed: int) -> None:
    state = seated(quorum, **parties)
    item, consents = proposed(state), {party("Ana", state)}
    assert item.needed == needed
    for by in ("Ana", *WHO):
        assert (item.state == "agreed") == (len(consents) >= needed)
        if item.state == "agreed":
            break
        item, consents = say(item, by, Consent(ID), state=state), consents | {party(by, state)}
    assert item.consents == tuple(sorted(consents))


def test_two_signatories_of_a_party_consent_once() -> None:
    state = seated("all", Ben=party("Ana"))
    item = say(proposed(state), "Ben", Consent(ID), state=state)
    assert (item.state, item.consents) == ("proposed", (party("Ana"),))
    assert say(item, "Cem", Consent(ID), state=state).state == "agreed"


def test_without_a_charter_all_consent() -> None:
    state = replace(seated("2"), charter=None)
    assert proposed(state).needed == 3


def test_not_before_its_day() -> None:
    item = agreed(not_before=MORNING + 3 * DAY)
    with refused("early"):
        say(item, "Ana", Publish(ID, DIGEST), day=2.99)
    assert say(item, "Ana", Publish(ID, DIGEST), day=3).state == "published"
    assert proposed(not_before=MORNING + LONGEST).state == "proposed"
    with refused("day"):
        proposed(not_before=MORNING + LONGEST + 1)


@pytest.mark.parametrize("which", ["proposed", "initialled", "signing", "withdrawn"])
def test_only_of_what_all_have_signed(which: str) -> None:
    with refused("understanding"):
        say(None, "Ana", proposal(), of=in_state(which))


def test_only_of_an_understanding() -> None:
    with refused("understanding"):
        say(None, "Ana", proposal(), of=agreed())


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("clauses", {"clauses": ()}),
        ("clauses", {"clauses": (0,)}),
        ("clauses", {"clauses": (4,)}),
        ("clauses", {"clauses": (3, 1)}),
        ("clauses", {"clauses": (1, 1)}),
        ("name", {"to": ""}),
        ("name", {"to": "pub\u202elic"}),
        ("name", {"to": "x" * 81}),
        ("prose", {"summary": ""}),
        ("prose", {"summary": "x" * 5_001}),
        ("prose", {"summary": "a\u200bb"}),
        ("prose", {"lines": " "}),
        ("prose", {"lines": "x" * 5_001}),
        ("day", {"not_before": 2**63 - 1}),
    ],
)
def test_what_cannot_be_proposed(code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as caught:
        proposed(**changes)
    assert caught.value.code == code


def test_agreed_lines_may_be_none() -> None:
    assert proposed(lines="").terms.lines == ""


@pytest.mark.parametrize("by", ["Dora", "Eve"])
def test_only_signatories_propose(by: str) -> None:
    with refused("rule"):
        proposed(by=by)


@pytest.mark.parametrize("to", [("Ana", "Ben", "Cem"), (*PEOPLE[:4],)])
def test_it_goes_to_exactly_those_who_have_the_understanding(to: tuple[str, ...]) -> None:
    with refused("audience"):
        say(None, "Ana", proposal(), to=ids(*to))
    with refused("item"):
        say(proposed(), "Ben", Consent(ID), to=ids(*to))


def test_who_has_left_is_passed_over() -> None:
    state = without("Dora")
    assert proposed(state).audience == ids("Ana", "Ben", "Cem", "Eve")
    assert say(proposed(), "Ben", Consent(ID), state=state).consents == tuple(sorted((party("Ana"), party("Ben"))))


def test_there_is_nothing_to_follow() -> None:
    with refused("item"):
        say(None, "Ana", Consent(ID), to=ids(*PEOPLE))


@pytest.mark.parametrize("act", [Refuse(ID, "x" * 501), Refuse(ID, "\x00"), Refuse(ID, " ")])
def test_a_reason_is_prose(act: Value) -> None:
    with refused("prose"):
        say(proposed(), "Ben", act)
    with refused("prose"):
        say(agreed(), "Ben", Retract(ID, "\x00"))


# --- replaced


def after(item: Disclosure, *others: Disclosure) -> bytes | None:
    found = successor(item, others)
    return None if found is None else found.id


def replacing(item: Disclosure, id_: bytes, state: str = "agreed", **changes: Any) -> Disclosure:
    return replace(in_(state), id=id_, terms=proposal(replaces=item.id, **changes))


@pytest.mark.parametrize("state", STATES_HERE)
def test_what_was_agreed_in_its_place_replaces_it_for_good(state: str) -> None:
    item, other = in_("published"), b"\x10" * 32
    found = after(item, item, replacing(item, other, state))
    assert found == (other if state in AGREED else None)


def test_the_newest_of_the_same_understanding_replaces_it() -> None:
    item = in_("published")
    one, two = replacing(item, b"\x10" * 32), replacing(item, b"\x11" * 32)
    assert after(item, one, two) == two.id
    assert after(item, one, two, replacing(item, b"\x12" * 32, understanding=b"\x13" * 32)) == two.id
    assert after(one, item, one, two) is None


def test_only_the_check_keeps_others_from_ending_what_these_agreed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from backchannel.instruments.disclosure import rules

    item = in_("agreed")
    foreign = replacing(item, b"\x12" * 32, understanding=b"\x13" * 32)
    assert after(item, foreign) is None
    check = "one.terms.understanding == item.terms.understanding"
    weaken(monkeypatch, "instruments.disclosure.rules", (check, "True"))
    assert rules.successor(item, [foreign]) is not None


# --- the instrument


def test_what_a_desk_keeps_of_it() -> None:
    item = agreed()
    assert BY_KIND["disclosure.publish"] is DISCLOSURE
    assert DISCLOSURE.text(item) == "They will not fish.\nWe agreed."
    assert DISCLOSURE.until(item) is None
    assert DISCLOSURE.lapse(item) == item
    assert DISCLOSURE.links(None, item.terms) == signed().id
    assert DISCLOSURE.links(item, Consent(ID)) is None
    assert not any(kind.erasable for kind in DISCLOSURE.kinds.values())


class Machine(RuleBasedStateMachine):
    """Three signatories, two of one party, and two readers do anything in any order."""

    quorum = 2

    @initialize(by=st.sampled_from(WHO))
    def begin(self, by: str) -> None:
        self.state = seated("all", Ben=party("Ana"))
        self.by = by
        self.item = say(None, by, proposal(not_before=MORNING + DAY), state=self.state)
        self.consented, self.retracted, self.over = {party(by, self.state)}, set[str](), ""

    @rule(by=st.sampled_from(PEOPLE), kind=st.sampled_from(sorted(ACTS)), day=st.sampled_from((0, 2)))
    def act(self, by: str, kind: str, day: int) -> None:
        before = self.item
        try:
            self.item = say(before, by, ACTS[kind], state=self.state, day=day)
        except Malformed:
            return
        assert by in WHO
        theirs = party(by, self.state)
        if kind == "disclosure.consent":
            self.consented.add(theirs)
        elif kind == "disclosure.retract":
            self.retracted.add(theirs)
        elif kind == "disclosure.publish":
            assert day == 2
            assert before.state == "agreed"
        elif kind == "disclosure.withdraw":
            assert by == self.by
        if kind in ("disclosure.refuse", "disclosure.withdraw"):
            assert before.state == "proposed"
            self.over = self.item.state

    @invariant()
    def nothing_is_shown_without_consent(self) -> None:
        if not hasattr(self, "item"):
            return
        assert (self.item.state in AGREED) == (len(self.consented) >= self.quorum and not self.over)
        assert (self.item.state == "retracted") == (len(self.retracted) >= self.quorum)
        assert set(self.item.consents) == self.consented
        assert self.item.audience == signed().audience
        assert self.item.proposer == seat(self.by)
        assert bool(self.item.digest) <= (self.item.state in AGREED)


Machine.TestCase.settings = settings(max_examples=30, stateful_step_count=12, deadline=None)
TestMachine = Machine.TestCase


def test_the_people_of_these_tests() -> None:
    assert [channel().member(seat(name)).party for name in WHO] == [party(name) for name in WHO]
    assert len({party(name) for name in WHO}) == 3
