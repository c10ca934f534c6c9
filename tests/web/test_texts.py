"""Pages of texts: opening one, seeing where it stands, what its pen does, how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from backchannel import papers
from backchannel.desk import texts, understandings
from tests.desk.world import offline, remove
from tests.web.kit_forms import do, fill, press, problem, send, sure
from tests.web.kit_texts import ALL, NASTY, Table, sitting


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with sitting(tmp_path) as one:
        yield one


def test_no_text_yet_teaches(table: Table) -> None:
    page = table["ana"].get(ALL)
    assert "There is no text here yet" in page
    assert "Open a text" in page


def test_one_is_opened_by_hand(table: Table) -> None:
    ana = table["ana"]
    page = do(ana, f"{ALL}/new", "open", title="Treaty", words="One.\n\nTwo [a / b].")
    assert "<bdi>Treaty</bdi>" in page
    item = table.item("hernan")
    assert [item.said(one) for one in item.here] == ["One.", "Two [a / b]."]
    assert item.pen == table.channel("ana").me
    assert set(item.audience) == {table.channel(name).me for name in ("ana", "hernan", "sofia")}


def test_one_is_opened_to_some_with_a_pen(table: Table) -> None:
    hernan = table.channel("hernan").me
    place, fields = fill(table["ana"], f"{ALL}/new", "open", title="T", words="One.", to_who="some", to=[hernan.hex()])
    pen = [(name, hernan.hex()) if name == "pen" else (name, value) for name, value in fields]
    assert send(table["ana"], place, pen).status_code == 303
    item = table.item()
    assert (item.pen, set(item.audience)) == (hernan, {table.channel("ana").me, hernan})
    assert not table.channel("sofia").items("text")


def test_what_is_typed_stays_where_it_cannot_be_opened(table: Table) -> None:
    page = problem(table["ana"], f"{ALL}/new", "open", title="T <b>", words="One [.", to_who="some", to=[])
    assert "T &lt;b&gt;" in page
    assert "One [." in page
    page = problem(table["ana"], f"{ALL}/new", "open", title="T", words="One.", to_who="some", to=["ff" * 16])
    assert "Nobody is chosen" in page
    assert not table.channel("ana").items("text")


@pytest.mark.parametrize("form", ["txt", "md", "docx"])
def test_a_file_fills_the_form_and_nothing_is_said(table: Table, form: str) -> None:
    one = papers.Document("", "", (papers.Paragraph("1", (papers.Run("From a file <i>."),)),))
    place, fields = fill(table["ana"], f"{ALL}/new", "read")
    assert place.startswith("/papers/")
    given = {"file": (f"x.{form}", BytesIO(papers.write(one, form)))}
    answer = send(table["ana"], place, fields, files=given)
    assert answer.status_code == 200
    assert "Nobody has seen it yet" in answer.text
    assert "From a file &lt;i&gt;." in answer.text
    assert not table.channel("ana").items("text")
    page = do(table["ana"], place, "open", page=answer.text, title="Read")
    assert "From a file &lt;i&gt;." in page
    assert "<i>" not in page


def test_a_file_with_tracked_changes_and_comments_is_told_of(table: Table) -> None:
    runs = (papers.Run("Both withdraw "), papers.Run("at once", "added", "Ana P."), papers.Run("."))
    comment = papers.Comment("Ana P.", None, "Really?")
    one = papers.Document("", "", (papers.Paragraph("1", runs, (comment,)),))
    place, fields = fill(table["ana"], f"{ALL}/new", "read")
    given = {"file": ("x.docx", papers.write(one, "docx"))}
    told = send(table["ana"], place, fields, files=given).text
    assert "[Argentina: at once]" in told
    assert "1 comment stayed in the file." in told
    fields = [("changes", "accept") if name == "changes" else (name, value) for name, value in fields]
    assert "Both withdraw at once." in send(table["ana"], place, fields, files=given).text


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "No file is chosen."),
        ({"file": ("x.docx", b"PK\x03\x04 nonsense")}, "Nothing was"),
        ({"file": ("x.pdf", b"%PDF-1.7 x")}, "a PDF"),
        ({"file": ("x.txt", b"One [.\n")}, "paragraph 1 of the file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(table: Table, given: dict[str, tuple[str, bytes]], says: str) -> None:
    place, fields = fill(table["ana"], f"{ALL}/new", "read")
    answer = send(table["ana"], place, fields, files=given or {"other": ("x", b"x")})
    assert answer.status_code == 400
    assert says.split()[0] in answer.text
    assert 'id="problem"' in answer.text


def test_the_only_text_is_shown_at_once_and_others_are_listed(table: Table) -> None:
    place = table.open()
    answer = table["ana"].client.get(ALL)
    assert (answer.status_code, answer.headers["location"]) == (303, place)
    assert "Treaty" in table["ana"].get(f"{ALL}?all=1")
    table.open(title="Another")
    page = table["ana"].get(ALL)
    assert page.index("Another") < page.index("Treaty")
    assert f"{ALL}?all=1" in table["ana"].get(place)


def test_a_text_says_where_each_paragraph_stands(table: Table) -> None:
    place = table.open()
    ana = table.channel("ana")
    texts.stand(ana, table.item(), table.item().here[:1], "reserve", "Not yet.")
    page = table["hernan"].get(place)
    assert "<mark>[and withdraw]</mark>" in page
    assert "2 brackets left" in page
    assert "0 of 3 agreed" in page
    assert "2 alternatives" in page
    assert "by Argentina" in page
    assert "Your word is awaited" in page
    assert "You hold the pen" not in page
    assert "Your word is awaited" not in table["sofia"].get(place)
    assert "You hold the pen" in table["sofia"].get(place)
    for party in ("ana", "hernan"):
        channel = table.channel(party)
        texts.stand(channel, table.item(party), table.item(party).here[:1], "agree" if party == "ana" else "referendum")
    page = table["hernan"].get(place)
    assert "awaiting the capital of Chile" in page
    assert "1 of 3 agreed" in page


def test_hostile_words_are_text(table: Table) -> None:
    place = table.open([NASTY, f"{NASTY} [x {NASTY}]"], title="<b>T</b>")
    for page in ("", "/paragraph/2", "/amendments", "/stand", "/way", "/versions", "/redline", "/change"):
        shown = table["ana"].get(place + page)
        assert "<script>alert" not in shown
        assert "<b>T" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in table["ana"].get(place)


def test_a_long_text_is_shown_in_portions(table: Table) -> None:
    place = table.open([f"Paragraph number {n}." for n in range(1, 121)])
    page = table["ana"].get(place)
    assert "Paragraph number 50." in page
    assert "Paragraph number 51." not in page
    assert len(page) < 100_000
    assert "Paragraph number 51." in table["ana"].get(f"{place}?from=51")
    assert "Paragraph number 120." in table["ana"].get(f"{place}?from=9999")
    assert "Paragraph number 1." in table["ana"].get(f"{place}?from=abc")
    assert table["ana"].get(f"{place}/stand?from=51").count('name="seen"') == 50


def test_long_paragraphs_keep_a_page_small(table: Table) -> None:
    place = table.open(["word " * 3_900 for _ in range(12)])
    page = table["ana"].get(place)
    assert page.count('class="para"') == 2
    assert len(page) < 100_000


def test_from_agreed_to_adopted(table: Table) -> None:
    place = table.open(["One.", "Two."])
    for name in ("ana", "hernan"):
        do(table[name], f"{place}/stand", "stand", which="clean", stance="agree")
    sofia = table["sofia"]
    assert "Every paragraph is agreed" in sofia.get(place)
    page = do(sofia, place, "issue")
    assert "text 1" in page
    asked = press(table["sofia"], place, "adopt")
    assert "nobody can change it any more" in asked.text
    assert table.item().state == "drafting"
    assert sure(table["sofia"], asked).status_code == 303
    assert table.item().state == "adopted"
    page = table["ana"].get(place)
    assert page.index("What comes now:") < page.index("Propose it for signing</a>")
    assert f'href="{place}/versions"' in page
    assert 'href="/c/1/record#archive"' in page
    page = table["sofia"].get(place)
    assert "Ana P. and Hernán C. can propose it for signing." in page
    assert "Propose it for signing</a>" not in page
    assert "made at once" not in page
    assert ">adopted<" in table["ana"].get(f"{ALL}?all=1")


def test_an_adopted_text_leads_on_to_what_was_made_of_it(table: Table) -> None:
    place = table.open(["One.", "Two."])
    for name in ("ana", "hernan"):
        do(table[name], f"{place}/stand", "stand", which="clean", stance="agree")
    do(table["sofia"], place, "issue")
    do(table["sofia"], place, "adopt")
    ana = table.channel("ana")
    texts.propose(ana, table.item("ana"), [ana.me, table.channel("hernan").me])
    table.settle()
    number = table.channel("ana").items("understanding")[-1].position
    page = table["ana"].get(place)
    assert f"It is proposed for signing, as understanding {number}" in page
    assert "Propose it for signing</a>" not in page
    assert "made at once" not in page
    for act in (understandings.initial, understandings.sign):
        for name in ("ana", "hernan"):
            one = table.channel(name)
            act(one, one.understanding_at(number))
            table.settle()
    page = table["ana"].get(place)
    assert f"It is signed by all, as understanding {number}" in page
    assert f'href="/c/1/understandings/{number}/disclose"' in page


def test_a_pen_that_nobody_else_can_hold_is_not_passed(tmp_path: Path) -> None:
    """By the charter only who stands between the parties writes: there is one."""
    with sitting(tmp_path, pen="intermediary") as table:
        place = table.open(["One."])
        page = table["sofia"].get(place)
        assert "Nobody else who reads this text can hold the pen." in page
        assert 'value="pass"' not in page
        assert 'value="close"' in page


def test_a_decision_about_what_one_has_not_seen_is_not_made(table: Table) -> None:
    place = table.open(["One."])
    before = table["sofia"].get(place)
    do(table["sofia"], f"{place}/paragraph/1", "replace", words="Two.")
    page = problem(table["sofia"], place, "issue", page=before)
    assert "has changed while you looked" in page
    assert not table.item().versions


def test_what_only_the_pen_does_is_refused_to_others(table: Table) -> None:
    place = table.open(["One."])
    sofia = table["sofia"].get(place)
    for act in ("issue", "close", "pass"):
        own = table["ana"].hidden(place)
        _, fields = fill(table["sofia"], place, act, page=sofia)
        mine = [(name, own.get(name, value)) for name, value in fields]
        answer = send(table["ana"], place, mine)
        assert answer.status_code == 400
        assert "This is for whoever holds the pen: Sofia S." in answer.text
    assert 'value="issue"' not in table["ana"].get(place)


def test_silence_runs_and_is_broken(table: Table) -> None:
    place = table.open(["One."])
    do(table["sofia"], place, "issue")
    asked = press(table["sofia"], place, "silence", days=5)
    assert "after so many days: 5" in asked.text
    sure(table["sofia"], asked)
    assert table.item().state == "silence"
    page = table["ana"].get(place)
    assert "Silence runs" in page
    assert 'value="break"' in page
    assert 'value="break"' not in table["sofia"].get(place)
    assert ">silence runs<" in table["ana"].get(f"{ALL}?all=1")
    page = do(table["ana"], place, "break", reason="Not yet <b>.")
    assert "Silence on text 1 was broken by Ana P." in page
    assert "Not yet &lt;b&gt;." in page
    page = problem(table["sofia"], place, "silence", days="x")
    assert "is no number" in page


def test_breaking_no_silence_is_refused(table: Table) -> None:
    place = table.open(["One."])
    own = table["ana"].hidden(place)
    answer = send(table["ana"], place, [*own.items(), ("do", "break"), ("reason", "")])
    assert answer.status_code == 400
    assert "No silence runs" in answer.text


def test_a_text_with_brackets_cannot_end(table: Table) -> None:
    place = table.open()
    page = table["sofia"].get(place)
    assert 'value="adopt"' not in page
    assert 'value="silence"' not in page
    do(table["sofia"], place, "issue")
    own = fill(table["sofia"], place, "close")[1]
    for act in ("silence", "adopt"):
        layout = texts.seen(table.item("sofia"))
        sent = [(name, act if name == "do" else value) for name, value in own] + [("layout", layout)]
        answer = send(table["sofia"], place, [one for k, one in enumerate(sent) if one[0] != "layout" or k])
        assert answer.status_code == 400
        assert "There are brackets in paragraphs 2 and 3." in answer.text


def test_the_pen_is_passed_on(table: Table) -> None:
    place = table.open()
    do(table["sofia"], place, "pass", to=table.channel("hernan").me.hex())
    assert table.item().pen == table.channel("hernan").me
    page = problem(table["hernan"], place, "pass", to="ff")
    assert "no longer here" in page


def test_the_pen_of_who_has_left_is_taken(table: Table) -> None:
    place = table.open()
    remove(table.world, "sofia", "ana", "hernan")
    for name in ("ana", "hernan"):
        table.world[name].sync()
        with table.browsers[name].keeper.desk() as desk:
            desk.channel().sync()
    ana = table.browsers["ana"]
    assert "The pen has left" in ana.get(place)
    do(ana, place, "pass")
    table.world.settle("ana", "hernan")
    assert table.world["hernan"].items("text")[0].value.pen == table.world["ana"].me


def test_a_text_is_given_up(table: Table) -> None:
    place = table.open()
    page = do(table["sofia"], place, "close")
    assert ">given up<" in page
    assert table.item().state == "closed"
    assert ">given up<" in table["ana"].get(f"{ALL}?all=1")
    assert "not worked on now" in table["ana"].get(f"{place}/change")


def test_what_has_changed_since_the_version_before(table: Table) -> None:
    place = table.open(["One.", "Two.", "Three."])
    do(table["sofia"], place, "issue")
    do(table["sofia"], f"{place}/paragraph/1", "replace", words="One, other.")
    do(table["sofia"], f"{place}/paragraph/2", "delete")
    page = do(table["sofia"], f"{place}/change", "insert", behind=2, words="Four.")
    assert "Since text 1:" in page
    assert "changed: 1" in page
    assert "new: 3" in page
    assert "one removed" in page


def test_what_is_written_without_a_relay_waits(table: Table) -> None:
    ana = table["ana"]
    with ana.keeper.desk() as desk:
        offline(desk.channel())
    answer = press(ana, f"{ALL}/new", "open", title="T", words="One.")
    assert answer.headers["location"] == f"{ALL}?all=1"
    assert "waits for the relay" in ana.get(f"{ALL}?all=1")


def test_no_such_text(table: Table) -> None:
    table.open()
    page = table["ana"].get(f"{ALL}/0", 404)
    assert "There is no text number 0 here." in page
    assert "backchannel text" not in page
    assert table["ana"].get(f"{ALL}/99999999999999999999", 404)
