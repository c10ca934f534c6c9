"""A hand on the page: what locks the desk, what keeps it open, and what does not."""

from __future__ import annotations

from tests.web.browser.kit import House, unlock, until


def test_escape_twice_locks_on_pages_that_stand_alone(house: House) -> None:
    page, keeper = house.unlocked("ana"), house.open["ana"].keeper
    page.goto(f"http://{house.open['ana'].host}/nowhere")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    until(lambda: keeper.state == "locked", page)
    page.wait_for_selector("text=There is no such page")  # loaded anew, by the script
    page.goto(f"http://{house.open['ana'].host}/")
    unlock(page)
    page.goto(f"http://{house.open['ana'].host}/nowhere")
    page.click("button[value=lock]")
    until(lambda: keeper.state == "locked", page)
    page.context.close()


def test_news_are_no_hand_and_a_key_is_one(house: House) -> None:
    """A counterpart's notes must not keep a desk open that its person has left."""
    page, keeper = house.unlocked("ana"), house.open["ana"].keeper
    for place in ("talk", "seats/code/1"):
        page.goto(f"http://{house.open['ana'].host}/c/1/{place}")
        before = keeper._touched
        with house.channel("hernan") as channel:
            channel.send_note("tick")
            channel.sync()
        page.wait_for_timeout(1_200)
        assert keeper._touched == before
    page.keyboard.press("ArrowDown")
    until(lambda: keeper._touched > before, page)
    page.context.close()
