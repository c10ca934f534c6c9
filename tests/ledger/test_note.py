import json
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Malformed
from backchannel.ledger import ed25519
from backchannel.ledger.note import (
    Note,
    NoteSignature,
    VerifierKey,
    format_note,
    parse_note,
    sign_text,
    verify_note,
)

# The example of C2SP signed-note.md.
NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1E"
    "RYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
LINE = NOTE.split("\n\n")[1]


def test_the_example_of_the_specification() -> None:
    note, key = parse_note(NOTE.encode()), VerifierKey.parse(KEY)
    assert verify_note(note, key)
    assert format_note(note) == NOTE.encode()
    assert key.encode() == KEY


@given(
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]) | st.just("\n")),
    st.lists(st.binary(min_size=5, max_size=80), min_size=1, max_size=4),
)
def test_a_note_parses_back(text: str, blobs: list[bytes]) -> None:
    signatures = tuple(NoteSignature("a/b", blob[:4], blob[4:]) for blob in blobs)
    note = Note(text + "\n", signatures)
    assert parse_note(format_note(note)) == note


def test_what_was_signed_verifies_under_that_name_and_key_only() -> None:
    seed = bytes(32)
    note = Note("text\n", (sign_text("text\n", "relay", seed),))
    key = VerifierKey("relay", ed25519.public_key(seed))
    assert verify_note(note, key)
    assert not verify_note(note, VerifierKey("other", key.public))
    assert not verify_note(note, VerifierKey("relay", ed25519.public_key(bytes([1]) * 32)))
    assert not verify_note(Note("texts\n", note.signatures), key)


def test_lines_of_other_keys_are_passed_over_and_a_second_of_ours_is_refused() -> None:
    ours = sign_text("text\n", "relay", bytes(32))
    other = NoteSignature("relay", bytes(4), b"x")
    key = VerifierKey("relay", ed25519.public_key(bytes(32)))
    assert verify_note(Note("text\n", (other, ours)), key)
    assert not verify_note(Note("text\n", (ours, ours)), key)
    assert not verify_note(Note("text\n", ()), key)
    assert not verify_note(Note("text\n", (NoteSignature("relay", ours.key_id, b"short"),)), key)


BAD_NOTES = {
    "not UTF-8": b"caf\xe9\n\n" + LINE.encode(),
    "carriage return": NOTE.replace("\n", "\r\n").encode(),
    "control character": b"\x07" + NOTE.encode(),
    "no blank line": NOTE.replace("\n\n", "\n").encode(),
    "no signature": b"text\n\n",
    "no newline at the end": NOTE[:-1].encode(),
    "another dash": NOTE.replace("—", "-").encode(),
    "no space": "text\n\n—\n".encode(),
    "no name": "text\n\n—  AAAAAAA=\n".encode(),
    "no signature bytes": "text\n\n— relay AAAAAA==\n".encode(),
    "base64 not canonical": NOTE.replace("QM=", "QN=").encode(),
    "base64 without padding": NOTE.replace("QM=", "QM").encode(),
    "base64 that is none": NOTE.replace("QM=", "Q!=").encode(),
    "base64 that is not ASCII": NOTE.replace("QM=", "Qé=").encode(),
    "plus in the name": NOTE.replace("/foo", "+foo").encode(),
    "no-break space in the name": NOTE.replace("/foo", "\u00a0foo").encode(),
    "too many signatures": ("text\n\n" + LINE * 101).encode(),
    "too long": b"x" * (1 << 20) + b"\n\n" + LINE.encode(),
}


@pytest.mark.parametrize("raw", BAD_NOTES.values(), ids=BAD_NOTES)
def test_what_is_not_canonical_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        parse_note(raw)
    assert caught.value.code == "note"


@pytest.mark.parametrize(
    "note",
    [
        Note("no newline", (NoteSignature("a", bytes(4), b"s"),)),
        Note("text\n", ()),
        Note("text\n", (NoteSignature("a b", bytes(4), b"s"),)),
        Note("text\n", (NoteSignature("a", bytes(3), b"s"),)),
    ],
)
def test_what_would_not_parse_is_not_written(note: Note) -> None:
    with pytest.raises(Malformed) as caught:
        format_note(note)
    assert caught.value.code == "note"


def test_what_would_parse_as_another_note_is_not_written() -> None:
    with pytest.raises(Malformed, match="cannot be written"):
        format_note(Note("text\n", (NoteSignature("a", bytes(3), b"ss"),)))


BAD_KEYS = {
    "no parts": "example.com/foo",
    "two parts": "example.com/foo+530d903a",
    "another key id": KEY.replace("530d903a", "530d903b"),
    "key id in capitals": KEY.replace("530d903a", "530D903A"),
    "no name": KEY.removeprefix("example.com/foo"),
    "space in the name": KEY.replace("/", " "),
    "another type": "a+00000000+" + b64encode(b"\2" + bytes(32)).decode(),
    "short": "a+00000000+" + b64encode(b"\1" + bytes(31)).decode(),
    "not base64": KEY[:-1] + "!",
}


@pytest.mark.parametrize("text", BAD_KEYS.values(), ids=BAD_KEYS)
def test_other_verifier_keys_are_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        VerifierKey.parse(text)
    assert caught.value.code == "verifier-key"


# --- published vectors ----------------------------------------------------------------------------


def test_published_notes(shared_data: Path) -> None:
    verified = refused = 0
    for case in json.loads((shared_data / "vectors/signed-note/notes.json").read_text()):
        note = parse_note(case["note"].encode())
        assert format_note(note) == case["note"].encode()
        for text in case["vkeys"]:
            if case["type"] != "ed25519":  # we read plain Ed25519 keys only
                with pytest.raises(Malformed):
                    VerifierKey.parse(text)
                refused += 1
            else:
                assert verify_note(note, VerifierKey.parse(text)) is case["valid"], case["name"]
                verified += 1
    assert (verified, refused) == (8, 5)
