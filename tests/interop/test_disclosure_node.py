"""A verifier in another language, and sigstore's, judge our bundles as we do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from msgspec.structs import replace

from backchannel.instruments.disclosure import bundle as bundles
from backchannel.instruments.understanding import record
from tests.channel.kit import CHANNEL
from tests.instruments.disclosure.kit import bundle, entry, place, signed
from tests.instruments.understanding.kit import CLAUSES
from tests.interop.test_understanding_node import HERE, ROOT, modules  # noqa: F401 - a fixture

SCRIPT = HERE / "disclosure.test.mjs"
VECTORS = ROOT / "vectors" / "disclosure"


def judged(folder: Path, files: list[Path]) -> dict[str, str]:
    command = ["node", str(SCRIPT), str(folder), *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    return dict(line.split(" ", 1) for line in ran.stdout.splitlines() if not line.startswith("  "))


def test_a_stranger_sees_the_clauses(modules: Path, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "bundle.json").write_bytes(bundles.write(bundle()))
    command = ["node", str(SCRIPT), modules.name, str(tmp_path / "bundle.json")]  # as README says it, relative
    said = subprocess.run(
        command, cwd=modules.parent, capture_output=True, text=True, timeout=100, check=True
    ).stdout.splitlines()
    assert said[0] == "bundle.json ok 2 3 Fishing, entry 5 of 9"
    assert [json.loads(line) for line in said[1:]] == [{"clause": k, "text": CLAUSES[k - 1]} for k in (1, 3)]


def test_it_judges_every_case_as_we_do(modules: Path, tmp_path: Path) -> None:  # noqa: F811
    expected, files = {}, []
    for path in sorted(VECTORS.glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        files.append(tmp_path / path.name)
        files[-1].write_bytes(case["text"].encode())
        expected[path.name] = case["class"]
    assert list(expected.values()).count("place") >= 8
    assert {name: said.split(" ")[0] for name, said in judged(modules, files).items()} == expected


def test_sigstore_finds_the_entry_wherever_it_stands(modules: Path, tmp_path: Path) -> None:  # noqa: F811
    proof, expected = entry(record.anchor(CHANNEL, signed())), {}
    for index, size in ((0, 1), (6, 7), (0, 7), (3, 8), (99, 100), (700, 1_000)):
        name = f"{index}-{size}.json"
        where = place(proof, index=index, size=size)
        (tmp_path / name).write_bytes(bundles.write(replace(bundle(), log=where)))
        expected[name] = f"ok 2 3 Fishing, entry {index} of {size}"
    assert judged(modules, [tmp_path / name for name in expected]) == expected
