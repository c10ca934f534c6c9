"""Limits that the documents state are real. If one of these fails, a promise has become larger: say so in docs/."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from backchannel.channel.charter import Terms
from backchannel.demo import relay
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.desk.vault.keyfile import Cost
from backchannel.errors import Misuse
from backchannel.seal import roster
from backchannel.seal.box import Sealed, roster_box
from backchannel.seal.chain import open_entry, tag
from backchannel.seal.dist import open_dist

PHRASE = "correct horse battery"
CHEAP = Cost(8 * 1024, 1, 1)
DAY = 86_400


class Table:
    """A relay and the desks of (name, party), all in one open channel; the first has founded it."""

    def __init__(self, folder: Path, url: str, seats: list[tuple[str, str]]) -> None:
        self.folder, self.store = folder, folder / "relay.db"
        self.desks = [Desk.create(folder / name, PHRASE, cost=CHEAP) for name, _ in seats]
        (name, party), *others = seats
        founder = self.desks[0].found(url, title="T", purpose="P", name=name, party=party, role="envoy")
        invites = [founder.invite(guest, side, "envoy") for guest, side in others]
        founder.sync()
        codes = [founder.code(invite) for invite in invites]
        self.channels = [founder, *(desk.join(code) for desk, code in zip(self.desks[1:], codes, strict=True))]
        self.together()
        founder.propose_charter(Terms("T", "P", "envoy", "attributed", 30, "all", "all", "none"))
        self.together()
        for channel in self.channels[1:]:
            channel.sign_charter(channel.state.charter)
        self.together()

    def together(self) -> None:
        for _ in range(3):
            for channel in self.channels:
                channel.sync()

    def recorded(self) -> list[tuple[bytes, bytes]]:
        """What a host can have kept: (erase commitment, body) of each entry."""
        with closing(sqlite3.connect(self.store)) as db:
            return [(leaf[44:], body) for leaf, body in db.execute("SELECT leaf, body FROM entries ORDER BY key")]


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Any]:
    with relay.running(tmp_path / "relay.db") as host:
        tables: list[Table] = []

        def sit_(*seats: tuple[str, str]) -> Table:
            tables.append(Table(tmp_path, host.url, list(seats)))
            return tables[-1]

        yield sit_
        for table in tables:
            for desk in table.desks:
                desk.close()


def reopened(channel: Channel, recorded: list[tuple[bytes, bytes]]) -> list[bytes]:
    """The bodies that recorded ciphertext and the keys on an open desk give back."""
    state, found = channel.state, []
    wallet = channel.session.engine.wallet
    box = roster_box(wallet.secrets[state.epoch], channel.id)
    starts = [box.open(Sealed(body, erase)) for erase, body in recorded if box.recognises(body)]
    for start in map(roster.open_roster, starts):
        if not isinstance(start, roster.Dist):
            continue
        opened = open_dist(channel.id, start.slots, wallet.me, wallet.identity, wallet.prekeys, state.keys)
        if opened is None:
            continue
        chain, cursor = opened
        for _, body in recorded:
            if body[:16] == tag(chain, cursor.i):
                opening = open_entry(channel.id, chain, cursor, cursor.i, body)
                cursor = opening.after
                found.append(opening.body)
    return found


def test_a_deleted_note_comes_back_from_a_recorded_log_and_an_open_desk(sit: Any) -> None:
    """docs/soundness.md: forward secrecy has a grain, until the receiving key is destroyed."""
    table = sit(("Ana", "X"), ("Bo", "Y"))
    table.channels[0].send_note("Gone tomorrow.", keep_days=1)
    table.together()
    recorded = table.recorded()
    table.desks.pop().close()
    table.channels.pop()
    with Desk.open(table.folder / "Bo", PHRASE, clock=lambda: time.time() + 6 * DAY) as late:
        channel = late.channel()
        channel.sync()
        assert [item.value.text for item in channel.items("note")] == [""]
        assert any(b"Gone tomorrow." in body for body in reopened(channel, recorded))
        late.vault.execute("DELETE FROM prekey")
    with Desk.open(table.folder / "Bo", PHRASE) as later:  # the receiving key was what gave it back
        assert reopened(later.channel(), recorded) == []


def test_of_two_parties_neither_can_put_the_other_out(sit: Any) -> None:
    """docs/decisions/0006: nobody would be left to be asked. Whoever wants to go can."""
    table = sit(("Ana", "X"), ("Ben", "X"), ("Carla", "Y"))
    ana, _, carla = table.channels
    with pytest.raises(Misuse) as refused:
        ana.remove(ana.seat("Carla").id, "Alone.")
    assert refused.value.code == "last"
    carla.remove(carla.me, "I go.")
    table.together()
    assert {seat.name: seat.standing for seat in ana.state.seats}["Carla"] == "gone"


def test_a_kind_of_entry_can_be_told_by_its_size(sit: Any) -> None:
    """docs/threat-model.md gives these figures."""
    table = sit(("Ana", "X"), ("Bo", "Y"), ("Carla", "Z"))
    table.channels[0].send_note("Short.")
    table.together()
    logged = table.channels[0].session.book.entries.log()
    sizes = {one.kind or one.verdict: one.leaf.length for one in logged}
    assert sizes["note.send"] == sizes["closed"] == 592
    assert sizes["start"] == 6480
    assert sizes["join"] == 5712
    assert sizes["assent"] == 3664
    assert 3664 <= sizes["charter"] <= 3920  # by the length of its purpose
    assert sizes["rotate"] == 8784
