from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backchannel.errors import Misuse, RelayFault
from backchannel.ledger.faults import FAULTS
from backchannel.ledger.history import CLOCK_SLACK, Erasure, History
from backchannel.ledger.leaf import ARRIVAL_UNIT, NO_ERASE, Leaf
from backchannel.ledger.tree import Tree, verify_inclusion
from backchannel.ledger.wire import Range, Record, decode_range, encode_range
from tests.ledger.build import (
    NOW,
    ORIGIN,
    OTHER_ORIGIN,
    OTHER_SEED,
    PUBLIC,
    UNIT,
    answer,
    body,
    emptied,
    erase_record,
    record,
    root_of,
    signed,
)


def entries(count: int) -> list[Record]:
    return [record(index) for index in range(count)]


def reader(*answers: Range, now: float = NOW) -> History:
    """A desk that has read these answers."""
    history = History(ORIGIN, PUBLIC)
    for made in answers:
        history.commit(history.check(made, now))
    return history


def state(history: History) -> tuple[object, ...]:
    return (history.size, history.root(), history.owed, dict(history.erased), history.synced)


def reader_hour(history: History) -> float | None:
    return history.synced


# --- what is in order -----------------------------------------------------------------------------


@given(st.integers(0, 40), st.lists(st.integers(0, 40)))
def test_a_log_reads_the_same_in_any_pieces(count: int, cuts: list[int]) -> None:
    made = entries(count)
    history = History(ORIGIN, PUBLIC)
    for end in [*sorted(cut for cut in cuts if cut <= count), count]:
        start = history.size
        piece = answer(made[:end], start, head=count)
        verified = history.check(decode_range(encode_range(piece)), NOW)
        assert [(s.index, s.leaf, s.body) for s in verified.records] == [
            (start + at, entry.leaf, entry.body) for at, entry in enumerate(made[start:end])
        ]
        assert verified.at_head is (end == count)
        history.commit(verified)
    assert (history.size, history.root()) == (count, root_of(made))
    assert [history.leaf(index) for index in range(count)] == [entry.leaf for entry in made]


def test_checking_changes_nothing() -> None:
    history = reader(answer(entries(2)))
    before = state(history)
    history.check(answer(entries(5), 2), NOW + 50)
    assert state(history) == before


def test_a_history_that_was_kept_goes_on_where_it_stopped() -> None:
    made = [*entries(3), erase_record(1)]
    first = reader(answer([made[0], emptied(made[1])], head=4))
    kept = [first.leaf(index).data() for index in range(first.size)]
    again = History(ORIGIN, PUBLIC, kept, owed=first.owed, erased=first.erased, synced=first.synced)
    assert state(again) == state(first)
    again.commit(again.check(answer([made[0], emptied(made[1]), *made[2:]], 2), NOW))
    assert (again.size, again.owed, again.erased) == (4, frozenset(), {1: 3})
    assert again.find(made[2].leaf.id) == 2
    assert again.find(bytes(32)) is None


def test_erased_bodies_and_their_records_in_one_answer() -> None:
    made = [record(0), emptied(record(1)), erase_record(1), emptied(record(3)), erase_record(3)]
    verified = History(ORIGIN, PUBLIC).check(answer(made), NOW)
    assert verified.erasures == (Erasure(1, 2), Erasure(3, 4))
    assert verified.owed == ()


def test_a_body_that_was_read_may_be_erased_later() -> None:
    made = [*entries(2), erase_record(0)]
    history = reader(answer(made[:2]))
    verified = history.check(answer(made, 2), NOW)
    assert verified.erasures == (Erasure(0, 2),)


def test_an_erase_record_may_come_in_a_later_answer() -> None:
    made = [emptied(record(0)), record(1), erase_record(0)]
    history = reader(answer(made[:2], head=3))
    assert history.owed == {0}
    assert history.synced is None
    history.commit(history.check(answer(made, 2), NOW, asked=NOW - 7))
    assert not history.owed
    assert dict(history.erased) == {0: 2}
    assert reader_hour(history) == NOW - 7


