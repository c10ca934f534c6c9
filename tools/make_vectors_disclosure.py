"""Write the vectors of bundles. ML-DSA signs otherwise each time, so the files stay as first made.

    python tools/make_vectors_disclosure.py            # cases that are missing
    python tools/make_vectors_disclosure.py --anew     # all

One case a file: `class` is `ok` or the class of the failure, `text` the bundle.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))
sys.path.insert(0, str(ROOT))

from backchannel.instruments.disclosure import bundle as bundles  # noqa: E402
from tests.instruments.disclosure.kit import bundle  # noqa: E402
from tests.instruments.disclosure.test_bundle import ALTERED, FILES, RAW  # noqa: E402

FOLDER = ROOT / "vectors" / "disclosure"
LEFT_OUT = frozenset({"not utf-8", "attested by too much", "nothing", "deep"})
"""No text, or too much of it. What is altered within a record is in vectors/instruments, but for two."""
RECORDS = ("record, letter", "record, signature stripped")


def cases() -> dict[str, dict[str, str]]:
    """Name of the file -> the case."""
    texts = {"ok": ("ok", RAW)}
    texts |= {name: (kind, bundles.write(change(bundle()))) for name, (change, kind) in ALTERED.items()}
    texts |= {f"file {name}": ("record", change(RAW)) for name, change in FILES.items() if name not in LEFT_OUT}
    return {
        name.replace(",", "").replace(" ", "-"): {"class": kind, "op": "bundle", "text": raw.decode()}
        for name, (kind, raw) in texts.items()
        if name not in LEFT_OUT and (not name.startswith("record, ") or name in RECORDS)
    }


def main() -> None:
    made = cases()
    FOLDER.mkdir(parents=True, exist_ok=True)
    whole = all((FOLDER / f"{name}.json").exists() for name in made)
    for name, case in (made if "--anew" in sys.argv or not whole else {}).items():  # they hang together
        raw = json.dumps(case, indent=1, ensure_ascii=True) + "\n"
        (FOLDER / f"{name}.json").write_text(raw, encoding="utf-8")


if __name__ == "__main__":
    main()
