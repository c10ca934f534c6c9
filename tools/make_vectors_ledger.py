#!/usr/bin/env python3
"""Write vectors/ledger/*.json: one case a file, each with its failure class ("ok" where there is none).

Deterministic: fixed keys and clock. `--check` writes nothing and exits 1 where a file is stale, missing or left over.
"""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from msgspec.structs import replace  # noqa: E402

from backchannel.ledger.checkpoint import Checkpoint  # noqa: E402
from backchannel.ledger.history import CLOCK_SLACK, History  # noqa: E402
from backchannel.ledger.leaf import ARRIVAL_UNIT, NO_ERASE, EraseRecord  # noqa: E402
from backchannel.ledger.note import Note, format_note, parse_note, sign_text  # noqa: E402
from backchannel.ledger.tree import Tree  # noqa: E402
from backchannel.ledger.wire import Frame, Range, Record, encode_frames, encode_range  # noqa: E402
from tests.ledger.build import (  # noqa: E402
    NOW,
    ORIGIN,
    OTHER_ORIGIN,
    OTHER_SEED,
    PUBLIC,
    SEED,
    UNIT,
    answer,
    emptied,
    erase_record,
    record,
    root_of,
    signed,
)

FOLDER = ROOT / "vectors" / "ledger"
Json = dict[str, Any]


def leaves() -> Iterator[tuple[str, str, Json]]:
    """Leaf data and erase records."""
    for index, arrival in ((0, 0), (1, UNIT), (2, 2**64 - 1)):
        entry = record(index, arrival=arrival)
        leaf = entry.leaf
        yield (
            f"leaf-ok-{index}",
            "ok",
            {
                "kind": "leaf",
                "body": (entry.body or b"").hex(),
                "arrival": str(leaf.arrival),
                "erase": leaf.erase.hex(),
                "id": leaf.id.hex(),
                "data": leaf.data().hex(),
                "hash": leaf.hash().hex(),
            },
        )
    yield "leaf-short", "leaf", {"kind": "leaf-data", "data": record(0).leaf.data()[:-1].hex()}
    good = EraseRecord(17, bytes(range(32))).encode()
    for name, code, raw in (
        ("ok", "ok", good),
        ("short", "erase-record", good[:-1]),
        ("long", "erase-record", good + b"\0"),
        ("another-label", "erase-record", good.replace(b"bc1/erase-record", b"bc1/erase-recorD")),
    ):
        yield f"erase-record-{name}", code, {"kind": "erase-record", "raw": raw.hex()}


def checkpoints() -> Iterator[tuple[str, str, Json]]:
    """Signed checkpoints, as a desk opens them."""
    root = bytes(range(32))
    text = Checkpoint(ORIGIN, 18, root).text()

    def note(changed: str) -> bytes:
        return format_note(Note(changed, (sign_text(changed, ORIGIN, SEED),)))

    good = signed(18, root)
    once = parse_note(good)
    cases: dict[str, tuple[str, bytes]] = {
        "ok": ("ok", good),
        "empty-tree": ("ok", signed(0, Tree().root())),
        "beside-another-key": (
            "ok",
            format_note(Note(once.text, (sign_text(once.text, "witness", OTHER_SEED), *once.signatures))),
        ),
        "another-log": ("origin", signed(18, root, origin=OTHER_ORIGIN)),
        "another-key": ("signature", signed(18, root, seed=OTHER_SEED)),
        "signed-twice": ("signature", format_note(Note(once.text, once.signatures * 2))),
        "altered-size": ("signature", good.replace(b"\n18\n", b"\n19\n")),
        "leading-zero": ("checkpoint", note(text.replace("\n18\n", "\n018\n"))),
        "sign-in-size": ("checkpoint", note(text.replace("\n18\n", "\n+18\n"))),
        "size-2-to-63": ("checkpoint", note(text.replace("\n18\n", f"\n{2**63}\n"))),
        "fourth-line": ("checkpoint", note(text + "more\n")),
        "short-root": ("checkpoint", note(text.replace(b64encode(root).decode(), "AAAA"))),
        "root-not-canonical": ("checkpoint", note(text.replace("Hh8=", "Hh9="))),
        "carriage-return": ("checkpoint", good.replace(b"\n", b"\r\n")),
        "not-utf-8": ("checkpoint", b"\xff" + good),
        "no-signature": ("checkpoint", once.text.encode()),
        "signature-not-canonical": ("checkpoint", good.replace(b"=\n", b"\n")),
    }
    for name, (code, raw) in cases.items():
        yield (
            f"checkpoint-{name}",
            code,
            {
                "kind": "checkpoint",
                "origin": ORIGIN,
                "public_key": PUBLIC.hex(),
                "note": raw.hex(),
            },
        )
    for name, other in (("split", bytes(32)), ("no-split", root)):
        yield (
            f"checkpoint-{name}",
            "split" if name == "split" else "ok",
            {
                "kind": "split",
                "origin": ORIGIN,
                "public_key": PUBLIC.hex(),
                "notes": [good.hex(), signed(18, other).hex()],
            },
        )


