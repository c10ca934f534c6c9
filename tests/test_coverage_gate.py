"""The coverage gate refuses what it says it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools import coverage_gate as gate


def report(file: str, total: int, ran: int) -> dict[str, Any]:
    missing = list(range(1, total - ran + 1))
    summary = {"num_statements": total, "covered_lines": ran, "num_branches": 0, "covered_branches": 0}
    return {"files": {file: {"summary": summary, "missing_lines": missing, "missing_branches": []}}}


@pytest.mark.parametrize(
    ("file", "ran", "passes"),
    [
        ("src/backchannel/seal/keys.py", 1000, True),
        ("src/backchannel/seal/keys.py", 999, False),
        ("src/backchannel/desk/sync.py", 900, True),
        ("src/backchannel/desk/sync.py", 899, False),
        ("src/backchannel/errors.py", 899, False),
    ],
)
def test_each_package_has_its_gate(file: str, ran: int, passes: bool) -> None:
    assert (gate.low(gate.tallies(report(file, 1000, ran))) == []) is passes


def test_a_package_without_code_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert gate.low({}) == []
    assert "no code yet" in capsys.readouterr().out


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository that leaves one line out, and lists nothing."""
    (tmp_path / "src/backchannel/seal").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.coverage.run]\nbranch = true\n")
    (tmp_path / "src/backchannel/seal/keys.py").write_text("if x:  # pragma: no branch\n    y()\n")
    (tmp_path / "tests/coverage_exceptions.toml").write_text("")
    return tmp_path


def listing(line: str, reason: str) -> str:
    return f'[[left_out]]\nfile = "src/backchannel/seal/keys.py"\nline = "{line}"\nreason = "{reason}"\n'


def test_a_pragma_needs_a_reason(root: Path) -> None:
    exceptions = root / "tests/coverage_exceptions.toml"
    assert gate.left_out(root) == ["src/backchannel/seal/keys.py:1: left out with no reason listed: if x:"]
    exceptions.write_text(listing("if x:", ""))
    assert len(gate.left_out(root)) == 1
    exceptions.write_text(listing("if x:", "x is always true on Linux"))
    assert gate.left_out(root) == []


def test_a_reason_needs_its_line(root: Path) -> None:
    both = listing("if x:", "true on Linux") + listing("if z:", "gone")
    (root / "tests/coverage_exceptions.toml").write_text(both)
    assert gate.left_out(root) == [
        "coverage_exceptions.toml: src/backchannel/seal/keys.py leaves out no such line: if z:"
    ]


def test_settings_leave_nothing_out(root: Path) -> None:
    (root / "src/backchannel/seal/keys.py").write_text("")
    (root / "pyproject.toml").write_text('[tool.coverage.run]\nomit = ["*/seal/*"]\n')
    assert gate.left_out(root) == ["pyproject.toml: coverage.run.omit leaves lines out"]
