"""A ladder as a page: what is awaited from me first, then who does what by when, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backchannel.cli import passed
from backchannel.cli.show import ACCENT, BAD, DIM, GOOD, STRONG, Facts, Page, local, names
from backchannel.facts.saying import by, numbers

STYLES = {"late": BAD, "broken": BAD, "disputed": BAD, "verified": GOOD, "reported": GOOD, "due": ACCENT}
CLIP = 300
"""Characters of what a step is, in a list of steps."""
FIRST = 8
"""So many steps of a ladder that has just come are shown."""


def count(counts: Mapping[str, int]) -> str:
    """`4 steps: 2 due, 1 pledged..`"""
    total = sum(counts.values())
    said = ", ".join(f"{many} {state}" for state, many in counts.items())
    return f"{total:,} step{'' if total == 1 else 's'}: {said}"


def line(page: Page, one: Facts) -> None:
    """A ladder of several: how many steps stand how, and what is awaited from me."""
    page.say(f"{one['number']}  {one['title']}", STRONG)
    page.say(f"  {count(one['counts'])}")
    turns(page, [turn for turn in one["awaited"] if turn["mine"]])


def turns(page: Page, found: Sequence[Facts], most: int = 6) -> None:
    """What is awaited, each with the command that does it."""
    for turn in found[:most]:
        who = "you" if turn["mine"] else turn["party"]
        until = f", by {by(turn['hour'])}" if turn["hour"] else ""
        page.say(
            f"  {who}: {turn['do']}{'' if turn['mine'] else 's'} {turn['rest']}{until}", ACCENT if turn["mine"] else ""
        )
        if turn["mine"]:
            page.say(f"      {turn['command']}", DIM)
    if len(found) > most:
        page.say(f"  and {len(found) - most:,} more", DIM)


def new(page: Page, one: Facts) -> None:
    """A ladder that has just come: its first steps."""
    line(page, one)
    for part in one["steps"][:FIRST]:
        brief(page, part)
    more = "" if len(one["steps"]) <= FIRST else f"{len(one['steps']) - FIRST:,} steps more: "
    page.say(f"  {more}backchannel step show {one['number']}", DIM)


def ladder(page: Page, one: Facts) -> None:
    """A whole ladder."""
    page.say(f"{one['number']}  {one['title']}", STRONG)
    page.say(f"  {count(one['counts'])}; by the log's clock, read up to {local(one['read_up_to'])}", DIM)
    mine, others = ([turn for turn in one["awaited"] if turn["mine"] is own] for own in (True, False))
    page.say("Awaited from you:" if mine else "Nothing is awaited from you.", STRONG)
    turns(page, mine)
    if others:
        page.say("Awaited from others:", STRONG)
        turns(page, others)
    for part in one["steps"]:
        page.say()
        brief(page, part)
    page.say()
    page.say(f"  {passed.readers(one)}", DIM)
    passed.mark(page, one)
    page.say(f"  One step in full: backchannel step show {one['number']} STEP", DIM)


def brief(page: Page, part: Facts) -> None:
    """A step in a few lines."""
    until = _hour(part)
    late = ", reported late" if part["reported_late"] and part["reports"] else ""
    page.say(f"{part['number']}  {part['doer']}: {part['state']}{late}{until}", STYLES.get(part["state"], ""))
    words = part["text"]
    page.quote(words if len(words) <= CLIP else words[:CLIP] + "…")
    for said in (_waits(part), _files_say(part)):
        if said:
            page.say(f"  {said}", DIM)


def _hour(part: Facts) -> str:
    """By when; of what is over, what its hour was; of what was taken back, nothing."""
    hour, state = part["hour"] or part["earliest"], part["state"]
    if not hour or state == "withdrawn":
        return ""
    return f", by {by(hour)}" if state in ("proposed", "pledged", "due", "late") else f"; its hour: {by(hour)}"


def _waits(part: Facts) -> str:
    """By whom it is verified, what it waits for by number, in return for what."""
    said = []
    if part["state"] in ("proposed", "pledged") and part["within_days"]:
        said.append(f"within {part['within_days']} days of being open")
    if part["not_before"] and not part["hour"]:
        said.append(f"excused until {by(part['not_before'])}")
    if part["after"]:
        still = part["waits_for"]
        said.append(f"{'waits for' if still else 'after'} {either(still or part['after'])}")
    if part["in_return_for"]:
        which = "" if part["not_pledged"] == part["in_return_for"] else f"{numbers(part['not_pledged'], 'step')} "
        left = f" ({which}not promised yet)" if part["not_pledged"] else ""
        said.append(f"in return for {names([str(n) for n in part['in_return_for']])}{left}")
    if part["held"]:
        said.append("what it waits for, or is given for, can no longer be")
    return "; ".join(filter(None, (*said, verifiers(part))))


def either(lists: Sequence[Sequence[int]]) -> str:
    """`1, 2 and one of 4, 5`."""
    alone = [str(some[0]) for some in lists if len(some) == 1]
    return names([*alone, *(f"one of {', '.join(map(str, some))}" for some in lists if len(some) > 1)])


def verifiers(part: Facts) -> str:
    """`verified by 1 of A and B`."""
    who, needed = part["verified_by"], part["findings_needed"]
    if not who:
        return ""
    return f"verified by {names(who) if needed == len(who) else f'{needed} of {names(who)}'}"


def _files_say(part: Facts) -> str:
    files = part["evidence"]
    left = sum(file["here"] < file["pieces"] for file in files)
    if not files:
        return ""
    whole = "all here" if not left else f"{left} not wholly here yet"
    return f"{len(files)} file{'' if len(files) == 1 else 's'}, {whole}"
