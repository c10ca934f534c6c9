"""The guard: who may ask, and what a browser is told (spec/web.md, 1 to 3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.websockets import WebSocketDisconnect

from tests.desk.world import PHRASE, talks
from tests.web.kit import COOKIE, HOST, OURS, Browser, browsing


def test_a_foreign_host_gets_nothing(browser: Browser) -> None:
    for host in (
        "evil.example",
        "evil.example:4444",
        "127.0.0.1:4444",
        "127.77.1.2",
        "127.77.1.2:4445",
        "",
        f"{HOST}.",
    ):
        answer = browser.client.get("/", headers={"host": host})
        assert answer.status_code == 421
        assert "Good offices" not in answer.text


def test_two_hosts_are_none(browser: Browser) -> None:
    request = browser.client.build_request("GET", "/", headers=[("host", HOST), ("host", HOST)])
    assert browser.client.send(request).status_code == 421


@pytest.mark.parametrize(
    "place", ["/", "/c/1/talk", "/live", "/strip", "/search", "/nowhere", "/new", "/unlock", "/draft"]
)
def test_without_a_session_there_is_only_the_door(browser: Browser, place: str) -> None:
    browser.client.cookies.clear()
    answer = browser.client.get(place)
    assert answer.status_code == 401
    assert "backchannel desk open" in answer.text
    assert "Good offices" not in answer.text
    assert browser.client.post(place, data={"do": "send"}, headers=OURS).status_code == 401


def test_a_guessed_cookie_is_none(browser: Browser) -> None:
    browser.client.cookies.clear()
    for value in ("", "0" * 64, "x", '"', "é"):
        assert browser.client.get("/", headers={"cookie": f"{COOKIE}={value}".encode()}).status_code == 401
    assert browser.client.get("/", headers={"cookie": b"\xff\xfe;==;;a b=c"}).status_code == 401


def test_a_cookie_of_another_desk_on_another_port_is_none(browser: Browser) -> None:
    cookie = browser.client.cookies[COOKIE]
    browser.client.cookies.clear()
    assert browser.client.get("/", headers={"cookie": f"backchannel-4445={cookie}"}).status_code == 401
    assert browser.client.get("/", headers={"cookie": f"{COOKIE}={cookie}"}).status_code == 200


def test_the_cookie_is_for_this_session_and_no_script(browser: Browser) -> None:
    answer = browser.client.get(f"/enter?t={browser.sessions.link()}")
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert "max-age" not in said
    assert "expires" not in said
    assert answer.headers["location"] == "/"


def test_a_link_works_once(browser: Browser) -> None:
    link = browser.sessions.link()
    assert browser.client.get(f"/enter?t={link}").status_code == 303
    assert browser.client.get(f"/enter?t={link}").status_code == 401
    for token in ("", "0" * 64, "é"):
        assert browser.client.get("/enter", params={"t": token}).status_code == 401


def test_another_site_gets_nothing(browser: Browser) -> None:
    for site in ("cross-site", "same-site"):
        for place in ("/", "/live", "/static/style.css", "/c/1/talk"):
            answer = browser.client.get(place, headers={"sec-fetch-site": site})
            assert answer.status_code == 403
            assert "Good offices" not in answer.text
    link = f"/enter?t={browser.sessions.link()}"
    assert browser.client.get(link, headers={"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://{HOST}"},
        {"origin": "http://127.77.1.2:4445"},
        {"origin": f"http://{HOST}", "sec-fetch-site": "cross-site"},
        {"origin": f"http://{HOST}", "sec-fetch-site": "same-site"},
        {},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_form_of_another_site_is_not_done(browser: Browser, headers: dict[str, str]) -> None:
    fields = {**browser.hidden("/c/1/talk"), "do": "send", "text": "forged", "audience": "all"}
    answer = browser.client.post("/c/1/talk", data=fields, headers=headers)
    assert answer.status_code == 403
    assert "forged" not in browser.get("/c/1/talk")


def test_a_form_needs_the_sessions_token(browser: Browser) -> None:
    good = browser.hidden("/c/1/talk")
    for token in ("", "0" * 64, good["_form"][:-1], "é"):
        fields = {**good, "_form": token, "do": "send", "text": "forged words", "audience": "all"}
        answer = browser.client.post("/c/1/talk", data=fields, headers=OURS)
        assert answer.status_code == 403
        assert "forged words" in answer.text  # in its field, where it was typed: nothing is lost
    assert browser.client.post("/language", data={"_form": "0" * 64}, headers=OURS).status_code == 403
    assert not [one for one in _notes(browser) if one == "forged words"]


def _notes(browser: Browser) -> list[str]:
    with browser.keeper.desk() as desk:
        return [item.value.text for item in desk.channel().items("note")]


def test_methods_sizes_and_sockets(browser: Browser) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert browser.client.request(method, "/").status_code == 405
    big = {**OURS, "content-length": str(3_000_000)}
    assert browser.client.post("/c/1/talk", content=b"", headers=big).status_code == 413
    wrong = {**OURS, "content-length": "-1"}
    assert browser.client.post("/c/1/talk", content=b"", headers=wrong).status_code == 413
    with pytest.raises(WebSocketDisconnect), browser.client.websocket_connect("/live"):
        pass


def test_a_body_without_end_is_cut(browser: Browser) -> None:
    chunks = (b"x" * 1_000_000 for _ in range(50))
    assert browser.client.post("/c/1/talk", content=chunks, headers=OURS).status_code == 413


@pytest.mark.parametrize(
    "place", ["/", "/c/1/talk", "/static/style.css", "/static/live.js", "/strip", "/nowhere", "/outside"]
)
def test_every_answer_says_what_a_browser_may_do(browser: Browser, place: str) -> None:
    headers = browser.client.get(place).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    ancestors = "'self'" if place == "/strip" else "'none'"
    assert policy.endswith(f"frame-ancestors {ancestors}")
    assert headers["cache-control"] == ("no-cache" if place.startswith("/static/") else "no-store")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control")]


def test_an_error_says_no_more_than_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("the words of a note")

    with talks(tmp_path) as world, browsing(world, "ana") as one:
        one.app._frame = broken  # type: ignore[assignment]
        answer = one.client.get("/c/1/talk")
        assert answer.status_code == 500
        assert "the words" not in answer.text
        assert PHRASE not in answer.text
        said = capsys.readouterr()
        assert "RuntimeError" in said.err
        assert "the words" not in said.err + said.out


@pytest.mark.parametrize(
    ("place", "data", "status"),
    [
        ("/c/1/talk", {"_form": "x", "text": "a"}, 303),
        ("/language", {"_form": "x"}, 403),
        ("/nowhere", {"text": "TAPIR"}, 404),
        ("/c/1/talk", {f"f{n}": "" for n in range(5_001)}, 400),
    ],
)
def test_no_page_answers_a_persons_form(browser: Browser, place: str, data: dict[str, str], status: int) -> None:
    """Whatever is wrong with it: what a page answers stands in the browser's history, on the disk (web 3.4)."""
    headers = {**OURS, "sec-fetch-dest": "document"}
    answer = browser.client.request("POST", place, data=data, headers=headers)
    assert answer.status_code == 303
    assert answer.content == b""
    if status != 303:
        assert answer.headers["location"] == f"/refused/{status}"
        assert "TAPIR" not in browser.get(answer.headers["location"])
        assert 'id="problem"' in browser.get(answer.headers["location"])


def test_no_page_answers_a_form_of_who_has_no_session(browser: Browser) -> None:
    browser.client.cookies.clear()
    headers = {**OURS, "sec-fetch-dest": "document"}
    answer = browser.client.request("POST", "/c/1/talk", data={"text": "TAPIR"}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/refused/401")
    assert "TAPIR" not in browser.get("/refused/401", 401)


def test_the_lock_of_a_page_from_before_locks(browser: Browser) -> None:
    answer = browser.client.request("POST", "/lock", data={"_form": "of another session"}, headers=OURS)
    assert answer.status_code == 303
    assert browser.keeper.state == "locked"
