"""The house rules, held on the import graph: who may know whom, and what the core never reaches.

The rules are the tables below. The checker reads source text only; it imports nothing it checks.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

OURS = "backchannel"
SRC = Path(__file__).parent.parent / "src" / OURS

# --- the tables -----------------------------------------------------------------------------------

# Package -> the packages it may import. One that is not here fails: give it a row.
LEAVES = {"errors", "labels"}
LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "labels": set(),
    "entry": LEAVES,
    "seal": LEAVES | {"entry"},
    "ledger": LEAVES,
    "relay": LEAVES | {"ledger"},
    "channel": LEAVES | {"entry", "seal", "ledger"},
    "instruments": LEAVES | {"entry", "seal", "ledger", "channel"},
    "desk": LEAVES | {"entry", "seal", "ledger", "channel", "instruments", "papers"},
    "papers": LEAVES | {"entry"},
    "facts": LEAVES | {"entry", "channel", "instruments", "desk", "papers"},
    "web": LEAVES | {"entry", "channel", "instruments", "desk", "facts", "papers"},
    "cli": LEAVES | {"entry", "channel", "instruments", "desk", "facts", "relay", "demo", "web", "papers"},
    "demo": LEAVES | {"channel", "instruments", "desk", "relay", "papers"},
    "__main__": {"cli"},
    "__init__": set(),
}

# Package -> what it must not reach by any chain of imports.
UNREACHABLE: dict[str, set[str]] = {
    "relay": {"entry", "seal", "channel", "instruments", "desk", "web", "cli", "demo"},
}

# Package, or part of one -> modules of packages it may import that are not for it.
NOT_FOR: dict[str, set[str]] = {
    "facts": {"desk.vault"},
    "web": {"desk.vault"},
    "cli": {"desk.vault"},
    # The desk's own floors: the vault and the link know nothing of channels, the book nothing of who works with it.
    "desk.vault": {"entry", "seal", "ledger", "channel", "instruments", "desk.link", "desk.book"},
    "desk.link": {"entry", "seal", "channel", "instruments", "desk.vault", "desk.book"},
    "desk.book": {"desk.link"},
}

# No I/O, clock or chance in the core: they are passed in.
CORE = ("errors", "labels", "entry", "seal", "ledger", "channel", "instruments")
OUTSIDE = {
    *("os", "io", "pathlib", "tempfile", "sqlite3", "sqlcipher3", "logging", "importlib"),
    *("socket", "ssl", "httpx", "websockets", "starlette", "uvicorn"),
    *("asyncio", "threading", "multiprocessing", "concurrent", "subprocess"),
    *("time", "random", "secrets", "uuid"),
    *("typer", "rich"),
}
OUTSIDE_CALLS = {"open", "input", "print", "eval", "exec", "__import__"}
CLOCK_CALLS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today")

# In the core: library -> the modules, or packages, that may import it.
CRYPTO: dict[str, set[str]] = {
    "nacl": {"seal.primitives", "seal.group", "ledger.ed25519"},
    "cryptography": {"seal.primitives", "seal.attest"},
    "argon2": {"seal.primitives"},
    "shamir_mnemonic": {"seal.primitives"},
    "hmac": {"seal.primitives"},
    "hashlib": {"seal.primitives", "seal.group", "ledger", "entry", "channel", "instruments"},
}

# (module or package, what it imports or calls) -> the reason.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("seal", "concurrent.futures"): "group arithmetic over many entries may use every core",
}

# A longer module -> the reason it is one noun.
LINES = 400
LONG: dict[str, str] = {}

# --- the checker ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Import:
    """One name that one module imports, as an absolute dotted name."""

    target: str
    line: int
    typing_only: bool


@dataclass
class Module:
    """A module by its name inside the package (`seal.primitives`), with what was read from it."""

    name: str
    lines: int
    imports: list[Import]
    calls: list[tuple[str, int]]

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]


def within(name: str, other: str) -> bool:
    """Whether `name` is `other` or lies inside it."""
    return name == other or name.startswith(other + ".")


def is_typing_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def read_imports(node: ast.AST, name: str, is_package: bool, typing_only: bool = False) -> Iterator[Import]:
    """Every import in the tree, at any depth; relative ones are resolved."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, node.lineno, typing_only)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            here = [OURS, *name.split(".")] if name != "__init__" else [OURS]
            up = node.level - is_package
            base = ".".join([*here[: len(here) - up], *filter(None, [node.module])])
        for alias in node.names:
            yield Import(f"{base}.{alias.name}", node.lineno, typing_only)
    elif isinstance(node, ast.If) and is_typing_guard(node):
        for child in node.body:
            yield from read_imports(child, name, is_package, True)
        for child in node.orelse:
            yield from read_imports(child, name, is_package, typing_only)
    else:
        for part in ast.iter_child_nodes(node):
            yield from read_imports(part, name, is_package, typing_only)


