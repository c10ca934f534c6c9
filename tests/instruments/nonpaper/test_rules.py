"""Who may do what with a non-paper: every cell, every route, both kinds of reactions, and how it ends."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.state import DAY, At
from backchannel.entry.codec import encode
from backchannel.entry.ids import ZERO32
from backchannel.errors import Malformed
from backchannel.instruments.base import Spoken, WordsOf
from backchannel.instruments.hat import mix
from backchannel.instruments.hat.values import Close, Slip
from backchannel.instruments.hat.values import Idea as IdeaSlip
from backchannel.instruments.nonpaper import rules, values
from backchannel.instruments.nonpaper.rules import NONPAPER, RULES, STATES
from backchannel.instruments.nonpaper.values import About, Again, Copy, Idea, React, Remark, Revise
from backchannel.seal.aside import SLOT
from backchannel.seal.primitives import xwing_public
from tests.instruments.hat.kit import MORNING, Table, channel, idea, reaction, seat, seats, verdict
from tests.seal.kit import refused

NAMES = "Ana Ann Ben Rae Obi"
KEY = xwing_public(bytes(32))


def floated(name: str = "floated", by: str = "Ana", names: str = NAMES, **terms: Any) -> tuple[Table, bytes]:
    made = Table(names, name=name, **terms)
    return made, made.float_(by).id


def react(item: bytes, stance: str = "objection", version: int = 0, hat: bytes = ZERO32, slip: bytes = ZERO32) -> React:
    return React(item, version, stance, hat, slip)


ACTS: dict[str, Any] = {
    "nonpaper.react": react,
    "nonpaper.revise": lambda i: Revise(i, 1),
    "nonpaper.take-up": About,
    "nonpaper.withdraw": About,
    "nonpaper.carried": About,
    "nonpaper.again": lambda i: Again(i, KEY),
    "nonpaper.copy": lambda i: Copy(i, seat("Ben"), bytes(SLOT)),
    "nonpaper.destroyed": About,
    "nonpaper.words": lambda i: WordsOf(i, i),
}


def in_state(which: str, route: str = "party") -> tuple[Table, bytes]:
    made = Table(NAMES, name=which, objection="1")
    to = seats("Ana Rae") if route == "carry" else made.all
    id_ = made.float_("Ana", route, to=to).id
    made.said("Rae", "nonpaper.again", Again(id_, KEY), to=to)
    by, act = {
        "taken-up": ("Rae", About(id_)),
        "carried": ("Rae", About(id_)),
        "withdrawn": ("Ana", About(id_)),
        "objected": ("Ben", react(id_)),
    }.get(which, ("", None))
    kind = {"taken-up": "take-up", "withdrawn": "withdraw", "objected": "react"}.get(which, which)
    if act is not None:
        assert made.said(by, f"nonpaper.{kind}", act, to=to) == "ok"
    if which == "lapsed":
        made.now = made.paper(id_).until
        made.said("Ben", "nonpaper.destroyed", About(id_))
    assert made.paper(id_).state == which
    return made, id_


@pytest.mark.parametrize("which", STATES)
def test_every_cell_is_allowed_or_refused(which: str) -> None:
    by = {"reader": "Rae", "author": "Ana", "observer": "Obi"}
    made, id_ = in_state(which, "carry" if which == "carried" else "party")
    item = made.paper(id_)
    for kind, who in product(ACTS, by):
        act = ACTS[kind](id_)
        spoken = Spoken(made.at, bytes(32), seat(by[who]), item.audience, kind, act, made.state)
        try:
            rules.fold(item, spoken)
            code = "ok"
        except Malformed as problem:
            code = problem.code
        part = "reader" if which != "floated" and who == "author" else who  # who floated it is not known any more
        assert (code == "rule") == ((which, kind, part) not in RULES), (which, kind, who, code)


def test_tables_name_only_what_there_is() -> None:
    named = {s for row, ends in RULES.items() for s in (row[0], *ends)} - {""}
    assert named | {"lapsed"} == set(STATES)
    assert {kind for _, kind, _ in RULES} == set(NONPAPER.kinds)
    assert {kind for kind, found in NONPAPER.kinds.items() if found.erasable} == {"nonpaper.words"}


# --- routes


@pytest.mark.parametrize(
    ("code", "by", "route", "change"),
    [
        ("rule", "Obi", "party", {}),
        ("hours", "Ana", "party", {"until": MORNING}),
        ("hours", "Ana", "party", {"until": MORNING + 30 * DAY + 1}),
        ("route", "Ana", "rumour", {}),
        ("route", "Ana", "party", {"hat": b"\1" * 32}),
        ("route", "Ana", "party", {"slip": b"\1" * 32}),
        ("route", "Ana", "hat", {}),
        ("route", "Ana", "intermediary", {}),
        ("route", "Ana", "carry", {}),
        ("route", "Ana", "carry", {"to": seats("Ana Ben")}),
        ("route", "Ana", "carry", {"to": seats("Ana Rae Ben")}),
        ("slip", "Ana", "hat", {"hat": b"\1" * 32}),
        ("ok", "Ana", "party", {"until": MORNING + 1}),
        ("ok", "Ana", "party", {"until": MORNING + 30 * DAY, "counters": b"\2" * 32}),
        ("ok", "Rae", "intermediary", {}),
        ("ok", "Rae", "party", {}),
        ("ok", "Ana", "carry", {"to": seats("Ana Rae")}),
    ],
)
def test_routes(code: str, by: str, route: str, change: dict[str, Any]) -> None:
    made = Table(NAMES, name=route)
    assert verdict(made.float_(by, route, **change)) == code


def test_it_lapses_within_ninety_days_however_long_the_charter_keeps() -> None:
    made = Table(NAMES, name="long", retention_days=365)
    assert verdict(made.float_(until=MORNING + 90 * DAY + 1)) == "hours"
    assert verdict(made.float_(until=MORNING + 90 * DAY)) == "ok"


def test_what_was_handed_on_is_carried_by_the_one_it_was_handed_to() -> None:
    made = Table(NAMES, name="carry")
    handed = made.float_("Ana", "carry", to=seats("Ana Rae"))
    assert made.said("Ana", "nonpaper.carried", About(handed.id)) == "rule"
    front = made.float_("Rae", "intermediary")
    assert made.said("Rae", "nonpaper.carried", About(handed.id)) == "ok"
    assert {made.paper(handed.id, name).state for name in ("Ana", "Rae")} == {"carried"}
    assert handed.id not in made.desks["Ben"].items
    assert made.paper(front.id).author == seat("Rae")
    other, id_ = floated("not handed on")
    assert other.said("Rae", "nonpaper.carried", About(id_)) == "rule"


# --- reactions by name


def test_the_newest_reaction_of_a_seat_stands() -> None:
    made, id_ = floated()
    assert made.said("Ana", "nonpaper.react", react(id_, "interest")) == "rule"  # its author
    assert made.said("Obi", "nonpaper.react", react(id_, "interest")) == "rule"
    assert made.said("Ben", "nonpaper.react", react(id_, "objection"), encode(Remark(bytes(16), "No."))) == "ok"
    assert made.said("Rae", "nonpaper.react", react(id_, "question")) == "ok"
    assert made.said("Ben", "nonpaper.react", react(id_, "interest")) == "ok"
    assert [(r.seat, r.party, r.stance) for r in made.paper(id_).reactions] == [
        (seat("Rae"), "Rae", "question"),
        (seat("Ben"), "Ben", "interest"),
    ]


@pytest.mark.parametrize(
    ("code", "act"),
    [
        ("stance", react(b"", "delight")),
        ("stance", react(b"", version=1)),
        ("named", react(b"", hat=b"\1" * 32)),
        ("slip", react(b"", slip=b"\1" * 32)),
    ],
)
def test_reactions_that_cannot_be(code: str, act: React) -> None:
    made, id_ = floated(objection="1")
    assert made.said("Ben", "nonpaper.react", replace(act, item=id_)) == code


def test_objections_of_so_many_parties_end_it() -> None:
    made, id_ = floated(names="Ana Ann Ben Cem Rae", by="Cem", objection="2")
    assert made.said("Ana", "nonpaper.react", react(id_)) == "ok"
    assert made.said("Ann", "nonpaper.react", react(id_)) == "ok"  # of the same party
    assert made.paper(id_).state == "floated"
    assert made.said("Ben", "nonpaper.react", react(id_, "question")) == "ok"
    assert made.said("Rae", "nonpaper.react", react(id_)) == "ok"
    assert made.paper(id_).state == "objected"
    never, id_ = floated(names="Ana Ann Ben Cem Rae", by="Cem")
    for name in ("Ana", "Ben", "Rae"):
        assert never.said(name, "nonpaper.react", react(id_)) == "ok"
    assert never.paper(id_).state == "floated"


def test_a_revision_lets_all_objections_fall() -> None:
    made, id_ = floated(names="Ana Ben Cem Rae", by="Cem", objection="2")
    made.said("Ana", "nonpaper.react", react(id_))
    assert made.said("Cem", "nonpaper.revise", Revise(id_, 2)) == "version"
    assert made.said("Cem", "nonpaper.revise", Revise(id_, 0)) == "version"
    assert made.said("Ana", "nonpaper.revise", Revise(id_, 1)) == "rule"
    assert made.said("Cem", "nonpaper.revise", Revise(id_, 1), encode(Idea(bytes(16), "Other", "Words."))) == "ok"
    assert made.said("Ben", "nonpaper.react", react(id_, version=1)) == "ok"
    assert made.paper(id_).state == "floated"
    assert made.said("Rae", "nonpaper.react", react(id_, version=0)) == "ok"  # to the old one
    assert made.paper(id_).state == "floated"
    assert made.said("Ana", "nonpaper.react", react(id_, version=1)) == "ok"
    assert made.paper(id_).state == "objected"


# --- from the hat


def dropped(made: Table, caller: str = "Rae", **slips: bytes) -> list[Slip]:
    """A round into which these drop slips; what was in it."""
    for name, slip in slips.items():
        made.desks[name].tray.append(slip)
    made.call(caller)
    made.run()
    assert made.round().state == "closed"
    return list(made.round().slips)


def from_hat(name: str, **terms: Any) -> tuple[Table, bytes, Slip]:
    made = Table("Ana Ann Ben Rae", name=name, **terms)
    (slip,) = dropped(made, Ana=idea())
    (paper,) = made.papers()
    return made, paper.id, slip


def test_nobody_owns_what_came_from_the_hat() -> None:
    made, id_, _ = from_hat("hat")
    assert made.paper(id_).author is None
    for name in made.desks:
        assert made.said(name, "nonpaper.withdraw", About(id_)) == "rule"
        assert made.said(name, "nonpaper.revise", Revise(id_, 1)) == "rule"
    assert made.said("Rae", "nonpaper.react", react(id_, "interest")) == "ok"  # she only carried it on
    assert made.said("Ana", "nonpaper.take-up", About(id_)) == "ok"


def test_a_float_from_the_hat_names_a_slip_that_was_in_it() -> None:
    made, id_, slip = from_hat("proof")
    hat = made.round().id
    good: dict[str, Any] = {"hat": hat, "slip": slip.hash}
    for by, change in (
        ("Rae", {"slip": bytes(31) + b"\1"}),
        ("Rae", {"counters": b"\1" * 32}),
        ("Rae", {"hat": b"\1" * 32}),
        ("Rae", {"hat": id_}),
        ("Rae", {"to": seats("Ana Ben Rae")}),
        ("Ben", {}),
    ):
        assert verdict(made.float_(by, "hat", **{**good, **change})) == "slip", change
    assert verdict(made.float_("Rae", "hat", **good)) == "ok"


def test_what_came_from_a_hat_cannot_be_brought_back_for_ever() -> None:
    """Its caller kept the words, and the hash stays; nothing of a round outlives its hour by more than 14 days."""
    made, id_, slip = from_hat("back")
    hat = made.round()
    assert made.paper(id_).until <= hat.terms.ends_by + 14 * DAY
    good: dict[str, Any] = {"hat": hat.id, "slip": slip.hash}
    last = hat.terms.ends_by + 14 * DAY
    assert verdict(made.float_("Rae", "hat", until=last + 1, **good)) == "hours"
    made.pass_(last - made.now - 1)
    assert verdict(made.float_("Rae", "hat", until=last, **good)) == "ok"
    made.pass_(1)
    assert verdict(made.float_("Rae", "hat", until=last + 1, **good)) == "hours"


def test_a_reaction_slip_is_no_idea_and_counts_for_what_it_says() -> None:
    made, id_ = floated("reactions", names="Ana Ann Ben Rae", reactions="hat", objection="2")
    (slip,) = dropped(made, Ben=reaction(id_, "objection", text="No."))
    hat = made.round().id
    assert [(r.seat, r.party, r.stance) for r in made.paper(id_).reactions] == [(None, "", "objection")]
    for code, act in (
        ("repeat", react(id_, "objection", 0, hat, slip.hash)),
        ("slip", react(id_, "interest", 0, hat, slip.hash)),
        ("slip", react(id_, "objection", 0, hat, b"\1" * 32)),
        ("named", react(id_, "objection")),
    ):
        assert made.said("Rae", "nonpaper.react", act) == code
    assert verdict(made.float_("Rae", "hat", hat=hat, slip=slip.hash)) == "slip"
    assert made.said("Ben", "nonpaper.react", react(id_, "objection", 0, hat, slip.hash)) == "slip"


def test_nothing_comes_from_a_round_that_nobody_has_opened() -> None:
    """One who calls a round and lets it lapse could else object alone as often as the charter asks for."""
    made, id_ = floated("forged", by="Ana", names="Ana Ann Ben Rae", reactions="hat", objection="2")

    def forged() -> list[str]:
        hat = made.call("Ben")
        one, other = (react(id_, "objection", 0, hat, bytes([n]) * 32) for n in (1, 2))
        return [made.said("Ben", "nonpaper.react", act) for act in (one, other)]

    assert forged() == ["slip", "slip"]
    made.pass_(DAY)
    made.float_("Ana")
    made.run()
    hat = made.round().id
    assert made.round().state == "lapsed"
    assert verdict(made.float_("Ben", "hat", hat=hat, slip=b"\1" * 32)) == "slip"


def test_nothing_comes_from_a_round_before_it_is_closed() -> None:
    """Who could not read it knows of no slip until then."""
    made = Table("Ana Ann Ben Rae", name="before")
    made.desks["Ana"].tray.append(idea())
    made.call("Rae")
    made.until("opened")
    (slip,) = made.round().slips
    assert verdict(made.float_("Rae", "hat", hat=made.round().id, slip=slip.hash)) == "slip"


def test_one_seat_that_objects_in_many_rounds_is_one() -> None:
    made, id_ = floated("patience", names="Ana Ann Ben Rae", reactions="hat", objection="2")
    for n in range(3):
        dropped(made, Ben=reaction(id_, n=n))
    assert len(made.paper(id_).reactions) == 3
    assert made.paper(id_).state == "floated"
    dropped(made, Ben=reaction(id_, n=4), Ann=reaction(id_, n=5))
    assert made.paper(id_).state == "objected"


def test_what_is_said_to_be_the_slips_words_must_be() -> None:
    made, _, slip = from_hat("lie")
    hat = made.round()
    right = encode(Idea(b"\1" * 16, "Sea of peace", "Share the waters."))
    assert slip.hash == mix.content_hash(
        hat.sid, encode(IdeaSlip(b"\1" * 16, "Sea of peace", "Share the waters.", ZERO32))
    )
    again = made.float_("Rae", "hat", hat=hat.id, slip=slip.hash, words=b"")
    for words, code in (
        (encode(Idea(b"\1" * 16, "Sea of peace", "Ours alone.")), "slip"),
        (encode(Idea(b"\2" * 16, "Sea of peace", "Share the waters.")), "slip"),
        (encode(Idea(b"\1" * 16, "Sea\nof peace", "Share the waters.")), "name"),
        (b"words", "encoding"),
        (right, "ok"),
    ):
        assert made.said("Rae", "nonpaper.words", WordsOf(again.id, again.id), words) == code
    named, one = floated("by name", names="Ana Ben Rae")
    assert (
        named.said("Ana", "nonpaper.words", WordsOf(one, one), b"anything") == "ok"
    )  # its reader says that it is none


def test_a_reactions_words_are_the_slips() -> None:
    made, id_ = floated("remark", names="Ana Ann Ben Rae", reactions="hat")
    dropped(made, Ben=reaction(id_, "question", text="Which?"))
    (said,) = made.paper(id_).reactions
    assert made.desks["Ana"].words[said.entry] == encode(Remark(b"\1" * 16, "Which?"))
    for words, code in ((encode(Remark(b"\1" * 16, "Whose?")), "slip"), (encode(Remark(b"\1" * 16, "\7")), "prose")):
        assert made.said("Rae", "nonpaper.words", WordsOf(id_, said.entry), words) == code
    assert made.said("Rae", "nonpaper.words", WordsOf(id_, said.entry), b"") == "ok"


def test_a_desk_that_could_not_read_the_round_comes_to_the_same() -> None:
    """It goes by what the round's CLOSE says, which cannot be erased."""
    made = Table("Ana Ann Ben Rae", name="late", reactions="hat", objection="1")
    made.desks["Ana"].tray.append(idea())
    made.call("Rae")
    made.until("opened")
    made.desks["Ben"].restore()
    made.run()
    (paper,) = made.papers()
    assert made.papers("Ben") == [paper]
    act = react(paper.id, "objection", 0, made.round().id, b"\1" * 32)
    assert made.said("Rae", "nonpaper.react", act) == "slip"
    (slip,) = made.round("Ben").slips
    assert made.said("Rae", "hat.close", Close(made.round().id, (slip,))) == "rule"


