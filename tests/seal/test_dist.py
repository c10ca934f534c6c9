"""DIST: who is told a chain's first key, by whom, and what that proves to nobody else (spec/sealing.md, 5)."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel import labels
from backchannel.entry.codec import decode, encode
from backchannel.errors import Malformed, Misuse, Rejected
from backchannel.seal import dist as dist_module
from backchannel.seal import primitives as p
from backchannel.seal.chain import new_chain, open_entry, seal_entry
from backchannel.seal.dist import Reader, Slot, check_dist, open_dist, start_chain
from backchannel.seal.keys import PrekeySecret
from backchannel.seal.slots import LARGEST, count, dist_info
from tests.seal.kit import CHANNEL, OTHER_CHANNEL, Seat, chance, read, receive, refused, seat, talk, weakened, write

S, R, X, M = (seat(name) for name in ("sender", "receiver", "other", "mallory"))
ALL = (S, R, X, M)
STARTED = talk(S, [R, X])
CK0 = STARTED.cursor.ck


def slot_of(me: Seat, slots: tuple[bytes, ...] = STARTED.slots) -> Slot:
    """What a seat finds in its slot."""
    info = dist_info(CHANNEL, me.id, me.prekey.seq)
    [filled] = [text for one in slots if (text := me.prekey.open(info, one)) is not None]
    return decode(filled.rstrip(b"\0")[:-1], Slot)


def seal_slot(to: Seat, slot: Slot | bytes, slots: int = 4) -> bytes:
    raw = slot if isinstance(slot, bytes) else (encode(slot) + b"\x80").ljust(320 + 24 * slots, b"\0")
    return p.hpke_seal(to.reader.prekey.xwing, dist_info(CHANNEL, to.id, to.prekey.seq), raw)


def dummy(slots: int = 4) -> bytes:
    return p.hpke_seal(p.xwing_public(b"\x55" * 32), b"", bytes(320 + 24 * slots))


def made_by(maker: Seat, to: Seat, *, named: Seat | None = None, shared: bytes | None = None, **change: Any) -> Slot:
    """A slot that `maker` makes with its own keys, in its own name or another's, otherwise right."""
    sender = (named or maker).id
    seats = sorted({sender, to.id, X.id})
    values: dict[str, Any] = {"epoch": 1, "cls": "talk", "verify": p.ed25519_public(b"\x44" * 32), "ck0": b"\x43" * 32}
    values |= {"audience": tuple((one, 3) for one in seats)} | change
    chain, _ = new_chain(CHANNEL, sender=sender, **values)
    shared = shared or maker.identity.dh(to.identity.keys.x25519) + maker.identity.dh(to.reader.prekey.x25519)
    return Slot(sender=sender, mac=dist_module._mac(shared, CHANNEL, chain, to.id, to.prekey.seq), **values)


def give(to: Seat, slot: Slot | bytes) -> tuple[bytes, ...]:
    return (dummy(), seal_slot(to, slot), dummy(), dummy())


# --- what must work


def test_the_audience_reads_and_nobody_else() -> None:
    assert receive(STARTED.slots, M, ALL) is None
    for me in (S, R, X):
        assert receive(STARTED.slots, me, ALL) == (STARTED.chain, STARTED.cursor)
    assert STARTED.chain.sender == S.id
    assert sorted((S.id, R.id, X.id)) == list(STARTED.chain.seats)


def test_keys_may_come_from_a_function_and_prekeys_may_be_many() -> None:
    old = seat("receiver", seq=2).prekey
    keys = {one.id: one.identity.keys for one in ALL}
    opened = open_dist(CHANNEL, STARTED.slots, R.id, R.identity, [old, R.prekey], keys.get)
    assert opened == (STARTED.chain, STARTED.cursor)
    assert open_dist(CHANNEL, STARTED.slots, R.id, R.identity, [old], keys) is None
    assert open_dist(CHANNEL, STARTED.slots, R.id, R.identity, [], keys) is None


