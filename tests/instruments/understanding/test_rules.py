"""Understandings: exactly the named sign exactly this text, or nobody has."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from backchannel.channel.state import DAY, At
from backchannel.entry.codec import Value
from backchannel.entry.ids import ZERO32
from backchannel.errors import Malformed
from backchannel.instruments import ANCHORS, Spoken
from backchannel.instruments.base import NEVER, Me
from backchannel.instruments.mandate import Mandate
from backchannel.instruments.understanding import record
from backchannel.instruments.understanding.payload import payload
from backchannel.instruments.understanding.rules import (
    RULES,
    STATES,
    UNDERSTANDING,
    fold,
    standing,
)
from backchannel.instruments.understanding.values import (
    Anchor,
    Anchored,
    Annex,
    Initial,
    Referendum,
    Understanding,
    Withdraw,
)
from tests.channel.kit import CHANNEL, MORNING
from tests.channel.weaken import weaken
from tests.instruments.kit import PEOPLE, channel, ids, say, seat, without
from tests.instruments.understanding.kit import (
    BOX,
    CLAUSES,
    ID,
    KEY,
    anchored,
    in_state,
    initial,
    initialled,
    proposal,
    proposed,
    signature,
)
from tests.seal.kit import refused


def test_an_understanding_from_beginning_to_end() -> None:
    item = proposed()
    assert item.signatories == ids("Ana", "Ben")
    assert [p.name for p in item.terms.parties] == [s.name for s in map(channel().member, ids("Ana", "Ben"))]
    assert item.digest == item.terms.digest(CHANNEL)
    assert UNDERSTANDING.text(item) == f"Fishing\n1. {CLAUSES[0]}\n\n2. {CLAUSES[1]}\n\n3. {CLAUSES[2]}"
    assert proposed(clauses=CLAUSES[:1]).terms.text == CLAUSES[0]
    assert UNDERSTANDING.lapse(item) is item
    states = [item.state]
    for by in ("Ben", "Ana"):
        item = say(item, by, initial(item, by))
        states.append(item.state)
    for by in ("Ben", "Ana"):
        assert item.completed == 0
        item = say(item, by, signature(item, by), day=2)
        states.append(item.state)
    assert states == ["proposed", "proposed", "initialled", "signing", "complete"]
    assert item.completed == MORNING + 2 * DAY
    assert UNDERSTANDING.until(item) == UNDERSTANDING.idle(item) == NEVER
    item = anchored(item)
    assert item.anchor == Anchored(At(90, MORNING), b"\x07" * 32, BOX, KEY)
    assert (item.state, item.completed) == ("complete", MORNING + 2 * DAY)
    assert (UNDERSTANDING.until(item), UNDERSTANDING.idle(item)) == (None, 0)
    assert set(ANCHORS) == {"understanding.anchor"}


MANY = tuple(Annex(f"annex {k}", bytes(32)) for k in range(65))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": ""}, "name"),
        ({"title": "A\nB"}, "name"),
        ({"clauses": ()}, "clauses"),
        ({"clauses": ("x",) * 2_001}, "clauses"),
        ({"clauses": ("x" * 20_000,) * 11}, "clauses"),
        ({"clauses": ("x" * 20_001,)}, "prose"),
        ({"clauses": ("x", "")}, "prose"),
        ({"clauses": ("x", "a\u202eb")}, "prose"),
        ({"annexes": (Annex("", bytes(32)),)}, "name"),
        ({"annexes": (Annex("a\nb", bytes(32)),)}, "name"),
        ({"annexes": MANY}, "annexes"),
        ({"annexes": MANY[:1] * 2}, "annexes"),
        ({"signatories": ()}, "signatories"),
        ({"signatories": ids("Ana")}, "signatories"),
        ({"signatories": ids("Ana") * 2}, "signatories"),
        ({"signatories": ids("Ana", "Ben")[::-1]}, "signatories"),
        ({"signatories": ids("Ana", "Eve")}, "signatories"),
        ({"signatories": ids("Ana", "Dora")}, "signatories"),
        ({"signatories": (*ids("Ana", "Ben"), b"\xff" * 16)}, "signatories"),
    ],
)
def test_a_proposal_that_cannot_be(change: dict[str, Any], code: str) -> None:
    """Dora is not in the audience, Eve observes, ff.. has no seat."""
    with refused(code):
        proposed(to=("Ana", "Ben", "Cem", "Eve"), **change)


def test_the_largest_proposal_can_be() -> None:
    item = proposed(clauses=("x" * 100,) * 2_000, annexes=MANY[:64])
    assert len(item.terms.clauses) == 2_000


def test_who_has_left_or_observes() -> None:
    with refused("signatories"):
        say(None, "Cem", proposal(), state=without("Ben"))
    with refused("rule"):
        say(None, "Eve", proposal())


KINDS = tuple(f"understanding.{name}" for name in ("initial", "referendum", "sign", "withdraw", "anchor"))
BY = {"signatory": "Ben", "proposer": "Cem", "reader": "Dora"}


def _act(kind: str, item: Understanding, by: str) -> Value:
    whole = in_state("complete")
    acts: dict[str, Value] = {
        KINDS[0]: initial(item, by),
        KINDS[1]: Referendum(ID),
        KINDS[2]: signature(in_state("initialled"), by),
        KINDS[3]: Withdraw(ID, "Enough."),
        KINDS[4]: record.anchor(CHANNEL, whole),
    }
    return acts[kind]


@pytest.mark.parametrize(("which", "kind", "who"), [*product(STATES, KINDS, BY)])
def test_every_cell_is_allowed_or_refused(which: str, kind: str, who: str) -> None:
    item = in_state("initialled" if which == "ended" else which)
    if (which, kind) == ("signing", KINDS[0]):  # as a desk sees it that some initials were kept from
        item = replace(item, ready=tuple(one for one in item.ready if one.seat != seat(BY["signatory"])))
    if (which, kind) == ("proposed", KINDS[1]):
        item = initialled(item, "Ben")
    state = without("Ana") if which == "ended" else channel()
    assert standing(item, state) == which
    act = _act(kind, item, BY[who])
    ends = RULES.get((which, kind, who))
    if ends is None:
        with refused("rule"):
            say(item, BY[who], act, state=state)
    else:
        assert say(item, BY[who], act, state=state).state in ends


def test_nobody_initials_or_signs_twice() -> None:
    item = proposed(("Ana", "Ben", "Dora"))
    item = initialled(item, "Ana")
    with refused("repeat"):
        say(item, "Ana", initial(item, "Ana"))
    with refused("repeat"):
        say(item, "Ana", initial(item, "Ana", keys_of="Cem"))
    item = initialled(item, "Ben", "Dora")
    item = say(item, "Ana", signature(item, "Ana"))
    with refused("repeat"):
        say(item, "Ana", signature(item, "Ana"))


def test_the_proposer_may_be_a_signatory() -> None:
    item = proposed(("Ana", "Cem"))
    assert initialled(item, "Cem").initials == ids("Cem")


# --- initials that were shown to some only


def test_a_signature_is_not_lost_where_initials_were_withheld() -> None:
    """Dora shows her initials to Ana alone, and Ana signs: Ben's desk keeps that signature all the same."""
    whole = initialled(proposed(("Ana", "Ben", "Dora")), "Ana", "Ben", "Dora")
    item = initialled(proposed(("Ana", "Ben", "Dora")), "Ana", "Ben")
    item = say(item, "Ana", signature(whole, "Ana"))
    assert (item.state, len(item.signatures)) == ("signing", 1)
    with refused("rule"):
        say(item, "Ben", Withdraw(ID, "I have not seen that she signed."))
    item = initialled(item, "Dora")
    assert (item.state, item.signed) == ("signing", ids("Ana"))
    for by in ("Ben", "Dora"):
        item = say(item, by, signature(item, by))
    assert item.state == "complete"


