"""What a hostile predecessor passes on: nothing but what the log bears out is taken, and nothing stops the desk."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace as replace_instrument
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.state import At
from backchannel.desk import dossier, duties, evidence, files, handovers, steps, texts
from backchannel.desk.book import passing
from backchannel.desk.book.items import Item
from backchannel.desk.channel import Channel
from backchannel.entry.codec import encode
from backchannel.instruments.base import Me, Owed
from backchannel.instruments.handover import (
    Evidence,
    Getting,
    Handover,
    Part,
    Passed,
    Thing,
    Token,
    getting,
    packed,
)
from backchannel.instruments.note import Note
from backchannel.instruments.step.acts import PIECE, File
from backchannel.instruments.text.values import Text
from tests.desk import test_dossier as flow
from tests.desk import world as worlds
from tests.desk.evidence import PLAN, ladder
from tests.desk.world import World, agree, alarms, notes, returned, talks
from tests.desk.world import texts as said

SEATS = flow.SEATS
ZERO = bytes(32)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Sofia's successor is in, and her desk has begun nothing."""
    with talks(tmp_path, SEATS) as made:
        flow.fill(made)
        flow.offer(made)
        flow.enter(made, "ana", "hernan")
        yield made


def give(world: World, monkeypatch: pytest.MonkeyPatch, forge: Callable[[Item], list[Thing]]) -> Channel:
    """Sofia's desk passes on what `forge` makes of each of its items; the successor's channel."""
    monkeypatch.setattr(dossier, "_things", lambda *args: iter([(thing, 100) for thing in forge(args[-1])]))
    flow.through(world)
    return world["ago"]


def whole(item: Item, value: Any = None, name: str = "") -> Passed:
    return Passed(name or item.instrument.name, encode(item.value if value is None else value), False)


def notes_only(forge: Callable[[Note], Any]) -> Callable[[Item], list[Thing]]:
    """Notes, as `forge` makes them."""

    def made(item: Item) -> list[Thing]:
        return [whole(item, forge(item.value))] if item.instrument.name == "note" else []

    return made


# --- items


