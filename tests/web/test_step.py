"""One step in a browser: reported, found, visited, excused, withdrawn; its files on their way in, across, and out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import pytest

from backchannel.desk import evidence, files, sending, steps
from backchannel.desk.plans.reading import end_of
from backchannel.desk.sending import AT_ONCE
from backchannel.errors import RelayRefused
from backchannel.instruments.step.acts import PIECE, File
from backchannel.web.step import _pieces
from tests.desk.world import offline, online, pages, remove, talks, wire
from tests.web.kit import Browser, browsing
from tests.web.kit_forms import do, done, fill, meant, press, problem, send, sure
from tests.web.kit_steps import Steps, promised, stepping, upload

MARK = b"this must lie nowhere in the clear"
PHOTO = (MARK + hashlib.shake_256(b"photo").digest(2 * PIECE + 100))[: 2 * PIECE + 100]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Steps]:
    with stepping(tmp_path, promised) as one:
        yield one


def outgoing(browser: Browser) -> list[Any]:
    with browser.keeper.desk() as desk:
        return list(desk.channel().session.book.outgoing.all())


def reported(table: Steps, *sent: tuple[str, bytes], words: str = "Silent <b>since</b> midnight.") -> str:
    ana, place = table["ana"], f"{table.place}/1"
    asked = upload(ana, place, "report", list(sent), text=words)
    return done(ana, sure(ana, asked))


# --- what is said -----------------------------------------------------------------------------------------------------


def test_a_step_says_what_is_promised_and_awaited(table: Steps) -> None:
    page = table["ana"].get(f"{table.place}/1")
    assert page.index("Report step 1") < page.index("The guns")
    for said in ("the zone", "Observers.", "A call.", "2 in a year", "Broken 9 days after its hour", "7 and 1 days"):
        assert said in page, said
    assert "Report that it is done" in page
    assert "Say what you have found" not in page
    page = table["sofia"].get(f"{table.place}/3")
    assert "still for" in page
    assert "cannot be" in page
    assert "Announced" in table["sofia"].get(f"{table.place}/4")


def test_it_is_reported_found_doubted_and_answered(table: Steps) -> None:
    place = f"{table.place}/1"
    page = reported(table)
    assert "Silent &lt;b&gt;since&lt;/b&gt; midnight." in page
    page = do(table["hernan"], place, "find", verdict="doubted", text="Two shots.")
    assert "Two shots." in page
    page = do(table["sofia"], place, "find", verdict="kept")
    assert page.index("<h4><bdi>Chile") < page.index("<h4><bdi>Holy See")
    assert "disputed" in page
    page = table["ana"].get(place)
    assert "Answer the doubt on step 1" in page
    assert "Report again" in page
    page = reported(table, words="They were fireworks.")
    assert "Found before; it counts no more" in page


def test_a_finding_names_what_was_found(table: Steps) -> None:
    reported(table)
    place = f"{table.place}/1"
    assert "Nothing is chosen" in problem(table["sofia"], place, "find", verdict="")
    assert "Nothing is chosen" in problem(table["sofia"], place, "find", verdict="<b>")
    asked = press(table["sofia"], place, "find", verdict="broken", text="Seen.")
    assert "Say that it was broken?" in asked.text
    assert table.ladder("ana").steps[0].findings == ()


def test_visits_are_announced_and_counted(table: Steps) -> None:
    place = f"{table.place}/1"
    asked = press(table["sofia"], place, "inspect", text="On <b>Monday</b>.")
    assert "of 2 visits" in asked.text
    page = done(table["sofia"], sure(table["sofia"], asked))
    assert "On &lt;b&gt;Monday&lt;/b&gt;." in page
    assert "you have one left" in page
    do(table["sofia"], place, "inspect", text="Again.")
    page = table["sofia"].get(place)
    assert "Announce a visit" not in page
    _, fields = fill(table["sofia"], place, "find", text="x")
    answer = send(table["sofia"], place, [*[one for one in fields if one[0] != "do"], ("do", "inspect")])
    assert "No visit" in answer.text


def test_it_is_given_another_hour_or_let_go(table: Steps) -> None:
    place, hernan = f"{table.place}/1", table["hernan"]
    assert "is no day" in problem(hernan, place, "excuse", how="day", until="")
    asked = press(hernan, place, "excuse", how="day", until="2027-03-01", text="The <b>snow</b>.")
    question = "Give Argentina until the end of Monday, 1 March 2027 (UTC)?"
    assert question in asked.text.replace("\u2068", "").replace("\u2069", "")
    page = done(hernan, sure(hernan, asked))
    assert "The &lt;b&gt;snow&lt;/b&gt;." in page
    assert "Gives it until the end of 1 March 2027 (UTC)." in page.replace("\u2068", "").replace("\u2069", "")
    page = do(table["hernan"], place, "excuse", how="good")
    assert "Lets it go, permanently." in page
    assert "excused" in page


def test_one_of_two_excuses_and_the_other_is_asked(table: Steps) -> None:
    table.pledge(3)
    place = f"{table.place}/3"
    page = do(table["hernan"], place, "excuse", how="good", text="Never mind.")
    assert "Not all to whom it is owed have said so." in page
    assert "Say whether you too give step 3 more time, or let it go" in table["sofia"].get(place)
    assert "Holy See says whether it gives step 3 more time, or lets it go" in table["ana"].get(place)


def test_what_waits_has_the_day_that_an_excuse_gave_it(table: Steps) -> None:
    table.pledge(3)
    place = f"{table.place}/3"
    item = table.ladder("hernan")
    for who in ("hernan", "sofia"):
        steps.excuse(table.channel(who), item, item.steps[2], end_of(date(2027, 4, 30)))
        table.settle()
    page = table["ana"].get(place).replace("\u2068", "").replace("\u2069", "")
    assert "the end of 30 April 2027 (UTC); or 3 days after it is open, if that is later" in page


def test_a_promise_is_not_taken_back(table: Steps) -> None:
    """Page, question and rule say the same (spec/step.md, 3.1)."""
    ana, place = table["ana"], f"{table.place}/1"
    assert "Withdraw it" not in ana.get(place)
    hidden = ana.hidden(place)
    answer = meant(ana, place, [*hidden.items(), ("do", "withdraw")])
    assert answer.status_code == 400
    assert "a promise cannot be taken back" in answer.text
    table.pledge(3)
    item = table.ladder("hernan")
    steps.find(table.channel("hernan"), item, item.steps[0], "doubted", "Hm.")
    table.settle()
    assert "Withdraw it" not in table["ana"].get(f"{table.place}/3")
    item = table.ladder("sofia")
    steps.find(table.channel("sofia"), item, item.steps[0], "broken", "They fire.")
    table.settle()
    asked = press(table["ana"], f"{table.place}/3", "withdraw", text="For nothing.")
    assert "can no longer be: so it may be taken back" in asked.text
    done(table["ana"], sure(table["ana"], asked))
    assert table.ladder().steps[2].state == "withdrawn"


def test_what_nobody_has_reported_is_found_kept_after_a_warning(table: Steps) -> None:
    sofia, place = table["sofia"], f"{table.place}/1"
    warns = "has not reported this step"
    assert warns in press(sofia, place, "find", verdict="kept").text
    assert warns not in press(sofia, place, "find", verdict="broken").text
    reported(table)
    assert warns not in press(table["sofia"], place, "find", verdict="kept").text


def test_what_was_announced_is_taken_back(table: Steps) -> None:
    place = f"{table.place}/4"
    assert "It was announced" in press(table["ana"], place, "withdraw").text
    page = do(table["ana"], place, "withdraw", text="It <b>rains</b>.")
    assert "It &lt;b&gt;rains&lt;/b&gt;." in page
    assert "withdrawn" in page
    assert "Withdraw it" not in page


def test_one_step_is_promised_on_its_page(table: Steps) -> None:
    do(table["ana"], f"{table.place}/3", "pledge")
    assert table.ladder("hernan").steps[2].pledged is not None


@pytest.mark.parametrize("act", ["report", "find", "inspect", "excuse", "withdraw", "pledge"])
def test_what_is_not_for_this_seat_is_refused(table: Steps, act: str) -> None:
    """Whatever a form of old, or somebody's own, asks."""
    place = f"{table.place}/2"  # Chile's, due: the others may not report, withdraw..
    who = {"find": "hernan", "excuse": "sofia"}.get(act, "ana")
    before = table.ladder()
    hidden = table[who].hidden(f"{table.place}/1")
    more = {"verdict": "kept", "how": "good", "step": "2", "text": "x"}
    answer = meant(table[who], place, [*hidden.items(), *more.items(), ("do", act)])
    assert answer.status_code == 400
    assert 'id="problem"' in answer.text
    assert table.ladder() == before


