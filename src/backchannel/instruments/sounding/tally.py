"""The arithmetic of a sounding: what each message must hold, and what all together say (spec/sounding.md, 3 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from backchannel import labels
from backchannel.entry.codec import Value, decode
from backchannel.entry.ids import SeatId
from backchannel.errors import Rejected
from backchannel.instruments.sounding.values import Key, Posted, Share, Sounding, Test
from backchannel.labels import enc
from backchannel.seal import dleq, either, schnorr
from backchannel.seal import group as g
from backchannel.seal import primitives as p
from backchannel.seal.keys import Random
from backchannel.seal.transcript import Context, context

Body = TypeVar("Body", bound=Value)
PAIR, BLIND = 64, 128


def read(kind: type[Body], message: Posted) -> Body:
    """A message that counts, decoded."""
    return decode(message.body, kind)


def pieces(raw: bytes, size: int, count: int) -> list[bytes]:
    """`count` pieces of `size` bytes; `Rejected("size")` if there are more or fewer."""
    if len(raw) != size * count:
        raise Rejected("size", "A message of a sounding has the wrong length.")
    return [raw[k : k + size] for k in range(0, len(raw), size)]


def thread(sounding: Sounding, round_: int) -> bytes:
    """th_r: the hash of all messages of a round, bound into every later proof (3)."""
    messages = (sounding.keys, sounding.ballots, sounding.blinds)[round_ - 1]
    return p.labelled_hash(labels.ROUND, sounding.sid, round_, enc(*(m.body for m in messages)))


# --- keys


def key_context(sid: bytes, seat: SeatId) -> Context:
    """Of a KEY's proof."""
    return context(sid, seat)


def check_key(sid: bytes, seat: SeatId, h: bytes, proof: bytes) -> None:
    """3.1"""
    if not schnorr.holds(h, proof, key_context(sid, seat)):
        raise Rejected("proof", "A desk got ready with a key that it does not prove to hold.")


def key(keys: Sequence[bytes]) -> bytes:
    """H: the sum of all keys."""
    return _proper(g.total(keys))


def commitment(sid: bytes, seat: SeatId, order_: bytes) -> bytes:
    """To a part of the order in which options are opened (3.1)."""
    return p.labelled_hash(labels.ORDER, sid, seat, order_)


# --- ballots


def ballot_context(sounding: Sounding, seat: SeatId, *option: int) -> Context:
    """Of a BALLOT's proof or proofs."""
    return context(sounding.sid, seat, thread(sounding, 1), *option)


def make_ballot(sounding: Sounding, seat: SeatId, answers: Sequence[bool], random: Random) -> tuple[bytes, bytes]:
    """The pairs and proofs of a ballot (3.2)."""
    count, h = len(answers), sounding.sums.key
    scalars = [g.random_scalar(random) for _ in answers]
    strangers = [g.random_scalar(random) for _ in answers]
    if sounding.terms.rule == "all":

        def pair(k: int) -> tuple[bytes, bytes]:
            return g.base(scalars[k]), g.mul(scalars[k], h) if answers[k] else g.base(strangers[k])

        pairs = g.each(pair, range(count))
        proof = schnorr.prove_all(scalars, [a for a, _ in pairs], ballot_context(sounding, seat), random)
        return b"".join(a + c for a, c in pairs), proof

    def proved(k: int) -> tuple[bytes, bytes]:
        a, c = g.base(scalars[k]), g.mul(scalars[k], h)
        c = g.add(c, g.BASE) if answers[k] else c
        return a + c, either.prove(int(answers[k]), scalars[k], h, a, c, ballot_context(sounding, seat, k), random)

    both = g.each(proved, range(count))
    return b"".join(pair for pair, _ in both), b"".join(proof for _, proof in both)


def check_ballot(sounding: Sounding, seat: SeatId, pairs: bytes, proof: bytes) -> None:
    """3.2: every pair is two points, and the proof holds."""
    count = len(sounding.terms.options)
    split = [(pair[:32], pair[32:]) for pair in pieces(pairs, PAIR, count)]
    if sounding.terms.rule == "all":
        pieces(proof, schnorr.SIZE, 1)
        g.each(lambda pair: g.point(pair[1]), split)  # A is checked as it is multiplied, C is only ever added
        good = schnorr.all_hold([a for a, _ in split], proof, ballot_context(sounding, seat))
    else:
        proofs, h = pieces(proof, either.SIZE, count), sounding.sums.key

        def holds(k: int) -> bool:
            return either.holds(h, *split[k], proofs[k], ballot_context(sounding, seat, k))

        good = all(g.each(holds, range(count)))
    if not good:
        raise Rejected("proof", "A ballot is not a proper answer to each option.")


