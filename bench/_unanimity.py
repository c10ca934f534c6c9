"""One party of five in MPyC: who accepts what of K options that all accept. Run by bench.mpyc in a venv of its own.

    python _unanimity.py <options> -I <party> -P 127.0.0.1:<port> -P ...

Semi-honest, and everybody is online at once; a majority together can read every answer.
"""

from __future__ import annotations

import asyncio.base_events
import functools
import json
import statistics
import sys
import time

REPEATS = 5
OPTIONS = int(sys.argv.pop(1))

# It would listen on every interface.
_listen = asyncio.base_events.BaseEventLoop.create_server
asyncio.base_events.BaseEventLoop.create_server = functools.partialmethod(_listen, host="127.0.0.1")

from mpyc.runtime import mpc  # noqa: E402


async def main():
    field = mpc.SecFld(101)
    taken = []
    await mpc.start()
    for _ in range(REPEATS):
        answer = [(option + mpc.pid) % 3 != 0 or option % 9 == 0 for option in range(OPTIONS)]
        start = time.perf_counter()
        ballots = mpc.input([field(int(yes)) for yes in answer])
        result = await mpc.output(functools.reduce(mpc.schur_prod, ballots))
        taken.append(time.perf_counter() - start)
        assert [int(value) for value in result] == [int(option % 9 == 0) for option in range(OPTIONS)]
    await mpc.shutdown()
    if mpc.pid == 0:
        print(json.dumps(statistics.median(taken)))


mpc.run(main())
