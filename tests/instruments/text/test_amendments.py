"""Amendments: whole or not at all, in the order of the log, and never on top of what their author has not seen."""

from __future__ import annotations

from typing import Any

import pytest

from backchannel.instruments.text import amending, paragraphs
from backchannel.instruments.text.acts import (
    START,
    Amend,
    Change,
    Decide,
    Delete,
    Insert,
    Merge,
    Move,
    Open,
    Replace,
    Split,
    Withdraw,
)
from backchannel.instruments.text.paragraphs import LONGEST, MOST_CHANGES, MOST_PARAGRAPHS, applied
from backchannel.instruments.text.values import Step, paragraph_id
from tests.instruments.text.kit import Talk, chatham, seat
from tests.instruments.text.kit import state as channel
from tests.seal.kit import refused

THREE = ["One.", "Two.", "Three."]


def test_a_text_as_it_was_opened() -> None:
    talk = Talk(THREE, by="Ana")
    item = talk.item
    assert (item.title, item.author, item.pen, item.state) == ("Directive 2", seat("Ana"), seat("Sol"), "drafting")
    assert talk.words == THREE
    assert [one.id for one in item.here] == [paragraph_id(item.id, n) for n in range(3)]
    assert {one.revision for one in item.here} == {0}
    assert Talk([]).words == []


@pytest.mark.parametrize(
    ("title", "pen", "words", "code"),
    [
        ("", "Sol", (), "name"),
        ("a\u202eb", "Sol", (), "text"),
        ("Text", "Obi", (), "pen"),
        ("Text", "Nobody", (), "pen"),
        ("Text", "Sol", ("",), "prose"),
        ("Text", "Sol", ("a\x1b[2J",), "prose"),
        ("Text", "Sol", ("a\u202eb",), "text"),
        ("Text", "Sol", (" a",), "prose"),
        ("Text", "Sol", ("a\n \t\nb",), "prose"),
        ("Text", "Sol", ("x" * (LONGEST + 1),), "prose"),
        ("Text", "Sol", ("a [b",), "brackets"),
        ("Text", "Sol", ("x",) * (MOST_PARAGRAPHS + 1), "size"),
    ],
)
def test_a_text_that_cannot_be(title: str, pen: str, words: tuple[str, ...], code: str) -> None:
    talk = Talk()
    talk.item = None
    with refused(code):
        talk.say("Sol", Open(title, seat(pen), words))


def test_who_opens_and_who_reads() -> None:
    with refused("rule"):
        Talk([], by="Obi")
    talk = Talk()
    talk.item = None
    with refused("pen"):
        talk.say("Ana", Open("Text", seat("Sol"), ()), to=[seat("Ana"), seat("Ben")])
    with refused("item"):
        talk.say("Ana", Amend(b"\x07" * 32, (), ""))
    talk = Talk(THREE)
    with refused("item"):
        talk.say("Ana", Amend(talk.id, (talk.replace(1, "Uno."),), ""), to=[seat("Ana"), seat("Sol")])


# --- each change


def one(talk: Talk, n: int) -> bytes:
    return bytes(talk.at(n).id)


CHANGES: list[tuple[Any, list[str]]] = [
    (lambda t: [t.replace(2, "Dos.")], ["One.", "Dos.", "Three."]),
    (lambda t: [Insert(START, ("Zero.",))], ["Zero.", "One.", "Two.", "Three."]),
    (lambda t: [Insert(one(t, 1), ("A.", "B."))], ["One.", "A.", "B.", "Two.", "Three."]),
    (lambda t: [Insert(one(t, 3), ("Four.",))], ["One.", "Two.", "Three.", "Four."]),
    (lambda t: [Delete(one(t, 1), 0)], ["Two.", "Three."]),
    (lambda t: [Move(one(t, 3), START)], ["Three.", "One.", "Two."]),
    (lambda t: [Move(one(t, 1), one(t, 2))], ["Two.", "One.", "Three."]),
    (lambda t: [Move(one(t, 1), one(t, 3))], ["Two.", "Three.", "One."]),
    (lambda t: [Split(one(t, 2), 0, "Tw", "o.")], ["One.", "Tw", "o.", "Three."]),
    (lambda t: [Merge(one(t, 1), 0, one(t, 2), 0, "One two.")], ["One two.", "Three."]),
    (lambda t: [Delete(one(t, 2), 0), Merge(one(t, 1), 0, one(t, 3), 0, "One three.")], ["One three."]),
    (lambda t: [t.replace(1, "Uno."), Replace(one(t, 1), 1, "Un.")], ["Un.", "Two.", "Three."]),
    (lambda t: [Delete(one(t, 2), 0), Insert(one(t, 2), ("B.",))], ["One.", "B.", "Three."]),
    (lambda t: [Move(one(t, 1), one(t, 2)), Move(one(t, 3), one(t, 1))], ["Two.", "One.", "Three."]),
]