def read(root: Path) -> dict[str, Module]:
    """Every module below `root`, by name."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts) or "__init__"
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, str(path))
        calls = [(ast.unparse(n.func), n.lineno) for n in ast.walk(tree) if isinstance(n, ast.Call)]
        imports = list(read_imports(tree, name, is_package))
        found[name] = Module(name, len(text.splitlines()), imports, calls)
    return found


def resolve(target: str, modules: dict[str, Module]) -> str | None:
    """Name the module of ours that an import loads: `backchannel.seal.keys.Key` loads `seal.keys`."""
    if not within(target, OURS):
        return None
    full = target.removeprefix(OURS).lstrip(".")
    name = full
    while name and name not in modules:
        name = name.rpartition(".")[0]
    # A folder without __init__.py, or a module that is not there, still counts as its package.
    return name or (full if full.partition(".")[0] in LAYERS else "__init__")


def reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        new = edges.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen


def excused(module: str, what: str) -> bool:
    return any(within(module, m) and within(what, w) for m, w in EXCEPTIONS)


def check_layers(modules: dict[str, Module]) -> Iterator[str]:
    for module in modules.values():
        if module.package not in LAYERS:
            yield f"{module.name}: package {module.package} has no row in LAYERS"
            continue
        allowed = LAYERS[module.package] | {module.package, "__init__"}
        for item in module.imports:
            target = resolve(item.target, modules)
            if target is None:
                continue
            if target.partition(".")[0] not in allowed:
                yield f"{module.name}:{item.line}: {module.package} may not import {target}"
            for part, banned in NOT_FOR.items():
                if within(module.name, part) and any(within(target, other) for other in banned):
                    yield f"{module.name}:{item.line}: {target} is not for {part}"


def check_graph(modules: dict[str, Module]) -> Iterator[str]:
    direct: dict[str, set[str]] = {}
    loads: dict[str, set[str]] = {}
    for module in modules.values():
        targets = {resolve(item.target, modules) for item in module.imports if not item.typing_only}
        named = {target for target in targets if target and target != module.name}
        direct[module.name] = named
        # Importing a.b.c runs a and a.b first.
        parents = {".".join(n.split(".")[:i]) for n in {*named, module.name} for i in range(1, n.count(".") + 1)}
        loads[module.name] = named | parents | {"__init__"}
    for name in modules:
        if name in reachable(name, direct):
            yield f"{name}: imports itself, through others"
        banned = UNREACHABLE.get(name.partition(".")[0], set())
        for target in sorted(reachable(name, loads)):
            if target.partition(".")[0] in banned:
                yield f"{name}: reaches {target}"


def check_core(modules: dict[str, Module]) -> Iterator[str]:
    for module in modules.values():
        if module.package not in CORE:
            continue
        for item in module.imports:
            library = item.target.partition(".")[0]
            where = f"{module.name}:{item.line}"
            if excused(module.name, item.target):
                continue
            if library in OUTSIDE and not item.typing_only:
                yield f"{where}: the core does not reach {item.target}; have it passed in"
            if library in CRYPTO and not any(within(module.name, holder) for holder in CRYPTO[library]):
                yield f"{where}: {library} is for {' and '.join(sorted(CRYPTO[library]))} only"
        for call, line in module.calls:
            clock = any(call == name or call.endswith(f".{name}") for name in CLOCK_CALLS)
            if (call in OUTSIDE_CALLS or clock) and not excused(module.name, call):
                yield f"{module.name}:{line}: the core does not call {call}(); have its result passed in"


def check_size(modules: dict[str, Module]) -> Iterator[str]:
    for module in modules.values():
        if module.lines > LINES and module.name not in LONG:
            yield f"{module.name}: {module.lines} lines; would this be two nouns?"


def check(root: Path) -> list[str]:
    """Every breach of the rules below `root`, one line each."""
    modules = read(root)
    return [line for part in (check_layers, check_graph, check_core, check_size) for line in part(modules)]


# --- the tests ------------------------------------------------------------------------------------


def test_the_house_is_in_order() -> None:
    assert not check(SRC), "\n" + "\n".join(check(SRC))


def build(root: Path, files: dict[str, str]) -> Path:
    """A small package on disk."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


