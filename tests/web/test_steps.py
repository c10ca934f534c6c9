"""Pages of steps: ladders proposed, drawn, promised; what leaves as a file; the track record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import steps
from backchannel.errors import VaultError
from tests.desk.world import offline
from tests.web.kit_forms import do, done, fill, meant, press, problem, send, sure
from tests.web.kit_steps import PLAN, STEPS, Steps, stepping, upload
from tests.web.kit_texts import Table, sitting

ALL = {"to_who": "all"}
MINE = {**ALL, "who-1": "Argentina"}


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with sitting(tmp_path) as one:
        yield one


@pytest.fixture
def steps_(tmp_path: Path) -> Iterator[Steps]:
    with stepping(tmp_path) as one:
        yield one


# --- drawing one up ---------------------------------------------------------------------------------------------------


def test_no_steps_yet_teaches(table: Table) -> None:
    page = table["ana"].get(STEPS)
    assert "No steps were proposed yet" in page
    assert "Propose steps" in page


def test_a_template_is_filled_in_and_proposed(table: Table) -> None:
    ana = table["ana"]
    page = ana.get(f"{STEPS}/new")
    assert "A ceasefire" in page
    place = f"{STEPS}/new?t=0&a=0&b=1&c=2"
    asked = press(ana, place, "propose", title="Silence", to_who="all")
    assert "Propose “" in asked.text
    assert "It binds nobody" in asked.text
    said = _bare(asked.text)
    assert "waits for step 1 and step 2" in said
    assert "in return for step 4" in said
    assert "if that is later" in said
    assert re.search(r"by the end of \w+day, \d+ \w+ 20\d\d \(UTC\)", said)
    page = done(ana, sure(ana, asked))
    assert ">Silence</h2>" in page
    item = table.channel("hernan").items("step")[-1].value
    assert [one.promise.doer for one in item.steps] == ["Argentina", "Chile", "Argentina", "Chile"]
    assert item.steps[2].after == ((0,), (1,))
    assert item.steps[2].returns == (3,)
    assert item.steps[0].promise.remind == (3, 1)


@pytest.mark.parametrize("which", range(8))
def test_every_template_can_be_proposed_as_it_is(table: Table, which: int) -> None:
    ana = table["ana"]
    place = f"{STEPS}/new?t={which}&a=0&b=1&c=2"
    typed = {"title": "T", "what-1": "Something.", "who-1": "Argentina"} if which == 7 else {}
    page = do(ana, place, "propose", **ALL, **typed)
    assert "Step by step" in page
    assert len(table.channel("sofia").items("step")) == 1


def _chosen(page: str) -> list[tuple[str, str]]:
    """Each place of a template, and whom the form has there."""
    chosen = re.findall(r'<select name="([abc])">(.*?)</select>', page)
    return [(letter, "".join(re.findall(r"selected>(.*?)</option>", options))) for letter, options in chosen]


def test_who_stands_between_the_sides_is_not_taken_for_one(table: Table) -> None:
    for name in ("ana", "sofia"):
        page = table[name].get(f"{STEPS}/new")
        assert _chosen(page) == [("a", "Argentina"), ("b", "Chile"), ("c", "Holy See")]
        for strange in ("TOML", "backchannel step"):
            assert strange not in page


@pytest.mark.parametrize("query", ["t=0&a=0&b=1", "t=0&b=1&c=2", "t=1&a=0", "t=0&a=0&b=0&c=2", "t=0&a=0&b=1&c=9"])
def test_no_template_is_filled_in_before_its_sides_are_chosen(table: Table, query: str) -> None:
    page = table["ana"].get(f"{STEPS}/new?{query}")
    assert "Choose who the two sides are" in page
    assert 'name="what-1"' not in page
    assert ("a", "Argentina" if "a=0" in query else "") in _chosen(page)


def test_two_parties_have_no_third_and_are_told_so(tmp_path: Path) -> None:
    with sitting(tmp_path, ("ana", "hernan")) as two:
        page = two["ana"].get(f"{STEPS}/new")
        assert _chosen(page) == [("a", "Argentina"), ("b", "Chile"), ("c", "")]
        page = two["ana"].get(f"{STEPS}/new?t=0&a=0&b=1&c=")
        assert "Only two parties are here." in page
        assert 'name="what-1"' in page


def test_nobody_is_chosen_before_somebody_chooses(table: Table) -> None:
    page = table["ana"].get(f"{STEPS}/new?t=7")
    assert "selected" not in page[page.index('name="who-1"') :].partition("</select>")[0]
    readers = page[page.index('name="to_who"') :].partition("</fieldset>")[0]
    assert "checked" not in readers


@pytest.mark.parametrize("query", ["t=99", "t=99&a=1"])
def test_a_template_that_is_not_there(table: Table, query: str) -> None:
    assert "There is no such template" in table["ana"].get(f"{STEPS}/new?{query}", 404)


def test_one_step_announced_by_a_plain_form(table: Table) -> None:
    ana = table["ana"]
    typed = {**MINE, "title": "G", "what-1": "A gesture.", "announced-1": "yes"}
    asked = press(ana, f"{STEPS}/new?t=7", "propose", **typed)
    assert "in return for nothing" in asked.text
    done(ana, sure(ana, asked))
    (one,) = table.channel("hernan").items("step")[-1].value.steps
    assert one.promise.announced
    assert one.promise.toward == ("Chile", "Holy See")


def test_only_those_chosen_read_it(table: Table) -> None:
    hernan = table.channel("hernan").me
    typed = {
        "title": "T",
        "who-1": "Argentina",
        "what-1": "One.",
        "to_who": "some",
        "to": [hernan.hex()],
        "o-1": "Chile",
    }
    do(table["ana"], f"{STEPS}/new?t=7", "propose", **typed)
    assert table.channel("hernan").items("step")
    assert not table.channel("sofia").items("step")


def test_steps_are_added_to_the_form_and_left_out(table: Table) -> None:
    ana = table["ana"]
    answer = press(ana, f"{STEPS}/new?t=7", "more", **MINE, **{"title": "T <b>", "what-1": "First."})
    assert answer.status_code == 200
    assert "First." in answer.text
    assert "T &lt;b&gt;" in answer.text
    typed: dict[str, Any] = {"what-2": "Second.", "who-2": "Chile", "out-1": "yes"}
    place, fields = fill(ana, f"{STEPS}/new", "propose", page=answer.text, **typed)
    answer = sure(ana, send(ana, place, fields))
    done(ana, answer)
    assert [one.promise.what for one in table.channel("ana").items("step")[-1].value.steps] == ["Second."]


WRONG = [
    ({"after-1": "7"}, "no other step here"),
    ({"after-1": "1"}, "no other step here"),
    ({"returns-1": "x"}, "no other step here"),
    ({"remind-1": "soon"}, "no number of days"),
    ({"by-1": "tomorrow"}, "is no day"),
    ({"days-1": "x"}, "is no number"),
    ({"who-1": "Andorra"}, "is no party here"),
    ({"who-1": ""}, "nobody is chosen"),
    ({"title": " "}, "has no title"),
    ({"what-1": ""}, ""),
    ({"v-1": "Argentina"}, ""),
    ({"needed-1": "5"}, ""),
    ({"n": "2", "out-1": "yes", "out-2": "yes"}, "No step is left"),
    ({"to_who": "some", "to": []}, "Nobody is chosen"),
    ({"to_who": []}, "Nobody is chosen"),
]


@pytest.mark.parametrize(("typed", "why"), WRONG)
def test_what_was_typed_stays_where_it_cannot_be(table: Table, typed: dict[str, str], why: str) -> None:
    place = f"{STEPS}/new?t=7&a=0"
    before = {**MINE, "title": "T <b>", "what-1": "Some <i>words</i>."}
    page = problem(table["ana"], place, "propose", **{**before, **typed})
    assert why in page
    assert "T &lt;b&gt;" in page or "title" in typed
    assert "Some &lt;i&gt;words" in page or "what-1" in typed
    assert not table.channel("ana").items("step")


def test_a_file_is_read_into_the_form(table: Table) -> None:
    ana = table["ana"]
    answer = upload(ana, f"{STEPS}/new", "read", [("plan.toml", PLAN)])
    assert answer.status_code == 200
    assert not table.channel("hernan").items("step")
    place, fields = fill(ana, f"{STEPS}/new", "propose", page=answer.text, to_who="all")
    done(ana, sure(ana, send(ana, place, fields)))
    made = steps.plan(table.channel("ana"), PLAN)
    said = table.channel("ana").items("step")[-1].value
    assert tuple(one.promise for one in said.steps) == made.promises
    assert said.title == made.title


def test_a_long_file_goes_as_it_is(table: Table) -> None:
    ana = table["ana"]
    raw = b'title = "Long"\n' + b'[[step]]\nwho = "Argentina"\nwhat = "Once more."\nowed_to = ["Chile"]\n' * 30
    answer = upload(ana, f"{STEPS}/new", "read", [("plan.toml", raw)])
    assert "more steps than a form holds" in answer.text
    place, fields = fill(ana, f"{STEPS}/new", "propose", page=answer.text, to_who="all")
    page = done(ana, sure(ana, send(ana, place, fields)))
    assert "Steps 1 to 30 of 30" not in page
    assert len(table.channel("ana").items("step")[-1].value.steps) == 30


@pytest.mark.parametrize("raw", [b"\xff", b"title =", b'[[step]]\nwho = "Nobody"\nwhat = "x"\n'])
def test_a_file_that_is_no_ladder(table: Table, raw: bytes) -> None:
    answer = upload(table["ana"], f"{STEPS}/new", "read", [("plan.toml", raw)])
    assert answer.status_code == 400
    assert 'id="problem"' in answer.text


def test_no_file_is_chosen(table: Table) -> None:
    assert "No file is chosen" in problem(table["ana"], f"{STEPS}/new", "read")


def test_without_the_relay_it_waits_here(table: Table) -> None:
    ana = table["ana"]
    with ana.keeper.desk() as desk:
        offline(desk.channel())
    page = do(ana, f"{STEPS}/new?t=7", "propose", **MINE, **{"title": "T", "what-1": "One."})
    assert "No steps were proposed yet" in page
    assert "waits for the relay" in page


def test_more_steps_are_added_to_a_ladder(steps_: Steps) -> None:
    ana, n = steps_["ana"], len(steps_.ladder().steps)
    typed = {"who-1": "Argentina", "what-1": "One more.", "after-1": "1, 2/3", "o-1": "Chile"}
    page = do(ana, f"{steps_.place}/add", "propose", **typed)
    assert "One more." in page
    one = steps_.ladder("hernan").steps[n]
    assert one.after == ((0,), (1, 2))
    answer = upload(ana, f"{steps_.place}/add", "more", [])
    assert answer.status_code == 200


# --- looking ----------------------------------------------------------------------------------------------------------


def test_a_ladder_is_drawn_and_told(steps_: Steps) -> None:
    page = steps_["ana"].get(steps_.place)
    assert page.index("Promise step") < page.index("<svg")
    assert "The guns &lt;i&gt;are&lt;/i&gt; silent." in page
    assert "<i>are" not in page
    assert "style=" not in page
    assert 'scope="col"' in page
    assert "Chile may promise step 2" in page
    listed = steps_["ana"].get(STEPS)
    assert "Ceasefire &lt;b&gt;" in listed
    assert "Promise step" in listed


def test_a_long_ladder_is_told_in_portions_and_not_drawn(table: Table) -> None:
    one = Steps(table.world, table.browsers)
    rows = "".join(f'[[step]]\nwho = "Chile"\nwhat = "Number {n}."\nowed_to = ["Argentina"]\n' for n in range(1, 91))
    one.propose(f'title = "Long"\n{rows}'.encode())
    page = one["ana"].get(one.place)
    assert "<svg" not in page
    assert "Number 40." in page
    assert "Number 41." not in page
    page = one["ana"].get(f"{one.place}?from=81")
    assert "Number 81." in page
    assert "Steps 81 to 90 of 90" in page
    assert len(one["ana"].get(f"{one.place}?from=99999").encode()) < 100_000
    assert len(one["hernan"].get(one.place).encode()) < 100_000


def test_a_number_that_is_no_ladder(steps_: Steps) -> None:
    ana = steps_["ana"]
    for place in (f"{STEPS}/1", f"{STEPS}/999999", f"{STEPS}/1/1", f"{STEPS}/1/add", f"{STEPS}/1/ladder.svg"):
        ana.get(place, 404)
    for place in (f"{steps_.place}/0", f"{steps_.place}/99", f"{steps_.place}/ladder.exe", f"{STEPS}/record.ics"):
        ana.get(place, 404)
    ana.get("/c/9/steps", 404)


def test_who_is_not_in_the_audience_sees_nothing(table: Table) -> None:
    world = table.world
    made = steps.plan(world["ana"], b'title = "Two"\n[[step]]\nwho="Argentina"\nwhat="x"\nowed_to=["Chile"]\n')
    steps.propose(world["ana"], made, [world["hernan"].me])
    number = table.channel("hernan").items("step")[-1].position
    table["hernan"].get(f"{STEPS}/{number}")
    table["sofia"].get(f"{STEPS}/{number}", 404)


# --- promising --------------------------------------------------------------------------------------------------------


def test_steps_are_promised_when_they_were_read_once_more(steps_: Steps) -> None:
    ana = steps_["ana"]
    asked = press(ana, steps_.place, "pledge", step=["1"])
    assert "Promise this for" in asked.text
    assert "cannot be taken back" in asked.text
    assert "The guns &lt;i&gt;are&lt;/i&gt; silent." in asked.text
    assert steps_.ladder().steps[0].pledged is None
    done(ana, sure(ana, asked))
    assert [bool(one.pledged) for one in steps_.ladder("hernan").steps] == [True, False, False, True]


def test_all_of_a_promise_is_read_before_it_is_given(steps_: Steps) -> None:
    """By its day in words, and with what it waits for and is given for, by name if that does not stand beside it."""
    ana = steps_["ana"]
    said = _bare(press(ana, steps_.place, "pledge", step=["1"]).text)
    for fact in (
        "1. Argentina: The guns",
        "where: the zone",
        "by the end of Sunday, 31 January 2027 (UTC); or within a day of being open, if that is later",
        "in return for step 2 (Chile: “Theirs too.”)",
        "not promised yet: step 2",
        "owed to Chile",
        "verified by Holy See",
        "how: Observers.",
        "2 visits a year, of one party 2 at most",
        "if it is late: A call.",
        "broken 9 days after its hour",
        "reminders: 7 and 1 days before",
        "A step is open when",
        "unless what it waits for or is given for can no longer be",
    ):
        assert fact in said, fact
    said = _bare(press(ana, steps_.place, "pledge", step=["1", "3"]).text)
    assert "waits for step 1 and step 2 (Chile: “Theirs too.”)" in said
    assert "within 3 days of being open" in said
    assert "verified by nobody: its doer’s word is enough" in said
    assert "cannot be undone" in said
    assert "in return for step 2" in _bare(ana.get(steps_.place))


def test_more_steps_name_those_that_are_there(steps_: Steps) -> None:
    ana, hidden = steps_["ana"], steps_["ana"].hidden(steps_.place)
    typed = {"n": "1", "who-1": "Argentina", "what-1": "More.", "after-1": "1/2", "needed-1": "1", "do": "propose"}
    verified = [("v-1", "Chile"), ("v-1", "Holy See")]
    asked = send(ana, f"{steps_.place}/add", [*hidden.items(), *typed.items(), *verified])
    said = _bare(asked.text)
    assert "waits for one of step 1 (Argentina: “The guns" in said
    assert "and step 2 (Chile: “Theirs too.”)" in said
    assert "verified by 1 of Chile and Holy See" in said
    assert "without an hour" in said


def test_steps_that_come_meanwhile_are_none_that_were_named(steps_: Steps) -> None:
    """Their numbers would be those of other steps."""
    ana = steps_["ana"]
    typed: dict[str, Any] = {"who-1": "Argentina", "what-1": "More.", "after-1": "2"}
    place, fields = fill(ana, f"{steps_.place}/add", "propose", **typed)
    item, hernan = steps_.ladder("hernan"), steps_.channel("hernan")
    postcard = b'[[step]]\nwho="Chile"\nwhat="A postcard."\nowed_to=["Argentina"]\n'
    steps.add(hernan, item, steps.plan(hernan, postcard, item))
    steps_.settle()
    answer = send(ana, place, fields)
    assert answer.status_code == 400
    assert "has changed, or is gone, while you looked at it" in answer.text
    assert "More." in answer.text
    assert sure(ana, press(ana, f"{steps_.place}/add", "propose", **typed)).status_code == 303


def _bare(page: str) -> str:
    """Without the marks that keep directions of writing apart."""
    return page.replace("\u2068", "").replace("\u2069", "")


def test_nothing_is_promised_for_another_or_twice(steps_: Steps) -> None:
    ana = steps_["ana"]
    assert "No step is chosen" in problem(ana, steps_.place, "pledge", step=[])
    assert "not for your party" in problem(ana, steps_.place, "pledge", step=["2"])
    place, fields = fill(ana, steps_.place, "pledge", step=["1"])
    first = sure(ana, send(ana, place, fields))
    assert first.status_code == 303
    late = meant(ana, place, fields)
    assert late.status_code in (303, 400)
    assert sum(one.pledged is not None for one in steps_.ladder("hernan").steps) == 2


def test_a_click_that_comes_twice_is_done_once(steps_: Steps) -> None:
    ana = steps_["ana"]
    asked = press(ana, steps_.place, "pledge", step=["1"])
    assert [sure(ana, asked).status_code for _ in range(2)] == [303, 303]
    assert steps_.channel("ana").session.book.outbox.returned() == []


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["svg", "png", "pdf", "csv", "txt", "md", "ics"])
def test_a_ladder_leaves_as_a_file(steps_: Steps, form: str) -> None:
    answer = steps_["ana"].client.get(f"{steps_.place}/ladder.{form}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="ladder-{steps_.n}.{form}"'
    assert len(answer.content) > 100


def test_a_calendar_has_hours_and_words_only_if_asked(steps_: Steps) -> None:
    steps_.pledge(1, 2)
    ana = steps_["ana"]
    for place in (f"{STEPS}/hours.ics", f"{steps_.place}/ladder.ics"):
        plain, told = (ana.client.get(place + query).content for query in ("", "?words=1"))
        assert b"BEGIN:VEVENT" in plain
        assert b"guns" not in plain
        assert b"guns" in told.replace(b"\r\n ", b"")


# --- the track record -------------------------------------------------------------------------------------------------


def test_the_track_record_tells_all_groups_and_reasons(steps_: Steps) -> None:
    steps_.pledge(1, 2)
    steps_.report(1, "Silent since <b>midnight</b>.")
    item = steps_.ladder("sofia")
    steps.find(steps_.channel("sofia"), item, item.steps[0], "kept", "We heard nothing.")
    page = steps_["hernan"].get(f"{STEPS}/record")
    assert "kept and verified" in page
    assert page.count("<bdi>Argentina</bdi>") >= 1
    page = steps_["hernan"].get(f"{STEPS}/record?p=1")
    assert "found kept" in page
    assert "Silent since &lt;b&gt;midnight&lt;/b&gt;." in page
    assert "<bdi>Holy See</bdi>" in page
    raw = steps_["hernan"].client.get(f"{STEPS}/record.csv").content.decode("utf-8-sig")
    assert "kept and verified" in raw
    assert steps_["hernan"].client.get(f"{STEPS}/record.txt").content


def test_a_record_of_a_period(steps_: Steps) -> None:
    steps_.pledge(1, 2)
    ana = steps_["ana"]
    assert re.search(r">open</th><td>2</td><td>1</td>", ana.get(f"{STEPS}/record"))
    page = ana.get(f"{STEPS}/record?since=2027-01-31&until=2027-01-31&p=1")
    assert "The guns" in page
    assert "A gesture" not in page
    assert 'value="2027-01-31"' in page
    assert "From 31 January 2027 to the end of 31 January 2027 (UTC)." in _bare(page)
    assert "A step counts where its hour lies" in page
    assert "From 1 February 2027 on (UTC)." in _bare(ana.get(f"{STEPS}/record?since=2027-02-01"))
    assert "To the end of 1 February 2027 (UTC)." in _bare(ana.get(f"{STEPS}/record?until=2027-02-01"))
    assert "is no day" in ana.get(f"{STEPS}/record?since=never", 404)
    assert ana.get(f"{STEPS}/record?p=77").count("<h2>") == ana.get(f"{STEPS}/record").count("<h2>")


def test_nobody_has_promised_anything(table: Table) -> None:
    assert "Nobody has promised anything yet" in table["ana"].get(f"{STEPS}/record")


def test_under_chatham_no_record_says_who_found(tmp_path: Path) -> None:
    with stepping(tmp_path, attribution="chatham") as one:
        one.pledge(1, 2)
        one.report(1)
        item = one.ladder("sofia")
        steps.find(one.channel("sofia"), item, item.steps[0], "doubted", "Hm.")
        page = one["ana"].get(f"{STEPS}/record?p=1")
        assert "as the charter says" in page
        assert "Hm." in page
        assert "Holy See" not in page[page.index("<h2>Track record") : page.index("</main>")]
        assert "Under the charter it is not told outside who found what." in one["ana"].get(f"{one.place}/1")


def test_a_party_with_many_promises_is_told_in_portions(table: Table) -> None:
    one = Steps(table.world, table.browsers)
    rows = "".join(
        f'[[step]]\nwho = "Argentina"\nwhat = "Number {n}."\nowed_to = ["Chile"]\nannounced = true\n' for n in range(60)
    )
    one.propose(f'title = "Many"\n{rows}'.encode())
    first = one["ana"].get(f"{STEPS}/record?p=1")
    assert "from=41" in first
    assert "from=" not in one["ana"].get(f"{STEPS}/record?p=1&from=41")


def test_a_ladder_that_is_too_tangled_to_draw_is_told(steps_: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.papers.ladder._MOST_LINES", 0)
    page = steps_["ana"].get(steps_.place)
    assert "<svg" not in page
    assert "Step by step" in page


# --- what cannot be read ----------------------------------------------------------------------------------------------


def test_a_ladder_of_another_version_says_so(steps_: Steps) -> None:
    """Neither a fault of ours nor somebody's forgery: every page says what it is, and what to do."""
    vault = steps_.world["ana"].session.vault
    with vault.transaction():
        vault.execute("UPDATE item SET value = ? WHERE instrument = 'step'", (b"\x93\x01\x02\x03",))
    with pytest.raises(VaultError, match="as another version of this program lays it out") as caught:
        steps_.world["ana"].items("step")
    assert (caught.value.code, caught.value.safe) == ("older", "Nothing was changed.")
    for place in ("/", STEPS, steps_.place):
        page = steps_["ana"].get(place, 500)
        assert "as another version of this program lays it out" in page
        assert "Use that version" in page
