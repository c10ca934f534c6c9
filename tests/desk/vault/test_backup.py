from __future__ import annotations

import hashlib
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backchannel.desk.vault import backup as module
from backchannel.desk.vault import cipher, layout
from backchannel.desk.vault.backup import backup, restore
from backchannel.desk.vault.migrations import Migration
from backchannel.desk.vault.vault import Vault
from backchannel.errors import Misuse, VaultError
from tests.desk.conftest import CHEAP, FIRST, OTHER, PHRASE, STEPS, make
from tests.desk.vault.test_vault import SECOND, code, database_key, plain_pages

EXCLUDED = {"key": "kind IN ('chain', 'one-time')"}


@pytest.fixture
def full(desk: Path) -> Path:
    with make(desk) as vault:
        vault.executemany("INSERT INTO note (body) VALUES (?)", [(f"note number {n}",) for n in range(300)])
        rows = [(kind, f"{kind}-secret-{n}!".encode() * 20) for n in range(50) for kind in ("chain", "one-time", "own")]
        vault.executemany("INSERT INTO key (kind, secret) VALUES (?, ?)", rows)
    return desk


@pytest.fixture
def file(full: Path, tmp_path: Path) -> Path:
    target = tmp_path / "desk.backup"
    with Vault.open(full, PHRASE, steps=STEPS) as vault:
        backup(vault, target, OTHER, exclude=EXCLUDED, cost=CHEAP)
    return target


def bring_back(file: Path, folder: Path, phrase: str = OTHER, steps: tuple[Migration, ...] = STEPS) -> Vault:
    return restore(file, folder, phrase, steps=steps, cost=CHEAP)


def test_there_and_back(full: Path, file: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in full.iterdir()) == ["desk.lock", "vault.db", "vault.key"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk", "desk.backup"]
    with bring_back(file, tmp_path / "new") as vault:
        assert vault.query("SELECT count(*), max(body) FROM note") == [(300, "note number 99")]
        assert vault.query("SELECT rowid FROM found WHERE found MATCH '17'") == [(18,)]
        assert vault.query("SELECT kind, count(*) FROM key GROUP BY kind") == [("own", 50)]
        assert vault.query("PRAGMA user_version") == [(1,)]
        assert (vault.meta("restored"), vault.meta("restores")) == ("1", "1")
        vault.verify()
        # The search index still deletes what it deletes.
        vault.execute("DELETE FROM note WHERE id = 18")
        assert vault.query("SELECT rowid FROM found WHERE found MATCH '17'") == []
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["desk.lock", "vault.db", "vault.key"]
    assert code(lambda: Vault.open(tmp_path / "new", PHRASE, steps=STEPS)) == "passphrase"
    Vault.open(tmp_path / "new", OTHER, steps=STEPS).close()
    with Vault.open(full, PHRASE, steps=STEPS) as vault:
        assert vault.query("SELECT count(*) FROM key") == [(150,)]
        assert vault.meta("restored") is None


def test_the_schema_that_we_ship_travels(tmp_path: Path) -> None:
    with Vault.create(tmp_path / "one", PHRASE, cost=CHEAP) as vault:
        for n in range(20):
            vault.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (n * 7, f"passage number {n}"))
        backup(vault, tmp_path / "b", OTHER, cost=CHEAP)
        tables = vault.query("SELECT name, sql FROM sqlite_schema ORDER BY name")
    with restore(tmp_path / "b", tmp_path / "two", OTHER, cost=CHEAP) as vault:
        assert vault.query("SELECT name, sql FROM sqlite_schema ORDER BY name") == tables
        assert vault.query("SELECT rowid FROM words WHERE words MATCH '13'") == [(91,)]
        assert vault.query("SELECT v FROM words_config WHERE k = 'secure-delete'") == [(1,)]
        vault.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def test_a_restored_desk_counts_on(file: Path, tmp_path: Path) -> None:
    with bring_back(file, tmp_path / "one") as vault:
        vault.set_meta("restored", "0")
        backup(vault, tmp_path / "second", OTHER, cost=CHEAP)
    with bring_back(tmp_path / "second", tmp_path / "two") as vault:
        assert (vault.meta("restored"), vault.meta("restores")) == ("1", "2")


def test_what_must_not_travel_is_on_no_page(full: Path, file: Path, tmp_path: Path) -> None:
    """In the vault it is there; in the backup's decrypted pages, and in the restored desk's, it is not."""
    pages = plain_pages(full / "vault.db", database_key(full))
    assert b"chain-secret-7!" in pages
    content = file.read_bytes()
    start = module._HEADER_BYTES
    database = tmp_path / "inside.db"
    database.write_bytes(content[start:-32])
    with file.open("rb") as stream:
        keys = module._read_header(stream, len(content)).file.unlock(OTHER)
    assert keys is not None
    bring_back(file, tmp_path / "new").close()
    restored = plain_pages(tmp_path / "new" / "vault.db", database_key(tmp_path / "new", OTHER))
    for pages in (plain_pages(database, keys.database), restored):
        assert b"own-secret-7!" in pages
        assert b"chain-secret" not in pages
        assert b"time-secret" not in pages


