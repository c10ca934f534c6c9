"""The Beagle case as a table: who, what is done, on what, with what. Played by tests/web/browser/test_story.py.

What happened is in the demonstration's scenario (backchannel/demo/beagle.toml), with its sources; what the seats write
here is ours. A name that ends in `…` is a beginning; `part > name` is a name within a named part of the page.
"""

from __future__ import annotations

from tests.desk.world import PHRASE
from tests.web.browser.kit import SEATS

Row = tuple[str, ...]


def by(who: str, *rows: Row) -> list[Row]:
    """Rows of one person."""
    return [(who, *row) for row in rows]


def each(*people: str, rows: list[Row]) -> list[Row]:
    """The same rows for several, one after another."""
    return [row for who in people for row in by(who, *rows)]


CHANNEL = "Good offices, southern zone"
MADE: list[Row] = [
    ("link", "Make a desk"),
    ("fill", "New passphrase", PHRASE),
    ("fill", "Once more", PHRASE),
    ("press", "Make the desk"),
]
JOINED: list[Row] = [
    *MADE,
    ("link", "Join by a code"),
    ("fill", "The code", "{code}"),
    ("press", "Join"),
    ("see", CHANNEL),
]
SIGNED: list[Row] = [
    ("look", "link", "To the charter"),
    ("link", "To the charter"),
    ("press", "Sign it"),
    ("press", "Sign it"),
]


def invited(who: str, by_link: str) -> list[Row]:
    """Ana invites somebody, who joins."""
    name, party, role = SEATS[who]
    return [
        *by(
            "ana",
            ("link", by_link),
            ("fill", "Name", name),
            ("fill", "Party", party),
            ("choose", "Role", role),
            ("press", "Invite"),
            ("code",),
        ),
        *by(who, *JOINED),
    ]


# December 1978: a table for three.
FOUNDED = [
    *by(
        "ana",
        *MADE,
        ("link", "Start a channel"),
        ("fill", "The relay", "{url}"),
        ("fill", "Title", CHANNEL),
        ("fill", "Purpose", "That nobody goes to war."),
        ("fill", "Your name", SEATS["ana"][0]),
        ("fill", "Your party", SEATS["ana"][1]),
        ("choose", "Your role", "envoy"),
        ("press", "Start it"),
    ),
    *invited("hernan", "Invite somebody"),
    *invited("sofia", "Invite somebody else"),
    *by(
        "ana",
        ("look", "text", "The code was used"),
        ("link", "Compare words"),
        ("see", SEATS["sofia"][0]),
        ("link", "Charter"),
        ("press", "Propose"),
        ("press", "Propose and sign"),
    ),
    *each("hernan", "sofia", rows=[("link", "Seats"), *SIGNED]),
]


def sought(words: str, found: str) -> list[Row]:
    """Words are looked for on one's own desk."""
    return [
        ("link", "Search"),
        ("fill", "Words; all of them must be there", words),
        ("press", "Search"),
        ("see", found),
        ("link", f"{CHANNEL}…"),
    ]


WHO = "Who may mediate?"
POPE = "The Pope"
OTHERS = ("The United Nations", "The King of Spain")


def answered(*yes: str) -> list[Row]:
    """A sealed answer to the question who may mediate."""
    said = ((option, "Yes" if option in yes else "No") for option in (POPE, *OTHERS))
    return [
        ("look", "link", f"Answer the sounding: {WHO}"),
        ("link", f"Answer the sounding: {WHO}"),
        *(("check", f"{option} > {word}") for option, word in said),
        ("press", "Cast sealed answer"),
        ("see", f"Cast your answer: “{WHO}”"),
        ("press", "Cast it, for good"),
    ]


# Only the Pope: one option that both could live with is shown, and nothing else.
SOUNDED = [
    *by(
        "sofia",
        ("link", "Soundings"),
        ("look", "text", "In your name"),
        ("open", "In your name"),
        ("fill", "The question, as every voter will see it", WHO),
        ("fill", "The options, one a line", "\n".join((OTHERS[0], POPE, OTHERS[1]))),
        ("press", "Ask"),
        ("see", "answers are awaited"),
    ),
    *by("ana", *answered(POPE)),
    *by("hernan", *answered(POPE, OTHERS[0])),
    *each(
        "sofia",
        "ana",
        "hernan",
        rows=[
            ("look", "text", "One option meets the rule:"),
            ("once", "meets the rule", POPE),
            ("see", "A single answer is shown to nobody, ever."),
            ("lacks", "Take the question back"),
        ],
    ),
]