@pytest.mark.parametrize(("make", "words"), CHANGES)
def test_each_change(make: Any, words: list[str]) -> None:
    talk = Talk(THREE)
    changes = tuple(make(talk))
    talk.amend("Ana", *changes, reason="It reads better.")
    assert talk.words == THREE
    (held,) = talk.item.proposed
    assert talk.item.words[held.reason] == "It reads better."
    assert talk.accept() == "accepted"
    assert talk.words == words
    assert talk.item.proposed == ()
    by_pen = Talk(THREE)
    by_pen.amend("Sol", *make(by_pen))
    assert by_pen.words == words
    assert by_pen.item.settled[0].outcome == "accepted"


UNFIT: list[Any] = [
    lambda t: Replace(one(t, 1), 1, "Uno."),
    lambda t: Delete(one(t, 1), 1),
    lambda t: Split(one(t, 1), 1, "On", "e."),
    lambda t: Merge(one(t, 1), 0, one(t, 2), 1, "Both."),
    lambda t: Merge(one(t, 1), 0, one(t, 3), 0, "Both."),
    lambda t: Merge(one(t, 2), 0, one(t, 1), 0, "Both."),
    lambda t: Merge(one(t, 2), 0, one(t, 2), 0, "Both."),
    lambda t: Move(one(t, 1), one(t, 1)),
    lambda t: Insert(START, ("x",) * (MOST_PARAGRAPHS - 2)),
]


@pytest.mark.parametrize("make", UNFIT)
@pytest.mark.parametrize("by", ["Ana", "Sol"])
def test_what_does_not_fit_takes_the_whole_amendment_with_it(make: Any, by: str) -> None:
    talk = Talk(THREE)
    talk.amend(by, talk.replace(3, "Tres."), make(talk))
    outcome = talk.item.settled[-1].outcome if by == "Sol" else talk.accept()
    assert outcome == "overtaken"
    assert talk.words == THREE
    assert talk.item.words[talk.item.settled[-1].steps[0].words[0]] == "Tres."  # still to be seen


def test_what_is_gone_cannot_be_changed_but_marks_its_place() -> None:
    talk = Talk(THREE)
    two = talk.at(2)
    talk.amend("Sol", Delete(two.id, 0))
    changes: tuple[Change, ...] = (
        Replace(two.id, 0, "Dos."), Delete(two.id, 0), Move(two.id, START), Split(two.id, 0, "a", "b"),
        Merge(talk.at(1).id, 0, two.id, 0, "Both."), Merge(two.id, 0, talk.at(2).id, 0, "Both."),
    )  # fmt: skip
    for change in changes:
        talk.amend("Ana", change)
        assert talk.accept() == "overtaken"
    talk.amend("Ana", Insert(two.id, ("Where two was.",)))
    talk.amend("Ben", Move(talk.at(1).id, two.id))
    assert talk.accept() == talk.accept() == "accepted"
    assert talk.words == ["One.", "Where two was.", "Three."]


def test_two_offline_desks_edit_the_same_paragraph() -> None:
    talk = Talk(THREE)
    ours, theirs = talk.replace(2, "Ours."), talk.replace(2, "Theirs.")
    talk.amend("Ana", ours)
    talk.amend("Ben", talk.replace(3, "Tres."), theirs, reason="We cannot say it otherwise.")
    assert talk.accept() == "accepted"
    assert talk.accept() == "overtaken"
    assert talk.words == ["One.", "Ours.", "Three."]
    late = talk.item.settled[-1]
    assert [talk.item.words[n] for step in late.steps for n in step.words] == ["Tres.", "Theirs."]
    assert talk.item.words[late.reason] == "We cannot say it otherwise."
    assert talk.item.amendment(late.id) is late
    assert talk.item.amendment(bytes(32)) is None


