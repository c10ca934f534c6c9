from __future__ import annotations

import os

import pytest
from argon2 import low_level
from argon2.exceptions import HashingError

from backchannel.desk.vault import keyfile
from backchannel.desk.vault.keyfile import DEFAULT_COST, Cost, KeyFile
from backchannel.errors import Misuse, VaultError
from tests.desk.conftest import CHEAP, PHRASE


def test_the_default_is_the_second_choice_of_rfc_9106() -> None:
    assert (DEFAULT_COST.memory_kib, DEFAULT_COST.passes, DEFAULT_COST.lanes) == (64 * 1024, 3, 4)


def test_argon2id_as_rfc_9106_gives_it() -> None:
    """The three keys are one Argon2id output, cut: recomputed by the library's own high-level parameters."""
    keys = keyfile.derive(b"password", b"somesalt" * 2, CHEAP)
    whole = low_level.hash_secret_raw(b"password", b"somesalt" * 2, 1, 64, 1, 80, low_level.Type.ID, 19)
    assert keys.database + keys.check + keys.seal == whole
    assert [len(keys.database), len(keys.check), len(keys.seal)] == [32, 16, 32]


def test_a_key_file_is_read_as_it_was_written() -> None:
    file, keys = keyfile.new(PHRASE, CHEAP, os.urandom)
    assert KeyFile.decode(file.encode()) == file
    again = KeyFile.decode(file.encode()).unlock(PHRASE)
    assert again == keys
    assert file.unlock(PHRASE + "x") is None
    assert keys.database not in file.encode()
    assert keys.database.hex().encode() not in file.encode()


def test_each_new_key_file_has_its_own_salt() -> None:
    first, second = (keyfile.new(PHRASE, CHEAP, os.urandom) for _ in range(2))
    assert first[0].salt != second[0].salt
    assert first[1].database != second[1].database


def test_costs_have_bounds() -> None:
    bearable = (CHEAP, DEFAULT_COST, Cost(1 << 20, 4, 4), Cost(8, 1, 1))
    hostile = (Cost(1 << 21, 1, 4), Cost(64, 33, 1), Cost(1024, 1, 17), Cost(7, 1, 1), Cost(64, 0, 1), Cost(64, 1, 0))
    assert all(cost.bearable() for cost in bearable)
    assert not any(cost.bearable() for cost in (*hostile, Cost(1 << 20, 5, 4), Cost(-1, 1, 1)))
    with pytest.raises(Misuse, match="outside"):
        keyfile.new(PHRASE, hostile[0], os.urandom)


def test_no_memory_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise HashingError("Memory allocation error")

    monkeypatch.setattr(low_level, "hash_secret_raw", fail)
    with pytest.raises(VaultError) as caught:
        keyfile.new(PHRASE, CHEAP, os.urandom)
    assert caught.value.code == "memory"
