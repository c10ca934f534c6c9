"""Change in an open channel: admission, removal, rotation; and what a seat, a guest or the relay may try."""

from __future__ import annotations

import pytest

from backchannel.channel import acts
from backchannel.channel.assent import missing, next_seats
from backchannel.channel.state import DAY, Invitation, Removal
from backchannel.instruments.note import Send
from backchannel.seal.roster import EpochSecrets, seal_epoch
from backchannel.seal.slots import open_slots, rotate_info
from tests.channel.kit import CHANNEL, World, founding, identity, invite_act, join_act, opened
from tests.channel.weaken import weaken

# In `opened(n)`: Ana (Argentina), Ben (Chile), Cem (Holy See), Dora (Chile), Eve (UN, observer).


def stand(world: World) -> dict[str, str]:
    return {s.name: s.standing for s in world.state.seats}


def propose(world: World, by: str, seat: str) -> Removal:
    world[by].act(acts.Remove(world[seat].id, "It is time."))
    assert world.verdict() == "act"
    return next(r for r in world.state.removals if r.seat == world[seat].id)


def assent(world: World, by: str, change: Invitation | Removal) -> str:
    world[by].act(acts.Assent(change.proposal.digest))
    return world.verdict()


def stage(world: World, seat: str) -> str:
    return next((r.proposal.stage for r in world.state.removals if r.seat == world[seat].id), "none")


# --- admission


def test_a_newcomer_needs_every_party() -> None:
    world = opened(5)
    world["Ben"].act(invite_act("Fay", "Peru", "expert", world.log.now + DAY))
    world.sync()
    (offer,) = world.state.invitations
    assert missing(world.state, offer) == {"Argentina", "Holy See", "UN"}
    for by in ("Ana", "Eve", "Cem"):
        assert world.state.invitations[0].proposal.stage == "open"
        assert join(world, "Fay") == "invitation"
        assert assent(world, by, offer) == "act"
    assert world.state.invitations[0].proposal.stage == "granted"
    assert join(world, "Fay") == "act"
    assert stand(world)["Fay"] == "guest"
    assert next_seats(world.state) is None


def join(world: World, name: str) -> str:
    twin = world.copy()
    twin.desks[name] = desk = type(world["Ana"])(name, twin.log, list(world["Ana"].engine.wallet.secrets.values()))
    desk.sync()
    desk.act(join_act(name, identity(name)))
    found = twin.verdict()
    if found == "act":
        world.join(name)
    return found


def test_a_guest_does_nothing_but_sign_renew_its_prekey_and_go() -> None:
    world = opened(3)
    fay = world.enter("Fay", "Peru")
    removal = propose(world, "Ana", "Ben")
    for body in (
        acts.Remove(world["Ana"].id, "Go."),
        acts.Assent(removal.proposal.digest),
        invite_act("Gus", "Peru", "envoy", world.log.now + DAY),
    ):
        fay.act(body)
        assert world.verdict() in ("rule", "subject")
    fay.act(fay.prekey_act())
    assert world.verdict() == "act"
    world.sign()
    assert fay.seat.signed


def test_a_guest_cannot_speak_and_is_not_spoken_to() -> None:
    world = opened(3)
    fay = world.enter("Fay", "Peru")
    world["Ana"].dist([fay.id, world["Ben"].id])
    world.sync()
    error = world["Ben"].events[-1].error
    assert error is not None
    assert error.code == "audience"
    assert fay.events[-1].verdict == "closed"
    fay.dist([world["Ben"].id])
    world.sync()
    error = world["Ben"].events[-1].error
    assert error is not None
    assert error.code == "audience"


def test_nobody_is_in_without_the_charter() -> None:
    world = opened(3)
    world.enter("Fay", "Peru")
    propose(world, "Ben", "Ben")
    ana = world["Ana"]
    with_fay = tuple(sorted(s.id for s in world.state.present if s.name != "Ben"))
    ana.act(ana.rotate_act(with_fay))
    assert world.verdict() == "rotation"
    world.rotate("Ana")
    assert stand(world) == {"Ana": "active", "Ben": "gone", "Cem": "active", "Fay": "gone"}


def test_nobody_who_signed_is_left_out() -> None:
    world = opened(3)
    world.enter("Fay", "Peru")
    world.sign()
    propose(world, "Ben", "Ben")
    cem = world["Cem"]
    without = tuple(sorted(s.id for s in world.state.active if s.name != "Ben"))
    cem.act(cem.rotate_act(without))
    assert world.verdict() == "rotation"
    world.rotate("Cem")
    assert stand(world) == {"Ana": "active", "Ben": "gone", "Cem": "active", "Fay": "active"}
    assert world["Fay"].state == world["Cem"].state
    assert 2 not in world["Ben"].engine.wallet.secrets


