"""The one strict canonical encoding of values: MessagePack maps in declared order (spec/sealing.md, 10)."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from backchannel.errors import Malformed

T = TypeVar("T")


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything that is encoded: frozen, compared by content, no keys beyond the declared."""


_encoder = msgspec.msgpack.Encoder()
_decoders: dict[Any, msgspec.msgpack.Decoder[Any]] = {}


def encode(value: Any) -> bytes:
    """Encode a value (a `Value`, or plain tuples, bytes, text and integers) canonically."""
    return _encoder.encode(value)


def decode(raw: bytes, kind: type[T]) -> T:
    """Decode canonical bytes as `kind`.

    Raises `Malformed("encoding")` for anything but exactly what `encode` would have made: unknown or missing key, other
    order, longer form of an integer or length, trailing bytes, wrong type, text that is not UTF-8.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders.setdefault(kind, msgspec.msgpack.Decoder(kind))
    try:
        value: T = decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed("encoding", f"These bytes are not a well-formed {_name(kind)}.") from problem
    if _encoder.encode(value) != raw:
        raise Malformed(
            "canonical", f"These bytes are a {_name(kind)}, but not written in the one form that is allowed."
        )
    return value


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", "value").lower()
