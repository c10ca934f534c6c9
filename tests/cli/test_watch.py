"""Following channels: what comes, silence, a relay that lies, the end of a seat."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backchannel.cli import watch
from backchannel.desk.channel import Channel
from backchannel.errors import BackchannelError, RelayFault, Unreachable
from tests.cli.conftest import Table

Script = list[list[Any] | BackchannelError | Exception]


def follow(monkeypatch: pytest.MonkeyPatch, script: Script, told: tuple[object, ...] = ()) -> None:
    """Channels give what the script says, then end."""
    left = list(script)

    def watching(self: Channel, stop: threading.Event, heard: Callable[[object], None]) -> Iterator[list[Any]]:
        for one in told:
            heard(one)
        while left:
            one = left.pop(0)
            if isinstance(one, Exception):
                raise one
            yield one

    monkeypatch.setattr(Channel, "watch", watching)
    monkeypatch.setattr(watch, "AGAIN", 0.0)


def test_news_are_told_as_they_come(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    table.ana.run("note", "send", "Hello.")
    table.ana.run("understanding", "propose", "--title", "Act", "--text", "No.", "--sign", "Ana", "--sign", "Chile")
    table.ana.run("channel", "invite", "--name", "Emil", "--party", "Norway", "--role", "expert")
    with table.hernan.desk() as desk:
        events = desk.channel().sync().events
    follow(monkeypatch, [events])
    said = table.hernan.run("desk", "sync", "--watch", code=1).out
    assert said.startswith("Watching Good offices. Ctrl-C ends it.")
    for expected in ("Ana P. to Hernán C. and Sofia S.", "| Hello.", "Act", "invitation of Emil"):
        assert expected in said
    assert "you are no longer in this channel" in said
    follow(monkeypatch, [events])
    lines = [
        json.loads(line) for line in table.hernan.run("desk", "sync", "--watch", "--json", code=1).out.splitlines()
    ]
    assert [line["event"] for line in lines] == ["watching", "new", "new", "new", "ended"]


def test_silence_is_waited_out(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(monkeypatch, [Unreachable("refused", "Nobody listens."), []], (Unreachable("broken", "It broke."), None))
    said = table.ana.run("desk", "sync", "--watch", code=1).out
    assert "Good offices: It broke." in said
    assert "Good offices: the relay is back." in said
    assert "Good offices: Nobody listens." in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RelayFault("fork", "Two histories.", "Compare."), "Two histories."),
        (ZeroDivisionError("x"), "ZeroDivisionError"),
    ],
)
def test_what_ends_it_is_told(table: Table, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    follow(monkeypatch, [error])
    assert said in table.ana.run("desk", "sync", "--watch", code=1).out


def test_sync_tells_what_was_not_accepted(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    from backchannel.channel.engine import Event, Record
    from backchannel.channel.state import At
    from backchannel.desk.syncing import Report
    from backchannel.errors import Rejected

    record = Record(At(7, 5_983_333), bytes(32), bytes(32), b"")
    events = [
        Event(record, "rejected", error=Rejected("rule", "This cannot be done.")),
        Event(record, "erased"),
        Event(record, "closed"),
    ]
    monkeypatch.setattr(Channel, "sync", lambda self, told: Report(events, 0))
    said = table.ana.run("desk", "sync").out
    assert "7  not accepted" in said
    assert "This cannot be done." in said
    assert "an entry whose text is gone" in said
    new = table.ana.facts("desk", "sync")["channels"][0]["new"]
    assert [one["what"] for one in new] == ["not accepted", "an entry whose text is gone"]
