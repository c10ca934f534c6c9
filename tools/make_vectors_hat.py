#!/usr/bin/env python3
"""Write vectors/{aside,hat,nonpaper}/*.json. HPKE seals otherwise each time, so the files stay as first made.

    python tools/make_vectors_hat.py            # cases that are missing
    python tools/make_vectors_hat.py --anew     # all

A case is one JSON file; bytes are base64, ids in hexadecimal. Its `class` is `ok` or the code of the refusal. `op` says
what to do:

- `slot`, `copy`, `words` (spec/sealing.md, 12): open K with the seed of the one-time key, or the words with K
- `log` (spec/hat.md, spec/nonpaper.md): fold `entries`, after the first `upto` entries of the case `after`, as a desk
  that reads all words; each has a class of its own, and its words beside its act, not sealed. `roster` are the seats,
  `terms` the charter's. What then is known of the items is `items`
- `slips`: take the layers off `submitted` with the seeds `outer`, open what is left with the seeds `inner`
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from msgspec.structs import asdict, replace  # noqa: E402

from backchannel.channel.state import DAY, At  # noqa: E402
from backchannel.entry.codec import decode, encode  # noqa: E402
from backchannel.entry.ids import ZERO32  # noqa: E402
from backchannel.errors import Malformed  # noqa: E402
from backchannel.instruments.base import WordsOf  # noqa: E402
from backchannel.instruments.hat import mix, view  # noqa: E402
from backchannel.instruments.hat.values import Close, Hat, Post, Show  # noqa: E402
from backchannel.instruments.nonpaper.values import About, Again, Idea, Nonpaper, React, Remark, Revise  # noqa: E402
from backchannel.seal import aside  # noqa: E402
from backchannel.seal import primitives as p  # noqa: E402
from backchannel.seal.aside import Aside, Once, OneTime  # noqa: E402
from backchannel.seal.box import seal_box  # noqa: E402
from tests.instruments.hat.kit import CHANNEL, Entry, Table, chance, idea, question, seat  # noqa: E402
from tests.instruments.hat.test_blame import flip, pocket, set_pocket  # noqa: E402

FOLDER = ROOT / "vectors"
Json = dict[str, Any]


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()


# --- words that are set aside


def asides() -> Iterator[tuple[str, Json]]:
    """Keys and words, as they must be and altered."""
    key, act, seed, item = b"\x05" * 32, encode(WordsOf(b"\1" * 32, b"\2" * 32)), b"\x09" * 32, b"\x11" * 32
    made = aside.with_key(CHANNEL, key, act, [OneTime(seat("Ana"), 3, Once(seed).public)])
    (slot,) = made.slots
    about: Json = {"channel": CHANNEL.hex(), "seat": seat("Ana").hex(), "seed": seed.hex(), "key": key.hex()}
    for name, raw, n in (("ok", slot, 3), ("altered", flip(slot), 3), ("of-another-number", slot, 4)):
        yield (
            f"aside/slot-{name}",
            {"op": "slot", "class": "ok" if name == "ok" else "none", **about, "n": n, "slot": b64(raw)},
        )
    copied = aside.seal_copy(CHANNEL, item, seat("Ana"), p.xwing_public(seed), key)
    for name, raw, of in (
        ("ok", copied, item),
        ("altered", flip(copied), item),
        ("of-another-item", copied, b"\x12" * 32),
    ):
        yield (
            f"aside/copy-{name}",
            {"op": "copy", "class": "ok" if name == "ok" else "none", **about, "item": of.hex(), "slot": b64(raw)},
        )
    for name, change in _envelopes(key, act):
        body = change(aside.with_words(CHANNEL, key, act, b"What was said.", chance("vector")))
        found: Json = {"class": "ok"}
        try:
            found["words"] = b64(aside.words(CHANNEL, key, body))
        except Malformed as problem:
            found["class"] = problem.code
        sealed = {"channel": CHANNEL.hex(), "key": key.hex(), "body": b64(encode(body))}
        yield f"aside/words-{name}", {"op": "words", **sealed, **found}


def _envelopes(key: bytes, act: bytes) -> Iterator[tuple[str, Callable[[Aside], Aside]]]:
    def filled(raw: bytes) -> Callable[[Aside], Aside]:
        return lambda body: replace(body, sealed=seal_box(key, "bc1/aside", CHANNEL, body.sealed[:16], bytes(16), raw))

    yield "ok", lambda body: body
    yield "of-another-act", lambda body: replace(body, act=encode(WordsOf(b"\1" * 32, b"\3" * 32)))
    yield "altered", lambda body: replace(body, sealed=flip(body.sealed))
    yield "cut", lambda body: replace(body, sealed=body.sealed[:500])
    yield "not-filled-up", filled(b"What was said.\x80")
    yield "filled-up-twice", filled(b"What was said.\x80".ljust(8_192, b"\0"))
    yield "filled-up-otherwise", filled(b"What was said.\x81".ljust(4_096, b"\0"))


# --- logs


def told(entry: Entry) -> Json:
    """An entry, and what everybody makes of it."""
    (code,) = set(entry.verdicts.values())
    return {
        "id": entry.id.hex(),
        "position": entry.at.position,
        "arrival": entry.at.arrival,
        "seat": seat(entry.sender).hex(),
        "audience": [one.hex() for one in entry.audience],
        "kind": entry.kind,
        "act": b64(entry.body),
        "words": b64(entry.words),
        "class": code,
    }


def roster(made: Table) -> Json:
    """Who is there."""
    seats = [{"seat": s.id.hex(), "name": s.name, "party": s.party, "role": s.role} for s in made.state.seats]
    return {"channel": CHANNEL.hex(), "roster": seats, "terms": asdict(made.terms)}


def known(item: Hat | Nonpaper) -> Json:
    """What all who read it know of an item."""
    if isinstance(item, Hat):
        slips = [{"hash": s.hash.hex(), "holds": s.holds, "place": s.place} for s in item.slips]
        culprits = [{"seat": c.seat.hex(), "how": c.how} for c in item.culprits]
        seen = view.seen(item).hex()
        return {
            "sid": item.sid.hex(),
            "state": item.state,
            "seen": seen,
            "slips": slips,
            "spoiled": item.spoiled,
            "culprits": culprits,
        }
    reactions = [{"party": r.party, "stance": r.stance, "version": r.version} for r in item.reactions]
    return {
        "state": item.state,
        "author": item.author.hex() if item.author else "",
        "until": item.until,
        "versions": len(item.versions),
        "reactions": reactions,
        "destroyed": [s.hex() for s in item.destroyed],
    }


def all_known(items: Iterable[Any]) -> list[Json]:
    """The same of all items of these two kinds."""
    return [known(item) for item in items if isinstance(item, Hat | Nonpaper)]


def whole(name: str, made: Table) -> tuple[str, Json]:
    """The whole log of a table, without what other instruments make of it."""
    made.read()
    entries = [told(entry) for entry in made.log if entry.kind.startswith(("hat.", "nonpaper."))]
    return name, {
        "op": "log",
        "class": "ok",
        **roster(made),
        "entries": entries,
        "items": all_known(made.desks["Ana"].items.values()),
    }


def a_round(name: str) -> Table:
    made = Table("Ana Ben Cem", name=name)
    made.desks["Ana"].tray.append(idea())
    made.desks["Cem"].tray.append(question())
    made.call("Ben", size=1_024)
    return made


def says(made: Table, name: str, kind: str, words: bytes) -> None:
    """Somebody posts something else than its desk would."""
    after = {"nogo": "vote", "go": "vote"}.get(kind, kind)
    set_pocket(made, name, sent=(*pocket(made, name).sent, after))
    made.said(name, f"hat.{kind}", Post(made.round().id), words)


def rounds() -> Iterator[tuple[str, Json]]:
    """Rounds that end in each way."""
    made = a_round("closed")
    seeds: dict[str, list[bytes]] = {"outer": [], "inner": []}
    made.until("stages")
    for one in made.round().seats:
        name = next(n for n in made.desks if seat(n) == one)
        seeds["outer"].append(pocket(made, name).outer)
        seeds["inner"].append(pocket(made, name).inner)
    made.until("opened")
    item, words = made.round(), made.words
    submitted = [words[m.entry] for m in item.submits]
    lists = [[b64(one) for one in mix.decode_list(words[m.entry])] for m in item.stages]
    cores = mix.decode_list(words[item.stages[-1].entry])
    slips = [mix.open_core(item.sid, [p.xwing_private(s) for s in seeds["inner"]], core) or b"" for core in cores]
    hexed = {which: [one.hex() for one in found] for which, found in seeds.items()}
    there = {"submitted": [b64(one) for one in submitted], "lists": lists, "slips": [b64(one) for one in slips]}
    yield "hat/slips", {"op": "slips", "class": "ok", "sid": item.sid.hex(), **hexed, **there}
    made.run()
    yield whole("hat/closed", made)
    for name, to, who, kind, change in (
        ("blamed-stage", "stages", "", "stage", _swap),
        ("blamed-alarm", "votes", "Cem", "nogo", lambda _: b""),
        ("blamed-go", "votes", "Cem", "go", lambda _: bytes(32)),
    ):
        made = a_round(name)
        made.until(to)
        who = who or next(n for n in made.desks if seat(n) == made.round().seats[0])
        (due,) = made.desks[who].copy().owed(made.at, made.state)
        says(made, who, kind, change(due.words))
        made.run()
        yield whole(f"hat/{name}", made)
    made = a_round("failed")
    made.until("votes")
    says(made, "Ben", "nogo", b"")
    says(made, "Cem", "show", encode(Show(pocket(made, "Cem").outer, bytes(32))))
    made.run()
    yield whole("hat/failed", made)


def _swap(raw: bytes) -> bytes:
    first, *rest = mix.decode_list(raw)
    return mix.encode_list(sorted([*rest, flip(first)]))


def messages() -> Iterator[tuple[str, Json]]:
    """Each message of a round as it must not be, after the first entries of `hat/closed`."""
    case = json.loads((FOLDER / "hat" / "closed.json").read_text(encoding="utf-8"))
    entries: list[Json] = case["entries"]
    at = {kind: k for k, kind in reversed(list(enumerate(e["kind"].partition(".")[2] for e in entries)))}

    def raw(entry: Json) -> bytes:
        return b64decode(entry["words"])

    changes: dict[str, tuple[str, Callable[[Json], Json]]] = {
        "key-short": ("key", lambda e: {"words": b64(raw(e)[:-1])}),
        "key-small-order": ("key", lambda e: {"words": b64(raw(e)[:-32] + bytes(32))}),
        "commit-short": ("commit", lambda e: {"words": b64(raw(e)[:-1])}),
        "submit-not-committed": ("submit", lambda e: {"words": b64(flip(raw(e)))}),
        "stage-not-in-turn": ("stage", lambda _: {"seat": entries[at["stage"] + 1]["seat"]}),
        "stage-one-missing": ("stage", lambda e: {"words": b64(mix.encode_list(mix.decode_list(raw(e))[1:]))}),
        "stage-one-twice": ("stage", lambda e: {"words": b64(mix.encode_list(_twice(raw(e))))}),
        "stage-unsorted": ("stage", lambda e: {"words": b64(mix.encode_list(mix.decode_list(raw(e))[::-1]))}),
        "go-short": ("go", lambda e: {"words": b64(raw(e)[:-1])}),
        "go-too-early": ("stage", lambda e: {"kind": "hat.go", "words": b64(bytes(32))}),
        "reveal-another": ("reveal", lambda e: {"words": b64(bytes(32))}),
        "nogo-too-late": ("reveal", lambda e: {"kind": "hat.nogo", "words": ""}),
        "close-other-slips": ("close", lambda e: {"act": b64(encode(Close(bytes.fromhex(entries[0]["id"]), ())))}),
        "close-by-another": ("close", lambda e: {"seat": entries[at["stage"] + 1]["seat"]}),
        "key-too-late": ("key", lambda e: {"arrival": e["arrival"] + DAY}),
        "float-of-no-slip": ("float", lambda e: {"act": b64(b64decode(e["act"])[:-32] + bytes(32))}),
        "float-by-another": ("float", lambda e: {"seat": entries[at["stage"] + 1]["seat"]}),
        "words-of-another-slip": ("words", lambda e: {"words": b64(_other(raw(e)))}),
    }
    for name, (kind, change) in changes.items():
        entry = {**entries[at[kind]], **change(entries[at[kind]])}
        found = play({**case, "entries": [*entries[: at[kind]], entry]})[1][-1]
        yield (
            f"hat/{name}",
            {"op": "log", "class": found, "after": "closed", "upto": at[kind], "entries": [{**entry, "class": found}]},
        )


def _twice(raw: bytes) -> tuple[bytes, ...]:
    first, _, *rest = mix.decode_list(raw)
    return (first, first, *rest)


def _other(raw: bytes) -> bytes:
    return encode(replace(decode(raw, Idea), text="Something else."))


def play(case: Json) -> tuple[list[Json], list[str]]:
    """Fold a case's entries: what one who reads all then knows of the items, and what becomes of each entry."""
    if "after" in case:
        before = json.loads((FOLDER / "hat" / f"{case['after']}.json").read_text(encoding="utf-8"))
        case = {**before, "entries": [*before["entries"][: case["upto"]], *case["entries"]]}
    names = {s["seat"]: s["name"] for s in case["roster"]}
    made = Table(" ".join(names.values()), **case["terms"])
    first = next(iter(made.desks))
    for one in case["entries"]:
        made.now = one["arrival"]
        at = At(one["position"], one["arrival"])
        audience = tuple(map(bytes.fromhex, one["audience"]))
        body, words = b64decode(one["act"]), b64decode(one["words"])
        made.log.append(
            Entry(bytes.fromhex(one["id"]), at, names[one["seat"]], audience, one["kind"], body, words, made.state)
        )
    made.read(first)
    return all_known(made.desks[first].items.values()), [entry.verdicts[first] for entry in made.log]


