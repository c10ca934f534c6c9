"""Hat: who may post what when, and what is kept of a round (spec/hat.md, 2 and 4). The arithmetic is `mix`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from backchannel import labels
from backchannel.channel.state import DAY, State
from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import ZERO32, SeatId
from backchannel.errors import Rejected
from backchannel.instruments.base import Due, Instrument, Kind, Me, Rules, Spoken, step
from backchannel.instruments.hat import mix
from backchannel.instruments.hat.rounds import owed, slip_of
from backchannel.instruments.hat.values import (
    Close,
    Content,
    Culprit,
    Hat,
    Heard,
    Idea,
    Keys,
    Open,
    Post,
    Reaction,
    Show,
    Slip,
    heard,
)
from backchannel.instruments.hat.view import LIVE, late, left, seen
from backchannel.seal import primitives as p

FEWEST, MOST = 3, 16
SMALLEST, LARGEST, USUAL = 1_024, 16_384, 4_096
LONGEST = 7 * DAY

STATES = {
    "keys": "the desks get ready",
    "commits": "every desk folds its slip",
    "submits": "the folded slips are dropped in",
    "stages": "the desks shake the hat, one after the other",
    "votes": "every desk looks whether its slip is still there",
    "opening": "the slips are being opened",
    "opened": "the slips are open",
    "blame": "something was wrong: the desks find out who cheated; no slip can be read any more",
    "closed": "done",
    "blamed": "somebody cheated; no slip was read",
    "failed": "the desks did not see the same; no slip was read, and nobody can be named",
    "lapsed": "its hour passed, or somebody left, before it was done; or this desk could not follow it",
}

RULES: Rules = {
    ("", "hat.open", "speaker"): ("keys",),
    ("keys", "hat.key", "seat"): ("keys", "commits"),
    ("commits", "hat.commit", "seat"): ("commits", "submits"),
    ("submits", "hat.submit", "seat"): ("submits", "stages"),
    ("stages", "hat.stage", "seat"): ("stages", "votes"),
    ("stages", "hat.nogo", "seat"): ("blame",),
    ("votes", "hat.go", "seat"): ("votes", "opening", "blame"),
    ("votes", "hat.nogo", "seat"): ("blame",),
    ("blame", "hat.nogo", "seat"): ("blame",),
    ("blame", "hat.go", "seat"): ("blame",),
    ("opening", "hat.reveal", "seat"): ("opening", "opened"),
    ("blame", "hat.show", "seat"): ("blame", "blamed", "failed"),
    ("opened", "hat.close", "caller"): ("closed",),
    ("lapsed", "hat.close", "caller"): ("closed",),
}


def fold(item: Hat | None, spoken: Spoken) -> Hat:
    """The round after an entry about it."""
    if spoken.kind == "hat.open":
        return _opened(spoken)
    item = spoken.about(item, Hat, passes=False)
    if not spoken.holds:  # 2.10: this desk takes no part, and has the caller's word for what came of it
        if spoken.kind != "hat.close":
            return item
        item = lapse(item)
    closes = spoken.kind == "hat.close" and spoken.sender == item.caller
    step(RULES, item.state, spoken.kind, "caller" if closes else "seat")
    if late(item, spoken.at):
        raise Rejected("late", "The hour of this round has passed; it has lapsed.")
    if left(item, spoken.state):
        raise Rejected("left", "Somebody who takes part in this round has left the channel; it has lapsed.")
    return _FOLDS[spoken.kind](item, spoken)


def _opened(spoken: Spoken) -> Hat:
    act: Open = spoken.act
    step(RULES, "", "hat.open", spoken.part)
    if not FEWEST <= len(act.seats) <= MOST or act.seats != speakers(spoken.state):
        raise Rejected("seats", f"A hat goes round among all seats that speak, {FEWEST} to {MOST}.")
    if spoken.audience != act.seats:
        raise Rejected("audience", "A hat is read by those among whom it goes round, and nobody else.")
    if not SMALLEST <= act.size <= LARGEST:
        raise Rejected("size", f"A slip has {SMALLEST} to {LARGEST} bytes.")
    if not spoken.at.arrival < act.ends_by <= spoken.at.arrival + LONGEST:
        raise Rejected("hours", "A round ends in the future, within 7 days.")
    sid = p.labelled_hash(labels.HAT_OPEN, spoken.state.channel, spoken.id, encode(act))
    return Hat(spoken.id, spoken.at, spoken.sender, spoken.audience, act, sid, "keys")


def _key(item: Hat, spoken: Spoken) -> Hat:
    keys = _once(item.keys, spoken)
    brought = decode(spoken.words, Keys)
    for public in (brought.outer, brought.inner):
        p.check_xwing(public)
    return _complete(replace(item, keys=keys), keys, "commits")


def _commit(item: Hat, spoken: Spoken) -> Hat:
    commits = _once(item.commits, spoken)
    if len(spoken.words) != 32:
        raise Rejected("commit", "A desk committed itself to nothing.")
    return _complete(replace(item, commits=commits), commits, "submits")


def _submit(item: Hat, spoken: Spoken) -> Hat:
    submits = _once(item.submits, spoken)
    committed = _words_of(item.commits, spoken.sender, spoken)
    if mix.commitment(item.sid, spoken.sender, spoken.words) != committed:
        raise Rejected("commit", "A desk dropped another slip than the one that it had committed to.")
    if len(spoken.words) != mix.wrapped_size(len(item.seats), item.terms.size):
        raise Rejected("length", "A folded slip has the wrong length.")
    return _complete(replace(item, submits=submits), submits, "stages")


def _stage(item: Hat, spoken: Spoken) -> Hat:
    j = len(item.stages)
    if item.seats[j] != spoken.sender:
        raise Rejected("turn", "It is another desk's turn to shake the hat.")
    items = mix.decode_list(spoken.words)
    size = mix.wrapped_size(len(item.seats), item.terms.size, j + 1)
    if len(items) != len(item.seats) or {len(one) for one in items} != {size} or list(items) != sorted(set(items)):
        raise Rejected("list", "A desk passed the hat on with other slips in it than there must be.")
    stages = (*item.stages, Heard(spoken.sender, spoken.id))
    return _complete(replace(item, stages=stages), stages, "votes")


def _go(item: Hat, spoken: Spoken) -> Hat:
    _not_twice(item, spoken)
    gos = _once(item.gos, spoken)
    if len(spoken.words) != 32:
        raise Rejected("go", "A desk did not say what it has seen.")
    after = replace(item, gos=gos)
    if item.state != "votes" or len(gos) < len(item.seats):
        return after
    values = {spoken.words, *(spoken.heard(m.entry) for m in item.gos)}
    return replace(after, state="opening" if len(values) == 1 else "blame")


def _nogo(item: Hat, spoken: Spoken) -> Hat:
    _not_twice(item, spoken)
    return replace(item, state="blame", nogos=_once(item.nogos, spoken))


def _not_twice(item: Hat, spoken: Spoken) -> None:
    if spoken.sender in [m.seat for m in (*item.gos, *item.nogos)]:
        raise Rejected("repeat", "This seat has posted in this round already; the first counts.")


def _reveal(item: Hat, spoken: Spoken) -> Hat:
    reveals = _once(item.reveals, spoken)
    _fits(spoken.words, _keys(item, spoken.sender, spoken).inner)
    after = replace(item, reveals=reveals)
    if len(reveals) < len(item.seats):
        return after
    seeds = {**{m.seat: spoken.heard(m.entry) for m in item.reveals}, spoken.sender: spoken.words}
    inner = [p.xwing_private(seeds[seat]) for seat in item.seats]
    slips, spoiled = [], 0
    for place, core in enumerate(mix.decode_list(spoken.heard(item.stages[-1].entry))):
        slip = mix.open_core(item.sid, inner, core)
        content = mix.unfill(slip) if slip is not None else None
        says = mix.read(content) if content else None
        if content and says is not None:
            slips.append(_slip(item, content, says, place))
        elif content != b"":
            spoiled += 1
    return replace(after, state="opened", slips=tuple(slips), spoiled=spoiled, read=True)


def _slip(item: Hat, content: bytes, says: Content, place: int) -> Slip:
    name = mix.content_hash(item.sid, content)
    if isinstance(says, Reaction):
        return Slip(name, "reaction", place, says.item, says.version, says.stance)
    if isinstance(says, Idea):
        return Slip(name, "idea", place, says.counters, 0, "")
    return Slip(name, "question", place, ZERO32, 0, "")


def _show(item: Hat, spoken: Spoken) -> Hat:
    shows = _once(item.shows, spoken)
    shown = decode(spoken.words, Show)
    _fits(shown.outer, _keys(item, spoken.sender, spoken).outer)
    after = replace(item, shows=shows)
    if len(shows) < len(item.seats):
        return after
    said = {**{m.seat: decode(spoken.heard(m.entry), Show) for m in item.shows}, spoken.sender: shown}
    if {one.seen for one in said.values()} != {seen(item)}:
        return replace(after, state="failed")
    named = mix.blame(
        mix.Transcript(
            item.sid,
            item.seats,
            [_words_of(item.submits, seat, spoken) for seat in item.seats],
            [mix.decode_list(spoken.heard(m.entry)) for m in item.stages],
            [said[seat].outer for seat in item.seats],
            [m.seat for m in item.nogos] or [m.seat for m in item.gos if spoken.heard(m.entry) != seen(item)],
        )
    )
    return replace(after, state="blamed", culprits=tuple(Culprit(*one) for one in sorted(named)))


def _close(item: Hat, spoken: Spoken) -> Hat:
    act: Close = spoken.act
    if len(act.slips) > len(item.seats) or (item.state == "opened" and act.slips != item.slips):
        raise Rejected("slips", "Of the open slips something is said that they do not hold.")
    return replace(item, state="closed", slips=act.slips, was="")


def _fits(seed: bytes, public: bytes) -> None:
    if len(seed) != 32 or p.xwing_public(seed) != public:
        raise Rejected("key", "A desk gave another key than the one that it had got ready with.")


def _keys(item: Hat, seat: SeatId, spoken: Spoken) -> Keys:
    return decode(_words_of(item.keys, seat, spoken), Keys)


def _words_of(messages: tuple[Heard, ...], seat: SeatId, spoken: Spoken) -> bytes:
    entry = heard(messages, seat)
    return spoken.heard(entry) if entry is not None else b""


def _once(messages: tuple[Heard, ...], spoken: Spoken) -> tuple[Heard, ...]:
    if heard(messages, spoken.sender) is not None:
        raise Rejected("repeat", "This seat has posted in this round already; the first counts.")
    return tuple(sorted((*messages, Heard(spoken.sender, spoken.id)), key=lambda m: m.seat))


def _complete(item: Hat, messages: Sequence[Heard], then: str) -> Hat:
    return replace(item, state=then) if len(messages) == len(item.seats) else item


_FOLDS: dict[str, Callable[[Hat, Spoken], Hat]] = {
    "hat.key": _key,
    "hat.commit": _commit,
    "hat.submit": _submit,
    "hat.stage": _stage,
    "hat.go": _go,
    "hat.nogo": _nogo,
    "hat.reveal": _reveal,
    "hat.show": _show,
    "hat.close": _close,
}


def speakers(state: State) -> tuple[SeatId, ...]:
    """The seats among whom a hat goes round."""
    return tuple(sorted(seat.id for seat in state.active if seat.speaks))


def begins(items: Sequence[Hat], me: Me) -> Due | None:
    """The round that is due on the charter's schedule, if this seat calls it (2.1)."""
    charter, seats = me.state.charter, speakers(me.state)
    if charter is None or not charter.terms.hat_days or not FEWEST <= len(seats) <= MOST:
        return None
    carriers = [seat for seat in seats if me.state.member(seat).role in ("intermediary", "convenor")]
    last = max((item.at.arrival for item in items), default=charter.at.arrival)
    running = any(item.state in LIVE and not late(item, me.at) for item in items)
    if (carriers or seats)[0] != me.seat or running or me.at.arrival < last + charter.terms.hat_days * DAY:
        return None
    return Due("hat.open", Open(seats, USUAL, me.at.arrival + DAY), seats)


def lapse(item: Hat) -> Hat:
    """The round once its hour has passed."""
    return replace(item, state="lapsed", was=item.state) if item.state in LIVE else item


HAT = Instrument(
    name="hat",
    kinds={
        "hat.open": Kind(Open, False, aside=True, bare=True),
        # None is erasable: a reader could have one erased before all have read it (4.2).
        **{
            f"hat.{name}": Kind(Post, False, aside=True)
            for name in ("key", "commit", "submit", "stage", "go", "reveal", "show")
        },
        "hat.nogo": Kind(Post, False),
        "hat.close": Kind(Close, False),
    },
    passes=False,
    opens="hat.open",
    item=Hat,
    rules=RULES,
    fold=fold,
    text=lambda _: "",
    until=lambda item: item.terms.ends_by if item.state in LIVE else None,
    lapse=lapse,
    reflex=owed,
    idle=lambda item: item.terms.ends_by if item.state != "closed" else 1 << 62,
    aside=True,
    needs=True,
    back=slip_of,
    begins=begins,
    settled=lambda item: item.state not in LIVE,
)
