"""Files that are made to harm: each is a clear error, soon, and within bounds; nothing is run, fetched or inflated."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import time
import tracemalloc
import zipfile

import pytest

from backchannel.errors import Malformed
from backchannel.papers import read, words
from backchannel.papers.package import Package
from tests.papers.made import SPACES, W, docx, packed, paragraph, part, relationships, run

SOUND = docx(paragraph(run("words")))
ROOT = {"_rels/.rels": relationships(officeDocument="word/document.xml")}


def document(xml: str | bytes) -> bytes:
    return packed({**ROOT, "word/document.xml": xml})


def bomb() -> bytes:
    return document(part("document", f"<w:body>{paragraph(run(' ' * 30_000_000))}</w:body>"))


def lying_bomb() -> bytes:
    """The same, with sizes that look harmless in the directory."""
    data = bytearray(bomb())
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 900)
    return bytes(data)


def many_parts() -> bytes:
    return packed({**ROOT, **{f"word/{i}": b"" for i in range(5_000)}})


def encrypted() -> bytes:
    data = bytearray(SOUND)
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def doubled() -> bytes:
    out = io.BytesIO(SOUND)
    with zipfile.ZipFile(out, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("word/document.xml", part("document", f"<w:body>{paragraph(run('others'))}</w:body>"))
    return out.getvalue()


def named(name: str) -> bytes:
    return packed({**ROOT, "word/document.xml": part("document", ""), name: b"x"})


LAUGHS = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
BODY = f"<w:document {SPACES}><w:body><w:p><w:r><w:t>{{}}</w:t></w:r></w:p></w:body></w:document>"

HOSTILE = {
    "zip bomb": (bomb, "paper-bomb"),
    "zip bomb that lies": (lying_bomb, "paper-zip"),
    "too many parts": (many_parts, "paper-bomb"),
    "encrypted zip": (encrypted, "paper-form"),
    "two parts of one name": (doubled, "paper-zip"),
    "path up": (lambda: named("word/../../etc/passwd"), "paper-path"),
    "path from the root": (lambda: named("/etc/passwd"), "paper-path"),
    "path of Windows": (lambda: named("C:/windows"), "paper-path"),
    "path with backslash": (lambda: named("..\\x").replace(b"../x", b"..\\x"), "paper-path"),
    "external entity": (
        lambda: document(f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>{BODY.format("&e;")}'),
        "paper-xml",
    ),
    "external document type": (
        lambda: document(f'<!DOCTYPE x SYSTEM "http://h/x.dtd">{BODY.format("x")}'),
        "paper-xml",
    ),
    "billion laughs": (lambda: document(f'<!DOCTYPE x [<!ENTITY a "ha">{LAUGHS}]>{BODY.format("&i;")}'), "paper-xml"),
    "entity that is not": (lambda: document(BODY.format("&e;")), "paper-xml"),
    "depth": (lambda: document(part("document", "<w:p>" * 100_000)), "paper-xml"),
    "depth that closes": (lambda: document(part("document", "<w:tbl>" * 999 + "</w:tbl>" * 999)), "paper-xml"),
    "cut XML": (lambda: document(BODY.format("x")[:-20]), "paper-xml"),
    "no XML": (lambda: document(b"\x00\xff\x00"), "paper-xml"),
    "empty XML": (lambda: document(b""), "paper-xml"),
    "unknown encoding": (lambda: document('<?xml version="1.0" encoding="rot13"?>' + BODY.format("x")), "paper-"),
    "no document": (lambda: packed({"a": b"b"}), "paper-form"),
    "document elsewhere": (
        lambda: packed({"_rels/.rels": ROOT["_rels/.rels"].replace("Target=", 'TargetMode="External" Target=')}),
        "paper-form",
    ),
    "document up the tree": (
        lambda: packed({"_rels/.rels": relationships(officeDocument="../../etc/x.xml")}),
        "paper-form",
    ),
    "no zip": (lambda: b"PK\x03\x04" + bytes(100), "paper-zip"),
    "cut zip": (lambda: SOUND[:-30], "paper-zip"),
    "password": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "paper-form"),
    "pdf": (lambda: b"%PDF-1.7", "paper-form"),
    "rtf": (lambda: rb"{\rtf1 x}", "paper-form"),
    "not UTF-8": (lambda: b"caf\xe9", "paper-form"),
    "binary": (lambda: b"a\0b", "paper-form"),
    "a letter under accents": (lambda: ("e" + "\u0301\u0316" * 16).encode(), "paper-form"),
    "nothing": (lambda: b" \n ", "paper-empty"),
    "nothing in Word": (lambda: docx(paragraph("")), "paper-empty"),
    "too large": (lambda: b"x" * 20_000_001, "paper-size"),
    "long paragraph": (lambda: b"x" * 20_001, "paper-size"),
    "many paragraphs": (lambda: b"x\n\n" * 5_001, "paper-size"),
    "many characters": (lambda: (b"x" * 19_000 + b"\n\n") * 120, "paper-size"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_a_clear_error(name: str) -> None:
    make, code = HOSTILE[name]
    data = make()
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(Malformed) as caught:
            read(data, "x.docx")
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert caught.value.code.startswith(code)
    assert caught.value.what.endswith(".")
    assert most < 150_000_000
    assert time.process_time() - began < 10


def test_no_file_that_was_damaged_is_a_traceback() -> None:
    chance = random.Random(5)
    sound = docx(paragraph(run("words"), "<w:numPr/>"), styles=part("styles", ""), numbering=part("numbering", ""))
    for _ in range(1500):
        data = bytearray(sound)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(Malformed):
            read(bytes(data), "x.docx")


ODD = [
    '<w:numPr><w:ilvl w:val="-1"/><w:numId w:val="x"/></w:numPr>',
    '<w:numPr><w:ilvl w:val="²"/><w:numId/></w:numPr>',
    "<w:pStyle/>",
    "<w:rPr><w:ins/></w:rPr>",
]


@pytest.mark.parametrize("properties", ODD)
def test_odd_properties_change_no_words(properties: str) -> None:
    numbering = part(
        "numbering",
        '<w:abstractNum><w:lvl w:ilvl="9999999"><w:start w:val="²"/><w:lvlText/></w:lvl></w:abstractNum>'
        '<w:lvl/><w:num w:numId="x"><w:abstractNumId/><w:lvlOverride w:ilvl="x"><w:startOverride w:val="-1"/>'
        "</w:lvlOverride></w:num><w:start/>",
    )
    assert "x" in words(read(docx(paragraph(run("x"), properties), numbering=numbering)).document)[0]


def test_a_date_at_the_end_of_time_is_a_date() -> None:
    from backchannel.papers import write

    comment = f'<w:comment w:id="1" w:author="" w:date="0001-01-01T00:00:00+14:00">{paragraph(run("x"))}</w:comment>'
    body = paragraph(run("a") + '<w:r><w:commentReference w:id="1"/></w:r>')
    got = read(docx(body, comments=part("comments", comment))).document
    for form in ("txt", "md", "docx", "pdf"):
        assert write(got, form)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 19_000, "*a " * 6_000, "`" * 9_999, "<" * 19_000, "> " * 9_000 + "x", "- " * 9_000 + "x", "![](" * 4_000,
        "&#x" * 6_000, "a**b" * 4_000, "_" * 19_000, "{++" * 6_000, "[a](<b" * 3_000, "\\" * 19_000,
        "1. " * 6_000 + "x",
        "\n".join("[a]: b" for _ in range(20_000)), "\n".join(f"{i}. x" for i in range(1, 5_000)), "x\n" * 9_000,
        "\n".join(" " * (i % 90) + "- x" for i in range(4_000)), "e" + "\u0301\u0316" * 9_000,
    ],
    ids=lambda text: text[:6].encode("unicode_escape").decode(),
)  # fmt: skip
@pytest.mark.parametrize("name", ["x.md", "x.txt"])
def test_tangled_text_is_read_or_refused_soon(name: str, text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(Malformed):
        read(text.encode(), name)
    assert time.process_time() - began < 5


def test_a_package_reads_no_part_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.papers.package.PART_LIMIT", 10)
    with pytest.raises(Malformed, match="more than 10 bytes"):
        read(SOUND)
    monkeypatch.setattr("backchannel.papers.package.TOTAL_LIMIT", 100)
    with pytest.raises(Malformed, match="more than 100 bytes"):
        Package(SOUND)
    monkeypatch.undo()
    monkeypatch.setattr("backchannel.papers.package.ELEMENT_LIMIT", 5)
    with pytest.raises(Malformed, match="more than 5 elements"):
        read(SOUND)


@pytest.mark.parametrize("body", ["<w:p/>" * 7, paragraph(run("x") * 7), paragraph(run("x" * 70))])
def test_a_document_in_too_many_pieces_is_refused(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.papers.wordread.MOST_PIECES", 5)
    monkeypatch.setattr("backchannel.papers.wordread.MOST_CHARACTERS", 50)
    with pytest.raises(Malformed, match="pieces"):
        read(docx(body))


def test_strict_word_files_are_read_too() -> None:
    xml = BODY.format("strict").replace(W, "http://purl.oclc.org/ooxml/wordprocessingml/main")
    assert words(read(document(xml)).document) == ["strict"]
