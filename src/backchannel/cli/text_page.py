"""A text as facts and as a page: its paragraphs and where each stands, what stands in the way, amendments, redlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.cli import passed, show
from backchannel.cli.show import BAD, DIM, GOOD, STRONG, Facts, Page
from backchannel.facts.saying import FEW, numbers
from backchannel.facts.text import status as status

if TYPE_CHECKING:
    pass

# --- facts ------------------------------------------------------------------------------------------------------------


# --- pages ------------------------------------------------------------------------------------------------------------


def head(page: Page, one: Facts) -> None:
    """Which text, how far it is, whose the pen is."""
    page.say(f"{one['number']}  {one['title']}", STRONG)
    pen = f"; {_pen(one)}" if one["state"] in ("drafting", "silence") else ""
    page.say(f"  {_sentence(_state(one))}{pen}", DIM)
    passed.mark(page, one)


def _state(one: Facts) -> str:
    hush = one["silence"]
    if one["state"] == "silence":
        return f"text {hush['version']} is adopted at {show.local(hush['until'])}, unless somebody breaks silence"
    issued = len(one["versions"])
    which = f"text {issued}" if issued else "not issued yet"
    if one["state"] != "drafting":
        return f"{which}, {one['state_says']}"
    return f"{which}{', changed since' if one['changed'] else ''}"


def _pen(one: Facts) -> str:
    return f"{'you hold' if one['pen_mine'] else one['pen'] + ' holds'} the pen"


def draw(page: Page, one: Facts) -> None:
    """A text as a page: each paragraph, and below it where it stands."""
    head(page, one)
    for part in one["paragraphs"]:
        paragraph(page, part)
    if not one["paragraphs"]:
        page.say(f"  There is nothing in it yet: backchannel text amend {one['number']} --insert 0")
    page.say(f"  {passed.readers(one)}.", DIM)
    steps(page, one)


def after(page: Page, one: Facts, touched: list[int] | None = None) -> None:
    """A text after an act: the paragraphs that it touched, or all, if they are few."""
    parts = [part for part in one["paragraphs"] if touched is None or part["number"] in touched]
    if touched is None and len(parts) <= FEW:
        draw(page, one)
        return
    head(page, one)
    for part in parts if len(parts) <= FEW else ():
        paragraph(page, part)
    if len(parts) > FEW:
        page.say(f"  {_count(len(one['paragraphs']), 'paragraph')}: backchannel text show {one['number']}")
    steps(page, one)


def paragraph(page: Page, part: Facts) -> None:
    """A paragraph, and below it where it stands."""
    page.quote(part["text"], mark=str(part["number"]))
    page.say(f"    {status(part)}", STYLES[part["kind"]])


STYLES = {"bracketed": "yellow", "reserved": BAD, "open": DIM, "referendum": "yellow", "agreed": GOOD}


def steps(page: Page, one: Facts) -> None:
    """What this seat can do with it next, in a line or two."""
    for line in _steps(one):
        page.say(f"  {line}")


def _steps(one: Facts) -> list[str]:
    n, found = one["number"], []
    if one["pen_free"]:
        found.append(f"Its pen has left. Take it: backchannel text pass {n} YOUR-NAME")
    if one["state"] == "silence" and one["for_party"]:
        found.append(f"To break silence: backchannel text break {n}")
    if one["state"] == "adopted" and one["for_party"]:
        found.append(f"To have it signed: backchannel text propose {n}")
    if one["state"] != "drafting":
        return found
    if one["pen_mine"] and one["clear"]:
        next_ = "adopt" if one["versions"] and not one["changed"] else "issue"
        found.append(f"Nothing stands in the way: backchannel text {next_} {n}")
    elif one["clear"]:
        found.append(f"Nothing stands in the way; {one['pen']} can adopt it.")
    elif one["paragraphs"]:
        found.append(f"What stands in the way: backchannel text brackets {n}")
    if one["proposed"]:
        found.append(f"{_count(len(one['proposed']), 'amendment')} undecided: backchannel text amendments {n}")
    return found


def line(page: Page, one: Facts) -> None:
    """One of a list."""
    head(page, one)
    counts = [f"{many} {kind}" for kind, many in one["counts"].items() if many]
    page.say(f"   {_count(len(one['paragraphs']), 'paragraph')}{': ' if counts else ''}{', '.join(counts)}", DIM)


def plainly(page: Page, one: Facts, found: list[Facts], which: str) -> None:
    """The words alone."""
    page.say(f"{one['number']}  {one['title']}; {which}", STRONG)
    for part in found:
        page.quote(part["text"], mark=str(part["number"]))
    if not found:
        page.say("  There was nothing in it.")


def way(page: Page, one: Facts, found: Facts) -> None:
    """What stands in the way."""
    head(page, one)
    rows: list[tuple[str, str]] = []
    if found["brackets"]:
        total = sum(part["count"] for part in found["brackets"])
        rows.append(("Brackets", f"{total}, in {numbers([part['paragraph'] for part in found['brackets']])}"))
    for label, name in (("Reserved", "reserved"), ("Not agreed", "silent"), ("Ad referendum", "referendum")):
        rows += [(label, f"{who['party']}: {numbers(who['paragraphs'])}") for who in found[name]]
    if found["proposed"]:
        stale = f" ({numbers(found['stale'], '')} no longer fits)" if found["stale"] else ""
        rows.append(("Undecided", f"amendment {numbers(found['proposed'], '')}{stale}"))
    if rows:
        page.pairs(rows)
    for without in found["without"]:
        page.say(f"  Without {show.names(without['parties'])}, {numbers(without['paragraphs'])} would be agreed.")
    for can in found["soundable"][:FEW]:
        which = "" if can["last"] and can["bracket"] == 1 else f" --bracket {can['bracket']}"
        page.say(f"  A sounding could clear paragraph {can['paragraph']}: {' | '.join(can['options'])}")
        page.say(f"      backchannel text sound {one['number']} {can['paragraph']}{which}", DIM)
    if more := len(found["soundable"][FEW:]):
        page.say(f"  and {_count(more, 'bracket')} more", DIM)
    if one["clear"]:
        page.say("  Every paragraph is agreed.", GOOD)
        if one["state"] == "drafting" and one["pen_mine"]:
            steps(page, one)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
