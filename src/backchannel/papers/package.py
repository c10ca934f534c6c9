"""A .docx from outside: a zip with XML in it. What is opened is bounded before it is inflated.

Parts are read as a stream of elements and no tree is built; a document type is refused, and with it every entity.
Nothing is written to disk and nothing fetched: a name that leads out of the file, or a part that lies elsewhere, is an
error or is passed over.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from xml.parsers import expat

from backchannel.errors import Malformed

MOST_PARTS = 4_000
PART_LIMIT = 64_000_000
"""Bytes of a part that is read, inflated. A thousand pages of Word take about 20 million."""
TOTAL_LIMIT = 400_000_000
RATIO_LIMIT = 250
"""How many times larger than it lies in the file a part may become; XML of Word, 10 to 30."""
RATIO_FLOOR = 1_000_000
DEPTH_LIMIT = 256
ELEMENT_LIMIT = 1_000_000
"""Of all parts that are read. Word has some hundred to a paragraph that was edited much."""

_ENTRY = b"PK\x01\x02"
_CHUNK = 1 << 16
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
# Of both kinds of .docx, transitional and strict: namespace -> the short name used here.
NAMESPACES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:office": "o",
    _RELATIONSHIPS: "rel",
}

# What the libraries raise on a file that is not what it says.
_UNSOUND = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, LookupError, RuntimeError)

Attributes = Mapping[str, str]


class Package:
    """The parts of a .docx."""

    def __init__(self, data: bytes) -> None:
        if data.count(_ENTRY) > MOST_PARTS:
            raise Malformed("paper-bomb", f"There are more than {MOST_PARTS} parts in this file.")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            parts = self._zip.infolist()
        except _UNSOUND as error:
            raise _broken() from error
        self._elements = 0
        self._parts: dict[str, zipfile.ZipInfo] = {}
        for part in parts:
            self._check(part)
            if part.filename in self._parts:
                raise Malformed("paper-zip", "Two parts of this file have the same name: it says two things at once.")
            self._parts[part.filename] = part
        if sum(part.file_size for part in parts) > TOTAL_LIMIT:
            raise Malformed("paper-bomb", f"Inflated, this file would have more than {TOTAL_LIMIT} bytes.")

    def _check(self, part: zipfile.ZipInfo) -> None:
        name = part.filename
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            raise Malformed("paper-path", "A part of this file has a name that leads out of it.")
        if part.flag_bits & 1:
            raise Malformed("paper-form", "The file is protected by a password.", "Save it without, and try again.")
        if part.file_size > max(part.compress_size * RATIO_LIMIT, RATIO_FLOOR):
            raise Malformed("paper-bomb", "A part of this file would inflate out of all proportion.")

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def names(self) -> Iterator[str]:
        """The names of all parts."""
        return iter(self._parts)

    def related(self, to: str = "") -> dict[str, str]:
        """What a part is related to, by kind (the last word of its type), unless it lies outside of the file."""
        folder, _, name = to.rpartition("/")
        found: dict[str, str] = {}

        def start(tag: str, attributes: Attributes) -> None:
            if tag == "rel:Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                path = target[1:] if target.startswith("/") else f"{folder}/{target}".lstrip("/")
                found.setdefault(attributes.get("Type", "").rpartition("/")[2], path)

        source = f"{folder}/_rels/{name}.rels".lstrip("/")
        if source in self:
            self.walk(source, start)
        return found

    def walk(
        self,
        name: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] = lambda tag: None,
        text: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Go through the elements of a part: `w:p`, with attributes as `w:val`."""
        part = self._parts[name]
        if part.file_size > PART_LIMIT:
            raise Malformed("paper-bomb", f"A part of this file would have more than {PART_LIMIT} bytes.")
        parser = expat.ParserCreate(namespace_separator=" ")
        depth = 0

        def opened(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            self._elements += 1
            if self._elements > ELEMENT_LIMIT:
                raise Malformed("paper-bomb", f"There are more than {ELEMENT_LIMIT} elements in this file.")
            if depth > DEPTH_LIMIT:
                raise Malformed("paper-xml", f"Elements of this file lie more than {DEPTH_LIMIT} deep in each other.")
            start(_short(tag), {_short(key): value for key, value in attributes.items()})

        def closed(tag: str) -> None:
            nonlocal depth
            depth -= 1
            end(_short(tag))

        def typed(*_: object) -> None:
            raise Malformed("paper-xml", "The file defines a document type, which no Word document does.")

        parser.StartElementHandler, parser.EndElementHandler = opened, closed
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, typed
        parser.buffer_text = True
        try:
            with self._zip.open(part) as stream:
                while chunk := stream.read(_CHUNK):
                    parser.Parse(chunk)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            where = f"line {error.lineno}" if error.lineno else "its beginning"
            raise Malformed("paper-xml", f"The part {name!r} of this file is not sound XML ({where}).") from None
        except _UNSOUND as error:
            raise _broken() from error


def _short(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f"{NAMESPACES.get(space, '?')}:{local}" if space else local


def _broken() -> Malformed:
    return Malformed("paper-zip", "The file is damaged, or is not a Word document.", "Have it sent again.")
