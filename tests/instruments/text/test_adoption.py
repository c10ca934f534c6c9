"""Versions, silence with a clock, adoption, and whose the pen is."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.state import DAY, At
from backchannel.entry.codec import Value
from backchannel.errors import Malformed
from backchannel.instruments.base import NEVER, Me, diagram
from backchannel.instruments.text import adopting, rules
from backchannel.instruments.text.acts import (
    START,
    Adopt,
    Amend,
    Break,
    Close,
    Decide,
    Delete,
    Insert,
    Issue,
    Move,
    Pass,
    Seen,
    Silence,
    Stand,
    Withdraw,
)
from backchannel.instruments.text.rules import RULES, STATES, TEXT, fold
from backchannel.instruments.text.values import digest
from tests.channel.weaken import weaken
from tests.instruments.text.kit import MORNING, PEOPLE, TERMS, Talk, seat
from tests.instruments.text.kit import state as channel
from tests.seal.kit import refused

TWO = ["Peace.", "Good faith."]


def issued(**options: Any) -> Talk:
    """A clean text, version 1."""
    talk = Talk(TWO, **options)
    talk.issue()
    return talk


def silent(hours: int = 24) -> Talk:
    talk = issued()
    talk.say("Sol", Silence(talk.id, 1, hours))
    return talk


def agreed(stance: str = "agree") -> Talk:
    talk = issued()
    for by in ("Ana", "Ben"):
        talk.stand(by, stance)
    return talk


# --- versions


def test_a_version_is_the_next_and_of_this_text() -> None:
    talk = issued()
    (version,) = talk.item.versions
    for number, said in ((1, version.digest), (3, version.digest), (2, version.digest), (2, bytes(32))):
        with refused("digest" if number == 2 else "version"):
            talk.say("Sol", Issue(talk.id, number, said))
    assert talk.issue() == 2
    assert talk.item.versions[1].digest != version.digest
    for by in ("Ana", "Obi"):
        with refused("rule"):
            talk.issue(by)


def test_who_comes_to_another_text_cannot_issue() -> None:
    talk, other = Talk(TWO), Talk(TWO)
    other.amend("Sol", Move(other.at(2).id, START))
    other.issue()
    talk.amend("Ana", talk.replace(1, "War."))
    with refused("digest"):
        talk.say("Sol", Issue(talk.id, 1, other.item.versions[0].digest))


# --- silence


def test_silence_that_nobody_breaks() -> None:
    talk = silent(48)
    assert (talk.item.state, talk.item.hushes[-1].until) == ("silence", MORNING + 2 * DAY)
    assert TEXT.until(talk.item) == NEVER == 2**62  # never by a desk's clock alone
    talk.day = 2 - 1 / DAY
    talk.stand("Ana", "agree")
    assert talk.item.state == "silence"
    talk.day = 2
    with refused("rule"):
        talk.say("Ben", Break(talk.id, "Too late."))
    with refused("late"):
        talk.stand("Ben", "agree")
    assert TEXT.lapse(talk.item).state == "adopted"
    assert TEXT.until(TEXT.lapse(talk.item)) is None


def test_silence_that_somebody_breaks_in_the_last_moment() -> None:
    talk = silent()
    for by in ("Sol", "Xul", "Obi"):
        with refused("rule"):
            talk.say(by, Break(talk.id, ""))
    talk.day = 1 - 1 / DAY
    talk.say("Bea", Break(talk.id, "Not this way."))
    talk.day = 5
    hush = talk.item.hushes[-1]
    assert (talk.item.state, hush.broken, hush.party) == ("drafting", seat("Bea"), "Chile")
    assert talk.item.words[hush.words] == "Not this way."
    assert TEXT.lapse(talk.item) is talk.item
    talk.say("Sol", Silence(talk.id, 1, 720))
    talk.say("Ana", Break(talk.id, ""))
    assert len(talk.item.hushes) == 2


def test_the_desk_adopts_when_it_has_read_to_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = silent()
    until = talk.item.hushes[-1].until
    assert TEXT.reflex is not None

    def over(read: int, now: int) -> bool:
        me = Me(seat("Ana"), b"", lambda n: bytes(n), At(99, now), read, talk.state)
        owed = TEXT.reflex(talk.item, me)  # type: ignore[misc]
        assert owed.says == ()
        assert owed.pocket == b""
        return owed.over

    assert not over(until - 1, until + DAY)  # somebody may have broken it, and this desk has not read so far
    assert over(until, until + 1)
    talk.say("Ana", Break(talk.id, ""))
    assert not over(until, until + 1)


@pytest.mark.parametrize("hours", [0, 23, 721, 2**62])
def test_silence_of_another_length(hours: int) -> None:
    talk = issued()
    with refused("hours"):
        talk.say("Sol", Silence(talk.id, 1, hours))


def test_silence_is_on_the_newest_version_unchanged_and_clean() -> None:
    talk = Talk([*TWO, "They [shall] meet."])
    with refused("version"):
        talk.say("Sol", Silence(talk.id, 0, 24))
    talk.issue()
    for act in (Silence(talk.id, 1, 24), Adopt(talk.id, 1)):
        with refused("brackets" if isinstance(act, Silence) else "open"):
            talk.say("Sol", act)
    talk.amend("Sol", talk.replace(3, "They meet."))
    for act in (Silence(talk.id, 1, 24), Adopt(talk.id, 1)):
        with refused("version"):
            talk.say("Sol", act)
    talk.issue()
    for act in (Silence(talk.id, 1, 24), Adopt(talk.id, 1)):
        with refused("version"):
            talk.say("Sol", act)
    talk.say("Sol", Silence(talk.id, 2, 24))
    empty = Talk([])
    empty.issue()
    for act in (Silence(empty.id, 1, 24), Adopt(empty.id, 1)):
        with refused("version"):
            empty.say("Sol", act)


def test_while_silence_runs_nothing_changes() -> None:
    talk = issued()
    held = talk.amend("Ana", talk.replace(1, "War."))
    talk.say("Sol", Silence(talk.id, 1, 24))
    for by, act in (
        ("Ana", Amend(talk.id, (talk.replace(1, "War."),), "")),
        ("Sol", Amend(talk.id, (talk.replace(1, "War."),), "")),
        ("Sol", Decide(talk.id, held, True, "")),
        ("Sol", Issue(talk.id, 2, bytes(32))),
        ("Sol", Silence(talk.id, 1, 24)),
    ):
        with refused("rule"):
            talk.say(by, act)
    talk.say("Ana", Withdraw(talk.id, held))
    talk.stand("Ben", "reserve", 1, words="All the same.")
    assert talk.item.state == "silence"


# --- adoption


@pytest.mark.parametrize("stance", ["agree", "referendum"])
def test_adopted_when_all_have_agreed(stance: str) -> None:
    talk = agreed(stance)
    talk.say("Sol", Adopt(talk.id, 1))
    assert talk.item.state == "adopted"


@pytest.mark.parametrize("stance", ["reserve", "open"])
def test_not_adopted_before(stance: str) -> None:
    talk = agreed()
    talk.stand("Ana", stance, 2)
    with refused("open"):
        talk.say("Sol", Adopt(talk.id, 1))


def test_adopted_before_the_hour_of_silence() -> None:
    talk = silent()
    for by in ("Ana", "Ben"):
        talk.stand(by, "agree")
    talk.say("Sol", Adopt(talk.id, 1))
    assert talk.item.state == "adopted"


def test_after_adoption_only_the_capitals_word() -> None:
    talk = agreed("referendum")
    talk.stand("Ana", "agree", 2)
    talk.say("Sol", Adopt(talk.id, 1))
    for by, stance, number in (("Ana", "reserve", 2), ("Ben", "open", 1), ("Ben", "referendum", 1)):
        with refused("late"):
            talk.stand(by, stance, number)
    talk.stand("Ana", "agree", 1)
    talk.stand("Ben", "reserve", 2, words="The capital said no.")
    assert talk.kinds == ["referendum", "reserved"]
    with refused("late"):
        talk.stand("Ben", "agree", 2)
    assert talk.item.state == "adopted"


def test_closed_is_closed() -> None:
    for talk in (agreed("referendum"), silent()):
        talk.say("Sol", Close(talk.id))
        talk.day = 9
        assert talk.item.state == "closed"
        with refused("rule"):
            talk.stand("Ana", "agree")


# --- the pen


def test_the_pen_passes() -> None:
    talk = Talk(TWO, pen="Ana")
    for to in ("Obi", "Nobody"):
        with refused("pen"):
            talk.say("Ana", Pass(talk.id, seat(to)))
    for by in ("Ben", "Sol", "Obi"):
        with refused("rule"):
            talk.say(by, Pass(talk.id, seat(by)))
    talk.say("Ana", Pass(talk.id, seat("Xul")))
    talk.amend("Xul", talk.replace(1, "Uno."))
    talk.amend("Ana", talk.replace(2, "Dos."))
    assert talk.words == ["Uno.", "Good faith."]
    assert talk.accept(by="Xul") == "accepted"


def test_the_pen_of_who_has_left_is_taken_by_a_third_first() -> None:
    talk = Talk(TWO, pen="Ana")
    talk.leave("Ana")
    assert adopting.pens(talk.item, talk.state) == (seat("Sol"),)
    for by, to in (("Ben", "Ben"), ("Sol", "Ben"), ("Obi", "Obi")):
        with refused("rule"):
            talk.say(by, Pass(talk.id, seat(to)))
    talk.say("Sol", Pass(talk.id, seat("Sol")))
    talk.leave("Sol")
    assert set(adopting.pens(talk.item, talk.state)) == set(map(seat, ("Ben", "Bea", "Xul")))
    talk.say("Xul", Pass(talk.id, seat("Xul")))
    assert talk.item.pen == seat("Xul")
    assert adopting.pens(talk.item, talk.state) == (seat("Xul"),)
    with refused("pen"):
        talk.say("Xul", Pass(talk.id, seat("Ana")))


def test_a_charter_that_leaves_the_pen_with_a_third() -> None:
    strict = replace(TERMS, pen="intermediary")
    with refused("pen"):
        Talk(TWO, pen="Ana", terms=strict)
    talk = Talk(TWO, terms=strict, by="Ana")
    with refused("pen"):
        talk.say("Sol", Pass(talk.id, seat("Ana")))
    talk.leave("Sol")
    talk.say("Ana", Pass(talk.id, seat("Ana")))  # nobody else is there to hold it
    talk.say("Ana", Pass(talk.id, seat("Ben")))
    assert talk.item.pen == seat("Ben")


def test_whose_the_pen_is_if_nobody_says() -> None:
    strict, everyone = replace(TERMS, pen="intermediary"), tuple(map(seat, PEOPLE))
    assert adopting.first_pen(seat("Ana"), everyone, channel()) == seat("Ana")
    assert adopting.first_pen(seat("Ana"), everyone, channel(terms=strict)) == seat("Sol")
    assert adopting.first_pen(seat("Sol"), everyone, channel(terms=strict)) == seat("Sol")
    assert adopting.first_pen(seat("Ana"), everyone, channel(terms=strict, left=["Sol"])) == seat("Ana")
    assert adopting.first_pen(seat("Ana"), everyone, channel(terms=None)) == seat("Ana")


# --- the table


WHO = {"pen": "Sol", "party": "Ana", "author": "Ben", "speaker": "Xul", "observer": "Obi", "heir": "Ben"}


def in_state(which: str, who: str) -> tuple[Talk, bytes]:
    """A text in this state: an amendment of Ben's waits, all agree ad referendum, the pen has left if an heir acts."""
    talk = agreed("referendum")
    held = talk.amend("Ben", Move(talk.at(1).id, START))
    if which != "drafting":
        talk.say(
            "Sol", {"silence": Silence(talk.id, 1, 24), "adopted": Adopt(talk.id, 1), "closed": Close(talk.id)}[which]
        )
    if who == "heir":
        talk.leave("Sol")
    return talk, held


