from __future__ import annotations

import io
import sys
import time

import pytest

from backchannel.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, *, quiet: bool, terminal: bool = True, seconds: float = 0.3) -> str:
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    with progress("Reading [bold]\x1b[2J", quiet=quiet) as told:
        told(1, 10)
        time.sleep(seconds)
        told(5, 10)
        told(5, 0)
    return stream.getvalue()


def test_what_takes_long_shows_progress_and_takes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    said = shown(monkeypatch, quiet=False)
    assert "Reading [bold]<U+001B>[2J" in said
    assert said.endswith(("\x1b[2K", "\x1b[?25h", "\x1b[1A\x1b[2K"))


@pytest.mark.parametrize(("quiet", "terminal"), [(True, True), (False, False), (True, False)])
def test_json_and_pipes_show_none(monkeypatch: pytest.MonkeyPatch, quiet: bool, terminal: bool) -> None:
    assert shown(monkeypatch, quiet=quiet, terminal=terminal, seconds=0.05) == ""


def test_what_is_quick_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.cli.progress.AFTER", 30.0)
    assert shown(monkeypatch, quiet=False, seconds=0.0) == ""
