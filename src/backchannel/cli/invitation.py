"""An invitation's code, printed: of `channel invite`, and of `channel handover`."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from backchannel.cli import show
from backchannel.cli.show import STRONG, Facts, Page
from backchannel.errors import Misuse

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel

_GROUPS = 8


def made_before(channel: Channel, wanted: str) -> bytes:
    """The key of the latest invitation of that name that can still be used."""
    from backchannel.entry.text import folded

    named = [i for i in channel.state.invitations if folded(i.name) == folded(wanted)]
    alive = [i for i in named if i.proposal.stage in ("open", "granted")]
    if not named:
        raise Misuse("nothing", f"Nobody called {wanted!r} was invited.", "See: backchannel channel show")
    return (alive or named)[-1].invite


def facts(channel: Channel, key: bytes) -> Facts:
    """The code, if it exists already, and the invitation."""
    from backchannel.facts import common

    try:
        code = channel.code(key)
    except Misuse as error:
        if error.code != "not-granted":
            raise
        code = None
    one = next((i for i in channel.state.invitations if i.invite == key), None)
    made = None if one is None else common.change(channel.state, one)
    return {"code": code, "invitation": made}


def waits(page: Page, told: Facts) -> None:
    """It was written, and the relay is silent."""
    page.say(f"Written. The invitation of {told['name']} waits on this desk, so there is no code yet.", STRONG)
    page.say(f"When the relay answers again: backchannel channel invite --again {quote(told['name'])}")


def draw(page: Page, told: Facts) -> None:
    """The code, in groups; or whose yes it lacks."""
    one = told["invitation"]
    if told["code"] is None:
        page.say(f"{one['name']} is proposed. The code exists when all have said yes.", STRONG)
        page.say(f"It awaits {show.names(one['awaits'])}; each runs: backchannel channel admit {quote(one['name'])}")
        page.say(f"Then print the code here: backchannel channel invite --again {quote(one['name'])}")
        return
    page.say(
        f"The code for {one['name']} ({one['role']}, {one['party']}), good until {show.local(one['expires'])}:", STRONG
    )
    page.say()
    letters = told["code"].split("-")
    for k in range(0, len(letters), _GROUPS):
        end = "-" if k + _GROUPS < len(letters) else ""
        page.say("  " + "-".join(letters[k : k + _GROUPS]) + end)
    page.say()
    page.say(
        "Whoever has this code can take the seat, once. Hand it over yourself, or read it aloud: not by mail, not by "
        "chat. Line breaks do not matter. It stops working when it is used, when its time is over, and when somebody "
        "else comes in or goes."
    )
