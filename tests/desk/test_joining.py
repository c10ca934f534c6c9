"""Founding, and joining by a code: used twice, late, expired, at the wrong relay, of the wrong founder, cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel import code as codes
from backchannel.desk import joining, sealing
from backchannel.desk.book.intent import Welcome
from backchannel.desk.session import Session
from backchannel.entry.codec import encode
from backchannel.errors import BackchannelError, Malformed, Misuse, RelayFault, RelayRefused, Unreachable
from backchannel.ledger.wire import Range
from backchannel.relay.refusals import refuse
from backchannel.seal import roster
from backchannel.seal.box import Sealed, welcome_box
from tests.desk.world import (
    NAMES,
    TERMS,
    URL,
    Host,
    Wire,
    World,
    agree,
    charter,
    found,
    offline,
    once,
    online,
    returned,
    talks,
    texts,
    waiting,
    wire,
)

LOST = Unreachable("broken", "The connection to the relay broke.")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(BackchannelError) as caught:
        act()
    assert caught.value.what.endswith(".")
    return caught.value.code


def found_alone(world: World, name: str = "ana", **more: Any) -> Any:
    seat, party, role = NAMES[name]
    desk = world.desks.get(name) or world.desk(name)
    return desk.found(URL, title=TERMS.title, purpose=TERMS.purpose, name=seat, party=party, role=role, **more)


# --- codes -------------------------------------------------------------------------------------------


def test_a_code_works_once(world: World) -> None:
    codes_ = found(world, "ana", "hernan", "sofia")
    world.desk("hernan").join(codes_["hernan"])
    guest = world.desk("guest")
    assert code_of(lambda: guest.join(codes_["hernan"])) == "invitation"
    assert guest.channels() == []
    assert not any("append" in line.calls for line in guest.wires)
    assert code_of(lambda: world.desks["hernan"].join(codes_["hernan"])) == "joined"
    assert code_of(lambda: world.desks["ana"].join(codes_["sofia"])) == "joined"
    assert len(world["ana"].state.seats) == 1
    world["ana"].sync()
    assert [s.name for s in world["ana"].state.seats] == [NAMES["ana"][0], NAMES["hernan"][0]]


def test_of_two_who_use_a_code_at_once_one_joins_and_the_other_is_told(world: World) -> None:
    codes_ = found(world, "ana", "hernan")
    thief = world.desk("thief")

    def first(line: Wire) -> None:
        def before(op: str, args: tuple[Any, ...]) -> None:
            if op == "append":
                thief.dial = lambda line: None
                line.before = lambda op, args: None
                world.desk("hernan").join(codes_["hernan"])

        line.before = before

    thief.dial = first
    assert code_of(lambda: thief.join(codes_["hernan"])) == "invitation"
    assert thief.channels() == []
    assert thief.vault.query("SELECT count(*) FROM outbox") == [(0,)]
    world["ana"].sync()
    assert [s.id for s in world["ana"].state.seats] == [world["ana"].me, world["hernan"].me]


@pytest.mark.parametrize("when", ["at the desk", "at the relay"])
def test_a_code_expires(world: World, when: str) -> None:
    codes_ = found(world, "ana", "hernan")
    world.clock.days(15)
    with pytest.raises(Misuse) as caught:
        world["ana"].code(world["ana"].session.state.invitations[0].invite)
    assert caught.value.code == "invitation"
    guest = world.desk("guest")
    if when == "at the relay":  # the guest's own clock stands still: the log's time decides
        guest.clock = lambda: world.clock() - 15 * 86_400
        world["ana"].sync()
        assert code_of(lambda: guest.join(codes_["hernan"])) in ("invitation", "arrival")
    else:
        assert code_of(lambda: guest.join(codes_["hernan"])) == "invitation"
    assert guest.channels() == []


def test_a_code_is_dead_after_the_next_roster(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
        invite = ana.invite(*NAMES["dora"])
        for other in (hernan, sofia):
            other.sync()
            other.admit(NAMES["dora"][0])
        ana.sync()
        code = ana.code(invite)
        sofia.remove(sofia.me, "I go.")
        sofia.sync()
        ana.sync()
        assert ana.state.epoch == 2
        assert code_of(lambda: world.desk("dora").join(code)) == "invitation"
        assert world.desks["dora"].channels() == []


def test_the_secret_of_an_invitation_goes_when_it_is_used_or_over(tmp_path: Path) -> None:
    """What is left of it would open its welcome, and with that every roster until then."""
    with talks(tmp_path) as world:
        ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
        invite = ana.invite(*NAMES["dora"])
        assert ana.session.book.invitation(invite) is not None
        for other in (hernan, sofia):
            other.sync()
            other.admit(NAMES["dora"][0])
        ana.sync()
        assert ana.session.book.invitation(invite) is not None  # granted, and welcomed
        code = ana.code(invite)
        world.desk("dora").join(code)
        with ana.session.turn(), ana.session.vault.transaction():
            ana.session.book.outbox.put(Welcome(invite))  # as one that a new roster would have unsealed
        ana.sync()
        assert ana.session.book.invitation(invite) is None
        assert code_of(lambda: ana.code(invite)) == "invitation"
        assert ana.session.book.outbox.returned() == []


def test_a_code_before_its_welcome_is_not_ready(world: World) -> None:
    ana = found_alone(world)
    offline(ana)
    invite = ana.invite(*NAMES["hernan"])
    assert code_of(lambda: ana.code(invite)) == "invitation"  # nobody has accepted the invitation yet
    online(ana)
    wire(ana).before = lambda op, args: (_ for _ in ()).throw(LOST) if op == "append" and welcomes(args) else None
    welcomed = []

    def welcomes(args: tuple[Any, ...]) -> bool:
        welcomed.append(len(args[2]))
        return len(welcomed) > 1

    with pytest.raises(Unreachable):
        ana.sync()
    code = ana.code(invite)
    guest = world.desk("guest")
    assert code_of(lambda: guest.join(code)) == "welcome"
    assert guest.channels() == []
    online(ana)
    ana.sync()
    guest.join(code)


def test_a_relay_in_the_middle_is_noticed(world: World) -> None:
    codes_ = found(world, "ana", "hernan")
    other = Host(world.clock, seed=b"\x66" * 32)
    other.store._logs, other.store._names = dict(world.host.store._logs), dict(world.host.store._names)
    other.store._rows = {k: list(v) for k, v in world.host.store._rows.items()}
    guest = world.desk("guest")
    guest.host = other
    with pytest.raises(RelayFault) as caught:
        guest.join(codes_["hernan"])
    assert caught.value.code == "signature"
    assert guest.channels() == []
    guest.host = world.host
    guest.join(codes_["hernan"])


def test_another_founder_is_noticed(world: World) -> None:
    codes_ = found(world, "ana", "hernan")
    real = codes.read(codes_["hernan"])
    forged = codes.write(replace(real, founder=b"\x01" * 32))
    guest = world.desk("guest")
    with pytest.raises(Malformed) as caught:
        guest.join(forged)
    assert caught.value.code == "founder"
    assert guest.channels() == []


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("credential", b"\x01" * 32, "credential"),
        ("channel", b"\x01" * 32, "credential"),
        ("secret", b"\x01" * 32, "welcome"),
        ("epoch", 1, "welcome"),
        ("key", b"\x01" * 32, "signature"),
    ],
)
def test_a_code_with_another_content_joins_nothing(world: World, field: str, value: Any, expected: str) -> None:
    real = codes.read(found(world, "ana", "hernan")["hernan"])
    guest = world.desk("guest")
    assert code_of(lambda: guest.join(codes.write(replace(real, **{field: value})))) == expected
    assert guest.channels() == []


@pytest.mark.parametrize("typed", ["", "bc1-", "hello", "bc1-" + "a" * 300, "bc1-\0", "x" * 5_000, "bc1-ééé"])
def test_what_is_no_code_is_said_to_be_none(world: World, typed: str) -> None:
    assert code_of(lambda: world.desk("guest").join(typed)) == "code"


def test_a_code_for_a_roster_that_is_not_there_yet_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its maker would know the secret under which the newcomer reads the next roster, and be the only one who does."""

    def ahead(session: Session, intent: Welcome) -> Sealed:
        kept = session.book.invitation(intent.invite)
        assert kept is not None
        secrets = (*(session.engine.wallet.secrets[e] for e in range(session.state.epoch + 1)), b"\xee" * 32)
        told = encode(roster.Welcome(session.state.epoch + 1, secrets))
        return welcome_box(kept[0], session.state.channel).seal(told, session.random(16))

    with talks(tmp_path) as world:
        monkeypatch.setattr(sealing, "_welcome", ahead)
        invite = world["ana"].invite(*NAMES["emil"])
        world.settle()
        for name in ("hernan", "sofia"):
            world[name].admit(NAMES["emil"][0])
        world.settle()
        good = codes.read(world["ana"].code(invite))
        emil = world.desk("emil")
        assert code_of(lambda: emil.join(codes.write(replace(good, epoch=2)))) == "welcome"
        assert emil.channels() == []


