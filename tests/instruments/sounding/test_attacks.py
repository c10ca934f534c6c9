"""Attacks on a sounding: each succeeds against code from which one check was taken, and is refused by ours."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import ZERO32
from backchannel.instruments.sounding import rules, tally
from backchannel.instruments.sounding.rounds import Pocket
from backchannel.instruments.sounding.values import Ack, Ballot, Blind, Key, Posted, Share, Sounding, posted
from backchannel.seal import dleq, either, schnorr
from backchannel.seal import group as g
from backchannel.seal.schnorr import Opening
from backchannel.seal.transcript import context
from tests.channel import weaken as weakening
from tests.instruments.sounding.kit import Table, chance, seat
from tests.seal.test_group import BAD_POINTS

DRAW = chance("attacks")
NONE = bytes(32)


def draw() -> g.Scalar:
    return g.random_scalar(DRAW)


def weaken(monkeypatch: pytest.MonkeyPatch, module: str, *changes: tuple[str, str]) -> None:
    """Take a check away, in the table of folds too."""
    weakening.weaken(monkeypatch, module, *changes)
    for kind, old in list(rules._FOLDS.items()):
        monkeypatch.setitem(rules._FOLDS, kind, getattr(rules, old.__name__))


def asked(*voters: str, options: int = 1, **change: Any) -> Table:
    """All desks are ready; nobody has answered."""
    table = Table(voters or ("Ana", "Ben"), [f"option {k}" for k in range(options)], **change)
    table.run()
    return table


def key_of(table: Table, name: str) -> g.Scalar:
    """A seat's private key, for those who lend theirs to an attack."""
    return decode(table.desks[name].pockets[table.id], Pocket).x


def pairs(item: Sounding, name: str) -> list[tuple[g.Point, g.Point]]:
    message = posted(item.ballots, seat(name))
    assert message is not None
    raw = tally.read(Ballot, message).pairs
    return [(raw[k : k + 32], raw[k + 32 : k + 64]) for k in range(0, len(raw), 64)]


def vote(table: Table, name: str, made: list[tuple[g.Point, g.Point]], openings: list[Opening]) -> str:
    """Post a ballot of these pairs with the best proof that these openings allow; what everybody makes of it."""
    item, about = table.item(), context(table.item().sid, seat(name), table.item().sums.threads[0])
    proof = schnorr.prove_all(openings, item.sums.key, made, about, Opening(draw(), draw(), draw()))
    ballot = Ballot(table.id, b"".join(a + c for a, c in made), proof)
    desk = table.desks[name]
    pocket = decode(desk.pockets[table.id], Pocket)
    desk.pockets[table.id] = encode(replace(pocket, sent=(*pocket.sent, "ballot")))
    return table.said(name, "sounding.ballot", ballot)


# --- ballots


def negated_copy() -> tuple[Table, str]:
    """Ben makes Ana's refusal vanish: his pair is his own yes less hers."""
    table = asked()
    table.answer({"Ana": []})
    table.run("Ana")
    table.read()
    r, h = draw(), table.item().sums.key
    ((a, c),) = pairs(table.item(), "Ana")
    said = vote(table, "Ben", [(g.sub(g.base(r), a), g.sub(g.mul(r, h), c))], [Opening(r, NONE, r)])
    table.run()
    return table, said


def test_a_negated_copy_does_not_cancel_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    table, said = negated_copy()
    assert (said, table.item().state) == ("proof", "ballots")
    weaken(monkeypatch, "seal.schnorr", ("second, context) == c", "second, context) == c or True"))
    table, said = negated_copy()
    assert [r.option for r in table.item("Rae").results] == [0]  # Ana had refused


def probe(others: dict[str, list[int]]) -> tuple[Table, str, bool]:
    """Ben answers last, with C = rH + bA_z. The sounding fails for all, and he alone sees whether all others accept."""
    table = asked("Ana", "Ben", "Cem")
    table.answer(others)
    table.run("Ana", "Cem")
    table.read()
    r, b, h = draw(), draw(), table.item().sums.key
    mine = g.base(r)
    a = g.total([mine, *(pairs(table.item(), name)[0][0] for name in others)])
    said = vote(table, "Ben", [(mine, g.add(g.mul(r, h), g.mul(b, a)))], [Opening(r, NONE, r)])
    if said != "ok":
        return table, said, False
    release = table.until("sounding.release")
    before = next(item for item in [table.item("Ben")] if item.state == "closed")
    shares = [tally.read(Share, m).points for m in (*before.openings[0].shares, Posted(seat("Rae"), release.body))]
    learned = g.add(g.total(shares), g.mul(b, before.sums.x[0])) == before.sums.y[0]
    assert before.results == ()
    return table, said, learned


