#!/usr/bin/env python3
"""Write vectors/sounding/*.json: one case a file, each with its failure class ("ok" where there is none).

Deterministic. A case is a log of one sounding: `entries`, in order, as a voter has them (bodies are MessagePack maps,
in hex). All but the last are accepted; what becomes of the last is `class`. `roster` are the channel's seats. A
`transcript-*` case runs to the end and says also what everybody must come to.
`--check` writes nothing and exits 1 where a file is stale, missing or left over.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from backchannel.instruments.sounding.values import Sounding  # noqa: E402
from tests.instruments.sounding.kit import CHANNEL, NAMES, Entry, Table, state  # noqa: E402

FOLDER = ROOT / "vectors" / "sounding"
Json = dict[str, Any]


def roster(entry: Entry) -> list[Json]:
    """The seats as they were at an entry."""
    return [{"seat": s.id.hex(), "active": s.standing == "active", "observer": not s.speaks} for s in entry.state.seats]


def told(entry: Entry) -> Json:
    """An entry."""
    return {
        "id": entry.id.hex(),
        "position": entry.at.position,
        "arrival": entry.at.arrival,
        "seat": next(s.id for s in state().seats if s.name == entry.sender).hex(),
        "audience": [seat.hex() for seat in entry.audience],
        "kind": entry.kind,
        "body": entry.body.hex(),
    }


def case(table: Table, code: str) -> Json:
    """The log of a table as it is."""
    return {
        "class": code,
        "channel": CHANNEL.hex(),
        "roster": roster(table.log[-1]),
        "entries": [told(entry) for entry in table.log],
    }


def transcript(name: str, voters: int, options: int, answers: list[list[int]], **change: Any) -> tuple[str, Json]:
    """A sounding from question to result, with the values on the way and what must come out."""
    people = NAMES[:voters]
    table = Table(people, [f"Option {chr(65 + k)}" for k in range(options)], name=name, **change)
    table.run()
    table.answer(dict(zip(people, answers, strict=True)))
    before = table.item()
    while table.item().state != "closed":
        table.read()
        before = table.item() if table.item().blinds else before
        table.work()
        before = table.item() if table.item().blinds else before
    table.run()
    full: Sounding = before
    end = table.item()
    return f"transcript-{name}", {
        **case(table, "ok"),
        "sid": end.sid.hex(),
        "h": full.sums.key.hex(),
        "th": [thread.hex() for thread in full.sums.threads],
        "tests": [{"option": t.option, "tally": t.tally, "a": t.a.hex(), "c": t.c.hex()} for t in full.sums.tests],
        "x": [x.hex() for x in full.sums.x],
        "y": [y.hex() for y in full.sums.y],
        "order": list(full.sums.order),
        "state": end.state,
        "results": [{"option": r.option, "tally": r.tally} for r in end.results],
        "failed": end.failed,
    }


def transcripts() -> Iterator[tuple[str, Json]]:
    """Whole soundings."""
    yield transcript("all-first-passing", 3, 5, [[0, 2], [2, 3], [1, 2]], reveal="first")
    yield transcript("all-first-failing", 3, 3, [[0, 2], [2], [0, 1]], reveal="first")
    yield transcript("all-all", 2, 4, [[0, 2, 3], [1, 2, 3]], asker="Ana")
    yield transcript(
        "quorum-required", 5, 4, [[0, 1, 2], [0, 1], [0, 2], [0, 1, 2], [0, 2, 3]],
        quorum=2, required=("Ana", "Ben"), asker="Sol",
    )  # fmt: skip
    yield transcript("quorum-first", 3, 4, [[0, 1], [1, 2], [3]], quorum=2, reveal="first")


def cases() -> dict[str, str]:
    """File name -> content."""
    found = dict(transcripts())
    return {f"{name}.json": json.dumps(content, indent=1) + "\n" for name, content in found.items()}


def main() -> int:
    made = cases()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    if "--check" in sys.argv:
        stale = sorted(name for name in {*made, *there} if made.get(name) != there.get(name))
        print("\n".join(stale) or f"{len(made)} cases")
        return bool(stale)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in there.keys() - made.keys():
        (FOLDER / name).unlink()
    for name, content in made.items():
        (FOLDER / name).write_text(content, encoding="utf-8")
    print(f"{len(made)} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main())
