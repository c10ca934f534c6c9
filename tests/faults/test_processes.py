"""Several programs on one desk, each a process of its own, at a real relay."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from backchannel.desk.desk import Desk
from tests.conftest import ROOT
from tests.desk.relays import relay_process
from tests.desk.world import PHRASE, alarms, texts, waiting
from tests.faults.test_kill import FREE, open_channels, set_up

WATCHER = textwrap.dedent(
    """
    import sys, threading
    from backchannel.desk.desk import Desk
    from tests.desk.world import PHRASE, texts

    stop = threading.Event()
    with Desk.open(sys.argv[1], PHRASE) as desk:
        channel = desk.channel()
        for events in channel.watch(stop):
            print(len(texts(channel)), flush=True)
            if "the end" in texts(channel):
                stop.set()
    """
)


def test_one_program_watches_while_another_writes(tmp_path: Path) -> None:
    """The watcher reads, posts and renews beside a program that writes to the same vault: nothing lost or twice."""
    with relay_process(tmp_path / "relay.db", *FREE) as relay:
        set_up(tmp_path, relay)
        watcher = subprocess.Popen(
            [sys.executable, "-c", WATCHER, str(tmp_path / "ana")],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        )
        try:
            assert watcher.stdout is not None
            assert watcher.stdout.readline() == "0\n"
            with Desk.open(tmp_path / "ana", PHRASE) as desk, Desk.open(tmp_path / "hernan", PHRASE) as other:
                ana, hernan = desk.channel(), other.channel()
                for n in range(25):
                    ana.send_note(f"ana {n}")
                    hernan.send_note(f"hernan {n}")
                    if n % 5 == 0:
                        ana.sync()
                relay.stop()
                ana.send_note("while the relay was away")
                relay.start()
                ana.sync()
                hernan.send_note("the end")
                hernan.sync()
            watcher.communicate(timeout=40)
            assert watcher.returncode == 0
        finally:
            watcher.kill()
            watcher.wait()
        with open_channels(tmp_path) as channels:
            for _ in range(2):
                for channel in channels.values():
                    channel.sync()
            expected = [f"{who} {n}" for n in range(25) for who in ("ana", "hernan")]
            expected += ["the end", "while the relay was away"]
            for channel in channels.values():
                assert sorted(texts(channel)) == sorted(expected)
                assert (waiting(channel), alarms(channel)) == (0, [])