ASKS = "Santiago asks whether the austral limit meant the meridian or the cape."
SAYS = "He asks what we meant by the limit; we meant the cape."

# Late December: what each can say to him alone, and whether it was understood.
SPOKEN = [
    *by(
        "sofia",
        ("link", "Talk"),
        ("fill", "What you want to say", ASKS),
        ("check", "Only those chosen here:"),
        ("check", SEATS["ana"][0]),
        ("check", "Ask every reader"),
        ("press", "Send"),
    ),
    *by(
        "ana",
        ("link", "Talk"),
        ("look", "text", ASKS),
        ("fill", "You are asked to say", SAYS),
        ("press", "Send what I understood"),
    ),
    *by("sofia", ("look", "text", SAYS), ("press", "Yes, understood")),
    *by("ana", ("look", "text", "has confirmed that you understood it"), *sought("austral", "One thing")),
    *by("hernan", ("link", "Talk"), ("gone", ASKS)),
]

DRAFT, ACT = "Draft declaration", "Act of Montevideo"
POINTS = """Neither side uses force.

Military units leave the border and the southern zone.

Both ask formally for mediation."""
WHITHER = "Back to where? Nobody signs a withdrawal without the line at which it ends."
CLAUSES = """Argentina and Chile ask the Holy See to mediate between them.

They will not resort to force in their relations.

They will return, step by step, to the military situation of early 1977."""


def bound(what: str) -> list[Row]:
    """Both initial an understanding, then sign it; Ana, who has proposed it, looks at it."""
    initial: list[Row] = [("press", "Initial")]
    sign: list[Row] = [("press", "Sign …"), ("see", f"Sign “{what}”, for good?"), ("press", "Sign it")]
    return [
        *by("ana", *initial),
        *by("hernan", ("look", "link", f"Initial the understanding: {what}")),
        *by("hernan", ("link", f"Initial the understanding: {what}"), *initial, *sign),
        *by("ana", ("look", "button", "Sign …"), *sign, ("look", "text", "signed by all")),
        *by("hernan", ("look", "link", "Save the record")),
    ]


# 30 December to 8 January: Chile hands a draft to the envoy, who puts it to both; from it comes the Act of Montevideo.
TAKEN_UP = [
    *by(
        "hernan",
        ("link", "Proposals"),
        ("open", "Float an idea"),
        ("fill", "Title", DRAFT),
        ("fill", "The idea", POINTS),
        ("check", "Through an intermediary"),
        ("press", "Float it"),
        ("see", f"Hand “{DRAFT}” to {SEATS['sofia'][0]}"),
        ("press", "Yes, do it"),
    ),
    *by(
        "sofia",
        ("look", "link", "Put the non-paper…"),
        ("link", "Put the non-paper…"),
        ("press", "Put it to them"),
        ("press", "Put it to them"),
    ),
    *by(
        "ana",
        ("look", "link", "Read the non-paper…"),
        ("link", "Read the non-paper…"),
        ("see", "Both ask formally for mediation."),
        ("check", "question"),
        ("fill", "A few words", WHITHER),
        ("press", "Say it"),
    ),
    *by(
        "sofia",
        ("look", "text", WHITHER),
        ("open", "Revise it"),
        ("fill", "Title", ACT),
        ("fill", "The idea", CLAUSES),
        ("press", "Put it in its place"),
    ),
    *by(
        "hernan",
        ("look", "link", "Read the non-paper…"),
        ("link", "Read the non-paper…"),
        ("look", "text", ACT),
        ("check", "interest"),
        ("press", "Say it"),
    ),
    *by(
        "ana",
        ("look", "text", ACT),
        ("look", "text", "interest"),
        ("open", "Take it up as an understanding"),
        *(("check", SEATS[who][0]) for who in ("ana", "hernan")),
        ("press", "Take it up"),
        ("see", "Carlos P. and Hernán C. are to sign it."),
        ("press", "Take it up"),
        ("see", "They will not resort to force in their relations."),
        ("link", "Seats"),
        ("link", "Mandates"),
        ("fill", "What it may speak for", "Good offices in the southern zone, and what is signed of them."),
        ("press", "Give it"),
        ("see", "Declared by that seat itself."),
        ("link", f"Initial the understanding: {ACT}"),
    ),
    *bound(ACT),
    *by("sofia", ("gone", WHITHER, "leave the border")),
]

