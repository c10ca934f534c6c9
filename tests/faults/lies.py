"""What a lying relay answers: each lie is a function from the true answer to a false one (spec/ledger.md, 9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from backchannel.ledger.checkpoint import Checkpoint, sign
from backchannel.ledger.leaf import NO_ERASE, EraseRecord, Leaf, arrival_unit, entry_id
from backchannel.ledger.origin import origin_line
from backchannel.ledger.tree import Tree
from backchannel.ledger.wire import Range, Record, encode_range
from tests.desk.world import World

OTHER_SEED = b"\x77" * 32


@dataclass
class Scene:
    """The world at the moment of the lie, and how much the desk has read."""

    world: World
    size: int

    @property
    def past(self) -> list[bytes]:
        """Leaf data of what the desk has verified."""
        return [leaf for leaf, _ in self.world.host.rows(self.world.name)[: self.size]]

    def sign(self, answer: Range, records: Sequence[Record], *, past: list[bytes] | None = None) -> Range:
        """The answer with other records, under a checkpoint that is true of them."""
        leaves = [Leaf.parse(data) for data in (self.past if past is None else past)] + [r.leaf for r in records]
        return replace(
            answer,
            records=tuple(records),
            head=len(leaves),
            checkpoint=self.note(len(leaves), Tree(map(Leaf.hash, leaves)).root()),
        )

    def note(self, size: int, root: bytes, *, seed: bytes = bytes(range(32)), name: str = "") -> bytes:
        return sign(Checkpoint(origin_line(name or self.world.name), size, root), seed)


Lie = Callable[[Scene, Range], "Range | bytes"]


def record(body: bytes, arrival: int, erase: bytes = b"\x05" * 32) -> Record:
    return Record(Leaf(entry_id(body), arrival, len(body), erase), body)


def _other(answer: Range, k: int, **changes: object) -> Range:
    """The answer with fields of record k's leaf changed, and nothing signed anew."""
    records = list(answer.records)
    records[k] = Record(replace(records[k].leaf, **changes), records[k].body)
    return replace(answer, records=tuple(records))


def alter_body(scene: Scene, answer: Range) -> Range:
    first, *rest = answer.records
    assert first.body is not None
    return replace(answer, records=(record(first.body[:-1] + b"\0", first.leaf.arrival, first.leaf.erase), *rest))


def alter_time(scene: Scene, answer: Range) -> Range:
    return _other(answer, -1, arrival=answer.records[-1].leaf.arrival + 1)


def alter_commitment(scene: Scene, answer: Range) -> Range:
    return _other(answer, 0, erase=b"\x09" * 32)


def alter_id(scene: Scene, answer: Range) -> Range:
    leaf = replace(answer.records[0].leaf, id=bytes(32))
    return replace(answer, records=(Record(leaf, None), *answer.records[1:]))


def alter_length(scene: Scene, answer: Range) -> bytes:
    raw = bytearray(encode_range(answer))
    last = answer.records[-1]
    at = len(raw) - last.leaf.length - 36
    raw[at : at + 4] = (last.leaf.length + 1).to_bytes(4, "big")
    return bytes(raw)


def length_of_erased(scene: Scene, answer: Range) -> Range:
    leaf = replace(answer.records[0].leaf, length=77)
    return replace(answer, records=(Record(leaf, None), *answer.records[1:]))


def no_length(scene: Scene, answer: Range) -> bytes:
    raw = bytearray(encode_range(answer))
    at = len(raw) - answer.records[-1].leaf.length - 36
    raw[at : at + 4] = bytes(4)
    return bytes(raw)


def drop_last(scene: Scene, answer: Range) -> Range:
    return replace(answer, records=answer.records[:-1])


def drop_first(scene: Scene, answer: Range) -> Range:
    return replace(answer, records=answer.records[1:])


def drop_and_pad(scene: Scene, answer: Range) -> Range:
    first = answer.records[0]
    return replace(answer, records=(record(b"padding", first.leaf.arrival), *answer.records[1:]))


def reorder(scene: Scene, answer: Range) -> Range:
    return replace(answer, records=answer.records[::-1])


def copy_within(scene: Scene, answer: Range) -> Range:
    return scene.sign(answer, [*answer.records, answer.records[0]])


def copy_of_the_past(scene: Scene, answer: Range) -> Range:
    leaf, body = scene.world.host.rows(scene.world.name)[3]
    again = replace(Leaf.parse(leaf), arrival=answer.records[-1].leaf.arrival)
    return scene.sign(answer, [*answer.records, Record(again, body)])


def take_back(scene: Scene, answer: Range) -> Range:
    root = Tree(Leaf.parse(leaf).hash() for leaf in scene.past[:-2]).root()
    return Range(scene.size - 2, scene.note(scene.size - 2, root), scene.size, ())


def another_past(scene: Scene, answer: Range) -> Range:
    past = scene.past
    past[4] = replace(Leaf.parse(past[4]), erase=b"\x08" * 32).data()
    return scene.sign(answer, answer.records, past=past)


