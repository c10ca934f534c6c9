#!/usr/bin/env python3
"""Write vectors/text/*.json: one case a file, each with its failure class ("ok" where there is none).

Deterministic. A case is a log of one text: `entries`, in order, as a seat has them (bodies: MessagePack maps in hex).
All but the last are accepted; what becomes of the last is `class`. `roster` are the channel's seats; `left` those who
have left before the last entry. `after`: what everybody must come to. A `brackets-*` case says how words are read.
`--check` writes nothing and exits 1 where a file is stale, missing or left over.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from msgspec.structs import replace  # noqa: E402

from backchannel.entry.codec import Value, encode  # noqa: E402
from backchannel.errors import Malformed  # noqa: E402
from backchannel.instruments.base import Spoken  # noqa: E402
from backchannel.instruments.text import brackets, standing  # noqa: E402
from backchannel.instruments.text.acts import (  # noqa: E402
    START,
    Adopt,
    Amend,
    Break,
    Close,
    Decide,
    Delete,
    Insert,
    Issue,
    Merge,
    Move,
    Open,
    Pass,
    Replace,
    Seen,
    Silence,
    Split,
    Stand,
    Withdraw,
)
from backchannel.instruments.text.values import Text  # noqa: E402
from tests.instruments.text.kit import CHANNEL, TERMS, Talk, chatham, seat  # noqa: E402

FOLDER = ROOT / "vectors" / "text"
Json = dict[str, Any]
THREE = ("Peace.", "The parties [shall / should] meet.", "Good faith.")
OTHER = b"\x05" * 8


def told(spoken: Spoken) -> Json:
    """An entry."""
    return {
        "id": spoken.id.hex(),
        "position": spoken.at.position,
        "arrival": spoken.at.arrival,
        "seat": spoken.sender.hex(),
        "audience": [one.hex() for one in spoken.audience],
        "kind": spoken.kind,
        "body": encode(spoken.act).hex(),
    }


def after(item: Text, talk: Talk) -> Json:
    """What everybody must come to."""
    of = standing.parties(item, talk.state)
    settled = [{"id": one.id.hex(), "outcome": one.outcome} for one in item.settled]
    return {
        "state": item.state,
        "pen": item.pen.hex(),
        "paragraphs": [
            {"id": p.id.hex(), "revision": p.revision, "words": item.said(p), "kind": standing.kind(item, p, of)}
            for p in item.here
        ],
        "proposed": [one.id.hex() for one in item.proposed],
        "settled": settled,
        "versions": [one.digest.hex() for one in item.versions],
        "silence_until": item.hushes[-1].until if item.hushes else None,
    }


def case(talk: Talk, by: str, act: Value, code: str = "ok", **options: Any) -> Json:
    """What was said until now, and one entry more."""
    roster = talk.said[0].state if talk.said else talk.state
    last = talk.spoken(by, act, **options)
    found: Json = {
        "class": code,
        "channel": CHANNEL.hex(),
        "attribution": roster.charter.terms.attribution if roster.charter else "",
        "pen": roster.charter.terms.pen if roster.charter else "",
        "roster": [{"seat": s.id.hex(), "name": s.name, "party": s.party, "role": s.role} for s in roster.seats],
        "left": [s.id.hex() for s in talk.state.seats if s.standing == "gone"],
        "entries": [told(one) for one in (*talk.said, last)],
    }
    try:
        item = talk.say(by, act, **options)
    except Malformed as problem:
        if problem.code != code:
            raise
        return found
    if code != "ok":
        raise AssertionError(f"{act} was accepted; {code} was expected")
    return {**found, "after": after(item, talk)}


def bare(**options: Any) -> Talk:
    """A channel without a text."""
    talk = Talk(**options)
    talk.item, talk.said = None, []
    return talk


def issued(talk: Talk | None = None) -> Talk:
    found = Talk(["Peace.", "Good faith."]) if talk is None else talk
    found.issue()
    return found


def agreed(stance: str) -> Talk:
    talk = issued()
    for by in ("Ana", "Ben"):
        talk.stand(by, stance)
    return talk


def silent(day: float = 0.0) -> Talk:
    talk = issued()
    talk.say("Sol", Silence(talk.id, 1, 24))
    talk.day = day
    return talk


def held(by: str = "Ana", *, words: str = "Peace, now.") -> tuple[Talk, bytes]:
    talk = Talk(THREE)
    return talk, talk.amend(by, talk.replace(1, words))


def opens() -> Iterator[tuple[str, Json]]:
    sol = seat("Sol")
    yield "open-ok", case(bare(), "Ana", Open("Directive 2", sol, THREE))
    yield "open-empty", case(bare(), "Ana", Open("Directive 2", sol, ()))
    for name, act, code in (
        ("observer", Open("Directive 2", sol, ()), "rule"),
        ("title", Open("", sol, ()), "name"),
        ("pen-observer", Open("Directive 2", seat("Obi"), ()), "pen"),
        ("pen-stranger", Open("Directive 2", seat("Nobody"), ()), "pen"),
        ("2001-paragraphs", Open("Directive 2", sol, ("x",) * 2_001), "size"),
        ("long-paragraph", Open("Directive 2", sol, ("x" * 20_001,)), "prose"),
        ("blank-line", Open("Directive 2", sol, ("a\n \nb",)), "prose"),
        ("space-at-end", Open("Directive 2", sol, ("a ",)), "prose"),
        ("unbalanced", Open("Directive 2", sol, ("a [b",)), "brackets"),
        ("too-deep", Open("Directive 2", sol, ("[" * 257 + "]" * 257,)), "brackets"),
    ):
        yield f"open-{name}", case(bare(), "Obi" if name == "observer" else "Ana", act, code)
    yield "open-chatham", case(bare(terms=chatham()), "Ana", Open("D", sol, ("[Chile: shall]",)), "attributed")
    yield "open-chatham-beginning", case(bare(terms=chatham()), "Ana", Open("D", sol, ("[CHI: shall]",)), "attributed")
    yield "open-chatham-other-colon", case(bare(terms=chatham()), "Ana", Open("D", sol, ("[Aim: peace]",)))
    third = replace(TERMS, pen="intermediary")
    yield "open-pen-of-a-party", case(bare(terms=third), "Ana", Open("D", seat("Ana"), ()), "pen")


def changes() -> Iterator[tuple[str, Json]]:
    fits: dict[str, Callable[[Any], tuple[Any, ...]]] = {
        "replace": lambda ids: (Replace(ids[0], 0, "Peace, now."),),
        "insert": lambda ids: (Insert(ids[0], ("A.", "B.")), Insert(START, ("First.",))),
        "delete": lambda ids: (Delete(ids[1], 0),),
        "move": lambda ids: (Move(ids[2], START), Move(ids[0], ids[1])),
        "split": lambda ids: (Split(ids[1], 0, "The parties", "[shall / should] meet."),),
        "merge": lambda ids: (Merge(ids[0], 0, ids[1], 0, "Peace; the parties meet."),),
        "merge-over-what-is-gone": lambda ids: (Delete(ids[1], 0), Merge(ids[0], 0, ids[2], 0, "Peace in good faith.")),
        "behind-what-is-gone": lambda ids: (Delete(ids[1], 0), Insert(ids[1], ("Here.",)), Move(ids[2], ids[1])),
        "twice": lambda ids: (Replace(ids[0], 0, "a"), Replace(ids[0], 1, "b")),
    }
    unfit: dict[str, Callable[[Any], tuple[Any, ...]]] = {
        "stale": lambda ids: (Replace(ids[2], 0, "New."), Replace(ids[0], 1, "a")),
        "gone": lambda ids: (Delete(ids[0], 0), Move(ids[0], START)),
        "behind-itself": lambda ids: (Move(ids[0], ids[0]),),
        "merge-apart": lambda ids: (Merge(ids[0], 0, ids[2], 0, "a"),),
        "merge-backwards": lambda ids: (Merge(ids[1], 0, ids[0], 0, "a"),),
        "full": lambda ids: (Insert(START, ("x",) * 1_998),),
    }
    for name, make in {**fits, **unfit}.items():
        talk = Talk(THREE)
        act = Amend(talk.id, make([one.id for one in talk.item.here]), "")
        yield f"pen-{'overtaken-' if name in unfit else ''}{name}", case(talk, "Sol", act)
        talk = Talk(THREE)
        one = talk.amend("Ben", *make([one.id for one in talk.item.here]))
        yield f"decide-{'overtaken-' if name in unfit else ''}{name}", case(talk, "Sol", Decide(talk.id, one, True, ""))


def amendments() -> Iterator[tuple[str, Json]]:
    for name, made, code in (
        ("none", (), "changes"),
        ("201", (Insert(START, ("x",)),) * 201, "changes"),
        ("insert-nothing", (Insert(START, ()),), "paragraph"),
        ("behind-a-stranger", (Insert(OTHER, ("x",)),), "paragraph"),
        ("of-a-stranger", (Replace(OTHER, 0, "x"),), "paragraph"),
        ("unbalanced", (Insert(START, ("a]",)),), "brackets"),
        ("empty", (Insert(START, ("",)),), "prose"),
    ):
        talk = Talk(THREE)
        yield f"amend-{name}", case(talk, "Ana", Amend(talk.id, made, ""), code)
    talk = Talk(THREE)
    yield "amend-ok", case(talk, "Xul", Amend(talk.id, (talk.replace(1, "Peace, now."),), "It is late."))
    talk = Talk(THREE)
    yield "amend-observer", case(talk, "Obi", Amend(talk.id, (talk.replace(1, "War."),), ""), "rule")
    talk = Talk(THREE)
    some = [seat("Ana"), seat("Sol")]
    yield "amend-audience", case(talk, "Ana", Amend(talk.id, (talk.replace(1, "War."),), ""), "item", to=some)
    talk, one = held()
    yield "decide-refused", case(talk, "Sol", Decide(talk.id, one, False, "Not yet."))
    talk, one = held()
    yield "decide-by-another", case(talk, "Ana", Decide(talk.id, one, True, ""), "rule")
    talk, one = held()
    yield "decide-a-stranger", case(talk, "Sol", Decide(talk.id, bytes(32), True, ""), "amendment")
    talk, one = held()
    talk.accept()
    yield "decide-again", case(talk, "Sol", Decide(talk.id, one, False, ""), "amendment")
    talk, one = held()
    second = talk.amend("Ben", talk.replace(3, "Good will."), talk.replace(1, "Peace, later."))
    talk.accept()
    yield "decide-both-edited-one", case(talk, "Sol", Decide(talk.id, second, True, ""))
    talk, one = held()
    yield "withdraw-ok", case(talk, "Ana", Withdraw(talk.id, one))
    talk, one = held()
    yield "withdraw-by-another", case(talk, "Ben", Withdraw(talk.id, one), "rule")


def stances() -> Iterator[tuple[str, Json]]:
    for stance in ("agree", "referendum", "reserve", "open"):
        talk = Talk(THREE)
        talk.stand("Ben", "agree")
        on = tuple(Seen(one.id, 0) for one in talk.item.here)
        yield f"stand-{stance}", case(talk, "Ana", Stand(talk.id, on, stance, "Why." if stance == "reserve" else ""))
    talk = Talk(THREE)
    one = talk.at(1).id
    for name, by, act, code in (
        ("unknown", "Ana", Stand(talk.id, (Seen(one, 0),), "perhaps", ""), "stance"),
        ("nothing", "Ana", Stand(talk.id, (), "agree", ""), "stance"),
        ("twice", "Ana", Stand(talk.id, (Seen(one, 0),) * 2, "agree", ""), "stance"),
        ("words", "Ana", Stand(talk.id, (Seen(one, 0),), "agree", "With joy."), "stance"),
        ("revision", "Ana", Stand(talk.id, (Seen(one, 1),), "agree", ""), "revision"),
        ("a-stranger", "Ana", Stand(talk.id, (Seen(OTHER, 0),), "agree", ""), "paragraph"),
        ("intermediary", "Sol", Stand(talk.id, (Seen(one, 0),), "agree", ""), "rule"),
        ("expert", "Xul", Stand(talk.id, (Seen(one, 0),), "agree", ""), "rule"),
        ("observer", "Obi", Stand(talk.id, (Seen(one, 0),), "agree", ""), "rule"),
    ):
        yield f"stand-by-{name}" if code == "rule" else f"stand-{name}", case(talk, by, act, code)
    talk = Talk(THREE)
    for by in ("Ana", "Ben"):
        talk.stand(by, "agree")
    yield "stand-falls", case(talk, "Sol", Amend(talk.id, (talk.replace(1, "War."), Move(talk.at(3).id, START)), ""))
    talk = Talk(THREE)
    talk.stand("Ana", "agree")
    talk.leave("Ben", "Bea")
    yield "stand-left", case(talk, "Ana", Stand(talk.id, (Seen(talk.at(1).id, 0),), "agree", ""))


def adoptions() -> Iterator[tuple[str, Json]]:
    talk = issued()
    yield "issue-again", case(talk, "Sol", Issue(talk.id, 1, talk.item.versions[0].digest), "version")
    talk = issued()
    yield "issue-digest", case(talk, "Sol", Issue(talk.id, 2, talk.item.versions[0].digest), "digest")
    talk = issued()
    yield "issue-by-another", case(talk, "Ana", Issue(talk.id, 2, bytes(32)), "rule")
    for hours, code in ((24, "ok"), (720, "ok"), (23, "hours"), (721, "hours")):
        talk = issued()
        yield f"silence-{hours}", case(talk, "Sol", Silence(talk.id, 1, hours), code)
    talk = issued()
    talk.amend("Sol", talk.replace(1, "War."))
    yield "silence-changed", case(talk, "Sol", Silence(talk.id, 1, 24), "version")
    talk = issued(Talk(THREE))
    yield "silence-brackets", case(talk, "Sol", Silence(talk.id, 1, 24), "brackets")
    talk = silent()
    yield "silence-amend", case(talk, "Sol", Amend(talk.id, (talk.replace(1, "War."),), ""), "rule")
    last = 287 / 288
    yield "break-in-time", case(talk := silent(last), "Ben", Break(talk.id, "No."))
    yield "break-at-the-hour", case(talk := silent(1.0), "Ben", Break(talk.id, "No."), "rule")
    yield "break-by-the-pen", case(talk := silent(), "Sol", Break(talk.id, "No."), "rule")
    yield "adopt-ok", case(talk := agreed("agree"), "Sol", Adopt(talk.id, 1))
    yield "adopt-referendum", case(talk := agreed("referendum"), "Sol", Adopt(talk.id, 1))
    yield "adopt-reserved", case(talk := agreed("reserve"), "Sol", Adopt(talk.id, 1), "open")
    talk = agreed("referendum")
    talk.say("Sol", Adopt(talk.id, 1))
    seen = (Seen(talk.at(1).id, 0),)
    yield "adopted-capital-yes", case(talk, "Ana", Stand(talk.id, seen, "agree", ""))
    yield "adopted-capital-again", case(talk, "Ana", Stand(talk.id, seen, "reserve", ""), "late")
    yield "adopted-amend", case(talk, "Sol", Amend(talk.id, (talk.replace(1, "War."),), ""), "rule")
    yield "close-ok", case(talk := silent(), "Sol", Close(talk.id))
    yield "pass-ok", case(talk := Talk(THREE), "Sol", Pass(talk.id, seat("Ana")))
    yield "pass-observer", case(talk := Talk(THREE), "Sol", Pass(talk.id, seat("Obi")), "pen")
    yield "pass-taken", case(talk := Talk(THREE), "Ana", Pass(talk.id, seat("Ana")), "rule")
    talk = Talk(THREE, pen="Ana")
    talk.leave("Ana")
    yield "pass-inherited", case(talk, "Sol", Pass(talk.id, seat("Sol")))
    talk = Talk(THREE, pen="Ana")
    talk.leave("Ana")
    yield "pass-inherited-by-a-party", case(talk, "Ben", Pass(talk.id, seat("Ben")), "rule")


SAID = {
    "none": "Peace.",
    "alternatives": "They [shall / should] [may]\n[can] meet.",
    "stroke": "[and/or] [a / ]",
    "labels": "[Argentina: shall] [CHI, Holy See: may / can] [Peru: no] [The aim: peace]",
    "nested": "[a [b / [c]] d] [[e] / [f]]",
    "escaped": r"\[a\] \\[b \/ c] C:\d",
    "placeholders": "[] [...] and […] and [X1] and [x]",
    "right-to-left": "[צריך / יכול] לא [ישתמש]",
    "closes-first": "a] [b",
    "never-closes": "[a [b]",
}


def readings() -> Iterator[tuple[str, Json]]:
    names = ("Argentina", "Chile", "Holy See")
    for name, words in SAID.items():
        try:
            groups = [
                {
                    "start": group.start,
                    "raw": group.raw,
                    "placeholder": group.placeholder,
                    "alternatives": [{"by": list(one.by), "words": one.words} for one in group.alternatives],
                }
                for group in brackets.walk(brackets.parse(words, names))
            ]
            yield f"brackets-{name}", {"class": "ok", "words": words, "parties": list(names), "groups": groups}
        except Malformed as problem:
            yield f"brackets-{name}", {"class": problem.code, "words": words, "parties": list(names)}


def cases() -> dict[str, Json]:
    """Every case by its name."""
    found: dict[str, Json] = {}
    for some in (opens, changes, amendments, stances, adoptions, readings):
        for name, made in some():
            assert name not in found, name  # noqa: S101
            found[name] = made
    return found


def main() -> int:
    made = {name: json.dumps(one, indent=1, ensure_ascii=True) + "\n" for name, one in cases().items()}
    there = {path.stem: path for path in FOLDER.glob("*.json")}
    if "--check" in sys.argv:
        stale = [n for n in made if n not in there or there[n].read_text(encoding="utf-8") != made[n]]
        wrong = sorted({*stale, *(there.keys() - made.keys())})
        print("\n".join(wrong) or f"{len(made)} cases")
        return 1 if wrong else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in there.keys() - made.keys():
        there[name].unlink()
    for name, raw in made.items():
        (FOLDER / f"{name}.json").write_text(raw, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
