"""All pages of the open desk."""

from __future__ import annotations

from backchannel.web.amending import AMENDING
from backchannel.web.channels import CHANNELS
from backchannel.web.charters import CHARTERS
from backchannel.web.disclosures import DISCLOSURES
from backchannel.web.frame import frame
from backchannel.web.handovers import HANDOVERS
from backchannel.web.mandates import MANDATES
from backchannel.web.page import Page
from backchannel.web.plans import PLANS
from backchannel.web.proposals import PROPOSALS
from backchannel.web.record import RECORD
from backchannel.web.searching import SEARCHING
from backchannel.web.seats import SEATS
from backchannel.web.settings import SETTINGS
from backchannel.web.soundings import SOUNDINGS
from backchannel.web.step import STEP
from backchannel.web.steps import STEPS
from backchannel.web.talk import TALK
from backchannel.web.texts import TEXTS
from backchannel.web.understandings import UNDERSTANDINGS
from backchannel.web.versions import VERSIONS
from backchannel.web.whole import WHOLE

__all__ = ["TABLE", "frame"]

TABLE: tuple[Page, ...] = (
    *CHANNELS,
    *TALK,
    *WHOLE,
    *PROPOSALS,
    *SOUNDINGS,
    *TEXTS,
    *AMENDING,
    *VERSIONS,
    *UNDERSTANDINGS,
    *DISCLOSURES,
    *STEPS,
    *PLANS,
    *STEP,
    *SEATS,
    *CHARTERS,
    *HANDOVERS,
    *MANDATES,
    *RECORD,
    *SEARCHING,
    *SETTINGS,
)
