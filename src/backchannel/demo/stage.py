"""The stage: the acts of a scenario, played on the desks of a talk through the desk's own API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from backchannel.channel.charter import Terms
from backchannel.demo.clock import DAY, Clock
from backchannel.demo.desks import Desks, Sight
from backchannel.demo.disclosing import SHOWN, Disclosing
from backchannel.demo.ladders import STEPPED, Ladders
from backchannel.demo.nonpapers import Nonpapers
from backchannel.demo.scenario import Act, Scenario
from backchannel.demo.sounding import Soundings
from backchannel.demo.succession import SUCCEEDED, Succession
from backchannel.demo.texts import WRITTEN, Texts
from backchannel.desk import nonpapers, understandings
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse

_BEGIN = ("note.send", "nonpaper.float")


class Shown(NamedTuple):
    """What an act came to: facts for the teller, and what each desk has of the entry, if it is one that is read."""

    facts: Mapping[str, Any]
    sights: tuple[Sight, ...] = ()


class Stage(Desks):
    """The desks, and everything that can be done to what they hold."""

    def __init__(self, folder: Path, scenario: Scenario, url: str, clock: Clock) -> None:
        super().__init__(folder, scenario, clock)
        self.url = url
        self.soundings = Soundings(scenario, self.channels)
        self.nonpapers = Nonpapers(scenario, self.channels, self.soundings.pages, self.together)
        self.texts = Texts(self.channels, self._labels, self.soundings, self.together)
        self.disclosing = Disclosing(self)
        self.ladders = Ladders(self)
        self.succession = Succession(self)

    def play(self, act: Act) -> Shown:
        """Do what the act says, and bring every desk that is online into step."""
        if act.label:
            self._labels[act.label] = act
            self._cast[act.label] = tuple(self.seated)
        shown = _PLAYED[act.do](self, act)
        self.nonpapers.look()
        return shown

    # --- acts

    def _found(self, act: Act) -> Shown:
        seat, terms = self.scenario.who(act.who), self.scenario.channel
        self.channels[act.who] = self.desks[act.who].found(
            self.url, title=terms.title, purpose=terms.purpose, name=seat.name, party=seat.party, role=seat.role
        )
        return Shown({"title": terms.title})

    def _invite(self, act: Act) -> Shown:
        guest, channel = self.scenario.who(act.whom), self.channels[act.who]
        invite = channel.invite(guest.name, guest.party, guest.role)
        channel.sync()
        self.codes[act.whom] = channel.code(invite)
        return Shown({"code": self.codes[act.whom]})

    def _join(self, act: Act) -> Shown:
        self.channels[act.who] = self.desks[act.who].join(self.codes.pop(act.who))
        self.together()
        return Shown({})

    def _verify(self, act: Act) -> Shown:
        words = tuple(self._read_aloud(*pair) for pair in ((act.who, act.whom), (act.whom, act.who)))
        return Shown({"words": words})

    def _read_aloud(self, reader: str, listener: str) -> tuple[str, ...]:
        mine, theirs = self.channels[reader], self.channels[listener]
        me, seen = mine.state.seat(mine.me), theirs.state.seat(mine.me)
        said, heard = (seat.keys.words(mine.id) if seat is not None else () for seat in (me, seen))
        if not said or said != heard:
            raise Misuse("words", f"The words of {reader} are not those that {listener}'s desk shows.")
        theirs.mark_verified(mine.me)
        return said

    def _charter(self, act: Act) -> Shown:
        c = self.scenario.channel
        common = (c.title, c.purpose, c.track, c.attribution, c.retention_days, "all", c.disclosure, "none")
        terms = Terms(*common, pen=c.pen)
        self.channels[act.who].propose_charter(terms)
        self.together()
        return Shown({"days": c.retention_days, "pen": c.pen, "disclosure": c.disclosure})

    def _sign_charter(self, act: Act) -> Shown:
        self.channels[act.who].sign_charter(self.channels[act.who].state.charter)
        self.together()
        return Shown({"open": all(channel.state.stage == "open" for channel in self.channels.values())})

    def _note(self, act: Act) -> Shown:
        channel = self.channels[act.who]
        channel.send_note(act.text, [self.channels[key].me for key in act.to], read_back=act.read_back)
        if act.who in self.offline:
            return Shown({"waiting": channel.session.book.outbox.count()})
        self.together()
        return self._seen(act, act.who)

    def _seen(self, act: Act, key: str) -> Shown:
        return Shown({}, self.sights(self.labelled(act, key).at.position, act.who))

    def _restate(self, act: Act) -> Shown:
        self._follow(act, lambda channel, note: channel.restate(note, act.text))
        return Shown({})

    def _correct(self, act: Act) -> Shown:
        self._follow(act, lambda channel, note: channel.correct(note, self.channels[act.whom].me, act.text))
        return Shown({})

    def _confirm(self, act: Act) -> Shown:
        self._follow(act, lambda channel, note: channel.confirm(note, self.channels[act.whom].me))
        return Shown({})

    def _float(self, act: Act) -> Shown:
        return Shown({}, self.sights(self.nonpapers.float_(act), act.who))

    def _react(self, act: Act) -> Shown:
        nonpapers.react(self.channels[act.who], self.nonpapers.item(act.item, act.who), act.stance, act.text)
        self.together()
        return Shown({})

    def _revise(self, act: Act) -> Shown:
        nonpapers.revise(self.channels[act.who], self.nonpapers.item(act.item, act.who), act.title, act.text)
        self.together()
        return Shown({})

    def _take_up(self, act: Act) -> Shown:
        item = self.nonpapers.item(act.item, act.who)
        nonpapers.take_up(self.channels[act.who], item, [self.channels[key].me for key in act.signatories])
        self.together()
        text = self.labelled(act, act.who).terms.text.replace("\n\n", "\n")
        return Shown({"text": text, **self._over(act.item)}, self._seen(act, act.who).sights)

    def _drop(self, act: Act) -> Shown:
        self.nonpapers.drop(act)
        return Shown({})

    def _pass_hat(self, act: Act) -> Shown:
        began = self.nonpapers.pass_hat(act)
        channel = self.channels[act.who]
        logged = channel.session.book.entries.log(began)
        round_ = self.nonpapers.came[act.item].round[act.who]
        return Shown(
            {
                "dropped": self.scenario.last_form(act.item),
                "slips": len(round_.seats),
                "size": round_.terms.size,
                "entries": len(logged),
                "bytes": sum(one.leaf.length for one in logged),
            }
        )

    def _hour(self, act: Act) -> Shown:
        days = round(self.clock.behind / DAY)
        self.clock.put_right()
        self.together()
        return Shown({"days": days, **self._over(act.item)})

    def _over(self, label: str) -> dict[str, Any]:
        """How a non-paper ended, and how many desks have confirmed that it is gone."""
        item = self.nonpapers.item(label, self.first)
        return {"state": item.state, "confirmed": len(item.destroyed), "desks": len(item.audience)}

    def _initial(self, act: Act) -> Shown:
        self._follow(act, lambda channel, item: understandings.initial(channel, item))
        return Shown({})

    def _sign(self, act: Act) -> Shown:
        self._follow(act, lambda channel, item: understandings.sign(channel, item))
        item = self.labelled(self._labels[act.item], act.who)
        return Shown({"complete": item.state == "complete"})

    def _ask(self, act: Act) -> Shown:
        return Shown({"ready": self.soundings.ask(act)})

    def _answer(self, act: Act) -> Shown:
        asked = self._labels[act.item]
        began = self.soundings.item(asked, act.who).at.position
        item = self.soundings.answer(act, asked)
        facts: dict[str, Any] = {"asked": asked, "over": item.state == "closed"}
        if facts["over"]:
            logged = self.channels[act.who].session.book.entries.log(began)
            facts["entries"], facts["bytes"] = len(logged), sum(one.leaf.length for one in logged)
            facts["sent"] = Counter((one.kind or "").removeprefix("sounding.") for one in logged)
            facts["sights"] = self.soundings.sights(asked)
            facts["in_vain"] = self.soundings.in_vain(asked, item)
        return Shown(facts)

    def _written(self, act: Act) -> Shown:
        return Shown(WRITTEN[act.do](self.texts, act))

    def _show(self, act: Act) -> Shown:
        return Shown(SHOWN[act.do](self.disclosing, act))

    def _step(self, act: Act) -> Shown:
        return Shown(STEPPED[act.do](self.ladders, act))

    def _succeed(self, act: Act) -> Shown:
        return Shown(SUCCEEDED[act.do](self.succession, act))

    def _follow(self, act: Act, do: Callable[[Channel, Any], None]) -> None:
        item = self.labelled(self._labels[act.note or act.item], act.who)
        do(self.channels[act.who], item)
        self.together()

    def _backup(self, act: Act) -> Shown:
        self.desks[act.who].backup(self.backup_file(act.who), self.scenario.who(act.who).passphrase)
        return Shown({"size": self.channels[act.who].size})

    def _offline(self, act: Act) -> Shown:
        self._reopen(act.who, proxy=f"socks5h://127.0.0.1:{self._dead.getsockname()[1]}")
        self.offline.add(act.who)
        return Shown({})

    def _online(self, act: Act) -> Shown:
        self._reopen(act.who)
        self.offline.discard(act.who)
        channel = self.channels[act.who]
        waited = channel.session.book.outbox.count()
        report = channel.sync()
        self.together()
        begun = [event for event in report.events if event.verdict == "line" and event.sender != channel.me]
        opened = Counter((event.kind or "").partition(".")[0] for event in begun if event.kind in _BEGIN)
        return Shown({"sent": waited - report.waiting, "opened": opened})


_PLAYED: dict[str, Callable[[Stage, Act], Shown]] = {
    "found": Stage._found,
    "invite": Stage._invite,
    "join": Stage._join,
    "verify": Stage._verify,
    "charter": Stage._charter,
    "sign-charter": Stage._sign_charter,
    "note": Stage._note,
    "restate": Stage._restate,
    "correct": Stage._correct,
    "confirm": Stage._confirm,
    "float": Stage._float,
    "react": Stage._react,
    "revise": Stage._revise,
    "take-up": Stage._take_up,
    "drop": Stage._drop,
    "pass-hat": Stage._pass_hat,
    "hour": Stage._hour,
    "initial": Stage._initial,
    "sign": Stage._sign,
    "ask": Stage._ask,
    "answer": Stage._answer,
    "backup": Stage._backup,
    "offline": Stage._offline,
    "online": Stage._online,
    **dict.fromkeys(WRITTEN, Stage._written),
    **dict.fromkeys(SHOWN, Stage._show),
    **dict.fromkeys(STEPPED, Stage._step),
    **dict.fromkeys(SUCCEEDED, Stage._succeed),
}
