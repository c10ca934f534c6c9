"""Three desks, each in a browser, with a text between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from backchannel.desk import texts
from backchannel.desk.channel import Channel
from backchannel.instruments.text.values import Text
from tests.desk.world import World, talks
from tests.web.kit import Browser, browsing

ALL = "/c/1/text"
NASTY = "<script>alert(1)</script> \u2019\u2019 مرحبا"
WORDS = [
    "They remain friends.",
    "They refrain from force [and withdraw].",
    "The line runs from [A to F / A to E].",
]


class Table:
    """Three desks, each in a browser; what one says, the others have read."""

    def __init__(self, world: World, browsers: dict[str, Browser]) -> None:
        self.world, self.browsers = world, browsers

    def __getitem__(self, name: str) -> Browser:
        self.settle()
        return self.browsers[name]

    def channel(self, name: str) -> Channel:
        self.settle()
        return self.world[name]

    def settle(self) -> None:
        self.world.settle()

    def item(self, name: str = "ana") -> Text:
        return self.channel(name).items("text")[-1].value  # type: ignore[no-any-return]

    def open(self, words: list[str] | None = None, title: str = "Treaty", pen: str = "sofia") -> str:
        texts.open_(self.world["sofia"], title, WORDS if words is None else words, pen=self.world[pen].me)
        return f"{ALL}/{self.item().at.position}"


@contextmanager
def sitting(folder: Path, names: tuple[str, ...] = ("ana", "hernan", "sofia"), **terms: Any) -> Iterator[Table]:
    """An open channel, each seat at a browser. `terms`: as of `talks`."""
    with talks(folder, names, **terms) as world, ExitStack() as stack:
        yield Table(world, {name: stack.enter_context(browsing(world, name, same=True)) for name in names})
