"""The canonical encoding: what it accepts is exactly what it writes (spec/sealing.md, 10)."""

from __future__ import annotations

import pkgutil
import typing
from importlib import import_module
from types import UnionType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backchannel.entry
import backchannel.seal
from backchannel.entry.codec import Secret, Value, decode, encode, reread
from backchannel.entry.ids import Bytes16, Bytes32, Count
from backchannel.errors import Malformed
from backchannel.seal.chain import Cursor, Header, Line
from backchannel.seal.dist import Slot
from backchannel.seal.keys import Prekey
from backchannel.seal.roster import Act, Dist, EpochSecrets, Welcome
from tests.seal.kit import refused


class Sample(Value, frozen=True):
    """One of each."""

    name: str
    n: Count
    raw: bytes
    seat: Bytes16
    pairs: tuple[tuple[str, Count], ...] = ()
    flag: bool = False
    maybe: str | None = None
    table: dict[str, int] | None = None


text = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cn", "Co", "Cf", "Mn")), max_size=8).filter(
    lambda s: decode_text(s) == s
)
counts = st.integers(0, 2**63 - 1) | st.sampled_from([0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32])


def decode_text(value: str) -> str | None:
    try:
        return decode(encode(value), str)
    except Malformed:
        return None


SAMPLES = st.builds(
    Sample,
    text,
    counts,
    st.binary(max_size=300),
    st.binary(min_size=16, max_size=16),
    st.lists(st.tuples(text, counts), max_size=20).map(tuple),
    st.booleans(),
    st.none() | text,
    st.none() | st.dictionaries(text, st.integers(-5, 5), max_size=3),
)
SAMPLE = encode(Sample("name", 7, b"raw", bytes(16), (("a", 1),), True, "x", {"k": 1}))


@given(SAMPLES)
def test_what_is_encoded_comes_back(value: Sample) -> None:
    assert decode(encode(value), Sample) == value


@given(st.data())
def test_what_is_accepted_is_what_would_be_written(data: st.DataObject) -> None:
    """A changed, cut or lengthened encoding is refused, or is itself the encoding of what it means."""
    raw = bytearray(data.draw(SAMPLES.map(encode) | st.just(SAMPLE)))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
        raw = raw or bytearray(b"\xc0")
    try:
        value = decode(bytes(raw), Sample)
    except Malformed as error:
        assert error.code in {"encoding", "canonical", "text"}  # noqa: PT017
    else:
        assert encode(value) == raw


@given(
    st.binary(max_size=100),
    st.sampled_from([Header, Line, Cursor, Slot, Prekey, Act, Dist, Welcome, EpochSecrets, Sample]),
)
def test_garbage_is_refused(raw: bytes, kind: type) -> None:
    with pytest.raises(Malformed):
        decode(raw, kind)


def kind(of: Any) -> Any:
    """Annotated types and unions are types to msgspec, not to mypy."""
    return of


@pytest.mark.parametrize(
    ("raw", "of", "code"),
    [
        (b"\x01\x02", Count, "encoding"),  # trailing
        (b"", Count, "encoding"),
        (b"\xc1", Count, "encoding"),  # never used
        (b"\xcc\x01", Count, "canonical"),  # longer forms
        (b"\xcd\x00\x01", Count, "canonical"),
        (b"\xce\x00\x00\x00\x01", Count, "canonical"),
        (b"\xcf" + bytes(7) + b"\x01", Count, "canonical"),
        (b"\xd0\x01", Count, "canonical"),
        (b"\xd3" + bytes(7) + b"\x01", Count, "canonical"),
        (b"\xff", Count, "encoding"),  # negative
        (b"\xcf\x80" + bytes(7), Count, "encoding"),  # 2^63
        (b"\xc3", Count, "encoding"),  # true is no integer
        (b"\xc0", Count, "encoding"),
        (b"\xca" + bytes(4), Count, "encoding"),  # floats
        (b"\xcb" + bytes(8), Count, "encoding"),
        (b"\xcb\x7f\xf8" + bytes(6), Count, "encoding"),  # NaN
        (b"\xa11", Count, "encoding"),
        (b"\xa1a", bytes, "encoding"),  # text is no bytes, bytes no text
        (b"\xc4\x01a", str, "encoding"),
        (b"\xc5\x00\x01a", bytes, "canonical"),
        (b"\xc6\x00\x00\x00\x01a", bytes, "canonical"),
        (b"\xd9\x01a", str, "canonical"),
        (b"\xda\x00\x01a", str, "canonical"),
        (b"\xa1\xff", str, "encoding"),
        (b"\xa2\xc0\x80", str, "encoding"),  # overlong
        (b"\xa3\xed\xa0\x80", str, "encoding"),  # surrogate
        (b"\xa3e\xcc\x81", str, "text"),  # not NFC
        (b"\xa3\xe2\x80\xae", str, "text"),  # right-to-left override
        (b"\xc4\x0f" + bytes(15), Bytes16, "encoding"),
        (b"\xc4\x11" + bytes(17), Bytes16, "encoding"),
        (b"\xdc\x00\x00", tuple[bytes, ...], "canonical"),
        (b"\xdd\xff\xff\xff\xff", tuple[bytes, ...], "encoding"),  # declared lengths that are not there
        (b"\xdf\xff\xff\xff\xff", Welcome, "encoding"),
        (b"\xc6\xff\xff\xff\xff", bytes, "encoding"),
        (b"\xdb\xff\xff\xff\xff", str, "encoding"),
        (b"\xc9\xff\xff\xff\xff\x01", Count, "encoding"),
        (b"\xd4\x01\x00", bytes, "encoding"),  # extensions
        (b"\xd6\xff\x00\x00\x00\x00", Count, "encoding"),
        (b"\xc7\x00\x05", tuple[bytes, ...], "encoding"),
        (b"\x91" * 1_000_000, Welcome, "encoding"),  # depth
        (b"\x81\xa5epoch" * 100_000, Welcome, "encoding"),
        (b"\x92\x00\x90", Welcome, "encoding"),  # an array is no map
        (b"\x82\xa5epoch\x00\xa7secrets\x90", Welcome, None),
        (b"\xde\x00\x02\xa5epoch\x00\xa7secrets\x90", Welcome, "canonical"),
        (b"\x82\xa7secrets\x90\xa5epoch\x00", Welcome, "canonical"),  # order
        (b"\x83\xa5epoch\x00\xa7secrets\x90\xa5epoch\x00", Welcome, "canonical"),  # repeated
        (b"\x83\xa5epoch\x01\xa5epoch\x00\xa7secrets\x90", Welcome, "canonical"),
        (b"\x83\xa5epoch\x00\xa7secrets\x90\xa1x\x00", Welcome, "encoding"),  # unknown
        (b"\x81\xa5epoch\x00", Welcome, "encoding"),  # missing
        (b"\x82\xc4\x05epoch\x00\xc4\x07secrets\x90", Welcome, "encoding"),  # keys are text
        (b"\x82\x00\x00\x01\x90", Welcome, "encoding"),
        (b"\x82\xd9\x05epoch\x00\xa7secrets\x90", Welcome, "canonical"),
    ],
)
def test_other_forms_are_refused(raw: bytes, of: Any, code: str | None) -> None:
    if code is None:
        assert encode(decode(raw, kind(of))) == raw
        return
    with refused(code):
        decode(raw, kind(of))


