"""Boxes: padding, commitment, tags, erase commitments (spec/sealing.md, 3, 7, 8, 11)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel import labels
from backchannel.errors import Misuse, Rejected
from backchannel.seal import box
from backchannel.seal import primitives as p
from backchannel.seal.box import Sealed, open_box, pad, padme, roster_box, seal_box, unpad, welcome_box
from tests.seal.kit import CHANNEL, OTHER_CHANNEL, keystream, refused, two_key_ciphertext, weakened

SECRET = b"\x07" * 32
TAG, SALT = b"t" * 16, b"s" * 16


def seal(plaintext: bytes = b"words", secret: bytes = SECRET, salt: bytes = SALT) -> bytes:
    return seal_box(secret, labels.ENTRY, CHANNEL, TAG, salt, plaintext)


def unseal(body: bytes) -> bytes:
    return open_box(SECRET, labels.ENTRY, CHANNEL, body)


# --- Padmé


@given(st.integers(0, 2**40))
def test_padme_is_padme(size: int) -> None:
    padded = padme(size)
    assert padded >= max(size, 512)
    assert padme(padded) == padded
    assert size <= 512 or padded - size <= size * 0.12
    # the definition: of floor(log2 L) + 1 bits, only floor(log2 floor(log2 L)) + 1 leading ones carry anything
    exponent = padded.bit_length() - 1
    assert padded % 2 ** (exponent - exponent.bit_length()) == 0


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_padme_keeps_order(a: int, b: int) -> None:
    assert (padme(a) <= padme(b)) or a > b


@given(st.integers(513, 2**40))
def test_padme_wastes_no_step(size: int) -> None:
    """The next smaller length that is allowed would not hold it."""
    exponent = size.bit_length() - 1
    step = 2 ** (exponent - exponent.bit_length())
    assert padme(size) - size < step


@pytest.mark.parametrize(
    ("size", "padded"), [(0, 512), (1, 512), (512, 512), (513, 544), (544, 544), (545, 576), (9999, 10240)]
)
def test_padme_known_values(size: int, padded: int) -> None:
    assert padme(size) == padded


# --- padding


ends = st.sampled_from([b"", b"\0", b"\x80", b"\x80\0", b"\0" * 600, b"\x80" * 600, b"\x80" + b"\0" * 700])


@given(st.binary(max_size=1200), ends)
def test_padding_round_trip(start: bytes, end: bytes) -> None:
    padded = pad(start + end)
    assert unpad(padded) == start + end
    assert len(padded) == padme(len(start + end) + 1)


@given(st.binary(min_size=500, max_size=700), st.integers(0, 800))
def test_only_what_pad_makes_is_unpadded(raw: bytes, zeros: int) -> None:
    padded = raw + bytes(zeros)
    try:
        plaintext = unpad(padded)
    except Rejected:
        plaintext = padded.rstrip(b"\0")[:-1]
        assert pad(plaintext) != padded
    else:
        assert pad(plaintext) == padded


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        b"\x80",
        bytes(512),
        b"\x01".ljust(512, b"\0"),
        b"\x80".ljust(511, b"\0"),
        b"\x80".ljust(513, b"\0"),
        b"\x80".ljust(544, b"\0"),
        b"a" * 512,
        b"\x81".rjust(512, b"a"),
        b"\x80".rjust(513, b"a"),
    ],
)
def test_other_padding_is_refused(padded: bytes) -> None:
    with refused("padding"):
        unpad(padded)


def test_without_the_padding_check_a_length_can_carry_a_message() -> None:
    weak = weakened("seal.box", ("if pad(plaintext) != padded:", "if False:"))
    assert weak.unpad(b"words\x80".ljust(2048, b"\0")) == b"words"
    with refused("padding"):
        unpad(b"words\x80".ljust(2048, b"\0"))


# --- the box


@given(st.binary(max_size=3000))
def test_a_box_opens(plaintext: bytes) -> None:
    body = seal(plaintext)
    assert unseal(body) == plaintext
    assert len(body) == 64 + padme(len(plaintext) + 1) + 16


@given(st.integers(0, box.SMALLEST - 1), st.integers(1, 255))
def test_every_byte_counts(place: int, flip: int) -> None:
    body = bytearray(seal())
    body[place] ^= flip
    code = "commitment" if 16 <= place < 64 else "altered"
    with refused(code):
        unseal(bytes(body))


@pytest.mark.parametrize("size", [0, 1, 15, 16, 64, 80, box.SMALLEST - 1])
def test_a_short_box_is_refused(size: int) -> None:
    with refused("short"):
        unseal(seal()[:size])


@pytest.mark.parametrize("tail", [b"x", bytes(32), b"x" * 512])
def test_a_lengthened_box_is_refused(tail: bytes) -> None:
    with refused("altered"):
        unseal(seal() + tail)


@pytest.mark.parametrize(("tag", "salt"), [(b"", SALT), (TAG, b""), (TAG * 2, SALT), (TAG, SALT[:15])])
def test_wrong_lengths_are_our_mistake(tag: bytes, salt: bytes) -> None:
    with pytest.raises(Misuse):
        seal_box(SECRET, labels.ENTRY, CHANNEL, tag, salt, b"")


@pytest.mark.parametrize(
    ("secret", "label", "channel"),
    [(b"\x08" * 32, labels.ENTRY, CHANNEL), (SECRET, labels.ROSTER, CHANNEL), (SECRET, labels.ENTRY, OTHER_CHANNEL)],
)
def test_a_box_is_for_one_key_purpose_and_channel(secret: bytes, label: str, channel: bytes) -> None:
    with refused("commitment"):
        open_box(secret, label, channel, seal())


def test_equal_words_in_two_boxes_share_nothing() -> None:
    one, two = seal(salt=b"1" * 16), seal(salt=b"2" * 16)
    assert one[32:64] != two[32:64]
    assert not {one[k : k + 16] for k in range(64, len(one), 16)} & {two[k : k + 16] for k in range(64, len(two), 16)}


# --- commitment: one ciphertext, two keys


def two_key_box() -> tuple[bytes, bytes, bytes]:
    """(secret, secret, body): a box that the cipher alone opens under both, padding and all."""
    one = SECRET
    for k in range(20_000):
        two = k.to_bytes(32, "big")
        keys = [p.kdf(secret, labels.ENTRY, CHANNEL, SALT, size=76) for secret in (one, two)]
        streams = [keystream(key[:32], key[32:44], 512) for key in keys]
        if streams[0][-1] == streams[1][-1]:  # then 0x80 ends both plaintexts
            break
    com = keys[0][44:]
    ct = bytearray(512)
    ct[:16] = (int.from_bytes(b"meet at noon....") ^ int.from_bytes(streams[0][:16])).to_bytes(16)
    ct[16:32] = (int.from_bytes(b"do not come.....") ^ int.from_bytes(streams[1][16:32])).to_bytes(16)
    ct[-1] = streams[0][-1] ^ 0x80
    pairs = [(key[:32], key[32:44]) for key in keys]
    aad = labels.enc(labels.ENTRY, CHANNEL, TAG, SALT, com)
    return one, two, TAG + SALT + com + two_key_ciphertext(pairs[0], pairs[1], bytes(ct), aad)


def test_an_entry_never_opens_under_two_keys() -> None:
    one, two, body = two_key_box()
    weak = weakened("seal.box", ("if not p.equal(derived[44:], com):", "if False:"))
    assert weak.open_box(one, labels.ENTRY, CHANNEL, body)[:16] == b"meet at noon...."
    assert weak.open_box(two, labels.ENTRY, CHANNEL, body)[16:32] == b"do not come....."

    assert open_box(one, labels.ENTRY, CHANNEL, body)[:16] == b"meet at noon...."
    with refused("commitment"):
        open_box(two, labels.ENTRY, CHANNEL, body)


# --- boxes that several seats share


def test_a_shared_box_opens_and_knows_its_own() -> None:
    ours, theirs = roster_box(SECRET, CHANNEL), roster_box(b"\x08" * 32, CHANNEL)
    sealed = ours.seal(b"act", SALT)
    assert ours.open(sealed) == b"act"
    assert ours.recognises(sealed.body)
    assert not theirs.recognises(sealed.body)
    assert not roster_box(SECRET, OTHER_CHANNEL).recognises(sealed.body)
    assert not any(ours.recognises(sealed.body[:size]) for size in range(32))


@pytest.mark.parametrize("erase", [bytes(32), p.sha256(bytes(32)), b"", b"\x01" * 32])
def test_a_shared_box_that_could_be_erased_is_refused(erase: bytes) -> None:
    ours = roster_box(SECRET, CHANNEL)
    sealed = ours.seal(b"act", SALT)
    with refused("erase"):
        ours.open(Sealed(sealed.body, erase))
    check = "if not p.equal(p.hmac256(self._keep_key, sealed.body[16:32]), sealed.erase):"
    weak = weakened("seal.box", (check, "if False:"))
    assert weak.roster_box(SECRET, CHANNEL).open(Sealed(sealed.body, erase)) == b"act"


def test_a_shared_box_under_a_foreign_tag_is_refused() -> None:
    """A member could give a roster box the tag that somebody's next entry will have."""
    ours = roster_box(SECRET, CHANNEL)
    body = seal_box(SECRET, labels.ROSTER, CHANNEL, TAG, SALT, b"act")
    sealed = Sealed(body, ours.seal(b"act", SALT).erase)
    with refused("tag"):
        ours.open(sealed)
    weak = weakened("seal.box", ("if not self.recognises(sealed.body):", "if False:"))
    assert weak.roster_box(SECRET, CHANNEL).open(sealed) == b"act"


def test_welcome_and_roster_and_invitation_share_no_key() -> None:
    sealed = welcome_box(SECRET, CHANNEL).seal(b"hello", SALT)
    assert welcome_box(SECRET, CHANNEL).open(sealed) == b"hello"
    with refused("commitment"):
        roster_box(SECRET, CHANNEL).open(sealed)
    keys = {p.kdf(SECRET, labels.WELCOME, CHANNEL), box.invite_seed(SECRET, CHANNEL), SECRET}
    keys |= {box.invite_seed(SECRET, OTHER_CHANNEL)}
    assert len(keys) == 4
