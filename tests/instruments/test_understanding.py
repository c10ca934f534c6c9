"""Understandings: exactly the named sign exactly this text, or nobody has."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from backchannel import labels
from backchannel.channel.state import At
from backchannel.entry.codec import Value
from backchannel.errors import Malformed
from backchannel.instruments import Spoken, understanding
from backchannel.instruments.understanding import (
    RULES,
    STATES,
    UNDERSTANDING,
    Initial,
    Propose,
    Sign,
    Terms,
    Understanding,
    Withdraw,
    sign,
    standing,
)
from tests.channel.kit import CHANNEL
from tests.channel.weaken import weaken
from tests.instruments.kit import PEOPLE, channel, identity, ids, say, seat, without
from tests.seal.kit import refused

ID = b"\x01" * 32
NONCE = bytes(16)
TEXT = "The parties will not fish east of the line."


def proposed(
    signatories: tuple[str, ...] = ("Ana", "Ben"), by: str = "Cem", to: tuple[str, ...] = PEOPLE
) -> Understanding:
    return say(None, by, Propose("Fishing", TEXT, ids(*signatories), NONCE), to=ids(*to))  # type: ignore[no-any-return]


def initial(item: Understanding) -> Initial:
    return Initial(ID, item.digest)


def signature(item: Understanding, by: str, **lies: Any) -> Sign:
    digest = lies.get("digest", item.digest)
    return Sign(ID, item.digest, *sign(identity(by), digest))


def in_state(which: str) -> Understanding:
    """An understanding of Ana and Ben, proposed by Cem, that stands so."""
    item = proposed()
    if which == "withdrawn":
        return say(item, "Cem", Withdraw(ID, "Not yet."))  # type: ignore[no-any-return]
    if which in ("initialled", "signing", "complete"):
        for by in ("Ana", "Ben"):
            item = say(item, by, initial(item))
    if which in ("signing", "complete"):
        item = say(item, "Ana", signature(item, "Ana"))
    if which == "complete":
        item = say(item, "Ben", signature(item, "Ben"))
    return item


def test_an_understanding_from_beginning_to_end() -> None:
    item = proposed()
    assert item.signatories == ids("Ana", "Ben")
    assert [p.name for p in item.terms.parties] == [s.name for s in map(channel().member, ids("Ana", "Ben"))]
    assert item.digest == item.terms.digest(CHANNEL)
    assert UNDERSTANDING.text(item) == f"Fishing\n{TEXT}"
    assert UNDERSTANDING.until(item) is None
    assert UNDERSTANDING.lapse(item) is item
    states = [item.state]
    for by in ("Ben", "Ana"):
        item = say(item, by, initial(item))
        states.append(item.state)
    for by in ("Ben", "Ana"):
        item = say(item, by, signature(item, by))
        states.append(item.state)
    assert states == ["proposed", "proposed", "initialled", "signing", "complete"]
    for signed in item.signatures:
        keys = channel().member(signed.seat).keys
        assert keys.verify(labels.UNDERSTANDING_SIG, item.digest, signed.ed, signed.mldsa)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (Propose("", TEXT, ids("Ana", "Ben"), NONCE), "name"),
        (Propose("A\nB", TEXT, ids("Ana", "Ben"), NONCE), "name"),
        (Propose("A", "", ids("Ana", "Ben"), NONCE), "prose"),
        (Propose("A", "a\u202eb", ids("Ana", "Ben"), NONCE), "prose"),
        (Propose("A", TEXT, (), NONCE), "signatories"),
        (Propose("A", TEXT, ids("Ana"), NONCE), "signatories"),
        (Propose("A", TEXT, ids("Ana") * 2, NONCE), "signatories"),
        (Propose("A", TEXT, ids("Ana", "Ben")[::-1], NONCE), "signatories"),
        (Propose("A", TEXT, ids("Ana", "Eve"), NONCE), "signatories"),
        (Propose("A", TEXT, ids("Ana", "Dora"), NONCE), "signatories"),
        (Propose("A", TEXT, (*ids("Ana", "Ben"), b"\xff" * 16), NONCE), "signatories"),
    ],
)
def test_a_proposal_that_cannot_be(act: Propose, code: str) -> None:
    """Dora is not in the audience, Eve observes, ff.. has no seat."""
    with refused(code):
        say(None, "Cem", act, to=ids("Ana", "Ben", "Cem", "Eve"))


def test_who_has_left_or_observes() -> None:
    with refused("signatories"):
        say(None, "Cem", Propose("A", TEXT, ids("Ana", "Ben"), NONCE), state=without("Ben"))
    with refused("rule"):
        say(None, "Eve", Propose("A", TEXT, ids("Ana", "Ben"), NONCE))


KINDS = ("understanding.initial", "understanding.sign", "understanding.withdraw")
BY = {"signatory": "Ben", "proposer": "Cem", "reader": "Dora"}


@pytest.mark.parametrize(("which", "kind", "who"), [*product(STATES, KINDS, BY)])
def test_every_cell_is_allowed_or_refused(which: str, kind: str, who: str) -> None:
    item = in_state("initialled" if which == "ended" else which)
    if (which, kind) == ("signing", "understanding.initial"):  # as a desk sees it that some initials were kept from
        item = replace(item, initials=tuple(s for s in item.initials if s != seat(BY["signatory"])))
    state = without("Ana") if which == "ended" else channel()
    acts: dict[str, Value] = {
        KINDS[0]: initial(item),
        KINDS[1]: signature(item, BY[who]),
        KINDS[2]: Withdraw(ID, "Enough."),
    }
    assert standing(item, state) == which
    ends = RULES.get((which, kind, who))
    if ends is None:
        with refused("rule"):
            say(item, BY[who], acts[kind], state=state)
    else:
        assert say(item, BY[who], acts[kind], state=state).state in ends


def test_a_signature_is_not_lost_where_initials_were_withheld() -> None:
    """Dora shows her initials to Ana alone, and Ana signs: Ben's desk keeps that signature all the same."""
    item = proposed(("Ana", "Ben", "Dora"))
    for by in ("Ana", "Ben"):
        item = say(item, by, initial(item))
    item = say(item, "Ana", signature(item, "Ana"))
    assert (item.state, len(item.signatures)) == ("signing", 1)
    item = say(item, "Dora", initial(item))
    for by in ("Ben", "Dora"):
        item = say(item, by, signature(item, by))
    assert item.state == "complete"