def proofs() -> Iterator[tuple[str, str, Json]]:
    """Inclusion and consistency."""
    made = [record(index).leaf.hash() for index in range(11)]
    tree = Tree(made)
    for name, code, index, size in (
        ("ok-first", "ok", 0, 11),
        ("ok-last", "ok", 10, 11),
        ("ok-middle", "ok", 4, 7),
        ("wrong-index", "inclusion", 5, 7),
        ("wrong-size", "inclusion", 4, 8),
    ):
        proof = tree.inclusion(4, 7) if size in (7, 8) else tree.inclusion(index, size)
        yield (
            f"inclusion-{name}",
            code,
            {
                "kind": "inclusion",
                "leaf": made[4 if size in (7, 8) else index].hex(),
                "index": index,
                "size": size,
                "root": tree.root(size).hex(),
                "proof": [step.hex() for step in proof],
            },
        )
    for name, code, first, second, proof in (
        ("ok", "ok", 6, 11, tree.consistency(6, 11)),
        ("ok-same", "ok", 6, 6, []),
        ("ok-power-of-two", "ok", 8, 11, tree.consistency(8, 11)),
        ("cut-off", "consistency", 6, 11, tree.consistency(6, 11)[:-1]),
        ("from-nothing", "consistency", 0, 11, []),
    ):
        yield (
            f"consistency-{name}",
            code,
            {
                "kind": "consistency",
                "first": first,
                "second": second,
                "first_root": tree.root(first).hex(),
                "second_root": tree.root(second).hex(),
                "proof": [step.hex() for step in proof],
            },
        )


def wires() -> Iterator[tuple[str, str, Json]]:
    """Frames and range answers."""
    frame = encode_frames([Frame(bytes(32), b"body")])
    for name, code, raw in (
        ("ok", "ok", frame * 2),
        ("nothing", "empty", b""),
        ("header-cut-off", "truncated", frame + frame[:20]),
        ("body-cut-off", "truncated", frame[:-1]),
        ("no-body", "length", encode_frames([Frame(bytes(32), b"")])),
        ("too-long", "length", b"\xff" * 40),
        ("too-many", "count", frame * 257),
    ):
        yield f"frames-{name}", code, {"kind": "frames", "raw": raw.hex()}
    made = [record(0), emptied(record(1)), erase_record(1)]
    good = encode_range(answer(made))
    at = len(encode_range(replace(answer(made), records=())))
    for name, code, raw in (
        ("ok", "ok", good),
        ("nothing", "truncated", b""),
        ("cut-off", "truncated", good[:-1]),
        ("state-2", "state", good[:at] + b"\2" + good[at + 1 :]),
        ("no-body", "length", good[: at + 9] + bytes(4) + good[at + 13 :]),
        ("checkpoint-too-long", "length", good[:8] + b"\0\0\x20\0" + good[12:]),
    ):
        yield f"range-{name}", code, {"kind": "range", "raw": raw.hex()}


