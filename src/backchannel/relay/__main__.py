"""`python -m backchannel.relay`: a relay process, or the check of its store."""

from __future__ import annotations

import argparse
import sys

from backchannel.errors import BackchannelError
from backchannel.relay.limits import Limits
from backchannel.relay.serve import serve
from backchannel.relay.verify import verify_store


def main() -> int:
    """Serve, or verify with `--verify`; the exit code is 0, or 1 after an error or a problem."""
    parser = argparse.ArgumentParser(prog="python -m backchannel.relay", description=__doc__)
    parser.add_argument("--store", required=True, metavar="sqlite:PATH")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--uds", metavar="PATH")
    parser.add_argument("--verify", action="store_true", help="check the store and exit")
    for name, default in zip(Limits.__struct_fields__, Limits.__struct_defaults__, strict=True):
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    args = parser.parse_args()
    limits = Limits(**{name: getattr(args, name) for name in Limits.__struct_fields__})
    try:
        if args.verify:
            found = verify_store(args.store)
            verdict = "ok" if found.ok else "NOT ok"
            lines = [*found.problems, f"{found.logs} logs, {found.entries} entries: {verdict}"]
            sys.stdout.write("".join(f"{line}\n" for line in lines))
            return 0 if found.ok else 1
        serve(args.store, args.host, args.port, limits=limits, uds=args.uds, ready=_ready)
    except BackchannelError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _ready(url: str, key: str) -> None:
    sys.stdout.write(f"relay ready on {url} key {key}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
