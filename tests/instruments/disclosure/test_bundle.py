"""Bundles: what a stranger can check of clauses that are shown, or is refused (spec/disclosure.md, 5 and 6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backchannel.entry.codec import encode
from backchannel.errors import Malformed
from backchannel.instruments.disclosure import bundle as bundles
from backchannel.instruments.disclosure.bundle import LARGEST, LATEST, Attested, Bundle
from backchannel.instruments.mandate import MOST_ATTESTATION, X509, Published
from backchannel.instruments.note import Send
from backchannel.instruments.understanding import anchor, form, jws, record
from backchannel.instruments.understanding.form import b64, unb64
from backchannel.instruments.understanding.values import Anchor
from backchannel.ledger import ed25519
from backchannel.ledger.checkpoint import Checkpoint, sign
from backchannel.ledger.origin import log_name, origin_line
from backchannel.seal.primitives import sha256
from tests.channel.kit import CHANNEL, MORNING
from tests.channel.weaken import weaken
from tests.instruments.disclosure.kit import ATTESTED, INDEX, RELAY, SIZE, bundle, entry, place, signed
from tests.instruments.kit import identity, ids, seat
from tests.instruments.understanding.kit import CLAUSES, in_state
from tests.instruments.understanding.test_record import ALTERED as ALTERED_RECORDS
from tests.instruments.understanding.test_record import at, rewritten
from tests.instruments.understanding.test_record import signed as signing
from tests.seal.kit import refused

RAW = bundles.write(bundle())
Change = Callable[[Bundle], Bundle]
OTHER_RELAY = b"\x55" * 32


def test_a_bundle_verifies_and_comes_back_as_it_went() -> None:
    assert bundles.read(RAW) == bundle()
    proven = bundles.verify(bundles.read(RAW))
    assert proven.record.clauses == (CLAUSES[0], None, CLAUSES[2])
    assert proven.record.title == "Fishing"
    assert (proven.position, proven.size, proven.arrival) == (INDEX, SIZE, MORNING)
    assert proven.relay == ed25519.public_key(RELAY)
    assert proven.attested == ((unb64(ATTESTED.seat), Published("gazette.example.org")),)
    assert list(json.loads(RAW)) == ["backchannel", "record", "log", "to", "summary", "lines", "replaces", "attested"]
    assert RAW.endswith(b"\n}\n")


def test_it_shows_nothing_of_what_stays_closed() -> None:
    """Not in the file, not in what it opens: the entry of the log holds no clause, shown or closed."""
    log = bundle().log
    _, held = anchor.shows(anchor.Proof(CHANNEL, unb64(log.box), unb64(log.key)))
    for words in CLAUSES:
        for part in (*words.split("\n"), b64(words.encode())[4:20]):
            assert part.encode() not in encode(held)
    opened = b"".join(unb64(one) for one in json.loads(RAW)["record"]["signatures"][0]["header"]["disclosures"])
    assert b"fish east" in opened
    assert b"Nor west" not in RAW + opened + encode(held) + unb64(bundle().record.payload)


def test_nothing_but_what_must_be_there() -> None:
    bare = replace(bundle(), lines="", attested=(), replaces="")
    assert bundles.verify(bundles.read(bundles.write(bare))).attested == ()
    assert bundles.verify(replace(bundle(), replaces=b64(bytes(32)))).position == INDEX


@pytest.mark.parametrize(("index", "size"), [(0, 1), (5, 6), (0, 7), (6, 7), (3, 8)])
def test_wherever_the_entry_stands(index: int, size: int) -> None:
    where = place(entry(record.anchor(CHANNEL, signed())), index=index, size=size)
    proven = bundles.verify(replace(bundle(), log=where))
    assert (proven.position, proven.size) == (index, size)


# --- altered in every way


def logged(**changes: Any) -> Change:
    return lambda b: replace(b, log=replace(b.log, **changes))


def recorded(change: Callable[[record.Record], record.Record]) -> Change:
    return lambda b: replace(b, record=change(b.record))


def flipped(field: str, k: int) -> Change:
    """One bit of these bytes."""

    def change(b: Bundle) -> Bundle:
        raw = bytearray(unb64(getattr(b.log, field)))
        raw[k] ^= 1
        return logged(**{field: b64(bytes(raw))})(b)

    return change


def noted(change: Callable[[str], str]) -> Change:
    return lambda b: logged(checkpoint=change(b.log.checkpoint))(b)


def newly(size: int = SIZE, root: bytes = bytes(32), channel: bytes = CHANNEL, seed: bytes = RELAY) -> str:
    return sign(Checkpoint(origin_line(log_name(channel)), size, root), seed).decode()


def holding(body: Any, kind: str = anchor.KIND) -> Change:
    """Another entry of the same log, well proved."""
    return lambda b: replace(b, log=place(entry(body, kind)))


def another(**changes: Any) -> record.Record:
    return record.of(CHANNEL, in_state("complete", ("Ana", "Ben", "Cem"), **changes), (1, 3))


def other_anchor() -> Anchor:
    return record.anchor(CHANNEL, in_state("complete", ("Ana", "Ben", "Cem"), seed=b"\x01" * 32))


def misnamed() -> Anchor:
    return replace(record.anchor(CHANNEL, signed()), item=b"\x09" * 32)


def shortened() -> Anchor:
    """The same payload, with a signature less."""
    whole = form.read(record.anchor(CHANNEL, signed()).jws, jws.Jws)
    return Anchor(signed().id, form.write(replace(whole, signatures=whole.signatures[:-1])))


def in_other_channel(b: Bundle) -> Bundle:
    other = bytes(reversed(CHANNEL))
    return replace(b, log=place(entry(record.anchor(CHANNEL, signed()), channel_id=other)))


def attesting(*given: Attested) -> Change:
    return lambda b: replace(b, attested=given)


def attested(raw: bytes, who: bytes = min(ids("Ana", "Ben", "Cem"))) -> Attested:
    return Attested(b64(who), b64(raw))


def by(name: str) -> Attested:
    return attested(encode(Published("gazette.example.org")), seat(name))


FIRST, LAST = sorted(("Ana", "Ben", "Cem"), key=seat)[0], sorted(("Ana", "Ben", "Cem"), key=seat)[-1]

ALTERED: dict[str, tuple[Change, str]] = {
    # what was signed, as in a record
    **{
        f"record, {name}": (recorded(ALTERED_RECORDS[name][0]), ALTERED_RECORDS[name][1])
        for name in (
            "signature stripped", "all signatures stripped", "one algorithm stripped", "signature doubled",
            "signatures in another order", "signatures exchanged", "signature under another name",
            "ed25519 of another understanding", "mldsa of another understanding", "ed25519 empty", "mldsa empty",
            "letter", "clause", "title", "clauses reordered", "clause doubled", "clause dropped",
            "disclosure of another", "disclosure doubled", "disclosure no base64", "payload with a member twice",
            "payload with a float", "channel", "understanding",
        )
    },
    "record, name": (recorded(rewritten(3, '"role":"', '"role":"head ')), "disclosure"),
    "record of another understanding": (lambda b: replace(b, record=another(seed=b"\x01" * 32)), "anchor"),
    "record of other parties": (
        lambda b: replace(b, record=record.of(CHANNEL, in_state("complete"), (1,))), "anchor",
    ),
    # a signature that holds, and is not the one that the log holds: ML-DSA draws randomness
    "signed again by all": (lambda b: replace(b, record=resigned(b.record)), "anchor"),
    # the entry
    "channel of another": (logged(channel=b64(bytes(32))), "channel"),
    "channel empty": (logged(channel=""), "channel"),
    "channel no base64": (logged(channel="?"), "record"),
    "channel, entry and log of another": (in_other_channel, "channel"),
    "box altered": (flipped("box", 40), "anchor"),
    "box altered at its end": (flipped("box", -1), "anchor"),
    "box empty": (logged(box=""), "anchor"),
    "box no base64": (logged(box="*"), "anchor"),
    "key altered": (flipped("key", 0), "anchor"),
    "key of another entry": (logged(key=b64(bytes(32))), "anchor"),
    "entry of another kind": (holding(record.anchor(CHANNEL, signed()), "understanding.sign"), "anchor"),
    "entry that is a note": (holding(Send("We agree to nothing.", False, 7), "note.send"), "anchor"),
    "entry of another understanding": (holding(other_anchor()), "anchor"),
    "entry that names another understanding": (holding(misnamed()), "anchor"),
    "entry with a signature less": (holding(shortened()), "anchor"),
    "entry without what was signed": (holding(Anchor(signed().id, b"{}")), "anchor"),
    # its place
    "leaf altered": (flipped("leaf", 33), "place"),
    "leaf of another entry": (flipped("leaf", 0), "place"),
    "leaf cut": (lambda b: logged(leaf=b64(unb64(b.log.leaf)[:-1]))(b), "checkpoint"),
    "leaf of a time that no calendar has": (
        lambda b: replace(b, log=place(entry(record.anchor(CHANNEL, signed())), arrival=LATEST + 1)), "place",
    ),
    "index before": (logged(index=INDEX - 1), "place"),
    "index behind": (logged(index=INDEX + 1), "place"),
    "index outside": (logged(index=SIZE), "place"),
    "index huge": (logged(index=2**53 - 1), "place"),
    "proof cut": (lambda b: logged(proof=b.log.proof[:-1])(b), "place"),
    "proof longer": (lambda b: logged(proof=(*b.log.proof, b64(bytes(32))))(b), "place"),
    "proof reordered": (lambda b: logged(proof=b.log.proof[::-1])(b), "place"),
    "proof altered": (lambda b: logged(proof=(b64(bytes(32)), *b.log.proof[1:]))(b), "place"),
    "proof empty": (logged(proof=()), "place"),
    # the checkpoint
    "checkpoint unsigned": (noted(lambda note: note.split("\n\n")[0] + "\n\n"), "checkpoint"),
    "checkpoint altered": (noted(lambda note: note.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n")), "checkpoint"),
    "checkpoint empty": (logged(checkpoint=""), "checkpoint"),
    "checkpoint of another log": (logged(checkpoint=newly(channel=bytes(32))), "checkpoint"),
    "checkpoint of another relay": (logged(checkpoint=newly(seed=OTHER_RELAY)), "checkpoint"),
    "checkpoint of another root": (logged(checkpoint=newly()), "place"),
    "relay altered": (flipped("relay", 0), "checkpoint"),
    "relay of another": (logged(relay=b64(ed25519.public_key(OTHER_RELAY))), "checkpoint"),
    "relay whose key is of small order": (logged(relay=b64(bytes(32))), "checkpoint"),
    # what stands beside
    "reader empty": (lambda b: replace(b, to=""), "name"),
    "reader that deceives": (lambda b: replace(b, to="\u202ecilbup"), "name"),
    "reader of two lines": (lambda b: replace(b, to="all\nof you"), "name"),
    "summary empty": (lambda b: replace(b, summary=""), "prose"),
    "summary that deceives": (lambda b: replace(b, summary="no\u200bforce"), "prose"),
    "lines that deceive": (lambda b: replace(b, lines="\x1b[2J"), "prose"),
    "attested who has not signed": (attesting(attested(encode(Published("x")), b"\x01" * 16)), "attestation"),
    "attested twice": (attesting(ATTESTED, ATTESTED), "attestation"),
    "attested out of order": (attesting(by(LAST), by(FIRST)), "attestation"),
    "attested by nothing": (attesting(attested(b"")), "attestation"),
    "attested by garbage": (attesting(attested(b"\xff\xff")), "attestation"),
    "attested at a place that deceives": (attesting(attested(encode(Published("g\u202eazette")))), "attestation"),
    "attested at a place that commands": (attesting(attested(encode(Published("\x1b[2Jgazette")))), "attestation"),
    "attested by too much": (attesting(attested(encode(X509(bytes(MOST_ATTESTATION), b"")))), "attestation"),
    "attested no base64": (attesting(Attested(ATTESTED.seat, "?")), "attestation"),
}  # fmt: skip


def resigned(given: record.Record) -> record.Record:
    """The ML-DSA signature of the first signatory made anew: it holds as well."""
    kid, raw = given.keys[0].kid, unb64(given.payload)
    name = next(name for name in ("Ana", "Ben", "Cem") if b64(seat(name)) == kid)
    _, mldsa = jws.sign(identity(name).signer(CHANNEL), unb64(kid), raw)
    return signing(at(1, signature=b64(mldsa)))(given)


@pytest.mark.parametrize("name", ALTERED)
def test_whatever_is_altered_is_refused(name: str) -> None:
    change, kind = ALTERED[name]
    with pytest.raises(Malformed) as caught:
        bundles.verify(change(bundle()))
    assert caught.value.code == kind


def test_a_signature_made_again_holds_and_is_not_what_stands_in_the_log() -> None:
    """Else whoever has a broken key could put what it signs now where others signed long ago."""
    assert record.verify(resigned(bundle().record))


FILES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda raw: raw[:-2],
    "another end": lambda raw: raw[:-1] + b" ",
    "no line break at the end": lambda raw: raw[:-1],
    "key twice": lambda raw: raw.replace(b'  "to": "public",', b'  "to": "public",\n  "to": "public",'),
    "unknown key": lambda raw: raw.replace(b'  "to": "public",', b'  "to": "public",\n  "by": "me",'),
    "other version": lambda raw: raw.replace(b"disclosure 1", b"disclosure 2"),
    "other indent": lambda raw: raw.replace(b'\n  "to"', b'\n   "to"'),
    "float": lambda raw: raw.replace(b'"index": 5', b'"index": 5.0'),
    "negative": lambda raw: raw.replace(b'"index": 5', b'"index": -5'),
    "too large a number": lambda raw: raw.replace(b'"index": 5', b'"index": 9007199254740992'),
    "escape": lambda raw: raw.replace(b'"They will', b'"\\u0054hey will'),
    "half a character": lambda raw: raw.replace(b'"They will', b'"\\ud800 will'),
    "not utf-8": lambda raw: raw.replace(b'"They will', b'"\xff will'),
    "another order": lambda raw: raw.replace(b'  "to": "public",\n', b"").replace(
        b'  "replaces": "",\n', b'  "to": "public",\n  "replaces": "",\n'
    ),
    "hash that is none": lambda raw: raw.replace(b'"replaces": ""', b'"replaces": "<b>"'),
    "hash with a line break": lambda raw: raw.replace(b'"replaces": ""', b'"replaces": "\\n"'),
    "key of 31 bytes": lambda raw: raw.replace(
        f'"key": "{bundle().log.key}"'.encode(), f'"key": "{b64(bytes(31))}"'.encode()
    ),
    "base64 with leftover bits": lambda raw: raw.replace(
        f'"relay": "{bundle().log.relay}"'.encode(), f'"relay": "{bundle().log.relay[:-1]}B"'.encode()
    ),
    "deep": lambda raw: raw.replace(b'"public"', b"[" * 5_000 + b"]" * 5_000),
    "a record alone": lambda _: record.write(bundle().record),
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_in_any_other_form_is_refused(name: str) -> None:
    changed = FILES[name](RAW)
    assert changed != RAW
    with refused("record"):
        bundles.read(changed)


def test_a_file_that_is_too_large_is_not_read() -> None:
    with refused("record"):
        bundles.read(RAW.replace(b"They", b"x" * LARGEST))


@given(st.integers(0, len(RAW) - 1), st.integers(0, 255))
def test_one_byte_changed_changes_nothing_that_was_signed(k: int, byte: int) -> None:
    """It is refused, or it is in the words beside the clauses, which nobody has signed."""
    changed = RAW[:k] + bytes([byte]) + RAW[k + 1 :]
    try:
        found = bundles.read(changed)
        proven = bundles.verify(found)
    except Malformed:
        return
    assert (found.record, found.log) == (bundle().record, bundle().log)
    assert proven.record == bundles.verify(bundle()).record


@given(st.binary(max_size=300))
def test_garbage_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        bundles.read(raw)


# --- each check is what stops its attack


@pytest.mark.parametrize(
    ("name", "check", "without"),
    [
        ("channel, entry and log of another", "p.sha256(channel) != shown.channel", "False"),
        ("entry of another understanding", "(held.item, held.jws) != (", "False and (held.item, held.jws) != ("),
        ("leaf of another entry", "not stands or leaf.id != entry", "False"),
        ("index before", "not stands or leaf.id != entry", "leaf.id != entry"),
        ("attested who has not signed", "not {one.seat for one in bundle.attested} <= signed", "False"),
        ("attested twice", "seats != sorted(set(seats))", "False"),
    ],
)
def test_without_its_check_the_attack_succeeds(
    monkeypatch: pytest.MonkeyPatch, name: str, check: str, without: str
) -> None:
    altered = ALTERED[name][0](bundle())
    weaken(monkeypatch, "instruments.disclosure.bundle", (check, without))
    assert bundles.verify(altered)


@pytest.mark.parametrize("algorithm", ["ed25519", "mldsa"])
def test_either_algorithm_broken_alone_forges_nothing(monkeypatch: pytest.MonkeyPatch, algorithm: str) -> None:
    """Somebody whose signatures of one algorithm always hold still cannot have the others sign a clause."""
    forged = recorded(ALTERED_RECORDS[f"{algorithm} of another understanding"][0])(bundle())
    other = {"ed25519": "mldsa", "mldsa": "ed25519"}[algorithm]
    words = recorded(ALTERED_RECORDS["clause dropped"][0])(bundle())
    monkeypatch.setattr(f"backchannel.seal.primitives.{algorithm}_verify", lambda *_: True)
    assert record.verify(forged.record)  # the broken one holds nothing back any more
    for one in (words, recorded(ALTERED_RECORDS[f"{other} of another understanding"][0])(bundle())):
        with refused("signature"):
            bundles.verify(one)
    with refused("anchor"):  # and even what it lets through is not what stands in the log
        bundles.verify(forged)


def test_the_key_opens_no_other_entry() -> None:
    first, second = entry(record.anchor(CHANNEL, signed())), entry(Send("Yes.", False, 7), "note.send")
    assert sha256(first.box) != sha256(second.box)
    with pytest.raises(Malformed):
        anchor.shows(replace(first, key=sha256(first.key)))
