"""The engine: what opens, what does not, and that it never matters in which portions a log is read."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backchannel.channel import acts
from backchannel.channel.engine import Engine, Event, Record, Wallet
from backchannel.channel.lines import Lines
from backchannel.channel.state import DAY, State
from backchannel.entry.ids import ZERO32
from backchannel.instruments import ERASABLE
from backchannel.instruments.note import Restate, Send
from backchannel.instruments.understanding.values import Propose
from backchannel.seal import roster
from backchannel.seal.box import Sealed
from backchannel.seal.chain import erase_token
from backchannel.seal.verify import WORTHWHILE
from tests.channel.kit import CHANNEL, Desk, World, opened
from tests.channel.weaken import weaken

HELLO = Send("Hello.", False, 7)


def told(desk: Desk, back: int = 1) -> str:
    event = desk.events[-back]
    return event.error.code if event.error else event.verdict


# --- lines


def test_what_is_said_is_read_by_its_audience() -> None:
    world = opened(4)
    ana, ben, cem = (world[n] for n in ("Ana", "Ben", "Cem"))
    world["Ana"].say("note.send", HELLO, [ben.id])
    world.sync()
    for desk in (ana, ben):
        event = desk.events[-1]
        assert (event.verdict, event.sender, event.kind) == ("line", ana.id, "note.send")
        assert event.audience == tuple(sorted((ana.id, ben.id)))
        assert event.state == world.state
        assert (event.token is not None) == (desk is ana)
        assert desk.events[-2].verdict == "start"
    assert [e.verdict for e in cem.events[-2:]] == ["closed", "closed"]


def test_the_token_that_is_given_erases() -> None:
    world = opened(2)
    record = world["Ana"].say("note.send", HELLO)
    world.sync()
    token = world["Ana"].events[-1].token
    assert token is not None
    assert sha256(token).digest() == record.erase
    chain = world["Ana"].engine.lines.places
    assert token == erase_token(next(iter(chain.values())).chain, 0)


def test_what_cannot_be_erased_has_no_token() -> None:
    world = opened(2)
    both = tuple(sorted(s.id for s in world.state.active))
    world["Ana"].say("understanding.propose", Propose("Peace", ("We agree.",), (), both, bytes(32)))
    world.sync()
    assert told(world["Ana"]) == "line"
    assert world["Ana"].events[-1].token is None


LIES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "note.whisper"}, "kind"),
    ({"erasable": False}, "erase"),
    ({"root": b"\x09" * 32}, "fork"),
    ({"size": 10_000}, "fork"),
    ({"size": 3}, "fork"),
    ({"seed": b"\x08" * 32}, "signature"),
]


@pytest.mark.parametrize(("lie", "code"), LIES, ids=[code for _, code in LIES])
@pytest.mark.parametrize("many", [False, True])
def test_a_line_that_lies(lie: dict[str, Any], code: str, many: bool) -> None:
    world = opened(2)
    ana, ben = world["Ana"], world["Ben"]
    ana.dist([ben.id])
    for _ in range(WORTHWHILE if many else 0):
        ana.say("note.send", HELLO)
    ana.say(lie.get("kind", "note.send"), HELLO, **{k: v for k, v in lie.items() if k != "kind"}, lying=True)
    world.sync()
    assert told(ben) == code
    if code != "signature":  # the chain has moved on: the next entry is a good one after all
        to = tuple(sorted((ana.id, ben.id)))
        place = next(p for p in ben.engine.lines.places.values() if p.chain.sender == ana.id)
        ana.sending[to] = (place.chain, place.cursor, *ana.sending[to][2:])
    ana.say("note.send", HELLO)
    world.sync()
    assert told(ben) == "line"


def test_the_size_that_an_author_names_may_be_any_up_to_its_own_position() -> None:
    world = opened(2)
    ana = world["Ana"]
    ana.dist([world["Ben"].id])
    for size in (0, 1, world.log.tree.size):
        ana.say("note.send", HELLO, size=size, root=world.log.tree.root(size), cursor=ana.sending[_pair(world)][1])
        world.sync()
        assert told(world["Ben"]) == "line"
        place = next(p for p in world["Ben"].engine.lines.places.values())
        ana.sending[_pair(world)] = (place.chain, place.cursor, *ana.sending[_pair(world)][2:])


def test_a_line_that_names_another_epoch_than_its_chain() -> None:
    world = opened(2)
    ana = world["Ana"]
    ana.dist([world["Ben"].id])
    chain, cursor, seed, epoch = ana.sending[_pair(world)]
    ana.sending[_pair(world)] = (replace(chain, epoch=9), cursor, seed, epoch)
    ana.say("note.send", HELLO)
    world.sync()
    assert told(world["Ben"]) == "stale"


def _pair(world: World) -> tuple[bytes, ...]:
    return tuple(sorted((world["Ana"].id, world["Ben"].id)))


def impostor(monkeypatch: pytest.MonkeyPatch | None = None) -> list[str]:
    """Cem reads Ana's chain, so he has its keys; he writes an entry in it with a signature of his own."""
    world = opened(3)
    ana, ben, cem = (world[n] for n in ("Ana", "Ben", "Cem"))
    ana.dist([ben.id, cem.id])
    to = tuple(sorted((ana.id, ben.id, cem.id)))
    cem.sending[to] = (*ana.sending[to][:2], b"\x09" * 32, 1)
    for _ in range(WORTHWHILE):  # enough for signatures to be checked together
        world.log.junk()
    cem.say("note.send", Send("I, Ana, resign.", False, 7), to)
    ana.say("note.send", HELLO, to)
    world.sync()
    return [item.text for item in ben.items.values()]