STEPS = "Obligations of the Act"
FLEET = "Ships and aircraft go back to where they were in early 1977."
ROLL = "roll-of-ships.csv"

# January 1979: what was signed becomes steps; one is reported with a file, and found kept.
STEPPED = [
    *by(
        "sofia",
        ("link", "Steps"),
        ("link", "Propose steps"),
        ("check", "One step, empty"),
        ("press", "Fill in the form"),
        ("fill", "Title of the ladder", STEPS),
        ("press", "One step more"),
        ("choose", "Step 1 > Who does it", SEATS["ana"][1]),
        ("fill", "Step 1 > What", FLEET),
        ("fill", "Step 1 > or so many days", "10"),
        ("check", "Step 1 > Who verifies it (nobody: the doer’s word is enough) > Holy See"),
        ("fill", "Step 1 > In return for steps", "2"),
        ("choose", "Step 2 > Who does it", SEATS["hernan"][1]),
        ("fill", "Step 2 > What", FLEET),
        ("fill", "Step 2 > or so many days", "10"),
        ("check", "Step 2 > Who verifies it (nobody: the doer’s word is enough) > Holy See"),
        ("fill", "Step 2 > In return for steps", "1"),
        ("check", "Everybody in the channel"),
        ("press", "Propose"),
        ("see", f"Propose “{STEPS}”?"),
        ("press", "Propose it"),
    ),
    *each(
        "ana",
        "hernan",
        rows=[
            ("look", "link", f"Promise steps, or leave them: {STEPS}"),
            ("link", f"Promise steps, or leave them: {STEPS}"),
            ("press", "Promise"),
            ("press", "Promise it"),
        ],
    ),
    *by(
        "ana",
        ("look", "link", f"Report a step: {STEPS}"),
        ("link", f"Report a step: {STEPS}"),
        ("link", "Go to it"),
        ("fill", "What was done", "The last of them left on Tuesday."),
        ("upload", "Files that go with it", ROLL),
        ("press", "Report"),
        ("see", "Files go exactly as they are"),
        ("press", "Report it"),
    ),
    *by(
        "sofia",
        ("look", "link", "Say what you have found…"),
        ("link", "Say what you have found…"),
        ("link", "Go to it"),
        ("check", "kept"),
        ("fill", "In words", "We counted what the roll names."),
        ("press", "Say so"),
        ("press", "Say so"),
        ("see", "It was found kept by as many as were needed."),
    ),
    *by("ana", ("look", "text", "It was found kept by as many as were needed."), ("lacks", "says what it has found")),
    *by(
        "hernan",
        ("link", "Steps"),
        ("link", STEPS),
        ("link", "Argentina"),
        ("look", "text", "We counted what the roll names."),
        ("look", "link", f"Save {ROLL}"),
        ("save", f"Save {ROLL}"),
        ("same", ROLL),
    ),
]

WATERS = "Leave the question of the waters open"
LIFE = "Suppose nobody asked whose each mile is, and the two of us used what lives in it."

# 1979 and 1980: an idea from the hat, that nobody has written.
DREAMT = [
    *by(
        "ana",
        ("link", "Proposals"),
        ("open", "Float an idea"),
        ("fill", "Title", WATERS),
        ("fill", "The idea", LIFE),
        ("check", "From the hat"),
        ("press", "Float it"),
        ("see", f"Lay “{WATERS}” ready for the hat?"),
        ("press", "Yes, do it"),
        ("see", "1 slip lies ready on this desk"),
    ),
    *by(
        "sofia",
        ("link", "Proposals"),
        ("open", "Call a round"),
        ("press", "Call…"),
        ("press", "Call…"),
    ),
    *by(
        "hernan",
        ("look", "link", "Read the non-paper…"),
        ("link", "Read the non-paper…"),
        ("see", WATERS),
        ("see", LIFE),
        ("check", "question"),
        ("fill", "A few words", "Who would keep order out there?"),
        ("press", "Say it"),
    ),
    *each("ana", "sofia", rows=[("link", "Proposals"), ("look", "text", WATERS)]),
]

