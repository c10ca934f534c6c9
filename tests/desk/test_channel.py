"""The Python API of a channel under bad input: what cannot be accepted never leaves, and it is said why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel import acts
from backchannel.desk import understandings
from backchannel.desk.audit import audit
from backchannel.desk.channel import Channel
from backchannel.errors import BackchannelError, Malformed, Misuse, RelayFault, Unreachable
from backchannel.instruments.understanding import record
from backchannel.instruments.understanding.values import Initial, Understanding
from backchannel.ledger.faults import fault
from backchannel.seal.keys import SigningKeys
from tests.desk.world import (
    NAMES,
    World,
    agree,
    alarms,
    notes,
    offline,
    online,
    pages,
    picture,
    remove,
    returned,
    talks,
    texts,
    waiting,
    wire,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path, ("ana", "hernan", "sofia", "dora")) as made:
        yield made


def refused(channel: Channel, act: Callable[[], object]) -> str:
    """The code under which `act` is refused; nothing is kept and nothing is posted."""
    before = picture(channel)
    wire(channel).calls.clear()
    with pytest.raises(BackchannelError) as caught:
        act()
    assert caught.value.what.endswith((".", "!", "?"))
    assert picture(channel) == before
    assert wire(channel).calls == []
    return caught.value.code


# --- notes ------------------------------------------------------------------------------------------

HOSTILE = ["", "   \n ", "a\0b", "a\u202eb", "a\u200bb", "\x1b[31mred", "x" * 200_001, "\u200d", "a\ue000b", "a\ufeffb"]


@pytest.mark.parametrize("words", HOSTILE, ids=lambda w: repr(w[:8]))
def test_hostile_text_is_refused(world: World, words: str) -> None:
    ana, hernan = world["ana"], world["hernan"]
    assert refused(ana, lambda: ana.send_note(words)) == "prose"
    ana.send_note("fine")
    world.settle()
    item = notes(hernan)[0]
    assert refused(hernan, lambda: hernan.restate(item, words)) == "prose"
    assert refused(ana, lambda: understandings.propose(ana, "Act", words, [ana.me, hernan.me])) in (
        ("prose", "clauses")
    )
    if len(words) <= 500:
        assert refused(ana, lambda: ana.remove(hernan.me, words)) == "prose"


@pytest.mark.parametrize("words", ["x" * 200_000, "שלום", "नमस्ते", "1\n\t2", "–" * 100, "👋🏽", "a" + "\u0301" * 3])
def test_honest_text_arrives_as_it_was_typed(world: World, words: str) -> None:
    world["ana"].send_note(words)
    world.settle()
    assert texts(world["sofia"]) == texts(world["ana"])
    assert len(texts(world["sofia"])[0]) >= len(words) - 2


def test_typed_text_is_put_in_standard_form(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    ana.send_note("  Cafe\u0301\r\nau lait\r", read_back=True)
    world.settle()
    assert texts(hernan) == ["Café\nau lait"]
    hernan.restate(notes(hernan)[0], "cafe\u0301 ")
    world.settle()
    ana.correct(notes(ana)[0], hernan.me, " the\u0301 ")
    understandings.propose(ana, "Acte fine\u0301", "E\u0301gal", [ana.me, hernan.me])
    world.settle()
    assert notes(ana)[0].readback(hernan.me).restated == "café"  # type: ignore[union-attr]
    assert notes(hernan)[0].readback(hernan.me).corrected == "thé"  # type: ignore[union-attr]
    assert _text(world, "hernan").terms.title == "Acte finé"


def test_audiences_that_cannot_be(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    assert refused(ana, lambda: ana.send_note("x", [])) == "nobody"
    assert refused(ana, lambda: ana.send_note("x", [ana.me])) == "nobody"
    assert refused(ana, lambda: ana.send_note("x", [b"\x01" * 16])) == "audience"
    assert refused(ana, lambda: ana.send_note("x", [hernan.me, b""])) == "audience"
    remove(world, "hernan", "ana", "sofia", "dora")
    world.settle("ana", "sofia", "dora")
    assert refused(ana, lambda: ana.send_note("x", [hernan.me])) == "audience"
    ana.send_note("twice the same", [sofia.me, sofia.me])
    world.settle("ana", "sofia", "dora")
    assert (texts(sofia), texts(world["dora"])) == (["twice the same"], [])


@pytest.mark.parametrize("days", [0, -1, 31, 10**9])
def test_a_retention_outside_the_charter_is_refused(world: World, days: int) -> None:
    ana = world["ana"]
    assert refused(ana, lambda: ana.send_note("x", keep_days=days)) == "keep"


def test_an_observer_listens(world: World) -> None:
    ana, dora = world["ana"], world["dora"]
    assert refused(dora, lambda: dora.send_note("x")) == "rule"
    assert refused(dora, lambda: understandings.propose(dora, "T", "x", [ana.me, dora.me])) == "rule"
    assert refused(dora, lambda: dora.invite("New", "Kenya", "expert")) == "rule"
    assert refused(dora, lambda: dora.remove(ana.me, "x")) == "rule"
    assert refused(ana, lambda: understandings.propose(ana, "T", "x", [ana.me, dora.me])) == "signatories"
    ana.send_note("to all")
    world.settle()
    assert texts(dora) == ["to all"]


def test_read_back_by_the_right_persons_in_the_right_order(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    ana.send_note("The cape, not the meridian.", [hernan.me], read_back=True)
    world.settle()
    item = notes(ana)[0]
    assert refused(ana, lambda: ana.confirm(item, hernan.me)) == "rule"
    assert refused(ana, lambda: ana.restate(item, "x")) == "reader"
    assert refused(sofia, lambda: sofia.restate(item, "x")) == "item"
    assert refused(ana, lambda: ana.confirm(item, sofia.me)) == "reader"
    hernan.restate(notes(hernan)[0], "cape")
    assert refused(hernan, lambda: hernan.confirm(notes(hernan)[0], hernan.me)) == "rule"
    world.settle()
    assert refused(hernan, lambda: hernan.restate(notes(hernan)[0], "again")) == "rule"
    assert refused(hernan, lambda: hernan.confirm(notes(hernan)[0], hernan.me)) == "rule"
    ana.correct(notes(ana)[0], hernan.me, "the cape itself")
    world.settle()
    hernan.restate(notes(hernan)[0], "the cape itself")
    world.settle()
    ana.confirm(notes(ana)[0], hernan.me)
    world.settle()
    assert notes(hernan)[0].readback(hernan.me).state == "confirmed"  # type: ignore[union-attr]
    assert refused(ana, lambda: ana.correct(notes(ana)[0], hernan.me, "x")) == "rule"
    assert texts(sofia) == []
    agree(world)


def _text(world: World, name: str) -> Understanding:
    value: Understanding = world[name].items("understanding")[0].value
    return value


# --- seats ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "party", "role", "days", "expected"),
    [
        ("", "P", "envoy", 14, "name"),
        ("x" * 81, "P", "envoy", 14, "name"),
        ("a\nb", "P", "envoy", 14, "name"),
        ("a\u202eb", "P", "envoy", 14, "name"),
        ("N", "", "envoy", 14, "name"),
        ("N", "P", "king", 14, "role"),
        ("N", "P", "oversight", 14, "role"),
        ("N", "P", "envoy", 0, "days"),
        ("N", "P", "envoy", 31, "days"),
        ("ANA  p.".replace("  ", " "), "P", "envoy", 14, "same-name"),
        ("Herna\u0301n C.", "P", "envoy", 14, "same-name"),
        ("\uff33ofia S.", "P", "envoy", 14, "same-name"),
    ],
)
def test_invitations_that_cannot_be(world: World, name: str, party: str, role: str, days: int, expected: str) -> None:
    ana = world["ana"]
    assert refused(ana, lambda: ana.invite(name, party, role, days)) == expected


def test_removals_that_cannot_be(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    assert refused(ana, lambda: ana.remove(b"\1" * 16, "x")) == "seat"
    ana.remove(hernan.me, "x")
    world.settle()
    assert refused(ana, lambda: ana.remove(hernan.me, "x")) == "repeat"
    assert refused(hernan, lambda: hernan.remove(hernan.me, "x")) in ("self", "repeat")


def test_the_last_two_cannot_remove_each_other(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan")) as world:
        ana, hernan = world["ana"], world["hernan"]
        assert refused(ana, lambda: ana.remove(hernan.me, "x")) == "last"
        assert refused(ana, lambda: ana.remove(ana.me, "x")) == "last"


def test_admitting_nobody(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    assert refused(ana, lambda: ana.admit("Nobody")) == "nothing"
    ana.invite("New", "Chile", "expert")
    world.settle()
    assert refused(ana, lambda: ana.admit("NEW")) == "repeat"
    hernan.admit("new")
    assert [change.proposal.stage for change in hernan.pending()] == ["open"]
    assert refused(ana, lambda: ana.code(b"\1" * 32)) == "invitation"


def test_a_seat_by_what_a_person_calls_it(world: World) -> None:
    ana = world["ana"]
    hernan = world["hernan"].me
    for who in ("Hernán C.", "hernán", "chile", "HERNA\u0301N C.", hernan.hex()):
        assert ana.seat(who).id == hernan
    for who in ("", "x", "\0", "Peru", "Hern"):  # half a name may be a slip
        assert refused(ana, lambda w=who: ana.seat(w)) == "seat"  # type: ignore[misc]


def test_words_and_marks(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    assert ana.compare_words(ana.size) == hernan.compare_words(ana.size)
    assert ana.compare_words(1) != ana.compare_words(2)
    assert len(ana.compare_words(1)) == 16
    for size in (0, -1, ana.size + 1):
        assert refused(ana, lambda n=size: ana.compare_words(n)) == "size"  # type: ignore[misc]
    ana.mark_verified(hernan.me)
    assert ana.session.book.verified() == {hernan.me}
    assert world.open("ana").session.book.verified() == {hernan.me}
    assert hernan.session.book.verified() == frozenset()


def test_items_by_their_number(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    ana.send_note("a note")
    understandings.propose(ana, "Act", "We agree.", [ana.me, hernan.me])
    world.settle()
    first, second = notes(hernan)[0], _text(world, "hernan")
    assert hernan.note_at(first.at.position) == first
    assert hernan.understanding_at(second.at.position) == second
    assert refused(hernan, lambda: hernan.note_at(second.at.position)) == "item"
    assert refused(hernan, lambda: hernan.understanding_at(first.at.position)) == "item"
    assert refused(hernan, lambda: hernan.note_at(-1)) == "item"
    assert refused(hernan, lambda: hernan.note_at(10**6)) == "item"
    held = hernan.entry(first.id)
    assert held is not None
    assert held.value == first
    assert hernan.entry(bytes(32)) is None
    assert hernan.entry(first.id[:-1] + b"\0") is None


def test_search(world: World) -> None:
    ana = world["ana"]
    for words in ("the cape of Hornos", 'the "meridian" line', "Ñandú"):
        ana.send_note(words)
    world.settle()

    def found(wanted: str) -> list[str]:
        return [item.value.text for item in world["sofia"].session.book.items.find(wanted)]

    assert found("cape") == ["the cape of Hornos"]
    assert found("CAPE hornos") == ["the cape of Hornos"]
    assert found('"meridian"') == ['the "meridian" line']
    assert found("nandu") == ["Ñandú"]
    assert sorted(found("the")) == sorted(["the cape of Hornos", 'the "meridian" line'])
    for nothing in ("", "  ", "\0", '"', "cape meridian", "cape OR", "NEAR(", "text:cape", "*", "cape*x"):
        found(nothing)
    assert found("cape meridian") == []


# --- what comes from others --------------------------------------------------------------------------


def test_a_member_who_breaks_the_rules_is_rejected_on_every_desk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk that does not rehearse: what it posts stands in the log, is shown as rejected, and changes nothing."""
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    ana.send_note("a note", [hernan.me, sofia.me])
    understandings.propose(ana, "Act", "We agree.", [ana.me, hernan.me])
    world.settle()
    monkeypatch.setattr("backchannel.desk.channel.rehearse", lambda *_: None)
    monkeypatch.setattr(Channel, "rehearse", lambda *_: None)
    item, act = notes(hernan)[0], _text(world, "hernan")
    hernan.confirm(item, hernan.me)
    hernan.send_note("kept too long", keep_days=3000)
    hernan.restate(item, "bad\0text")
    hernan.say(
        "understanding.initial",
        Initial(act.id, bytes(32), SigningKeys(bytes(32), bytes(1952)), bytes(32)),
        act.audience,
    )
    hernan.say("note.confirm", note_confirm(act.id, ana.me), act.audience)
    hernan.say("note.confirm", note_confirm(bytes(32), ana.me), act.audience)
    hernan.act(acts.Remove(b"\1" * 16, "nobody"))
    before = ana.state
    world.settle()
    world.settle()
    for channel in (ana, sofia):
        wrong = [e.note.split(":")[0] for e in channel.session.book.entries.log() if e.verdict == "rejected"]
        assert wrong == ["rule", "keep", "prose", "digest", "item", "item", "seat"]
    agree(world)
    assert [s.standing for s in ana.state.seats] == [s.standing for s in before.seats]
    assert len(returned(hernan)) == 7
    assert texts(sofia) == ["a note"]
    assert all(finding.ok for finding in audit(ana))


