"""One key or the other, never both, wherever a desk stops, whatever of its disk comes back (hat.md, 2.8)."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.entry.codec import decode
from backchannel.instruments.base import Due
from backchannel.instruments.hat.rounds import Pocket
from backchannel.instruments.hat.values import Post
from tests.instruments.hat.kit import Desk, Table, idea
from tests.instruments.hat.test_blame import one_or_the_other, pocket, says, table


def test_a_pocket_loses_its_other_key_before_anything_leaves() -> None:
    """And what is lost must be gone from every file first: the reflex says so (sealing.md, 12)."""
    made = table("opening")
    before = pocket(made, "Ana")
    assert before.outer
    assert before.slip == idea()
    made.work("Ana")
    after = pocket(made, "Ana")
    assert (after.outer, after.inner, after.core, after.wrapped, after.slip) == (b"", before.inner, b"", b"", b"")
    made = table("votes")
    says(made, "Ben", "nogo")
    before = pocket(made, "Ana")
    made.work("Ana")
    after = pocket(made, "Ana")
    assert (after.outer, after.inner, after.core, after.wrapped) == (before.outer, b"", b"", b"")
    assert after.slip == idea()  # nobody can have read it
    assert repr(after) == "<Pocket>"


def test_only_a_key_that_goes_must_be_gone_first() -> None:
    made = table("commits")
    wipes = {kind for made_ in (made, table("opening")) for kind in wiping(made_)}
    assert wipes == {"hat.reveal"}
    shown = table("votes")
    says(shown, "Ben", "nogo")
    assert wiping(shown) == {"hat.show"}


def wiping(made: Table) -> set[str]:
    made.desks["Ana"].wiped = set()
    made.work("Ana")
    return made.desks["Ana"].wiped


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_no_crash_no_old_disk_and_no_delay_yields_both(seed: int) -> None:
    """What a desk owes is durable with its pocket and posted later; a desk may find itself on an older disk."""
    dice = Random(seed)
    made = Table("Ana Ben Cem", name=str(seed))
    made.desks["Ana"].tray.append(idea())
    made.call("Ben")
    outbox: dict[str, list[Due]] = {name: [] for name in made.desks}
    disks: dict[str, list[tuple[Desk, list[Due]]]] = {name: [] for name in made.desks}
    alarm, rollbacks = dice.randrange(10, 60), dice.randrange(3)
    for turn in range(150):
        name = dice.choice(sorted(made.desks))
        desk = made.desks[name]
        how = dice.randrange(10)
        if how == 0 and rollbacks and disks[name]:
            old, waiting = dice.choice(disks[name])
            made.desks[name], outbox[name], rollbacks = old.copy(), list(waiting), rollbacks - 1
        elif how < 3:
            desk.copy().owed(made.at, made.state)  # the desk stops before the transaction ends
        elif how < 7:
            made.read(name)
            outbox[name] += desk.owed(made.at, made.state)  # it stops, or not, right behind it
            disks[name].append((desk.copy(), list(outbox[name])))
        elif outbox[name]:
            due = outbox[name].pop(0)
            made.post(name, due.kind, due.body, due.words, due.audience)
        if turn == alarm:
            made.post("Cem", "hat.nogo", Post(made.round().id))
    one_or_the_other(made)
    for name, desk in made.desks.items():
        raw = desk.pockets.get(made.round(name).id)
        if raw:
            kept = decode(raw, Pocket)
            assert not ("reveal" in kept.sent and "show" in kept.sent)
            assert not ("reveal" in kept.sent and kept.outer)
            assert not ("show" in kept.sent and kept.inner)


def test_one_who_withholds_its_key_reads_alone_and_no_slip_is_dropped_twice() -> None:
    """Ana, who was away when the others opened, would else float the same again: whose it is would show."""
    made = table("opening")
    made.work("Ana")
    made.read("Ben", "Cem", "Dov")
    made.run("Ben", "Cem", "Dov")
    assert made.round("Ben").state == "closed"
    assert len(made.papers("Ben")) == 1
    made.pass_(made.round("Ana").terms.ends_by - made.now)
    made.work("Ana")  # it lapses at her desk, by the hour, before she reads on
    assert made.desks["Ana"].tray == []
    made.read("Ana")
    made.call("Ben")
    made.run()
    assert made.round().slips == ()


def test_an_old_disk_says_again_what_it_said() -> None:
    """Which of the two keys is owed is written in the log, not on the disk."""
    made = table("opening")
    old = made.desks["Ana"].copy()
    made.work("Ana")
    first = made.log[-1]
    made.desks["Ana"] = old
    made.work("Ana")
    assert made.log[-1].words == first.words
    made.run()
    assert made.round("Ben").state == "closed"
