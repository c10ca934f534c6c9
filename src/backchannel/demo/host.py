"""`python -m backchannel.demo.host STORE PORT BEHIND`: a relay whose clock is so many seconds behind.

A line on its standard input puts the clock right; it answers with a line.
"""

from __future__ import annotations

import sys
import threading

from backchannel.demo.clock import Clock
from backchannel.relay.serve import serve


def main() -> None:
    """Serve until told to stop."""
    store, port, behind = sys.argv[1:]
    clock = Clock(float(behind))
    clock.tell(lambda: _say("clock right"))
    threading.Thread(target=obey, args=(clock,), daemon=True).start()
    serve(store, "127.0.0.1", int(port), clock=clock, ready=lambda url, key: _say(f"relay ready on {url} key {key}"))


def obey(clock: Clock) -> None:
    """Put the clock right when a line comes."""
    if sys.stdin.readline():
        clock.put_right()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
