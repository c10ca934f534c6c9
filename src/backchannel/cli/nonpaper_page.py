"""A non-paper as facts and as a page: its words, who can read them and until when, how it ended, who has confirmed."""

from __future__ import annotations

from backchannel.cli import show
from backchannel.cli.show import BAD, DIM, GOOD, STRONG, Facts, Page
from backchannel.facts.nonpaper import ASKED, came, objection, who
from backchannel.facts.saying import Said, english

SYNC = "backchannel desk sync --watch"


def promise(paragraphs: list[list[Said]]) -> list[str]:
    """What is promised, as the terminal has it."""
    return [english(*paragraph) for paragraph in paragraphs]


def say_promise(page: Page, told: Facts) -> None:
    """It, as a page."""
    first, *rest = told["promise"]
    page.say(first, STRONG)
    for line in rest:
        page.say(line, DIM)
    page.say()


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
    page.say(f"  {english(who(one))}", DIM)
    if one["objection"] != "none" and one["route"] != "carry":
        page.say(f"  {english(objection(one))}", DIM)
    if one["can"]:
        page.say(f"  {_next(one)}")


def heading(one: Facts) -> str:
    """Its title, and where it came from."""
    title = one["title"] if one["title"] is not None else "A non-paper"
    return f"{title}; {english(came(one))}"


def _words(page: Page, one: Facts) -> None:
    if one["text"] is None:
        page.say(f"  {english(ASKED)}", "yellow")
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
