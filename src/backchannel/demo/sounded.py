"""What can be proved of the soundings: what was opened, what nobody knows, and that nothing is left to find out by."""

from __future__ import annotations

import msgspec

from backchannel.demo.checks import must
from backchannel.demo.scenario import Act, Scenario
from backchannel.demo.stage import Stage
from backchannel.instruments.sounding.values import Sounding

_POCKETS = "SELECT place FROM pocket WHERE place NOT IN (SELECT place FROM item WHERE instrument = 'handover')"


def opened(stage: Stage) -> str:
    """Every desk shows what all voters accept and nothing else: one such option, or all, or none."""
    said = []
    for act in asked(stage):
        common = common_options(stage.scenario, act)
        for key, sight in stage.soundings.sights(act).items():
            short = stage.scenario.who(key).short
            must(sight.state == "closed", f"On the desk of {short} “{act.text}” is {sight.state!r}.")
            wanted = len(common) if act.show_all else min(1, len(common))
            right = len(sight.met) == wanted and set(sight.met) <= common
            must(right, f"The desk of {short} shows {sight.met or 'nothing'} for “{act.text}”.")
        same = len(set(stage.soundings.sights(act).values()))
        must(same == 1, f"The desks show {same} different results for “{act.text}”.")
        said.append(f"“{act.text.splitlines()[0]}” {' and '.join(sight.met) or 'nothing that all accept'}")
    must(bool(said), "The scenario has no sounding.")
    return f"on the desks of all who were there: {'; '.join(said)}"


def nothing_known(stage: Stage) -> str:
    """Of a sounding that found nothing the desks have the same, to the last byte, and no message of it."""
    failed = [act for act in asked(stage) if not common_options(stage.scenario, act)]
    must(bool(failed), "The scenario has no sounding that finds nothing.")
    for act in failed:
        items = {key: stage.soundings.item(act, key) for key in stage.cast(act)}
        for key, item in items.items():
            short = stage.scenario.who(key).short
            must(not item.results, f"The desk of {short} has a result for “{act.text}”.")
            must(not _messages(item), f"The desk of {short} still has the sealed answers to “{act.text}”.")
        forms = {msgspec.msgpack.encode(item) for item in items.values()}
        must(len(forms) == 1, f"The desks differ in what they have of “{act.text}”.")
        size = len(forms.pop())
    return (
        f"“{failed[-1].text}”: the same {size} bytes on all {len(items)} desks: "
        "question, options, who answered; no result, no answers, sealed or not"
    )


def forgotten(stage: Stage) -> str:
    """Nothing by which an answer could be found out is left in any vault; while a sounding ran it was there."""
    looked, size = set(), 0
    for act in asked(stage):
        traces = stage.soundings.traces.get(act.label, [])
        _was_there(stage, act, {trace.desk for trace in traces if trace.found and trace.what == "secret"}, "secret")
        _was_there(stage, act, {trace.desk for trace in traces if trace.found and trace.what == "answer"}, "answer")
        looked |= {(trace.what, trace.raw) for trace in traces}
    for key, channel in stage.channels.items():
        short = stage.scenario.who(key).short
        rows = channel.session.vault.query(_POCKETS)
        must(not rows, f"The desk of {short} still keeps secrets of {len(rows)} soundings.")
        must(
            not any(_messages(stage.soundings.item(act, key)) for act in asked(stage) if key in (act.who, *act.to)),
            f"The desk of {short} still keeps messages of a sounding.",
        )
        pages = stage.soundings.pages(key)
        left = sum(raw in pages for _, raw in looked)
        must(not left, f"The vault of {short} still holds {left} pieces of answers or secrets of a sounding.")
        size += len(pages)
    return (
        f"{len(looked)} pieces of sealed answers and of what opens them were in the vaults while the soundings ran; "
        f"now not one is in any of {size:,} decrypted bytes, rows or not"
    )


def asked(stage: Stage) -> list[Act]:
    """The soundings of a scenario, and those of its texts, whose words the texts gave."""
    return [*(act for _, act in stage.scenario.acts if act.do == "ask"), *stage.soundings.of_texts]


def common_options(scenario: Scenario, act: Act) -> set[str]:
    """The options that every voter accepts, as the scenario has it."""
    answers = scenario.answers(act)
    numbers = set.intersection(*(set(answers.get(key, ())) for key in act.to))
    return {act.options[number - 1] for number in numbers}


def _was_there(stage: Stage, act: Act, desks: set[str], what: str) -> None:
    missing = sorted({act.who, *act.to} - desks)
    must(
        not missing, f"While “{act.text}” ran no {what} was found in the vault of {', '.join(missing)}: a blind search."
    )


def _messages(item: Sounding) -> bool:
    return bool(item.keys or item.ballots or item.blinds or item.openings or item.sums.tests or item.sums.key)