SECRET = "A proposal that is to stay secret"
SEA = "The islands are Chilean, and east of them lies a Sea of Peace."

# December 1980 to March 1981: a proposal that nobody answers with a yes is taken back, and is nowhere any more.
WITHDRAWN = [
    *by(
        "sofia",
        ("link", "Proposals"),
        ("open", "Float an idea"),
        ("fill", "Title", SECRET),
        ("fill", "The idea", SEA),
        ("check", "Under your name"),
        ("press", "Float it"),
        ("press", "Yes, do it"),
        ("see", SEA),
    ),
    *each("hernan", "ana", rows=[("link", "Proposals"), ("look", "link", SECRET), ("link", SECRET), ("see", SEA)]),
    *by("hernan", ("check", "interest"), ("press", "Say it")),
    *by("ana", ("check", "objection"), ("fill", "A few words", "We have misgivings."), ("press", "Say it")),
    *by(
        "sofia",
        ("look", "text", "We have misgivings."),
        ("open", "Withdraw it"),
        ("press", "Withdraw…"),
        ("see", "for good?"),
        ("press", "Withdraw…"),
    ),
    *each("ana", "hernan", rows=[("look", "text", "Its words are destroyed here."), ("lacks", "What else you can do")]),
    *each("ana", "hernan", "sofia", rows=[("gone", SEA, SECRET, "misgivings"), *sought("sea of peace", "Nothing")]),
]

HEIR = "Agostino C."

# February 1983: the envoy has died; his office carries on, with a desk of its own.
HANDED_OVER = [
    *by(
        "sofia",
        ("link", "Seats"),
        ("link", "Handover and freeze"),
        ("fill", "Name of the successor", HEIR),
        ("press", "Offer it"),
        ("see", f"Offer the place of {SEATS['sofia'][0]} to {HEIR}?"),
        ("press", "Offer it"),
        ("code",),
    ),
    *by("agostino", *JOINED, ("link", "Seats"), *SIGNED),
    *by("sofia", ("link", "Seats"), ("look", "text", "You are no longer in this channel"), ("lacks", HEIR)),
    *by(
        "agostino",
        ("link", "Talk"),
        ("look", "text", ASKS),
        ("see", "Passed on by"),
        ("link", "Understandings"),
        ("link", ACT),
        ("see", "Its signatures hold."),
        ("link", "Steps"),
        ("link", STEPS),
        ("see", "Passed on by"),
        ("link", "Proposals"),
        ("gone", SEA),
    ),
    *by("ana", ("link", "Seats"), ("look", "text", HEIR)),
]

TREATY = "Treaty of peace and friendship"
PEACE = "The Parties refrain from any threat or use of force."
MILES = "Between them, effects of the territorial sea end at [three / twelve] miles."
BORDER = "The boundary runs through the points A to F."


def agrees() -> list[Row]:
    """A party agrees to all of the text."""
    return [
        ("look", "link", f"Say where you stand on the text: {TREATY}"),
        ("link", f"Say where you stand on the text: {TREATY}"),
        ("check", "All on this page that have no brackets"),
        ("check", "We agree"),
        ("press", "Say it"),
    ]


