"""The sheet that lies beside a delegate: one page, in their language, with the channel's own names, or without."""

from __future__ import annotations

from backchannel.channel.state import Seat
from backchannel.desk.channel import Channel
from backchannel.facts import common
from backchannel.instruments.nonpaper.values import CARRIERS
from backchannel.papers.onepage import RULE, Section, Sheet, write
from backchannel.web.words import Words

BUTTONS = {
    "join": "Join by a code",
    "cast": "Cast sealed answer",
    "float": "Float an idea",
    "up": "Take it up as an understanding",
    "sound": "Take a sounding …",
    "stand": "Say where you stand",
    "propose": "Propose it for signing",
    "initial": "Initial",
    "sign": "Sign …",
    "report": "Report",
    "search": "Search",
    "go": "Somebody is to go, or you leave",
}
"""What is pressed, in the words of the pages."""

MOST_SEATS, MOST_TEXTS = 12, 2
"""So many are named."""


def sheet(channel: Channel, words: Words, *, names: bool = True, minutes: int = 15) -> bytes:
    """The sheet as PDF. Raises as `onepage.write`."""
    state, say = channel.state, words.say
    me = state.seat(channel.me)
    title = say("Backchannel on one page")
    whose = f"{state.title} · {me.name}, {me.party}" if names and me is not None else say("for a delegate")
    sections = (
        *((Section(say("Who sits here"), _seats(channel, words)),) if names else ()),
        Section(say("First"), _first(words), numbered=True),
        Section(say("What the pages are for"), _pages(words)),
        Section(say("How it is done"), (*_how(words), *(_who(channel, words) if names else ()))),
        Section(say("What cannot be undone"), _undone(words)),
        Section(say("In danger"), _danger(channel, words, names, minutes)),
        Section(say("Whom to call"), _calls(channel, words, names)),
    )
    foot = (
        say("This sheet names who talks. Keep it as you would keep the talks, and destroy it after them.")
        if names
        else say("This sheet names nobody.")
    )
    return write(Sheet(title, whose, sections, foot, words.direction == "rtl"))


def _seats(channel: Channel, words: Words) -> tuple[str, ...]:
    present = [common.seat(channel, one) for one in channel.state.present]
    lines = [
        f"{one['name']}, {one['party']}: {words.say(one['role'])}" + (f" ({words.say('you')})" if one["me"] else "")
        for one in present[:MOST_SEATS]
    ]
    more = len(present) - len(lines)
    return (*lines, *([words.count("one seat more", "{n} seats more", more)] if more else []))


def _first(words: Words) -> tuple[str, ...]:
    say = words.say
    return (
        say(
            "In a terminal, type: backchannel desk open. The link that it opens works once, within two minutes; Enter"
            " in the terminal makes another. Then type your passphrase."
        ),
        say("Choose the channel on the left. On the right stands what is awaited from you: begin there."),
        say(
            "Under Seats compare words with every other seat, over a line on which you know the voice. One word that"
            " differs means: stop. The words under Understandings and Record are others: compare like with like."
        ),
        say("Under Settings make a backup, and keep it where you would keep the papers themselves."),
    )


def _pages(words: Words) -> tuple[str, ...]:
    say = words.say
    return (
        say("Talk: notes, to all or to some. They prove to nobody who wrote them, and are deleted after some days."),
        say(
            "Proposals: non-papers, ideas that commit nobody, and vanish if nobody takes them up. From the hat (a round"
            " in which every desk drops a folded slip, most of them empty) they come without an author."
        ),
        say(
            "Soundings: could you live with it? Options are opened one by one until all accept one; those opened before"
            " it failed. Who refused is not shown (with only two voters, each can work it out)."
        ),
        say(
            "Text: what is negotiated, paragraph by paragraph; in brackets, what is not agreed. One seat holds the pen:"
            " it puts in what others propose."
        ),
        say("Understandings: what is initialled and signed, and what of it may be shown to the world."),
        say("Steps: a ladder of promises: who does what by when, who verifies it, and what was kept."),
        say(
            "Seats: who sits here (a principal decides for a party, an envoy speaks for one), the charter, mandates,"
            " handing over a seat."
        ),
        say("Record: one history for all, to be compared with the others; what of yours was not accepted, and why."),
    )


