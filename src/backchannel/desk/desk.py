"""A desk: one person's vault and their channels. What the command line, the web app and Python programs open."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakSet

from backchannel.channel import acts
from backchannel.channel import code as codes
from backchannel.desk import joining
from backchannel.desk.book.aside import KEPT_APART
from backchannel.desk.book.book import Book
from backchannel.desk.book.items import ASIDE
from backchannel.desk.channel import Channel
from backchannel.desk.drafts import Drafts
from backchannel.desk.link.client import RelayClient
from backchannel.desk.session import Session
from backchannel.desk.vault import backup as backups
from backchannel.desk.vault.keyfile import DEFAULT_COST, Cost
from backchannel.desk.vault.vault import Vault
from backchannel.entry import text
from backchannel.errors import Misuse, RelayRefused, Unreachable
from backchannel.instruments.base import WAITS
from backchannel.seal.keys import Identity, Random

EXCLUDED = {
    "sending": "1",
    "pocket": f"place NOT IN (SELECT place FROM item WHERE until IS NULL AND instrument IN ({ASIDE}))",  # noqa: S608
    **dict.fromkeys(KEPT_APART, "1"),
    "outbox": "aside",
    "draft": "1",
}
SCRUBBED = (
    "UPDATE outbox SET frames = NULL, epoch = NULL, stage = 'written' WHERE stage <> 'returned'",
    f"UPDATE pocket SET value = x'{WAITS.hex()}'",  # noqa: S608 - of what is over: a restored desk confirms it too
)
Progress = Callable[[int, int], None]
_CODE = re.compile(r"[0-9a-fA-F]{64}")


class Desk:
    """An open desk. Close it, or use it as a context manager.

    with Desk.open("~/desk", passphrase) as desk:
        channel = desk.channel("Good offices")
        channel.sync()
        channel.send_note("The cape, not the meridian.")
    """

    def __init__(
        self,
        vault: Vault,
        *,
        proxy: str | None = None,
        ca_file: Path | None = None,
        clock: Callable[[], float] = time.time,
        random: Random = os.urandom,
    ) -> None:
        self.vault, self.clock, self.random = vault, clock, random
        self._proxy, self._ca_file = proxy, ca_file
        self._open: dict[int, Channel] = {}
        self._clients: WeakSet[RelayClient] = WeakSet()
        self._turn, self._hung_up = threading.Lock(), False
        self.drafts = Drafts(vault, clock)

    @classmethod
    def create(cls, folder: Path | str, passphrase: str, *, cost: Cost = DEFAULT_COST, **options: Any) -> Desk:
        """Make a desk in `folder`; options as in `Desk`. Raises as `Vault.create`."""
        return cls(Vault.create(Path(folder).expanduser(), passphrase, cost=cost), **options)

    @classmethod
    def open(cls, folder: Path | str, passphrase: str, **options: Any) -> Desk:
        """Open the desk in `folder`; options as in `Desk`. Raises as `Vault.open`."""
        desk = cls(Vault.open(Path(folder).expanduser(), passphrase), **options)
        desk.sweep()
        return desk

    def sweep(self) -> None:
        """Destroy drafts that are too old, wholly. For a desk that stays open, too: a day may pass, and more."""
        if self.drafts.sweep():
            self.vault.settle()

    def close(self) -> None:
        """Close the connections and the vault, from any thread; no key stays. Who is still at work gets an error."""
        self.hang_up()
        self.vault.close()
        for channel in [*self._open.values()]:
            channel.session.forget()

    def hang_up(self) -> None:
        """End every connection to a relay, from any thread: whoever waits for one gets an error at once."""
        with self._turn:
            self._hung_up = True
            clients = [*self._clients]
        for client in clients:
            client.close()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the vault as a whole

    def backup(self, target: Path | str, passphrase: str, *, progress: Progress = lambda done, total: None) -> None:
        """Write a backup, encrypted under its own passphrase. Sending chains do not travel: a restored desk starts new
        ones (spec/sealing.md, 4.7). Raises as `backup.backup`."""
        backups.backup(self.vault, target, passphrase, exclude=EXCLUDED, scrub=SCRUBBED, progress=progress)

    @classmethod
    def restore(
        cls,
        source: Path | str,
        folder: Path | str,
        passphrase: str,
        *,
        progress: Progress = lambda done, total: None,
        **options: Any,
    ) -> Desk:
        """A new desk in `folder` from a backup. Raises as `backup.restore`."""
        return cls(backups.restore(source, Path(folder).expanduser(), passphrase, progress=progress), **options)

    def change_passphrase(self, old: str, new: str) -> None:
        """From now on the desk opens by `new`. Raises as `Vault.change_passphrase`."""
        self.vault.change_passphrase(old, new)

    @property
    def proxy(self) -> str | None:
        """By what the relays are reached, if not directly."""
        return self._proxy

    def setting(self, name: str) -> str | None:
        """What its person has chosen for all faces, if anything."""
        return self.vault.meta(f"setting-{name}")

    def set_setting(self, name: str, value: str) -> None:
        """Remember what its person has chosen."""
        self.vault.set_meta(f"setting-{name}", value)

    @property
    def restored(self) -> bool:
        """Whether this desk was made from a backup."""
        return self.vault.meta(backups.RESTORED) == "1"

    # --- channels

    def channels(self) -> list[Channel]:
        """All channels of this desk, in the order in which it came to them."""
        return [self._channel(row[0]) for row in self.vault.query("SELECT c FROM channel ORDER BY c")]

    def channel(self, which: str | None = None) -> Channel:
        """The channel that a person means: by the beginning of its title, or of its id in hex; or the only one."""
        channels = self.channels()
        found = [c for c in channels if which is None or _means(c, which)]
        if len(found) == 1:
            return found[0]
        if not channels:
            raise Misuse("no-channel", "This desk is in no channel yet.", "Found one, or join one by its code.")
        titles = ", ".join(f"{c.state.title or 'untitled'} ({c.id.hex()[:8]})" for c in found or channels)
        what = "Several channels could be meant" if found else f"No channel is called {which!r}"
        raise Misuse("which-channel", f"{what}: {titles}.", "Name one with --channel.")

    def found(
        self, relay: str, *, title: str, purpose: str, name: str, party: str, role: str, founding_code: str = ""
    ) -> Channel:
        """Found a channel at a relay, whose key is remembered from now on.

        Raises `Misuse` or `Malformed` for names that cannot be, `Unreachable` or `RelayRefused` if the relay does not
        found it: then nothing was made.
        """
        title, purpose, name, party = (text.tidy(typed) for typed in (title, purpose, name, party))
        if role not in acts.ROLES:
            raise Misuse("role", f"There is no role {role!r}.", f"Roles: {', '.join(acts.ROLES)}.")
        text.line(title, "title")
        text.prose(purpose, "purpose", 2_000)
        text.line(name)
        text.line(party, "party")
        if founding_code and not _CODE.fullmatch(founding_code):
            raise Misuse("founding-code", "A host's founding code has 64 hexadecimal digits.", "Ask the host for it.")
        with self._client(relay, None) as client:
            key = client.info().key

        def founder(identity: Identity) -> acts.Found:
            return acts.Found(title, purpose, identity.keys, name, party, role)

        book = joining.found(
            self.vault, relay, key, founder, now=self.clock(), random=self.random, founding_code=founding_code
        )
        channel = self._channel(book.c)
        try:
            return self._entered(channel)
        except BaseException:
            if not book.cover().founded:
                self.discard(channel)
            raise

    def join(self, code: str) -> Channel:
        """Join a channel by its code. Raises `Malformed("code")`, and as `joining.join`.

        Should the relay be lost on the way, the entries that join wait in the outbox.
        """
        parsed = codes.read(code)
        with self._client(parsed.relay, None) as client:
            book = joining.join(self.vault, parsed, client, now=self.clock, random=self.random)
        channel = self._entered(self._channel(book.c))
        if channel.state.stage != "empty" and channel.state.seat(channel.me) is None and not book.outbox.count():
            self._leave(channel)  # somebody else was faster
            raise joining.over()
        return channel

    def discard(self, channel: Channel) -> None:
        """Forget a channel that its relay refused to make: nobody else has ever seen it. `Misuse` for any other."""
        book = channel.session.book
        if book.cover().founded:
            raise Misuse("founded", "The relay has this channel, and others may be in it: it cannot be discarded.")
        self._leave(channel)

    def _leave(self, channel: Channel) -> None:
        book = channel.session.book
        with channel.session.turn(), self.vault.transaction():
            self.vault.execute("DELETE FROM meta WHERE name = ?", (f"founding-code-{book.c}",))
            self.vault.execute("DELETE FROM channel WHERE c = ?", (book.c,))
        self._open.pop(book.c, channel).client.close()

    def _entered(self, channel: Channel) -> Channel:
        try:
            channel.sync()
        except (Unreachable, RelayRefused):
            if not channel.session.book.cover().founded:
                raise
        return channel

    def _channel(self, c: int) -> Channel:
        if c not in self._open:
            cover = Book(self.vault, c).cover()
            session = Session(self.vault, c, self.clock, self.random)
            self._open[c] = Channel(session, self._client(cover.relay, cover.isolation))
        return self._open[c]

    def _client(self, relay: str, isolation: str | None) -> RelayClient:
        made = self._dialled(relay, isolation)
        with self._turn:
            self._clients.add(made)
            if self._hung_up:
                made.close()
        return made

    def _dialled(self, relay: str, isolation: str | None) -> RelayClient:
        return RelayClient(relay, proxy=self._proxy, isolation=isolation or self.random(8).hex(), ca_file=self._ca_file)


def _means(channel: Channel, which: str) -> bool:
    wanted = text.folded(which)
    titled = bool(wanted) and text.folded(channel.state.title).startswith(wanted)
    return titled or (len(which) >= 4 and channel.id.hex().startswith(which.lower()))
