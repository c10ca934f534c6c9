"""Mandates: who grants them to whom, when they are needed, and what attests whose keys they are (spec/mandate.md)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.state import DAY, At, State
from backchannel.entry.codec import encode
from backchannel.errors import Malformed, Rejected
from backchannel.instruments import mandate as m
from backchannel.instruments.base import Spoken
from tests.channel.kit import MORNING
from tests.instruments import kit

NOW = At(60, MORNING)
ALL = kit.ids(*kit.PEOPLE)


def party(*principals: str, state: State | None = None) -> State:
    """Everybody of one party, these as its principals."""
    state = kit.channel() if state is None else state
    seats = tuple(replace(s, party="Chile", role="principal" if s.name in principals else s.role) for s in state.seats)
    return replace(state, seats=seats)


def grant(**changes: Any) -> m.Grant:
    return replace(m.Grant(kit.seat("Ben"), ("sign",), "The three islands.", MORNING + 30 * DAY, b""), **changes)


def say(item: Any, by: str, act: Any, state: State, to: tuple[bytes, ...] | None = None, days: float = 0) -> Any:
    kind = "mandate.grant" if isinstance(act, m.Grant) else "mandate.revoke"
    audience = tuple(sorted(s.id for s in state.active)) if to is None else to
    return m.fold(item, Spoken(At(50, MORNING + int(days * DAY)), bytes(32), kit.seat(by), audience, kind, act, state))


def refused(code: str, *args: Any, **kwargs: Any) -> None:
    with pytest.raises(Malformed) as caught:
        say(*args, **kwargs)
    assert caught.value.code == code


def seat(state: State, name: str) -> Any:
    return state.member(kit.seat(name))


def test_a_principal_grants_and_takes_back() -> None:
    state = party("Ana", "Cem")
    given = say(None, "Ana", grant(), state)
    assert m.covers(given, seat(state, "Ben"), "sign", ALL, NOW)
    assert not m.covers(given, seat(state, "Ben"), "initial", ALL, NOW)
    assert not m.covers(given, seat(state, "Dora"), "sign", ALL, NOW)
    assert not m.covers(given, seat(state, "Ben"), "sign", ALL, At(50, MORNING))  # not before it was granted
    assert not m.covers(given, seat(state, "Ben"), "sign", ALL, At(60, MORNING + 30 * DAY))
    assert m.standing(given, state, NOW) == "in-force"
    assert m.standing(given, state, At(60, MORNING + 30 * DAY)) == "over"
    assert m.standing(given, party("Ana", state=kit.without("Ben")), NOW) == "over"
    assert m.MANDATE.text(given) == "The three islands."
    assert m.MANDATE.until(given) is None
    assert m.MANDATE.lapse(given) == given
    for by in ("Ana", "Cem"):
        back = say(given, by, m.Revoke(given.id, "Recalled."), state)
        assert (back.state, back.reason) == ("revoked", "Recalled.")
        assert not m.covers(back, seat(state, "Ben"), "sign", ALL, NOW)
        assert m.standing(back, state, At(60, MORNING + 30 * DAY)) == "revoked"
        refused("rule", back, by, m.Revoke(given.id, ""), state)
    refused("rule", given, "Ben", m.Revoke(given.id, ""), state)
    refused("prose", given, "Ana", m.Revoke(given.id, "\x00"), state)
    assert say(given, "Ana", m.Revoke(given.id, ""), state).reason == ""


def test_whoever_came_later_was_not_shown_it() -> None:
    state = party("Ana")
    given = say(None, "Ana", grant(), state)
    assert m.covers(given, seat(state, "Ben"), "sign", ALL[:2], NOW)
    assert not m.covers(given, seat(state, "Ben"), "sign", (*ALL, b"n" * 16), NOW)


def test_without_a_principal_a_seat_declares_itself() -> None:
    state = party()
    declared = say(None, "Ben", grant(), state)
    assert m.covers(declared, seat(state, "Ben"), "sign", ALL, NOW)
    refused("rule", None, "Ana", grant(), state)  # for another
    refused("rule", None, "Ben", grant(), party("Ana"))  # its party has one
    assert say(declared, "Ben", m.Revoke(declared.id, ""), state).state == "revoked"


def test_when_one_is_needed() -> None:
    state = party("Ana")
    assert m.principals(state, "Chile") == kit.ids("Ana")
    assert m.needed(state, seat(state, "Ben"))
    assert not m.needed(state, seat(state, "Ana"))
    assert not m.needed(party(), seat(party(), "Ben"))


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("to", {"to": kit.seat("Eve")}),
        ("to", {"to": bytes(16)}),
        ("rule", {"to": kit.seat("Ana")}),
        ("acts", {"acts": ()}),
        ("acts", {"acts": ("sign", "initial")}),
        ("acts", {"acts": ("speak",)}),
        ("prose", {"scope": " "}),
        ("until", {"until": MORNING}),
        ("until", {"until": MORNING + m.LONGEST + 1}),
        ("attestation", {"attestation": bytes(m.MOST_ATTESTATION + 1)}),
        ("encoding", {"attestation": b"x"}),
        ("name", {"attestation": encode(m.Published(" "))}),
    ],
)
def test_what_cannot_be_granted(code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as caught:
        say(None, "Ana", grant(**changes), party("Ana"))
    assert caught.value.code == code


def test_it_is_for_ones_own_party_and_shown_to_all() -> None:
    mixed = replace(
        party("Ana"), seats=tuple(replace(s, party="Peru") if s.name == "Ben" else s for s in party("Ana").seats)
    )
    refused("to", None, "Ana", grant(), mixed)
    gone = party("Ana", state=kit.without("Ben"))
    refused("to", None, "Ana", grant(), gone)
    refused("audience", None, "Ana", grant(), party("Ana"), to=kit.ids("Ana", "Ben"))
    given = say(None, "Ana", grant(), party("Ana"))
    with pytest.raises(Rejected):
        say(given, "Ana", m.Revoke(given.id, ""), party("Ana"), to=kit.ids("Ana", "Ben"))
    assert not m.covers(given, seat(mixed, "Ben"), "sign", ALL, NOW)


def test_what_attests_it() -> None:
    state = party("Ana")
    assert m.attestation(say(None, "Ana", grant(), state)) is None
    for came in (m.Published("www.example.org, Gazette 12"), m.X509(b"certificate", b"signature")):
        assert m.attestation(say(None, "Ana", grant(attestation=encode(came)), state)) == came
