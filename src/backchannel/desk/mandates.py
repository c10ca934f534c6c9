"""Mandates at this desk: grant one, take it back, show which one an act rests on (spec/mandate.md)."""

from __future__ import annotations

from collections.abc import Sequence

from backchannel.channel.state import DAY
from backchannel.desk.channel import Channel
from backchannel.entry import text
from backchannel.entry.codec import encode
from backchannel.entry.ids import ZERO32, ChannelId, EntryId, SeatId
from backchannel.errors import Misuse, Rejected
from backchannel.instruments import mandate
from backchannel.instruments.base import current
from backchannel.instruments.mandate import Attestation, Mandate
from backchannel.seal.attest import attested, statement
from backchannel.seal.keys import SigningKeys


def grant(
    channel: Channel,
    to: SeatId,
    acts: Sequence[str],
    scope: str,
    *,
    days: int = 365,
    attestation: Attestation | None = None,
) -> None:
    """Let a seat of one's party initial, sign or both, for so many days; or declare it of oneself, without a principal.

    Raises `Misuse` as every reader would refuse it.
    """
    with channel.session.turn():
        until = channel.session.now().arrival + days * DAY
    chosen = tuple(act for act in mandate.ACTS if act in acts)
    if set(acts) - set(chosen):
        raise Misuse("acts", "A mandate is to initial, to sign, or both.")
    came = encode(attestation) if attestation is not None else b""
    channel.say("mandate.grant", mandate.Grant(to, chosen, text.tidy(scope), until, came))


def revoke(channel: Channel, item: Mandate, reason: str = "") -> None:
    """Take it back from now on."""
    channel.say("mandate.revoke", mandate.Revoke(item.id, text.tidy(reason)), current(item.audience, channel.state))


def standing(channel: Channel, item: Mandate) -> str:
    """Its state as of now."""
    with channel.session.turn():
        return mandate.standing(item, channel.state, channel.session.now())


def resting_on(channel: Channel, act: str, readers: Sequence[SeatId]) -> EntryId:
    """The mandate on which this seat can do this act now before these readers; zeros if it needs none.

    One that it does not need it names too, if it attests whose keys these are: a stranger wants to know.
    Raises `Misuse("mandate")` if it needs one and has none.
    """
    with channel.session.turn():
        me, now = channel.state.member(channel.me), channel.session.now()
        needed = mandate.needed(channel.state, me)
        held = [one.value for one in channel.items("mandate")]
        covering = [one for one in held if mandate.covers(one, me, act, readers, now)]
        found = [one for one in covering if needed or one.terms.attestation]
    if not found and not needed:
        return ZERO32
    if not found:
        raise Misuse(
            "mandate",
            f"This seat needs a mandate of its principal to {act}, and has none that is in force.",
            "The principal grants it with: backchannel mandate grant",
        )
    newest: Mandate = found[-1]
    return newest.id


def vouched(came: Attestation | None, channel: ChannelId, seat: SeatId, keys: SigningKeys) -> str:
    """In plain words, what attests that these are the signing keys of this seat (spec/mandate.md, 5)."""
    if came is None:
        return "Not proved: nothing here says whose keys these are."
    if isinstance(came, mandate.Published):
        return f"Said to be published at {came.where}. This was not checked: look there yourself."
    try:
        found = attested(came.certificate, came.signature, statement(channel, seat, keys.ed25519, keys.mldsa))
    except Rejected:
        return "Not proved: the certificate that came with them does not vouch for these keys."
    return (
        f"Attested by the holder of the certificate of {found.subject}, issued by {found.issuer} "
        f"(SHA-256 {found.thumbprint.hex()}). Whether that issuer can be trusted is not judged here."
    )


def of_mandate(channel: Channel, item: Mandate) -> str:
    """What attests the signing keys of the seat that it is for; to be checked when it has initialled with them."""
    found = [
        one.value.keys(item.terms.to) for one in channel.items("understanding") if item.terms.to in one.value.initials
    ]
    came = mandate.attestation(item)
    if not found and isinstance(came, mandate.X509):
        return "A certificate came with it; it is checked when this seat has initialled something."
    return vouched(came, channel.id, item.terms.to, found[-1] if found else _NONE)


def own_statement(channel: Channel) -> bytes:
    """What an institution signs to attest the signing keys of this seat."""
    with channel.session.turn():
        keys = channel.session.engine.wallet.identity.signer(channel.id).keys
    return statement(channel.id, channel.me, keys.ed25519, keys.mldsa)


_NONE = SigningKeys(bytes(32), bytes(1952))
