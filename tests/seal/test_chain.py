"""Chains: entries in their places, and what a thief or a reader cannot do with the keys (spec/sealing.md, 4 and 7)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel import labels
from backchannel.entry.codec import encode
from backchannel.entry.ids import ZERO32
from backchannel.errors import Malformed, Misuse
from backchannel.seal import primitives as p
from backchannel.seal.box import SMALLEST, seal_box
from backchannel.seal.chain import (
    LONGEST,
    Chain,
    Cursor,
    Header,
    Line,
    erase_commitment,
    erase_token,
    new_chain,
    open_entry,
    seal_entry,
    tag,
)
from tests.seal.kit import CHANNEL, OTHER_CHANNEL, ROOT, chance, read, refused, weakened

SEED, CK0, SALT = b"\x21" * 32, b"\x22" * 32, b"\x23" * 16
SENDER, READER = b"a" * 16, b"b" * 16


def begin(ck0: bytes = CK0, channel: bytes = CHANNEL, **change: Any) -> tuple[Chain, Cursor]:
    terms: dict[str, Any] = {"sender": SENDER, "cls": "talk", "epoch": 1, "audience": ((SENDER, 0), (READER, 2))}
    return new_chain(channel, verify=p.ed25519_public(SEED), ck0=ck0, **(terms | change))


CHAIN, START = begin()


def put(cursor: Cursor, body: bytes = b"words", chain: Chain = CHAIN, channel: bytes = CHANNEL, salt: bytes = SALT):
    return seal_entry(channel, chain, cursor, SEED, kind="note", body=body, erasable=True, size=4, root=ROOT, salt=salt)


def mk(ck: bytes) -> bytes:
    return hmac.digest(ck, b"\x01", "sha256")


def next_ck(ck: bytes) -> bytes:
    return hmac.digest(ck, b"\x02", "sha256")


def forge(
    cursor: Cursor, i: int | None = None, *, salt: bytes = SALT, seed: bytes = b"\x66" * 32, **change: Any
) -> bytes:
    """What a reader can make with the chain's keys, but not the sender's signing key."""
    i = cursor.i if i is None else i
    terms: dict[str, Any] = {
        "cid": CHAIN.cid,
        "i": i,
        "prev": cursor.prev,
        "kind": "note",
        "epoch": 1,
        "size": 4,
        "root": ROOT,
    }
    header = encode(Header(**(terms | change)))
    message = labels.enc(labels.ENTRY_SIG, CHANNEL, salt, header, p.sha256(b"forged"))
    return box(cursor.ck, i, encode(Line(header, b"forged", p.ed25519_sign(seed, message))), salt)


def box(ck: bytes, i: int, plaintext: bytes, salt: bytes = SALT) -> bytes:
    return seal_box(mk(ck), labels.ENTRY, CHANNEL, tag(CHAIN, i), salt, plaintext)


@given(st.lists(st.binary(max_size=1500), min_size=1, max_size=8))
def test_a_conversation_opens_in_order(bodies: list[bytes]) -> None:
    sending = receiving = START
    for i, body in enumerate(bodies):
        before = sending
        sealed, sending = put(sending, body)
        opening = read(CHAIN, receiving, i, sealed.body)
        assert opening.body == body
        assert opening.header == Header(CHAIN.cid, i, before.prev, "note", 1, 4, ROOT)
        assert opening.after == sending
        receiving = opening.after
    assert sending.i == len(bodies)


def test_keys_are_what_the_spec_says() -> None:
    sealed, after = put(START)
    key = hmac.digest(p.kdf(CK0, labels.TAG, CHAIN.cid), bytes(8), "sha256")
    assert sealed.body[:16] == tag(CHAIN, 0) == key[:16]
    assert after == Cursor(next_ck(CK0), 1, hashlib.sha256(sealed.body).digest())
    assert (START.ck, START.i, START.prev) == (CK0, 0, ZERO32)
    assert CHAIN.seats == (SENDER, READER)
    token = hmac.digest(p.kdf(CK0, labels.ERASE, CHAIN.cid), bytes(8), "sha256")
    assert erase_token(CHAIN, 0) == token
    assert sealed.erase == erase_commitment(CHAIN, 0, True) == hashlib.sha256(token).digest()
    assert erase_commitment(CHAIN, 0, False) == hmac.digest(p.kdf(CK0, labels.KEEP, CHAIN.cid), bytes(8), "sha256")


def test_an_entry_to_be_kept_cannot_be_erased_by_its_token() -> None:
    assert hashlib.sha256(erase_token(CHAIN, 0)).digest() != erase_commitment(CHAIN, 0, False)


@pytest.mark.parametrize(
    "change",
    [
        {"sender": READER},
        {"cls": "work"},
        {"epoch": 2},
        {"audience": ((SENDER, 0),)},
        {"audience": ((SENDER, 0), (READER, 3))},
        {"ck0": b"\x99" * 32},
        {"channel": OTHER_CHANNEL},
    ],
)
def test_the_chain_id_commits_to_everything(change: dict[str, Any]) -> None:
    assert begin(**change)[0].cid != CHAIN.cid


@given(st.integers(0, SMALLEST - 1), st.integers(1, 255))
def test_every_byte_of_an_entry_counts(place: int, flip: int) -> None:
    body = bytearray(put(START)[0].body)
    body[place] ^= flip
    with refused("tag" if place < 16 else "commitment" if place < 64 else "altered"):
        open_entry(CHANNEL, CHAIN, START, 0, bytes(body))


def test_truncated_entries_are_refused() -> None:
    body = put(START)[0].body
    for size in range(0, len(body), 7):
        with refused("tag" if size < 16 else "short"):
            open_entry(CHANNEL, CHAIN, START, 0, body[:size])


# --- places


def test_a_gap_is_crossed() -> None:
    _, second = put(START)
    _, third = put(second)
    sealed, after = put(third, b"after the gap")
    opening = read(CHAIN, START, 2, sealed.body)
    assert (opening.body, opening.after) == (b"after the gap", after)


def test_a_replay_is_refused() -> None:
    sealed, after = put(START)
    with refused("chain"):
        open_entry(CHANNEL, CHAIN, after, 0, sealed.body)
    with refused("tag"):
        open_entry(CHANNEL, CHAIN, after, 1, sealed.body)


@pytest.mark.parametrize("i", [-1, LONGEST, LONGEST + 1, 2**63 - 1, 2**64, 10**30])
def test_a_place_that_cannot_be_costs_nothing(i: int) -> None:
    with refused("chain"):
        open_entry(CHANNEL, CHAIN, START, i, put(START)[0].body)


def test_a_chain_ends_where_it_must() -> None:
    last = Cursor(CK0, LONGEST - 1, ZERO32)
    sealed, full = put(last)
    assert read(CHAIN, last, LONGEST - 1, sealed.body).after == full
    with pytest.raises(Misuse) as error:
        put(full)
    assert error.value.code == "chain-full"


def test_another_entry_under_the_right_tag_is_refused() -> None:
    """Its tag authenticated: an entry moved to another place does not open."""
    first, after = put(START)
    moved = tag(CHAIN, 1) + first.body[16:]
    with refused("commitment"):
        open_entry(CHANNEL, CHAIN, after, 1, moved)


def test_a_tag_that_is_not_the_places_is_refused() -> None:
    line = forge(START)
    body = seal_box(mk(CK0), labels.ENTRY, CHANNEL, b"x" * 16, SALT, b"")
    for one in (body, b"x" * 16 + line[16:]):
        with refused("tag"):
            open_entry(CHANNEL, CHAIN, START, 0, one)
    weak = weakened("seal.chain", ("if not p.equal(tag(chain, i), body[:16]):", "if False:"))
    with refused("encoding"):  # it got as far as the plaintext
        weak.open_entry(CHANNEL, CHAIN, START, 0, body)


def test_a_copy_in_another_channel_or_chain_is_refused() -> None:
    body = put(START)[0].body
    with refused("commitment"):
        open_entry(OTHER_CHANNEL, CHAIN, START, 0, body)
    other, cursor = begin(channel=OTHER_CHANNEL)
    with refused("tag"):
        open_entry(OTHER_CHANNEL, other, cursor, 0, body)
    # the same first key in another chain of the same channel, relabelled
    other, cursor = begin(epoch=2)
    with refused("altered"):
        open_entry(CHANNEL, other, cursor, 0, tag(other, 0) + body[16:])


def test_an_entry_from_another_chain_with_the_same_keys_is_refused() -> None:
    """A sender that starts two chains from one ck0 gets no entry of one into the other."""
    other, cursor = begin(epoch=2)
    sealed = box(CK0, 0, encode(Line(encode(Header(other.cid, 0, ZERO32, "note", 2, 4, ROOT)), b"", bytes(64))))
    with refused("chain"):
        open_entry(CHANNEL, CHAIN, cursor, 0, sealed)
    weak = weakened("seal.chain", ("if header.cid != chain.cid or header.i != i:", "if False:"))
    assert weak.open_entry(CHANNEL, CHAIN, cursor, 0, sealed).header.cid == other.cid


# --- a reader who knows every key but the signing key


def test_a_reader_cannot_write_as_the_sender() -> None:
    body = forge(START)
    opening = open_entry(CHANNEL, CHAIN, START, 0, body)
    assert not opening.check.holds()
    # with a chain of its own the same words are the reader's
    mine, cursor = new_chain(
        CHANNEL,
        sender=READER,
        cls="talk",
        epoch=1,
        audience=CHAIN.audience,
        verify=p.ed25519_public(b"\x66" * 32),
        ck0=CK0,
    )
    assert mine.cid != CHAIN.cid
    with refused("tag"):
        open_entry(CHANNEL, mine, cursor, 0, body)
    # and a verifier that skips the signature would take it for the sender's
    assert (opening.header.cid, opening.body) == (CHAIN.cid, b"forged")


def test_after_a_forgery_the_true_entry_still_opens() -> None:
    """open_entry has no state: the chain moves when the caller takes `after`, which it may once the signature holds."""
    true = put(START)[0].body
    for garbage in (forge(START), box(CK0, 0, b"garbage"), box(CK0, 0, b""), tag(CHAIN, 0) + bytes(SMALLEST)):
        try:
            opening = open_entry(CHANNEL, CHAIN, START, 0, garbage)
        except Malformed:
            continue
        assert not opening.check.holds()
    assert read(CHAIN, START, 0, true).body == b"words"


def test_a_reader_cannot_seal_an_entry_anew() -> None:
    """Under another salt the same signed words would be another entry id, in the true one's place."""
    body = put(START)[0].body
    line = open_entry(CHANNEL, CHAIN, START, 0, body)
    signed = encode(Line(encode(line.header), line.body, line.check.signature))
    assert box(CK0, 0, signed) == body  # under the same salt there is one box only
    again = box(CK0, 0, signed, salt=b"\x24" * 16)
    assert again != body
    assert not open_entry(CHANNEL, CHAIN, START, 0, again).check.holds()

    weak = weakened(
        "seal.chain", ("enc(labels.ENTRY_SIG, channel, salt, header,", "enc(labels.ENTRY_SIG, channel, header,")
    )
    body = weak.seal_entry(
        CHANNEL, CHAIN, START, SEED, kind="note", body=b"w", erasable=True, size=4, root=ROOT, salt=SALT
    )[0].body
    line = weak.open_entry(CHANNEL, CHAIN, START, 0, body)
    again = box(CK0, 0, encode(Line(encode(line.header), line.body, line.check.signature)), salt=b"\x24" * 16)
    assert weak.open_entry(CHANNEL, CHAIN, START, 0, again).check.holds()


