"""Labels: one for each purpose, in one module; and the encoding that they head."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel import labels
from backchannel.labels import enc

SRC = Path(labels.__file__).parent
LABELS = {name: value for name, value in vars(labels).items() if name.isupper() and name != "PREFIX"}


def literals(source: str) -> Iterator[str]:
    """Every string in a module that is not a docstring, bytes as text, the fixed parts of f-strings among them."""
    tree = ast.parse(source)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docs:
            if isinstance(node.value, str):
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode("latin-1")


def strays(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}: {text}"
        for path in sorted(root.rglob("*.py"))
        if path != root / "labels.py"
        for text in literals(path.read_text(encoding="utf-8"))
        if "bc1/" in text
    ]


def test_no_two_labels_are_alike() -> None:
    assert len(LABELS) > 20
    assert len(set(LABELS.values())) == len(LABELS)


def test_every_label_starts_alike_and_is_plain() -> None:
    assert labels.PREFIX == "bc1/"
    for name, label in LABELS.items():
        flat = re.sub("(sounding|hat|text)/", r"\1-", label)
        assert flat == labels.PREFIX + name.lower().replace("_", "-")


def test_no_label_stands_elsewhere() -> None:
    assert strays(SRC) == []


@pytest.mark.parametrize("text", ['x = "bc1/entry"', 'x = b"bc1/entry"', 'x = f"bc1/{y}"', 'def f(x="abc1/z"): ...'])
def test_a_stray_label_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(f'"""bc1/ in a docstring is prose."""\n{text}\n')
    assert len(strays(tmp_path)) == 1


def test_every_label_is_used() -> None:
    used = "".join(path.read_text(encoding="utf-8") for path in SRC.rglob("*.py") if path != SRC / "labels.py")
    assert [name for name in LABELS if not re.search(rf"\blabels\.{name}\b", used)] == []


# --- enc


parts = st.lists(st.binary(max_size=12), max_size=5)


@given(parts, parts)
def test_enc_is_injective(one: list[bytes], two: list[bytes]) -> None:
    assert (enc(*one) == enc(*two)) == (one == two)


@given(st.binary(max_size=20), st.data())
def test_enc_is_injective_where_parts_meet(whole: bytes, data: st.DataObject) -> None:
    """The hard case: the same bytes, cut elsewhere."""
    cuts = st.lists(st.integers(0, len(whole)), max_size=4).map(sorted)
    one, two = (
        [whole[a:b] for a, b in zip([0, *at], [*at, len(whole)], strict=True)]
        for at in (data.draw(cuts), data.draw(cuts))
    )
    assert (enc(*one) == enc(*two)) == (one == two)
    # plain joining is not: this test can fail
    assert b"".join(one) == b"".join(two)


@given(parts)
def test_enc_can_be_read_back(items: list[bytes]) -> None:
    raw, found = enc(*items), []
    while raw:
        size = int.from_bytes(raw[:4], "big")
        found.append(raw[4 : 4 + size])
        raw = raw[4 + size :]
    assert found == items


def test_enc_of_text_and_integers() -> None:
    assert enc("é", 1) == b"\0\0\0\x02\xc3\xa9" + b"\0\0\0\x08" + bytes(7) + b"\x01"
    for bad in (-1, 2**64):
        with pytest.raises(OverflowError):
            enc(bad)
