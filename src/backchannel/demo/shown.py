"""What can be proved of the clauses that were shown, by strangers, when relay and desks are shut: with our own check,
with that of others' software, and that neither takes another letter."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from backchannel.demo.checks import Failed, NotTried, must
from backchannel.demo.disclosing import BUNDLE, PAGE, command
from backchannel.demo.search import found_in, pieces
from backchannel.errors import Malformed
from backchannel.instruments.disclosure import bundle as bundles
from backchannel.instruments.understanding import anchor, form

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "tests" / "interop" / "disclosure.test.mjs"
MODULES = ROOT / ".venv" / "node-interop"


class Shown(NamedTuple):
    """What was published into `folder`: of the clauses that were signed, these numbers."""

    folder: Path
    clauses: tuple[str, ...]
    numbers: tuple[int, ...]

    @property
    def bundle(self) -> Path:
        """The proof."""
        return self.folder / BUNDLE

    @property
    def page(self) -> Path:
        """The page."""
        return self.folder / PAGE

    def raw(self) -> bytes:
        """The proof as it lies there."""
        must(self.bundle.is_file() and self.page.is_file(), "Nothing was published.")
        return self.bundle.read_bytes()


def proves_itself(shown: Shown) -> str:
    """Anybody who has the bundle can check it; it shows the clauses that were to be shown, and opens no other."""
    raw = shown.raw()
    told = json.loads(command(["--json", "verify", str(shown.bundle)]))
    found = bundles.verify(bundles.read(raw)).record.clauses
    open_ = {k: words for k, words in enumerate(shown.clauses, 1) if k in shown.numbers}
    right = {k: words for k, words in enumerate(found, 1) if words is not None} == open_
    must(right and told["ok"] is True, "It shows other clauses than were to be shown.")
    for name, hay in (("bundle", _opened(raw)), ("page", shown.page.read_bytes())):
        blind = [k for k, words in open_.items() if not found_in(hay, pieces([words]))]
        must(not blind, f"Not even the words that are shown are found in the {name}: a blind search.")
        # A key's words come from a list of common ones, and one of them may stand in a clause too.
        said = "\n".join([*open_.values(), *(one["thumbprint"] for one in told["signed"])])
        closed = [words for k, words in enumerate(shown.clauses, 1) if k not in open_]
        left = found_in(hay, [piece for piece in pieces(closed) if piece not in said])
        must(not left, f"The {name} holds {left[0][0]!r}, words of a clause that stays closed." if left else "")
    numbers = " and ".join(map(str, shown.numbers))
    return (
        f"`backchannel verify {BUNDLE}`, with relay and desks shut, shows clauses {numbers} word for word as signed; "
        f"of the other {len(shown.clauses) - len(open_)} not a word is in proof or page, in whatever form"
    )


def another_letter_refused(shown: Shown, other: Path) -> str:
    """Refused: a letter changed, a clause of another understanding."""
    bundles.verify(bundles.read(shown.raw()))
    facts = json.loads(shown.raw())
    disclosures = _disclosures(facts)
    at = _longest(facts)
    foreign = max(_disclosures({"record": json.loads(other.read_bytes())}), key=len)
    swapped = {
        "a letter changed": _with(facts, at, _letter(disclosures[at])),
        "a clause of another text": _with(facts, at, foreign),
    }
    said = ""
    for what, raw in swapped.items():
        try:
            bundles.verify(bundles.read(raw))
        except Malformed as problem:
            must(problem.code == "disclosure", f"With {what} it is refused for another reason: {problem.what}")
            said = problem.what
        else:
            raise Failed(f"The proof verifies with {what}.")
    return f"with one letter changed: “{said}” With a clause of {other.name} in its place: the same"


def others_agree(shown: Shown) -> str:
    """Software of others, in another language, says the same: as it is, with a letter changed, one place further."""
    node, raw = _node(), shown.raw()
    facts = json.loads(raw)
    at = _longest(facts)
    moved = {**facts, "log": {**facts["log"], "index": facts["log"]["index"] + 1}}
    files = {"shown": raw, "letter": _with(facts, at, _letter(_disclosures(facts)[at])), "moved": _written(moved)}
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        given = [str(Path(folder) / name) for name in files]
        ran = subprocess.run(
            [node, str(SCRIPT), str(MODULES), *given], capture_output=True, text=True, encoding="utf-8", check=False
        )
    must(ran.returncode == 0, f"The other verifier broke down: {ran.stderr.strip()[-200:]}")
    said = dict(line.split(" ", 1) for line in ran.stdout.splitlines())
    holds = said.get("shown", "").startswith(f"ok {len(shown.numbers)} ")
    must(holds, f"The other verifier says of what is shown: {said.get('shown')!r}")
    must(said.get("letter") == "disclosure", f"The other verifier takes a changed letter: {said.get('letter')!r}")
    must(said.get("moved") == "place", f"The other verifier takes another place in the log: {said.get('moved')!r}")
    return (
        "Node, with a verifier written from the specification and libraries of the OpenWallet Foundation and of "
        f"sigstore: {len(shown.numbers)} clauses signed by all who are named, and in the relay's log where the file "
        "says; refused with a letter changed, or another place named"
    )


def _node() -> str:
    """Where Node is; `NotTried` unless it, the verifier and others' libraries are on this machine."""
    node = shutil.which("node")
    if node is None:
        raise NotTried("Node is not on this machine. With it, the same is checked by software that others wrote.")
    wanted, there = SCRIPT.parent / "node" / "package-lock.json", MODULES / "installed.json"
    if not SCRIPT.is_file():
        raise NotTried("The verifier in another language comes with the source, and not with what is installed here.")
    if not there.is_file() or there.read_bytes() != wanted.read_bytes():
        raise NotTried("Others' libraries are not here yet. Where npm is, this puts them there: make test")
    return node


def _disclosures(facts: dict[str, Any]) -> list[str]:
    found: list[str] = facts["record"]["signatures"][0]["header"]["disclosures"]
    return found


def _with(facts: dict[str, Any], at: int, disclosure: str) -> bytes:
    """The bundle with another disclosure there."""
    again = json.loads(json.dumps(facts))
    _disclosures(again)[at] = disclosure
    return _written(again)


def _written(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n"


def _longest(facts: dict[str, Any]) -> int:
    """Which disclosure is the longest: a clause."""
    found = _disclosures(facts)
    return max(range(len(found)), key=lambda k: len(found[k]))


def _letter(disclosure: str) -> str:
    """With the last letter of its words changed."""
    raw = form.unb64(disclosure)
    at = max(k for k, byte in enumerate(raw) if chr(byte).isalpha() and chr(byte).isascii())
    return form.b64(raw[:at] + (b"o" if raw[at : at + 1] != b"o" else b"a") + raw[at + 1 :])


def _opened(raw: bytes) -> bytes:
    """A bundle, with whatever is wrapped in it, and what its key opens in the log."""
    log = bundles.read(raw).log
    _, held = anchor.shows(anchor.Proof(*map(form.unb64, (log.channel, log.box, log.key))))
    return b"".join([raw, held.jws, *_inside(json.loads(raw)), *_inside(json.loads(held.jws))])


def _inside(value: object) -> Iterator[bytes]:
    """Whatever the strings of a bundle hold, taken out of its wrapping."""
    if isinstance(value, str):
        try:
            yield form.unb64(value)
        except Malformed:
            yield value.encode()
    nested: Sequence[object] = (
        list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    for one in nested:
        yield from _inside(one)