@pytest.mark.parametrize("field", ["kind", "epoch", "size", "root", "prev"])
def test_the_signature_covers_the_header(field: str) -> None:
    body = put(START)[0].body
    true = open_entry(CHANNEL, CHAIN, START, 0, body)
    other = {"kind": "step", "epoch": 2, "size": 5, "root": b"\x12" * 32, "prev": b"\x13" * 32}[field]
    values = {name: getattr(true.header, name) for name in Header.__struct_fields__} | {field: other}
    lie = box(CK0, 0, encode(Line(encode(Header(**values)), true.body, true.check.signature)))
    opening = open_entry(CHANNEL, CHAIN, START, 0, lie)
    assert getattr(opening.header, field) == other
    assert not opening.check.holds()


def test_the_signature_covers_the_body() -> None:
    true = open_entry(CHANNEL, CHAIN, START, 0, put(START)[0].body)
    lie = box(CK0, 0, encode(Line(encode(true.header), b"other words", true.check.signature)))
    assert not open_entry(CHANNEL, CHAIN, START, 0, lie).check.holds()


HEADER = encode(Header(CHAIN.cid, 0, ZERO32, "note", 1, 4, ROOT))


@pytest.mark.parametrize(
    ("plaintext", "code"),
    [
        (b"", "encoding"),
        (b"\xc0", "encoding"),
        (b"\x91" * 100_000, "encoding"),
        (encode(Line(HEADER, b"", bytes(64))) + b"\0x", "encoding"),
        (encode(Line(b"", b"", bytes(64))), "encoding"),
        (encode({"header": HEADER, "sig": bytes(64), "body": b""}), "canonical"),
        (encode({"header": HEADER, "body": b"", "sig": bytes(63)}), "encoding"),
        (encode({"header": HEADER, "body": "", "sig": bytes(64)}), "encoding"),
        (encode(Line(HEADER.replace(b"\xa1i\x00", b"\xa1i\xcc\x00"), b"", bytes(64))), "canonical"),
        (encode(Line(HEADER.replace(b"\xa4note", b"\xa4no\xcc\x81"), b"", bytes(64))), "text"),
        (encode(Line(encode(Header(CHAIN.cid, 1, ZERO32, "note", 1, 4, ROOT)), b"", bytes(64))), "chain"),
        (encode(Line(encode(Header(ROOT, 0, ZERO32, "note", 1, 4, ROOT)), b"", bytes(64))), "chain"),
    ],
)
def test_garbage_in_a_good_box_is_refused(plaintext: bytes, code: str) -> None:
    with refused(code):
        open_entry(CHANNEL, CHAIN, START, 0, box(CK0, 0, plaintext))


