from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import transcript

FOLDER = Path(__file__).parent / "transcripts"


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.txt")))
def test_transcript(name: str, short: Path, relay: str) -> None:
    steps = transcript.parse((FOLDER / name).read_text(encoding="utf-8"), name)
    assert steps
    transcript.run(steps, {}, {"RELAY": relay}, short)


@pytest.mark.parametrize(
    ("expected", "said", "fits"),
    [
        (["a*c"], ["abc"], True),
        (["a*c"], ["ab"], False),
        (["a", "...", "z"], ["a", "m", "z"], True),
        (["a", "...", "z"], ["a", "z"], True),
        (["a", "z"], ["a", "m", "z"], False),
        (["a.c"], ["abc"], False),
        (["a", "..."], ["b"], False),
    ],
)
def test_a_transcript_can_fail(expected: list[str], said: list[str], fits: bool) -> None:
    assert transcript.matches(expected, said) is fits
