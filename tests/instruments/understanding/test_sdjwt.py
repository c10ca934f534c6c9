"""Selective disclosure: RFC 9901's own examples, and what it says must be refused."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from backchannel.instruments.understanding.form import b64, unb64
from backchannel.instruments.understanding.sdjwt import DEEPEST, digest, reveal
from tests.seal.kit import refused

EXAMPLES = json.loads(
    (Path(__file__).parents[3] / "vectors" / "sd-jwt" / "rfc9901_examples.json").read_text(encoding="utf-8")
)


def parsed(part: str) -> Any:
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["name"])
def test_the_examples_of_the_rfc(example: dict[str, Any]) -> None:
    signed, *disclosures, _key_binding = example["sd_jwt"].split("~")
    header, payload, signature = signed.split(".")
    jwk, raw = example["issuer_jwk"], unb64(signature)
    x, y = (int.from_bytes(unb64(jwk[name])) for name in "xy")
    der = utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    key.verify(der, f"{header}.{payload}".encode(), ec.ECDSA(SHA256()))
    found = reveal(parsed(payload), {digest(one): parsed(one) for one in disclosures})
    assert found == example.get("expected_payload", found)
    for k, one in enumerate(disclosures):  # with one letter of it changed, it belongs nowhere
        lies = [*disclosures[:k], one[:-4] + ("A" if one[-4] != "A" else "B") + one[-3:], *disclosures[k + 1 :]]
        with refused("disclosure"):
            reveal(parsed(payload), {digest(lie): parsed(disclosures[i]) for i, lie in enumerate(lies)})


def opened(*contents: Sequence[Any]) -> tuple[list[str], dict[str, Any]]:
    raws = [b64(json.dumps(one).encode()) for one in contents]
    return [digest(raw) for raw in raws], {digest(raw): one for raw, one in zip(raws, contents, strict=True)}


def test_what_stays_closed_is_left_out_or_stands_as_it_is_said() -> None:
    (a, b, c), found = opened(["s", "a", 1], ["s", {"b": None}], ["s", [1, 2]])
    payload: dict[str, Any] = {"_sd_alg": "sha-256", "_sd": [a], "list": [None, {"...": b}, {"...": c}, {"x": []}]}
    assert reveal(payload, found) == {"a": 1, "list": [None, {"b": None}, [1, 2], {"x": []}]}
    assert reveal(payload, {b: found[b]}) == {"list": [None, {"b": None}, {"x": []}]}
    assert reveal(payload, {}, closed="?") == {"list": [None, "?", "?", {"x": []}]}


def test_disclosures_in_disclosures() -> None:
    (inner,), one = opened(["s", "deep", True])
    (outer,), two = opened(["s", "top", {"_sd": [inner]}])
    assert reveal({"_sd": [outer]}, {**one, **two}) == {"top": {"deep": True}}
    assert reveal({"_sd": [outer]}, two) == {"top": {}}
    with refused("disclosure"):
        reveal({"_sd": [outer]}, one)


(A, B), FOUND = opened(["s", "a", 1], ["s", 2])
(TAKEN, RESERVED, DOTS, NUMBER, SHORT, LONG, SALT), ODD = opened(
    ["s", "taken", 1], ["s", "_sd", 1], ["s", "...", 1], ["s", 5, 1], ["s"], ["s", "a", 1, 2], [5, "a", 1]
)
(AGAIN, TWICE), TWINS = opened(["s", "a", 1], ["t", "a", 2])
NO_LIST = opened(["s", "a", 1])[0][0]


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"_sd_alg": "sha-512"}, {}),
        ({"_sd_alg": None}, {}),
        ({}, {A: FOUND[A]}),
        ({"_sd": [A, A]}, FOUND),
        ({"_sd": [A], "x": {"_sd": [A]}}, {A: FOUND[A]}),
        ({"_sd": [A], "x": [{"...": A}]}, {A: FOUND[A]}),
        ({"_sd": [5]}, {}),
        ({"_sd": A}, {A: FOUND[A]}),
        ({"x": [{"...": 5}]}, {}),
        ({"x": [{"...": B, "y": 1}]}, {B: FOUND[B]}),
        ({"...": B}, {B: FOUND[B]}),
        ({"x": {"_sd_alg": "sha-256"}}, {}),
        ({"_sd": [B]}, {B: FOUND[B]}),
        ({"x": [{"...": A}]}, {A: FOUND[A]}),
        ({"_sd": [TAKEN], "taken": 0}, {TAKEN: ODD[TAKEN]}),
        ({"_sd": [AGAIN, TWICE]}, TWINS),
        ({"_sd": [RESERVED]}, {RESERVED: ODD[RESERVED]}),
        ({"_sd": [DOTS]}, {DOTS: ODD[DOTS]}),
        ({"_sd": [NUMBER]}, {NUMBER: ODD[NUMBER]}),
        ({"_sd": [SHORT]}, {SHORT: ODD[SHORT]}),
        ({"_sd": [LONG]}, {LONG: ODD[LONG]}),
        ({"_sd": [SALT]}, {SALT: ODD[SALT]}),
        ({"_sd": [A]}, {A: {"s": 1}}),
    ],
)
def test_what_must_be_refused(payload: dict[str, Any], found: dict[str, Any]) -> None:
    with refused("disclosure"):
        reveal(payload, found)


def test_depth_is_bounded() -> None:
    deep: Any = 1
    for _ in range(DEEPEST - 1):
        deep = [deep]
    assert reveal({"x": deep}, {}) == {"x": deep}
    with refused("disclosure"):
        reveal({"x": [[deep]]}, {})
