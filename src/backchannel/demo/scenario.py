"""The scenario: a data file of scenes and acts, checked whole before anything is played."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from importlib import resources

import msgspec
from msgspec import Struct

from backchannel.errors import Malformed


class Seat(Struct, frozen=True, forbid_unknown_fields=True):
    """Who plays: a seat of the channel, and the passphrase of its desk."""

    key: str
    name: str
    party: str
    role: str
    short: str
    passphrase: str


class Charter(Struct, frozen=True, forbid_unknown_fields=True):
    """The terms of the channel that is founded."""

    title: str
    purpose: str
    track: str
    attribution: str
    retention_days: int
    disclosure: str = "all"
    pen: str = "passes"


class Act(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that somebody does; which fields it needs stands in `NEEDS`."""

    do: str
    who: str
    whom: str = ""
    to: tuple[str, ...] = ()
    label: str = ""
    note: str = ""
    item: str = ""
    title: str = ""
    text: str = ""
    signatories: tuple[str, ...] = ()
    read_back: bool = False
    options: tuple[str, ...] = ()
    show_all: bool = False
    accept: tuple[int, ...] = ()
    stance: str = ""
    days: int = 0
    paragraphs: tuple[str, ...] = ()
    number: int = 0
    clauses: tuple[int, ...] = ()
    lines: str = ""
    plan: str = ""
    steps: tuple[int, ...] = ()
    file: str = ""


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """A date, what happened then and who says so.

    `assumed`: what is ours, not history; `later`: what is not built.
    """

    date: str
    title: str
    sources: tuple[str, ...]
    narration: str
    assumed: str = ""
    later: str = ""
    act: tuple[Act, ...] = ()


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole demonstration."""

    title: str
    opening: str
    sources: dict[str, str]
    channel: Charter
    seat: tuple[Seat, ...]
    scene: tuple[Scene, ...]

    def who(self, key: str) -> Seat:
        """The seat of this key."""
        return next(seat for seat in self.seat if seat.key == key)

    @property
    def acts(self) -> Iterator[tuple[Scene, Act]]:
        """Every act with its scene, in order."""
        return ((scene, act) for scene in self.scene for act in scene.act)

    def answers(self, asked: Act) -> dict[str, tuple[int, ...]]:
        """What each seat answers to a sounding: the numbers of the options, from 1, that it could live with."""
        return {act.who: act.accept for _, act in self.acts if act.do == "answer" and act.item == asked.label}

    def last_form(self, label: str) -> Act:
        """The act that gave a non-paper its last words: its floating, or its last revision."""
        return [act for _, act in self.acts if act.label == label or (act.do == "revise" and act.item == label)][-1]

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that people write here: texts, titles, terms. None of it may lie open anywhere."""
        said = [
            text
            for _, act in self.acts
            for text in (act.title, act.text, act.lines, *act.options, *act.paragraphs, *promised(act))
        ]
        return tuple(text.strip() for text in (self.channel.title, self.channel.purpose, *said) if text)

    @property
    def names(self) -> tuple[str, ...]:
        """Seats and parties by name."""
        return tuple(dict.fromkeys(name for seat in self.seat for name in (seat.name, seat.party)))

    @property
    def begin(self) -> tuple[Seat, ...]:
        """The seats that are there from the beginning."""
        return tuple(seat for seat in self.seat if seat.key not in self.heirs.values())

    @property
    def heirs(self) -> dict[str, str]:
        """Who takes over whose seat: holder -> successor."""
        return {act.who: act.whom for _, act in self.acts if act.do == "hand-over"}


def promised(act: Act) -> tuple[str, ...]:
    """What a ladder says: its title, and the words of its steps."""
    plan = tomllib.loads(act.plan)
    said = [step.get(name, "") for step in plan.get("step", []) for name in ("what", "where", "how", "if_late")]
    return tuple(dict.fromkeys([plan.get("title", ""), *said]))


