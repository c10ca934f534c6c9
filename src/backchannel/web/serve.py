"""The server of one desk: on a loopback address of its own, until it is told to end (spec/web.md, 1)."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn

from backchannel.web.app import App
from backchannel.web.door import DOOR
from backchannel.web.keeper import IDLE_SECONDS, Keeper
from backchannel.web.peers import Near
from backchannel.web.sessions import Sessions
from backchannel.web.table import TABLE, frame


class Open(NamedTuple):
    """A running server."""

    host: str
    keeper: Keeper
    sessions: Sessions

    def link(self) -> str:
        """A link that lets one browser in, once, within two minutes."""
        return f"http://{self.host}/enter?t={self.sessions.link()}"


def address(folder: Path) -> str:
    """The loopback address of a desk: cookies know hosts, and not ports (1.1)."""
    one, two, three = sha256(str(folder.resolve()).encode()).digest()[:3]
    return f"127.{64 + one % 128}.{two}.{1 + three % 254}"


def listen(folder: Path, port: int = 0) -> socket.socket:
    """A socket on the desk's own address, or on 127.0.0.1 where a system has no other."""
    for host in (address(folder), "127.0.0.1"):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            found.bind((host, port))
        except OSError:
            found.close()
            continue
        found.listen()  # whoever comes before the server is up waits, and is not refused
        return found
    raise OSError("no loopback address can be listened on")


@contextmanager
def running(folder: Path, options: dict[str, Any], *, port: int = 0, idle: float = IDLE_SECONDS) -> Iterator[Open]:
    """A server for the desk in `folder`; options as in `Desk`. The vault is closed at the end."""
    listening = listen(folder, port)
    host = "{}:{}".format(*listening.getsockname())
    keeper, sessions = Keeper(folder, options, idle=idle), Sessions(os.urandom)
    cookie = f"backchannel-{listening.getsockname()[1]}"
    app = App(keeper, sessions, host, cookie, TABLE, DOOR, frame)
    config = uvicorn.Config(
        app.asgi,
        http=Near,
        ws="none",
        proxy_headers=False,
        access_log=False,
        log_level="critical",
        server_header=False,
        date_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Open(host, keeper, sessions)
    finally:
        server.should_exit = True
        keeper.lock()
        keeper.changed()  # streams wait for that
        thread.join(timeout=5)
        listening.close()
