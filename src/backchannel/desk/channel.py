"""A channel at this desk: what its person can do and see. The one object that the faces use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from backchannel import labels
from backchannel.channel import acts, charter, code
from backchannel.channel.charter import Terms
from backchannel.channel.engine import Event
from backchannel.channel.fold import expire, fold
from backchannel.channel.state import DAY, Agreed, Invitation, Removal, Seat, State
from backchannel.desk import naming
from backchannel.desk.book.intent import Act, Say
from backchannel.desk.book.items import Item
from backchannel.desk.link.client import RelayClient
from backchannel.desk.rehearsal import rehearse
from backchannel.desk.sealing import seal_waiting
from backchannel.desk.session import Session
from backchannel.desk.syncing import Progress, Report, Syncer
from backchannel.desk.watching import Watcher
from backchannel.entry import text
from backchannel.entry.codec import Value, encode
from backchannel.entry.ids import EntryId, SeatId
from backchannel.errors import Malformed, Misuse, RelayFault, RelayRefused, Unreachable
from backchannel.instruments import BY_KIND, note
from backchannel.instruments.base import Due, readers
from backchannel.instruments.disclosure.rules import Disclosure
from backchannel.instruments.mandate import Mandate
from backchannel.instruments.sounding.values import Sounding
from backchannel.instruments.text.values import Text
from backchannel.instruments.understanding.values import Understanding
from backchannel.ledger.origin import log_name
from backchannel.seal import primitives as p
from backchannel.seal.box import invite_seed
from backchannel.seal.roster import sign_act


class Channel:
    """One channel. Acts are checked before they are written, sealed, and posted at once if the relay answers."""

    def __init__(self, session: Session, client: RelayClient) -> None:
        self.session, self.client = session, client
        self._syncer = Syncer(session, client)
        self.posting: Callable[[], object] | None = None
        """Who posts what was written, if somebody does it beside this; else it is posted at once."""

    # --- what there is

    @property
    def id(self) -> bytes:
        """The channel's id."""
        return self.session.book.id

    @property
    def me(self) -> SeatId:
        """This desk's seat."""
        return self.session.book.me

    @property
    def state(self) -> State:
        """The roster as of now, lapsed proposals voided."""
        with self.session.turn():
            return expire(self.session.state, self.session.now())

    @property
    def size(self) -> int:
        """How many entries of the log this desk has verified."""
        with self.session.turn():
            return self.session.history.size

    def items(self, instrument: str) -> list[Item]:
        """All notes, or all understandings, in the order of the log."""
        return self.session.book.items.of(instrument)

    def seat(self, who: str) -> Seat:
        """The present seat that a person means: its name, the first words of it, its party, or its id in hex."""
        state = self.state
        return naming.find(state, state.present, who)

    # --- in step with the relay

    def sync(self, progress: Progress = lambda done, total: None, *, files: bool = True) -> Report:
        """Read what is new, do what is owed, post what waits; of `files` that are on their way all, or a few pieces."""
        return self._syncer.sync(progress, files=files)

    def look(self) -> None:
        """Read what is new, and leave what this desk owes to whoever watches."""
        with self._syncer.remembered():
            self._syncer.read()

    def watch(self, stop: threading.Event, heard: Callable[[object], None] = lambda _: None) -> Iterator[list[Event]]:
        """Stay in step until `stop` is set; yields what came each time."""
        return Watcher(self._syncer).watch(stop, heard)

    # --- founding, inviting, charter

    def invite(self, name: str, party: str, role: str, days: int = 14) -> bytes:
        """Offer a seat; the invitation's key. Before the charter it holds at once, later every party must assent."""
        if role not in acts.ROLES:
            raise Misuse("role", f"There is no role {role!r}.", f"Roles: {', '.join(acts.ROLES)}.")
        if not 1 <= days <= 30:
            raise Misuse("days", f"An invitation holds 1 to 30 days, not {days}.")
        name, party = text.tidy(name), text.tidy(party)
        with self.session.turn():
            secret = self.session.random(32)
            invite = p.ed25519_public(invite_seed(secret, self.id))
            body = acts.Invite(
                invite, text.line(name), text.line(party, "party"), role, self.session.now().arrival + days * DAY
            )
            self.act(body, also=lambda: self.session.book.keep_invitation(invite, secret))
        return invite

    def code(self, invite: bytes) -> str:
        """The invitation's code, to be carried by hand.

        Raises `Misuse`: `not-granted` while parties' assent is missing, `invitation` when it is over or another desk's.
        """
        book = self.session.book
        with self.session.turn():
            state = self.state
            found = next((i for i in state.invitations if i.invite == invite), None)
            kept, secrets = book.invitation(invite), book.epoch_access(state.epoch)
            if found is None or kept is None or found.proposal.stage not in ("open", "granted"):
                raise Misuse("invitation", "This invitation is used, over, or was made on another desk.")
            if found.proposal.stage == "open":
                raise Misuse(
                    "not-granted",
                    f"The invitation of {found.name} awaits the assent of every party.",
                    "Each party admits it with: backchannel channel admit",
                )
            founder = state.seat(state.founder)
            assert founder is not None and secrets is not None  # noqa: S101, PT018
            cover = book.cover()
            fingerprint = founder.keys.fingerprint(self.id)
            return code.write(
                code.Code(cover.relay, cover.relay_key, cover.id, secrets, state.epoch, fingerprint, kept[0])
            )

    def propose_charter(self, terms: Terms) -> None:
        """The founder closes the table: the terms, and exactly the seats that have joined. Signs for the founder."""
        terms = charter.check(replace(terms, title=text.tidy(terms.title), purpose=text.tidy(terms.purpose)))
        state = self.state
        self._need("charter")
        self.act(acts.Charter(terms, tuple(sorted(s.id for s in state.present))))

    def sign_charter(self, seen: Agreed | None) -> None:
        """Sign the charter that was proposed; `seen` is the one that its person has read, `state.charter` as shown.

        Raises `Misuse("changed")` if it is another by now, for a second program on this desk may have read on.
        """
        state = self.state
        if state.charter is None:
            joined = ", ".join(s.name for s in state.present)
            raise Misuse(
                "no-charter", f"There is no charter to sign yet. Here so far: {joined}.", "The founder proposes it."
            )
        if seen is None or seen.digest != state.charter.digest:
            raise Misuse("changed", "Another charter was proposed while you read this one.", "Read it, and sign that.")
        self.act(acts.Assent(state.charter.digest))

    # --- change of the roster

    def pending(self) -> list[Invitation | Removal]:
        """Invitations and removals that await assent."""
        state = self.state
        changes: list[Invitation | Removal] = [*state.invitations, *state.removals]
        return [change for change in changes if change.proposal.stage == "open"]

    def admit(self, name: str) -> None:
        """Assent, for one's party, to the invitation of somebody by name."""
        wanted = [i for i in self.pending() if isinstance(i, Invitation) and text.folded(i.name) == text.folded(name)]
        if not wanted:
            raise Misuse("nothing", f"Nobody called {name!r} awaits admission.", "See: backchannel channel show")
        self.act(acts.Assent(wanted[0].proposal.digest))

    def assent(self, change: Invitation | Removal) -> None:
        """Say yes, for one's party, to a change that awaits it."""
        self.act(acts.Assent(change.proposal.digest))

    def remove(self, seat: SeatId, reason: str) -> None:
        """Propose a removal, or assent to it if it was proposed."""
        proposed = [r for r in self.pending() if isinstance(r, Removal) and r.seat == seat]
        self.act(
            acts.Assent(proposed[0].proposal.digest)
            if proposed
            else acts.Remove(seat, text.prose(text.tidy(reason), "reason", 500))
        )

    # --- notes

    def send_note(
        self, words: str, to: Iterable[SeatId] | None = None, *, read_back: bool = False, keep_days: int | None = None
    ) -> None:
        """Write a note to everyone, or to some seats."""
        terms = self.terms()
        body = note.Send(text.tidy(words), read_back, terms.retention_days if keep_days is None else keep_days)
        self.say("note.send", body, to)

    def restate(self, item: note.Note, words: str) -> None:
        """Read a note back to its author."""
        self._follow(item, "note.restate", note.Restate(item.id, text.tidy(words)))

    def confirm(self, item: note.Note, seat: SeatId) -> None:
        """A reader has understood it rightly."""
        self._follow(item, "note.confirm", note.Confirm(item.id, seat))

    def correct(self, item: note.Note, seat: SeatId, words: str) -> None:
        """A reader has understood it otherwise."""
        self._follow(item, "note.correct", note.Correct(item.id, seat, text.tidy(words)))

    # --- saying anything

    def say(self, kind: str, body: Value, to: Iterable[SeatId] | None = None, words: bytes = b"") -> None:
        """Say something: checked as every reader will check it, sealed, kept, and posted if the relay answers.

        `words` of it are set aside. For what cannot be said, or not now or not to them, keeps nothing and raises
        `Misuse`; `Malformed("left-out")`.
        """
        everyone = tuple(seat.id for seat in self.session.state.active)
        self.say_all([Due(kind, body, tuple(to) if to is not None else everyone, words)])

    def say_all(self, said: Sequence[Due]) -> None:
        """Say several things, all or none of them; as `say`.

        Those before the one that is about a non-paper come of it, and wait no longer when it is over.
        """
        session = self.session
        with session.turn():
            state = session.state
            self.terms()
            self._syncer.gone()
            whole = [one._replace(audience=tuple(sorted({self.me, *one.audience}))) for one in said]
            if any(state.keys(seat) is None for one in whole for seat in one.audience):
                raise Misuse("audience", "Somebody named here has no seat in the channel.")
            # What goes to a seat that is being handed over goes to its successor too (spec/handover.md, 3).
            whole = [one._replace(audience=readers(BY_KIND[one.kind], one.audience, state)) for one in whole]
            for one in whole:
                if len(one.audience) < 2:
                    raise Misuse("nobody", "This would be read by nobody but its author.", "Name another seat.")
                rehearse(session, one.kind, one.body, one.audience, one.words)
            of = next((getattr(one.body, "item", b"") for one in whole[1:] if BY_KIND[one.kind].aside), b"")
            with session.vault.transaction():
                for one in whole:
                    comes = b"" if getattr(one.body, "item", b"") == of else of
                    intent = Say(one.kind, encode(one.body), "talk", one.audience, one.words, comes)
                    seal_waiting(session, mine=session.book.outbox.put(intent))
        self._try_posting()

    def _follow(self, item: note.Note, kind: str, body: Value) -> None:
        """Say something about an item, to those of its audience who are still here."""
        self.say(kind, body, readers(note.NOTE, item.audience, self.state))

    def terms(self) -> Terms:
        """The charter's terms. `Misuse`: `not-open` before all have signed it, `removed` for who is not here."""
        state = self.state
        if state.stage != "open" or state.charter is None:
            raise Misuse(
                "not-open",
                "Nobody can speak here before every seat has signed the charter.",
                "See: backchannel channel show",
            )
        if state.keys(self.me) is None:
            raise Misuse("removed", "This seat is no longer in the channel, or not yet.")
        return state.charter.terms

    def _need(self, kind: str) -> None:
        if self.me != self.state.founder or self.state.stage != "founding":
            raise Misuse("rule", f"Only the founder can do this ({kind}), and only before the charter is signed.")

    def act(self, body: acts.Body, also: Callable[[], None] = lambda: None) -> None:
        """Sign an act, checked as every desk will check it, and post it if the relay answers; `also`: with it."""
        with self.session.turn():
            self.rehearse(body)
            self._syncer.gone()
            with self.session.vault.transaction():
                also()
                self.session.book.outbox.put(Act(encode(body)))
                seal_waiting(self.session)
        self._try_posting()

    def rehearse(self, body: acts.Body) -> None:
        """Fold it as every desk will, so that what cannot be accepted never leaves. `Misuse` if it cannot."""
        state, wallet = self.state, self.session.engine.wallet
        me = state.seat(wallet.me)
        act = sign_act(wallet.identity, state.channel, state.epoch, wallet.me, me.acts if me else 0, encode(body))
        try:
            fold(state, act, self.session.now())
        except Malformed as problem:
            raise Misuse(problem.code, problem.what, problem.todo) from problem

    def _try_posting(self) -> None:
        if self.posting is not None:
            self.posting()
        else:
            self.post()

    def post(self) -> None:
        """Post what waits, if the relay answers. Else it stays in the outbox; `waiting` and the next sync tell."""
        with suppress(Unreachable, RelayRefused, RelayFault), self._syncer.remembered():
            self._syncer.found()
            self._syncer.post()

    def work(self) -> None:
        """Do what is owed now, and post it if the relay answers."""
        if self.posting is not None:
            self._syncer.owe(files=False)
            self.posting()
            return
        with suppress(Unreachable, RelayRefused, RelayFault), self._syncer.remembered():
            self._syncer.work()

    def discard(self, n: int) -> None:
        """Let go of something that came back: its words leave this desk. `Misuse("nothing")` if there is none."""
        with self.session.turn(), self.session.vault.transaction():
            if n not in {row.n for row in self.session.book.outbox.returned()}:
                raise Misuse("nothing", f"Nothing with the number {n} has come back.", "See: backchannel desk status")
            self.session.book.outbox.done([n])

    # --- proofs and marks

    def compare_words(self, size: int) -> tuple[str, ...]:
        """16 words for the log's first `size` entries, to be read aloud (spec/channel.md, 7)."""
        with self.session.turn():
            if not 1 <= size <= self.session.history.size:
                raise Misuse(
                    "size", f"This desk has read {self.session.history.size} entries; {size} cannot be compared."
                )
            return p.words(p.labelled_hash(labels.COMPARE, self.id, size, self.session.history.root(size)), 16)

    def mark_verified(self, seat: SeatId) -> None:
        """The person has compared this seat's 12 words aloud."""
        with self.session.turn(), self.session.vault.transaction():
            self.session.book.mark_verified(seat, self.session.clock())

    @property
    def seen(self) -> int:
        """How many entries this person has looked at as news."""
        return self.session.book.seen()

    def mark_seen(self, size: int) -> None:
        """They have looked at the first `size`; what came since is news. Less than before is nothing."""
        with self.session.turn(), self.session.vault.transaction():
            if self.seen < size <= self.session.history.size:
                self.session.book.set_seen(size)

    @property
    def name(self) -> str:
        """The log's name at the relay."""
        return log_name(self.id)

    def note_at(self, position: int) -> note.Note:
        """The note that stands at a position of the log."""
        return self._item_at(position, "note")  # type: ignore[no-any-return]

    def understanding_at(self, position: int) -> Understanding:
        """The understanding that stands at a position of the log."""
        return self._item_at(position, "understanding")  # type: ignore[no-any-return]

    def sounding_at(self, position: int) -> Sounding:
        """The sounding that stands at a position of the log."""
        return self._item_at(position, "sounding")  # type: ignore[no-any-return]

    def mandate_at(self, position: int) -> Mandate:
        """The mandate that stands at a position of the log."""
        return self._item_at(position, "mandate")  # type: ignore[no-any-return]

    def text_at(self, position: int) -> Text:
        """The text that stands at a position of the log."""
        return self._item_at(position, "text")  # type: ignore[no-any-return]

    def disclosure_at(self, position: int) -> Disclosure:
        """The disclosure that stands at a position of the log."""
        return self._item_at(position, "disclosure")  # type: ignore[no-any-return]

    def _item_at(self, position: int, instrument: str) -> Any:
        held = self.session.book.items.at(position)
        if held is None or held.instrument.name != instrument:
            raise Misuse(
                "item", f"There is no {instrument} number {position} here.", f"See: backchannel {instrument} list"
            )
        return held.value

    def entry(self, item: EntryId) -> Item | None:
        """An item by its id."""
        return self.session.book.items.at(self.session.history.find(item))
