from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from backchannel.desk.vault import cipher, files, keyfile, layout, migrations
from backchannel.desk.vault.keyfile import KeyFile
from backchannel.desk.vault.migrations import Migration
from backchannel.desk.vault.vault import Vault
from backchannel.errors import BackchannelError, Misuse, VaultError
from tests.desk.conftest import CHEAP, FIRST, OTHER, PHRASE, STEPS, make


def code(act: Callable[[], object], family: type[BackchannelError] = VaultError) -> str:
    with pytest.raises(family) as caught:
        act()
    assert type(caught.value) is family
    assert caught.value.what
    assert caught.value.todo
    return caught.value.code


def reopen(folder: Path, phrase: str = PHRASE) -> Vault:
    return Vault.open(folder, phrase, steps=STEPS)


def plain_pages(path: Path, key: bytes, at: int = 0, frame: int = 0) -> bytes:
    """Every page of a SQLCipher 4 file decrypted, those in no table too: AES-256-CBC, ending in IV (16) and MAC (64).

    Of a write-ahead log pages start `at` 32, each after a `frame` header of 24 bytes.
    """
    content, plain = path.read_bytes(), []
    for start in range(at, len(content), frame + 4096):
        page = content[start + frame : start + frame + 4096]
        first = 16 if start == 0 and not frame else 0  # the database's salt
        opened = Cipher(AES(key), CBC(page[-80:-64])).decryptor()
        plain.append(opened.update(page[first:-80]) + opened.finalize())
    return b"".join(plain)


def opens(folder: Path, phrase: str, steps: tuple[Migration, ...] = STEPS) -> bool:
    """Whether the vault opens, whole; if not, it must be for its passphrase."""
    try:
        with Vault.open(folder, phrase, steps=steps) as vault:
            vault.verify()
            return True
    except VaultError as error:
        if error.code != "passphrase":
            raise
        return False


def database_key(folder: Path, phrase: str = PHRASE) -> bytes:
    keys = KeyFile.read(folder / "vault.key").unlock(phrase)
    assert keys is not None
    return keys.database


# --- a folder of one's own -----------------------------------------------------------------------


