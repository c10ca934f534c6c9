"""The negotiating text on the stage: opened, amended, sounded, issued, adopted, proposed for signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from backchannel.demo.scenario import Act
from backchannel.demo.sounding import Soundings
from backchannel.desk import mandates, texts
from backchannel.desk.channel import Channel
from backchannel.instruments.text import acts
from backchannel.instruments.text.acts import START, Change
from backchannel.instruments.text.differences import Run, compare
from backchannel.instruments.text.values import Text

Facts = dict[str, Any]


class Texts:
    """The texts of a talk, by the labels of the scenario."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        labels: dict[str, Act],
        soundings: Soundings,
        together: Callable[[], None],
    ) -> None:
        self._channels, self._labels, self._soundings, self._together = channels, labels, soundings, together
        self._began: dict[str, int] = {}

    def item(self, label: str, key: str) -> Text:
        """A text as the desk of seat `key` has it."""
        return self._channels[key].text_at(self._began[label])

    def mandate(self, act: Act) -> Facts:
        """Declare for whom one speaks."""
        channel = self._channels[act.who]
        mandates.grant(channel, channel.me, ("initial", "sign"), act.text)
        self._together()
        return {}

    def open_(self, act: Act) -> Facts:
        """Open a text."""
        channel = self._channels[act.who]
        texts.open_(channel, act.title, act.paragraphs)
        self._together()
        self._began[act.label] = int(channel.items("text")[-1].position)
        item = self.item(act.label, act.who)
        return {"paragraphs": [item.said(one) for one in item.here], **self._way(act.label, act.who)}

    def amend(self, act: Act) -> Facts:
        """Propose other words for a paragraph."""
        one = texts.paragraph(self.item(act.item, act.who), act.number)
        before = self.item(act.item, act.who).said(one)
        self._change(act, acts.Replace(one.id, one.revision, act.text.strip()))
        return {"runs": compare(before, act.text.strip())}

    def insert(self, act: Act) -> Facts:
        """Propose a new paragraph with this number."""
        item = self.item(act.item, act.who)
        after = texts.paragraph(item, act.number - 1).id if act.number > 1 else START
        self._change(act, acts.Insert(after, (act.text.strip(),)))
        return {"runs": (Run("+", act.text.strip()),)}

    def accept(self, act: Act) -> Facts:
        """Accept all that was proposed."""
        item = self.item(act.item, act.who)
        texts.decide(self._channels[act.who], item, [one.id for one in item.proposed], accept=True)
        self._together()
        by = [key for one in item.proposed for key, channel in self._channels.items() if channel.me == one.seat]
        return {"by": by, **self._way(act.item, act.who)}

    def issue(self, act: Act) -> Facts:
        """Give the text its next number; what changed since the last."""
        texts.issue(self._channels[act.who], self.item(act.item, act.who))
        self._together()
        item = self.item(act.item, act.who)
        number = len(item.versions)
        lines = texts.redline(item, number - 1, number) if number > 1 else ()
        return {"number": number, "lines": lines, **self._way(act.item, act.who)}

    def sound(self, act: Act) -> Facts:
        """Ask which alternative of a bracket both could live with."""
        channel = self._channels[act.who]
        texts.sound(channel, self.item(act.item, act.who), act.number, voters=[self._channels[k].me for k in act.to])
        channel.sync()
        terms = channel.items("sounding")[-1].value.terms
        asked = replace(act, text=terms.question, options=terms.options)
        self._labels[act.label] = asked
        self._soundings.of_texts.append(asked)
        return {"asked": asked, "ready": self._soundings.begun(asked)}

    def clear(self, act: Act) -> Facts:
        """Put what the sounding found in the bracket's place; the pen's own amendment holds at once."""
        asked = self._labels[act.item]
        channel, item = self._channels[act.who], self.item(asked.item, act.who)
        (found,) = self._soundings.item(asked, act.who).results
        before = item.said(texts.paragraph(item, asked.number))
        texts.amend(channel, item, [texts.clear(channel, item, asked.number, 1, found.option)])
        self._together()
        item = self.item(asked.item, act.who)
        after = item.said(texts.paragraph(item, asked.number))
        return {"number": asked.number, "runs": compare(before, after), **self._way(asked.item, act.who)}

    def stand(self, act: Act) -> Facts:
        """Say where one's party stands on all of it."""
        item = self.item(act.item, act.who)
        texts.stand(self._channels[act.who], item, item.here, act.stance)
        self._together()
        return self._way(act.item, act.who)

    def adopt(self, act: Act) -> Facts:
        """Adopt the newest version."""
        texts.adopt(self._channels[act.who], self.item(act.item, act.who))
        self._together()
        return {"number": len(self.item(act.item, act.who).versions)}

    def propose(self, act: Act) -> Facts:
        """Propose the adopted text for signature."""
        item = self.item(act.item, act.who)
        texts.propose(self._channels[act.who], item, [self._channels[key].me for key in act.signatories])
        self._together()
        return {"clauses": len(item.here)}

    def _change(self, act: Act, change: Change) -> None:
        texts.amend(self._channels[act.who], self.item(act.item, act.who), [change])
        self._together()

    def _way(self, label: str, key: str) -> Facts:
        """What stands in the way, as this desk counts it."""
        way = texts.in_the_way(self._channels[key], self.item(label, key))
        return {"rows": way.rows, "brackets": way.brackets, "soundable": len(way.soundable), "agreed": way.clear}


WRITTEN: dict[str, Callable[[Texts, Act], Facts]] = {
    "mandate": Texts.mandate,
    "open-text": Texts.open_,
    "amend": Texts.amend,
    "insert": Texts.insert,
    "accept": Texts.accept,
    "issue": Texts.issue,
    "sound": Texts.sound,
    "clear": Texts.clear,
    "stand": Texts.stand,
    "adopt": Texts.adopt,
    "propose": Texts.propose,
}
"""What can be done to a text, by the acts of the scenario."""