def test_no_member_writes_as_another(monkeypatch: pytest.MonkeyPatch) -> None:
    assert impostor() == ["Hello."]
    weaken(
        monkeypatch,
        "seal.verify",
        ("        return all(portion", "        return True or all(portion"),
        ("    return all(check", "    return True or all(check"),
    )
    assert impostor() == ["I, Ana, resign."]


def test_nobody_speaks_before_the_charter() -> None:
    world = World()
    ana = world.found()
    world.enter("Ben", "Chile")
    ana.dist([world["Ben"].id])
    world.sync()
    assert told(world["Ben"]) == "rule"


def test_after_a_new_roster_old_lines_are_closed_to_all_and_old_shared_entries_stale() -> None:
    world = opened(3)
    ana, ben = world["Ana"], world["Ben"]
    ana.dist([ben.id])
    late = world.copy()
    world["Cem"].act(acts.Remove(world["Cem"].id, "I go."))
    world.sync()
    late["Ana"].say("note.send", HELLO, [ben.id])
    late["Ana"].dist([ben.id, late["Cem"].id])
    line, dist = late.log.records[-2:]
    world.rotate("Ben")
    for record in (line, dist):
        assert record.body is not None
        world.log.post(Sealed(record.body, record.erase))
    world.sync()
    for desk in (ana, ben):
        assert (told(desk, 2), told(desk)) == ("closed", "stale")


# --- DIST


def test_a_dist_that_lies() -> None:
    world = opened(3)
    ana, ben, cem = (world[n] for n in ("Ana", "Ben", "Cem"))
    ana.dist([ben.id], epoch=2)
    ana.dist([ben.id], cls="hat")
    world.sync()
    assert [told(ben, 2), told(ben)] == ["stale", "class"]
    assert [told(cem, 2), told(cem)] == ["closed", "closed"]
    world.log.post(ana.shared(roster.Dist((b"",) * 4)))
    world.sync()
    assert told(ben) == told(cem) == "slots"


def test_a_guest_judges_a_dists_shape_too() -> None:
    world = opened(2)
    fay = world.enter("Fay", "Peru")
    world.log.post(world["Ana"].shared(roster.Dist((b"",) * 4)))
    world["Ana"].dist([world["Ben"].id])
    world.sync()
    assert [told(fay, 2), told(fay)] == ["slots", "closed"]


@pytest.mark.parametrize(("units", "junk", "code"), [
    (14 * DAY, 0, "start"),
    (14 * DAY + 1, 0, "stale-prekey"),
    (0, 511, "start"),
    (0, 512, "stale-prekey"),
])  # fmt: skip
def test_a_dist_to_a_prekey_that_was_replaced(units: int, junk: int, code: str) -> None:
    world = opened(2)
    ana, ben = world["Ana"], world["Ben"]
    old = ben.seat.prekeys[0].prekey
    ben.act(ben.prekey_act())
    world.sync()
    world.log.now += units
    for _ in range(junk):
        world.log.junk()
    ana.dist([ben.id], prekeys={ben.id: old})
    world.sync()
    assert told(ben) == code


