"""Handing a seat over, freezing one, passing a dossier on (spec/handover.md)."""

from __future__ import annotations

from backchannel.channel import acts
from backchannel.channel.state import DAY, Seat
from backchannel.desk.channel import Channel
from backchannel.entry import text
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.instruments.handover import Begin
from backchannel.seal import primitives as p
from backchannel.seal.box import invite_seed


def offer(channel: Channel, seat: SeatId, name: str, days: int = 14) -> bytes:
    """Offer the place of a seat to a successor; the invitation's key, for `channel.code`.

    At once if it is this seat's own; else every party must assent.
    """
    if not 1 <= days <= 30:
        raise Misuse("days", f"An invitation holds 1 to 30 days, not {days}.")
    with channel.session.turn():
        secret = channel.session.random(32)
        invite = p.ed25519_public(invite_seed(secret, channel.id))
        expires = channel.session.now().arrival + days * DAY
        body = acts.Handover(seat, invite, text.line(text.tidy(name)), expires)
        channel.act(body, also=lambda: channel.session.book.keep_invitation(invite, secret))
    return invite


def freeze(channel: Channel, seat: SeatId, reason: str) -> None:
    """From now on nothing more is sealed to a seat of one's own party."""
    channel.act(acts.Freeze(seat, text.prose(text.tidy(reason), "reason", 500)))


def pass_on(channel: Channel, to: Seat) -> None:
    """Pass on what this seat has of a predecessor that cannot do it itself. `Misuse("to")` if there is none."""
    if to.succeeds is None:
        raise Misuse("to", f"{to.name} has not taken anybody's place.", "See: backchannel channel show")
    channel.say("handover.begin", Begin(to.id, to.succeeds), (channel.me, to.id))
