"""Understanding: bodies of its entries, and what a desk keeps of one (spec/understanding.md, 1)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from backchannel import labels
from backchannel.channel.state import At
from backchannel.entry.codec import Secret, Value, encode
from backchannel.entry.ids import Bytes32, Bytes64, ChannelId, Count, EntryId, SeatId
from backchannel.seal import primitives as p
from backchannel.seal.keys import SigningKeys

MOST_CLAUSES = 2_000
MOST_ANNEXES = 64
CLAUSE_LIMIT = 20_000

MldsaSignature = Annotated[bytes, Meta(min_length=p.MLDSA_SIGNATURE, max_length=p.MLDSA_SIGNATURE)]


class Annex(Value, frozen=True):
    """A file that belongs to the text, by its hash."""

    name: str
    sha256: Bytes32


class Propose(Value, frozen=True):
    """A text, and the seats that are to sign it. `seed`: the salts of its disclosures come from it (2.2)."""

    title: str
    clauses: tuple[str, ...]
    annexes: tuple[Annex, ...]
    signatories: tuple[SeatId, ...]
    seed: Bytes32


class Initial(Value, frozen=True):
    """This is the text, and with these keys we will sign."""

    item: EntryId
    digest: Bytes32
    keys: SigningKeys
    mandate: EntryId


class Referendum(Value, frozen=True):
    """We have initialled; our capital has to agree."""

    item: EntryId


class Sign(Value, frozen=True):
    """We are bound by it."""

    item: EntryId
    digest: Bytes32
    ed: Bytes64
    mldsa: MldsaSignature
    mandate: EntryId


class Withdraw(Value, frozen=True):
    """It will not come about."""

    item: EntryId
    reason: str


class Anchor(Value, frozen=True):
    """What all have signed, without a clause."""

    item: EntryId
    jws: bytes


class Party(Value, frozen=True):
    """A signatory, as the roster had it when the text was proposed."""

    seat: SeatId
    name: str
    party: str
    role: str


class Terms(Value, frozen=True):
    """What is initialled."""

    title: str
    clauses: tuple[str, ...]
    annexes: tuple[Annex, ...]
    seed: Bytes32
    parties: tuple[Party, ...]

    @property
    def text(self) -> str:
        """The clauses as one text, numbered if there are several."""
        if len(self.clauses) == 1:
            return self.clauses[0]
        return "\n\n".join(f"{k}. {clause}" for k, clause in enumerate(self.clauses, 1))

    def digest(self, channel: ChannelId) -> bytes:
        """What is initialled (1.4)."""
        return p.labelled_hash(labels.UNDERSTANDING, channel, encode(self))


class Ready(Value, frozen=True):
    """A signatory that has initialled, with the keys it will sign with."""

    seat: SeatId
    keys: SigningKeys


class Signature(Value, frozen=True):
    """A signatory's two signatures."""

    seat: SeatId
    ed: Bytes64
    mldsa: MldsaSignature


class Anchored(Secret, frozen=True):
    """The entry that holds what was signed: where, and what shows it to a stranger (3.3)."""

    at: At
    entry: EntryId
    box: bytes
    key: Bytes32


class Understanding(Value, frozen=True):
    """An understanding as this seat knows it. `state`: a key of `STATES`, but `ended`: for that, ask `standing`.

    Signatures that came before all initials are kept unread (1.6). `mandates`: on which a seat signed, if on one.
    `completed`: the arrival unit from which all had signed, 0 before.
    """

    id: EntryId
    at: At
    proposer: SeatId
    audience: tuple[SeatId, ...]
    terms: Terms
    digest: Bytes32
    state: str
    ready: tuple[Ready, ...]
    referendum: tuple[SeatId, ...]
    signatures: tuple[Signature, ...]
    mandates: tuple[tuple[SeatId, EntryId], ...]
    completed: Count
    anchor: Anchored | None
    reason: str

    @property
    def signatories(self) -> tuple[SeatId, ...]:
        """The seats that are to sign."""
        return tuple(party.seat for party in self.terms.parties)

    @property
    def initials(self) -> tuple[SeatId, ...]:
        """The seats that have initialled, as they came."""
        return tuple(one.seat for one in self.ready)

    @property
    def signed(self) -> tuple[SeatId, ...]:
        """The seats that have signed, as they came."""
        return tuple(one.seat for one in self.signatures)

    @property
    def agreed(self) -> bool:
        """Whether all have initialled, so that it is known what is to be signed."""
        return len(self.ready) == len(self.terms.parties)

    def keys(self, seat: SeatId) -> SigningKeys:
        """A signatory's signing keys; it has initialled."""
        return next(one.keys for one in self.ready if one.seat == seat)
