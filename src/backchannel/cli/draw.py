"""Pages of what `facts` says. Each is drawn from the facts alone: no page can say what the JSON does not."""

from __future__ import annotations

from backchannel.cli import passed
from backchannel.cli.show import ACCENT, BAD, DIM, GOOD, STRONG, Facts, Page, local, names, stop

CLIP = 2_000
ROLES = {"attributed": "who said what may be told", "chatham": "what is said may be used, not who said it"}


def channels(page: Page, facts: Facts) -> None:
    """The list of channels."""
    if not facts["channels"]:
        page.say("This desk is in no channel yet.")
        page.say("Found one: backchannel channel found. Or join one by its code: backchannel channel join")
        return
    for one in facts["channels"]:
        channel_line(page, one)


def channel_line(page: Page, one: Facts) -> None:
    """One channel of several."""
    page.say(one["title"] or "(not read yet)", STRONG)
    for alarm in one["alarms"]:
        page.say(f"  ALARM ({local(alarm['at'])}): {alarm['what']}", BAD)
    who = f"you are {one['me']}" if one["me"] else "you are joining"
    if one["standing"] == "gone":
        who = f"you were {one['me']}, and are no longer in it"
    page.say(
        f"  {one['stage']}; {_count(one['seat_count'], 'seat')}; {who}; {_count(one['entries'], 'entry', 'entries')}"
    )
    page.say(f"  {one['relay']}; {one['id'][:16]}", DIM)
    if one["waiting"]:
        waits = "1 entry of yours waits" if one["waiting"] == 1 else f"{one['waiting']} entries of yours wait"
        page.say(f"  {waits} for the relay", "yellow")
    if one["slips"]:
        ready = "1 slip lies" if one["slips"] == 1 else f"{one['slips']} slips lie"
        page.say(f"  {ready} ready for the hat: backchannel hat status", DIM)
    if one["returned"]:
        page.say(f"  {one['returned']} of your own came back: backchannel desk status", "yellow")


def channel(page: Page, facts: Facts) -> None:
    """One channel in full."""
    page.say(facts["title"], STRONG)
    page.quote(facts["purpose"])
    page.say(f"  {facts['stage_says']}. {_count(facts['entries'], 'entry', 'entries')} read from {facts['relay']}", DIM)
    page.say()
    steps(page, facts["next"])
    if facts["uncompared"]:
        page.say(f"Words not compared yet with {names(facts['uncompared'])}: backchannel channel verify-seat", DIM)
        page.say()
    if facts["seats"]:
        seats(page, facts["seats"])
    if facts["gone"]:
        page.say(f"  No longer here: {names(facts['gone'])}", DIM)
    page.say()
    for one in facts["pending"]:
        pending(page, one)
    for one in facts["handovers"]:
        if one["stage"] != "done" or any(held["state"] != "taken" for held in one["dossiers"]):
            handover(page, one)
    if facts["charter"] is not None:
        terms(page, facts["charter"])
    else:
        page.say("No charter is proposed yet: the founder does it when all have joined.")
    outbox(page, facts["outbox"])


def steps(page: Page, found: list[Facts]) -> None:
    """Who can do what next."""
    if not found:
        page.say("You are not in this channel any more: it can be read up to where you left.")
        return
    page.say("Next:", STRONG)
    for one in found:
        page.say(f"  {one['who']}: {one['what']}", ACCENT if one["who"] == "you" else "")
        page.say(f"      {one['command']}", DIM)
    page.say()


def seats(page: Page, found: list[Facts]) -> None:
    """The seats, with the marks of this desk."""
    page.table(
        ("Seat", "Party", "Role", "Charter", "Words compared"),
        (
            (
                seat_name(one) + (" (you)" if one["me"] else ""),
                one["party"],
                one["role"] + (", founder" if one["founder"] else ""),
                "signed" if one["signed"] else "not signed",
                "-" if one["me"] else "yes" if one["verified"] else "not yet",
            )
            for one in found
        ),
    )


def seat_name(one: Facts) -> str:
    """`Agostino C., in the place of Sofia S.`"""
    return f"{one['name']}, in the place of {one['in_place_of']}" if one["in_place_of"] else str(one["name"])


def pending(page: Page, one: Facts) -> None:
    """An invitation or removal under way."""
    if one["change"] == "invitation":
        page.say(f"Invited: {seat_name(one)} ({one['role']}, {one['party']}), until {local(one['expires'])}")
    else:
        page.say(f"To be removed: {one['name']}, proposed by {one['by']}")
        page.quote(one["reason"])
    page.say(f"  {'awaits the yes of ' + names(one['awaits']) if one['awaits'] else 'granted by all'}", DIM)


def handover(page: Page, one: Facts) -> None:
    """A seat that is passing on."""
    page.say(f"Handover: {one['to']}, in the place of {one['of']}")
    page.say(f"  {one['stage_says']}", DIM)
    for held in one["dossiers"]:
        dossier(page, held)


def dossier(page: Page, one: Facts) -> None:
    """What goes from a seat to its successor, as both of them know it."""
    parts = _count(one["parts"], "part")
    by = f", from {one['from']}" if one["from"] != one["of"] else ""
    page.say(f"  dossier of {one['of']}{by}, to {one['to']}: {one['state_says']}; {parts}", DIM)
    if one["until"] and one["state"] == "begun":
        page.say(f"  gone through {one['through']:,} of {one['until']:,} entries", DIM)
    if one["items"]:
        page.say(f"  taken over: {counted(one['items'])}; marked as passed on", DIM)


def counted(items: dict[str, int]) -> str:
    """`3 notes, 1 text`. Steps pass as whole ladders."""
    return names([_count(many, "ladder" if noun == "step" else noun) for noun, many in items.items()], none="nothing")


