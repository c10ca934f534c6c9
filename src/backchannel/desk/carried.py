"""What comes for a desk while it is locked: sealed to a key whose private half lies in the vault (spec/web.md, 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from backchannel import labels
from backchannel.desk.desk import Desk
from backchannel.desk.drafts import Fields
from backchannel.seal import primitives as p

_SETTING = "carried"


class Form(msgspec.Struct, frozen=True):
    """A form that was sent: where to, and what stood in it."""

    place: str
    fields: Fields


def public(desk: Desk) -> bytes:
    """The key to which it is sealed; made the first time."""
    return p.xwing_public(_seed(desk))


def seal(key: bytes, place: str, fields: Sequence[tuple[str, str]]) -> bytes:
    """A form that nobody reads before the vault is open."""
    return p.hpke_seal(key, labels.CARRIED.encode(), msgspec.msgpack.encode(Form(place, tuple(fields))))


def opened(desk: Desk, sealed: bytes) -> Form | None:
    """The form; None if it was sealed to another desk."""
    raw = p.hpke_open(p.xwing_private(_seed(desk)), labels.CARRIED.encode(), sealed)
    return msgspec.msgpack.decode(raw, type=Form) if raw is not None else None


def _seed(desk: Desk) -> bytes:
    kept = desk.setting(_SETTING)
    if kept is None:
        kept = desk.random(32).hex()
        desk.set_setting(_SETTING, kept)
    return bytes.fromhex(kept)
