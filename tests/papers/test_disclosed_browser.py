"""A real browser shows the page of a disclosure: whatever people wrote in it, nothing runs and nothing is fetched."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from backchannel.papers.disclosed import Clause, Notice, Signed, html, notice
from tests.conftest import ROOT
from tests.papers.test_disclosed import page

PROOF = "It ran"


@pytest.fixture(scope="module")
def browser() -> str:
    """Chromium without a window; where apt can install it, it does."""
    if shutil.which("chromium-headless-shell") is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run([ROOT / "tools" / "debian", "chromium-headless-shell"], capture_output=True, timeout=300)
    found = shutil.which("chromium-headless-shell")
    if found is None:
        pytest.skip("no Chromium on this machine, and none could be installed")
    return found


class Listener(ThreadingHTTPServer):
    """Takes note of whatever is asked of it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Noting)
        self.asked: list[str] = []


class Noting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Listener)
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def hostile(port: int, k: int) -> str:
    """Ways out of an element, an attribute, a title, a comment and a style; each asks for something of its own."""
    at = f"http://127.0.0.1:{port}/{k}"
    return (
        f"</title></style></code></span>--><script>document.title='{PROOF}';fetch('{at}-fetch')</script>"
        f"<script src='{at}-script'></script><img src={at}-img onerror=\"document.title='{PROOF}'\">"
        f"<link rel=stylesheet href={at}-css><iframe src='{at}-frame'></iframe>"
        f"<style>*{{background:url({at}-url)}}</style>"
        f"<meta http-equiv=refresh content='0;url={at}-go'><base href={at}-base>"
        f"\"' onload=\"document.title='{PROOF}'\" &lt;script&gt; ]]> {{{{{k}}}}}"
    )


def shown(browser: str, file: Path, folder: Path) -> str:
    """The page as the browser has it once it is loaded."""
    flags = ["--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=3000"]
    ran = subprocess.run([browser, *flags, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=90)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.timeout(600)
def test_nothing_runs_and_nothing_is_fetched(browser: str, listener: Listener, tmp_path: Path) -> None:
    words = iter(hostile(listener.server_port, k) for k in range(99))
    made = page(
        title=next(words), to=next(words), signed=(Signed(*(next(words) for _ in range(5))),),
        clauses=(Clause(1, next(words)), Clause(2, None)), summary=next(words), lines=next(words),
        proved=(next(words),), open=(next(words),), bundle=next(words), digest=next(words), comments=next(words),
        replaces=next(words),
    )  # fmt: skip
    gone = notice(Notice(*(next(words) for _ in range(5))))
    for name, written in (("page", html(made)), ("notice", gone)):
        file = tmp_path / f"{name}.html"
        file.write_text(written, encoding="utf-8")
        seen = shown(browser, file, tmp_path)
        assert not re.findall(r"<(script|img|link|iframe|base|a|form)\b", seen)
        assert seen.count("<style>") == 1
        assert f"<title>{PROOF}" not in seen
        assert seen.count("{{") >= 5
    assert listener.asked == []


@pytest.mark.timeout(600)
def test_the_same_without_our_care_would_be_noticed(browser: str, listener: Listener, tmp_path: Path) -> None:
    file = tmp_path / "open.html"
    file.write_text(f"<title>t</title><p>{hostile(listener.server_port, 7)}</p>", encoding="utf-8")
    seen = shown(browser, file, tmp_path)
    assert PROOF in seen or listener.asked
    assert any(path.startswith("/7-") for path in listener.asked)