@pytest.mark.parametrize(
    "where",
    [
        Sample("\u0301e\u0301", 0, b"", bytes(16)),
        Sample("", 0, b"", bytes(16), (("e\u0301", 0),)),
        Sample("", 0, b"", bytes(16), maybe="\ufeff"),
        Sample("", 0, b"", bytes(16), table={"\u212b": 1}),
    ],
)
def test_text_is_held_to_its_form_anywhere(where: Sample) -> None:
    with refused("text"):
        decode(encode(where), Sample)


def test_text_in_a_list_is_held_to_its_form_too() -> None:
    with refused("text"):
        decode(encode(["good", "e\u0301"]), list[str])
    assert decode(encode(["good", "\u00e9"]), list[str]) == ["good", "\u00e9"]


# --- what our values are made of


def values() -> set[type]:
    """Every value of `entry` and `seal`."""
    for package in (backchannel.entry, backchannel.seal):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            import_module(module.name)
    todo: list[type] = [Value]
    found: set[type] = set()
    while todo:
        new: set[type] = set(todo.pop().__subclasses__()) - found
        found |= new
        todo += new
    return {one for one in found if one.__module__.startswith(("backchannel.entry.", "backchannel.seal."))}


def leaves(of: Any) -> set[Any]:
    """The plain types in an annotation."""
    of = of.__value__ if hasattr(of, "__value__") else of
    origin, args = typing.get_origin(of), typing.get_args(of)
    if origin is typing.Annotated:
        return leaves(args[0])
    if origin in (tuple, list, dict, typing.Union, UnionType):
        return set().union(*(leaves(arg) for arg in args))
    return {of}


def test_values_hold_nothing_with_two_forms() -> None:
    """No float, no `Any`, no date: nothing that msgspec would take from an extension, or equal values written apart."""
    seen = 0
    for one in values() | {Sample}:
        for name, of in typing.get_type_hints(one, include_extras=True).items():
            plain = {leaf for leaf in leaves(of) if not (isinstance(leaf, type) and issubclass(leaf, Value))}
            assert plain <= {str, bytes, int, bool, type(None), Ellipsis}, (one, name)
            seen += 1
    assert seen > 40
    assert leaves(dict[str, float] | None) == {str, float, type(None)}


def test_values_refuse_unknown_keys_and_changes() -> None:
    for one in values():
        config = one.__struct_config__  # type: ignore[attr-defined]
        assert config.frozen
        assert config.forbid_unknown_fields
        assert not config.omit_defaults


def test_whatever_holds_keys_shows_nothing() -> None:
    secret = {"ck", "ck0", "secret", "secrets", "credential", "control", "tag_key", "erase_key", "keep_key", "mac"}
    for one in values():
        fields = set(one.__struct_fields__)  # type: ignore[attr-defined]
        if fields & secret or one.__name__.endswith("Seeds"):
            assert issubclass(one, Secret), one
    shown = Cursor(b"\x41" * 32, 0, bytes(32))
    assert repr(shown) == str(shown) == f"{shown}" == "<Cursor>"
    assert shown.__rich_repr__() == []
    assert repr(Value()) == "Value()"


def test_an_error_shows_no_value() -> None:
    with pytest.raises(Malformed) as error:
        decode(encode({"ck": b"\x41" * 31, "i": 0, "prev": bytes(32)}), Cursor)
    assert "A" * 5 not in str(error.value) + repr(error.value.__cause__)
    assert isinstance(error.value.__cause__, msgspec.DecodeError)


def test_bytes32_is_32_bytes() -> None:
    assert decode(encode(bytes(32)), kind(Bytes32)) == bytes(32)


@given(SAMPLES)
def test_what_a_desk_wrote_itself_reads_as_it_was(sample: Sample) -> None:
    assert reread(encode(sample), Sample) == sample


@pytest.mark.parametrize("raw", [b"", b"\xc1", encode("x"), encode(()) + b"\x00"])
def test_what_is_no_such_value_is_not_read_again_either(raw: bytes) -> None:
    with refused("encoding"):
        reread(raw, Sample)
