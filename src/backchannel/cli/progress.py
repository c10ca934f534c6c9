"""Progress of what takes long: shown on a terminal only, and only once it has taken a while."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backchannel.cli import show

if TYPE_CHECKING:
    from rich.progress import Progress

Told = Callable[[int, int], None]
AFTER = 0.7
"""Seconds before anything is shown: a bar that only flashes is worse than none."""


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Told]:
    """For a block that calls what it is given with (done, total), or never. `quiet`: show nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    bar = _Bar(what)
    timer = threading.Timer(AFTER, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield bar.told
    finally:
        timer.cancel()
        bar.stop()


class _Bar:
    def __init__(self, what: str) -> None:
        self._what = what
        self._state: tuple[int, int | None] = (0, None)
        self._turn = threading.Lock()
        self._ended = False
        self._shown: Progress | None = None

    def start(self) -> None:
        """Show it; called by the timer."""
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        with self._turn:
            if self._ended:
                return
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TimeElapsedColumn(),
            )
            self._shown = Progress(*columns, console=show.console(sys.stderr), transient=True)
            self._task = self._shown.add_task(show.foreign(self._what), total=self._state[1], completed=self._state[0])
            self._shown.start()

    def told(self, done: int, total: int) -> None:
        """So much of so much is done."""
        with self._turn:
            self._state = (done, total or None)
            if self._shown is not None:
                self._shown.update(self._task, completed=done, total=total or None)

    def stop(self) -> None:
        """Take it away."""
        with self._turn:
            self._ended = True
            if self._shown is not None:
                self._shown.stop()