def test_a_guest_signs_after_it_has_posted_a_prekey() -> None:
    world = opened(3)
    world.invite(world["Ana"], "Fay", "Peru")
    fay = world.desks["Fay"] = type(world["Ana"])("Fay", world.log, list(world["Ana"].engine.wallet.secrets.values()))
    fay.sync()
    fay.act(join_act("Fay", identity("Fay")))
    world.sync()
    world.sign()
    assert world.verdict() == "prekey"
    assert next_seats(world.state) is None


def test_any_seat_that_speaks_can_keep_a_guest_out_until_it_is_in() -> None:
    world = opened(5)
    world.enter("Fay", "Peru")
    world.sign()
    assert next_seats(world.state) is not None
    world["Eve"].act(acts.Remove(world["Fay"].id, "Not she."))
    assert world.verdict() == "rule"
    world["Cem"].act(acts.Remove(world["Fay"].id, "This is not whom we invited."))
    assert world.verdict() == "act"
    assert stand(world)["Fay"] == "gone"
    assert next_seats(world.state) is None
    assert world.state.charter is not None  # in an open channel the charter stays
    assert all(s.signed for s in world.state.active)


def test_a_granted_invitation_dies_at_the_next_rotation() -> None:
    world = opened(3)
    world.invite(world["Ana"], "Fay", "Peru")
    assert world.state.invitations[0].proposal.stage == "granted"
    propose(world, "Cem", "Cem")
    world.rotate("Ana")
    assert not world.state.invitations
    assert join(world, "Fay") == "invitation"


def test_an_open_invitation_outlives_a_rotation_and_is_for_the_new_epoch() -> None:
    world = opened(4)
    world["Ana"].act(invite_act("Fay", "Peru", "expert", world.log.now + 20 * DAY))
    world.sync()
    propose(world, "Dora", "Dora")
    world.rotate("Ana")
    world.admit()
    assert (world.state.invitations[0].proposal.stage, world.state.invitations[0].proposal.epoch) == ("granted", 2)
    world.join("Fay")
    world.sign()
    world.rotate("Ben")
    assert stand(world)["Fay"] == "active"


def test_a_rotation_can_complete_an_invitation() -> None:
    world = opened(3)
    world["Ana"].act(invite_act("Fay", "Peru", "expert", world.log.now + 20 * DAY))
    world.sync()
    assert assent(world, "Ben", world.state.invitations[0]) == "act"
    propose(world, "Cem", "Cem")  # the one party that has not assented leaves
    world.rotate("Ana")
    (offer,) = world.state.invitations
    assert (offer.proposal.stage, offer.proposal.epoch) == ("granted", 2)


# --- assent


def test_a_party_assents_through_any_of_its_seats_and_once_is_enough() -> None:
    world = opened(4)
    removal = propose(world, "Ana", "Cem")
    assert missing(world.state, removal) == {"Chile"}
    assert assent(world, "Dora", removal) == "act"
    assert stage(world, "Cem") == "granted"
    assert assent(world, "Ben", removal) == "subject"  # settled


def test_nobody_assents_twice_or_to_its_own_removal_or_to_nothing() -> None:
    world = opened(5)
    removal = propose(world, "Ana", "Ben")
    assert assent(world, "Ana", removal) == "repeat"
    assert assent(world, "Cem", removal) == "act"
    assert assent(world, "Cem", removal) == "repeat"
    assert assent(world, "Ben", removal) == "self"
    assert stage(world, "Ben") == "open"
    world["Ana"].act(acts.Assent(bytes(32)))
    assert world.verdict() == "subject"
    world["Ana"].act(acts.Assent(world.state.charter.digest))  # type: ignore[union-attr]
    assert world.verdict() == "repeat"


def test_the_seat_in_question_does_not_speak_for_its_party() -> None:
    world = opened(4)
    removal = propose(world, "Ana", "Ben")
    assert missing(world.state, removal) == {"Chile", "Holy See"}
    assert assent(world, "Cem", removal) == "act"
    assert assent(world, "Dora", removal) == "act"
    assert stage(world, "Ben") == "granted"


def test_a_party_cannot_veto_the_removal_of_its_last_seat() -> None:
    world = opened(3)
    removal = propose(world, "Ana", "Ben")
    assert missing(world.state, removal) == {"Holy See"}
    assert assent(world, "Cem", removal) == "act"
    world.rotate("Cem")
    assert stand(world)["Ben"] == "gone"


