"""The record of an understanding: a file that verifies without desk or relay (spec/understanding.md, 4).

It is an SD-JWT in JWS JSON form (RFC 9901, 8) and a JWK Set (RFC 7517) in one: unrelated software can check it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import UNSET, UnsetType

from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.entry.ids import ChannelId
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.understanding import form, jws, sdjwt
from backchannel.instruments.understanding.payload import Claims, Payload, Who, disclosures, payload
from backchannel.instruments.understanding.values import CLAUSE_LIMIT, Anchor, Understanding
from backchannel.seal import primitives as p
from backchannel.seal.keys import SigningKeys

LARGEST = 8_000_000


class Shown(Value, frozen=True):
    """What is disclosed."""

    disclosures: tuple[str, ...]


class Signed(Value, frozen=True):
    """A signature; the disclosures stand beside the first (RFC 9901, 8.1)."""

    protected: str
    signature: str
    header: Shown | UnsetType = UNSET


class EdKey(Value, frozen=True, tag="OKP", tag_field="kty"):
    """An Ed25519 key as a JWK (RFC 8037)."""

    crv: Literal["Ed25519"]
    alg: Literal["EdDSA"]
    kid: str
    x: str


class MldsaKey(Value, frozen=True, tag="AKP", tag_field="kty"):
    """An ML-DSA key as a JWK (RFC 9964)."""

    alg: Literal["ML-DSA-65"]
    kid: str
    pub: str


Key: TypeAlias = EdKey | MldsaKey


class Record(Value, frozen=True, tag="understanding 2", tag_field="backchannel"):
    """A complete understanding, whole or in part, as it leaves the channel."""

    payload: str
    signatures: tuple[Signed, ...]
    keys: tuple[Key, ...]


class Signatory(NamedTuple):
    """A signatory: its keys, and what all signatories called it if that is shown."""

    keys: SigningKeys
    who: Who | None


class Proven(NamedTuple):
    """What a record that verifies shows. A clause that stays closed is None, so is a title."""

    channel: bytes
    understanding: bytes
    title: str | None
    clauses: tuple[str | None, ...]
    annexes: tuple[tuple[str, bytes], ...]
    signatories: tuple[Signatory, ...]


def of(channel: ChannelId, item: Understanding, clauses: Collection[int] | None = None) -> Record:
    """The record of a complete understanding, with these of its clauses (all, if None), its title and its parties.

    Raises `Misuse("incomplete")` before all have signed.
    """
    signed = jws_of(channel, item)
    opened = disclosures(item.terms)
    shown = (one for k, one in enumerate(opened.clauses, 1) if clauses is None or k in clauses)
    first, *others = (Signed(one.protected, one.signature) for one in signed.signatures)
    header = Shown((opened.title, *shown, *opened.parties))
    keys: list[Key] = []
    for seat in item.signatories:
        mine, kid = item.keys(seat), form.b64(seat)
        keys += [
            EdKey("Ed25519", "EdDSA", kid, form.b64(mine.ed25519)),
            MldsaKey("ML-DSA-65", kid, form.b64(mine.mldsa)),
        ]
    return Record(signed.payload, (Signed(first.protected, first.signature, header), *others), tuple(keys))


def jws_of(channel: ChannelId, item: Understanding) -> jws.Jws:
    """What all have signed; `Misuse("incomplete")` before that."""
    if item.state != "complete":
        raise Misuse("incomplete", "This understanding is not signed by all, so there is nothing to prove yet.")
    return jws.Jws(form.b64(payload(channel, item)), jws.write_signatures(item.signatures))


def anchor(channel: ChannelId, item: Understanding) -> Anchor:
    """What stands in the log of a complete understanding (3.1)."""
    return Anchor(item.id, form.write(jws_of(channel, item)))


def write(record: Record) -> bytes:
    """The record as JSON, indented by two spaces; it ends with a line break."""
    return form.write(record, indent=2) + b"\n"


def read(raw: bytes) -> Record:
    """Parse a record; `Malformed("record")` unless it is one, exactly as `write` makes it."""
    if len(raw) > LARGEST or not raw.endswith(b"\n"):
        raise form.damaged()
    return form.read(raw[:-1], Record, indent=2)


def verify(record: Record) -> Proven:
    """`Malformed` unless exactly the named parties have signed exactly this.

    Codes: `record`, `parties`, `keys`, `signature`, `disclosure`; `name`, `prose` for text that a display would show
    otherwise than it is.
    """
    raw = form.unb64(record.payload)
    signed = form.read(raw, Payload)
    seats = [form.unb64(party.seat) for party in signed.parties]
    if len(seats) < 2 or seats != sorted(set(seats)):
        raise Malformed("parties", "An understanding has two or more parties, each once.")
    signatures = jws.read_signatures([(one.protected, one.signature) for one in record.signatures], seats)
    headers = [one.header for one in record.signatures]
    if not isinstance(headers[0], Shown) or any(one is not UNSET for one in headers[1:]):
        raise form.damaged()
    keys = _keys(record.keys, signed)
    for one, key in zip(signatures, keys, strict=True):
        if not jws.holds(key, raw, one):
            raise Malformed("signature", "A signature does not hold for this understanding.")
    return _proven(raw, headers[0].disclosures, keys)


def _keys(given: Sequence[Key], signed: Payload) -> tuple[SigningKeys, ...]:
    """The keys, each under the thumbprint that is signed (2.5)."""
    found = []
    for k, party in enumerate(signed.parties):
        match given[2 * k : 2 * k + 2]:
            case (EdKey() as ed, MldsaKey() as mldsa) if ed.kid == mldsa.kid == party.seat:
                keys = SigningKeys(form.unb64(ed.x), form.unb64(mldsa.pub))
            case _:
                raise Malformed("keys", "The keys are not exactly those of the parties that the understanding names.")
        thumbprints = form.b64(p.sha256(keys.ed25519)), form.b64(p.sha256(keys.mldsa))
        if thumbprints != (party.ed25519, party.mldsa65):
            raise Malformed("keys", "A key is not the one that the understanding names.")
        found.append(keys)
    if len(given) != 2 * len(found):
        raise Malformed("keys", "The keys are not exactly those of the parties that the understanding names.")
    return tuple(found)


def _proven(raw: bytes, shown: Sequence[str], keys: Sequence[SigningKeys]) -> Proven:
    contents = {sdjwt.digest(one): form.read(form.unb64(one), list[Any]) for one in shown}
    if len(contents) != len(shown):
        raise Malformed("disclosure", "Something is disclosed twice.")
    found = sdjwt.reveal(form.read(raw, dict[str, Any]), contents, closed=None)
    claims = form.read(form.write(found), Claims)
    for k, clause in enumerate(claims.clauses, 1):
        if clause is not None and clause.clause != k:
            raise Malformed("disclosure", f"What is shown as clause {k} says that it is clause {clause.clause}.")
    return Proven(
        form.unb64(claims.channel),
        form.unb64(claims.understanding),
        None if claims.title is UNSET else text.line(claims.title, "title"),
        tuple(None if one is None else text.prose(one.text, "clause", CLAUSE_LIMIT) for one in claims.clauses),
        tuple((text.line(one.name, "annex"), form.unb64(one.sha256)) for one in claims.annexes),
        tuple(Signatory(key, _who(party.who)) for key, party in zip(keys, claims.parties, strict=True)),
    )


def _who(who: Who | UnsetType) -> Who | None:
    if who is UNSET:
        return None
    text.line(who.name)
    text.line(who.party, "party")
    text.line(who.role, "role")
    return who
