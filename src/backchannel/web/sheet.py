"""The sheet that lies beside a delegate: one page, in their language, with the channel's own names, or without."""

from __future__ import annotations

from backchannel.desk.channel import Channel
from backchannel.facts import common
from backchannel.papers.onepage import RULE, Section, Sheet, write
from backchannel.web.words import Words

MOST_SEATS = 12
"""So many are named, a line each."""


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
        Section(say("How it is done"), _how(words)),
        Section(say("What cannot be undone"), _undone(words)),
        Section(say("In danger"), _danger(words, minutes)),
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
        say("In a terminal, type: backchannel desk open. Your browser shows the desk; type your passphrase."),
        say("Choose the channel on the left. On the right stands what is awaited from you, and by when: begin there."),
        say(
            "Under Seats compare words with every other seat, over a line on which you know the voice. One word that"
            " differs means: stop."
        ),
        say("Under Settings make a backup, and keep it where you would keep the papers themselves."),
    )


def _pages(words: Words) -> tuple[str, ...]:
    say = words.say
    return (
        say("Talk: notes, to all or to some. They prove to nobody who wrote them, and are deleted after some days."),
        say("Proposals: non-papers, which nobody has to have written, and which vanish if nobody takes them up."),
        say("Soundings: could you live with it? Only what all accept is opened; who refused, nobody learns."),
        say("Text: what is negotiated, paragraph by paragraph, with brackets, amendments and versions."),
        say("Understandings: what is initialled and signed, and what of it may be shown to the world."),
        say("Steps: who does what by when, who verifies it, and what was kept."),
        say("Seats: who sits here, mandates, handing over a seat, freezing one that was lost."),
        say("Record: one history for all, to be compared with the others; what of yours was not accepted, and why."),
    )


def _how(words: Words) -> tuple[str, ...]:
    say = words.say
    return (
        say(
            "Join: “{button}”, type the code, compare words, then read the charter and sign it.",
            button=say("Join by a code"),
        ),
        say("Answer a sounding: yes or no to each option, then “{button}”.", button=say("Cast sealed answer")),
        say(
            "Float an idea: under Proposals, “{button}”; choose who will know that it is yours.",
            button=say("Float an idea"),
        ),
        say("Clear a bracket: choose the paragraph, then which words are to stand there, or take a sounding on it."),
        say("Sign: initial the understanding, and sign it when all have; you are asked once more."),
        say("Report a step: choose it, say what was done, then “{button}”.", button=say("Report")),
    )


def _undone(words: Words) -> tuple[str, ...]:
    say = words.say
    return (
        say(
            "What is sent is sent. An answer to a sounding, a signature and a publication are asked about once before."
        ),
        say("What a reader copies or photographs, no deletion reaches."),
        say("Nobody can give you a new passphrase."),
    )


def _danger(words: Words, minutes: int) -> tuple[str, ...]:
    return (
        words.say("Press Escape twice: the desk is locked at once. Typing the passphrase opens it again."),
        words.count(
            "It locks itself when nobody has touched it for a minute.",
            "It locks itself when nobody has touched it for {n} minutes.",
            minutes,
        ),
        words.say("If this machine is lost or taken: have another seat freeze yours, under Seats, at once."),
        words.say("If anything here surprises you, tell the others over another line before you go on."),
    )


def _calls(channel: Channel, words: Words, names: bool) -> tuple[str, ...]:
    state = channel.state
    founder = state.seat(state.founder)
    first = words.say("Who convened the channel:")
    if names and founder is not None:
        first = words.say("Who convened the channel, {name}:", name=founder.name)
    return (
        f"{first} {RULE}",
        f"{words.say('Who freezes your seat if you cannot:')} {RULE}",
        f"{words.say('Help with the machine:')} {RULE}",
    )
