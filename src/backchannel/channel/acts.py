"""The bodies of signed acts: founding, invitation, joining, charter, assent, removal, rotation (spec/channel.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from backchannel import labels
from backchannel.channel.charter import Terms
from backchannel.entry.codec import Value, decode, encode
from backchannel.entry.ids import Bytes32, Bytes64, ChannelId, Count, SeatId
from backchannel.seal import keys as k
from backchannel.seal import primitives as p

ROLES = ("principal", "envoy", "intermediary", "convenor", "expert", "observer", "guarantor")


class Found(Value, frozen=True, tag="found", tag_field="act"):
    """Entry 0: who founds, and what for (2.1)."""

    title: str
    purpose: str
    keys: k.Keys
    name: str
    party: str
    role: str


class Prekey(Value, frozen=True, tag="prekey", tag_field="act"):
    """A seat's next prekey, and a one-time key (spec/sealing.md, 2.4)."""

    prekey: k.Prekey
    once: k.XwingPublic


class Once(Value, frozen=True, tag="once", tag_field="act"):
    """A seat's next one-time key (spec/sealing.md, 12.4)."""

    once: k.XwingPublic


class Invite(Value, frozen=True, tag="invite", tag_field="act"):
    """A seat is offered; `expires` is an arrival unit (3.1)."""

    invite: Bytes32
    name: str
    party: str
    role: str
    expires: Count


class Join(Value, frozen=True, tag="join", tag_field="act"):
    """A seat is taken (4.1)."""

    invite: Bytes32
    keys: k.Keys
    proof: Bytes64


class Charter(Value, frozen=True, tag="charter", tag_field="act"):
    """The terms, and exactly the seats that agree them (5.2)."""

    terms: Terms
    seats: tuple[SeatId, ...]


class Assent(Value, frozen=True, tag="assent", tag_field="act"):
    """Yes to a charter, an invitation or a removal, named by its digest (5.3)."""

    subject: Bytes32


class Remove(Value, frozen=True, tag="remove", tag_field="act"):
    """A seat is to go (6)."""

    seat: SeatId
    reason: str


class Handover(Value, frozen=True, tag="handover", tag_field="act"):
    """The place of a seat is offered to a successor (spec/handover.md, 1.1)."""

    seat: SeatId
    invite: Bytes32
    name: str
    expires: Count


class Freeze(Value, frozen=True, tag="freeze", tag_field="act"):
    """At once nothing more is sealed to a seat (spec/handover.md, 1.3)."""

    seat: SeatId
    reason: str


class Rotate(Value, frozen=True, tag="rotate", tag_field="act"):
    """A new epoch (spec/sealing.md, 9)."""

    epoch: Count
    seats: tuple[SeatId, ...]
    slots: tuple[bytes, ...]
    check: Bytes32


Member: TypeAlias = tuple[SeatId, str, str, str]
"""A seat, with its name, party and role."""

Body: TypeAlias = Found | Prekey | Once | Invite | Join | Charter | Assent | Remove | Handover | Freeze | Rotate


def parse(raw: bytes) -> Body:
    """The body of a signed act; `Malformed` if it is none."""
    return decode(raw, Body)  # type: ignore[arg-type]


def kind(body: Body) -> str:
    """The act's name in tables and logs."""
    return type(body).__name__.lower()


def digest(channel: ChannelId, body: Body, seat: SeatId, n: int) -> bytes:
    """What an assent to an invitation or a removal names: this act, by this seat, once (5.3)."""
    return p.labelled_hash(labels.ROSTER, channel, encode(body), seat, n)


def charter_digest(channel: ChannelId, body: Charter, seat: SeatId, n: int, members: Sequence[Member]) -> bytes:
    """What an assent to a charter names: its terms, and who its seats are in the eyes of the one who signs (5.2)."""
    return p.labelled_hash(labels.CHARTER, channel, encode(body), seat, n, encode(tuple(members)))