def note_confirm(item: bytes, seat: bytes) -> Any:
    from backchannel.instruments.note import Confirm

    return Confirm(item, seat)


def test_a_garbled_acknowledgement_loses_nothing(world: World) -> None:
    ana = world["ana"]

    def garbled(op: str, args: tuple[Any, ...], result: Any) -> Any:
        if op == "append":
            raise RelayFault("answer", "The relay's answer cannot be read.")
        return result

    wire(ana).after = garbled
    ana.send_note("it has this, and says so badly")
    assert waiting(ana) == 1
    assert alarms(ana) == ["answer"]
    online(ana)
    world.settle()
    assert texts(world["hernan"]) == ["it has this, and says so badly"]
    agree(world)


# --- audit ------------------------------------------------------------------------------------------


def test_an_audit_finds_everything_in_order(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    understandings.propose(ana, "Act", "We agree.", [ana.me, hernan.me])
    world.settle()
    for name in ("ana", "hernan"):
        understandings.initial(world[name], _text(world, name))
        world.settle()
    for name in ("ana", "hernan"):
        understandings.sign(world[name], _text(world, name))
        world.settle()
    wire(ana).most = 5
    told: list[tuple[int, int]] = []
    before = picture(ana)
    findings = audit(ana, lambda done, total: told.append((done, total)))
    assert [(f.name, f.ok) for f in findings] == [
        ("record", True),
        ("roster", True),
        (f"understanding {_text(world, 'ana').at.position}", True),
    ]
    assert told[-1][0] == ana.size
    assert picture(ana) == before
    assert "signed by" in findings[2].detail
    remove(world, "hernan", "ana", "sofia", "dora")
    hernan.sync()
    assert all(finding.ok for finding in audit(hernan))


def test_an_audit_finds_what_was_changed_on_this_desk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, hernan = world["ana"], world["hernan"]
    understandings.propose(ana, "Act", "We agree.", [ana.me, hernan.me])
    world.settle()
    for verb in (understandings.initial, understandings.sign):
        for name in ("ana", "hernan"):
            verb(world[name], _text(world, name))
            world.settle()
    vault = ana.session.vault
    state = world["sofia"].session.book.state()
    forged = state.with_seat(replace(state.seats[1], name="Forged"))
    with ana.session.turn(), vault.transaction():
        ana.session.book.write_state(forged)
    ana = world.open("ana")
    assert [(f.name, f.ok) for f in audit(ana)][:2] == [("record", True), ("roster", False)]
    monkeypatch.setattr(record, "verify", lambda _: (_ for _ in ()).throw(Malformed("signature", "It does not hold.")))
    assert [f.ok for f in audit(hernan)] == [True, True, False]


def test_an_audit_needs_the_relay_and_catches_its_lies(world: World) -> None:
    ana = world["ana"]
    offline(ana)
    with pytest.raises(Unreachable):
        audit(ana)
    online(ana)

    def empty(op: str, args: tuple[Any, ...], result: Any) -> Any:
        if op == "read" and args[2] >= 5:
            raise fault("root")
        return result

    wire(ana).most = 5
    wire(ana).after = empty
    findings = audit(ana)
    assert [f.ok for f in findings] == [False]
    twin = world.host.clone()
    name = world.name
    leaf, body = twin.rows(name)[7]
    assert body is not None
    twin.store._rows[twin.log(name).log][7] = (leaf[:-1] + bytes([leaf[-1] ^ 1]), body)
    lying = type(twin)(world.clock)
    lying.become(twin)
    online(ana)
    wire(ana).host = lying
    record_, *_ = audit(ana)
    assert not record_.ok
    assert "history" in record_.detail or "past" in record_.detail


def test_no_page_of_the_vault_is_plain(world: World) -> None:
    ana = world["ana"]
    ana.send_note("xylophonezanzibar")
    ana.sync()
    assert b"xylophonezanzibar" in pages(ana)
    for path in ana.session.vault.folder.iterdir():
        assert b"xylophone" not in path.read_bytes()


def test_what_is_not_allowed_says_what_to_do(world: World) -> None:
    with pytest.raises(Misuse) as caught:
        world["ana"].send_note("x", [])
    assert str(caught.value).startswith(caught.value.what)
    assert caught.value.todo
    assert NAMES["dora"][0] in str(world["ana"].seat("Dora K."))


# --- posted beside -------------------------------------------------------------------------------------------------


def test_where_somebody_else_posts_writing_asks_no_relay(world: World) -> None:
    channel, asked = world["ana"], []
    line = wire(channel)
    channel.posting = lambda: asked.append(1)
    line.calls.clear()
    channel.send_note("Written here.")
    channel.work()
    assert line.calls == []
    assert len(asked) == 2
    assert waiting(channel) == 1
    channel.post()
    assert line.calls == ["append"]
    world.sync("ana", "hernan")
    assert texts(world["hernan"]) == ["Written here."]