def test_who_has_left_since_the_round_does_not_matter() -> None:
    made, _, slip = from_hat("left")
    made.left = "Ben"
    again = made.float_("Rae", "hat", hat=made.round().id, slip=slip.hash, to=seats("Ana Ann Rae"))
    assert {code for name, code in again.verdicts.items() if name != "Ben"} == {"ok"}


# --- the end


@pytest.mark.parametrize("which", [state for state in STATES if state != "floated"])
def test_what_stays_names_nobody(which: str) -> None:
    made, id_ = in_state(which, "carry" if which == "carried" else "party")
    item = made.paper(id_)
    assert (item.author, item.route, item.counters, item.hat) == (None, "", ZERO32, ZERO32)
    assert (item.versions, item.reactions, item.asking) == ((), (), ())
    assert NONPAPER.until(item) is None
    assert NONPAPER.lapse(item) == item
    assert NONPAPER.text(item) == ""
    assert NONPAPER.idle(item) > 1 << 60
    assert not any(desk.words or desk.keys for desk in made.desks.values())
    audience: dict[str, Any] = {"to": item.audience}
    confirmed = set(item.destroyed)
    assert made.said("Ana", "nonpaper.destroyed", About(id_), **audience) == "ok"
    assert made.said("Ana", "nonpaper.destroyed", About(id_), **audience) == "repeat"
    assert set(made.paper(id_).destroyed) == {*confirmed, seat("Ana")}


