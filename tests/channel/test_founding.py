"""Founding, inviting, joining and the charter: who gets in, under which terms, and who does not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel import acts
from backchannel.channel.assent import next_seats
from backchannel.channel.fold import fold, judge
from backchannel.channel.state import DAY, MOST_SEATS, At, State
from backchannel.entry.codec import encode
from backchannel.errors import Malformed
from backchannel.seal.box import invite_seed
from backchannel.seal.keys import Keys
from backchannel.seal.primitives import ed25519_public
from backchannel.seal.roster import join_proof, sign_act
from tests.channel.kit import (
    CHANNEL,
    MORNING,
    TERMS,
    Desk,
    World,
    founding,
    identity,
    invite_act,
    invite_secret,
    join_act,
    once,
    opened,
    prekey,
)
from tests.channel.weaken import weaken


def stranger(world: World, name: str, keys: str = "") -> Desk:
    """Somebody who can read the roster and has no seat."""
    known = world["Ana"].engine.wallet.secrets
    desk = world.desks[name] = Desk(name, world.log, [known[e] for e in sorted(known)], keys)
    desk.sync()
    return desk


# --- FOUND


def test_a_channel_is_founded_by_its_first_entry() -> None:
    world = World()
    world.log.junk()
    desk = world.desks["Ana"] = Desk("Ana", world.log, [b"\x01" * 32])
    desk.sync()
    desk.act(acts.Found("Beagle", "To speak.", desk.identity.keys, "Ana", "Argentina", "envoy"))
    assert world.verdict() == "founding"
    assert world.state.stage == "empty"


@pytest.mark.parametrize(
    ("lies", "code"),
    [
        ({"title": ""}, "name"),
        ({"purpose": ""}, "prose"),
        ({"purpose": "x" * 2_001}, "prose"),
        ({"name": "Ana\n"}, "name"),
        ({"party": " Argentina"}, "name"),
        ({"role": "oversight"}, "role"),
        ({"role": "admiral"}, "role"),
    ],
)
def test_a_founding_that_cannot_be(lies: dict[str, str], code: str) -> None:
    world = World()
    desk = Desk("Ana", world.log, [b"\x01" * 32])
    world.desks["Ana"] = desk
    body = acts.Found("Beagle", "To speak.", desk.identity.keys, "Ana", "Argentina", "envoy")
    desk.act(replace(body, **lies))
    assert world.verdict() == code
    assert world.state.stage == "empty"


def test_keys_that_do_not_fit_the_seat() -> None:
    world = World()
    desk = world.desks["Ana"] = Desk("Ana", world.log, [b"\x01" * 32])
    body = acts.Found("Beagle", "To speak.", identity("Ben").keys, "Ana", "Argentina", "envoy")
    desk.act(body)
    assert world.verdict() == "keys"


def test_keys_with_which_nobody_could_speak() -> None:
    mine = identity("Ana")
    weak = Keys(mine.keys.ed25519, mine.keys.mldsa, bytes(32))
    act = sign_act(
        mine, CHANNEL, 0, weak.seat(CHANNEL), 0, encode(acts.Found("B", "To speak.", weak, "Ana", "Argentina", "envoy"))
    )
    with pytest.raises(Malformed, match="proper") as caught:
        fold(State(CHANNEL), act, At(0, MORNING))
    assert caught.value.code == "key"


def test_an_act_of_another_channel_or_epoch_or_key_is_nobodys() -> None:
    world = founding(2)
    ben = world["Ben"]
    for lies in ({"epoch": 1}, {"by": "Ana"}):
        ben.act(ben.prekey_act(), **lies)
        assert world.verdict() == "signature"
        assert world["Ana"].events[-1].sender is None
    act = sign_act(ben.identity, b"\x09" * 32, 0, ben.id, ben.seat.acts, encode(ben.prekey_act()))
    world.log.post(ben.shared(act))
    assert world.verdict() == "signature"


# --- turns


@pytest.mark.parametrize("turn", [0, 1, 3, 2**63 - 1])
def test_an_act_out_of_turn_does_nothing(turn: int) -> None:
    world = founding(2)
    before = world.state
    assert before.seats[1].acts == 2
    world["Ben"].act(world["Ben"].prekey_act(), n=turn)
    assert world.verdict() == "turn"
    assert world.state == before


def refused_then_replayed() -> World:
    """Ben signs a charter before it is there, is refused, and thinks again; then Cem posts Ben's act once more."""
    world = founding(3)
    ben = world["Ben"]
    tomorrow = world.copy()
    tomorrow.charter()
    assert tomorrow.state.charter is not None
    body = encode(acts.Assent(tomorrow.state.charter.digest))
    early = sign_act(ben.identity, CHANNEL, 0, ben.id, ben.seat.acts, body)
    world.log.post(ben.shared(early))
    assert world.verdict() == "subject"
    world.charter()
    world.log.post(world["Cem"].shared(early))
    world.sync()
    return world


