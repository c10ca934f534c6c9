"""What the desk's tests share: a cheap vault."""

from __future__ import annotations

from pathlib import Path

import pytest

from backchannel.desk.keyfile import Cost
from backchannel.desk.migrations import Migration
from backchannel.desk.vault import Vault

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
PHRASE = "herring in the cellar"
OTHER = "a lamp under the stairs"

FIRST = Migration(
    1,
    """
    -- notes; with a semicolon here
    CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE key (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, secret BLOB NOT NULL);
    CREATE VIRTUAL TABLE found USING fts5(body, content='note', content_rowid='id');
    INSERT INTO found(found, rank) VALUES('secure-delete', 1);
    CREATE TRIGGER note_in AFTER INSERT ON note BEGIN
        INSERT INTO found(rowid, body) VALUES (new.id, new.body);
    END;
    CREATE TRIGGER note_out AFTER DELETE ON note BEGIN
        INSERT INTO found(found, rowid, body) VALUES ('delete', old.id, old.body);
    END;
    """,
)
STEPS = (FIRST,)


def make(folder: Path, phrase: str = PHRASE, steps: tuple[Migration, ...] = STEPS) -> Vault:
    return Vault.create(folder, phrase, cost=CHEAP, steps=steps)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Where a vault will be."""
    return tmp_path / "desk"
