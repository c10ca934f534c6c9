"""Handing a seat over, and freezing one, at the roster: who may, what falls, and what nobody can bring about."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backchannel.channel import acts
from backchannel.channel.assent import missing, next_seats
from backchannel.channel.engine import Record
from backchannel.channel.handing import may_offer
from backchannel.channel.state import DAY, MOST_SEATS, PROPOSAL_LIFE, State
from backchannel.entry.codec import Value
from backchannel.entry.ids import SeatId
from backchannel.instruments import note
from backchannel.seal.box import Sealed
from backchannel.seal.roster import open_roster
from tests.channel.kit import World, founding, handover_act, invite_act, join_act, opened
from tests.channel.weaken import weaken

# Ana (Argentina, envoy), Ben (Chile, envoy), Cem (Holy See, intermediary), Dora (Chile, expert), Eve (UN, observer)


def standing(world: World, name: str) -> str:
    return world.state.member(world[name].id).standing


def offer(world: World, by: str, seat: str, name: str) -> str:
    return world.hand_over(by, seat, name, admit=False)


def go(world: World, *names: str) -> None:
    """These leave of their own will."""
    for name in names:
        world[name].act(acts.Remove(world[name].id, "I go."))
        assert world.verdict() == "act"
    world.rotate()


def remove(world: World, by: str, seat: str) -> None:
    world[by].act(acts.Remove(world[seat].id, "It is time."))
    assert world.verdict() == "act"
    world.admit()
    world.rotate()


# --- handing over


def test_the_holder_offers_at_once_and_both_are_there_until_it_goes() -> None:
    world = opened(3)
    assert offer(world, "Ben", "Ben", "Dan") == "act"
    (invitation,) = world.state.invitations
    assert (invitation.proposal.stage, invitation.replaces) == ("granted", world["Ben"].id)
    assert (invitation.party, invitation.role) == ("Chile", "envoy")
    dan = world.join("Dan")
    world.sign()
    world.rotate()
    assert dan.seat.succeeds == world["Ben"].id
    assert {standing(world, name) for name in ("Ana", "Ben", "Cem", "Dan")} == {"active"}
    go(world, "Ben")
    assert standing(world, "Ben") == "gone"
    assert world["Ben"].state.epoch == 3  # it has read that far, and no further
    assert 3 not in world["Ben"].engine.wallet.secrets


def test_a_seat_keeps_its_role_whoever_takes_its_place() -> None:
    world = opened(5)
    world.succeed("Eve", "Fay")
    fay = world["Fay"]
    assert (fay.seat.role, fay.seat.party, fay.seat.speaks) == ("observer", "UN", False)


def test_the_founder_hands_over_and_who_comes_later_still_verifies_what_it_founded() -> None:
    world = opened(3)
    world.succeed("Ana", "Dan")
    go(world, "Ana")
    assert world.state.founder == world["Ana"].id
    world.enter("Fay", "Peru", by="Ben")
    world.sign()
    world.rotate()
    assert standing(world, "Fay") == "active"
    assert world["Fay"].events[0].sender == world["Ana"].id


def test_a_guest_or_nobody_is_not_handed_over() -> None:
    world = opened(3)
    world.enter("Fay", "Peru")
    assert offer(world, "Ana", "Fay", "Dan") == "seat"
    world["Ana"].act(handover_act(b"\x09" * 16, "Dan", world.log.now + DAY))
    assert world.verdict() == "seat"


def test_a_seat_is_handed_over_once() -> None:
    world = opened(3)
    assert offer(world, "Ben", "Ben", "Dan") == "act"
    assert offer(world, "Ben", "Ben", "Eve") == "repeat"
    world.join("Dan")
    assert offer(world, "Ben", "Ben", "Eve") == "repeat"
    world.sign()
    world.rotate()
    assert offer(world, "Ben", "Ben", "Eve") == "repeat"
    go(world, "Ben")
    assert offer(world, "Dan", "Ben", "Eve") == "repeat"


def test_a_code_is_used_once_and_not_after_its_rotation() -> None:
    world = opened(3)
    offer(world, "Ben", "Ben", "Dan")
    world.join("Dan")
    other = world.desks["Zoe"] = type(world["Dan"])("Zoe", world.log, list(world["Ana"].engine.wallet.secrets.values()))
    other.sync()
    other.act(join_act("Dan", other.identity))
    assert world.verdict() == "invitation"
    world.sign()
    world.rotate()
    other.engine.wallet = world["Ana"].engine.wallet._replace(me=other.id, identity=other.identity)
    other.sync()
    other.act(join_act("Dan", other.identity))
    assert world.verdict() == "invitation"


def test_an_act_posted_again_hands_nothing_over() -> None:
    world = opened(3)
    act = world["Ben"].sealed_act(handover_act(world["Ben"].id, "Dan", world.log.now + 2 * DAY))
    world.log.post(act)
    assert world.verdict() == "act"
    content = world["Ana"].box.open(act)
    world.log.now += 3 * DAY
    world.log.post(world["Ana"].box.seal(content, bytes(16)))
    assert world.verdict() == "turn"
    assert not [i for i in world["Ana"].state.invitations if i.expires > world.log.now]


def test_who_came_with_a_stolen_code_is_turned_away_and_the_seat_offered_again() -> None:
    world = opened(3)
    offer(world, "Ben", "Ben", "Dan")
    world.join("Dan", "thief")
    world["Ben"].act(acts.Remove(world["Dan"].id, "This is not Dan."))
    assert world.verdict() == "act"
    assert offer(world, "Ben", "Ben", "Eve") == "act"
    eve = world.join("Eve")
    world.sign()
    world.rotate()
    assert eve.seat.succeeds == world["Ben"].id
    assert world.state.member(world["Dan"].id).standing == "gone"


@pytest.mark.parametrize("how", ["turned away", "frozen out", "not signed"])
def test_the_place_of_a_guest_that_never_came_in_leads_nobody_to_what_the_holder_reads(how: str) -> None:
    """Dora, of Ben's party, would have somebody follow a guest, and so read what is said to Ben beside him."""
    world = opened(5)
    if how == "frozen out":
        offer(world, "Dora", "Dora", "Dan")
    else:
        offer(world, "Ben", "Ben", "Dan")
    world.join("Dan")
    if how == "turned away":
        world["Dora"].act(acts.Remove(world["Dan"].id, "This is not Dan."))
    elif how == "frozen out":
        assert world.freeze("Ben", "Dora") == "act"
        world.rotate("Ana")
    else:
        go(world, "Eve")
    world.sync()
    assert standing(world, "Dan") == "gone"
    by, holder = ("Ben", "Dora") if how == "frozen out" else ("Dora", "Ben")
    world.hand_over(by, "Dan", "Fay")
    fay = world.join("Fay")
    world.sign()
    world.rotate("Ana")
    assert fay.seat.standing == "active"
    assert fay.id not in world.state.current((world["Ana"].id, world[holder].id))