def test_a_refused_act_cannot_be_posted_again_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    world = refused_then_replayed()
    assert world["Ana"].events[-1].error.code == "turn"  # type: ignore[union-attr]
    assert not world["Ben"].seat.signed
    weaken(
        monkeypatch,
        "channel.fold",
        ("        state = state.with_seat(replace(author, acts=act.n + 1))", "        author = replace(author)"),
        (
            "return Outcome(_HANDLERS[type(body)](state, act, body, at), act.seat, body, None)",
            "return Outcome(_HANDLERS[type(body)](state.with_seat(replace(author, acts=act.n + 1)) if author"
            " else state, act, body, at), act.seat, body, None)",
        ),
    )
    assert refused_then_replayed()["Ben"].seat.signed  # without the check, Ben has signed what he no longer meant


def test_a_refused_act_uses_its_turn_whatever_it_says() -> None:
    world = founding(2)
    ben = world["Ben"]
    for body, code in ((b"\x00", "encoding"), (encode(acts.Assent(bytes(32))), "subject")):
        turn = ben.seat.acts
        ben.act(body)
        assert world.verdict() == code
        assert world["Ana"].events[-1].sender == ben.id
        assert ben.seat.acts == turn + 1


def test_rehearsing_an_act_raises_what_judging_it_finds() -> None:
    world = founding(2)
    ben = world["Ben"]
    act = sign_act(ben.identity, CHANNEL, 0, ben.id, ben.seat.acts, encode(acts.Assent(bytes(32))))
    outcome = judge(world.state, act, world.log.at)
    with pytest.raises(Malformed) as caught:
        fold(world.state, act, world.log.at)
    assert outcome.error is not None
    assert caught.value.code == outcome.error.code == "subject"
    good = sign_act(ben.identity, CHANNEL, 0, ben.id, ben.seat.acts, encode(ben.prekey_act()))
    after, body = fold(world.state, good, world.log.at)
    assert isinstance(body, acts.Prekey)
    assert after == judge(world.state, good, world.log.at).state


# --- INVITE and JOIN


@pytest.mark.parametrize(
    ("invite", "code"),
    [
        (("Ana", "Peru", "envoy", DAY), "same-name"),
        (("\uff21na", "Peru", "envoy", DAY), "same-name"),
        (("ANA", "Peru", "envoy", DAY), "same-name"),
        (("A na", "Peru", "envoy", DAY), "same-name"),
        (("Dan", "chile", "envoy", DAY), "same-party"),
        (("Dan", "\uff23hile", "envoy", DAY), "same-party"),
        (("Dan", "Chi\u200dle", "envoy", DAY), "same-party"),
        (("Dan", "Peru", "oversight", DAY), "role"),
        (("Dan", "Peru", "", DAY), "role"),
        (("Dan", "", "envoy", DAY), "name"),
        (("", "Peru", "envoy", DAY), "name"),
        (("Dan", "Peru", "envoy", 0), "expires"),
        (("Dan", "Peru", "envoy", -1), "expires"),
        (("Dan", "Peru", "envoy", 30 * DAY + 1), "expires"),
        (("Dan", "Peru", "envoy", 2**50), "expires"),
    ],
)
def test_an_invitation_that_cannot_be(invite: tuple[str, str, str, int], code: str) -> None:
    world = founding(2)
    name, party, role, expires = invite
    world["Ana"].act(invite_act(name, party, role, world.log.now + expires))
    assert world.verdict() == code
    assert all(i.proposal.stage == "done" for i in world.state.invitations)


