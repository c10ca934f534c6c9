"""The page of states is what the tables say."""

from __future__ import annotations

from tools import make_states


def test_the_page_is_fresh() -> None:
    assert make_states.FILE.read_text(encoding="utf-8") == make_states.page(), "run: python tools/make_states.py"


def test_every_table_is_on_it() -> None:
    page = make_states.page()
    for title in ("## The roster", "## Note", "## Understanding"):
        assert title in page
    assert page.count("```mermaid") == page.count("stateDiagram-v2") == page.count("\n## ")
