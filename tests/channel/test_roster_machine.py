"""The roster under acts of every kind by everybody, sensible or not: what may never be, whatever is posted."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backchannel.channel import acts, rules
from backchannel.channel.assent import next_seats
from backchannel.channel.state import DAY, State
from backchannel.entry.codec import decode, encode
from tests.channel.kit import TERMS, Desk, World, founding, handover_act, identity, invite_act, join_act

NAMES = ("Ana", "Ben", "Cem", "Dora", "Eve", "Fay")
PARTIES = {"Dora": "Chile", "Eve": "UN", "Fay": "Peru"}
who = st.sampled_from(NAMES)
index = st.integers(0, 3)


class Roster(RuleBasedStateMachine):
    """Founded by Ana, joined by Ben and Cem; everybody else starts outside, and knows all secrets that Ana knows."""

    @initialize()
    def begin(self) -> None:
        self.world: World = founding(3)
        self.rotations = self.world.state.epoch
        self.signed: set[tuple[bytes, bytes]] = set()
        self.frozen: set[bytes] = set()
        for name in NAMES[3:]:
            self.world.desks[name] = Desk(name, self.world.log, [b"\x01" * 32])
        self.world.sync()

    # --- acts

    def post(self, name: str, body: Any, n: int | None = None) -> None:
        world, desk = self.world, self.world[name]
        before = world.state
        known = desk.state.epoch == before.epoch and before.epoch in desk.engine.wallet.secrets
        self.share()
        part = rules.who(before, before.seat(desk.id))
        if not known:
            return
        desk.act(body, n=n)
        found = world.verdict()
        after = world.state
        if found == "act":
            self.applied(before, after, desk, body, part)
        else:
            assert unchanged(before, after), found

    def share(self) -> None:
        """Whoever is outside learns the secrets from a traitor: being in must not depend on not knowing them."""
        known = max((d.engine.wallet for d in self.world.desks.values()), key=lambda w: len(w.secrets)).secrets
        for desk in self.world.desks.values():
            if desk.state.seat(desk.id) is None:
                desk.engine.wallet = desk.engine.wallet._replace(secrets=known)

    def applied(self, before: State, after: State, desk: Desk, body: Any, part: str) -> None:
        assert after.stage in rules.ALLOWED[before.stage, acts.kind(body), part]
        if isinstance(body, acts.Freeze):
            assert before.member(body.seat).party == before.member(desk.id).party
            self.frozen.add(body.seat)
        if isinstance(body, acts.Rotate):
            self.rotations += 1
            assert desk.id in body.seats
        if isinstance(body, acts.Charter):
            assert before.stage == "founding"
            self.signed = {(desk.id, after.charter.digest)} if after.charter else set()
        if isinstance(body, acts.Assent) and after.charter and body.subject == after.charter.digest:
            self.signed.add((desk.id, body.subject))

    @rule(name=who)
    def prekey(self, name: str) -> None:
        self.post(name, self.world[name].prekey_act())

    @rule(by=who, name=who, days=st.sampled_from([1, 7, 30]), again=index)
    def invite(self, by: str, name: str, days: int, again: int) -> None:
        party = PARTIES.get(name, "Argentina")
        self.post(
            by, invite_act(name, party, "observer" if name == "Eve" else "envoy", self.world.log.now + days * DAY)
        )

    @rule(name=who, secret=who)
    def join(self, name: str, secret: str) -> None:
        self.post(name, join_act(secret, identity(name)), n=0)

    @rule(name=who)
    def charter(self, name: str) -> None:
        self.post(name, acts.Charter(TERMS, tuple(sorted(s.id for s in self.world.state.present))))

    @rule(name=who)
    def sign(self, name: str) -> None:
        if self.world.state.charter is not None:
            self.post(name, acts.Assent(self.world.state.charter.digest))

    @rule(name=who, k=index)
    def assent(self, name: str, k: int) -> None:
        changes: list[Any] = [*self.world.state.invitations, *self.world.state.removals]
        if changes:
            self.post(name, acts.Assent(changes[k % len(changes)].proposal.digest))

    @rule(by=who, seat=who)
    def remove(self, by: str, seat: str) -> None:
        self.post(by, acts.Remove(self.world[seat].id, "It is time."))

    @rule(by=who, seat=who, name=who)
    def hand_over(self, by: str, seat: str, name: str) -> None:
        self.post(by, handover_act(self.world[seat].id, name, self.world.log.now + 7 * DAY))

    @rule(by=who, seat=who)
    def freeze(self, by: str, seat: str) -> None:
        self.post(by, acts.Freeze(self.world[seat].id, "It is lost."))

    @rule(seat=who, name=who)
    def succeed(self, seat: str, name: str) -> None:
        """A short way to a successor, which chance alone would seldom find."""
        if self.world.state.stage == "open":
            self.hand_over(seat, seat, name)
            self.join(name, name)
            self.prekey(name)
            self.sign(name)
            self.rotate("Ana", 0, True)

    @rule(by=who)
    def go(self, by: str) -> None:
        self.post(by, acts.Remove(self.world[by].id, "I go."))

    @rule(by=who, drop=index, honest=st.booleans())
    def rotate(self, by: str, drop: int, honest: bool) -> None:
        due = next_seats(self.world.state) or tuple(sorted(s.id for s in self.world.state.present))
        seats = due if honest else tuple(s for k, s in enumerate(due) if k != drop)
        if seats:
            self.post(by, self.world[by].rotate_act(seats))

    @rule(name=who, body=st.sampled_from([b"", b"\xc0", encode(acts.Assent(bytes(32)))]), n=index)
    def nonsense(self, name: str, body: bytes, n: int) -> None:
        self.post(name, body, n=n)

    @rule(days=st.sampled_from([1, 8, 31]))
    def wait(self, days: int) -> None:
        self.world.log.now += days * DAY

    @rule()
    def found_and_sign(self) -> None:
        """A short way into an open channel, which chance alone would seldom find."""
        if self.world.state.stage == "founding":
            self.charter("Ana")
            for name in NAMES[1:]:
                self.sign(name)
            self.rotate("Ana", 0, True)

    # --- what may never be

    @invariant()
    def epochs_are_rotations(self) -> None:
        assert self.world.state.epoch == self.rotations

    @invariant()
    def everybody_sees_the_same(self) -> None:
        self.world.sync()

    @invariant()
    def an_open_channel_has_two_seats(self) -> None:
        state = self.world.state
        if state.stage == "open":
            assert len(state.active) >= 2
            due = next_seats(state)
            assert due is None or len(due) >= 2

    @invariant()
    def nobody_is_in_without_having_signed(self) -> None:
        state = self.world.state
        for seat in state.active:
            assert seat.signed
            assert state.charter is not None
            assert (seat.id, state.charter.digest) in self.signed

    @invariant()
    def names_differ_but_for_a_successors(self) -> None:
        present = self.world.state.present
        names = [s.name for s in present if (s.name, s.succeeds) not in [(other.name, other.id) for other in present]]
        assert len(set(names)) == len(names)

    @invariant()
    def a_place_has_one_heir_at_a_time(self) -> None:
        state = self.world.state
        heirs = [s.succeeds for s in state.present if s.succeeds is not None]
        heirs += [i.replaces for i in state.invitations if i.replaces is not None and i.proposal.stage != "done"]
        assert len(set(heirs)) == len(heirs)
        for seat in state.seats:
            line = state.line(seat.id)
            assert len({*line}) == len(line)
            assert len({(state.member(s).party, state.member(s).role) for s in line}) == 1

    @invariant()
    def who_was_frozen_does_not_come_back(self) -> None:
        state = self.world.state
        assert not self.frozen & {s.id for s in state.present}
        assert not self.frozen & set(next_seats(state) or ())
        assert not [i for i in state.invitations if i.proposal.by in self.frozen]

    @invariant()
    def what_is_granted_has_every_party(self) -> None:
        state = self.world.state
        changes = [(r.proposal, r.seat) for r in state.removals]
        changes += [(i.proposal, i.replaces) for i in state.invitations if i.replaces is not None]
        for proposal, seat in changes:
            if proposal.stage == "granted" and proposal.by != seat:
                parties = {state.member(s).party for s in proposal.assents if s != seat}
                assert state.parties(without=seat) <= parties

    @invariant()
    def the_state_survives_the_vault(self) -> None:
        state = self.world.state
        assert decode(encode(state), State) == state


def unchanged(before: State, after: State) -> bool:
    """Whether nothing has changed but a turn that was used up, and what lapsed."""

    def bare(state: State) -> Any:
        return [
            [(s.id, s.standing, s.signed, s.prekeys) for s in state.seats],
            (state.stage, state.epoch, state.charter, state.founder),
        ]

    fewer = set(after.invitations) <= set(before.invitations) and set(after.removals) <= set(before.removals)
    return bare(before) == bare(after) and fewer


Roster.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestRoster = Roster.TestCase
