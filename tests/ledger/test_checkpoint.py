import json
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Malformed, RelayFault
from backchannel.ledger.checkpoint import Checkpoint, open_checkpoint, sign, verify_split
from backchannel.ledger.note import Note, format_note, parse_note, sign_text
from tests.ledger.build import ORIGIN, OTHER_ORIGIN, OTHER_SEED, PUBLIC, SEED, signed

ROOT = bytes(range(32))
TEXT = f"{ORIGIN}\n18\n{b64encode(ROOT).decode()}\n"


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_parses_back(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root)
    assert Checkpoint.parse(checkpoint.text()) == checkpoint
    assert open_checkpoint(sign(checkpoint, SEED), ORIGIN, PUBLIC) == checkpoint


def test_the_text_is_three_lines() -> None:
    assert Checkpoint(ORIGIN, 18, ROOT).text() == TEXT


BAD_TEXTS = {
    "two lines": TEXT.rsplit("\n", 2)[0] + "\n",
    "a fourth line": TEXT + "more\n",
    "no newline at the end": TEXT[:-1],
    "no origin": TEXT.removeprefix(ORIGIN),
    "space in the origin": TEXT.replace("bc1/", "bc1 "),
    "leading zero": TEXT.replace("\n18\n", "\n018\n"),
    "sign": TEXT.replace("\n18\n", "\n+18\n"),
    "negative": TEXT.replace("\n18\n", "\n-18\n"),
    "no size": TEXT.replace("\n18\n", "\n\n"),
    "digits that are not ASCII": TEXT.replace("\n18\n", "\n\u0661\u0668\n"),
    "size of 2^63": TEXT.replace("\n18\n", f"\n{2**63}\n"),
    "size of twenty digits": TEXT.replace("\n18\n", f"\n{10**19}\n"),
    "short root": TEXT.replace(b64encode(ROOT).decode(), b64encode(ROOT[:31]).decode()),
    "root not canonical": TEXT.replace("Hh8=", "Hh9="),
    "carriage return": TEXT.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_what_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        Checkpoint.parse(text)
    assert caught.value.code == "checkpoint"


def opened(raw: bytes) -> str:
    with pytest.raises(RelayFault) as caught:
        open_checkpoint(raw, ORIGIN, PUBLIC)
    return caught.value.code


def test_what_does_not_parse_is_the_relays_fault() -> None:
    assert opened(b"") == "checkpoint"
    text = TEXT.replace("\n18\n", "\n018\n")
    assert opened(format_note(Note(text, (sign_text(text, ORIGIN, SEED),)))) == "checkpoint"


def test_another_logs_checkpoint_is_refused() -> None:
    assert opened(signed(18, ROOT, origin=OTHER_ORIGIN)) == "origin"


def test_another_keys_signature_is_refused() -> None:
    assert opened(signed(18, ROOT, seed=OTHER_SEED)) == "signature"
    note = parse_note(signed(18, ROOT))
    assert opened(format_note(Note(note.text, note.signatures * 2))) == "signature"  # spec/ledger.md 5.2


def test_two_signed_roots_of_one_size_prove_a_split() -> None:
    a, b = signed(18, ROOT), signed(18, bytes(32))
    assert verify_split(a, b, ORIGIN, PUBLIC)
    assert not verify_split(a, a, ORIGIN, PUBLIC)
    assert not verify_split(a, signed(19, bytes(32)), ORIGIN, PUBLIC)
    assert not verify_split(a, signed(18, bytes(32), seed=OTHER_SEED), ORIGIN, PUBLIC)
    assert not verify_split(a, signed(18, bytes(32), origin=OTHER_ORIGIN), ORIGIN, PUBLIC)


def test_published_checkpoint_texts(shared_data: Path) -> None:
    valid = invalid = 0
    for case in json.loads((shared_data / "vectors/signed-note/checkpoint_bodies.json").read_text()):
        if case["error"]:
            with pytest.raises(Malformed):
                Checkpoint.parse(case["body"])
            invalid += 1
            continue
        # We are stricter in two things, no further lines and a root of 32 bytes: with these put right it reads.
        with pytest.raises(Malformed):
            Checkpoint.parse(case["body"])
        root = b64encode(case["root_utf8"].encode()).decode()
        body = case["body"].removesuffix(case["rest"]).replace(root, b64encode(ROOT).decode())
        assert Checkpoint.parse(body) == Checkpoint(case["origin"], case["size"], ROOT)
        valid += 1
    assert (valid, invalid) == (5, 7)
