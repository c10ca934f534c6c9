"""Run the benchmarks, show a table, keep bench/results.json."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import bench

RESULTS = Path(__file__).with_name("results.json")
COLUMNS = ("name", "value", "unit", "limit", "limit_value", "peer", "peer_value", "ratio")


def machine() -> str:
    """What the figures were measured on, without its name."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def chosen(only: str) -> list[str]:
    """The names that are `only`, or begin with it."""
    return sorted(name for name in bench.REGISTRY if name == only or name.startswith(only))


def merged(rows: list[dict[str, Any]], run: list[str], everything: bool) -> list[dict[str, Any]]:
    """The new rows, and the old ones of benchmarks that were not run this time."""
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    kept = [row for row in old if not any(row["name"].startswith(name) for name in run)]
    return sorted([*rows, *([] if everything else kept)], key=lambda row: str(row["name"]))


def main() -> int:
    """Everything, or what ONLY names; 1 where ONLY names nothing."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("_"):
            importlib.import_module(f"bench.{module.name}")
    console = Console(width=160)
    only = os.environ.get("ONLY", "")
    names = chosen(only)
    if not names:
        console.print(f"No benchmark is named {only!r}. There are: {', '.join(sorted(bench.REGISTRY))}")
        return 1
    table = Table(*COLUMNS)
    rows: list[dict[str, Any]] = []
    for name in names:
        console.print(f"[dim]{name}: {(bench.REGISTRY[name].__doc__ or '').splitlines()[0]}")
        for row in bench.REGISTRY[name]():
            found = {**asdict(row), "ratio": row.ratio, "machine": machine()}
            rows.append({**found, "date": datetime.now(UTC).date().isoformat()})
            table.add_row(*(_cell(found[column]) for column in COLUMNS))
    console.print(table)
    RESULTS.write_text(json.dumps(merged(rows, names, not only), indent=1) + "\n")
    return 0


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
    return "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