def act(kind: str, talk: Talk, held: bytes, who: str) -> Value:
    number = len(talk.item.versions)
    said = [(one.id, talk.item.said(one)) for one in talk.item.here]
    return {
        "text.amend": Amend(talk.id, (Insert(START, ("New.",)),), ""),
        "text.decide": Decide(talk.id, held, False, ""),
        "text.withdraw": Withdraw(talk.id, held),
        "text.stand": Stand(talk.id, (Seen(talk.at(1).id, 0),), "agree", ""),
        "text.issue": Issue(talk.id, number + 1, digest(talk.state.channel, talk.id, number + 1, said)),
        "text.silence": Silence(talk.id, number, 24),
        "text.break": Break(talk.id, ""),
        "text.adopt": Adopt(talk.id, number),
        "text.close": Close(talk.id),
        "text.pass": Pass(talk.id, seat(WHO[who])),
    }[kind]


ACTS = [kind for kind in TEXT.kinds if kind != TEXT.opens]


@pytest.mark.parametrize(("which", "kind", "who"), [*product(STATES, ACTS, WHO)])
def test_every_cell_is_allowed_or_refused(which: str, kind: str, who: str) -> None:
    talk, held = in_state(which, who)
    said = act(kind, talk, held, who)
    # In which parts this person acts at all: an author is a speaker to the rest, a party's seat a party to some kinds.
    name = WHO[who]
    parts = {"text.stand": "party", "text.break": "party"}
    part = parts.get(kind) if name in ("Ana", "Ben", "Bea") and kind in parts else None
    part = part or ("author" if kind == "text.withdraw" and name == "Ben" else None)
    part = part or ("pen" if name == "Sol" and kind not in (*parts, "text.withdraw") else None)
    part = part or ("heir" if who == "heir" and kind == "text.pass" else None)
    part = part or ("observer" if name == "Obi" else "speaker")
    ends = RULES.get((which, kind, part))
    if ends is None:
        with refused("rule"):
            talk.say(name, said)
    else:
        assert talk.say(name, said).state == ends[0]