def test_nobody_initials_or_signs_twice() -> None:
    item = proposed(("Ana", "Ben", "Dora"))
    item = say(item, "Ana", initial(item))
    with refused("repeat"):
        say(item, "Ana", initial(item))
    for by in ("Ben", "Dora"):
        item = say(item, by, initial(item))
    item = say(item, "Ana", signature(item, "Ana"))
    with refused("repeat"):
        say(item, "Ana", signature(item, "Ana"))


def test_the_proposer_may_be_a_signatory() -> None:
    item = proposed(("Ana", "Cem"))
    item = say(item, "Cem", initial(item))
    assert item.initials == ids("Cem")


@pytest.mark.parametrize(
    "change", [{"text": TEXT + " Ever."}, {"title": "Peace"}, {"nonce": b"\x01" * 16}, {"parties": ()}]
)
def test_a_text_cannot_be_swapped_under_a_signature(change: dict[str, Any]) -> None:
    item = in_state("initialled")
    terms: Terms = replace(item.terms, **change)
    other = terms.digest(CHANNEL)
    assert other != item.digest
    for act in (Initial(ID, other), Sign(ID, other, *sign(identity("Ana"), other))):
        with refused("digest" if isinstance(act, Sign) else "rule"):
            say(item, "Ana", act)
    with refused("digest"):
        say(proposed(), "Ana", Initial(ID, other))
    with refused("signature"):
        say(item, "Ana", Sign(ID, item.digest, *sign(identity("Ana"), other)))


def test_the_digest_is_for_this_channel_and_these_seats() -> None:
    item = proposed()
    assert item.terms.digest(b"\x09" * 32) != item.digest
    party = item.terms.parties[0]
    for change in ({"name": "Anna"}, {"party": "Peru"}, {"role": "expert"}, {"keys": identity("Cem").keys}):
        other = replace(item.terms, parties=(replace(party, **change), item.terms.parties[1]))
        assert other.digest(CHANNEL) != item.digest


def forged() -> Understanding:
    item = in_state("signing")
    return say(item, "Ben", signature(item, "Cem"))  # type: ignore[no-any-return]


def test_only_the_named_keys_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    with refused("signature"):
        forged()
    good = signature(in_state("signing"), "Ben")
    for lies in ({"ed": good.ed[::-1]}, {"mldsa": good.mldsa[::-1]}):
        with refused("signature"):  # both halves of the signature count
            say(in_state("signing"), "Ben", replace(good, **lies))
    weaken(monkeypatch, "instruments.understanding", ("    if not keys.verify(", "    if False and not keys.verify("))
    item = in_state("signing")
    assert understanding.fold(item, _spoken(item, "Ben", signature(item, "Cem"))).state == "complete"


