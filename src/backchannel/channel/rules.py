"""Who may do what when: the table of the roster (spec/channel.md), from which the fold and the diagram are made."""

from __future__ import annotations

from backchannel.channel.state import Seat, State
from backchannel.errors import Rejected

STAGES = {
    "empty": "nothing is founded",
    "founding": "the founder invites, guests join and the charter is being signed",
    "signed": "every seat has signed and the first epoch is about to begin",
    "open": "the channel is open",
}

WHO = ("stranger", "founder", "guest", "seat", "observer")

ALLOWED: dict[tuple[str, str, str], tuple[str, ...]] = {
    # (stage, act, who): the stages it can lead to
    ("empty", "found", "stranger"): ("founding",),
    ("founding", "prekey", "founder"): ("founding",),
    ("founding", "prekey", "guest"): ("founding",),
    ("founding", "invite", "founder"): ("founding",),
    ("founding", "join", "stranger"): ("founding",),
    ("founding", "charter", "founder"): ("founding",),
    ("founding", "assent", "guest"): ("founding", "signed"),
    ("signed", "prekey", "founder"): ("signed",),
    ("signed", "prekey", "guest"): ("signed",),
    ("founding", "remove", "founder"): ("founding",),
    ("founding", "remove", "guest"): ("founding",),
    ("signed", "remove", "founder"): ("founding",),
    ("signed", "remove", "guest"): ("founding",),
    ("signed", "rotate", "founder"): ("open",),
    ("open", "prekey", "seat"): ("open",),
    ("open", "prekey", "observer"): ("open",),
    ("open", "prekey", "guest"): ("open",),
    ("open", "once", "seat"): ("open",),
    ("open", "once", "observer"): ("open",),
    ("open", "invite", "seat"): ("open",),
    ("open", "join", "stranger"): ("open",),
    ("open", "assent", "seat"): ("open",),
    ("open", "assent", "observer"): ("open",),
    ("open", "assent", "guest"): ("open",),
    ("open", "remove", "seat"): ("open",),
    ("open", "remove", "observer"): ("open",),
    ("open", "remove", "guest"): ("open",),
    ("open", "handover", "seat"): ("open",),
    ("open", "handover", "observer"): ("open",),
    ("open", "freeze", "seat"): ("open",),
    ("open", "rotate", "seat"): ("open",),
    ("open", "rotate", "observer"): ("open",),
}


def who(state: State, seat: Seat | None) -> str:
    """The part in which a seat acts."""
    if seat is None or seat.standing == "gone":
        return "stranger"
    if seat.standing == "guest":
        return "founder" if seat.id == state.founder else "guest"
    return "seat" if seat.speaks else "observer"


def check(state: State, act: str, part: str) -> None:
    """`Rejected("rule")` unless the table allows it."""
    if (state.stage, act, part) not in ALLOWED:
        raise Rejected("rule", f"A {part} cannot do this ({act}) while {STAGES[state.stage]}.")


def diagram() -> str:
    """The table as a Mermaid state diagram; `spec/states.md` holds it, and a test holds that file fresh."""
    arrows = sorted(
        {(stage, to, act) for (stage, act, _), ends in ALLOWED.items() for to in ends},
        key=lambda arrow: (list(STAGES).index(arrow[0]), list(STAGES).index(arrow[1]), arrow[2]),
    )
    lines = ["stateDiagram-v2", "    [*] --> empty"]
    lines += [f"    {stage} --> {to}: {act}" for stage, to, act in arrows]
    return "\n".join(lines)
