"""The one form of JSON, and how a text falls into clauses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.entry.codec import Value
from backchannel.errors import Malformed
from backchannel.instruments.understanding import clauses, form
from tests.seal.kit import refused


class Thing(Value, frozen=True):
    word: str
    number: int
    more: tuple[int, ...]


GOOD = b'{"word":"\xc3\xa9\\n","number":7,"more":[1,2]}'


def test_what_is_written_is_read() -> None:
    thing = Thing("é\n", 7, (1, 2))
    assert form.write(thing) == GOOD
    assert form.read(GOOD, Thing) == thing
    indented = form.write(thing, indent=2)
    assert indented.startswith(b'{\n  "word"')
    assert form.read(indented, Thing, indent=2) == thing


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[" * 100_000,
        b'{"word":' + b"[" * 100_000,
        GOOD + b"\n",
        b" " + GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b":7", b": 7"),
        GOOD.replace(b":7", b":7.0"),
        GOOD.replace(b":7", b":7e0"),
        GOOD.replace(b":7", b":-0"),
        GOOD.replace(b":7", b":NaN"),
        GOOD.replace(b":7", b":Infinity"),
        GOOD.replace(b":7", b":" + b"9" * 5_000),
        GOOD.replace(b":7", b':"7"'),
        GOOD.replace(b":7", b":true"),
        GOOD.replace(b"\\n", b"\\u000a"),
        GOOD.replace(b"\xc3\xa9", b"\\u00e9"),
        GOOD.replace(b"\xc3\xa9", b"\\ud800"),
        GOOD.replace(b"\xc3\xa9", b"\xff"),
        GOOD.replace(b'"number":7', b'"number":8,"number":7'),
        GOOD.replace(b'"number":7,', b""),
        GOOD.replace(b'"number":7', b'"number":7,"other":1'),
        b'{"number":7,"word":"\xc3\xa9\\n","more":[1,2]}',
    ],
)
def test_every_other_form_is_refused(raw: bytes) -> None:
    with refused("record"):
        form.read(raw, Thing)


@pytest.mark.parametrize("raw", [b'{"a":1,"a":2}', b'{"a":1.50}', b'{"a":1e400}', b"[1,]", b'{"a":01}'])
def test_without_a_shape_too(raw: bytes) -> None:
    with refused("record"):
        form.read(raw, Any)


@given(st.binary(max_size=40))
def test_bytes_as_text(raw: bytes) -> None:
    assert form.unb64(form.b64(raw)) == raw


@pytest.mark.parametrize("text", ["A", "AA=", "AA==", "AB", "A-é", "A+AA", "AA AA", "AA\n"])
def test_bytes_in_another_form(text: str) -> None:
    with refused("record"):
        form.unb64(text)


@pytest.mark.parametrize(("kind", "size"), [(form.Text16, 16), (form.Text32, 32)])
def test_texts_of_a_length(kind: Any, size: int) -> None:
    def read(raw: bytes) -> None:
        assert form.read(form.write(form.b64(raw)), kind) == form.b64(raw)

    for raw in (bytes(size), b"\xff" * size, bytes(range(size))):
        read(raw)
    for raw in (bytes(size - 1), bytes(size + 1)):
        with pytest.raises(Malformed):
            read(raw)
    last = form.b64(bytes(size))
    for text in (last[:-1] + "B", last + "\n", " " + last[1:], last[:-1] + "="):
        with refused("record"):
            form.read(form.write(text), kind)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ()),
        ("One.", ("One.",)),
        ("One\nand the same.", ("One\nand the same.",)),
        ("One.\n\nTwo.\n \n\t\n  Three.\n", ("One.", "Two.", "Three.")),
        ("1. One.\n2. Two.", ("One.", "Two.")),
        ("1) One.\n\nMore of one.\n\n2) Two.\n3) Three.\n", ("One.\n\nMore of one.", "Two.", "Three.")),
        ("1. One.\n5. not a clause\n2. Two.", ("One.\n5. not a clause", "Two.")),
        ("1. Only one.", ("1. Only one.",)),
        ("Whereas.\n\n1. One.\n\n2. Two.", ("Whereas.", "1. One.", "2. Two.")),
        ("1.5 metres.\n\n2.5 metres.", ("1.5 metres.", "2.5 metres.")),
        ("1. One.\n2. ", ("1. One.\n2.",)),
    ],
)
def test_how_a_text_falls_into_clauses(words: str, expected: tuple[str, ...]) -> None:
    assert clauses.split(words.strip()) == expected


@given(st.text(alphabet="12.) \n\tab", max_size=60))
def test_no_word_is_lost(words: str) -> None:
    kept = "".join("".join(clauses.split(words)).split())
    letters = "".join(words.split())
    assert [c for c in kept if c in "ab"] == [c for c in letters if c in "ab"]
    assert all(part.strip() == part for part in clauses.split(words))
