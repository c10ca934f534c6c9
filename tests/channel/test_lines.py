"""Lines: chains, gaps over what was erased, what a desk persists and takes up again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.channel.lines import Lines, Place
from backchannel.entry.ids import ZERO32, EntryId
from backchannel.errors import Rejected
from backchannel.instruments.note import Send
from backchannel.seal.box import Sealed
from backchannel.seal.chain import LONGEST, Chain, Cursor, new_chain, seal_entry, tag
from backchannel.seal.primitives import ed25519_public, sha256
from backchannel.seal.roster import open_roster
from tests.channel.kit import CHANNEL, opened
from tests.channel.weaken import weaken
from tests.seal.kit import chance

ME, ANA, BEN = b"\x01" * 16, b"\x02" * 16, b"\x03" * 16
SEED = b"\x07" * 32


def chain(k: int, sender: bytes = ANA, others: tuple[bytes, ...] = (ME,), cls: str = "talk") -> tuple[Chain, Cursor]:
    audience = tuple((seat, 0) for seat in sorted({sender, *others}))
    return new_chain(
        CHANNEL, sender=sender, cls=cls, epoch=1, audience=audience, verify=ed25519_public(SEED), ck0=bytes([k]) * 32
    )


class Writer:
    """Writes a chain's entries."""

    def __init__(self, k: int) -> None:
        self.chain, self.cursor = chain(k, others=(ME, bytes([k]) * 16))
        self.start = self.cursor
        self.random = chance(f"writer {k}")

    def write(self) -> bytes:
        sealed, self.cursor = seal_entry(
            CHANNEL, self.chain, self.cursor, SEED, kind="note.send", body=b"words", erasable=True,
            size=0, root=ZERO32, salt=self.random(16),
        )  # fmt: skip
        return sealed.body


def read(lines: Lines, body: bytes, position: int) -> int | None:
    """The number of the entry if it opens and the chain moves, None if no chain expects it."""
    found = lines.find(body[:16])
    if found is None:
        return None
    opening = lines.open(CHANNEL, *found, body)
    assert opening.check.holds()
    lines.move(found[0], opening.after, position)
    return found[1]


def persisted(lines: Lines, erased: list[tuple[int, EntryId]]) -> Lines:
    """The lines as a desk takes them up again from its vault: only what was erased since some chain's last entry."""
    places = tuple(lines.places.values())
    since = min((place.last for place in places), default=0)
    return Lines(places, tuple(gone for gone in erased if gone[0] > since))


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=40), st.randoms())
def test_any_chains_with_any_entries_erased_open_all_the_rest(
    entries: list[tuple[int, bool, bool]], random: object
) -> None:
    """Three chains, and what is nobody's; each entry erased or not, the desk restarted or not before each entry."""
    writers = [Writer(k) for k in range(2)]
    lines, erased = Lines(), list[tuple[int, EntryId]]()
    for k, writer in enumerate(writers):
        lines.start(writer.chain, writer.start, k)
    for position, (k, gone, restart) in enumerate(entries, start=10):
        body = writers[k].write() if k < 2 else b"closed" + bytes(700) + bytes([position])
        if restart:
            fresh = persisted(lines, erased)
            assert state_of(fresh) == state_of(lines)
            lines = fresh if position % 2 else lines.copy()
        if gone:
            erased.append((position, sha256(body)))
            lines.erased(sha256(body), position)
        elif k < 2:
            assert read(lines, body, position) == writers[k].cursor.i - 1
        else:
            assert read(lines, body, position) is None


def state_of(lines: Lines) -> object:
    return lines.places, dict(sorted(lines._tags.items()))


def test_a_copy_moves_by_itself() -> None:
    writer = Writer(0)
    lines = Lines()
    lines.start(writer.chain, writer.start, 0)
    before = state_of(lines)
    twin = lines.copy()
    twin.erased(b"\x05" * 32, 1)
    assert read(twin, writer.write(), 2) == 0
    twin.end_all()
    assert state_of(lines) == before
    assert twin.places == {}


def test_without_a_gap_an_entry_cannot_be_left_out() -> None:
    writer = Writer(0)
    lines = Lines()
    lines.start(writer.chain, writer.start, 0)
    writer.write()
    assert read(lines, writer.write(), 2) is None


def test_a_gap_is_no_longer_than_what_was_erased() -> None:
    writer = Writer(0)
    lines = Lines()
    lines.start(writer.chain, writer.start, 0)
    bodies = [writer.write() for _ in range(4)]
    lines.erased(sha256(bodies[0]), 1)
    assert read(lines, bodies[2], 3) is None
    lines.erased(sha256(bodies[1]), 2)
    assert read(lines, bodies[2], 3) == 2
    assert read(lines, bodies[3], 4) == 3