def histories() -> Iterator[tuple[str, str, Json]]:
    """Answers to a desk that holds the first `held` entries of the log 0, 1, 2, .. and last synced at `synced`."""
    three = [record(0), record(1), record(2)]

    def swapped(at: int, entry: Record, count: int = 3) -> list[Record]:
        made = [record(index) for index in range(count)]
        made[at] = entry
        return made

    def shown(made: list[Record], over: list[Record], start: int = 0) -> Range:
        return Range(len(over), signed(len(over), root_of(over)), start, tuple(made[start:]))

    late = UNIT * ARRIVAL_UNIT
    erased = [record(0), emptied(record(1)), erase_record(1)]
    cases: dict[str, tuple[str, Callable[[], Range], int, float, float | None]] = {
        "ok": ("ok", lambda: answer(three), 0, NOW, None),
        "ok-later": ("ok", lambda: answer(swapped(0, record(0), 5), 3), 3, NOW, NOW),
        "ok-nothing-new": ("ok", lambda: answer(three, 3), 3, NOW, NOW),
        "ok-erased": ("ok", lambda: answer(erased), 0, NOW, None),
        "altered-body": ("root", lambda: shown(swapped(1, record(8)), three), 0, NOW, None),
        "altered-time": ("root", lambda: shown(swapped(0, record(0, arrival=UNIT - 1)), three), 0, NOW, None),
        "reordered": ("root", lambda: shown([three[0], three[2], three[1]], three), 0, NOW, None),
        "past-rewritten": ("root", lambda: answer(swapped(1, record(8), 4), 3), 3, NOW, NOW),
        "repeated": ("repeat", lambda: answer([*three, record(1)]), 0, NOW, None),
        "rollback": ("rollback", lambda: answer(three[:2], 2), 3, NOW, NOW),
        "too-few": ("range", lambda: shown(three[:2], three), 0, NOW, None),
        "from-elsewhere": ("range", lambda: answer(swapped(0, record(0), 5), 4), 3, NOW, NOW),
        "another-key": ("signature", lambda: answer(three, seed=OTHER_SEED), 0, NOW, None),
        "another-log": ("origin", lambda: answer(three, origin=OTHER_ORIGIN), 0, NOW, None),
        "no-checkpoint": ("checkpoint", lambda: Range(0, b"", 0, ()), 0, NOW, None),
        "withheld": ("erased", lambda: answer(swapped(1, emptied(record(1)))), 0, NOW, None),
        "erased-by-wrong-token": (
            "erased",
            lambda: answer([record(0), emptied(record(1)), erase_record(1, key=bytes(32))]),
            0,
            NOW,
            None,
        ),
        "erased-ahead": ("erased", lambda: answer([erase_record(1), record(1)]), 0, NOW, None),
        "no-commitment": ("erased", lambda: answer([record(0, erase=NO_ERASE)]), 0, NOW, None),
        "time-falls": ("arrival", lambda: answer([record(0), record(1, arrival=UNIT - 1)]), 0, NOW, None),
        "time-ahead": ("arrival", lambda: answer(three), 0, late - CLOCK_SLACK - 1, None),
        "backdated": (
            "arrival",
            lambda: answer(swapped(0, record(0), 4), 3),
            3,
            late + 9 * CLOCK_SLACK,
            late + CLOCK_SLACK + 1,
        ),
    }
    for name, (code, make, held, now, synced) in cases.items():
        yield (
            f"history-{name}",
            code,
            {
                "kind": "history",
                "origin": ORIGIN,
                "public_key": PUBLIC.hex(),
                "leaves": [record(index).leaf.data().hex() for index in range(held)],
                "synced": synced,
                "now": now,
                "answer": encode_range(make()).hex(),
            },
        )
    seen = History(ORIGIN, PUBLIC, [record(index).leaf.data() for index in range(4)])
    for name, code, size, root, position in (
        ("ok", "ok", 2, seen.root(2), 3),
        ("another-root", "fork", 2, bytes(32), 3),
        ("ahead-of-itself", "fork", 3, seen.root(3), 2),
    ):
        yield (
            f"gossip-{name}",
            code,
            {
                "kind": "gossip",
                "leaves": [record(index).leaf.data().hex() for index in range(4)],
                "size": size,
                "root": root.hex(),
                "position": position,
            },
        )


def vectors() -> dict[str, str]:
    """File name -> its text."""
    found = {}
    for family in (leaves, checkpoints, proofs, wires, histories):
        for name, code, fields in family():
            found[f"{name}.json"] = json.dumps({"class": code, **fields}, indent=1) + "\n"
    return found


def main() -> int:
    """Write the files, or compare them."""
    wanted = vectors()
    there = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    stale = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    if "--check" in sys.argv[1:]:
        print("\n".join(stale) or "fresh")
        return bool(stale)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name])
        else:
            (FOLDER / name).unlink()
    print(f"{len(wanted)} vectors, {len(stale)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