def test_its_party_proposes_and_every_party_assents() -> None:
    world = opened(5)
    assert offer(world, "Dora", "Ben", "Dan") == "act"
    (invitation,) = world.state.invitations
    assert invitation.proposal.stage == "open"
    assert missing(world.state, invitation) == {"Argentina", "Holy See", "UN"}
    world["Ben"].act(acts.Assent(invitation.proposal.digest))
    assert world.verdict() == "self"
    world.admit()
    assert world.state.invitations[0].proposal.stage == "granted"
    dan = world.join("Dan")
    world.sign()
    assert world["Ben"].id not in (next_seats(world.state) or ())
    world["Ben"].act(world["Ben"].rotate_act())
    assert world.verdict() == "rotation"  # whom it replaces hands out no keys
    world.rotate("Ana")
    assert (standing(world, "Ben"), dan.seat.succeeds) == ("gone", world["Ben"].id)


@pytest.mark.parametrize(("by", "seat"), [("Ana", "Ben"), ("Eve", "Ana"), ("Eve", "Ben"), ("Cem", "Ana")])
def test_strangers_to_its_party_propose_nothing_while_it_is_there(by: str, seat: str) -> None:
    assert offer(opened(5), by, seat, "Dan") == "rule"


def test_of_two_parties_neither_takes_the_others_only_seat_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken() -> str:
        world = opened(2)
        return offer(world, "Ana", "Ben", "Ana's friend")

    assert taken() == "rule"
    weaken(monkeypatch, "channel.handing", ('others if seat.standing == "gone" else []', "others"))
    assert taken() == "act"  # granted at once, by the only other party's own assent


def test_a_principal_comes_before_other_seats_of_a_party() -> None:
    world = opened(4)
    world.enter("Pia", "Chile", "principal")
    world.sign()
    world.rotate()
    assert offer(world, "Dora", "Ben", "Dan") == "rule"
    assert [s.name for s in may_offer(world.state, world.state.member(world["Ben"].id))] == ["Pia"]
    assert [s.name for s in may_offer(world.state, world.state.member(world["Pia"].id))] == ["Ben", "Dora"]
    assert offer(world, "Pia", "Ben", "Dan") == "act"


