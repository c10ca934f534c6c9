"""Disclosures on three desks: from a proposal to a bundle that a stranger can check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from backchannel.desk import disclosures, mandates, understandings
from backchannel.desk.archive import facts as archived
from backchannel.desk.archive.teller import Teller
from backchannel.desk.audit import audit
from backchannel.desk.channel import Channel
from backchannel.errors import BackchannelError, RelayFault
from backchannel.facts.disclosed import page_of
from backchannel.instruments.disclosure import bundle as bundles
from backchannel.instruments.disclosure.rules import Consent, Disclosure, Propose, Publish
from backchannel.instruments.mandate import X509
from backchannel.instruments.understanding.form import unb64
from backchannel.instruments.understanding.values import Understanding
from backchannel.ledger.checkpoint import Checkpoint, sign
from backchannel.papers.disclosed import html
from backchannel.seal.primitives import sha256
from tests.desk.test_channel import refused
from tests.desk.world import NOW, World, agree, alarms, offline, talks, wire

TEXT = "1. Neither uses force.\n\n2. Both withdraw to the positions of 1977.\n\n3. Both ask for mediation."
DAY = 86_400


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        yield made


def text(channel: Channel, n: int = -1) -> Understanding:
    return channel.items("understanding")[n].value  # type: ignore[no-any-return]


def last(channel: Channel, n: int = -1) -> Disclosure:
    return channel.items("disclosure")[n].value  # type: ignore[no-any-return]


def sign_all(world: World, title: str = "Act of Montevideo", by: tuple[str, ...] = ("ana", "hernan")) -> None:
    understandings.propose(world[by[0]], title, TEXT, [world[name].me for name in by])
    for step in (understandings.initial, understandings.sign):
        world.settle()
        for name in by:
            step(world[name], text(world[name]))
    world.settle()
    world.settle()


def agreed(world: World, clauses: tuple[int, ...] = (1, 3), **more: Any) -> None:
    ana, hernan = world["ana"], world["hernan"]
    disclosures.propose(ana, text(ana), clauses, "They will not fight.", lines="We agreed.", **more)
    world.settle()
    disclosures.consent(hernan, last(hernan))
    world.settle()


def test_from_a_proposal_to_the_world(world: World) -> None:
    ana, hernan, sofia = (world[name] for name in ("ana", "hernan", "sofia"))
    sign_all(world)
    disclosures.propose(ana, text(ana), [3, 1, 1], "They will not fight.\r\n", lines=" We agreed. ")
    world.settle()
    assert (last(sofia).state, last(sofia).terms.clauses) == ("proposed", (1, 3))
    assert (last(sofia).terms.summary, last(sofia).terms.lines) == ("They will not fight.", "We agreed.")
    assert refused(ana, lambda: disclosures.publish(ana, last(ana))) == "not-agreed"
    disclosures.consent(hernan, last(hernan))
    world.settle()
    assert disclosures.due(sofia, last(sofia))
    assert not disclosures.shown(last(ana))
    raw = disclosures.publish(ana, last(ana))
    world.settle()
    for channel in (ana, hernan, sofia):
        assert (last(channel).state, last(channel).digest) == ("published", sha256(raw))
        assert disclosures.shown(last(channel))
        # Later, and on every desk that may, the bundle is the same to the byte; nothing of what came since is in it.
        channel.send_note("Later.")
        world.settle()
        assert disclosures.publish(channel, last(channel)) == raw
    proven = bundles.verify(bundles.read(raw))
    assert proven.record.clauses == ("Neither uses force.", None, "Both ask for mediation.")
    assert proven.size == proven.position + 1
    assert proven.size < ana.size
    assert b"1977" not in raw
    agree(world, "ana", "hernan", "sofia")
    assert not alarms(ana)
    assert all(finding.ok for finding in audit(ana))


def test_what_a_desk_refuses_before_others_would(world: World) -> None:
    ana, hernan, sofia = (world[name] for name in ("ana", "hernan", "sofia"))
    understandings.propose(ana, "Later", TEXT, [ana.me, hernan.me])
    world.settle()
    assert refused(ana, lambda: disclosures.propose(ana, text(ana), [1], "x")) == "incomplete"
    sign_all(world)
    assert refused(sofia, lambda: disclosures.propose(sofia, text(sofia), [1], "x")) == "signatory"
    assert refused(ana, lambda: disclosures.propose(ana, text(ana), [9], "x")) == "clauses"
    disclosures.propose(ana, text(ana), [1], "x")
    world.settle()
    deeds: tuple[Callable[[Channel, Disclosure], None], ...] = (
        disclosures.consent, disclosures.refuse, disclosures.withdraw, disclosures.retract,
    )  # fmt: skip
    again = partial(disclosures.propose, ana, text(ana), [1], "x", replaces=last(ana))
    assert refused(ana, again) == "replaces"
    for deed in deeds:
        assert refused(sofia, partial(deed, sofia, last(sofia))) == "signatory"
    assert refused(hernan, lambda: disclosures.withdraw(hernan, last(hernan))) == "not-now"
    assert refused(hernan, lambda: disclosures.retract(hernan, last(hernan))) == "not-now"
    disclosures.refuse(hernan, last(hernan), " Not now. ")
    world.settle()
    assert (last(ana).state, last(ana).reason) == ("refused", "Not now.")
    assert refused(ana, lambda: disclosures.withdraw(ana, last(ana))) == "not-now"
    disclosures.propose(ana, text(ana), [1], "x")
    world.settle()
    disclosures.withdraw(ana, last(ana))
    world.settle()
    assert last(sofia).state == "withdrawn"
    assert refused(ana, lambda: disclosures.publish(ana, last(ana))) == "not-agreed"


def test_what_is_said_by_a_desk_that_does_not_look_is_refused_by_all(world: World) -> None:
    ana, hernan, sofia = (world[name] for name in ("ana", "hernan", "sofia"))
    sign_all(world)
    agreed(world, not_before=NOW + 30 * DAY)
    body = Publish(last(sofia).id, bytes(32))
    assert refused(sofia, lambda: sofia.say("disclosure.publish", body)) == "rule"
    assert refused(ana, lambda: disclosures.publish(ana, last(ana))) == "early"
    assert refused(ana, lambda: ana.say("disclosure.publish", body)) == "early"
    assert refused(hernan, lambda: hernan.say("disclosure.consent", Consent(last(hernan).id))) == "rule"
    world.clock.days(31)
    world.settle()
    assert bundles.read(disclosures.publish(ana, last(ana))).summary == "They will not fight."


def test_a_correction_takes_the_place_of_what_was_shown(world: World) -> None:
    ana, hernan, sofia = (world[name] for name in ("ana", "hernan", "sofia"))
    sign_all(world)
    agreed(world)
    first = disclosures.publish(ana, last(ana))
    world.settle()
    agreed(world, (1,), replaces=last(ana))
    for channel in (ana, hernan, sofia):
        assert [disclosures.standing(channel, last(channel, n)) for n in (0, 1)] == ["replaced", "agreed"]
        after = disclosures.successor(channel, last(channel, 0))
        assert after is not None
        assert after.id == last(channel, 1).id
        assert refused(channel, partial(disclosures.publish, channel, last(channel, 0))) == "not-agreed"
    second = bundles.read(disclosures.publish(hernan, last(hernan)))
    assert unb64(second.replaces) == sha256(first)
    world.settle()
    for channel in (ana, hernan):
        disclosures.retract(channel, last(channel), "It was misread.")
        world.settle()
    assert [disclosures.standing(sofia, last(sofia, n)) for n in (0, 1)] == ["replaced", "retracted"]
    # The correction of what was never shown names nothing.
    agreed(world, (3,))
    agreed(world, (2, 3), replaces=last(ana))
    assert bundles.read(disclosures.publish(ana, last(ana))).replaces == ""


def test_two_who_signed_another_understanding_end_nothing(world: World) -> None:
    """Hernán and Sofía cannot withdraw what Ana and Hernán have agreed to show."""
    ana, hernan, sofia = (world[name] for name in ("ana", "hernan", "sofia"))
    sign_all(world)
    agreed(world)
    sign_all(world, "Another", ("hernan", "sofia"))
    instead = partial(disclosures.propose, hernan, text(hernan), [1], "Instead.", replaces=last(hernan))
    assert refused(hernan, instead) == "replaces"
    body = Propose(text(hernan).id, (1,), "public", 0, "", "Instead.", "", last(hernan).id)
    hernan.say("disclosure.propose", body, text(hernan).audience)  # a desk that does not look
    world.settle()
    disclosures.consent(sofia, last(sofia))
    world.settle()
    assert [disclosures.standing(ana, last(ana, n)) for n in (0, 1)] == ["agreed", "agreed"]
    assert bundles.verify(bundles.read(disclosures.publish(ana, last(ana, 0)))).record.title == "Act of Montevideo"


@pytest.mark.parametrize("lie", ["another size", "another root", "another key"])
def test_a_relay_that_lies_about_its_log_is_caught(world: World, lie: str) -> None:
    ana = world["ana"]
    sign_all(world)
    agreed(world)
    size, session = text(ana).anchor.at.position + 1, ana.session  # type: ignore[union-attr]
    root = session.history.root(size)
    point, seed = {
        "another size": (Checkpoint(session.history.origin, size + 1, session.history.root(size + 1)), None),
        "another root": (Checkpoint(session.history.origin, size, bytes(32)), None),
        "another key": (Checkpoint(session.history.origin, size, root), b"\x66" * 32),
    }[lie]
    note = sign(point, seed or bytes(range(32)))
    wire(ana).after = lambda op, args, result: note if op == "checkpoint" else result
    with pytest.raises(RelayFault):
        disclosures.publish(ana, last(ana))
    assert last(ana).state == "agreed"


def test_without_a_relay_nothing_is_shown(world: World) -> None:
    ana = world["ana"]
    sign_all(world)
    agreed(world)
    offline(ana)
    with pytest.raises(BackchannelError):
        disclosures.publish(ana, last(ana))
    assert last(ana).state == "agreed"


# --- whose keys these are


def certified(channel: Channel, subject: str = "Ministerio de Relaciones Exteriores") -> X509:
    """What a ministry makes of the statement of this seat."""
    from datetime import UTC, datetime

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject)])
    made = x509.CertificateBuilder(
        issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1,
        not_valid_before=datetime(2020, 1, 1, tzinfo=UTC), not_valid_after=datetime(2040, 1, 1, tzinfo=UTC),
    ).sign(key, SHA256())  # fmt: skip
    return X509(made.public_bytes(Encoding.DER), key.sign(mandates.own_statement(channel), ec.ECDSA(SHA256())))


HOSTILE = "<script>alert(1)</script> \u202eyrtsiniM \x1b[2J"


def test_a_mandate_attests_whose_keys_these_are_though_none_is_needed(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    mandates.grant(hernan, hernan.me, ["sign"], "Without anything to attest it.")
    mandates.grant(ana, ana.me, ["initial", "sign"], "The dispute.", attestation=certified(ana, HOSTILE))
    world.settle()
    sign_all(world)
    assert dict(text(hernan).mandates).keys() == {ana.me}
    agreed(world)
    raw = disclosures.publish(hernan, last(hernan))
    made = page_of(raw, "bundle.json", "")
    said = {one.name: one.attested for one in made.signed}
    assert said["Hernán C."] == "Not proved: nothing here says whose keys these are."
    assert said["Ana P."].startswith("Attested by the holder of the certificate of O=")
    assert "\u202e" not in said["Ana P."] + html(made)
    assert "\x1b" not in said["Ana P."] + html(made)
    assert "<script" not in html(made)
    # Put to another's name, or beside other keys, it says nothing.
    (one,) = bundles.read(raw).attested
    other = bundles.read(raw).record.keys[0].kid
    if other == one.seat:
        other = bundles.read(raw).record.keys[2].kid
    moved = bundles.write(replace(bundles.read(raw), attested=(replace(one, seat=other),)))
    assert {s.attested for s in page_of(moved, "", "").signed if "does not vouch" in s.attested}
    assert not [s for s in page_of(moved, "", "").signed if s.attested.startswith("Attested")]


def test_what_an_archive_keeps(world: World) -> None:
    ana = world["ana"]
    sign_all(world)
    agreed(world, not_before=NOW)
    raw = disclosures.publish(ana, last(ana))
    world.settle()
    agreed(world, (1,), replaces=last(ana))
    one, two = (archived.KEPT["disclosure"].tell(Teller(ana), item.value) for item in ana.items("disclosure"))
    assert one is not None
    assert two is not None
    assert (one["state"], one["clauses"], one["sha256"]) == ("replaced", [1, 3], sha256(raw).hex())
    assert (two["replaces"], two["sha256"], two["not_before"]) == (one["disclosure"], None, None)
    assert one["consented"] == ["Argentina", "Chile"]
