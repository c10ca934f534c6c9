"""One step: what was promised, what was said of it, each side's findings; what this seat can do with it; its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from backchannel.desk import evidence, files, steps, turns
from backchannel.desk.channel import Channel
from backchannel.desk.evidence import Named
from backchannel.desk.files import Kept
from backchannel.desk.plans.reading import end_of
from backchannel.errors import BackchannelError, Misuse
from backchannel.facts import common
from backchannel.facts import step as told_of
from backchannel.instruments.step.acts import VERDICTS
from backchannel.instruments.step.values import Ladder, Step
from backchannel.web import chosen, lines
from backchannel.web.hours import by, size
from backchannel.web.keeper import Keeper
from backchannel.web.page import Ask, Facts, Form, Page, seen, settle
from backchannel.web.steps import drawing, pledge

ACTS = ("pledge", "report", "find", "inspect", "excuse", "withdraw")


def look(ask: Ask) -> Facts:
    """A step, what is awaited of it from this seat first."""
    channel, item, number = _here(ask)
    stands = steps.standings(channel, item)
    one = told_of.step_facts(channel, item, number, stands[number - 1])
    whole = told_of.line(channel, item)
    here = [{**turn, "steps": [number]} for turn in whole["awaited"] if number in turn["steps"]]
    counting = [found for found in one["findings"] if found["counts"]]
    return {
        "ladder": whole,
        "step": one,
        "awaited": [turn for turn in here if turn["mine"]],
        "others": [turn for turn in here if not turn["mine"]],
        "counting": counting,
        "earlier": [found for found in one["findings"] if not found["counts"]],
        "can": {act: _can(channel, item, number, act) for act in ACTS},
        "waiting": _waiting(channel, item),
        "on_way": _on_way(channel, item),
        "verdicts": VERDICTS,
        "many": len(item.steps),
        "seen": _seen_of(item.steps[number - 1]),
        "size": partial(size, ask.words),
        **drawing(ask),
    }


def _here(ask: Ask) -> tuple[Channel, Ladder, int]:
    channel = ask.channel()
    item, number = steps.ladder_at(channel, ask.position()), int(ask.request.path_params["k"])
    steps.step(item, number)
    return channel, item, number


def _can(channel: Channel, item: Ladder, number: int, act: str) -> bool:
    if not chosen.speaks(channel):
        return False
    try:
        turns.may(channel, item, number, f"step.{act}")
    except Misuse:
        return False
    return True


def _waiting(channel: Channel, item: Ladder) -> list[Facts]:
    """Files that were taken in for this ladder, and are not named yet."""
    return [{"k": one.k, "name": one.file.name, "size": one.file.size} for one in files.unnamed(channel.session, item)]


def _on_way(channel: Channel, item: Ladder) -> set[str]:
    """Digests of files that this desk has, and sends by itself."""
    return {row.sha256.hex() for row in channel.session.book.outgoing.all() if row.ladder == item.at.position}


# --- acts -------------------------------------------------------------------------------------------------------------


def report(ask: Ask, form: Form) -> str:
    """Say that it is done."""
    say = ask.words.say

    def deed(channel: Channel, item: Ladder, one: Step, kept: list[Kept]) -> None:
        steps.report(channel, item, one, form["text"], [file.file for file in kept])

    title = say("Report that this is done?")
    return _with_files(ask, form, "step.report", title, say("Report it"), form["text"], deed)


def _seen_of(one: Step) -> str:
    """What a page shows that others have said of a step."""
    return seen(*(len(said) for said in (one.reports, one.findings, one.excuses, one.visits)))


def find(ask: Ask, form: Form) -> str:
    """Say what this party has found of another's step, as it was reported last."""
    say, verdict = ask.words.say, form["verdict"]
    titles = {
        "kept": say("Say that it was kept?"),
        "doubted": say("Say that you doubt it?"),
        "broken": say("Say that it was broken?"),
    }
    if verdict not in titles:
        raise Misuse("verdict", say("Nothing is chosen."), say("Choose what you have found."))

    def deed(channel: Channel, item: Ladder, one: Step, kept: list[Kept]) -> None:
        steps.find(channel, item, one, verdict, form["text"], [file.file for file in kept])

    told = _reported(ask, verdict)
    return _with_files(ask, form, "step.find", titles[verdict], say("Say so"), form["text"], deed, told)


def _reported(ask: Ask, verdict: str) -> list[str]:
    """What is judged. What was not reported may be seen to be kept all the same; as a rule it was not meant."""
    channel, item, number = _here(ask)
    one = steps.step(item, number)
    if one.stands:
        last, state = one.reports[-1], channel.state
        name = common.name(state, last.by)
        files_ = ask.words.names([f"{file.name} ({file.sha256.hex()[:8]})" for file in last.files])
        said = ask.words.say("{name} has reported: {text}", name=name, text=last.words)
        return [said, *([ask.words.say("With {files}", files=files_)] if files_ else [])]
    if verdict != "kept":
        return []
    return [
        ask.words.say(
            "{party} has not reported this step: nobody has said yet that it is done.", party=one.promise.doer
        )
    ]


Deed = Callable[[Channel, Ladder, Step, list[Kept]], None]


def _with_files(
    ask: Ask, form: Form, kind: str, title: str, button: str, text: str, deed: Deed, first: Sequence[str] = ()
) -> str:
    """Say something with files: their names and digests go with it, their bytes follow by themselves.

    `first`: what its person has to hear before anything else.
    """
    channel, item, number = _here(ask)
    ask.as_seen(form, _seen_of(steps.step(item, number)))
    one = turns.may(channel, item, number, kind)
    wanted = form.numbers("kept")
    kept = files.kept(channel.session, item.at.position, wanted)
    listed = "\n".join(f"{file.file.name}, {size(ask.words, file.file.size)}" for file in kept)
    words = "\n\n".join(filter(None, (one.promise.what, text, listed)))
    ask.sure(form, title, [*first, *_seen(ask, channel, item), *_as_they_are(ask, kept)], button, words)
    deed(channel, item, one, kept)
    settle(channel, ask.keeper)
    return ask.place(f"steps/{item.at.position}/{number}")