def test_a_refusal_cannot_probe_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our first design proved A only."""
    for others in ({"Ana": [0], "Cem": [0]}, {"Ana": [0], "Cem": []}):
        assert probe(others)[1] == "proof"
    only_a = ("second, context) == c", "first, context) == c")
    weaken(monkeypatch, "seal.schnorr", only_a, ("second, context)\n    sums", "first, context)\n    sums"))
    assert [probe({"Ana": [0], "Cem": cem})[2] for cem in ([0], [])] == [True, False]


def copied_ballot() -> str:
    """Ben posts Ana's ballot as his own, without knowing what it says."""
    table = asked("Ana", "Ben", "Cem")
    table.answer({"Ana": [0]})
    table.run("Ana")
    table.read()
    (message,) = table.item().ballots
    return table.said("Ben", "sounding.ballot", message.body)


def test_a_ballot_cannot_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    assert copied_ballot() == "proof"
    weaken(
        monkeypatch,
        "instruments.sounding.tally",
        ("sounding.sid, seat, sounding.sums.threads[0]", 'sounding.sid, b"", b""'),
    )
    assert copied_ballot() == "ok"


def stuffed(b: int) -> tuple[Table, str]:
    """Ben says yes more than once, or less than no."""
    table = asked("Ana", "Ben", "Cem", quorum=2)
    table.answer({"Ana": [], "Cem": []})
    table.run("Ana", "Cem")
    table.read()
    r, h = draw(), table.item().sums.key
    a, c = g.base(r), g.mul(r, h)
    for _ in range(abs(b)):
        c = (g.add if b > 0 else g.sub)(c, g.BASE)
    about = context(table.item().sid, seat("Ben"), table.item().sums.threads[0], 0)
    proof = either.prove(1, r, h, a, c, about, (draw(), draw(), draw()))
    pocket = decode(table.desks["Ben"].pockets[table.id], Pocket)
    table.desks["Ben"].pockets[table.id] = encode(replace(pocket, sent=(*pocket.sent, "ballot")))
    said = table.said("Ben", "sounding.ballot", Ballot(table.id, a + c, proof))
    table.run()
    return table, said


@pytest.mark.parametrize("b", [-1, 2])
def test_nobody_votes_twice(monkeypatch: pytest.MonkeyPatch, b: int) -> None:
    assert stuffed(b)[1] == "proof"
    weaken(monkeypatch, "seal.either", ("== g.plus(c0, c1)", "== g.plus(c0, c1) or True"))
    table, said = stuffed(b)
    assert said == "ok"
    assert [r.tally for r in table.item().results] == ([2] if b == 2 else [])


def moved_option() -> str:
    """Below unanimity: the proofs of two options change places with their pairs."""
    table = asked("Ana", "Ben", options=2, quorum=1)
    table.answer({"Ben": [0]})
    table.read()
    table.desks["Ben"].owed(table.at, rules_state(table))
    table.answer({"Ana": [0]})
    (_, ballot, _) = table.desks["Ana"].owed(table.at, rules_state(table))[0]
    assert isinstance(ballot, Ballot)
    p, q = ballot.pairs, ballot.proof
    return table.said("Ana", "sounding.ballot", replace(ballot, pairs=p[64:] + p[:64], proof=q[128:] + q[:128]))


def rules_state(table: Table) -> Any:
    return table.log[-1].state


