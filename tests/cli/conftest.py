"""What the command line's tests share: a relay process, people with cheap desks, an open channel."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer.main
import typer.testing
from typer.testing import CliRunner

from backchannel.channel.charter import Terms
from backchannel.cli import progress
from backchannel.cli.app import app
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.desk.link.client import RelayClient
from backchannel.desk.link.patience import Backoff
from backchannel.desk.vault import backup
from tests.desk.conftest import CHEAP

PHRASE = "herring in the cellar"
BACKUP = "a lamp under the stairs"
TERMS = Terms("Good offices", "Avoid war.", "envoy", "attributed", 30, "all", "all", "none")
PEOPLE = {
    "ana": ("Ana P.", "Argentina", "envoy"),
    "hernan": ("Hernán C.", "Chile", "envoy"),
    "sofia": ("Sofia S.", "Holy See", "intermediary"),
    "pia": ("Pia A.", "Argentina", "principal"),
}


@pytest.fixture(scope="session", autouse=True)
def tree_built_once() -> Iterator[None]:
    """Typer's runner builds the whole command tree for every line; a process of its own does it once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cheap Argon2 and impatient clients: defaults of functions, replaced from here; the program has no such switch."""
    for function in (Desk.create.__func__, backup.backup, backup.restore):  # type: ignore[attr-defined]
        assert function.__kwdefaults__ is not None
        monkeypatch.setitem(function.__kwdefaults__, "cost", CHEAP)
    defaults = RelayClient.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "backoff", Backoff(tries=1))
    for name in [name for name in os.environ if name.startswith("BACKCHANNEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(progress, "AFTER", 0.0)


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str
    both: str

    @property
    def json(self) -> Any:
        assert self.out.count("\n") == 1, self.both
        return json.loads(self.out)


@dataclass
class Person:
    """Somebody at a desk, typing commands."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, typed: str | bytes | None = None, code: int = 0, **env: str) -> Answer:
        """Run a command in this process; its exit code must be `code`."""
        given = {"BACKCHANNEL_DESK": str(self.folder), "BACKCHANNEL_PASSPHRASE": PHRASE, **self.env, **env}
        result = CliRunner().invoke(app, list(args), input=typed, env=given, prog_name="backchannel")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, (args, result.exit_code, result.output)
        return Answer(result.exit_code, result.stdout, result.stderr, result.output)

    def facts(self, *args: str, typed: str | None = None, code: int = 0, **env: str) -> Any:
        """The same with --json: the one object that it answers with."""
        return self.run(*args, "--json", typed=typed, code=code, **env).json

    def desk(self) -> Desk:
        return Desk.open(self.folder, PHRASE)


@dataclass
class Table:
    """An open channel and the people in it."""

    ana: Person
    hernan: Person
    sofia: Person
    relay: str

    @property
    def all(self) -> tuple[Person, ...]:
        return self.ana, self.hernan, self.sofia


@dataclass
class Host:
    """A relay process, run by `backchannel relay serve`."""

    url: str
    store: Path
    process: subprocess.Popen[str]
    verifier: str
    founding: str

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def serve(store: Path, *options: str, **env: str) -> Host:
    """Start a relay on a free port."""
    command = [
        sys.executable,
        "-m",
        "backchannel",
        "relay",
        "serve",
        "--store",
        f"sqlite:{store}",
        "--port",
        "0",
        "--json",
    ]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env={**os.environ, **env})
    assert process.stdout is not None
    atexit.register(process.kill)  # should a test fail before it stops it; nothing to a process that has ended
    ready = json.loads(process.stdout.readline())
    return Host(ready["url"], store, process, ready["verifier"], ready["founding"])


@pytest.fixture(scope="session")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a relay that all tests of this process share."""
    host = serve(tmp_path_factory.mktemp("relay") / "relay.db")
    yield host.url
    assert host.stop() == 0


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name is short enough for messages about it to fit one line."""
    with tempfile.TemporaryDirectory(prefix="bc") as folder:
        yield Path(folder)


@pytest.fixture
def person(tmp_path: Path) -> Callable[[str], Person]:
    """People by name, without desks yet."""
    return lambda name: Person(tmp_path / name)


def open_channel(folder: Path, url: str, *, seats: int = 3, title: str = "Good offices") -> dict[str, Channel]:
    """Desks in `folder` with an open channel between them, made by the Python interface."""
    names = list(PEOPLE)[:seats]
    desks = {name: Desk.create(folder / name, PHRASE, cost=CHEAP) for name in names}
    who, party, role = PEOPLE["ana"]
    founder = desks["ana"].found(url, title=title, purpose="Avoid war.", name=who, party=party, role=role)
    invites = {name: founder.invite(*PEOPLE[name]) for name in names[1:]}
    founder.sync()
    channels = {"ana": founder}
    for name, invite in invites.items():
        channels[name] = desks[name].join(founder.code(invite))
    founder.sync()
    founder.propose_charter(TERMS)
    for name in names[1:]:
        channels[name].sync()
        channels[name].sign_charter(channels[name].state.charter)
    for channel in (*channels.values(), *channels.values()):
        channel.sync()
    assert {channel.state.stage for channel in channels.values()} == {"open"}
    for desk in desks.values():
        desk.close()
    return channels


def table_in(folder: Path, url: str) -> Table:
    """Three seats in an open channel, their desks in `folder`."""
    open_channel(folder, url)
    return Table(Person(folder / "ana"), Person(folder / "hernan"), Person(folder / "sofia"), url)


@pytest.fixture
def table(tmp_path: Path, relay: str) -> Table:
    """Three seats in an open channel."""
    return table_in(tmp_path, relay)


@pytest.fixture
def unreachable(tmp_path: Path) -> Table:
    """Three seats in an open channel whose relay is gone."""
    host = serve(tmp_path / "relay.db")
    table = table_in(tmp_path, host.url)
    assert host.stop() == 0
    return table


def copy(person: Person, folder: Path) -> Person:
    """The same desk in another folder."""
    shutil.copytree(person.folder, folder)
    return Person(folder)
