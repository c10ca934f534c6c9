"""What people may write: one-line names and prose, safe to show anywhere (spec/channel.md, 1.2)."""

from __future__ import annotations

import re
import unicodedata

from backchannel.entry.repertoire import outside
from backchannel.errors import Malformed

LINE_LIMIT = 80
PROSE_LIMIT = 200_000

_LINE_BREAKS = "\n\t"
# Whatever is not plain ASCII, with or without line breaks.
_UNUSUAL = {"": re.compile(r"[^ -~]"), _LINE_BREAKS: re.compile(r"[^ -~\n\t]")}
# Needed to write Persian, Urdu, Hindi..: they join or part letters and show nothing else.
_JOINERS = "\u200c\u200d"
# They choose between the text and the emoji form of a symbol; a name has no use for them.
_PRESENTATION = "\ufe0e\ufe0f"
_WITHOUT_SPACES = str.maketrans("", "", " " + _JOINERS)


def line(text: str, what: str = "name", limit: int = LINE_LIMIT) -> str:
    """A one-line name, party or title, unchanged; `Malformed("name")` if it could deceive or break a display."""
    if len(text) > limit or not folded(text):  # the length first: normalising has a quadratic worst case
        raise Malformed("name", f"A {what} has 1 to {limit} characters; this one has {len(text)}.")
    if text != text.strip() or "  " in text:
        raise Malformed("name", f"A {what} has no space at its ends and no two spaces together.")
    _check(text, "name", what, allowed="", refused=_PRESENTATION)
    return text


def prose(text: str, what: str = "text", limit: int = PROSE_LIMIT) -> str:
    """Prose of several lines, unchanged; `Malformed("prose")` if empty, too long or with hidden characters."""
    if len(text) > limit:
        raise Malformed("prose", f"The {what} has {len(text)} characters; {limit} are allowed.")
    if not text.strip().strip(_JOINERS + _PRESENTATION):
        raise Malformed("prose", f"The {what} is empty.")
    _check(text, "prose", what, allowed=_LINE_BREAKS, refused="")
    return text


def standard(text: str) -> bool:
    """Whether text in a value that came from elsewhere is in the one form that is allowed (spec/sealing.md, 10).

    ASCII is, with its control characters (`line` and `prose` are stricter); all else is in the repertoire and NFC.
    Which text is NFC depends on the Unicode that a desk's Python knows, but not for characters of the repertoire.
    """
    return text.isascii() or (not _hidden(text) and unicodedata.is_normalized("NFC", text))


def tidy(text: str) -> str:
    """What a person typed, made canonical: NFC, plain line breaks, no space at the ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def folded(name: str) -> str:
    """The form under which two names count as the same: NFKC, case folded, without spaces and joiners."""
    for _ in range(
        2
    ):  # each step may undo the one before: "\u00b4" becomes a space and a mark that moves to what precedes
        name = unicodedata.normalize("NFKC", name).casefold().translate(_WITHOUT_SPACES)
    return unicodedata.normalize("NFKC", name)


def _hidden(text: str, allowed: str = "".join(map(chr, range(32))) + "\x7f") -> str | None:
    """The first character outside the repertoire and what else is allowed."""
    found = outside(text.translate(dict.fromkeys(map(ord, allowed))))
    return found[0] if found else None


def _check(text: str, code: str, what: str, allowed: str, refused: str) -> None:
    if not _UNUSUAL[allowed].search(text):
        return  # most of what people write, at a fraction of the cost
    char = _hidden(text, allowed) or next((c for c in text if c in refused), None)
    if char is not None:
        raise Malformed(code, f"The {what} has a hidden or control character (U+{ord(char):04X}).")
    if not unicodedata.is_normalized("NFC", text):
        raise Malformed(code, f"The {what} is not in the standard form of Unicode (NFC).")