def test_files_are_private_whatever_the_umask(desk: Path) -> None:
    before = os.umask(0)
    try:
        with make(desk) as vault:
            vault.execute("INSERT INTO note (body) VALUES ('x')")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in desk.iterdir()}
    finally:
        os.umask(before)
    assert set(modes) == {"vault.db", "vault.db-wal", "vault.db-shm", "vault.key", "desk.lock"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(desk.stat().st_mode) == 0o700


def test_a_loose_folder_is_closed(desk: Path) -> None:
    make(desk).close()
    desk.chmod(0o755)
    (desk / "vault.db").chmod(0o644)
    reopen(desk).close()
    assert stat.S_IMODE(desk.stat().st_mode) == 0o700
    assert stat.S_IMODE((desk / "vault.db").stat().st_mode) == 0o600


def test_another_users_folder_is_refused(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(desk).close()
    monkeypatch.setattr(os, "geteuid", lambda: desk.stat().st_uid + 1)
    assert code(lambda: reopen(desk)) == "owner"
    assert code(lambda: make(desk)) == "owner"


def test_nothing_readable_is_in_the_files(desk: Path) -> None:
    with make(desk) as vault:
        vault.execute("INSERT INTO note (body) VALUES (?)", ("unmistakable words",))
        content = b"".join(path.read_bytes() for path in desk.iterdir())
    assert b"unmistakable" not in content
    assert b"CREATE TABLE" not in content
    assert b"SQLite format" not in content


# --- opening -------------------------------------------------------------------------------------


def _edit_key(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        parsed = json.loads((folder / "vault.key").read_text())
        change(parsed)
        (folder / "vault.key").write_text(json.dumps(parsed))

    return act


def _flip(name: str, at: int) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[at] ^= 1
        (folder / name).write_bytes(content)

    return act


def _remove(*names: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return act


def _key_is_a_folder(folder: Path) -> None:
    (folder / "vault.key").unlink()
    (folder / "vault.key").mkdir()


def _folder_is_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")


def _truncate(size: int) -> Callable[[Path], None]:
    return lambda folder: os.truncate(folder / "vault.db", size)


def _plain_database(folder: Path) -> None:
    (folder / "vault.db").unlink()
    database = sqlite3.connect(folder / "vault.db")
    database.execute("CREATE TABLE meta (name, value)")
    database.commit()
    database.close()


def _other_desks_database(folder: Path) -> None:
    make(folder.parent / "other").close()
    shutil.copyfile(folder.parent / "other" / "vault.db", folder / "vault.db")


def _foreign_tables(folder: Path) -> None:
    keys = KeyFile.read(folder / "vault.key").unlock(PHRASE)
    assert keys is not None
    (folder / "vault.db").write_bytes(b"")
    database = cipher.connect(folder / "vault.db", keys.database, wal=True)
    database.execute("CREATE TABLE something (x)")
    database.close()


CASES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "folder missing": ("no-desk", shutil.rmtree),
    "folder is a file": ("folder", _folder_is_a_file),
    "folder empty": ("no-desk", _remove("vault.db", "vault.key", "desk.lock")),
    "database missing": ("no-vault", _remove("vault.db")),
    "key file missing": ("no-key", _remove("vault.key")),
    "key file empty": ("key-file", lambda folder: (folder / "vault.key").write_bytes(b"")),
    "key file not JSON": ("key-file", lambda folder: (folder / "vault.key").write_bytes(b"\xff{")),
    "key file is a list": ("key-file", lambda folder: (folder / "vault.key").write_text("[1]")),
    "key file endless": ("key-file", lambda folder: (folder / "vault.key").write_text(" " * 10_000_000)),
    "key file a folder": ("key-file", _key_is_a_folder),
    "unknown field": ("key-file", _edit_key(lambda key: key.update(more=1))),
    "field missing": ("key-file", _edit_key(lambda key: key.pop("salt"))),
    "salt short": ("key-file", _edit_key(lambda key: key.update(salt="00"))),
    "salt not hex": ("key-file", _edit_key(lambda key: key.update(salt="zz" * 16))),
    "number as text": ("key-file", _edit_key(lambda key: key.update(passes="3"))),
    "hostile memory": ("key-file", _edit_key(lambda key: key.update(memory_kib=1 << 31))),
    "hostile passes": ("key-file", _edit_key(lambda key: key.update(passes=1 << 30))),
    "hostile lanes": ("key-file", _edit_key(lambda key: key.update(lanes=1 << 20))),
    "hostile product": ("key-file", _edit_key(lambda key: key.update(memory_kib=1 << 20, passes=30))),
    "negative": ("key-file", _edit_key(lambda key: key.update(passes=-1))),
    "format 0": ("key-file", _edit_key(lambda key: key.update(format=0))),
    "newer key file": ("newer", _edit_key(lambda key: key.update(format=2, more="of it"))),
    "salt altered": ("passphrase", _edit_key(lambda key: key.update(salt="00" * 16))),
    "database empty": ("empty", _truncate(0)),
    "database cut in a page": ("damaged", _truncate(6000)),
    "database cut at a page": ("damaged", _truncate(4096)),
    "database cut short": ("damaged", _truncate(100)),
    "database salt altered": ("damaged", _flip("vault.db", 3)),
    "first page altered": ("damaged", _flip("vault.db", 1000)),
    "first page's MAC altered": ("damaged", _flip("vault.db", 4090)),
    "plain database": ("not-encrypted", _plain_database),
    "not a database": ("damaged", lambda folder: (folder / "vault.db").write_bytes(b"\x89PNG" * 4096)),
    "another desk's database": ("damaged", _other_desks_database),
    "foreign tables": ("damaged", _foreign_tables),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_opened_says_why_and_is_left_alone(desk: Path, name: str) -> None:
    with make(desk) as vault:
        vault.executemany("INSERT INTO note (body) VALUES (?)", [(f"note {n}",) for n in range(200)])
    expected, spoil = CASES[name]
    spoil(desk)
    before = {path: path.read_bytes() for path in desk.glob("vault*") if path.is_file()}
    assert code(lambda: reopen(desk)) == expected
    assert {path: path.read_bytes() for path in desk.glob("vault*") if path.is_file()} == before


def test_the_right_passphrase_only(desk: Path) -> None:
    make(desk).close()
    for wrong in ("", PHRASE + " ", PHRASE.upper(), OTHER, "\ud800", "x" * 2000):
        assert code(partial(reopen, desk, wrong)) == "passphrase"
    reopen(desk).close()


def test_accents_typed_in_two_ways_are_one_passphrase(desk: Path) -> None:
    make(desk, "na\u00efve caf\u00e9 society").close()
    reopen(desk, "nai\u0308ve cafe\u0301 society").close()


@pytest.mark.parametrize("weak", ["", "short", "eleven char", " " * 40, "abababababababab", "x" * 2000])
def test_weak_passphrases_are_refused_and_nothing_is_made(desk: Path, weak: str) -> None:
    family = VaultError if len(weak) > 1024 and len(set(weak)) > 4 else Misuse
    assert code(lambda: make(desk, weak), family) == "passphrase"
    assert not desk.exists()


QUIET = """
import sys
from pathlib import Path
from backchannel.desk.vault import cipher
from backchannel.desk.vault.vault import Vault
from backchannel.errors import VaultError
for act in (lambda: Vault.open(sys.argv[1], "not the passphrase", steps=()),
            lambda: cipher.connect(Path(sys.argv[1]) / "vault.db", bytes(32), wal=True)):
    try:
        act()
    except VaultError as error:
        print(error.code)
"""


def test_a_wrong_key_prints_nothing(desk: Path) -> None:
    make(desk, steps=()).close()
    done = subprocess.run([sys.executable, "-c", QUIET, str(desk)], capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["passphrase", "damaged"], "")


def test_secrets_are_not_in_what_is_shown(desk: Path) -> None:
    file, keys = keyfile.new(PHRASE, CHEAP, os.urandom)
    assert repr(keys) == "Keys()"
    with make(desk) as vault:
        assert PHRASE not in repr(vault) + repr(file)
        with pytest.raises(VaultError) as caught:
            reopen(desk, "\ud800 my secret")
    assert "secret" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None


def test_a_desk_is_never_made_over_another(desk: Path) -> None:
    make(desk).close()
    assert code(lambda: make(desk), Misuse) == "exists"
    (desk / "vault.db").unlink()
    assert code(lambda: make(desk), Misuse) == "exists"


def test_a_crash_while_making_leaves_nothing_or_a_desk(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop after each durable step in turn; either the desk opens, or it can be made again."""

    class Stop(BaseException):
        pass

    real, opened = files.replace, 0
    for last in range(5):
        done = 0

        def replace(old: Path, new: Path, last: int = last) -> None:
            nonlocal done
            if done == last:
                raise Stop
            done += 1
            real(old, new)

        shutil.rmtree(desk, ignore_errors=True)
        with monkeypatch.context() as patch:
            patch.setattr(files, "replace", replace)
            patch.setattr(layout, "discard", lambda folder: None)  # a process that died cleans nothing
            with contextlib.suppress(Stop):
                make(desk).close()
        if (desk / "vault.db").exists():
            reopen(desk).close()
            opened += 1
        else:
            make(desk).close()
        assert sorted(path.name for path in desk.iterdir()) == ["desk.lock", "vault.db", "vault.key"]
    assert opened == 3


# --- transactions --------------------------------------------------------------------------------


def count(vault: Vault) -> int:
    return int(vault.query("SELECT count(*) FROM note")[0][0])


def test_all_or_nothing(desk: Path) -> None:
    with make(desk) as vault:
        with vault.transaction():
            assert vault.execute("INSERT INTO note (body) VALUES ('a')") == (1, 1)
        with contextlib.suppress(ZeroDivisionError), vault.transaction():
            vault.execute("INSERT INTO note (body) VALUES ('b')")
            raise ZeroDivisionError
        assert count(vault) == 1
        with pytest.raises(sqlcipher.IntegrityError):
            vault.executemany("INSERT INTO note (id, body) VALUES (?, ?)", [(7, "c"), (7, "d")])
        assert count(vault) == 1
        with vault.transaction():
            assert code(lambda: vault.transaction().__enter__(), Misuse) == "nested"
            vault.executemany("INSERT INTO note (body) VALUES (:body)", [{"body": "e"}])
        assert vault.one("SELECT count(*) FROM note WHERE body = ?", ("e",)) == (1,)
        assert vault.one("SELECT 1 WHERE 0") is None


def test_a_closed_vault_says_so(desk: Path) -> None:
    vault = make(desk)
    vault.close()
    vault.close()
    for act in (vault.version, lambda: vault.query("SELECT 1"), lambda: vault.execute("SELECT 1"), vault.settle):
        assert code(act, Misuse) == "closed"


def test_settings_hold(desk: Path) -> None:
    expected = {
        "journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "temp_store": 2,
        "trusted_schema": 0, "cipher_memory_security": "1", "busy_timeout": 5000,
    }  # fmt: skip
    make(desk).close()
    with reopen(desk) as vault:
        assert {name: vault.query(f"PRAGMA {name}")[0][0] for name in expected} == expected


def test_another_process_is_noticed(desk: Path) -> None:
    with make(desk) as one, reopen(desk) as other:
        before = one.version()
        assert one.version() == before
        other.execute("INSERT INTO note (body) VALUES ('x')")
        after = one.version()
        assert after != before
        one.execute("INSERT INTO note (body) VALUES ('mine')")
        assert one.version() == after


def test_threads_share_one_vault(desk: Path) -> None:
    with make(desk) as vault:

        def work() -> None:
            for _ in range(50):
                with vault.transaction():
                    (before,) = vault.query("SELECT count(*) FROM note")[0]
                    vault.execute("INSERT INTO note (body) VALUES ('x')")
                    assert vault.query("SELECT count(*) FROM note")[0][0] == before + 1

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert count(vault) == 200


def test_a_full_disk_changes_nothing_and_is_got_over(desk: Path) -> None:
    with make(desk) as vault:
        vault.execute("INSERT INTO note (body) VALUES ('before')")
        (pages,) = vault.query("PRAGMA page_count")[0]
        vault.query(f"PRAGMA max_page_count = {pages}")

        def write() -> None:
            with vault.transaction():
                vault.execute("INSERT INTO note (body) VALUES ('first')")
                vault.execute("INSERT INTO note (body) VALUES (?)", ("x" * 100_000,))

        with pytest.raises(VaultError, match="has not been saved") as caught:
            write()
        assert caught.value.code == "disk-full"
        assert count(vault) == 1
        vault.query(f"PRAGMA max_page_count = {pages + 1000}")
        write()
        assert count(vault) == 3


def test_a_read_only_vault_changes_nothing(desk: Path) -> None:
    with make(desk) as vault:
        vault.query("PRAGMA query_only = 1")
        assert code(lambda: vault.execute("INSERT INTO note (body) VALUES ('x')")) == "read-only"
        vault.query("PRAGMA query_only = 0")
        assert count(vault) == 0


LIMITED = """
import resource, signal, sys
from backchannel.desk.vault.vault import Vault
from backchannel.errors import VaultError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
vault = Vault.open(sys.argv[1], sys.argv[2], steps=())
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
kept = 0
try:
    while True:
        vault.set_meta(f"{kept}", "x" * 5000)
        kept += 1
except VaultError as error:
    print(error.code, kept)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
vault.set_meta("after", "x")
"""


def test_a_disk_that_stops_taking_writes(desk: Path) -> None:
    make(desk, steps=()).close()
    command = [sys.executable, "-c", LIMITED, str(desk), PHRASE]
    said, kept = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert said in {"disk", "disk-full"}
    with Vault.open(desk, PHRASE, steps=()) as vault:
        assert vault.query("SELECT count(*) FROM meta")[0][0] == int(kept) + 1
        vault.verify()


def test_damage_further_in_is_found(desk: Path) -> None:
    with make(desk) as vault:
        vault.executemany("INSERT INTO note (body) VALUES (?)", [("x" * 3000,) for _ in range(50)])
    _flip("vault.db", 4096 * 30 + 77)(desk)
    with reopen(desk) as vault:
        assert code(vault.verify) == "damaged"
        assert code(lambda: vault.query("SELECT sum(length(body)) FROM note")) == "damaged"


WRITER = """
import sys
from backchannel.desk.vault.vault import Vault
vault = Vault.open(sys.argv[1], sys.argv[2], steps=())
n = int(sys.argv[3])
while True:
    with vault.transaction():
        vault.execute("INSERT INTO meta VALUES (?, ?)", (f"{n}", "x" * 700))
        vault.execute("INSERT INTO meta VALUES (?, ?)", (f"{n}-twin", "x" * 700))
    print(n, flush=True)
    n += 1
"""


def test_whoever_is_killed_keeps_every_acknowledged_row(desk: Path) -> None:
    make(desk, steps=()).close()
    chance, acknowledged = random.Random(7), 0
    for _ in range(20):
        command = [sys.executable, "-c", WRITER, str(desk), PHRASE, str(acknowledged)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            timer = threading.Timer(chance.uniform(0, 0.05), writer.send_signal, (signal.SIGKILL,))
            timer.start()
            lines = writer.stdout.read().split()
            timer.join()
        with Vault.open(desk, PHRASE, steps=()) as vault:
            names = {row[0] for row in vault.query("SELECT name FROM meta")}
            singles = {name for name in names if "-" not in name}
            assert {name + "-twin" for name in singles} == names - singles
            least = int(lines[-1]) + 1 if lines else acknowledged + 1
            assert singles == {str(n) for n in range(len(singles))}
            assert len(singles) in {least, least + 1}
            vault.verify()
            acknowledged = len(singles)


# --- what is deleted is gone ---------------------------------------------------------------------


# Filler keeps each word in the text apart; an odd one is deleted, an even one stays.
TEXTS = [f"{n:04d}zanzibar " + "filler " * 40 for n in range(1, 301)]
ODD = re.compile(rb"\d{3}[13579]zanzibar")


def test_deleted_text_is_in_no_page_and_not_in_the_log(desk: Path) -> None:
    with make(desk) as vault:
        key, database, log = database_key(desk), desk / "vault.db", desk / "vault.db-wal"
        vault.executemany("INSERT INTO note (body) VALUES (?)", [(text,) for text in TEXTS])
        assert vault.query("SELECT rowid FROM found WHERE found MATCH '0017zanzibar'") == [(17,)]
        assert len(ODD.findall(plain_pages(log, key, 32, 24))) >= 150
        assert vault.settle()
        assert len(ODD.findall(plain_pages(database, key))) >= 150
        vault.execute("DELETE FROM note WHERE id % 2 = 1")
        assert vault.query("SELECT rowid FROM found WHERE found MATCH '0017zanzibar'") == []
        assert vault.query("SELECT rowid FROM found WHERE found MATCH '0018zanzibar'") == [(18,)]
        assert vault.settle()
        assert log.stat().st_size == 0
        pages = plain_pages(database, key)
        assert b"0018zanzibar" in pages
        assert not ODD.search(pages)


def test_deleted_terms_leave_the_search_index(desk: Path) -> None:
    """The index keeps of a term what differs from the one before: a single document shows it whole."""
    with make(desk) as vault:
        key = database_key(desk)
        vault.execute("INSERT INTO note (body) VALUES ('aardvark')")
        for n in range(40):
            vault.execute("INSERT INTO note (body) VALUES (?)", (f"unicorn{n} zebra",))
        assert vault.settle()
        assert b"0aardvark" in plain_pages(desk / "vault.db", key)  # '0' heads a term of the main index
        vault.execute("DELETE FROM note WHERE body = 'aardvark'")
        vault.execute("DELETE FROM note WHERE body LIKE 'unicorn%'")
        assert vault.settle()
        pages = plain_pages(desk / "vault.db", key)
        assert b"aardvark" not in pages
        assert b"unicorn" not in pages
        assert b"nicorn" not in pages
        assert b"zebra" not in pages


def test_the_search_index_that_we_ship_forgets(desk: Path) -> None:
    """It holds no text: to delete, the text is given again (see the schema)."""
    with Vault.create(desk, PHRASE, cost=CHEAP) as vault:
        key = database_key(desk)
        texts = {n * 7: f"aardvark{n % 5} passage {n}" for n in range(100)} | {701: "zebra passage"}
        for rowid, text in texts.items():
            vault.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (rowid, text))
        assert vault.settle()
        assert b"aardvark" in plain_pages(desk / "vault.db", key)
        for rowid, text in list(texts.items())[:-1]:
            vault.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (rowid, text))
        assert vault.query("SELECT rowid FROM words WHERE words MATCH 'passage'") == [(701,)]
        assert vault.settle()
        pages = plain_pages(desk / "vault.db", key)
        assert b"ardvark" not in pages
        assert b"zebra" in pages


def test_without_secure_delete_the_index_would_keep_it(desk: Path) -> None:
    """Shows that the two tests above can fail."""
    sql = FIRST.sql.replace("INSERT INTO found(found, rank) VALUES('secure-delete', 1);", "")
    with Vault.create(desk, PHRASE, cost=CHEAP, steps=(Migration(1, sql),)) as vault:
        vault.execute("INSERT INTO note (body) VALUES ('aardvark')")
        vault.execute("INSERT INTO note (body) VALUES ('zebra')")
        vault.execute("DELETE FROM note WHERE body = 'aardvark'")
        assert vault.settle()
        assert b"aardvark" in plain_pages(desk / "vault.db", database_key(desk))


# --- migrations ----------------------------------------------------------------------------------

SECOND = Migration(2, "ALTER TABLE note ADD COLUMN read INTEGER; CREATE INDEX note_read ON note(read)")
BROKEN = Migration(2, "ALTER TABLE note ADD COLUMN read INTEGER; INSERT INTO nowhere VALUES (1);")


def test_an_older_vault_is_brought_up(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with make(desk) as vault:
        vault.execute("INSERT INTO note (body) VALUES ('kept')")
    copied: list[bytes] = []
    real = cipher.check

    def check(database: object) -> None:
        copied.append((desk / "vault.db.before-1").read_bytes())
        real(database)

    monkeypatch.setattr(cipher, "check", check)
    before = (desk / "vault.db").read_bytes()
    with Vault.open(desk, PHRASE, steps=(FIRST, SECOND)) as vault:
        assert vault.query("SELECT body, read FROM note") == [("kept", None)]
        assert vault.query("PRAGMA user_version") == [(2,)]
    assert copied == [before]
    assert not list(desk.glob("*before*"))
    assert code(lambda: reopen(desk)) == "newer"
    Vault.open(desk, PHRASE, steps=(FIRST, SECOND)).close()


def test_a_broken_migration_leaves_the_version_before(desk: Path) -> None:
    with make(desk) as vault:
        vault.execute("INSERT INTO note (body) VALUES ('kept')")
    with pytest.raises(sqlcipher.OperationalError):
        Vault.open(desk, PHRASE, steps=(FIRST, BROKEN))
    assert (desk / "vault.db.before-1").exists()
    with reopen(desk) as vault:
        assert vault.query("SELECT * FROM note") == [(1, "kept")]
    assert not list(desk.glob("*before*"))


def test_statements_end_where_sqlite_says(desk: Path) -> None:
    assert len(list(migrations.statements(FIRST.sql))) == 6
    assert list(migrations.statements("SELECT ';'; SELECT 2")) == ["SELECT ';';", " SELECT 2"]
    assert list(migrations.statements("  \n")) == []


def test_what_we_ship_is_numbered_without_gaps(desk: Path) -> None:
    assert [step.number for step in migrations.shipped()] == list(range(1, len(migrations.shipped()) + 1))


# --- a new passphrase ----------------------------------------------------------------------------


@pytest.fixture
def full(desk: Path) -> Path:
    with make(desk) as vault:
        vault.executemany("INSERT INTO note (body) VALUES (?)", [(f"note {n} " + "x" * 900,) for n in range(2000)])
    return desk


def change(folder: Path, old: str = PHRASE, new: str = OTHER) -> None:
    with reopen(folder, old) as vault:
        vault.change_passphrase(old, new, cost=CHEAP)
        assert count(vault) == 2000


def test_the_old_passphrase_and_key_file_open_nothing(full: Path) -> None:
    old_key, old_database = (full / "vault.key").read_bytes(), (full / "vault.db").read_bytes()
    change(full)
    assert code(lambda: reopen(full)) == "passphrase"
    with reopen(full, OTHER) as vault:
        assert count(vault) == 2000
        vault.verify()
    (full / "vault.key").write_bytes(old_key)
    assert code(lambda: reopen(full)) == "damaged"
    assert code(lambda: reopen(full, OTHER)) == "passphrase"
    (full / "vault.db").write_bytes(old_database)  # what a thief of yesterday has stays open to yesterday's passphrase
    reopen(full).close()


def test_the_old_passphrase_must_be_known_and_the_new_one_good(full: Path) -> None:
    with reopen(full) as vault:
        assert code(lambda: vault.change_passphrase(OTHER, PHRASE, cost=CHEAP)) == "passphrase"
        assert code(lambda: vault.change_passphrase(PHRASE, "short", cost=CHEAP), Misuse) == "passphrase"
    reopen(full).close()


def test_nobody_else_may_have_it_open(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cipher, "BUSY_SECONDS", 0.1)
    with reopen(full) as other, reopen(full) as vault:
        assert code(lambda: vault.change_passphrase(PHRASE, OTHER, cost=CHEAP)) == "busy"
        assert count(other) == count(vault) == 2000
    assert not (full / "vault.key.new").exists()
    reopen(full).close()


def test_a_change_that_stops_between_its_steps(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop before and after every durable step: exactly one of the two passphrases opens, and all is settled then."""

    class Stop(BaseException):
        pass

    saved = {path.name: path.read_bytes() for path in full.iterdir()}
    opened_by = []
    for last in range(7):
        for path in full.iterdir():
            path.unlink()
        for name, content in saved.items():
            (full / name).write_bytes(content)
        done = 0

        def step(real: Callable[..., object], last: int = last) -> Callable[..., object]:
            def act(*given: object) -> object:
                nonlocal done
                if done == last:
                    raise Stop
                answer = real(*given)
                done += 1
                if done == last:
                    raise Stop
                return answer

            return act

        vault = reopen(full)
        with monkeypatch.context() as patch:
            patch.setattr(files, "replace", step(files.replace))
            patch.setattr(cipher, "rekey", step(cipher.rekey))
            with contextlib.suppress(Stop):
                vault.change_passphrase(PHRASE, OTHER, cost=CHEAP)
        vault.close()
        assert opens(full, PHRASE) != opens(full, OTHER)
        assert not (full / "vault.key.new").exists()
        opened_by.append(opens(full, OTHER))
        assert opens(full, PHRASE) != opened_by[-1]
    assert opened_by == sorted(opened_by)
    assert set(opened_by) == {False, True}


CHANGER = """
import sys
from backchannel.desk.vault.vault import Vault
from backchannel.desk.vault.keyfile import Cost
vault = Vault.open(sys.argv[1], sys.argv[2], steps=())
print("ready", flush=True)
vault.change_passphrase(sys.argv[2], sys.argv[3], cost=Cost(64, 1, 1))
"""


def killed_changes(desk: Path, rounds: int) -> Iterator[bool]:
    """Kill a change of passphrase at a random moment, open with either phrase first; yields whether it took place."""
    make(desk, steps=()).close()
    with Vault.open(desk, PHRASE, steps=()) as vault, vault.transaction():
        for n in range(3000):
            vault.set_meta(f"{n}", "x" * 3000)
    chance, now, new = random.Random(11), PHRASE, OTHER
    for number in range(rounds):
        command = [sys.executable, "-c", CHANGER, str(desk), now, new]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as changer:
            assert changer.stdout is not None
            changer.stdout.readline()
            timer = threading.Timer(chance.uniform(0, 0.15), changer.send_signal, (signal.SIGKILL,))
            timer.start()
            changer.wait()
            timer.join()
        opened = [phrase for phrase in ((now, new) if number % 2 else (new, now)) if opens(desk, phrase, ())]
        assert len(opened) == 1
        with Vault.open(desk, opened[0], steps=()) as vault:
            assert vault.query("SELECT count(*), sum(length(value)) FROM meta") == [(3000, 9_000_000)]
        yield opened == [new]
        if opened == [new]:
            now, new = new, now


def test_a_change_that_is_killed_anywhere(desk: Path) -> None:
    outcomes = list(killed_changes(desk, 16))
    assert len(outcomes) == 16


def test_a_desk_of_the_first_version_keeps_its_channels_for_the_program_that_made_it(desk: Path) -> None:
    """Its rosters cannot be read any more: said before any change. Without channels it is brought up to date."""
    shipped = migrations.shipped()
    make(desk, steps=shipped[:1]).close()
    Vault.open(desk, PHRASE).close()
    shutil.rmtree(desk)
    row = "INSERT INTO channel VALUES (1, x'00', '', x'00', 1, x'00', x'00', x'00', x'00', 0, NULL, '')"
    with make(desk, steps=shipped[:1]) as vault:
        vault.execute(row)
    before = (desk / "vault.db").read_bytes()
    with pytest.raises(VaultError) as caught:
        Vault.open(desk, PHRASE)
    assert caught.value.code == "older"
    assert "Use that program" in caught.value.todo
    assert (desk / "vault.db").read_bytes() == before
    assert not list(desk.glob("*before*"))
    with Vault.open(desk, PHRASE, steps=shipped[:1]) as vault:
        assert vault.query("SELECT c FROM channel") == [(1,)]
