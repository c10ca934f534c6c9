"""A non-paper as facts and as a page: its words, who can read them and until when, how it ended, who has confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.cli import show
from backchannel.cli.show import BAD, DIM, GOOD, STRONG, Facts, Page

if TYPE_CHECKING:
    pass

WITHOUT_NAME = "hat"
"""The route of what nobody knows the author of."""

UNREACHED = (
    "What vanishing cannot reach: a copy of a desk that was made before, with its passphrase; a photograph; "
    "what a terminal still shows, what somebody wrote down or remembers. A desk that stays off destroys it when it is "
    "opened again."
)
STYLE = "How it is written may tell whose it is, and so may what only you could know."
CARRIED_BY = (
    "Only {who} will read it, and knows that it is yours. {who} may put it to the others without saying whose it is, "
    "or not. Where only one other seat could have asked, everybody knows. The host, and sometimes the others, can see "
    "that your desk sent something shortly before."
)
HAT = (
    "It goes in the next round of the hat, and nobody can tell whose it is: not the others, not whoever calls the "
    "round, not the host; as long as two of those who take part keep to the rules."
)
HAT_LIMITS = (
    "What the hat does not hide: few who take part are few suspects. What comes only in rounds in which you were there "
    "is yours. Whoever calls a round is seen: do not call it right after you have laid this ready."
)
ASKED = (
    "Its words are not on this desk yet. It has asked for them; they come when the desk of somebody who has spoken in "
    "this is open."
)
VANISHES = (
    "Every desk destroys it, and says so; the host is asked to delete its copy. What it keeps all the same opens to no "
    "desk that has confirmed."
)
REVISE = "Whoever has read a version may compare it with the next. Both vanish together."
CARRY = (
    "{who} will read it as put forward by you for a seat. Which, is not said; who saw your desks send may guess. "
    "What was handed to you vanishes with this."
)
TAKE_UP = (
    "You propose its words as an understanding, in your own name; that stays. The non-paper ends: every desk destroys "
    "it, and nothing on the desks says any more whose it was. Who remembers, remembers."
)


def promise(route: str, readers: list[str], until: str, through: str) -> list[str]:
    """What is promised before an idea leaves its author, and what is not. `until`: when it lapses, in words."""
    told = {
        "party": f"{show.names(readers)} will read it, and see that it is yours.",
        "carry": CARRIED_BY.format(who=through),
        "hat": HAT,
    }[route]
    end = (
        f"{until}, or as soon as it is over, every desk destroys it and says so; the host is asked to delete its copy."
    )
    return [f"{told} {end}", UNREACHED, f"{HAT_LIMITS} {STYLE}" if route == WITHOUT_NAME else ""]


ASKING = (
    "As not all here are to read it, each reader's desk asks yours for the words, and has them when yours is next "
    "open: backchannel desk sync --watch"
)


def say_promise(page: Page, told: Facts) -> None:
    """It, as a page."""
    first, *rest = [line for line in told["promise"] if line]
    page.say(first, STRONG)
    for line in rest:
        page.say(line, DIM)
    page.say()


# --- facts ------------------------------------------------------------------------------------------------------------


# --- pages ------------------------------------------------------------------------------------------------------------


def draw(page: Page, one: Facts) -> None:
    """A non-paper as a page."""
    if one["state"] != "floated":
        ended(page, one)
        return
    page.say(f"{one['number']}  {heading(one)}", STRONG)
    _words(page, one)
    if one["version"] > 1:
        page.say(f"  version {one['version']}", DIM)
    if one["counters"] is not None:
        page.say(f"  an alternative to non-paper {one['counters']}", DIM)
    for said in one["reactions"]:
        draw_reaction(page, said, one)
    page.say(f"  {_who(one)}", DIM)
    if one["objection"] != "none" and one["route"] != "carry":
        page.say(f"  {_objection(one)}", DIM)
    if one["can"]:
        page.say(f"  {_next(one)}")


def heading(one: Facts) -> str:
    """Its title, and where it came from."""
    title = one["title"] if one["title"] is not None else "A non-paper"
    return f"{title}; {_came(one)}"


def _came(one: Facts) -> str:
    whom = "you" if one["mine"] else one["from"]
    return {
        "party": f"floated by {whom}",
        "carry": f"handed on by {whom}, to be put to the others without a name",
        "intermediary": f"put forward by {whom} for another seat; which, only the two know",
        "hat": "from the hat; nobody knows whose it is",
    }[one["route"]]


def _words(page: Page, one: Facts) -> None:
    if one["text"] is None:
        page.say(f"  {ASKED}", "yellow")
    elif len(one["paragraphs"]) > 1:
        for k, part in enumerate(one["paragraphs"]):
            page.quote(part, mark=str(k + 1))
    else:
        page.quote(one["text"])


def draw_reaction(page: Page, said: Facts, one: Facts) -> None:
    """A reaction, below what it is about."""
    whose = said["by"] if said["by"] is not None else "from the hat"
    to = f", to version {said['version']}" if said["version"] != one["version"] else ""
    page.say(f"  {whose}: {said['stance']}{to}", BAD if said["stance"] == "objection" else GOOD)
    if said["text"]:
        page.quote(said["text"])


def _who(one: Facts) -> str:
    return f"{show.names(one['readers'])} can read it, until {show.local(one['until'])}; then every desk destroys it."


def _objection(one: Facts) -> str:
    many = int(one["objection"])
    if one["reactions_by"] == "hat":
        return f"{many} objection{'' if many == 1 else 's'} from the hat end{'s' if many == 1 else ''} it."
    return "The objection of one party ends it." if many == 1 else f"Objections of {many} parties end it."


def _next(one: Facts) -> str:
    first, *rest = one["can"]
    stances = " interest|question|objection" if first == "react" else ""
    more = f"; or {show.names(rest)}".replace(" and ", " or ") if rest else ""
    return f"Next: backchannel nonpaper {first} {one['number']}{stances}{more}"


def ended(page: Page, one: Facts) -> None:
    """How it ended, and who has confirmed that it is destroyed."""
    page.say(f"{one['number']}  a non-paper that is over ({one['state_says']})", STRONG)
    began = show.local(one["floated"])
    page.say(f"  Its words are destroyed here. It was for {show.names(one['readers'])}, from {began} on.")
    if one["confirmed"]:
        page.say(f"  Destroyed, as their desks say: {show.names(one['confirmed'])}", GOOD)
    for silent in one["unconfirmed"]:
        page.say(f"  Not confirmed: {_last(silent)}", "yellow")
    if one["unconfirmed"]:
        page.say(
            "  A desk that is off still holds it, and destroys it when it is opened, before it shows anything.", DIM
        )
    if one["state"] == "taken-up":
        page.say("  What was taken up stands in an understanding: backchannel understanding list", DIM)


def _last(silent: Facts) -> str:
    if silent["left"]:
        return f"{silent['name']}, who has left the channel"
    heard = silent["heard"]
    return f"{silent['name']}, last heard {show.local(heard)}" if heard else f"{silent['name']}, never heard"


def line(page: Page, one: Facts) -> None:
    """One of a list."""
    if one["state"] != "floated":
        done, of = len(one["confirmed"]), len(one["confirmed"]) + len(one["unconfirmed"])
        page.say(f"{one['number']}  over ({one['state_says']})", DIM)
        page.say(f"   {done} of {of} desks have confirmed that it is destroyed", DIM)
        return
    page.say(f"{one['number']}  {heading(one)}", STRONG)
    stances = [said["stance"] for said in one["reactions"]]
    counts = [f"{stances.count(stance)} {stance}" for stance in dict.fromkeys(stances)]
    page.say(f"   {show.names(counts, 'no reactions yet')}; until {show.local(one['until'])}", DIM)
