"""`backchannel demo --open`: three desks half way through, behind their pages, with the relay running."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from backchannel.demo.halfway import until_handed_over
from backchannel.demo.scenario import load


def test_it_ends_before_anybody_leaves() -> None:
    scenario = load()
    scenes = until_handed_over(scenario)
    assert 0 < len(scenes) < len(scenario.scene)
    assert not [act for scene in scenes for act in scene.act if act.do in ("hand-over", "take-over")]


@pytest.mark.soak
@pytest.mark.timeout(240)
def test_three_desks_are_left_open(tmp_path: Path) -> None:
    command = [
        str(part)
        for part in (
            Path(sys.executable).with_name("backchannel"),
            "--json",
            "demo",
            "--open",
            "--folder",
            tmp_path / "talk",
        )
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        told = json.loads(program.stdout.readline())
        assert len(told["desks"]) == 3
        assert len({one["link"].partition("/enter")[0] for one in told["desks"]}) == 3
        for one in told["desks"]:
            with httpx.Client(follow_redirects=True, headers={"accept-language": "en"}) as client:
                page = client.get(one["link"]).text
                assert 'data-state="open"' in page
                assert "southern zone" in page
                talk = client.get(one["link"].partition("/enter")[0] + "/c/1/talk").text
                assert "What you write waits" not in talk  # the relay is there
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 0
        assert program.stderr is not None
        assert program.stderr.read() == b""
