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


def thread(sid: bytes, round_: int, messages: Sequence[Posted]) -> bytes:
    """th_r: the hash of all messages of a round, bound into every later proof (3)."""
    return p.labelled_hash(labels.SOUNDING_TH, sid, round_, enc(*(m.body for m in messages)))


# --- keys


def make_key(sid: bytes, seat: SeatId, x: bytes, random: Random) -> tuple[bytes, bytes]:
    """h, and the proof that x is known (3.1)."""
    h = g.base(x)
    return h, schnorr.prove(x, h, context(sid, seat), g.random_scalar(random))


def check_key(sid: bytes, seat: SeatId, h: bytes, proof: bytes) -> None:
    """3.1: without the proof, a key could be chosen to cancel the others'."""
    if not schnorr.holds(h, proof, context(sid, seat)):
        raise Rejected("proof", "A desk got ready with a key that it does not prove to hold.")


def key(keys: Sequence[bytes]) -> bytes:
    """H: the sum of all keys."""
    return _proper(g.total(keys))


def commitment(sid: bytes, seat: SeatId, order_: bytes) -> bytes:
    """To a part of the order in which options are opened (3.1)."""
    return p.labelled_hash(labels.SOUNDING_ORDER, sid, seat, order_)


# --- ballots


def _ballot_context(sounding: Sounding, seat: SeatId, *option: int) -> Context:
    return context(sounding.sid, seat, sounding.sums.threads[0], *option)


def make_ballot(sounding: Sounding, seat: SeatId, answers: Sequence[bool], random: Random) -> tuple[bytes, bytes]:
    """The pairs and proofs of a ballot (3.2). All chance is drawn before anything runs beside something else."""
    make = _make_unanimous if sounding.terms.rule == "all" else _make_counted
    return make(sounding, seat, answers, random)


def _make_unanimous(sounding: Sounding, seat: SeatId, answers: Sequence[bool], random: Random) -> tuple[bytes, bytes]:
    h, none = sounding.sums.key, bytes(32)

    def pair(k: int) -> schnorr.Pair:
        # Both, whatever the answer: a relay that counts the time from the last KEY must not tell a yes from a no.
        return g.base(drawn[k][0]), (g.base(drawn[k][1]), g.mul(drawn[k][0], h))[answers[k]]

    drawn = [(g.random_scalar(random), g.random_scalar(random)) for _ in answers]
    openings = [schnorr.Opening(r, *((s, none), (none, r))[yes]) for (r, s), yes in zip(drawn, answers, strict=True)]
    nonces = schnorr.Opening(*(g.random_scalar(random) for _ in range(3)))
    pairs = g.each(pair, range(len(answers)))
    proof = schnorr.prove_all(openings, h, pairs, _ballot_context(sounding, seat), nonces)
    return b"".join(a + c for a, c in pairs), proof


def _make_counted(sounding: Sounding, seat: SeatId, answers: Sequence[bool], random: Random) -> tuple[bytes, bytes]:
    h = sounding.sums.key
    drawn = [tuple(g.random_scalar(random) for _ in range(4)) for _ in answers]

    def proved(k: int) -> tuple[bytes, bytes]:
        r, t, other_c, other_s = drawn[k]
        a, c = g.base(r), g.mul(r, h)
        c = g.add(c, g.BASE) if answers[k] else c
        about = _ballot_context(sounding, seat, k)
        return a + c, either.prove(int(answers[k]), r, h, a, c, about, (t, other_c, other_s))

    both = g.each(proved, range(len(answers)))
    return b"".join(pair for pair, _ in both), b"".join(proof for _, proof in both)


def check_ballot(sounding: Sounding, seat: SeatId, pairs: bytes, proof: bytes) -> None:
    """3.2: every pair is two points, and the proof holds."""
    count, h = len(sounding.terms.options), sounding.sums.key
    split = [(pair[:32], pair[32:]) for pair in pieces(pairs, PAIR, count)]
    if sounding.terms.rule == "all":
        pieces(proof, schnorr.SIZE_ALL, 1)
        good = schnorr.all_hold(h, split, proof, _ballot_context(sounding, seat))
    else:
        proofs = pieces(proof, either.SIZE, count)

        def holds(k: int) -> bool:
            return either.holds(h, *split[k], proofs[k], _ballot_context(sounding, seat, k))

        good = all(g.each(holds, range(count)))
    if not good:
        raise Rejected("proof", "A ballot is not a proper answer to each option.")


def targets(required: int, others: int, quorum: int) -> list[tuple[int, int]]:
    """(target, tally) of the tests of an option below unanimity (3.3).

    A sum is (m+1) for each required yes and 1 for each other yes: read in base m+1, it is both numbers at once, because
    the others are at most m. So it is (m+1)q + j if and only if all q required and exactly j others said yes.
    """
    return [((others + 1) * required + j, required + j) for j in range(quorum, others + 1)]


