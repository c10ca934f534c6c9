"""The record: news, what waits and came back, words compared, everything checked, an archive, a sheet; and search."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import files, steps
from backchannel.desk.archive.store import opened
from backchannel.desk.audit import Finding
from backchannel.errors import RelayRefused, Unreachable
from backchannel.facts import log
from backchannel.instruments.step.acts import PIECE
from backchannel.web import record
from tests.desk.evidence import PLAN
from tests.desk.world import World
from tests.web.kit import Browser, synced, worked

PLACE = "/c/1/record"


# --- news -------------------------------------------------------------------------------------------------------------


def test_what_others_wrote_is_news_until_it_was_seen(browser: Browser, world: World) -> None:
    page = browser.get(PLACE)
    assert "Since you were last here" in page
    browser.do(PLACE, "seen", size=re.search(r'name="size" value="(\d+)"', page)[1])  # type: ignore[index]
    assert "Nothing new since you were last here." in browser.get(PLACE)
    world["hernan"].send_note("The <b>meridian</b>?")
    world["ana"].send_note("My own word.")
    channel = synced(browser, world)
    page = browser.get(PLACE)
    news = page[page.index("Since you were last here") : page.index("I have seen this")]
    assert "The &lt;b&gt;meridian&lt;/b&gt;?" in news
    assert "My own word." not in news
    n = channel.items("note")[0].position
    assert f'<a href="/c/1/talk?at={n}#n{n}">note</a>' in news


def test_what_came_after_the_page_was_made_stays_news(browser: Browser, world: World) -> None:
    size = synced(browser, world).size
    world["hernan"].send_note("Later.")
    synced(browser, world)
    assert "Later." in browser.do(PLACE, "seen", size=str(size))
    browser.do(PLACE, "seen", size="0")
    browser.do(PLACE, "seen", size="999999")
    assert "Later." in browser.get(PLACE)


def test_only_the_newest_news_are_shown_and_all_are_counted(browser: Browser, world: World) -> None:
    browser.do(PLACE, "seen", size=str(synced(browser, world).size))
    for k in range(record.MOST_NEWS + 3):
        world["hernan"].send_note(f"Number {k}.")
    synced(browser, world)
    page = browser.get(PLACE)
    assert f"{record.MOST_NEWS + 3} entries" in page
    assert "The newest are shown" in page
    news = page[page.index("Since you were last here") : page.index("I have seen this")]
    assert news.count("<li>") == record.MOST_NEWS


# --- the log ----------------------------------------------------------------------------------------------------------


def test_the_log_is_paged_newest_first(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST", 4)
    for k in range(6):
        world["hernan"].send_note(f"Number {k}.")
    synced(browser, world)
    page = browser.get(PLACE)
    rows = [int(n) for n in re.findall(r'<th scope="row">(\d+)</th>', page)]
    assert rows == sorted(rows, reverse=True)
    assert len(rows) == 4
    older = browser.get(f"{PLACE}?before={rows[-1]}&all=0")
    assert "Number 1." in older
    assert "Newest entries" in older
    assert max(int(n) for n in re.findall(r'<th scope="row">(\d+)</th>', older)) < rows[-1]


def test_what_desks_do_by_themselves_is_shown_when_it_is_asked_for(browser: Browser, world: World) -> None:
    synced(browser, world)
    some, whole = browser.get(PLACE), browser.get(f"{PLACE}?all=1")
    assert "a fresh place for what others seal" not in some[some.index('id="log"') :]
    assert "a fresh place for what others seal" in whole


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=99999999999999", "size=0", "size=x", "all=2"])
def test_odd_addresses_are_a_page(browser: Browser, query: str) -> None:
    browser.get(f"{PLACE}?{query}")


def test_there_is_no_such_channel(browser: Browser) -> None:
    browser.get("/c/9/record", 404)


def test_what_waits_is_told(browser: Browser, world: World) -> None:
    with browser.keeper.desk() as desk:
        channel = desk.channels()[0]
        channel.session.book.outbox.put(_intent(channel))
    page = browser.get(PLACE)
    assert "not at the relay yet" in page
    assert "Half <b>said</b>".replace("<", "&lt;").replace(">", "&gt;") in page


def _intent(channel: Any) -> Any:
    from backchannel.desk.book.intent import Say
    from backchannel.entry.codec import encode
    from backchannel.instruments import note

    return Say("note.send", encode(note.Send("Half <b>said</b>", False, 3)), "talk", (channel.me,), b"", b"")


def test_what_came_back_is_let_go(browser: Browser) -> None:
    with browser.keeper.desk() as desk:
        channel = desk.channels()[0]
        row = channel.session.book.outbox.put(_intent(channel))
        channel.session.book.outbox.set_returned(row, "Everybody has left.")
    page = browser.get(PLACE)
    assert "This came back to you" in page
    assert "Everybody has left." in page
    assert "This came back to you" not in browser.do(PLACE, "discard", row=str(row))
    assert browser.post(PLACE, {"do": "discard", "row": str(row)}).status_code == 400
    assert browser.post(PLACE, {"do": "discard"}).status_code == 400


def test_a_seat_that_has_left_is_not_told_who_changed_the_seats(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "new round, with the seats as agreed" in browser.get(PLACE)
    monkeypatch.setattr("backchannel.facts.common.left", lambda channel: True)
    monkeypatch.setattr("backchannel.desk.channel.Channel.me", b"another")
    with browser.keeper.desk() as desk:
        rows = log.newest(desk.channels()[0], before=1 << 40, most=99)
    calm = [one for one in rows if one["kind"] == "seats"]
    assert calm
    assert all((one["by"], one["about"]) == (None, None) for one in calm)


# --- words ------------------------------------------------------------------------------------------------------------


def test_files_on_their_way_are_told_until_all_has_gone(browser: Browser, world: World) -> None:
    ana = world["ana"]
    steps.propose(ana, steps.plan(ana, PLAN))
    item = synced(browser, world).items("step")[0].value
    with browser.keeper.desk() as desk:
        channel = desk.channel()
        incoming = files.Incoming(channel.session, item.at.position, "<photo>.jpg")
        incoming.write(bytes(6 * PIECE))
        steps.report(channel, item, item.steps[0], "Done.", [incoming.end().file])
        channel.sync(files=False)
        page = browser.get(PLACE)
        assert "&lt;photo&gt;.jpg</bdi>: 4 of 6 pieces; your desk sends the rest by itself while it is open." in page
        assert "Nothing waits here" not in page
        files.carry(channel)
    page = browser.get(PLACE)
    assert "photo" not in page[page.index('data-live="outbox"') : page.index('id="compare"')]
    assert "Nothing waits here" in page


def test_words_are_compared_at_a_number_of_entries(browser: Browser, world: World) -> None:
    channel = synced(browser, world)
    words = channel.compare_words(7)
    page = browser.get(f"{PLACE}?size=7")
    assert "".join(f"<li>{word}</li>" for word in words) in page
    answer = browser.post(PLACE, {"do": "compare", "size": "7", "words": ", ".join(words).upper()})
    assert answer.status_code == 200
    assert "Both desks have one history" in answer.text
    wrong = ["zzz", *words[1:]]
    answer = browser.post(PLACE, {"do": "compare", "size": "7", "words": " ".join(wrong)})
    assert "Not the same." in answer.text
    assert "One word differs: number 1." in answer.text
    assert "zzz" in answer.text
    answer = browser.post(PLACE, {"do": "compare", "size": "7", "words": "one two"})
    assert "You typed 2 words; there are 16." in answer.text
    assert browser.post(PLACE, {"do": "compare", "size": "99999", "words": "x"}).status_code == 400


# --- everything checked -----------------------------------------------------------------------------------------------


def test_everything_is_checked(browser: Browser, world: World) -> None:
    synced(browser, world)
    browser.do(PLACE, "verify")
    worked(browser, "verify-1")
    page = browser.get(PLACE)
    assert "All holds." in page
    assert page.count('<span class="good">✓</span>') == 2


def test_progress_is_shown_while_it_is_checked(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    going: list[bool] = []

    def slow(channel: Any, progress: Any) -> list[Finding]:
        while not going:
            progress(3, 7)
            time.sleep(0.01)
        return [Finding("record", False, "another <history>"), Finding("understanding 7", False, "no")]

    monkeypatch.setattr(record, "audit", slow)
    browser.do(PLACE, "verify")
    time.sleep(0.1)
    page = browser.get(PLACE)
    assert '<progress value="3" max="7"' in page
    assert "the desk goes on" in page
    browser.do(PLACE, "verify")  # a second time does not begin it again
    going.append(True)
    worked(browser, "verify-1")
    page = browser.get(PLACE)
    assert "Something does not hold." in page
    assert "another &lt;history&gt;" in page
    assert "understanding 7 and its signatures" in page


def test_a_relay_that_does_not_answer_is_told(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(channel: Any, progress: Any) -> None:
        raise Unreachable("unreachable", "The relay does not answer.", "Try again.")

    monkeypatch.setattr(record, "audit", lost)
    browser.do(PLACE, "verify")
    worked(browser, "verify-1")
    assert "The relay does not answer." in browser.get(PLACE)


def test_locking_stops_the_work(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(channel: Any, progress: Any) -> None:
        while True:
            progress(1, 2)
            time.sleep(0.005)

    monkeypatch.setattr(record, "audit", endless)
    browser.do(PLACE, "verify")
    job = browser.keeper.jobs.get("verify-1")
    start = time.monotonic()
    browser.keeper.lock()
    assert time.monotonic() - start < 3
    assert job is not None
    assert job.state == "failed"
    assert browser.keeper.jobs.get("verify-1") is None


def test_a_fault_of_ours_is_told_without_words(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(channel: Any, progress: Any) -> None:
        raise ValueError("a secret")

    monkeypatch.setattr(record, "audit", broken)
    browser.do(PLACE, "verify")
    worked(browser, "verify-1")
    page = browser.get(PLACE)
    assert "Something went wrong in this program." in page
    assert "a secret" not in page


# --- an archive -------------------------------------------------------------------------------------------------------


def test_an_archive_is_sealed_handed_out_and_forgotten(browser: Browser, world: World, tmp_path: Path) -> None:
    world["hernan"].send_note("The meridian.")
    synced(browser, world)
    fields = {"threshold": "2", "shares": "3", "notes": "yes"}
    question = browser.post(PLACE, {"do": "seal", **fields})
    assert "Any 2 of 3 papers will open it" in question.text
    assert "Its notes outlive their time" in question.text
    assert browser.keeper.jobs.get("archive-1") is None
    browser.do(PLACE, "seal", **fields)
    made = worked(browser, "archive-1").result
    page = browser.get(PLACE)
    assert "It opens with 2 of 3 papers." in page
    assert all(share not in page for share in made.papers.shares)
    assert not [path for path in browser.keeper.folder.iterdir() if "download" in path.name]
    answer = browser.client.get("/c/1/record/archive")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="channel.archive"'
    assert b"meridian" not in answer.content
    (tmp_path / "a").write_bytes(answer.content)
    shares = []
    for n in (1, 3):
        shown = browser.post(PLACE, {"do": "share", "number": str(n)})
        assert shown.status_code == 200
        paper = shown.text[shown.text.index(f"Paper {n} of 3") : shown.text.index("The archive is sealed")]
        shares.append(" ".join(re.findall(r"<li>(\w+)</li>", paper)))
        assert shares[-1] not in browser.get(PLACE)
    with opened(tmp_path / "a") as archive:
        assert list(archive.words) == list(made.words)
        names = archive.unseal([archive.share(share) for share in shares], tmp_path / "out")
    assert "notes.json" in names
    assert browser.post(PLACE, {"do": "share", "number": "4"}).status_code == 400
    browser.do(PLACE, "handed-out")
    assert browser.keeper.jobs.get("archive-1") is None
    assert browser.client.get("/c/1/record/archive").status_code == 404
    assert browser.post(PLACE, {"do": "share", "number": "1"}).status_code == 400


def test_notes_are_left_out(browser: Browser, world: World) -> None:
    synced(browser, world)
    question = browser.post(PLACE, {"do": "seal", "threshold": "2", "shares": "2"})
    assert "Notes are left out." in question.text


@pytest.mark.parametrize(("threshold", "shares"), [("1", "3"), ("4", "3"), ("2", "17"), ("", ""), ("x", "3")])
def test_papers_that_cannot_be(browser: Browser, threshold: str, shares: str) -> None:
    answer = browser.post(PLACE, {"do": "seal", "threshold": threshold, "shares": shares})
    assert answer.status_code == 400
    assert browser.keeper.jobs.get("archive-1") is None


def test_an_archive_that_cannot_be_made_leaves_nothing(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise RelayRefused("refused", "The relay says no.", "Ask its host.")

    monkeypatch.setattr(record, "seal", refused)
    browser.do(PLACE, "seal", threshold="2", shares="2")
    worked(browser, "archive-1")
    assert "The relay says no." in browser.get(PLACE)
    assert browser.client.get("/c/1/record/archive").status_code == 404


def test_locking_takes_the_file_away(browser: Browser, world: World) -> None:
    synced(browser, world)
    browser.do(PLACE, "seal", threshold="2", shares="2")
    made = worked(browser, "archive-1").result
    pieces = made.file.answer("x").body_iterator
    browser.keeper.lock()
    with pytest.raises(ConnectionError):
        list(made.file._pieces())
    assert pieces is not None
    made.close()  # twice is nothing


# --- the sheet --------------------------------------------------------------------------------------------------------


def test_the_sheet_is_given_out_in_the_readers_language(browser: Browser) -> None:
    for language in ("en", "es", "ar"):
        browser.client.headers["accept-language"] = language
        for query in ("", "?names=0"):
            answer = browser.client.get(f"{PLACE}/sheet{query}")
            assert answer.status_code == 200
            assert answer.content.startswith(b"%PDF-")
            assert answer.headers["content-disposition"] == 'attachment; filename="sheet.pdf"'


# --- search -----------------------------------------------------------------------------------------------------------


def test_words_are_found_in_every_channel_and_stand_in_no_address(browser: Browser, world: World) -> None:
    world["hernan"].send_note("Is the <i>Meridian</i> the austral limit?")
    channel = synced(browser, world)
    n = channel.items("note")[0].position
    answer = browser.post("/search", {"do": "search", "words": "meridian austral"})
    assert answer.status_code == 200
    assert "One thing was found" in answer.text
    assert f'href="/c/1/talk?at={n}#n{n}"' in answer.text
    assert "<mark>Meridian</mark>&lt;/i&gt; the <mark>austral</mark>" in answer.text
    assert 'value="meridian austral"' in answer.text
    assert "meridian" not in answer.headers.get("location", "")
    assert "meridian" not in browser.get("/search").lower()


def test_nothing_is_found(browser: Browser) -> None:
    answer = browser.post("/search", {"do": "search", "words": "\"' <b>OR* x"})
    assert "Nothing on this desk has these words" in answer.text


@pytest.mark.parametrize("words", ["", "   ", "x" * 201])
def test_what_cannot_be_searched_for(browser: Browser, words: str) -> None:
    assert browser.post("/search", {"do": "search", "words": words}).status_code == 400


def test_there_is_more(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.web.searching.MOST", 2)
    for k in range(4):
        world["hernan"].send_note(f"Meridian {k}.")
    synced(browser, world)
    answer = browser.post("/search", {"do": "search", "words": "meridian"})
    assert answer.text.count("<article") == 2
    assert "There is more." in answer.text
