"""From stances to adoption: who agrees to what, versions, silence, and whose the pen is (spec/text.md, 4 and 5)."""

from __future__ import annotations

from msgspec.structs import replace

from backchannel.channel.state import DAY, State
from backchannel.entry.ids import SeatId
from backchannel.errors import Rejected
from backchannel.instruments.base import Spoken, current
from backchannel.instruments.text import standing
from backchannel.instruments.text.acts import STANCES, Adopt, Break, Issue, Pass, Silence, Stand
from backchannel.instruments.text.amending import Ink
from backchannel.instruments.text.values import Hush, Paragraph, Stance, Text, Version, digest

HOURS = (24, 720)
HOUR = DAY // 24

_THIRD = ("intermediary", "convenor")


def stand(item: Text, spoken: Spoken) -> Text:
    """Where a party stands from now on (4.1)."""
    act: Stand = spoken.act
    seen = {one.paragraph: one.revision for one in act.on}
    if act.stance not in STANCES or not 1 <= len(act.on) == len(seen):
        raise Rejected(
            "stance", "A party agrees, agrees ad referendum, reserves or stays open, on a paragraph or more."
        )
    if act.words and act.stance != "reserve":
        raise Rejected("stance", "Only a reservation has words.")
    party, ink = spoken.state.member(spoken.sender).party, Ink(item)
    stance = Stance(party, spoken.sender, act.stance, ink.why(act.words), spoken.at)
    rows = []
    for one in item.paragraphs:
        wanted = seen.pop(one.id, None)
        if wanted is None:
            rows.append(one)
            continue
        if one.gone or one.revision != wanted:
            raise Rejected("revision", "A paragraph has changed, or is gone, since somebody took a stance on it.")
        if item.state == "adopted":
            _check_late(one, stance)
        rows.append(_stood(one, stance))
    if seen:
        raise Rejected("paragraph", "Somebody took a stance on a paragraph that never was in this text.")
    return replace(item, paragraphs=tuple(rows), words=ink.all)


def _stood(one: Paragraph, stance: Stance) -> Paragraph:
    others = tuple(other for other in one.stances if other.party != stance.party)
    return replace(one, stances=others if stance.stance == "open" else (*others, stance))


def _check_late(one: Paragraph, stance: Stance) -> None:
    """5.3: an adopted text changes no more, but for the capital's yes or no."""
    before = next((other.stance for other in one.stances if other.party == stance.party), "open")
    if before != "referendum" or stance.stance not in ("agree", "reserve"):
        raise Rejected("late", "The text is adopted: what was agreed ad referendum is agreed or reserved, no more.")


def issue(item: Text, spoken: Spoken) -> Text:
    """The text as it is now gets a number (5.1)."""
    act: Issue = spoken.act
    if act.number != len(item.versions) + 1:
        raise Rejected("version", "A version is the next one, and no other.")
    said = [(one.id, item.said(one)) for one in item.here]
    if act.digest != digest(spoken.state.channel, item.id, act.number, said):
        raise Rejected("digest", "This version was issued of another text than the one that stands here.")
    return replace(item, versions=(*item.versions, Version(act.number, spoken.at, act.digest, item.layout)))


def _newest(item: Text, number: int) -> None:
    if number != len(item.versions) or not item.issued or not item.here:
        raise Rejected("version", "Only the newest version is adopted, and only while nothing was changed since.")


def silence(item: Text, spoken: Spoken) -> Text:
    """Silence begins (5.2)."""
    act: Silence = spoken.act
    _newest(item, act.number)
    if not HOURS[0] <= act.hours <= HOURS[1]:
        raise Rejected("hours", f"Silence lasts {HOURS[0]} to {HOURS[1]} hours.")
    if any(standing.bracketed(item, one) for one in item.here):
        raise Rejected("brackets", "A text with brackets cannot be adopted.")
    until = spoken.at.arrival + act.hours * HOUR
    return replace(item, hushes=(*item.hushes, Hush(act.number, spoken.at, until, None, "", 0)))


def break_(item: Text, spoken: Spoken) -> Text:
    """Silence is broken (5.2)."""
    act: Break = spoken.act
    ink = Ink(item)
    party, words = spoken.state.member(spoken.sender).party, ink.why(act.words)
    broken = replace(item.hushes[-1], broken=spoken.sender, party=party, words=words)
    return replace(item, words=ink.all, hushes=(*item.hushes[:-1], broken))


def adopt(item: Text, spoken: Spoken) -> Text:
    """Adopted, everybody having agreed (5.3)."""
    act: Adopt = spoken.act
    _newest(item, act.number)
    of = standing.parties(item, spoken.state)
    if not all(standing.kind(item, one, of) in ("agreed", "referendum") for one in item.here):
        raise Rejected("open", "Not every paragraph is agreed, so the text cannot be adopted yet.")
    return item


def pass_(item: Text, spoken: Spoken) -> Text:
    """The pen goes to another seat (5.5)."""
    act: Pass = spoken.act
    can_hold(act.to, item.audience, spoken.state)
    return replace(item, pen=act.to)


def pens(item: Text, state: State) -> tuple[SeatId, ...]:
    """Who can take the pen now: its holder, or who succeeds that; if that one has left, those who inherit it (5.5)."""
    held = current((item.pen,), state)
    if held:
        return held
    here = [state.member(seat) for seat in current(item.audience, state)]
    heirs = [one.id for one in here if one.role in _THIRD]
    return tuple(heirs or (one.id for one in here if one.speaks))


def first_pen(opener: SeatId, audience: tuple[SeatId, ...], state: State) -> SeatId:
    """Whose the pen is if nobody is named: the opener's, or a third's if the charter wants that."""
    third = _third(audience, state)
    return opener if opener in third or not third else third[0]


def can_hold(seat_id: SeatId, audience: tuple[SeatId, ...], state: State) -> None:
    """`Rejected("pen")` unless a seat of this audience can hold the pen (5.5)."""
    here = current(audience, state)
    if seat_id not in here or not state.member(seat_id).speaks:
        raise Rejected("pen", "The pen is held by a seat that has the text, is here and speaks.")
    third = _third(audience, state)
    if third and seat_id not in third:
        raise Rejected("pen", "Under this charter the pen is held by an intermediary or convenor.")


def _third(audience: tuple[SeatId, ...], state: State) -> tuple[SeatId, ...]:
    """The intermediaries and convenors who are here, if the charter wants the pen with them."""
    if state.charter is None or state.charter.terms.pen != "intermediary":
        return ()
    return tuple(seat for seat in current(audience, state) if state.member(seat).role in _THIRD)