def _spoken(item: Understanding, by: str, act: Value, state: Any = None) -> Any:
    return Spoken(At(60, item.at.arrival), b"\x02" * 32, seat(by), item.audience, "understanding.sign", act, channel())


def test_who_leaves_too_early_ends_it() -> None:
    for which in STATES.keys() - {"ended"}:
        item = in_state(which)
        left = "ended" if which in ("proposed", "initialled", "signing") else which
        assert standing(item, without("Ana")) == left
        assert standing(item, without("Cem", "Dora")) == which
    with refused("rule"):
        say(in_state("initialled"), "Ben", signature(in_state("initialled"), "Ben"), state=without("Ana"))


def test_it_goes_on_without_readers_who_left() -> None:
    item = in_state("initialled")
    left = without("Cem", "Dora")
    for by in ("Ana", "Ben"):
        item = say(item, by, signature(item, by), state=left)
    assert item.state == "complete"


def test_a_signature_cannot_be_made_void_by_a_withdrawal() -> None:
    """Else a signatory could show Ben a withdrawal, and Dora the signature that completes the record."""
    item = in_state("signing")
    for by in ("Ana", "Ben", "Cem"):
        with refused("rule"):
            say(item, by, Withdraw(ID, "I think again."))
    assert say(item, "Ben", signature(item, "Ben")).state == "complete"


@pytest.mark.parametrize("reason", ["", "x" * 501, "a\x00"])
def test_a_withdrawal_says_why(reason: str) -> None:
    with refused("prose"):
        say(proposed(), "Ana", Withdraw(ID, reason))


def test_a_follow_up_goes_to_the_same_audience_and_to_an_understanding() -> None:
    item = proposed(to=("Ana", "Ben", "Cem"))
    with refused("item"):
        say(item, "Ana", initial(item), to=ids("Ana", "Ben"))
    with refused("item"):
        understanding.fold(None, _spoken(item, "Ana", signature(item, "Ana")))


def test_tables_name_only_what_there_is() -> None:
    named = {s for row, ends in RULES.items() for s in (row[0], *ends)} - {""}
    assert named | {"ended"} == set(STATES)
    assert {who for _, _, who in RULES} <= {*BY, "speaker"}


class Signing(RuleBasedStateMachine):
    """An understanding of Ana, Ben and Dora, against two sets and a word."""

    @initialize()
    def begin(self) -> None:
        self.item = proposed(("Ana", "Ben", "Dora"))
        self.initials: set[str] = set()
        self.signed: set[str] = set()
        self.withdrawn = False

    def expect(self, allowed: bool, by: str, act: Value) -> None:
        try:
            self.item = say(self.item, by, act)
        except Malformed:
            assert not allowed
        else:
            assert allowed

    @rule(by=st.sampled_from(PEOPLE), right=st.booleans())
    def initial(self, by: str, right: bool) -> None:
        over = self.withdrawn or len(self.signed) == 3
        allowed = right and by in ("Ana", "Ben", "Dora") and by not in self.initials and not over
        self.expect(allowed, by, Initial(ID, self.item.digest if right else bytes(32)))
        if allowed:
            self.initials.add(by)

    @rule(by=st.sampled_from(PEOPLE), keys=st.sampled_from([0, 0, 0, 1]))
    def sign(self, by: str, keys: int) -> None:
        """The fold takes a signature that holds before it knows of all initials; a desk gives none."""
        allowed = by in ("Ana", "Ben", "Dora") and by not in self.signed and keys == 0 and not self.withdrawn
        self.expect(allowed, by, signature(self.item, (by, "Cem")[keys]))
        if allowed:
            self.signed.add(by)

    @rule(by=st.sampled_from(PEOPLE), sure=st.integers(0, 3))
    def withdraw(self, by: str, sure: int) -> None:
        if sure == 0:
            allowed = by != "Eve" and not self.signed and not self.withdrawn
            self.expect(allowed, by, Withdraw(ID, "No."))
            self.withdrawn = self.withdrawn or allowed

    @rule()
    def hurry(self) -> None:
        """Chance alone would seldom get as far as signing."""
        for by in ("Ana", "Ben", "Dora"):
            self.initial(by, True)

    @invariant()
    def agree(self) -> None:
        expected = (
            "withdrawn" if self.withdrawn
            else "complete" if len(self.signed) == 3
            else "signing" if self.signed
            else "initialled" if len(self.initials) == 3
            else "proposed"
        )  # fmt: skip
        assert self.item.state == expected
        assert {s.seat for s in self.item.signatures} == {seat(name) for name in self.signed}


Signing.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestSigning = Signing.TestCase
