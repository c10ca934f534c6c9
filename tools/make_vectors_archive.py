"""Write vectors/archive: one case a file, each naming its failure class, or `ok` (spec/archive.md).

    python tools/make_vectors_archive.py

SLIP-39 and ML-DSA draw randomness of their own inside their libraries: cases that need them (`drawn` below) are fixed
once made, and only missing ones are added. Delete all of them to have them made anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))
sys.path.insert(0, str(ROOT))

from msgspec.structs import replace  # noqa: E402

from backchannel import labels  # noqa: E402
from backchannel.entry.codec import decode, encode  # noqa: E402
from backchannel.labels import enc  # noqa: E402
from backchannel.seal import primitives as p  # noqa: E402
from backchannel.seal import shares as s  # noqa: E402
from backchannel.seal.stream import CHUNK, open_stream, seal_stream  # noqa: E402
from tools.make_vectors_seal import CHANNEL, Case, S, chance, text  # noqa: E402

KEY, HEAD = b"\x07" * 32, b"\x23" * 32
CONTEXT = enc(labels.ARCHIVE, HEAD)
WRITTEN = {"class", "op", "words", "given"}
"""Keys whose values are text, not hexadecimal."""


def plain(size: int) -> bytes:
    """The plaintext of a stream's case: 0, 1, .. 255, 0, .."""
    return (bytes(range(256)) * (size // 256 + 1))[:size]


# --- how a case is run


def run_stream(case: Case) -> Case:
    """`order`: which sealed chunks are opened, in which order; `sums`: SHA-256 of each chunk as sealed."""
    chunks = list(seal_stream(case["key"], case["context"], [plain(case["size"])]))
    found = b"".join(open_stream(case["key"], case["context"], [chunks[k] for k in case["order"]]))
    return {"sums": [p.sha256(chunk) for chunk in chunks], "plaintext_sum": p.sha256(found)}


def run_head(case: Case) -> Case:
    manifest = s.read_head(case["head"])
    named = {"threshold": manifest.threshold, "salt": manifest.salt, "check": manifest.check}
    return named | {"fingerprint": manifest.keys.fingerprint(case["channel"])}


def run_share(case: Case) -> Case:
    return {"number": s.belongs(s.read_head(case["head"]), case["words"]).number}


def run_join(case: Case) -> Case:
    manifest = s.read_head(case["head"])
    return {"key": s.join(manifest, [s.belongs(manifest, given) for given in case["given"]])}


RUN: dict[str, Callable[[Case], Case]] = {
    "stream": run_stream,
    "head": run_head,
    "share": run_share,
    "join": run_join,
}


# --- cases


def stream(size: int, order: list[int], code: str = "ok") -> Case:
    case: Case = {"class": code, "op": "stream", "key": KEY, "context": CONTEXT, "size": size, "order": order}
    return case | (run_stream(case) if code == "ok" else {})


def made() -> dict[str, str]:
    """File name -> content, of every case that is the same in each run."""
    two = CHUNK + 1
    cases = {
        "stream-empty": stream(0, [0]),
        "stream-of-one": stream(CHUNK - 1, [0]),
        "stream-full": stream(CHUNK, [0, 1]),
        "stream-of-three": stream(2 * CHUNK, [0, 1, 2]),
        "stream-cut": stream(two, [0], "altered"),
        "stream-without-the-first": stream(two, [1], "altered"),
        "stream-exchanged": stream(2 * CHUNK, [1, 0, 2], "altered"),
        "stream-doubled": stream(two, [0, 0, 1], "altered"),
        "stream-with-none": stream(0, [], "altered"),
    }
    return {f"{name}.json": text(case) for name, case in cases.items()}


@cache
def drawn() -> dict[str, Case]:
    """Cases around one archive that is drawn anew."""
    new = s.make(2, 3, CHANNEL, S[0], chance("archive"))
    other = s.make(2, 3, CHANNEL, S[0], chance("another archive"))
    head, manifest = decode(new.head, s.Head), s.read_head(new.head)
    first, second, third = new.shares
    words = first.split()
    wrong = " ".join([*words[:9], "academic" if words[9] != "academic" else "acid", *words[10:]])

    def resigned(**change: Any) -> bytes:
        raw = encode(replace(manifest, **change))
        return encode(s.Head(raw, *S[0].sign(labels.ARCHIVE_SIG, raw)))

    def of_head(raw: bytes, code: str = "ok") -> Case:
        case: Case = {"class": code, "op": "head", "channel": CHANNEL, "head": raw}
        return case | (run_head(case) if code == "ok" else {})

    def share(given: str, code: str = "ok") -> Case:
        case: Case = {"class": code, "op": "share", "head": new.head, "words": given}
        return case | (run_share(case) if code == "ok" else {})

    def join(given: list[str], code: str = "ok", raw: bytes = new.head) -> Case:
        case: Case = {"class": code, "op": "join", "head": raw, "given": given}
        return case | (run_join(case) if code == "ok" else {})

    return {
        "head": of_head(new.head),
        "head-without-ed25519": of_head(encode(replace(head, ed=bytes(64))), "signature"),
        "head-without-mldsa": of_head(encode(replace(head, mldsa=bytes(3309))), "signature"),
        "head-one-of-three": of_head(resigned(threshold=1), "threshold"),
        "head-four-of-three": of_head(resigned(threshold=4), "threshold"),
        "head-trailing": of_head(new.head + b"\0", "encoding"),
        "share": share(first),
        "share-written-otherwise": share("# a remark\n" + ", ".join(f"{n} {w.upper()}" for n, w in enumerate(words))),
        "share-one-wrong-word": share(wrong, "checksum"),
        "share-strange-word": share(" ".join(["herring", *words[1:]]), "words"),
        "share-short": share(" ".join(words[1:]), "words"),
        "share-foreign": share(other.shares[0], "foreign"),
        "join": join([first, third]),
        "join-all": join([third, second, first]),
        "join-few": join([first], "few"),
        "join-twice": join([first, first], "twice"),
        "join-other-check": join([first, second], "key", resigned(check=bytes(32))),
    }


def main() -> None:
    folder = ROOT / "vectors" / "archive"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made().items():
        (folder / name).write_text(content)
    for name, case in drawn().items():
        path = folder / f"{name}.json"
        if not path.exists():
            path.write_text(text(case))


if __name__ == "__main__":
    main()
