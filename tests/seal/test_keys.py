"""Keys of a seat, hybrid signatures, signed acts, epochs and welcomes (spec/sealing.md, 2, 8, 9, 11)."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console
from shamir_mnemonic.wordlist import WORDLIST

from backchannel import labels
from backchannel.entry.codec import encode
from backchannel.errors import Malformed
from backchannel.labels import enc
from backchannel.seal import primitives as p
from backchannel.seal import roster
from backchannel.seal.keys import Identity, IdentitySeeds, Keys, Prekey, PrekeySecret
from backchannel.seal.roster import Act, Dist, EpochSecrets, Welcome
from backchannel.seal.slots import Recipient
from tests.seal.kit import CHANNEL, OTHER_CHANNEL, chance, refused, seat, weakened

A, B = seat("one"), seat("two")
KEYS = A.identity.keys
MESSAGE = b"message"
ED, MLDSA = A.identity.sign(labels.ROSTER_SIG, MESSAGE)
WEAK_POINTS = [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18]


def test_keys_come_from_their_seeds() -> None:
    again = Identity(A.identity.seeds)
    assert again.keys == KEYS
    assert KEYS.fingerprint(CHANNEL)[:16] == KEYS.seat(CHANNEL) == A.id
    assert Identity.new(chance("one")).keys == KEYS
    prekey = PrekeySecret(A.prekey.seeds)
    assert prekey.public(7) == A.prekey.public(7)
    assert A.prekey.public(7).seq == A.prekey.seq == 3


def test_a_fingerprint_is_of_all_keys_and_the_channel() -> None:
    others = [replace(KEYS, **{name: getattr(B.identity.keys, name)}) for name in ("ed25519", "mldsa", "x25519")]
    prints = {keys.fingerprint(CHANNEL) for keys in (KEYS, *others)} | {KEYS.fingerprint(OTHER_CHANNEL)}
    assert len(prints) == 5


def test_words_are_the_fingerprints_first_120_bits() -> None:
    digest = KEYS.fingerprint(CHANNEL)
    bits = "".join(f"{byte:08b}" for byte in digest)
    words = KEYS.words(CHANNEL)
    assert len(words) == 12
    assert "".join(f"{WORDLIST.index(word):010b}" for word in words) == bits[:120]


# --- hybrid signatures


def test_a_hybrid_signature_holds() -> None:
    assert KEYS.verify(labels.ROSTER_SIG, MESSAGE, ED, MLDSA)


OTHER_ED, OTHER_MLDSA = A.identity.sign(labels.ROSTER_SIG, b"another message")
FOREIGN_ED, FOREIGN_MLDSA = B.identity.sign(labels.ROSTER_SIG, MESSAGE)
LABEL_ED, LABEL_MLDSA = A.identity.sign(labels.CHARTER, MESSAGE)


@pytest.mark.parametrize(
    ("ed", "mldsa"),
    [
        (b"", MLDSA),
        (ED, b""),
        (bytes(64), MLDSA),
        (ED, bytes(3309)),
        (ED[:-1], MLDSA),
        (ED, MLDSA[:-1]),
        (ED + b"\0", MLDSA),
        (ED, MLDSA + b"\0"),
        (OTHER_ED, MLDSA),
        (ED, OTHER_MLDSA),
        (FOREIGN_ED, MLDSA),
        (ED, FOREIGN_MLDSA),
        (LABEL_ED, MLDSA),
        (ED, LABEL_MLDSA),
        (LABEL_ED, LABEL_MLDSA),
    ],
)
def test_both_halves_must_hold(ed: bytes, mldsa: bytes) -> None:
    assert not KEYS.verify(labels.ROSTER_SIG, MESSAGE, ed, mldsa)


def test_a_check_of_one_half_would_let_a_quantum_computer_sign() -> None:
    both = "return p.ed25519_verify(self.ed25519, signed, ed) and p.mldsa_verify(self.mldsa, signed, mldsa)"
    only_ed = weakened("seal.keys", (both, "return p.ed25519_verify(self.ed25519, signed, ed)"))
    only_ml = weakened("seal.keys", (both, "return p.mldsa_verify(self.mldsa, signed, mldsa)"))
    parts = (KEYS.ed25519, KEYS.mldsa, KEYS.x25519)
    assert only_ed.Keys(*parts).verify(labels.ROSTER_SIG, MESSAGE, ED, OTHER_MLDSA)
    assert only_ml.Keys(*parts).verify(labels.ROSTER_SIG, MESSAGE, OTHER_ED, MLDSA)


@given(st.booleans(), st.integers(0, 3308), st.integers(1, 255))
@settings(max_examples=60)
def test_every_byte_of_a_signature_counts(classical: bool, place: int, flip: int) -> None:
    ed, mldsa = bytearray(ED), bytearray(MLDSA)
    half = ed if classical else mldsa
    half[place % len(half)] ^= flip
    assert not KEYS.verify(labels.ROSTER_SIG, MESSAGE, bytes(ed), bytes(mldsa))


def test_the_mldsa_context_is_empty() -> None:
    signed = enc(labels.ROSTER_SIG, MESSAGE)
    private = p.mldsa_private(A.identity.seeds.mldsa)
    assert KEYS.verify(labels.ROSTER_SIG, MESSAGE, ED, private.sign(signed, b""))
    for context in (b"\0", b"bc1", labels.ROSTER_SIG.encode()):
        assert not KEYS.verify(labels.ROSTER_SIG, MESSAGE, ED, private.sign(signed, context))


@given(st.binary(max_size=40), st.binary(max_size=40))
@settings(max_examples=20)
def test_garbage_keys_verify_nothing(start: bytes, message: bytes) -> None:
    keys = Keys(start[:32].ljust(32, b"\xff"), start.ljust(p.MLDSA_PUBLIC, b"\xff"), bytes(32))
    assert not keys.verify(labels.ROSTER_SIG, message, ED, MLDSA)


# --- keys that others chose


@pytest.mark.parametrize("u", WEAK_POINTS)
def test_keys_of_small_order_are_refused(u: int) -> None:
    point = u.to_bytes(32, "little")
    prekey = A.prekey.public(7)
    KEYS.check()
    prekey.check()
    for bad in (
        replace(KEYS, x25519=point),
        replace(prekey, x25519=point),
        replace(prekey, xwing=prekey.xwing[:1184] + point),
    ):
        with refused("key"):
            bad.check()


def test_a_lattice_key_with_a_coefficient_too_large_is_refused() -> None:
    """3329 in the first place, where 3328 is the largest: 12 bits each, little-endian."""
    prekey = A.prekey.public(7)
    for first, good in ((3328, True), (3329, False), (4095, False)):
        word = (int.from_bytes(prekey.xwing[:3], "little") & ~0xFFF | first).to_bytes(3, "little")
        changed = replace(prekey, xwing=word + prekey.xwing[3:])
        if good:
            changed.check()
            continue
        with refused("key"):
            changed.check()
        with refused("key"):
            p.hpke_seal(changed.xwing, b"", b"")


# --- acts


ACT = roster.sign_act(A.identity, CHANNEL, 1, A.id, 5, b"body")


def verify(raw: bytes) -> None:
    act = roster.open_roster(raw)
    assert isinstance(act, Act)
    roster.verify_act(KEYS, CHANNEL, 1, act)


def test_an_act_holds_and_comes_back() -> None:
    roster.verify_act(KEYS, CHANNEL, 1, ACT)
    assert roster.open_roster(encode(ACT)) == ACT
    assert roster.open_roster(encode(Dist((b"slot",)))) == Dist((b"slot",))


@pytest.mark.parametrize(
    ("keys", "channel", "epoch", "act"),
    [
        (B.identity.keys, CHANNEL, 1, ACT),
        (KEYS, OTHER_CHANNEL, 1, ACT),
        (KEYS, CHANNEL, 2, ACT),
        (KEYS, CHANNEL, 1, replace(ACT, seat=B.id)),
        (KEYS, CHANNEL, 1, replace(ACT, n=6)),
        (KEYS, CHANNEL, 1, replace(ACT, body=b"other")),
        (KEYS, CHANNEL, 1, replace(ACT, ed=OTHER_ED)),
        (KEYS, CHANNEL, 1, replace(ACT, mldsa=OTHER_MLDSA)),
    ],
)
def test_an_act_is_for_one_place(keys: Keys, channel: bytes, epoch: int, act: Act) -> None:
    with refused("signature"):
        roster.verify_act(keys, channel, epoch, act)


@given(st.data())
@settings(max_examples=60)
def test_every_byte_of_an_act_counts(data: st.DataObject) -> None:
    raw = bytearray(encode(ACT))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Malformed) as error:
        verify(bytes(raw))
    assert error.value.code in {"encoding", "canonical", "text", "signature"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "encoding"),
        (b"\x80", "encoding"),
        (b"\x82\xa2is\xa3foo\xa5slots\x90", "encoding"),
        (b"\x82\xa2is\x01\xa5slots\x90", "encoding"),
        (b"\x81\xa5slots\x90", "encoding"),
        (b"\x82\xa5slots\x90\xa2is\xa4dist", "canonical"),
        (b"\x83\xa2is\xa4dist\xa2is\xa4dist\xa5slots\x90", "canonical"),
        (b"\x83\xa2is\xa4dist\xa5slots\x90\xa5slots\x90", "canonical"),
        (b"\x82\xa2is\xa4dist\xa5slots\xdc\x00\x00", "canonical"),
        (b"\x82\xa2is\xa4dist\xa5slots\xdd\xff\xff\xff\xff", "encoding"),
        (b"\x82\xa2is\xa4dist\xa5slots\x91\xc6\xff\xff\xff\xff", "encoding"),
        (b"\x82\xa2is\xa4dist\xa5slots\x91\xa1a", "encoding"),
        (b"\x82\xa2is" + b"\x91" * 200_000, "encoding"),
    ],
)
def test_other_forms_of_a_roster_entry_are_refused(raw: bytes, code: str) -> None:
    with refused(code):
        roster.open_roster(raw)


def test_a_join_proof_is_for_these_keys_here() -> None:
    seed = b"\x31" * 32
    invite = p.ed25519_public(seed)
    proof = roster.join_proof(seed, CHANNEL, KEYS)
    assert roster.join_proof_holds(invite, CHANNEL, KEYS, proof)
    assert not roster.join_proof_holds(invite, CHANNEL, B.identity.keys, proof)
    assert not roster.join_proof_holds(invite, OTHER_CHANNEL, KEYS, proof)
    assert not roster.join_proof_holds(KEYS.ed25519, CHANNEL, KEYS, proof)


# --- epochs and welcomes


SECRETS = EpochSecrets.new(chance("epoch"))
CHECK = SECRETS.check(CHANNEL, 2)
SEATS = [Recipient(one.id, one.prekey.seq, one.reader.prekey.xwing) for one in (A, B)]
SLOTS = roster.seal_epoch(CHANNEL, 2, SECRETS, SEATS, chance("rotate"))


def open_as(one: Any, slots: Any = SLOTS, check: bytes = CHECK, epoch: int = 2, channel: bytes = CHANNEL) -> Any:
    return roster.open_epoch(channel, epoch, slots, check, one.id, [one.prekey])


def test_those_who_stay_get_the_new_secrets() -> None:
    assert open_as(A) == open_as(B) == SECRETS
    assert open_as(seat("removed")) is None
    roster.check_rotate(SLOTS, 2)


def test_a_rotation_is_for_one_epoch_and_channel() -> None:
    assert open_as(A, epoch=3) is None
    assert open_as(A, channel=OTHER_CHANNEL) is None


def test_other_secrets_for_one_seat_are_noticed() -> None:
    other = EpochSecrets.new(chance("other"))
    slots = roster.seal_epoch(CHANNEL, 2, other, SEATS, chance("rotate"))
    for check in (CHECK, b"", bytes(32)):
        with refused("epoch-secrets"):
            open_as(A, slots, check)
    weak = weakened("seal.roster", ("if not p.equal(secrets.check(channel, epoch), check):", "if False:"))
    assert weak.open_epoch(CHANNEL, 2, slots, CHECK, A.id, [A.prekey]) is not None


def test_each_secret_stands_in_the_check() -> None:
    changed = [replace(SECRETS, **{name: bytes(32)}) for name in ("secret", "credential", "control")]
    assert len({one.check(CHANNEL, 2) for one in (SECRETS, *changed)} | {SECRETS.check(CHANNEL, 3)}) == 5


@pytest.mark.parametrize("slots", [(), SLOTS[:3], SLOTS * 2, (*SLOTS[:3], SLOTS[3] + b"\0"), (b"",) * 4])
def test_a_rotation_of_another_shape_is_refused_by_everybody(slots: tuple[bytes, ...]) -> None:
    with refused("slots"):
        roster.check_rotate(slots, 2)


@pytest.mark.parametrize("slots", [(), SLOTS[:3], (*SLOTS[:3], SLOTS[3] + b"\0"), (b"",) * 4])
def test_no_key_is_tried_on_a_wrong_shape(slots: tuple[bytes, ...]) -> None:
    with refused("slots"):
        open_as(A, slots)


def test_a_welcome_has_a_secret_for_each_epoch() -> None:
    good = Welcome(1, (bytes(32), bytes(32)))
    assert roster.open_welcome(encode(good)) == good
    for bad in (Welcome(0, ()), Welcome(0, good.secrets), Welcome(2, good.secrets), Welcome(2**63 - 1, ())):
        with refused("welcome"):
            roster.open_welcome(encode(bad))


# --- what is shown


SHOWN = [
    A.identity.seeds,
    A.prekey.seeds,
    SECRETS,
    Welcome(0, (b"\x41" * 32,)),
    IdentitySeeds(b"\x41" * 32, b"\x41" * 32, b"\x41" * 32),
]


def test_what_is_shown_is_no_secret() -> None:
    names = ["<IdentitySeeds>", "<PrekeySeeds>", "<EpochSecrets>", "<Welcome>", "<IdentitySeeds>"]
    assert [repr(one) for one in SHOWN] == names
    assert [f"{one}" for one in SHOWN] == names
    out = StringIO()
    Console(file=out, width=500).print(SHOWN)
    assert "AAAA" not in out.getvalue()
    assert "x41" not in out.getvalue()
    for one in (A.identity, A.prekey):
        assert repr(one).startswith("<backchannel.seal.keys.")
        assert "\\x" not in repr(one)


def test_a_public_prekey_may_be_shown() -> None:
    assert "seq=3" in repr(Prekey(3, bytes(1216), bytes(32), 7))


def test_signing_keys_are_of_one_channel_and_of_the_seat_alone() -> None:
    """They sign bytes as they are, so nothing else is signed with them (spec/understanding.md, 1.3)."""
    signer = A.identity.signer(CHANNEL)
    assert signer.keys == A.identity.signer(CHANNEL).keys
    assert p.ed25519_verify(signer.keys.ed25519, MESSAGE, signer.ed25519(MESSAGE))
    assert p.mldsa_verify(signer.keys.mldsa, MESSAGE, signer.mldsa(MESSAGE))
    assert signer.keys.ed25519 != KEYS.ed25519
    assert signer.keys.mldsa != KEYS.mldsa
    for other in (A.identity.signer(b"\x09" * 32), B.identity.signer(CHANNEL)):
        assert other.keys.ed25519 != signer.keys.ed25519
        assert other.keys.mldsa != signer.keys.mldsa
        assert other.keys.words() != signer.keys.words()
