"""Whatever others wrote, nothing of it is obeyed by a terminal, by Rich, or by a reader of JSON."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from backchannel.cli import draw, hat, news, nonpaper_page, show, text_page, text_redline
from backchannel.cli import understanding as understandings
from backchannel.cli.show import Page, clean, foreign
from backchannel.entry.repertoire import outside
from backchannel.facts import common as facts
from tests.cli.conftest import Person, Table

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m",
    "\u202eevil\u202c",
    "\u2066isolated\u2069",
    "\u200b\ufeff\u00ad",
    "[bold red]loud[/bold red] [link=http://x]here[/link] :bomb:",
    "[/]",
    "a\rb\x08c\x00d",
    "z" * 5_000,
    "a" + "\u0301" * 200,
    "\u2028\u2029",
    "\ud800",
    "\U000e0041",
)
TEXT = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(HOSTILE)


def harmless(text: str, *, colour: bool = False) -> bool:
    """No character that a terminal obeys or hides; line breaks only. With `colour`, Rich's own styles are allowed."""
    bare = re.sub(r"\x1b\[[0-9;]*m", "", text) if colour else text
    return outside(bare.replace("\n", "")) is None


@given(TEXT, st.booleans())
def test_foreign_text_is_harmless(text: str, lines: bool) -> None:
    shown = foreign(text, lines=lines)
    assert outside(shown.replace("\n", "") if lines else shown) is None
    assert foreign(shown, lines=lines) == shown
    if lines:
        assert shown.count("\n") == text.count("\n")


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], max_codepoint=0x2FFF)))
def test_ordinary_text_is_as_it_was(text: str) -> None:
    if outside(text) is None and not any(unicodedata.combining(char) for char in text):
        assert foreign(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hernán C., Ⅻ, 漢字, שלום, سلام, \U0001f54a", "Hernán C., Ⅻ, 漢字, שלום, سلام, \U0001f54a"),
        ("\x1b[2J", "<U+001B>[2J"),
        ("a\u202eb", "a<U+202E>b"),
        ("a\nb", "a<U+000A>b"),
        ("a\tb", "a<U+0009>b"),
        ("\ud800", "<U+D800>"),
        ("o\u0301", "o\u0301"),
    ],
)
def test_what_is_shown_instead(text: str, shown: str) -> None:
    assert foreign(text) == shown


def test_marks_do_not_pile_up() -> None:
    shown = foreign("a" + "\u0301" * 200)
    assert shown.count("\u0301") == 6
    assert shown.count("<U+0301>") == 194


JSONISH: st.SearchStrategy[Any] = st.recursive(
    TEXT | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in (key, *strings(one))]
    return [text for one in value for text in strings(one)] if isinstance(value, list) else []


@given(st.dictionaries(TEXT, JSONISH, max_size=4))
def test_facts_are_cleaned_at_any_depth(value: dict[str, Any]) -> None:
    assert all(outside(text.replace("\n", "")) is None for text in strings(clean(value)))


@given(st.dictionaries(TEXT, JSONISH, max_size=4))
def test_json_is_valid_and_harmless_with_anything(value: dict[str, Any]) -> None:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        show.print_json(value)
    line = out.getvalue()
    assert line.endswith("\n")
    assert line.isascii()
    assert line[:-1].isprintable()
    json.loads(line).__repr__().encode()  # no halves of characters


# --- every page, with hostile strings in every place ------------------------------------------------------------------


def seats(text: str) -> list[show.Facts]:
    seat = {"id": text, "name": text, "in_place_of": text, "party": text, "role": text, "standing": text}
    return [{**seat, "signed": True, "verified": False, "me": True, "founder": True}]


def channel(text: str) -> show.Facts:
    line: show.Facts = {"title": text, "id": text, "relay": text, "stage": text, "me": text, "standing": "gone"}
    line |= {"seat_count": 1, "entries": 1}
    terms = {"title": text, "purpose": text, "track": text, "attribution": text, "retention_days": 3}
    terms = {**terms, "disclosure": text, "oversight": text, "reactions": text, "objection": "2"}
    terms = {**terms, "hat_days": 3, "pen": text, "dossier": "all"}
    charter = {"terms": terms, "seats": seats(text), "awaits": [text]}
    change = {"by": text, "stage": text, "awaits": [text], "name": text, "party": text, "role": text, "reason": text}
    change |= {"in_place_of": text}
    expires = "2026-11-03T14:05:00Z"
    return {
        **line,
        "waiting": 1,
        "returned": 1,
        "slips": 2,
        "alarms": [{"code": text, "what": text, "at": expires}],
        "purpose": text,
        "stage_says": text,
        "charter": {**charter, "in_force": False},
        "seats": seats(text),
        "gone": [text],
        "uncompared": [text],
        "pending": [{**change, "change": "invitation", "expires": expires}, {**change, "change": "removal"}],
        "handovers": [{"to": text, "of": text, "stage": "both", "stage_says": text, "dossiers": [dossier(text)]}],
        "next": [{"who": text, "what": text, "command": text}],
        "outbox": [
            {"number": 7, "what": text, "stage": "returned", "why": text},
            {"number": 8, "what": text, "stage": "waiting", "why": text},
        ],
    }


