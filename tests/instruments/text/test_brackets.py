"""Brackets as negotiators write them, and as nobody should."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backchannel.errors import Malformed
from backchannel.instruments.text.brackets import (
    DEEPEST,
    Group,
    bracketed,
    check,
    choose,
    count,
    named,
    options,
    parse,
    plain,
    walk,
)
from tests.seal.kit import refused

PARTIES = ("Argentina", "Chile", "Holy See", "Chinos")


def alternatives(words: str) -> list[list[tuple[tuple[str, ...], str]]]:
    """For every group: whose, and the words."""
    return [[(one.by, one.words) for one in group.alternatives] for group in walk(parse(words, PARTIES))]


@pytest.mark.parametrize(
    ("words", "groups"),
    [
        ("The parties meet.", []),
        ("They [shall] meet.", [["shall"]]),
        ("They [shall / should] meet.", [["shall", "should"]]),
        ("They [shall] [should] meet.", [["shall", "should"]]),
        ("They [shall][should] / [may]\n[can] meet.", [["shall", "should", "may", "can"]]),
        ("They [shall] and [should] meet.", [["shall"], ["should"]]),
        ("[a] / / [b]", [["a"], ["b"]]),
        ("[a / b] [c]", [["a", "b", "c"]]),
        ("[and/or]", [["and/or"]]),
        ("[and / or]", [["and", "or"]]),
        (r"[and \/ or]", [[r"and \/ or"]]),
        ("[a / ]", [["a", ""]]),
        ("[ / a]", [["", "a"]]),
        ("[/ a]", [["/ a"]]),
        ("[]", [[""]]),
        ("[[a] / [b]]", [["[a] / [b]"], ["a", "b"]]),
        ("[[a] / b]", [["[a]", "b"], ["a"]]),
        ("[shall [not] meet]", [["shall [not] meet"], ["not"]]),
        ("[a [b [c]] d] e [f]", [["a [b [c]] d"], ["b [c]"], ["c"], ["f"]]),
        (r"a \[b\] \\ [c]", [["c"]]),
        (r"\\[c]", [["c"]]),
        (r"C:\dir [c\d]", [[r"c\d"]]),
        ("[لا / نعم]", [["لا", "نعم"]]),
    ],
)
def test_what_is_read(words: str, groups: list[list[str]]) -> None:
    assert [[said for _, said in group] for group in alternatives(words)] == groups
    assert count(words) == len(groups)
    assert check(words) == bracketed(words) == bool(groups)


@pytest.mark.parametrize(
    ("words", "by", "said"),
    [
        ("[Argentina: shall]", ("Argentina",), "shall"),
        ("[ARG: shall]", ("ARG",), "shall"),
        ("[holysee: shall]", ("holysee",), "shall"),
        ("[ARG/Chile: shall]", ("ARG", "Chile"), "shall"),
        ("[ARG / Holy See, Chile: shall]", ("ARG", "Holy See", "Chile"), "shall"),
        ("[Argentina: ]", ("Argentina",), ""),
        ("[Chi: shall]", (), "Chi: shall"),  # Chile, or Chinos
        ("[AR: shall]", (), "AR: shall"),
        ("[ARG:shall]", (), "ARG:shall"),
        ("[ARG/Peru: shall]", (), "ARG/Peru: shall"),
        ("[The aim: peace]", (), "The aim: peace"),
        ("[: peace]", (), ": peace"),
        ("[[b] Chile: shall]", (), "[b] Chile: shall"),
        (f"[{'Chile, ' * 6}Chile: shall]", (), f"{'Chile, ' * 6}Chile: shall"),
    ],
)
def test_whose_it_is(words: str, by: tuple[str, ...], said: str) -> None:
    assert alternatives(words)[0] == [(by, said)]
    assert named(words, PARTIES) == set(by)
    assert named(words, ()) == set()


def test_a_label_goes_for_all_alternatives_of_its_bracket() -> None:
    assert alternatives("[Chile: a / b] [ARG: c] [d]") == [
        [(("Chile",), "a"), (("Chile",), "b"), (("ARG",), "c"), ((), "d")]
    ]
    assert named("x [y [Chile: [ARG: z]]]", PARTIES) == {"Chile", "ARG"}


@pytest.mark.parametrize(
    ("words", "where"),
    [("a [b", "character 3 and never"), ("a] b", "character 2 that never"), ("[a [b]", "character 1 and never")],
)
def test_what_does_not_balance_is_refused_saying_where(words: str, where: str) -> None:
    for read in (check, parse):
        with pytest.raises(Malformed, match=where) as problem:
            read(words)
        assert problem.value.code == "brackets"


def test_any_depth_that_is_allowed() -> None:
    deep = "[" * DEEPEST + "x" + "]" * DEEPEST
    assert count(deep) == DEEPEST
    assert "".join(one if isinstance(one, str) else one.raw for one in parse(deep)) == deep
    with refused("brackets"):
        parse(f"[{deep}]")
    with pytest.raises(Malformed, match="at character 257"):
        check("[" * 20_000)


@pytest.mark.parametrize(
    "words",
    [
        " " * 9_000 + "/" + " " * 9_000,
        "[" + " " * 19_000 + "]",
        "[a]" * 6_000,
        "[Par: ]" * 2_800,
        "[,,,,,,,,: ]" * 1_600,
        "\\" * 20_000,
    ],
)
def test_no_words_take_long(words: str) -> None:
    start = time.perf_counter()
    list(walk(parse(f"[{words}]", [f"Party {n}" for n in range(128)])))
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("words", "yes"),
    [
        ("[]", True), ("[...]", True), ("[…]", True), ("[X]", True), ("[10]", True), ("[ABCDEFGHIJKL]", True),
        ("[ABCDEFGHIJKLM]", False), ("[x]", False), ("[X Y]", False), ("[....]", False), ("[X / Y]", False),
        ("[X][Y]", False),
    ],
)  # fmt: skip
def test_placeholders(words: str, yes: bool) -> None:
    (group,) = walk(parse(words))
    assert group.placeholder == yes


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("[shall / should]", ("shall", "should")),
        ("[Chile: shall] [ARG: should]", ("shall", "should")),
        ("[not]", ("not", "")),
        ("[a / ]", ("a", "")),
        ("[X]", ()),
        ("[a [b]]", ()),
    ],
)
def test_what_could_become_of_a_group(words: str, found: tuple[str, ...]) -> None:
    assert options(next(walk(parse(words, PARTIES)))) == found


@pytest.mark.parametrize(
    ("words", "option", "clean"),
    [
        ("They [shall / may] meet.", "may", "They may meet."),
        ("They shall [not] meet.", "", "They shall meet."),
        ("They shall [not] meet.", "not", "They shall not meet."),
        ("[Not] now.", "", "now."),
        ("now[ and then].", "", "now."),
        ("[a]", "", ""),
    ],
)
def test_an_option_takes_the_groups_place(words: str, option: str, clean: str) -> None:
    assert choose(words, next(walk(parse(words))), option) == clean


def test_an_option_inside_another_bracket() -> None:
    words = "They [may [not / never] meet]."
    assert choose(words, list(walk(parse(words)))[1], "never") == "They [may never meet]."


def test_how_it_is_read_without_signs() -> None:
    assert plain(r"a \[b\] \\ and\/or \x") == r"a [b] \ and/or \x"


MARKS = st.text(st.sampled_from("[]/\\:ab X.…\n\u05d0\u0644"), max_size=40)


@given(MARKS | st.text(max_size=60))
@example("[[a] / [b]] [c]")
def test_any_words_are_read_or_refused(words: str) -> None:
    try:
        pieces = parse(words, PARTIES)
    except Malformed:
        with refused("brackets"):
            check(words)
        return
    assert "".join(one if isinstance(one, str) else one.raw for one in pieces) == words
    assert check(words) == bracketed(words) == any(isinstance(one, Group) for one in pieces)
    every = list(walk(pieces))
    assert count(words) == len(every)
    for group in every:
        assert words[group.start : group.start + len(group.raw)] == group.raw
        assert group.raw[0] == "["
        assert group.raw[-1] == "]"
        for option in options(group):
            assert count(choose(words, group, option)) < len(every)
            check(choose(words, group, option))


tree = st.recursive(
    st.sampled_from(["shall", "not", "X", "the parties", "לא", r"\["]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda some: "[" + " / ".join(some) + "]"),
    max_leaves=12,
)


@given(st.lists(tree, max_size=5).map(" ".join))
def test_what_is_well_written_is_never_refused(words: str) -> None:
    assert check(words) == ("[" in words.replace(r"\[", ""))