def test_proofs_survive_an_erasure() -> None:
    made = entries(5)
    full = reader(answer(made))
    gone = reader(answer([made[0], emptied(made[1]), *made[2:]], head=9))
    assert gone.root() == full.root()
    assert verify_inclusion(made[1].leaf.hash(), 1, 5, gone.inclusion(1, 5), full.root())


def test_an_empty_answer_says_that_we_are_up_to_date() -> None:
    history = reader(answer(entries(3)))
    verified = history.check(answer(entries(3), 3), NOW + 60)
    assert verified.at_head
    assert verified.records == ()
    history.commit(verified)
    assert history.synced == NOW + 60


def test_what_was_checked_before_the_history_moved_is_not_taken_over() -> None:
    history = History(ORIGIN, PUBLIC)
    verified = history.check(answer(entries(2)), NOW)
    history.commit(verified)
    with pytest.raises(Misuse, match="the tree has 2"):
        history.commit(verified)


# --- the table of spec/ledger.md, 9 ---------------------------------------------------------------


@dataclass(frozen=True)
class Lie:
    """What the relay answers to a desk that has read `seen` of `entries(3)` at NOW."""

    code: str
    made: Callable[[], Range]
    seen: int = 0
    now: float = NOW


def swap(at: int, entry: Record, count: int = 3) -> list[Record]:
    made = entries(count)
    made[at] = entry
    return made


def showing(records: list[Record], signed_records: list[Record], start: int = 0) -> Range:
    """Records other than those that were signed."""
    note = signed(len(signed_records), root_of(signed_records))
    return Range(len(signed_records), note, start, tuple(records[start:]))


def altered(**fields: object) -> Range:
    made = entries(3)
    return showing([made[0], replace(made[1], leaf=replace(made[1].leaf, **fields)), made[2]], made)


