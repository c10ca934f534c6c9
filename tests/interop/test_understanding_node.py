"""A verifier in another language, written from the spec alone, judges our records as we do; so does others' library."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from backchannel.instruments.understanding import record
from tests.channel.kit import CHANNEL
from tests.instruments.understanding.kit import in_state

HERE = Path(__file__).parent
SCRIPT = HERE / "understanding.test.mjs"
ROOT = HERE.parent.parent
CACHE = ROOT / ".venv" / "node-interop"
VECTORS = ROOT / "vectors" / "instruments"


@pytest.fixture(scope="module")
def modules() -> Path:
    """The folder with the libraries that Node itself does not have; installed once."""
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
    return dict(line.split(" ", 1) for line in ran.stdout.splitlines())


def test_it_judges_every_case_as_we_do(modules: Path, tmp_path: Path) -> None:
    expected, files = {}, []
    for path in sorted(VECTORS.glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        if case.get("op") == "record":
            files.append(tmp_path / path.name)
            files[-1].write_bytes(case["text"].encode())
            expected[path.name] = case["class"]
    assert list(expected.values()).count("signature") >= 5
    assert {name: said.split(" ")[0] for name, said in judged(modules, files).items()} == expected


@pytest.mark.parametrize(("shown", "seen"), [(None, "3 2 Fishing"), ((2,), "1 2 Fishing"), ((), "0 2 Fishing")])
def test_a_library_of_others_sees_what_is_shown(
    modules: Path, tmp_path: Path, shown: tuple[int, ...] | None, seen: str
) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(record.write(record.of(CHANNEL, in_state("complete"), shown)))
    assert judged(modules, [path]) == {"record.json": f"ok {seen}"}


def test_it_agrees_on_text_in_other_scripts(modules: Path, tmp_path: Path) -> None:
    """Canal de Beagle, in five scripts."""
    words = 'Línea de demarcación. 海峡を越えて。 خط الحدود. Граница. सीमा "quoted\\" '
    whole = in_state("complete", title="Línea – 海峡 – خط", clauses=(words.strip() + "\n\tand so on",) * 200)
    path = tmp_path / "scripts.json"
    path.write_bytes(record.write(record.of(CHANNEL, whole)))
    assert judged(modules, [path]) == {"scripts.json": "ok 200 2 Línea – 海峡 – خط"}