def test_nothing_is_in_the_clear_at_any_moment(full: Path, tmp_path: Path) -> None:
    """Looked at from the progress callback: every file that exists while a backup is made."""
    seen: dict[str, bytes] = {}

    def look(done: int, total: int) -> None:
        for path in (*full.iterdir(), *tmp_path.iterdir()):
            if path.is_file():
                seen[path.name] = path.read_bytes()
                assert stat.S_IMODE(path.stat().st_mode) == 0o600

    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch, Vault.open(full, PHRASE, steps=STEPS) as vault:
        patch.setattr(cipher, "PROGRESS_STEPS", 50)
        backup(vault, tmp_path / "b", OTHER, exclude=EXCLUDED, cost=CHEAP, progress=look)
        look(0, 0)
    assert {"backup.copy", "backup.out", "b.part"} <= set(seen)
    for content in seen.values():
        assert b"secret" not in content
        assert b"note number" not in content
        assert b"SQLite format" not in content


def test_progress_grows_to_its_total(full: Path, tmp_path: Path) -> None:
    for act in (
        lambda progress: backup(
            Vault.open(full, PHRASE, steps=STEPS), tmp_path / "b", OTHER, cost=CHEAP, progress=progress
        ),
        lambda progress: restore(tmp_path / "b", tmp_path / "new", OTHER, steps=STEPS, cost=CHEAP, progress=progress),
    ):
        said: list[tuple[int, int]] = []
        act(lambda done, total, said=said: said.append((done, total)))
        assert said == sorted(said, key=lambda pair: pair[0])
        assert said[-1][0] == said[-1][1] > 0
        assert all(0 <= done <= total for done, total in said)


class Cancelled(Exception):
    pass


def test_a_backup_that_is_stopped_leaves_nothing(full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cipher, "PROGRESS_STEPS", 50)
    with Vault.open(full, PHRASE, steps=STEPS) as vault:
        for stop in range(0, 40, 3):
            calls = 0

            def cancel(done: int, total: int, stop: int = stop) -> None:
                nonlocal calls
                calls += 1
                if calls > stop:
                    raise Cancelled

            with pytest.raises(Cancelled):
                backup(vault, tmp_path / "b", OTHER, cost=CHEAP, progress=cancel)
            assert [path.name for path in tmp_path.iterdir()] == ["desk"]
            assert not [name for name in layout.SCRATCH if (full / name).exists()]
        assert vault.query("SELECT count(*) FROM note") == [(300,)]


def _cut(size: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:size]


def _flip(at: int) -> Callable[[bytes], bytes]:
    def act(content: bytes) -> bytes:
        changed = bytearray(content)
        changed[at] ^= 1
        return bytes(changed)

    return act


BAD: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "empty": ("backup", _cut(0)),
    "a picture": ("backup", lambda content: b"\x89PNG\r\n\x1a\n" + content),
    "plain SQLite": ("backup", lambda content: b"SQLite format 3\0" + bytes(8192)),
    "cut in the magic": ("backup", _cut(5)),
    "cut in the header": ("backup", _cut(50)),
    "cut after the header": ("backup", _cut(module._HEADER_BYTES)),
    "cut in the database": ("backup", _cut(9000)),
    "cut at a page": ("backup", _cut(module._HEADER_BYTES + 8192)),
    "last byte missing": ("backup", _cut(-1)),
    "more after the end": ("backup", lambda content: content + b"\0"),
    **{
        f"byte {at} altered": ("backup", _flip(at))
        for at in (0, 9, 12, 20, 25, 45, 60, 70, 95, 110, 2000, 9999, -40, -1)
    },
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_backup_is_refused_and_nothing_is_left(file: Path, tmp_path: Path, name: str) -> None:
    expected, spoil = BAD[name]
    file.write_bytes(spoil(file.read_bytes()))
    assert code(lambda: bring_back(file, tmp_path / "new")) == expected
    assert not (tmp_path / "new").exists() or [path.name for path in (tmp_path / "new").iterdir()] == ["desk.lock"]


