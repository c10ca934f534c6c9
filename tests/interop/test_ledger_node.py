"""A verifier in another language, written from the spec alone, reads a log that we wrote."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from backchannel.ledger.history import History
from tests.ledger.build import NOW, ORIGIN, PUBLIC, answer, emptied, erase_record, record

SCRIPT = Path(__file__).with_name("ledger.test.mjs")


def exported() -> dict[str, Any]:
    """A log of nine entries, one of them erased, as JSON."""
    made = [record(index) for index in range(8)]
    made = [*made[:3], emptied(made[3]), *made[4:], erase_record(3)]
    read = answer(made)
    history = History(ORIGIN, PUBLIC)
    history.commit(history.check(read, NOW))
    return {
        "channel": bytes(32).hex(),
        "public_key": PUBLIC.hex(),
        "checkpoint": read.checkpoint.hex(),
        "entries": [
            {
                "id": entry.leaf.id.hex(),
                "arrival": entry.leaf.arrival,
                "length": entry.leaf.length,
                "erase": entry.leaf.erase.hex(),
                "body": None if entry.body is None else entry.body.hex(),
            }
            for entry in made
        ],
        "inclusion": [[step.hex() for step in history.inclusion(index, history.size)] for index in range(len(made))],
    }


def run(log: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    path = folder / "log.json"
    path.write_text(json.dumps(log))
    return subprocess.run([node, str(SCRIPT), str(path)], capture_output=True, text=True, timeout=60)


def test_a_foreign_verifier_agrees(tmp_path: Path) -> None:
    done = run(exported(), tmp_path)
    assert (done.returncode, done.stdout) == (0, "9 entries, 1 erased, 9 proofs\n"), done.stderr


@pytest.mark.parametrize("what", ["arrival", "erase", "body", "checkpoint", "inclusion"])
def test_a_foreign_verifier_sees_what_was_altered(what: str, tmp_path: Path) -> None:
    log = exported()
    match what:
        case "arrival":
            log["entries"][1]["arrival"] += 1
        case "erase":
            log["entries"][3]["erase"] = bytes(31).hex() + "01"
        case "body":
            log["entries"][2]["body"] = None
        case "checkpoint":
            log["checkpoint"] = log["checkpoint"].replace(b"\n9\n".hex(), b"\n8\n".hex())
        case "inclusion":
            log["inclusion"][0][0] = bytes(32).hex()
    done = run(log, tmp_path)
    assert done.returncode == 1
    assert "AssertionError" in done.stderr
