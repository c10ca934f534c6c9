"""The outbox is sealed in order: intents become frames, durable before they leave (spec/sealing.md, 4.6)."""

from __future__ import annotations

from backchannel.channel import acts
from backchannel.desk import envelopes
from backchannel.desk.book.book import Sending
from backchannel.desk.book.intent import Act, Intent, Say, Welcome
from backchannel.desk.book.outbox import about
from backchannel.desk.session import Session
from backchannel.entry.codec import encode
from backchannel.entry.ids import EntryId, SeatId
from backchannel.errors import Misuse
from backchannel.instruments import BY_KIND, ERASABLE
from backchannel.instruments.base import readers
from backchannel.ledger.leaf import entry_id
from backchannel.ledger.wire import MOST_BODY, Frame, encode_frames
from backchannel.seal import roster
from backchannel.seal.box import Sealed, roster_box, welcome_box
from backchannel.seal.chain import LONGEST, seal_entry
from backchannel.seal.dist import Reader, start_chain
from backchannel.seal.keys import Prekey
from backchannel.seal.primitives import x25519_public

CHAIN_HOURS = 24


def seal_waiting(session: Session, *, recovered: bool = False, mine: int | None = None) -> None:
    """Seal whatever in the outbox is not sealed. Inside a turn and a transaction.

    What cannot be sealed is returned to its author; for the row `mine`, just put there, `Misuse` is raised instead.
    What a backup brought back has an id and no frames: it may stand in the log already, so it is sealed again only when
    the log has been read to its head (`recovered`). What this desk could not read itself waits for its next prekey.
    What ends an item waits until what comes of that item stands in the log: it may yet be rejected (nonpaper.md, 4.1).
    """
    acts_before, coming = 0, set[EntryId]()
    for row in session.book.outbox.waiting():
        if row.epoch is None and (row.id is None or recovered) and about(row.intent) not in coming:
            if isinstance(row.intent, Say) and own_prekey(session) is None:
                continue
            try:
                frames, main = _frames(session, row.intent, acts_before)
                _fit(frames)
            except Misuse as problem:
                if row.n == mine:
                    raise
                session.book.outbox.set_returned(row.n, problem.what)
                continue
            session.book.outbox.set_sealed(row.n, session.state.epoch, encode_frames(frames), entry_id(main.body))
        acts_before += isinstance(row.intent, Act)
        coming |= {row.intent.of} if isinstance(row.intent, Say) and row.intent.of else set()


def _fit(frames: list[Frame]) -> None:
    if max(len(frame.body) for frame in frames) > MOST_BODY:  # no desk would read it, and nothing behind it would leave
        raise Misuse("too-long", "This is too long for one entry: a mebibyte at most.", "Divide it, or shorten it.")


def _frames(session: Session, intent: Intent, acts_before: int) -> tuple[list[Frame], Frame]:
    if isinstance(intent, Say):
        return _say(session, intent)
    sealed = _act(session, intent.body, acts_before) if isinstance(intent, Act) else _welcome(session, intent)
    frame = Frame(sealed.erase, sealed.body)
    return [frame], frame


def _act(session: Session, body: bytes, acts_before: int) -> Sealed:
    wallet, state = session.engine.wallet, session.state
    me = state.seat(wallet.me)
    n = (me.acts if me is not None else 0) + acts_before
    act = roster.sign_act(wallet.identity, state.channel, state.epoch, wallet.me, n, body)
    return roster_box(wallet.secrets[state.epoch], state.channel).seal(encode(act), session.random(16))


def seal_act(session: Session, body: acts.Body) -> Frame:
    """One act sealed now, while no other waits: for what does not go through the outbox (ROTATE)."""
    sealed = _act(session, encode(body), 0)
    return Frame(sealed.erase, sealed.body)


def _welcome(session: Session, intent: Welcome) -> Sealed:
    kept = session.book.invitation(intent.invite)
    if kept is None:
        raise Misuse("invitation", "The invitation was made on another desk.")
    wallet, state = session.engine.wallet, session.state
    welcome = roster.Welcome(state.epoch, tuple(wallet.secrets[e] for e in range(state.epoch + 1)))
    return welcome_box(kept[0], state.channel).seal(encode(welcome), session.random(16))