def test_an_old_assent_is_not_one_to_a_new_proposal() -> None:
    world = opened(5)
    first = propose(world, "Ana", "Ben")
    assert assent(world, "Cem", first) == "act"
    world.log.now += 30 * DAY + 1
    world["Ana"].act(world["Ana"].prekey_act())
    world.sync()
    assert not world.state.removals
    second = propose(world, "Ana", "Ben")
    assert first.proposal.digest != second.proposal.digest
    assert missing(world.state, second) == {"Chile", "Holy See", "UN"}
    assert assent(world, "Cem", first) == "subject"


@pytest.mark.parametrize(("late", "code"), [(0, "act"), (1, "subject")])
def test_a_proposal_lapses_after_thirty_days(late: int, code: str) -> None:
    world = opened(3)
    removal = propose(world, "Ana", "Ben")
    world.log.now += 30 * DAY + late
    assert assent(world, "Cem", removal) == code


def test_a_granted_removal_does_not_lapse() -> None:
    world = opened(3)
    propose(world, "Ben", "Ben")
    world.log.now += 300 * DAY
    world["Cem"].act(world["Cem"].prekey_act())
    world.sync()
    world.rotate("Ana")
    assert stand(world)["Ben"] == "gone"


# --- removal


def test_an_observer_removes_only_itself() -> None:
    world = opened(5)
    world["Eve"].act(acts.Remove(world["Ben"].id, "I think."))
    assert world.verdict() == "rule"
    propose(world, "Eve", "Eve")
    assert stage(world, "Eve") == "granted"


@pytest.mark.parametrize(
    ("reason", "code"), [("", "prose"), ("x" * 501, "prose"), ("a\x1b[2J", "prose"), ("\u202e", "text")]
)
def test_a_removal_says_why(reason: str, code: str) -> None:
    world = opened(3)
    world["Ana"].act(acts.Remove(world["Ben"].id, reason))
    assert world.verdict() == code


def test_who_is_not_there_is_not_removed() -> None:
    world = opened(3)
    world["Ana"].act(acts.Remove(b"\x09" * 16, "Who?"))
    assert world.verdict() == "seat"
    propose(world, "Cem", "Cem")
    world.rotate("Ana")
    world["Ana"].act(acts.Remove(world["Cem"].id, "Again."))
    assert world.verdict() == "seat"


def test_a_removal_is_proposed_once_and_whoever_goes_need_not_wait_for_it() -> None:
    world = opened(5)
    propose(world, "Ana", "Ben")
    world["Cem"].act(acts.Remove(world["Ben"].id, "I too."))
    assert world.verdict() == "repeat"
    propose(world, "Ben", "Ben")  # nobody can keep somebody in by proposing to remove him
    assert [(r.seat, r.proposal.stage) for r in world.state.removals] == [(world["Ben"].id, "granted")]
    world["Ben"].act(acts.Remove(world["Ben"].id, "Once more."))
    assert world.verdict() == "repeat"


def test_the_founder_can_be_removed() -> None:
    world = opened(3)
    removal = propose(world, "Ben", "Ana")
    assert assent(world, "Cem", removal) == "act"
    world["Ana"].act(world["Ana"].rotate_act())
    assert world.verdict() == "rotation"  # who leaves does not hand out the new keys
    world.rotate("Ben")
    assert stand(world)["Ana"] == "gone"
    world.enter("Fay", "Peru", by="Ben")
    world.sign()
    world.rotate("Cem")
    assert stand(world)["Fay"] == "active"


def test_the_last_two_stay() -> None:
    world = opened(2)
    for seat in ("Ana", "Ben"):
        world["Ana"].act(acts.Remove(world[seat].id, "Enough."))
        assert world.verdict() == "last"


def test_no_party_is_left_alone_by_the_others_removal() -> None:
    world = opened(2)
    world.enter("Fay", world.state.member(world["Ana"].id).party)
    world.sign()
    world.rotate("Ana")
    world["Ana"].act(acts.Remove(world["Ben"].id, "Alone."))
    assert world.verdict() == "last"
    world["Ben"].act(acts.Remove(world["Ben"].id, "I go."))
    assert world.verdict() == "act"


def two_removals() -> World:
    """Ana proposes to remove Ben, then Cem; both assent to the other's removal."""
    world = opened(3)
    first, second = propose(world, "Ana", "Ben"), propose(world, "Ana", "Cem")
    assert assent(world, "Cem", first) == "act"
    assert assent(world, "Ben", second) == "act"
    return world