def test_all_signatures_may_come_before_the_last_initials() -> None:
    whole, item = in_state("complete"), initialled(proposed(), "Ana")
    for by in ("Ana", "Ben"):
        item = say(item, by, signature(whole, by))
    assert item.state == "signing"
    assert initialled(item, "Ben").state == "complete"


def test_what_was_kept_unread_and_does_not_hold_is_dropped() -> None:
    item = initialled(proposed(), "Ana")
    other = initialled(proposed(title="Peace"), "Ana", "Ben")
    item = say(item, "Ana", signature(item, "Ana", over=other))
    assert item.state == "signing"
    item = initialled(item, "Ben")
    assert (item.state, item.signatures) == ("initialled", ())
    assert say(item, "Ana", signature(item, "Ana")).signed == ids("Ana")


def test_who_shows_different_keys_to_different_desks_completes_nothing() -> None:
    """Ana signs what she saw: Ben with the keys of Cem. On Ben's own desk that is another payload."""
    at_anas = initialled(proposed(), "Ana")
    at_anas = say(at_anas, "Ben", initial(at_anas, "Ben", keys_of="Cem"))
    at_bens = in_state("initialled")
    signed = signature(at_anas, "Ana")
    assert say(at_anas, "Ana", signed).state == "signing"
    with refused("signature"):
        say(at_bens, "Ana", signed)


