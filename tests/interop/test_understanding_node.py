"""A verifier in another language, written from the spec alone, judges our records as we do."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from backchannel.instruments import record
from backchannel.instruments.understanding import Signature, sign
from tests.channel.kit import CHANNEL, identity
from tests.instruments.kit import ids
from tests.instruments.test_record import made

HERE = Path(__file__).parent
SCRIPT = HERE / "understanding.test.mjs"
ROOT = HERE.parent.parent
CACHE = ROOT / ".venv" / "node-interop"
VECTORS = ROOT / "vectors" / "instruments"


@pytest.fixture(scope="module")
def modules() -> Path:
    """The folder with the one library that Node itself does not have; installed once."""
    npm, wanted = shutil.which("npm"), (HERE / "node" / "package-lock.json").read_bytes()
    if shutil.which("node") is None or npm is None:
        pytest.skip("no node or no npm on this machine")
    done = CACHE / "installed.json"
    if not done.exists() or done.read_bytes() != wanted:
        CACHE.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "node" / name, CACHE / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            ran = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, timeout=90)
        except subprocess.TimeoutExpired:
            pytest.skip("npm does not get an answer from its registry")
        if ran.returncode:
            pytest.skip(f"npm could not install: {ran.stderr.strip().splitlines()[-1:]}")
        done.write_bytes(wanted)
    return CACHE


def judged(modules: Path, files: list[Path]) -> dict[str, str]:
    ran = subprocess.run(
        ["node", str(SCRIPT), str(modules), *map(str, files)], capture_output=True, text=True, timeout=100
    )
    assert ran.returncode == 0, ran.stderr
    return dict(line.split() for line in ran.stdout.splitlines())


def test_it_judges_every_case_as_we_do(modules: Path, tmp_path: Path) -> None:
    expected, files = {}, []
    for path in sorted(VECTORS.glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        if case.get("op") == "record":
            files.append(tmp_path / path.name)
            files[-1].write_bytes(case["text"].encode())
            expected[path.name] = case["class"]
    assert list(expected.values()).count("signature") >= 5
    assert judged(modules, files) == expected


def test_it_agrees_on_text_in_other_scripts(modules: Path, tmp_path: Path) -> None:
    """Canal de Beagle, in five scripts, long enough for every length of the encoding."""
    words = "Línea de demarcación. 海峡を越えて。 خط الحدود. Граница. सीमा "
    terms = replace(made().terms, title="Línea – 海峡 – خط", text=words * 1_200)
    people = {ids(name)[0]: name for name in ("Ana", "Ben")}
    digest = terms.digest(CHANNEL)
    signed = tuple(Signature(p.seat, *sign(identity(people[p.seat]), digest)) for p in terms.parties)
    good = record.Record(CHANNEL, terms, signed)
    record.verify(good)
    path = tmp_path / "scripts.json"
    path.write_bytes(record.write(good))
    assert judged(modules, [path]) == {"scripts.json": "ok"}
