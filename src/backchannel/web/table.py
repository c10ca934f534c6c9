"""All pages of the open desk."""

from __future__ import annotations

from backchannel.web.channels import CHANNELS
from backchannel.web.frame import frame
from backchannel.web.page import Page
from backchannel.web.talk import TALK

__all__ = ["TABLE", "frame"]

TABLE: tuple[Page, ...] = (*CHANNELS, *TALK)
