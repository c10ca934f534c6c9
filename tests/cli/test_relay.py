"""Hosts: TLS, limits, a Unix socket, a port that is taken, a store that was altered."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

from tests.cli.conftest import Person, open_channel, serve
from tests.desk.conftest import certified

__all__ = ["certified"]  # a fixture of the desk's tests


def test_tls_and_an_authority_of_ones_own(certified: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = certified
    host = serve(tmp_path / "relay.db", "--tls-cert", str(cert), "--tls-key", str(key), "--limit", "streams=3")
    try:
        assert host.url.startswith("https://127.0.0.1:")
        ana = Person(tmp_path / "ana")
        ana.run("desk", "init")
        line: tuple[str, ...] = ("channel", "found", "--relay", host.url, "--title", "T", "--purpose", "P")
        line += ("--name", "Ana")
        line += ("--party", "A", "--role", "envoy")
        assert ana.facts(*line, code=1)["error"] == "certificate"
        founded = ana.facts(*line, "--ca-file", str(cert))
        assert founded["channel"]["relay"] == host.url
        assert founded["relay_trouble"] is None
        assert ana.facts("channel", "show")["relay_trouble"]["code"] == "certificate"
    finally:
        assert host.stop() == 0


def test_what_cannot_be_served_is_told(tmp_path: Path) -> None:
    nobody = Person(tmp_path)
    store = ("relay", "serve", "--store", f"sqlite:{tmp_path / 'relay.db'}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = nobody.facts(*store, "--port", str(taken.getsockname()[1]), code=1)
    assert refused["error"] == "listen"
    (tmp_path / "no.pem").write_text("no certificate")
    pem = str(tmp_path / "no.pem")
    assert nobody.facts(*store, "--tls-cert", pem, "--tls-key", pem, code=1)["error"] == "serve"
    away = nobody.facts("relay", "serve", "--store", f"sqlite:{tmp_path}/none/relay.db", code=1)
    assert away["error"] != "bug"


def test_an_altered_store_is_found(tmp_path: Path) -> None:
    host = serve(tmp_path / "relay.db")
    open_channel(tmp_path, host.url, seats=2)
    assert host.stop() == 0
    line = ("relay", "verify", "--store", f"sqlite:{tmp_path / 'relay.db'}")
    nobody = Person(tmp_path)
    assert nobody.facts(*line)["ok"] is True
    with sqlite3.connect(tmp_path / "relay.db") as store:
        store.execute("UPDATE entries SET body = x'00' WHERE key = (SELECT max(key) FROM entries)")
    store.close()
    found = nobody.facts(*line, code=1)
    assert found["ok"] is False
    assert any("not the one" in problem for problem in found["problems"])
    assert "NOT ok" in nobody.run(*line, code=1).out
