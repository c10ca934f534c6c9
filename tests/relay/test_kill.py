"""A relay that is killed at any moment under load loses nothing that it acknowledged, and repeats nothing."""

from __future__ import annotations

import http.client
import random
import shutil
import threading
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from backchannel.ledger.wire import Frame, decode_range
from backchannel.relay.verify import verify_store
from tests.relay.host import FAST, Channel, start

CLIENTS = 4
LEAST, MOST = 0.01, 0.25
"""Seconds of load before the process is killed."""


@dataclass
class Client:
    """One client of a log: appends, waits for each answer, and remembers what was acknowledged."""

    number: int
    channel: Channel
    acknowledged: dict[int, bytes] = field(default_factory=dict)
    pending: Frame | None = None
    counter: int = 0

    def run(self, port: int) -> None:
        """Append until the connection breaks; begin with what was not answered last time."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            while True:
                if self.pending is None:
                    self.counter += 1
                    text = b"%d:%d:" % (self.number, self.counter)
                    self.pending = Frame(sha256(text).digest(), text.ljust(300 + self.number, b"."))
                request = self.channel.append([self.pending])
                connection.request("POST", request["url"], request["content"], request["headers"])
                answer = connection.getresponse()
                said = answer.read()
                assert answer.status == 200, said
                index = int(said.split(b"[")[1].split(b"]")[0])
                assert index not in self.acknowledged
                self.acknowledged[index] = self.pending.body
                self.pending = None
        except (OSError, http.client.HTTPException):
            return  # it was killed
        finally:
            connection.close()


def killed(path: Path, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    channels = [Channel(number) for number in range(2)]
    clients = [Client(number, channels[number % 2]) for number in range(CLIENTS)]
    for n in range(rounds):
        relay = start(path, *FAST)
        try:
            if n == 0:
                for channel in channels:
                    assert httpx.post(relay.url + channel.path, json=channel.keys).status_code == 201
            port = int(relay.url.rpartition(":")[2])
            threads = [threading.Thread(target=client.run, args=(port,)) for client in clients]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(LEAST, MOST))
        finally:
            relay.kill()
            relay.process.communicate()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        check(path, clients, channels)


def check(path: Path, clients: list[Client], channels: list[Channel]) -> None:
    """On a copy, as the file stands after the kill, with its write-ahead log."""
    copy = path.with_name("copy.db")
    for suffix in ("", "-wal"):
        source, target = Path(f"{path}{suffix}"), Path(f"{copy}{suffix}")
        target.unlink(missing_ok=True)
        if source.exists():
            shutil.copy(source, target)
    report = verify_store(f"sqlite:{copy}")
    assert report.ok, report.problems
    relay = start(copy, *FAST)
    try:
        for channel in channels:
            bodies: list[bytes] = []
            with httpx.Client(base_url=relay.url) as client:
                while True:
                    answer = decode_range(client.get(**channel.reading(len(bodies))).content)
                    bodies += [entry.body or b"" for entry in answer.records]
                    if len(bodies) == answer.head:
                        break
            assert len(set(bodies)) == len(bodies)  # nothing twice
            mine = [client for client in clients if client.channel is channel]
            acknowledged = {i: body for client in mine for i, body in client.acknowledged.items()}
            assert {i: bodies[i] for i in acknowledged if i < len(bodies)} == acknowledged  # nothing lost
            pending = {client.pending.body for client in mine if client.pending}
            assert set(bodies) - set(acknowledged.values()) <= pending  # nothing made up
    finally:
        relay.kill()
        relay.process.communicate()


def test_killed_at_twenty_random_points(tmp_path: Path) -> None:
    killed(tmp_path / "relay.db", rounds=20, seed=20)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_killed_at_a_thousand_random_points(tmp_path: Path, seed: int) -> None:
    killed(tmp_path / "relay.db", rounds=100, seed=seed)
