"""What is promised before an act, with the limits of the promise: in the same words whatever the face."""

from __future__ import annotations

from backchannel.facts.saying import Hour, Said

# --- non-papers (spec/nonpaper.md, 6) ---------------------------------------------------------------------------------

UNREACHED = Said(
    "What vanishing cannot reach: a copy of a desk that was made before, with its passphrase; a photograph; "
    "what a screen still shows, what somebody wrote down or remembers. A desk that stays off destroys it when it is "
    "opened again."
)
STYLE = Said("How it is written may tell whose it is, and so may what only you could know.")
HAT = Said(
    "It goes in the next round of the hat, and nobody can tell whose it is: not the others, not whoever calls the "
    "round, not the host; as long as two of those who take part keep to the rules."
)
HAT_LIMITS = Said(
    "What the hat does not hide: few who take part are few suspects. What comes only in rounds in which you were there "
    "is yours. Whoever calls a round is seen: do not call it right after you have laid this ready."
)
VANISHES = Said(
    "Every desk destroys it, and says so; the host is asked to delete its copy. What it keeps all the same opens to no "
    "desk that has confirmed."
)
REVISE = Said("Whoever has read a version may compare it with the next. Both vanish together.")
TAKE_UP = Said(
    "You propose its words as an understanding, in your own name; that stays. The non-paper ends: every desk destroys "
    "it, and nothing on the desks says any more whose it was. Who remembers, remembers."
)
ASKING = Said(
    "As not all here are to read it, each reader's desk asks yours for the words, and has them when yours is next open."
)
SOUND = Said("The question and its result stay when the non-paper is gone. They have none of its words.")


def carried(readers: list[str]) -> Said:
    """Before an intermediary puts forward what was handed to it."""
    return Said(
        "{readers} will read it as put forward by you for a seat. Which, is not said; who saw your desks send may "
        "guess. What was handed to you vanishes with this.",
        {"readers": readers},
    )


def by_name(readers: list[str]) -> Said:
    """Who will know what of an idea that is floated under its author's name."""
    return Said("{readers} will read it, and see that it is yours.", {"readers": readers})


def through(who: str) -> Said:
    """The same, where an intermediary may put it to the others."""
    return Said(
        "Only {who} will read it, and knows that it is yours. {who} may put it to the others without saying whose it "
        "is, or not. Where only one other seat could have asked, everybody knows. The host, and sometimes the others, "
        "can see that your desk sent something shortly before.",
        {"who": who},
    )


def ends_at(until: str) -> Said:
    """When it lapses."""
    return Said(
        "At {when}, or as soon as it is over, every desk destroys it and says so; the host is asked to delete its "
        "copy.",
        {"when": Hour(until)},
    )


def ends_after(days: int) -> Said:
    """The same of what comes out of the hat."""
    return Said(
        "{n} days after that round, or as soon as it is over, every desk destroys it and says so; the host is asked "
        "to delete its copy.",
        {"n": days},
    )


def floating(route: str, end: Said, readers: list[str], who: str) -> list[list[Said]]:
    """What is promised before an idea leaves its author, and what is not, in paragraphs. `who`: the intermediary."""
    if route == "hat":
        return [[HAT, end], [UNREACHED], [HAT_LIMITS, STYLE]]
    return [[through(who) if route == "carry" else by_name(readers), end], [UNREACHED]]


# --- the hat (spec/hat.md, 6) -----------------------------------------------------------------------------------------

ROUND = Said(
    "All take part by themselves, with an empty slip if nothing lies ready. Every desk has to be open some time before "
    "the hour, or the round lapses and what was in it waits for the next."
)
LEAGUE = Said("If all but one are in league, they know what that one wrote. With three seats, that is two.")
SEEN = Said("That you called it is seen; if you have just laid something ready, leave it to another.")

# --- soundings (spec/sounding.md, 7) ----------------------------------------------------------------------------------

CAST = Said(
    "Your answer is sealed, is never shown to anybody, and cannot be changed. "
    "If not all accept an option, nobody learns who did not."
)
TWO = Said(
    "There are only two voters: if you accept an option and it fails, you know that the other did not accept it."
)
LEARN = Said("If you accept an option and it fails, you know that somebody did not accept it; not who.")
PROVE = Said("You can prove your own answer to somebody who forces you to. Every voter must answer, or it lapses.")


def casting(voters: int) -> list[Said]:
    """What is promised before an answer is cast."""
    return [CAST, TWO if voters == 2 else LEARN, PROVE]