BAD_NAMES = {
    "empty": "",
    "space": " ",
    "spaces at an end": "Ana ",
    "two spaces": "Ana  Maria",
    "line break": "Ana\nMaria",
    "tab": "Ana\tMaria",
    "nul": "Ana\0",
    "escape": "Ana\x1b[2J",
    "delete": "Ana\x7f",
    "too long": "x" * 81,
    "right to left": "Ana\u202egro",
    "isolate": "Ana\u2066",
    "arabic letter mark": "Ana\u061c",
    "zero width space": "Ana\u200b",
    "word joiner": "Ana\u2060",
    "byte order mark": "\ufeffAna",
    "soft hyphen": "A\u00adna",
    "only joiners": "\u200d\u200d",
    "presentation": "Ana\ufe0f",
    "hangul filler": "\u3164",
    "line separator": "Ana\u2028",
    "private": "Ana\ue000",
    "tag": "Ana\U000e0041",
}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
@pytest.mark.parametrize("field", ["name", "party"])
def test_a_name_that_could_deceive(name: str, field: str) -> None:
    world = founding(2)
    offered = {"name": "Dan", "party": "Peru"} | {field: name}
    world["Ana"].act(invite_act(offered["name"], offered["party"], "envoy", world.log.now + DAY, b"\x07" * 32))
    assert world.verdict() in ("name", "text")
    assert len(world.state.invitations) == 1


def test_a_name_in_the_long_form_of_unicode() -> None:
    world = founding(2)
    world["Ana"].act(invite_act("Jose\u0301", "Peru", "envoy", world.log.now + DAY))
    assert world.verdict() == "text"
    world["Ana"].act(invite_act("Jos\u00e9", "Peru", "envoy", world.log.now + DAY))
    assert world.verdict() == "act"


def test_an_invitation_is_made_once() -> None:
    world = founding(2)
    world["Ana"].act(invite_act("Dan", "Peru", "envoy", world.log.now + DAY, b"\x07" * 32))
    world.sync()
    world["Ana"].act(invite_act("Dov", "Peru", "envoy", world.log.now + DAY, b"\x07" * 32))
    assert world.verdict() == "repeat"


def test_a_channel_has_room_for_64() -> None:
    world = founding(2)
    for k in range(MOST_SEATS - 2):
        world["Ana"].act(invite_act(f"Guest {k}", "Peru", "envoy", world.log.now + DAY), n=2 + 1 + k)
    assert world.verdict() == "act"
    world["Ana"].act(invite_act("One more", "Peru", "envoy", world.log.now + DAY))
    assert world.verdict() == "full"
    world.log.now += DAY + 1  # what lapses makes room, and leaves nothing behind
    world["Ana"].act(invite_act("One more", "Peru", "envoy", world.log.now + DAY))
    assert world.verdict() == "act"
    assert len(world.state.invitations) == 2


def join_as(world: World, name: str, body: acts.Join, keys: str = "") -> str:
    stranger(world, name, keys).act(body)
    return world.verdict()


def invited() -> World:
    world = founding(2)
    world.invite(world["Ana"], "Dan", "Peru")
    return world


def test_an_invitation_is_taken_once() -> None:
    world = invited()
    assert join_as(world, "Dan", join_act("Dan", identity("Dan"))) == "act"
    assert join_as(world, "Zoe", join_act("Dan", identity("Zoe"))) == "invitation"
    assert [s.name for s in world.state.present] == ["Ana", "Ben", "Dan"]


