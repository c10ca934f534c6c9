"""Understandings on three desks: from a proposal to a record and an anchor that strangers can check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backchannel.channel.engine import Engine
from backchannel.desk import mandates, understandings
from backchannel.desk.audit import audit
from backchannel.desk.channel import Channel
from backchannel.errors import Malformed
from backchannel.instruments import BY_KIND
from backchannel.instruments.understanding import anchor, form, jws, record
from backchannel.instruments.understanding.values import Annex, Understanding
from backchannel.seal.chain import open_with
from backchannel.seal.primitives import sha256
from tests.desk.test_channel import refused
from tests.desk.world import NAMES, World, agree, alarms, make, talks, waiting

TEXT = "1. We agree.\n2. On everything.\n3. Or nothing."


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        yield made


def _text(world: World, name: str, n: int = 0) -> Understanding:
    value: Understanding = world[name].items("understanding")[n].value
    return value


def initial_all(world: World, *names: str) -> None:
    for name in names:
        understandings.initial(world[name], _text(world, name))
        world.settle()


def sign_all(world: World, *names: str) -> None:
    initial_all(world, *names)
    for name in names:
        understandings.sign(world[name], _text(world, name))
        world.settle()


def test_an_understanding_in_the_right_order_only(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    both = [ana.me, hernan.me]

    def proposed(title: str, words: str, who: list[bytes], *more: Any) -> Callable[[], None]:
        return lambda: understandings.propose(ana, title, words, who, *more)

    assert refused(ana, proposed("T", "x", [])) == "signatories"
    assert refused(ana, proposed("T", "x", [ana.me, ana.me])) == "signatories"
    assert refused(ana, proposed("T", "x", [ana.me, b"\1" * 16])) == "signatories"
    assert refused(ana, proposed("T", "x", both, [sofia.me])) == "signatories"
    assert refused(ana, proposed("a\nb", "x", both)) == "name"
    assert refused(ana, proposed("T", " \n", both)) == "clauses"
    assert refused(ana, proposed("T", "x", both, None, [Annex("", bytes(32))])) == "name"
    understandings.propose(ana, "Act", TEXT, both, annexes=[Annex("map.pdf", bytes(32))])
    world.settle()
    assert _text(world, "hernan").terms.clauses == ("We agree.", "On everything.", "Or nothing.")
    assert refused(ana, lambda: understandings.sign(ana, _text(world, "ana"))) == "not-initialled"
    assert refused(ana, lambda: understandings.refer(ana, _text(world, "ana"))) == "referendum"
    assert refused(sofia, lambda: understandings.initial(sofia, _text(world, "sofia"))) == "rule"
    assert refused(sofia, lambda: understandings.withdraw(sofia, _text(world, "sofia"), "no")) == "rule"
    assert refused(ana, lambda: understandings.record(ana, _text(world, "ana"))) == "incomplete"
    understandings.initial(ana, _text(world, "ana"))
    world.settle()
    understandings.refer(ana, _text(world, "ana"))
    world.settle()
    assert _text(world, "sofia").referendum == (ana.me,)
    assert refused(ana, lambda: understandings.initial(ana, _text(world, "ana"))) == "repeat"
    assert refused(ana, lambda: understandings.sign(ana, _text(world, "ana"))) == "not-initialled"
    understandings.initial(hernan, _text(world, "hernan"))
    world.settle()
    for channel, name in ((ana, "ana"), (hernan, "hernan")):
        understandings.sign(channel, _text(world, name))
        world.settle()
    assert _text(world, "sofia").state == "complete"
    assert refused(ana, lambda: understandings.withdraw(ana, _text(world, "ana"), "no")) == "rule"
    assert refused(ana, lambda: understandings.sign(ana, _text(world, "ana"))) == "rule"
    proven = record.verify(record.read(understandings.record(sofia, _text(world, "sofia"))))
    assert proven.clauses == ("We agree.", "On everything.", "Or nothing.")
    assert proven.annexes == (("map.pdf", bytes(32)),)
    agree(world)


def test_a_withdrawn_understanding_stays_withdrawn(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    understandings.propose(ana, "Act", "We agree.", [ana.me, hernan.me])
    world.settle()
    understandings.withdraw(hernan, _text(world, "hernan"), "Not yet.")
    world.settle()
    assert _text(world, "ana").state == "withdrawn"
    assert refused(ana, lambda: understandings.initial(ana, _text(world, "ana"))) == "rule"
    (finding,) = (f for f in audit(ana) if f.name.startswith("understanding"))
    assert finding.ok
    assert "withdrawn" in finding.detail


# --- the anchor


def signed(world: World) -> None:
    """An understanding of Ana and Hernán, among notes of both, with what follows from it."""
    ana, hernan = world["ana"], world["hernan"]
    understandings.propose(ana, "Act", TEXT, [ana.me, hernan.me])
    for channel in (ana, hernan):
        channel.send_note("before")
    world.settle()
    sign_all(world, "ana", "hernan")
    world.settle()
    for channel in (ana, hernan):
        channel.send_note("after")
    world.settle()


def bodies(channel: Channel, world: World) -> list[bytes]:
    return [body for _, body in world.host.rows(channel.name) if body]


def test_what_was_signed_stands_in_the_log_without_a_clause(world: World) -> None:
    signed(world)
    found = {name: _text(world, name) for name in ("ana", "hernan", "sofia")}
    assert len({item.anchor for item in found.values()}) == 1
    item = found["sofia"]
    assert item.anchor is not None
    logged = world["sofia"].session.book.entries.log(item.anchor.at.position, 1)[0]
    assert (logged.kind, logged.sender, logged.leaf.id) == ("understanding.anchor", world["ana"].me, item.anchor.entry)
    proof = understandings.anchor_proof(world["sofia"], item)
    entry, held = anchor.shows(proof)
    assert entry == item.anchor.entry
    assert held == record.anchor(world["sofia"].id, item)
    whole = form.read(held.jws, jws.Jws)
    proven = record.of(world["sofia"].id, item)
    assert whole.payload == proven.payload
    assert [(s.protected, s.signature) for s in whole.signatures] == [
        (s.protected, s.signature) for s in proven.signatures
    ]
    for word in (b"We agree", b"Act", b"Ana"):
        assert word not in held.jws + form.unb64(whole.payload)
    assert record.verify(proven).channel == sha256(proof.channel)
    agree(world)
    assert waiting(world["ana"]) == 0
    assert alarms(world["ana"]) == []


def test_the_key_of_the_anchor_opens_that_entry_alone(world: World) -> None:
    """What people said stays deniable, of the same seat and of the same line too."""
    signed(world)
    item = _text(world, "hernan")
    proof = understandings.anchor_proof(world["hernan"], item)
    opened = []
    for body in bodies(world["ana"], world):
        try:
            open_with(proof.channel, proof.key, body)
        except Malformed:
            continue
        opened.append(body)
    assert opened == [proof.box]
    kept = [e.kind for e in world["hernan"].session.book.entries.log() if e.verdict == "line"]
    assert kept.count("note.send") == 4


def test_no_other_kind_of_entry_keeps_its_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [kind for kind, i in BY_KIND.items() if i.kinds[kind].anchor] == ["understanding.anchor"]
    seen: dict[str, set[bool]] = {}
    real = Engine._line

    def watched(self: Any, *args: Any) -> Any:
        event = real(self, *args)
        seen.setdefault(event.kind, set()).add(bool(event.key))
        return event

    monkeypatch.setattr(Engine, "_line", watched)
    signed(world)
    assert seen.pop("understanding.anchor") == {True}
    assert set().union(*seen.values()) == {False}
    assert len(seen) >= 4


@pytest.mark.parametrize("what", ["key", "box", "channel", "note"])
def test_an_anchor_that_is_shown_wrongly(world: World, what: str) -> None:
    signed(world)
    proof = understandings.anchor_proof(world["ana"], _text(world, "ana"))
    lies = {
        "key": proof.__class__(proof.channel, proof.box, bytes(32)),
        "box": proof.__class__(proof.channel, proof.box[:-1] + bytes([proof.box[-1] ^ 1]), proof.key),
        "channel": proof.__class__(bytes(32), proof.box, proof.key),
        "note": proof.__class__(proof.channel, bodies(world["ana"], world)[-1], proof.key),
    }
    with pytest.raises(Malformed):
        anchor.shows(lies[what])


def test_there_is_no_proof_before_there_is_an_anchor(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    understandings.propose(ana, "Act", TEXT, [ana.me, hernan.me])
    world.settle()
    assert refused(ana, lambda: understandings.anchor_proof(ana, _text(world, "ana"))) == "not-anchored"


def test_if_the_proposers_desk_stays_away_another_anchors_it(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    understandings.propose(sofia, "Act", TEXT, [ana.me, hernan.me])
    world.settle()
    initial_all(world, "ana", "hernan")
    for name in ("ana", "hernan"):
        understandings.sign(world[name], _text(world, name))
        world.settle("ana", "hernan")
    assert _text(world, "hernan").state == "complete"
    assert _text(world, "hernan").anchor is None
    world.clock.days(3)
    world.settle("ana", "hernan")
    first = _text(world, "hernan").anchor
    assert first is not None
    world.settle()
    assert _text(world, "sofia").anchor == first
    assert [waiting(c) for c in (ana, hernan, sofia)] == [0, 0, 0]
    agree(world)


def test_two_desks_that_anchor_at_once(world: World) -> None:
    """Both are in time: the first in the log counts, the second is rejected and forgotten."""
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    understandings.propose(ana, "Act", TEXT, [ana.me, hernan.me])
    world.settle()
    sign_all(world, "ana", "hernan")
    item = _text(world, "hernan")
    assert item.anchor is not None
    assert refused(
        hernan, lambda: hernan.say("understanding.anchor", record.anchor(hernan.id, item), item.audience)
    ) == ("repeat")
    agree(world)
    assert sofia.session.book.items.pocketed() == []


def test_an_anchor_survives_a_backup(world: World) -> None:
    signed(world)
    before = _text(world, "hernan").anchor
    kept = world.restore(world.backup("hernan"), "hernan-again")
    assert kept.items("understanding")[0].value.anchor == before


# --- mandates


def test_a_seat_with_a_principal_signs_under_its_mandate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NAMES, "dora", ("Dora K.", "Argentina", "principal"))
    world = make(tmp_path, "ana", "hernan", "dora")
    try:
        ana, hernan, dora = (world[n] for n in ("ana", "hernan", "dora"))
        understandings.propose(ana, "Act", TEXT, [ana.me, hernan.me])
        world.settle()
        assert refused(ana, lambda: understandings.initial(ana, _text(world, "ana"))) == "mandate"
        mandates.grant(dora, ana.me, ["initial"], "The act.")
        world.settle()
        initial_all(world, "ana", "hernan")
        assert refused(ana, lambda: understandings.sign(ana, _text(world, "ana"))) == "mandate"
        mandates.grant(dora, ana.me, ["sign"], "The act.")
        world.settle()
        granted = dora.items("mandate")[-1].value
        understandings.sign(ana, _text(world, "ana"))
        world.settle()
        mandates.revoke(dora, granted)
        world.settle()
        understandings.sign(hernan, _text(world, "hernan"))
        world.settle()
        item = _text(world, "hernan")
        assert (item.state, item.mandates) == ("complete", ((ana.me, granted.id),))
        agree(world)
    finally:
        world.close()