NEEDS: dict[str, tuple[str, ...]] = {
    "found": (),
    "invite": ("whom",),
    "join": (),
    "verify": ("whom",),
    "charter": (),
    "sign-charter": (),
    "note": ("to", "label", "text"),
    "restate": ("note", "text"),
    "correct": ("whom", "note", "text"),
    "confirm": ("whom", "note"),
    "float": ("to", "label", "title", "text", "days"),
    "react": ("item", "stance", "text"),
    "revise": ("item", "title", "text"),
    "take-up": ("item", "label", "title", "signatories"),
    "drop": ("label", "title", "text"),
    "pass-hat": ("item",),
    "hour": ("item",),
    "initial": ("item",),
    "sign": ("item",),
    "ask": ("to", "label", "text", "options"),
    "answer": ("item",),
    "backup": (),
    "offline": (),
    "online": (),
    "mandate": ("text",),
    "open-text": ("label", "title", "paragraphs"),
    "amend": ("item", "number", "text"),
    "insert": ("item", "number", "text"),
    "accept": ("item",),
    "issue": ("item",),
    "sound": ("to", "item", "number", "label"),
    "clear": ("item",),
    "stand": ("item", "stance"),
    "adopt": ("item",),
    "propose": ("item", "label", "title", "signatories"),
    "disclose": ("item", "label", "clauses", "text", "lines"),
    "consent": ("item",),
    "publish": ("item",),
    "ladder": ("label", "plan"),
    "pledge": ("item", "steps"),
    "report": ("item", "number", "text"),
    "inspect": ("item", "number", "text"),
    "find": ("item", "number", "stance"),
    "standing": ("item",),
    "excuse": ("item", "number", "text"),
    "record": ("item", "whom"),
    "picture": ("item",),
    "hand-over": ("whom",),
    "take-over": (),
}
"""What can be done, and which fields it needs besides `who`."""

MAY: dict[str, tuple[str, ...]] = {
    "note": ("read_back",),
    "ask": ("show_all",),
    "answer": ("accept",),
    "report": ("file", "lines"),
    "find": ("text",),
}
"""Fields that an act may have or not."""

_OF: dict[str, tuple[str, ...]] = {
    "answer": ("ask", "sound"),
    "initial": ("take-up", "propose"),
    "sign": ("take-up", "propose"),
    "react": ("float", "drop"),
    "revise": ("float",),
    "take-up": ("float",),
    "pass-hat": ("drop",),
    "hour": ("float", "drop"),
    **dict.fromkeys(("amend", "insert", "accept", "issue", "sound", "stand", "adopt", "propose"), ("open-text",)),
    "clear": ("sound",),
    "disclose": ("propose",),
    "consent": ("disclose",),
    "publish": ("disclose",),
    **dict.fromkeys(("pledge", "report", "inspect", "find", "standing", "excuse", "record", "picture"), ("ladder",)),
}
"""What an act can be about, by the act that brought it about; all others that name something are about a note."""
_ALL = ("pass-hat", "hour", "publish", "take-over")
"""Acts for which every desk has to be online."""