def test_a_prekey_ends_at_its_date_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(days: int) -> str:
        world = opened(2)
        world.log.now += days * DAY
        world["Ana"].dist([world["Ben"].id])
        world.sync()
        return told(world["Ben"])

    assert late(90) == "start"
    assert late(91) == "stale-prekey"
    weaken(monkeypatch, "channel.engine", ("if not seat.prekey_valid(seq, record.at):", "if False:"))
    assert late(91) == "start"


# --- what is erased


def test_an_erased_body_leaves_the_rest_readable() -> None:
    world = opened(2)
    ana = world["Ana"]
    positions = [ana.say("note.send", Send(f"{k}", False, 7)).at.position for k in range(6)]
    for k in (0, 2, 3):
        world.log.erase(positions[k])
    world.sync()
    ben = world["Ben"]
    assert [i.text for i in ben.items.values()] == ["1", "4", "5"]
    assert [e.verdict for e in ben.events[-3:]] == ["record"] * 3
    assert [e.verdict for e in ben.events].count("erased") == 3
    assert ben.state == ana.state


def test_acts_cannot_be_made_erasable() -> None:
    world = opened(2)
    ana = world["Ana"]
    sealed = ana.sealed_act(ana.prekey_act())
    world.log.post(Sealed(sealed.body, b"\x05" * 32))
    assert world.verdict() == "erase"
    assert len(ana.seat.prekeys) == 1


def test_what_a_relay_makes_up_is_closed() -> None:
    world = opened(2)
    ana = world["Ana"]
    sealed = ana.sealed_act(ana.prekey_act())
    before = world.state
    for body in (b"x", b"x" * 15, b"x" * 31, b"x" * 64, sealed.body[:64], sealed.body[:-1], sealed.body + b"\0"):
        world.log.post(Sealed(body, sealed.erase))
        world.sync()
        assert told(ana) in ("closed", "short", "altered")
    altered = bytearray(sealed.body)
    for place in (33, 70):
        altered[place] ^= 1
        world.log.post(Sealed(bytes(altered), sealed.erase))
        assert world.verdict() in ("commitment", "altered")
    assert world.state == before


def test_nonsense_in_a_roster_box_is_rejected() -> None:
    world = opened(2)
    ana = world["Ana"]
    for plaintext in (b"", b"\xc0", b"\x81\xa2is\xa3act", b"\xff" * 700):
        world.log.post(ana.box.seal(plaintext, ana.random(16)))
        assert world.verdict() == "encoding"


# --- a mark that two boxes bear


def hidden(world: World) -> set[int]:
    """Ana's line is made to bear the mark of an act; whoever reads the line must not miss the act."""
    ana, ben = world["Ana"], world["Ben"]
    ana.dist([ben.id])
    world.sync()
    sealed = ana.sealed_act(ana.prekey_act())
    for desk in (ana, ben):  # found by trying 2^64 keys and salts
        chain = next(iter(desk.engine.lines.places))
        desk.engine.lines._tags[sealed.body[:16]] = (chain, 0)
    world.log.post(sealed)
    for desk in world.desks.values():
        desk.sync()
    return {len(desk.seat.prekeys) if desk is ana else len(desk.state.member(ana.id).prekeys) for desk in world.here}


def test_a_line_cannot_hide_an_act_from_its_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hidden(opened(3)) == {2}
    weaken(
        monkeypatch,
        "channel.engine",
        (
            "if self._recognises(self.state.epoch, record.body):",
            "if self.lines.find(record.body[:16]) is None and self._recognises(self.state.epoch, record.body):",
        ),
    )
    assert hidden(opened(3)) == {1, 2}


# --- portions


