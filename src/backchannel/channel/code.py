"""The invitation code: what a person carries by hand to the one who is to join (spec/channel.md, 3.3)."""

from __future__ import annotations

import base64
import binascii

from backchannel.entry.codec import Value, decode, encode
from backchannel.entry.ids import Bytes32, ChannelId, Count
from backchannel.errors import Malformed
from backchannel.seal.primitives import sha256

PREFIX = "bc1-"
_GROUP = 8
_LONGEST = 2_000
AGAIN = "Compare it with the paper, group by group, and type it again; capitals and spaces do not matter."


class Code(Value, frozen=True):
    """Where the channel is, how to get in, and how to know that it is the right one."""

    relay: str
    key: Bytes32
    channel: ChannelId
    credential: Bytes32
    epoch: Count
    founder: Bytes32
    secret: Bytes32

    def __repr__(self) -> str:
        return f"Code(relay={self.relay!r}, ...)"


def write(code: Code) -> str:
    """The code as text: `bc1-`, then base32 in groups of eight, the last four bytes a checksum."""
    raw = encode(code)
    letters = base64.b32encode(raw + sha256(raw)[:4]).decode().rstrip("=").lower()
    return PREFIX + "-".join(letters[k : k + _GROUP] for k in range(0, len(letters), _GROUP))


def read(text: str) -> Code:
    """The code that somebody typed or pasted; spaces, line breaks and capitals do not matter.

    Raises `Malformed("code")` when it is no code, incomplete, or mistyped.
    """
    bare = "".join(text[: 2 * _LONGEST].split()).lower()
    if not bare.startswith(PREFIX) or len(text) > 2 * _LONGEST or not bare.isascii():
        raise Malformed("code", "This is not an invitation code: it starts with bc1- and is copied whole.")
    letters = bare.removeprefix(PREFIX).replace("-", "").upper()
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error as problem:
        raise Malformed("code", "The invitation code has a letter too many, too few or mistyped.", AGAIN) from problem
    if sha256(raw[:-4])[:4] != raw[-4:] or base64.b32encode(raw).decode().rstrip("=") != letters:
        raise Malformed("code", "The invitation code is incomplete or mistyped.", AGAIN)
    return decode(raw[:-4], Code)
