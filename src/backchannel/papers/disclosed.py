"""The page of a disclosure: one HTML file, no script, nothing from elsewhere, printable (spec/disclosure.md, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple


class Clause(NamedTuple):
    """A clause by its number; its words are None while it stays closed."""

    number: int
    words: str | None


class Signed(NamedTuple):
    """Who signed, as the understanding names them, and the start of the keys' thumbprint."""

    name: str
    party: str
    role: str
    thumbprint: str
    attested: str


class Disclosed(NamedTuple):
    """What the page shows."""

    title: str | None
    to: str
    signed: Sequence[Signed]
    clauses: Sequence[Clause]
    summary: str
    lines: str
    proved: Sequence[str]
    open: Sequence[str]
    bundle: str
    digest: str
    comments: str = ""
    replaces: str = ""


class Notice(NamedTuple):
    """What stands in the place of a page that does not hold any more. `later`, `see`: what replaces it, if anything."""

    title: str
    says: str
    earlier: str
    later: str = ""
    see: str = ""


STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #1d1d1b; --faint: #6b6963; --line: #d9d5cc; --bar: #1d1d1b; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #191917; --ink: #eceae4; --faint: #a5a29a; --line: #3b3a36; --bar: #000; }
}
@media print { :root { --paper: #fff; --ink: #000; --faint: #444; --line: #999; --bar: #000; } }
body { background: var(--paper); color: var(--ink); margin: 0; font: 1.06rem/1.6 Georgia, "Times New Roman", serif; }
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.25; font-weight: normal; margin: 0 0 .4rem; }
h2 { font: 600 .95rem/1.4 system-ui, sans-serif; margin: 2.4rem 0 .6rem; }
p, li { margin: .5rem 0; white-space: pre-line; overflow-wrap: anywhere; }
.faint, .to, dt { color: var(--faint); font-family: system-ui, sans-serif; font-size: .9rem; }
ol.clauses { list-style: none; padding: 0; }
ol.clauses li { display: grid; grid-template-columns: 3rem 1fr; gap: .5rem; padding: .55rem 0; }
ol.clauses li + li { border-top: 1px solid var(--line); }
.number { color: var(--faint); font-variant-numeric: tabular-nums; }
.closed span:last-child { background: var(--bar); color: #fff; padding: .15rem .7rem;
  font: .85rem/1.6 system-ui, sans-serif; border: 1px solid var(--line); print-color-adjust: exact; }
code { font-size: .85rem; overflow-wrap: anywhere; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
""".strip()


HEAD = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<style>
{STYLE}
</style>
"""


def html(page: Disclosed) -> str:
    """The page. Whatever people wrote stands in it as text, never as markup."""
    return _page(_title(page), body(page))


def body(page: Disclosed) -> str:
    """What the page shows, without its head: to be looked at before it is published."""
    title = _title(page)
    shown = [clause for clause in page.clauses if clause.words is not None]
    parts = [
        f'<h1 dir="auto">{_text(title)}</h1>',
        f'<p class="to">{len(shown)} of {len(page.clauses)} clauses, shown to {_text(page.to)}.</p>',
        _section("In plain words", _said(page.summary)),
        _section("The clauses", f'<ol class="clauses">{_clauses(page.clauses)}</ol>'),
        _section("Signed by", f"<ul>{''.join(map(_signed, page.signed))}</ul>"),
        _section("Said about it by the parties together", _said(page.lines)) if page.lines else "",
        _section("What is proved", _list(page.proved)),
        _section("What is not proved", _list(page.open)),
        _section("How to check this", _how(page)),
        f'<footer class="faint">{_replaced(page)}{_comments(page)}</footer>',
    ]
    return "\n".join(part for part in parts if part)


def _title(page: Disclosed) -> str:
    return page.title if page.title is not None else "An understanding"


def notice(of: Notice) -> str:
    """The page that stands where the page of a disclosure stood, once that was replaced or retracted."""
    see = f"<p>It is published at: {_text(of.see)}</p>" if of.see else ""
    later = f"<p>The proof that replaces it has the SHA-256<br><code>{_text(of.later)}</code></p>" if of.later else ""
    parts = [
        f'<h1 dir="auto">{_text(of.title)}</h1>',
        f"<p>{_text(of.says)}</p>",
        see,
        later,
        '<p class="faint">The clauses that it showed stand in what was signed; their proof still verifies. It has the '
        f"SHA-256<br><code>{_text(of.earlier)}</code></p>",
    ]
    return _page(of.title, "\n".join(part for part in parts if part))


def _page(title: str, body: str) -> str:
    return f"{HEAD}<title>{_text(title)}</title>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"


def _text(words: str) -> str:
    return escape(words, quote=True)


def _said(words: str) -> str:
    return f'<p dir="auto">{_text(words)}</p>'


def _section(heading: str, body: str) -> str:
    return f"<section>\n<h2>{heading}</h2>\n{body}\n</section>"


def _clauses(clauses: Sequence[Clause]) -> str:
    """The clauses in order; a run of closed ones is one bar."""
    runs = [(closed, list(run)) for closed, run in groupby(clauses, key=lambda clause: clause.words is None)]
    return "".join(_bar(run) if closed else "".join(map(_clause, run)) for closed, run in runs)


def _bar(run: Sequence[Clause]) -> str:
    first, last = run[0].number, run[-1].number
    said = f"clause {first} stays closed" if first == last else f"clauses {first} to {last} stay closed"
    return f'<li class="closed"><span class="number">{first}</span><span>{said}</span></li>\n'


def _clause(clause: Clause) -> str:
    words = _text(clause.words or "")
    return f'<li><span class="number">{clause.number}</span><span dir="auto">{words}</span></li>\n'


def _signed(one: Signed) -> str:
    return (
        f'<li><span dir="auto">{_text(one.name)}</span>, {_text(one.role)}, {_text(one.party)}<br>'
        f'<span class="faint">keys <code>{_text(one.thumbprint)}</code>. {_text(one.attested)}</span></li>'
    )


def _list(said: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{_text(one)}</li>' for one in said)}</ul>"


def _how(page: Disclosed) -> str:
    return (
        f"<p>The proof is in the file <code>{_text(page.bundle)}</code>, published with this page. Its SHA-256 is<br>"
        f"<code>{_text(page.digest or '(it is here once this is published)')}</code></p>"
        f"<p>With the program of the parties, on any computer, without a network:<br>"
        f"<code>backchannel verify {_text(page.bundle)}</code></p>"
        "<p>Or with any software that reads SD-JWT (RFC 9901): the file says in which part what stands.</p>"
    )


def _replaced(page: Disclosed) -> str:
    return f"<p>It replaces an earlier disclosure, {_text(page.replaces)}.</p>" if page.replaces else ""


def _comments(page: Disclosed) -> str:
    return f"<p>Comments: {_text(page.comments)}</p>" if page.comments else ""
