"""The outbox: how what waits stands is known without reading what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backchannel.desk import texts
from backchannel.desk.book.intent import Act, Say
from tests.desk.world import World, offline, talks


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as found:
        yield found


def test_what_waits_by_its_kind_whoever_wrote_it_down(world: World) -> None:
    ana = world["ana"]
    offline(ana)
    ana.send_note("One.")
    texts.open_(ana, "Treaty", ["They leave."])
    ana.invite("Late", "Peru", "envoy")
    box = ana.session.book.outbox
    both = [row.intent.kind for row in box.waiting("note.send", "text.open") if isinstance(row.intent, Say)]
    assert both == ["note.send", "text.open"]
    assert [type(row.intent) for row in box.waiting("act")] == [Act]
    assert box.waiting("step.piece", "welcome") == []
    now = {kind: box.waiting(kind) for kind in ("note.send", "act", "welcome")}
    ana.session.vault.execute("UPDATE outbox SET kind = ''")  # by an older program
    assert {kind: box.waiting(kind) for kind in now} == now
    box.set_returned(box.marks()[0].n, "No.")
    assert [row.why for row in box.returned("note.send")] == ["No."]
    assert box.waiting("note.send") == []
    assert (box.count(), len(box.marks())) == (2, 3)


def test_what_is_sealed_is_what_has_frames(world: World) -> None:
    ana = world["ana"]
    offline(ana)
    ana.send_note("One.")
    box = ana.session.book.outbox
    (row,) = box.marks()
    assert row.epoch is not None
    assert box.frames(row.n)
    box.set_unsealed([row.n])
    assert (box.frames(row.n), box.marks()[0].epoch, box.frames(row.n + 1)) == (b"", None, b"")


def test_nothing_long_is_read_to_know_how_it_stands(world: World) -> None:
    """SQLite reads through whatever stands before a column; from the index alone, through nothing."""
    ana, asked = world["ana"], list[str]()
    vault, query = ana.session.vault, ana.session.vault.query
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vault, "query", lambda *given: asked.append(given[0]) or query(*given))  # type: ignore[func-returns-value]
        ana.session.book.outbox.count()
    (plan,) = query(f"EXPLAIN QUERY PLAN {asked[0]}", (1,))
    assert "COVERING INDEX outbox_marks" in plan[3]
