"""The picture of a ladder: what waits is below, every fact is there in words, nothing hostile is more than text."""

from __future__ import annotations

import re
import time
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.errors import Misuse
from backchannel.papers.cards import SIGNS, Card, lay, named, waits
from backchannel.papers.faces import CUT, width, wrap
from backchannel.papers.ladder import Picture, pages, whole
from backchannel.papers.lanes import places
from backchannel.papers.raster import png
from backchannel.papers.sheet import Box, Line, Ring, Sheet, Words, svg
from tests.papers.ladders import ARABIC, BEAGLE, some

NAME = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>&xxe; ]]> \" ' <!-- \x00\x1b\ud800\u202e\u2066\r\nx"


def tree(sheet: Sheet) -> ET.Element:
    return ET.fromstring(svg(sheet))  # noqa: S314  (what we wrote ourselves)


def texts(sheet: Sheet) -> list[str]:
    return [element.text or "" for element in tree(sheet).iter(NAME + "text")]


def boxes(sheet: Sheet) -> list[Box]:
    return [shape for shape in sheet.shapes if isinstance(shape, Box)]


def tops(sheet: Sheet) -> dict[str, float]:
    """Number of a card -> where it is, by the words of its number."""
    return {s.text: s.y for s in sheet.shapes if isinstance(s, Words) and s.face == "bold" and s.text.isdigit()}


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def sheets(picture: Picture) -> list[Sheet]:
    return [whole(picture), *pages(picture)]


def test_a_step_is_below_all_it_waits_for_and_beside_its_return() -> None:
    y = tops(whole(BEAGLE))
    for card in BEAGLE.cards:
        assert all(y[str(n)] < y[str(card.number)] for some_ in card.after for n in some_)
    assert y["1"] == y["2"]
    assert y["4"] == y["5"]


@pytest.mark.parametrize("picture", [BEAGLE, ARABIC, some(40, 3), some(40, 7, 2), some(60, 1), some(120, 12, 5)])
def test_cards_and_words_are_in_their_place(picture: Picture) -> None:
    for sheet in sheets(picture):
        drawn = boxes(sheet)
        assert not any(overlap(one, other) for one, other in combinations(drawn, 2))
        for shape in sheet.shapes:
            for x, y in shape.points if isinstance(shape, Line) else [(shape.x, shape.y)]:
                assert 0 <= x <= sheet.width
                assert 0 <= y <= sheet.height
        for shape in sheet.shapes:
            if isinstance(shape, Words):
                room = shape.x if shape.end or shape.right else sheet.width - shape.x
                assert width(shape.text, shape.face, shape.size) <= room


@pytest.mark.parametrize("picture", [BEAGLE, some(40, 3), some(40, 7, 2), some(120, 12, 5)])
def test_no_line_runs_through_a_card(picture: Picture) -> None:
    for sheet in sheets(picture):
        drawn = boxes(sheet)
        lines = [
            s for s in sheet.shapes if isinstance(s, Line) and s.weight == 0.35 and not s.closed and s.ink != "none"
        ]
        checked = 0
        for line in lines:
            for (x, y), (a, b) in pairwise(line.points):
                if max(abs(x - a), abs(y - b)) < 3:  # a sign
                    continue
                checked += 1
                way = Box(min(x, a), min(y, b) + 0.1, abs(x - a), max(abs(y - b) - 0.2, 0.01))
                assert not any(overlap(way, box) for box in drawn)
        assert checked or not any(card.after for card in picture.cards) or len(sheet.shapes) < 400


