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


FEW = Said("Which seat wrote it is not said. Few could have: who knows them, or saw a desk send, may guess.")


def carried(readers: list[str], known: Said | None) -> list[Said]:
    """Before an intermediary puts forward what was handed to it. `known`: who can tell whose it is."""
    reads = Said("{readers} will read it as put forward by you for another seat.", {"readers": readers})
    return [reads, known or FEW, Said("What was handed to you vanishes with this.")]


def known_by(names: list[str], whose: str) -> Said | None:
    """Who can tell who has written what comes through an intermediary, as few could have. `whose`: else of the reader.

    None if nobody can.
    """
    if not names:
        return None
    parts = {"names": names, "whose": whose}
    if not whose:
        return Said("{names} will know that it is yours: nobody else could have written it.", parts)
    return Said("{names} will know that it comes from {whose}: nobody else could have written it.", parts)


def intermediary(known: Said | None) -> list[Said]:
    """The way through an intermediary, where one chooses among the ways."""
    if known is None:
        return [
            Said(
                "Through an intermediary, who alone knows whose it is, and may put it to the others without saying, "
                "or not."
            ),
            FEW,
        ]
    return [Said("Through an intermediary, who may put it to the others in their own name, or not."), known]


def by_name(readers: list[str]) -> Said:
    """Who will know what of an idea that is floated under its author's name."""
    return Said("{readers} will read it, and see that it is yours.", {"readers": readers})


def through(who: str, known: Said | None) -> list[Said]:
    """The same, where an intermediary may put it to the others. `known`: who can tell then whose it is."""
    first = Said(
        "Only {who} will read it, and knows that it is yours. {who} may put it to the others without saying whose it "
        "is, or not.",
        {"who": who},
    )
    if known is not None:
        return [first, Said("If that is done: {known}", {"known": known})]
    return [
        first,
        FEW,
        Said("The host, and sometimes the others, can see that your desk sent something shortly before."),
    ]


def ends_at(until: str) -> Said:
    """When it lapses."""
    return Said(
        "At {when}, or as soon as it is over, every desk destroys it and says so; the host is asked to delete its "
        "copy.",
        {"when": Hour(until)},
    )


def ends_in(hours: int) -> Said:
    """The same before it is sent: in words that are the same a moment later."""
    return Said(
        "After {n} hours, or as soon as it is over, every desk destroys it and says so; the host is asked to delete "
        "its copy.",
        {"n": hours},
    )


def ends_after(days: int) -> Said:
    """The same of what comes out of the hat."""
    return Said(
        "{n} days after that round, or as soon as it is over, every desk destroys it and says so; the host is asked "
        "to delete its copy.",
        {"n": days},
    )


def floating(route: str, end: Said, readers: list[str], who: str, known: Said | None = None) -> list[list[Said]]:
    """What is promised before an idea leaves its author, and what is not, in paragraphs.

    `who`: the intermediary; `known`: who can tell whose it is, though it comes from there.
    """
    if route == "hat":
        return [[HAT, end], [UNREACHED], [HAT_LIMITS, STYLE]]
    return [[*(through(who, known) if route == "carry" else [by_name(readers)]), end], [UNREACHED]]


# --- the hat (spec/hat.md, 6) -----------------------------------------------------------------------------------------

ROUND = Said(
    "All take part by themselves, with an empty slip if nothing lies ready. Every desk has to be open some time before "
    "the hour, or the round lapses and what was in it waits for the next."
)
LEAGUE = Said("If all but one are in league, they know what that one wrote. With three seats, that is two.")
SEEN = Said("That you called it is seen; if you have just laid something ready, leave it to another.")

# --- soundings (spec/sounding.md, 7) ----------------------------------------------------------------------------------

CAST = Said("Your answer is sealed, is never shown to anybody, and cannot be changed.")
FIRST = Said(
    "Options are opened one by one, in an order that nobody chooses, until one meets this. How many failed before it "
    "is shown, and all who see the question can work out which; of the rest nothing is known."
)
SHOWN = Said(
    "They are opened one by one, in an order that nobody chooses, until one is found that all accept. How many failed "
    "before it is shown, and all who see the question can work out which; of the rest nothing is known."
)
TWO = Said("Only two answer: whoever says yes to an option that fails knows that the other said no.")
LEARN = Said(
    "If an option fails, nobody is shown who did not accept it. Whoever accepted it knows that somebody did not; and "
    "if all but one did, and tell each other, they know who."
)
TWO_COUNTED = Said("Only two answer: from the number of those who accepted, each can work out what the other said.")
COUNTED = Said(
    "Of an option that meets the rule it is shown how many accepted it, and not who. If all others tell each other "
    "what they said, they know what you said."
)
PROVE = Said("You can prove your own answer to somebody who forces you to. Every voter must answer, or it lapses.")


def hidden(voters: int, quorum: int) -> Said:
    """What the others learn of an answer, which depends on how many they are."""
    return {(True, False): TWO, (False, False): LEARN, (True, True): TWO_COUNTED, (False, True): COUNTED}[
        voters == 2, bool(quorum)
    ]


def casting(voters: int, quorum: int) -> list[Said]:
    """What is promised before an answer is cast."""
    return [CAST, hidden(voters, quorum), PROVE]
