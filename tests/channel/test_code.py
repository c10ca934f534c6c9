"""Invitation codes: whole, or refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.channel import code
from backchannel.channel.code import Code
from backchannel.entry.codec import encode
from backchannel.errors import Malformed
from backchannel.seal.primitives import sha256

CODE = Code("https://relay.example", b"\x01" * 32, b"\x02" * 32, b"\x03" * 32, 4, b"\x05" * 32, b"\x06" * 32)
TEXT = code.write(CODE)
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"

bytes32 = st.binary(min_size=32, max_size=32)
codes = st.builds(
    Code,
    st.text(st.characters(codec="ascii"), max_size=200),
    bytes32,
    bytes32,
    bytes32,
    st.integers(0, 2**63 - 1),
    bytes32,
    bytes32,
)


@given(codes)
def test_a_code_comes_back_as_it_went(value: Code) -> None:
    written = code.write(value)
    assert code.read(written) == value
    assert written.startswith("bc1-")
    assert set(written) <= set(LETTERS + "-" + "1")


def test_it_is_in_groups_of_eight() -> None:
    groups = TEXT.removeprefix("bc1-").split("-")
    assert {len(group) for group in groups[:-1]} == {8}
    assert 1 <= len(groups[-1]) <= 8


@pytest.mark.parametrize(
    "text",
    [
        TEXT.upper(),
        f"  {TEXT}\n",
        TEXT.replace("-", " - "),
        TEXT.replace("-", "-\r\n"),
        TEXT.replace("-", "\u2003-\t"),
        "bc1-" + TEXT[4:].replace("-", ""),
        "-".join(TEXT),
    ][:6],
)
def test_people_write_it_as_they_like(text: str) -> None:
    assert code.read(text) == CODE


@given(st.integers(4, len(TEXT) - 1), st.sampled_from(LETTERS + "01890-é \u0131\u017f\u212a"))
def test_a_letter_mistyped_anywhere_is_noticed(place: int, letter: str) -> None:
    typed = TEXT[:place] + letter + TEXT[place + 1 :]
    if "".join(typed.split()).replace("-", "") == TEXT.replace("-", ""):
        assert code.read(typed) == CODE
        return
    with pytest.raises(Malformed) as caught:
        code.read(typed)
    assert caught.value.code == "code"


@given(st.integers(0, len(TEXT) - 1))
def test_a_part_is_not_a_code(length: int) -> None:
    if TEXT[length:].strip("-"):
        with pytest.raises(Malformed) as caught:
            code.read(TEXT[:length])
        assert caught.value.code == "code"


@given(st.integers(4, len(TEXT)), st.sampled_from(LETTERS))
def test_a_letter_too_many_is_noticed(place: int, letter: str) -> None:
    with pytest.raises(Malformed):
        code.read(TEXT[:place] + letter + TEXT[place:])


def raw(text: bytes) -> str:
    """A code of these bytes with a right checksum."""
    letters = base64.b32encode(text + sha256(text)[:4]).decode().rstrip("=").lower()
    return "bc1-" + letters


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "code"),
        ("bc1-", "code"),
        ("bc2" + TEXT[3:], "code"),
        ("b c 2", "code"),
        (TEXT[1:], "code"),
        ("bc1-aaaaaaaa", "code"),
        ("bc1-\u0430" + TEXT[5:], "code"),
        ("bc1-" + "a" * 1_000_000, "code"),
        (TEXT + " " * 5_000, "code"),
        (" " * 3_000 + TEXT + " " * 3_000, "code"),
        (raw(b""), "encoding"),
        (raw(encode(CODE) + b"\0"), "encoding"),
        (raw(encode(CODE)[:-1]), "encoding"),
        (raw(encode({"relay": 1})), "encoding"),
    ],
    ids=lambda text: str(text)[:12],
)
def test_what_is_no_code(text: str, why: str) -> None:
    with pytest.raises(Malformed) as caught:
        code.read(text)
    assert caught.value.code == why
    assert caught.value.what.endswith(".")


def test_bits_behind_the_end_are_noticed() -> None:
    """Base32 has spare bits in its last letter, in most lengths; only one letter is right."""
    for extra in range(5):
        value = Code("x" * extra, *(getattr(CODE, f) for f in CODE.__struct_fields__[1:]))
        text = code.write(value)
        read = []
        for letter in LETTERS:
            try:
                read.append(code.read(text[:-1] + letter))
            except Malformed:
                continue
        assert read == [value]


def test_a_code_does_not_show_its_secret() -> None:
    assert "\\x06" not in repr(CODE)
    assert CODE.relay in repr(CODE)
