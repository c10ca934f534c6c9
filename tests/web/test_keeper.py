"""The desk behind the pages: opened, locked, left alone; nothing of it stays (spec/web.md, 4)."""

from __future__ import annotations

import gc
import json
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import FormData

from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.desk.drafts import Draft
from backchannel.errors import BackchannelError, Misuse
from backchannel.facts.common import left
from backchannel.web import following
from backchannel.web.keeper import LOCK_SECONDS, Keeper, Locked, awake
from backchannel.web.page import Form
from tests.desk.conftest import CHEAP
from tests.desk.world import PHRASE, World, alarms, notes, offline, online, remove, talks, waiting, wire
from tests.web.kit import COOKIE, OURS, Browser, StillKeeper, browsing


def keeper(world: World, **more: Any) -> StillKeeper:
    return StillKeeper(world.folder / "ana", world.options("ana"), **more)


def test_absent_made_locked_open(tmp_path: Path) -> None:
    world = World(tmp_path)
    one = keeper(world)
    assert one.state == "absent"
    one.create(PHRASE)
    assert one.state == "open"
    one.lock()
    one.lock()
    assert one.state == "locked"
    with pytest.raises(Locked), one.desk():
        pass
    with pytest.raises(Misuse):
        one.create(PHRASE)
    with pytest.raises(BackchannelError):
        one.unlock("not the passphrase")
    assert one.state == "locked"
    one.unlock(PHRASE)
    one.unlock(PHRASE)  # from two windows
    assert one.state == "open"
    one.lock()