@pytest.mark.parametrize(("readers", "slots"), [(0, 4), (1, 4), (3, 4), (4, 8), (7, 8), (8, 16), (16, 32)])
def test_slots_hide_how_many_read(readers: int, slots: int) -> None:
    others = [seat(f"reader {k}") for k in range(readers)]
    started = talk(S, others)
    assert len(started.slots) == slots
    assert {len(slot) for slot in started.slots} == {p.XWING_OVERHEAD + 320 + 24 * slots}
    for me in (S, *others):
        assert receive(started.slots, me, [S, *others]) is not None


@given(st.integers(0, 80), st.integers(0, 2**31), st.integers(0, 2**62))
@settings(max_examples=30)
def test_a_slots_length_tells_nothing(audience: int, seq: int, epoch: int) -> None:
    seats = tuple((bytes([k]) * 16, seq) for k in range(min(audience, LARGEST)))
    slot = Slot(bytes(16), epoch, "talk", seats, bytes(32), bytes(32), bytes(32))
    assert len(dist_module._fill(encode(slot), len(seats))) == 320 + 24 * count(len(seats))


def test_dummies_look_like_slots() -> None:
    """Lengths equal, and each half is what a real one is: a ciphertext of ML-KEM decodes, a point is on the curve."""
    real = {one for one in STARTED.slots if any(receive_one(me, one) for me in (S, R, X))}
    [fake] = set(STARTED.slots) - real
    for slot in STARTED.slots:
        assert len(slot) == len(fake)
        assert on_curve(slot[1088:1120])
    # random bytes are on the curve about every second time only, so a dummy of random bytes would be told apart
    assert 30 < sum(on_curve(chance(f"dummy {k}")(32)) for k in range(100)) < 70


def receive_one(me: Seat, slot: bytes) -> bool:
    return me.prekey.open(dist_info(CHANNEL, me.id, me.prekey.seq), slot) is not None


