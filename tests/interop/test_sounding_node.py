"""A verifier in another language, written from the spec alone, finds what our desks found, and refuses all else."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backchannel.seal import group as g

HERE = Path(__file__).parent / "sounding"
VECTORS = Path(__file__).parent.parent.parent / "vectors" / "sounding"
TRANSCRIPTS = sorted(path.stem for path in VECTORS.glob("transcript-*.json"))
Json = dict[str, Any]

P = 2**255 - 19
ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
# What a check of this very entry must find; all else is found by the next proofs, which are over all that came before.
AT_ONCE = re.compile(r"(\d+) sounding\.\w+\.(proof|points|blinds|h|value|order|item|position)\b")
STRANGER = g.base(g.small(7))


@cache
def bad_points() -> dict[str, bytes]:
    """32 bytes that are no point of the group."""
    return {
        "identity": g.IDENTITY,
        "order 2": (P - 1).to_bytes(32, "little"),
        "order 4": bytes(32),
        "order 8": ORDER_8,
        "mixed order": g.add(STRANGER, ORDER_8),
        "not canonical": (3 + P).to_bytes(32, "little"),  # no y below 19 belongs to a point of the group
        "identity, not canonical": (1 + P).to_bytes(32, "little"),
        "identity, negative": (1 + 2**255).to_bytes(32, "little"),
        "not on the curve": (2).to_bytes(32, "little"),
    }


@pytest.fixture(scope="session")
def verifier() -> list[str]:
    """The command; its one package is installed from the lock file, once."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("no node, or no npm, on this machine")
    with (HERE / "package.json").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not _installed():
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=100, check=False)
            if done.returncode or not _installed():
                pytest.skip(f"npm cannot install @noble/curves here: {done.stderr.strip().splitlines()[-1:]}")
    return [node, str(HERE / "main.mjs")]


def _installed() -> bool:
    wanted = json.loads((HERE / "package-lock.json").read_text())["packages"]
    names = [name for name in wanted if name]
    there = [HERE / name / "package.json" for name in names]
    return all(
        path.exists() and json.loads(path.read_text())["version"] == wanted[name]["version"]
        for name, path in zip(names, there, strict=True)
    )