def test_an_answer_cannot_move_to_another_option(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moved_option() == "proof"
    weaken(
        monkeypatch, "instruments.sounding.tally", ("sounding.sums.threads[0], *option)", "sounding.sums.threads[0])")
    )
    assert moved_option() == "ok"


# --- keys


def rogue() -> tuple[str, bool]:
    """Ben's key is a key of his own less the others': H is his alone, and Ana's ballot is open to him at once."""
    table = Table(("Ana", "Ben"), ["a"])
    table.read()
    table.work("Ana", "Rae")
    table.read()
    x = draw()
    own = g.sub(g.base(x), g.total([tally.read(Key, m).h for m in table.item().keys]))
    proof = schnorr.prove(x, own, context(table.item().sid, seat("Ben")), draw())
    said = table.said("Ben", "sounding.key", Key(table.id, own, proof, ZERO32))
    if said != "ok":
        return said, False
    table.answer({"Ana": [0]})
    table.run("Ana")
    ((a, c),) = pairs(table.item(), "Ana")
    return said, g.mul(x, a) == c


def test_a_key_made_of_the_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rogue() == ("proof", False)
    weaken(
        monkeypatch,
        "seal.schnorr",
        ("g.sub(g.base(s), g.mul(c, h))) == c", "g.sub(g.base(s), g.mul(c, h))) == c or True"),
    )
    assert rogue() == ("ok", True)


# --- blinds and shares


def last_blind() -> tuple[str, bool]:
    """Ben's blind makes the sum Ana's own pair: all then help him to open her ballot."""
    table = asked()
    table.answer({"Ana": [0], "Ben": []})
    table.run("Ana")
    table.read()
    table.work("Ben")
    table.read()
    table.work("Ana")
    table.read()
    ((a, c),) = pairs(table.item(), "Ana")
    (hers,) = (tally.read(Blind, m).blinds for m in table.item().blinds)
    forged = g.sub(a, hers[:32]) + g.sub(c, hers[32:64])
    item = table.item()
    about = context(item.sid, seat("Ben"), item.sums.threads[1], 0)
    test, p = item.sums.tests[0], draw()
    proof = dleq.prove(p, test.a, forged[:32], test.c, forged[32:], about, draw())
    pocket = decode(table.desks["Ben"].pockets[table.id], Pocket)
    table.desks["Ben"].pockets[table.id] = encode(replace(pocket, sent=(*pocket.sent, "blind")))
    said = table.said("Ben", "sounding.blind", Blind(table.id, forged + proof, ZERO32))
    table.run()
    return said, bool(table.item().results)


def test_the_last_blind_cannot_open_somebodys_ballot(monkeypatch: pytest.MonkeyPatch) -> None:
    assert last_blind() == ("proof", False)
    weaken(monkeypatch, "seal.dleq", ("first, second) == e", "first, second) == e or True"))
    assert last_blind() == ("ok", True)  # Ben had refused, and knows now that Ana had not


def relation(voters: int) -> int | None:
    """What a fixed exponent for all tests of an option leaks when no tally is met: Y_j - Y_{j+1} = PB, so the tally."""
    names = ("Ana", "Ben", "Cem", "Dov")[:voters]
    table = asked(*names, quorum=2)
    table.answer({name: ([0] if name == "Ana" else []) for name in names})
    table.until("sounding.release")
    item = table.item()
    sums, opening = item.sums, item.openings[0]
    shares = [tally.read(Share, m).points for m in (*opening.shares, *opening.release)]
    d = g.total([raw[:32] for raw in shares])
    unit, target = g.sub(sums.y[0], sums.y[1]), 2
    for found in range(target):  # Y_0 - D = (tally - target) PB
        away = g.total([unit] * (target - found))
        if g.add(sums.y[0], away) == d:
            return found
    return None


def test_every_test_has_an_exponent_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert relation(3) is None
    drawn = (
        "(g.random_scalar(random), g.random_scalar(random)) for _ in sounding.sums.tests",
        "one for _ in sounding.sums.tests",
    )
    weaken(
        monkeypatch,
        "instruments.sounding.tally",
        drawn,
        ("    drawn = [one", "    one = (g.random_scalar(random),) * 2\n    drawn = [one"),
    )
    assert relation(3) == 1


def share_early(state: str) -> str:
    """A desk that shares before all blinds are in."""
    table = asked("Ana", "Ben")
    table.answer({"Ana": [0], "Ben": [0]})
    if state == "blinds":
        table.until("sounding.blind")
    item = table.item()
    assert item.state == state
    return table.said("Ana", "sounding.share", Share(table.id, 0, g.BASE, bytes(64)))


def test_nobody_shares_before_all_blinds_are_in() -> None:
    assert [share_early(state) for state in ("ballots", "blinds")] == ["rule", "rule"]


def test_a_desk_shares_only_when_all_blinds_are_in() -> None:
    table = asked("Ana", "Ben", "Cem")
    table.answer({name: [0] for name in ("Ana", "Ben", "Cem")})
    table.until("sounding.share")
    kinds = [(entry.kind, entry.sender) for entry in table.log]
    first = next(k for k, (kind, _) in enumerate(kinds) if kind == "sounding.share")
    assert [kind for kind, _ in kinds[:first]].count("sounding.blind") == 3


def forged_share() -> tuple[str, bool]:
    """Ben refuses, and his share is made so that the sums agree."""
    table = asked()
    table.answer({"Ana": [0], "Ben": []})
    table.until("sounding.share")
    while len(table.item().openings[0].shares) < 1:
        table.read()
    item, x = table.item(), key_of(table, "Rae")
    ana = g.mul(key_of(table, "Ana"), item.sums.x[0])
    wrong = g.sub(g.sub(item.sums.y[0], ana), g.mul(x, item.sums.x[0]))
    about = context(item.sid, seat("Ben"), item.sums.threads[2], 0)
    h = next(tally.read(Key, m).h for m in item.keys if m.seat == seat("Ben"))
    proof = dleq.prove_all(key_of(table, "Ben"), h, [item.sums.x[0]], [wrong], about, draw())
    table.desks["Ben"].pockets[table.id] = sent(table, "Ben", "share 0")
    said = table.said("Ben", "sounding.share", Share(table.id, 0, wrong, proof))
    table.run()
    return said, bool(table.item().results)


def sent(table: Table, name: str, what: str) -> bytes:
    pocket = decode(table.desks[name].pockets[table.id], Pocket)
    return encode(replace(pocket, sent=(*pocket.sent, what)))


def test_a_share_is_made_with_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert forged_share() == ("proof", False)
    weaken(monkeypatch, "seal.dleq", ("first, second) == e", "first, second) == e or True"))
    assert forged_share() == ("ok", True)


def test_every_place_where_a_point_enters() -> None:
    """Whatever is no point of the group is refused where it comes in, and changes nothing."""
    table = asked("Ana", "Ben", options=2)
    table.answer({"Ana": [0], "Ben": [0]})
    places = {
        "sounding.ballot": ("pairs", (0, 32, 64, 96)),
        "sounding.blind": ("blinds", (0, 32, 128, 160)),
        "sounding.share": ("points", (0, 32)),
        "sounding.release": ("points", (0, 32)),
    }
    tried = 0
    while True:
        table.read()
        owed = [(n, *say) for n, desk in table.desks.items() for say in desk.owed(table.at, rules_state(table))]
        if not owed:
            break
        for name, kind, body, audience in owed:
            field, where = places.get(kind, ("", ()))
            for at in where:
                for bad in BAD_POINTS.values():
                    raw = getattr(body, field)
                    table.read()
                    before = table.item()
                    wrong = replace(body, **{field: raw[:at] + bad + raw[at + 32 :]})
                    assert table.said(name, kind, wrong) == "point"
                    assert table.item() == before
                    tried += 1
            table.post(name, kind, body, audience)
    assert table.item().state == "closed"
    assert tried == len(BAD_POINTS) * (2 * (4 + 4 + 2) + 2)
    other = Table(("Ana", "Ben"), ["a"])
    other.read()
    for bad in BAD_POINTS.values():
        assert (
            other.said("Ana", "sounding.key", Key(other.id, bad, bytes(31) + b"\1" + bytes(31) + b"\1", ZERO32))
            == "point"
        )


def test_scalars_have_one_form() -> None:
    """s + L proves the same to a library that reduces: a second form of one message."""
    table = asked("Ana", "Ben")
    table.answer({"Ana": [0]})
    (_, body, _) = table.desks["Ana"].owed(table.at, rules_state(table))[0]
    assert isinstance(body, Ballot)
    for at in range(0, 128, 32):
        one = int.from_bytes(body.proof[at : at + 32], "little") + g.L
        wrong = body.proof[:at] + one.to_bytes(32, "little") + body.proof[at + 32 :]
        assert table.said("Ana", "sounding.ballot", replace(body, proof=wrong)) == "scalar"


# --- release, acknowledgement, show


def to_acks(**change: Any) -> Table:
    """Three voters, all shares in, nobody has acknowledged."""
    table = asked("Ana", "Ben", "Cem", **change)
    table.answer({name: [0] for name in ("Ana", "Ben", "Cem")})
    while len(table.item().openings[0].shares if table.item().openings else ()) < 3:
        table.read()
        if table.item().openings and len(table.item().openings[0].shares) == 3:
            break
        table.work()
        table.read()
    return table


def test_the_releaser_waits_for_all_and_for_the_same_word() -> None:
    table = asked("Ana", "Ben", "Cem")
    table.answer({name: [0] for name in ("Ana", "Ben", "Cem")})
    table.until("sounding.ack")
    assert not table.work("Rae")
    table.read()
    for name in ("Ana", "Ben"):
        table.work(name)
    table.read()
    assert len(table.item("Rae").openings[0].acks) == 2
    assert not table.work("Rae")
    wrong = table.post("Cem", "sounding.ack", Ack(table.id, 0, bytes(32)))
    table.read()
    assert (wrong.verdicts["Ana"], wrong.verdicts["Rae"]) == ("ack", "ok")  # only who has the shares can tell
    assert len(table.item("Rae").openings[0].acks) == 3
    assert not table.work("Rae")


def test_an_early_release_gives_no_result_and_stops_the_shares() -> None:
    table = asked("Ana", "Ben", "Cem")
    table.answer({name: [0] for name in ("Ana", "Ben", "Cem")})
    table.until("sounding.share")
    share = tally.make_share(table.item(), seat("Rae"), 0, key_of(table, "Rae"), DRAW)
    entry = table.post("Rae", "sounding.release", share)
    table.read()
    assert set(entry.verdicts.values()) == {"early"}
    assert table.item().results == ()


def hidden_ack() -> tuple[str, str]:
    """Cem hides his ACK from Ben: the releaser releases, and Ben has all shares like everybody else."""
    table = asked("Ana", "Ben", "Cem")
    table.answer({name: [0] for name in ("Ana", "Ben", "Cem")})
    table.until("sounding.ack")
    table.read()
    table.work("Ana", "Ben")
    (_, ack, audience) = table.desks["Cem"].owed(table.at, rules_state(table))[0]
    table.post("Cem", "sounding.ack", ack, tuple(s for s in audience if s != seat("Ben")))
    entry = table.log[-1]
    for name in ("Ana", "Rae", "Cem"):
        desk = table.desks[name]
        spoken = replace_audience(entry, audience)
        for one in table.log[desk.read : -1]:
            desk.hear(one)
        desk.hear(spoken)
        desk.read = len(table.log)
    table.read("Ben")
    table.until("sounding.release")
    table.run()
    return table.item("Ana").state, table.item("Ben").state


def replace_audience(entry: Any, audience: tuple[bytes, ...]) -> Any:
    """The entry as its sender named its readers: one of them was named and cannot open it (spec/sealing.md, 12)."""
    return type(entry)(entry.id, entry.at, entry.sender, audience, entry.kind, entry.body, entry.state)


def test_a_voter_cannot_keep_the_result_from_one_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hidden_ack() == ("closed", "closed")
    needed = ("if not _all_shares(item, opening) and (opening.shares or len(opening.acks) < len(item.terms.voters)):",
              "if len(opening.acks) < len(item.terms.voters):")  # fmt: skip
    weaken(monkeypatch, "instruments.sounding.rules", needed)
    assert hidden_ack() == ("closed", "opening")


def test_a_share_that_is_shown_otherwise() -> None:
    """Another proof for the same point: who has seen the share refuses it."""
    table = to_acks()
    table.until("sounding.release")
    item = table.item()
    other = tally.make_share(item, seat("Cem"), 0, key_of(table, "Cem"), DRAW)
    entry = table.post("Cem", "sounding.show", other)
    table.read()
    assert (entry.verdicts["Ana"], entry.verdicts["Rae"]) == ("share", "ok")
    table.run()
    assert table.item("Ana").results == table.item("Rae").results != ()


def test_shows_of_a_wrong_key_are_refused_by_those_who_saw_no_share() -> None:
    table = to_acks()
    table.until("sounding.release")
    own = posted(table.item().openings[0].shares, seat("Ana"))
    assert own is not None
    entry = table.post("Cem", "sounding.show", own.body)
    table.read()
    assert (entry.verdicts["Ana"], entry.verdicts["Rae"]) == ("share", "proof")


def test_an_ack_that_comes_before_the_shares() -> None:
    table = asked("Ana", "Ben", "Cem")
    table.answer({name: [0] for name in ("Ana", "Ben", "Cem")})
    table.until("sounding.share")
    entry = table.post("Cem", "sounding.ack", Ack(table.id, 0, bytes(32)))
    table.read()
    assert (entry.verdicts["Ana"], entry.verdicts["Rae"]) == ("early", "ok")


# --- equivocation


@pytest.mark.parametrize("kind", ["sounding.key", "sounding.ballot", "sounding.blind"])
def test_who_says_different_things_to_two_seats_gets_no_further(kind: str) -> None:
    """Ben gives Ana one message and Cem another: the next round's proofs of the two do not hold for each other."""
    table = asked("Ana", "Ben", "Cem") if kind != "sounding.key" else Table(("Ana", "Ben", "Cem"), ["a"])
    names = ("Ana", "Ben", "Cem")
    if kind != "sounding.key":
        table.answer({name: [0] for name in names})
    while True:
        table.read()
        due = {name: desk.pockets.get(table.id, b"") for name, desk in table.desks.items()}
        said = table.desks["Ben"].owed(table.at, rules_state(table))
        if said and said[0][0] == kind:
            break
        for k, body, audience in said:
            table.post("Ben", k, body, audience)
        table.work("Ana", "Cem", "Rae")
    table.desks["Ben"].pockets[table.id] = due["Ben"]
    again = table.desks["Ben"].owed(table.at, rules_state(table))
    bodies = [encode(said[0][1]), encode(again[0][1])]
    if kind == "sounding.key":
        bodies[1] = encode(tally_key(table))
    assert bodies[0] != bodies[1]
    table.work("Ana", "Cem", "Rae")
    table.read()
    for raw, readers in ((bodies[0], ("Ana", "Rae")), (bodies[1], ("Cem", "Ben"))):
        entry = table.post("Ben", kind, raw)
        for name in readers:
            table.desks[name].hear(entry)
    for desk in table.desks.values():
        desk.read = len(table.log)
    if kind == "sounding.key":
        table.answer({"Ana": [0], "Cem": [0]})
    table.run("Ana", "Cem", "Rae")
    table.read()
    assert {table.item(name).state for name in ("Ana", "Cem", "Rae")} & {"closed"} == set()
    assert not any(entry.kind in ("sounding.ack", "sounding.release") for entry in table.log)
    assert "proof" in {v for entry in table.log for v in entry.verdicts.values()}


def tally_key(table: Table) -> Key:
    x = draw()
    h, proof = tally.make_key(table.item().sid, seat("Ben"), x, DRAW)
    return Key(table.id, h, proof, ZERO32)


# --- messages of another sounding


def test_messages_of_another_sounding_mean_nothing() -> None:
    """The same people, the same options, the same moment: every message of one, renamed, in the other."""
    old = asked("Ana", "Ben", name="old")
    old.answer({"Ana": [0], "Ben": [0]})
    old.run()
    new = Table(("Ana", "Ben"), ["option 0"], name="new")
    new.read()
    refusals = set()
    for entry in old.log[1:]:
        while new.item().state == "keys" and entry.kind != "sounding.key":
            new.run()
            new.answer({"Ana": [], "Ben": []})
        act: Any = decode(entry.body, rules.SOUNDING.kinds[entry.kind].body)
        assert new.post(entry.sender, entry.kind, entry.body)
        new.read()
        refusals |= set(new.log[-1].verdicts.values())
        assert new.said(entry.sender, entry.kind, replace(act, item=new.id)) in ("proof", "repeat", "rule")
    assert "ok" not in refusals


def test_garbage_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lengths and repetitions are judged before anything is multiplied."""
    table = asked("Ana", "Ben", options=3)
    table.answer({"Ana": [0], "Ben": [0]})
    table.work("Ana")
    table.read()
    counted: list[str] = []
    monkeypatch.setattr(g, "mul", lambda a, p: counted.__iadd__(["mul"]) and p)
    monkeypatch.setattr(g, "base", lambda a: counted.__iadd__(["base"]) and g.BASE)
    good = table.item().ballots[0].body
    assert table.said("Ana", "sounding.ballot", good) == "repeat"
    for wrong in (b"", bytes(191), bytes(193), bytes(500_000)):
        assert table.said("Ben", "sounding.ballot", Ballot(table.id, wrong, bytes(128))) == "size"
    for wrong in (b"", bytes(127), bytes(129), bytes(500_000)):
        assert table.said("Ben", "sounding.ballot", Ballot(table.id, bytes(192), wrong)) == "size"
    assert counted == []