def tests(sounding: Sounding, ballots: Sequence[bytes]) -> tuple[Test, ...]:
    """3.3: the sums, and for each option the tallies that would meet the rule."""
    terms, count = sounding.terms, len(sounding.terms.options)
    split = [pieces(pairs, PAIR, count) for pairs in ballots]
    unanimous, others = terms.rule == "all", len(terms.voters) - len(terms.required)
    weight = [g.small(others + 1) if voter in terms.required else None for voter in terms.voters]
    wanted = [] if unanimous else targets(len(terms.required), others, terms.quorum)
    shifts = [(g.base(g.small(target)), tally_) for target, tally_ in wanted]

    def summed(k: int, part: slice) -> bytes:
        points = [pairs[k][part] for pairs in split]
        weighted = [point if w is None else g.mul(w, point) for w, point in zip(weight, points, strict=True)]
        return _proper(g.total(weighted))

    def option(k: int) -> list[Test]:
        a, c = summed(k, slice(32)), summed(k, slice(32, 64))
        if unanimous:
            return [Test(k, len(split), a, c)]
        return [Test(k, tally_, a, _proper(g.sub(c, shift))) for shift, tally_ in shifts]

    return tuple(test for found in g.each(option, range(count)) for test in found)


# --- blinds


def _blind_context(sounding: Sounding, seat: SeatId, z: int) -> Context:
    return context(sounding.sid, seat, sounding.sums.threads[1], z)


def make_blind(sounding: Sounding, seat: SeatId, random: Random) -> bytes:
    """Each test under a fresh exponent of its own, proved (3.4). Nobody keeps the exponents."""
    drawn = [(g.random_scalar(random), g.random_scalar(random)) for _ in sounding.sums.tests]

    def blind(z: int) -> bytes:
        test, (rho, t) = sounding.sums.tests[z], drawn[z]
        x, y = g.mul(rho, test.a), g.mul(rho, test.c)
        return x + y + dleq.prove(rho, test.a, x, test.c, y, _blind_context(sounding, seat, z), t)

    return b"".join(g.each(blind, range(len(drawn))))


def check_blind(sounding: Sounding, seat: SeatId, blinds: bytes) -> None:
    """3.4: every proof holds."""
    split = pieces(blinds, BLIND, len(sounding.sums.tests))

    def holds(z: int) -> bool:
        test, blind = sounding.sums.tests[z], split[z]
        about = _blind_context(sounding, seat, z)
        return dleq.holds(test.a, blind[:32], test.c, blind[32:64], blind[64:], about)

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
    return tuple(
        sorted(options, key=lambda option: p.labelled_hash(labels.SOUNDING_PLACE, sounding.sid, joint, option))
    )


# --- shares


def _opened(sounding: Sounding, position: int) -> list[bytes]:
    return [sounding.sums.x[z] for z in sounding.openings[position].tests]


def make_share(sounding: Sounding, seat: SeatId, position: int, x: bytes, random: Random) -> Share:
    """One party's share at a position (3.5, 3.7)."""
    opened = _opened(sounding, position)
    points = g.each(lambda m: g.mul(x, m), opened)
    about = _share_context(sounding, seat, position)
    proof = dleq.prove_all(x, g.base(x), opened, points, about, g.random_scalar(random))
    return Share(sounding.id, position, b"".join(points), proof)


def check_share(sounding: Sounding, seat: SeatId, share: Share) -> None:
    """3.5: made with the key that the seat had posted."""
    opened = _opened(sounding, share.position)
    points = pieces(share.points, 32, len(opened))
    h = next(read(Key, m).h for m in sounding.keys if m.seat == seat)
    if not dleq.all_hold(h, opened, points, share.proof, _share_context(sounding, seat, share.position)):
        raise Rejected("proof", "A share was not made with the key that its desk had posted.")


def _share_context(sounding: Sounding, seat: SeatId, position: int) -> Context:
    return context(sounding.sid, seat, sounding.sums.threads[2], position)


def ack_value(sounding: Sounding, position: int) -> bytes:
    """3.6: what every voter who has all shares must say."""
    shares = enc(*(m.body for m in sounding.openings[position].shares))
    return p.labelled_hash(labels.SOUNDING_ACK, sounding.sid, position, enc(*_opened(sounding, position)), shares)


def passed(sounding: Sounding, numbers: Sequence[int], points: Sequence[bytes]) -> tuple[int, ...]:
    """The tests that hold, of those opened (3.8): the sum of Y is the sum of all shares."""
    split = [pieces(raw, 32, len(numbers)) for raw in points]
    sums = g.each(lambda k: g.total([d[k] for d in split]), range(len(numbers)))
    return tuple(z for z, found in zip(numbers, sums, strict=True) if found == sounding.sums.y[z])


def _proper(point: bytes) -> bytes:
    if point == g.IDENTITY:
        raise Rejected("degenerate", "The answers cancel each other, which cannot happen by chance.")
    return point