@pytest.mark.parametrize("picture", [BEAGLE, some(40, 3), some(40, 7, 2), some(120, 12, 5)])
def test_no_line_runs_upon_another_of_another_step(picture: Picture) -> None:
    """Else one would be taken for the other; lines that leave a step together may stay together."""
    for sheet in sheets(picture):
        lines = [s.points for s in sheet.shapes if isinstance(s, Line) and s.weight == 0.35 and not s.closed]
        upright: dict[float, list[tuple[float, float, tuple[float, float]]]] = {}
        level: dict[float, list[tuple[float, float, tuple[float, float]]]] = {}
        for points in lines:
            for (x, y), (a, b) in pairwise(points):
                if x == a:
                    upright.setdefault(round(x, 3), []).append((min(y, b), max(y, b), points[0]))
                elif y == b:
                    level.setdefault(round(y, 3), []).append((min(x, a), max(x, a), points[0]))
        for runs in (*upright.values(), *level.values()):
            for (low, high, one), (begin, end, other) in combinations(runs, 2):
                assert one == other or min(high, end) - max(low, begin) < 0.01


@pytest.mark.parametrize("picture", [BEAGLE, some(40, 3), some(200, 4, 3), some(120, 12, 5)])
def test_each_step_is_on_one_page_of_a4(picture: Picture) -> None:
    found: list[str] = []
    for sheet in pages(picture):
        assert sorted((sheet.width, sheet.height)) == [210, 297]
        found += tops(sheet)
    assert sorted(found, key=int) == [str(card.number) for card in picture.cards]


def test_a_line_to_another_page_has_an_open_end_and_the_card_says_whence() -> None:
    sheet = next(page for page in pages(some(40, 3)) if "page 2 of" in page.title)
    assert "waits for a step that is not on this page" in texts(sheet)
    numbers = {f"{n}" for n in tops(sheet)}
    loose = [
        c for c in some(40, 3).cards if f"{c.number}" in numbers for s in c.after if not {f"{n}" for n in s} <= numbers
    ]
    assert loose
    for card in loose:
        assert waits(card.after) in texts(sheet)
    assert "waits for a step that is not on this page" not in texts(whole(some(40, 3)))


def test_standing_is_a_word_and_a_sign_of_its_own() -> None:
    signs = {
        name: tuple((type(s), s.fill != "none", s[:3], s.dash > 0) for s in SIGNS[name] if not isinstance(s, Words))
        for name in SIGNS
    }
    assert len(set(signs.values())) == len(SIGNS) == 10
    for name in SIGNS:
        sheet = whole(Picture("", ("A",), (Card(1, "A", "x", name),), ""))
        said = {"pledged": "promised", "due": "to do"}.get(name, name)
        assert texts(sheet).count(said) == 2  # on the card, in the legend


def test_any_of_is_dashed_all_of_is_not() -> None:
    def dashes(after: tuple[tuple[int, ...], ...]) -> list[bool]:
        cards = (Card(1, "A", "x", "due"), Card(2, "B", "y", "due"), Card(3, "A", "z", "due", after=after))
        shapes = whole(Picture("", ("A", "B"), cards, "")).shapes
        legend = len([s for s in shapes if isinstance(s, Words)])
        assert legend
        return [s.dash > 0 for s in shapes if isinstance(s, Line) and s.weight == 0.35 and len(s.points) in (2, 4)]

    assert dashes(((1,), (2,))) == [False, False]
    assert dashes(((1, 2),)) == [True, True]


def test_what_is_in_return_has_a_double_line_if_near_and_words_anyhow() -> None:
    def bonds(*parties: str) -> tuple[int, list[str]]:
        cards = (Card(1, parties[0], "x", "due", returns=(2,)), Card(2, parties[1], "y", "due", returns=(1,)))
        sheet = whole(Picture("", ("A", "B", "C"), cards, ""))
        return sum(isinstance(s, Line) and s.weight == 1.5 for s in sheet.shapes), texts(sheet)

    assert bonds("A", "B")[0] == bonds("B", "A")[0] == bonds("A", "A")[0] == 2  # one in the legend
    assert bonds("A", "C")[0] == 0
    assert bonds("A", "C")[1].count("in return for") == bonds("A", "B")[1].count("in return for") == 2


