"""Understandings: what a signatory's desk computes to sign, and what a stranger's computes to verify."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from backchannel.instruments.disclosure import bundle as bundles
from backchannel.instruments.understanding import jws, record
from backchannel.instruments.understanding.payload import payload
from bench import Row, bench
from tests.channel.kit import CHANNEL, identity
from tests.instruments.disclosure import kit as disclosed
from tests.instruments.kit import say, seat
from tests.instruments.understanding.kit import in_state, signature

CLAUSES = tuple(f"{k}. The parties will not fish on day {k}, nor on the day after it." * 3 for k in range(200))
REPEATS = 20
SIGN_LIMIT, VERIFY_LIMIT = 0.2, 0.1


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@bench("understanding.sign")
def sign() -> list[Row]:
    """200 clauses: keys, salts, digests and both signatures, then the check that every desk makes of them; beside the
    two bare signatures over as many bytes."""
    item = in_state("initialled", clauses=CLAUSES)
    signed, signer = payload(CHANNEL, item), identity("Ana").signer(CHANNEL)

    def whole() -> None:
        say(item, "Ana", signature(item, "Ana"))

    bare = _seconds(lambda: jws.sign(signer, seat("Ana"), signed))
    found = _seconds(whole)
    return [
        Row(
            "understanding.sign",
            1000 * found,
            "ms",
            "200 clauses",
            1000 * SIGN_LIMIT,
            "the two signatures alone",
            1000 * bare,
        ),
    ]


@bench("understanding.verify")
def verify() -> list[Row]:
    """A record of 200 clauses of which 20 are shown, by two signatories: read and verified from its bytes."""
    raw = record.write(record.of(CHANNEL, in_state("complete", clauses=CLAUSES), range(1, 21)))
    found = _seconds(lambda: record.verify(record.read(raw)))
    return [Row("understanding.verify", 1000 * found, "ms", "20 clauses", 1000 * VERIFY_LIMIT)]


@bench("disclosure.verify")
def verify_bundle() -> list[Row]:
    """A bundle of the same record, its entry in a log of a thousand: read and verified from its bytes."""
    item = in_state("complete", clauses=CLAUSES)
    where = disclosed.place(disclosed.entry(record.anchor(CHANNEL, item)), index=900, size=1_000)
    part = record.of(CHANNEL, item, range(1, 21))
    raw = bundles.write(bundles.Bundle(part, where, "public", "They will not fish.", "", "", ()))
    found = _seconds(lambda: bundles.verify(bundles.read(raw)))
    return [Row("disclosure.verify", 1000 * found, "ms", "20 clauses", 1000 * VERIFY_LIMIT)]
