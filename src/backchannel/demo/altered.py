"""A relay that lies, and a record that was tampered with: what the host's check, a desk and a stranger make of them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from backchannel.demo import relay
from backchannel.demo.checks import Failed, must
from backchannel.desk.desk import Desk
from backchannel.errors import Malformed, RelayFault
from backchannel.instruments.understanding import form, record


def alter(store: Path, target: Path, position: int) -> None:
    """Copy a store that no relay has open, and change one byte of the entry at `position` in the copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        row = copy.execute("SELECT key, body FROM entries WHERE key % 4294967296 = ?", (position,)).fetchone()
        must(row is not None and row[1] is not None, f"The relay's store has no entry {position} to alter.")
        key, body = row
        copy.execute("UPDATE entries SET body = ? WHERE key = ?", (body[:-1] + bytes([body[-1] ^ 1]), key))
        copy.commit()


def host_sees(store: Path, altered: Path) -> str:
    """`relay verify` passes the store as it is and refuses the altered copy."""
    good, bad = relay.verify(store), relay.verify(altered)
    must(good.ok, f"The host's check refuses the untouched store: {good.said}")
    must(not bad.ok, "The host's check passes a store in which a byte was changed.")
    return f"one byte changed in a copy; the host's own check says: {bad.said.splitlines()[0]}"


def desk_refuses(backup: Path, folder: Path, passphrase: str, store: Path, altered: Path, port: int, size: int) -> str:
    """A desk that still has entries to read refuses them from a relay that serves the altered copy.

    It is restored from an earlier backup into `folder`; from the true relay it must then come to `size` entries.
    """
    with _restored(backup, folder, passphrase) as desk:
        channel = desk.channel()
        before = channel.size
        must(before < size, "The desk has read everything already, so this would show nothing.")
        with relay.running(altered, port):
            try:
                channel.sync()
            except RelayFault as fault:
                said = fault.what
            else:
                raise Failed("A desk took an altered entry from the relay without a word.")
        must(channel.size == before, "The desk refused the altered entry and kept some of it.")
        with relay.running(store, port):
            channel.sync()
        must(channel.size == size, f"From the true relay the desk has {channel.size} entries, not {size}.")
    return f"a desk that has {before} asks for the rest: “{said}” It took nothing, and from the true relay all {size}"


@contextmanager
def _restored(backup: Path, folder: Path, passphrase: str) -> Iterator[Desk]:
    """A second copy of a desk, for reading only, that is gone afterwards: two desks of one seat should not live on."""
    try:
        with Desk.restore(backup, folder, passphrase) as desk:
            yield desk
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def proves_itself(file: Path) -> str:
    """The signed understanding verifies from its file alone: no desk, no relay, no network."""
    found = _verified(file)
    names = " and ".join(one.who.name for one in found.signatories if one.who is not None)
    return f"{file.name}: “{found.title}” was signed by {names}; checked with relay and desks shut"


def changed_word_refused(file: Path) -> str:
    """The same file with a word of the text, the title or a name changed is refused."""
    found = _verified(file)
    text = min((clause for clause in found.clauses if clause is not None), key=lambda text: _victim(text) != "not")
    victim = _victim(text)
    names = [one.who.name for one in found.signatories if one.who is not None]
    changes = {
        "text": (text, text.replace(f"{victim} ", "", 1)),
        "title": (str(found.title), f"{found.title}, amended"),
    }
    said = {what: _refused(file, what, *words) for what, words in {**changes, "name": (names[0], names[-1])}.items()}
    return f"without the word “{victim}” in the text: “{said['text']}” Another title or name: refused too"


def _verified(file: Path) -> record.Proven:
    must(file.is_file(), f"There is no {file.name}: the text was not signed by all.")
    return record.verify(record.read(file.read_bytes()))


def _refused(file: Path, what: str, old: str, new: str) -> str:
    """What is said of the file with `new` for `old` wherever it is disclosed."""
    facts = json.loads(file.read_bytes())
    shown = facts["signatures"][0]["header"]
    shown["disclosures"] = [_replaced(one, old, new) for one in shown["disclosures"]]
    raw = json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n"
    try:
        record.verify(record.read(raw))
    except Malformed as problem:
        must(problem.code == "disclosure", f"It was refused for another reason than its words: {problem.what}")
        return problem.what
    raise Failed(f"The record verifies with another {what}.")


def _replaced(disclosure: str, old: str, new: str) -> str:
    before, after = (json.dumps(words, ensure_ascii=False).encode() for words in (old, new))
    return form.b64(form.unb64(disclosure).replace(before, after))


def _victim(text: str) -> str:
    words = text.split()
    return "not" if "not" in words else words[0]
