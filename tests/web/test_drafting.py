"""What is typed and not sent: kept while it is typed, offered on its page, gone when it is sent. And the language."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.desk.world import PHRASE, World
from tests.web.kit import COOKIE, OURS, Browser

TALK = "/c/1/talk"


def typed(text: str, **more: Any) -> str:
    draft = {"page": TALK, "target": TALK, "buttons": ["send"], "about": [], "fields": [["text", text]], "number": "0"}
    return json.dumps({**draft, **more})


def keep(browser: Browser, draft: str, status: int = 204, **more: Any) -> dict[str, str]:
    hidden = {**browser.hidden(TALK), **more}
    answer = browser.client.post("/draft", data={**hidden, "_draft": draft}, headers=OURS)
    assert answer.status_code == status, answer.text
    return hidden


def test_what_was_typed_is_offered_on_its_page(browser: Browser) -> None:
    assert 'id="drafts"' not in browser.get(TALK)
    keep(browser, typed('May I tell <b>"them"</b> the cape?'))
    page = browser.get(TALK)
    assert "May I tell &lt;b&gt;&#34;them&#34;&lt;/b&gt; the cape?</blockquote>" in page
    assert "<b>" not in page
    found = re.search(r'data-kept="([^"]*)"', page)
    assert found is not None
    data = json.loads(found[1].replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">"))
    assert data == {"buttons": ["send"], "about": [], "fields": [["text", 'May I tell <b>"them"</b> the cape?']]}
    assert 'id="drafts"' not in browser.get("/join")


def test_it_is_gone_when_it_is_sent(browser: Browser) -> None:
    keep(browser, typed("The cape."))
    assert 'id="drafts"' not in browser.do(TALK, "send", text="The cape.", audience="all")
    assert browser.keeper.state == "open"


def test_it_stays_when_sending_fails_and_is_not_offered_beside_what_was_typed(browser: Browser) -> None:
    keep(browser, typed("The cape."))
    answer = browser.post(TALK, {"do": "send", "text": "The cape.", "audience": "some"})
    assert answer.status_code == 400
    assert 'id="drafts"' not in answer.text
    assert "The cape.</textarea>" in answer.text
    assert 'id="drafts"' in browser.get(TALK)


def test_another_form_of_the_page_leaves_it(browser: Browser, world: World) -> None:
    world["hernan"].send_note("The meridian?", read_back=True)
    world.settle()
    with browser.keeper.desk() as desk:
        desk.channels()[0].sync()
        n = desk.channels()[0].items("note")[-1].position
    keep(browser, typed("The cape."))
    keep(browser, typed("It is", buttons=["restate"], about=[["note", str(n)]]))
    assert browser.get(TALK).count("data-kept=") == 2
    page = browser.do(TALK, "restate", note=str(n), text="It is the meridian.")
    assert page.count("data-kept=") == 1
    assert "The cape." in page


def test_what_arrives_after_its_form_was_sent_is_not_kept(browser: Browser) -> None:
    hidden = browser.hidden(TALK)
    fields = {**hidden, "do": "send", "text": "The cape.", "audience": "all"}
    assert browser.client.post(TALK, data=fields, headers=OURS).status_code == 303
    late = typed("The cape.", number=hidden["_number"])
    answer = browser.client.post("/draft", data={**hidden, "_draft": late}, headers=OURS)
    assert answer.status_code == 409
    assert 'id="drafts"' not in browser.get(TALK)


def test_it_is_thrown_away(browser: Browser) -> None:
    keep(browser, typed("The cape."))
    answer = browser.post(TALK, {"do": "discard", "page": TALK}, at="/draft")
    assert (answer.status_code, answer.headers["location"]) == (303, TALK)
    assert 'id="drafts"' not in browser.get(TALK)


def test_an_emptied_form_is_forgotten(browser: Browser) -> None:
    keep(browser, typed("The cape."))
    keep(browser, typed("", fields=[]), 409)
    assert 'id="drafts"' not in browser.get(TALK)


@pytest.mark.parametrize("raw", ["", "{", "[]", '{"page": 1}', typed("x", buttons="send"), typed("x", fields=[["a"]])])
def test_what_no_script_of_ours_sends_is_not_kept(browser: Browser, raw: str) -> None:
    keep(browser, raw, 409)


@pytest.mark.parametrize("page", ["/c/99/talk", "/c/999999999999/talk", "/settings", "x"])
def test_pages_of_no_channel(browser: Browser, page: str) -> None:
    keep(browser, typed("words that are kept", page=page))
    with browser.keeper.desk() as desk:
        assert desk.vault.query("SELECT c, place FROM draft") == [(None, page)]


def test_it_is_of_its_channel(browser: Browser) -> None:
    keep(browser, typed("The cape."))
    keep(browser, typed("The cape.", page="/files/c/1/steps/3"))
    with browser.keeper.desk() as desk:
        assert desk.vault.query("SELECT c FROM draft") == [(1,), (1,)]


def test_nothing_is_kept_for_a_stranger(browser: Browser) -> None:
    keep(browser, typed("The cape."), 403, _form="0" * 64)
    assert browser.client.post("/draft", data={"_draft": typed("x")}).status_code == 403
    assert 'id="drafts"' not in browser.get(TALK)


def test_nothing_is_kept_or_shown_while_the_desk_is_locked(browser: Browser) -> None:
    hidden = keep(browser, typed("The cape."))
    browser.keeper.lock()
    answer = browser.client.post("/draft", data={**hidden, "_draft": typed("The meridian.")}, headers=OURS)
    assert answer.status_code == 423
    assert "The cape." not in browser.get(TALK)
    browser.keeper.unlock(PHRASE)
    page = browser.get(TALK)
    assert "The cape." in page
    assert "The meridian." not in page


def test_what_is_typed_goes_with_the_lock_and_one_lands_where_one_was(browser: Browser) -> None:
    hidden = browser.hidden(TALK)
    drafts = [typed("The cape."), typed("It is", buttons=["restate"], about=[["note", "7"]]), "{"]
    answer = browser.client.post("/lock", data={**hidden, "_draft": drafts, "back": TALK}, headers=OURS)
    assert (answer.status_code, answer.headers["location"], browser.keeper.state) == (303, TALK, "locked")
    assert "The cape." not in browser.get(TALK)
    wrong = browser.post(TALK, {"do": "unlock", "passphrase": "not this one", "back": TALK}, at="/unlock")
    assert f'name="back" value="{TALK}"' in wrong.text
    answer = browser.post(TALK, {"do": "unlock", "passphrase": PHRASE, "back": TALK}, at="/unlock")
    assert answer.headers["location"] == TALK
    page = browser.get(TALK)
    assert page.count("data-kept=") == 2
    assert "The cape.</blockquote>" not in page  # it is short: only its form shows it


def test_a_lock_leaves_out_what_was_sent_and_goes_nowhere_else(browser: Browser) -> None:
    hidden = browser.hidden(TALK)
    assert browser.client.post(TALK, data={**hidden, "do": "send", "text": "x", "audience": "all"}, headers=OURS)
    late = typed("x", number=hidden["_number"])
    answer = browser.client.post("/lock", data={**hidden, "_draft": late, "back": "//evil.example"}, headers=OURS)
    assert answer.headers["location"] == "/"
    browser.keeper.unlock(PHRASE)
    assert "data-kept=" not in browser.get(TALK)


def test_the_list_of_channels_says_where_something_waits(browser: Browser) -> None:
    assert "typed and not sent" not in browser.get("/")
    keep(browser, typed("The cape."))
    keep(browser, typed("Lima", page="/found"))
    keep(browser, typed("Lima", page="//evil.example"))
    page = browser.get("/")
    assert page.count(f'<a href="{TALK}">Good offices: typed and not sent</a>') == 1, page
    assert '<a href="/found">Typed and not sent</a>' in page
    assert "evil" not in page
    assert "typed and not sent" not in browser.get("/settings")


def test_what_could_be_chosen_is_kept_and_not_shown(browser: Browser) -> None:
    chosen = [["to", "ab"], ["_offered", "to=ab to=cd to=ef"]]
    keep(browser, typed("", fields=chosen))
    page = browser.get(TALK)
    assert "to=ab to=cd" in page
    assert "to=ef</blockquote>" not in page


def test_typing_keeps_the_desk_open(browser: Browser) -> None:
    browser.keeper._touched = -1.0
    hidden = browser.hidden(TALK)
    browser.keeper._touched = -1.0
    browser.client.post("/draft", data={**hidden, "_draft": typed("x")}, headers=OURS)
    assert browser.keeper._touched > 0


# --- language ---------------------------------------------------------------------------------------------------------


def test_the_language_is_chosen_and_remembered(browser: Browser, world: World) -> None:
    answer = browser.post(TALK, {"language": "ar", "back": TALK}, at="/language")
    assert (answer.status_code, answer.headers["location"]) == (303, TALK)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}-language=ar;")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert '<html lang="ar" dir="rtl"' in browser.get(TALK)
    browser.client.cookies.delete(f"{COOKIE}-language")
    assert '<html lang="ar"' in browser.get(TALK)
    browser.keeper.language = None
    assert '<html lang="en"' in browser.get(TALK)
    browser.keeper.lock()
    browser.keeper.unlock(PHRASE)
    assert '<html lang="ar"' in browser.get(TALK)


def test_the_door_is_in_the_language_that_is_chosen(browser: Browser) -> None:
    browser.keeper.lock()
    page = browser.get("/")
    assert 'action="/language"' in page
    answer = browser.post("/", {"language": "es", "back": "/"}, at="/language")
    assert answer.status_code == 303
    assert '<html lang="es"' in browser.get("/")
    browser.keeper.unlock(PHRASE)
    with browser.keeper.desk() as desk:
        assert desk.setting("language") is None


@pytest.mark.parametrize("fields", [{"language": "xx"}, {}, {"language": "../ar"}])
def test_no_other_language_is_chosen(browser: Browser, fields: dict[str, str]) -> None:
    answer = browser.post(TALK, {**fields, "back": "//evil.example"}, at="/language")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "set-cookie" not in answer.headers


def test_strangers_choose_no_language(browser: Browser) -> None:
    answer = browser.client.post("/language", data={"language": "ar"}, headers=OURS)
    assert answer.status_code == 403


def test_a_browser_that_asks_for_a_language_has_it(browser: Browser) -> None:
    browser.client.headers["accept-language"] = "es-CL,es;q=0.9,en;q=0.5"
    assert '<html lang="es" dir="ltr"' in browser.get(TALK)