SOUND = {
    "__init__.py": "",
    "errors.py": "class Misuse(Exception): ...\n",
    "entry/__init__.py": "from .codec import encode\n",
    "entry/codec.py": "from typing import TYPE_CHECKING\nfrom datetime import datetime\n"
    "from backchannel.errors import Misuse\nif TYPE_CHECKING:\n    from .kinds import Kind\n",
    "entry/kinds.py": "from . import codec\nfrom .codec import encode\n",
    "seal/__init__.py": "",
    "seal/primitives.py": "import hashlib, hmac\nfrom nacl import bindings\nfrom ..entry import codec\n",
    "seal/proofs.py": "from concurrent.futures import ProcessPoolExecutor\nfrom . import primitives\n",
    "ledger/__init__.py": "",
    "ledger/tree.py": "import hashlib\n",
    "ledger/ed25519.py": "import nacl.signing\n",
    "relay/app.py": "import time, os, asyncio\nfrom backchannel.ledger import tree\nopen('x')\n",
    "desk/__init__.py": "",
    "desk/vault/vault.py": "import sqlcipher3\nfrom datetime import datetime\ndatetime.now()\n",
    "cli/__init__.py": "import backchannel.desk, backchannel.relay.app\n",
}


def test_a_sound_house_passes(tmp_path: Path) -> None:
    assert check(build(tmp_path, SOUND)) == []


@pytest.mark.parametrize(
    ("file", "text", "breach"),
    [
        ("errors.py", "from backchannel.entry import codec", "errors:1: errors may not import entry.codec"),
        ("entry/codec.py", "import backchannel.seal.primitives", "may not import seal.primitives"),
        ("entry/codec.py", "def f():\n    from ..seal import primitives", "entry.codec:2: entry may not"),
        ("entry/__init__.py", "from ..ledger import tree", "entry may not import ledger.tree"),
        ("seal/proofs.py", "from ..ledger import tree", "seal may not import ledger.tree"),
        ("ledger/tree.py", "from backchannel import entry", "ledger may not import entry"),
        ("relay/app.py", "from backchannel.entry.codec import encode", "relay may not import entry.codec"),
        ("channel/fold.py", "from backchannel.instruments import poll", "may not import instruments.poll"),
        ("desk/sync.py", "from backchannel.relay import app", "desk may not import relay.app"),
        ("cli/keys.py", "from backchannel.seal import primitives", "cli may not import seal.primitives"),
        ("cli/keys.py", "from backchannel.desk.vault import vault", "desk.vault.vault is not for cli"),
        ("desk/vault/keys.py", "from backchannel.entry import codec", "entry.codec is not for desk.vault"),
        ("gossip/a.py", "", "package gossip has no row in LAYERS"),
        ("ledger/tree.py", "from backchannel import entry", "relay.app: reaches entry.codec"),
        ("ledger/__init__.py", "import backchannel.seal.proofs", "relay.app: reaches seal.proofs"),
        ("entry/codec.py", "from .kinds import Kind", "entry.codec: imports itself, through others"),
        ("entry/codec.py", "from os import path", "entry.codec:1: the core does not reach os.path"),
        ("seal/primitives.py", "import secrets", "the core does not reach secrets"),
        ("entry/codec.py", "import concurrent.futures", "the core does not reach concurrent.futures"),
        ("entry/codec.py", "open('x')", "the core does not call open()"),
        (
            "ledger/tree.py",
            "import datetime\ndatetime.datetime.now()",
            "does not call datetime.datetime.now()",
        ),
        ("seal/proofs.py", "import hashlib", "hashlib is for"),
        ("ledger/tree.py", "import nacl.signing", "nacl is for ledger.ed25519 and seal.group and seal.primitives only"),
        ("entry/kinds.py", "x = 1\n" * 401, "entry.kinds: 401 lines; would this be two nouns?"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, file: str, text: str, breach: str) -> None:
    found = check(build(tmp_path, {**SOUND, file: text}))
    assert any(breach in line for line in found), found