def _say(session: Session, intent: Say) -> tuple[list[Frame], Frame]:
    """The frames of something said, and which of them is the entry itself: its chain's start, its words are others."""
    me = session.engine.wallet.me
    audience = readers(BY_KIND[intent.kind], intent.audience, session.state)
    if me not in audience:
        raise Misuse("removed", "This seat is no longer in the channel.")
    if len(audience) < 2:
        raise Misuse("nobody", "Nobody to whom this was written is in the channel any more.")
    sending = session.book.sending(intent.cls, audience)
    frames: list[Frame] = []
    if sending is None or _spent(session, sending, 2):
        sending, dist = _start(session, intent.cls, audience)
        session.book.write_sending(intent.cls, audience, sending)
        frames.append(dist)
    body, key = envelopes.body(session, intent, audience)
    main = _entry(session, intent.cls, audience, intent.kind, body)
    frames.append(main)
    if envelopes.begins(intent) and key:
        session.book.asides.keep_made(entry_id(main.body), key)
    words = envelopes.words(session, intent, entry_id(main.body), key)
    if words is not None:
        frames.append(_entry(session, intent.cls, audience, *words))
    return frames, main


def _entry(session: Session, cls: str, audience: tuple[SeatId, ...], kind: str, body: bytes) -> Frame:
    """The next entry of the chain that this desk writes to an audience."""
    sending = session.book.sending(cls, audience)
    assert sending is not None  # noqa: S101 - it was started
    sealed, cursor = seal_entry(
        session.state.channel,
        sending.chain,
        sending.cursor,
        sending.seed,
        kind=kind,
        body=body,
        erasable=ERASABLE[kind],
        size=session.history.size,
        root=session.history.root(),
        salt=session.random(16),
    )
    session.book.write_sending(cls, audience, sending._replace(cursor=cursor))
    return Frame(sealed.erase, sealed.body)


def _spent(session: Session, sending: Sending, entries: int) -> bool:
    age = session.clock() - sending.born
    return sending.cursor.i + entries > LONGEST or not 0 <= age < CHAIN_HOURS * 3600


def own_prekey(session: Session) -> Prekey | None:
    """This seat's newest prekey that others accept and whose private half is here.

    A desk that came from a backup lacks the newest; what it sealed to that, it would take for fallen out of the log.
    """
    me, at = session.state.seat(session.engine.wallet.me), session.now()
    held = {(k.seq, x25519_public(k.seeds.x25519)) for k in session.engine.wallet.prekeys}
    posted = me.prekeys if me is not None else ()
    good = [q.prekey for q in posted if q.valid(at) and (q.prekey.seq, q.prekey.x25519) in held]
    return good[-1] if good else None


def _start(session: Session, cls: str, audience: tuple[SeatId, ...]) -> tuple[Sending, Frame]:
    state, wallet, at = session.state, session.engine.wallet, session.now()
    readers = []
    for seat_id in audience:
        seat = state.seat(seat_id)
        prekey = own_prekey(session) if seat_id == wallet.me else seat.newest(at) if seat is not None else None
        if seat is None or prekey is None:
            name = seat.name if seat is not None else "somebody"
            raise Misuse(
                "absent",
                f"The desk of {name} has not been online for 90 days, so nothing can be sealed for it.",
                "Write to the others, or wait until that desk has been online.",
            )
        readers.append(Reader(seat_id, seat.keys, prekey))
    started = start_chain(
        state.channel, wallet.me, wallet.identity, readers, cls=cls, epoch=state.epoch, random=session.random
    )
    box = roster_box(wallet.secrets[state.epoch], state.channel)
    sealed = box.seal(encode(roster.Dist(started.slots)), session.random(16))
    return Sending(started.chain, started.cursor, started.seed, session.clock()), Frame(sealed.erase, sealed.body)
