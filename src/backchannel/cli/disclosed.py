"""What a bundle proves, in plain words: for the page that is published, and for `backchannel verify`."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli.options import PlainCommand, settings
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.errors import Malformed
from backchannel.facts.disclosure import reader

if TYPE_CHECKING:
    from backchannel.instruments.disclosure.bundle import Bundle, Proven
    from backchannel.papers.disclosed import Disclosed

BUNDLE = "bundle.json"
"""The file that proves a disclosure, in the folder that is published."""

OPEN = (
    "That the parties wrote what stands beside the clauses: they signed the clauses, the title and the names. What is "
    "said in plain words, in common and about the reader is as good as the place where you found this.",
    "Who the holders of these keys are, beyond what attests them: compare the words of the keys with those persons.",
    "What the clauses say that stay closed, and that nothing else was agreed.",
    "That the relay, which has signed that its log held this, is who it says and has told everybody the same.",
)


def proven(found: Proven) -> list[str]:
    """What is proved, sentence by sentence."""
    from backchannel.facts import common

    clauses = found.record.clauses
    closed = sum(clause is None for clause in clauses)
    stays = f"{closed or 'none'} {'stay' if closed > 1 else 'stays'} closed"
    by = f"{common.at(found.arrival)[:16].replace('T', ' ')} UTC"  # a page does not tell where it was made
    return [
        f"The holders of these keys, and nobody else, have all signed a text of {len(clauses)} clauses; "
        f"those shown here stand in it word for word, and {stays}.",
        f"What they signed stood in the log of the relay as entry {found.position} when that log had {found.size} "
        f"entries; by the clock of the relay it was there by {by}.",
    ]


def attested(bundle: Bundle, found: Proven) -> dict[bytes, str]:
    """For each signatory, in plain words, what attests its keys."""
    from backchannel.desk.mandates import vouched
    from backchannel.instruments.understanding.form import unb64

    came = dict(found.attested)
    said = {}
    for key, one in zip(bundle.record.keys[::2], found.record.signatories, strict=True):
        seat = unb64(key.kid)
        said[seat] = show.foreign(vouched(came.get(seat), unb64(bundle.log.channel), seat, one.keys))
    return said


def page_of(raw: bytes, name: str, comments: str) -> Disclosed:
    """The page of a bundle that verifies."""
    from backchannel.instruments.disclosure import bundle as bundles
    from backchannel.instruments.understanding.form import unb64
    from backchannel.papers.disclosed import Clause, Disclosed, Signed

    bundle = bundles.read(raw)
    found = bundles.verify(bundle)
    said = attested(bundle, found)
    signed = [
        Signed(*_who(one.who), " ".join(one.keys.words()), said[seat])
        for seat, one in zip(said, found.record.signatories, strict=True)
    ]
    return Disclosed(
        found.record.title,
        reader(bundle.to),
        signed,
        [Clause(k, clause) for k, clause in enumerate(found.record.clauses, 1)],
        bundle.summary,
        bundle.lines,
        proven(found),
        OPEN,
        name,
        sha256(raw).hexdigest(),
        comments,
        unb64(bundle.replaces).hex(),
    )


def _who(who: object) -> tuple[str, str, str]:
    return tuple(getattr(who, field, "(not shown)") for field in ("name", "party", "role"))  # type: ignore[return-value]


def facts(raw: bytes) -> Facts:
    """What a bundle shows and proves; `Malformed` if it does not verify."""
    page = page_of(raw, "", "")
    return {
        "ok": True,
        "kind": "disclosure",
        "title": page.title,
        "to": page.to,
        "clauses": [{"number": clause.number, "text": clause.words} for clause in page.clauses],
        "summary": page.summary,
        "lines": page.lines,
        "signed": [one._asdict() for one in page.signed],
        "proves": list(page.proved),
        "proves_not": list(page.open),
        "replaces": page.replaces or None,
        "sha256": page.digest,
    }


def _draw(page: Page, told: Facts) -> None:
    page.say("This holds: every signature, every clause that is shown, and its place in the log.", GOOD)
    page.say()
    page.say(told["title"] or "(the title is not shown)", STRONG)
    for clause in told["clauses"]:
        if clause["text"] is not None:
            page.say(f"  {clause['number']}.")
            page.quote(clause["text"])
    page.say()
    page.say("Signed by")
    for one in told["signed"]:
        page.say(f"  {one['name']}, {one['role']}, for {one['party']}. {one['attested']}")
        page.words(one["thumbprint"].split())
    for heading, said in (("It proves", told["proves"]), ("It does not prove", told["proves_not"])):
        page.say()
        page.say(heading, STRONG)
        for sentence in said:
            page.say(f"  {sentence}")
    if told["replaces"]:
        page.say()
        page.say("It replaces an earlier disclosure: what that one said is no longer what the parties show.", DIM)


def verify(ctx: typer.Context, file: Annotated[str, typer.Argument(metavar="FILE")]) -> None:
    """Check a disclosure, or a saved understanding. Needs no desk, no passphrase, no relay and no network."""
    from backchannel.cli import understanding
    from backchannel.instruments.disclosure import bundle as bundles

    path = Path(file).expanduser()
    path = path / BUNDLE if path.is_dir() else path
    raw = ask.read_file(path, bundles.LARGEST)
    if b'"backchannel": "disclosure' in raw[:200]:
        show.tell(facts(raw), _draw, as_json=settings(ctx).json)
    elif b'"backchannel": "understanding' in raw[:200]:
        understanding.verify(ctx, file)
    else:
        raise Malformed(
            "record",
            "This file is neither a disclosure nor the record of an understanding, or it is damaged.",
            "Get it again from whoever published it.",
        )


def register(app: typer.Typer) -> None:
    """Add `verify` to `backchannel`."""
    app.command("verify", cls=PlainCommand)(verify)