def test_an_invitation_that_is_not_there_or_over() -> None:
    world = invited()
    assert join_as(world, "Zoe", join_act("Zoe", identity("Zoe"))) == "invitation"
    world.log.now += 7 * DAY
    late = world.copy()
    assert join_as(world, "Dan", join_act("Dan", identity("Dan"))) == "act"
    late.log.now += 1
    assert join_as(late, "Dan", join_act("Dan", identity("Dan"))) == "invitation"


def stolen(world: World) -> str:
    """Zoe has seen Dan's JOIN, withheld by the relay, and takes the seat with her own keys."""
    proof = join_act("Dan", identity("Dan")).proof
    invite = ed25519_public(invite_seed(invite_secret("Dan"), CHANNEL))
    return join_as(world, "Zoe", acts.Join(invite, identity("Zoe").keys, proof))


def test_an_invitation_cannot_be_stolen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stolen(invited()) == "proof"
    weaken(
        monkeypatch, "channel.seating", ("if not roster.join_proof_holds(", "if False and not roster.join_proof_holds(")
    )
    assert stolen(invited()) == "act"


def test_a_proof_is_for_one_channel() -> None:
    world = invited()
    dan = identity("Dan")
    seed = invite_seed(invite_secret("Dan"), CHANNEL)
    body = acts.Join(ed25519_public(seed), dan.keys, join_proof(seed, b"\x09" * 32, dan.keys))
    assert join_as(world, "Dan", body) == "proof"


def test_somebody_elses_join_can_only_be_posted_unchanged() -> None:
    world = invited()
    zoe = stranger(world, "Zoe")
    world.desks["Dan"] = Desk("Dan", world.log, [b"\x01" * 32])
    world["Dan"].sync()
    zoe.act(join_act("Dan", identity("Dan")))  # Dan's keys under Zoe's name
    assert world.verdict() == "keys"
    zoe.act(join_act("Dan", identity("Dan")), seat=world["Dan"].id)  # under Dan's name, signed by Zoe
    assert world.verdict() == "signature"


def test_a_seat_joins_with_its_first_act() -> None:
    world = invited()
    stranger(world, "Dan").act(join_act("Dan", identity("Dan")), n=1)
    assert world.verdict() == "turn"


def test_whoever_was_here_comes_back_with_new_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    def back() -> str:
        world = founding(3)
        world["Ana"].act(acts.Remove(world["Ben"].id, "Wrong person."))
        world.sync()
        assert world["Ben"].seat.standing == "gone"
        world["Ana"].act(invite_act("Ben", "Chile", "envoy", world.log.now + DAY, b"\x07" * 32))
        assert world.verdict() == "act"  # the name is free again
        world["Ben"].act(join_act("Ben", identity("Ben"), b"\x07" * 32), n=0)
        return world.verdict()

    assert back() == "keys"
    weaken(monkeypatch, "channel.seating", ("if state.seat(act.seat) is not None:", "if False:"))
    assert back() == "act"


# --- PREKEY


@pytest.mark.parametrize(
    ("seq", "ends", "code"),
    [
        (0, 90 * DAY, "prekey"),
        (2, 90 * DAY, "prekey"),
        (1, 0, "prekey"),
        (1, -DAY, "prekey"),
        (1, 91 * DAY + 1, "prekey"),
        (1, 1, "act"),
        (1, 91 * DAY, "act"),
    ],
)
def test_prekeys_come_in_order_and_end_in_time(seq: int, ends: int, code: str) -> None:
    world = founding(2)
    world["Ben"].act(world["Ben"].prekey_act(seq, world.log.now + ends))
    assert world.verdict() == code


# --- one-time keys


def onces(world: World, name: str = "Ben") -> tuple[int, bytes]:
    """The number and the public half of a seat's newest one-time key, as all see it."""
    found = {desk.state.member(world[name].id).once for desk in world.knowing}
    assert len(found) == 1
    newest = found.pop()
    assert newest is not None
    return newest.n, newest.xwing


