"""What is proved of the text, and of what was shown, holds on a talk that was played, and fails when it is not."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.demo import agreed, disclosing, relay, shown
from backchannel.demo.checks import Failed, NotTried
from backchannel.demo.clock import Clock
from backchannel.demo.disclosing import SHOWN
from backchannel.demo.scenario import Act, Scenario, load
from backchannel.demo.shown import Shown
from backchannel.demo.stage import Stage
from backchannel.demo.succession import SUCCEEDED
from backchannel.demo.tell_text import left
from backchannel.demo.texts import WRITTEN, Texts
from backchannel.desk import understandings
from backchannel.errors import Malformed, Misuse
from backchannel.instruments import mandate
from backchannel.instruments.disclosure import bundle as bundles
from backchannel.instruments.text.standing import Row
from backchannel.instruments.text.values import Text
from backchannel.instruments.understanding import form

OPENING = {"found", "invite", "join", "charter", "sign-charter", "float", "revise", "take-up"}
OPENING |= {*WRITTEN, *SHOWN, *SUCCEEDED}
ITEMS = {"act", "agreed", "miles"}


def with_acts(scenario: Scenario, change: Any) -> Scenario:
    def kept(act: Act) -> bool:
        wanted = act.do in OPENING or (act.do in ("initial", "sign", "answer") and act.item in ITEMS)
        return wanted and act.label != "proposal"

    scenes = tuple(replace(s, act=tuple(change(a) for a in s.act if kept(a))) for s in scenario.scene)
    return replace(scenario, scene=scenes)


class Talk:
    """A talk from which all but the Act of Montevideo and the text of 1984 is left out."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        disclose = next(act for _, act in stage.scenario.acts if act.do == "disclose")
        clauses = self.understanding("agreed").terms.clauses
        self.shown = Shown(stage.folder / disclosing.FOLDER, clauses, disclose.clauses)
        self.record = stage.folder / "act-of-montevideo.json"
        self.record.write_bytes(understandings.record(stage.channels["chile"], self.understanding("act")))

    def understanding(self, label: str) -> Any:
        return self.stage.labelled(self.stage.act(label), "chile")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    folder = tmp_path_factory.mktemp("agreed")
    with relay.running(folder / "relay.db") as host:
        stage = Stage(folder, with_acts(load(), lambda act: act), host.url, Clock())
        try:
            stage.make_desks()
            for _, act in stage.scenario.acts:
                stage.play(act)
            yield Talk(stage)
        finally:
            stage.close()


@pytest.fixture
def pretend(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the proofs believe in another scenario than the one that was played."""

    def set_(change: Any) -> None:
        monkeypatch.setattr(talk.stage, "scenario", with_acts(talk.stage.scenario, change))

    return set_


@pytest.fixture
def seen_as(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have Chile's desk show another text than it has."""
    real = Texts.item

    def set_(change: Any) -> None:
        monkeypatch.setattr(
            Texts, "item", lambda self, label, key: (change if key == "chile" else same)(real(self, label, key))
        )

    return set_


def same(item: Text) -> Text:
    return item


def reworded(item: Text, old: str, new: str) -> Text:
    return replace(item, words=tuple(words.replace(old, new) for words in item.words))


# --- the text


def test_all_desks_have_the_text(talk: Talk) -> None:
    said = agreed.adopted(talk.stage)
    assert (
        "2 versions, the same under the same number on all 3 desks; of 3 places in brackets none is left, 1 of them"
        in said
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda item: replace(item, state="drafting"), "On the desk of Chile .* is 'drafting'"),
        (lambda item: reworded(item, "up to three", "up to [three]"), "The desk of Chile has brackets left"),
        (lambda item: reworded(item, "joint", "mixed"), "other words of version 2 than were issued"),
        (lambda item: replace(item, versions=item.versions[:1]), "The desks have 2 different texts"),
    ],
)
def test_another_text_on_a_desk_is_noticed(talk: Talk, seen_as: Any, change: Any, reason: str) -> None:
    seen_as(change)
    with pytest.raises(Failed, match=reason):
        agreed.adopted(talk.stage)


def test_something_else_in_the_brackets_place_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        talk.stage.soundings, "sights", lambda asked: {k: SimpleNamespace(met=("twelve",)) for k in talk.stage.channels}
    )
    with pytest.raises(Failed, match="something else than what the sounding opened"):
        agreed.adopted(talk.stage)


