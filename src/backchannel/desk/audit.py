"""Audit: the whole record of a channel checked again, from the relay and from this desk (`channel verify`)."""

from __future__ import annotations

from typing import NamedTuple

from backchannel.channel.engine import Engine, Record
from backchannel.channel.lines import Lines
from backchannel.channel.state import State
from backchannel.desk import understandings
from backchannel.desk.channel import Channel
from backchannel.desk.syncing import Progress
from backchannel.errors import BackchannelError, RelayFault, RelayRefused
from backchannel.instruments import ERASABLE
from backchannel.instruments.understanding import record
from backchannel.instruments.understanding.rules import STATES
from backchannel.instruments.understanding.values import Understanding
from backchannel.ledger.faults import fault
from backchannel.ledger.history import History
from backchannel.ledger.origin import origin_line


class Finding(NamedTuple):
    """One thing that was checked: its name, whether it holds, and what was seen."""

    name: str
    ok: bool
    detail: str


def audit(channel: Channel, progress: Progress = lambda done, total: None) -> list[Finding]:
    """Read the whole log again from the relay and compare; judge the roster again from the first entry; verify every
    understanding. Changes nothing. Raises `Unreachable` or `RelayRefused` if the log cannot be read."""
    with channel.session.turn():
        local, state = channel.session.history, channel.session.state
        wallet, credential = channel.session.engine.wallet, channel.session.book.credential()[1]
        key, size, root = channel.session.book.cover().relay_key, local.size, local.root()
    fresh = History(origin_line(channel.name), key)
    engine = Engine(
        wallet._replace(prekeys=()), State(channel.id), Lines(), erasable=ERASABLE, root_at=lambda n: fresh.root(n)
    )
    missing = 0
    try:
        while fresh.size < size or fresh.owed:  # leave to erase may stand beyond what this desk has read
            asked = channel.session.clock()
            answer = channel.client.read(channel.name, credential, fresh.size)
            verified = fresh.check(answer, channel.session.clock(), asked)
            fresh.commit(verified)
            seen = [s for s in verified.records if s.index < size]
            missing += sum(s.body is None for s in seen)
            engine.process([Record.of(s) for s in seen])
            progress(fresh.size, answer.head)
            if not verified.records:
                raise fault("range", f"It has {answer.head} entries, it says, and shows {fresh.size}.")
    except RelayFault as problem:
        return [Finding("record", False, problem.what)]
    except RelayRefused as problem:
        if problem.code != "rotated" or fresh.size < size:
            raise
        missing -= sum(
            index < size for index in fresh.owed
        )  # gone since this seat left: it may not read by whose leave
    same = fresh.root(size) == root
    findings = [
        Finding(
            "record",
            same,
            f"{size} entries, the same at the relay as on this desk; {missing} erased with leave"
            if same
            else "The relay shows another history than the one this desk has verified.",
        ),
        Finding(
            "roster",
            engine.state == state,
            f"charter and seats follow from the signed acts (round {state.epoch})"
            if engine.state == state
            else "The seats on this desk do not follow from the signed acts in the log.",
        ),
    ]
    return findings + [_understanding(channel, held.value) for held in channel.items("understanding")]


def _understanding(channel: Channel, item: Understanding) -> Finding:
    name = f"understanding {item.at.position}"
    if item.state != "complete":
        return Finding(name, True, f"{item.terms.title}: {STATES[item.state]}")
    try:
        record.verify(record.read(understandings.record(channel, item)))
    except BackchannelError as problem:
        return Finding(name, False, problem.what)
    signed = " and ".join(party.name for party in item.terms.parties)
    return Finding(name, True, f"{item.terms.title}: signed by {signed}, both signatures of each hold")