def tests(sounding: Sounding, ballots: Sequence[bytes]) -> tuple[Test, ...]:
    """3.3: the sums, and for each option the tallies that would meet the rule."""
    terms, count = sounding.terms, len(sounding.terms.options)
    split = [pieces(pairs, PAIR, count) for pairs in ballots]
    others = len(terms.voters) - len(terms.required)

    def option(k: int) -> list[Test]:
        if terms.rule == "all":
            sums = (g.total([pairs[k][:32] for pairs in split]), g.total([pairs[k][32:] for pairs in split]))
            return [Test(k, len(split), _proper(sums[0]), _proper(sums[1]))]
        a, c = (
            g.total(
                [_weighted(terms.voters[i] in terms.required, others, pairs[k][part]) for i, pairs in enumerate(split)]
            )
            for part in (slice(32), slice(32, 64))
        )
        targets = [((others + 1) * len(terms.required) + j, j) for j in range(terms.quorum, others + 1)]
        return [Test(k, len(terms.required) + j, _proper(a), _proper(g.sub(c, g.base(g.small(t))))) for t, j in targets]

    return tuple(test for found in g.each(option, range(count)) for test in found)


def _weighted(required: bool, others: int, point: bytes) -> bytes:
    return g.mul(g.small(others + 1), point) if required else point


# --- blinds


def blind_context(sounding: Sounding, seat: SeatId, z: int) -> Context:
    """Of one proof of a BLIND."""
    return context(sounding.sid, seat, thread(sounding, 2), z)


def make_blind(sounding: Sounding, seat: SeatId, random: Random) -> bytes:
    """Each test under a fresh exponent of its own, proved (3.4)."""
    th = thread(sounding, 2)

    def blind(z: int) -> bytes:
        test, rho = sounding.sums.tests[z], g.random_scalar(random)
        x, y = g.mul(rho, test.a), g.mul(rho, test.c)
        return x + y + dleq.prove(rho, test.a, x, test.c, y, context(sounding.sid, seat, th, z), random)

    return b"".join(g.each(blind, range(len(sounding.sums.tests))))


def check_blind(sounding: Sounding, seat: SeatId, blinds: bytes) -> None:
    """3.4: every proof holds."""
    split, th = pieces(blinds, BLIND, len(sounding.sums.tests)), thread(sounding, 2)

    def holds(z: int) -> bool:
        test, blind = sounding.sums.tests[z], split[z]
        proof = context(sounding.sid, seat, th, z)
        return dleq.holds(test.a, blind[:32], test.c, blind[32:64], blind[64:], proof)

    if not all(g.each(holds, range(len(split)))):
        raise Rejected("proof", "A desk blinded the sums wrongly.")


def blinded(blinds: Sequence[bytes]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """X and Y over all voters, test by test (3.5, 3.8)."""
    split = [pieces(b, BLIND, len(b) // BLIND) for b in blinds]
    both = g.each(
        lambda z: (
            _proper(g.total([b[z][:32] for b in split])),
            _proper(g.total([b[z][32:64] for b in split])),
        ),
        range(len(split[0])),
    )
    return tuple(x for x, _ in both), tuple(y for _, y in both)


def order(sounding: Sounding, orders: Sequence[bytes]) -> tuple[int, ...]:
    """The order in which options are opened, which nobody chose (3.4); empty in reveal `all`."""
    if sounding.terms.reveal == "all":
        return ()
    joint = enc(*orders)
    options = range(len(sounding.terms.options))
    return tuple(sorted(options, key=lambda option: p.labelled_hash(labels.PLACE, sounding.sid, joint, option)))


# --- shares


def _opened(sounding: Sounding, position: int) -> list[bytes]:
    return [sounding.sums.x[z] for z in sounding.openings[position].tests]


def make_share(sounding: Sounding, seat: SeatId, position: int, x: bytes, random: Random) -> Share:
    """One party's share at a position (3.5, 3.7)."""
    opened = _opened(sounding, position)
    points = g.each(lambda m: g.mul(x, m), opened)
    proof = dleq.prove_all(x, g.base(x), opened, points, _share_context(sounding, seat, position), random)
    return Share(sounding.id, position, b"".join(points), proof)


def check_share(sounding: Sounding, seat: SeatId, share: Share) -> None:
    """3.5: made with the key that the seat had posted."""
    opened = _opened(sounding, share.position)
    points = pieces(share.points, 32, len(opened))
    h = next(read(Key, m).h for m in sounding.keys if m.seat == seat)
    if not dleq.all_hold(h, opened, points, share.proof, _share_context(sounding, seat, share.position)):
        raise Rejected("proof", "A share was not made with the key that its desk had posted.")


def _share_context(sounding: Sounding, seat: SeatId, position: int) -> Context:
    return context(sounding.sid, seat, thread(sounding, 3), position)


def ack_value(sounding: Sounding, position: int) -> bytes:
    """3.6: what every voter who has all shares must say."""
    shares = enc(*(m.body for m in sounding.openings[position].shares))
    return p.labelled_hash(labels.ACK, sounding.sid, position, enc(*_opened(sounding, position)), shares)


def passed(sounding: Sounding, numbers: Sequence[int], points: Sequence[bytes]) -> tuple[int, ...]:
    """The tests that hold, of those opened (3.8): the sum of Y is the sum of all shares."""
    split = [pieces(raw, 32, len(numbers)) for raw in points]
    return tuple(z for k, z in enumerate(numbers) if g.total([d[k] for d in split]) == sounding.sums.y[z])


def _proper(point: bytes) -> bytes:
    if point == g.IDENTITY:
        raise Rejected("degenerate", "The answers cancel each other, which cannot happen by chance.")
    return point