def test_a_roster_that_overtakes_a_joiner_is_said_plainly(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan", "sofia", "dora")) as world:
        invite = world["ana"].invite(*NAMES["emil"])
        world.settle()
        for name in ("hernan", "sofia", "dora"):
            world[name].admit(NAMES["emil"][0])
        world.settle()
        desk, code = world.desk("emil"), codes.read(world["ana"].code(invite))
        joining.join(desk.vault, code, Wire(world.host), now=desk.clock, random=desk.random)
        world["dora"].remove(world["dora"].me, "I go.")
        world.settle("ana", "hernan", "sofia")
        assert world["ana"].state.epoch == 2
        for _ in range(2):
            assert code_of(desk.channel().sync) == "invitation"


def test_a_relay_that_shows_a_joiner_nothing_is_not_asked_for_ever(world: World) -> None:
    codes_ = found(world, "ana", "hernan")
    guest = world.desk("guest")

    def empty(line: Wire) -> None:
        def after(op: str, args: tuple[Any, ...], result: Any) -> Any:
            if op != "read":
                return result
            note = line.host.checkpoint(args[0], args[1], args[2])
            return Range(result.head, note, args[2], ())

        line.after = after

    guest.dial = empty
    with pytest.raises(RelayFault) as caught:
        guest.join(codes_["hernan"])
    assert caught.value.code == "range"


def test_a_long_log_is_read_by_a_joiner_in_pieces(world: World) -> None:
    codes_ = found(world, "ana", "hernan", "sofia", "dora", "emil")
    guest = world.desk("guest")
    guest.dial = lambda line: setattr(line, "most", 2)
    channel = guest.join(codes_["emil"])
    assert channel.state.seat(channel.me) is not None


# --- cut off ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", range(1, 9))
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_joiner_who_is_cut_off_at_any_request_comes_in_later(world: World, step: int, done: bool) -> None:
    codes_ = found(world, "ana", "hernan")
    guest = world.desk("hernan")
    left = [step]

    def cut(op: str, args: tuple[Any, ...], result: Any = None) -> Any:
        left[0] -= 1
        if left[0] <= 0:
            raise LOST
        return result

    def dial(line: Wire) -> None:
        if done:
            line.after = cut
        else:
            line.before = cut

    guest.dial = dial
    try:
        guest.join(codes_["hernan"])
    except Unreachable:
        assert guest.channels() == [] or not done
    guest = world.start("hernan")
    channel = guest.channel() if guest.channels() else guest.join(codes_["hernan"])
    channel.sync()
    world["ana"].sync()
    agree(world, "ana", "hernan")
    assert [s.name for s in world["ana"].state.seats] == [NAMES["ana"][0], NAMES["hernan"][0]]
    assert len(channel.state.seats[1].prekeys) == 1
    assert waiting(channel) == 0
    charter(world, "ana", "hernan")
    assert channel.state.stage == "open"


@pytest.mark.parametrize("op", ["info", "found", "append", "read"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_founding_that_is_cut_off_is_whole_or_not_at_all(world: World, op: str, done: bool) -> None:
    ana = world.desk("ana")
    ana.dial = once(op, LOST, done=done)
    try:
        found_alone(world)
    except Unreachable:
        assert op in ("info", "found")
        assert ana.channels() == []
        ana.dial = lambda line: None
        found_alone(world)
    ana.dial = lambda line: None
    channel = world.open("ana")
    channel.sync()
    assert channel.state.stage == "founding"
    assert waiting(channel) == 0
    assert len(world.desks["ana"].channels()) == 1


def test_a_host_that_asks_for_a_code(world: World) -> None:
    ana = world.desk("ana")
    asked: list[bytes | None] = []
    true = b"\x0a" * 32

    class Strict(Wire):
        def found(self, name: str, credential_hash: bytes, control_hash: bytes, code: bytes | None = None) -> bool:
            asked.append(code)
            if code != true:
                raise refuse("founding")
            return super().found(name, credential_hash, control_hash)

    ana._client = lambda relay, isolation: Strict(world.host)  # type: ignore[method-assign]
    for wrong in ("", "0b" * 32):
        with pytest.raises(RelayRefused) as caught:
            found_alone(world, founding_code=wrong)
        assert caught.value.code == "founding"
        assert ana.channels() == []
    for shapeless in ("no", "zz" * 32, "0a" * 33, "ÿ" * 64):
        assert code_of(lambda s=shapeless: found_alone(world, founding_code=s)) == "founding-code"  # type: ignore[misc]
    assert len(asked) == 2
    found_alone(world, founding_code=true.hex())
    assert asked[-1] == true
    assert ana.vault.query("SELECT * FROM meta WHERE name LIKE 'founding%'") == []


def test_a_channel_that_was_founded_is_not_discarded(world: World) -> None:
    ana = found_alone(world)
    assert code_of(lambda: world.desks["ana"].discard(ana)) == "founded"
    assert len(world.desks["ana"].channels()) == 1


# --- the charter --------------------------------------------------------------------------------------


def test_a_charter_is_void_when_somebody_joins_and_is_signed_again(world: World) -> None:
    codes_ = found(world, "ana", "hernan", "sofia")
    ana, hernan = world["ana"], world.desk("hernan").join(codes_["hernan"])
    ana.sync()
    ana.propose_charter(TERMS)
    hernan.sync()
    old = hernan.state.charter
    assert old is not None
    sofia = world.desk("sofia").join(codes_["sofia"])
    hernan.sign_charter(hernan.state.charter)  # too late, and he does not know yet
    hernan.sync()
    ana.sync()
    assert hernan.state.charter is None
    assert ana.state.stage == "founding"
    assert len(returned(hernan)) == 1
    assert code_of(lambda: hernan.sign_charter(hernan.state.charter)) == "no-charter"
    assert code_of(lambda: hernan.send_note("too early")) == "not-open"
    charter(world, "ana", "hernan", "sofia")
    assert sofia.state.stage == "open"
    agree(world)
    assert sofia.state.charter is not None
    assert sofia.state.charter.digest != old.digest
    sofia.send_note("now")
    world.settle()
    assert texts(hernan) == ["now"]


def test_a_charter_that_was_swapped_while_it_was_read_is_not_signed(world: World) -> None:
    """A second program on the desk, a `watch` for one, takes the new one from the log."""
    world.desk("hernan").join(found(world, "ana", "hernan")["hernan"])
    ana, hernan = world["ana"], world["hernan"]
    ana.sync()
    ana.propose_charter(replace(TERMS, attribution="chatham"))
    hernan.sync()
    read = hernan.state.charter
    assert read is not None
    ana.propose_charter(replace(TERMS, attribution="attributed"))
    world.twin("hernan").sync()
    assert code_of(lambda: hernan.sign_charter(read)) == "changed"
    assert waiting(hernan) == 0


def test_charter_and_seats_are_for_who_may(world: World) -> None:
    codes_ = found(world, "ana", "hernan")
    ana = world["ana"]
    assert code_of(lambda: ana.propose_charter(TERMS)) == "charter-seats"
    assert code_of(lambda: ana.sign_charter(ana.state.charter)) == "no-charter"
    hernan = world.desk("hernan").join(codes_["hernan"])
    assert code_of(lambda: hernan.propose_charter(TERMS)) == "rule"
    ana.sync()
    for field, value in {
        "title": "a\0b",
        "purpose": "",
        "track": "3",
        "attribution": "rumour",
        "retention_days": 0,
        "admission": "2",
        "disclosure": "1",
        "oversight": "yes",
    }.items():
        assert code_of(lambda f=field, v=value: ana.propose_charter(replace(TERMS, **{f: v}))) in (  # type: ignore[misc]
            "charter",
            "name",
            "prose",
        )
    assert code_of(lambda: ana.propose_charter(replace(TERMS, retention_days=3_651))) == "charter"
    ana.propose_charter(replace(TERMS, title="Ge\u0301nesis", purpose="Cafe\u0301."))
    charter(world, "ana", "hernan")
    assert code_of(lambda: ana.propose_charter(TERMS)) == "rule"
    assert code_of(lambda: ana.sign_charter(ana.state.charter)) in ("repeat", "rule")
    assert waiting(ana) == 0