def test_of_two_behind_the_same_paragraph_the_later_comes_first() -> None:
    talk = Talk(THREE)
    talk.amend("Ana", Insert(talk.at(1).id, ("A.",)))
    talk.amend("Ben", Insert(talk.at(1).id, ("B.",)))
    talk.accept()
    talk.accept()
    assert talk.words == ["One.", "B.", "A.", "Two.", "Three."]


def test_ids_are_of_the_amendment_and_revisions_grow() -> None:
    talk = Talk(THREE)
    made = talk.amend("Ana", Insert(START, ("A.", "B.")), Split(talk.at(1).id, 0, "On", "e."))
    talk.accept()
    assert [p.id for p in talk.item.here[:2]] == [paragraph_id(made, 0), paragraph_id(made, 1)]
    assert talk.at(4).id == paragraph_id(made, 2)
    assert [p.revision for p in talk.item.here] == [0, 0, 1, 0, 0, 0]


def test_only_what_makes_paragraphs_counts_them() -> None:
    talk = Talk([*THREE, "Four.", "Five."])
    one, two, three, four, five = talk.item.here
    made = talk.amend(
        "Sol",
        talk.replace(1, "Uno."),
        Delete(two.id, 0),
        Move(five.id, START),
        Merge(three.id, 0, four.id, 0, "Three and four."),
        Split(one.id, 1, "U", "no."),
        Insert(START, ("First.",)),
    )
    assert talk.words == ["First.", "Five.", "U", "no.", "Three and four."]
    assert (talk.at(4).id, talk.at(1).id) == (paragraph_id(made, 0), paragraph_id(made, 1))


def test_an_id_that_is_there_already_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for id_ in (None, START):
        talk = Talk(THREE)
        there = talk.at(1).id
        monkeypatch.setattr(paragraphs, "paragraph_id", lambda entry, n, id_=id_, there=there: id_ or there)
        talk.amend("Sol", Insert(START, ("A.",)))
        assert talk.item.settled[-1].outcome == "overtaken"


def test_a_full_text_takes_others_words_but_no_more_paragraphs() -> None:
    talk = Talk([f"{n}." for n in range(MOST_PARAGRAPHS)])
    talk.amend("Sol", talk.replace(MOST_PARAGRAPHS, "Last."), Delete(talk.at(7).id, 0), Insert(START, ("First.",)))
    assert talk.words[0] == "First."
    assert talk.words[-1] == "Last."
    talk.amend("Sol", Insert(START, ("More.",)))
    assert talk.item.settled[-1].outcome == "overtaken"
    assert len(talk.words) == MOST_PARAGRAPHS


# --- who proposes, who decides


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ((), "changes"),
        ((Insert(START, ("x",)),) * (MOST_CHANGES + 1), "changes"),
        ((Insert(START, ("x",) * 1_000), Insert(START, ("x",) * 1_001)), "changes"),
        ((Insert(START, ()),), "paragraph"),
        ((Insert(b"\x05" * 8, ("x",)),), "paragraph"),
        ((Replace(b"\x05" * 8, 0, "x"),), "paragraph"),
        ((Move(b"\x05" * 8, START),), "paragraph"),
        ((Insert(START, ("a [b",)),), "brackets"),
        ((Insert(START, ("a", "")),), "prose"),
    ],
)
def test_an_amendment_that_cannot_be(changes: tuple[Change, ...], code: str) -> None:
    talk = Talk(THREE)
    for by in ("Ana", "Sol"):
        with refused(code):
            talk.say(by, Amend(talk.id, changes, ""))


def test_an_amendment_may_bring_as_many_paragraphs_as_a_text_has() -> None:
    talk = Talk([])
    talk.amend("Ana", Insert(START, ("x",) * MOST_PARAGRAPHS))
    assert talk.accept() == "accepted"
    assert len(talk.words) == MOST_PARAGRAPHS


