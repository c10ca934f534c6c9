"""Words that are set aside: exactly one form, for exactly these readers, under exactly this key (sealing.md, 12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backchannel import labels
from backchannel.entry.codec import decode, encode
from backchannel.errors import Malformed
from backchannel.labels import enc
from backchannel.seal import aside
from backchannel.seal import primitives as p
from backchannel.seal.aside import SLOT, STEP, Aside, Once, OneTime
from backchannel.seal.box import seal_box
from tests.seal.kit import CHANNEL, OTHER_CHANNEL, chance, refused, weakened

KEY, ACT = b"\x05" * 32, b"the act"
SEATS = tuple(bytes([k]) * 16 for k in range(3))
ONCE = tuple(Once(chance(f"once {k}")(32)) for k in range(3))
TO = tuple(OneTime(seat, k, once.public) for k, (seat, once) in enumerate(zip(SEATS, ONCE, strict=True)))


def envelope(words: bytes = b"words", key: bytes = KEY) -> Aside:
    return aside.with_words(CHANNEL, key, ACT, words, chance("salt"))


# --- keys


def test_every_reader_finds_the_key_and_nobody_else() -> None:
    made = aside.with_key(CHANNEL, KEY, ACT, TO)
    aside.check(made, SEATS, bare=True)
    for k, seat in enumerate(SEATS):
        found = made.slot(seat)
        assert found is not None
        n, slot = found
        assert (n, len(slot)) == (k, SLOT)
        assert ONCE[k].open(CHANNEL, seat, n, slot) == KEY
        for other, wrong_seat, wrong_n, channel in (
            (ONCE[k - 1], seat, n, CHANNEL),
            (ONCE[k], SEATS[k - 1], n, CHANNEL),
            (ONCE[k], seat, n + 1, CHANNEL),
            (ONCE[k], seat, n, OTHER_CHANNEL),
        ):
            assert other.open(channel, wrong_seat, wrong_n, slot) is None
        assert ONCE[k].open(CHANNEL, seat, n, slot[:-1] + bytes([slot[-1] ^ 1])) is None
        assert ONCE[k].open(CHANNEL, seat, n, slot[1:]) is None
    assert made.slot(b"\xff" * 16) is None


def test_a_key_of_another_length_is_none() -> None:
    info = enc(labels.ASIDE_KEY, CHANNEL, SEATS[0], 0)
    for key in (b"", KEY[1:], KEY + b"\0"):
        assert ONCE[0].open(CHANNEL, SEATS[0], 0, p.hpke_seal(ONCE[0].public, info, key)) is None


def test_a_copy_is_for_who_has_asked_about_this_item() -> None:
    seed, item = b"\x09" * 32, b"\x11" * 32
    slot = aside.seal_copy(CHANNEL, item, SEATS[0], p.xwing_public(seed), KEY)
    assert len(slot) == SLOT
    assert aside.open_copy(CHANNEL, item, SEATS[0], seed, slot) == KEY
    for wrong in (
        (OTHER_CHANNEL, item, SEATS[0], seed, slot),
        (CHANNEL, b"\x12" * 32, SEATS[0], seed, slot),
        (CHANNEL, item, SEATS[1], seed, slot),
        (CHANNEL, item, SEATS[0], b"\x0a" * 32, slot),
        (CHANNEL, item, SEATS[0], seed, slot[:-1] + bytes([slot[-1] ^ 1])),
        (CHANNEL, item, SEATS[0], seed, b""),
    ):
        assert aside.open_copy(*wrong) is None
    short = p.hpke_seal(p.xwing_public(seed), enc(labels.ASIDE_COPY, CHANNEL, item, SEATS[0]), KEY[:-1])
    assert aside.open_copy(CHANNEL, item, SEATS[0], seed, short) is None


def test_one_key_is_known_by_one_value_in_one_channel() -> None:
    made = aside.with_key(CHANNEL, KEY, ACT, TO)
    assert made.sealed == aside.commitment(CHANNEL, KEY)
    assert len({made.sealed, aside.commitment(CHANNEL, bytes(32)), aside.commitment(OTHER_CHANNEL, KEY)}) == 3


# --- for whom


def altered(**change: Any) -> Aside:
    return replace(aside.with_key(CHANNEL, KEY, ACT, TO), **change)


WHOLE = altered()


@pytest.mark.parametrize(
    ("body", "to", "bare"),
    [
        (WHOLE, SEATS[:2], True),
        (WHOLE, SEATS[::-1], True),
        (WHOLE, (), True),
        (WHOLE, SEATS, False),
        (altered(to=WHOLE.to[::-1]), SEATS, True),
        (altered(to=(*WHOLE.to, WHOLE.to[0])), SEATS, True),
        (altered(slots=WHOLE.slots[:2]), SEATS, True),
        (altered(slots=(*WHOLE.slots, WHOLE.slots[0])), SEATS, True),
        (altered(slots=(*WHOLE.slots[:2], WHOLE.slots[2][1:])), SEATS, True),
        (altered(slots=(*WHOLE.slots[:2], b"")), SEATS, True),
        (altered(sealed=b"x"), SEATS, True),
        (altered(sealed=b""), SEATS, True),
        (replace(envelope(), sealed=bytes(32)), (), False),
        (envelope(), SEATS, False),
        (envelope(), (), True),
        (replace(envelope(), sealed=b""), (), False),
        (replace(envelope(), slots=(WHOLE.slots[0],)), (), False),
        (replace(envelope(), to=WHOLE.to[:1], slots=WHOLE.slots[:1]), (), False),
    ],
)
def test_the_key_is_there_for_exactly_those_who_read(body: Aside, to: tuple[bytes, ...], bare: bool) -> None:
    with refused("slots"):
        aside.check(body, to, bare=bare)


def test_what_is_right_is_not_refused() -> None:
    aside.check(WHOLE, SEATS, bare=True)
    aside.check(envelope(), (), bare=False)
    aside.check(aside.with_key(CHANNEL, KEY, ACT, ()), (), bare=True)


# --- words


@pytest.mark.parametrize("size", [0, 1, STEP - 2, STEP - 1, STEP, 2 * STEP - 1, 3 * STEP, 200_000])
def test_words_come_back(size: int) -> None:
    for words in (bytes(size), b"\x80" * size, chance("words")(size)):
        assert aside.words(CHANNEL, KEY, envelope(words)) == words


def test_sizes_tell_words_in_steps_only() -> None:
    """Nothing said, and 4,095 bytes said, are alike."""
    sizes = {size: len(encode(envelope(bytes(size)))) for size in (0, 1, 100, STEP - 1, STEP, 2 * STEP - 1, 2 * STEP)}
    assert sizes[0] == sizes[1] == sizes[100] == sizes[STEP - 1]
    assert sizes[STEP] == sizes[2 * STEP - 1]
    assert len(set(sizes.values())) == 3
    assert len({len(encode(aside.with_key(CHANNEL, key, ACT, TO))) for key in (KEY, bytes(32))}) == 1


FILLED: dict[str, Callable[[], bytes]] = {
    "none": lambda: b"words",
    "short": lambda: (b"words\x80").ljust(STEP - 1, b"\0"),
    "long": lambda: (b"words\x80").ljust(STEP + 1, b"\0"),
    "a step too many": lambda: (b"words\x80").ljust(2 * STEP, b"\0"),
    "zeros": lambda: bytes(STEP),
    "another mark": lambda: (b"words\x01").ljust(STEP, b"\0"),
    "empty": lambda: b"",
    "not zeros": lambda: (b"words\x80").ljust(STEP - 1, b"\0") + b"\1",
}


@pytest.mark.parametrize("how", FILLED)
def test_words_are_filled_up_in_one_form(how: str) -> None:
    sealed = seal_box(KEY, labels.ASIDE, CHANNEL, p.sha256(ACT)[:16], bytes(16), FILLED[how]())
    with refused("padding"):
        aside.words(CHANNEL, KEY, Aside(ACT, (), (), sealed))


def test_words_belong_to_their_act_their_key_and_their_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    body = envelope()
    with refused("tag"):
        aside.words(CHANNEL, KEY, replace(body, act=b"another act"))
    with refused("commitment"):
        aside.words(CHANNEL, b"\x06" * 32, body)
    with refused("commitment"):
        aside.words(OTHER_CHANNEL, KEY, body)
    moved = replace(body, act=b"another", sealed=p.sha256(b"another")[:16] + body.sealed[16:])
    with refused("altered"):
        aside.words(CHANNEL, KEY, moved)
    weak = weakened("seal.aside", ("if aside.sealed[:16] != _tag(aside.act):", "if False:"))
    assert weak.words(CHANNEL, KEY, replace(body, act=b"another act")) == b"words"


@pytest.mark.parametrize("size", [0, 1, 15, 16, 63, 591])
def test_words_that_are_cut_are_none(size: int) -> None:
    body = envelope()
    with pytest.raises(Malformed):
        aside.words(CHANNEL, KEY, replace(body, sealed=body.sealed[:size]))
    with refused("altered"):
        aside.words(CHANNEL, KEY, replace(body, sealed=body.sealed[:-1]))


@given(at=st.integers(0, len(envelope().sealed) - 1), bit=st.integers(0, 7))
def test_any_bit_counts(at: int, bit: int) -> None:
    sealed = bytearray(envelope().sealed)
    sealed[at] ^= 1 << bit
    with pytest.raises(Malformed):
        aside.words(CHANNEL, KEY, replace(envelope(), sealed=bytes(sealed)))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_envelope_are_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        decode(raw, Aside)


def test_an_envelope_has_one_form() -> None:
    raw = encode(WHOLE)
    assert decode(raw, Aside) == WHOLE
    for wrong in (raw + b"\0", raw[:-1], b"\x85" + raw[1:], encode({"act": ACT}), encode([ACT, [], [], b""])):
        with pytest.raises(Malformed):
            decode(wrong, Aside)
    short = encode({"act": ACT, "to": [[b"short", 0]], "slots": [], "sealed": b""})
    with refused("encoding"):
        decode(short, Aside)


def test_private_halves_show_nothing() -> None:
    assert "09090909" not in repr(Once(b"\x09" * 32))
