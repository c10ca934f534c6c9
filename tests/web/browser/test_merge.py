"""How a page becomes what the desk would show now, while a hand is in it; and what a click means meanwhile."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

from tests.web.browser.kit import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

MERGE = """async ([old, hand, fresh]) => {
  const main = document.querySelector("main");
  main.innerHTML = old;
  const at = hand && main.querySelector(hand[0]);
  if (at && hand[1]) at.value = hand[1];
  if (at && !hand[1]) at.focus();
  await become(fresh);
  return [main.innerHTML, main.innerText, at && at.isConnected && document.activeElement === at];
}"""
BECOME = """void (window.become = async (fresh) => {
  const { merge } = await import("/static/merge.js");
  const page = new DOMParser().parseFromString(`<main>${fresh}</main>`, "text/html");
  merge([[document.querySelector("main"), page.querySelector("main")]]);
})"""
BACK = '<section><h3>Take it back</h3><form><button value="withdraw">Take it back</button></form></section>'
REACT = (
    '<section aria-labelledby="react"><h3 id="react">React</h3><form><input type="hidden" name="n" value="7">'
    '<textarea name="text"></textarea><button value="react">Say it</button></form></section>'
)
REVISE = (
    '<details><summary>Revise</summary><form><textarea name="t">own</textarea>'
    '<button value="revise">R</button></form></details>'
)
WITHDRAW = '<details><summary>Withdraw</summary><form><button value="withdraw">W</button></form></details>'
NOTE = '<article id="n{n}"><p>note {n}</p>{form}</article>'
RESTATE = (
    '<form><input type="hidden" name="note" value="{n}"><textarea name="text"></textarea>'
    '<button value="r">R</button></form>'
)
REMOVE = '<details><summary>Somebody is to go</summary><form><textarea name="why"></textarea></form></details>'
TO = '<input type="checkbox" name="to" value="{seat}">'
TOLD = '<form id="f"><textarea name="t"></textarea>{to}</form>'
CHANGED = "This has changed while you wrote"


class Case(NamedTuple):
    """What stood there, where the hand is (and what it has typed), what the desk shows now; what is there then."""

    old: str
    hand: tuple[str, str] | None
    fresh: str
    there: tuple[str, ...]
    gone: tuple[str, ...]


CASES = {
    # the newcomer's six
    "charter": Case(
        "<p>No charter</p>",
        None,
        '<p>Terms</p><form><button value="sign">Sign</button></form>',
        ("Terms", "Sign"),
        ("No ",),
    ),
    "sounding": Case(
        f"<p>How far</p>{BACK}", None, "<p>What came of it</p>", ("What came",), ("Take it back", "How far")
    ),
    "non-paper": Case(
        f'<article data-live="words"><p>secret words</p></article>{REACT}'
        f'<section aria-labelledby="more">{REVISE}{WITHDRAW}</section>',
        ("textarea[name=text]", "half a reaction"),
        '<div data-live="words"><p>Its words are destroyed</p></div><p>All proposals</p>',
        ("destroyed", "Say it", CHANGED),
        ("secret", "Revise", "Withdraw"),
    ),
    "seats": Case(
        f"<p>It awaits that he joins</p>{REMOVE}",
        ("textarea", "because"),
        f'<section id="s2">He is here</section>{REMOVE}',
        ("He is here",),
        ("It awaits", CHANGED),
    ),
    "understanding": Case(
        "<h2>It</h2><p>not signed</p>",
        None,
        "<h2>It</h2><p>signed by all</p><section>Its record</section>",
        ("signed by all", "Its record"),
        ("not signed",),
    ),
    "code": Case(
        '<div data-live="code"><p>It awaits South</p></div>',
        None,
        '<div data-live="code"><p class="code">AB12</p></div>',
        ("AB12",),
        ("awaits",),
    ),
    # hands in the middle of it
    "a note beside the one that is restated": Case(
        f'<div data-live="notes">{NOTE.format(n=1, form="")}{NOTE.format(n=2, form=RESTATE.format(n=2))}</div>',
        ("textarea", "I understood"),
        f'<div data-live="notes">{NOTE.format(n=2, form=RESTATE.format(n=2))}{NOTE.format(n=3, form="")}</div>',
        ("note 2", "note 3"),
        ("note 1", CHANGED),
    ),
    "the words of the note that is restated": Case(
        f'<div data-live="notes">{NOTE.format(n=2, form=RESTATE.format(n=2))}</div>',
        ("textarea", "I understood"),
        '<div data-live="notes"><p>nothing</p></div>',
        ("nothing", CHANGED),
        ("note 2",),
    ),
    "about something else": Case(RESTATE.format(n=2), ("textarea", "x"), RESTATE.format(n=3), (CHANGED,), ()),
    "another can be chosen": Case(
        TOLD.format(to=TO.format(seat=1)),
        ("textarea", "x"),
        TOLD.format(to=TO.format(seat=1) + TO.format(seat=2)),
        (CHANGED,),
        (),
    ),
    "only the eye is elsewhere": Case(
        f"<p>old</p>{REACT}", ("textarea", ""), f"<p>new</p>{REACT}", ("new",), ("old", CHANGED)
    ),
    "another order": Case(
        f'<p id="a">a</p>{REACT}<p id="b">b</p>',
        ("textarea", "x"),
        f'<p id="b">b</p>{REACT}<p id="a">c</p>',
        ("b", "c"),
        ("a\n", CHANGED),
    ),
    "nothing new": Case(f"<p>a</p>{REACT}", ("textarea", "x"), f"<p>a</p>{REACT}", ("a",), (CHANGED,)),
}


@pytest.fixture(scope="module")
def window(house: House) -> Page:
    page = house.unlocked("ana", viewport={"width": 1200, "height": 800})
    page.add_init_script("window.EventSource = class { close() {} }")  # no other news than those of the test
    page.goto(f"http://{house.open['ana'].host}/c/1/talk")
    return page


@pytest.fixture
def still(window: Page) -> Page:
    window.reload()
    window.wait_for_selector("html.scripted")
    window.evaluate(BECOME)
    return window


def merged(page: Page, case: Case) -> tuple[str, str, bool]:
    html, text, same = page.evaluate(MERGE, [case.old, case.hand, case.fresh])
    return html, text, same


@pytest.mark.parametrize("name", CASES)
def test_all_is_as_the_desk_shows_it_but_what_a_hand_is_in(still: Page, name: str) -> None:
    case = CASES[name]
    html, text, _ = merged(still, case)
    for words in case.there:
        assert words in text, html
    for words in case.gone:
        assert words not in text, html
    if case.hand and case.hand[1]:
        assert case.hand[1] in [one.input_value() for one in still.locator("main textarea").all()]


def test_without_a_hand_it_is_the_very_same(still: Page) -> None:
    for case in CASES.values():
        html, _, _ = merged(still, case._replace(hand=None))
        assert html == case.fresh


def test_the_line_goes_when_it_is_the_same_again(still: Page) -> None:
    for fresh, n in ((RESTATE.format(n=3), 1), (RESTATE.format(n=2), 0)):
        still.evaluate(
            """async ([old, fresh]) => { const main = document.querySelector("main");
            if (!main.querySelector("textarea[name=text]") || main.children.length > 1) {
              main.innerHTML = old; main.querySelector("textarea").value = "x"; }
            await become(fresh); }""",
            [RESTATE.format(n=2), fresh],
        )
        assert still.locator("main form .changed").count() == n


def test_the_cursor_what_is_open_and_what_is_scrolled_stay(still: Page) -> None:
    rows = "".join(f"<p>{k}</p>" for k in range(80))
    fold = "<details><summary>more</summary>x</details>"
    old = f'<div id="x">{fold}<div class="about">{rows}</div><a href="#y">y</a></div>'
    still.evaluate(
        """async ([old, fresh]) => { const main = document.querySelector("main");
        main.innerHTML = old;
        main.querySelector("details").open = true; main.querySelector("a").focus({preventScroll: true});
        main.querySelector(".about").scrollTop = 300;
        await become(fresh); }""",
        [old, old.replace("<p>79", "<p>eighty")],
    )
    assert "eighty" in still.locator("main").inner_text()
    assert still.locator("main details").evaluate("one => one.open")
    assert still.locator("main .about").evaluate("one => one.scrollTop") == 300
    assert still.locator("main a").evaluate("one => document.activeElement === one")


MOVED = """async ([old, fresh, wait, detail]) => {
  const main = document.querySelector("main");
  main.innerHTML = old;
  const box = main.querySelector("button").getBoundingClientRect(), x = box.left + 5, y = box.top + 5;
  window.did = [];
  await become(fresh);
  main.addEventListener("submit", (event) => { event.preventDefault(); window.did.push(event.submitter.value); });
  await new Promise((done) => setTimeout(done, wait));
  const at = document.elementFromPoint(x, y);
  at.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail, clientX: x, clientY: y }));
  return [at.value, window.did];
}"""
KEEP = '<form action="/a"><button value="keep">Keep it, or not</button></form>'
SIGN = '<form action="/a"><button value="sign">Sign it, for good</button></form>'
MORE = '<form action="/a"><input type="hidden" name="n" value="{n}"><button value="yes">Say yes to this</button></form>'


@pytest.mark.parametrize(
    ("old", "fresh", "wait", "detail", "did"),
    [
        (KEEP, SIGN + KEEP, 0, 1, []),  # another button where this one stood
        (MORE.format(n=1), MORE.format(n=2), 0, 1, []),  # the same button, about something else
        (KEEP, SIGN + KEEP, 450, 1, ["sign"]),  # it was seen
        (KEEP, SIGN + KEEP, 0, 0, ["sign"]),  # a key means what has the focus
        (KEEP, KEEP + SIGN, 0, 1, ["keep"]),  # nothing moved under it
    ],
)
def test_a_click_means_what_was_there_to_be_seen(
    still: Page, old: str, fresh: str, wait: int, detail: int, did: list[str]
) -> None:
    result: Any = still.evaluate(MOVED, [old, fresh, wait, detail])
    assert result[1] == did, result


def test_whoever_writes_stays_where_they_are(still: Page) -> None:
    before, after = still.evaluate(
        """async ([old, fresh]) => { const main = document.querySelector("main");
        main.innerHTML = old;
        const at = main.querySelector("textarea");
        at.focus();
        const before = at.getBoundingClientRect().top;
        await become(fresh);
        return [before, at.getBoundingClientRect().top]; }""",
        [
            f'<div id="x">{"<p>line</p>" * 40}</div>{REACT}{"<p>end</p>" * 80}',
            f'<div id="x">{"<p>line</p>" * 60}</div>{REACT}{"<p>end</p>" * 80}',
        ],
    )
    assert abs(before - after) < 2
