"""What can be proved of non-papers: what was taken up, that the hat names nobody, that what lapsed is gone."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from backchannel.demo.checks import must
from backchannel.demo.nonpapers import Nonpapers
from backchannel.demo.pages import Pages
from backchannel.demo.search import found_in, pieces
from backchannel.demo.stage import Stage
from backchannel.desk.vault import backup
from backchannel.instruments.understanding.clauses import split


def taken_up(stage: Stage) -> str:
    """What was taken up stands in a formal text word for word; of the non-paper nothing is left that says whose."""
    acts = [act for _, act in stage.scenario.acts if act.do == "take-up"]
    must(bool(acts), "Nothing is taken up in the scenario.")
    for act in acts:
        text = stage.scenario.last_form(act.item).text.strip()
        items = {key: stage.nonpapers.item(act.item, key) for key in stage.cast(act)}
        for key, item in items.items():
            short = stage.scenario.who(key).short
            must(item.state == "taken-up", f"On the desk of {short} “{act.title}” is {item.state!r}.")
            same = stage.labelled(act, key).terms.clauses == split(text)
            must(same, f"The desk of {short} has other words of “{act.title}”.")
            unknown = item.author is None and not _senders(stage, key, item.at.position)
            must(unknown, f"The desk of {short} still knows who floated “{act.title}”.")
        must(_alike(items.values()), f"The desks differ in what they have of “{act.title}”.")
    return f"“{acts[-1].title}” word for word on all {len(items)} desks; none has kept who floated it"


def nobodys(stage: Stage) -> str:
    """Of an idea from the hat all desks have the same, and none anything by which a slip could be told as its own."""
    must(bool(stage.nonpapers.came), "No hat goes round in the scenario.")
    for label, came in stage.nonpapers.came.items():
        traces = stage.nonpapers.traces[label]
        had = {trace.desk for trace in traces if trace.what == "slip" and trace.found}
        act = next(act for _, act in stage.scenario.acts if act.label == label)
        must(had == {act.who}, f"Before the round {act.title!r} was on the desks of {sorted(had)}.")
        own = {trace.desk for trace in traces if trace.what == "own" and trace.found}
        must(own == set(came.paper), "While the hat went round, its secrets were not found: a blind search.")
        must(all(item.state == "closed" for item in came.round.values()), "The round has not come to its end.")
        known = [stage.scenario.who(key).short for key, item in came.paper.items() if item.author is not None]
        must(not known, f"The desk of {' and '.join(known)} names an author.")
        must(_alike(came.round.values()) and _alike(came.paper.values()), "The desks differ in what came of the hat.")
        left = [f"{stage.scenario.who(key).short} still has {what}" for key, what in came.left]
        must(not left, f"After the round {'; '.join(left)}.")
    seats = len(came.paper)
    return (
        f"before the round its words were on one desk and no other; right after it all {seats} have the same round, "
        "byte for byte, the same idea without an author, and nothing of what each had put in"
    )


def gone(stage: Stage, files: Sequence[Path], backups: Sequence[tuple[Path, str]], store: Path) -> str:
    """No word of what lapsed, and nothing that opens it, is in any file of desks, backups and relay, decrypted or not.

    `files`: of desks and relay; `backups`: each with its passphrase; `store`: the relay's database.
    """
    labels = [label for label in stage.nonpapers.traces if stage.nonpapers.item(label, stage.first).state == "lapsed"]
    must(bool(labels), "Nothing has lapsed.")
    words, opens = _words(stage, labels), {raw for label in labels for raw in _opening(stage.nonpapers, label)}
    for label in labels:
        _was_there(stage, label)
        for key in stage.cast(stage.act(label)):
            item, short = stage.nonpapers.item(label, key), stage.scenario.who(key).short
            must(item.state == "lapsed", f"On the desk of {short} {label!r} is {item.state!r}.")
            missing = [stage.short(seat) for seat in item.audience if seat not in item.destroyed]
            must(not missing, f"{' and '.join(missing)} has not confirmed that {label!r} was destroyed.")
        must(_erased(stage, label, store), f"The relay still has the sealed words of {label!r}.")
    opened = [(f"the vault of {stage.scenario.who(key).short}", stage.soundings.pages(key)) for key in stage.channels]
    opened += [(f"{file.name}, opened,", pages_of(file, phrase)) for file, phrase in backups]
    blind = [name for name, hay in opened if not found_in(hay, pieces([stage.scenario.channel.purpose]))]
    must(not blind, f"Not even what everybody may read is found in {', '.join(blind)}: a blind search.")
    size = 0
    for name, hay in (*opened, *((file.name, file.read_bytes()) for file in (*files, *(file for file, _ in backups)))):
        found = found_in(hay, words)
        must(not found, f"{name} holds {found[0][0]!r}, words of what has lapsed." if found else "")
        must(not any(raw in hay for raw in opens), f"{name} holds something that opens what has lapsed.")
        size += len(hay)
    titles = " and ".join(f"“{stage.nonpapers.texts(label)[0]}”" for label in labels)
    return (
        f"{titles}: while they lived, {len(words)} pieces of their words and {len(opens)} secrets that open them were "
        f"looked for in the desks' vaults and found; now not one is in {len(files) + len(backups)} files of desks, "
        f"backups and relay, {size:,} bytes with what the passphrases open. All {len(item.audience)} desks have "
        "confirmed it, and the relay has dropped what was sealed"
    )


def _words(stage: Stage, labels: Sequence[str]) -> list[str]:
    """Pieces of what lapsed that stand nowhere else in the talk."""
    lapsed = [text for label in labels for text in stage.nonpapers.texts(label)]
    others = [words.lower() for words in stage.scenario.words if words not in lapsed]
    own = [piece for piece in pieces(lapsed) if not any(piece.lower() in words for words in others)]
    must(bool(own), "What lapsed has no words of its own.")
    return own


def _opening(papers: Nonpapers, label: str) -> set[bytes]:
    return {trace.raw for trace in papers.traces[label] if trace.what in ("key", "one-time", "own")}


def _was_there(stage: Stage, label: str) -> None:
    for what in ("key", "one-time", "words"):
        found = {trace.desk for trace in stage.nonpapers.traces[label] if trace.what == what and trace.found}
        blind = sorted(set(stage.cast(stage.act(label))) - found)
        must(
            not blind, f"While {label!r} lived, no {what} was found in the vault of {', '.join(blind)}: a blind search."
        )


def _erased(stage: Stage, label: str, store: Path) -> bool:
    """Whether the relay has dropped the body of each entry that carried words."""
    began = stage.nonpapers.item(label, stage.first).at.position
    log = stage.channels[stage.first].session.book.entries.log(began)
    carried = [one.position for one in log if one.kind == "nonpaper.words" and one.item == began]
    sql = "SELECT body FROM entries WHERE key % 4294967296 = ?"
    with closing(sqlite3.connect(store)) as db:
        return bool(carried) and all(db.execute(sql, (at,)).fetchone() == (None,) for at in carried)


def _senders(stage: Stage, key: str, began: int) -> list[bytes]:
    """Who has said something of it, as far as this desk still knows; its receipt every desk says in its own name."""
    log = stage.channels[key].session.book.entries.log(began)
    return [one.sender for one in log if one.item == began and one.kind != "nonpaper.destroyed" and one.sender]


def pages_of(file: Path, passphrase: str) -> bytes:
    """The pages of a desk that is restored from a backup, and gone again."""
    folder = file.with_name(f"{file.name}.opened")
    try:
        backup.restore(file, folder, passphrase).close()
        return Pages(folder, passphrase).read()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alike(items: Iterable[object]) -> bool:
    return len({msgspec.msgpack.encode(item) for item in items}) == 1
