"""Small Word files, sound and hostile, made by hand: nothing of ours is used to make what ours must read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SPACES = (
    f'xmlns:w="{W}" xmlns:r="{OFFICE}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)


def relationships(**targets: str) -> str:
    rows = "".join(f'<Relationship Id="{k}" Type="{OFFICE}/{k}" Target="{t}"/>' for k, t in targets.items())
    return f'<Relationships xmlns="{PACKAGE}/relationships">{rows}</Relationships>'


def part(name: str, inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{name} {SPACES}>{inner}</w:{name}>'


def run(text: str, properties: str = "", tag: str = "t") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:{tag} xml:space="preserve">{text}</w:{tag}></w:r>'


def added(text: str, who: str = "Chile") -> str:
    return f'<w:ins w:id="1" w:author="{who}" w:date="1984-05-12T14:30:00Z">{run(text)}</w:ins>'


def removed(text: str, who: str = "Chile") -> str:
    return f'<w:del w:id="1" w:author="{who}" w:date="1984-05-12T14:30:00Z">{run(text, tag="delText")}</w:del>'


def paragraph(inner: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def listed(inner: str, level: int = 0, number: int = 1) -> str:
    return paragraph(inner, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def docx(body: str, others: Mapping[str, str | bytes] | None = None, **related: str) -> bytes:
    """A .docx with this body; parts that the document is related to by name, and others by path."""
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relationships(officeDocument="word/document.xml"),
        "word/document.xml": part("document", f"<w:body>{body}</w:body>"),
        "word/_rels/document.xml.rels": relationships(**{name: f"{name}.xml" for name in related}),
        **{f"word/{name}.xml": xml for name, xml in related.items()},
        **(others or {}),
    }
    return packed(parts)


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