# April to October 1984: the text, from a bracket to the last agreement.
ADOPTED = [
    *by(
        "agostino",
        ("link", "Text"),
        ("link", "Open a text"),
        ("fill", "Title", TREATY),
        ("fill", "Paragraphs", "\n\n".join((PEACE, BORDER, MILES))),
        ("press", "Open it"),
        ("see", "one bracket left"),
        ("open", "What the pen can do"),
        ("press", "Issue it as text 1"),
    ),
    *by(
        "ana",
        ("link", "Text"),
        ("look", "text", "one bracket left"),
        ("link", "clear this bracket…"),
        ("check", "three"),
        ("fill", "The bracket: which of these? > Why", "Three is what navies can live with."),
        ("press", "The bracket: which of these? > Propose it"),
        ("see", "undecided"),
    ),
    *by(
        "agostino",
        ("look", "link", f"Decide on the text: {TREATY}"),
        ("link", f"Decide on the text: {TREATY}"),
        ("link", "Decide"),
        ("see", "Three is what navies can live with."),
        ("press", "Accept"),
        ("link", "Redline"),
        ("see", "changed"),
        ("see", "twelve"),
    ),
    *each("ana", "hernan", rows=agrees()),
    *by(
        "agostino",
        ("link", "The text"),
        ("look", "button", "Issue it as text 2"),
        ("press", "Issue it as text 2"),
        ("look", "button", "Adopt"),
        ("press", "Adopt"),
        ("see", f"Adopt “{TREATY}”?"),
        ("press", "Adopt it"),
        ("see", "adopted"),
    ),
]

# November 1984: it is signed.
BOUND = [
    *by(
        "ana",
        ("link", "Text"),
        ("look", "link", "Propose it for signing"),
        ("link", "Propose it for signing"),
        ("press", "Propose it"),
    ),
    *bound(TREATY),
]

PLAIN = "Neither country will use force against the other."

# What voters are shown: one clause, with proof; the others stay closed.
SHOWN = [
    *by(
        "ana",
        ("link", "Propose to show some clauses"),
        ("check", f"1. {PEACE}"),
        ("fill", "What they mean, in plain words", PLAIN),
        ("press", "Look at it"),
        ("see", "Propose to show this?"),
        ("see", PEACE),
        ("lacks", BORDER),
        ("press", "Propose it"),
    ),
    *by(
        "hernan",
        ("look", "link", "Say whether these clauses may be shown…"),
        ("link", "Say whether these clauses may be shown…"),
        ("see", PLAIN),
        ("press", "Consent …"),
        ("press", "Consent"),
        ("look", "button", "Make them …"),
    ),
    *by(
        "ana",
        ("look", "button", "Make them …"),
        ("press", "Make them …"),
        ("press", "Make them"),
        ("save", "Save them"),
        ("holds", PEACE),
        ("holds", PLAIN),
        ("holds not", BORDER),
        ("holds not", "three miles"),
        ("holds not", "mediate"),
    ),
    *by("hernan", ("look", "text", "What the world sees")),
]

HEARD: list[Row] = [
    ("link", "Record"),
    ("fill", "Number of entries", "{size}"),
    ("press", "Show the words"),
    ("open", "Or type what they read to you"),
    ("fill", "The words that you hear", "{words}"),
    ("press", "Compare"),
    ("see", "The same. Both desks have one history up to here."),
]

# The end: one history on all desks; an archive for later; and nothing to be read.
CLOSED = [
    *by("ana", ("link", "Record"), ("words",)),
    *each("hernan", "agostino", rows=HEARD),
    *by(
        "agostino",
        ("open", "Prepare it"),
        ("press", "Seal it"),
        ("see", "Any 2 of 3 papers will open it"),
        ("press", "Seal it"),
        ("look", "link", "Save the file"),
        ("save", "Save the file"),
        ("holds not", PEACE),
        ("press", "Paper 1"),
        ("see", "Paper 1 of 3"),
        ("press", "Paper 2"),
        ("press", "Paper 3"),
        ("see", "Paper 3 of 3"),
        ("press", "All is written down and saved"),
        ("press", "Forget them"),
        ("see", "Prepare it"),
    ),
    *each("ana", "hernan", "agostino", "sofia", rows=[("lock", CHANNEL)]),
]

CHAPTERS: dict[str, list[Row]] = {
    "founded": FOUNDED,
    "sounded": SOUNDED,
    "spoken": SPOKEN,
    "taken-up": TAKEN_UP,
    "stepped": STEPPED,
    "dreamt": DREAMT,
    "withdrawn": WITHDRAWN,
    "handed-over": HANDED_OVER,
    "adopted": ADOPTED,
    "bound": BOUND,
    "shown": SHOWN,
    "closed": CLOSED,
}