@given(st.binary(max_size=400))
def test_no_plaintext_breaks_a_reader(plaintext: bytes) -> None:
    try:
        open_entry(CHANNEL, CHAIN, START, 0, box(CK0, 0, plaintext))
    except Malformed as error:
        assert error.code in {"encoding", "canonical", "text", "chain"}  # noqa: PT017


# --- what is stolen later, or restored


def test_state_seized_after_an_entry_opens_none_before() -> None:
    """What a desk keeps of a chain after entry 2, and every key computed from it, opens 3 and none of 0 to 2."""
    bodies, cursor = [], START
    for k in range(4):
        if k == 3:
            kept = cursor
        sealed, cursor = put(cursor, b"entry %d" % k)
        bodies.append(sealed.body)
    seized = [kept.ck, kept.prev, CHAIN.tag_key, CHAIN.erase_key, CHAIN.keep_key, CHAIN.cid, CHAIN.verify]
    reach = set(seized)
    for start in seized:
        ck = start
        for _ in range(20):
            reach |= {mk(ck), ck := next_ck(ck)}
    opened = set()
    for k, body in enumerate(bodies):
        for secret in reach:
            derived = p.kdf(secret, labels.ENTRY, CHANNEL, body[16:32], size=76)
            if derived[44:] == body[32:64]:
                opened.add(k)
    assert opened == {3}
    for k in range(3):
        with refused("chain"):
            open_entry(CHANNEL, CHAIN, kept, k, bodies[k])


