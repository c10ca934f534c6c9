"""Our own vectors of bundles: each file is read and verified, or refused, as its case says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backchannel.errors import Malformed
from backchannel.instruments.disclosure import bundle as bundles
from tools import make_vectors_disclosure as maker

FILES = sorted(maker.FOLDER.glob("*.json"))


def verdict(text: str) -> str:
    try:
        bundles.verify(bundles.read(text.encode()))
    except Malformed as problem:
        return problem.code
    return "ok"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_case_is_judged_as_it_says(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    assert verdict(case["text"]) == case["class"]


def test_there_are_all_of_them() -> None:
    assert {path.stem for path in FILES} == set(maker.cases())
