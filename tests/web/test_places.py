"""Where things are shown, and what is awaited: every verb of the facts has its sentences, every instrument its page."""

from __future__ import annotations

import ast
from pathlib import Path
from string import Formatter

import pytest
from starlette.routing import compile_path

from backchannel import facts as package
from backchannel.desk import nonpapers
from backchannel.facts import overview, step, succession, understanding
from backchannel.instruments import INSTRUMENTS
from backchannel.web import places
from backchannel.web.table import TABLE
from backchannel.web.words import words
from tests.desk.world import World
from tests.web.kit import Browser

MODULES = {"overview": "seats", "succession": "seats"}
"""Whose steps are told of what; of an instrument the module that has its name."""
BY_TABLE = {
    *(("understanding", verb) for verb in understanding.VERBS.values()),
    *(("step", do) for do, _ in step.WHAT.values()),
    *(("seats", verb) for _, verb, _ in succession.DUES.values()),
    *(("text", verb) for verb in ("adopt", "issue")),
}
NOBODYS = {("seats", "put")}
"""What any desk does: it is awaited from nobody by name."""
OWN = {("seats", "write")}
"""What is always possible: awaited from nobody."""


def told() -> set[tuple[str, str]]:
    """Every verb that stands in a call which tells of a next step, by its kind."""
    found, names = set(BY_TABLE), {one.name for one in INSTRUMENTS}
    for path in Path(next(iter(package.__path__))).glob("*.py"):
        kind = MODULES.get(path.stem, path.stem)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tell", "seats"):
                verb = node.args[1] if len(node.args) == 4 else None
                if isinstance(verb, ast.Constant) and (kind in names or kind == "seats"):
                    found.add((kind, str(verb.value)))
    return found


def test_the_steps_are_found() -> None:
    assert {("note", "restate"), ("seats", "join"), ("disclosure", "publish"), ("hat", "open")} <= told()
    assert len(told()) > 28


@pytest.mark.parametrize("about", sorted(told() - OWN))
def test_whatever_is_awaited_has_a_sentence(about: tuple[str, str]) -> None:
    """Else it would be told in English whatever the reader's language."""
    assert about in places._OTHERS
    assert about in NOBODYS or about in places._SAYS


def test_sentences_are_of_what_can_be_awaited_and_of_nothing_else() -> None:
    assert {*places._SAYS, *places._OTHERS} <= told()
    for sentence in places._SAYS.values():
        assert {name for _, name, _, _ in Formatter().parse(sentence) if name} <= {"n", "title"}
    for about, sentence in places._OTHERS.items():
        assert ("{who}" in sentence) is (about not in NOBODYS)


@pytest.mark.parametrize("kind", [*(one.name for one in INSTRUMENTS), "seats"])
def test_every_item_has_a_page(kind: str, world: World) -> None:
    address = places.place(world["ana"], {"kind": kind, "number": 7, "verb": "read"})
    path = address.partition("?")[0].partition("#")[0]
    assert path.startswith("/c/1/")
    assert any(compile_path(page.path)[0].fullmatch(path) for page in TABLE), path


@pytest.mark.parametrize("verb", ["sign", "propose"])
def test_the_charter_has_a_page_of_its_own(verb: str, world: World) -> None:
    assert places.place(world["ana"], {"kind": "seats", "number": None, "verb": verb}) == "/c/1/seats/charter"


def test_what_an_item_is_called(world: World, browser: Browser) -> None:
    ana = world["ana"]
    ana.send_note("  One\nand   two. " + "x" * 100, read_back=True)
    world.settle()
    number = ana.items("note")[-1].position
    title = places.title(ana, number)
    assert title.startswith("One and two. xxx")
    assert len(title) == places.CLIP + 1
    assert title.endswith("…")
    assert places.title(ana, None) == places.title(ana, 99_999) == ""


def test_a_nonpaper_is_awaited_by_its_title(world: World, browser: Browser) -> None:
    nonpapers.float_(world["hernan"], "Three <points>", "No force.")
    world.settle()
    (step,) = [
        one for one in overview.steps(world["ana"]) if one["about"]["kind"] == "nonpaper" and one["who"] == "you"
    ]
    said = places._said(world["ana"], words("en"), step)
    assert said == "Read the non-paper, and react to it or not: Three <points>"
    number = step["about"]["number"]
    held = nonpapers.at(world["ana"], number)
    assert places._idea(world["ana"], number) == "Three <points>"
    nonpapers.withdraw(world["hernan"], nonpapers.at(world["hernan"], number))
    world.settle()
    assert held.versions != nonpapers.at(world["ana"], number).versions
    assert places._idea(world["ana"], number) == str(number)  # the words are gone


def test_what_is_awaited_is_a_link_to_where_it_is_done(world: World, browser: Browser) -> None:
    world["hernan"].send_note("Is it <b>the meridian</b>?", read_back=True)
    world.settle()
    with browser.keeper.desk() as desk:
        channel = desk.channel()
        channel.sync()
        number = channel.items("note")[-1].position
    page = browser.get("/")
    said = "Say in your own words what you have understood: Is it &lt;b&gt;the meridian&lt;/b&gt;?"
    assert f'<a href="/c/1/talk?at={number}#n{number}">{said}</a>' in page.replace('" >', '">')
    assert "<b>the meridian" not in page
