"""The one form of JSON in what is signed and shown: read, written again, and compared (spec/understanding.md, 2.1)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from backchannel.errors import Malformed

T = TypeVar("T")

Text16: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]\Z")]
Text32: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
"""16 and 32 bytes in the one form of base64url that they have."""

_DAMAGED = "This is not the record of an understanding, or it is damaged."


def damaged() -> Malformed:
    """What is said of a file that cannot be what it says."""
    return Malformed("record", _DAMAGED)


def write(value: Any, indent: int = 0) -> bytes:
    """JSON in UTF-8, members in the order of declaration, nothing escaped that need not be."""
    raw = msgspec.json.encode(value)
    return msgspec.json.format(raw, indent=indent) if indent else raw


def read(raw: bytes, kind: type[T], indent: int = 0) -> T:
    """Read JSON as `kind`; `Malformed("record")` for anything but exactly what `write` would have made.

    So nothing is left to judge: a member that stands twice, another order, a float, an escape, a number in a longer
    form, or bytes that two programs could read in two ways.
    """
    try:
        value = msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError) as problem:  # msgspec's errors, and UnicodeDecodeError, are ValueErrors
        raise damaged() from problem
    if write(value, indent) != raw:
        raise damaged()
    return value


def b64(raw: bytes) -> str:
    """Base64url without padding (RFC 7515, 2)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes; `Malformed("record")` unless `text` is the one form that they have."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as problem:
        raise damaged() from problem
    if b64(raw) != text:
        raise damaged()
    return raw
