"""Talk: notes by their pages."""

from __future__ import annotations

from tests.desk.world import World, texts
from tests.web.kit import Browser, browsing


def test_a_note_to_everybody_and_to_some(world: World, browser: Browser) -> None:
    chile = world["hernan"].me.hex()
    page = browser.do("/c/1/talk", "send", text="To all.", audience="all", keep="3")
    assert "To all." in page
    browser.do("/c/1/talk", "send", text="To one.", audience="some", to=chile, read_back="yes")
    world.settle("hernan", "sofia")
    assert texts(world["hernan"]) == ["To all.", "To one."]
    assert texts(world["sofia"]) == ["To all."]


def test_a_name_that_is_ticked_is_not_everybody(world: World, browser: Browser) -> None:
    data = {"do": "send", "text": "For one pair of eyes.", "audience": "all", "to": world["hernan"].me.hex()}
    answer = browser.post("/c/1/talk", data)
    assert answer.status_code == 400
    assert "Names are chosen, and everybody too." in answer.text
    assert "For one pair of eyes." in answer.text  # nothing typed is lost
    world.settle("hernan", "sofia")
    assert texts(world["sofia"]) == texts(world["hernan"]) == []


def test_nobody_chosen(browser: Browser) -> None:
    answer = browser.post("/c/1/talk", {"do": "send", "text": "To whom?", "audience": "some"})
    assert answer.status_code == 400
    assert "Nobody is chosen" in answer.text


def test_a_read_back_by_pages(world: World, browser: Browser) -> None:
    browser.do("/c/1/talk", "send", text="The cape.", audience="all", read_back="yes")
    world.settle("hernan", "sofia")
    with browsing(world, "hernan") as chile:
        n = world["hernan"].items("note")[-1].position
        chile.do("/c/1/talk", "restate", note=str(n), text="The meridian.")
    with browser.keeper.desk() as desk:
        desk.channel().sync()
    seat = world["hernan"].me.hex()
    page = browser.get("/c/1/talk")
    assert "The meridian." in page
    assert page.index('value="confirm"') < page.index('value="correct"')
    browser.do("/c/1/talk", "correct", note=str(n), seat=seat, text="No: the cape.")
    with browsing(world, "hernan") as chile:
        with chile.keeper.desk() as desk:
            desk.channel().sync()
        assert "No: the cape." in chile.get("/c/1/talk")
        chile.do("/c/1/talk", "restate", note=str(n), text="The cape.")
    with browser.keeper.desk() as desk:
        desk.channel().sync()
    assert "has confirmed" in browser.do("/c/1/talk", "confirm", note=str(n), seat=seat)


def test_a_correction_has_words_and_a_reader(world: World, browser: Browser) -> None:
    browser.do("/c/1/talk", "send", text="The cape.", audience="all", read_back="yes")
    world.settle("hernan", "sofia")
    n = world["hernan"].items("note")[-1].position
    with browsing(world, "hernan") as chile:
        chile.do("/c/1/talk", "restate", note=str(n), text="The meridian.")
    with browser.keeper.desk() as desk:
        desk.channel().sync()
    told = {"note": str(n), "seat": world["hernan"].me.hex()}
    answer = browser.post("/c/1/talk", {"do": "correct", "text": "  ", **told})
    assert answer.status_code == 400
    assert "Nothing is written" in answer.text
    answer = browser.post("/c/1/talk", {"do": "correct", "text": "x\u202ey", **told})
    assert answer.status_code == 400
    assert answer.text.count("x\u202ey</textarea>") == 1  # in its form, and not in that of a new note
    for seat in ("", "zz"):
        answer = browser.post("/c/1/talk", {"do": "confirm", "note": str(n), "seat": seat})
        assert answer.status_code == 400
    assert "Is that what you meant?" in browser.get("/c/1/talk")