def on_curve(u: bytes) -> bool:
    """Whether u is of Curve25519 itself, not its twist: u^3 + 486662 u^2 + u is a square."""
    q = 2**255 - 19
    x = int.from_bytes(u, "little") % 2**255
    return pow(x**3 + 486662 * x**2 + x, (q - 1) // 2, q) in (0, 1)


def test_slots_are_shuffled() -> None:
    """Over several starts, the sender's slot stands in every place."""
    places = set()
    for k in range(40):
        started = talk(S, [R], name=f"shuffle {k}")
        places |= {i for i, slot in enumerate(started.slots) if receive_one(S, slot)}
    assert places == {0, 1, 2, 3}


def test_starts_share_nothing() -> None:
    one, two = talk(S, [R], name="one"), talk(S, [R], name="two")
    assert one.chain.cid != two.chain.cid
    assert one.cursor.ck != two.cursor.ck
    assert one.seed != two.seed


# --- what the sender may not ask for


@pytest.mark.parametrize(
    "readers",
    [[], [R.reader], [S.reader, S.reader], [S.reader, R.reader, R.reader]],
    ids=["none", "other", "self", "twice"],
)
def test_an_audience_without_the_sender_or_with_doubles_is_our_mistake(readers: list[Reader]) -> None:
    with pytest.raises(Misuse) as error:
        start_chain(CHANNEL, S.id, S.identity, readers, cls="talk", epoch=1, random=chance("x"))
    assert error.value.code == "audience"


def test_an_audience_larger_than_a_channel_is_our_mistake() -> None:
    many = [Reader(bytes([k]) * 16, R.identity.keys, R.reader.prekey) for k in range(LARGEST)]
    with pytest.raises(Misuse):
        start_chain(CHANNEL, S.id, S.identity, [S.reader, *many], cls="talk", epoch=1, random=chance("x"))


def test_a_class_that_does_not_fit_is_our_mistake() -> None:
    with pytest.raises(Misuse) as error:
        start_chain(CHANNEL, S.id, S.identity, [S.reader], cls="x" * 400, epoch=1, random=chance("x"))
    assert error.value.code == "length"


# --- shapes


FITTING = p.XWING_OVERHEAD + 320 + 24 * 4


@pytest.mark.parametrize(
    "slots",
    [
        (),
        (bytes(FITTING),),
        (bytes(FITTING),) * 3,
        (bytes(FITTING),) * 5,
        (bytes(FITTING),) * 8,
        (bytes(FITTING - 1),) * 4,
        (bytes(FITTING + 1),) * 4,
        (b"",) * 4,
        (bytes(FITTING),) * 3 + (bytes(FITTING + 1),),
        (bytes(FITTING),) * 3 + (b"",),
        (bytes(p.XWING_OVERHEAD + 320 + 24 * 128),) * 128,
        (b"",) * 1_000_000,
    ],
    ids=lambda slots: f"{len(slots)}x{len(slots[0]) if slots else 0}",
)
def test_a_wrong_shape_is_refused_by_everybody(slots: tuple[bytes, ...]) -> None:
    with refused("slots"):
        check_dist(slots)
    for me in (R, M):
        with refused("slots"):
            receive(slots, me, ALL)


@pytest.mark.parametrize("many", [4, 8, 16, 32, 64])
def test_slots_of_the_right_shape_that_open_for_nobody(many: int) -> None:
    assert receive((bytes(p.XWING_OVERHEAD + 320 + 24 * many),) * many, R, ALL) is None


@pytest.mark.parametrize(
    ("plaintext", "code"),
    [
        (bytes(416), "slot"),
        (b"\x80".ljust(416, b"\0"), "encoding"),
        (b"\x81".rjust(416, b"\0"), "slot"),
        (b"\xc0\x80".ljust(416, b"\0"), "encoding"),
        ((b"\x91" * 300 + b"\x80").ljust(416, b"\0"), "encoding"),
        ((encode(slot_of(R)) + b"\0\x80").ljust(416, b"\0"), "encoding"),
        ((encode(slot_of(R)) + b"\x80\x80").ljust(416, b"\0"), "encoding"),
    ],
)
def test_garbage_in_a_slot_is_refused(plaintext: bytes, code: str) -> None:
    with refused(code):
        receive(give(R, plaintext), R, ALL)


def test_a_slot_padded_to_another_length_is_refused() -> None:
    """The length of the box forbids it; so does the slot itself."""
    with refused("slot"):
        dist_module._unfill((encode(slot_of(R)) + b"\x80").ljust(417, b"\0"), 4)


@given(st.integers(0, FITTING - 1), st.integers(1, 255))
@settings(max_examples=100)
def test_every_byte_of_a_slot_counts(place: int, flip: int) -> None:
    slots = [bytearray(slot) for slot in STARTED.slots]
    for slot in slots:
        slot[place] ^= flip
    assert receive([bytes(slot) for slot in slots], R, ALL) is None


@given(st.integers(0, 415), st.integers(1, 255))
@settings(max_examples=200)
def test_every_byte_inside_a_slot_counts(place: int, flip: int) -> None:
    raw = bytearray((encode(slot_of(R)) + b"\x80").ljust(416, b"\0"))
    raw[place] ^= flip
    with pytest.raises(Malformed) as error:
        receive(give(R, bytes(raw)), R, ALL)
    assert error.value.code in {"slot", "encoding", "canonical", "text", "audience", "mac"}


# --- lies about the audience


@pytest.mark.parametrize(
    "audience",
    [
        (),
        ((R.id, 3),),
        ((S.id, 3),),
        tuple(sorted(((S.id, 3), (R.id, 4)))),
        tuple(sorted(((S.id, 3), (R.id, 3)), reverse=True)),
        tuple(sorted(((S.id, 3), (R.id, 3), (R.id, 3)))),
        tuple(sorted(((S.id, 3), (R.id, 3), (R.id, 4)))),
        tuple(sorted(((S.id, 3), (R.id, 3), *((bytes([k]) * 16, 3) for k in range(3))))),
        tuple(sorted(((S.id, 3), (X.id, 3)))),
    ],
    ids=["none", "no sender", "no me", "my seq", "unsorted", "twice", "two seqs", "too many for 4", "others"],
)
def test_an_audience_that_cannot_be_is_refused(audience: tuple[tuple[bytes, int], ...]) -> None:
    with refused("audience"):
        receive(give(R, made_by(S, R, audience=audience)), R, ALL)


@pytest.mark.parametrize(
    ("check", "audience"),
    [
        ("or not _is_audience(seats, slot.sender)", ((R.id, 3),)),
        ("or (me, prekey.seq) not in slot.audience", ((S.id, 3),)),
        ("or count(len(seats)) != len(slots)", tuple(sorted((x, 3) for x in (S.id, R.id, X.id, M.id, b"m" * 16)))),
    ],
    ids=["no sender", "no me", "too many for 4"],
)
def test_without_the_audience_check_the_lie_is_believed(check: str, audience: tuple[tuple[bytes, int], ...]) -> None:
    slots = give(R, made_by(S, R, audience=audience))
    with refused("audience"):
        receive(slots, R, ALL)
    weak = weakened("seal.dist", (check, ""))
    keys = {one.id: one.identity.keys for one in ALL}
    opened = weak.open_dist(CHANNEL, slots, R.id, R.identity, [R.prekey], keys)
    assert opened[0].audience == audience


def test_without_the_shape_check_every_slot_is_tried() -> None:
    """A DIST of very many tiny slots would cost each reader a try for each of them and each prekey."""
    tried = []
    prekey = PrekeySecret(R.prekey.seeds)
    prekey.open = lambda info, sealed: tried.append(sealed)  # type: ignore[method-assign]
    weak = weakened("seal.dist", ("    check_dist(slots)\n", ""))
    for opening in (open_dist, weak.open_dist):
        with contextlib.suppress(Rejected):
            opening(CHANNEL, (b"",) * 5000, R.id, R.identity, [prekey], {})
        assert len(tried) == (0 if opening is open_dist else 5000)


def test_that_slot_is_good_with_an_audience_that_can_be() -> None:
    opened = receive(give(R, made_by(S, R)), R, ALL)
    assert opened is not None
    assert opened[0].sender == S.id


def test_a_sender_nobody_knows_is_refused() -> None:
    with refused("audience"):
        receive(give(R, made_by(M, R)), R, [S, R, X])


def test_more_slots_than_the_audience_needs_are_refused() -> None:
    slot = made_by(S, R)
    filled = (encode(slot) + b"\x80").ljust(320 + 24 * 8, b"\0")
    with refused("audience"):
        receive([seal_slot(R, filled)] + [dummy(8)] * 7, R, ALL)


# --- who made it


@pytest.mark.parametrize("field", ["epoch", "cls", "verify", "ck0", "mac", "audience"])
def test_the_mac_covers_everything(field: str) -> None:
    """Among others: the sender gives one seat another ck0 under the mac of the first."""
    slot = slot_of(R)
    values = {name: getattr(slot, name) for name in Slot.__struct_fields__}
    other = {"epoch": 2, "cls": "work", "audience": tuple(sorted(((S.id, 3), (R.id, 3), (M.id, 3))))}
    values[field] = other.get(field, b"\x99" * 32)
    with refused("mac"):
        receive(give(R, Slot(**values)), R, ALL)
    weak = weakened(
        "seal.dist", ("if not p.equal(_mac(shared, channel, chain, me, prekey.seq), slot.mac):", "if False:")
    )
    keys = {one.id: one.identity.keys for one in ALL}
    assert weak.open_dist(CHANNEL, give(R, Slot(**values)), R.id, R.identity, [R.prekey], keys) is not None


def test_another_ck0_for_one_seat_opens_no_entry_of_the_others() -> None:
    """A slot with another ck0, and a fitting mac, starts another chain: it is not a second key to one."""
    slot = slot_of(X)
    values = {name: getattr(slot, name) for name in Slot.__struct_fields__ if name not in {"mac", "sender", "ck0"}}
    opened = receive(give(R, made_by(S, R, **values, ck0=b"\x99" * 32)), R, ALL)
    assert opened is not None
    chain, cursor = opened
    assert chain.cid != STARTED.chain.cid
    sealed, _ = write(STARTED, STARTED.cursor)
    assert read(STARTED.chain, STARTED.cursor, 0, sealed.body).body == b"words"
    with refused("tag"):
        open_entry(CHANNEL, chain, cursor, 0, sealed.body)
    # with a cid that does not commit to ck0 the two would be one chain, and one entry could have two meanings
    weak = weakened("seal.chain", ("encode(audience), verify, ck0)", "encode(audience), verify)"))
    values["sender"] = S.id
    cids = {weak.new_chain(CHANNEL, **values, ck0=ck0)[0].cid for ck0 in (CK0, b"\x99" * 32)}
    assert len(cids) == 1


def test_a_member_cannot_start_a_chain_in_anothers_name() -> None:
    with refused("mac"):
        receive(give(R, made_by(M, R, named=S)), R, ALL)
    assert receive(give(R, made_by(M, R)), R, ALL) is not None


def test_a_slot_cannot_be_reflected() -> None:
    """R turns S's slot round, or gives it back to S, or S's own to R: the mac names direction, seat and prekey."""
    dh = R.identity.dh(S.identity.keys.x25519) + R.prekey.dh(S.identity.keys.x25519)
    with refused("mac"):  # S reads what R made in S's name with the keys that R has
        receive(give(S, made_by(R, S, named=S, shared=dh, audience=tuple(sorted(((S.id, 3), (R.id, 3)))))), S, ALL)
    with refused("mac"):
        receive(give(S, slot_of(R)), S, ALL)
    with refused("mac"):
        receive(give(R, slot_of(S)), R, ALL)
    with refused("mac"):
        receive(give(X, slot_of(R)), X, ALL)
    mine = made_by(R, S, shared=dh, audience=tuple(sorted(((S.id, 3), (R.id, 3)))))
    with refused("mac"):  # in R's own name, with half of the keys being S's prekey, which R lacks
        receive(give(S, mine), S, ALL)


def test_a_slot_is_sealed_to_one_seat_prekey_and_channel() -> None:
    info = dist_info(CHANNEL, R.id, R.prekey.seq)
    sealed = seal_slot(R, slot_of(R))
    assert R.prekey.open(info, sealed) is not None
    for other in (
        dist_info(OTHER_CHANNEL, R.id, 3),
        dist_info(CHANNEL, X.id, 3),
        dist_info(CHANNEL, R.id, 4),
        labels.enc(labels.ROTATE, CHANNEL, R.id, 3),
        b"",
    ):
        assert R.prekey.open(other, sealed) is None


def test_a_mac_of_another_channel_is_refused() -> None:
    """One seat in two channels with the same keys (which the spec forbids): still nothing carries over."""
    theirs = talk(S, [R], channel=OTHER_CHANNEL)
    info = dist_info(OTHER_CHANNEL, R.id, 3)
    [filled] = [text for slot in theirs.slots if (text := R.prekey.open(info, slot)) is not None]
    with refused("mac"):
        receive(give(R, filled), R, ALL)
    assert receive(theirs.slots, R, ALL, channel=OTHER_CHANNEL) is not None


@pytest.mark.parametrize("u", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18])
def test_a_sender_with_a_key_of_small_order_is_refused(u: int) -> None:
    """Whose shared secrets would be zero, known to all: everybody could write in its name."""
    from msgspec.structs import replace

    weak_keys = replace(M.identity.keys, x25519=u.to_bytes(32, "little"))
    slot = made_by(X, R, named=M, shared=bytes(64))
    keys = {one.id: one.identity.keys for one in ALL} | {M.id: weak_keys}
    with refused("key"):
        open_dist(CHANNEL, give(R, slot), R.id, R.identity, [R.prekey], keys)
    with refused("key"):
        weak_keys.check()

    class Careless:
        seeds = R.identity.seeds

        def dh(self, public: bytes) -> bytes:
            return bytes(32)

    prekey = weakened("seal.keys").PrekeySecret(R.prekey.seeds)
    prekey.dh = Careless().dh
    assert open_dist(CHANNEL, give(R, slot), R.id, Careless(), [prekey], keys) is not None  # type: ignore[arg-type]


