"""What a predecessor passed on (spec/handover.md, 3 and 4.3): one place for its facts and its mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.cli.show import BAD, Facts, Page, names

if TYPE_CHECKING:
    pass


PROVED = {
    None: ("who wrote it cannot be verified again", "yellow"),
    True: ("its signatures hold; whose keys they are, only their words or a mandate tell", "yellow"),
    False: ("ITS SIGNATURES DO NOT HOLD", BAD),
}
"""By whether a signed understanding proves itself; None is all that proves nothing."""


def mark(page: Page, one: Facts) -> None:
    """A line below an item that somebody passed on."""
    if one["passed_on_by"] is not None:
        says, style = PROVED[one.get("proved")]
        page.say(f"  passed on by {one['passed_on_by']}; {says}", style)


def readers(one: Facts) -> str:
    """Who can read an item, and nobody else."""
    also = f"; so may {names(one['heirs'])};" if one["heirs"] else ","
    return f"{names(one['readers'])} can read it{also} and nobody else"
