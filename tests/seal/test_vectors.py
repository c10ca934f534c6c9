"""Our own vectors: each case is accepted with its results, or refused with its class."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from shamir_mnemonic.wordlist import WORDLIST

from backchannel.entry import text
from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import Count
from backchannel.errors import Malformed, Rejected
from backchannel.seal import primitives as p
from backchannel.seal import roster
from backchannel.seal.box import Sealed, invite_seed, open_box, padme, roster_box, welcome_box
from backchannel.seal.chain import Cursor, Header, erase_commitment, new_chain, open_entry, tag
from backchannel.seal.dist import _mac, open_dist
from backchannel.seal.keys import Identity, IdentitySeeds, Keys, Prekey, PrekeySecret, PrekeySeeds
from tools import make_vectors_seal as maker

VECTORS = Path(__file__).parent.parent.parent / "vectors"
FILES = sorted([*(VECTORS / "entry").glob("*.json"), *(VECTORS / "seal").glob("*.json")])
TYPES: dict[str, Any] = {"count": Count, "bytes": bytes, "text": str, "header": Header}
TYPES |= {"welcome": roster.Welcome, "roster": roster.Act | roster.Dist}
# Hexadecimal everywhere but here.
WRITTEN = {"class", "op", "type", "text", "label", "cls"}

Case = dict[str, Any]


def read(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: read(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [read(one) for one in value]
    return bytes.fromhex(value) if isinstance(value, str) and key not in WRITTEN else value


def run_decode(case: Case) -> Case:
    value = decode(case["raw"], TYPES[case["type"]])
    return {"raw": encode(value)}


def run_entry(case: Case) -> Case:
    audience = tuple((seat, seq) for seat, seq in case["audience"])
    terms = {name: case[name] for name in ("sender", "cls", "epoch", "verify", "ck0")}
    chain, _ = new_chain(case["channel"], audience=audience, **terms)
    opening = open_entry(case["channel"], chain, Cursor(**case["at"]), case["number"], case["body"])
    if not opening.check.holds():
        raise Rejected("signature", "The signature does not hold.")
    return {
        "cid": chain.cid,
        "tag": tag(chain, case["number"]),
        "erase": erase_commitment(chain, case["number"], True),
        "keep": erase_commitment(chain, case["number"], False),
        "words": opening.body,
        "prev": opening.header.prev,
        "id": opening.after.prev,
    }


def run_fingerprint(case: Case) -> Case:
    keys = Keys(case["ed25519"], case["mldsa"], case["x25519"])
    indices = [WORDLIST.index(word) for word in keys.words(case["channel"])]
    return {"fingerprint": keys.fingerprint(case["channel"]), "words": indices}


def run_prekey(case: Case) -> Case:
    Prekey(0, case["xwing"], case["x25519"], 0).check()
    return {}


def run_mac(case: Case) -> Case:
    chain = replace(maker.CHAIN, cid=case["cid"], sender=case["sender"])
    secret = case["sender_secret"]
    shared = p.x25519(secret, case["recipient_key"]) + p.x25519(secret, case["prekey"])
    return {"mac": _mac(shared, case["channel"], chain, case["recipient"], case["seq"])}


def run_dist(case: Case) -> Case:
    seeds, prekey, sender = case["seeds"], PrekeySecret(PrekeySeeds(**case["prekey"])), case["sender"]
    keys = {sender["seat"]: Keys(bytes(32), bytes(p.MLDSA_PUBLIC), sender["x25519"])}
    opened = open_dist(
        case["channel"], tuple(case["slots"]), case["me"], Identity(IdentitySeeds(**seeds)), [prekey], keys
    )
    assert opened is not None
    return {"cid": opened[0].cid, "ck0": opened[1].ck}


def run_act(case: Case) -> Case:
    act = roster.open_roster(case["raw"])
    assert isinstance(act, roster.Act)
    roster.verify_act(Keys(**case["keys"]), case["channel"], case["epoch"], act)
    return {}


def run_rotate(case: Case) -> Case:
    prekey = PrekeySecret(PrekeySeeds(**case["prekey"]))
    opened = roster.open_epoch(case["channel"], case["epoch"], case["slots"], case["check"], case["me"], [prekey])
    assert opened is not None
    return {"secret": opened.secret}


def shared(make: Callable[[bytes, bytes], Any]) -> Callable[[Case], Case]:
    return lambda case: {"plaintext": make(case["secret"], case["channel"]).open(Sealed(case["body"], case["erase"]))}


RUN: dict[str, Callable[[Case], Case]] = {
    "decode": run_decode,
    "line": lambda case: {"text": text.line(case["text"])},
    "prose": lambda case: {"text": text.prose(case["text"])},
    "box": lambda case: {"plaintext": open_box(case["secret"], case["label"], case["channel"], case["body"])},
    "roster": shared(roster_box),
    "welcome": shared(welcome_box),
    "invite": lambda case: {"public": p.ed25519_public(invite_seed(case["secret"], case["channel"]))},
    "padme": lambda case: {"sizes": [[size, padme(size)] for size, _ in case["sizes"]]},
    "entry": run_entry,
    "fingerprint": run_fingerprint,
    "x25519": lambda case: {"shared": p.x25519(case["secret"], case["public"])},
    "prekey": run_prekey,
    "mac": run_mac,
    "dist": run_dist,
    "act": run_act,
    "rotate": run_rotate,
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_vector(path: Path) -> None:
    case = read(json.loads(path.read_text()))
    if case["class"] == "ok":
        for name, value in RUN[case["op"]](case).items():
            assert case[name] == value, name
        return
    with pytest.raises(Malformed) as error:
        RUN[case["op"]](case)
    assert error.value.code == case["class"]


def test_there_are_vectors_of_every_kind() -> None:
    cases = [json.loads(path.read_text()) for path in FILES]
    assert len(cases) >= 100
    assert {case["op"] for case in cases} == RUN.keys()
    classes = Counter(case["class"] for case in cases)
    assert classes.keys() >= {"ok", "encoding", "canonical", "text", "name", "prose", "short", "commitment", "altered"}
    assert classes.keys() >= {
        "padding",
        "erase",
        "tag",
        "chain",
        "signature",
        "key",
        "slots",
        "slot",
        "audience",
        "mac",
    }


def test_the_files_are_what_the_tool_makes() -> None:
    """But for those that a library drew randomness for: of these there is one for each name."""
    made = maker.made()
    for path, content in made.items():
        assert (VECTORS / path).read_text() == content, path
    drawn = {f"seal/{name}.json" for name in maker.DRAWN}
    assert {f"{path.parent.name}/{path.name}" for path in FILES} == made.keys() | drawn
    for name, make in maker.DRAWN.items():
        assert json.loads((VECTORS / f"seal/{name}.json").read_text())["class"] == make()["class"]