def test_one_time_keys_are_numbered_in_order_of_prekeys_and_onces() -> None:
    """spec/sealing.md, 12.4."""
    world = opened(3)
    ben = world["Ben"]
    assert onces(world) == (0, once("Ben"))
    ben.act(acts.Once(once("second")))
    assert world.verdict() == "act"
    assert onces(world) == (1, once("second"))
    ben.act(replace(ben.prekey_act(), once=once("third")))
    assert world.verdict() == "act"
    assert onces(world) == (2, once("third"))
    ben.act(acts.Once(once("third")))  # the same again is the next all the same
    assert world.verdict() == "act"
    assert onces(world) == (3, once("third"))
    assert onces(world, "Ana") == (0, once("Ana"))
    at = ben.seat.once.at if ben.seat.once is not None else None
    assert at == world.log.records[-1].at


@pytest.mark.parametrize("act", ["once", "prekey"])
@pytest.mark.parametrize("wrong", ["lattice", "small order"])
def test_a_one_time_key_to_which_nobody_could_seal(wrong: str, act: str) -> None:
    world = opened(3)
    ben, good = world["Ben"], once("bad")
    bad = b"\xff" * 1184 + good[1184:] if wrong == "lattice" else good[:1184] + bytes(32)
    ben.act(acts.Once(bad) if act == "once" else replace(ben.prekey_act(), once=bad))
    assert world.verdict() == "key"
    assert onces(world) == (0, once("Ben"))
    assert len(ben.seat.prekeys) == 1


@pytest.mark.parametrize("body", [acts.Once(b"\1" * 1215), acts.Once(b"\1" * 1217), acts.Once(b"")])
def test_a_one_time_key_of_another_length(body: acts.Once) -> None:
    world = opened(3)
    world["Ben"].act(encode(body))
    assert world.verdict() == "encoding"


def test_a_one_time_key_counts_once_and_for_its_own_seat() -> None:
    world = opened(3)
    ben, cem = world["Ben"], world["Cem"]
    sealed = ben.sealed_act(acts.Once(once("second")))
    world.log.post(sealed)
    assert world.verdict() == "act"
    world.log.post(sealed)
    assert world.verdict() == "turn"
    cem.act(acts.Once(once("mine")), seat=ben.id, n=ben.seat.acts)
    assert world.verdict() == "signature"
    assert onces(world) == (1, once("second"))


def test_a_guest_brings_its_one_time_key_with_its_prekey_only() -> None:
    world = opened(3)
    world.enter("Fay", "Peru")
    assert onces(world, "Fay") == (0, once("Fay"))
    world["Fay"].act(acts.Once(once("next")))
    assert world.verdict() == "rule"
    assert onces(world, "Fay") == (0, once("Fay"))


