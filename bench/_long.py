"""A channel as it is after years: long matters of every kind, most of them over, before all that is said."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backchannel.channel.charter import Terms
from backchannel.desk import disclosures, nonpapers, soundings, steps, texts, understandings
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.desk.plans.reading import Plan
from backchannel.instruments.disclosure.rules import Disclosure
from backchannel.instruments.step.acts import Promise
from backchannel.instruments.text import acts
from bench.desk import PASSPHRASE
from tests.relay.host import FAST, running

PARAGRAPHS, VERSIONS, AMENDMENTS = 1_000, 10, 100
STEPS, AN_ENTRY = 3_000, 500
MANY, RUNNING = 200, 5
"""Soundings, and non-papers; those of them that are not over."""
UNDERSTANDINGS, SIGNED, DISCLOSURES = 50, 2, 100
SAID = "The parties shall, within ninety days, withdraw what they have brought there since, and tell the other so."


@contextmanager
def table() -> Iterator[tuple[Path, list[Channel]]]:
    """Three seats on a real relay process: the least among whom anything can be sounded."""
    with (
        tempfile.TemporaryDirectory() as name,
        running(Path(name) / "relay.db", *FAST, f"--log-bytes={10**10}") as relay,
        Desk.create(Path(name) / "a", PASSPHRASE) as first,
        Desk.create(Path(name) / "b", PASSPHRASE) as second,
        Desk.create(Path(name) / "c", PASSPHRASE) as third,
    ):
        a = first.found(relay.url, title="Bench", purpose="To measure.", name="One", party="North", role="envoy")
        seats = [a]
        for desk, who, party in ((second, "Two", "South"), (third, "Three", "West")):
            invitation = a.invite(who, party, "envoy")
            a.sync()
            seats.append(desk.join(a.code(invitation)))
            a.sync()
        a.propose_charter(Terms("Bench", "To measure.", "envoy", "attributed", 30, "all", "all", "none"))
        for channel in seats[1:]:
            channel.sync()
            channel.sign_charter(channel.state.charter)
        _sync(seats)
        yield Path(name), seats


def _sync(seats: list[Channel]) -> None:
    for _ in range(2):
        for channel in seats:
            channel.sync()


def fill(seats: list[Channel]) -> None:
    """One matter of each kind as long as it gets, and as many as there may be. A crash meanwhile may lose some."""
    for channel in seats:
        channel.session.vault.execute("PRAGMA synchronous = OFF")
    for matter in (_text, _ladder, _soundings, _nonpapers, _understandings, _disclosures):
        matter(seats)
        _sync(seats)
    for channel in seats:
        channel.session.vault.execute("PRAGMA synchronous = FULL")


def _text(seats: list[Channel]) -> None:
    a, b, _ = seats
    said = [f"{n}. {SAID}" + (" [Here / there]." if n % 10 == 0 else "") for n in range(1, PARAGRAPHS + 1)]
    texts.open_(a, "Treaty", said)
    _sync([a, b])
    number = a.items("text")[0].position
    for version in range(VERSIONS):
        item = b.text_at(number)
        for n in range(AMENDMENTS // VERSIONS):
            one = item.here[version * 40 + n * 3]
            change = acts.Replace(one.id, one.revision, f"{item.said(one)} {SAID}")
            texts.amend(b, item, [change], "It was said otherwise.")
        _sync([b, a])
        item = a.text_at(number)
        texts.decide(a, item, [one.id for one in item.proposed[: -1 if version == VERSIONS - 1 else None]], accept=True)
        _sync([a, b])
        texts.issue(a, a.text_at(number))
        _sync([a, b])
    item = b.text_at(number)
    texts.stand(b, item, [one for one in item.here if "[" not in item.said(one)][::2], "agree")


def _promise(n: int, doer: str, toward: str) -> Promise:
    return Promise(
        doer=doer,
        what=f"Withdraw the {n}th brigade from the heights above the river.",
        where="North bank",
        after=((n % AN_ENTRY - 1,),) if n % AN_ENTRY else (),
        returns=(),
        by=0,
        days=10,
        how="By eye.",
        verifiers=("West",),
        needed=1,
        visits=2,
        share=2,
        toward=(toward,),
        late="Talks stop.",
        grace=0,
        remind=(7, 1),
        reversible=True,
        announced=False,
    )


def _ladder(seats: list[Channel]) -> None:
    a, b, _ = seats
    made = [_promise(n, *(("North", "South") if n % 2 else ("South", "North"))) for n in range(STEPS)]
    for first in range(0, STEPS, AN_ENTRY):
        plan = Plan("Withdrawal", tuple(made[first : first + AN_ENTRY]))
        if first:
            steps.add(a, a.items("step")[0].value, plan)
        else:
            steps.propose(a, plan)
        a.sync()
    b.sync()
    for channel in (a, b):
        item, party = channel.items("step")[0].value, channel.state.member(channel.me).party
        own = [one for one in item.steps if one.promise.doer == party]
        for first in range(0, len(own) - 50, AN_ENTRY):
            steps.pledge(channel, item, own[first : min(first + AN_ENTRY, len(own) - 50)])
    _sync([a, b])
    item = b.items("step")[0].value
    for one in [one for one in item.steps if one.promise.doer == "South"][:3]:
        steps.report(b, item, one, "Done.")


def _soundings(seats: list[Channel]) -> None:
    a, b, c = seats
    for n in range(MANY):
        soundings.ask(a, f"Which line, the {n}th?", [f"The cape {n}", f"The pass {n}"], [b.me, c.me], hours=24)
    a.sync()
    for held in a.items("sounding")[:-RUNNING]:
        soundings.withdraw(a, held.value)
    a.sync()
    _sync(seats)
    for channel in (b, c):
        soundings.answer(channel, channel.items("sounding")[-1].value, [0], again=True)
    for _ in range(4):
        _sync(seats)


def _nonpapers(seats: list[Channel]) -> None:
    a, b, _ = seats
    for n in range(MANY):
        nonpapers.float_(b, f"A zone, the {n}th", SAID * 5)
    _sync([b, a])
    for held in b.items("nonpaper")[:-RUNNING]:
        nonpapers.withdraw(b, held.value)


def _understandings(seats: list[Channel]) -> None:
    a, b, _ = seats
    for n in range(UNDERSTANDINGS):
        understandings.propose(a, f"Act {n}", "\n\n".join([SAID] * 10), [a.me, b.me])
    _sync([a, b])
    held = a.items("understanding")
    for one in held[SIGNED:-RUNNING]:
        understandings.withdraw(a, one.value, "It will not be.")
    for do in (understandings.initial, understandings.sign):
        for channel in (a, b):
            for one in held[:SIGNED]:
                do(channel, channel.understanding_at(one.position))
            _sync([a, b])


def _disclosures(seats: list[Channel]) -> None:
    """Each in the place of the one before: whoever looks at one looks for what has replaced it."""
    a, b, _ = seats
    signed = [held.value for held in a.items("understanding")[:SIGNED]]
    replaced: list[Disclosure | None] = [None] * SIGNED
    for n in range(DISCLOSURES // SIGNED):
        for one, before in zip(signed, replaced, strict=True):
            disclosures.propose(a, one, [n % 10 + 1], SAID, replaces=before)
        a.sync()
        b.sync()
        held = b.items("disclosure")[-SIGNED:]
        if n < DISCLOSURES // SIGNED - 2:
            for item in held:
                disclosures.consent(b, item.value)
            b.sync()
            a.sync()
            replaced = [a.disclosure_at(item.position) for item in held]