LATE = UNIT * ARRIVAL_UNIT
LIES = {
    "alters a body": Lie("root", lambda: showing(swap(1, record(1, raw=b"another")), entries(3))),
    "alters the body only": Lie("id", lambda: answer(swap(1, replace(record(1), body=body(7))))),
    "alters an id": Lie("id", lambda: altered(id=bytes(32))),
    "alters a length": Lie("length", lambda: altered(length=21)),
    "alters the length of what is erased": Lie(
        "root",
        lambda: showing(swap(1, emptied(replace(record(1), leaf=replace(record(1).leaf, length=21)))), entries(3)),
    ),
    "alters a time": Lie("root", lambda: showing([record(i, arrival=UNIT - 1) for i in range(3)], entries(3))),
    "alters an erase commitment": Lie("root", lambda: altered(erase=bytes([1]) * 32)),
    "drops an entry": Lie("range", lambda: showing(entries(3)[:2], entries(3))),
    "drops and fills up": Lie("root", lambda: showing([*entries(2), record(9)], entries(3))),
    "reorders": Lie("root", lambda: showing([record(0), record(2), record(1)], entries(3))),
    "inserts a copy": Lie("repeat", lambda: answer([*entries(3), record(1)])),
    "inserts a copy of what was read": Lie("repeat", lambda: answer([*entries(3), record(1)], 3), seen=3),
    "takes back an entry": Lie("rollback", lambda: answer(entries(2), 2), seen=3),
    "writes what was read anew": Lie("root", lambda: answer(swap(1, record(8)), 3), seen=3),
    "writes what was read anew, and goes on": Lie("root", lambda: answer(swap(1, record(8), 4), 3), seen=3),
    "answers with fewer than it signed": Lie(
        "range", lambda: answer(entries(3), change=lambda made: replace(made, records=made.records[:2]))
    ),
    "answers with more than it signed": Lie(
        "range", lambda: answer(entries(3), change=lambda made: replace(made, records=(*made.records, record(3))))
    ),
    "answers from elsewhere": Lie("range", lambda: answer(entries(5), 4), seen=3),
    "claims a head below what it signed": Lie("range", lambda: answer(entries(5), 3, head=4), seen=3),
    "signs with another key": Lie("signature", lambda: answer(entries(3), seed=OTHER_SEED)),
    "sends no checkpoint": Lie("checkpoint", lambda: Range(0, b"", 0, ())),
    "sends another log's checkpoint": Lie("origin", lambda: answer(entries(3), origin=OTHER_ORIGIN)),
    "withholds a body": Lie("erased", lambda: answer(swap(1, emptied(record(1))))),
    "withholds a body, and says so late": Lie("erased", lambda: answer([emptied(record(0))])),
    "erases by a wrong token": Lie("erased", lambda: answer([emptied(record(0)), erase_record(0, key=bytes(32))])),
    "erases what is to come": Lie("erased", lambda: answer([erase_record(1), record(1)])),
    "erases the record itself": Lie("erased", lambda: answer([erase_record(0)])),
    "withholds an erase record": Lie("erased", lambda: answer([record(0), emptied(erase_record(0))])),
    "writes a member's entry without commitment": Lie("erased", lambda: answer([record(0, erase=NO_ERASE)])),
    "writes an arrival that falls": Lie("arrival", lambda: answer([record(0), record(1, arrival=UNIT - 1)])),
    "writes an arrival that falls after what was read": Lie(
        "arrival", lambda: answer([*entries(3), record(3, arrival=UNIT - 1)], 3), seen=3
    ),
    "writes an arrival ahead": Lie("arrival", lambda: answer(entries(3)), now=LATE - CLOCK_SLACK - 1.0),
    "backdates": Lie(
        "arrival",
        lambda: answer([*entries(3), record(3)], 3),
        seen=3,
        now=LATE + 10 * CLOCK_SLACK,
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_relay_that_lies_is_caught(lie: Lie) -> None:
    made = entries(3)
    history = History(ORIGIN, PUBLIC)
    if lie.seen:
        history.commit(history.check(answer(made[: lie.seen]), lie.now if lie.now > NOW else NOW))
    before = state(history)
    with pytest.raises(RelayFault) as caught:
        history.check(lie.made(), lie.now)
    assert caught.value.code == lie.code
    assert FAULTS[lie.code][0] in caught.value.what
    assert caught.value.todo
    assert state(history) == before  # a fault leaves everything as it was


def test_every_fault_of_the_table_is_tried() -> None:
    assert {lie.code for lie in LIES.values()} | {"fork"} == set(FAULTS)


def test_a_repeated_erase_record_with_an_id_of_its_own_is_caught() -> None:
    # The body of an erase record is fixed by index and token: a second one repeats the id, and fails on that first.
    made = [record(0), erase_record(0), erase_record(0)]
    with pytest.raises(RelayFault) as caught:
        History(ORIGIN, PUBLIC).check(answer(made), NOW)
    assert caught.value.code == "repeat"


def test_an_erase_record_for_what_is_known_to_be_erased_is_caught() -> None:
    made = [record(0), erase_record(0)]
    kept = [entry.leaf.data() for entry in made[:1]]
    history = History(ORIGIN, PUBLIC, kept, erased={0: 0})
    with pytest.raises(RelayFault) as caught:
        history.check(answer(made, 1), NOW)
    assert caught.value.code == "erased"


@pytest.mark.parametrize(
    ("now", "code"),
    [(LATE - CLOCK_SLACK, None), (LATE - CLOCK_SLACK - 0.5, "arrival")],
)
def test_how_far_ahead_an_arrival_may_be(now: float, code: str | None) -> None:
    assert outcome(History(ORIGIN, PUBLIC), answer(entries(1)), now) == code


@pytest.mark.parametrize(
    ("synced", "now", "code"),
    [
        (LATE + CLOCK_SLACK, LATE + 10 * CLOCK_SLACK, None),
        (LATE + CLOCK_SLACK + 0.5, LATE + 10 * CLOCK_SLACK, "arrival"),
        (None, LATE + 10 * CLOCK_SLACK, None),
        # A clock that ran ahead at the last sync and was put right since accuses nobody.
        (LATE + 10 * CLOCK_SLACK, LATE + CLOCK_SLACK, None),
    ],
)
def test_how_far_back_an_arrival_may_be(synced: float | None, now: float, code: str | None) -> None:
    assert outcome(History(ORIGIN, PUBLIC, synced=synced), answer(entries(1)), now) == code


def outcome(history: History, made: Range, now: float) -> str | None:
    try:
        history.check(made, now)
    except RelayFault as fault:
        return fault.code
    return None


# --- heads, bodies, gossip ------------------------------------------------------------------------


def test_a_head_that_agrees_is_returned() -> None:
    history = reader(answer(entries(3)))
    assert history.check_head(signed(3, root_of(entries(3)))).size == 3
    assert history.check_head(signed(5, root_of(entries(5)))).size == 5


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (signed(2, root_of(entries(2))), "rollback"),
        (signed(3, bytes(32)), "root"),
        (signed(3, root_of(entries(3)), seed=OTHER_SEED), "signature"),
    ],
)
def test_a_head_that_does_not_agree_is_a_fault(note: bytes, code: str) -> None:
    with pytest.raises(RelayFault) as caught:
        reader(answer(entries(3))).check_head(note)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (signed(3, root_of(entries(3))), "root"),
        (signed(2, bytes(32)), "root"),
        (signed(2, root_of(entries(2)), seed=OTHER_SEED), "signature"),
    ],
)
def test_a_note_of_a_part_is_of_exactly_that_part(note: bytes, code: str) -> None:
    history = reader(answer(entries(3)))
    assert history.check_past(signed(2, root_of(entries(2))), 2).size == 2
    with pytest.raises(RelayFault) as caught:
        history.check_past(note, 2)
    assert caught.value.code == code


