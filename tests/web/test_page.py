"""What a form and an address may say, whatever it is: numbers, texts, files; forms that were made for this session."""

from __future__ import annotations

from io import BytesIO

import pytest
from starlette.datastructures import FormData, UploadFile

from backchannel.errors import Misuse
from backchannel.web.page import Form
from backchannel.web.table import TABLE
from tests.desk.world import World
from tests.web.kit import Browser

STRANGE = ("²", "٣", "-1", "--1", "1e3", "0x1", " ", "1 ", "9" * 9, "9" * 10, "9" * 40, "\x00", "NaN", "\uff11")
"""What is, or is not, a number to Python."""


def test_numbers_of_a_form() -> None:
    form = Form(FormData([("n", " 12 "), ("minus", "-3"), ("many", "1"), ("many", "²"), ("many", "3"), ("many", "-1")]))
    assert [form.number(name) for name in ("n", "minus", "none")] == [12, -3, 0]
    assert form.number("none", 7) == 7
    assert form.numbers("many") == [1, 3]


@pytest.mark.parametrize("text", [one for one in STRANGE if one.strip() and one not in ("-1", "1 ", "9" * 9)])
def test_what_is_no_number_is_told(text: str) -> None:
    with pytest.raises(Misuse, match="is no number"):
        Form(FormData([("n", text)])).number("n")


def test_texts_of_a_form_have_the_line_ends_of_everybody_else() -> None:
    photo = UploadFile(BytesIO(b"x"), filename="photo.jpg")
    form = Form(FormData([("a", "1\r\n2\r3"), ("_form", "secret"), ("f", photo), ("f", UploadFile(BytesIO(b"")))]))
    assert (form["a"], form["f"], form["none"], form.get("none", "x")) == ("1\n2\n3", "", "", "x")
    assert form.all("f") == []
    assert form.files("f") == [photo]
    assert list(form.typed()) == [("a", "1\n2\r3")]


PLACES = sorted({page.path.replace("{c:int}", "1") for page in TABLE if "{n:int}" not in page.path})
NAMES = ("before", "at", "from", "answer", "size", "paragraph", "t", "p", "a", "b", "text", "line", "old", "new")


@pytest.mark.parametrize("strange", STRANGE)
def test_no_number_in_an_address_is_a_fault(strange: str, browser: Browser, world: World) -> None:
    """Whatever stands behind the question mark: a page, or none; never a fault of this program."""
    world["hernan"].send_note("The meridian?")
    world.settle()
    for place in PLACES:
        answer = browser.client.get(place, params=dict.fromkeys(NAMES, strange))
        assert answer.status_code in (200, 404), (place, answer.status_code)
