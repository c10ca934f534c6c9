"""What can be proved on open desks and a running relay. Each check looks at the thing itself and can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backchannel.demo.checks import Failed, must
from backchannel.demo.scenario import Act, Scenario
from backchannel.demo.search import ENCODINGS, pieces, search
from backchannel.demo.stage import Stage
from backchannel.desk.audit import audit
from backchannel.desk.channel import Channel

_PIECE = 1 << 14


def same_record(channels: Mapping[str, Channel]) -> str:
    """Every desk holds the same record: size, root, and the words that people read aloud."""
    sizes = {channel.size for channel in channels.values()}
    must(len(sizes) == 1, f"The desks hold records of different length: {sorted(sizes)} entries.")
    (size,) = sizes
    roots = {channel.session.history.root(size) for channel in channels.values()}
    must(len(roots) == 1, f"The desks hold {len(roots)} different records of {size} entries.")
    said = {channel.compare_words(size) for channel in channels.values()}
    must(len(said) == 1, "The desks have the same record and show different words for it.")
    return f"{size} entries. Read aloud by all {len(channels)}: {' '.join(said.pop())}"


def audited(channels: Mapping[str, Channel]) -> str:
    """Every desk reads the whole record again from the relay, judges it anew, and comes to the same."""
    findings = 0
    for key, channel in channels.items():
        for finding in audit(channel):
            must(finding.ok, f"{key}: {finding.name}: {finding.detail}")
            findings += 1
    return f"{findings} findings on {len(channels)} desks: record, seats and signatures follow from the entries"


def arrived(stage: Stage) -> str:
    """Every note is on its readers' desks word for word, every read-back came to an end, nothing waits."""
    waiting = [key for key, channel in stage.channels.items() if channel.session.book.outbox.count()]
    must(not waiting, f"Something still waits on the desks of {', '.join(waiting)}.")
    notes = [act for _, act in stage.scenario.acts if act.do == "note"]
    confirmed = 0
    for act in notes:
        for key in map(stage.heir, (act.who, *act.to)):
            note = stage.labelled(act, key)  # Misuse if it is not there, word for word
            open_ = [one for one in note.readbacks if one.state != ("confirmed" if act.read_back else "plain")]
            must(not open_, f"On the desk of {key} the read-back of {act.label!r} has not come to its end.")
        confirmed += len(act.to) if act.read_back else 0
    return f"{len(notes)} notes word for word with their readers, {confirmed} read-backs confirmed, nothing left behind"


def one_side_only(stage: Stage) -> str:
    """A note to one side is, on the other's desk, an entry that cannot be opened, and its words are nowhere there."""
    seen = 0
    for act in _one_sided(stage):
        position = stage.labelled(act, act.who).at.position
        for sight in stage.sights(position, act.who, stage.cast(act)):
            key = sight.seat.key
            inside = key in (act.who, *act.to)
            must(
                inside or sight.sight == "closed",
                f"The desk of {sight.seat.short} has entry {position} as {sight.sight!r}; it is not for that seat.",
            )
            held = any(act.text.strip() in note.text for note in _notes(stage.channels[key]))
            must(inside == held, f"The desk of {sight.seat.short} {'holds' if held else 'lacks'} entry {position}.")
            seen += not inside
    must(seen > 0, "The scenario has no note to one side only.")
    return f"{seen} notes to one side: the other side's desk has each as a sealed entry, and its words nowhere"


def relay_blind(files: Sequence[Path], scenario: Scenario, entries: Sequence[bytes]) -> str:
    """The relay's files, byte by byte, hold every entry (the ids `entries` show it) and not a word of any."""
    raw = b"".join(file.read_bytes() for file in files)
    missing = sum(entry not in raw for entry in entries)
    must(bool(entries) and not missing, f"{missing} entries are not in these files: they are not the relay's.")
    return _silent(
        files,
        scenario,
        f"{', '.join(file.name for file in files)} hold all {len(entries)} sealed entries",
    )


def vaults_closed(files: Sequence[Path], scenario: Scenario) -> str:
    """The desks' files, byte by byte, hold no word of what is in them."""
    must(bool(files), "There are no vault files to look at.")
    return _silent(files, scenario, f"{len(files)} files of {len(scenario.seat)} desks hold it all")


def search_works(target: Path, source: Path, scenario: Scenario) -> str:
    """The search that found nothing finds what is there: words planted in a copy, however written."""
    original = source.read_bytes()[:_PIECE]
    middle = len(original) // 2
    planted = [(text, (text,), ()) for text in scenario.words] + [(name, (), (name,)) for name in scenario.names]
    tried = 0
    try:
        for text, texts, names in planted:
            for encoding in ENCODINGS:
                for form in (text, text.upper(), text.lower()):
                    target.write_bytes(original[:middle] + form.encode(encoding) + original[middle:])
                    must(bool(search([target], texts, names)), f"The search overlooks {form!r} written in {encoding}.")
                    tried += 1
    finally:
        target.unlink(missing_ok=True)
    return f"{tried} of {tried} words and names, planted in a piece of {source.name} in several forms, were found"


def _silent(files: Sequence[Path], scenario: Scenario, seen: str) -> str:
    secrets = [seat.passphrase for seat in scenario.seat]
    hits = search(files, [*scenario.words, *secrets], scenario.names)
    if hits:
        raise Failed(f"{hits[0].file.name} holds {hits[0].words!r} in {hits[0].encoding}, and {len(hits) - 1} more.")
    number = len(pieces([*scenario.words, *secrets], scenario.names))
    return (
        f"{seen}, and byte by byte not one of {number} pieces of titles, notes, texts, names and passphrases, "
        "as UTF-8 or UTF-16, in capitals or not"
    )


def _one_sided(stage: Stage) -> list[Act]:
    notes = (act for _, act in stage.scenario.acts if act.do == "note")
    return [act for act in notes if len({act.who, *act.to}) < len(stage.cast(act))]


def _notes(channel: Channel) -> list[Any]:
    return [item.value for item in channel.items("note")]