def test_tables_agree() -> None:
    assert {kind for _, kind, _ in RULES} == set(TEXT.kinds)
    assert {s for row in RULES for s in (row[0], *RULES[row])} - {""} == set(STATES)
    assert "silence --> drafting: text.break (party)" in diagram(RULES)
    assert not any(kind.erasable for kind in TEXT.kinds.values())


def test_what_a_search_finds() -> None:
    talk = issued()
    talk.amend("Sol", talk.replace(1, "Peace, now."), Delete(talk.at(2).id, 0))
    assert TEXT.text(talk.item) == "Directive 2\nPeace, now."
    assert TEXT.until(talk.item) is None


# --- each check is what stops it


def test_without_the_check_of_the_hour_silence_is_broken_late(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = silent()
    talk.day = 2
    spoken = talk.spoken("Ana", Break(talk.id, ""))
    with pytest.raises(Malformed):
        fold(talk.item, spoken)
    weaken(monkeypatch, "instruments.text.rules", ("unit >= item.hushes[-1].until", "False"))
    assert rules.fold(talk.item, spoken).state == "drafting"


def test_without_the_check_of_the_revision_a_party_agrees_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(TWO)
    seen = Seen(talk.at(1).id, 0)
    talk.amend("Sol", talk.replace(1, "War."))
    spoken = talk.spoken("Ana", Stand(talk.id, (seen,), "agree", ""))
    with refused("revision"):
        fold(talk.item, spoken)
    weaken(monkeypatch, "instruments.text.adopting", ("one.gone or one.revision != wanted", "one.gone"))
    assert adopting.stand(talk.item, spoken).here[0].stances
