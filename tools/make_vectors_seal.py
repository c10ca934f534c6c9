"""Write vectors/entry and vectors/seal: one case a file, each naming its failure class, or `ok`.

    python tools/make_vectors_seal.py

Most cases are made again byte by byte. HPKE and ML-DSA draw randomness of their own inside their library: cases that
need them (`DRAWN` below) are fixed once made, and only missing ones are added. Delete a file to have it made anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from msgspec.structs import replace  # noqa: E402

from backchannel import labels  # noqa: E402
from backchannel.entry.codec import encode  # noqa: E402
from backchannel.entry.ids import ZERO32  # noqa: E402
from backchannel.labels import enc  # noqa: E402
from backchannel.seal import primitives as p  # noqa: E402
from backchannel.seal import roster  # noqa: E402
from backchannel.seal.box import invite_seed, padme, roster_box, seal_box, welcome_box  # noqa: E402
from backchannel.seal.chain import (  # noqa: E402
    Cursor,
    Header,
    Line,
    erase_commitment,
    new_chain,
    seal_entry,
    tag,
)
from backchannel.seal.dist import Slot, _mac, start_chain  # noqa: E402
from backchannel.seal.keys import Identity, Prekey, PrekeySecret, Random  # noqa: E402
from backchannel.seal.roster import Dist, EpochSecrets, Welcome  # noqa: E402
from backchannel.seal.slots import Recipient, dist_info  # noqa: E402

Case = dict[str, Any]
CHANNEL, OTHER = bytes(range(32)), bytes(range(1, 33))
SECRET, SALT, TAG = b"\x07" * 32, b"\x23" * 16, b"\x74" * 16
SEED, CK0 = b"\x21" * 32, b"\x22" * 32


def chance(name: str) -> Random:
    """Bytes that are the same in every run."""
    state = [0]

    def draw(size: int) -> bytes:
        state[0] += 1
        return hashlib.shake_256(f"{name} {state[0]}".encode()).digest(size)

    return draw


def seat(name: str) -> tuple[Identity, PrekeySecret, bytes]:
    random = chance(name)
    identity = Identity.new(random)
    return identity, PrekeySecret.new(3, random), identity.keys.seat(CHANNEL)


S, R = seat("sender"), seat("receiver")
AUDIENCE = tuple(sorted(((S[2], 3), (R[2], 3))))
CHAIN, START = new_chain(
    CHANNEL, sender=S[2], cls="talk", epoch=1, audience=AUDIENCE, verify=p.ed25519_public(SEED), ck0=CK0
)


def flipped(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


# --- entry: encodings and text


def entry_cases() -> dict[str, Case]:
    def decoding(kind: str, raw: bytes, code: str = "ok") -> Case:
        return {"class": code, "op": "decode", "type": kind, "raw": raw}

    def text(op: str, value: str, code: str = "ok") -> Case:
        return {"class": code, "op": op, "text": value}

    header = encode(Header(CHAIN.cid, 0, ZERO32, "note", 1, 4, ZERO32))
    return {
        "count-zero": decoding("count", b"\x00"),
        "count-largest": decoding("count", b"\xcf\x7f" + b"\xff" * 7),
        "count-too-large": decoding("count", b"\xcf\x80" + bytes(7), "encoding"),
        "count-negative": decoding("count", b"\xff", "encoding"),
        "count-long-form": decoding("count", b"\xcc\x01", "canonical"),
        "count-longest-form": decoding("count", b"\xcf" + bytes(7) + b"\x01", "canonical"),
        "count-signed-form": decoding("count", b"\xd0\x01", "canonical"),
        "count-true": decoding("count", b"\xc3", "encoding"),
        "count-float": decoding("count", b"\xcb" + bytes(8), "encoding"),
        "count-nan": decoding("count", b"\xcb\x7f\xf8" + bytes(6), "encoding"),
        "count-trailing": decoding("count", b"\x01\x01", "encoding"),
        "count-nothing": decoding("count", b"", "encoding"),
        "bytes-as-text": decoding("bytes", b"\xa1a", "encoding"),
        "bytes-long-form": decoding("bytes", b"\xc5\x00\x01a", "canonical"),
        "bytes-declared-4-gb": decoding("bytes", b"\xc6\xff\xff\xff\xff", "encoding"),
        "bytes-extension": decoding("bytes", b"\xd4\x01\x00", "encoding"),
        "text-as-bytes": decoding("text", b"\xc4\x01a", "encoding"),
        "text-nfc": decoding("text", b"\xa2\xc3\xa9"),
        "text-nfd": decoding("text", b"\xa3e\xcc\x81", "text"),
        "text-direction-override": decoding("text", b"\xa3\xe2\x80\xae", "text"),
        "text-unicode-15": decoding("text", encode("\U0001fae8"), "text"),
        "text-surrogate": decoding("text", b"\xa3\xed\xa0\x80", "encoding"),
        "text-overlong": decoding("text", b"\xa2\xc0\x80", "encoding"),
        "welcome": decoding("welcome", encode(Welcome(0, (SECRET,)))),
        "welcome-order": decoding("welcome", b"\x82\xa7secrets\x90\xa5epoch\x00", "canonical"),
        "welcome-repeated-key": decoding("welcome", b"\x83\xa5epoch\x00\xa5epoch\x00\xa7secrets\x90", "canonical"),
        "welcome-unknown-key": decoding("welcome", b"\x83\xa5epoch\x00\xa7secrets\x90\xa1x\x00", "encoding"),
        "welcome-missing-key": decoding("welcome", b"\x81\xa5epoch\x00", "encoding"),
        "welcome-long-map": decoding("welcome", b"\xde\x00\x02\xa5epoch\x00\xa7secrets\x90", "canonical"),
        "welcome-array": decoding("welcome", b"\x92\x00\x90", "encoding"),
        "welcome-deep": decoding("welcome", b"\x91" * 5000, "encoding"),
        "header": decoding("header", header),
        "header-short-cid": decoding(
            "header", header.replace(b"\xc4\x20" + CHAIN.cid, b"\xc4\x1f" + bytes(31)), "encoding"
        ),
        "dist-wrong-tag": decoding("roster", b"\x82\xa2is\xa3foo\xa5slots\x90", "encoding"),
        "dist-tag-last": decoding("roster", b"\x82\xa5slots\x90\xa2is\xa4dist", "canonical"),
        "dist": decoding("roster", encode(Dist((b"",)))),
        "name": text("line", "Ana María"),
        "name-persian": text("line", "نمی‌دانم"),
        "name-empty": text("line", "", "name"),
        "name-long": text("line", "a" * 81, "name"),
        "name-two-spaces": text("line", "a  b", "name"),
        "name-right-to-left": text("line", "a\u202eb", "name"),
        "name-invisible": text("line", "\u3164", "name"),
        "name-variation-selector": text("line", "Chile\ufe0f", "name"),
        "name-nfd": text("line", "e\u0301", "name"),
        "name-line-break": text("line", "a\nb", "name"),
        "prose": text("prose", "a\n\tb ❤️"),
        "prose-escape": text("prose", "a\x1b[31mb", "prose"),
        "prose-carriage-return": text("prose", "a\r\nb", "prose"),
        "prose-empty": text("prose", " \n", "prose"),
    }


# --- seal


def boxes() -> dict[str, Case]:
    def box(body: bytes, code: str = "ok", **change: Any) -> Case:
        case = {"class": code, "op": "box", "secret": SECRET, "label": labels.ENTRY, "channel": CHANNEL, "body": body}
        return case | ({"plaintext": b"words"} if code == "ok" else {}) | change

    def raw(padded: bytes) -> bytes:
        derived = p.kdf(SECRET, labels.ENTRY, CHANNEL, SALT, size=76)
        aad = enc(labels.ENTRY, CHANNEL, TAG, SALT, derived[44:])
        return TAG + SALT + derived[44:] + p.aead_seal(derived[:32], derived[32:44], padded, aad)

    good = seal_box(SECRET, labels.ENTRY, CHANNEL, TAG, SALT, b"words")
    cases = {
        "box": box(good),
        "box-ends-in-zeros": box(
            seal_box(SECRET, labels.ENTRY, CHANNEL, TAG, SALT, b"\x80\0\0"), plaintext=b"\x80\0\0"
        ),
        "box-empty": box(seal_box(SECRET, labels.ENTRY, CHANNEL, TAG, SALT, b""), plaintext=b""),
        "box-of-511": box(seal_box(SECRET, labels.ENTRY, CHANNEL, TAG, SALT, b"a" * 511), plaintext=b"a" * 511),
        "box-of-512": box(seal_box(SECRET, labels.ENTRY, CHANNEL, TAG, SALT, b"a" * 512), plaintext=b"a" * 512),
        "box-short": box(good[:-1], "short"),
        "box-tag-altered": box(flipped(good, 0), "altered"),
        "box-salt-altered": box(flipped(good, 16), "commitment"),
        "box-com-altered": box(flipped(good, 32), "commitment"),
        "box-text-altered": box(flipped(good, 64), "altered"),
        "box-mac-altered": box(flipped(good, len(good) - 1), "altered"),
        "box-other-key": box(good, "commitment", secret=CK0),
        "box-other-channel": box(good, "commitment", channel=OTHER),
        "box-other-label": box(good, "commitment", label=labels.ROSTER),
        "box-all-zeros": box(raw(bytes(512)), "padding"),
        "box-no-marker": box(raw(b"a" * 512), "padding"),
        "box-padded-too-far": box(raw(b"words\x80".ljust(544, b"\0")), "padding"),
        "box-padded-to-no-step": box(raw(b"words\x80".ljust(513, b"\0")), "padding"),
    }
    sizes = [0, 1, 511, 512, 513, 544, 545, 1000, 1024, 1025, 4095, 9999, 65537, 10**6, 2**31, 10**12]
    cases["padme"] = {"class": "ok", "op": "padme", "sizes": [[size, padme(size)] for size in sizes]}
    return cases


def shared_boxes() -> dict[str, Case]:
    def shared(kind: str, body: bytes, erase: bytes, code: str = "ok", secret: bytes = SECRET) -> Case:
        case = {"class": code, "op": kind, "secret": secret, "channel": CHANNEL, "body": body, "erase": erase}
        return case | ({"plaintext": b"act"} if code == "ok" else {})

    good, welcome = (make(SECRET, CHANNEL).seal(b"act", SALT) for make in (roster_box, welcome_box))
    return {
        "roster": shared("roster", *good),
        "roster-other-epoch": shared("roster", *good, "commitment", CK0),
        "roster-erasable": shared("roster", good.body, p.sha256(ZERO32), "erase"),
        "roster-foreign-tag": shared(
            "roster", seal_box(SECRET, labels.ROSTER, CHANNEL, TAG, SALT, b"act"), good.erase, "tag"
        ),
        "roster-as-welcome": shared("roster", *welcome, "commitment"),
        "welcome": shared("welcome", *welcome),
        "welcome-as-roster": shared("welcome", *good, "commitment"),
        "invite-key": {
            "class": "ok",
            "op": "invite",
            "secret": SECRET,
            "channel": CHANNEL,
            "public": p.ed25519_public(invite_seed(SECRET, CHANNEL)),
        },
    }


def chains() -> dict[str, Case]:
    terms = {
        "channel": CHANNEL,
        "sender": S[2],
        "cls": "talk",
        "epoch": 1,
        "audience": [[one, seq] for one, seq in AUDIENCE],
        "verify": CHAIN.verify,
        "ck0": CK0,
    }

    def entry(cursor: Cursor, i: int, body: bytes, code: str = "ok", **result: Any) -> Case:
        at = {"ck": cursor.ck, "i": cursor.i, "prev": cursor.prev}
        return {"class": code, "op": "entry", **terms, "at": at, "number": i, "body": body} | result

    def put(cursor: Cursor, body: bytes, salt: bytes = SALT) -> tuple[Any, Cursor]:
        return seal_entry(
            CHANNEL, CHAIN, cursor, SEED, kind="note", body=body, erasable=True, size=4, root=SECRET, salt=salt
        )

    def forge(header: bytes, body: bytes, sig: bytes, salt: bytes = SALT) -> bytes:
        return box(encode(Line(header, body, sig)), salt)

    def box(plaintext: bytes, salt: bytes = SALT) -> bytes:
        mk = p.hmac256(CK0, b"\x01")
        return seal_box(mk, labels.ENTRY, CHANNEL, tag(CHAIN, 0), salt, plaintext)

    def sign(header: bytes, body: bytes, seed: bytes = SEED, label: str = labels.ENTRY_SIG) -> bytes:
        return p.ed25519_sign(seed, enc(label, CHANNEL, SALT, header, p.sha256(body)))

    def full(sealed: bytes, words: bytes, number: int, prev: bytes) -> Case:
        return {
            "cid": CHAIN.cid,
            "tag": tag(CHAIN, number),
            "erase": erase_commitment(CHAIN, number, True),
            "keep": erase_commitment(CHAIN, number, False),
            "words": words,
            "prev": prev,
            "id": p.sha256(sealed),
        }

    header = Header(CHAIN.cid, 0, ZERO32, "note", 1, 4, SECRET)
    head = encode(header)
    sig = sign(head, b"words")
    first, second = put(START, b"words")
    next_, third = put(second, b"more words")
    late, _ = put(third, b"after a gap")
    other = encode(replace(header, cid=ZERO32))
    moved = encode(replace(header, i=1))
    s = int.from_bytes(sig[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    return {
        "entry-first": entry(START, 0, first.body, **full(first.body, b"words", 0, ZERO32)),
        "entry-second": entry(second, 1, next_.body, **full(next_.body, b"more words", 1, p.sha256(first.body))),
        "entry-after-gap": entry(START, 2, late.body, **full(late.body, b"after a gap", 2, p.sha256(next_.body))),
        "entry-replayed": entry(second, 0, first.body, "chain"),
        "entry-beyond-the-end": entry(START, 1000, first.body, "chain"),
        "entry-in-anothers-place": entry(second, 1, first.body, "tag"),
        "entry-moved": entry(second, 1, tag(CHAIN, 1) + first.body[16:], "commitment"),
        "entry-other-cid": entry(START, 0, forge(other, b"words", sign(other, b"words")), "chain"),
        "entry-other-number": entry(START, 0, forge(moved, b"words", sign(moved, b"words")), "chain"),
        "entry-forged": entry(START, 0, forge(head, b"words", sign(head, b"words", SECRET)), "signature"),
        "entry-other-words": entry(START, 0, forge(head, b"other words", sig), "signature"),
        "entry-other-kind": entry(START, 0, forge(encode(replace(header, kind="step")), b"words", sig), "signature"),
        "entry-sealed-anew": entry(START, 0, forge(head, b"words", sig, b"\x24" * 16), "signature"),
        "entry-other-purpose": entry(
            START, 0, forge(head, b"words", sign(head, b"words", label=labels.ROSTER_SIG)), "signature"
        ),
        "entry-signature-not-reduced": entry(
            START, 0, forge(head, b"words", sig[:32] + s.to_bytes(32, "little")), "signature"
        ),
        "entry-unsigned": entry(START, 0, forge(head, b"words", bytes(64)), "signature"),
        "entry-trailing": entry(START, 0, box(encode(Line(head, b"words", sig)) + b"\x01"), "encoding"),
        "entry-key-order": entry(START, 0, box(encode({"body": b"words", "header": head, "sig": sig})), "canonical"),
        "entry-garbage": entry(START, 0, box(b"garbage"), "encoding"),
        "entry-nothing": entry(START, 0, box(b""), "encoding"),
        "entry-header-long-form": entry(
            START, 0, forge(head.replace(b"\xa1i\x00", b"\xa1i\xcc\x00"), b"words", sig), "canonical"
        ),
    }


def keys() -> dict[str, Case]:
    mine = S[0].keys
    words = int.from_bytes(mine.fingerprint(CHANNEL), "big") >> 136
    prekey = S[1].public(500)
    named: dict[str, Any] = {name: getattr(mine, name) for name in ("ed25519", "mldsa", "x25519")}
    small = {"zero": 0, "one": 1, "minus-one": 2**255 - 20, "p": 2**255 - 19, "p-plus-one": 2**255 - 18}
    small["order-8"] = 325606250916557431795983626356110631294008115727848805560023387167927233504
    cases: dict[str, Case] = {
        "fingerprint": {
            "class": "ok",
            "op": "fingerprint",
            "channel": CHANNEL,
            **named,
            "fingerprint": mine.fingerprint(CHANNEL),
            "words": [words >> (10 * k) & 1023 for k in reversed(range(12))],
        },
        "x25519": {
            "class": "ok",
            "op": "x25519",
            "secret": SEED,
            "public": mine.x25519,
            "shared": p.x25519(SEED, mine.x25519),
        },
        "prekey": prekey_case(prekey),
        "prekey-modulus": prekey_case(replace(prekey, xwing=b"\xff\x0f" + prekey.xwing[2:]), "key"),
        "prekey-small-order": prekey_case(replace(prekey, x25519=ZERO32), "key"),
        "prekey-small-order-inside": prekey_case(replace(prekey, xwing=prekey.xwing[:1184] + ZERO32), "key"),
    }
    for name, u in small.items():
        cases[f"x25519-{name}"] = {"class": "key", "op": "x25519", "secret": SEED, "public": u.to_bytes(32, "little")}
    dh = S[0].dh(R[0].keys.x25519) + S[0].dh(R[1].public(0).x25519)
    cases["dist-mac"] = {
        "class": "ok",
        "op": "mac",
        "channel": CHANNEL,
        "sender": S[2],
        "sender_secret": S[0].seeds.x25519,
        "recipient": R[2],
        "recipient_key": R[0].keys.x25519,
        "prekey": R[1].public(0).x25519,
        "seq": 3,
        "cid": CHAIN.cid,
        "mac": _mac(dh, CHANNEL, CHAIN, R[2], 3),
    }
    return cases


def prekey_case(prekey: Prekey, code: str = "ok") -> Case:
    return {"class": code, "op": "prekey", "xwing": prekey.xwing, "x25519": prekey.x25519}


# --- what HPKE and ML-DSA have a part in: fixed once made


def dist_case(slots: tuple[bytes, ...], code: str = "ok") -> Case:
    seeds = {"ed25519": R[0].seeds.ed25519, "mldsa": R[0].seeds.mldsa, "x25519": R[0].seeds.x25519}
    prekey = {"seq": 3, "xwing": R[1].seeds.xwing, "x25519": R[1].seeds.x25519}
    sender = {"seat": S[2], "x25519": S[0].keys.x25519}
    case = {"class": code, "op": "dist", "channel": CHANNEL, "me": R[2], "seeds": seeds, "prekey": prekey}
    return case | {"sender": sender, "slots": list(slots)}


def dist_good() -> Case:
    readers = [reader(one) for one in (S, R)]
    started = start_chain(CHANNEL, S[2], S[0], readers, cls="talk", epoch=1, random=chance("dist"))
    return dist_case(started.slots) | {"cid": started.chain.cid, "ck0": started.cursor.ck}


def reader(one: tuple[Identity, PrekeySecret, bytes]) -> Any:
    from backchannel.seal.dist import Reader

    return Reader(one[2], one[0].keys, one[1].public(500))


def dist_bad(code: str, **change: Any) -> Callable[[], Case]:
    def make() -> Case:
        dh = S[0].dh(R[0].keys.x25519) + S[0].dh(R[1].public(0).x25519)
        slot = Slot(S[2], 1, "talk", AUDIENCE, CHAIN.verify, CK0, _mac(dh, CHANNEL, CHAIN, R[2], 3))
        return dist_case(given(encode(replace(slot, **change)) + b"\x80"), code)

    return make


def given(raw: bytes) -> tuple[bytes, ...]:
    public = R[1].public(0).xwing
    slot = p.hpke_seal(public, dist_info(CHANNEL, R[2], 3), raw.ljust(416, b"\0"))
    return slot, *(p.hpke_seal(p.xwing_public(bytes([k]) * 32), b"", bytes(416)) for k in range(3))


def act_case(code: str = "ok", epoch: int = 1, **change: Any) -> Callable[[], Case]:
    def make() -> Case:
        act = replace(roster.sign_act(S[0], CHANNEL, 1, S[2], 5, b"body"), **change)
        named = {name: getattr(S[0].keys, name) for name in ("ed25519", "mldsa", "x25519")}
        return {"class": code, "op": "act", "channel": CHANNEL, "epoch": epoch, "keys": named, "raw": encode(act)}

    return make


def mldsa_with_context() -> Case:
    case = act_case("signature")()
    message = enc(labels.ROSTER_SIG, enc(CHANNEL, 1, S[2], 5, b"body"))
    ed, _ = S[0].sign(labels.ROSTER_SIG, enc(CHANNEL, 1, S[2], 5, b"body"))
    mldsa = p.mldsa_private(S[0].seeds.mldsa).sign(message, b"bc1")
    return case | {"raw": encode(roster.Act(S[2], 5, b"body", ed, mldsa))}


def rotate_case(code: str = "ok", check: bytes | None = None) -> Callable[[], Case]:
    def make() -> Case:
        secrets = EpochSecrets.new(chance("epoch"))
        seats = [Recipient(one[2], 3, one[1].public(0).xwing) for one in (S, R)]
        slots = roster.seal_epoch(CHANNEL, 2, secrets, seats, chance("rotate"))
        prekey = {"seq": 3, "xwing": R[1].seeds.xwing, "x25519": R[1].seeds.x25519}
        case: Case = {"class": code, "op": "rotate", "channel": CHANNEL, "epoch": 2, "me": R[2], "prekey": prekey}
        case |= {"slots": list(slots), "check": check or secrets.check(CHANNEL, 2)}
        return case | ({"secret": secrets.secret} if code == "ok" else {})

    return make


DRAWN: dict[str, Callable[[], Case]] = {
    "dist": dist_good,
    "dist-another-ck0": dist_bad("mac", ck0=SECRET),
    "dist-another-epoch": dist_bad("mac", epoch=2),
    "dist-wrong-mac": dist_bad("mac", mac=ZERO32),
    "dist-unknown-sender": dist_bad("audience", sender=b"m" * 16),
    "dist-without-me": dist_bad("audience", audience=((S[2], 3),)),
    "dist-unsorted": dist_bad("audience", audience=AUDIENCE[::-1]),
    "dist-not-padded": lambda: dist_case(given(b"\x81"), "slot"),
    "dist-garbage": lambda: dist_case(given(b"garbage\x80"), "encoding"),
    "dist-three-slots": lambda: dist_case(given(b"\x80")[:3], "slots"),
    "dist-unlike-slots": lambda: dist_case((*given(b"\x80")[:3], b""), "slots"),
    "act": act_case(),
    "act-other-epoch": act_case("signature", epoch=2),
    "act-other-number": act_case("signature", n=6),
    "act-other-body": act_case("signature", body=b"other"),
    "act-without-ed25519": act_case("signature", ed=bytes(64)),
    "act-without-mldsa": act_case("signature", mldsa=bytes(3309)),
    "act-mldsa-context": mldsa_with_context,
    "rotate": rotate_case(),
    "rotate-other-check": rotate_case("epoch-secrets", ZERO32),
}


def plain(value: Any) -> Any:
    """Bytes as hex, for JSON."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def made() -> dict[str, str]:
    """Path below vectors/ -> content, of every case that is the same in each run."""
    seal = boxes() | shared_boxes() | chains() | keys()
    found = {f"entry/{name}.json": case for name, case in entry_cases().items()}
    found |= {f"seal/{name}.json": case for name, case in seal.items()}
    return {path: text(case) for path, case in found.items()}


def text(case: Case) -> str:
    return json.dumps(plain(case), indent=1, ensure_ascii=True) + "\n"


def main() -> None:
    vectors = ROOT / "vectors"
    for path, content in made().items():
        (vectors / path).parent.mkdir(parents=True, exist_ok=True)
        (vectors / path).write_text(content)
    for name, make in DRAWN.items():
        drawn = vectors / "seal" / f"{name}.json"
        if not drawn.exists():
            drawn.write_text(text(make()))


if __name__ == "__main__":
    main()
