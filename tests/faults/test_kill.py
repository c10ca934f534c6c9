"""Desks and relay are killed at random points under load: nothing that was kept is lost, nothing is there twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.relay.verify import verify_store
from tests.conftest import ROOT
from tests.desk.conftest import CHEAP
from tests.desk.relays import RelayProcess
from tests.desk.world import NAMES, PHRASE, TERMS, alarms, texts, waiting

SEATS = ("ana", "hernan", "sofia")
PATIENCE = 30.0
FREE = ("--reads-rate", "1e6", "--reads-burst", "1e6", "--entries-rate", "1e6", "--entries-burst", "1e6")


@dataclass
class Worker:
    """One desk's process, started again whenever it is killed."""

    folder: Path
    name: str
    tried: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    lines: SimpleQueue[str] = field(default_factory=SimpleQueue)
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("worker.py")), str(self.folder), self.name]
        number = str(max(self.tried, default=-1) + 1)
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        self.process = subprocess.Popen([*command, number], stdout=subprocess.PIPE, text=True, env=environment)
        threading.Thread(target=self._hear, args=(self.process,), daemon=True).start()

    def _hear(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                if line.endswith("\n"):  # a line that the kill cut off says nothing
                    self.lines.put(line.strip())
        self.lines.put("")

    def until(self, said: str) -> None:
        """Note what it says until it has said this, or ended."""
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except Empty:
                raise AssertionError(f"{self.name} does nothing") from None
            verb, _, rest = line.partition(" ")
            if verb in ("try", "kept"):
                (self.tried if verb == "try" else self.kept).add(int(rest))
            if verb in (said, ""):
                return

    def kill(self) -> None:
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} died by itself"
        self.process.kill()
        self.process.wait()
        self.until("")


@contextmanager
def open_channels(folder: Path) -> Iterator[dict[str, Channel]]:
    desks = {name: Desk.open(folder / name, PHRASE) for name in SEATS}
    try:
        yield {name: desk.channel() for name, desk in desks.items()}
    finally:
        for desk in desks.values():
            desk.close()


def set_up(folder: Path, relay: RelayProcess) -> None:
    desks = [Desk.create(folder / name, PHRASE, cost=CHEAP) for name in SEATS]
    name, party, role = NAMES["ana"]
    ana = desks[0].found(relay.url, title=TERMS.title, purpose=TERMS.purpose, name=name, party=party, role=role)
    invites = [ana.invite(*NAMES[other]) for other in SEATS[1:]]
    ana.sync()
    others = [desk.join(ana.code(invite)) for desk, invite in zip(desks[1:], invites, strict=True)]
    ana.sync()
    ana.propose_charter(TERMS)
    for other in others:
        other.sync()
        other.sign_charter(other.state.charter)
    for channel in (ana, *others, ana):
        channel.sync()
    assert ana.state.stage == "open"
    for desk in desks:
        desk.close()


def play(folder: Path, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    relay = RelayProcess(folder / "relay.db", FREE)
    relay.start()
    workers = {name: Worker(folder / name, name) for name in SEATS}
    try:
        set_up(folder, relay)
        for worker in workers.values():
            worker.start()
        for _ in range(kills):
            victim = dice.choice([*SEATS, "relay"])
            watched = workers[dice.choice(SEATS) if victim == "relay" else victim]
            for _ in range(dice.randrange(1, 6)):
                watched.until(dice.choice(["try", "kept", "synced"]))
            time.sleep(dice.uniform(0.0, 0.03))  # not to wait for anything: anywhere is where it is killed
            if victim == "relay":
                relay.stop()
                relay.start()
            else:
                workers[victim].kill()
                workers[victim].start()
        for worker in workers.values():
            worker.until("kept")
            worker.kill()
        check(folder, workers)
    finally:
        for worker in workers.values():
            if worker.process is not None:
                worker.process.kill()
                worker.process.wait()
        relay.stop()
    found = verify_store(f"sqlite:{folder / 'relay.db'}")
    assert found.ok, found.problems


def check(folder: Path, workers: dict[str, Worker]) -> None:
    with open_channels(folder) as channels:
        sizes: list[int] = []
        while len(sizes) < 2 or sizes[-1] != sizes[-2]:
            for channel in channels.values():
                channel.sync()
            sizes.append(sum(channel.size for channel in channels.values()))
        one, *others = channels.values()
        for channel in channels.values():
            assert waiting(channel) == 0
            assert alarms(channel) == []
            channel.session.vault.verify()
        for other in others:
            assert other.compare_words(other.size) == one.compare_words(one.size)
            assert texts(other) == texts(one)
        heard = texts(one)
        assert len(set(heard)) == len(heard), "a note stands there twice"
        for name, worker in workers.items():
            numbers = {int(text.split()[1]) for text in heard if text.startswith(f"{name} ")}
            assert worker.kept <= numbers, "a note that was kept is lost"
            assert numbers <= worker.tried
            assert worker.kept


def test_killed_at_twenty_points(tmp_path: Path) -> None:
    play(tmp_path, kills=20, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_killed_at_a_thousand_points(tmp_path: Path, seed: int) -> None:
    play(tmp_path, kills=100, seed=seed)