def test_the_seat_of_a_party_that_has_gone_is_handed_over_by_all() -> None:
    world = opened(5)
    remove(world, "Cem", "Ana")
    assert offer(world, "Cem", "Ana", "Dan") == "act"
    (invitation,) = world.state.invitations
    assert missing(world.state, invitation) == {"Chile", "UN"}
    world.admit()
    dan = world.join("Dan")
    world.sign()
    world.rotate()
    assert (dan.seat.party, dan.seat.succeeds) == ("Argentina", world["Ana"].id)


def test_the_holders_own_offer_takes_the_place_of_an_open_proposal_and_of_no_other() -> None:
    world = opened(5)
    offer(world, "Dora", "Ben", "Dan")
    assert offer(world, "Ben", "Ben", "Eva") == "act"
    assert [(i.name, i.proposal.stage) for i in world.state.invitations] == [("Eva", "granted")]
    again = opened(5)
    again.hand_over("Dora", "Ben", "Dan")
    assert offer(again, "Ben", "Ben", "Eva") == "repeat"
    assert [(i.name, i.proposal.stage) for i in again.state.invitations] == [("Dan", "granted")]


def test_a_successor_may_have_its_predecessors_name_and_nobody_elses() -> None:
    world = opened(3)
    assert offer(world, "Ben", "Ben", "Cem") == "same-name"
    assert offer(world, "Ben", "Ben", "Ben") == "act"
    heir = world.desks.pop("Ben")
    world.desks["old"] = heir
    world.join("Ben", "Ben's new keys")
    world.sign()
    world.rotate("Ana")
    assert [s.name for s in world.state.active].count("Ben") == 2


@pytest.mark.parametrize(("days", "code"), [(0, "expires"), (31, "expires"), (30, "act")])
def test_an_offer_ends_within_thirty_days(days: int, code: str) -> None:
    world = opened(2)
    world["Ben"].act(handover_act(world["Ben"].id, "Dan", world.log.now + days * DAY))
    assert world.verdict() == code


def test_an_offer_that_nobody_took_lapses_and_a_proposal_that_nobody_answered() -> None:
    world = opened(4)
    offer(world, "Ben", "Ben", "Dan")
    world.log.now += 7 * DAY + 1
    offer(world, "Dora", "Dora", "Eva")
    assert [i.name for i in world.state.invitations] == ["Eva"]
    world.log.now += PROPOSAL_LIFE + 1
    assert offer(world, "Ben", "Ben", "Dan") == "act"


def test_an_offer_dies_with_the_next_rotation() -> None:
    world = opened(5)
    offer(world, "Ben", "Ben", "Dan")
    go(world, "Eve")
    assert not world.state.invitations
    assert offer(world, "Ben", "Ben", "Dan") == "act"


def test_in_a_full_channel_nobody_comes_into_a_place_that_is_not_empty() -> None:
    world = opened(2)
    ben = world["Ben"]
    many = tuple(replace(ben.seat, id=bytes([k]) * 16, name=f"Seat {k}") for k in range(MOST_SEATS - 2))
    for desk in world.desks.values():
        desk.engine.state = replace(desk.state, seats=(*desk.state.seats, *many))
    assert offer(world, "Ben", "Ben", "Dan") == "full"


# --- whom an item follows


def line(*seats: tuple[int, str, int]) -> State:
    """A state of seats (id, standing, whom it succeeds or 0)."""
    pattern = opened(2).state
    kind = pattern.seats[0]
    made = (
        replace(kind, id=ident(n), name=str(n), standing=how, succeeds=ident(before) if before else None)
        for n, how, before in seats
    )
    return replace(pattern, seats=tuple(made))


def ident(n: int) -> SeatId:
    return n.to_bytes(16, "big")


def ids(*some: int) -> tuple[SeatId, ...]:
    return tuple(map(ident, some))


def test_an_audience_is_who_is_here_of_it_and_whoever_succeeds_it() -> None:
    state = line((9, "gone", 0), (5, "active", 0), (3, "gone", 9), (1, "active", 3), (4, "guest", 5), (7, "active", 0))
    assert state.current(ids(5, 9)) == ids(1, 5)
    assert state.current(ids(9)) == ids(1)
    assert state.current(ids(7)) == ids(7)
    assert state.current(ids(3, 7)) == ids(1, 7)
    assert state.current(ids(8)) == ()
    assert state.line(ident(1)) == ids(1, 3, 9)
    assert state.line(ident(5)) == ids(5)
    assert state.line(ident(8)) == ids(8)


