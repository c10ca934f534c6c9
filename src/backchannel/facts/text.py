"""A text as facts: its paragraphs and where each stands, what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from backchannel.facts import Facts, Tell
from backchannel.facts.passed import passes
from backchannel.facts.saying import local, names, numbers

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.sounding.values import Sounding
    from backchannel.instruments.text.standing import Row, Way
    from backchannel.instruments.text.values import Paragraph, Text


@passes
def facts(channel: Channel, item: Text) -> Facts:
    """A text: whose the pen is, its versions, each paragraph with where it stands, and whose word is awaited."""
    from backchannel.desk import texts
    from backchannel.facts import common
    from backchannel.instruments.text import adopting, standing
    from backchannel.instruments.text.rules import STATES

    state, way = channel.state, texts.in_the_way(channel, item)
    touched: dict[bytes, list[int]] = {}
    for one in item.proposed:
        for step in one.steps:
            touched.setdefault(step.paragraph, []).append(one.at.position)
    return {
        "number": item.at.position,
        "title": item.title,
        "state": item.state,
        "state_says": STATES[item.state],
        "opened_by": common.name(state, item.author),
        "opened": common.at(item.at.arrival),
        "readers": common.names(state, state.current(item.audience)),
        "pen": common.name(state, item.pen),
        "pen_mine": item.pen == channel.me,
        "pen_free": channel.me != item.pen and channel.me in adopting.pens(item, state),
        "parties": list(standing.parties(item, state)),
        "for_party": channel.me in texts.negotiators(channel, item),
        "versions": [{"version": one.number, "issued": common.at(one.at.arrival)} for one in item.versions],
        "changed": bool(item.versions) and not item.issued,
        "silence": _hush(channel, item),
        "paragraphs": [
            _paragraph(item, row, one, sorted(set(touched.get(one.id, ()))))
            for row, one in zip(way.rows, item.here, strict=True)
        ],
        "counts": way.counts,
        "brackets": way.brackets,
        "clear": way.clear,
        "proposed": [one.at.position for one in item.proposed],
    }


def _hush(channel: Channel, item: Text) -> Facts | None:
    """The newest silence procedure."""
    from backchannel.facts import common

    if not item.hushes:
        return None
    last = item.hushes[-1]
    return {
        "version": last.number,
        "until": common.at(last.until),
        "broken_by": common.name(channel.state, last.broken) if last.broken is not None else None,
        "reason": item.words[last.words],
    }


def _paragraph(item: Text, row: Row, one: Paragraph, amendments: list[int]) -> Facts:
    kept = {stance.party: item.words[stance.words] for stance in one.stances}
    return {
        "number": row.number,
        "seen": f"{one.id.hex()}.{one.revision}",
        "text": item.said(one),
        "kind": row.kind,
        "brackets": row.brackets,
        "reserve": [{"party": party, "reason": kept[party]} for party in row.reserve],
        "referendum": list(row.referendum),
        "agree": [stance.party for stance in one.stances if stance.stance == "agree"],
        "silent": list(row.silent),
        "amendments": amendments,
    }


def version_facts(item: Text, version: int | None) -> list[Facts]:
    """The words of a version, or of the text as it is now, numbered."""
    from backchannel.instruments.text.redline import words

    return [{"number": n, "text": said} for n, (_, said) in enumerate(words(item, version), 1)]


def way_facts(item: Text, way: Way) -> Facts:
    """What stands in the way of adoption."""
    return {
        "brackets": [{"paragraph": row.number, "count": row.brackets} for row in way.rows if row.brackets],
        "reserved": _by_party((party, row.number) for row in way.rows for party in row.reserve),
        "silent": _by_party((party, row.number) for row in way.rows if not row.brackets for party in row.silent),
        "referendum": _by_party((party, row.number) for row in way.rows for party in row.referendum),
        "without": [{"parties": list(one.parties), "paragraphs": list(one.paragraphs)} for one in way.without],
        "soundable": [
            {"paragraph": one.number, "bracket": one.group, "options": list(one.options), "last": one.last}
            for one in way.soundable
        ],
        "proposed": [one.at.position for one in way.proposed],
        "stale": [one.at.position for one in way.stale],
    }


def _by_party(pairs: Iterable[tuple[str, int]]) -> list[Facts]:
    found: dict[str, list[int]] = {}
    for party, number in pairs:
        found.setdefault(party, []).append(number)
    return [{"party": party, "paragraphs": numbers} for party, numbers in sorted(found.items())]


def pieces(channel: Channel, words: str) -> list[Facts]:
    """The words of a paragraph, cut where brackets are; of each bracket, how many alternatives stand there."""
    from backchannel.instruments.text import brackets, standing

    if not brackets.bracketed(words):
        return [{"text": brackets.plain(words), "alternatives": 0}]
    return [
        {"text": brackets.plain(piece), "alternatives": 0}
        if isinstance(piece, str)
        else {"text": piece.raw, "alternatives": len(piece.alternatives)}
        for piece in brackets.parse(words, standing.named(channel.state))
    ]


# --- what a sounding has found ----------------------------------------------------------------------------------------

RECENT = 50
"""Soundings among which those on a bracket are looked for."""


def asked(channel: Channel, item: Text) -> list[Sounding]:
    """The newest soundings on this text, of all who negotiate it, by which all must accept, the last first.

    Anybody can ask another that looks like it.
    """
    from backchannel.desk import texts

    voters, stem = set(texts.negotiators(channel, item)), f"{item.title}, paragraph "
    held = channel.session.book.items.newest("sounding", before=1 << 40, most=RECENT)
    every = [one.value for one in reversed(held)]
    return [
        one
        for one in every
        if one.terms.rule == "all" and voters <= set(one.terms.voters) and one.terms.question.startswith(stem)
    ]


def sounded(channel: Channel, item: Text, can: Facts, among: list[Sounding]) -> Facts | None:
    """The newest of these on a bracket that `can` be sounded: whether it is over, what all could live with (by number).

    It is on these very words, with these very options.
    """
    from backchannel.desk import soundings, texts

    said = item.said(texts.paragraph(item, can["paragraph"]))
    for one in among:
        if list(one.terms.options) == can["options"] and _quotes(one.terms.question, said):
            met = [result.option + 1 for result in one.results] if one.state == "closed" else []
            over = soundings.standing(channel, one) in ("closed", "lapsed", "withdrawn")
            return {"number": one.at.position, "over": over, "met": met}
    return None


def _quotes(question: str, said: str) -> bool:
    """Whether a question is about these words, which it has from its second part on, or their beginning."""
    quoted = question.partition("\n\n")[2]
    return quoted == said or (quoted.endswith("…") and said.startswith(quoted.removesuffix("…")))


def found(channel: Channel, item: Text) -> list[Facts]:
    """The brackets of which a sounding has found what all could live with: which words, by which number."""
    from backchannel.desk import texts

    rows = way_facts(item, texts.in_the_way(channel, item))["soundable"] if item.state == "drafting" else []
    among = asked(channel, item) if rows else []
    held = []
    for can in rows if among else []:
        one = sounded(channel, item, can, among) if _alone(can, rows) else None
        if one is not None and one["met"]:
            words = [can["options"][n - 1] for n in one["met"]]
            held.append({**can, "sounding": one["number"], "met": one["met"], "words": words})
    return held


def _alone(can: Facts, rows: list[Facts]) -> bool:
    """Whether no other bracket of the paragraph has the same options: a sounding does not say which one it is about."""
    alike = [one for one in rows if one["paragraph"] == can["paragraph"] and one["options"] == can["options"]]
    return len(alike) == 1


def cleared_by(channel: Channel, number: int) -> Facts | None:
    """Of a sounding: the bracket that its result clears, and whose pen it is; None if it clears none."""
    from backchannel.facts import common

    for held in channel.session.book.items.unsettled("text"):
        for one in found(channel, held.value):
            if one["sounding"] == number:
                pen = held.value.pen
                name = common.name(channel.state, pen)
                command = _clear(held.position, one)
                return {**one, "text": held.position, "pen": name, "pen_mine": pen == channel.me, "command": command}
    return None


def _clear(text: int, one: Facts) -> str:
    """The command that puts it in."""
    option = one["met"][0] if len(one["met"]) == 1 else "OPTION"
    which = f" --bracket {one['bracket']}" if one["bracket"] > 1 else ""
    return f"text clear {text} {one['paragraph']} {option}{which}"


# --- in words -----------------------------------------------------------------------------------------------------


def which(one: Facts, version: int | None) -> str:
    """How a version is called."""
    if version is not None:
        return f"text {version}" if version else "nothing"
    issued = len(one["versions"])
    if issued and not one["changed"]:
        return f"text {issued}"
    return f"text {issued}, changed since" if issued else "a draft, not issued yet"


def status(part: Facts, *, named: bool = True) -> str:
    """Where a paragraph stands. Not `named`: without saying who."""
    said = part["kind"]
    if said == "bracketed":
        said = _count(part["brackets"], "bracket")
    elif named and said != "agreed":
        ways = (("agreed by", part["agree"]), ("ad referendum by", part["referendum"]))
        yes = [f"{how} {names(who)}" for how, who in ways if who]
        not_yet = [f"not yet by {names(part['silent'])}"] if yes and part["silent"] else []
        said = "; ".join([*map(_reserved, part["reserve"]), *yes, *not_yet]) or "open"
    elif said == "referendum":
        said = "agreed ad referendum"
    if named and part["amendments"]:
        said += f"; {_count(len(part['amendments']), 'amendment')} undecided"
    return str(said)


def _reserved(one: Facts) -> str:
    return f"reserved by {one['party']}" + (f", “{one['reason']}”" if one["reason"] else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# --- who can do what next ---------------------------------------------------------------------------------------------


def steps(channel: Channel, item: Text, tell: Tell) -> None:
    """What the pen has to decide, or can end; where parties have not said where they stand."""
    from backchannel.desk import texts
    from backchannel.facts import common
    from backchannel.instruments.text import standing

    state, n = channel.state, item.at.position
    seats = texts.negotiators(channel, item)
    if item.state == "silence":
        until = local(common.at(item.hushes[-1].until))
        for seat in seats:
            what = f"whether to break silence on text {n}, which ends at {until}"
            tell(common.name(state, seat), "decide", what, f"text break {n}")
    if item.state != "drafting":
        return
    rows, pen = texts.rows(channel, item), common.name(state, item.pen)
    if item.proposed:
        what = f"{numbers([one.at.position for one in item.proposed], 'amendment')} to text {n}"
        tell(pen, "decide", what, f"text amendments {n}")
    elif standing.clear(rows):
        verb = "adopt" if item.versions and item.issued else "issue"
        tell(pen, verb, f"text {n}: every paragraph is agreed", f"text {verb} {n}")
    for one in found(channel, item):
        words = f"“{one['words'][0]}”" if len(one["words"]) == 1 else "what all could live with"
        tell(
            pen, "put", f"{words} into paragraph {one['paragraph']} of text {n}: all could live with it", _clear(n, one)
        )
    silent = {party for row in rows if not row.brackets for party in row.silent}
    for seat in seats:
        party = state.member(seat).party
        if party in silent:
            tell(common.name(state, seat), "say", f"where {party} stands on text {n}", f"text show {n}")
