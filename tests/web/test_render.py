"""Templates: whatever people wrote is text in them, and what a template wants and does not get is a fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup
from starlette.responses import HTMLResponse

from backchannel.web import render
from backchannel.web.render import Typed, page
from backchannel.web.sessions import Sessions
from backchannel.web.words import LANGUAGES, words
from tests.desk.world import Dice

FACTS: dict[str, object] = {"state": "locked", "back": "/", "carried": None}


def sessions() -> Sessions:
    return Sessions(Dice("render"))


def shown(template: str, facts: dict[str, object], language: str = "en") -> str:
    return render.render(template, words(language), sessions(), None, facts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_its_language_and_direction(language: str) -> None:
    text = shown("outside.html", {}, language)
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in text


def test_a_page_is_an_answer_in_html() -> None:
    answer = page("outside.html", words("en"), sessions(), None, {}, 401)
    assert isinstance(answer, HTMLResponse)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert bytes(answer.body).startswith(b"<!doctype html>")


def test_what_people_wrote_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    made = render._ENVIRONMENT.from_string('<a title="{{ x }}">{{ x }}</a>{{ y }}')
    hostile = '"><script>alert(1)</script>{{ 7 * 7 }}'
    text = made.render(x=hostile, y=Markup("<i>ours</i>"))
    assert "<script" not in text
    assert 'title="&#34;&gt;' in text
    assert "49" not in text
    assert text.endswith("<i>ours</i>")


@pytest.mark.parametrize("template", ["{{ nothing }}", "{% if nothing %}{% endif %}", "{{ problem.nothing }}"])
def test_what_is_not_given_is_a_fault(template: str) -> None:
    with pytest.raises(UndefinedError):
        render._ENVIRONMENT.from_string(template).render(problem={})


def test_a_form_has_the_token_of_its_session_and_a_number_of_its_own() -> None:
    known = sessions()
    cookie = known.enter(known.link())
    assert cookie is not None
    session = known.find(cookie)
    texts = [render.render("unlock.html", words("en"), known, session, FACTS) for _ in range(2)]
    assert session is not None
    assert all(session.form in text for text in texts)
    assert texts[0] != texts[1]  # the numbers
    assert session.form not in shown("unlock.html", FACTS)


def test_no_template_trusts_what_it_is_given() -> None:
    """`safe` would show as markup what people wrote; no template has a reason for it."""
    templates = sorted((Path(render.__file__).parent / "templates").glob("*.html"))
    assert len(templates) > 30
    assert [one.name for one in templates if "|safe" in one.read_text().replace(" ", "")] == []
    assert [one.name for one in templates if "autoescape" in one.read_text()] == []


def test_what_was_typed_is_given_back_to_its_form() -> None:
    typed = Typed([("do", "send"), ("text", "a"), ("to", "1"), ("to", "2")])
    assert (typed["text"], typed["none"], typed.all("to"), typed.all("none")) == ("a", "", ["1", "2"], [])
    assert typed.of("send", "other") is typed
    assert typed.of("other")["text"] == ""