def test_reasons_are_prose_of_some_length() -> None:
    talk = Talk(THREE)
    for reason in (" ", "x" * 2_001, "a\x07"):
        with refused("prose"):
            talk.say("Ana", Amend(talk.id, (talk.replace(1, "Uno."),), reason))


def test_the_pen_decides_once_and_nobody_else() -> None:
    talk = Talk(THREE)
    held = talk.amend("Xul", talk.replace(1, "Uno."))  # experts propose
    with refused("rule"):
        talk.amend("Obi", talk.replace(1, "Uno."))
    for by in ("Ana", "Xul", "Obi"):
        with refused("rule"):
            talk.say(by, Decide(talk.id, held, True, ""))
    with refused("amendment"):
        talk.say("Sol", Decide(talk.id, b"\x05" * 32, True, ""))
    talk.say("Sol", Decide(talk.id, held, False, "Not yet."))
    assert talk.item.settled[-1].outcome == "refused"
    assert talk.item.words[talk.item.settled[-1].answer] == "Not yet."
    assert talk.words == THREE
    for accept in (True, False):
        with refused("amendment"):
            talk.say("Sol", Decide(talk.id, held, accept, ""))


def test_only_its_author_withdraws_an_amendment() -> None:
    talk = Talk(THREE)
    held = talk.amend("Ben", talk.replace(1, "Uno."))
    for by in ("Ana", "Sol", "Obi", "Bea"):
        with refused("rule"):
            talk.say(by, Withdraw(talk.id, held))
    talk.say("Ben", Withdraw(talk.id, held))
    assert talk.item.settled[-1].outcome == "withdrawn"
    with refused("amendment"):
        talk.accept(held)
    with refused("amendment"):
        talk.say("Ben", Withdraw(talk.id, held))


def test_nobody_floods_the_pen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amending, "MOST_PROPOSED", 2)
    talk = Talk(THREE)
    talk.amend("Ana", talk.replace(1, "a"))
    talk.amend("Ana", talk.replace(1, "b"))
    with refused("full"):
        talk.amend("Ben", talk.replace(2, "c"))
    talk.amend("Sol", talk.replace(2, "The pen writes on."))
    talk.accept()
    talk.amend("Ben", talk.replace(2, "c"))


def test_under_chatham_no_bracket_says_whose_it_is() -> None:
    said = ("[Chile: shall]", "a [b [ARG: c]]", "[Ana: no]", "[Holy See/Chile: may]")
    talk = Talk(THREE, terms=chatham())
    for words in said:
        with refused("attributed"):
            talk.amend("Ben", talk.replace(1, words))
        with refused("attributed"):
            Talk([words], terms=chatham())
        assert Talk([words]).words == [words]
        assert Talk([words], terms=None).words == [words]
    for words in ("Chile: shall", "[shall]", "[The aim: peace]", r"\[Chile: shall\]"):
        talk.amend("Sol", Replace(talk.at(1).id, talk.at(1).revision, words))
    assert talk.words[0] == r"\[Chile: shall\]"


def test_what_is_applied_to_what_never_was_does_not_fit() -> None:
    talk = Talk(THREE)
    assert applied(talk.item.here, bytes(32), (Step("delete", b"\x05" * 8, 0, START, 0, ()),)) is None


def test_a_text_of_2000_paragraphs_that_many_change() -> None:
    talk = Talk([f"Paragraph {n} [shall / should] stand." for n in range(MOST_PARAGRAPHS)])
    changes = [talk.replace(n, f"Paragraph {n} stands.") for n in range(1, MOST_CHANGES + 1)]
    for by in ("Ana", "Ben"):
        talk.amend(by, *changes)
    assert [talk.accept(), talk.accept()] == ["accepted", "overtaken"]
    assert talk.words[199] == "Paragraph 200 stands."


def test_charter_or_no_charter() -> None:
    assert amending.hidden(channel(terms=None)) == ()
    assert amending.hidden(channel()) == ()
    assert set(amending.hidden(channel(terms=chatham()))) >= {"Chile", "Obi", "Kenya"}
