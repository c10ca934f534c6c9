"""What people may write: one-line names and prose, safe to show anywhere (spec/channel.md, 1.2)."""

from __future__ import annotations

import unicodedata

from backchannel.errors import Malformed

LINE_LIMIT = 80
PROSE_LIMIT = 200_000

_LINE_BREAKS = "\n\t"
_FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Needed to write Persian, Urdu, Hindi..: they join or part letters and show nothing else.
_JOINERS = "\u200c\u200d"


def line(text: str, what: str = "name", limit: int = LINE_LIMIT) -> str:
    """A one-line name, party or title, unchanged; `Malformed("name")` if it could deceive or break a display."""
    if not text or len(text) > limit:
        raise Malformed("name", f"A {what} has 1 to {limit} characters; this one has {len(text)}.")
    if text != " ".join(text.split(" ")).strip() or "  " in text:
        raise Malformed("name", f"A {what} has no space at its ends and no two spaces together.")
    _check(text, what, allowed="")
    return text


def prose(text: str, what: str = "text", limit: int = PROSE_LIMIT) -> str:
    """Prose of several lines, unchanged; `Malformed("prose")` if empty, too long or with hidden characters."""
    if not text.strip():
        raise Malformed("prose", f"The {what} is empty.")
    if len(text) > limit:
        raise Malformed("prose", f"The {what} has {len(text)} characters; {limit} are allowed.")
    _check(text, what, allowed=_LINE_BREAKS)
    return text


def tidy(text: str) -> str:
    """What a person typed, made canonical: NFC, plain line breaks, no space at the ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def folded(name: str) -> str:
    """The form under which two names count as the same: NFKC, case folded, without spaces."""
    return unicodedata.normalize("NFKC", name).casefold().replace(" ", "")


def _check(text: str, what: str, allowed: str) -> None:
    if text.isascii() and (text.isprintable() or all(c.isprintable() or c in allowed for c in text)):
        return
    if not unicodedata.is_normalized("NFC", text):
        raise Malformed("name", f"The {what} is not in the standard form of Unicode (NFC).")
    for char in text:
        if char not in allowed and char not in _JOINERS and unicodedata.category(char) in _FORBIDDEN:
            raise Malformed("name", f"The {what} has a hidden or control character (U+{ord(char):04X}).")
