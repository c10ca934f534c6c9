"""Amendments and redlines as facts and as pages: words that went and came, beside those that stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from backchannel.cli.show import DIM, STRONG, Facts, Page
from backchannel.facts.saying import numbers

if TYPE_CHECKING:
    pass

MARKS = {"=": ("", ""), "+": ("{++", "++}"), "-": ("{--", "--}")}
LEGEND = "{++added++}, {--removed--}"
_POSING = re.compile(r"\{(?=\+\+|--)|(?<=\+\+|--)\}")

# --- facts ------------------------------------------------------------------------------------------------------------


# --- pages ------------------------------------------------------------------------------------------------------------


def amendment(page: Page, one: Facts) -> None:
    """An amendment, each change beside what its paragraph says now."""
    fate = "proposed, and no longer fits" if one["stale"] else one["outcome"]
    page.say(
        f"Amendment {one['number']} to text {one['of']}, {'yours' if one['mine'] else 'by ' + one['by']}: {fate}",
        STRONG,
    )
    for change in one["changes"]:
        page.say(f"  {_does(change)}")
        if any(run["mark"] != "=" for run in change["runs"]):
            page.quote(marked(change["runs"]))
            continue
        if change["now"] is not None and change["do"] != "move" and one["outcome"] != "accepted":
            page.quote(change["now"]["text"], mark="now " if change["new"] else "")
        for new in change["new"]:
            page.quote(new["text"], mark="new ")
    for label, said in (("Because", one["reason"]), ("The pen says", one["answer"]["reason"])):
        if said:
            page.say(f"  {label}: {said}")


def _does(change: Facts) -> str:
    which = f"paragraph {change['paragraph']}" if change["paragraph"] else "a paragraph that is gone"
    behind = "a paragraph that is gone" if change["after"] is None else f"paragraph {change['after']}"
    to = "at the beginning" if change["after"] == 0 else f"after {behind}"
    return {
        "replace": f"replaces {which}:",
        "insert": f"new, {to}:",
        "delete": "takes a paragraph out:" if change["gone"] else f"takes {which} out:",
        "move": f"moves {which}: {to}",
        "split": f"splits {which}:",
        "merge": f"merges {which} with the next:",
    }[change["do"]]


def redline(page: Page, found: list[Facts]) -> None:
    """Words added and removed, without colour too; what is as it was, in a line."""
    page.say(f"({LEGEND})", DIM)
    for same, lines in groupby(found, key=lambda one: (one["same"], one["same"] and one["after"] - one["before"])):
        rows = list(lines)
        if same[0]:
            was = f" ({numbers([one['before'] for one in rows], '')} then)" if same[1] else ""
            page.say(f"{numbers([one['after'] for one in rows]).capitalize()}: as before{was}", DIM)
            continue
        for one in rows:
            page.quote(marked(one["runs"]), mark=str(one["after"] or "-"))
            if said := _was(one):
                page.say(f"    {said}", DIM)
    if not found:
        page.say("Neither has any paragraph.")


def _was(one: Facts) -> str:
    if one["before"] is None or one["after"] is None:
        return "new" if one["before"] is None else f"taken out; it was {one['before']}"
    moved = "moved; it " if one["moved"] else ""
    return f"{moved}was {one['before']}" if one["before"] != one["after"] or moved else ""


def marked(runs: Sequence[Facts]) -> str:
    """Words with marks around what came and went. A mark that somebody wrote cannot pass for one of these."""

    def said(run: Facts) -> str:
        before, after = MARKS[run["mark"]]
        return before + _POSING.sub(lambda found: f"<U+{ord(found[0]):04X}>", run["text"]) + after

    return "".join(map(said, runs))