def test_two_removals_never_leave_one_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    world = two_removals()
    assert (stage(world, "Ben"), stage(world, "Cem")) == ("granted", "open")
    assert len(next_seats(world.state) or ()) == 2
    world["Ben"].act(acts.Remove(world["Ana"].id, "You too."))
    assert world.verdict() == "last"
    world.rotate("Cem")
    assert stage(world, "Cem") == "open"  # complete, but the last two cannot remove each other
    assert next_seats(world.state) is None
    weaken(
        monkeypatch, "channel.change", ("if isinstance(change, Removal) and not enough(", "if False and not enough(")
    )
    assert next_seats(two_removals().state) == (world["Ana"].id,)


def test_a_removal_that_had_to_wait_is_done_when_there_are_enough() -> None:
    world = two_removals()
    world.enter("Fay", "Peru")
    world.sign()
    world.rotate("Cem")
    assert stand(world) == {"Ana": "active", "Ben": "gone", "Cem": "active", "Fay": "active"}
    (removal,) = world.state.removals
    assert missing(world.state, removal) == {"Peru"}
    assert assent(world, "Fay", removal) == "act"
    world.rotate("Ana")
    assert stand(world)["Cem"] == "gone"


def both_at_one_rotation() -> World:
    """Dora's party is all that two removals wait for; when Dora goes, both could be granted at once."""
    world = founding(3)
    world.enter("Lea", "Peru")
    world.open()
    for seat in ("Ben", "Cem"):
        removal = propose(world, "Ana", seat)
        assert assent(world, "Cem" if seat == "Ben" else "Ben", removal) == "act"
    propose(world, "Lea", "Lea")
    world.rotate("Ana")
    return world


def test_of_two_removals_that_a_rotation_completes_one_may_have_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    world = both_at_one_rotation()
    assert (stage(world, "Ben"), stage(world, "Cem")) == ("granted", "open")
    weaken(
        monkeypatch,
        "channel.change",
        (
            "removals=(*after.removals, settled(after, r)))",
            "removals=(*after.removals, settled(replace(after, removals=()), r)))",
        ),
    )
    assert next_seats(both_at_one_rotation().state) == (world["Ana"].id,)


def test_a_proposal_falls_with_its_proposer() -> None:
    world = opened(5)
    propose(world, "Ben", "Ana")
    world["Ben"].act(invite_act("Fay", "Peru", "expert", world.log.now + DAY))
    assert world.verdict() == "act"
    propose(world, "Ben", "Ben")
    world.rotate("Ana")
    assert not world.state.invitations
    assert not world.state.removals


def test_an_assent_falls_with_the_seat_that_gave_it() -> None:
    world = opened(5)
    removal = propose(world, "Ana", "Cem")
    assert assent(world, "Dora", removal) == "act"
    propose(world, "Dora", "Dora")
    world.rotate("Ana")
    (removal,) = world.state.removals
    assert missing(world.state, removal) == {"Chile", "UN"}


# --- rotation


def test_a_rotation_comes_when_it_is_due_and_not_otherwise() -> None:
    world = opened(3)
    ana = world["Ana"]
    everyone = tuple(sorted(s.id for s in world.state.active))
    for seats in (everyone, everyone[:2], ()):
        ana.act(acts.Rotate(2, seats, (b"",) * 4, bytes(32)))
        assert world.verdict() == "rotation"


@pytest.mark.parametrize("change", [{"epoch": 1}, {"epoch": 3}, {"epoch": 2**63 - 1}])
def test_epochs_count_up_by_one(change: dict[str, int]) -> None:
    world = opened(3)
    propose(world, "Cem", "Cem")
    world["Ana"].act(world["Ana"].rotate_act(**change))
    assert world.verdict() == "rotation"


def test_slots_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def post(slots: tuple[bytes, ...]) -> str:
        world = opened(3)
        propose(world, "Cem", "Cem")
        world["Ana"].act(world["Ana"].rotate_act(slots=slots))
        world.sync()
        return world.state.seats[2].standing

    size = len(opened(3)["Ana"].rotate_act(seats=[opened(3)["Ana"].id]).slots[0])
    for slots in ((), (b"",) * 4, (bytes(size),) * 3, (bytes(size),) * 8, (bytes(size + 1),) * 4):
        assert post(slots) == "active"
    assert post((bytes(size),) * 4) == "gone"  # of what is inside, others cannot judge
    weaken(monkeypatch, "channel.change", ("    roster.check_rotate(body.slots, len(due))\n", ""))
    assert post((b"",) * 4) == "gone"