def _how(words: Words) -> tuple[str, ...]:
    say = words.say
    return (
        say(
            "Join: “{button}”, type the code, compare words, then read the charter and sign it.",
            button=say(BUTTONS["join"]),
        ),
        say("Answer a sounding: yes or no to each option, then “{button}”.", button=say(BUTTONS["cast"])),
        say(
            "Float an idea: under Proposals, “{button}”; choose who will know that it is yours. Take one up: open it,"
            " “{up}”.",
            button=say(BUTTONS["float"]),
            up=say(BUTTONS["up"]),
        ),
        say(
            "Clear a bracket: open the paragraph, choose which words are to stand there, or “{button}”; whoever holds"
            " the pen puts in what it finds.",
            button=say(BUTTONS["sound"]),
        ),
        say(
            "Agree to a text: “{stand}”. When all agree, the pen issues and adopts it; then “{propose}”.",
            stand=say(BUTTONS["stand"]),
            propose=say(BUTTONS["propose"]),
        ),
        say(
            "Sign: open the understanding, “{initial}”, and when all have, “{sign}”; you are asked once more.",
            initial=say(BUTTONS["initial"]),
            sign=say(BUTTONS["sign"]),
        ),
        say(
            "Steps: promise yours first, under Steps. When one is done open it, say what was done, then “{button}”.",
            button=say(BUTTONS["report"]),
        ),
        say("Find something said before: “{button}”, on the left.", button=say(BUTTONS["search"])),
    )


def _who(channel: Channel, words: Words) -> tuple[str, ...]:
    """Who does here what takes somebody."""
    say, state = words.say, channel.state
    texts = [one.value for one in channel.session.book.items.unsettled("text")][-MOST_TEXTS:]
    pens = [
        say("The pen of “{title}” is with: {name}", title=one.title, name=common.name(state, one.pen)) for one in texts
    ]
    between = [one.name for one in state.active if one.role in CARRIERS]
    if not between:
        return tuple(pens)
    carry = say(
        "Ideas without their author are put forward, and soundings released, by: {names}", names=words.names(between)
    )
    return (*pens, carry)


def _undone(words: Words) -> tuple[str, ...]:
    say = words.say
    return (
        say(
            "What is sent is sent. An answer to a sounding, a signature and a publication are asked about once before."
        ),
        say("What a reader copies or photographs, no deletion reaches."),
        say("Nobody can give you a new passphrase."),
    )


def _danger(channel: Channel, words: Words, names: bool, minutes: int) -> tuple[str, ...]:
    return (
        words.count(
            "Press Escape twice: the desk is locked at once, and opens by the passphrase. It locks itself after a"
            " minute without a hand on it, or as set under Settings.",
            "Press Escape twice: the desk is locked at once, and opens by the passphrase. It locks itself after {n}"
            " minutes without a hand on it, or as set under Settings.",
            minutes,
        ),
        _lost(channel, words, names),
        words.say("If anything here surprises you, tell the others over another line before you go on."),
    )


def _lost(channel: Channel, words: Words, names: bool) -> str:
    """What somebody else can do about a desk that is lost."""
    say, state = words.say, channel.state
    me = state.seat(channel.me)
    if not names or me is None or not _rescue(channel, me):
        return say(
            "If this machine is lost or taken: another seat of your party can freeze yours, under Seats, at once. If"
            " there is none, call the other parties: together they can vote your seat out there."
        )
    if _own(channel, me):
        return say(
            "If this machine is lost or taken: call {names}, of your party, to freeze your seat, under Seats, at once.",
            names=words.names(_own(channel, me)),
        )
    return say(
        "If this machine is lost or taken: nobody can freeze your seat, for you are the only one of {party} here. Call"
        " {name}: all other parties together can vote it out (Seats, “{button}”).",
        party=me.party,
        name=words.names(_rescue(channel, me)),
        button=say(BUTTONS["go"]),
    )


def _own(channel: Channel, me: Seat) -> list[str]:
    """Who can freeze this seat."""
    return [one.name for one in channel.state.active if one.speaks and one.party == me.party and one.id != me.id]


def _rescue(channel: Channel, me: Seat) -> list[str]:
    """Whom one calls when a desk is lost: who can freeze it, else who convened the channel, else another party."""
    others = [one for one in channel.state.active if one.speaks and one.party != me.party]
    first = sorted(others, key=lambda one: one.id != channel.state.founder)[:1]
    return _own(channel, me) or [one.name for one in first]


def _calls(channel: Channel, words: Words, names: bool) -> tuple[str, ...]:
    """Lines to write a number on, with a name where one is known; nobody calls themselves."""
    say, me, founder = words.say, channel.state.seat(channel.me), channel.state.seat(channel.state.founder)
    known = names and me is not None and bool(_rescue(channel, me))
    first = [say("Who convened the channel:")]
    if known and founder is not None:
        first = [] if founder.id == channel.me else [say("Who convened the channel, {name}:", name=founder.name)]
    lost = say("Who acts if your desk is lost:")
    if known and me is not None:
        lost = say("Who acts if your desk is lost, {names}:", names=words.names(_rescue(channel, me)))
    return tuple(f"{one} {RULE}" for one in (*first, lost, say("Help with the machine:")))
