"""One step as a page: what was promised, what was done, what each side has found, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from backchannel.cli import step_page as pages
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page, local, names
from backchannel.facts.saying import by

MOST_SIDES = 4
"""Findings that have room beside each other."""
CLIP = 500
CHATHAM = "Under the charter it is not told outside who found what."


def draw(page: Page, told: Facts) -> None:
    """The step, what is awaited from me first."""
    ladder, part = told["ladder"], told["step"]
    n = part["number"]
    page.say(f"Step {n} of ladder {ladder['number']}, “{ladder['title']}”", STRONG)
    pages.turns(page, [turn for turn in ladder["awaited"] if turn["mine"] and n in turn["steps"]])
    page.quote(part["text"])
    says = f"{part['doer']} does it. It is {part['state']}: {part['state_says']}."
    page.say(f"  {says}", pages.STYLES.get(part["state"], ""))
    page.pairs(_promise(part))
    _said(page, part)
    if part["findings"]:
        _findings(page, part)
        if ladder["attribution"] == "chatham":
            page.say(f"  {CHATHAM}", DIM)
    evidence(page, part["evidence"])
    if part["evidence"]:
        page.say(f"  Save them: backchannel step evidence {ladder['number']} {n} --save FOLDER", DIM)


def _promise(part: Facts) -> list[tuple[str, str]]:
    """Label and what was promised, without what was not."""
    hour = by(part["hour"]) if part["hour"] else ""
    visits = f"{part['visits_a_year']} in a year, {part['visits_from_one']} at most by one party"
    quota = f"; you have {part['visits_left']} left" if part["verified_by"] and part["visits_left"] else ""
    grace = f"broken {part['broken_after_days']} days after its hour"
    found = (
        ("Where", _flat(part["where"])),
        ("By", f"{hour}, by the log's clock" if hour else _when(part)),
        ("Owed to", names(part["owed_to"])),
        ("Waits for", _waits(part)),
        ("In return for", names([str(n) for n in part["in_return_for"]], "")),
        ("Verified by", "; ".join(filter(None, (pages.verifiers(part).removeprefix("verified by "), part["how"])))),
        ("Inspections", visits + quota if part["visits_a_year"] else ""),
        ("If late", "; ".join(filter(None, (_flat(part["if_late"]), grace if part["broken_after_days"] else "")))),
        ("Reminders", f"{names([str(n) for n in part['remind_days']])} days before" if part["remind_days"] else ""),
        ("Undone", "" if part["reversible"] else "cannot be"),
        ("Announced", "a gesture of its own; it demands nothing" if part["announced"] else ""),
    )
    return [(label, _flat(said)) for label, said in found if said]


def _when(part: Facts) -> str:
    days = f"{part['within_days']} days after everything that it waits for is there" if part["within_days"] else ""
    day = by(part["earliest"]) if part["earliest"] else ""
    return " or ".join(filter(None, (day, days))) + (", whichever is later" if day and days else "")


def _waits(part: Facts) -> str:
    if not part["after"]:
        return ""
    still = f"; still for {pages.either(part['waits_for'])}" if part["waits_for"] else "; all of it is there"
    return pages.either(part["after"]) + still


def _flat(words: str) -> str:
    return " ".join(words.split())


def _said(page: Page, part: Facts) -> None:
    """What was said of it: visits, excuses, reports."""
    for one in part["inspections"]:
        page.say(f"  {local(one['at'])}: {one['party']} inspects")
        _quote(page, one["text"])
    for one in part["excuses"]:
        what = f"gives it until {by(one['until'])}" if one["until"] else "excuses it for good"
        page.say(f"  {local(one['at'])}: {one['party']} {what}" + ("" if one["held"] else "; not all have said so"))
        _quote(page, one["reason"])
    if part["state"] == "withdrawn":
        page.say("  Withdrawn." + (" Because:" if part["reason"] else ""))
        _quote(page, part["reason"])
    for one in part["reports"]:
        page.say(f"  {local(one['at'])}: reported by {one['by']}" + (", late" if one["late"] else ""), GOOD)
        page.quote(one["text"])


def _quote(page: Page, words: str) -> None:
    if words:
        page.quote(words)


def _findings(page: Page, part: Facts) -> None:
    """The findings that count, each side's beside the others'; those on earlier reports after them."""
    counting = [one for one in part["findings"] if one["counts"]]
    earlier = [one for one in part["findings"] if not one["counts"]]
    if counting:
        page.say("  Found:", STRONG)
    if len(counting) > 1 and len(counting) <= MOST_SIDES:
        rows = (
            [f"{one['verdict']}, {local(one['at'])}" for one in counting],
            [_clip(one["text"]) for one in counting],
        )
        page.table([one["party"] for one in counting], rows)
    else:
        _list(page, counting)
    if earlier:
        page.say("  Found before; it counts no more:", DIM)
        _list(page, earlier)


def _list(page: Page, findings: Sequence[Facts]) -> None:
    for one in findings:
        page.say(f"  {one['party']}: {one['verdict']}, {local(one['at'])}")
        _quote(page, one["text"])


def _clip(words: str) -> str:
    return words if len(words) <= CLIP else words[:CLIP] + "…"


def evidence(page: Page, files: Sequence[Facts]) -> None:
    """Files, and how many of their pieces are here."""
    if files:
        page.say("  Files:", STRONG)
    for file in files:
        here = "here" if file["here"] >= file["pieces"] else f"{file['here']} of {file['pieces']} pieces here"
        page.say(f"  {file['name']}, {size(file['size'])}, of {file['party']}: {here}")
        page.say(f"    SHA-256 {file['sha256']}", DIM)


def size(size: int) -> str:
    """`13 bytes`, `2.0 MB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"
