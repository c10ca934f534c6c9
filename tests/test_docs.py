"""The documents hold: links lead somewhere, commands exist, tests that are named exist."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "spec").glob("*.md")])

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as forges make them."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def broken_links(page: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        if not to.exists():
            yield f"{page.name}: {target} leads nowhere"
        elif anchor and anchor not in anchors(to):
            yield f"{page.name}: {target} has no such heading"


def commands(text: str) -> list[str]:
    """Every line of an indented or fenced block that begins with our command, continued lines joined."""
    joined = re.sub(r" *\\\n\s*", " ", text)
    found = re.findall(r"^(?:    |\t)?\$? ?((?:\S*/)?backchannel .+)$", joined, re.M)
    return [re.sub(r"\s{2,}#.*$", "", line).strip() for line in found if not line.startswith("backchannel/")]


def misuse(root: Any, line: str) -> str | None:
    """What is wrong with a command line: a command or option that does not exist."""
    words = shlex.split(line.partition(" && ")[0])[1:]
    command = root
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        command = command.commands.get(words.pop(0))
        if command is None:
            return f"{line}: there is no such command"
        while words and words[0] == "|":
            words.clear()
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}
    strange = [word for word in words if word.startswith("-") and word != "-" and word.split("=")[0] not in known]
    return f"{line}: there is no {strange[0]}" if strange else None


def defined(file: Path) -> set[str]:
    return {
        n.name for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def missing_tests(text: str) -> list[str]:
    return [f"{f}::{n}" for f, n in TEST.findall(text) if not (ROOT / f).is_file() or n not in defined(ROOT / f)]


@pytest.fixture(scope="module")
def tree() -> Any:
    from backchannel.cli.app import app

    return typer.main.get_command(app)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    assert not list(broken_links(page))


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_commands_exist(page: Path, tree: Any) -> None:
    wrong = [problem for line in commands(page.read_text()) if (problem := misuse(tree, line))]
    assert not wrong


def test_the_readme_shows_commands() -> None:
    assert len(commands((ROOT / "README.md").read_text())) > 20


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_tests_that_are_named_exist(page: Path) -> None:
    assert not missing_tests(page.read_text())


def test_every_attack_names_a_test() -> None:
    text = (ROOT / "docs" / "attacks.md").read_text().partition("## What remains")[0]
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    assert len(rows) > 40
    assert not [row for row in rows if not TEST.search(row)]


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[\[>=<]", name)[0] for name in wanted}
    page = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text()
    assert names <= set(re.findall(r"^\| `([\w-]+)`", page, re.M))


def test_every_decision_is_told_in_four_parts() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages[1:]:
        assert re.findall(r"^\*\*(\w+)\.\*\*", page.read_text(), re.M) == [
            "Context",
            "Decision",
            "Why",
            "Consequences",
        ], page


def test_limits_come_before_the_quick_start() -> None:
    text = (ROOT / "README.md").read_text()
    assert text.index("What it does not protect") < text.index("Quick start")
    assert "no external audit" in text


# --- the checks can fail


def test_a_link_to_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One head\n[a](#one-head) [b](#two) [c](gone.md) [d](page.md) [e](https://example.org)\n")
    assert list(broken_links(page)) == ["page.md: #two has no such heading", "page.md: gone.md leads nowhere"]


def test_a_command_that_does_not_exist_is_found(tree: Any) -> None:
    text = "    backchannel note send 'x' --to B   # c\n    backchannel note sing\n"
    text += "\n    backchannel note send \\\n      --too B\n"
    assert [misuse(tree, line) for line in commands(text)] == [
        None,
        "backchannel note sing: there is no such command",
        "backchannel note send --too B: there is no --too",
    ]


def test_a_test_that_does_not_exist_is_found() -> None:
    here = "tests/test_docs.py"
    assert missing_tests(f"`{here}::test_links_lead_somewhere` `{here}::test_nothing` `tests/none.py::test_x`") == [
        f"{here}::test_nothing",
        "tests/none.py::test_x",
    ]