def test_nothing_of_the_vault_stays_after_a_lock(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        one = keeper(world)
        one.follows = True
        one.unlock(PHRASE)
        with one.desk() as desk:
            held: list[weakref.ref[Any]] = [weakref.ref(desk), weakref.ref(desk.vault), weakref.ref(desk.channel())]
        del desk
        one.lock()
        for _ in range(20):
            gc.collect()
            if not [ref for ref in held if ref() is not None]:
                break
            time.sleep(0.05)
        assert [ref() for ref in held] == [None, None, None]
        assert one.trouble == {}


def test_a_lock_waits_for_what_is_being_written_and_lets_nobody_in(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        one = keeper(world)
        one.unlock(PHRASE)
        inside, go, told = threading.Event(), threading.Event(), []

        def write() -> None:
            with one.desk() as desk:
                inside.set()
                go.wait(5)
                desk.channel().send_note("whole")
                told.append(desk.channel().size)

        writer = threading.Thread(target=write)
        writer.start()
        inside.wait(5)
        locker = threading.Thread(target=one.lock)
        locker.start()
        time.sleep(0.1)
        assert one.state == "locked"
        assert locker.is_alive()
        with pytest.raises(Locked), one.desk():
            pass
        go.set()
        writer.join(5)
        locker.join(5)
        assert len(told) == 1


def test_a_lock_waits_a_moment_and_no_longer(tmp_path: Path) -> None:
    """Whoever is inside for longer gets an error and no key, and what they were writing is not half done."""
    with talks(tmp_path) as world:
        one = keeper(world)
        one.unlock(PHRASE)
        inside, go = threading.Event(), threading.Event()
        told: list[Any] = []

        def stuck() -> None:
            with one.desk() as desk:
                channel = desk.channel()
                inside.set()
                go.wait(30)
                for act in (lambda: channel.send_note("too late"), lambda: channel.state, desk.channels):
                    with pytest.raises(BackchannelError) as caught:
                        act()
                    told.append(caught.value.code)
                told.append(hasattr(channel.session, "engine"))

        thread = threading.Thread(target=stuck)
        thread.start()
        assert inside.wait(5)
        start = time.monotonic()
        one.lock()
        assert time.monotonic() - start < LOCK_SECONDS + 1
        go.set()
        thread.join(5)
        assert told == ["closed", "closed", "closed", False]
        one.unlock(PHRASE)
        with one.desk() as desk:
            assert notes(desk.channel()) == []
        one.lock()


def test_a_relay_that_says_nothing_holds_no_page_and_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written lies in the vault; the page waits a moment; drafts, other forms and the lock wait for nothing."""
    monkeypatch.setattr(following, "SETTLE_SECONDS", 0.5)
    silent, hangs = threading.Event(), threading.Event()

    def hang(*_: Any) -> None:
        if hangs.is_set():
            silent.wait(30)

    with talks(tmp_path) as world:
        one = keeper(world)
        one.follows = True
        monkeypatch.setattr(Channel, "watch", lambda self, stop, heard: iter(()))
        one.unlock(PHRASE)
        browser = Browser(one).enter()
        with one.desk() as desk:
            wire(desk.channel()).before = hang
        hangs.set()
        fields, draft = browser.hidden("/c/1/talk"), browser.hidden("/c/1/talk")
        start = time.monotonic()
        answers: list[int] = []

        def send(text: str) -> None:
            data = {**fields, "_number": text * 32, "do": "send", "text": text, "audience": "all"}
            answers.append(browser.client.post("/c/1/talk", data=data, headers=OURS).status_code)

        threads = [threading.Thread(target=send, args=(text,)) for text in "ab"]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        typed = {"page": "/c/1/talk", "target": "/c/1/talk", "buttons": ["send"], "about": [], "number": "c"}
        kept = json.dumps({**typed, "fields": [["text", "being typed"]]})
        assert browser.client.post("/draft", data={**draft, "_draft": kept}, headers=OURS).status_code == 204
        assert time.monotonic() - start < 0.5
        for thread in threads:
            thread.join(5)
        assert answers == [303, 303]
        assert time.monotonic() - start < 3
        with one.desk() as desk:
            assert waiting(desk.channel()) == 2
        start = time.monotonic()
        assert browser.client.post("/lock", data={"_form": draft["_form"]}, headers=OURS).status_code == 303
        assert time.monotonic() - start < LOCK_SECONDS + 1
        assert one.state == "locked"
        silent.set()


def test_a_page_that_was_being_made_is_not_given_out_after_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as one:
        monkeypatch.setattr("backchannel.web.keeper.LOCK_SECONDS", 0.0)
        rendered = one.app._answer

        def late(*given: Any) -> Any:
            answer = rendered(*given)
            one.keeper.lock()
            return answer

        def fails(*given: Any) -> Any:
            one.keeper.lock()
            return rendered(*given)

        for answering in (late, fails):
            one.keeper.unlock(PHRASE)
            monkeypatch.setattr(one.app, "_answer", answering)
            page = one.get("/c/1/talk")
            assert "Good offices" not in page
            assert 'name="passphrase"' in page


def test_left_alone_it_locks_itself_and_sleep_counts(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        now = [0.0]
        one = keeper(world, idle=0.2, clock=lambda: now[0])
        one.unlock(PHRASE)
        time.sleep(0.2)
        assert one.state == "open"
        now[0] = 1_000.0
        deadline = time.monotonic() + 5
        while one.state == "open" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert one.state == "locked"
    assert awake() <= awake()


def test_a_draft_of_seven_days_is_destroyed_though_the_desk_stays_open(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        one = keeper(world, idle=0.2, clock=lambda: 0.0)
        one.unlock(PHRASE)
        with one.desk() as desk:
            desk.drafts.keep(Draft("/found", "/found", ("found",), (), (("title", "A meeting that never was"),)))
            deadline = time.monotonic() + 5
            for days, left in ((6.9, 1), (0.2, 0)):
                world.clock.days(days)
                time.sleep(0.2)
                while (held := desk.vault.query("SELECT count(*) FROM draft")) != [(left,)]:
                    assert time.monotonic() < deadline, held
                    time.sleep(0.02)
            deadline = time.monotonic() + 5
            while (world.folder / "ana" / "vault.db-wal").stat().st_size:  # it is in no file any more
                assert time.monotonic() < deadline
                time.sleep(0.02)
        one.lock()


def test_waiting_ends_with_news_or_a_lock(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        one = keeper(world)
        one.unlock(PHRASE)
        seen = one.version
        assert one.wait(seen, 0.01) == seen
        timer = threading.Timer(0.05, one.lock)
        timer.start()
        assert one.wait(seen, 5) > seen
        timer.join()


def test_a_relay_that_is_lost_or_lies_stands_on_the_page(tmp_path: Path) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as one:
        with one.keeper.desk() as desk:
            channel = desk.channel()
            offline(channel)
        one.keeper._heard(channel.id, BackchannelError("gone", "The relay does not answer."))
        assert "The relay does not answer." in one.get("/c/1/talk")
        one.do("/c/1/talk", "send", text="words for later", audience="all")
        assert "One entry waits for the relay" in one.get("/c/1/talk")
        online(channel)
        one.keeper._heard(channel.id, None)
        assert "The relay does not answer" not in one.get("/c/1/talk")
        channel.session.book.alarm("forked", "The relay has shown two histories.", int(world.clock()))
        assert "two histories" in one.get("/c/1/talk")
        assert "alarm" in one.get("/")
        assert alarms(channel)


def test_only_what_a_person_does_is_a_hand(tmp_path: Path) -> None:
    """Pages that fetch, refresh or reload themselves, also by news of a counterpart's, keep no desk open."""
    with talks(tmp_path) as world:
        now = [0.0]
        one = keeper(world, clock=lambda: now[0])
        one.unlock(PHRASE)
        browser = Browser(one).enter()
        form = browser.hidden("/")
        now[0] = 5.0
        for told in ({"sec-fetch-dest": "empty"}, {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate"}, {}):
            browser.client.get("/c/1/talk", headers=told)
            browser.client.get("/nowhere", headers=told)
        browser.client.get("/strip?seen=1", headers={"sec-fetch-user": "?1"})
        browser.client.post("/touch", data={}, headers=OURS)
        assert one._touched == 0.0
        browser.client.get("/c/1/talk", headers={"sec-fetch-dest": "document", "sec-fetch-user": "?1"})
        assert one._touched == 5.0
        now[0] = 6.0
        browser.client.post("/c/1/talk", data={**form, "do": "send", "text": "a hand", "audience": "all"}, headers=OURS)
        assert one._touched == 6.0
        now[0] = 7.0
        assert browser.client.post("/touch", data=form, headers=OURS).status_code == 204
        assert one._touched == 7.0
        one.lock()


# --- through the pages ------------------------------------------------------------------------------------------------


def test_the_door_makes_a_desk_and_opens_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    one = Browser(keeper(world)).enter()
    assert "There is no desk yet" in one.get("/")
    answer = one.post("/new", {"do": "create", "passphrase": PHRASE, "again": "another one"})
    assert answer.status_code == 400
    assert PHRASE not in answer.text
    assert one.post("/new", {"do": "create", "passphrase": PHRASE, "again": PHRASE}).headers["location"] == "/"
    assert "in no channel yet" in one.get("/")
    assert one.post("/new", {"do": "create", "passphrase": PHRASE, "again": PHRASE}).status_code == 400
    assert "The desk is open" in one.get("/unlock")
    answer = one.client.post(
        "/lock",
        data={"_form": one.hidden("/")["_form"]},
        headers={"origin": f"http://{one.host}", "sec-fetch-site": "same-origin"},
    )
    assert answer.status_code == 303
    assert one.keeper.state == "locked"
    answer = one.post("/unlock", {"do": "unlock", "passphrase": "wrong words here", "back": "/"})
    assert answer.status_code == 400
    assert "wrong words" not in answer.text
    elsewhere = ("//evil.example", "https://evil.example", "/\\evil", "/\t/evil", "/a\\evil")
    for back, where in (*((one_, "/") for one_ in elsewhere), ("/join", "/join")):
        one.keeper.lock()
        answer = one.post("/unlock", {"do": "unlock", "passphrase": PHRASE, "back": back})
        assert answer.headers["location"] == where
    one.keeper.lock()


def test_a_lock_ends_other_sessions_and_changes_the_cookie(tmp_path: Path) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as one:
        old = one.client.cookies[COOKIE]
        headers = {"origin": f"http://{one.host}", "sec-fetch-site": "same-origin"}
        form = one.hidden("/")["_form"]
        other = one.sessions.enter(one.sessions.link())
        assert one.client.post("/lock", data={"_form": form}, headers=headers).status_code == 303
        assert one.client.cookies[COOKIE] != old
        assert one.sessions.find(old) is None
        assert one.sessions.find(other) is None
        assert "Locked" in one.get("/c/1/talk?before=7")
        assert 'value="/c/1/talk?before=7"' in one.get("/c/1/talk?before=7")
        assert "Good offices" not in one.get("/")


def test_a_form_over_a_lock_is_carried_once_and_without_passphrases(tmp_path: Path) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as one:
        fields = {
            **one.hidden("/c/1/talk"),
            "do": "send",
            "text": "carried words",
            "audience": "all",
            "passphrase": "x y",
        }
        headers = {"origin": f"http://{one.host}", "sec-fetch-site": "same-origin"}
        one.keeper.lock()
        answer = one.client.post("/c/1/talk", data=fields, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/c/1/talk")
        (session,) = one.sessions._open.values()
        assert b"carried words" not in (session.carried or b"carried words")  # nor in what this process still has
        page = one.get("/c/1/talk")
        assert "What you had typed is kept" in page
        assert "carried words" not in page
        answer = one.post("/unlock", {"do": "unlock", "passphrase": PHRASE, "back": "/"})
        assert answer.url.path == "/c/1/talk"
        assert "carried words" in answer.text  # in its form, to be looked at
        assert "Look at it once more" in answer.text
        assert "x y" not in answer.text
        assert session.carried is None
        assert "carried words" not in one.get("/c/1/talk")
        answer = one.client.post("/c/1/talk", data={**fields, "_again": "yes"}, headers=headers)
        assert "carried words" in answer.text  # in its form, to be looked at
        assert one.client.post("/c/1/talk", data=fields, headers=headers).status_code == 303
        one.keeper.lock()
        answer = one.client.post("/c/1/talk", data=fields, headers=headers)  # it was done: nothing is carried
        assert answer.status_code == 303
        answer = one.post("/unlock", {"do": "unlock", "passphrase": PHRASE, "back": "/"})
        assert answer.headers["location"] == "/"


def test_what_comes_twice_is_done_once_and_without_a_number_never(tmp_path: Path) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as one:
        fields = {**one.hidden("/c/1/talk"), "do": "send", "text": "only once", "audience": "all"}
        headers = {"origin": f"http://{one.host}", "sec-fetch-site": "same-origin"}
        threads = [
            threading.Thread(target=lambda: one.client.post("/c/1/talk", data=fields, headers=headers))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with one.keeper.desk() as desk:
            assert [held.value.text for held in desk.channel().items("note")] == ["only once"]
        answer = one.client.post("/c/1/talk", data={**fields, "_number": ""}, headers=headers)
        assert answer.status_code == 400
        assert "no number" in answer.text


def test_a_link_from_another_page_goes_on_by_itself(tmp_path: Path) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as one:
        answer = one.client.get(f"/enter?t={one.sessions.link()}", headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 200
        assert 'content="0; url=/"' in answer.text
        assert COOKIE in answer.headers["set-cookie"]


def test_the_strip_says_what_it_must_and_no_more(tmp_path: Path) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as one:
        assert "Nothing new" in one.get(f"/strip?seen={one.keeper.version}&at=/c/1/talk")
        old = one.get("/strip?seen=0&at=/c/1/talk")
        assert 'href="/c/1/talk" target="_top"' in old
        assert 'href="/" target="_top"' in one.get("/strip?seen=0&at=//evil.example")
        one.keeper.lock()
        assert "Locked" in one.get("/strip?seen=0")


def test_pages_that_stand_alone_can_lock_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as one:
        for place, status in (("/nowhere", 404), ("/unlock", 200)):
            page = one.get(place, status)
            assert 'action="/lock"' in page
            assert "hand.js" in page
        monkeypatch.setattr(one.app, "_frame", lambda ask: 1 / 0)
        page = one.get("/c/1/talk", 500)
        assert 'action="/lock"' in page
        one.keeper.lock()
        assert 'action="/lock"' not in one.get("/nowhere", 404)
        one.client.cookies.clear()
        assert 'action="/lock"' not in one.client.get("/static/none").text


def test_unknown_places_and_buttons(tmp_path: Path) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as one:
        assert "no such page" in one.get("/nowhere", 404)
        one.get("/c/99/talk", 404)
        answer = one.post("/c/1/talk", {"do": "nothing of this kind"})
        assert answer.status_code == 400


def test_numbers_are_digits() -> None:
    form = Form(FormData([("n", " 12 "), ("m", "twelve"), ("o", "1" * 10), ("p", "-3"), ("q", "½")]))
    assert (form.number("n"), form.number("p"), form.number("none", 4)) == (12, -3, 4)
    for name in ("m", "o", "q"):
        with pytest.raises(Misuse):
            form.number(name)


def test_a_thread_follows_each_channel_and_ends(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        one = keeper(world)
        one.follows = True
        one.unlock(PHRASE)
        Keeper.follow(one)
        [follower] = one._followers.values()
        one.lock()
        for thread in follower.threads:
            thread.join(5)
            assert not thread.is_alive()


def test_a_seat_that_is_out_is_told_so_and_not_who_sits_there_now(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        remove(world, "ana", "hernan", "sofia")
        world.sync("ana")
        with browsing(world, "ana") as one:
            with one.keeper.desk() as desk:
                assert left(desk.channel())
            page = one.get("/c/1/talk")
            assert "You are no longer in this channel." in page
            assert "Hernán" not in page
            assert "Write a note" not in page


def test_a_lock_while_the_desk_is_opened_is_stronger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Desk.create(tmp_path / "desk", PHRASE, cost=CHEAP).close()
    keeper = Keeper(tmp_path / "desk", {})
    open_ = Desk.open

    def slowly(*args: Any, **more: Any) -> Desk:
        desk = open_(*args, **more)
        keeper.lock()
        return desk

    monkeypatch.setattr(Desk, "open", slowly)
    keeper.unlock(PHRASE)
    assert keeper.state == "locked"
    monkeypatch.undo()
    keeper.unlock(PHRASE)
    assert keeper.state == "open"
    keeper.lock()
