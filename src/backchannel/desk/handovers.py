"""Handing a seat over, freezing one, passing a dossier on (spec/handover.md)."""

from __future__ import annotations

from backchannel.channel import acts
from backchannel.channel.state import DAY, Seat
from backchannel.desk import dossier, naming
from backchannel.desk.channel import Channel
from backchannel.desk.syncing import Progress
from backchannel.entry import text
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.instruments import INSTRUMENTS
from backchannel.instruments.handover import Begin, Handover
from backchannel.seal import primitives as p
from backchannel.seal.box import invite_seed

SEE = "See: backchannel channel show"


def offer(channel: Channel, seat: SeatId, name: str, days: int = 14) -> bytes:
    """Offer the place of a seat to a successor; the invitation's key, for `channel.code`.

    At once if it is this seat's own; else every party must assent.
    """
    with channel.session.turn():
        secret = channel.session.random(32)
        invite = p.ed25519_public(invite_seed(secret, channel.id))
        body = _offer(channel, seat, name, days, invite)
        channel.act(body, also=lambda: channel.session.book.keep_invitation(invite, secret))
    return invite


def check_offer(channel: Channel, seat: SeatId, name: str, days: int) -> None:
    """`Misuse` for what `offer` would refuse, before anybody is asked."""
    with channel.session.turn():
        channel.rehearse(_offer(channel, seat, name, days, bytes(32)))


def _offer(channel: Channel, seat: SeatId, name: str, days: int, invite: bytes) -> acts.Handover:
    if not 1 <= days <= 30:
        raise Misuse("days", f"An invitation holds 1 to 30 days, not {days}.")
    return acts.Handover(seat, invite, text.line(text.tidy(name)), channel.session.now().arrival + days * DAY)


def place(channel: Channel, who: str) -> Seat:
    """The seat whose place a person means: here or gone, without a successor. `Misuse("seat")` if there is none."""
    state = channel.state
    taken = {one.succeeds for one in state.present} | {one.replaces for one in state.invitations}
    free = [one for one in state.seats if one.standing != "guest" and one.id not in taken]
    return naming.find(state, free, who)


def freeze(channel: Channel, seat: SeatId, reason: str) -> None:
    """From now on nothing more is sealed to a seat of one's own party."""
    channel.act(_freeze(seat, reason))


def check_freeze(channel: Channel, seat: SeatId, reason: str) -> None:
    """`Misuse` for what `freeze` would refuse, before anybody is asked."""
    with channel.session.turn():
        channel.rehearse(_freeze(seat, reason))


def _freeze(seat: SeatId, reason: str) -> acts.Freeze:
    return acts.Freeze(seat, text.prose(text.tidy(reason), "reason", 500))


# --- the dossier


def pass_on(channel: Channel, to: Seat) -> None:
    """Pass on what this seat has of a predecessor that cannot do it itself; `Misuse` as `predecessor`."""
    channel.say("handover.begin", Begin(to.id, predecessor(channel, to).id), (channel.me, to.id))


def predecessor(channel: Channel, to: Seat) -> Seat:
    """Of whom this seat may pass on what it has to `to`. `Misuse`: `to`, `party`, `own`, `repeat`."""
    state = channel.state
    before = state.seat(to.succeeds) if to.succeeds is not None else None
    if before is None:
        raise Misuse("to", f"{to.name} has not taken anybody's place.", SEE)
    if to.id == channel.me:
        raise Misuse("own", "You have taken this place yourself: another seat of your party passes on to you.", SEE)
    if to.standing != "active":
        raise Misuse("to", f"{to.name} has joined, and is not in the channel yet.", SEE)
    if before.party != state.member(channel.me).party:
        raise Misuse("party", f"Only a seat of the same party ({before.party}) passes on what it has.", SEE)
    if before.id == channel.me:
        raise Misuse("own", f"Your desk passes it on to {to.name} by itself.", "Keep it open: backchannel desk sync")
    if any((one.by, one.to) == (channel.me, to.id) for one in given(channel)):
        raise Misuse("repeat", f"You have passed on to {to.name} what you have.", SEE)
    return before


def may_pass_on(channel: Channel, to: Seat) -> bool:
    """Whether this seat has something for `to` of a predecessor that did not hand its seat over itself."""
    try:
        before = predecessor(channel, to)
    except Misuse:
        return False
    itself = channel.session.book.entries.acted("handover", before.id, to.joined.position)
    return before.standing == "gone" and not itself and bool(passing(channel, before.id))


def given(channel: Channel) -> list[Handover]:
    """The dossiers that this seat gives or gets."""
    return [held.value for held in channel.items("handover")]


def passing(channel: Channel, seat: SeatId) -> dict[str, int]:
    """How much of what this desk has would pass with a seat: instrument -> items."""
    state = channel.state
    line = set(state.line(seat))
    names = [one.name for one in INSTRUMENTS if dossier.lets(state, one)]
    if seat == channel.me:  # all that is here was for this seat, or for one that it succeeds
        here = channel.session.book.items.counts()
        return {name: here[name] for name in names if here.get(name)}
    found = {name: [held.value for held in channel.items(name)] for name in names}
    counts = {
        name: sum(bool(line & set(one.audience)) and not getattr(one, "gone", False) for one in held)
        for name, held in found.items()
    }
    return {name: many for name, many in counts.items() if many}


def giving(channel: Channel) -> Handover | None:
    """The dossier that this desk is sending, if it is."""
    if all(one.succeeds is None for one in channel.state.present):
        return None
    return next((one for one in given(channel) if one.by == channel.me and one.state != "taken"), None)


def telling(channel: Channel, told: Progress) -> Progress:
    """Progress of reading; of a dossier while this desk sends one, for then it reads little more than that."""

    def tell(done: int, total: int) -> None:
        item = giving(channel)
        told(*((done, total) if item is None else dossier.progress(channel.session, item)))

    return tell
