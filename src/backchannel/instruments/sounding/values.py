"""What is said in a sounding, and what a desk keeps of it (spec/sounding.md, 2 to 4)."""

from __future__ import annotations

from backchannel.channel.state import At
from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.entry.ids import Bytes32, Bytes64, Count, EntryId, SeatId

_PRESENTATION = {0xFE0E: None, 0xFE0F: None}


class Open(Value, frozen=True):
    """The question, the options, the rule, who votes, who releases, and until when (2)."""

    question: str
    options: tuple[str, ...]
    rule: str
    required: tuple[SeatId, ...]
    quorum: Count
    reveal: str
    voters: tuple[SeatId, ...]
    releaser: SeatId
    ballots_by: Count
    ends_by: Count


class Key(Value, frozen=True):
    """3.1: a fresh key, proved; in reveal `first` a commitment to the order."""

    item: EntryId
    h: Bytes32
    proof: Bytes64
    commit: Bytes32


class Ballot(Value, frozen=True):
    """3.2: for every option a pair of points (64 bytes), and the proof or proofs (128 bytes each)."""

    item: EntryId
    pairs: bytes
    proof: bytes


class Blind(Value, frozen=True):
    """3.4: for every test a pair of points and a proof (128 bytes); in reveal `first` what was committed to."""

    item: EntryId
    blinds: bytes
    order: Bytes32


class Share(Value, frozen=True):
    """3.5, 3.7, 3.9: for every test opened at this position a point, and one proof."""

    item: EntryId
    position: Count
    points: bytes
    proof: Bytes64


class Ack(Value, frozen=True):
    """3.6: all shares are here and hold."""

    item: EntryId
    position: Count
    value: Bytes32


class Withdraw(Value, frozen=True):
    """4.2: the asker takes the question back."""

    item: EntryId


class Posted(Value, frozen=True):
    """A message that counts: whose, and its body as it was posted."""

    seat: SeatId
    body: bytes


class Opening(Value, frozen=True):
    """What has been posted at one position (3.5 to 3.9), and what came of it: passed options with their tallies."""

    shares: tuple[Posted, ...]
    acks: tuple[Posted, ...]
    release: tuple[Posted, ...]
    shows: tuple[Posted, ...]
    tests: tuple[Count, ...]
    passed: tuple[Count, ...]
    done: bool


class Test(Value, frozen=True):
    """One question to the sums: does this option have this tally? It does if C = xA (3.3)."""

    option: Count
    tally: Count
    a: Bytes32
    c: Bytes32


class Sums(Value, frozen=True):
    """What is worked out once and needed often: th_1.., H, the tests' sums, X and Y over all blinds, the order."""

    threads: tuple[Bytes32, ...]
    key: bytes
    tests: tuple[Test, ...]
    x: tuple[bytes, ...]
    y: tuple[bytes, ...]
    order: tuple[Count, ...]


class Result(Value, frozen=True):
    """An option that meets the rule, with its tally (the number of voters under `all`)."""

    option: Count
    tally: Count


class Sounding(Value, frozen=True):
    """A sounding as this seat knows it. `state`: keys, ballots, blinds, opening, closed, lapsed, withdrawn."""

    id: EntryId
    at: At
    asker: SeatId
    audience: tuple[SeatId, ...]
    terms: Open
    sid: Bytes32
    state: str
    keys: tuple[Posted, ...]
    ballots: tuple[Posted, ...]
    blinds: tuple[Posted, ...]
    openings: tuple[Opening, ...]
    sums: Sums
    answered: tuple[SeatId, ...]
    results: tuple[Result, ...]
    failed: Count

    @property
    def part(self) -> tuple[SeatId, ...]:
        """Voters and releaser, sorted."""
        return tuple(sorted((*self.terms.voters, self.terms.releaser)))

    def who(self, seat: SeatId) -> str:
        """The part in which a seat acts."""
        if seat in self.terms.voters:
            return "voter"
        return "releaser" if seat == self.terms.releaser else "asker" if seat == self.asker else "reader"


def alike(option: str) -> str:
    """The form under which two options count as the same: as names do, but for space and signs of presentation."""
    return text.folded("".join(option.translate(_PRESENTATION).split()))


def posted(messages: tuple[Posted, ...], seat: SeatId) -> Posted | None:
    """What a seat has posted in a round."""
    return next((m for m in messages if m.seat == seat), None)
