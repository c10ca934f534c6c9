"""The anchor: a stranger sees that an entry holds what was signed, and no other entry opens."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.engine import Event
from backchannel.entry.codec import Value
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.note import Send
from backchannel.instruments.understanding import anchor, record
from backchannel.instruments.understanding.anchor import Proof
from backchannel.instruments.understanding.values import Anchor
from backchannel.seal.chain import open_with
from backchannel.seal.primitives import sha256
from tests.channel.kit import CHANNEL, World, opened
from tests.instruments.understanding.kit import BOX, ID, KEY, anchored, in_state
from tests.seal.kit import refused

GOOD = record.anchor(CHANNEL, in_state("complete"))


def posted(*said: tuple[str, Value], anchors: Any = None) -> tuple[World, list[Event]]:
    """What Ana says in one line, as Ben reads it."""
    world = opened(2)
    if anchors is not None:
        world["Ben"].engine._anchors = anchors
    for kind, body in said:
        world["Ana"].say(kind, body)
    world.sync()
    return world, [event for event in world["Ben"].events if event.kind in {kind for kind, _ in said}]


def note(words: str) -> tuple[str, Value]:
    return "note.send", Send(words, False, 1)


def proof_of(event: Event) -> Proof:
    assert event.record.body is not None
    return Proof(CHANNEL, event.record.body, event.key)


def test_box_and_key_show_what_was_signed() -> None:
    _, (event,) = posted(("understanding.anchor", GOOD))
    entry, shown = anchor.shows(proof_of(event))
    assert (entry, shown) == (event.record.id, GOOD)
    assert entry == sha256(event.record.body or b"")


def test_the_key_opens_no_entry_before_or_after_it_in_the_line() -> None:
    world, events = posted(note("before"), ("understanding.anchor", GOOD), note("after"))
    assert [bool(event.key) for event in events] == [False, True, False]
    opened_ = []
    for logged in world.log.records:
        try:
            open_with(CHANNEL, events[1].key, logged.body or b"")
        except Malformed:
            continue
        opened_.append(logged.id)
    assert opened_ == [events[1].record.id]


def test_an_entry_of_another_kind_is_no_anchor() -> None:
    _, (event,) = posted(note("not this"), anchors={"note.send"})
    with refused("kind"):
        anchor.shows(proof_of(event))


def test_an_anchor_of_another_form_is_refused() -> None:
    _, (event,) = posted(("understanding.anchor", Send("not this", False, 1)))
    with refused("encoding"):
        anchor.shows(proof_of(event))


@pytest.mark.parametrize(
    ("lies", "code"),
    [({"key": bytes(32)}, "commitment"), ({"channel": bytes(32)}, "commitment"), ({"box": b""}, "short")],
)
def test_what_does_not_fit(lies: dict[str, Any], code: str) -> None:
    _, (event,) = posted(("understanding.anchor", GOOD))
    with refused(code):
        anchor.shows(replace(proof_of(event), **lies))


def test_an_altered_box() -> None:
    _, (event,) = posted(("understanding.anchor", GOOD))
    good = proof_of(event)
    with refused("altered"):
        anchor.shows(replace(good, box=good.box[:-1] + bytes([good.box[-1] ^ 1])))


def test_the_proof_is_of_the_anchor_that_stands() -> None:
    item = in_state("complete")
    with pytest.raises(Misuse, match="does not stand in the log yet"):
        anchor.proof(CHANNEL, item)
    assert anchor.proof(CHANNEL, anchored(item)) == Proof(CHANNEL, BOX, KEY)
    assert Anchor(ID, GOOD.jws) == GOOD


def test_no_key_is_printed() -> None:
    item = anchored(in_state("complete"))
    for shown in (repr(anchor.proof(CHANNEL, item)), repr(item.anchor)):
        assert repr(KEY) not in shown