_PENS = {
    "passes": "the pen is held by whom the opener names, and passes",
    "intermediary": "the pen is held by an intermediary or convenor",
}


_DOSSIERS = {
    "all": "all notes, texts and understandings of the seat before",
    "record": "texts and understandings of the seat before, no notes",
}


def terms(page: Page, charter: Facts) -> None:
    """The charter in full."""
    found = charter["terms"]
    page.say(f"Charter: {found['title']}", STRONG)
    page.quote(found["purpose"])
    days = found["hat_days"]
    quorum = "every party" if found["disclosure"] == "all" else f"{found['disclosure']} parties"
    page.pairs(
        (
            ("Track", found["track"]),
            ("Attribution", f"{found['attribution']}: {ROLES.get(found['attribution'], '')}"),
            ("Notes are kept", f"at most {_count(found['retention_days'], 'day')}, then deleted on every desk"),
            ("A newcomer needs", "the yes of every party"),
            ("Disclosure needs", quorum),
            ("Oversight", found["oversight"]),
            ("A successor gets", _DOSSIERS.get(found["dossier"], "")),
            ("Texts", _PENS.get(found["pen"], "")),
            ("Non-papers", _nonpapers(found)),
            (
                "The hat",
                f"goes round every {_count(days, 'day')}, and when called" if days else "goes round when called",
            ),
        )
    )
    for one in charter["seats"]:
        mark = "signed" if one["signed"] else "not signed yet"
        page.say(f"  {one['name']}, {one['role']}, for {one['party']}: {mark}", GOOD if one["signed"] else "")
    if charter["awaits"] and charter["in_force"]:
        page.say(f"In force. {names(charter['awaits'])} has still to sign.")
    elif charter["awaits"]:
        page.say(stop(f"Not in force yet: it awaits {names(charter['awaits'])}"))
    elif charter["seats"]:
        page.say("In force: every seat has signed.")


def _nonpapers(found: Facts) -> str:
    hat, many = found["reactions"] == "hat", found["objection"]
    by = "from the hat: nobody knows whose" if hat else "by name"
    if many == "none":
        return f"reactions {by}; objections do not end one"
    whose = "from the hat" if hat else f"of {_count(int(many), 'party', 'parties')}"
    return f"reactions {by}; {f'{many} ' if hat else ''}objections {whose} end one"


def outbox(page: Page, rows: list[Facts]) -> None:
    """What waits, and what came back."""
    for one in rows:
        if one["stage"] == "returned":
            page.say(f"Came back: {one['what']}. {one['why']}", "yellow")
            page.say(f"  To let go of it: backchannel desk discard {one['number']}", DIM)
        else:
            page.say(f"Waits on this desk: {one['what']}", "yellow")


def note(page: Page, one: Facts, *, full: bool = False) -> None:
    """One note."""
    page.say(f"{one['number']}  {one['from']} to {names(one['readers'])}, {local(one['sent'])}", STRONG)
    if one["gone"]:
        page.say("  The text is gone: its time is over.", DIM)
        return
    text = one["text"]
    cut = 0 if full or len(text) <= CLIP else len(text) - CLIP
    page.quote(text[:CLIP] if cut else text)
    if cut:
        page.say(f"  … {cut:,} characters more: backchannel note list --since {one['number']} --full", DIM)
    but = f" but {names(one['heirs'])}" if one["heirs"] else ""
    page.say(f"  nobody else can read it{but}; on every desk until {local(one['until'])}", DIM)
    passed.mark(page, one)
    for back in one["read_back"]:
        readback(page, back)


def readback(page: Page, back: Facts) -> None:
    """How the read-back with one reader stands."""
    says = {
        "asked": "is asked to read it back",
        "restated": "reads back, not confirmed yet:",
        "confirmed": "has understood, confirmed:",
        "corrected": "was corrected:",
    }
    page.say(f"  {back['seat']} {says.get(back['state'], back['state'])}", DIM)
    for text in (back["restated"], back["corrected"]):
        if text:
            page.quote(text)


def matter(page: Page, one: Facts) -> None:
    """An understanding in full."""
    page.say(f"{one['number']}  {one['title']}", STRONG)
    clauses(page, one["clauses"])
    annexes(page, one["annexes"])
    page.say(f"  proposed by {one['proposed_by']}, {local(one['proposed'])}", DIM)
    page.say(f"  {one['state_says']}")
    for party in one["parties"]:
        done = [word for word in ("initialled", "signed") if party[word]]
        said = " and ".join(done) or "nothing yet"
        waits = "; its capital has to agree" if party["ad_referendum"] else ""
        who = f"{party['name']}, {party['role']}, for {party['party']}"
        page.say(f"  {who}: {said}{waits}", GOOD if party["signed"] else "")
    if one["reason"]:
        page.say("  Withdrawn, because:")
        page.quote(one["reason"])
    if one["anchored"] is not None:
        page.say(f"  the signatures stand in the log as entry {one['anchored']}, without a word of the text", DIM)
    page.say(f"  {passed.readers(one)}", DIM)
    passed.mark(page, one)


def clauses(page: Page, found: list[str | None]) -> None:
    """The clauses, numbered if there are several; None is one that stays closed."""
    for k, clause in enumerate(found, 1):
        if clause is None:
            page.say(f"  (clause {k} is not shown)", DIM)
        else:
            page.quote(clause, mark=str(k) if len(found) > 1 else "")


def annexes(page: Page, found: list[Facts]) -> None:
    """Files that belong to a text, by their hashes."""
    for one in found:
        page.say(f"  Annex {one['name']}: SHA-256 {one['sha256']}")


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
