"""What a hostile delegate writes keeps no browser from locking: Escape, twice, is heard within three seconds."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest

from backchannel.desk import nonpapers, steps, texts
from backchannel.desk.plans.templates import template
from tests.web.browser.kit import House, unlock, until
from tests.web.test_pieces import BOMB

SECONDS = 3.0


@pytest.fixture(scope="module")
def bombed(house: House) -> dict[str, str]:
    """Where each bomb is."""
    with house.channel("hernan") as channel:
        for text in (BOMB, "a\n" * 95_000, "a" * 190_000):
            channel.send_note(text)
        nonpapers.float_(channel, "A zone", BOMB)
        texts.open_(channel, "Treaty", [BOMB[:20_000]] * 6)
        parties = {"A": "Argentina", "B": "Chile", "C": "Holy See"}
        ladder = template("ceasefire", parties, date.today())
        told = re.sub(r'(?m)^what = ".*"$', f'what = "{BOMB[:2_000]}"', ladder)
        assert told != ladder
        steps.propose(channel, steps.plan(channel, told.encode()))
        channel.sync()
    with house.channel("ana") as channel:
        end = time.monotonic() + 20
        while not channel.items("nonpaper")[1:] or not channel.items("text")[1:] or not channel.items("step")[1:]:
            assert time.monotonic() < end
            time.sleep(0.1)
        at = {kind: channel.items(kind)[-1].position for kind in ("nonpaper", "text", "step")}
    return {
        "talk": "talk",
        "proposal": f"proposals/{at['nonpaper']}",
        "proposals": "proposals",
        "text": f"text/{at['text']}",
        "ladder": f"steps/{at['step']}",
        "step": f"steps/{at['step']}/1",
        "paragraph": f"text/{at['text']}/paragraph/1",
    }


@pytest.mark.parametrize("which", ["talk", "proposal", "proposals", "text", "paragraph", "ladder", "step"])
def test_the_lock_is_heard(house: House, bombed: dict[str, str], which: str) -> None:
    page, keeper = house.window("ana"), house.open["ana"].keeper
    unlock(page)
    page.goto(f"http://{house.open['ana'].host}/c/1/{bombed[which]}", wait_until="commit")
    start = time.monotonic()
    page.wait_for_load_state("domcontentloaded")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    until(lambda: keeper.state == "locked", page)
    assert time.monotonic() - start < SECONDS
    page.context.close()