def test_an_anchor_needs_all_initials() -> None:
    with refused("early"):
        anchored(say(initialled(proposed(), "Ana"), "Ana", signature(in_state("complete"), "Ana")), "Ana", _good())


# --- ad referendum


def test_ad_referendum() -> None:
    item = proposed()
    with refused("referendum"):
        say(item, "Ana", Referendum(ID))
    item = say(initialled(item, "Ana"), "Ana", Referendum(ID))
    assert item.referendum == ids("Ana")
    with refused("referendum"):
        say(item, "Ana", Referendum(ID))
    item = say(initialled(item, "Ben"), "Ben", Referendum(ID))
    item = say(item, "Ana", signature(item, "Ana"))
    assert (item.referendum, item.state) == (
        ids("Ana", "Ben") if ids("Ana") < ids("Ben") else ids("Ana") + ids("Ben"),
        "signing",
    )
    signed = say(in_state("initialled"), "Ana", signature(in_state("initialled"), "Ana"))
    with refused("referendum"):
        say(signed, "Ana", Referendum(ID))


# --- what cannot be swapped, forged or taken back


@pytest.mark.parametrize(
    "change",
    [
        {"clauses": (CLAUSES[0] + " Ever.", *CLAUSES[1:])},
        {"clauses": CLAUSES[::-1]},
        {"clauses": CLAUSES[:2]},
        {"clauses": (*CLAUSES, CLAUSES[0])},
        {"title": "Peace"},
        {"seed": b"\x01" * 32},
        {"annexes": ()},
    ],
)
def test_a_text_cannot_be_swapped_under_a_signature(change: dict[str, Any]) -> None:
    item, other = in_state("initialled"), in_state("initialled", **change)
    assert other.digest != item.digest
    keys = initial(other, "Ana").keys
    with refused("rule"):
        say(item, "Ana", Initial(ID, other.digest, keys, ZERO32))
    with refused("digest"):
        say(proposed(), "Ana", Initial(ID, other.digest, keys, ZERO32))
    with refused("digest"):
        say(item, "Ana", signature(other, "Ana"))
    with refused("signature"):
        say(item, "Ana", signature(item, "Ana", over=other))


def test_a_signature_is_for_one_understanding_and_one_channel() -> None:
    """Two proposals of one text, even with one seed, are two understandings: the payload names the entry."""
    item = in_state("initialled")
    twin = replace(item, id=b"\x09" * 32)
    assert payload(CHANNEL, twin) != payload(CHANNEL, item) != payload(b"\x09" * 32, item)
    with refused("signature"):
        say(item, "Ana", signature(item, "Ana", over=twin))


def test_the_digest_is_for_this_channel_and_these_seats() -> None:
    item = proposed()
    assert item.terms.digest(b"\x09" * 32) != item.digest
    party = item.terms.parties[0]
    for change in ({"name": "Anna"}, {"party": "Peru"}, {"role": "expert"}, {"seat": bytes(16)}):
        other = replace(item.terms, parties=(replace(party, **change), item.terms.parties[1]))
        assert other.digest(CHANNEL) != item.digest