def _forged(file: Path, **changes: int) -> bytes:
    """The backup with another header, whose sum is right."""
    content = file.read_bytes()
    names = ("magic", "version", "memory_kib", "passes", "lanes", "salt", "check", "length")
    fields = dict(zip(names, module._FIXED.unpack(content[: module._FIXED.size]), strict=True)) | changes
    fixed = module._FIXED.pack(*fields.values())
    return fixed + hashlib.sha256(fixed).digest() + content[module._HEADER_BYTES :]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"version": 2}, "newer"),
        ({"version": 0}, "backup"),
        ({"memory_kib": 1 << 31}, "backup"),
        ({"passes": 1 << 31}, "backup"),
        ({"lanes": 1 << 31}, "backup"),
        ({"length": 1 << 63}, "backup"),
        ({"length": 0}, "backup"),
        ({"passes": 2}, "passphrase"),
    ],
)
def test_a_hostile_header_costs_nothing(file: Path, tmp_path: Path, changes: dict[str, int], expected: str) -> None:
    file.write_bytes(_forged(file, **changes))
    began = time.monotonic()
    assert code(lambda: bring_back(file, tmp_path / "new")) == expected
    assert time.monotonic() - began < 2
    assert not (tmp_path / "new").exists()


def test_what_else_is_refused(full: Path, file: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert code(lambda: bring_back(file, new, PHRASE)) == "passphrase"
    assert code(lambda: bring_back(tmp_path / "nothing", new)) == "backup"
    assert code(lambda: bring_back(tmp_path, new)) == "backup"
    assert code(lambda: bring_back(file, full), Misuse) == "exists"
    assert code(lambda: bring_back(file, new, steps=())) == "newer"
    assert [path.name for path in new.iterdir()] == ["desk.lock"]
    bring_back(file, new, steps=(FIRST, SECOND)).close()
    with Vault.open(full, PHRASE, steps=STEPS) as vault:
        assert code(lambda: backup(vault, file, OTHER, cost=CHEAP), Misuse) == "exists"
        assert code(lambda: backup(vault, tmp_path / "b", "short", cost=CHEAP), Misuse) == "passphrase"
        assert code(lambda: backup(vault, tmp_path / "no" / "b", OTHER, cost=CHEAP)) == "disk"
        with vault.transaction():
            assert code(lambda: backup(vault, tmp_path / "b", OTHER, cost=CHEAP), Misuse) == "nested"
    assert not (tmp_path / "b").exists()


def test_a_damaged_vault_is_not_backed_up_as_if_it_were_whole(full: Path, tmp_path: Path) -> None:
    content = bytearray((full / "vault.db").read_bytes())
    content[4096 * 6 + 50] ^= 1
    (full / "vault.db").write_bytes(content)
    with Vault.open(full, PHRASE, steps=STEPS) as vault:
        assert code(lambda: backup(vault, tmp_path / "b", OTHER, cost=CHEAP)) == "damaged"
    assert not (tmp_path / "b").exists()


KILLED = """
import sys
from backchannel.desk.vault import backup
from backchannel.desk.vault.keyfile import Cost
from backchannel.desk.vault.vault import Vault
what, folder, phrase, file, other, new = sys.argv[1:]
print("ready", flush=True)
if what == "backup":
    backup.backup(Vault.open(folder, phrase, steps=()), file, other, cost=Cost(64, 1, 1))
else:
    backup.restore(file, new, other, steps=(), cost=Cost(64, 1, 1))
"""


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_killed_anywhere_there_is_a_whole_one_or_none(desk: Path, tmp_path: Path, what: str) -> None:
    with make(desk, steps=()) as vault, vault.transaction():
        for n in range(1500):
            vault.set_meta(f"{n}", "x" * 3000)
    file, new = tmp_path / "b", tmp_path / "new"
    if what == "restore":
        with Vault.open(desk, PHRASE, steps=()) as vault:
            backup(vault, file, OTHER, cost=CHEAP)
    whole = 0
    for number in range(10):
        command = [sys.executable, "-c", KILLED, what, str(desk), PHRASE, str(file), OTHER, str(new)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            timer = threading.Timer(0.012 * number, process.send_signal, (signal.SIGKILL,))
            timer.start()
            process.wait()
            timer.join()
        Vault.open(desk, PHRASE, steps=()).close()
        assert sorted(path.name for path in desk.iterdir()) == ["desk.lock", "vault.db", "vault.key"]
        if what == "backup" and not file.exists():
            continue
        if what == "restore":
            try:
                vault = Vault.open(new, OTHER, steps=())
            except VaultError as error:
                if error.code != "no-desk":
                    raise
                continue
        else:
            vault = restore(file, new, OTHER, steps=(), cost=CHEAP)
        whole += 1
        with vault:
            assert vault.query("SELECT count(*) FROM meta WHERE length(value) = 3000") == [(1500,)]
            assert vault.meta("restored") == "1"
        for path in new.iterdir():
            path.unlink()
        if what == "backup":
            file.unlink()
    with Vault.open(desk, PHRASE, steps=()) as vault:
        if not file.exists():
            backup(vault, file, OTHER, cost=CHEAP)
    with restore(file, new, OTHER, steps=(), cost=CHEAP) as vault:
        assert vault.query("SELECT count(*) FROM meta WHERE length(value) = 3000") == [(1500,)]
