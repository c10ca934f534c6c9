"""Languages: every sentence is in the catalogue, in every language, with the same parts; numbers, dates and rows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from string import Formatter
from typing import Any

import pytest

from backchannel.facts.saying import Hour, Said
from backchannel.web import words as module
from backchannel.web.words import LANGUAGES, Words, negotiated, words
from tools import make_catalogue

ENGLISH = words("en")
OTHERS = [name for name in LANGUAGES if name != "en"]


def test_catalogues_are_fresh() -> None:
    stale = [path.name for path, fresh in make_catalogue.files() if path.read_bytes() != fresh]
    assert not stale, f"{stale}: run .venv/bin/python tools/make_catalogue.py"


@pytest.mark.parametrize("name", OTHERS)
def test_every_sentence_is_translated(name: str) -> None:
    assert make_catalogue.missing(make_catalogue.held_of(name)) == []


def pairs(name: str) -> Iterator[tuple[list[str], list[str]]]:
    for one in make_catalogue.held_of(name):
        if one.id:
            yield make_catalogue.forms(one.id), make_catalogue.forms(one.string)


def parts(sentence: str) -> list[str]:
    return sorted(field for _, field, _, _ in Formatter().parse(sentence) if field is not None)


@pytest.mark.parametrize("name", OTHERS)
def test_translations_have_the_same_parts(name: str) -> None:
    """Of a number's forms some say it in words: one, two, none."""
    for english, translated in pairs(name):
        wanted = set(parts(english[-1]))
        for k, form in enumerate(translated):
            few = len(translated) > 1 and k < len(translated) - (1 if name == "es" else 3)
            assert set(parts(form)) == wanted or (few and set(parts(form)) == wanted - {"n"}), (english, form)


@pytest.mark.parametrize("name", OTHERS)
def test_translations_keep_what_is_typed_and_the_shape_of_a_sentence(name: str) -> None:
    kept = re.compile(r"`[^`]*`|https?://\S+|backchannel [a-z]+ [a-z]+|bc1-|\.[a-z]{3,4}\b")
    for english, translated in pairs(name):
        for form in translated:
            assert form == form.strip(), form
            assert "\n" not in form
            assert kept.findall(form) == kept.findall(english[-1]), (english, form)


@pytest.mark.parametrize("name", OTHERS)
def test_translations_name_things_with_one_word(name: str) -> None:
    """What a delegate reads as the name of a thing is not named otherwise elsewhere; nothing is left in English."""
    for english, translated in pairs(name):
        if len(english[-1].split()) > 3:
            assert translated[0] != english[0], english


def test_an_unknown_table_is_told(tmp_path: Any) -> None:
    path = make_catalogue.SRC / "web" / "x.py"
    with pytest.raises(make_catalogue.Unknown, match="what does say"):
        list(make_catalogue._found(path, "say", [(False, "nowhere")]))
    assert list(make_catalogue._found(path, "count", [(True, "x")])) == []


# --- words ------------------------------------------------------------------------------------------------------------


def made(monkeypatch: pytest.MonkeyPatch, language: str, said: dict[str, list[str]]) -> Words:
    monkeypatch.setattr(module, "_catalogue", lambda _: said)
    return Words(language)


def test_a_sentence_without_translation_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(monkeypatch, "es", {"Yes": ["Sí"]})
    assert (found.say("Yes"), found.say("No"), found.say("{a} {b}", a=1, b="{c}")) == ("Sí", "No", "1 {c}")


def test_numbers_choose_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    arabic = made(monkeypatch, "ar", {"one": ["0", "1", "2", "few", "many", "other"]})
    assert [arabic.count("one", "x", n) for n in (0, 1, 2, 3, 10, 11, 99, 100)] == [
        *("0", "1", "2", "few", "few", "many", "many", "other")
    ]
    spanish = made(monkeypatch, "es", {"one": ["uno de {a}", "{n} de {a}"]})
    assert [spanish.count("one", "x", n, a="b") for n in (0, 1, 12345)] == ["0 de b", "uno de b", "12.345 de b"]
    assert [ENGLISH.count("one", "{n} of them", n) for n in (1, 2, 12345)] == ["one", "2 of them", "12,345 of them"]