def test_of_two_rotations_the_second_is_stale() -> None:
    world = opened(3)
    propose(world, "Cem", "Cem")
    for name in ("Ana", "Ben"):
        world[name].act(world[name].rotate_act())
    world.sync()
    assert [d.events[-1].error.code for d in (world["Ana"], world["Ben"])] == ["stale", "stale"]  # type: ignore[union-attr]
    assert world.state.epoch == 2
    assert world["Ben"].events[-1].sender is None


def test_an_act_of_an_old_epoch_is_not_one_of_the_new() -> None:
    world = opened(3)
    ben = world["Ben"]
    old = ben.sealed_act(ben.prekey_act())
    propose(world, "Cem", "Cem")
    world.rotate("Ana")
    world.log.post(old)
    assert world.verdict() == "stale"
    ben.act(ben.prekey_act(), epoch=1)  # sealed anew by somebody, signed in the old one
    assert world.verdict() == "signature"
    ben.act(ben.prekey_act())
    assert world.verdict() == "act"


def test_whoever_is_cheated_of_the_new_keys_knows_and_the_others_agree() -> None:
    """9.5: a rotation with the wrong slot, or with other secrets for one seat."""
    world = opened(4)
    propose(world, "Cem", "Cem")
    ana, ben = world["Ana"], world["Ben"]
    other = world.copy()
    ana.act(ana.rotate_act(leave_out=ben.id))
    ben.sync()
    assert ben.events[-1].verdict == "act"
    assert ben.events[-1].error is not None
    assert ben.events[-1].error.code == "left-out"
    assert ben.engine.gained == {}
    world.sync()
    assert ben.state == ana.state
    assert ben.state.epoch == 2

    ana, ben = other["Ana"], other["Ben"]
    due = next_seats(other.state) or ()
    shared, lone = EpochSecrets.new(ana.random), EpochSecrets.new(ana.random)
    theirs = seal_epoch(CHANNEL, 2, shared, [ana._recipient(s) for s in due if s != ben.id], ana.random)
    bens = seal_epoch(CHANNEL, 2, lone, [ana._recipient(ben.id)], ana.random)
    slots = _pick(theirs, due, other, skip=ben.id) + _pick(bens, due, other, only=ben.id)
    ana.act(acts.Rotate(2, due, (*slots, theirs[0])[:4] if len(slots) < 4 else slots, shared.check(CHANNEL, 2)))
    other.sync()
    assert ben.events[-1].verdict == "act"
    assert ben.events[-1].error is not None
    assert ben.events[-1].error.code == "epoch-secrets"
    assert 2 not in ben.engine.wallet.secrets
    assert ben.state == ana.state
    assert ana.events[-1].error is None


def _pick(
    slots: tuple[bytes, ...], due: tuple[bytes, ...], world: World, skip: bytes = b"", only: bytes = b""
) -> tuple[bytes, ...]:
    """The slots that some of the due seats can open."""
    found = []
    for desk in world.desks.values():
        if desk.id not in due or desk.id == skip or (only and desk.id != only):
            continue
        found += [
            slot
            for slot in slots
            if open_slots([slot], [(k, rotate_info(CHANNEL, 2, desk.id, k.seq)) for k in desk.engine.wallet.prekeys])
        ]
    return tuple(found)


def test_a_removed_seat_reads_nothing_after() -> None:
    world = opened(3)
    propose(world, "Cem", "Cem")
    world.rotate("Ana")
    world["Ana"].say("note.send", Send("Among us.", False, 7))
    world.sync()
    assert [e.verdict for e in world["Cem"].events[-2:]] == ["closed", "closed"]
    assert [e.verdict for e in world["Ben"].events[-2:]] == ["start", "line"]


def test_a_newcomer_reads_the_whole_roster_and_none_of_the_old_talk() -> None:
    world = opened(3)
    world["Ana"].say("note.send", Send("Before.", False, 7))
    world.sync()
    fay = world.enter("Fay", "Peru")
    assert {e.verdict for e in fay.events} == {"act", "closed"}
    world.sign()
    world.rotate("Ben")
    assert fay.state == world["Ana"].state
    world["Ana"].say("note.send", Send("After.", False, 7))
    world.sync()
    assert [i.text for i in fay.items.values()] == ["After."]


def test_many_rotations_leave_a_state_of_bounded_size() -> None:
    world = opened(2)
    for k in range(3):
        world.enter(f"Guest {k}", "Peru", keys=f"guest {k}")
        world.sign()
        world.rotate()
        propose(world, f"Guest {k}", f"Guest {k}")
        world.rotate("Ana")
    assert not world.state.invitations
    assert not world.state.removals
    assert world.state.epoch == 7
    assert len(world.state.active) == 2