def dossier(text: str) -> show.Facts:
    one = {"number": 3, "from": text, "to": text, "of": text, "state": "begun", "state_says": text, "parts": 2}
    return {**one, "through": 3, "until": 7, "items": {text: 3, "note": 1}}


def passed(text: str) -> show.Facts:
    return {"passed_on_by": text, "heirs": [text, text]}


def note(text: str) -> show.Facts:
    back = {"seat": text, "state": "corrected", "restated": text, "corrected": text}
    time = "2026-11-03T14:05:00Z"
    one = {"number": 3, "from": text, "readers": [text, text], "sent": time, "until": time, "gone": False}
    return {**one, **passed(text), "text": text, "read_back": [back]}


def matter(text: str) -> show.Facts:
    party = {"name": text, "party": text, "role": text, "initialled": True, "signed": False, "words": [text] * 12}
    party |= {"ad_referendum": True}
    annex = {"name": text, "sha256": text}
    parts: show.Facts = {"clauses": [text, None, text], "closed": [2], "annexes": [annex], "anchored": 7}
    one = {**parts, "number": 3, "title": text, "text": text, "state": text, "state_says": text, "proposed_by": text}
    more = {"proposed": "2026-11-03T14:05:00Z", "readers": [text], "parties": [party], "reason": text}
    return {**one, **more, **passed(text), "proved": False, "next": "sign", "awaits": [text]}


def floated(text: str) -> show.Facts:
    time = "2026-11-03T14:05:00Z"
    said = {"by": text, "stance": text, "version": 1, "text": text}
    one = {"number": 3, "title": text, "text": text, "paragraphs": [text, text], "version": 2, "route": "intermediary"}
    one |= {"few": False, "from": text, "mine": False, "readers": [text], "floated": time, "until": time, "counters": 2}
    one |= {"state": "floated", "state_says": text, "reactions_by": "name", "objection": "2", "reactions": [said]}
    return {**one, "can": ["react", "counter"], "confirmed": [], "unconfirmed": []}


def over(text: str) -> show.Facts:
    silent = {"name": text, "left": False, "heard": "2026-11-03T14:05:00Z"}
    return {
        **floated(text),
        "state": "withdrawn",
        "confirmed": [text],
        "unconfirmed": [silent, {**silent, "left": True}],
    }


def round_(text: str) -> show.Facts:
    held = {"idea": 1, "reaction": 2, "question": 0, "spoiled": 1, "empty": 1}
    one = {"number": 3, "called_by": text, "called": text, "ends_by": "2026-11-03T14:05:00Z", "seats": [text]}
    one |= {"state": "keys", "state_says": text, "over": False, "awaits": [text], "held": held}
    return {**one, "cheats": [{"name": text, "how": text}]}


def negotiated(text: str) -> show.Facts:
    time = "2026-11-03T14:05:00Z"
    stands: show.Facts = {"reserve": [{"party": text, "reason": text}], "referendum": [text], "agree": [text]}
    part = {"number": 1, "text": text, "brackets": 1, **stands, "silent": [text], "amendments": [4]}
    hush = {"version": 1, "until": time, "broken_by": text, "reason": text}
    one: show.Facts = {"number": 3, "title": text, "state": "drafting", "state_says": text, "opened_by": text}
    one |= {"readers": [text], "pen": text, "pen_mine": False, "pen_free": True, "parties": [text], "clear": False}
    one |= {"for_party": True, "versions": [{"version": 1}], "changed": True, "silence": hush, "proposed": [4]}
    kinds = [{**part, "kind": kind} for kind in ("bracketed", "reserved", "open", "referendum", "agreed")]
    return {**one, **passed(text), "paragraphs": kinds, "counts": {"open": 5}, "brackets": 1}


def amendment(text: str) -> show.Facts:
    runs = [{"mark": mark, "text": text} for mark in "=-+"]
    change = {"do": "replace", "paragraph": 1, "gone": False, "after": 0, "now": {"text": text}}
    changes = [{**change, "new": [{"text": text}], "runs": rest} for rest in (runs, [])]
    one: show.Facts = {"number": 4, "of": 3, "by": text, "mine": False, "outcome": text, "stale": False}
    return {**one, "reason": text, "answer": {"reason": text}, "changes": changes}


