"""The page of a disclosure: what it shows, and that hostile words stay words (spec/disclosure.md, 7)."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from backchannel.papers.disclosed import Clause, Disclosed, Signed, html

HOSTILE = "</span><script>alert(1)</script><img src=x onerror='alert(2)'>\"&\u202e"


def page(**changes: Any) -> Disclosed:
    made = Disclosed(
        "Act of Montevideo",
        "the public",
        (Signed("Ana P.", "Argentina", "envoy", "00 11", "Not proved."),),
        (Clause(1, "No force."), Clause(2, None), Clause(3, None), Clause(4, "The sea."), Clause(5, None)),
        "They will not fight.",
        "",
        ("These keys signed it.",),
        ("Whose keys they are.",),
        "beagle.json",
        "ab12",
    )
    return made._replace(**changes)


class Reader(HTMLParser):
    """The tags, and the text, of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href", "style") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(written: str) -> Reader:
    reader = Reader()
    reader.feed(written)
    return reader


def test_what_is_shown_and_what_stays_closed() -> None:
    words = " ".join(" ".join(read(html(page())).text).split())
    for said in (
        "No force.",
        "clauses 2 to 3 stay closed",
        "The sea.",
        "clause 5 stays closed",
        "2 of 5 clauses",
        "ab12",
    ):
        assert said in words
    for said in ("Said about it", "Comments", "It replaces"):
        assert said not in words
    more = " ".join(read(html(page(lines="We agreed.", comments="a@b.org", replaces="number 7", title=None))).text)
    for said in ("We agreed.", "a@b.org", "number 7", "An understanding"):
        assert said in more


def test_nothing_is_fetched_and_nothing_runs() -> None:
    written = html(page())
    assert "default-src 'none'" in written
    assert not {"script", "img", "link", "iframe", "a", "form"} & set(read(written).tags)


def test_hostile_words_stay_words() -> None:
    said = Signed(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    reader = read(
        html(
            page(
                title=HOSTILE, to=HOSTILE, signed=(said,), clauses=(Clause(1, HOSTILE),), summary=HOSTILE,
                lines=HOSTILE, proved=(HOSTILE,), open=(HOSTILE,), bundle=HOSTILE, digest=HOSTILE,
                comments=HOSTILE, replaces=HOSTILE,
            )
        )
    )  # fmt: skip
    assert not {"script", "img"} & set(reader.tags)
    assert "".join(reader.text).count(HOSTILE) >= 15