def test_two_who_succeed_one_after_the_other_left_both_follow() -> None:
    state = line((1, "gone", 0), (2, "active", 1), (3, "active", 1))
    assert state.current(ids(1)) == ids(2, 3)


def test_a_seat_handed_over_thousands_of_times_is_still_followed() -> None:
    seats = [(1, "gone", 0), *((n, "gone", n - 1) for n in range(2, 3_000)), (3_000, "active", 2_999)]
    state = line(*seats)
    assert state.current(ids(1)) == ids(3_000)
    assert len(state.line(ident(3_000))) == 3_000


def test_what_is_said_to_the_one_is_for_the_other_from_the_rotation_on() -> None:
    world = opened(3)
    ana, ben = world["Ana"], world["Ben"]
    ana.say("note.send", note.Send("before", False, 7), [ben.id])
    world.succeed("Ben", "Dan")
    dan = world["Dan"]
    both = world.state.current((ana.id, ben.id))
    assert both == tuple(sorted((ana.id, ben.id, dan.id)))
    ana.say("note.send", note.Send("after", False, 7), both)
    world.sync()
    told = [event.kind for event in dan.events if event.verdict == "line"]
    assert told == ["note.send"]
    assert [item.text for item in dan.items.values()] == ["after"]


# --- freezing


def frozen() -> World:
    world = opened(5)
    assert world.freeze("Dora", "Ben") == "act"
    return world


def test_a_frozen_seat_is_gone_at_once_and_the_next_roster_is_without_it() -> None:
    world = frozen()
    ben = world["Ben"]
    assert standing(world, "Ben") == "gone"
    assert [*world.state.frozen] == [ben.id]
    assert next_seats(world.state) == tuple(sorted(world[n].id for n in ("Ana", "Cem", "Dora", "Eve")))
    for body in (
        ben.prekey_act(),
        acts.Remove(ben.id, "I go."),
        acts.Freeze(world["Dora"].id, "You first."),
        handover_act(ben.id, "Dan", world.log.now + DAY),
        invite_act("Dan", "Chile", "envoy", world.log.now + DAY),
        ben.rotate_act(next_seats(world.state)),
    ):
        ben.act(body)
        assert world.verdict() == "rule"
    world.rotate("Ana")
    assert not world.state.frozen
    assert 2 not in ben.engine.wallet.secrets


def test_a_frozen_seat_reads_and_writes_nothing_more() -> None:
    world = opened(5)
    ana, ben, dora = world["Ana"], world["Ben"], world["Dora"]
    ana.say("note.send", note.Send("to both", False, 7), [ben.id, dora.id])
    ana.say("note.send", note.Send("to Dora", False, 7), [dora.id])
    ben.say("note.send", note.Send("from Ben", False, 7), [ana.id])
    world.sync()
    assert world.freeze("Dora", "Ben") == "act"
    ana.say("note.send", note.Send("sealed before Ana knew", False, 7), [ben.id, dora.id])
    ben.say("note.send", note.Send("sealed by whoever has Ben's device", False, 7), [ana.id])
    ana.say("note.send", note.Send("between the others", False, 7), [dora.id])
    world.sync()
    told = [item.text for item in ana.items.values()]
    assert told == ["to both", "to Dora", "from Ben", "between the others"]
    assert [event.verdict for event in ana.events[-3:]] == ["closed", "closed", "line"]
    assert [item.text for item in ben.items.values()] == ["to both", "from Ben"]
    for by, other in ((ana, ben), (ben, ana)):
        by.dist([other.id])
        world.sync()
        assert {desk.events[-1].verdict for desk in world.knowing} <= {"closed", "rejected"}
    assert ana.events[-2].error is not None
    assert ana.events[-2].error.code == "audience"


def test_a_line_with_a_frozen_seat_is_not_begun_again() -> None:
    world = opened(4)
    ana, ben = world["Ana"], world["Ben"]
    start = ana.dist([ben.id])
    world.sync()
    world.freeze("Dora", "Ben")
    assert start.body is not None
    world.log.post(ana.shared(_content(world, start)))
    world.sync()
    error = ana.events[-1].error
    assert error is not None
    assert error.code == "audience"


def _content(world: World, record: Record) -> Value:
    return open_roster(world["Ana"].box.open(Sealed(record.body or b"", record.erase)))


