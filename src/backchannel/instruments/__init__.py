"""What can be done in a channel: one module an instrument, all of the same shape (spec/instruments.md)."""

from __future__ import annotations

from backchannel.instruments.base import Instrument, Spoken
from backchannel.instruments.disclosure.rules import DISCLOSURE
from backchannel.instruments.handover import HANDOVER
from backchannel.instruments.hat.rules import HAT
from backchannel.instruments.mandate import MANDATE
from backchannel.instruments.nonpaper.rules import NONPAPER
from backchannel.instruments.note import NOTE
from backchannel.instruments.sounding.rules import SOUNDING
from backchannel.instruments.step.rules import STEP
from backchannel.instruments.text.rules import TEXT
from backchannel.instruments.understanding.rules import UNDERSTANDING

__all__ = ["ANCHORS", "BY_KIND", "ERASABLE", "INSTRUMENTS", "Instrument", "Spoken"]

INSTRUMENTS: tuple[Instrument, ...] = (
    NOTE,
    NONPAPER,
    HAT,
    SOUNDING,
    MANDATE,
    TEXT,
    UNDERSTANDING,
    STEP,
    DISCLOSURE,
    HANDOVER,
)

BY_KIND: dict[str, Instrument] = {kind: instrument for instrument in INSTRUMENTS for kind in instrument.kinds}
"""Which instrument a kind of entry belongs to."""

ERASABLE: dict[str, bool] = {kind: instrument.kinds[kind].erasable for kind, instrument in BY_KIND.items()}
"""Every kind of entry, and whether its audience may have it erased."""

ANCHORS = frozenset(kind for kind, instrument in BY_KIND.items() if instrument.kinds[kind].anchor)
"""The kinds of entry of which each may be shown to a stranger by itself."""
