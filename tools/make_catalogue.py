"""Write the catalogue of sentences: locale/backchannel.pot, and what is new into each language's .po.

    .venv/bin/python tools/make_catalogue.py           # after sentences were changed; then translate what is empty
    .venv/bin/python tools/make_catalogue.py --check   # whether the committed files are fresh

Sentences are found where they stand: `_("..")`, `say("..")`, `count("..", "..", n)`, `Said("..")`. One that comes out
of a table is found by TABLES: the last name in the call -> all that can stand there.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from backchannel.channel.acts import ROLES
from backchannel.errors import BackchannelError
from backchannel.facts import hat, log, outbox, sounding
from backchannel.instruments import INSTRUMENTS
from backchannel.instruments.hat import rules as hats
from backchannel.instruments.nonpaper import rules as nonpapers
from backchannel.instruments.nonpaper.values import STANCES
from backchannel.web import frame, hours, places, plans, searching, sheet
from backchannel.web.words import LANGUAGES, PROBLEM

SRC = Path(__file__).parent.parent / "src" / "backchannel"
LOCALE = SRC / "web" / "locale"
TEMPLATE = LOCALE / "backchannel.pot"
PACKAGES = ("web", "facts")
CALLS = {"_", "say", "Said", "count"}
HEAD = "# {language} of the web app. Made by tools/make_catalogue.py; what stands in msgstr is a translator's.\n"
WIDTH = 110
UNHARMED = BackchannelError("", "").safe
FEWEST = 9
"""Letters without which a sentence with parts would be taken for another."""
ERRORS = {"Misuse", "Malformed", "VaultError", "Unreachable", "RelayRefused", "fault"}
PROBLEMS = (
    *("web/*.py", "facts/*.py", "desk/*.py", "desk/link/*.py", "desk/plans/*.py", "desk/vault/layout.py"),
    *("desk/vault/keyfile.py", "channel/change.py", "channel/charter.py", "channel/code.py", "channel/handing.py"),
    *("channel/seating.py", "entry/text.py", "papers/onepage.py", "papers/reading.py", "papers/pdf.py"),
    "desk/book/items.py",
)
"""Where errors are raised that a person meets at a desk; what only a liar can cause stays in English."""
FORMS = {
    "es": "nplurals=2; plural=(n != 1);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
"""As `words.PLURALS` has them."""

TABLES: dict[str, Iterable[str]] = {
    "TRACKS": frame.TRACKS.values(),
    "role": ROLES,
    "standing": ("active", "guest", "gone"),
    "hat.how": hat.HOW.values(),
    "handover.name": [one.name for one in INSTRUMENTS if one.passes],
    "hours.name": [name for _, name in hours._SIZES],
    "step_new.says": plans.TEMPLATES.values(),
    "hat.state_says": hats.STATES.values(),
    "proposal.state_says": nonpapers.STATES.values(),
    "proposals.state_says": nonpapers.STATES.values(),
    "stance": STANCES,
    "sounding_parts.says": sounding.ROUNDS.values(),
    "record.what": (*outbox.KINDS.values(), *log.VERDICTS.values()),
    "searching.KINDS": searching.KINDS.values(),
    **{f"sheet.{name}": [label] for name, label in sheet.BUTTONS.items()},
    "places.sentence": (*places._SAYS.values(), *places._OTHERS.values()),
}
"""`name`, or `file.name`, of what is said -> the sentences."""

BEYOND = {"words.sentence"}
"""Where sentences only pass through."""

Found = tuple[str, "str | tuple[str, str]"]


class Unknown(Exception):
    """A call whose sentence is nowhere to be found."""


def every() -> Iterator[Found]:
    """(file, sentence) of everything that can be said; a pair of sentences where the number decides."""
    for path in sorted(file for package in PACKAGES for file in (SRC / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _called(node) in CALLS and node.args:
                for branch in _branches(node.args[0]):
                    yield from _found(path, _called(node), [_python(one) for one in (branch, *node.args[1:])])
    for path in sorted((SRC / "web" / "templates").glob("*.html")):
        tree = Environment(extensions=["jinja2.ext.do"], autoescape=True).parse(path.read_text())
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in CALLS:
                yield from _found(path, call.node.name, [_jinja(one) for one in call.args])


def problems() -> Iterator[tuple[str, str]]:
    """(file, sentence) of what errors say that a person meets; what was filled in is a {part}."""
    yield "errors.py", UNHARMED
    for path in sorted(file for pattern in PROBLEMS for file in SRC.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _called(node) in ERRORS:
                texts = [_told(one) for arg in node.args[1:] for one in _branches(arg)]
                known = (one for one in texts if "backchannel " not in one and _own(one))
                yield from ((str(path.relative_to(SRC)), one) for one in known)


def _own(told: str) -> bool:
    """Whether it has enough words of its own to be known by."""
    words = sum(map(str.isalpha, re.sub(r"\{\w+\}", "", told)))
    return words >= FEWEST if "{" in told else words > 0


def _told(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.BinOp):  # what is said more often than not has nothing behind it
        return _told(node.left)
    if not isinstance(node, ast.JoinedStr):
        return ""
    found, names = "", [""]
    for one in node.values:
        if isinstance(one, ast.Constant):
            found += str(one.value).replace("{", "{{").replace("}", "}}")
        elif isinstance(one, ast.FormattedValue):
            words = re.findall(r"[a-z]+", ast.unparse(one.value).lower())
            name = next((f"{words[-1]}{k or ''}" for k in range(9) if f"{words[-1]}{k or ''}" not in names), "part")
            names.append(name)
            found += f"{{{name}}}"
    return found


def _found(path: Path, call: str, args: list[tuple[bool, str]]) -> Iterator[Found]:
    """Of one call: its arguments are (whether it is a sentence, the sentence or the name of what holds it)."""
    file = str(path.relative_to(SRC))
    if call == "count":
        if len(args) > 1 and args[0][0] and args[1][0]:  # else somebody counts something in a list
            yield file, (args[0][1], args[1][1])
        return
    plain, name = args[0]
    if plain:
        yield file, name
    elif f"{path.stem}.{name}" not in BEYOND:
        table = TABLES.get(f"{path.stem}.{name}", TABLES.get(name))
        if table is None:
            raise Unknown(f"{file}: what does {call}({name}) say? Write the sentence there, or name its table here.")
        yield from ((file, one) for one in table if one)


def _branches(node: ast.expr) -> Iterator[ast.expr]:
    """What an argument can be, where a condition decides."""
    if isinstance(node, ast.IfExp):
        yield from (*_branches(node.body), *_branches(node.orelse))
    else:
        yield node


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _python(node: ast.expr) -> tuple[bool, str]:
    match node:
        case ast.Constant(value=str(text)):
            return True, text
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return False, name
        case ast.Subscript(value=inner):
            return _python(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr="get")):
            return _python(inner)
        case _:
            return False, ast.unparse(node).rpartition(".")[2]


def _jinja(node: nodes.Node) -> tuple[bool, str]:
    match node:
        case nodes.Const(value=str(text)):
            return True, text
        case nodes.Getattr(attr=name) | nodes.Name(name=name):
            return False, name
        case nodes.Getitem(arg=nodes.Const(value=str(name))):
            return False, name
        case nodes.Getitem(node=inner):
            return _jinja(inner)
        case _:
            return False, type(node).__name__


# --- files ------------------------------------------------------------------------------------------------------------


def template() -> Catalog:
    """All sentences, sorted."""
    catalog = Catalog(creation_date=datetime(2026, 1, 1, tzinfo=UTC))
    for file, sentence in every():
        catalog.add(sentence, locations=[(file, 0)])
    for file, told in problems():
        catalog.add(told, locations=[(file, 0)], auto_comments=[PROBLEM])
    return catalog


def language(name: str, sentences: Catalog) -> Catalog:
    """A language's catalogue as it should stand: the translations there are, of the sentences there are."""
    held = held_of(name)
    whole = Catalog(locale=name, creation_date=sentences.creation_date)
    for one in sentences:
        if one.id:
            known = held.get(one.id)
            string = known.string if known is not None else None
            whole.add(one.id, string, locations=one.locations, auto_comments=one.auto_comments)
    return whole


