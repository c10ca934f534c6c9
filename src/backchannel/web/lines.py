"""The lines of a ladder in a form: fields from what a file says, and what was typed as promises are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.web.page import Form
from backchannel.web.words import Words

MOST = 25
"""Steps that a form can hold."""

Fields = list[tuple[str, str]]
_LINES = (
    ("what", "what"),
    ("where", "where"),
    ("by", "by"),
    ("within_days", "days"),
    ("findings_needed", "needed"),
    ("how", "how"),
    ("visits_a_year", "visits"),
    ("visits_from_one", "share"),
    ("if_late", "late"),
    ("broken_after_days", "grace"),
)
"""Lines of a file, and the fields of a form that hold them as they are."""
_NUMBERS = frozenset({"within_days", "findings_needed", "visits_a_year", "visits_from_one", "broken_after_days"})


def parties(channel: Channel) -> list[str]:
    """The parties that can promise. Forms call them by their names: a number would be another's when one comes."""
    return sorted({seat.party for seat in channel.state.active if seat.speaks})


# --- a file, or a template, as fields ---------------------------------------------------------------------------------


def fields(title: str, lines: Sequence[Mapping[str, Any]], known: int) -> Fields:
    """What a form holds, to be the same as these lines."""
    keys = {one.get("key", ""): known + n for n, one in enumerate(lines, 1)}
    found: Fields = [("title", title), ("n", str(len(lines)))]
    for k, one in enumerate(lines, 1):
        said = {field: str(one[name]) for name, field in _LINES if name in one}
        said["who"] = one.get("who", "")
        said["after"] = ", ".join("/".join(_called(keys, key) for key in some) for some in _lists(one.get("after", ())))
        said["returns"] = ", ".join(_called(keys, key) for key in one.get("in_return_for", ()))
        said["remind"] = ", ".join(str(days) for days in one.get("remind_days", ()))
        said["final"] = "yes" if one.get("reversible") is False else ""
        said["announced"] = "yes" if one.get("announced") else ""
        found += [(f"{name}-{k}", value) for name, value in said.items() if value]
        for mark, name in (("v", "verified_by"), ("o", "owed_to")):
            found += [(f"{mark}-{k}", party) for party in one.get(name, ())]
    return found


def _lists(after: Iterable[Any]) -> list[list[str]]:
    return [one if isinstance(one, list) else [one] for one in after]


def _called(keys: Mapping[str, int], key: str) -> str:
    return key.removeprefix("#") if key.startswith("#") else str(keys.get(key, key))


# --- fields as promises -----------------------------------------------------------------------------------------------


def said(words: Words, channel: Channel, form: Form, known: int) -> list[dict[str, Any]]:
    """The steps of a form, but those that are left out. `Misuse`: `plan`, `number`."""
    names, many = parties(channel), min(max(form.number("n", 1), 1), MOST)
    kept = [k for k in range(1, many + 1) if form[f"out-{k}"] != "yes"]
    if not kept:
        raise Misuse("plan", words.say("No step is left."), words.say("Leave one in."))
    return [_line(words, form, k, names, {known + n for n in kept}, known) for k in kept]


def _line(words: Words, form: Form, k: int, names: Sequence[str], here: set[int], known: int) -> dict[str, Any]:
    number = known + k

    def step(called: str) -> str:
        n = int(called) if called.isascii() and called.isdigit() and len(called) < 6 else 0
        if n == number or not (1 <= n <= known or n in here):
            what = words.say("Step {n} speaks of “{other}”, which is no other step here.", n=number, other=called[:20])
            raise Misuse("plan", what, words.say("Write the numbers of steps, with commas between."))
        return f"#{n}" if n <= known else f"s{n}"

    def chosen(mark: str) -> list[str]:
        wanted = form.all(f"{mark}-{k}")
        for name in wanted:
            here_(name)
        return [name for name in names if name in wanted]

    def here_(name: str) -> str:
        if name not in names:
            what = words.say("Step {n}: “{party}” is no party here.", n=number, party=name[:80])
            raise Misuse("plan", what, words.say("Choose a party."))
        return name

    if not form[f"who-{k}"]:
        what = words.say("Step {n}: nobody is chosen who does it.", n=number)
        raise Misuse("plan", what, words.say("Choose a party."))
    line: dict[str, Any] = {
        "key": f"s{number}",
        "who": here_(form[f"who-{k}"]),
        "after": [[step(one) for one in some] for some in _numbers(form[f"after-{k}"])],
        "in_return_for": [step(one) for some in _numbers(form[f"returns-{k}"]) for one in some],
        "verified_by": chosen("v"),
        "owed_to": chosen("o"),
        "remind_days": [_days(words, one, number) for some in _numbers(form[f"remind-{k}"]) for one in some],
        "reversible": form[f"final-{k}"] != "yes",
        "announced": form[f"announced-{k}"] == "yes",
    }
    for name, field in _LINES:
        said = form[f"{field}-{k}"].strip()
        if said or name == "what":
            line[name] = form.number(f"{field}-{k}") if name in _NUMBERS else day(words, said) if name == "by" else said
    if not line["owed_to"] and not line["in_return_for"]:
        line["owed_to"] = [name for name in names if name != line["who"]]
    return line


def _numbers(said: str) -> list[list[str]]:
    """`1, 2/3`: lists of numbers, of each of which one is enough."""
    return [[one.strip() for one in some.split("/") if one.strip()] for some in said.split(",") if some.strip()]


def _days(words: Words, said: str, number: int) -> int:
    if not said.isascii() or not said.isdigit() or len(said) > 4:
        what = words.say("Step {n}: “{days}” is no number of days.", n=number, days=said[:20])
        raise Misuse("plan", what, words.say("As: {example}", example="7, 1"))
    return int(said)


def day(words: Words, said: str) -> date:
    """A day as a form sends it; `Misuse("day")` if it is none."""
    try:
        return date.fromisoformat(said)
    except ValueError as problem:
        what = words.say("“{day}” is no day.", day=said[:20])
        raise Misuse("day", what, words.say("As: {example}", example="2026-12-01")) from problem
