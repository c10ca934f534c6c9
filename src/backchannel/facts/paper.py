"""A text as a paper: a version, or what changed between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.facts.text import facts, status, version_facts, which

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.facts import Facts
    from backchannel.instruments.text.values import Text
    from backchannel.papers import Document


def document(channel: Channel, item: Text, version: int | None) -> Document:
    """A version as a paper; of the text as it is now, with where each paragraph stands."""
    from backchannel.papers import Document, Paragraph, Run

    whole = facts(channel, item)
    says = [_status(channel, part) for part in whole["paragraphs"]] if version is None else []
    rows = [
        Paragraph(str(part["number"]), (Run(_words(part["text"])),), (), says[n] if says else "")
        for n, part in enumerate(version_facts(item, version))
    ]
    return Document(item.title, which(whole, version), tuple(rows))


def redlined(channel: Channel, item: Text, old: int, new: int | None) -> Document:
    """What changed between two versions, as a paper whose changes Word shows as such."""
    from backchannel.desk import texts
    from backchannel.papers import Document, Paragraph, Run
    from backchannel.papers.model import ADDED, REMOVED

    kinds = {"=": "", "+": ADDED, "-": REMOVED}
    rows = [
        Paragraph(str(line.after or line.before), tuple(Run(run.words, kinds[run.mark]) for run in line.runs))
        for line in texts.redline(item, old, new)
    ]
    whole = facts(channel, item)
    return Document(item.title, f"{which(whole, old)} to {which(whole, new)}", tuple(rows))


def _words(said: str) -> str:
    """As they are read; with brackets as they were written, so that the file can come back."""
    from backchannel.instruments.text import brackets

    return said if brackets.bracketed(said) else brackets.plain(said)


def _status(channel: Channel, part: Facts) -> str:
    """Without names under a charter by which nobody outside learns who said what."""
    from backchannel.instruments.text import amending

    return status({**part, "amendments": []}, named=not amending.hidden(channel.state))
