"""The scenario file: what comes with the package can be played, and what cannot be played is refused with a reason."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backchannel.demo.scenario import MAY, NEEDS, Act, Scenario, load, read
from backchannel.demo.stage import _PLAYED
from backchannel.errors import Malformed

HEAD = """
title = "T"
opening = "O"
[sources]
s = "A book"
[channel]
title = "C"
purpose = "P"
track = "envoy"
attribution = "attributed"
retention_days = 30
[[seat]]
key = "a"
name = "Ana"
party = "X"
role = "envoy"
short = "Ana"
passphrase = "one two three four"
[[seat]]
key = "b"
name = "Bo"
party = "Y"
role = "envoy"
short = "Bo"
passphrase = "one two three four"
"""
SCENE = """
[[scene]]
date = "1 May"
title = "S"
sources = ["s"]
narration = "N"
"""


def act(do: str, who: str = "a", **fields: object) -> str:
    lines = [f'do = "{do}"', f'who = "{who}"']
    lines += [f"{name} = {value if isinstance(value, list) else repr(value)}" for name, value in fields.items()]
    return "[[scene.act]]\n" + "\n".join(lines) + "\n"


OPENED = HEAD + SCENE + act("found") + act("invite", whom="b") + act("join", "b")


THREE = (
    OPENED.replace(
        SCENE, '[[seat]]\nkey = "c"\nname = "Cy"\nparty = "Z"\nrole = "envoy"\nshort = "Cy"\npassphrase = "p"\n' + SCENE
    )
    + act("invite", whom="c")
    + act("join", "c")
)
ASKED = THREE + act("ask", to=["b", "c"], label="s", text="Q?", options=["x", "y"])
FLOATED = OPENED + act("float", to=["b"], label="p", title="P", text="x", days=3)
LADDER = OPENED + act("ladder", label="l", plan="title = 'L'")
HEIR = OPENED.replace(
    SCENE, '[[seat]]\nkey = "h"\nname = "Eve"\nparty = "X"\nrole = "envoy"\nshort = "Eve"\npassphrase = "p"\n' + SCENE
)
HANDED = HEIR + act("hand-over", whom="h")
TEXT = OPENED + act("open-text", label="t", title="T", paragraphs=["One [x] [y]."])


def test_the_scenario_that_comes_with_it_can_be_played() -> None:
    found = load()
    assert found.scene[0].date == "December 1978"
    assert {seat.key for seat in found.seat} == {"holysee", "argentina", "chile", "casaroli"}
    assert {seat.key for seat in found.begin} == {"holysee", "argentina", "chile"}
    assert all(scene.sources and all(found.sources[key] for key in scene.sources) for scene in found.scene)


def test_every_scene_in_which_somebody_writes_says_what_is_assumed() -> None:
    assert all(scene.assumed for scene in load().scene if any(one.text for one in scene.act))


def test_whatever_can_stand_in_a_file_can_be_played() -> None:
    assert NEEDS.keys() == _PLAYED.keys()
    assert MAY.keys() <= NEEDS.keys()
    fields = set(Act.__struct_fields__)
    assert all(set(needs) <= fields for needs in (*NEEDS.values(), *MAY.values()))


def test_all_that_people_write_is_in_words_and_all_who_are_there_in_names() -> None:
    found = load()
    assert found.channel.title in found.words
    assert all(one.text.strip() in found.words for _, one in found.acts if one.text)
    assert {"Antonio Samoré", "Holy See", "Chile"} <= set(found.names)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title = [", "cannot be played"),
        (HEAD, "missing required field `scene`"),
        (OPENED.replace('title = "S"', 'titel = "S"'), "unknown field `titel`"),
        (OPENED.replace("retention_days = 30", 'retention_days = "30"'), "Expected `int`"),
        (OPENED.replace('key = "b"', 'key = "a"'), "a key of its own"),
        (OPENED.replace('sources = ["s"]', 'sources = ["t"]'), "not listed: ['t']"),
        (OPENED.replace('sources = ["s"]', "sources = []"), "names no source"),
        (OPENED + act("shout"), "act 4 (shout): there is no such act"),
        (OPENED + act("sign-charter", "c"), "nobody is called 'c'"),
        (OPENED + act("note", to=["b"], label="n"), "it needs 'text'"),
        (OPENED + act("found", text="x"), "'text' does not belong here"),
        (OPENED + act("found"), "founded already"),
        (HEAD + SCENE + act("invite", whom="b"), "a is not in the channel yet"),
        (HEAD + SCENE + act("found") + act("join", "b"), "b was not invited"),
        (OPENED + act("join", "b"), "was not invited, or has joined"),
        (HEAD + SCENE + act("found") + act("note", to=["b"], label="n", text="x"), "b is not in the channel yet"),
        (OPENED + act("restate", "b", note="n", text="x"), "nothing of this kind is labelled 'n'"),
        (OPENED + act("note", to=["b"], label="n", text="x") + act("initial", item="n"), "nothing of this kind"),
        (OPENED + 2 * act("note", to=["b"], label="n", text="x"), "the label 'n' is taken"),
        (OPENED + act("online"), "a is not offline"),
        (OPENED + act("offline"), "a never comes online again"),
        (OPENED + 2 * act("offline"), "a is not online"),
        (OPENED + act("offline") + act("charter"), "a is offline"),
        (THREE + act("ask", to=["b"], label="s", text="Q", options=["x"]), "two voters or more"),
        (THREE + act("ask", to=["b", "b"], label="s", text="Q", options=["x"]), "two voters or more"),
        (THREE + act("ask", to=["a", "b"], label="s", text="Q", options=["x"]), "is not one of them"),
        (THREE + act("ask", to=["b", "c"], label="s", text="Q"), "it needs 'options'"),
        (ASKED + act("answer", item="s"), "a has no vote in 's'"),
        (ASKED + act("answer", "b", item="s", accept=[3]), "no such option"),
        (ASKED + act("answer", "b", item="s", accept=[0]), "no such option"),
        (ASKED + act("offline", "c") + act("answer", "b", item="s"), "c is offline"),
        (ASKED + act("initial", "b", item="s"), "nothing of this kind"),
        (FLOATED + act("react", "b", item="n", stance="interest"), "it needs 'text'"),
        (FLOATED + act("pass-hat", item="p"), "nothing of this kind"),
        (FLOATED + act("take-up", item="p", label="u", title="Q", signatories=["a", "b"]), "does not bear this title"),
        (FLOATED + act("take-up", item="p", label="p", title="P", signatories=["a", "b"]), "the label 'p' is taken"),
        (FLOATED + act("offline", "b") + act("hour", item="p"), "b is offline"),
        (OPENED + act("open-text", label="t", title="T"), "it needs 'paragraphs'"),
        (TEXT + act("adopt", item="u"), "nothing of this kind"),
        (TEXT + act("sound", to=["a", "b"], item="t", number=1, label="s"), "is not one of them"),
        (TEXT + act("propose", item="t", label="u", title="Q", signatories=["a", "b"]), "does not bear this title"),
        (TEXT + act("consent", item="t"), "nothing of this kind"),
        (TEXT + act("clear", item="t"), "nothing of this kind"),
        (OPENED + act("ladder", label="l", plan="title = "), "its plan cannot be read"),
        (OPENED + act("ladder", label="l"), "it needs 'plan'"),
        (LADDER + act("pledge", item="l"), "it needs 'steps'"),
        (LADDER + act("report", item="l", number=1), "it needs 'text'"),
        (OPENED + act("pledge", item="l", steps=[1]), "nothing of this kind"),
        (OPENED + act("hand-over", whom="b"), "a cannot hand its seat over, or not to b"),
        (HEIR + act("offline") + act("hand-over", whom="h"), "a cannot hand its seat over"),
        (HANDED + act("join", "h") + act("take-over", "h") + act("charter"), "a has handed over its seat"),
        (HANDED + act("join", "h") + 2 * act("take-over", "h"), "nobody has handed a seat over to h"),
        (HANDED + act("take-over", "h"), "h is not in the channel yet"),
        (HANDED + act("join", "h") + act("offline", "b") + act("take-over", "h"), "b is offline"),
        (
            HANDED + act("join", "h") + act("take-over", "h") + act("note", "b", to=["a"], label="n", text="x"),
            "a has handed over its seat",
        ),
    ],
)
def test_what_cannot_be_played_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(text)
    assert caught.value.code == "scenario"
    assert reason in caught.value.what


def test_what_is_refused_differs_from_what_is_not_only_there() -> None:
    assert isinstance(read(OPENED), Scenario)
    assert isinstance(
        read(OPENED + act("offline") + act("note", to=["b"], label="n", text="x") + act("online")), Scenario
    )
    answered = read(ASKED + act("answer", "b", item="s", accept=[2]) + act("answer", "c", item="s"))
    asked = next(one for _, one in answered.acts if one.do == "ask")
    assert answered.answers(asked) == {"b": (2,), "c": ()}
    assert {"Q?", "x", "y"} <= set(answered.words)
    revised = FLOATED + act("revise", item="p", title="Q", text="y")
    final = read(revised + act("take-up", "b", item="p", label="u", title="Q", signatories=["a", "b"]))
    assert final.last_form("p").text == "y"
    assert replace(read(OPENED), title="U").title == "U"
    handed = read(HANDED + act("join", "h") + act("take-over", "h") + act("verify", "b", whom="h"))
    assert handed.heirs == {"a": "h"}
    ladder = read(LADDER.replace("title = 'L'", "title = 'L'\\n[[step]]\\nwhat = 'Stay away.'\\nwho = 'X'"))
    assert {"L", "Stay away."} <= set(ladder.words)
    signed = read(TEXT + act("propose", item="t", label="u", title="T", signatories=["a", "b"]) + act("sign", item="u"))
    assert {"One [x] [y]."} <= set(signed.words)
