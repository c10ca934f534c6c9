"""Disclosures of what Ana, Ben and Cem have signed, and bundles in a log of their own."""

from __future__ import annotations

import hmac
from functools import cache
from typing import Any

from msgspec.structs import replace

from backchannel.channel.state import DAY, At, State
from backchannel.entry.codec import Value, encode
from backchannel.entry.ids import ZERO32
from backchannel.instruments import Spoken
from backchannel.instruments.base import remaining
from backchannel.instruments.disclosure import bundle as bundles
from backchannel.instruments.disclosure.rules import (
    Confirm,
    Consent,
    Disclosure,
    Propose,
    Publish,
    Refuse,
    Retract,
    Withdraw,
    fold,
)
from backchannel.instruments.mandate import Published
from backchannel.instruments.understanding import anchor, record
from backchannel.instruments.understanding.form import b64
from backchannel.instruments.understanding.values import Understanding
from backchannel.ledger import ed25519
from backchannel.ledger.checkpoint import Checkpoint, sign
from backchannel.ledger.leaf import Leaf
from backchannel.ledger.origin import log_name, origin_line
from backchannel.ledger.tree import Tree
from backchannel.seal.chain import new_chain, seal_entry
from backchannel.seal.primitives import ed25519_public, sha256
from tests.channel.kit import CHANNEL, MORNING
from tests.instruments.kit import channel, seat
from tests.instruments.understanding.kit import ID as UNDERSTANDING
from tests.instruments.understanding.kit import in_state

ID = b"\x0d" * 32
RELAY = b"\x51" * 32
INDEX, SIZE = 5, 9
WHO = ("Ana", "Ben", "Cem")
KINDS: dict[type[Value], str] = {
    kind: f"disclosure.{kind.__name__.lower()}"
    for kind in (Propose, Consent, Refuse, Withdraw, Confirm, Publish, Retract)
}


@cache
def signed(who: tuple[str, ...] = WHO) -> Understanding:
    return in_state("complete", who)


def seated(quorum: str = "all", **parties: str) -> State:
    """The channel with this quorum, and some people of other parties."""
    state = channel()
    assert state.charter is not None
    terms = replace(state.charter.terms, disclosure=quorum)
    seats = tuple(replace(one, party=parties.get(one.name, one.party)) for one in state.seats)
    return replace(state, seats=seats, charter=replace(state.charter, terms=terms))


def party(name: str, state: State | None = None) -> str:
    return (state or channel()).member(seat(name)).party


def proposal(**changes: Any) -> Propose:
    made = Propose(UNDERSTANDING, (1, 3), "public", 0, "", "They will not fish.", "We agreed.", ZERO32)
    return replace(made, **changes)


def say(
    item: Disclosure | None,
    by: str,
    act: Value,
    *,
    state: State | None = None,
    of: Any = None,
    to: tuple[bytes, ...] | None = None,
    day: float = 0,
    id_: bytes = ID,
) -> Disclosure:
    """The disclosure after `by` has said something about it, or proposed it."""
    now, of = state or channel(), of if of is not None else signed()
    audience = to if to is not None else remaining((of if item is None else item).audience, now)
    at = At(80 + int(day), MORNING + int(day * DAY))
    return fold(item, Spoken(at, id_, seat(by), audience, KINDS[type(act)], act, now, linked=of))


def proposed(state: State | None = None, by: str = "Ana", **changes: Any) -> Disclosure:
    return say(None, by, proposal(**changes), state=state)


def agreed(state: State | None = None, **changes: Any) -> Disclosure:
    item = proposed(state, **changes)
    for by in WHO[1:]:
        item = say(item, by, Consent(item.id), state=state) if item.state == "proposed" else item
    assert item.state == "agreed"
    return item


# --- a bundle, and the log that it is of


def entry(body: Value, kind: str = anchor.KIND, channel_id: bytes = CHANNEL) -> anchor.Proof:
    """An entry of this channel that holds `body`, and its key."""
    ck0, seed = b"\x52" * 32, b"\x53" * 32
    audience = ((seat("Ana"), 0), (seat("Ben"), 0))
    verify = ed25519_public(seed)
    chain, cursor = new_chain(
        channel_id, sender=seat("Cem"), cls="talk", epoch=1, audience=audience, verify=verify, ck0=ck0
    )
    made, _ = seal_entry(
        channel_id, chain, cursor, seed, kind=kind, body=encode(body), erasable=False, size=0, root=bytes(32),
        salt=bytes(16),
    )  # fmt: skip
    return anchor.Proof(channel_id, made.body, hmac.digest(ck0, b"\x01", "sha256"))


def leaf_of(box: bytes, arrival: int = MORNING) -> Leaf:
    return Leaf(sha256(box), arrival, len(box), b"\x54" * 32)


def place(
    proof: anchor.Proof, *, arrival: int = MORNING, index: int = INDEX, size: int = SIZE, relay: bytes = RELAY
) -> bundles.Place:
    """Where it stands, in a log of this channel with other entries around it."""
    leaf = leaf_of(proof.box, arrival)
    tree = Tree(leaf.hash() if k == index else sha256(b"%d" % k) for k in range(size))
    note = sign(Checkpoint(origin_line(log_name(proof.channel)), size, tree.root()), relay)
    path = tree.inclusion(index, size)
    return bundles.place(proof.channel, proof, leaf, index, path, note, ed25519.public_key(relay))


ATTESTED = bundles.Attested(b64(min(seat(name) for name in WHO)), b64(encode(Published("gazette.example.org"))))


@cache
def bundle() -> bundles.Bundle:
    item = signed()
    return bundles.Bundle(
        record.of(CHANNEL, item, (1, 3)),
        place(entry(record.anchor(CHANNEL, item))),
        "public",
        "They will not fish.",
        "We agreed.",
        "",
        (ATTESTED,),
    )