@pytest.mark.parametrize(
    ("by", "seat", "code"),
    [("Ana", "Ben", "seat"), ("Ben", "Ben", "seat"), ("Eve", "Eve", "rule"), ("Cem", "Ana", "seat")],
)
def test_only_another_of_its_party_freezes_a_seat(by: str, seat: str, code: str) -> None:
    assert opened(5).freeze(by, seat) == code


def test_nobody_is_frozen_twice_nor_a_guest_nor_nobody() -> None:
    world = frozen()
    assert world.freeze("Dora", "Ben") == "seat"
    world["Dora"].act(acts.Freeze(b"\x09" * 16, "Lost."))
    assert world.verdict() == "seat"
    world.enter("Fay", "Chile", by="Dora")
    assert world.freeze("Dora", "Fay") == "seat"
    world["Dora"].act(acts.Freeze(world["Ana"].id, "x" * 501))
    assert world.verdict() == "prose"


def test_two_seats_remain() -> None:
    world = founding(2)
    world.enter("Dora", "Chile", "expert")
    world.open()
    world["Ana"].act(acts.Remove(world["Ana"].id, "I go."))
    world.sync()
    assert world.freeze("Dora", "Ben") == "last"


def test_of_two_that_freeze_each_other_the_first_remains() -> None:
    world = opened(5)
    ben, dora = world["Ben"], world["Dora"]
    ben.act(acts.Freeze(dora.id, "She is not herself."))
    dora.act(acts.Freeze(ben.id, "He is not himself."))
    assert world.verdict() == "rule"
    assert (standing(world, "Ben"), standing(world, "Dora")) == ("active", "gone")


def test_what_the_frozen_seat_has_offered_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    def stolen() -> World:
        world = opened(5)
        world.hand_over("Ben", "Ben", "Dan")
        world.join("Dan", "the thief's keys")
        world.sign()
        assert world.freeze("Dora", "Ben") == "act"
        return world

    world = stolen()
    assert standing(world, "Dan") == "gone"
    assert not world.state.invitations
    world.rotate("Ana")
    assert world["Dan"].id not in {s.id for s in world.state.active}
    weaken(monkeypatch, "channel.handing", ("if i.proposal.by == seat.id]", "if i.proposal.by == b'']"))
    world = stolen()
    world.rotate("Ana")
    assert standing(world, "Dan") == "active"  # whoever holds Ben's device is in again


def test_what_the_frozen_seat_has_proposed_falls_and_nothing_else() -> None:
    world = opened(5)
    world["Ben"].act(acts.Remove(world["Cem"].id, "He is tired."))
    world["Ben"].act(invite_act("Fay", "Peru", "envoy", world.log.now + DAY), n=world["Ben"].seat.acts + 1)
    world["Cem"].act(acts.Remove(world["Ben"].id, "He is unwell."))
    world["Cem"].act(acts.Remove(world["Eve"].id, "She is bored."), n=world["Cem"].seat.acts + 1)
    world["Ana"].act(invite_act("Gus", "Peru", "envoy", world.log.now + DAY))
    world.sync()
    assert (len(world.state.removals), len(world.state.invitations)) == (3, 2)
    assert world.freeze("Dora", "Ben") == "act"
    assert [r.seat for r in world.state.removals] == [world["Eve"].id]
    assert [i.name for i in world.state.invitations] == ["Gus"]


def test_an_assent_of_a_frozen_seat_counts_no_more() -> None:
    world = opened(5)
    world["Ana"].act(invite_act("Fay", "Peru", "envoy", world.log.now + DAY))
    world.sync()
    world["Ben"].act(acts.Assent(world.state.invitations[0].proposal.digest))
    world.sync()
    world.freeze("Dora", "Ben")
    assert missing(world.state, world.state.invitations[0]) == {"Chile", "Holy See", "UN"}


def test_a_successor_freezes_whom_it_succeeds() -> None:
    world = opened(3)
    world.succeed("Ben", "Dan")
    assert world.freeze("Dan", "Ben") == "act"
    world.rotate("Ana")
    assert standing(world, "Ben") == "gone"
    assert world.state.current((world["Ben"].id,)) == (world["Dan"].id,)


def test_a_frozen_seat_is_handed_over_by_its_party() -> None:
    world = frozen()
    assert world.hand_over("Dora", "Ben", "Dan") == "act"
    dan = world.join("Dan")
    world.sign()
    world.rotate("Ana")
    assert dan.seat.succeeds == world["Ben"].id
