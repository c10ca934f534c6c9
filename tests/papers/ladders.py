"""Ladders to draw: a small one with every kind of line, one of any size, one from right to left."""

from __future__ import annotations

import random

from backchannel.papers.cards import SIGNS, Card
from backchannel.papers.ladder import Picture

A, C, H = "Argentina", "Chile", "Holy See"
BEAGLE = Picture(
    "Beagle good offices: withdrawal and return",
    (A, C, H),
    (
        Card(1, A, "The fleet returns to its ports.", "verified", "Ushuaia", "15 January 1979", (H, C), 1, (), (2,)),
        Card(2, C, "The reserves are stood down.", "verified", "Punta Arenas", "", (H, A), 1, (), (1,)),
        Card(3, H, "Two observers go to the strait.", "due", "Snipe", "2 March 1979", (A, C), 2, ((1,), (2,))),
        Card(4, A, "Detained crews are handed over.", "late", "", "", (H,), 1, ((1,),), (5,), "3 days late"),
        Card(5, C, "The lighthouse at Snipe is lit again.", "disputed", "", "", (H, A), 2, ((2,),), (4,)),
        Card(6, C, "Overflights are announced a day ahead.", "pledged", "", "", (A,), 1, ((3,), (4, 5))),
        Card(7, A, "Border crossings reopen.", "proposed", "Monte Aymond", "", (), 0, ((3,),)),
        Card(8, H, "Both delegations are invited to Rome.", "reported", after=((6,), (7,), (1, 2))),
    ),
    "23 February 1979, 18:05 UTC",
)
QATAR, EGYPT = "قطر", "جمهورية مصر العربية"
ARABIC = Picture(
    "سلم الخطوات: الهدنة الأولى",
    (QATAR, EGYPT),
    (
        Card(1, QATAR, "ترفع السفينة العلم (المرحلة 1)، وتُفحص حمولتها.", "verified", "ميناء", "", (EGYPT, "UN"), 1),
        Card(2, EGYPT, "Open the crossing at (רפיח, رفح) to all who wait there, and report.", "due", after=((1,),)),
    ),
    "2 March 1979",
)


def some(steps: int, parties: int, seed: int = 1) -> Picture:
    """A ladder of any size, with lines of every kind, the same for the same seed."""
    chance = random.Random(seed)
    names = [f"Party {chr(65 + i)}" for i in range(parties)]
    cards: list[Card] = []
    for i in range(1, steps + 1):
        near = range(max(1, i - 8), i)
        after: list[tuple[int, ...]] = []
        if i > 3:
            after += [(chance.choice(near),) for _ in range(chance.choice([0, 1, 1, 2]))]
            after += [tuple(sorted({chance.choice(near) for _ in range(3)}))] * (chance.random() < 0.2)
        party = chance.choice(names)
        returns = (i - 1,) if i > 1 and chance.random() < 0.3 and cards[-1].party != party else ()
        what = "Withdraw the second brigade from the heights above the river. " * chance.randint(1, 3)
        standing = chance.choice(list(SIGNS))
        cards.append(Card(i, party, what, standing, "North bank", "2 March", (), 0, tuple(after), returns))
    return Picture(f"A ladder of {steps} steps", tuple(names), tuple(cards), "2 March 1979")