def test_dates_numbers_and_names_as_their_readers_write_them() -> None:
    english, spanish, arabic = ENGLISH, Words("es"), Words("ar")
    assert [one.names(["A", "B"]) for one in (english, spanish)] == ["A and B", "A y B"]
    assert arabic.names(["A", "B"]) == "\u2068A\u2069 و\u2068B\u2069"
    assert english.names([]) == ""
    stamp = "2026-11-03T14:05:00Z"
    assert "2026" in spanish.day(stamp)
    assert spanish.day(stamp) in spanish.when(stamp)
    assert all(part in ENGLISH.when(stamp) for part in ("Nov", "2026", ":05"))
    assert "نوفمبر" in arabic.when(stamp)
    assert [one.direction for one in (english, spanish, arabic)] == ["ltr", "ltr", "rtl"]


def test_sentences_of_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(monkeypatch, "es", {"{a} came {when}.": ["Llegó {a} {when}."], "nobody": ["nadie"]})
    said = found.told(Said("{a} came {when}.", {"a": ["X", "Y"], "when": Hour("2026-11-03T14:05:00Z")}), Said("nobody"))
    said = said.translate({0x2068: None, 0x2069: None})
    assert said.startswith("Llegó X y Y 3 nov 2026")
    assert said.endswith(" nadie")


@pytest.mark.parametrize(
    ("wished", "accepts", "found"),
    [
        ("ar", "es", "ar"),
        ("xx", "es-CL,es;q=0.9", "es"),
        (None, "fr, ar-EG;q=0.5", "ar"),
        (None, "fr", "en"),
        (None, "", "en"),
        (None, "*;;;,,,", "en"),
    ],
)
def test_the_language_is_chosen(wished: str | None, accepts: str, found: str) -> None:
    assert negotiated(wished, accepts) == found


# --- what errors say --------------------------------------------------------------------------------------------------


def test_what_an_error_says_is_translated_with_what_was_filled_in() -> None:
    spanish = Words("es")
    assert spanish.problem("Nothing was lost.") == "No se ha perdido nada."
    assert spanish.problem("There is no ladder number 12 here.") == "Aquí no hay ninguna escala número 12."
    told = spanish.problem("Nobody called '{n} <b>' awaits admission.")
    assert told == "Nadie llamado '{n} <b>' espera ser admitido."


def test_an_error_that_is_not_known_stays_as_it_is() -> None:
    assert Words("ar").problem("The relay: {x} did {} something else for somebody.") == (
        "The relay: {x} did {} something else for somebody."
    )
    assert ENGLISH.problem("Nothing was lost.") == "Nothing was lost."


def test_names_in_an_error_cannot_turn_what_is_around_them() -> None:
    assert "\u2068'Ana'\u2069" in Words("ar").problem("Nobody called 'Ana' awaits admission.")


def test_every_error_of_the_pages_is_found_again() -> None:
    """Each sentence with parts, filled in, is known by its own pattern and not taken for another."""
    spanish = Words("es")
    for _, told in make_catalogue.problems():
        fields = {name: f"«{k}»" for k, name in enumerate(parts(told))}
        wanted = spanish._said[told][0].format(**fields)
        assert spanish.problem(told.format(**fields)) == wanted


def test_sentences_are_said_by_no_other_name() -> None:
    """The catalogue is made by the names of calls: whoever says by another name is not heard."""
    for path in sorted((make_catalogue.SRC / "web").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign):
                target = node.targets[0]
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = [*zip(target.elts, node.value.elts, strict=True)]
                for name, value in pairs:
                    if isinstance(value, ast.Attribute) and value.attr in ("say", "count"):
                        assert ast.unparse(name) == value.attr, f"{path.name}:{node.lineno}"
