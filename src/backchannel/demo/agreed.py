"""What can be proved of the text: the same on all desks, cleared as it was sounded, and what was signed."""

from __future__ import annotations

from collections.abc import Sequence

from backchannel.channel.state import At
from backchannel.demo.checks import must
from backchannel.demo.scenario import Act
from backchannel.demo.stage import Stage
from backchannel.desk.channel import Channel
from backchannel.instruments import mandate
from backchannel.instruments.text import brackets, redline
from backchannel.instruments.text.values import Text, digest
from backchannel.instruments.understanding.values import Understanding


def adopted(stage: Stage) -> str:
    """Every desk has the same adopted text, version by version; where it was sounded stands what was opened."""
    acts = [act for _, act in stage.scenario.acts if act.do == "open-text"]
    must(bool(acts), "The scenario has no text.")
    for act in acts:
        forms = set()
        for key, channel in stage.seated.items():
            item, short = stage.texts.item(act.label, key), stage.scenario.who(key).short
            must(item.state == "adopted", f"On the desk of {short} “{item.title}” is {item.state!r}.")
            must(not any(map(brackets.bracketed, words(item))), f"The desk of {short} has brackets left.")
            forms.add((*_digests(channel, item), *words(item)))
        must(len(forms) == 1, f"The desks have {len(forms)} different texts of “{act.title}”.")
        cleared = [asked for asked in stage.soundings.of_texts if asked.item == act.label]
        for asked in cleared:
            _cleared(stage, asked)
    item = stage.texts.item(acts[-1].label, stage.first)
    began = sum(brackets.count(said) for _, said in redline.words(item, 1))
    return (
        f"“{item.title}”: {len(item.versions)} versions, the same under the same number on all {len(stage.seated)} "
        f"desks; of {began} places in brackets none is left, {len(cleared)} of them cleared as the sounding had it"
    )


def words(item: Text) -> tuple[str, ...]:
    """The paragraphs of a text as it is now."""
    return tuple(item.said(one) for one in item.here)


def signed(stage: Stage) -> str:
    """What all have signed is the adopted text, letter by letter; each signed under a mandate that was in force."""
    acts = [act for _, act in stage.scenario.acts if act.do == "propose"]
    must(bool(acts), "No text is proposed for signature in the scenario.")
    for act in acts:
        for key, channel in stage.seated.items():
            item, short = stage.labelled(act, key), stage.scenario.who(key).short
            text = stage.texts.item(act.item, key)
            same = item.terms.clauses == tuple(map(brackets.plain, words(text)))
            must(same, f"On the desk of {short} another text was proposed than the one that was adopted.")
            must(item.state == "complete", f"On the desk of {short} “{item.terms.title}” is {item.state!r}.")
            for key_ in act.signatories:
                mandated = _mandated(channel, item, stage.channels[key_].me)
                must(mandated, f"{stage.scenario.who(key_).short} has signed without a mandate in force.")
    clauses = len(item.terms.clauses)
    return (
        f"“{item.terms.title}”: {clauses} clauses, the adopted paragraphs letter by letter, signed by all; "
        "each signatory had declared its mandate before, and it was in force"
    )


def _digests(channel: Channel, item: Text) -> Sequence[bytes]:
    """What stands for each version, made anew from this desk's words."""
    made = []
    for version in item.versions:
        again = digest(channel.id, item.id, version.number, redline.words(item, version.number))
        must(again == version.digest, f"A desk has other words of version {version.number} than were issued.")
        made.append(again)
    return made


def _cleared(stage: Stage, asked: Act) -> None:
    for key in stage.seated:
        (found,) = stage.soundings.sights(asked)[key].met
        item, short = stage.texts.item(asked.item, key), stage.scenario.who(key).short
        before = dict(redline.words(item, 1))
        one = item.here[asked.number - 1]
        group = next(brackets.walk(brackets.parse(before[one.id], [seat.party for seat in stage.scenario.seat])))
        right = item.said(one) == brackets.choose(before[one.id], group, found)
        must(right, f"On the desk of {short} stands something else than what the sounding opened.")


def _mandated(channel: Channel, item: Understanding, seat: bytes) -> bool:
    """Whether a mandate was in force where this seat has signed."""
    log = channel.session.book.entries.log(item.at.position)
    mine = [one for one in log if (one.kind, one.item, one.sender) == ("understanding.sign", item.at.position, seat)]
    held = [one.value for one in channel.items("mandate")]
    member = channel.state.member(seat)
    return bool(mine) and all(
        any(mandate.covers(one, member, "sign", item.audience, At(at.position, at.leaf.arrival)) for one in held)
        for at in mine
    )