def test_only_the_named_keys_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    item = in_state("signing")
    with refused("signature"):
        say(item, "Ben", signature(item, "Cem"))
    good = signature(item, "Ben")
    for lies in ({"ed": good.ed[::-1]}, {"mldsa": good.mldsa[::-1]}):
        with refused("signature"):  # both halves of the signature count
            say(item, "Ben", replace(good, **lies))
    weaken(
        monkeypatch,
        "instruments.understanding.jws",
        ("    return p.ed25519_verify(", "    return True or p.ed25519_verify("),
    )
    spoken = Spoken(
        At(60, item.at.arrival), ID, seat("Ben"), item.audience, "understanding.sign", signature(item, "Cem"), channel()
    )
    assert fold(item, spoken).state == "complete"


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
        say(item, "Ana", initial(item, "Ana"), to=ids("Ana", "Ben"))
    with refused("item"):
        fold(None, Spoken(At(60, 0), ID, seat("Ana"), item.audience, KINDS[0], initial(item, "Ana"), channel()))


# --- mandates


def _mandate(acts: tuple[str, ...], **changes: Any) -> Mandate:
    from backchannel.instruments.mandate import Grant

    terms = Grant(seat("Ana"), acts, "Fishing.", MORNING + 100 * DAY, b"")
    given = Mandate(b"\x08" * 32, At(40, MORNING), seat("Dora"), ids(*PEOPLE), _ana().party, terms, "in-force", "")
    return replace(given, **changes)


def _ana() -> Any:
    return channel().member(seat("Ana"))


def _with_principal() -> Any:
    """Dora is a principal of Ana's party."""
    seats = tuple(replace(s, role="principal", party=_ana().party) if s.name == "Dora" else s for s in channel().seats)
    return replace(channel(), seats=seats)


def _by_ana(item: Understanding, act: Value, kind: str, linked: Any) -> Understanding:
    at = At(60, MORNING)
    return fold(item, Spoken(at, ID, seat("Ana"), item.audience, kind, act, _with_principal(), linked=linked))


def test_who_has_a_principal_needs_a_mandate() -> None:
    good = _mandate(("initial", "sign"))
    item = in_state("initialled")
    bare = proposed()
    assert UNDERSTANDING.links(item, signature(item, "Ana", good.id)) == good.id
    assert UNDERSTANDING.links(item, signature(item, "Ana")) is None
    assert UNDERSTANDING.links(item, Referendum(ID)) is None
    for kind, start, act in (
        (KINDS[0], bare, initial(item, "Ana", good.id)),
        (KINDS[2], item, signature(item, "Ana", good.id)),
    ):
        name = kind.partition(".")[2]
        for wrong in (
            None,
            item,
            _mandate(tuple({"initial", "sign"} - {name})),
            _mandate((name,), state="revoked"),
            _mandate((name,), audience=ids("Ana", "Ben")),
            _mandate((name,), at=At(60, MORNING)),
        ):
            with refused("mandate"):
                _by_ana(start, act, kind, wrong)
        with refused("mandate"):
            _by_ana(start, replace(act, mandate=ZERO32), kind, None)
        after = _by_ana(start, act, kind, good)
        assert after.mandates == (((seat("Ana"), good.id),) if name == "sign" else ())


# --- the anchor


def _good() -> Anchor:
    return record.anchor(CHANNEL, in_state("complete"))


def test_the_first_anchor_counts() -> None:
    item = anchored(in_state("complete"), "Ana")
    with refused("repeat"):
        anchored(item, "Cem")


def test_an_anchor_brings_what_a_desk_lacks() -> None:
    """A signature was kept from this desk, or it was shown another one: a signatory can make many."""
    whole, lacking = in_state("complete"), in_state("signing")
    item = anchored(lacking, "Cem", record.anchor(CHANNEL, whole))
    assert (item.state, item.signatures) == ("complete", tuple(sorted(whole.signatures, key=lambda one: one.seat)))
    assert item.completed == MORNING
    again = anchored(in_state("complete"), "Cem", record.anchor(CHANNEL, whole))
    assert record.of(CHANNEL, again) == record.of(CHANNEL, whole)


