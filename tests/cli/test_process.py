"""The command as a process: terminals, pipes, signals, bytes that are no text, completion, how fast it starts."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from backchannel.cli import main
from tests.cli.conftest import PHRASE, Person, Table

COMMAND = [sys.executable, "-m", "backchannel"]


def env(folder: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "BACKCHANNEL_DESK": str(folder), "BACKCHANNEL_PASSPHRASE": PHRASE, **more}


def run(folder: Path, *args: str | bytes, typed: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *args], input=typed, capture_output=True, env=env(folder, **more), timeout=60, check=False
    )


def test_bytes_that_are_no_text(table: Table) -> None:
    folder = table.ana.folder
    argument = run(folder, "note", "send", b"a\xffb", "--json")
    assert argument.returncode == 1
    assert json.loads(argument.stdout)["error"] == "not-text"
    stdin = run(folder, "note", "send", "-", "--json", typed=b"a\xffb")
    assert json.loads(stdin.stdout)["error"] == "not-text"
    phrase = run(folder, "desk", "status", "--json", BACKCHANNEL_PASSPHRASE=os.fsdecode(b"\xff" * 14))
    assert json.loads(phrase.stdout)["error"] == "passphrase"


def test_a_terminal_without_the_letters_gets_numbers(table: Table) -> None:
    table.hernan.run("note", "send", "漢字")
    said = run(table.ana.folder, "note", "list", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert said.returncode == 0
    assert b"\\u6f22\\u5b57" in said.stdout


def test_closed_stdin_and_closed_stdout(table: Table) -> None:
    table.ana.run("note", "send", "-", typed="word " * 30_000)
    reader = subprocess.Popen(
        [*COMMAND, "note", "list", "--full"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env(table.ana.folder),
    )
    assert reader.stdout is not None
    assert reader.stderr is not None
    reader.stdout.read(10)
    reader.stdout.close()
    assert reader.stderr.read() == b""
    reader.stderr.close()
    assert reader.wait(30) == 1
    closed = subprocess.run(
        [*COMMAND, "note", "send"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=env(table.ana.folder),
        check=False,
    )
    assert closed.returncode == 1
    assert b"The note is empty." in closed.stderr


def on_terminal(folder: Path, *args: str, typed: bytes = b"", **more: str) -> tuple[int, str]:
    """Run at a pseudo-terminal of its own, 80 columns wide."""
    child, terminal = pty.fork()
    if child == 0:  # the child: becomes the command
        wanted = {**os.environ, "BACKCHANNEL_DESK": str(folder), "TERM": "xterm-256color", "COLUMNS": "80", **more}
        os.execve(COMMAND[0], [*COMMAND, *args], wanted)  # noqa: S606
    said = b""
    try:
        for line in typed.splitlines(keepends=True):
            while not said.rstrip().endswith((b":", b"[y/N]")):
                said += os.read(terminal, 4096)
            time.sleep(0.1)  # until the terminal has stopped to echo
            os.write(terminal, line)
            said += b"\n"
        while piece := os.read(terminal, 4096):
            said += piece
    except OSError:
        pass  # how a pseudo-terminal tells that the other side has ended
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode()


def test_a_passphrase_is_never_shown(tmp_path: Path) -> None:
    secret = "a very secret phrase"
    code, said = on_terminal(tmp_path / "desk", "desk", "init", typed=f"{secret}\n{secret}\n".encode())
    assert code == 0, said
    assert said.count("New passphrase") == 2
    assert secret not in said
    code, said = on_terminal(tmp_path / "desk", "desk", "status", typed=f"{secret}\n".encode())
    assert code == 0, said
    assert secret not in said
    # from a pipe it cannot be typed unseen, so it is not taken
    piped = subprocess.run(
        [*COMMAND, "desk", "status"],
        input=secret.encode(),
        capture_output=True,
        env={k: v for k, v in env(tmp_path / "desk").items() if k != "BACKCHANNEL_PASSPHRASE"},
        start_new_session=True,
        check=False,
    )
    assert piped.returncode == 1
    assert b"no terminal here" in piped.stderr


def test_colour_on_a_terminal_only_and_not_with_no_color(table: Table) -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]m")
    _, coloured = on_terminal(table.ana.folder, "channel", "show", BACKCHANNEL_PASSPHRASE=PHRASE)
    assert colour.search(coloured)
    _, plain = on_terminal(table.ana.folder, "channel", "show", BACKCHANNEL_PASSPHRASE=PHRASE, NO_COLOR="1")
    assert not colour.search(plain)
    piped = run(table.ana.folder, "channel", "show")
    assert b"\x1b" not in piped.stdout + piped.stderr
    line = ("channel", "remove", "Chile", "--reason", "x")
    asked = on_terminal(table.ana.folder, *line, typed=b"n\n", BACKCHANNEL_PASSPHRASE=PHRASE)
    assert asked[0] == 1
    assert "Nothing was done." in asked[1]


def test_watching_ends_well_with_ctrl_c(table: Table) -> None:
    watcher = subprocess.Popen(
        [*COMMAND, "desk", "sync", "--watch", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env(table.hernan.folder),
    )
    assert watcher.stdout is not None
    assert watcher.stderr is not None
    assert json.loads(watcher.stdout.readline())["channels"] == ["Good offices"]
    table.ana.run("note", "send", "While you watch.")
    came = json.loads(watcher.stdout.readline())
    assert came["event"] == "new"
    assert came["note"]["text"] == "While you watch."
    watcher.send_signal(signal.SIGINT)
    out, err = watcher.communicate(timeout=30)
    assert (watcher.returncode, out, err) == (0, "", "")


def test_ctrl_c_elsewhere_is_one_sentence(table: Table) -> None:
    writer = subprocess.Popen(
        [*COMMAND, "note", "send", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env(table.ana.folder),
    )
    time.sleep(2.0)  # it waits for the text by now
    writer.send_signal(signal.SIGINT)
    out, err = writer.communicate(timeout=30)
    assert writer.returncode == 1
    assert out == b""
    assert err.decode().startswith("Stopped.")


def test_ctrl_c_before_anything_has_begun(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def loading(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("backchannel.cli.app.app", loading)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize(
    ("line", "words", "expected"),
    [
        ("backchannel cha", 1, "channel"),
        ("backchannel channel ver", 2, "verify-seat"),
        ("backchannel note send --rea", 3, "--read-back"),
        ("backchannel text am", 2, "amendments"),
        ("backchannel channel charter sign --des", 4, "--desk"),
    ],
)
def test_completion(line: str, words: int, expected: str, tmp_path: Path) -> None:
    asked = {"_BACKCHANNEL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(words)}
    script = Path(sys.executable).with_name("backchannel")
    done = subprocess.run([script], env=env(tmp_path, **asked), capture_output=True, text=True, check=False)
    assert expected in done.stdout.split()
    assert done.stderr == ""


def test_completion_can_be_shown(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("backchannel")
    given = env(tmp_path, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    done = subprocess.run([script, "--show-completion", "bash"], env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "_BACKCHANNEL_COMPLETE" in done.stdout


def test_help_starts_fast_and_loads_no_desk(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from backchannel.cli.app import app\n"
        "try: app(['--help'], prog_name='backchannel')\n"
        "except SystemExit as end: code = end.code\n"
        "heavy = {'httpx', 'nacl', 'cryptography', 'sqlcipher3', 'uvicorn', 'argon2', 'websockets'}\n"
        "print(code, sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=env(tmp_path), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_module_and_help_of_everything(tmp_path: Path) -> None:
    assert run(tmp_path, "--help").returncode == 0
    nobody = Person(tmp_path)
    seen = []
    todo = [()]
    while todo:
        line: tuple[str, ...] = todo.pop()
        said = nobody.run(*line, "--help").out
        seen.append(line)
        commands = said.partition("Commands")[2]
        todo += [(*line, name) for name in re.findall(r"^│ ([a-z-]+) ", commands, re.MULTILINE)]
        assert max(len(row) for row in said.splitlines()) <= 80
    assert len(seen) > 40
    assert nobody.run(code=2).err.startswith("\n") or "Usage" in nobody.run(code=2).both


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other ways")
def test_nobody_reads_the_memory_of_an_open_desk(table: Table) -> None:
    """No core file, and no debugger of the same user: what is in memory while a desk is open stays there."""
    command = [*COMMAND, "desk", "open", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env(table.ana.folder)) as opened:
        assert opened.stdout is not None
        assert b"open" in opened.stdout.readline()
        limits = Path(f"/proc/{opened.pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits)
        opened.send_signal(signal.SIGINT)
    private = "from backchannel.cli.private import keep_private; keep_private(); "
    ask = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    for code, said in ((ask, b"1\n"), (private + ask, b"0\n")):
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == said


def test_the_terminal_locks_without_a_browser(table: Table) -> None:
    """A browser that hangs, or was closed, locks nothing."""
    ours, theirs = pty.openpty()
    command = [*COMMAND, "desk", "open", "--no-browser"]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, env=env(table.ana.folder)) as opened:
        os.close(theirs)
        assert opened.stdout is not None
        said = b""
        while b"Ctrl-C" not in said:
            said += opened.stdout.readline()
        assert b"l and Enter" in said
        found = re.search(rb"http://(\S+?)/enter\S+", said)
        assert found is not None
        host, link = found[1].decode(), found[0].decode()
        with httpx.Client(follow_redirects=True, headers={"origin": f"http://{host}", "accept-language": "en"}) as one:
            page = one.get(link).text
            form = {name: re.search(rf'name="{name}" value="(\w+)"', page)[1] for name in ("_form", "_number")}  # type: ignore[index]
            assert (
                'data-state="open"'
                in one.post(
                    f"http://{host}/unlock", data={**form, "do": "unlock", "back": "/", "passphrase": PHRASE}
                ).text
            )
            os.write(ours, b"l\n")
            while b"Locked" not in said:
                said += opened.stdout.readline()
            assert 'data-state="open"' not in one.get(f"http://{host}/").text
        opened.send_signal(signal.SIGINT)
    os.close(ours)
