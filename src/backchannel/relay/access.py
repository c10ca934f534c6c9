"""Who may do what: bearer credentials against the hashes of a log (spec/relay.md, 1)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from msgspec import Struct

_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{43})", re.ASCII)


class Access(Struct, frozen=True):
    """A credential (by hash) that fits a log; `bound` is the size up to which it reads, None without end."""

    name: str
    credential: bytes
    bound: int | None


def good_name(name: str) -> bool:
    """Whether `name` can name a log: 64 lower-case hex digits."""
    return _NAME.fullmatch(name) is not None


def bearer(header: str | None) -> bytes | None:
    """The 32 bytes of `Bearer <base64url without padding>`, or None for anything else (spec/relay.md 1.1)."""
    match = _BEARER.fullmatch(header or "")
    if match is None:
        return None
    secret = urlsafe_b64decode(match[1] + "=")
    return secret if encode_bearer(secret) == header else None


def encode_bearer(secret: bytes) -> str:
    """The Authorization header of a 32-byte credential or control key."""
    return f"Bearer {urlsafe_b64encode(secret).decode().rstrip('=')}"
