"""What was promised, and where it stands, as plain data: an archive tells it as every face does (spec/step.md, 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from backchannel.instruments.step.standing import Standing
from backchannel.instruments.step.values import Step


def promised(number: int, one: Step, now: Standing, at: Callable[[int], str]) -> dict[str, Any]:
    """A step: whose, what and where; after and in return for which; by when, and what follows; who verifies it how.

    `at`: an arrival unit as a time. Other steps are named by their numbers.
    """
    said = one.promise
    return {
        "number": number,
        "doer": said.doer,
        "text": said.what,
        "where": said.where,
        "state": now.state,
        "hour": at(now.hour) if now.hour is not None else None,
        "by": at(said.by) if said.by else None,
        "within_days": said.days,
        "after": numbers(one.after),
        "in_return_for": [n + 1 for n in one.returns],
        "owed_to": list(said.toward),
        "verified_by": list(said.verifiers),
        "findings_needed": said.needed,
        "how": said.how,
        "if_late": said.late,
        "broken_after_days": said.grace,
        "reversible": said.reversible,
        "announced": said.announced,
        "visits_a_year": said.visits,
        "visits_from_one": said.share,
        "pledged": at(one.pledged.arrival) if one.pledged is not None else None,
        "reported_late": one.late,
        "reason": one.reason,
    }


def numbers(lists: Iterable[Iterable[int]]) -> list[list[int]]:
    """Places in a ladder as people number them: of each list one."""
    return [[n + 1 for n in some] for some in lists]