# --- post-quantum and classical halves are both used


@pytest.mark.parametrize("half", [slice(0, 1088), slice(1088, 1120)], ids=["ML-KEM", "X25519"])
def test_either_half_of_the_key_exchange_counts(half: slice) -> None:
    """Another good ciphertext's half in place of one's own: the key differs, and nothing opens."""
    slot, other = (seal_slot(R, slot_of(R)) for _ in range(2))
    mixed = bytearray(slot)
    mixed[half] = other[half]
    assert receive([bytes(mixed), dummy(), dummy(), dummy()], R, ALL) is None
    assert receive([slot, dummy(), dummy(), dummy()], R, ALL) is not None


@pytest.mark.parametrize("half", [slice(0, 1184), slice(1184, 1216)], ids=["ML-KEM", "X25519"])
def test_either_half_of_the_prekey_counts(half: slice) -> None:
    """Sealed to a key with one half another's: neither owner opens it."""
    mixed = bytearray(R.reader.prekey.xwing)
    mixed[half] = X.reader.prekey.xwing[half]
    sealed = p.hpke_seal(bytes(mixed), b"info", b"words")
    assert R.prekey.open(b"info", sealed) is None
    assert X.prekey.open(b"info", sealed) is None


# --- deniability


def test_the_receiver_alone_can_make_the_whole_transcript() -> None:
    """With R's secrets only: a DIST in S's name and entries on its chain, accepted by R's own desk."""
    sender = S.identity.keys  # public, as all that R has of the others
    random = chance("forger")
    seed, ck0 = random(32), random(32)
    audience = tuple(sorted(((S.id, S.prekey.seq), (R.id, R.prekey.seq), (X.id, X.prekey.seq))))
    terms: dict[str, Any] = {"cls": "talk", "epoch": 1, "audience": audience, "verify": p.ed25519_public(seed)}
    chain, cursor = new_chain(CHANNEL, sender=S.id, ck0=ck0, **terms)
    shared = R.identity.dh(sender.x25519) + R.prekey.dh(sender.x25519)
    key = p.kdf(shared, labels.DIST_KEY, CHANNEL, S.id, R.id, R.prekey.seq)
    mac = p.hmac256(key, labels.enc(labels.DIST_MAC, chain.cid, R.id, R.prekey.seq))
    slots = give(R, Slot(sender=S.id, ck0=ck0, mac=mac, **terms))

    opened = receive(slots, R, ALL)
    assert opened == (chain, cursor)
    assert opened[0].sender == S.id
    for k, words in enumerate([b"I agree.", b"And I concede the island."]):
        sealed, after = seal_entry(
            CHANNEL,
            chain,
            cursor,
            seed,
            kind="note",
            body=words,
            erasable=True,
            size=9,
            root=bytes(32),
            salt=random(16),
        )
        opening = read(chain, cursor, k, sealed.body)
        assert opening.body == words
        assert opening.after == after
        cursor = after
    # but it convinces nobody else: for X's mac R lacks what only S and X have
    with refused("mac"):
        receive(give(X, Slot(sender=S.id, ck0=ck0, mac=mac, **terms)), X, ALL)


def test_no_lasting_key_signs_what_is_said() -> None:
    """Nothing in a DIST or an entry verifies under the sender's identity keys."""
    sealed, _ = write(STARTED, STARTED.cursor)
    opening = read(STARTED.chain, STARTED.cursor, 0, sealed.body)
    assert opening.check.public == p.ed25519_public(STARTED.seed)
    assert opening.check.public != S.identity.keys.ed25519
    assert not p.ed25519_verify(S.identity.keys.ed25519, opening.check.message, opening.check.signature)


def test_what_is_shown_is_no_secret() -> None:
    shown = repr([STARTED, slot_of(R), R.identity.seeds, R.prekey.seeds, R.identity, R.prekey])
    assert shown.startswith(
        "[<Started>, <Slot>, <IdentitySeeds>, <PrekeySeeds>, <backchannel.seal.keys.Identity object at"
    )
