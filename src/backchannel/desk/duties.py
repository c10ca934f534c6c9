"""Duties: what a desk owes next without asking its person (reflexes), after each sync."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from backchannel.channel import acts
from backchannel.channel.assent import next_seats
from backchannel.channel.state import DAY, PREKEY_LIFE, At, Seat, State
from backchannel.desk import dossier, sending, slips
from backchannel.desk.book.intent import Act, Intent, Say, Welcome
from backchannel.desk.book.items import Item, Items
from backchannel.desk.drafts import Drafts
from backchannel.desk.rehearsal import rehearse
from backchannel.desk.sealing import own_prekey, seal_act
from backchannel.desk.session import Session
from backchannel.entry.codec import encode
from backchannel.errors import Misuse
from backchannel.instruments import INSTRUMENTS
from backchannel.instruments.base import Due, Me, Owed
from backchannel.ledger.history import CLOCK_SLACK
from backchannel.ledger.leaf import arrival_unit
from backchannel.ledger.origin import control_hash, credential_hash
from backchannel.ledger.wire import Frame
from backchannel.seal.keys import PrekeySecret
from backchannel.seal.roster import EpochSecrets, seal_epoch
from backchannel.seal.slots import Recipient

NEW_PREKEY_AFTER = 7 * DAY
LOST_PREKEY_AFTER = DAY // 24
"""An hour: two copies of a desk must not answer each other's keys without end."""


def new_prekey(session: Session, seq: int) -> bytes:
    """A fresh prekey, its private half kept; the encoded act that posts it. Inside a transaction."""
    prekey = PrekeySecret.new(seq, session.random)
    session.book.keep_prekey(prekey)
    session.engine.adopt(session.book.prekeys())
    once = session.book.asides.keep_once(session.random(32))
    return encode(acts.Prekey(prekey.public(session.now().arrival + PREKEY_LIFE), once))


def receipts_wait(session: Session) -> bool:
    """Whether something was destroyed here of which this desk has not said so yet. Inside a turn."""
    return any(i.instrument.aside and i.instrument.until(i.value) is None for i in session.book.items.pocketed())


def write_duties(session: Session, *, clean: bool = False, files: bool = True) -> bool:
    """Put into the outbox what is owed; whether a secret was destroyed meanwhile. Inside a turn and a transaction.

    `clean`: the write-ahead log was emptied since anything was destroyed. `files`: the next pieces of files too.
    """
    state, me = session.state, session.state.seat(session.engine.wallet.me)
    if me is None or me.standing == "gone":
        return False
    waiting = [row.intent for row in session.book.outbox.waiting()]
    owed: list[Intent] = []
    if _prekey_due(session, me) and not any(
        isinstance(w, Act) and isinstance(acts.parse(w.body), acts.Prekey) for w in waiting
    ):
        owed.append(Act(new_prekey(session, me.prekeys[-1].prekey.seq + 1 if me.prekeys else 0)))
    session.book.keep_only_invitations(i.invite for i in state.invitations if i.proposal.stage in ("open", "granted"))
    for invitation in state.invitations:
        kept = session.book.invitation(invitation.invite)
        if invitation.proposal.stage == "granted" and kept is not None and kept[1] != state.epoch:
            owed.append(Welcome(invitation.invite))
            session.book.set_welcomed(invitation.invite, state.epoch)
    dropped = _one_time_keys(session, me, waiting, owed)
    dropped = slips.clear(session) or dropped
    owed += dossier.owed(session, waiting)
    owed += sending.owed(session, waiting) if files else []
    says, destroyed = _instruments(session, me, waiting, clean and not dropped and not session.book.asides.used())
    for intent in (*owed, *says):
        session.book.outbox.put(intent)
    return destroyed or dropped


