#!/usr/bin/env python3
"""Write vectors/step/*.json: one case a file, each with its failure class ("ok" where there is none).

Deterministic. A case is a log of one ladder: `entries`, in order, as a seat has them (bodies: MessagePack maps in hex).
All but the last are accepted; what becomes of the last is `class`. `roster` are the channel's seats. `after`: where
every step stands when the last entry arrived, and how often each verifier may visit still. `later`: at other units.
`--check` writes nothing and exits 1 where a file is stale, missing or left over.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from backchannel.channel.state import DAY  # noqa: E402
from backchannel.entry.codec import encode  # noqa: E402
from backchannel.errors import Malformed  # noqa: E402
from backchannel.instruments.base import Spoken  # noqa: E402
from backchannel.instruments.step.acts import PIECE, Add, File, Piece, Promise, Propose, Remind  # noqa: E402
from backchannel.instruments.step.reminding import owing  # noqa: E402
from backchannel.instruments.step.standing import quota, stand  # noqa: E402
from backchannel.instruments.step.values import Ladder  # noqa: E402
from tests.instruments.step.kit import CHANNEL, NOTE, Walk, promise, standing_in, word  # noqa: E402

FOLDER = ROOT / "vectors" / "step"
Json = dict[str, Any]
Act = Callable[[Walk], object]

TWO = {"verifiers": ("Vigil", "Watch"), "needed": 2}
WAITS: Json = {"doer": "Borland", "toward": ("Arland",), "after": [[0]], "remind": ()}


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


def after(item: Ladder, unit: int) -> Json:
    """What everybody must come to at an arrival unit."""
    return {
        "unit": unit,
        "steps": [
            {
                "id": one.id.hex(),
                "standing": now.state,
                "hour": now.hour,
                "opened": now.opened,
                "held": now.held,
                "late": one.late,
                "visits": {party: quota(one, party, unit).left for party in one.promise.verifiers},
            }
            for one, now in zip(item.steps, stand(item, unit), strict=True)
        ],
        "reminders": [[place, lead] for place, lead in owing(item, unit)],
    }


def case(walk: Walk, act: Act, code: str = "ok", *days: float) -> Json:
    """What was said until now, and one entry more; where the steps stand these many days later."""
    spoke: list[Spoken] = []
    plain = walk.spoken

    def heard(*given: Any, **options: Any) -> Spoken:
        spoke.append(plain(*given, **options))
        return spoke[-1]

    walk.spoken = heard  # type: ignore[method-assign]
    found: Json = {
        "class": code,
        "channel": CHANNEL.hex(),
        "roster": [{"seat": s.id.hex(), "name": s.name, "party": s.party, "role": s.role} for s in walk.state.seats],
    }
    entries = [told(one) for one in walk.said]
    try:
        act(walk)
    except Malformed as problem:
        if problem.code != code:
            raise
        return {**found, "entries": [*entries, told(spoke[-1])]}
    if code != "ok":
        raise AssertionError(f"{spoke[-1].act} was accepted; {code} was expected")
    later = [after(walk.item, walk.unit + round(day * DAY)) for day in days]
    return {**found, "entries": [*entries, told(spoke[-1])], "after": after(walk.item, walk.unit), "later": later}


def bare() -> Walk:
    """A channel without a ladder."""
    walk = Walk()
    walk.item, walk.said, walk.n = None, [], 0
    return walk


def proposes(*made: Promise, by: str = "Pia", title: str = "The hill") -> Act:
    return lambda walk: walk.say(by, Propose(title, made))


def promises() -> Iterator[tuple[str, Json]]:
    three = (promise(), promise(after=[[0]], returns=(2,)), word(doer="Borland", toward=("Arland",), returns=(1,)))
    yield "propose-ok", case(bare(), proposes(*three))
    yield "propose-announced", case(bare(), proposes(word(announced=True), by="Ana"), "ok", 10)
    for name, change, code in (
        ("doer-unknown", {"doer": "Nowhere"}, "parties"),
        ("doer-verifies", {"verifiers": ("Arland",)}, "parties"),
        ("doer-is-owed", {"toward": ("Arland",)}, "parties"),
        ("verifiers-unsorted", {"verifiers": ("Watch", "Vigil")}, "parties"),
        ("owed-to-nobody", {"toward": ()}, "parties"),
        ("needed-none", {"needed": 0}, "needed"),
        ("needed-more", {"needed": 2}, "needed"),
        ("what-empty", {"what": ""}, "prose"),
        ("what-hidden", {"what": "a\x00b"}, "prose"),
        ("days-many", {"days": 3_651}, "by"),
        ("by-far", {"by": 1 << 62}, "by"),
        ("share-none", {"visits": 2, "share": 0}, "share"),
        ("visits-many", {"visits": 367}, "visits"),
        ("grace-long", {"grace": 3_651}, "grace"),
        ("remind-rising", {"remind": (1, 7)}, "remind"),
        ("remind-without-an-hour", {"days": 0, "remind": (7,)}, "remind"),
        ("announced-by-another", {"announced": True}, "announced"),
        ("after-nothing", {"after": [[]]}, "after"),
        ("after-nowhere", {"after": [[1]]}, "reference"),
        ("after-a-stranger", {"after": [[bytes(8)]]}, "reference"),
        ("after-itself", {"after": [[0]]}, "circle"),
        ("returns-its-own", {"returns": (0,)}, "returns"),
    ):
        yield f"propose-{name}", case(bare(), proposes(promise(**change)), code)
    yield "propose-title", case(bare(), proposes(promise(), title=""), "name")
    yield "propose-observer", case(bare(), proposes(promise(), by="Obi"), "rule")
    yield "propose-nothing", case(bare(), proposes(), "size")
    circle = [word(what=f"step {n}", after=[[(n + 1) % 3]]) for n in range(3)]
    yield "propose-circle", case(bare(), proposes(*circle), "circle")
    walk = Walk()
    more = promise(after=[[walk.key(1), 1]]), word()
    yield "add-ok", case(walk, lambda w: w.say("Ola", Add(w.id, more)))
    yield "add-twice-in-a-list", case(Walk(), lambda w: w.add(promise(after=[[w.key(1), w.key(1)]])), "reference")


def table() -> Iterator[tuple[str, Json]]:
    yield "pledge-ok", case(Walk([promise(), promise()]), lambda w: w.pledge(1, 2))
    yield "pledge-not-mine", case(Walk(), lambda w: w.pledge(by="Ben"), "rule")
    yield "pledge-twice", case(standing_in("due"), lambda w: w.pledge(), "rule")
    yield "pledge-one-of-two", case(Walk([promise(), word(doer="Olan")]), lambda w: w.pledge(1, 2), "rule")
    yield "withdraw-proposed", case(Walk(), lambda w: w.withdraw(by="Pia"))
    yield "withdraw-promised", case(standing_in("due"), lambda w: w.withdraw(), "promised")
    walk = standing_in("pledged")
    walk.excuse("Ben", 1, day=90)
    yield "withdraw-waits", case(walk, lambda w: w.withdraw(), "promised")
    walk = Walk([promise(after=[[1]]), word(doer="Olan")])
    walk.pledge(1)
    walk.withdraw(2, by="Ola")
    yield "withdraw-lost", case(walk, lambda w: w.withdraw())
    for which in ("pledged", "due", "late", "reported", "disputed"):
        yield f"report-{which}", case(standing_in(which), lambda w: w.report(files=[NOTE]))
    for which in ("proposed", "verified", "excused", "broken", "found broken", "withdrawn"):
        yield f"report-{which.replace(' ', '-')}", case(standing_in(which), lambda w: w.report(), "rule")
    yield "report-by-the-wrong-party", case(standing_in("due"), lambda w: w.report(by="Vic"), "rule")


def findings() -> Iterator[tuple[str, Json]]:
    for which in ("due", "late", "reported", "verified", "disputed", "broken"):
        for verdict in ("kept", "doubted", "broken"):
            yield f"find-{which}-{verdict}", case(standing_in(which), partial(Walk.find, verdict=verdict))
    yield "find-by-the-doer", case(standing_in("reported"), lambda w: w.find("Axl"), "rule")
    yield "find-unknown", case(standing_in("reported"), lambda w: w.find(verdict="perhaps"), "verdict")
    yield "find-one-of-two", case(standing_in("reported", **TWO), lambda w: w.find())
    walk = standing_in("reported", **TWO)
    walk.find()
    yield "find-two-of-two", case(walk, lambda w: w.find("Wim"))
    walk = standing_in("reported", **{**TWO, "needed": 1})
    walk.find()
    yield "find-contradiction", case(walk, lambda w: w.find("Wim", verdict="broken"))
    yield "find-doubt-behind-verified", case(standing_in("verified"), lambda w: w.find("Ola", verdict="doubted"))


def clocks() -> Iterator[tuple[str, Json]]:
    yield "clock-days", case(Walk([promise(grace=5)]), lambda w: w.pledge(), "ok", 3, 9, 9.9, 10, 14.9, 15)
    walk = Walk([word(days=0), word(**{**WAITS, "by": Walk().unit + 10 * DAY, "days": 0, "grace": 1})])
    walk.pledge(1)
    walk.pledge(2, by="Ben")
    walk.day = 40
    yield "clock-waits", case(walk, lambda w: w.report(1), "ok", 0.9, 1, 2)
    walk = Walk([word(days=0), word(**WAITS)])
    walk.pledge(1)
    walk.pledge(2, by="Ben")
    walk.report(1)
    walk.day = 8
    walk.find("Ola", verdict="doubted")
    walk.day = 100
    yield "clock-stands", case(walk, lambda w: w.find("Ola"), "ok", 1.9, 2)
    walk = standing_in("late")
    yield "excuse-ok", case(walk, lambda w: w.excuse(day=30), "ok", 19, 19.5)
    for name, day, code in (("past", 5, "until"), ("sooner", 9, "until"), ("far", 40_000, "until")):
        yield f"excuse-{name}", case(standing_in("due"), partial(Walk.excuse, day=day), code)
    yield "excuse-for-good", case(standing_in("broken"), lambda w: w.excuse())
    walk = standing_in("late", toward=("Borland", "Olan"))
    yield "excuse-one-of-two", case(walk, lambda w: w.excuse(day=30))
    walk = standing_in("late", toward=("Borland", "Olan"))
    walk.excuse(day=31)
    yield "excuse-not-the-same", case(walk, lambda w: w.excuse("Ola", day=30))
    yield "excuse-pledged", case(standing_in("pledged"), lambda w: w.excuse(day=30))
    yield "excuse-not-owed", case(standing_in("late"), lambda w: w.excuse("Vic"), "rule")
    yield "excuse-again", case(standing_in("disputed"), lambda w: w.excuse(day=30))
    walk = standing_in("due")
    walk.day = 4
    yield "remind-ok", case(walk, lambda w: w.say("Ola", Remind(w.id, w.key(1), 7)))
    yield "remind-early", case(standing_in("due"), lambda w: w.remind(7), "remind")
    walk = standing_in("due")
    walk.day = 9.5
    walk.remind(1)
    yield "remind-overtaken", case(walk, lambda w: w.remind(7), "remind")


def visits() -> Iterator[tuple[str, Json]]:
    yield "inspect-ok", case(standing_in("due"), lambda w: w.inspect())
    yield "inspect-by-another", case(standing_in("due"), lambda w: w.inspect("Ben"), "rule")
    for day, code in ((364.9, "visits"), (365, "ok")):
        walk = Walk([promise()])
        walk.pledge()
        walk.inspect()
        walk.day = day
        yield f"inspect-{code}-in-a-year", case(walk, lambda w: w.inspect(), code)


def pieces() -> Iterator[tuple[str, Json]]:
    data = bytes(5)
    film = File("film.mp4", PIECE + len(data), hashlib.sha256(bytes(PIECE) + data).digest())

    def named() -> Walk:
        walk = standing_in("due")
        walk.report(files=[film, NOTE])
        return walk

    for name, by, file, n, some, code in (
        ("ok", "Axl", film.sha256, 1, data, "ok"),
        ("short", "Ana", film.sha256, 1, data[1:], "piece"),
        ("beyond", "Ana", film.sha256, 2, b"", "piece"),
        ("first-short", "Ana", film.sha256, 0, data, "piece"),
        ("of-another", "Ben", film.sha256, 1, data, "file"),
        ("unnamed", "Ana", bytes(32), 0, data, "file"),
        ("observer", "Obi", film.sha256, 1, data, "rule"),
    ):
        act = Piece(named().id, file, n, some)
        yield f"piece-{name}", case(named(), partial(Walk.say, by=by, act=act), code)
    twice = [NOTE, File("copy.jpg", 10, NOTE.sha256)]
    yield "files-twice", case(standing_in("due"), lambda w: w.report(files=twice), "files")
    yield (
        "files-large",
        case(standing_in("due"), lambda w: w.report(files=[File("a", (1 << 30) + 1, bytes(32))]), "files"),
    )


def cases() -> dict[str, Json]:
    """Every case by its name."""
    found: dict[str, Json] = {}
    for some in (promises, table, findings, clocks, visits, pieces):
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
