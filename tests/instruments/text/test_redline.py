"""What differs, word by word and paragraph by paragraph; whatever the words, old and new can be read from it."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Misuse
from backchannel.instruments.text.acts import START, Delete, Insert, Merge, Move, Split
from backchannel.instruments.text.differences import DEEPEST, common, compare, rising
from backchannel.instruments.text.redline import Line, redline, words
from tests.instruments.text.kit import Talk


def told(old: str, new: str) -> str:
    """A redline as people write it."""
    signs = {"=": "{}", "-": "~{}~", "+": "+{}+"}
    return "".join(signs[run.mark].format(run.words) for run in compare(old, new))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ""),
        ("a b", "a b", "a b"),
        ("", "a", "+a+"),
        ("a", "", "~a~"),
        ("The parties shall meet.", "The parties should meet.", "The parties ~shall~+should+ meet."),
        ("They [shall / may] meet.", "They [shall] meet.", "They [shall~ / may~] meet."),
        ("north of the line", "south of the line", "~north~+south+ of the line"),
        ("a a b b", "b b a a", "~a a ~b b+ a a+"),
        ("x y x y", "y x y x", "~x ~y x y+ x+"),
        ("shall not; may", "shall; may", "shall~ not~; may"),
        (r"a \[b\]", r"a \[c\]", r"a \[~b~+c+\]"),
        ("两国应当会晤", "两国可以会晤", "两国~应当~+可以+会晤"),
        ("لا حرب", "لا سلام", "لا ~حرب~+سلام+"),
        ("नीति है", "नीती है", "~नीति~+नीती+ है"),
    ],
)
def test_words(old: str, new: str, said: str) -> None:
    assert told(old, new) == said


SOME = st.text(st.sampled_from("ab .[]\\/ש 国"), max_size=30) | st.text(max_size=20)


@given(SOME, SOME)
def test_old_and_new_can_be_read_from_the_runs(old: str, new: str) -> None:
    runs = compare(old, new)
    assert "".join(run.words for run in runs if run.mark != "+") == old
    assert "".join(run.words for run in runs if run.mark != "-") == new
    assert all(run.words for run in runs)
    assert all(a.mark != b.mark for a, b in pairwise(runs))


@given(st.lists(st.integers(0, 5), max_size=14), st.lists(st.integers(0, 5), max_size=14))
def test_what_is_common_is_alike_and_in_order(before: list[int], after: list[int]) -> None:
    found = common(before, after)
    assert all(before[a] == after[b] for a, b in found)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(found))
    assert (found == []) == (not set(before) & set(after))


@given(st.permutations(range(8)))
def test_the_longest_rising_run(numbers: list[int]) -> None:
    places = rising(numbers)
    found = [numbers[n] for n in places]
    assert found == sorted(found)
    assert places == sorted(places)
    best = [1] * 8
    for n in range(8):
        best[n] = 1 + max((best[m] for m in range(n) if numbers[m] < numbers[n]), default=0)
    assert len(found) == max(best)
    assert rising([]) == []


def nested(levels: int) -> tuple[list[str], list[str]]:
    """Words of which at each level two stand once, when those around them are set aside."""
    before, after = ["x"], ["y"]
    for n in range(levels):
        before, after = [f"a{n}", *before, f"b{n}", f"a{n - 1}"], [f"c{n}", f"a{n}", *after, f"b{n}", f"a{n - 1}"]
    return before, after


HOSTILE = [
    ("a b " * 5_000, "b a " * 5_000),
    (" ".join(f"w{n}" for n in range(3_000)), " ".join(f"w{n}" for n in reversed(range(3_000)))),
    ("x " + "a " * 9_990, "y " + "a b " * 4_990 + "z"),
    (" ".join(nested(400)[0]), " ".join(nested(400)[1])),
]


@pytest.mark.parametrize(("old", "new"), HOSTILE)
def test_no_words_keep_a_desk_busy(old: str, new: str) -> None:
    start = time.perf_counter()
    test_old_and_new_can_be_read_from_the_runs.hypothesis.inner_test(old, new)  # type: ignore[attr-defined]
    assert time.perf_counter() - start < 3


def test_it_ends_at_some_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = "a b c d e a f", "g a e c b a h"
    assert DEEPEST > 8
    deep = common(old.split(), new.split())
    monkeypatch.setattr("backchannel.instruments.text.differences.DEEPEST", 0)
    monkeypatch.setattr("backchannel.instruments.text.differences.MOST_CELLS", 0)
    assert common(old.split(), new.split()) == []
    assert deep


# --- paragraphs


def shown(lines: tuple[Line, ...]) -> list[tuple[int | None, int | None, bool, str]]:
    return [(one.before, one.after, one.moved, "".join(run.mark + run.words for run in one.runs)) for one in lines]


def test_every_kind_of_change_is_seen_for_what_it_is() -> None:
    talk = Talk(["One.", "Two.", "Three.", "Four and more.", "Five.", "Six."])
    assert talk.issue() == 1
    one, two, three, four, five, six = talk.item.here
    talk.amend(
        "Sol",
        talk.replace(1, "One or two."),
        Delete(two.id, 0),
        Move(six.id, START),
        Split(four.id, 0, "Four", "and more."),
        Insert(five.id, ("New.", "Newer.")),
        Insert(START, ("First.",)),
    )
    assert talk.words == ["First.", "Six.", "One or two.", "Three.", "Four", "and more.", "Five.", "New.", "Newer."]
    lines = redline(talk.item, 1)
    assert shown(lines) == [
        (None, 1, False, "+First."),
        (6, 2, True, "=Six."),
        (1, 3, False, "=One+ or two=."),
        (2, None, False, "-Two."),
        (3, 4, False, "=Three."),
        (4, 5, False, "=Four- and more."),
        (None, 6, False, "+and more."),
        (5, 7, False, "=Five."),
        (None, 8, False, "+New."),
        (None, 9, False, "+Newer."),
    ]
    assert [one.same for one in lines] == [False, False, False, False, True, False, False, True, False, False]
    back = redline(talk.item, None, 1)
    assert [line.id for line in back if line.after] == [one.id for one in (one, two, three, four, five, six)]
    talk.issue()
    assert redline(talk.item, 1, 2) == lines
    assert all(line.same for line in redline(talk.item, 2))
    assert [w for _, w in words(talk.item, 1)] == ["One.", "Two.", "Three.", "Four and more.", "Five.", "Six."]


def test_from_nothing_and_to_nothing() -> None:
    talk = Talk(["One.", "Two."])
    assert shown(redline(talk.item, 0)) == [(None, 1, False, "+One."), (None, 2, False, "+Two.")]
    one, two = talk.item.here
    talk.amend("Sol", Merge(one.id, 0, two.id, 0, "One and two."))
    talk.issue()
    talk.amend("Sol", Delete(one.id, 1))
    assert shown(redline(talk.item, 1)) == [(1, None, False, "-One and two.")]
    assert words(talk.item) == []


@pytest.mark.parametrize(("old", "new"), [(2, None), (-1, None), (0, 2)])
def test_only_between_versions_that_are(old: int, new: int | None) -> None:
    talk = Talk(["One."])
    talk.issue()
    with pytest.raises(Misuse, match="There is no version"):
        redline(talk.item, old, new)
