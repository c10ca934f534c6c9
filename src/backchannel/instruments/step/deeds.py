"""What each act makes of the step that it is about, once the table allows it (spec/step.md, 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from backchannel.channel.state import DAY, At
from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.errors import Rejected
from backchannel.instruments.base import Spoken
from backchannel.instruments.step import files
from backchannel.instruments.step.acts import VERDICTS, Excuse, Find, Inspect, Remind, Report, Withdraw
from backchannel.instruments.step.promises import FARTHEST
from backchannel.instruments.step.standing import Standing, quota
from backchannel.instruments.step.values import Excused, Found, Past, Reported, Step, Visited

MOST_WORDS = 20_000
MOST_REASON = 500
MOST_REPORTS = 32
MOST_FINDINGS = 16
MOST_EXCUSES = 16


def pledge(one: Step, _: Standing, spoken: Spoken) -> Step:
    """3.1."""
    return _to("pledged", one, spoken.at, pledged=spoken.at)


def _withdraw(one: Step, now: Standing, spoken: Spoken) -> Step:
    if now.state != "proposed" and not one.promise.announced and not now.held:
        raise Rejected("promised", "A promise stands, unless what it waits for or is given for can no longer be.")
    return _to("withdrawn", one, spoken.at, reason=_words(spoken.act.reason, "reason", MOST_REASON))


def _report(one: Step, now: Standing, spoken: Spoken) -> Step:
    _few(one.reports, MOST_REPORTS, "reports")
    act, late = spoken.act, one.state == "pledged" and now.overdue(spoken.at.arrival)
    said = Reported(spoken.at, spoken.sender, text.prose(act.words, "report", MOST_WORDS), files.check(act.files), late)
    reports = (*one.reports, said)
    return _to("reported", one, spoken.at, reports=reports, late=one.late or late, base=spoken.at.position)


def _inspect(one: Step, _: Standing, spoken: Spoken) -> Step:
    party, unit = _party(spoken), spoken.at.arrival
    left = quota(one, party, unit)
    if left.next is None:
        raise Rejected("visits", "The doer of this step takes no visits.")
    if not left.left:
        days = -((unit - left.next) // DAY)
        raise Rejected("visits", f"No visit is left; the next is possible in {days} days (arrival unit {left.next}).")
    visit = Visited(spoken.at, spoken.sender, party, _words(spoken.act.words, "announcement"))
    return replace(one, visits=(*one.visits, visit))


def _find(one: Step, now: Standing, spoken: Spoken) -> Step:
    act = spoken.act
    if act.verdict not in VERDICTS:
        raise Rejected("verdict", "A step is found kept, doubted or broken.")
    words, party = _words(act.words, "finding"), _party(spoken)
    _few([said for said in one.findings if said.party == party and said.at.position > one.base], MOST_FINDINGS, "finds")
    found = Found(spoken.at, spoken.sender, party, act.verdict, words, files.check(act.files))
    after = replace(one, findings=(*one.findings, found))
    state = _judged(after)
    late = state == "verified" and one.state == "pledged" and now.overdue(spoken.at.arrival)
    return _to(state, after, spoken.at, late=one.late or late)


def _judged(one: Step) -> str:
    """What the findings that count make of it; a contradiction among verifiers breaks nothing."""
    promise, counts = one.promise, one.found

    def enough(verdict: str) -> bool:
        said = sum(1 for party in promise.verifiers if party in counts and counts[party].verdict == verdict)
        return 0 < promise.needed <= said

    against = any(found.verdict != "kept" for found in counts.values())
    if enough("broken") and not enough("kept"):
        return "broken"
    if enough("kept") and not against:
        return "verified"
    if not one.stands and one.state not in ("verified", "disputed"):
        return "pledged"  # nothing was said to be done that could be disputed: its clock goes on
    return "disputed" if against else "reported"


def _excuse(one: Step, now: Standing, spoken: Spoken) -> Step:
    act, party = spoken.act, _party(spoken)
    reason = _words(act.reason, "reason", MOST_REASON)
    _few([word for word in one.excuses if word.party == party], MOST_EXCUSES, "excuses")
    if act.until:
        _later(one, now, act.until, spoken.at.arrival)
    held = max((n for n, word in enumerate(one.excuses, 1) if word.held), default=0)
    said = {word.party: word.until for word in one.excuses[held:]} | {party: act.until}
    agreed = all(said.get(other) == act.until for other in one.promise.toward)
    excuses = (*one.excuses, Excused(spoken.at, spoken.sender, party, act.until, reason, agreed))
    if not agreed:
        return replace(one, excuses=excuses)
    if not act.until:
        late = one.state == "pledged" and now.overdue(spoken.at.arrival)
        return _to("excused", one, spoken.at, excuses=excuses, late=one.late or late)
    again = {"until": act.until, "base": spoken.at.position, "reminded": 0, "since": spoken.at}
    return _to("pledged", one, spoken.at, excuses=excuses, **again)


def _later(one: Step, now: Standing, until: int, unit: int) -> None:
    """An excuse never makes anybody late (3.5)."""
    if now.state == "reported" or not (one.promise.by or one.promise.days):
        raise Rejected("until", "What has no hour any more, or never had one, is excused for good or not at all.")
    if not max(unit, one.until, now.hour or 0) < until <= unit + FARTHEST:
        raise Rejected("until", "An excuse gives an hour that is later than the one there is, and in the future.")


def _remind(one: Step, now: Standing, spoken: Spoken) -> Step:
    lead = spoken.act.lead
    come = now.hour is not None and now.hour - lead * DAY <= spoken.at.arrival
    if lead not in one.promise.remind or not come or 0 < one.reminded <= lead:
        raise Rejected("remind", "Of this hour nobody is to be reminded now, or somebody has.")
    return replace(one, reminded=lead)


def _to(state: str, one: Step, at: At, **changes: Any) -> Step:
    """The step in a state; it was fulfilled where that began (2.1)."""
    fulfilled = state in ("verified", "excused") or (state == "reported" and not one.promise.verifiers)
    past = one.past
    if one.fulfilled is not None and not fulfilled:
        past = (*past, Past(True, one.fulfilled.arrival, at.arrival))
    if one.state == "broken" != state:
        past = (*past, Past(False, one.since.arrival, at.arrival))
    found = {"since": one.since if state == one.state else at, "past": past, **changes}
    return replace(one, state=state, fulfilled=(one.fulfilled or at) if fulfilled else None, **found)


def _words(words: str, what: str, most: int = MOST_WORDS) -> str:
    """Words that may be left out."""
    return text.prose(words, what, most) if words else ""


def _few(before: Sequence[Value], most: int, what: str) -> None:
    """3.7: each may open and close what others wait for, and their clocks are read off all of it."""
    if len(before) >= most:
        raise Rejected("many", f"A party {what} {most} times, no more: the last time stands.")


def _party(spoken: Spoken) -> str:
    return spoken.state.member(spoken.sender).party


DO: Mapping[type[Value], Callable[[Step, Standing, Spoken], Step]] = {
    Withdraw: _withdraw,
    Report: _report,
    Inspect: _inspect,
    Find: _find,
    Excuse: _excuse,
    Remind: _remind,
}