def test_observers_listen(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan", "dora")) as world, browsing(world, "dora") as dora:
        raw = b'title = "T"\n[[step]]\nwho="Argentina"\nwhat="x"\nowed_to=["Chile"]\nannounced=true\n'
        steps.propose(world["ana"], steps.plan(world["ana"], raw))
        world.settle()
        n = world["dora"].items("step")[-1].position
        page = dora.get(f"/c/1/steps/{n}/1")
        assert "<details" not in page
        assert "Add steps" not in dora.get(f"/c/1/steps/{n}")
        assert "observers listen" in dora.get("/c/1/steps/new")


# --- files: in --------------------------------------------------------------------------------------------------------


def test_files_go_with_a_report_and_come_whole(table: Steps) -> None:
    ana, place = table["ana"], f"{table.place}/1"
    asked = upload(ana, place, "report", [("photo é.jpg", PHOTO), ("empty.txt", b"")], text="Done.")
    assert "A photograph often says where" in asked.text
    assert "photo é.jpg, 1.6 MB" in asked.text
    assert not table.ladder("hernan").steps[0].reports
    page = done(ana, sure(ana, asked))
    assert "your desk sends the rest by itself" in page
    page = table["hernan"].get(place)
    assert "pieces</small>" not in page
    answer = table["hernan"].client.get(f"{place}/files/1")
    assert answer.content == PHOTO
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''photo%20%C3%A9.jpg")
    assert table["hernan"].client.get(f"{place}/files/2").content == b""
    assert outgoing(table["ana"]) == []


def test_nothing_of_a_file_lies_in_the_clear(table: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", None)
    asked = upload(table["ana"], f"{table.place}/1", "report", [("photo.jpg", PHOTO)], text="Done.")
    assert asked.status_code == 200
    assert list(spool.iterdir()) == []
    for path in [one for one in tmp_path.rglob("*") if one.is_file()]:
        assert MARK not in path.read_bytes()
    assert MARK in pages(table.world["ana"])


def test_what_was_taken_in_stays_for_the_next_try(table: Steps) -> None:
    ana, place = table["ana"], f"{table.place}/1"
    answer = upload(ana, place, "report", [("photo.jpg", PHOTO)], text="")
    answer = sure(ana, answer)
    assert answer.status_code == 400  # a report has words
    assert "Taken in, not sent yet" in answer.text
    assert "photo.jpg" in answer.text
    page = do(ana, place, "report", text="Now with words.")
    assert "With photo.jpg" in page.replace("\u2068", "").replace("\u2069", "")
    assert len(table.ladder("hernan").steps[0].reports[0].files) == 1


def test_what_was_taken_in_is_let_go(table: Steps) -> None:
    ana, place = table["ana"], f"{table.place}/1"
    upload(ana, place, "report", [("photo.jpg", PHOTO)], text="Done.")
    assert len(outgoing(ana)) == 1
    page = do(ana, place, "let_go")
    assert "Taken in" not in page
    assert outgoing(ana) == []
    assert table.world["ana"].session.vault.query("SELECT COUNT(*) FROM outgoing_piece") == [(0,)]


def test_no_goes_back_to_what_was_typed(table: Steps) -> None:
    ana, place = table["ana"], f"{table.place}/1"
    asked = upload(ana, place, "report", [("photo.jpg", PHOTO)], text="Nearly.")
    where, fields = fill(ana, place, "report")
    back = [*[(name, value) for name, value in fields if name not in ("text",)], ("text", "Nearly."), ("_again", "yes")]
    answer = send(ana, where, back)
    assert answer.status_code == 200
    assert "Nearly." in answer.text
    assert "photo.jpg" in answer.text
    assert asked.status_code == 200


def test_what_nobody_named_is_forgotten_after_an_hour(table: Steps) -> None:
    ana = table["ana"]
    upload(ana, f"{table.place}/1", "report", [("photo.jpg", PHOTO)], text="Done.")
    table.world.clock.now += sending.FORGOTTEN_SECONDS - 5
    assert len(outgoing(table["ana"])) == 1
    table.world.clock.now += 10
    assert outgoing(table["ana"]) == []
    answer = press(table["ana"], f"{table.place}/1", "report", text="Done.", kept="1")
    assert "is not here any more" in answer.text


def test_a_finding_has_files_of_its_own(table: Steps) -> None:
    reported(table)
    sofia, place = table["sofia"], f"{table.place}/1"
    asked = upload(sofia, place, "find", [("log.txt", b"quiet")], verdict="kept", text="See.")
    done(sofia, sure(sofia, asked))
    assert table["ana"].client.get(f"{place}/files/1").content == b"quiet"


# --- files: what goes wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\u202egpj.exe", "x" * 300])
def test_a_name_that_cannot_be(table: Steps, name: str) -> None:
    answer = upload(table["ana"], f"{table.place}/1", "report", [(name, PHOTO)], text="Kept words.")
    assert answer.status_code == 400
    assert "Kept words." in answer.text
    assert outgoing(table["ana"]) == []


def test_a_name_names_no_folder(table: Steps) -> None:
    asked = upload(table["ana"], f"{table.place}/1", "report", [("C:\\secret\\..\\photo.jpg", b"x")], text="Done.")
    assert "photo.jpg" in asked.text
    assert "secret" not in asked.text


def test_the_same_file_twice(table: Steps) -> None:
    answer = upload(table["ana"], f"{table.place}/1", "report", [("a", b"x"), ("b", b"x")], text="Done.")
    assert "is there twice" in answer.text


def test_too_many_files(table: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.web.uploads.MOST_FILES", 2)
    answer = upload(
        table["ana"], f"{table.place}/1", "report", [(f"{n}", str(n).encode()) for n in range(3)], text="Done."
    )
    assert answer.status_code == 400
    assert "do not go at once" in answer.text
    assert outgoing(table["ana"]) == []


def test_too_large(table: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.desk.files.LARGEST", PIECE)
    answer = upload(table["ana"], f"{table.place}/1", "report", [("a", PHOTO)], text="Done.")
    assert "larger than a gigabyte" in answer.text
    assert outgoing(table["ana"]) == []


def test_too_many_words(table: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.web.uploads.MOST_FORM", 50)
    answer = upload(table["ana"], f"{table.place}/1", "report", [("a", b"x")], text="y" * 100)
    assert answer.status_code in (400, 403)
    assert outgoing(table["ana"]) == []


def test_a_form_of_nobody_takes_nothing_in(table: Steps) -> None:
    ana, place = table["ana"], f"/files{table.place}/1"
    headers = {"origin": f"http://{ana.host}", "sec-fetch-site": "same-origin"}
    data = {"_form": "0" * 64, "_number": "1", "do": "report", "text": "x"}
    sent = [("file", ("a", PHOTO))]
    assert ana.client.post(place, data=data, files=sent, headers=headers).status_code == 403
    late = [("file", ("a", PHOTO)), *[(name, (None, value)) for name, value in ana.hidden(f"{table.place}/1").items()]]
    assert ana.client.post(place, files=late, headers=headers).status_code != 303
    assert (
        ana.client.post(place, data=data, files=sent, headers={**headers, "origin": "http://evil"}).status_code == 403
    )
    assert outgoing(ana) == []


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"--x\r\nnonsense", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n"]
)
def test_a_broken_form_does_nothing(table: Steps, body: bytes) -> None:
    ana = table["ana"]
    headers = {"origin": f"http://{ana.host}", "content-type": "multipart/form-data; boundary=x"}
    answer = ana.client.post(f"/files{table.place}/1", content=body, headers=headers)
    assert answer.status_code == 403
    assert outgoing(ana) == []


@pytest.mark.parametrize("place", ["/files/c/1/steps/1/1", "/files/c/7/steps/1/1"])
def test_files_for_no_ladder(table: Steps, place: str) -> None:
    answer = upload(table["ana"], f"{table.place}/1", "report", [("a", PHOTO)], at=place, text="Done.")
    assert answer.status_code == 404
    assert outgoing(table["ana"]) == []


def test_a_form_that_was_done_takes_nothing_in(table: Steps) -> None:
    ana, place = table["ana"], f"{table.place}/1"
    where, fields = fill(ana, place, "report", text="Done.")
    sent = dict(fields)
    headers = {"origin": f"http://{ana.host}"}
    files_ = [("file", ("a.jpg", b"one"))]
    assert sure(ana, ana.client.post(where, data=sent, files=files_, headers=headers)).status_code == 303
    assert ana.client.post(where, data=sent, files=files_, headers=headers).status_code == 303
    assert len(table.ladder("hernan").steps[0].reports) == 1
    assert outgoing(table["ana"]) == []


def test_a_lock_in_the_middle_leaves_nothing(table: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, place = table["ana"], f"{table.place}/1"
    write = files.Incoming.write
    where, fields = fill(ana, place, "report", text="Done.")
    calls: list[int] = []
    thread = threading.Thread(target=ana.keeper.lock)

    def locking(self: files.Incoming, data: bytes) -> None:
        calls.append(len(data))
        write(self, data)
        if len(calls) == 1:
            thread.start()
            while ana.keeper.state == "open":
                pass

    monkeypatch.setattr(files.Incoming, "write", locking)
    headers = {"origin": f"http://{ana.host}"}
    answer = ana.client.post(where, data=dict(fields), files=[("file", ("a", PHOTO * 2))], headers=headers)
    thread.join()
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    assert "Locked" in ana.get(where)
    table.world.clock.now += sending.FORGOTTEN_SECONDS + 5
    table.world.settle()
    assert table.world["ana"].session.book.outgoing.all() == []


def test_a_lost_browser_leaves_nothing(table: Steps) -> None:
    """The connection ends in the middle of a file."""
    ana = table["ana"]
    where, fields = fill(ana, f"{table.place}/1", "report", text="Done.")
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields]
    head = "".join(parts) + '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": head.encode() + PHOTO, "more_body": True},
        {"type": "http.disconnect"},
    ]
    cookie = f"{ana.app.house.cookie}={ana.client.cookies[ana.app.house.cookie]}"
    headers = {"host": ana.host, "origin": f"http://{ana.host}", "cookie": cookie, "content-length": "99999999"}
    headers["content-type"] = "multipart/form-data; boundary=x"
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": where, "raw_path": where.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send_(_message: Any) -> None:
        pass

    async def lost() -> None:
        try:
            await ana.app.asgi(scope, receive, send_)
        except Exception as problem:
            assert "Disconnect" in type(problem).__name__  # noqa: PT017

    anyio.run(lost)
    assert outgoing(ana) == []


# --- files: across, and out -------------------------------------------------------------------------------------------


def test_it_goes_on_when_the_program_was_ended(table: Steps) -> None:
    ana, place = table["ana"], f"{table.place}/1"
    with ana.keeper.desk() as desk:
        offline(desk.channel())
    asked = upload(ana, place, "report", [("photo.jpg", PHOTO)], text="Done.")
    assert sure(ana, asked).status_code == 303
    table.world.clock.now += sending.FORGOTTEN_SECONDS + 5
    ana.keeper.lock()
    del table.browsers["ana"]
    table.world.start("ana")
    table.world.settle()
    assert table["hernan"].client.get(f"{place}/files/1").content == PHOTO
    assert table.world["ana"].session.book.outgoing.all() == []


def test_it_goes_on_after_a_new_roster(table: Steps) -> None:
    ana = table["ana"]
    with ana.keeper.desk() as desk:
        mine = desk.channel()
        offline(mine)
    assert sure(ana, upload(ana, f"{table.place}/1", "report", [("photo.jpg", PHOTO)], text="Done.")).status_code == 303
    online(mine)
    remove(table.world, "sofia", "ana", "hernan")
    assert table["hernan"].client.get(f"{table.place}/1/files/1").content == PHOTO


def test_pieces_that_came_back_wait_for_their_person(table: Steps) -> None:
    ana = table["ana"]
    with ana.keeper.desk() as desk:
        mine = desk.channel()
        offline(mine)
    assert sure(ana, upload(ana, f"{table.place}/1", "report", [("photo.jpg", PHOTO)], text="Done.")).status_code == 303
    online(mine)

    def too_large(op: str, args: Any) -> None:
        if op == "append" and any(len(frame.body) > PIECE for frame in args[2]):
            raise RelayRefused("too-large", "This host takes less.")

    for channel in (mine, table.world["ana"]):
        wire(channel).before = too_large
    table.settle()
    table.settle()
    back = mine.session.book.outbox.returned()
    assert 1 <= len(back) <= AT_ONCE
    assert "This came back to you" in ana.get(f"{table.place}/1")
    for channel in (mine, table.world["ana"]):
        online(channel)
    for row in back:
        mine.discard(row.n)
    assert table["hernan"].client.get(f"{table.place}/1/files/1").content == PHOTO


def test_a_file_that_is_not_whole_is_not_given_out(table: Steps) -> None:
    ana, place = table["ana"], f"{table.place}/1"
    channel = table.world["ana"]
    item = table.ladder()
    file = File("photo.jpg", len(PHOTO), hashlib.sha256(PHOTO).digest())
    steps.report(channel, item, item.steps[0], "Done.", [file])
    page = table["hernan"].get(place)
    assert "0 of 3 pieces" in page
    assert "the rest is on another desk" in ana.get(place)
    assert "are not here yet" in table["hernan"].get(f"{place}/files/1", 404)
    table["hernan"].get(f"{place}/files/0", 404)
    table["hernan"].get(f"{place}/files/2", 404)


def test_a_file_that_was_altered_is_not_given_out(table: Steps) -> None:
    reported(table, ("photo.jpg", PHOTO))
    table.settle()
    vault = table.world["hernan"].session.vault
    vault.execute("UPDATE piece SET data = zeroblob(length(data)) WHERE n = 1")
    assert "is not the file that" in table["hernan"].get(f"{table.place}/1/files/1", 404)


def test_a_lock_ends_a_file_on_its_way_out(table: Steps) -> None:
    reported(table, ("photo.jpg", PHOTO))
    hernan = table["hernan"]
    with hernan.keeper.desk() as desk:
        channel = desk.channel()
        item = steps.ladder_at(channel, table.n)
        (one,) = evidence.named(channel, item, 1)
        found = _pieces(hernan.keeper, channel, item, one)
        first = next(found)
    hernan.keeper.lock()
    assert first == PHOTO[:PIECE]
    assert list(found) == []


def test_a_finding_is_of_the_report_that_was_read(table: Steps) -> None:
    """What is said meanwhile asks for another look, before the question and after it."""
    table.report(1, "Ten guns have gone.")
    sofia, place = table["sofia"], f"{table.place}/1"
    where, fields = fill(sofia, place, "find", verdict="kept")
    asked = send(sofia, where, fields)
    assert "Ten guns have gone." in asked.text
    table.report(1, "Correction: ten have gone, thirty stay.")
    again = sure(sofia, asked)
    assert again.status_code == 400
    assert "while you looked at it" in again.text
    assert "thirty stay" in again.text
    assert not table.ladder("hernan").steps[0].findings
    late = send(sofia, where, [*((n, v) for n, v in fields if n != "_number"), ("_number", "another")])
    assert late.status_code == 400
    assert "while you looked at it" in late.text
    assert sure(sofia, press(sofia, place, "find", verdict="kept")).status_code == 303
    assert [one.verdict for one in table.ladder("hernan").steps[0].findings] == ["kept"]