def _one_time_keys(session: Session, me: Seat, waiting: list[Intent], owed: list[Intent]) -> bool:
    """Owe a new one-time key where the newest was used or is not here; destroy those that the log has replaced (12.5).

    Whether any was destroyed.
    """
    session.book.asides.forget_unmade()
    asides, due = session.book.asides, [acts.parse(w.body) for w in (*waiting, *owed) if isinstance(w, Act)]
    coming = [body.once for body in due if isinstance(body, acts.Prekey | acts.Once)]
    if me.once is None:
        return False
    # One that is not here: another copy of this desk has posted it, and would be answered without end.
    lost = asides.once(me.once.xwing) is None and session.now().arrival >= me.once.at.arrival + LOST_PREKEY_AFTER
    spent = lost or asides.was_used(me.once.xwing)
    if spent and not coming and me.standing == "active" and session.state.stage == "open":
        coming = [asides.keep_once(session.random(32))]
        owed.append(Act(encode(acts.Once(coming[0]))))
    return asides.keep_only([me.once.xwing, *coming])


def _instruments(session: Session, me: Seat, waiting: list[Intent], clean: bool) -> tuple[list[Say], bool]:
    """What the instruments owe, and whether a secret was destroyed.

    A pocket, and the tray, change in the same transaction as the outbox: nothing is owed twice.
    """
    owed, destroyed, items, asides = [], False, session.book.items, session.book.asides
    mine = Me(
        me.id, b"", session.random, session.now(), read_up_to(session), session.state, _hears(session), clean=clean
    )
    beginning = {w.kind for w in waiting if isinstance(w, Say)}
    for instrument in INSTRUMENTS:
        if instrument.reflex is None:
            continue
        if instrument.begins is not None and session.state.stage == "open" and instrument.opens not in beginning:
            first = instrument.begins([item.value for item in items.recent(instrument.name)], mine)
            owed += [_say(first)] if first is not None else []
        for item in items.live(instrument.name):
            pocket, tray = items.pocket(item.position), asides.tray(instrument.name)
            key = asides.key(item.position) or b""
            due = _due(items, item, mine._replace(pocket=pocket, key=key, tray=tray[0][1] if tray else b""))
            owed += [_say(one) for one in due.says if one.kind in instrument.kinds or _fits(session, one)]
            if due.take:
                asides.lift(tray[0][0])
            if due.pocket != pocket:
                _set_pocket(session, item, due.pocket)
                destroyed = destroyed or due.wipes or not due.pocket
            if due.over:
                items.write([], [item._replace(value=instrument.lapse(item.value))])
                destroyed = True
    return owed, destroyed


def _due(items: Items, item: Item, me: Me) -> Owed:
    """What the instrument's reflex owes; of an item that was passed on, which may be anything, perhaps nothing."""
    assert item.instrument.reflex is not None  # noqa: S101 - it is asked
    try:
        return item.instrument.reflex(item.value, me)
    except Exception:
        if items.passed_on(item.position) is None:
            raise
        return Owed((), me.pocket)


def read_up_to(session: Session) -> int:
    """No entry that arrived before this unit is still to come (spec/ledger.md, 7.5): none at all for who has left."""
    me = session.state.seat(session.engine.wallet.me)
    if me is not None and me.standing == "gone":
        return session.now().arrival
    return arrival_unit((session.history.synced or 0) - CLOCK_SLACK)


def _set_pocket(session: Session, item: Item, value: bytes) -> None:
    """Keep a secret for an item, or destroy it; what of it is its person's goes back to the tray (spec/hat.md, 4.3)."""
    items, instrument = session.book.items, item.instrument
    back = instrument.back(items.pocket(item.position)) if not value else b""
    if back:
        session.book.asides.lay(instrument.name, back)
    items.set_pocket(item.position, value)


def _say(due: Due) -> Say:
    return Say(due.kind, encode(due.body), "talk", due.audience, due.words)


def _hears(session: Session) -> Callable[[bytes], bytes]:
    return lambda entry: session.book.asides.words(session.history.find(entry))


def _fits(session: Session, due: Due) -> bool:
    """Whether what one instrument says with another's voice would be heard: what it speaks of may be over by now."""
    try:
        rehearse(session, due.kind, due.body, due.audience, due.words)
    except Misuse:
        return False
    return True


