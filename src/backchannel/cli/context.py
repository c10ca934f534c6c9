"""One command at an open desk: which channel, in step with the relay, and what became of what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from backchannel.cli import ask, show
from backchannel.cli.options import FAILED, Settings, settings
from backchannel.cli.progress import progress
from backchannel.cli.show import Draw, Facts
from backchannel.errors import BackchannelError, Misuse, RelayRefused, Unreachable

if TYPE_CHECKING:
    from backchannel.desk.book.outbox import Waiting
    from backchannel.desk.channel import Channel
    from backchannel.desk.desk import Desk


class Work:
    """What a command works with."""

    def __init__(self, desk: Desk, given: Settings) -> None:
        self.desk, self.given = desk, given
        self.trouble: BackchannelError | None = None
        """Why the relay could not be asked."""

    # --- the channel and its relay

    def channel(self) -> Channel:
        """The channel that `--channel` means, or the only one."""
        return self.desk.channel(self.given.channel)

    def read(self) -> Channel:
        """The channel, in step with the relay where that answers: for commands that only look."""
        channel = self.channel()
        try:
            self._sync(channel)
        except BackchannelError as error:
            self._lost(channel, error)
        return channel

    def ready(self) -> Channel:
        """The channel, in step with the relay where that answers: for commands that act.

        A relay that is silent or refuses is told at the end; one that lies ends the command before anything is written.
        """
        channel = self.channel()
        try:
            self._sync(channel)
        except (Unreachable, RelayRefused) as error:
            self._lost(channel, error)
        return channel

    def act(self, channel: Channel, deed: Callable[[], object]) -> str:
        """Do it, read it back from the relay, and say what became of it: `sent`, or `waits` on this desk.

        Raises `Misuse("returned")` when the log would not take it.
        """
        before = {row.n for row in outbox(channel)}
        with progress("Sealing and sending", quiet=self.given.json):
            deed()
        mine = {row.n for row in outbox(channel)} - before
        self.settle(channel)
        left = [row for row in outbox(channel) if row.n in mine]
        for row in left:
            if row.stage == "returned":
                raise Misuse("returned", f"This was not accepted: {row.why}", "See: backchannel channel show")
        return "waits" if left else "sent"

    def settle(self, channel: Channel) -> None:
        """Read back after an act. It is written by now, so whatever happens is told beside the result, not instead."""
        if self.trouble is not None:
            return  # the person has waited for this relay once
        try:
            self._sync(channel)
        except BackchannelError as error:
            self._lost(channel, error)

    def carry(self, channel: Channel, what: str) -> None:
        """Send the files that are on their way, `what`, until the log has all of them or takes no more now.

        They are on this desk, and go on by themselves with every later sync.
        """
        from backchannel.desk import files

        if self.trouble is not None:
            return
        try:
            with progress(f"Sending {what}", quiet=self.given.json) as told:
                files.carry(channel, told)
        except BackchannelError as error:
            self._lost(channel, error)

    def _sync(self, channel: Channel) -> None:
        from backchannel.desk import handovers

        gives = handovers.giving(channel) is not None
        with progress("Passing the dossier on" if gives else "Reading what is new", quiet=self.given.json) as told:
            # Nobody who asks for something else waits for a gigabyte.
            channel.sync(handovers.telling(channel, told), files=False)

    def _lost(self, channel: Channel, error: BackchannelError) -> None:
        from backchannel.desk.link.patience import Backoff

        self.trouble = error
        channel.client.backoff = Backoff(tries=1)

    # --- the answer

    def tell(self, facts: Facts, draw: Draw, channel: Channel | None = None) -> None:
        """Print the answer, with the channel's alarms and the relay's silence. A lying relay makes the exit code 1."""
        alarms = [] if channel is None else _alarms(channel)
        told: Facts = {"alarms": alarms, **facts}
        if channel is not None or self.trouble is not None:
            told["relay_trouble"] = None if self.trouble is None else trouble_facts(self.trouble)
        show.tell(told, draw, as_json=self.given.json)
        if self.trouble is not None and not isinstance(self.trouble, Unreachable | RelayRefused):
            raise typer.Exit(FAILED)


@contextmanager
def at_desk(ctx: typer.Context) -> Iterator[Work]:
    """An open desk for a block."""
    given = settings(ctx)
    connection = given.connection()
    check_there(given)
    phrase = ask.passphrase()
    from backchannel.desk.desk import Desk

    with progress("Opening the desk", quiet=given.json):
        desk = Desk.open(given.folder, phrase, **connection)
    with desk:
        work = Work(desk, given)
        try:
            yield work
        except Misuse as error:
            if work.trouble is None:
                raise
            stale = "The relay does not answer: this is what the desk knew when it last did."
            raise Misuse(error.code, error.what, f"{error.todo} {stale}".strip(), error.safe) from error


def check_there(given: Settings) -> None:
    """Before a passphrase is asked for: whether there is a desk at all."""
    if not given.folder.exists():
        raise Misuse(
            "no-desk",
            f"There is no desk in {given.folder}.",
            "Make one with: backchannel desk init (or name another folder with --desk).",
            "Nothing was done.",
        )


def trouble_facts(error: BackchannelError) -> Facts:
    """Why the relay could not be asked, and what that means for what was written."""
    if isinstance(error, Unreachable | RelayRefused):
        todo = "It goes at the next sync: backchannel desk sync"
        return {"code": error.code, "what": error.what, "safe": "What was written waits on this desk.", "todo": todo}
    return {"code": error.code, "what": error.what, "safe": error.safe, "todo": error.todo}


def outbox(channel: Channel) -> list[Waiting]:
    """What this desk has written and the log has not taken, what was returned to it included."""
    from backchannel.facts.outbox import rows

    return rows(channel)


def _alarms(channel: Channel) -> list[Facts]:
    from backchannel.facts.common import alarms

    return alarms(channel)