@pytest.mark.parametrize("field", ["x25519", "xwing"])
def test_a_prekey_to_which_nobody_could_seal(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def post() -> str:
        world = founding(2)
        good = prekey("Ben", 1).public(world.log.now + DAY)
        bad = {"x25519": bytes(32), "xwing": b"\xff" * 1184 + good.xwing[1184:]}[field]
        world["Ben"].act(acts.Prekey(replace(good, **{field: bad}), once("Ben")))
        return world.verdict()

    assert post() == "key"
    weaken(monkeypatch, "channel.seating", ("    body.prekey.check()\n", ""))
    assert post() == "act"


def test_others_use_the_newest_prekey_that_is_still_good() -> None:
    world = founding(2)
    ben = world["Ben"]
    first = ben.seat.prekeys[0]
    assert ben.seat.newest(At(first.at.position, first.at.arrival)) is None  # not where it stands, only after it
    ben.act(ben.prekey_act(not_after=world.log.now + DAY))
    world.sync()
    newest = ben.seat.newest(world.log.at)
    assert newest is not None
    assert newest.seq == 1
    world.log.now += 2 * DAY
    older = ben.seat.newest(world.log.at)  # the newer one is over, the older one's grace is not
    assert older is not None
    assert older.seq == 0
    world.log.now += 13 * DAY
    assert ben.seat.newest(world.log.at) is None


def test_prekeys_do_not_pile_up() -> None:
    world = founding(2)
    for _ in range(5):
        world["Ben"].act(world["Ben"].prekey_act())
        world.sync()
        world.log.now += 15 * DAY
    assert len(world["Ben"].seat.prekeys) <= 3


# --- the charter


GOOD_TERMS: list[dict[str, Any]] = [
    {},
    {"disclosure": "2"},
    {"disclosure": "64"},
    {"retention_days": 1},
    {"retention_days": 3_650},
    *({"track": track} for track in ("1", "1.5", "2", "envoy")),
    {"attribution": "attributed"},
    {"reactions": "hat"},
    {"objection": "1"},
    {"objection": "64"},
    {"hat_days": 90},
]
BAD_TERMS: list[tuple[dict[str, Any], str]] = [
    ({"track": "3"}, "charter"),
    ({"track": ""}, "charter"),
    ({"track": "x" * 10_000}, "charter"),
    ({"attribution": "rumour"}, "charter"),
    ({"admission": "2"}, "charter"),
    ({"oversight": "all"}, "charter"),
    ({"disclosure": "1"}, "charter"),
    ({"disclosure": "65"}, "charter"),
    ({"disclosure": "02"}, "charter"),
    ({"disclosure": "+2"}, "charter"),
    ({"disclosure": "-2"}, "charter"),
    ({"disclosure": "2.0"}, "charter"),
    ({"disclosure": "\u0662"}, "charter"),
    ({"disclosure": ""}, "charter"),
    ({"disclosure": "9" * 5_000}, "charter"),
    ({"retention_days": 0}, "charter"),
    ({"retention_days": -1}, "charter"),
    ({"retention_days": 3_651}, "charter"),
    ({"retention_days": 2**63}, "charter"),
    ({"title": ""}, "name"),
    ({"title": "A\nB"}, "name"),
    ({"purpose": ""}, "prose"),
    ({"purpose": "x" * 2_001}, "prose"),
    ({"purpose": "\u202eevil"}, "text"),
    ({"reactions": "anonymous"}, "charter"),
    ({"objection": "0"}, "charter"),
    ({"objection": "65"}, "charter"),
    ({"objection": "all"}, "charter"),
    ({"hat_days": -1}, "charter"),
    ({"hat_days": 91}, "charter"),
]


@pytest.mark.parametrize("change", GOOD_TERMS, ids=str)
def test_terms_that_can_be(change: dict[str, Any]) -> None:
    world = founding(2)
    world.charter(replace(TERMS, **change))
    assert world.verdict() == "act"
    assert world["Ana"].seat.signed


@pytest.mark.parametrize(("change", "code"), BAD_TERMS, ids=lambda c: str(c)[:40])
def test_terms_that_cannot_be(change: dict[str, Any], code: str) -> None:
    world = founding(2)
    world.charter(replace(TERMS, **change))
    assert world.verdict() == code
    assert world.state.charter is None
    error = world["Ben"].events[-1].error
    assert error is not None
    assert len(error.what) < 300  # a hostile value is not shown at length


def test_a_charter_names_exactly_who_is_there() -> None:
    world = founding(3)
    ids = sorted(s.id for s in world.state.present)
    for seats in (ids[:-1], [*ids, b"\xff" * 16], ids[::-1], [ids[0], *ids], []):
        world["Ana"].act(acts.Charter(TERMS, tuple(seats)))
        assert world.verdict() == "charter-seats"
    alone = World()
    alone.found()
    alone.charter()
    assert alone.verdict() == "charter-seats"


def test_a_charter_waits_for_every_prekey() -> None:
    world = invited()
    stranger(world, "Dan").act(join_act("Dan", identity("Dan")))
    world.sync()
    world.charter()
    assert world.verdict() == "charter-seats"
    assert "receiving key" in str(world["Ana"].events[-1].error)
    world["Dan"].act(world["Dan"].prekey_act())
    world.charter()
    assert world.verdict() == "act"


def test_a_newcomer_makes_the_charter_void() -> None:
    world = invited()
    world.charter()
    assert world["Ana"].seat.signed
    old = world.state.charter
    assert old is not None
    world.join("Dan")
    assert world.state.charter is None
    assert not any(s.signed for s in world.state.seats)
    world["Ben"].act(acts.Assent(old.digest))
    assert world.verdict() == "subject"


def test_a_second_charter_takes_the_firsts_place() -> None:
    world = founding(3)
    world.charter()
    first = world.state.charter
    assert first is not None
    world["Ben"].act(acts.Assent(first.digest))
    world.charter(replace(TERMS, retention_days=90))
    assert [s.signed for s in world.state.seats] == [True, False, False]
    world["Cem"].act(acts.Assent(first.digest))
    assert world.verdict() == "subject"
    world.sign()
    assert world.state.stage == "signed"
    assert world.state.charter is not None
    assert world.state.charter.terms.retention_days == 90


def test_nobody_signs_twice() -> None:
    world = founding(3)
    world.charter()
    assert world.state.charter is not None
    for code in ("act", "repeat"):
        world["Ben"].act(acts.Assent(world.state.charter.digest))
        assert world.verdict() == code


def two_stories() -> bool:
    """Ana and the relay show Ben another roster than Cem: there, the third seat is of another party and role.

    Whether Ben's signature to what he saw counts as one to what Cem saw.
    """
    told = []
    for party, role in (("Holy See", "intermediary"), ("Peru", "expert")):
        world = founding(2)
        world.enter("Cem", party, role)
        told.append(world)
    for world in told:
        world.charter()
    ben, cem = told
    assert ben.state.charter is not None
    cem["Ben"].act(acts.Assent(ben.state.charter.digest))
    cem.sync()
    return cem["Ben"].seat.signed


def test_a_signature_is_for_the_seats_as_the_signer_saw_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not two_stories()
    weaken(monkeypatch, "channel.acts", ("body), seat, n, encode(tuple(members)))", "body), seat, n)"))
    assert two_stories()


def test_the_first_epoch_needs_every_signature() -> None:
    world = founding(3)
    world.charter()
    ana = world["Ana"]
    assert next_seats(world.state) is None
    ana.act(ana.rotate_act(seats=sorted(s.id for s in world.state.present)))
    assert world.verdict() == "rule"
    world.sign()
    for change in ({"epoch": 2}, {"epoch": 0}, {"seats": (ana.id,)}, {"slots": (b"",)}):
        ana.act(ana.rotate_act(**change) if "seats" not in change else replace(ana.rotate_act(), **change))
        assert world.verdict() == ("slots" if "slots" in change else "rotation")
    world.rotate()
    assert (world.state.stage, world.state.epoch) == ("open", 1)
    assert len(world.state.active) == 3


def test_while_founding_the_founder_may_turn_a_guest_away_and_a_guest_may_go() -> None:
    for by in ("Ana", "Ben"):
        world = founding(3)
        world.charter()
        world.sign()
        assert world.state.stage == "signed"
        world[by].act(acts.Remove(world["Ben"].id, "The code went astray."))
        assert world.verdict() == "act"
        assert world.state.stage == "founding"
        assert world.state.charter is None
        assert [s.name for s in world.state.present] == ["Ana", "Cem"]
        world["Ben"].act(acts.Prekey(prekey("Ben", 1).public(world.log.now + DAY), once("Ben")))
        assert world.verdict() == "rule"
        world.open()
        assert len(world.state.active) == 2
        assert 1 not in world["Ben"].engine.wallet.secrets


def test_while_founding_nobody_else_is_removed_by_anybody_else() -> None:
    world = founding(3)
    for by, seat, code in (
        ("Ben", world["Cem"].id, "rule"),
        ("Ben", world["Ana"].id, "seat"),
        ("Ana", world["Ana"].id, "seat"),
        ("Ana", b"\x05" * 16, "seat"),
    ):
        world[by].act(acts.Remove(seat, "Go."))
        assert world.verdict() == code


def test_an_open_channel_is_not_founded_again() -> None:
    world = opened(2)
    zoe = stranger(world, "Zoe")
    zoe.act(acts.Found("Beagle", "To speak.", zoe.identity.keys, "Zoe", "Peru", "envoy"))
    assert world.verdict() == "rule"