def test_a_ratchet_that_stood_still_would_open_them() -> None:
    """The test above can fail: without `_next_key` the seized state opens every entry."""
    weak = weakened("seal.chain", ('return p.hmac256(ck, b"\\x02")', "return ck"))
    chain, cursor = weak.new_chain(
        CHANNEL, sender=SENDER, cls="talk", epoch=1, audience=(), verify=p.ed25519_public(SEED), ck0=CK0
    )
    sealed, after = weak.seal_entry(
        CHANNEL, chain, cursor, SEED, kind="note", body=b"old", erasable=True, size=4, root=ROOT, salt=SALT
    )
    seized = weak.Cursor(after.ck, 0, after.prev)
    assert weak.open_entry(CHANNEL, chain, seized, 0, sealed.body).body == b"old"


def test_a_restored_sender_does_not_repeat_a_key() -> None:
    """Two sealings from one saved cursor: the salt makes other keys; the cursor that comes back is another place."""
    one, after = put(START, b"first", salt=b"1" * 16)
    two, _ = put(START, b"second", salt=b"2" * 16)
    keys = [p.kdf(mk(CK0), labels.ENTRY, CHANNEL, sealed.body[16:32], size=76)[:44] for sealed in (one, two)]
    assert keys[0][:32] != keys[1][:32]
    assert keys[0][32:] != keys[1][32:]
    assert after.i == START.i + 1
    # readers take the first; the second, of the same (cid, i), is out of place
    moved = read(CHAIN, START, 0, one.body).after
    with refused("chain"):
        open_entry(CHANNEL, CHAIN, moved, 0, two.body)


def test_a_new_chain_shares_no_place_with_the_old() -> None:
    """After a restore the desk starts a new chain (4.7): its cid, tags and keys are others, even for the same terms."""
    random = chance("restore")
    chains = [begin(ck0=random(32))[0] for _ in range(5)]
    assert len({chain.cid for chain in chains}) == 5
    assert len({tag(chain, i) for chain in chains for i in range(50)}) == 250


def test_what_is_shown_is_no_secret() -> None:
    opening = open_entry(CHANNEL, CHAIN, START, 0, put(START)[0].body)
    shown = repr([CHAIN, START, Line(HEADER, b"words", bytes(64)), opening])
    assert shown == "[<Chain>, <Cursor>, <Line>, <Opening>]"
