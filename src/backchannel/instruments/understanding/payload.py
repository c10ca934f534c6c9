"""The payload that is signed, and its disclosures (spec/understanding.md, 2)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from backchannel import labels
from backchannel.entry.codec import Value
from backchannel.entry.ids import ChannelId
from backchannel.instruments.understanding.form import Text16, Text32, b64, write
from backchannel.instruments.understanding.sdjwt import digest
from backchannel.instruments.understanding.values import MOST_ANNEXES, MOST_CLAUSES, Party, Terms, Understanding
from backchannel.seal import primitives as p

TYPE: Literal["backchannel understanding 2"] = "backchannel understanding 2"
"""What the payload says that it is, so that no other JWS under these keys can be taken for one."""

Clauses = Annotated[tuple["Closed", ...], Meta(min_length=1, max_length=MOST_CLAUSES)]
Number = Annotated[int, Meta(ge=1, le=MOST_CLAUSES)]


class Closed(Value, frozen=True, rename={"digest": "..."}):
    """A clause by its digest."""

    digest: Text32


class Attached(Value, frozen=True):
    """An annex by its hash."""

    name: str
    sha256: Text32


class Signing(Value, frozen=True, rename={"sd": "_sd"}):
    """A signatory: its seat, the thumbprints of its keys, the digest of who it is."""

    seat: Text16
    ed25519: Text32
    mldsa65: Text32
    sd: tuple[Text32]


class Payload(Value, frozen=True, rename={"sd_alg": "_sd_alg", "sd": "_sd"}):
    """What is signed."""

    sd_alg: Literal["sha-256"]
    typ: Literal["backchannel understanding 2"]
    channel: Text32
    understanding: Text32
    sd: tuple[Text32]
    clauses: Clauses
    annexes: Annotated[tuple[Attached, ...], Meta(max_length=MOST_ANNEXES)]
    parties: tuple[Signing, ...]


class Clause(Value, frozen=True):
    """A clause that is shown."""

    clause: Number
    text: str


class Who(Value, frozen=True):
    """What the signatories called one of them."""

    name: str
    party: str
    role: str


class Named(Value, frozen=True):
    """A signatory, and who it is if that is shown."""

    seat: Text16
    ed25519: Text32
    mldsa65: Text32
    who: Who | UnsetType = UNSET


class Claims(Value, frozen=True):
    """A payload with what is disclosed in its place; clauses that stay closed are None."""

    typ: Literal["backchannel understanding 2"]
    channel: Text32
    understanding: Text32
    clauses: tuple[Clause | None, ...]
    annexes: tuple[Attached, ...]
    parties: tuple[Named, ...]
    title: str | UnsetType = UNSET


class Disclosures(Value, frozen=True):
    """All disclosures of an understanding: its title's, its clauses', its signatories'."""

    title: str
    clauses: tuple[str, ...]
    parties: tuple[str, ...]


def disclosures(terms: Terms) -> Disclosures:
    """What opens the payload, part by part (2.2)."""

    def disclosure(part: int, *content: object) -> str:
        salt = p.kdf(terms.seed, labels.UNDERSTANDING_SALT, part, size=16)
        return b64(write((b64(salt), *content)))

    def who(party: Party) -> Who:
        return Who(party.name, party.party, party.role)

    behind = len(terms.clauses) + 1
    return Disclosures(
        disclosure(0, "title", terms.title),
        tuple(disclosure(k, Clause(k, text)) for k, text in enumerate(terms.clauses, 1)),
        tuple(disclosure(k, "who", who(party)) for k, party in enumerate(terms.parties, behind)),
    )


def payload(channel: ChannelId, item: Understanding) -> bytes:
    """What the signatories sign (2.1), once all have initialled."""
    seats, opened = item.terms.parties, disclosures(item.terms)
    keys = [item.keys(party.seat) for party in seats]
    return write(
        Payload(
            "sha-256",
            TYPE,
            b64(p.sha256(channel)),
            b64(item.id),
            (digest(opened.title),),
            tuple(Closed(digest(one)) for one in opened.clauses),
            tuple(Attached(annex.name, b64(annex.sha256)) for annex in item.terms.annexes),
            tuple(
                Signing(b64(party.seat), b64(p.sha256(key.ed25519)), b64(p.sha256(key.mldsa)), (digest(who),))
                for party, key, who in zip(seats, keys, opened.parties, strict=True)
            ),
        )
    )