def held_of(name: str) -> Catalog:
    """A language's catalogue as it stands."""
    path = LOCALE / f"{name}.po"
    if not path.exists():
        return Catalog(locale=name)
    with path.open("rb") as source:
        return read_po(source, locale=name)


def written(catalog: Catalog, name: str = "") -> bytes:
    """A catalogue as a file: the same bytes for the same sentences, whoever writes it."""
    out = io.BytesIO()
    write_po(out, catalog, width=WIDTH, sort_by_file=True, include_lineno=False, omit_header=True)
    if not name:
        return out.getvalue()
    head = HEAD.format(language=LANGUAGES[name]) + 'msgid ""\nmsgstr ""\n'
    fields = {
        "Content-Type": "text/plain; charset=utf-8",
        "Language": name,
        "Plural-Forms": FORMS[name],
    }
    head += "".join(f'"{field}: {value}\\n"\n' for field, value in fields.items())
    return head.encode() + b"\n" + out.getvalue()


def files() -> Iterator[tuple[Path, bytes]]:
    """Each file, as it should stand."""
    sentences = template()
    yield TEMPLATE, written(sentences)
    for name in LANGUAGES:
        if name != "en":
            yield LOCALE / f"{name}.po", written(language(name, sentences), name)


def missing(catalog: Catalog) -> list[Any]:
    """Sentences without a translation."""
    return [one.id for one in catalog if one.id and not all(forms(one.string))]


def forms(string: Any) -> list[str]:
    """The forms of a sentence: one, or as many as a language has for numbers."""
    return [string] if isinstance(string, str) else list(string or [""])


def main(*args: str) -> int:
    stale = [(path, raw) for path, raw in files() if not path.exists() or path.read_bytes() != raw]
    for path, raw in stale:
        print(("stale: " if "--check" in args else "written: ") + path.name)
        if "--check" not in args:
            LOCALE.mkdir(exist_ok=True)
            path.write_bytes(raw)
    for name in LANGUAGES:
        if name != "en":
            print(f"{name}: {len(missing(held_of(name)))} sentences to translate")
    return 1 if stale and "--check" in args else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
