"""Three people at a table, and the envoy of Argentina in her browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.world import World, talks
from tests.web.kit import Browser, browsing


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        yield made


@pytest.fixture
def browser(world: World) -> Iterator[Browser]:
    with browsing(world, "ana") as one:
        yield one