def _prekey_due(session: Session, me: Seat) -> bool:
    own = own_prekey(session)
    if own is None:
        return True
    # A newest that is not our own: the backup that we come from is older, or another copy of this desk has posted it.
    wait = NEW_PREKEY_AFTER if own == me.prekeys[-1].prekey else LOST_PREKEY_AFTER
    return session.now().arrival >= me.prekeys[-1].at.arrival + wait


def drop_old_prekeys(session: Session) -> bool:
    """Destroy private prekeys that nothing later in the log can use (spec/sealing.md, 6); whether there were any.

    Only at the log's head.
    """
    me = session.state.seat(session.engine.wallet.me)
    if me is None or not me.prekeys:
        return False
    past = At(session.history.size, arrival_unit(session.clock() - CLOCK_SLACK))
    live = {posted.prekey.seq for posted in me.prekeys if not posted.passed(past)}
    newest = me.prekeys[-1].prekey.seq
    old = [prekey.seq for prekey in session.engine.wallet.prekeys if prekey.seq < newest and prekey.seq not in live]
    if old:
        session.book.drop_prekeys(old)
        session.engine.adopt(session.book.prekeys())
    return bool(old)


class Rotation(NamedTuple):
    """A rotation that is due, composed: what `client.rotate` posts to a log."""

    control: bytes
    credential_hash: bytes
    control_hash: bytes
    frame: Frame
    position: int


def rotation(session: Session) -> Rotation | None:
    """The rotation that is due now, if this seat can post it (spec/channel.md, 6.3). Inside a turn."""
    state, me = session.state, session.engine.wallet.me
    due = next_seats(state)
    held = session.book.epoch(state.epoch)
    if due is None or me not in due or held is None:
        return None
    recipients = _recipients(state, due, session.now())
    if recipients is None:
        return None
    secrets = EpochSecrets.new(session.random)
    epoch = state.epoch + 1
    slots = seal_epoch(state.channel, epoch, secrets, recipients, session.random)
    act = acts.Rotate(epoch, due, slots, secrets.check(state.channel, epoch))
    hashes = credential_hash(secrets.credential), control_hash(secrets.control)
    return Rotation(held.control, *hashes, seal_act(session, act), session.history.size)


def _recipients(state: State, due: tuple[bytes, ...], at: At) -> list[Recipient] | None:
    recipients = []
    for seat_id in due:
        seat = state.seat(seat_id)
        prekey = (seat.newest(at) or seat.prekeys[-1].prekey) if seat is not None and seat.prekeys else None
        if prekey is None:
            return None
        recipients.append(Recipient(seat_id, prekey.seq, prekey.xwing))
    return recipients


def lapse(session: Session) -> bool:
    """Delete what this desk keeps beyond its time: items' texts, pockets, what a reflex has not posted by then, drafts.

    Words that were set aside go by this desk's own clock; that their item has lapsed is judged by the log, when nothing
    that came before its hour is still to be read (spec/nonpaper.md, 4.3). Whether there was anything. Inside a turn and
    a transaction.
    """
    unit, items = session.now().arrival, session.book.items
    overdue = [*items.overdue(unit, aside=False), *items.overdue(read_up_to(session), aside=True)]
    if overdue:
        dossier.drop(session)
    items.write([], [item._replace(value=item.instrument.lapse(item.value)) for item in overdue])
    late = items.late(unit)
    for item in late:
        items.destroy(item)
    expired = session.book.outbox.expire(unit)
    for entry in expired:
        session.book.asides.made(entry or b"")
    old = Drafts(session.vault, session.clock).sweep()
    idle = [item for item in items.pocketed() if item.instrument.idle(item.value) <= unit]
    for item in idle:
        _set_pocket(session, item, b"")
        session.book.outbox.recall(item.instrument, item.value.id, sealed=False)
    return bool(overdue or late or idle or expired or old)