def test_the_hour_is_judged_by_the_log() -> None:
    made, id_ = floated(objection="1")
    made.now = made.paper(id_).until - 1
    assert made.said("Ana", "nonpaper.destroyed", About(id_)) == "rule"
    assert made.said("Ben", "nonpaper.react", react(id_, "interest")) == "ok"
    made.now += 1
    for kind, by in (("react", "Ben"), ("revise", "Ana"), ("take-up", "Ben"), ("withdraw", "Ana"), ("again", "Ben")):
        act = ACTS[f"nonpaper.{kind}"](id_)
        assert made.said(by, f"nonpaper.{kind}", act) == "rule"
    assert made.paper(id_).state == "floated"  # an entry that is refused changes nothing
    assert made.said("Ben", "nonpaper.destroyed", About(id_)) == "ok"
    assert made.paper(id_).state == "lapsed"
    assert values.over(made.paper(id_), At(0, 0))


def test_entries_about_nothing_or_to_others() -> None:
    made, id_ = floated()
    item = made.paper(id_)
    for held, to in ((None, item.audience), (item, item.audience[:2])):
        spoken = Spoken(made.at, bytes(32), seat("Ben"), to, "nonpaper.take-up", About(id_), made.state)
        with refused("item"):
            rules.fold(held, spoken)


