from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Malformed
from backchannel.ledger.leaf import (
    NO_ERASE,
    RECORD_PREFIX,
    EraseRecord,
    Leaf,
    arrival_unit,
    entry_id,
)

HASHES = st.binary(min_size=32, max_size=32)
LEAVES = st.builds(Leaf, HASHES, st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), HASHES)


def test_leaf_data_is_the_four_fields_in_76_bytes() -> None:
    leaf = Leaf(entry_id(b"sealed"), 2, 6, NO_ERASE)
    expected = sha256(b"sealed").digest() + bytes(7) + b"\2" + bytes(3) + b"\6" + bytes(32)
    assert leaf.data() == expected
    assert len(expected) == 76
    assert leaf.hash() == sha256(b"\0" + expected).digest()


@given(LEAVES)
def test_leaf_data_parses_back(leaf: Leaf) -> None:
    assert Leaf.parse(leaf.data()) == leaf


@pytest.mark.parametrize("size", [0, 75, 77])
def test_leaf_data_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(Malformed) as caught:
        Leaf.parse(bytes(size))
    assert caught.value.code == "leaf"


@pytest.mark.parametrize(("seconds", "unit"), [(0, 0), (299.9, 0), (300, 1), (1_795_000_000, 5_983_333)])
def test_arrival_is_rounded_down(seconds: float, unit: int) -> None:
    assert arrival_unit(seconds) == unit


@given(st.builds(EraseRecord, st.integers(0, 2**64 - 1), HASHES))
def test_an_erase_record_parses_back(record: EraseRecord) -> None:
    raw = record.encode()
    assert raw == b"\0\0\0\x10bc1/erase-record" + record.index.to_bytes(8, "big") + record.token
    assert EraseRecord.parse(raw) == record


@pytest.mark.parametrize("raw", [b"", RECORD_PREFIX, RECORD_PREFIX + bytes(39), RECORD_PREFIX + bytes(41), bytes(60)])
def test_other_bytes_are_no_erase_record(raw: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        EraseRecord.parse(raw)
    assert caught.value.code == "erase-record"


def test_only_the_token_fits() -> None:
    assert EraseRecord(0, b"t" * 32).fits(sha256(b"t" * 32).digest())
    assert not EraseRecord(0, b"T" * 32).fits(sha256(b"t" * 32).digest())