def test_a_body_that_is_read_again_is_the_one_that_stands_there() -> None:
    history = reader(answer(entries(3)))
    history.check_body(1, body(1))
    for wrong, code in ((body(2), "id"), (b"", "length")):
        with pytest.raises(RelayFault) as caught:
            history.check_body(1, wrong)
        assert caught.value.code == code


def test_gossip_that_agrees_passes() -> None:
    history = reader(answer(entries(5)))
    for size in range(4):
        history.gossip(size, root_of(entries(size)), 3)


@pytest.mark.parametrize(
    ("size", "root", "position"),
    [
        (3, root_of(swap(1, record(8))), 4),  # the author saw another history
        (4, root_of(entries(4)), 3),  # nobody can have seen what comes later
        (-1, bytes(32), 3),
        (0, bytes(32), 3),
    ],
)
def test_gossip_that_differs_is_a_fork(size: int, root: bytes, position: int) -> None:
    with pytest.raises(RelayFault) as caught:
        reader(answer(entries(5))).gossip(size, root, position)
    assert caught.value.code == "fork"


def test_a_fork_is_noticed_at_the_first_entry_that_crosses() -> None:
    # The relay shows Ann and Ben different entries at index 2, each in good order.
    ann, ben = reader(answer(entries(3))), reader(answer(swap(2, record(9))))
    crossing = record(3)
    ben.commit(ben.check(answer([*swap(2, record(9)), crossing], 3), NOW))
    with pytest.raises(RelayFault) as caught:
        ben.gossip(ann.size, ann.root(), 3)
    assert caught.value.code == "fork"


@pytest.mark.parametrize("call", ["leaf", "gossip"])
@pytest.mark.parametrize("index", [-1, 3])
def test_an_entry_that_this_desk_does_not_hold_is_our_mistake(call: str, index: int) -> None:
    history = reader(answer(entries(3)))
    with pytest.raises(Misuse, match="this desk holds 3"):
        history.leaf(index) if call == "leaf" else history.gossip(0, Tree().root(), index)


def test_ids_are_of_bodies_and_not_of_leaves() -> None:
    history = reader(answer(entries(1)))
    assert history.find(sha256(body(0)).digest()) == 0
    assert history.leaf(0) == Leaf(sha256(body(0)).digest(), UNIT, 20, record(0).leaf.erase)
