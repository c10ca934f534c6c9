"""Understandings of Ana and Ben, proposed by Cem, in any state."""

from __future__ import annotations

from typing import Any

from backchannel.channel.state import DAY, At
from backchannel.entry.ids import ZERO32
from backchannel.instruments import Spoken
from backchannel.instruments.understanding import jws, record
from backchannel.instruments.understanding.payload import payload
from backchannel.instruments.understanding.rules import fold
from backchannel.instruments.understanding.values import (
    Anchor,
    Annex,
    Initial,
    Propose,
    Sign,
    Understanding,
    Withdraw,
)
from tests.channel.kit import CHANNEL, MORNING, identity
from tests.instruments.kit import PEOPLE, channel, ids, say, seat

ID = b"\x01" * 32
SEED = bytes(32)
CLAUSES = ("The parties will not fish east of the line.", "Nor west of it,\nbut on feast days.", "Nor speak of it.")
ANNEXES = (Annex("chart.pdf", b"\x05" * 32),)
BOX, KEY = b"a sealed entry", b"\x06" * 32


def proposal(who: tuple[str, ...] = ("Ana", "Ben"), **changes: Any) -> Propose:
    given = {"title": "Fishing", "clauses": CLAUSES, "annexes": ANNEXES, "signatories": ids(*who), "seed": SEED}
    return Propose(**{**given, **changes})


def proposed(
    who: tuple[str, ...] = ("Ana", "Ben"), by: str = "Cem", to: tuple[str, ...] = PEOPLE, **changes: Any
) -> Understanding:
    return say(None, by, proposal(who, **changes), to=ids(*to))  # type: ignore[no-any-return]


def initial(item: Understanding, by: str, mandate: bytes = ZERO32, keys_of: str = "") -> Initial:
    return Initial(item.id, item.digest, identity(keys_of or by).signer(CHANNEL).keys, mandate)


def signature(item: Understanding, by: str, mandate: bytes = ZERO32, *, over: Understanding | None = None) -> Sign:
    """A signature as `by` makes it; of another understanding if `over` is given."""
    ed, mldsa = jws.sign(identity(by).signer(CHANNEL), seat(by), payload(CHANNEL, over or item))
    return Sign(item.id, item.digest, ed, mldsa, mandate)


def initialled(item: Understanding, *names: str) -> Understanding:
    for by in names:
        item = say(item, by, initial(item, by))
    return item


def anchored(item: Understanding, by: str = "Cem", act: Anchor | None = None, day: float = 0) -> Understanding:
    at = At(90, MORNING + int(day * DAY))
    act = act or record.anchor(CHANNEL, item)
    entry = b"\x07" * 32
    spoken = Spoken(at, entry, seat(by), item.audience, "understanding.anchor", act, channel(), box=BOX, key=KEY)
    return fold(item, spoken)


def in_state(which: str, who: tuple[str, ...] = ("Ana", "Ben"), **changes: Any) -> Understanding:
    """An understanding that stands so."""
    item = proposed(who, **changes)
    if which == "withdrawn":
        return say(item, "Cem", Withdraw(ID, "Not yet."))  # type: ignore[no-any-return]
    if which in ("initialled", "signing", "complete"):
        item = initialled(item, *who)
    for by in {"signing": who[:1], "complete": who}.get(which, ()):
        item = say(item, by, signature(item, by))
    return item