# --- non-papers


def nonpapers() -> Iterator[tuple[str, Json]]:
    """What becomes of a non-paper, entry by entry."""

    def react(id_: bytes, stance: str, version: int = 0) -> React:
        return React(id_, version, stance, ZERO32, ZERO32)

    made = Table("Ana Ben Cem Rae Obi", name="objected", objection="2")
    id_ = made.float_("Ana").id
    remark = encode(Remark(bytes(16), "Not so."))
    for by, kind, act, words in (
        ("Ana", "react", react(id_, "interest"), b""),
        ("Obi", "react", react(id_, "interest"), b""),
        ("Ben", "react", react(id_, "objection"), remark),
        ("Ben", "react", react(id_, "delight"), b""),
        ("Ben", "revise", Revise(id_, 1), b""),
        ("Ana", "revise", Revise(id_, 2), b""),
        ("Ana", "revise", Revise(id_, 1), encode(Idea(bytes(16), "Other", "Words."))),
        ("Cem", "react", react(id_, "objection", 1), b""),
        ("Rae", "react", react(id_, "objection", 2), b""),
        ("Rae", "again", Again(id_, p.xwing_public(bytes(32))), b""),
        ("Rae", "destroyed", About(id_), b""),
        ("Rae", "react", react(id_, "objection", 1), b""),
        ("Ana", "withdraw", About(id_), b""),
        ("Rae", "destroyed", About(id_), b""),
        ("Rae", "destroyed", About(id_), b""),
    ):
        made.said(by, f"nonpaper.{kind}", act, words)
    yield whole("nonpaper/objected", made)
    for name, by, kind in (
        ("taken-up", "Ben", "take-up"),
        ("withdrawn", "Ana", "withdraw"),
        ("not-withdrawn", "Ben", "withdraw"),
    ):
        made = Table("Ana Ben Cem Rae", name=name)
        made.said(by, f"nonpaper.{kind}", About(made.float_("Ana").id))
        yield whole(f"nonpaper/{name}", made)
    made = Table("Ana Ben Cem", name="lapsed")
    id_ = made.float_("Ana").id
    made.now = made.paper(id_).until
    made.said("Ben", "nonpaper.take-up", About(id_))
    made.said("Ben", "nonpaper.destroyed", About(id_))
    yield whole("nonpaper/lapsed", made)
    made = Table("Ana Ben Rae", name="routes")
    for by, route, change in (
        ("Ana", "intermediary", {}),
        ("Ana", "hat", {}),
        ("Ana", "hat", {"hat": b"\1" * 32}),
        ("Ana", "rumour", {}),
        ("Ana", "carry", {}),
        ("Ana", "party", {"until": made.now}),
        ("Ana", "party", {"until": made.now + 31 * DAY}),
        ("Ana", "party", {"slip": b"\1" * 32}),
        ("Rae", "intermediary", {}),
    ):
        made.float_(by, route, words=b"", **change)
    yield whole("nonpaper/routes", made)


def write(cases: Iterator[tuple[str, Json]], *, anew: bool) -> list[str]:
    """Write cases that are missing, or all; their names."""
    names = []
    for name, case in cases:
        file = FOLDER / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        if anew or not file.exists():
            file.write_text(json.dumps(case, indent=1) + "\n", encoding="utf-8")
        names.append(name)
    return names


def main() -> None:
    anew = "--anew" in sys.argv
    names = [name for cases in (asides(), rounds(), messages(), nonpapers()) for name in write(cases, anew=anew)]
    print(f"{len(names)} cases")


if __name__ == "__main__":
    main()
