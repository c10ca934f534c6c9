"""All channels of this desk; founding one, joining one by its code."""

from __future__ import annotations

from backchannel.channel.acts import ROLES
from backchannel.desk.channel import Channel
from backchannel.facts import common
from backchannel.web.page import Ask, Facts, Form, Page
from backchannel.web.places import awaiting


def look(ask: Ask) -> Facts:
    """Every channel: what is awaited from me, quiet since when."""
    return {"rows": [_row(ask, channel) for channel in ask.desk.channels()]}


def _row(ask: Ask, channel: Channel) -> Facts:
    return {
        **common.line(channel),
        "c": channel.session.book.c,
        "awaiting": awaiting(ask, channel),
        "last": common.last(channel),
    }


def _roles(ask: Ask) -> Facts:
    return {"roles": ROLES}


def found(ask: Ask, form: Form) -> str:
    """A new channel at a relay."""
    channel = ask.desk.found(
        form["relay"].strip(),
        title=form["title"],
        purpose=form["purpose"],
        name=form["name"],
        party=form["party"],
        role=form["role"],
        founding_code=form["founding_code"].strip(),
    )
    return _entered(ask, channel)


def join(ask: Ask, form: Form) -> str:
    """A seat that a code offers."""
    return _entered(ask, ask.desk.join(form["code"]))


def _entered(ask: Ask, channel: Channel) -> str:
    ask.keeper.follow()
    ask.keeper.changed()
    return f"/c/{channel.session.book.c}/seats"


CHANNELS = (
    Page("/", "channels.html", look),
    Page("/found", "found.html", _roles, {"found": found}),
    Page("/join", "join.html", lambda _: {}, {"join": join}),
)