def load(name: str = "beagle") -> Scenario:
    """The scenario that comes with the package under this name."""
    return read(resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def read(text: str) -> Scenario:
    """Parse and check a scenario; `Malformed("scenario")` that says where and what is wrong."""
    try:
        found = msgspec.convert(tomllib.loads(text), Scenario)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise _wrong(str(problem)) from problem
    _Checker(found).run()
    return found


def _wrong(what: str) -> Malformed:
    return Malformed("scenario", f"The scenario cannot be played: {what}", "Correct the scenario file.", "")


def _readable(plan: str) -> bool:
    try:
        tomllib.loads(plan)
    except tomllib.TOMLDecodeError:
        return False
    return True


class _Checker:
    """Goes through the acts as the stage would, and refuses the first that cannot be played."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.seats = {seat.key for seat in scenario.seat}
        self.invited: set[str] = set()
        self.joined: set[str] = set()
        self.offline: set[str] = set()
        self.left: set[str] = set()
        self.labels: dict[str, Act] = {}

    def run(self) -> None:
        if len(self.seats) != len(self.scenario.seat) or len(self.seats) < 2:
            raise _wrong("it needs two seats or more, each with a key of its own")
        for number, scene in enumerate(self.scenario.scene, 1):
            unknown = [key for key in scene.sources if key not in self.scenario.sources]
            if unknown or not scene.sources:
                raise _wrong(f"scene {number} ({scene.title}) names no source, or one that is not listed: {unknown}")
            for at, act in enumerate(scene.act, 1):
                problem = self._act(act)
                if problem:
                    raise _wrong(f"scene {number} ({scene.title}), act {at} ({act.do}): {problem}")
        if self.offline:
            raise _wrong(f"{', '.join(sorted(self.offline))} never comes online again")

    def _act(self, act: Act) -> str:
        if act.do not in NEEDS:
            return f"there is no such act; there are {', '.join(NEEDS)}"
        needs = NEEDS[act.do]
        for field in act.__struct_fields__[2:]:
            given = bool(getattr(act, field))
            if given != (field in needs) and field not in MAY.get(act.do, ()):
                return f"it needs {field!r}" if not given else f"{field!r} does not belong here"
        for key in (act.who, *filter(None, [act.whom]), *act.to, *act.signatories):
            if key not in self.seats:
                return f"nobody is called {key!r}"
        return self._in_order(act)

    def _in_order(self, act: Act) -> str:
        before: dict[str, Callable[[Act], str]] = {
            "found": self._found,
            "invite": self._invite,
            "join": self._join,
            "offline": self._offline,
            "online": self._online,
            "hand-over": self._hand_over,
        }
        if act.do in before:
            return before[act.do](act)
        absent = [key for key in (act.who, act.whom, *act.to, *act.signatories) if key and key not in self.joined]
        if absent:
            return f"{absent[0]} is not in the channel yet"
        gone = [key for key in (act.who, *act.to, *act.signatories) if key in self.left]
        if gone:
            return f"{gone[0]} has handed over its seat"
        if act.do not in ("note", "backup") and act.who in self.offline:
            return f"{act.who} is offline"
        return self._named(act)

    def _found(self, act: Act) -> str:
        if self.joined:
            return "the channel is founded already"
        self.joined.add(act.who)
        return ""

    def _invite(self, act: Act) -> str:
        self.invited.add(act.whom)
        return "" if act.who in self.joined else f"{act.who} is not in the channel yet"

    def _join(self, act: Act) -> str:
        if act.who not in self.invited - self.joined:
            return f"{act.who} was not invited, or has joined"
        self.joined.add(act.who)
        return ""

    def _hand_over(self, act: Act) -> str:
        if act.who not in self.joined - self.offline - self.left or act.whom in self.joined:
            return f"{act.who} cannot hand its seat over, or not to {act.whom}"
        self.invited.add(act.whom)
        return ""

    def _offline(self, act: Act) -> str:
        if act.who not in self.joined - self.offline:
            return f"{act.who} is not online"
        self.offline.add(act.who)
        return ""

    def _online(self, act: Act) -> str:
        if act.who not in self.offline:
            return f"{act.who} is not offline"
        self.offline.discard(act.who)
        return ""

    def _named(self, act: Act) -> str:
        if act.do in ("ask", "sound") and (act.who in act.to or len(set(act.to)) < 2):
            return "a sounding has two voters or more, and who asks is not one of them"
        if act.do in _ALL and self.offline:
            return f"{min(self.offline)} is offline"
        if act.do == "take-over":
            return self._take_over(act)
        named = act.note or act.item
        if named and (named not in self.labels or self.labels[named].do not in _OF.get(act.do, ("note",))):
            return f"nothing of this kind is labelled {named!r}"
        if act.plan and not _readable(act.plan):
            return "its plan cannot be read"
        if act.label in self.labels:
            return f"the label {act.label!r} is taken"
        if act.label:
            self.labels[act.label] = act
        if act.do in ("take-up", "propose") and act.title != self.scenario.last_form(act.item).title:
            return f"{act.item!r} does not bear this title when it is taken up"
        return self._answers(act, self.labels[named]) if act.do == "answer" else ""

    def _take_over(self, act: Act) -> str:
        held = [key for key, heir in self.scenario.heirs.items() if heir == act.who and key not in self.left]
        self.left.update(held)
        return "" if held else f"nobody has handed a seat over to {act.who}"

    def _answers(self, act: Act, asked: Act) -> str:
        away = self.offline & {asked.who, *asked.to}
        if away:
            return f"{min(away)} is offline"
        if act.who not in asked.to:
            return f"{act.who} has no vote in {asked.label!r}"
        # a sounding of a bracket has its options from the text
        known = asked.do == "sound" or set(act.accept) <= set(range(1, len(asked.options) + 1))
        return "" if known else "there is no such option"
