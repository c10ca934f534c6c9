"""The book of one channel: its rows in the vault, as values (schema/001.sql). Whoever writes holds a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from backchannel.channel.engine import Event, Wallet
from backchannel.channel.lines import Lines, Place
from backchannel.channel.state import State
from backchannel.desk.book.aside import Asides
from backchannel.desk.book.entries import Entries
from backchannel.desk.book.intent import Welcome
from backchannel.desk.book.items import Items
from backchannel.desk.book.outbox import Outbox
from backchannel.desk.book.outgoing import Outgoing
from backchannel.desk.book.pieces import Pieces
from backchannel.desk.vault.vault import Vault
from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import SeatId
from backchannel.ledger.history import History, Verified
from backchannel.ledger.origin import log_name, origin_line
from backchannel.seal.chain import Chain, Cursor
from backchannel.seal.keys import Identity, IdentitySeeds, PrekeySecret, PrekeySeeds
from backchannel.seal.roster import EpochSecrets


class Cover(NamedTuple):
    """The channel's own row."""

    id: bytes
    relay: str
    relay_key: bytes
    founded: bool
    seat: SeatId
    head: int
    isolation: str


class Sending(NamedTuple):
    """A chain that this desk writes."""

    chain: Chain
    cursor: Cursor
    seed: bytes
    born: float