def test_an_anchor_that_shows_another_jws() -> None:
    item = in_state("complete")
    good = _good().jws
    others = [in_state("complete", title="Peace"), replace(item, id=b"\x09" * 32)]
    wrong = [
        b"",
        good + b" ",
        good.replace(b'"payload":', b'"payload": '),
        good[:-40] + b"}",
        *(record.anchor(CHANNEL, other).jws for other in others),
        record.anchor(b"\x09" * 32, item).jws,
        record.anchor(CHANNEL, replace(item, signatures=item.signatures[:1])).jws,
        record.anchor(
            CHANNEL, replace(item, signatures=(item.signatures[0], replace(item.signatures[1], ed=bytes(64))))
        ).jws,
        record.anchor(CHANNEL, in_state("complete", ("Ana", "Ben", "Dora"))).jws,
    ]
    for raw in wrong:
        with refused("anchor"):
            anchored(item, "Cem", Anchor(ID, raw))


def test_the_anchor_shows_no_clause() -> None:
    item = in_state("complete")
    raw = _good().jws + payload(CHANNEL, item)
    # Names of three letters come up in digests and signatures by chance.
    said = re.sub(rb"[A-Za-z0-9_-]{22,}", b"", raw)
    assert len(said) > 100
    for word in ("fish", "feast", "Fishing", "Ana", "Ben"):
        assert word.encode() not in said


def _me(name: str, item: Understanding, days: float = 0, pocket: bytes = b"", state: Any = None) -> Any:
    at = At(80, item.completed + int(days * DAY))
    me = Me(seat(name), pocket, bytes, at, at.arrival, state or channel())
    assert UNDERSTANDING.reflex is not None
    return UNDERSTANDING.reflex(item, me)


def test_desks_anchor_it_by_themselves_in_turn() -> None:
    item = in_state("complete")
    first, second = (channel().member(s).name for s in item.signatories)
    for name, from_day in (("Cem", 0), (first, 1), (second, 2)):
        assert _me(name, item, from_day - 0.01).says == ()
        owed = _me(name, item, from_day)
        assert [(d.kind, d.body, d.audience) for d in owed.says] == [(KINDS[4], _good_of(item), item.audience)]
        assert owed.pocket == b"posted"
        again = _me(name, item, 9, pocket=owed.pocket)
        assert (again.says, again.pocket) == ((), b"posted")
    assert _me("Dora", item, 9).says == ()
    assert _me(first, item, 0, state=without("Cem")).says
    for other in (in_state("signing"), in_state("withdrawn"), anchored(item)):
        assert _me("Cem", other, 9).says == ()


def _good_of(item: Understanding) -> Anchor:
    return record.anchor(CHANNEL, item)


def test_tables_name_only_what_there_is() -> None:
    named = {s for row, ends in RULES.items() for s in (row[0], *ends)} - {""}
    assert named | {"ended"} == set(STATES)
    assert {who for _, _, who in RULES} <= {*BY, "speaker"}


class Signing(RuleBasedStateMachine):
    """An understanding of Ana, Ben and Dora, against two sets and a word."""

    @initialize()
    def begin(self) -> None:
        self.item = proposed(("Ana", "Ben", "Dora"))
        self.whole = initialled(self.item, "Ana", "Ben", "Dora")
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
        over = self.withdrawn or (len(self.signed) == 3 and len(self.initials) == 3)
        allowed = right and by in ("Ana", "Ben", "Dora") and by not in self.initials and not over
        act = initial(self.item, by)
        self.expect(allowed, by, act if right else replace(act, digest=bytes(32)))
        if allowed:
            self.initials.add(by)

    @rule(by=st.sampled_from(PEOPLE), keys=st.sampled_from([0, 0, 0, 1]))
    def sign(self, by: str, keys: int) -> None:
        """The fold takes a signature before it knows of all initials; a desk gives none, and drops those that lie."""
        if len(self.initials) < 3 and keys:
            return
        allowed = by in ("Ana", "Ben", "Dora") and by not in self.signed and keys == 0 and not self.withdrawn
        self.expect(allowed, by, signature(self.whole, (by, "Cem")[keys]))
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
            else "complete" if len(self.signed) == len(self.initials) == 3
            else "signing" if self.signed
            else "initialled" if len(self.initials) == 3
            else "proposed"
        )  # fmt: skip
        assert self.item.state == expected
        assert {s.seat for s in self.item.signatures} == {seat(name) for name in self.signed}


Signing.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestSigning = Signing.TestCase
