"""A reader in another language, written from the spec alone, opens what we sealed, and refuses what we refuse."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("seal.test.mjs")
VECTORS = Path(__file__).parent.parent.parent / "vectors" / "seal"
FOREIGN = {"padme", "box", "roster", "welcome", "invite", "entry", "x25519", "fingerprint", "mac"}


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    return subprocess.run([node, str(SCRIPT), str(folder)], capture_output=True, text=True, timeout=60)


def test_a_foreign_reader_agrees() -> None:
    ops = [json.loads(path.read_text())["op"] for path in VECTORS.glob("*.json")]
    many = sum(op in FOREIGN for op in ops)
    assert many > 50
    done = run(VECTORS)
    assert (done.returncode, done.stdout) == (0, f"{many} vectors, {ops.count('entry')} of entries\n"), done.stderr


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("entry-first", "cid"),
        ("entry-first", "tag"),
        ("entry-first", "erase"),
        ("entry-first", "keep"),
        ("entry-second", "prev"),
        ("entry-forged", "class"),
        ("box", "plaintext"),
        ("box-all-zeros", "class"),
        ("roster", "erase"),
        ("fingerprint", "fingerprint"),
        ("dist-mac", "mac"),
    ],
)
def test_a_foreign_reader_sees_what_was_altered(tmp_path: Path, name: str, field: str) -> None:
    for path in VECTORS.glob("*.json"):
        shutil.copy(path, tmp_path)
    path = tmp_path / f"{name}.json"
    case = json.loads(path.read_text())
    case[field] = "ok" if field == "class" else "00" * (len(case[field]) // 2)
    path.write_text(json.dumps(case))
    done = run(tmp_path)
    assert done.returncode == 1
    assert "AssertionError" in done.stderr