def test_a_return_in_another_row_goes_along_the_gutter() -> None:
    for one, other in (("A", "B"), ("B", "A")):
        cards = (Card(1, one, "x", "due"), Card(2, other, "y", "due", after=((1,),), returns=(1,)))
        sheet = whole(Picture("", ("A", "B"), cards, ""))
        (bond,) = [s for s in sheet.shapes if isinstance(s, Line) and s.weight == 1.5 and len(s.points) == 4]
        left = min(boxes(sheet), key=lambda box: box.x)
        assert min(x for x, _ in bond.points) == left.x + left.width


def test_a_circle_is_refused_and_so_is_a_standing_nobody_knows() -> None:
    cards = (Card(1, "A", "x", "due", after=((2,),)), Card(2, "A", "y", "due", after=((1,),)))
    with pytest.raises(Misuse, match="circle"):
        whole(Picture("", ("A",), cards, ""))
    with pytest.raises(Misuse, match="'finished'"):
        lay(Card(1, "A", "x", "finished"), 50)


def test_references_to_nowhere_are_words_only() -> None:
    sheet = whole(Picture("", (), (Card(1, "A", "x", "due", after=((7,),), returns=(8, 1)),), ""))
    assert "7" in texts(sheet)
    assert "8, 1" in texts(sheet)


def test_a_tangle_is_drawn_on_pages_only_and_soon() -> None:
    cards = [Card(i, "AB"[i % 2], "x", "due", returns=tuple(range(max(1, i - 32), i))) for i in range(1, 161)]
    cards += [Card(i, "AB"[i % 2], "x", "due", after=tuple((n,) for n in range(1, 33))) for i in range(161, 240)]
    picture = Picture("", (), tuple(cards), "")
    with pytest.raises(Misuse, match="too many lines"):
        whole(picture)
    began = time.process_time()
    assert sum(len(tops(page)) for page in pages(picture)) == 239
    assert time.process_time() - began < 5


def test_an_empty_ladder_says_so() -> None:
    for sheet in sheets(Picture("Nothing yet", (), (), "")) + sheets(Picture("Nothing yet", ("A", "B"), (), "now")):
        assert "No steps yet." in texts(sheet)
        assert png(sheet, 50).startswith(b"\x89PNG")


def test_hostile_words_are_words() -> None:
    card = Card(1, HOSTILE, HOSTILE, "due", HOSTILE, HOSTILE, (HOSTILE,), 1, (), (), HOSTILE)
    for sheet in sheets(Picture(HOSTILE, (HOSTILE,), (card,), HOSTILE)):
        text = svg(sheet)
        tags = {element.tag.removeprefix(NAME) for element in tree(sheet).iter()}
        assert tags <= {"svg", "title", "desc", "rect", "polyline", "polygon", "circle", "text"}
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e\ud800]", text)
        names = {name for element in tree(sheet).iter() for name in element.attrib}
        assert not {n for n in names if n.startswith("on") or n in ("href", "style", "id", "class")}
        assert "url(" not in text
        assert png(sheet, 50).startswith(b"\x89PNG")


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60), st.text(st.sampled_from("ab <>&\"'\nيק\u202e\u0301é"), max_size=200))
def test_any_words_make_a_picture(one: str, other: str) -> None:
    card = Card(1, one, other, "due", one, other, (one, other), 1, (), (), other)
    for sheet in sheets(Picture(other, (one,), (card,), one)):
        assert tree(sheet).get("role") == "img"


def test_who_cannot_see_it_has_the_facts_and_bytes_are_the_same_each_time() -> None:
    sheet = whole(BEAGLE)
    assert svg(sheet) == svg(whole(BEAGLE))
    root = tree(sheet)
    assert root[0].text == BEAGLE.title
    assert root[0].tag == NAME + "title"
    told = root[1].text or ""
    for card in BEAGLE.cards:
        assert f"Step {card.number}, {card.party}, {named(card.standing)}: {card.what}" in told
    assert "after 3 and one of 4, 5" in told
    assert "verified by 1 of 2: Holy See, Chile" in told
    assert "As of 23 February 1979, 18:05 UTC, by the log's clock" in told


