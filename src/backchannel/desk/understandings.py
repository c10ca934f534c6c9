"""Understandings at this desk: propose a text, initial it, sign it for good, show what was signed
(spec/understanding.md)."""

from __future__ import annotations

from collections.abc import Iterable

from backchannel.desk.channel import Channel
from backchannel.desk.mandates import resting_on
from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.instruments.base import current
from backchannel.instruments.understanding import anchor, clauses, jws, values
from backchannel.instruments.understanding import record as records
from backchannel.instruments.understanding.payload import payload
from backchannel.instruments.understanding.values import Annex, Understanding
from backchannel.seal.keys import Signer


def propose(
    channel: Channel,
    title: str,
    words: str,
    signatories: Iterable[SeatId],
    to: Iterable[SeatId] | None = None,
    annexes: Iterable[Annex] = (),
) -> None:
    """Propose a text, clause by clause, that the named seats are to initial and sign."""
    body = values.Propose(
        text.line(text.tidy(title), "title"),
        clauses.split(text.tidy(words)),
        tuple(annexes),
        tuple(sorted(set(signatories))),
        channel.session.random(32),
    )
    channel.say("understanding.propose", body, to)


def initial(channel: Channel, item: Understanding) -> None:
    """This is the text."""
    keys = _signer(channel).keys
    rests = resting_on(channel, "initial", _readers(channel, item))
    _follow(channel, item, "understanding.initial", values.Initial(item.id, item.digest, keys, rests))


def refer(channel: Channel, item: Understanding) -> None:
    """The capital has yet to agree to what was initialled."""
    _follow(channel, item, "understanding.referendum", values.Referendum(item.id))


def sign(channel: Channel, item: Understanding) -> None:
    """Bind oneself, with keys that last: this cannot be denied later."""
    if not item.agreed:
        raise Misuse("not-initialled", "Not all have initialled this text, so nobody signs it yet.")
    ed, mldsa = jws.sign(_signer(channel), channel.me, payload(channel.id, item))
    rests = resting_on(channel, "sign", _readers(channel, item))
    _follow(channel, item, "understanding.sign", values.Sign(item.id, item.digest, ed, mldsa, rests))


def withdraw(channel: Channel, item: Understanding, reason: str) -> None:
    """It will not come about."""
    _follow(channel, item, "understanding.withdraw", values.Withdraw(item.id, text.tidy(reason)))


def record(channel: Channel, item: Understanding) -> bytes:
    """The record of a complete understanding, which verifies by itself."""
    return records.write(records.of(channel.id, item))


def anchor_proof(channel: Channel, item: Understanding) -> anchor.Proof:
    """What shows a stranger that the log holds what was signed; it opens that entry and no other."""
    return anchor.proof(channel.id, item)


def _signer(channel: Channel) -> Signer:
    with channel.session.turn():
        return channel.session.engine.wallet.identity.signer(channel.id)


def _readers(channel: Channel, item: Understanding) -> tuple[SeatId, ...]:
    return current(item.audience, channel.state)


def _follow(channel: Channel, item: Understanding, kind: str, body: Value) -> None:
    channel.say(kind, body, _readers(channel, item))
