#!/usr/bin/env python3
"""Write vectors/sounding/*.json: one case a file, each with its failure class ("ok" where there is none).

Deterministic. A case is a log of one sounding: `entries`, in order, as a voter has them (bodies are MessagePack maps,
in hex). All but the last are accepted; what becomes of the last is `class`. `roster` are the channel's seats;
`left` those who have left before the last entry. A
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

from msgspec.structs import replace  # noqa: E402

from backchannel.channel.state import DAY  # noqa: E402
from backchannel.instruments.sounding.values import Sounding, Withdraw  # noqa: E402
from backchannel.seal import group as g  # noqa: E402
from tests.instruments.sounding.kit import (  # noqa: E402
    CHANNEL,
    NAMES,
    Desk,
    Entry,
    Table,
    chance,
    seat,
    seats,
    state,
)

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
        "roster": roster(table.log[0]),
        "left": [s.id.hex() for s in table.log[-1].state.seats if s.standing == "gone"],
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


# --- single messages: accepted, and refused for every reason that there is


Say = tuple[str, Any, tuple[bytes, ...]]
PEOPLE = ("Ana", "Ben")


def at(kind: str, name: str, who: str = "Ana", **change: Any) -> tuple[Table, Say]:
    """A sounding of Ana and Ben at the moment at which a seat owes a message of this kind, and that message.

    It is the first of its kind; what the others owe at that moment is not posted.
    """
    change = {"options": ["yes", "no"], **change}
    options = change.pop("options")
    table = Table(PEOPLE, options, name=name, **change)
    if kind != "sounding.key":
        table.run()
        table.answer({"Ana": [0], "Ben": [0, 1]})
    for _ in range(100):
        table.read()
        kept = dict(table.desks[who].pockets)
        says = table.desks[who].owed(table.at, table.log[-1].state)
        for say in says:
            if say[0] == kind:
                return table, say
        table.desks[who].pockets = kept
        for desk in table.desks:
            table.work(desk)
    raise AssertionError(kind)


def refused(
    name: str,
    code: str,
    kind: str,
    who: str = "Ana",
    by: str = "",
    to: Any = None,
    terms: Any = None,
    **lies: Any,
) -> tuple[str, Json]:
    """The message altered: fields of its body (or what makes them of the old ones), sender, audience, hour.."""
    table, (_, body, audience) = at(kind, name, who, **(terms or {}))
    table.now = lies.pop("now", table.now)
    table.left = frozenset(lies.pop("left", ()))
    kind = lies.pop("kind", kind)
    body = lies.pop("body", body)
    change = {key: value(getattr(body, key)) if callable(value) else value for key, value in lies.items()}
    table.post(by or who, kind, replace(body, **change), audience if to is None else to(audience))
    return judged(name, code, table)


def judged(name: str, code: str, table: Table) -> tuple[str, Json]:
    """The case, if a voter judges its last entry so; and accepts all before."""
    for entry in table.log[:-1]:
        entry.verdicts.clear()
    voter = Desk("Ben", chance("judge"))
    for entry in table.log:
        entry.verdicts.pop("Ben", None)
        voter.hear(entry)
    found = [entry.verdicts.get("Ben") for entry in table.log]
    if found != ["ok"] * (len(found) - 1) + [code]:
        raise ValueError(f"{name}: {found}")
    return name, case(table, code)


def first(bad: bytes) -> Any:
    """The first 32 bytes replaced."""
    return lambda raw: bad + raw[32:]


def _lie(field: str, how: Any) -> Json:
    return {field: how}


def cut(raw: bytes) -> bytes:
    """A byte less."""
    return raw[:-1]


def flipped(raw: bytes) -> bytes:
    """A bit changed in the last 32 bytes."""
    return raw[:-32] + bytes([raw[-32] ^ 1]) + raw[-31:]


def opens() -> Iterator[tuple[str, Json]]:
    """Terms that cannot be."""
    good = Table(PEOPLE, ["yes", "no"], name="open", asker="Sol", ask=False)
    hour = good.terms.ballots_by
    wrong: dict[str, tuple[str, Json]] = {
        "ok": ("ok", {}),
        "no-options": ("options", {"options": ()}),
        "33-options-first": ("options", {"options": tuple(f"{k}" for k in range(33)), "reveal": "first"}),
        "1001-options": ("options", {"options": tuple(f"{k}" for k in range(1001))}),
        "options-alike": ("options", {"options": ("Cabo de Hornos", "cabo de\nhornos")}),
        "question-empty": ("prose", {"question": "  "}),
        "question-long": ("prose", {"question": "x" * 2001}),
        "option-long": ("prose", {"options": ("x" * 501,)}),
        "option-bidi": ("text", {"options": ("a\u202eb",)}),
        "option-nul": ("prose", {"options": ("a\0b",)}),
        "one-voter": ("voters", {"voters": good.terms.voters[:1], "releaser": seat("Sol")}),
        "voters-unsorted": ("voters", {"voters": good.terms.voters[::-1]}),
        "voter-twice": ("voters", {"voters": good.terms.voters[:1] * 2}),
        "releaser-votes": ("voters", {"releaser": good.terms.voters[0]}),
        "all-with-quorum": ("rule", {"quorum": 1}),
        "rule-unknown": ("rule", {"rule": "most"}),
        "quorum-zero": ("rule", {"rule": "quorum"}),
        "quorum-large": ("rule", {"rule": "quorum", "quorum": 3}),
        "required-stranger": ("rule", {"rule": "quorum", "quorum": 1, "required": (seat("Cem"),)}),
        "reveal-unknown": ("reveal", {"reveal": "none"}),
        "hours-past": ("hours", {"ballots_by": good.now}),
        "hours-order": ("hours", {"ends_by": hour}),
        "hours-far": ("hours", {"ends_by": good.now + 90 * DAY + 1}),
    }
    for name, (code, change) in wrong.items():
        table = Table(PEOPLE, ["yes", "no"], name=f"open-{name}", asker="Sol", ask=False)
        act = replace(table.terms, **change)
        table.post("Sol", "sounding.open", act, tuple(sorted({*act.voters, act.releaser, seat("Sol"), seat("Ben")})))
        yield judged(f"open-{name}", code, table)
    for name, code, sender, audience in (
        ("observer-asks", "rule", "Obi", (*PEOPLE, "Rae", "Obi")),
        ("more-read-it", "audience", "Sol", (*PEOPLE, "Rae", "Sol", "Cem")),
        ("fewer-read-it", "audience", "Sol", (*PEOPLE, "Sol")),
    ):
        table = Table(PEOPLE, ["yes", "no"], name=f"open-{name}", ask=False)
        table.post(sender, "sounding.open", table.terms, seats(audience))
        yield judged(f"open-{name}", code, table)
    table = Table(PEOPLE, ["yes", "no"], name="open-observer-votes", ask=False)
    voters = seats(("Ben", "Obi"))
    table.post("Rae", "sounding.open", replace(table.terms, voters=voters), seats(("Ben", "Obi", "Rae")))
    yield judged("open-observer-votes", "voters", table)


def messages() -> Iterator[tuple[str, Json]]:
    """Each kind as it must be, and altered."""
    order_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    mixed, identity = g.add(g.base(g.small(7)), order_8), g.IDENTITY
    quorum, one_at_a_time = {"quorum": 1}, {"reveal": "first"}
    late: Json = {"now": Table(PEOPLE, ["x"], ask=False).terms.ends_by}
    every = "key", "ballot", "blind", "share", "ack", "release", "show"
    for short in every:
        kind, who = f"sounding.{short}", "Rae" if short == "release" else "Ana"
        yield refused(f"{short}-ok", "ok", kind, who)
        yield refused(f"{short}-late", "late", kind, who, **late)
        yield refused(
            f"{short}-left",
            "ok" if short == "show" else "left",
            kind,
            who,
            left=["Ana"] if short != "show" else ["Rae"],
            to=_without(short),
        )
        yield refused(f"{short}-foreign-seat", "rule", kind, who, by="Sol")
        yield refused(
            f"{short}-audience", "audience", kind, who, to=lambda seats_: tuple(sorted((*seats_, seat("Sol"))))
        )
        yield refused(f"{short}-item", "item", kind, who, item=bytes(32))
        if short not in ("release", "show"):
            table, (_, body, audience) = at(kind, f"{short}-repeat", who)
            table.post(who, kind, body, audience)
            table.post(who, kind, body, audience)
            yield judged(f"{short}-repeat", "repeat", table)
    for short, terms in (("ballot", {}), ("ballot", quorum), ("blind", {}), ("share", {}), ("release", {})):
        kind, who = f"sounding.{short}", "Rae" if short == "release" else "Ana"
        field = {"ballot": "pairs", "blind": "blinds"}.get(short, "points")
        name = f"{short}{'-quorum' if terms else ''}"
        yield refused(f"{name}-size", "size", kind, who, terms=terms, **_lie(field, cut))
        yield refused(f"{name}-identity", "point", kind, who, terms=terms, **_lie(field, first(identity)))
        yield refused(f"{name}-mixed-order", "point", kind, who, terms=terms, **_lie(field, first(mixed)))
        yield refused(f"{name}-another-point", "proof", kind, who, terms=terms, **_lie(field, first(g.BASE)))
        if short != "blind":
            yield refused(f"{name}-proof", "proof", kind, who, terms=terms, proof=flipped)
            yield refused(f"{name}-scalar", "scalar", kind, who, terms=terms, proof=first(b"\xff" * 32))
    yield refused("ballot-proof-size", "size", "sounding.ballot", proof=cut)
    yield refused("blind-proof", "proof", "sounding.blind", blinds=flipped)
    yield refused("key-identity", "point", "sounding.key", h=identity)
    yield refused("key-mixed-order", "point", "sounding.key", h=mixed)
    yield refused("key-proof", "proof", "sounding.key", proof=flipped)
    yield refused("key-scalar", "scalar", "sounding.key", proof=first(b"\xff" * 32))
    yield refused("key-commit", "commit", "sounding.key", commit=b"\1" * 32)
    yield refused("key-no-commit", "commit", "sounding.key", terms=one_at_a_time, commit=bytes(32))
    yield refused("key-releaser-commit", "commit", "sounding.key", "Rae", terms=one_at_a_time, commit=b"\1" * 32)
    yield refused("key-first-ok", "ok", "sounding.key", terms=one_at_a_time)
    yield refused("blind-first-ok", "ok", "sounding.blind", terms=one_at_a_time)
    yield refused("blind-order", "order", "sounding.blind", terms=one_at_a_time, order=b"\1" * 32)
    yield refused("blind-order-where-none", "order", "sounding.blind", order=b"\1" * 32)
    yield refused("ballot-of-another-seat", "proof", "sounding.ballot", by="Ben")
    for short in ("share", "ack"):
        yield refused(f"{short}-position", "position", f"sounding.{short}", terms=one_at_a_time, position=1)
    yield refused("ack-value", "ack", "sounding.ack", value=bytes(32))
    yield refused("show-position", "early", "sounding.show", position=1)
    yield refused("show-another", "share", "sounding.show", proof=flipped)
    for short, kind, who in (("ballot", "sounding.key", "Ana"), ("share", "sounding.ballot", "Ana")):
        table, _ = at(kind, f"{short}-too-early", who)
        _, (other, body, audience) = at(f"sounding.{short}", f"{short}-too-early")
        table.post(who, other, replace(body, item=table.id), audience)
        yield judged(f"{short}-too-early", "rule", table)
    table, (_, body, audience) = at("sounding.ack", "ack-early")
    shares = [entry for entry in table.log if entry.kind == "sounding.share"]
    table.log = [entry for entry in table.log if entry.at.position < shares[-1].at.position]
    table.post("Ana", "sounding.ack", body, audience)
    yield judged("ack-early", "early", table)
    table, (_, body, audience) = at("sounding.release", "release-early", "Rae")
    table.log = [
        entry
        for entry in table.log
        if entry.at.position < next(e.at.position for e in table.log if e.kind == "sounding.share") + 1
    ]
    table.post("Rae", "sounding.release", body, audience)
    yield judged("release-early", "early", table)
    for name, code, kind in (("ok", "ok", "sounding.key"), ("answered", "answered", "sounding.ballot")):
        table, (k, body, audience) = at(kind, f"withdraw-{name}")
        if name == "answered":
            table.post("Ana", k, body, audience)
        table.post("Rae", "sounding.withdraw", Withdraw(table.id), table.audience)
        yield judged(f"withdraw-{name}", code, table)
    table, _ = at("sounding.key", "withdraw-foreign-seat")
    table.post("Ana", "sounding.withdraw", Withdraw(table.id), table.audience)
    yield judged("withdraw-foreign-seat", "rule", table)
    table, _ = at("sounding.key", "withdraw-late")
    table.now = table.terms.ballots_by
    table.post("Rae", "sounding.withdraw", Withdraw(table.id), table.audience)
    yield judged("withdraw-late", "late", table)


def _without(short: str) -> Any:
    """The audience as it is when somebody has left; a SHARE's is named by the terms."""
    gone = seat("Rae" if short == "show" else "Ana")
    return None if short == "share" else lambda seats_: tuple(s for s in seats_ if s != gone)


def cases() -> dict[str, str]:
    """File name -> content."""
    found = {**dict(transcripts()), **dict(opens()), **dict(messages())}
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
