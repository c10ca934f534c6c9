"""Understanding, first form: a text that every named seat initials, then signs (spec/instruments.md, 2)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from backchannel import labels
from backchannel.channel.state import At, State
from backchannel.entry import text
from backchannel.entry.codec import Value, encode
from backchannel.entry.ids import Bytes16, Bytes32, Bytes64, ChannelId, EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.instruments.base import Instrument, Kind, Rules, Spoken, step
from backchannel.seal import primitives as p
from backchannel.seal.keys import Identity, Keys

MldsaSignature = Annotated[bytes, Meta(min_length=p.MLDSA_SIGNATURE, max_length=p.MLDSA_SIGNATURE)]


class Propose(Value, frozen=True):
    """A text, and the seats that are to sign it."""

    title: str
    text: str
    signatories: tuple[SeatId, ...]
    nonce: Bytes16


class Initial(Value, frozen=True):
    """This is the text."""

    item: EntryId
    digest: Bytes32


class Sign(Value, frozen=True):
    """We are bound by it."""

    item: EntryId
    digest: Bytes32
    ed: Bytes64
    mldsa: MldsaSignature


class Withdraw(Value, frozen=True):
    """It will not come about."""

    item: EntryId
    reason: str


class Party(Value, frozen=True):
    """A signatory, as the roster had it when the text was proposed."""

    seat: SeatId
    name: str
    party: str
    role: str
    keys: Keys


class Signature(Value, frozen=True):
    """A signatory's hybrid signature."""

    seat: SeatId
    ed: Bytes64
    mldsa: MldsaSignature


class Terms(Value, frozen=True):
    """What the digest is over."""

    title: str
    text: str
    nonce: Bytes16
    parties: tuple[Party, ...]

    def digest(self, channel: ChannelId) -> bytes:
        """What is initialled and signed (2.2)."""
        return p.labelled_hash(labels.UNDERSTANDING, channel, encode(self))


class Understanding(Value, frozen=True):
    """An understanding as this seat knows it. `state`: a key of `STATES`, but `ended`: for that, ask `standing`."""

    id: EntryId
    at: At
    proposer: SeatId
    audience: tuple[SeatId, ...]
    terms: Terms
    digest: Bytes32
    state: str
    initials: tuple[SeatId, ...]
    signatures: tuple[Signature, ...]
    reason: str

    @property
    def signatories(self) -> tuple[SeatId, ...]:
        """The seats that are to sign."""
        return tuple(party.seat for party in self.terms.parties)


STATES = {
    "proposed": "a text that its signatories are to initial",
    "initialled": "a text that all have initialled and are to sign",
    "signing": "signed by some; a signature cannot be taken back",
    "complete": "signed by all",
    "withdrawn": "withdrawn before anybody had signed",
    "ended": "a signatory has left the channel before all had signed",
}

ENDING = frozenset({"proposed", "initialled", "signing"})
"""The states that a signatory's leaving ends."""

RULES: Rules = {
    ("", "understanding.propose", "speaker"): ("proposed",),
    ("proposed", "understanding.initial", "signatory"): ("proposed", "initialled"),
    ("initialled", "understanding.sign", "signatory"): ("signing",),
    # Initials may have been shown to some only: a signature that holds counts on every desk all the same.
    ("proposed", "understanding.sign", "signatory"): ("signing",),
    ("signing", "understanding.initial", "signatory"): ("signing",),
    ("signing", "understanding.sign", "signatory"): ("signing", "complete"),
    ("proposed", "understanding.withdraw", "signatory"): ("withdrawn",),
    ("proposed", "understanding.withdraw", "proposer"): ("withdrawn",),
    ("initialled", "understanding.withdraw", "signatory"): ("withdrawn",),
    ("initialled", "understanding.withdraw", "proposer"): ("withdrawn",),
}


def sign(identity: Identity, digest: bytes) -> tuple[bytes, bytes]:
    """A signatory's hybrid signature over the digest (2.3)."""
    return identity.sign(labels.UNDERSTANDING_SIG, digest)


def standing(item: Understanding, state: State) -> str:
    """The understanding's state in a channel that stands so: `ended` once a signatory has left too early (2.4)."""
    if item.state in ENDING and any(state.keys(seat) is None for seat in item.signatories):
        return "ended"
    return item.state


def fold(item: Understanding | None, spoken: Spoken) -> Understanding:
    """The understanding after an entry about it."""
    act = spoken.act
    if isinstance(act, Propose):
        return _proposed(act, spoken)
    item = spoken.about(item, Understanding)
    who = (
        "signatory" if spoken.sender in item.signatories else "proposer" if spoken.sender == item.proposer else "reader"
    )
    ends = step(RULES, standing(item, spoken.state), spoken.kind, who)
    if isinstance(act, Withdraw):
        return replace(item, state=ends[0], reason=text.prose(act.reason, "reason", 500))
    if act.digest != item.digest:
        raise Rejected("digest", "This initials or signs another text than the one proposed.")
    if isinstance(act, Initial):
        after = replace(item, initials=_once(item.initials, spoken.sender))
        done = len(after.initials) == len(item.signatories)
    else:
        after = replace(item, signatures=_signed(item, act, spoken.sender))
        done = len(after.signatures) == len(item.signatories)
    return replace(after, state=ends[-1] if done else ends[0])


def _proposed(act: Propose, spoken: Spoken) -> Understanding:
    ends = step(RULES, "", "understanding.propose", spoken.part)
    text.line(act.title, "title")
    text.prose(act.text)
    if len(act.signatories) < 2 or list(act.signatories) != sorted(set(act.signatories)):
        raise Rejected("signatories", "An understanding names two or more signatories, each once.")
    parties = []
    for seat_id in act.signatories:
        seat = spoken.state.seat(seat_id)
        if seat is None or seat.standing != "active" or not seat.speaks or seat_id not in spoken.audience:
            raise Rejected("signatories", "An understanding names a signatory who cannot sign it or cannot read it.")
        parties.append(Party(seat.id, seat.name, seat.party, seat.role, seat.keys))
    terms = Terms(act.title, act.text, act.nonce, tuple(parties))
    digest = terms.digest(spoken.state.channel)
    return Understanding(spoken.id, spoken.at, spoken.sender, spoken.audience, terms, digest, ends[0], (), (), "")


def _once(seats: tuple[SeatId, ...], seat: SeatId) -> tuple[SeatId, ...]:
    if seat in seats:
        raise Rejected("repeat", "This seat has initialled it already.")
    return (*seats, seat)


def _signed(item: Understanding, act: Sign, seat: SeatId) -> tuple[Signature, ...]:
    if any(s.seat == seat for s in item.signatures):
        raise Rejected("repeat", "This seat has signed it already.")
    keys = next(party.keys for party in item.terms.parties if party.seat == seat)
    if not keys.verify(labels.UNDERSTANDING_SIG, item.digest, act.ed, act.mldsa):
        raise Rejected("signature", "A signature under an understanding does not hold.")
    return (*item.signatures, Signature(seat, act.ed, act.mldsa))


UNDERSTANDING = Instrument(
    name="understanding",
    kinds={
        "understanding.propose": Kind(Propose, False),
        "understanding.initial": Kind(Initial, False),
        "understanding.sign": Kind(Sign, False),
        "understanding.withdraw": Kind(Withdraw, False),
    },
    opens="understanding.propose",
    item=Understanding,
    rules=RULES,
    fold=fold,
    text=lambda item: f"{item.terms.title}\n{item.terms.text}",
    until=lambda item: None,
    lapse=lambda item: item,
)
