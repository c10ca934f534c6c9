"""`backchannel desk sync --watch`: what comes, as it comes, from every channel at once."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import typer

from backchannel.cli import news, show, step_news
from backchannel.cli.context import Work, trouble_facts
from backchannel.cli.options import FAILED
from backchannel.cli.show import BAD, DIM, STRONG, Facts, Page
from backchannel.desk import turns
from backchannel.desk.channel import Channel
from backchannel.errors import BackchannelError, RelayRefused, Unreachable

AGAIN = 5.0
"""Seconds before a relay is asked again that did not answer the first time."""
_LOOK = 0.2
_END = 5.0


class Heard(NamedTuple):
    """Something to print: `end` when this channel is over."""

    facts: Facts
    end: bool = False


def stay(work: Work, channels: list[Channel]) -> None:
    """Print until Ctrl-C (or SIGTERM). With --json, one object a line. Exit code 1 if a relay was caught lying."""
    stop, heard = threading.Event(), queue.SimpleQueue[Heard]()
    threads = [threading.Thread(target=_follow, args=(one, stop, heard), daemon=True) for one in channels]
    with _stopped_by_signals(stop):
        titles = [one.state.title for one in channels]
        show.tell({"event": "watching", "channels": titles}, _watching, as_json=work.given.json)
        for thread in threads:
            thread.start()
        lost, open_ = False, len(threads)
        while open_ and not stop.is_set():
            try:
                one = heard.get(timeout=_LOOK)
            except queue.Empty:
                continue
            open_ -= one.end
            lost = lost or one.end
            show.tell(one.facts, _heard, as_json=work.given.json)
        stop.set()
    for thread in threads:
        thread.join(_END)
    if lost:
        raise typer.Exit(FAILED)


def _follow(channel: Channel, stop: threading.Event, heard: queue.SimpleQueue[Heard]) -> None:
    """Follow one channel; whatever ends it is told."""
    title = channel.state.title

    def silent(error: object) -> None:
        told = trouble_facts(error) if isinstance(error, BackchannelError) else None
        heard.put(Heard({"event": "silent" if told else "back", "channel": title, "trouble": told}))

    while not stop.is_set():
        before = turns.seen(channel)
        try:
            for events in channel.watch(stop, silent):
                moved, before = step_news.moved(channel, before), turns.seen(channel)
                for found in [*news.of_all(channel, events), *moved]:
                    heard.put(Heard({"event": "new", "channel": channel.state.title, **found}))
            if not stop.is_set():
                heard.put(Heard({"event": "ended", "channel": title, "trouble": None}, end=True))
            return
        except (Unreachable, RelayRefused) as error:
            silent(error)
            stop.wait(AGAIN)
        except BackchannelError as error:
            heard.put(Heard({"event": "ended", "channel": title, "trouble": trouble_facts(error)}, end=True))
            return
        except Exception as error:
            # A thread has nobody above it to tell: it is told as the command would tell it.
            told = {
                "code": "bug",
                "what": f"This program made a mistake ({type(error).__name__}).",
                "safe": "",
                "todo": "",
            }
            heard.put(Heard({"event": "ended", "channel": title, "trouble": told}, end=True))
            return


def _watching(page: Page, told: Facts) -> None:
    page.say(f"Watching {show.names(told['channels'])}. Ctrl-C ends it.", DIM)


def _heard(page: Page, told: Facts) -> None:
    if told["event"] == "new":
        page.say(f"{told['channel']}, {show.local(told['arrived'])}", DIM)
        news.draw(page, told)
    elif told["event"] == "back":
        page.say(f"{told['channel']}: the relay is back.", DIM)
    elif told["trouble"] is None:
        page.say(f"{told['channel']}: you are no longer in this channel.", STRONG)
    else:
        trouble = told["trouble"]
        page.say(f"{told['channel']}: {trouble['what']}", BAD if told["event"] == "ended" else "yellow")
        page.say(f"  {trouble['safe']} {trouble['todo']}")


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM end the watch, and are no error."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