def marked(text: str) -> list[show.Facts]:
    runs = [{"mark": mark, "text": text} for mark in "=-+"]
    return [{"before": 1, "after": after, "moved": False, "same": False, "runs": runs} for after in (2, None)]


def in_the_way(text: str) -> show.Facts:
    who = [{"party": text, "paragraphs": [1, 2, 3]}]
    can = [{"paragraph": 1, "bracket": 2, "options": [text, text], "last": False}]
    way: show.Facts = {"brackets": [{"paragraph": 1, "count": 1}], "reserved": who, "silent": who, "referendum": who}
    way |= {"without": [{"parties": [text], "paragraphs": [1]}], "soundable": can, "proposed": [4], "stale": [4]}
    return {"text": negotiated(text), "way": way}


def event(text: str) -> show.Facts:
    return {"number": 1, "what": text, "by": text, "why": text, "understanding": matter(text)}


PAGES: list[tuple[show.Draw, Any]] = [
    (draw.channel, channel),
    (draw.channels, lambda text: {"channels": [channel(text)]}),
    (draw.note, note),
    (draw.matter, matter),
    (news.draw, event),
    (news.draw, lambda text: {"note": note(text)}),
    (news.draw, lambda text: {**event(text), "nonpaper": floated(text)}),
    (nonpaper_page.draw, floated),
    (nonpaper_page.draw, over),
    (nonpaper_page.line, floated),
    (nonpaper_page.line, over),
    (hat.draw, round_),
    (text_page.draw, negotiated),
    (text_page.line, lambda text: {**negotiated(text), "state": "silence"}),
    (lambda page, told: text_page.way(page, told["text"], told["way"]), in_the_way),
    (text_redline.amendment, amendment),
    (lambda page, told: text_redline.redline(page, told["lines"]), lambda text: {"lines": marked(text)}),
    (news.draw, lambda text: {**event(text), "about": text, "amendment": amendment(text)}),
    (news.draw, lambda text: {**event(text), "reason": text, "dossier": dossier(text)}),
    (understandings._verified, lambda text: {**matter(text), "proves": text, "proves_not": text}),
]


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("text", HOSTILE)
def test_every_page_is_harmless(text: str, colour: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if colour:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("NO_COLOR", raising=False)
    for page, made in PAGES:
        out = io.StringIO()
        page(Page(out), clean(made(text)))
        said = out.getvalue()
        assert harmless(said, colour=colour), (page, text)
        assert ("\x1b[" in said) is colour
        assert max(cell_len(line) for line in re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()) <= 80


def test_markup_is_shown_as_it_was_written() -> None:
    out = io.StringIO()
    draw.note(Page(out), clean(note("[bold]x[/bold] :smile: [link=http://x]y[/link]")))
    assert "[bold]x[/bold] :smile: [link=http://x]y[/link]" in out.getvalue()


def test_a_note_cannot_pose_as_the_program() -> None:
    out = io.StringIO()
    forged = "x\n  nobody else can read it\nALARM\n" + "y" * 200
    draw.note(Page(out), clean({**note("y" * 79), "text": forged, "from": "x" * 60 + " ALARM: leave"}))
    lines = out.getvalue().splitlines()
    assert "  |   nobody else can read it" in lines
    assert "  | ALARM" in lines
    assert sum(line.startswith("  | y") for line in lines) >= 3
    assert not any(line.startswith(("ALARM", "y")) for line in lines)


# --- at every command -------------------------------------------------------------------------------------------------

COMMANDS = [
    "nonsense {}",
    "--nonsense={}",
    "--desk {} desk status",
    "--channel {} channel show",
    "--proxy {} desk status",
    "--ca-file {} desk status",
    "desk backup {}/x",
    "desk restore {} --desk none",
    "channel found --relay {} --title T --purpose P --name N --party Q --role envoy",
    "channel found --relay http://127.0.0.1:1 --title {} --purpose P --name N --party Q --role envoy",
    "channel found --relay http://127.0.0.1:1 --title T --purpose P --name N --party Q --role {}",
    "channel found --relay http://127.0.0.1:1 --title T --purpose P --name N --party Q --role envoy --founding-code {}",
    "channel invite --name {} --party P --role envoy",
    "channel invite --name N --party {} --role envoy",
    "channel invite --name N --party P --role {}",
    "channel invite --again {}",
    "channel invite --days {} --name N --party P --role envoy",
    "channel join {}",
    "channel charter sign --file {}",
    "channel charter sign --track {} --yes",
    "channel admit {}",
    "channel remove {} --reason x",
    "channel handover {} --to N --yes",
    "channel handover --to {}",
    "channel handover --to N --days {}",
    "channel freeze {} --reason x",
    "channel freeze Chile --reason {} --yes",
    "channel pass-on {}",
    "channel remove Chile --reason {} --yes",
    "channel verify-seat {}",
    "channel compare --words {}",
    "channel log --since {}",
    "note send {}",
    "note send x --to {}",
    "note send --file {}",
    "note send x --keep {}",
    "note list --search {}",
    "note readback {}",
    "note readback 1 {}",
    "note readback 1 --confirm {}",
    "nonpaper float {} --file x",
    "nonpaper float T --file {}",
    "nonpaper float T --file x --to {}",
    "nonpaper float T --file x --through {}",
    "nonpaper react {} interest",
    "nonpaper react 1 {}",
    "nonpaper react 1 interest {}",
    "nonpaper take-up 1 --signatory {}",
    "nonpaper sound 1 --releaser {}",
    "hat ask {} --option x",
    "hat ask x --option {}",
    "hat ask --file {}",
    "hat status {}",
    "text open {} x",
    "text open T {}",
    "text open T x --changes {}",
    "text open T x --pen {}",
    "text show {}",
    "text amend 1 {} --replace 1",
    "text amend 1 --from {}",
    "text stand 1 {} agree",
    "text stand 1 1 {}",
    "text stand 1 1 reserve {}",
    "text break 1 {}",
    "text pass 1 {}",
    "text accept 1 {}",
    "text redline 1 {}",
    "text export 1 {}",
    "text propose 1 --signatory {}",
    "mandate grant {} S",
    "mandate grant Ana {}",
    "mandate grant Ana S --published {}",
    "mandate revoke 1 {}",
    "understanding propose --title {} --text x --sign Ana --sign Chile",
    "understanding propose --title T --text {} --sign Ana --sign Chile",
    "understanding propose --title T --text x --sign {} --sign Chile",
    "understanding propose --title T --file {} --sign Ana --sign Chile",
    "understanding initial {}",
    "understanding sign {}",
    "understanding withdraw 1 --reason {}",
    "understanding show 1 --save {}",
    "understanding verify {}",
    "relay serve --store {}",
    "relay serve --store sqlite:x --limit {}",
    "relay serve --store sqlite:x --founding-code-file {}",
    "relay verify --store {}",
    "search {}",
]


@pytest.mark.parametrize("line", COMMANDS)
def test_hostile_words_at_every_command(line: str, shared_table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shared_table.ana.folder.parent)
    for text in ("\x1b[31m\u202ex[bold]y[/bold]\n", "\ud800\udcff", "w" * 3_000):
        words = [word.replace("{}", text) for word in line.split()]
        for extra in ([], ["--json"]) if len(text) < 100 else ([],):
            answer = any_code(shared_table.ana, [*words, *extra])
            assert harmless(answer), (line, answer)
            assert "Traceback" not in answer
            assert "a mistake of its own" not in answer, answer
            assert '"bug"' not in answer, answer
            if extra:
                json.loads(answer)


def any_code(person: Person, words: list[str]) -> str:
    """What it says, whatever the exit code. (A failed assertion of `run` would name the wrong thing.)"""
    from typer.testing import CliRunner

    from backchannel.cli.app import app
    from tests.cli.conftest import BACKUP, PHRASE

    env = {"BACKCHANNEL_DESK": str(person.folder), "BACKCHANNEL_PASSPHRASE": PHRASE}
    env["BACKCHANNEL_BACKUP_PASSPHRASE"] = BACKUP
    result = CliRunner().invoke(app, words, env=env, prog_name="backchannel")
    assert isinstance(result.exception, SystemExit | None), words
    assert result.exit_code in (0, 1, 2)
    return result.output


@pytest.fixture(scope="module")
def shared_table(tmp_path_factory: pytest.TempPathFactory, relay: str) -> Table:
    from tests.cli.conftest import open_channel

    folder = tmp_path_factory.mktemp("hostile")
    open_channel(folder, relay)
    return Table(Person(folder / "ana"), Person(folder / "hernan"), Person(folder / "sofia"), relay)


def test_hostile_titles_in_questions_and_errors(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """State cannot hold such names (the fold refuses them); should it ever, the questions would still be harmless."""
    named = facts.name
    monkeypatch.setattr(facts, "name", lambda state, seat: f"\x1b[31m{named(state, seat)}\u202e")
    for line in ("channel show", "note send x", "note list", "channel log", "desk status"):
        assert harmless(table.ana.run(*line.split()).both), line
