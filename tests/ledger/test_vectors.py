"""Our own vectors: each file is a case and names its failure class; an implementer runs the same table."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backchannel.errors import Malformed
from backchannel.ledger.checkpoint import open_checkpoint, verify_split
from backchannel.ledger.history import History
from backchannel.ledger.leaf import EraseRecord, Leaf, entry_id
from backchannel.ledger.tree import verify_consistency, verify_inclusion
from backchannel.ledger.wire import decode_frames, decode_range, encode_frames, encode_range
from tools import make_vectors_ledger

Case = dict[str, Any]
FILES = sorted(make_vectors_ledger.FOLDER.glob("*.json"))


def raw(case: Case, name: str) -> bytes:
    return bytes.fromhex(case[name])


def steps(case: Case) -> list[bytes]:
    return [bytes.fromhex(step) for step in case["proof"]]


def leaf(case: Case) -> str:
    body = raw(case, "body")
    made = Leaf(entry_id(body), int(case["arrival"]), len(body), raw(case, "erase"))
    assert made.id == raw(case, "id")
    assert made.data() == raw(case, "data")
    assert made.hash() == raw(case, "hash")
    assert Leaf.parse(raw(case, "data")) == made
    return "ok"


def leaf_data(case: Case) -> str:
    Leaf.parse(raw(case, "data"))
    return "ok"


def erase_record(case: Case) -> str:
    assert EraseRecord.parse(raw(case, "raw")).encode() == raw(case, "raw")
    return "ok"


def checkpoint(case: Case) -> str:
    open_checkpoint(raw(case, "note"), case["origin"], raw(case, "public_key"))
    return "ok"


def split(case: Case) -> str:
    a, b = (bytes.fromhex(note) for note in case["notes"])
    return "split" if verify_split(a, b, case["origin"], raw(case, "public_key")) else "ok"


def inclusion(case: Case) -> str:
    holds = verify_inclusion(raw(case, "leaf"), case["index"], case["size"], steps(case), raw(case, "root"))
    return "ok" if holds else "inclusion"


def consistency(case: Case) -> str:
    roots = raw(case, "first_root"), raw(case, "second_root")
    return "ok" if verify_consistency(case["first"], case["second"], steps(case), *roots) else "consistency"


def frames(case: Case) -> str:
    assert encode_frames(decode_frames(raw(case, "raw"))) == raw(case, "raw")
    return "ok"


def ranges(case: Case) -> str:
    assert encode_range(decode_range(raw(case, "raw"))) == raw(case, "raw")
    return "ok"


def history(case: Case) -> str:
    held = [bytes.fromhex(data) for data in case["leaves"]]
    made = History(case["origin"], raw(case, "public_key"), held, synced=case["synced"])
    made.commit(made.check(decode_range(raw(case, "answer")), case["now"]))
    return "ok"


def gossip(case: Case) -> str:
    held = [bytes.fromhex(data) for data in case["leaves"]]
    History("bc1/any", bytes(32), held).gossip(case["size"], raw(case, "root"), case["position"])
    return "ok"


KINDS: dict[str, Callable[[Case], str]] = {
    "leaf": leaf,
    "leaf-data": leaf_data,
    "erase-record": erase_record,
    "checkpoint": checkpoint,
    "split": split,
    "inclusion": inclusion,
    "consistency": consistency,
    "frames": frames,
    "range": ranges,
    "history": history,
    "gossip": gossip,
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_case_fails_as_its_class_says(path: Path) -> None:
    case = json.loads(path.read_text())
    try:
        verdict = KINDS[case["kind"]](case)
    except Malformed as error:
        verdict = error.code
    assert verdict == case["class"]


def test_the_files_are_fresh() -> None:
    assert {path.name: path.read_text() for path in FILES} == make_vectors_ledger.vectors()


def test_every_kind_has_a_case() -> None:
    assert {json.loads(path.read_text())["kind"] for path in FILES} == set(KINDS)
