"""How the relay says no: one table of codes, statuses and what to do (spec/relay.md, 2)."""

from __future__ import annotations

from backchannel.errors import RelayRefused

UNCHANGED = "Nothing was changed."

# code -> (status, what, what to do)
REFUSALS: dict[str, tuple[int, str, str]] = {
    "malformed": (400, "The request is not of the form that the relay reads.", "Do not repeat it as it is."),
    "credential": (401, "The log is unknown, or the credential is not one of its own.", "Ask who invited you."),
    "rotated": (403, "This credential was replaced.", "Read on to the rotation, which carries the new one."),
    "founding": (403, "This host founds logs for holders of its code only.", "Ask the host for the code."),
    "token": (403, "The token does not open this entry's commitment.", "Nothing can be done with this token."),
    "unknown": (404, "There is nothing here.", "Check the address."),
    "method": (405, "This address does not answer to this method.", "See /v1/openapi.json."),
    "exists": (409, "It stands already, with other values.", "Read the log and decide anew."),
    "moved": (409, "Another entry came first.", "Read it, and decide anew."),
    "gone": (410, "The body was erased.", "Nothing can bring it back."),
    "too-large": (413, "This is larger than the relay takes.", "Send less at once; see /v1/relay."),
    "rate": (429, "Too much at once.", "Wait as long as Retry-After says, and repeat."),
    "full": (507, "There is no room left for this.", "Ask the host for room; reading goes on."),
    "unavailable": (503, "The relay cannot store now.", "Repeat it later; that is safe."),
}


def refuse(code: str, what: str = "") -> RelayRefused:
    """The refusal of this code; `what` replaces the table's sentence with a more exact one."""
    _, sentence, todo = REFUSALS[code]
    return RelayRefused(code, what or sentence, todo, UNCHANGED)


class TooFast(RelayRefused):
    """A refusal `rate`, with the seconds after which it is worth repeating."""

    def __init__(self, wait: float) -> None:
        _, sentence, todo = REFUSALS["rate"]
        super().__init__("rate", sentence, todo, UNCHANGED)
        self.wait = wait