def judged(verifier: list[str], lines: list[Json]) -> list[str]:
    """What the verifier says of each."""
    given = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(verifier, input=given, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == len(lines)
    return said


def load(name: str) -> Json:
    return json.loads((VECTORS / f"{name}.json").read_text())  # type: ignore[no-any-return]


def test_it_comes_to_the_same(verifier: list[str]) -> None:
    assert len(TRANSCRIPTS) >= 5
    assert judged(verifier, [load(name) for name in TRANSCRIPTS]) == ["ok"] * len(TRANSCRIPTS)


def test_it_refuses_what_our_desks_refuse(verifier: list[str]) -> None:
    """Cases whose last entry does not count: refused there, and nowhere before."""
    cases = [json.loads(path.read_text()) for path in sorted(VECTORS.glob("*.json"))]
    cases = [case for case in cases if case["class"] != "ok"]
    said = judged(verifier, cases)
    assert [(case["class"], line) for case, line in zip(cases, said, strict=True) if line == "ok"] == []
    assert [
        line for case, line in zip(cases, said, strict=True) if f" at {len(case['entries']) - 1}:" not in line
    ] == []


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_it_refuses_every_altered_copy(verifier: list[str], name: str) -> None:
    """A SHOW that is altered is not the SHARE that was given, before anything else."""
    case = load(name)
    other = load(next(n for n in TRANSCRIPTS if n != name))
    copies = [*outcomes(case), *envelopes(case), *fields(case), *swaps(case), *strangers(case, other), *losses(case)]
    bad = list(points(case))
    assert (len(copies) > 200, len(bad) > 100) == (True, True)
    said = judged(verifier, [case, *({"base": 0, **change} for _, change in (*copies, *bad))])
    assert said[0] == "ok"
    assert [what for (what, _), line in zip(copies, said[1:], strict=False) if line == "ok"] == []
    found_late = [
        (what, line)
        for (what, _), line in zip(copies, said[1:], strict=False)
        if (number := AT_ONCE.match(what)) and f" at {number[1]}:" not in line
    ]
    assert found_late == []
    at_fault = [(what, line) for (what, _), line in zip(bad, said[1 + len(copies) :], strict=True)]
    assert [both for both in at_fault if not both[1].startswith(("point at", "show at"))] == []


# --- alterations: (what was done, how the copy differs)

Copies = Iterator[tuple[str, Json]]


def body(entry: Json) -> Json:
    return msgspec.msgpack.decode(bytes.fromhex(entry["body"]))  # type: ignore[no-any-return]


def with_entry(number: int, entry: Json, **change: Any) -> Json:
    return {"entries": {str(number): {**entry, **change}}}


def with_field(number: int, entry: Json, name: str, value: Any) -> Json:
    return with_entry(number, entry, body=msgspec.msgpack.encode({**body(entry), name: value}).hex())


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def outcomes(case: Json) -> Copies:
    """The answer flipped, and all that leads to it."""
    for name in ("state", "sid", "h"):
        yield name, {name: "00" * 32}
    yield "failed", {"failed": case["failed"] + 1}
    for name in ("results", "tests"):
        yield f"{name} with one more", {name: [*case[name], {"option": 0, "tally": 1}]}
    for name in ("results", "order", "x", "y", "th"):
        if case[name]:
            yield f"{name} with one less", {name: case[name][1:]}
    for number, result in enumerate(case["results"]):
        for key in result:
            changed = [*case["results"]]
            changed[number] = {**result, key: result[key] + 1}
            yield f"result {number}: {key}", {"results": changed}
    yield "another channel", {"channel": "11" * 32}


def envelopes(case: Json) -> Copies:
    """Who posted it, to whom, as what, where and when."""
    entries = case["entries"]
    seats = sorted({entry["seat"] for entry in entries})
    alike = {
        "sounding.share": "sounding.show",
        "sounding.show": "sounding.release",
        "sounding.release": "sounding.share",
    }
    yield "another id of OPEN", with_entry(0, entries[0], id="22" * 32)
    for number, entry in enumerate(entries):
        what = f"{number} {entry['kind']}"
        for seat in seats:
            if seat != entry["seat"] and number:
                yield f"{what}: by another", with_entry(number, entry, seat=seat)
        yield f"{what}: fewer read it", with_entry(number, entry, audience=entry["audience"][1:])
        yield f"{what}: more read it", with_entry(number, entry, audience=sorted([*entry["audience"], "ff" * 16]))
        yield f"{what}: another kind", with_entry(number, entry, kind=alike.get(entry["kind"], "sounding.show"))
        yield f"{what}: a position again", with_entry(number, entry, position=entries[number - 1]["position"])
    first = next(number for number, entry in enumerate(entries) if entry["kind"] == "sounding.ballot")
    yield "late", with_entry(first, entries[first], arrival=body(entries[0])["ballots_by"])


def fields(case: Json) -> Copies:
    """Every field of every message: a bit in every 32 bytes, the length, the number, the text, the list."""
    for number, entry in enumerate(case["entries"]):
        for name, value in body(entry).items():
            what = f"{number} {entry['kind']}.{name}"
            if isinstance(value, bytes):
                for at in range(0, len(value), 32):
                    yield f"{what} at {at}", with_field(number, entry, name, flipped(value, at))
                yield f"{what} shorter", with_field(number, entry, name, value[:-1])
                yield f"{what} longer", with_field(number, entry, name, value + b"\0")
            elif isinstance(value, int):
                yield f"{what} + 1", with_field(number, entry, name, value + 1)
            elif isinstance(value, str):
                yield f"{what} longer", with_field(number, entry, name, value + "x")
            else:
                yield (
                    f"{what} with one more",
                    with_field(number, entry, name, [*value, "x" if name == "options" else b"\xff" * 16]),
                )
                if len(value) > 1:
                    yield f"{what} in another order", with_field(number, entry, name, value[::-1])
        raw = bytes.fromhex(entry["body"])
        yield (
            f"{number}: a key more",
            with_entry(number, entry, body=msgspec.msgpack.encode({**body(entry), "x": 1}).hex()),
        )
        yield (
            f"{number}: another order of keys",
            with_entry(number, entry, body=msgspec.msgpack.encode(dict(reversed(body(entry).items()))).hex()),
        )
        yield f"{number}: bytes after the end", with_entry(number, entry, body=raw.hex() + "00")
        yield f"{number}: a longer form", with_entry(number, entry, body="de00" + f"{raw[0] & 15:02x}" + raw[1:].hex())


def swaps(case: Json) -> Copies:
    """Two messages of a round change their seats; two options or tests of one message change places; other answers."""
    entries = case["entries"]
    for kind in {entry["kind"] for entry in entries}:
        same = [(number, entry) for number, entry in enumerate(entries) if entry["kind"] == kind]
        for (a, first), (b, second) in pairwise(same):
            if first["body"] != second["body"]:
                yield (
                    f"{a} and {b} {kind}: bodies",
                    {"entries": {a: {**first, "body": second["body"]}, b: {**second, "body": first["body"]}}},
                )
            if kind != "sounding.ack" and first["seat"] != second["seat"]:
                yield (
                    f"{a} and {b} {kind}: seats",
                    {"entries": {a: {**first, "seat": second["seat"]}, b: {**second, "seat": first["seat"]}}},
                )
    for number, entry in enumerate(entries):
        for name, size in (("pairs", 64), ("blinds", 128), ("points", 32)):
            value = body(entry).get(name, b"")
            if len(value) >= 2 * size:
                swapped = value[size : 2 * size] + value[:size] + value[2 * size :]
                yield f"{number} {name}: places", with_field(number, entry, name, swapped)
        if entry["kind"] == "sounding.ballot":
            pairs = body(entry)["pairs"]
            for at in range(32, len(pairs), 64):
                c = pairs[at : at + 32]
                for other in (g.add(c, g.BASE), g.sub(c, g.BASE), STRANGER):
                    answer = pairs[:at] + other + pairs[at + 32 :]
                    yield f"{number} another answer at {at}", with_field(number, entry, "pairs", answer)


def strangers(case: Json, other: Json) -> Copies:
    """Messages of another sounding of the same seats, as they are and made to name this one."""
    theirs = {(entry["seat"], entry["kind"]): entry for entry in other["entries"][1:]}
    for number, entry in enumerate(case["entries"][1:], 1):
        found = theirs.get((entry["seat"], entry["kind"]))
        if found:
            yield f"{number} of another sounding", with_entry(number, entry, body=found["body"])
            item = bytes.fromhex(case["entries"][0]["id"])
            yield (
                f"{number} of another sounding, renamed",
                with_field(number, {**entry, "body": found["body"]}, "item", item),
            )


def losses(case: Json) -> Copies:
    """A message is not there, is there twice, or comes before its round."""
    entries = case["entries"]
    for number, entry in enumerate(entries):
        yield f"{number} {entry['kind']} missing", {"entries": {number: None}}
        if number + 1 < len(entries) and entry["kind"] == entries[number + 1]["kind"]:
            yield f"{number} {entry['kind']} twice", {"entries": {number + 1: {**entries[number + 1], **_said(entry)}}}
        elif number + 1 < len(entries) and "sounding.show" not in (entry["kind"], entries[number + 1]["kind"]):
            # (the next position need not wait for a SHOW)
            yield (
                f"{number} {entry['kind']} later",
                {
                    "entries": {
                        number: {**entry, **_said(entries[number + 1])},
                        number + 1: {**entries[number + 1], **_said(entry)},
                    }
                },
            )


def _said(entry: Json) -> Json:
    return {name: entry[name] for name in ("id", "seat", "audience", "kind", "body")}


def points(case: Json) -> Copies:
    """The first and the last point of each message, replaced."""
    places: dict[str, tuple[int, ...]] = {"h": (0,), "pairs": (0, 32, -64, -32), "points": (0, -32)}
    places["blinds"] = (0, 32, -128, -96)
    for number, entry in enumerate(case["entries"]):
        for name, where in places.items():
            value = body(entry).get(name, b"")
            for at in sorted({place % len(value) for place in where} if value else ()):
                for what, bad in bad_points().items():
                    altered = value[:at] + bad + value[at + 32 :]
                    yield f"{number} {name} at {at}: {what}", with_field(number, entry, name, altered)