@cache
def long_log() -> World:
    """A log with something of everything: two epochs, forged and misplaced entries, erasures, a guest, junk."""
    world = opened(4)
    ana, ben, cem, dora = (world[n] for n in ("Ana", "Ben", "Cem", "Dora"))
    everyone = tuple(sorted(s.id for s in world.state.active))
    positions = []
    for k in range(40):
        writer = (ana, ben, cem, dora)[k % 4]
        positions.append(writer.say("note.send", Send(f"Note {k}.", k % 3 == 0, 7)).at.position)
        if k % 10 == 3:
            cem.sending[everyone], mine = (*ana.sending[everyone][:2], b"\x09" * 32, 1), cem.sending.get(everyone)
            cem.say("note.send", Send("I am Ana.", False, 7), everyone, forged=True)
            if mine:
                cem.sending[everyone] = mine
            else:
                del cem.sending[everyone]
        if k % 10 == 5:
            world.log.junk()
            ana.say("note.send", HELLO, [ben.id])
        if k % 10 == 7:
            world.sync()
            ben.act(acts.Assent(bytes(32)))
            ana.say("note.restate", Restate(world.log.records[positions[3]].id, "I see."))
    for k in (2, 8, 9, 21):
        world.log.erase(positions[k])
    world.enter("Fay", "Peru")
    dora.act(acts.Remove(dora.id, "I go."))
    world.sync()
    world.sign()
    world.rotate("Ben")
    for k in range(30):
        world.here[k % 4].say("note.send", Send(f"Later {k}.", False, 7))
    for place in (-2, -5):
        world.log.erase(len(world.log.records) + place)
    world.sync()
    return world


def fresh(world: World, name: str) -> tuple[Engine, dict[bytes, Any]]:
    desk = world[name]
    secrets = {e: s for e, s in desk.engine.wallet.secrets.items() if e == 0 or name == "Fay"}
    wallet = Wallet(desk.id, desk.identity, desk.engine.wallet.prekeys, dict(secrets))
    return Engine(wallet, State(CHANNEL), Lines(), erasable=ERASABLE, root_at=world.log.tree.root), {}


def shape(event: Event) -> tuple[Any, ...]:
    error = event.error
    return (*event._replace(error=None), error.code if error else None)


def read(world: World, name: str, portions: list[int]) -> tuple[list[Any], State, Lines]:
    engine, _ = fresh(world, name)
    events: list[Event] = []
    start = 0
    for size in [*portions, 1_000_000]:
        part: list[Record] = world.log.records[start : start + size]
        events += engine.process(part)
        start += len(part)
    return [shape(event) for event in events], engine.state, engine.lines


@cache
def one_by_one(name: str) -> tuple[list[Any], State, Lines]:
    world = long_log()
    return read(world, name, [1] * len(world.log.records))


@pytest.mark.parametrize("name", ["Ana", "Cem", "Dora", "Fay"])
def test_all_at_once_is_as_one_by_one(name: str) -> None:
    world = long_log()
    events, state, lines = read(world, name, [])
    slow_events, slow_state, slow_lines = one_by_one(name)
    assert events == slow_events
    assert state == slow_state
    assert lines.places == slow_lines.places
    assert lines._tags == slow_lines._tags
    codes = {event[-1] for event in events}
    assert {"subject"} <= codes
    if name == "Cem":
        assert "signature" in codes


@settings(max_examples=25)
@given(st.lists(st.integers(1, 150), max_size=8), st.sampled_from(["Ana", "Ben", "Dora"]))
def test_any_portions_are_as_one_by_one(portions: list[int], name: str) -> None:
    events, state, lines = read(long_log(), name, portions)
    slow_events, slow_state, slow_lines = one_by_one(name)
    assert events == slow_events
    assert state == slow_state
    assert lines.places == slow_lines.places


def test_the_roster_is_the_same_whatever_a_seat_can_read() -> None:
    states = {name: one_by_one(name)[1] for name in ("Ana", "Ben", "Cem", "Fay")}
    assert all(state == states["Ana"] for state in states.values())
    assert states["Ana"].epoch == 2


def test_a_large_portion_is_gone_through_again_when_something_is_forged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without going through again, a true entry that a forged one pushed aside would be lost."""
    assert impostor() == ["Hello."]
    weaken(
        monkeypatch,
        "channel.engine",
        (
            "        return presumed.events if presumed.hold() else presumed.again()\n",
            "        return presumed.events\n",
        ),
    )
    assert impostor() != ["Hello."]


def test_new_secrets_are_told_with_the_portion_that_brought_them() -> None:
    world = opened(2)
    engine, _ = fresh(world, "Ben")
    engine.process(world.log.records)
    assert set(engine.gained) == {1}
    engine.process([world.log.junk()])
    assert engine.gained == {}
    engine.adopt([])
    assert engine.wallet.prekeys == ()


def test_a_record_of_erasure_is_one() -> None:
    world = opened(2)
    world.log.post(Sealed(b"anything", ZERO32))
    world.sync()
    assert told(world["Ana"]) == "record"
