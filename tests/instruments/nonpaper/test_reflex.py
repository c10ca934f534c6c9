"""What a desk says of a non-paper by itself, and that all desks come to the same, whatever of it they could read."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backchannel.channel.state import DAY
from backchannel.entry.codec import encode
from backchannel.entry.ids import ZERO32
from backchannel.instruments.base import WAITS, WordsOf
from backchannel.instruments.hat.rules import speakers
from backchannel.instruments.hat.values import Open
from backchannel.instruments.nonpaper.reflex import asked
from backchannel.instruments.nonpaper.rules import NONPAPER
from backchannel.instruments.nonpaper.values import About, Again, Copy, Float, Idea, Nonpaper, React, Remark, Revise
from backchannel.seal.aside import SLOT
from backchannel.seal.primitives import xwing_public
from tests.instruments.hat.kit import Table, idea, reaction, seat, verdict

NAMES = "Ana Ben Cem Rae"
KEY = xwing_public(bytes(32))


def kinds(made: Table, since: int = 0) -> list[tuple[str, str]]:
    return [(e.sender, e.kind.partition(".")[2]) for e in made.log[since:]]


def test_each_desk_confirms_once_that_it_has_destroyed() -> None:
    made = Table(NAMES, name="end")
    id_ = made.float_("Ana").id
    made.run()
    assert kinds(made) == [("Ana", "float"), ("Ana", "words")]
    made.said("Ana", "nonpaper.withdraw", About(id_))
    made.desks["Ben"].clean = False
    made.run()
    made.run()
    assert kinds(made, 3) == [(name, "destroyed") for name in ("Ana", "Cem", "Rae")]
    made.desks["Ben"].clean = True
    made.run()
    assert len(made.paper(id_).destroyed) == 4
    assert not any(desk.pockets[id_] or desk.words or desk.keys for desk in made.desks.values())


def test_nobody_confirms_that_an_hour_has_passed_before_it_has_by_the_log() -> None:
    made = Table(NAMES, name="hour")
    id_ = made.float_("Ana").id
    made.now = made.paper(id_).until
    assert not made.work()  # others may have posted in time what these desks have not read
    for desk in made.desks.values():
        desk.keep(NONPAPER, id_, NONPAPER.lapse(desk.items[id_]))
    assert not made.work()
    made.pass_(0)
    made.run()
    assert len(made.paper(id_).destroyed) == 4
    assert {code for entry in made.log for code in entry.verdicts.values()} == {"ok"}


def test_a_restored_desk_asks_and_everybody_says_again_its_own() -> None:
    made = Table(NAMES, name="restored")
    id_ = made.float_("Ana").id
    remark = encode(Remark(bytes(16), "Yes."))
    made.said("Ben", "nonpaper.react", React(id_, 0, "interest", ZERO32, ZERO32), remark)
    made.said("Ana", "nonpaper.revise", Revise(id_, 1), encode(Idea(bytes(16), "Other", "Words.")))
    before, words = len(made.log), dict(made.desks["Ana"].words)
    made.desks["Cem"].restore()
    made.run()
    assert kinds(made, before) == [
        ("Cem", "again"),
        ("Ana", "copy"),
        ("Ana", "words"),
        ("Ben", "copy"),
        ("Ben", "words"),
    ]
    assert made.desks["Cem"].words == words
    assert made.desks["Cem"].keys == made.desks["Ana"].keys
    assert asked(made.desks["Cem"].pockets[id_]) == b""
    made.desks["Cem"].restore()  # once more: another key, so it is answered once more
    made.run()
    assert made.desks["Cem"].words == words
    assert {code for entry in made.log for code in entry.verdicts.values()} == {"ok"}


def test_who_asks_and_asks_is_answered_four_times() -> None:
    """Asking costs little, and an answer is as long as all that was said."""
    made = Table(NAMES, name="asks and asks")
    id_ = made.float_("Ana").id
    made.said("Ben", "nonpaper.react", React(id_, 0, "interest", ZERO32, ZERO32), encode(Remark(bytes(16), "Yes.")))
    before = len(made.log)
    for _ in range(6):
        made.desks["Cem"].restore()
        made.run()
    made.desks["Rae"].restore()
    made.run()
    copies = [name for name, kind in kinds(made, before) if kind == "copy"]
    assert (copies.count("Ana"), copies.count("Ben")) == (5, 5)  # four for Cem, one for Rae
    assert made.desks["Rae"].words == made.desks["Ana"].words


def test_what_is_said_again_fits_into_one_entry() -> None:
    made = Table(NAMES, name="long")
    id_ = made.float_("Ana").id
    for version in (1, 2):
        long = encode(Idea(bytes(16), "Other", "\u4e00" * 190_000))
        made.said("Ana", "nonpaper.revise", Revise(id_, version), long)
    made.desks["Cem"].restore()
    made.run()
    assert list(made.desks["Cem"].words.values()) == [long]


def test_a_desk_that_has_asked_does_not_answer_itself() -> None:
    made = Table(NAMES, name="itself")
    id_ = made.float_("Ana").id
    made.said("Ben", "nonpaper.react", React(id_, 0, "interest", ZERO32, ZERO32), encode(Remark(bytes(16), "Yes.")))
    made.desks["Ana"].restore()
    made.run()
    made.said("Ana", "nonpaper.revise", Revise(id_, 1), encode(Idea(bytes(16), "Other", "Words.")))
    before = len(made.log)
    made.run()
    assert made.desks["Ana"].keys
    assert kinds(made, before) == []


def test_a_desk_asks_once_and_waits() -> None:
    made = Table(NAMES, name="waits")
    id_ = made.float_("Ana").id
    for name in ("Ana", "Cem"):
        made.desks[name].restore()
    made.run("Cem")
    made.run("Cem")
    assert kinds(made, 2) == [("Cem", "again")]
    made.run("Ana")  # it has nothing left to say again, and asks too
    made.run()
    assert kinds(made, 2) == [("Cem", "again"), ("Ana", "again")]
    assert made.desks["Ana"].words == {}
    assert asked(WAITS) == asked(b"") == b""
    made.pass_(made.paper(id_).until)
    assert not made.work("Cem")


def test_a_copy_is_only_for_who_has_asked() -> None:
    made = Table(NAMES, name="unasked")
    id_ = made.float_("Ana").id
    assert made.said("Ana", "nonpaper.copy", Copy(id_, seat("Cem"), bytes(SLOT))) == "asked"
    assert made.said("Cem", "nonpaper.again", Again(id_, KEY)) == "ok"
    assert made.said("Ana", "nonpaper.copy", Copy(id_, seat("Cem"), bytes(SLOT))) == "ok"
    assert made.said("Cem", "nonpaper.again", Again(id_, b"\xff" * 1216)) == "key"
    assert made.said("Cem", "nonpaper.again", Again(id_, xwing_public(b"\1" * 32))) == "ok"
    assert len(made.paper(id_).asking) == 1


def test_nobody_says_again_what_another_has_said_or_to_who_has_left() -> None:
    made = Table(NAMES, name="left")
    made.float_("Ana")
    made.desks["Cem"].restore()
    made.run("Cem")
    made.left = "Cem"
    before = len(made.log)
    made.run("Ana", "Ben", "Rae")
    assert kinds(made, before) == []


class Readers(RuleBasedStateMachine):
    """One log. Desks fold it in portions; some cannot read words, come from backups, or find bodies erased."""

    @initialize(hat=st.booleans(), objection=st.sampled_from(["none", "1", "2"]))
    def begin(self, hat: bool, objection: str) -> None:
        self.hat = hat
        self.made = Table(NAMES, name="machine", reactions="hat" if hat else "named", objection=objection)
        self.count = 0

    def papers(self) -> list[Nonpaper]:
        self.made.read("Ana")
        return self.made.papers("Ana")

    @rule(by=st.sampled_from(["Ana", "Ben", "Rae"]), hours=st.integers(1, 48))
    def float_(self, by: str, hours: int) -> None:
        if len(self.papers()) < 4:
            self.count += 1
            to, now = self.made.all, self.made.now
            words = encode(Idea(bytes(16), "Title", f"Words {self.count}"))
            self.made.post(by, "nonpaper.float", _float(now + hours * (DAY // 24)), words, to)

    @rule(by=st.sampled_from(["Ana", "Ben", "Cem"]))
    def drop(self, by: str) -> None:
        self.count += 1
        papers = self.papers()
        slip = reaction(papers[0].id, n=self.count % 250) if papers and self.hat else idea(n=self.count % 250)
        self.made.desks[by].tray.append(slip)

    @rule(by=st.sampled_from(["Ana", "Rae"]))
    def call(self, by: str) -> None:
        seats_ = speakers(self.made.state)
        self.made.post(by, "hat.open", Open(seats_, 1_024, self.made.now + DAY // 2), to=seats_)

    @rule(
        which=st.integers(0, 3),
        by=st.sampled_from(NAMES.split()),
        kind=st.sampled_from(["react", "revise", "take-up", "withdraw", "again", "destroyed", "words"]),
        stance=st.sampled_from(["interest", "objection"]),
        said=st.booleans(),
    )
    def say(self, which: int, by: str, kind: str, stance: str, said: bool) -> None:
        papers = self.papers()
        if which >= len(papers):
            return
        item = papers[which]
        act: Any = {
            "react": React(item.id, 0, stance, ZERO32, ZERO32),
            "revise": Revise(item.id, len(item.versions)),
            "again": Again(item.id, KEY),
            "words": WordsOf(item.id, item.id),
        }.get(kind, About(item.id))
        words = encode(Remark(bytes(16), "Words")) if kind == "react" and said else b""
        self.made.post(by, f"nonpaper.{kind}", act, b"words" if kind == "words" else words, item.audience)

    @rule(who=st.sampled_from(["Ben", "Cem", "Rae"]))
    def restore(self, who: str) -> None:
        self.made.desks[who].restore()

    @rule(which=st.integers(0, 40))
    def erase(self, which: int) -> None:
        bodies = [entry for entry in self.made.log if entry.kind == "nonpaper.words"]
        if which < len(bodies):
            bodies[which].erased = True

    @rule(who=st.sampled_from(NAMES.split()))
    def hear(self, who: str) -> None:
        self.made.read(who)

    @rule(who=st.sampled_from(NAMES.split()))
    def work(self, who: str) -> None:
        self.made.read(who)
        self.made.work(who)

    @rule()
    def run_(self) -> None:
        self.made.run()

    @rule(hours=st.integers(1, 30))
    def later(self, hours: int) -> None:
        self.made.read()
        self.made.pass_(hours * (DAY // 24))
        for desk in self.made.desks.values():
            for id_, item in list(desk.items.items()):
                if isinstance(item, Nonpaper) and item.until <= self.made.now:
                    desk.keep(NONPAPER, id_, NONPAPER.lapse(item))

    @invariant()
    def all_come_to_the_same(self) -> None:
        if not hasattr(self, "made"):
            return
        by_read: dict[int, dict[bytes, Nonpaper]] = {}
        for desk in self.made.desks.values():
            papers = {id_: item for id_, item in desk.items.items() if isinstance(item, Nonpaper)}
            assert by_read.setdefault(desk.read, papers) == papers
            for item in papers.values():
                if item.state != "floated":
                    assert item.id not in desk.keys
                    assert not {e for e, (_, of, _) in desk.said.items() if of == item.id} & set(desk.words)

    def teardown(self) -> None:
        if hasattr(self, "made"):
            self.made.run()
            for entry in self.made.log:
                if entry.kind.startswith("nonpaper") and entry.kind != "nonpaper.words":
                    verdict(entry)


def _float(until: int) -> Any:
    return Float("party", until, ZERO32, ZERO32, ZERO32)


TestReaders = Readers.TestCase
TestReaders.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
