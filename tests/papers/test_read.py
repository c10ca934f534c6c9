"""Files as people make them: numbers, lists, tracked changes, comments, notes; what is left out is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backchannel.papers import Comment, Document, read, words
from tests.papers.made import added, docx, listed, paragraph, part, removed, run


def said(data: bytes | str, name: str = "x.txt", changes: str = "bracket") -> list[str]:
    return words(read(data.encode() if isinstance(data, str) else data, name, changes).document)


def test_plain_text() -> None:
    assert said("Preamble\n\n1. One\n2. Two\nmore\n3. Three\n") == ["Preamble", "1. One", "2. Two\nmore", "3. Three"]
    assert said("1. One\n   two\n\n2. Two\n \t\nThird\n") == ["One\ntwo", "Two", "Third"]
    assert said("1. One\n\n1. Two\n\n12 years\n") == ["One", "1. Two", "12 years"]
    assert said(b"\xff\xfe" + "é".encode("utf-16-le")) == ["é"]
    assert said("\ufeffa\r\n\r\nb\x0cc") == ["a", "b\nc"]
    assert said("one\u2029\u2029two") == ["one\ntwo"]  # what Unicode calls a paragraph nobody types


def test_hidden_characters_are_left_out_and_told() -> None:
    got = read("pay \u202e001\u202c to\u00adday e\u0301\ue000".encode())
    assert words(got.document) == ["pay 001 today é\ufffd"]
    assert got.told == ("3 hidden characters, which nobody sees but could mislead, were left out.",)


def test_markdown() -> None:
    text = (
        "# A title\n*Text 3*\n\nPre *am* `ble` [to](http://x)\nwrapped\n\n2. Two\n\n   - (i)\n3. Three\n\n## Next <b>\n"
    )
    got = read(text.encode(), "x.md")
    assert (got.document.title, got.document.subtitle) == ("A title", "Text 3")
    assert words(got.document) == ["Pre am ble to wrapped", "Two", "• (i)", "3. Three", "Next <b>"]
    assert got.told == ("Links and pictures: their words were taken over, not where they lead.",)
    assert said("a {--b--}{++c++} {>>d<<}", "x.md", changes="accept") == ["a c {>>d<<}"]
    assert said("**Note** that\n\n**(b)** x\n\n    code  \n\n***\n", "x.md") == ["Note that", "(b) x", "code"]


BRACKETED = [
    (run("a ") + added("b") + run(" c"), "a [b] c"),
    (run("a ") + removed("b ") + run("c"), "a [b] c"),
    (removed("shall") + added("may") + run(" go"), "[shall] [may] go"),
    (added("may", "Peru") + removed("shall") + added("must"), "[may] [shall] [must]"),
    (run("sh") + removed("all") + added("ould") + run(" go"), "[shall] [should] go"),
    (run("the colo") + added("u") + run("r of"), "the [color] [colour] of"),
    (run("a") + added("b") + run("c") + added("d") + run("e"), "[ac] [abc][e] [de]"),
    (run("a ") + added("[") + run("b") + added("]") + run(" c"), "a [b] c"),
    (run("a ") + removed("[") + run("b") + removed("]") + run(" c"), "a [b] c"),
    (run("a") + added(" ") + run("b"), "a b"),
    (run("a ") + added("[b") + run(" c") + added(" d]"), "[a  c] [a [b c d]]"),
    (run("a ") + added("[b") + run(" c"), "a [b c"),
    (run("a ") + removed("[") + run("b") + removed(" c] [d]") + run("."), "[a [b c] [d].] [a b.]"),
    (run("a ") + added("x [y] z") + run(" c"), "a [x [y] z] c"),
    (f"<w:ins w:author='A'>{removed('gone')}</w:ins>" + run("b"), "[goneb] [b]"),
    (added("all of it"), "[all of it]"),
]


@pytest.mark.parametrize(("body", "text"), BRACKETED)
def test_tracked_changes_become_brackets(body: str, text: str) -> None:
    assert said(docx(paragraph(body))) == [text]


def test_a_bracket_says_whose_it_is() -> None:
    data = docx(paragraph(removed("shall", "P. Peña") + added("may", "P. Peña")))
    assert words(read(data, labels={"P. Peña": "CHL"}).document) == ["[shall] [CHL: may]"]


def test_brackets_that_do_not_balance_are_told() -> None:
    got = read(docx(paragraph(run("a ") + added("[b") + run(" c")) + paragraph(run("d"))))
    assert got.told == (
        "Tracked changes: 1 insertion and 0 deletions stand in brackets; none is taken as agreed.",
        "In 1 paragraph the brackets do not balance; look there first.",
    )


def test_tracked_changes_are_accepted_or_rejected() -> None:
    end = '<w:rPr><w:{} w:id="9" w:author="A"/></w:rPr>'
    data = docx(
        paragraph(run("one"))
        + paragraph(removed("two"), end.format("del"))
        + paragraph(added("three"), end.format("ins"))
        + paragraph(run("fo"), end.format("ins"))
        + paragraph(run("ur"))
        + paragraph(run("fi"), end.format("del"))
        + paragraph(run("ve ") + "<w:moveFrom>" + run("six") + "</w:moveFrom><w:moveTo>" + run("seven") + "</w:moveTo>")
    )
    assert said(data, changes="accept") == ["one", "three", "fo", "ur", "five seven"]
    assert said(data, changes="reject") == ["one", "two", "four", "fi", "ve six"]
    assert said(data) == ["one", "[two]", "[three]", "fo", "ur", "fi", "ve [six] [seven]"]


LEVELS = "".join(
    f'<w:lvl w:ilvl="{i}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
    for i, (start, form, text) in enumerate(
        [(1, "decimal", "%1."), (1, "lowerLetter", "(%2)"), (3, "upperRoman", "%1.%3"), (1, "bullet", "\uf0b7")]
    )
)
NUMBERING = part(
    "numbering",
    f'<w:abstractNum w:abstractNumId="0">{LEVELS}</w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/>'
    '</w:lvlOverride></w:num><w:num w:numId="3"><w:abstractNumId w:val="5"/></w:num>',
)


def test_numbers_that_word_counts() -> None:
    body = [listed(run(text), level) for text, level in zip("abcdefg", (0, 0, 1, 1, 2, 3, 0), strict=True)]
    data = docx(
        "".join(body) + listed(run("h"), 0, 2) + listed(run("i"), 0, 3) + listed(run("j"), 0, 99), numbering=NUMBERING
    )
    numbers = [p.number for p in read(data).document.paragraphs]
    assert numbers == ["1", "2", "(a)", "(b)", "2.III", "•", "3", "7", "1", ""]
    assert said(data)[:4] == ["a", "b", "(a) c", "(b) d"]


def test_a_paragraph_that_is_struck_is_not_counted() -> None:
    end = '<w:rPr><w:del w:id="9" w:author="A"/></w:rPr>'
    gone = listed(removed("b")).replace("</w:pPr>", end + "</w:pPr>")
    data = docx(listed(run("a")) + gone + listed(run("c")), numbering=NUMBERING)
    assert [p.number for p in read(data, changes="accept").document.paragraphs] == ["1", "2"]
    assert [p.number for p in read(data, changes="reject").document.paragraphs] == ["1", "2", "3"]


def test_styles_bring_titles_and_numbers() -> None:
    styles = part(
        "styles",
        '<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>'
        '<w:style w:styleId="Base"><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="Sub"><w:basedOn w:val="Base"/></w:style>'
        '<w:style w:styleId="Ring"><w:basedOn w:val="Ring"/></w:style>',
    )
    body = "".join(
        paragraph(run(text), f'<w:pStyle w:val="{style}"/>')
        for text, style in zip("TSR", ("Titel", "Sub", "Ring"), strict=True)
    )
    got = read(docx(body, styles=styles, numbering=NUMBERING)).document
    assert (got.title, [(p.number, p.text) for p in got.paragraphs]) == ("T", [("(a)", "S"), ("", "R")])


def test_comments_and_footnotes_are_kept_beside_the_words() -> None:
    by = 'w:author="Ana" w:date="1984-05-12T14:30:00Z"'
    data = docx(
        paragraph(run("shall") + '<w:r><w:commentReference w:id="3"/></w:r><w:r><w:footnoteReference w:id="4"/></w:r>'),
        comments=part(
            "comments", f'<w:comment w:id="3" {by}>{paragraph(run("why"))}{paragraph(run("not"))}</w:comment>'
        ),
        footnotes=part("footnotes", f'<w:footnote w:id="4">{paragraph(run("See annex."))}</w:footnote>'),
    )
    got = read(data)
    when = datetime(1984, 5, 12, 14, 30, tzinfo=UTC)
    assert got.document.paragraphs[0].comments == (
        Comment("Ana", when, "why\nnot"),
        Comment("footnote", None, "See annex."),
    )
    assert words(got.document) == ["shall"]
    assert got.told == ("Comments and footnotes were taken over as comments.",)


def test_what_is_left_out_is_told() -> None:
    box = f"<w:r><w:pict><v:textbox><w:txbxContent>{paragraph(run('boxed'))}</w:txbxContent></v:textbox></w:pict></w:r>"
    twice = f"<mc:Choice>{run('once')}</mc:Choice><mc:Fallback>{run('twice')}</mc:Fallback>"
    field = '<w:r><w:instrText>INCLUDETEXT "/etc/passwd"</w:instrText></w:r>'
    body = paragraph(
        run("a")
        + box
        + twice
        + field
        + run("!", "<w:vanish/>")
        + run("b", '<w:vanish w:val="0"/>')
        + '<w:r><w:sym w:char="F0B7"/><w:tab/><w:br/><w:noBreakHyphen/></w:r>'
    )
    table = f"<w:tbl><w:tr><w:trPr><w:ins w:id='1'/></w:trPr><w:tc>{paragraph(run('cell'))}</w:tc></w:tr></w:tbl>"
    maths = paragraph("<m:oMath><m:r><m:t>x</m:t></m:r></m:oMath>")
    others: dict[str, str | bytes] = {
        "word/vbaProject.bin": b"evil",
        "word/embeddings/a.exe": b"evil",
        "word/header1.xml": part("hdr", ""),
    }
    got = read(docx(body + table + maths, others))
    assert words(got.document) == ["aonceb\ufffd\t\n\u2011", "boxed", "cell"]
    assert got.told == (
        "Left out: embedded objects, formulas, hidden words, macros, pictures and shapes (words in boxes were kept).",
        "Headers and footers were not taken over.",
    )


def test_an_empty_document_has_no_words() -> None:
    assert words(Document()) == []