FORGED: dict[str, Callable[[Note], Note]] = {
    "of another entry": lambda note: replace(note, id=b"\x09" * 32),
    "of another place": lambda note: replace(note, at=At(note.at.position + 1, note.at.arrival)),
    "of another time": lambda note: replace(note, at=At(note.at.position, note.at.arrival + 1)),
    "of nobody's": lambda note: replace(note, author=b"\x09" * 16),
    "for the others": lambda note: replace(note, audience=tuple(s for s in note.audience if s == note.author)),
    "for nobody": lambda note: replace(note, audience=()),
    "in another order": lambda note: replace(note, audience=note.audience[::-1]),
    "for ever": lambda note: replace(note, until=2**63 - 1),
    "in no state": lambda note: replace(note, readbacks=tuple(replace(r, state="sung") for r in note.readbacks)),
    "read back twice": lambda note: replace(note, readbacks=(*note.readbacks, *note.readbacks)),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_note_is_not_taken_and_all_is_told(world: World, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    ago = give(world, monkeypatch, notes_only(FORGED[how]))
    assert notes(ago) == []
    assert set(alarms(ago)) == {"passed"}
    assert ago.state.keys(world["sofia"].me) is None  # the handover itself goes on


def test_what_is_not_forged_is_taken_and_marked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ago = give(world, monkeypatch, notes_only(lambda note: replace(note, text="other words")))
    assert set(said(ago)) == {"other words"}  # who wrote them cannot be verified: so it says by whom they came
    assert {ago.session.book.items.passed_on(one.at.position) for one in notes(ago)} == {world["sofia"].me}


@pytest.mark.parametrize("raw", [b"", b"\xc0", b"\x81", bytes(1_000)])
@pytest.mark.parametrize("name", ["note", "text", "nothing", "nonpaper", "handover", "hat"])
def test_bytes_that_are_no_item_are_not_taken(
    world: World, monkeypatch: pytest.MonkeyPatch, raw: bytes, name: str
) -> None:
    ago = give(world, monkeypatch, lambda _: [Passed(name, raw, False)])
    assert (notes(ago), ago.items("text")) == ([], [])
    assert set(alarms(ago)) == {"passed"}
    agree(world, "ana", "hernan", "ago")


def test_what_the_successor_has_read_itself_is_not_replaced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, sofia = world["ana"], world["sofia"]
    ana.send_note("to both")
    ana.sync()
    sofia.client.before = lambda op, args: None  # type: ignore[attr-defined]
    monkeypatch.setattr(dossier, "_goes", lambda *_: True)
    ago = give(world, monkeypatch, notes_only(lambda note: replace(note, text=f"forged: {note.text}")))
    assert "to both" in said(ago)
    assert "forged: to both" not in said(ago)
    assert set(alarms(ago)) == {"passed"}


def test_what_was_not_the_givers_is_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note between Ana and Hernán: the giver sees that something is there, and makes up what it says."""
    ana = world["ana"]
    secret = next(one for one in notes(ana) if one.text == "not for Sofia")
    forged = replace(secret, text="We give in.")
    ago = give(world, monkeypatch, lambda item: [whole(item, forged, "note")])
    assert notes(ago) == []


# --- in pieces


def pieces(item: Item, size: int = 300) -> list[Thing]:
    raw = encode(item.value)
    cut = [raw[k : k + size] for k in range(0, len(raw), size)]
    return [Passed(item.instrument.name, part, k + 1 < len(cut), k * size) for k, part in enumerate(cut)]


def test_an_item_may_come_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dossier, "MOST", 350)
    give(world, monkeypatch, pieces)
    flow.complete(world)


def test_a_piece_that_never_ends_fills_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "MOST_VALUE", 5_000)
    monkeypatch.setattr(dossier, "MOST", 500)
    sizes: list[int] = []
    real = passing.Taking.take

    def take(self: passing.Taking, handover: Any, *args: Any) -> Iterator[Item]:
        yield from real(self, handover, *args)
        sizes.append(len(self._items.pocket(handover.at.position)))

    monkeypatch.setattr(passing.Taking, "take", take)
    endless: list[Thing] = [Passed("note", bytes(800), True, k * 800) for k in range(12)]
    ago = give(world, monkeypatch, lambda item: endless if item.instrument.name == "text" else [])
    assert 4_000 <= max(sizes) < 5_100
    assert sizes[-1] < 100
    assert notes(ago) == []
    assert set(alarms(ago)) == {"passed"}


def test_a_part_of_many_small_stretches_costs_no_more_than_its_length(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each used to copy all that was there: 32 MiB, ten thousand times an entry."""
    held = bytes(24 << 20)
    many = [Passed("note", b"x", True, len(held) + k) for k in range(5_000)]

    class Pockets:
        kept = encode(Getting(held))

        def pocket(self, _: int) -> bytes:
            return self.kept

        def set_pocket(self, _: int, value: bytes) -> None:
            self.kept = value

    none: Any = None
    pockets: Any = Pockets()
    ago = world["ago"]
    begun = Handover(ZERO, At(5, 1), world["sofia"].me, (), ago.me, world["sofia"].me, "begun", 0, 0, None)
    taking = passing.Taking(pockets, none, none, none, ago.me)
    before = time.process_time()
    assert not [*taking.take(begun, Part(ZERO, 0, packed(many)), none, (), none)]
    assert time.process_time() - before < 2
    assert len(getting(pockets.kept).rest) == len(held) + 5_000


def test_an_item_of_which_a_part_came_before_is_taken_from_its_beginning(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(world, monkeypatch, lambda item: [*pieces(item, 100)[:-1], *pieces(item, 100)])
    flow.complete(world)


@pytest.mark.parametrize("mess", ["half", "turned", "mixed"])
def test_pieces_that_do_not_fit_are_no_item(world: World, monkeypatch: pytest.MonkeyPatch, mess: str) -> None:
    def forge(item: Item) -> list[Thing]:
        held = pieces(item, 60)
        if mess == "half":
            return held[:1]
        if mess == "turned":
            return held[::-1]
        return [*held[:1], Token(1, 1, ZERO), *held[2:]]

    ago = give(world, monkeypatch, forge)
    assert "of Sofia 1" not in said(ago)
    assert set(alarms(ago)) <= {"passed"}
    agree(world, "ana", "hernan", "ago")


# --- tokens and evidence


def tokens(channel: Channel) -> dict[int, bytes]:
    """What this desk may have erased."""
    held = channel.session.book.items.passing(0, 1_000)
    return {p: token for item in held for p, token in channel.session.book.entries.tokens(item.position)}


def test_the_successor_may_erase_what_its_predecessor_wrote(world: World) -> None:
    before = tokens(world["sofia"])
    flow.through(world)
    assert before
    assert tokens(world["ago"]) == before


def test_a_token_of_another_entry_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a wrong one, nor one for an item that was not passed on, nor one about what this desk reads itself."""
    ana, sofia = world["ana"], world["sofia"]
    sofia.send_note("to both, of Sofia")
    sofia.session.book.outbox.waiting()
    positions = [one.at.position for one in notes(ana)]
    real = dossier._things

    def forge(session: Any, item: Any, held: Item) -> Iterator[tuple[Thing, int]]:
        own = session.book.entries.tokens(held.position)
        if held.position == positions[0]:
            yield from real(session, item, held)
        for position, token in own:
            yield Token(held.position, position, token[::-1]), 100
            yield Token(positions[-1], position, token), 100
            yield Token(held.position, 10**6, token), 100

    monkeypatch.setattr(dossier, "_things", forge)
    flow.through(world)
    ago = world["ago"]
    assert [one.at.position for one in notes(ago) if ago.session.book.items.passed_on(one.at.position)] == positions[:1]
    entries = {one.position: one for one in ago.session.book.entries.log()}
    assert {entries[p].item for p in tokens(ago)} <= {positions[0]}


def test_a_token_takes_nothing_from_what_this_desk_reads_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sofia, ago = world["sofia"], world["ago"]
    monkeypatch.setattr(dossier, "_leave", lambda *_: [])
    flow.through(world)
    sofia.send_note("to both")
    world.settle()
    note = next(one for one in notes(ago) if one.text == "to both")
    first = notes(ago)[0].at.position
    ((position, token),) = sofia.session.book.entries.tokens(note.at.position)
    with ago.session.turn(), ago.session.vault.transaction():
        ago.session.book.entries.keep_token(position, first, token)
    (entry,) = (one for one in ago.session.book.entries.log() if one.position == position)
    assert entry.item == note.at.position


DATA = bytes(range(256)) * 3_073
REST = len(DATA) - PIECE
PHOTO = File("photo.jpg", len(DATA), hashlib.sha256(DATA).digest())


@pytest.fixture
def reported(tmp_path: Path) -> Iterator[World]:
    """Ana has reported a step with a file of two pieces and sent none; Sofia's successor is in."""
    with talks(tmp_path, SEATS) as made:
        ana = made["ana"]
        steps.propose(ana, steps.plan(ana, PLAN))
        made.settle()
        steps.report(ana, ladder(ana), ladder(ana).steps[0], "Done.", [PHOTO])
        made.settle()
        flow.offer(made)
        flow.enter(made, "ana", "hernan")
        yield made


def test_of_evidence_nothing_is_kept_but_what_was_named(reported: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a giver would fill the successor's disk with pieces of no file, without end."""

    def forge(item: Item) -> list[Thing]:
        def piece(party: str = "Argentina", file: bytes = PHOTO.sha256, n: int = 1, size: int = REST) -> Thing:
            return Evidence(item.position, party, file, n, bytes(size))

        bad = [piece("Chile"), piece(file=ZERO), piece(n=2), piece(n=10**15), piece(size=5), piece(n=0)]
        return [whole(item), *bad, piece(), Evidence(3, "Argentina", PHOTO.sha256, 1, bytes(REST))]

    ago = give(reported, monkeypatch, forge)
    assert ago.session.vault.query("SELECT party, n FROM piece") == [("Argentina", 1)]
    assert set(alarms(ago)) == {"passed"}


def test_evidence_is_kept_beside_a_ladder_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ago = give(world, monkeypatch, lambda item: [whole(item), Evidence(item.position, "Chile", ZERO, 0, b"x")])
    assert ago.session.vault.query("SELECT party FROM piece") == []
    assert set(alarms(ago)) == {"passed"}


def test_a_false_piece_gives_way_to_the_one_that_comes(
    reported: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Or a giver would make another's file look altered, for the successor, for ever."""

    def forge(item: Item) -> list[Thing]:
        return [whole(item), Evidence(item.position, "Argentina", PHOTO.sha256, 0, bytes(PIECE))]

    ago, ana = give(reported, monkeypatch, forge), reported["ana"]
    path = tmp_path / "photo.jpg"
    path.write_bytes(DATA)
    files.take_again(ana, ladder(ana), 1, path)
    files.carry(ana)
    reported.settle("ana", "hernan", "ago")
    (one,) = evidence.named(ago, ladder(ago), 1)
    evidence.check(ago, ladder(ago), one)


# --- another giver


NAMES = ("ana", "hernan", "pia", "paz")


def test_of_two_givers_the_first_counts_and_neither_is_accused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(worlds.NAMES, "pia", ("Pia A.", "Argentina", "principal"))
    monkeypatch.setitem(worlds.NAMES, "paz", ("Paz A.", "Argentina", "expert"))
    with talks(tmp_path, NAMES) as world:
        ana, hernan, pia, paz = (world[name] for name in NAMES)
        hernan.send_note("to all")
        hernan.send_note("to Ana and Paz", [ana.me, paz.me])
        world.settle()
        handovers.freeze(pia, ana.me, "Taken at the border.")
        others = ("hernan", "pia", "paz")
        world.settle(*others)
        invite = handovers.offer(pia, ana.me, "Ana B.")
        world.settle(*others)
        hernan.admit("Ana B.")
        world.settle(*others)
        world.desk("heir").join(pia.code(invite))
        heir = world["heir"]
        heir.sign_charter(heir.state.charter)
        world.settle(*others, "heir")
        assert notes(heir) == []
        with monkeypatch.context() as patch:
            patch.setattr(
                dossier,
                "_things",
                lambda _s, _i, held: iter([(whole(held, replace(held.value, text="forged")), 9)]),
            )
            handovers.pass_on(pia, pia.state.member(heir.me))
            world.settle("pia", "heir")
        assert said(heir) == ["forged"]
        handovers.pass_on(paz, paz.state.member(heir.me))
        world.settle("paz", "heir", "pia", "hernan")
        assert said(heir) == ["forged", "to Ana and Paz"]
        by = [heir.session.book.items.passed_on(one.at.position) for one in notes(heir)]
        assert by == [pia.me, paz.me]
        assert alarms(heir) == []
        assert [returned(world[name]) for name in (*others, "heir")] == [[], [], [], []]


def test_a_dossier_is_nothing_to_the_desk_that_gives_it(world: World) -> None:
    flow.through(world)
    sofia = world["sofia"]
    assert {sofia.session.book.items.passed_on(one.at.position) for one in notes(sofia)} == {None}


# --- what could not have been foreseen


def garbage(item: Item) -> list[Thing]:
    """A text in silence that was never begun: what works on it fails."""
    value = item.value
    return [whole(item, replace(value, state="silence", hushes=()))] if isinstance(value, Text) else []


def test_an_item_that_makes_a_fold_or_a_reflex_fail_stops_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = world["ana"]
    with monkeypatch.context() as patch:
        patch.setattr(passing, "sound", lambda *_: None)
        ago = give(world, patch, garbage)
        assert [one.value.hushes for one in ago.items("text")] == [()]
        item = ana.items("text")[0].value
        texts.stand(ana, item, item.here[:1], "agree")
        ana.send_note("behind it")
        world.settle("ana", "hernan", "ago")
    assert "behind it" in said(ago)
    last = ago.session.book.entries.log()
    assert [one.note.split(":")[0] for one in last if one.verdict == "rejected"] == ["passed"]


def test_a_fold_that_fails_on_what_was_not_passed_on_is_a_fault_of_ours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, hernan = world["ana"], world["hernan"]
    item = ana.items("text")[0].value
    texts.stand(ana, item, item.here[:1], "agree")

    def broken(*_: Any) -> Any:
        raise IndexError

    monkeypatch.setattr("backchannel.instruments.text.rules.at_the_hour", broken)
    with pytest.raises(IndexError):
        hernan.sync()
    monkeypatch.undo()
    text = replace_instrument(hernan.items("text")[0].instrument, reflex=broken)
    flow.through(world)
    ago = world["ago"]
    me = Me(ago.me, b"kept", bytes, At(0, 0), 0, ago.state)
    for channel, doubtful in ((hernan, False), (ago, True)):
        held = Item(text, channel.items("text")[0].value)
        if doubtful:
            assert duties._due(channel.session.book.items, held, me) == Owed((), b"kept")
        else:
            with pytest.raises(IndexError):
                duties._due(channel.session.book.items, held, me)
