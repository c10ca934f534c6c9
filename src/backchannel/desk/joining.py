"""Founding a channel, and joining one by its code (spec/channel.md, 2 to 4)."""

from __future__ import annotations

from collections.abc import Callable

from backchannel.channel import acts
from backchannel.channel.code import Code
from backchannel.channel.engine import Engine, Record, Wallet
from backchannel.channel.fold import expire
from backchannel.channel.lines import Lines
from backchannel.channel.state import PREKEY_LIFE, At, Invitation, State
from backchannel.desk.book.book import Book
from backchannel.desk.book.intent import Act
from backchannel.desk.link.client import RelayClient
from backchannel.desk.vault.vault import Vault
from backchannel.entry.codec import encode
from backchannel.errors import Malformed, Misuse, RelayRefused
from backchannel.instruments import ERASABLE
from backchannel.ledger.faults import fault
from backchannel.ledger.history import History
from backchannel.ledger.leaf import arrival_unit
from backchannel.ledger.origin import log_name, origin_line
from backchannel.seal.box import Sealed, invite_seed, welcome_box
from backchannel.seal.keys import Identity, PrekeySecret, Random
from backchannel.seal.primitives import ed25519_public
from backchannel.seal.roster import EpochSecrets, Welcome, join_proof, open_welcome

MOST_EMPTY = 100
"""Answers without an entry, before the head, that a desk takes in a row: a relay may be a moment behind itself."""


def found(
    vault: Vault,
    relay: str,
    relay_key: bytes,
    founder: Callable[[Identity], acts.Found],
    *,
    now: float,
    random: Random,
    founding_code: str = "",
) -> Book:
    """Make a channel on this desk: its id, first secrets, keys, and the entries that found it. Nothing is sent yet."""
    channel, identity, secrets = random(32), Identity.new(random), EpochSecrets.new(random)
    with vault.lock.held(), vault.transaction():
        book = Book.start(
            vault,
            channel=channel,
            relay=relay,
            relay_key=relay_key,
            founded=False,
            identity=identity,
            isolation=random(8).hex(),
        )
        if founding_code:
            vault.set_meta(f"founding-code-{book.c}", founding_code)
        book.keep_epoch(0, secrets.secret, secrets.credential, secrets.control)
        _enter(book, founder(identity), now, random)
    return book


def join(vault: Vault, code: Code, client: RelayClient, *, now: Callable[[], float], random: Random) -> Book:
    """Take the seat that a code offers: read and verify the whole log, then write the entries that join.

    Raises `Misuse` (`joined`, `invitation`), `Malformed` (`founder`, `welcome`), and what reading raises.
    """
    if vault.one("SELECT 1 FROM channel WHERE id = ?", (code.channel,)):
        raise Misuse("joined", "This desk is in that channel already.", "See: backchannel channel list")
    records, history = _read(code, client, now)
    welcome = _welcome(code, records)
    identity = Identity.new(random)
    me = identity.keys.seat(code.channel)
    engine = Engine(
        Wallet(me, identity, (), dict(enumerate(welcome.secrets))),
        State(code.channel),
        Lines(),
        erasable=ERASABLE,
        root_at=history.root,
    )
    engine.process(records)
    invitation = _invitation(code, engine.state, At(history.size, arrival_unit(now())))
    proof = join_proof(invite_seed(code.secret, code.channel), code.channel, identity.keys)
    with vault.lock.held(), vault.transaction():
        book = Book.start(
            vault,
            channel=code.channel,
            relay=code.relay,
            relay_key=code.key,
            founded=True,
            identity=identity,
            isolation=random(8).hex(),
        )
        for epoch, secret in enumerate(welcome.secrets):
            book.keep_epoch(epoch, secret, code.credential if epoch == code.epoch else None, None)
        _enter(book, acts.Join(invitation.invite, identity.keys, proof), now(), random)
    return book


def _enter(book: Book, first: acts.Found | acts.Join, now: float, random: Random) -> None:
    prekey = PrekeySecret.new(0, random)
    book.keep_prekey(prekey)
    once = book.asides.keep_once(random(32))
    posted = acts.Prekey(prekey.public(arrival_unit(now) + PREKEY_LIFE), once)
    for body in (first, posted):
        book.outbox.put(Act(encode(body)))


def _read(code: Code, client: RelayClient, now: Callable[[], float]) -> tuple[list[Record], History]:
    name = log_name(code.channel)
    history, records, empty = History(origin_line(name), code.key), [], 0
    while True:
        asked = now()
        try:
            answer = client.read(name, code.credential, history.size)
        except RelayRefused as problem:
            raise (over() if problem.code == "rotated" else problem) from problem
        empty = 0 if answer.records else empty + 1
        if empty > MOST_EMPTY:
            raise fault("range", f"It has {answer.head} entries, it says, and shows {history.size}.")
        verified = history.check(answer, now(), asked)
        history.commit(verified)
        records += [Record.of(seen) for seen in verified.records]
        if verified.at_head:
            return records, history


def _welcome(code: Code, records: list[Record]) -> Welcome:
    box = welcome_box(code.secret, code.channel)
    for record in records:
        if record.body is not None and box.recognises(record.body):
            welcome = open_welcome(box.open(Sealed(record.body, record.erase)))
            if welcome.epoch == code.epoch:
                return welcome
    raise Misuse(
        "welcome",
        "The channel does not expect this code yet, or no more.",
        "Wait a minute and try again; or ask whoever invited you whether their desk was online since, "
        "or for a new code.",
    )


def _invitation(code: Code, state: State, at: At) -> Invitation:
    founder = state.seat(state.founder)
    if founder is None or founder.keys.fingerprint(code.channel) != code.founder:
        raise Malformed(
            "founder",
            "The channel that the relay shows was not founded by the person whom the code names.",
            "Do not join. Tell whoever gave you the code, over another line.",
        )
    if state.epoch < code.epoch:  # spec/channel.md, 4.1: a secret of the inviter's own would hide the next roster
        raise Malformed(
            "welcome",
            "The code is for a roster that the channel does not have yet: whoever made it could hide the true one.",
            "Do not join. Tell the founder of the channel, over another line.",
        )
    invite = ed25519_public(invite_seed(code.secret, code.channel))
    found = next((i for i in expire(state, at).invitations if i.invite == invite), None)
    if found is None or found.proposal.stage != "granted" or found.proposal.epoch != state.epoch:
        raise over()
    return found


def over() -> Misuse:
    """A code that opens nothing any more (spec/channel.md, 3.4)."""
    return Misuse("invitation", "This invitation was used, or is over.", "Ask for a new one.")