def test_a_scenario_without_a_text_shows_nothing(talk: Talk, pretend: Any) -> None:
    pretend(lambda act: replace(act, do="found") if act.do in ("open-text", "propose") else act)
    with pytest.raises(Failed, match="has no text"):
        agreed.adopted(talk.stage)
    with pytest.raises(Failed, match="No text is proposed"):
        agreed.signed(talk.stage)


# --- what was signed


def test_what_was_signed_is_the_text(talk: Talk) -> None:
    assert "6 clauses, the adopted paragraphs letter by letter, signed by all" in agreed.signed(talk.stage)


def test_another_text_that_was_signed_is_noticed(talk: Talk, seen_as: Any) -> None:
    seen_as(lambda item: reworded(item, "joint", "mixed"))
    with pytest.raises(Failed, match="On the desk of Chile another text was proposed"):
        agreed.signed(talk.stage)


def test_a_signature_that_is_missing_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = talk.stage.labelled
    monkeypatch.setattr(talk.stage, "labelled", lambda act, key: replace(real(act, key), state="signing"))
    with pytest.raises(Failed, match="is 'signing'"):
        agreed.signed(talk.stage)


@pytest.mark.parametrize("change", [{"state": "revoked"}, {"party": "Chile"}, {"audience": ()}])
def test_a_signature_without_a_mandate_is_noticed(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    covers = mandate.covers
    monkeypatch.setattr(mandate, "covers", lambda one, *given: covers(replace(one, **change), *given))
    with pytest.raises(Failed, match="Argentina has signed without a mandate in force"):
        agreed.signed(talk.stage)


def test_a_seat_that_has_not_signed_has_no_mandate_proved(talk: Talk) -> None:
    channel = talk.stage.channels["chile"]
    assert not agreed._mandated(channel, talk.understanding("agreed"), talk.stage.channels["casaroli"].me)


# --- what was shown


def test_what_was_shown_proves_itself(talk: Talk) -> None:
    assert "shows clauses 1 and 4 word for word as signed; of the other 4 not a word" in shown.proves_itself(talk.shown)


def test_what_was_not_published_proves_nothing(talk: Talk, tmp_path: Path) -> None:
    for proof in (shown.proves_itself, lambda one: shown.another_letter_refused(one, talk.record)):
        with pytest.raises(Failed, match="Nothing was published"):
            proof(talk.shown._replace(folder=tmp_path))


def test_other_clauses_than_were_to_be_shown_are_noticed(talk: Talk) -> None:
    with pytest.raises(Failed, match="other clauses than were to be shown"):
        shown.proves_itself(talk.shown._replace(numbers=(1,)))
    with pytest.raises(Failed, match="other clauses than were to be shown"):
        shown.proves_itself(talk.shown._replace(clauses=("Other words.", *talk.shown.clauses[1:])))


def test_a_page_that_says_too_much_is_noticed(talk: Talk, tmp_path: Path) -> None:
    folder = shutil.copytree(talk.shown.folder, tmp_path / "again")
    leaky = talk.shown._replace(folder=folder)
    leaky.page.write_text(leaky.page.read_text() + talk.shown.clauses[5], encoding="utf-8")
    with pytest.raises(Failed, match="The page holds 'A joint co'"):
        shown.proves_itself(leaky)
    leaky.page.write_text("nothing", encoding="utf-8")
    with pytest.raises(Failed, match="a blind search"):
        shown.proves_itself(leaky)


def test_a_bundle_that_says_too_much_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says it has wrapped, as all in it is: that is unwrapped."""
    facts = {"wrapped": [form.b64(talk.shown.clauses[5].encode()), "plain", 1]}
    assert talk.shown.clauses[5].encode() in list(shown._inside(facts))
    real = shown._opened
    monkeypatch.setattr(shown, "_opened", lambda raw: real(raw) + b"".join(shown._inside(facts)))
    with pytest.raises(Failed, match="The bundle holds"):
        shown.proves_itself(talk.shown)


def test_a_bundle_that_does_not_verify_is_noticed(talk: Talk, tmp_path: Path) -> None:
    folder = shutil.copytree(talk.shown.folder, tmp_path / "again")
    broken = talk.shown._replace(folder=folder)
    facts = json.loads(broken.bundle.read_bytes())
    facts["log"]["index"] += 1
    broken.bundle.write_bytes(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    with pytest.raises(Misuse, match=r"`backchannel --json` says: .*The log of the relay does not hold"):
        shown.proves_itself(broken)
    with pytest.raises(Malformed, match="does not hold what was signed"):
        shown.another_letter_refused(broken, talk.record)


def test_another_letter_is_refused(talk: Talk) -> None:
    assert "does not belong to it" in shown.another_letter_refused(talk.shown, talk.record)


def test_a_check_that_takes_anything_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "verify", lambda one: None)
    with pytest.raises(Failed, match="verifies with a letter changed"):
        shown.another_letter_refused(talk.shown, talk.record)


def test_a_refusal_for_another_reason_is_noticed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "_with", lambda *_: b"no bundle at all\n")
    with pytest.raises(Failed, match="refused for another reason"):
        shown.another_letter_refused(talk.shown, talk.record)


# --- the other verifier


def test_others_say_the_same(talk: Talk) -> None:
    try:
        assert "2 clauses signed by all who are named" in shown.others_agree(talk.shown)
    except NotTried as why:
        pytest.skip(str(why))


GOOD = {"shown": "ok 2 2 T, entry 5 of 6", "letter": "disclosure", "moved": "place"}


@pytest.mark.parametrize(
    ("code", "other", "reason"),
    [
        (0, {"shown": "ok 1 2 T"}, "says of what is shown: 'ok 1 2 T'"),
        (0, {"shown": "signature"}, "says of what is shown: 'signature'"),
        (0, {"letter": "ok 2 2 T"}, "takes a changed letter"),
        (0, {"moved": "ok 2 2 T"}, "takes another place"),
        (1, {}, "broke down: no such module"),
    ],
)
def test_another_verdict_of_others_is_noticed(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, code: int, other: dict[str, str], reason: str
) -> None:
    monkeypatch.setattr(shown, "_node", lambda: "node")
    ran = SimpleNamespace(returncode=code, stderr="no such module\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ran)

    def say(verdicts: dict[str, str]) -> None:
        ran.stdout = "".join(f"{name} {said}\n" for name, said in verdicts.items())

    say({**GOOD, **other})
    with pytest.raises(Failed, match=reason):
        shown.others_agree(talk.shown)
    ran.returncode = 0
    say(GOOD)
    assert "refused with a letter changed" in shown.others_agree(talk.shown)


def test_where_there_is_no_other_verifier_it_is_said(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shown, "MODULES", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    for there in (None, b"of another release"):
        if there is not None:
            (tmp_path / "installed.json").write_bytes(there)
        with pytest.raises(NotTried, match="libraries are not here yet"):
            shown.others_agree(talk.shown)
    (tmp_path / "installed.json").write_bytes((shown.SCRIPT.parent / "node" / "package-lock.json").read_bytes())
    assert shown._node() == "/usr/bin/node"
    monkeypatch.setattr(shown, "SCRIPT", tmp_path / "none.mjs")
    with pytest.raises(NotTried, match="comes with the source"):
        shown.others_agree(talk.shown)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NotTried, match="Node is not on this machine"):
        shown.others_agree(talk.shown)


# --- how it is said


@pytest.mark.parametrize(
    ("rows", "agreed_", "soundable", "said"),
    [
        ([1], False, 1, "in the way is a bracket in paragraph 1"),
        ([1, 2], False, 1, "in the way are brackets in paragraphs 1, 2"),
        ([1, 2], False, 2, "in the way are brackets in paragraphs 1, 2; a sounding could clear 2 of them"),
        ([], False, 0, "no bracket is left; it awaits A and B"),
        ([], True, 0, "all 2 paragraphs are agreed by all"),
    ],
)
def test_what_stands_in_the_way_is_said(rows: list[int], agreed_: bool, soundable: int, said: str) -> None:
    made = [Row(n, b"", "open", int(n in rows), (), ("A", "B"), ()) for n in (1, 2)]
    facts = {"rows": made, "brackets": len(rows), "soundable": soundable, "agreed": agreed_}
    assert left(facts) == said