def test_text_from_right_to_left_begins_on_the_right() -> None:
    sheet = whole(ARABIC)
    words = [shape for shape in sheet.shapes if isinstance(shape, Words)]
    right = [shape for shape in words if shape.right]
    assert ARABIC.title in {shape.text for shape in right}
    # A line that only happens to begin with such letters stays with its paragraph.
    assert not any(shape.right for shape in words if "report." in shape.text)
    for element in tree(sheet).iter(NAME + "text"):
        assert (element.text or "").startswith("\u2067") <= (element.get("text-anchor") == "end")
    assert png(sheet).startswith(b"\x89PNG")


def test_letters_that_no_font_has_are_named_for_png_only() -> None:
    sheet = whole(Picture("", ("A",), (Card(1, "A", "中国", "due"),), ""))
    assert "中国" in texts(sheet)
    with pytest.raises(Misuse, match=r"2 characters .* 中 \(U\+4E2D\), 国"):
        png(sheet)


def test_symbols_come_from_other_fonts_of_ours() -> None:
    sheet = whole(Picture("", ("A",), (Card(1, "A", "⇶ ☎ ∮ ✈", "due"),), ""))
    assert png(sheet) == png(sheet)


def test_a_large_picture_has_fewer_dots_and_a_huge_one_is_refused() -> None:
    def size(data: bytes) -> int:
        return int.from_bytes(data[16:20]) * int.from_bytes(data[20:24])

    assert size(png(whole(some(40, 3)))) <= 16_100_000
    with pytest.raises(Misuse, match="too large"):
        png(Sheet(2_000, 4_000, "", "", ()))


def test_a_ladder_of_two_hundred_is_drawn_at_once() -> None:
    began = time.process_time()
    for sheet in sheets(some(200, 4, 3)):
        svg(sheet)
    assert time.process_time() - began < 3


def test_independent_steps_fill_the_rows() -> None:
    lanes = [0, 1, 0, 1, 0]
    assert places(lanes, [set()] * 5, [set()] * 5) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]


def test_a_partner_that_may_wait_does() -> None:
    assert places([0, 1, 0], [set(), {2}, set()], [{1}, {0}, set()]) == [(1, 0), (1, 1), (0, 0)]


def test_a_partner_that_must_wait_does_not_pull() -> None:
    found = places([0, 1], [set(), {0}], [{1}, {0}])
    assert found == [(0, 0), (1, 1)]


def test_words_are_wrapped_and_cut() -> None:
    assert wrap("one two three", "serif", 3, 10, 9) == ["one", "two", "three"]
    assert wrap("", "serif", 3, 10, 2) == []
    assert wrap("one two three four", "serif", 3, 12, 2)[-1].endswith(CUT)
    assert wrap(" " * 2_000, "serif", 3, 10, 2) == [CUT]
    long = wrap("é" * 10 + "x" * 3_000, "serif", 3, 20, 3)
    assert len(long) == 3
    assert all(width(row, "serif", 3) <= 20 for row in long)
    assert not any(row.startswith("\u0301") for row in wrap("e\u0301" * 60, "serif", 3, 7, 50))


def test_forks_and_joins_have_dots() -> None:
    one, two, three = (Card(n, p, "x", "due") for n, p in ((1, "A"), (2, "B"), (3, "C")))
    joined = Card(4, "B", "z", "due", after=((1,), (2,), (3,)))
    forked = [Card(n, p, "y", "due", after=((1,),)) for n, p in ((2, "B"), (3, "C"))]

    def dots(*cards: Card) -> int:
        found = whole(Picture("", ("A", "B", "C"), cards, "")).shapes
        return sum(isinstance(s, Ring) and s.radius == 0.55 for s in found)

    assert dots(one, two, three, joined) == 2
    assert dots(one, *forked) == 1
    assert dots(one, two) == 0