def test_what_follows_a_gap_names_an_erased_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def gap(erased: int) -> int | None:
        writer = Writer(0)
        lines = Lines()
        lines.erased(sha256(b"long ago"), 0)
        lines.start(writer.chain, writer.start, 1)
        writer.write()
        body = writer.write()
        # something else was erased, and what the entry follows is there, or was never
        lines.erased(bytes([erased]) * 32, 2)
        return read(lines, body, 3)

    with pytest.raises(Rejected) as caught:
        gap(9)
    assert caught.value.code == "order"
    weaken(monkeypatch, "channel.lines", ("self._gone_at.get(prev, -1) <= place.last", "False"))
    assert gap(9) == 1


def test_an_entry_follows_the_one_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def forked() -> int | None:
        """After one entry, the sender writes on from a restored cursor that remembers another."""
        writer = Writer(0)
        lines = Lines()
        lines.start(writer.chain, writer.start, 0)
        assert read(lines, writer.write(), 1) == 0
        writer.cursor = Cursor(writer.cursor.ck, 1, b"\x09" * 32)
        return read(lines, writer.write(), 2)

    with pytest.raises(Rejected) as caught:
        forked()
    assert caught.value.code == "order"
    weaken(monkeypatch, "channel.lines", ("if prev != place.cursor.prev if i", "if False if i"))
    assert forked() == 1


def test_a_gap_does_not_reach_behind_the_last_entry() -> None:
    """An erased entry that was read before it was erased is not what may be missing."""
    writer = Writer(0)
    lines = Lines((), ((1, b"\x05" * 32),))
    lines.start(writer.chain, writer.start, 2)
    writer.write()
    assert read(lines, writer.write(), 3) is None


# --- chains begin and end


def test_a_new_chain_ends_the_old_of_the_same_kind_only() -> None:
    lines = Lines()
    chains = [
        chain(1),
        chain(2, others=(ME, BEN)),
        chain(3, sender=BEN),
        chain(4, cls="other"),
    ]
    for begun in chains:
        lines.start(*begun, 1)
    assert all(lines.find(tag(c, 0)) == (c, 0) for c, _ in chains)
    again, cursor = chain(9)
    lines.start(again, cursor, 2)
    assert lines.find(tag(chains[0][0], 0)) is None
    assert [lines.find(tag(c, 0)) for c, _ in (*chains[1:], (again, cursor))] == [
        (c, 0) for c in (*(c for c, _ in chains[1:]), again)
    ]
    ended = lines.places[chains[0][0].cid]
    assert ended.cursor.ck == ZERO32  # its key is gone
    lines.erased(b"\x05" * 32, 3)
    assert lines.find(tag(chains[0][0], 1)) is None


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("restored", [False, True])
def test_no_chain_is_started_twice(ended: bool, restored: bool) -> None:
    lines = Lines()
    old = chain(1)
    lines.start(*old, 1)
    if ended:
        lines.start(*chain(2), 2)
    if restored:
        lines = persisted(lines, [])
    before = state_of(lines)
    with pytest.raises(Rejected) as caught:
        lines.start(*old, 3)
    assert caught.value.code == "repeat"
    assert state_of(lines) == before


def test_a_chain_expects_no_entry_behind_its_end() -> None:
    last, _ = chain(1)
    lines = Lines((Place(last, Cursor(b"\x01" * 32, LONGEST - 1, ZERO32), 1),))
    for k in range(3):
        lines.erased(bytes([k]) * 32, 2 + k)
    assert lines.find(tag(last, LONGEST - 1)) == (last, LONGEST - 1)
    assert lines.find(tag(last, LONGEST)) is None
    lines.move(last, Cursor(b"\x01" * 32, LONGEST, ZERO32), 9)
    assert lines._tags == {}


def silenced() -> bool:
    """Ben reads Ana's line, and posts its DIST again after she has started a new one. Whether Cem still hears her."""
    world = opened(3)
    ana, ben, cem = (world[name] for name in ("Ana", "Ben", "Cem"))
    position = ana.dist([ben.id, cem.id]).at.position
    world.sync()
    old = world.log.records[position].body
    assert old is not None
    content = ana.box.open(Sealed(old, world.log.records[position].erase))
    ana.dist([ben.id, cem.id])
    world.log.post(ben.shared(open_roster(content)))
    ana.say("note.send", Send("Do you hear me?", False, 1), [ben.id, cem.id])
    world.sync()
    return [item.text for item in cem.items.values()] != ["Do you hear me?"]


def test_a_reader_cannot_silence_a_sender_with_its_own_old_dist(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not silenced()
    weaken(monkeypatch, "channel.lines", ("if chain.cid in self._places:", "if False:"))
    assert silenced()
