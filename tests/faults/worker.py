"""A desk at work until it is killed: writes notes, syncs, and says on stdout what it knows to be kept.

Usage: worker.py FOLDER NAME. A line is `try N` before note N is written, `kept N` when it is durable on the desk, and
`synced` when the relay was read to its head.
"""

from __future__ import annotations

import sys
from pathlib import Path

from backchannel.desk.desk import Desk
from backchannel.errors import RelayRefused, Unreachable
from tests.desk.world import PHRASE, texts


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(folder: Path, name: str, start: int) -> None:
    with Desk.open(folder, PHRASE) as desk:
        channel = desk.channel()
        number = start
        while True:
            say(f"try {number}")
            channel.send_note(f"{name} {number}")
            say(f"kept {number}")
            number += 1
            if number % 3 == 0:
                try:
                    channel.sync()
                except (Unreachable, RelayRefused) as problem:
                    say(f"trouble {problem.code}")
                else:
                    say(f"synced {len(texts(channel))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
