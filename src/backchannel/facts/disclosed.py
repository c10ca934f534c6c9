"""What a bundle proves, in plain words: for the page that is published, and for whoever checks it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from backchannel.facts import Facts
from backchannel.facts.disclosure import reader
from backchannel.facts.foreign import foreign

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.disclosure.bundle import Bundle, Proven
    from backchannel.instruments.disclosure.rules import Disclosure, Propose
    from backchannel.instruments.understanding.values import Understanding
    from backchannel.papers.disclosed import Disclosed, Notice

BUNDLE = "bundle.json"
"""The file that proves a disclosure, in the folder that is published."""
PAGE = "index.html"

NO_LONGER = "The parties do not stand by the words of this disclosure any more."
FOR_GOOD = (
    "What is shown cannot be taken back. Shown with these clauses: the title, who has signed and the words of their "
    "keys, how many clauses stay closed, the summary, and where and when it stood in the record. The clauses that stay "
    "closed cannot be read from it."
)

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
        said[seat] = foreign(vouched(came.get(seat), unb64(bundle.log.channel), seat, one.keys))
    return said


def page_of(raw: bytes, name: str, comments: str) -> Disclosed:
    """The page of a bundle that verifies."""
    from backchannel.instruments.disclosure import bundle as bundles

    bundle = bundles.read(raw)
    return _page(bundle, bundles.verify(bundle), name, sha256(raw).hexdigest(), comments)


def preview(channel: Channel, signed: Understanding, terms: Propose, digest: str = "") -> Disclosed:
    """The page as it would be published now. `digest`: that of its proof, once the relay has signed that."""
    from backchannel.desk import disclosures

    return _page(*disclosures.draft(channel, signed, terms), BUNDLE, digest, "")


def _page(bundle: Bundle, found: Proven, name: str, digest: str, comments: str) -> Disclosed:
    from backchannel.instruments.understanding.form import unb64
    from backchannel.papers.disclosed import Clause, Disclosed, Signed

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
        digest,
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


def notice_of(channel: Channel, item: Disclosure, see: str) -> Notice:
    """What stands in the place of a page that does not hold any more. It tells no reason: the channel has that."""
    from backchannel.desk import disclosures
    from backchannel.papers.disclosed import Notice

    after = disclosures.successor(channel, item)
    says = "This was replaced by another disclosure." if after is not None else NO_LONGER
    later = after.digest.hex() if after is not None else ""
    return Notice(disclosures.of(channel, item).terms.title, says, item.digest.hex(), later, see)
