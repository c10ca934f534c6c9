"""What a relay can be caught at, in the words that a person reads (the table of spec/ledger.md, 9)."""

from __future__ import annotations

from backchannel.errors import RelayFault

_COMPARE = "Send nothing that matters here until the seats have compared their checkpoints aloud."
_HOST = "Ask the host; if it goes on, compare checkpoints aloud with the other seats."

FAULTS: dict[str, tuple[str, str]] = {
    "root": (
        "The host showed a different past than before, or than the one it signs: "
        "an entry was altered, moved or left out.",
        _COMPARE,
    ),
    "id": ("The host answered with another text than the one that stands in the record.", _COMPARE),
    "length": ("The host stated a length that an entry cannot have.", _COMPARE),
    "repeat": ("The host showed the same entry twice.", _COMPARE),
    "rollback": ("The host took back entries that it had shown before.", _COMPARE),
    "range": (
        "The host answered with more or fewer entries than it signed, or with others than were asked for.",
        _HOST,
    ),
    "checkpoint": ("The host's statement of the record cannot be read.", _HOST),
    "origin": ("The host answered with the statement of another channel.", _HOST),
    "signature": (
        "The host's statement is not signed with the key that the invitation named: "
        "this is another host, or somebody in between.",
        _HOST,
    ),
    "erased": (
        "The host withholds an entry, or erased it without leave of those who could read it.",
        _COMPARE,
    ),
    "arrival": (
        "The host's times contradict themselves or this computer's clock: an entry is dated too early or too late.",
        "Check this computer's clock first; if it is right, ask the host.",
    ),
    "fork": (
        "The host shows this desk another record than it shows the author of an entry, or that author misstates it.",
        _COMPARE,
    ),
}


def fault(code: str, where: str = "") -> RelayFault:
    """The RelayFault of this code; `where` says which entry, as a sentence of its own."""
    what, todo = FAULTS[code]
    return RelayFault(code, f"{what} {where}" if where else what, todo, "Nothing of this answer was used.")
