"""Talk: notes by their pages."""

from __future__ import annotations

from backchannel.instruments.note import Note
from tests.desk.world import World, remove, texts
from tests.web.kit import Browser, browsing
from tests.web.kit_forms import do, fill, forms, problem, send


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


def written(page: str) -> list[tuple[str, str]]:
    """Who is to read the note, as its form stands."""
    (form,) = forms(page, "send")
    return [(name, value) for name, value in form["fields"] if name in ("audience", "to")]


def test_nobody_is_chosen_before_somebody_chooses(world: World, browser: Browser) -> None:
    assert written(browser.get("/c/1/talk")) == []
    page = problem(browser, "/c/1/talk", "send", text="To whom?")
    assert "Nobody is chosen" in page
    assert written(page) == []
    assert "To whom?" in page
    world.settle("hernan", "sofia")
    assert texts(world["sofia"]) == texts(world["hernan"]) == []


def test_what_was_chosen_stays_chosen(world: World, browser: Browser) -> None:
    chile = world["hernan"].me.hex()
    page = problem(browser, "/c/1/talk", "send", text="x\u202ey", audience="some", to=chile)
    assert written(page) == [("audience", "some"), ("to", chile)]


def test_an_answer_goes_to_those_who_have_the_note_or_to_its_author_alone(world: World, browser: Browser) -> None:
    ana, chile, see = (world[name].me for name in ("ana", "hernan", "sofia"))
    world["hernan"].send_note("Between us.", [ana])
    world["hernan"].send_note("For all.", None)
    world.settle()
    with browser.keeper.desk() as desk:
        desk.channel().sync()
        private, common = (one.position for one in desk.channel().items("note"))
    page = browser.get("/c/1/talk")
    assert f'href="?reply={private}&amp;alone=1#write"' in page
    assert f'href="?reply={private}#write"' not in page  # nobody else has it
    assert f'href="?reply={common}#write"' in page
    place = f"/c/1/talk?reply={private}&alone=1"
    page = browser.get(place)
    assert "Between us." in page[page.index('id="write"') :]
    assert written(page) == [("audience", "some"), ("to", chile.hex())]
    page = browser.get(f"/c/1/talk?reply={common}")
    assert sorted(written(page)) == [("audience", "some"), *sorted(("to", one.hex()) for one in (chile, see))]
    assert written(browser.get(f"/c/1/talk?reply={common}&alone=1")) == [("audience", "some"), ("to", chile.hex())]
    assert written(browser.get("/c/1/talk?reply=x")) == []
    browser.get("/c/1/talk?reply=1", 404)
    do(browser, place, "send", text="For you alone.")
    page = browser.get("/c/1/talk")
    own = max(one.at.position for one in browser_notes(browser))
    assert f'href="?reply={own}#write"' in page
    assert "Write again to these readers" in page
    world.settle("hernan", "sofia")
    assert "For you alone." in texts(world["hernan"])
    assert "For you alone." not in texts(world["sofia"])


def browser_notes(browser: Browser) -> list[Note]:
    with browser.keeper.desk() as desk:
        return [one.value for one in desk.channel().items("note")]


def test_a_draft_for_others_is_not_put_into_an_answer(world: World, browser: Browser) -> None:
    """The script puts a draft back into the form with the same hidden fields only."""
    world["hernan"].send_note("Between us.", [world["ana"].me])
    world.settle()
    with browser.keeper.desk() as desk:
        desk.channel().sync()
        (one,) = desk.channel().items("note")
    places = "/c/1/talk", f"/c/1/talk?reply={one.position}", f"/c/1/talk?reply={one.position}&alone=1"
    hidden = {tuple(pair for pair in fill(browser, place, "send")[1] if pair[0] == "reply") for place in places}
    assert len(hidden) == 3


def test_who_was_not_compared_is_marked_where_readers_are_chosen(world: World, browser: Browser) -> None:
    assert browser.get("/c/1/talk").count("(words not compared)") == 2
    with browser.keeper.desk() as desk:
        desk.channel().mark_verified(world["hernan"].me)
    assert browser.get("/c/1/talk").count("(words not compared)") == 1


def test_whoever_has_left_reads_what_it_had(world: World, browser: Browser) -> None:
    world["hernan"].send_note("While you were here.", None)
    world.settle()
    with browser.keeper.desk() as desk:
        desk.channel().sync()
        desk.channel().remove(world["ana"].me, "Home.")
    world.settle()
    with browser.keeper.desk() as desk:
        desk.channel().sync()
    page = browser.get("/c/1/talk")
    assert "While you were here." in page
    assert "What you had read stays here." in page
    for wrong in ("Nobody can speak here before", "Answer "):
        assert wrong not in page


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
    assert "You have confirmed that" in browser.do("/c/1/talk", "confirm", note=str(n), seat=seat)


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


def test_everybody_is_who_it_was_when_the_page_was_looked_at(world: World, browser: Browser) -> None:
    place, fields = fill(browser, "/c/1/talk", "send", text="For all of you.", audience="all")
    assert dict(fields)["_here"]
    remove(world, "sofia", "ana", "hernan")
    with browser.keeper.desk() as desk:
        desk.channel().sync()
    answer = send(browser, place, fields)
    assert answer.status_code == 400
    assert "Somebody has come or gone while you wrote" in answer.text
    assert "For all of you." in answer.text
    assert not world["ana"].items("note")
    do(browser, "/c/1/talk", "send", text="For all of you.", audience="all")
    assert len(world["ana"].items("note")) == 1
