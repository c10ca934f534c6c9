"""Our records, verified by Python libraries of others: signatures by jwcrypto, what is shown by sd-jwt."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jws import JWS, InvalidJWSSignature
from sd_jwt.verifier import SDJWTVerifier

from backchannel.instruments.understanding import record
from tests.channel.kit import CHANNEL
from tests.instruments.understanding.kit import CLAUSES, in_state

ALGORITHMS = ["EdDSA", "ML-DSA-65"]


def written(*clauses: int) -> dict[str, Any]:
    raw = record.write(record.of(CHANNEL, in_state("complete"), clauses))
    return json.loads(raw)  # type: ignore[no-any-return]


def keys(file: dict[str, Any]) -> dict[tuple[str, str], JWK]:
    """The file is a JWK Set, too."""
    held = JWKSet.from_json(json.dumps({"keys": file["keys"]}))
    return {(key["kid"], key["alg"]): key for key in held}


def checked(file: dict[str, Any], k: int) -> dict[str, str]:
    """The header of signature k, which jwcrypto has verified."""
    signed = file["signatures"][k]
    one = JWS()
    one.allowed_algs = ALGORITHMS
    one.deserialize(json.dumps({"payload": file["payload"], **signed}))
    header = json.loads(one.objects["protected"])
    one.verify(keys(file)[header["kid"], header["alg"]])
    return header  # type: ignore[no-any-return]


def test_every_signature_holds_for_others() -> None:
    file = written()
    headers = [checked(file, k) for k in range(4)]
    assert [one["alg"] for one in headers] == ALGORITHMS * 2
    assert len({one["kid"] for one in headers}) == 2


@pytest.mark.parametrize("k", range(4))
def test_none_holds_for_another_payload(k: int) -> None:
    file = written()
    other = json.loads(record.write(record.of(CHANNEL, in_state("complete", title="Peace"))))
    with pytest.raises(InvalidJWSSignature):
        checked({**file, "payload": other["payload"]}, k)


@pytest.mark.parametrize("shown", [(), (2,), (1, 2, 3)])
def test_others_see_what_is_shown_and_nothing_else(shown: tuple[int, ...]) -> None:
    """sd-jwt reads the compact form only, with one signature: made of the first of the file."""
    file = written(*shown)
    first = file["signatures"][0]
    compact = f"{first['protected']}.{file['payload']}.{first['signature']}"
    presentation = "~".join((compact, *first["header"]["disclosures"], ""))
    claims = SDJWTVerifier(
        presentation, lambda _, header: keys(file)[header["kid"], header["alg"]]
    ).get_verified_payload()
    assert claims["clauses"] == [{"clause": k, "text": CLAUSES[k - 1]} for k in shown]
    assert claims["title"] == "Fishing"
    assert [list(party["who"]) for party in claims["parties"]] == [["name", "party", "role"]] * 2