def test_who_has_left_is_not_in_the_audience_any_more() -> None:
    made, id_ = floated()
    made.left = "Ben"
    left = made.post("Rae", "nonpaper.take-up", About(id_))
    made.read("Ana", "Rae", "Obi")
    assert seat("Ben") not in left.audience
    assert verdict(left) == "ok"
    assert channel(NAMES, "Ben").keys(seat("Ben")) is None


# --- words


@pytest.mark.parametrize(
    ("code", "raw"),
    [
        ("encoding", b""),
        ("encoding", encode(Remark(bytes(16), "text"))),
        ("encoding", encode(Idea(bytes(15), "Title", "text"))),
        ("name", encode(Idea(bytes(16), "", "text"))),
        ("name", encode(Idea(bytes(16), "a\nb", "text"))),
        ("prose", encode(Idea(bytes(16), "Title", ""))),
        ("prose", encode(Idea(bytes(16), "Title", "x" * 200_001))),
        ("prose", encode(Idea(bytes(16), "Title", "a\x07b"))),
    ],
)
def test_words_of_a_version(code: str, raw: bytes) -> None:
    with refused(code):
        values.idea(raw)


def test_words_of_a_reaction() -> None:
    assert values.remark(encode(Remark(bytes(16), ""))).text == ""
    for text in ("a\x07b", "x" * 20_001):
        with refused("prose"):
            values.remark(encode(Remark(bytes(16), text)))
    assert repr(Idea(bytes(16), "secret", "secret")) == "<Idea>"