class Book:
    """Reads and writes the rows of channel `c`."""

    def __init__(self, vault: Vault, c: int) -> None:
        self.vault, self.c = vault, c
        self.entries, self.outbox, self.asides = Entries(vault, c), Outbox(vault, c), Asides(vault, c)
        self.items = Items(vault, c, self.asides, self.outbox)
        self.pieces, self.outgoing = Pieces(vault, c), Outgoing(vault, c)

    # --- the channel as a whole

    @staticmethod
    def start(
        vault: Vault, *, channel: bytes, relay: str, relay_key: bytes, founded: bool, identity: Identity, isolation: str
    ) -> Book:
        """A new channel's row; nothing of the log is known yet."""
        seat = identity.keys.seat(channel)
        written = vault.execute(
            "INSERT INTO channel (id, relay, relay_key, founded, seat, seeds, state, owed, head, isolation)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
            (
                channel,
                relay,
                relay_key,
                founded,
                seat,
                encode(identity.seeds),
                encode(State(channel)),
                encode(()),
                isolation,
            ),
        )
        return Book(vault, written.rowid)

    @cached_property
    def id(self) -> bytes:
        """The channel's id."""
        return self.cover().id

    @cached_property
    def me(self) -> SeatId:
        """This desk's seat."""
        return self.cover().seat

    def cover(self) -> Cover:
        """The channel's own row."""
        return Cover(*self._one("SELECT id, relay, relay_key, founded, seat, head, isolation FROM channel WHERE c = ?"))

    def set_founded(self) -> None:
        """The relay has taken the founding."""
        self.vault.execute("UPDATE channel SET founded = 1 WHERE c = ?", (self.c,))

    def state(self) -> State:
        """The roster, as far as the log was read."""
        return decode(self._one("SELECT state FROM channel WHERE c = ?")[0], State)

    def identity(self) -> Identity:
        """This seat's private keys."""
        return Identity(decode(self._one("SELECT seeds FROM channel WHERE c = ?")[0], IdentitySeeds))

    def wallet(self) -> Wallet:
        """Everything that opens."""
        identity = self.identity()
        secrets = dict(self._all("SELECT epoch, secret FROM epoch WHERE c = ?"))
        return Wallet(self.cover().seat, identity, self.prekeys(), secrets)

    def history(self) -> History:
        """The verified log."""
        id_, key, owed, synced = self._one("SELECT id, relay_key, owed, synced FROM channel WHERE c = ?")
        return History(
            origin_line(log_name(id_)),
            key,
            self.entries.leaves(),
            owed=decode(owed, tuple[int, ...]),
            erased=self.entries.erased(),
            synced=synced,
        )

    def lines(self) -> Lines:
        """The chains that this seat reads."""
        places = tuple(
            Place(decode(chain, Chain), decode(cursor, Cursor), last)
            for chain, cursor, last in self._all("SELECT chain, cursor, last FROM line WHERE c = ?")
        )
        since = min((place.last for place in places), default=0)
        return Lines(places, self.entries.missing(since))

    # --- epochs and prekeys

    def epoch(self, epoch: int) -> EpochSecrets | None:
        """The secrets of an epoch, if this seat has them all."""
        row = self.vault.one("SELECT secret, credential, control FROM epoch WHERE c = ? AND epoch = ?", (self.c, epoch))
        return EpochSecrets(*row) if row and row[1] and row[2] else None

    def epoch_access(self, epoch: int) -> bytes | None:
        """The credential of an epoch."""
        row = self.vault.one("SELECT credential FROM epoch WHERE c = ? AND epoch = ?", (self.c, epoch))
        return row[0] if row else None

    def credential(self) -> tuple[int, bytes]:
        """The newest epoch with a credential, and the credential."""
        row = self._one(
            "SELECT epoch, credential FROM epoch WHERE c = ? AND credential IS NOT NULL ORDER BY epoch DESC"
        )
        return row[0], row[1]

    def keep_epoch(self, epoch: int, secret: bytes, credential: bytes | None, control: bytes | None) -> None:
        """Remember an epoch's secrets."""
        self.vault.execute(
            "INSERT INTO epoch VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (self.c, epoch, secret, credential, control),
        )

    def prekeys(self) -> tuple[PrekeySecret, ...]:
        """The private prekeys, newest first (most slots are for the newest)."""
        rows = self._all("SELECT seeds FROM prekey WHERE c = ? ORDER BY seq DESC")
        return tuple(PrekeySecret(decode(row[0], PrekeySeeds)) for row in rows)

    def keep_prekey(self, prekey: PrekeySecret) -> None:
        """Remember a new private prekey."""
        self.vault.execute("INSERT OR REPLACE INTO prekey VALUES (?, ?, ?)", (self.c, prekey.seq, encode(prekey.seeds)))

    def drop_prekeys(self, seqs: Iterable[int]) -> None:
        """Destroy private prekeys whose time has passed."""
        self.vault.executemany("DELETE FROM prekey WHERE c = ? AND seq = ?", [(self.c, seq) for seq in seqs])

    # --- invitations of this desk

    def keep_invitation(self, invite: bytes, secret: bytes) -> None:
        """Remember an invitation's one-time secret."""
        self.vault.execute("INSERT INTO invitation VALUES (?, ?, ?, -1)", (self.c, invite, secret))

    def keep_only_invitations(self, invites: Iterable[bytes]) -> None:
        """Destroy the secrets of invitations that are used or over; a welcome that still waits has nobody to reach."""
        known = {row[0] for row in self._all("SELECT invite FROM invitation WHERE c = ? AND welcomed >= 0")}
        gone = [(self.c, invite) for invite in known - set(invites)]
        self.vault.executemany("DELETE FROM invitation WHERE c = ? AND invite = ?", gone)
        if gone:
            over = {invite for _, invite in gone}
            waiting = self.outbox.waiting("welcome")
            self.outbox.done([w.n for w in waiting if isinstance(w.intent, Welcome) and w.intent.invite in over])

    def invitation(self, invite: bytes) -> tuple[bytes, int] | None:
        """The one-time secret, and the epoch of its welcome or -1; None if another desk made it."""
        row = self.vault.one("SELECT secret, welcomed FROM invitation WHERE c = ? AND invite = ?", (self.c, invite))
        return (row[0], row[1]) if row else None

    def set_welcomed(self, invite: bytes, epoch: int) -> None:
        """The welcome is on its way."""
        self.vault.execute("UPDATE invitation SET welcomed = ? WHERE c = ? AND invite = ?", (epoch, self.c, invite))

    # --- the log

    def write(self, verified: Verified, events: list[tuple[Event, int | None]], head: int) -> None:
        """A verified range, with what each entry turned out to be and where its item began."""
        self.entries.write(verified, events)
        self.vault.execute(
            "UPDATE channel SET owed = ?, head = ?, synced = coalesce(?, synced) WHERE c = ?",
            (encode(verified.owed), head, verified.synced, self.c),
        )

    def write_state(self, state: State) -> None:
        """The roster after the last entry."""
        self.vault.execute("UPDATE channel SET state = ? WHERE c = ?", (encode(state), self.c))

    def write_lines(self, before: dict[bytes, Place], after: dict[bytes, Place]) -> None:
        """The chains that moved, began or ended."""
        gone = [(self.c, cid) for cid in before if cid not in after]
        moved = [
            (self.c, cid, encode(place.chain), encode(place.cursor), place.last)
            for cid, place in after.items()
            if before.get(cid) is not place
        ]
        self.vault.executemany("DELETE FROM line WHERE c = ? AND cid = ?", gone)
        self.vault.executemany(
            "INSERT INTO line VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET cursor = excluded.cursor, last = excluded.last",
            moved,
        )

    # --- sending chains

    def sending(self, cls: str, audience: tuple[SeatId, ...]) -> Sending | None:
        """The chain that this desk writes to an audience."""
        row = self.vault.one(
            "SELECT chain, cursor, seed, born FROM sending WHERE c = ? AND cls = ? AND audience = ?",
            (self.c, cls, encode(audience)),
        )
        return Sending(decode(row[0], Chain), decode(row[1], Cursor), row[2], row[3]) if row else None

    def write_sending(self, cls: str, audience: tuple[SeatId, ...], sending: Sending) -> None:
        """The chain as it stands after an entry; durable before the entry leaves (spec/sealing.md, 4.6)."""
        self.vault.execute(
            "INSERT OR REPLACE INTO sending VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.c, cls, encode(audience), encode(sending.chain), encode(sending.cursor), sending.seed, sending.born),
        )

    def end_sending(self) -> None:
        """Start new chains from now on."""
        self.vault.execute("DELETE FROM sending WHERE c = ?", (self.c,))

    # --- marks of this desk

    def seen(self) -> int:
        """How many entries its person has looked at."""
        return int(self._one("SELECT seen FROM channel WHERE c = ?")[0])

    def set_seen(self, size: int) -> None:
        """They have looked at so many."""
        self.vault.execute("UPDATE channel SET seen = ? WHERE c = ?", (size, self.c))

    def mark_verified(self, seat: SeatId, at: float) -> None:
        """The person has compared this seat's words aloud."""
        self.vault.execute("INSERT OR REPLACE INTO verified VALUES (?, ?, ?)", (self.c, seat, at))

    def verified(self) -> frozenset[SeatId]:
        """The seats whose words were compared."""
        return frozenset(row[0] for row in self._all("SELECT seat FROM verified WHERE c = ?"))

    def alarm(self, code: str, what: str, at: float) -> None:
        """Something that every later look at the channel must show."""
        self.vault.execute(
            "INSERT INTO alarm (c, code, what, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (self.c, code, what, at)
        )

    def alarms(self) -> list[tuple[str, str, float]]:
        """(code, what, when) of all alarms."""
        return [
            (row[0], row[1], row[2]) for row in self._all("SELECT code, what, at FROM alarm WHERE c = ? ORDER BY n")
        ]

    def _all(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.vault.query(sql, (self.c, *parameters))

    def _one(self, sql: str) -> tuple[Any, ...]:
        return self._all(sql)[0]
