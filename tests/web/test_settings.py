"""Settings: a backup to be saved, the passphrase, when the desk locks itself, how relays are reached, a restore."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import carried
from backchannel.desk.desk import Desk
from backchannel.errors import BackchannelError, VaultError
from backchannel.web import settings
from tests.desk.world import PHRASE, World, WorldDesk
from tests.web.kit import Browser, StillKeeper, worked

PLACE = "/settings"
OTHER = "another phrase altogether"


def test_a_backup_is_made_saved_and_forgotten(browser: Browser, tmp_path: Path, world: World) -> None:
    world["ana"].send_note("an unmistakable phrase")
    world.settle()
    page = browser.do(PLACE, "backup", _new=OTHER, _repeat=OTHER)
    assert OTHER not in page
    job = worked(browser, "backup")
    assert job.state == "done"
    page = browser.get(PLACE)
    assert "The backup is ready." in page
    assert OTHER not in page
    assert not [path for path in browser.keeper.folder.iterdir() if "download" in path.name or "backup" in path.name]
    answer = browser.client.get("/settings/backup")
    assert answer.headers["content-disposition"] == 'attachment; filename="desk.backup"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert b"unmistakable" not in answer.content
    (tmp_path / "b").write_bytes(answer.content)
    with Desk.restore(tmp_path / "b", tmp_path / "restored", OTHER) as restored:
        assert restored.restored
        assert [one.value.text for one in restored.channels()[0].items("note")] == ["an unmistakable phrase"]
    assert "The backup is ready." not in browser.do(PLACE, "saved")
    assert browser.client.get("/settings/backup").status_code == 404


def test_its_progress_is_shown(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    going: list[bool] = []

    def slow(folder: Path, write: Any) -> None:
        while not going:
            time.sleep(0.01)
        raise VaultError("disk-full", "There is no room.", "Make room.")

    monkeypatch.setattr(settings, "held", slow)
    assert "the desk goes on" in browser.do(PLACE, "backup", _new=OTHER, _repeat=OTHER)
    going.append(True)
    assert worked(browser, "backup").state == "failed"
    assert "There is no room." in browser.get(PLACE)


@pytest.mark.parametrize(("new", "repeat"), [("short", "short"), (OTHER, OTHER + "x"), ("", "")])
def test_phrases_that_cannot_be(browser: Browser, new: str, repeat: str) -> None:
    for do in ("backup", "passphrase"):
        answer = browser.post(PLACE, {"do": do, "_old": PHRASE, "_new": new, "_repeat": repeat})
        assert answer.status_code == 400
        assert PHRASE not in answer.text
        assert not repeat or f'"{repeat}"' not in answer.text
    assert browser.keeper.jobs.get("backup") is None


def test_the_passphrase_is_changed(world: World, tmp_path: Path) -> None:
    world.close()
    shutil.copytree(world.folder / "ana", tmp_path / "own" / "ana")
    keeper = StillKeeper(tmp_path / "own" / "ana", world.options("ana"))
    keeper.unlock(PHRASE)
    browser = Browser(keeper).enter()
    answer = browser.post(PLACE, {"do": "passphrase", "_old": "not this one", "_new": OTHER, "_repeat": OTHER})
    assert answer.status_code == 400
    assert "That is not the passphrase" in answer.text
    page = browser.do(PLACE, "passphrase", _old=PHRASE, _new=OTHER, _repeat=OTHER)
    assert "The passphrase is changed" in page
    browser.get("/c/1/talk")
    keeper.lock()
    with pytest.raises(BackchannelError):
        keeper.unlock(PHRASE)
    keeper.unlock(OTHER)
    keeper.lock()


def test_passphrases_are_not_carried_over_a_lock(browser: Browser) -> None:
    hidden = browser.hidden(PLACE)
    browser.keeper.lock()
    headers = {"origin": f"http://{browser.host}", "sec-fetch-site": "same-origin"}
    fields = {**hidden, "do": "passphrase", "_old": PHRASE, "_new": OTHER, "_repeat": OTHER}
    assert browser.client.post(PLACE, data=fields, headers=headers).status_code == 303
    (session,) = browser.sessions._open.values()
    assert session.carried is not None
    browser.keeper.unlock(PHRASE)
    with browser.keeper.desk() as desk:
        assert carried.opened(desk, session.carried) == carried.Form(PLACE, (("do", "passphrase"),))


def test_when_the_desk_locks_itself(browser: Browser) -> None:
    assert 'value="15"' in browser.get(PLACE)
    page = browser.do(PLACE, "idle", minutes="7")
    assert 'value="7"' in page
    assert "nobody has touched it for 7 minutes" in page
    for minutes in ("0", "1441", "x", ""):
        answer = browser.post(PLACE, {"do": "idle", "minutes": minutes})
        assert answer.status_code == 400
    assert browser.keeper.idle_minutes == 7


def test_how_relays_are_reached(browser: Browser, world: World) -> None:
    page = browser.get(PLACE)
    assert "Directly: whoever watches this line" in page
    assert "in step" in page
    assert "Open · connected<" in page
    with browser.keeper.desk() as desk:
        browser.keeper.trouble[desk.channels()[0].id] = VaultError("x", "y")
        desk._proxy = "socks5h://127.0.0.1:9050"
    page = browser.get(PLACE)
    assert "socks5h://127.0.0.1:9050" in page
    assert "does not answer" in page
    assert "Open · connected by a proxy" in page


def test_a_desk_without_channels(tmp_path: Path, world: World) -> None:
    keeper = StillKeeper(tmp_path / "new", world.options("ana"))
    keeper.create(PHRASE)
    browser = Browser(keeper).enter()
    assert "This desk is in no channel yet" in browser.get(PLACE)
    keeper.lock()


def test_a_restored_desk_says_what_to_know(browser: Browser, world: World) -> None:
    assert "made from a backup" not in browser.get(PLACE)
    with browser.keeper.desk() as desk:
        assert isinstance(desk, WorldDesk)
        desk.vault.set_meta("restored", "1")
    assert "Use only one of the two desks from now on" in browser.get(PLACE)
