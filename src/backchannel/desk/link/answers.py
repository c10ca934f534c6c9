"""What a relay's refusal means, and how to tell the relay from something else that answers in its place.

The sentences are ours: a relay's own could be made to mislead.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from backchannel.desk.link.dial import unreachable
from backchannel.desk.link.patience import WAITS
from backchannel.errors import BackchannelError, RelayFault, RelayRefused

JSON = "application/json"
BYTES = "application/octet-stream"
TEXT = "text/plain"


class _Refusal(NamedTuple):
    status: int
    what: str
    todo: str


# Code (spec/relay.md, 2) -> the status it comes with, what it means to a person, what to do.
REFUSALS: dict[str, _Refusal] = {
    "malformed": _Refusal(
        400, "The relay does not accept this request.", "Update this program, or tell the relay's host."
    ),
    "credential": _Refusal(
        401,
        "The relay does not know this channel, or not by this credential.",
        "Ask another seat whether it was closed.",
    ),
    "rotated": _Refusal(403, "The channel's credential was replaced.", "The desk reads on to where the new one is."),
    "founding": _Refusal(403, "This relay makes channels only for those with its founding code.", "Ask its host."),
    "token": _Refusal(
        403, "The relay does not accept the token for erasing this entry.", "It cannot be erased from here."
    ),
    "unknown": _Refusal(404, "The relay has no such thing.", "Check the relay's address; update this program."),
    "method": _Refusal(405, "The relay does not do this.", "Update this program, or tell the relay's host."),
    "exists": _Refusal(409, "The relay has a channel of this name with other keys.", "Make the channel anew."),
    "moved": _Refusal(409, "Another entry came first.", "The desk reads it and decides anew."),
    "gone": _Refusal(410, "The entry was erased.", "It cannot be read again."),
    "too-large": _Refusal(413, "The relay does not take entries of this size.", "Divide it into smaller ones."),
    "rate": _Refusal(429, "The relay asks to go slower.", "The desk tries again by itself."),
    "full": _Refusal(
        507, "The relay has no room left for this channel.", "Ask its host for more, or erase old entries."
    ),
    "unavailable": _Refusal(503, "The relay cannot store anything just now.", "The desk tries again by itself."),
}

# Refusals that pass by themselves: worth another try.
PASSING = {"rate", "unavailable"}
# Failures on the way that another try will not mend.
LASTING = {"certificate", "intercepted", "closed"}

# Statuses of a gateway before the relay, when the relay itself is down.
_GATEWAY = {500, 502, 503, 504}


class _Error(msgspec.Struct):
    error: str


class Busy(RelayRefused):
    """A refusal that passes; `wait` is what the relay asked for in seconds, or None."""

    def __init__(self, code: str, what: str, todo: str, wait: float | None) -> None:
        super().__init__(code, what, todo, WAITS)
        self.wait = wait


def refusal(code: str, wait: float | None = None) -> RelayRefused:
    """The error for one of the codes in the table."""
    found = REFUSALS[code]
    if code in PASSING:
        return Busy(code, found.what, found.todo, wait)
    return RelayRefused(code, found.what, found.todo, WAITS)


def refused(status: int, media: str, body: bytes, wait: float | None = None) -> BackchannelError:
    """The error for an answer that is not the one hoped for: by its status, media type, body, Retry-After (seconds)."""
    if media == JSON:
        try:
            code = msgspec.json.decode(body, type=_Error).error
        except (msgspec.MsgspecError, UnicodeDecodeError):
            code = ""
        if code in REFUSALS and REFUSALS[code].status == status:
            return refusal(code, wait)
    if status in _GATEWAY:
        return unreachable("gateway", "The relay's host answers, but the relay does not work just now.")
    if 200 <= status < 300 and media == JSON:
        return fault("answer")
    return intercepted()


def intercepted() -> BackchannelError:
    """Something else answered in the relay's place."""
    return unreachable(
        "intercepted",
        "Something between this desk and the relay answered in its place: a network's sign-in page, or a filter.",
        "Open a web page in a browser to sign in to this network, use another, or check the relay's address.",
    )


_FAULTS = {
    "answer": "The relay's answer does not have the agreed form.",
    "length": "The relay's answer is longer than any that was asked for.",
    "range": "The relay answered with another part of the log than was asked for.",
    "encoding": "The relay's answer is compressed, which was not asked for.",
}


def fault(code: str) -> RelayFault:
    """The relay, certainly it, broke the agreed form."""
    return RelayFault(code, _FAULTS[code], "Nothing in it was used. Tell the relay's host.")


def seconds(text: str) -> float | None:
    """A Retry-After in seconds; the other form, a date, would need the relay's clock to be right."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