def _seen(ask: Ask, channel: Channel, item: Ladder) -> list[str]:
    readers = told_of.line(channel, item)["readers"]
    return [ask.words.say("{names} can read it, permanently. It cannot be taken back.", names=ask.words.names(readers))]


def _as_they_are(ask: Ask, kept: list[Kept]) -> list[str]:
    if not kept:
        return []
    say = ask.words.say
    return [
        say("Files go exactly as they are, with their names, to everybody who can read the ladder, and stay there."),
        say("A photograph often says where, when and with which device it was taken; a document, who wrote it."),
    ]


def let_go(ask: Ask, form: Form) -> str:
    """Files that were taken in and are not to be sent."""
    channel, item, number = _here(ask)
    files.discard(channel.session, [one.k for one in files.unnamed(channel.session, item)])
    return ask.place(f"steps/{item.at.position}/{number}")


def inspect(ask: Ask, form: Form) -> str:
    """Announce a visit."""
    channel, item, number = _here(ask)
    one, say = turns.may(channel, item, number, "step.inspect"), ask.words.say
    left = told_of.step_facts(channel, item, number, steps.standings(channel, item)[number - 1])["visits_left"]
    counts = ask.words.count("It is the last visit that you have.", "It counts: of {n} visits you have one less.", left)
    doer = one.promise.doer
    lines_ = [*_seen(ask, channel, item), counts]
    ask.sure(form, say("Announce a visit to {party}?", party=doer), lines_, say("Announce it"), form["text"])
    steps.inspect(channel, item, one, form["text"])
    return _done(ask, channel, item, number)


def excuse(ask: Ask, form: Form) -> str:
    """Give it another hour, or let it go."""
    channel, item, number = _here(ask)
    ask.as_seen(form, _seen_of(steps.step(item, number)))
    one, say = turns.may(channel, item, number, "step.excuse"), ask.words.say
    unit = end_of(lines.day(ask.words, form["until"])) if form["how"] == "day" else 0
    what = (
        say("Give {party} until {hour}?", party=one.promise.doer, hour=by(ask.words, unit, whole=True))
        if unit
        else say("Excuse {party}, permanently?", party=one.promise.doer)
    )
    together = say("It holds when all to whom it is owed have said the same: {parties}.", parties=_owed(ask, one))
    ask.sure(form, what, [*_seen(ask, channel, item), together], say("Say so"), one.promise.what)
    steps.excuse(channel, item, one, unit, form["text"])
    return _done(ask, channel, item, number)


def _owed(ask: Ask, one: Step) -> str:
    return ask.words.names(list(one.promise.toward))


def withdraw(ask: Ask, form: Form) -> str:
    """Take it back."""
    channel, item, number = _here(ask)
    one, say = turns.may(channel, item, number, "step.withdraw"), ask.words.say
    why = ""
    if one.pledged is not None and one.promise.announced:
        why = say("It was announced, in return for nothing: so it may be taken back.")
    elif one.pledged is not None:
        why = say("It was promised; what it waits for, or is given for, can no longer be: so it may be taken back.")
    title = say("Withdraw step {n}, permanently?", n=number)
    ask.sure(form, title, [why, *_seen(ask, channel, item)], say("Withdraw it"), one.promise.what)
    steps.withdraw(channel, item, one, form["text"])
    return _done(ask, channel, item, number)


def _done(ask: Ask, channel: Channel, item: Ladder, number: int) -> str:
    settle(channel, ask.keeper)
    return ask.place(f"steps/{item.at.position}/{number}")


# --- a file of evidence -----------------------------------------------------------------------------------------------


def look_file(ask: Ask) -> Response:
    """A file of evidence, when all of it is here and is what was named."""
    channel, item, number = _here(ask)
    found, which = evidence.named(channel, item, number), int(ask.request.path_params["f"])
    if not 1 <= which <= len(found):
        raise Misuse("file", ask.words.say("There is no such file."), ask.words.say("Choose from the list."))
    one = found[which - 1]
    evidence.check(channel, item, one)
    headers = {"Content-Disposition": _disposition(one), "Content-Length": str(one.file.size)}
    pieces = _pieces(ask.keeper, channel, item, one)
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)


def _pieces(keeper: Keeper, channel: Channel, item: Ladder, one: Named) -> Iterator[bytes]:
    """Piece by piece, each while the desk is open: a lock ends it in the middle, and the browser says so."""
    found = channel.session.book.pieces.read(item.at.position, one.party, one.file.sha256)
    while True:
        try:
            with keeper.desk():
                data = next(found, None)
        except BackchannelError:
            return
        if data is None:
            return
        keeper.touch()
        yield data


def _disposition(one: Named) -> str:
    """Its name, so that it names no folder and hides nothing; in ASCII for old browsers."""
    name = evidence.filename(one.file.name)
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


_PATH = "/c/{c:int}/steps/{n:int}/{k:int}"
_DEEDS = {
    "pledge": pledge,
    "report": report,
    "find": find,
    "inspect": inspect,
    "excuse": excuse,
    "withdraw": withdraw,
    "let_go": let_go,
}
STEP = (
    Page(_PATH, "step.html", look, _DEEDS),
    Page(f"/files{_PATH}", "step.html", look, _DEEDS),
    Page(_PATH + "/files/{f:int}", "", look_file),
)
