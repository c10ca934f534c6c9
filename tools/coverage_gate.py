"""Hold branch coverage to its gates, package by package; run after `pytest --cov`.

The core is covered whole. A line left out of it is listed, with its reason, in
tests/coverage_exceptions.toml.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WHOLE = ("entry", "seal", "ledger", "channel", "instruments")
REST = 90.0

# Both of coverage's pragmas. Its other default exclusions are `...` bodies and `if TYPE_CHECKING:`,
# which never run.
PRAGMA = re.compile(r"#\s*pragma[:\s]?\s*no\s*(cover|branch)", re.IGNORECASE)
# Settings that would leave lines out without a word at the line.
SILENT = {"omit", "exclude_lines", "exclude_also", "partial_branches", "partial_also"}


@dataclass
class Tally:
    """What one package has to run, what ran, and where it did not."""

    total: int = 0
    ran: int = 0
    gaps: list[str] = field(default_factory=list)

    def percent(self) -> float:
        return 100.0 * self.ran / self.total


def group(file: str) -> str | None:
    """Name the package, or top-level module, that a measured file belongs to."""
    parts = Path(file).with_suffix("").parts
    if "backchannel" not in parts:
        return None
    return parts[parts.index("backchannel") + 1]


def tallies(report: dict[str, Any]) -> dict[str, Tally]:
    """Sum coverage's JSON report by package."""
    found: dict[str, Tally] = {}
    for file, data in report["files"].items():
        name = group(file)
        if name is None:
            continue
        summary = data["summary"]
        tally = found.setdefault(name, Tally())
        tally.total += summary["num_statements"] + summary["num_branches"]
        tally.ran += summary["covered_lines"] + summary["covered_branches"]
        if data["missing_lines"]:
            tally.gaps.append(f"{file}: lines {', '.join(map(str, data['missing_lines']))}")
        if data["missing_branches"]:
            arcs = (f"{a}->{b if b > 0 else 'exit'}" for a, b in data["missing_branches"])
            tally.gaps.append(f"{file}: branches {', '.join(arcs)}")
    return found


def low(found: dict[str, Tally]) -> list[str]:
    """Print a line for each package, and return what is below its gate."""
    problems = []
    for name in sorted({*found, *WHOLE}):
        tally = found.get(name, Tally())
        if not tally.total:
            print(f"  {name:12} no code yet")
            continue
        gate = 100.0 if name in WHOLE else REST
        print(f"  {name:12} {tally.percent():6.2f} %  (gate {gate:.0f} %)")
        if tally.percent() < gate:
            problems += [f"{name} is below {gate:.0f} %:", *(f"  {gap}" for gap in tally.gaps)]
    return problems


def left_out(root: Path) -> list[str]:
    """Return what is left out without a listed reason, and reasons for what is no longer left out."""
    problems = []
    settings = tomllib.loads((root / "pyproject.toml").read_text()).get("tool", {}).get("coverage", {})
    for section, values in settings.items():
        for key in sorted(SILENT & values.keys()):
            problems.append(f"pyproject.toml: coverage.{section}.{key} leaves lines out")

    listed: dict[tuple[str, str], str] = {}
    exceptions = root / "tests" / "coverage_exceptions.toml"
    for item in tomllib.loads(exceptions.read_text()).get("left_out", []):
        listed[item["file"], item["line"].strip()] = item["reason"].strip()

    seen = set()
    for package in WHOLE:
        for path in sorted((root / "src" / "backchannel" / package).rglob("*.py")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if pragma := PRAGMA.search(line):
                    file, code = path.relative_to(root).as_posix(), line[: pragma.start()].strip()
                    seen.add((file, code))
                    if not listed.get((file, code)):
                        problems.append(f"{file}:{number}: left out with no reason listed: {code}")
    for file, code in sorted(listed.keys() - seen):
        problems.append(f"{exceptions.name}: {file} leaves out no such line: {code}")
    return problems


def main() -> int:
    """Read the run's data, print the table, and say what fails."""
    root = Path(__file__).parent.parent
    coverage = [sys.executable, "-m", "coverage"]
    if subprocess.run([*coverage, "json", "-q", "-o", "coverage.json"], cwd=root).returncode:
        print("coverage: no report; did the tests run with --cov?", file=sys.stderr)
        return 1
    report = json.loads((root / "coverage.json").read_text())
    problems = low(tallies(report)) + left_out(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