def two_heads_of_one_size(scene: Scene, answer: Range) -> Range:
    return Range(scene.size, scene.note(scene.size, b"\x01" * 32), scene.size, ())


def longer(scene: Scene, answer: Range) -> Range:
    more = record(b"one more", answer.records[-1].leaf.arrival)
    return replace(answer, records=(*answer.records, more), head=answer.head + 1)


def shorter(scene: Scene, answer: Range) -> Range:
    return replace(answer, records=())


def from_elsewhere(scene: Scene, answer: Range) -> Range:
    return replace(answer, start=answer.start - 1)


def nothing_new_forever(scene: Scene, answer: Range) -> Range:
    root = Tree(Leaf.parse(leaf).hash() for leaf in scene.past).root()
    return Range(scene.size + 9, scene.note(scene.size, root), scene.size, ())


def another_key(scene: Scene, answer: Range) -> Range:
    size = answer.start + len(answer.records)
    root = scene.world.host.log(scene.world.name).tree.root(size)
    return replace(answer, checkpoint=scene.note(size, root, seed=OTHER_SEED))


def bad_signature(scene: Scene, answer: Range) -> Range:
    text, _, line = answer.checkpoint.rpartition("— ".encode())
    changed = line[:30] + (b"A" if line[30:31] != b"A" else b"B") + line[31:]
    at = line.index(b" ") + 20
    changed = line[:at] + (b"A" if line[at : at + 1] != b"A" else b"B") + line[at + 1 :]
    return replace(answer, checkpoint=text + "— ".encode() + changed)


def another_log(scene: Scene, answer: Range) -> Range:
    size = answer.start + len(answer.records)
    root = scene.world.host.log(scene.world.name).tree.root(size)
    return replace(answer, checkpoint=scene.note(size, root, name="ab" * 32))


def no_checkpoint(scene: Scene, answer: Range) -> Range:
    return replace(answer, checkpoint=b"all is well\n")


def withhold(scene: Scene, answer: Range) -> Range:
    first, *rest = answer.records
    return replace(answer, records=(Record(first.leaf, None), *rest))


def _erase_record(scene: Scene, answer: Range, index: int, token: bytes) -> Range:
    more = record(EraseRecord(index, token).encode(), answer.records[-1].leaf.arrival, NO_ERASE)
    return scene.sign(answer, [*answer.records, more])


def made_up_leave(scene: Scene, answer: Range) -> Range:
    return _erase_record(scene, withhold(scene, answer), scene.size, b"\x01" * 32)


def leave_for_the_future(scene: Scene, answer: Range) -> Range:
    return _erase_record(scene, answer, scene.size + 50, b"\x01" * 32)


def no_leave_at_all(scene: Scene, answer: Range) -> Range:
    more = record(b"I erase what I like", answer.records[-1].leaf.arrival, NO_ERASE)
    return scene.sign(answer, [*answer.records, more])


def _timed(scene: Scene, answer: Range, seconds: float) -> Range:
    unit = arrival_unit(scene.world.clock() + seconds)
    return scene.sign(answer, [Record(replace(r.leaf, arrival=unit), r.body) for r in answer.records])


def time_ahead(scene: Scene, answer: Range) -> Range:
    return _timed(scene, answer, 1500)


def time_back(scene: Scene, answer: Range) -> Range:
    return _timed(scene, answer, -1500)


def time_falls(scene: Scene, answer: Range) -> Range:
    last = answer.records[-1]
    fallen = Record(replace(last.leaf, arrival=last.leaf.arrival - 1), last.body)
    return scene.sign(answer, [*answer.records[:-1], fallen])


def cut_off(scene: Scene, answer: Range) -> bytes:
    return encode_range(answer)[:-3]


def garbage(scene: Scene, answer: Range) -> bytes:
    return b"\xff" * 40


def empty(scene: Scene, answer: Range) -> bytes:
    return b""


LIES: dict[Lie, str] = {
    alter_body: "root",
    alter_time: "root",
    alter_commitment: "root",
    alter_id: "root",
    alter_length: "truncated",
    length_of_erased: "root",
    no_length: "length",
    drop_last: "range",
    drop_first: "range",
    drop_and_pad: "root",
    reorder: "root",
    copy_within: "repeat",
    copy_of_the_past: "repeat",
    take_back: "range",
    another_past: "root",
    two_heads_of_one_size: "root",
    longer: "range",
    shorter: "range",
    from_elsewhere: "range",
    nothing_new_forever: "range",
    another_key: "signature",
    bad_signature: "signature",
    another_log: "origin",
    no_checkpoint: "checkpoint",
    withhold: "erased",
    made_up_leave: "erased",
    leave_for_the_future: "erased",
    no_leave_at_all: "erased",
    time_ahead: "arrival",
    time_back: "arrival",
    time_falls: "arrival",
    cut_off: "truncated",
    garbage: "length",
    empty: "truncated",
}
"""Every lie in an answer, and the code under which the desk reports it."""
