"""The one strict canonical encoding of values: MessagePack maps in declared order (spec/sealing.md, 10)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec

from backchannel.entry.text import standard
from backchannel.errors import Malformed

T = TypeVar("T")


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Base of everything that is encoded: frozen, compared by content, no keys beyond the declared.

    What is frozen holds nothing that holds it, so that Python need not look for circles in ladders of 10,000 steps.
    """


class Secret(Value, frozen=True):
    """A value that holds keys, or people's words: `repr`, which ends up in logs and tracebacks, says nothing."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


_encoder = msgspec.msgpack.Encoder()
_decoders: dict[Any, msgspec.msgpack.Decoder[Any]] = {}


def encode(value: Any) -> bytes:
    """Encode a value (a `Value`, or plain tuples, bytes, text and integers) canonically."""
    return _encoder.encode(value)


def decode(raw: bytes, kind: type[T]) -> T:
    """Decode canonical bytes as `kind`.

    Raises `Malformed` for anything but exactly what `encode` would have made: `encoding` for an unknown or missing key,
    trailing bytes, a wrong type, text that is not UTF-8; `canonical` for another order, a repeated key, a longer form
    of an integer or length; `text` for text that is not standard (spec/sealing.md, 10).
    """
    value = reread(raw, kind)
    if _encoder.encode(value) != raw:
        raise Malformed("canonical", f"These bytes ({_name(kind)}) are not written in the one form that is allowed.")
    if not all(standard(text) for text in _texts(value)):
        raise Malformed("text", f"The text in these bytes ({_name(kind)}) is not in the one form that is allowed.")
    return value


def reread(raw: bytes, kind: type[T]) -> T:
    """Decode what this desk has encoded itself, and kept where nobody else writes: its form needs no second look.

    Raises `Malformed("encoding")` as `decode` does.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders.setdefault(kind, msgspec.msgpack.Decoder(kind))
    try:
        value: T = decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed("encoding", f"These bytes are no well-formed {_name(kind)}.") from problem
    return value


def _texts(value: Any) -> Iterator[str]:
    """Every text anywhere in a decoded value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in _may_hold_text(type(value)):
            yield from _texts(getattr(value, name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _texts(pair)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)


@cache
def _may_hold_text(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields of a structure with text anywhere inside: of the many in entries, few have any."""
    found = msgspec.inspect.type_info(kind)
    assert isinstance(found, msgspec.inspect.StructType)  # noqa: S101
    return tuple(field.name for field in found.fields if _is_or_holds_text(field.type))


def _is_or_holds_text(kind: msgspec.inspect.Type) -> bool:
    inspect = msgspec.inspect
    if isinstance(kind, inspect.StructType):
        return any(_is_or_holds_text(field.type) for field in kind.fields)
    if isinstance(kind, inspect.VarTupleType):
        return _is_or_holds_text(kind.item_type)
    if isinstance(kind, inspect.TupleType):
        return any(map(_is_or_holds_text, kind.item_types))
    if isinstance(kind, inspect.UnionType):
        return any(map(_is_or_holds_text, kind.types))
    return not isinstance(kind, inspect.BytesType | inspect.IntType | inspect.BoolType | inspect.NoneType)


def _name(kind: Any) -> str:
    return kind.__name__.lower() if isinstance(kind, type) else "value"
