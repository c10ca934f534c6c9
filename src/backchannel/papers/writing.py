"""A document as a file, by form."""

from __future__ import annotations

from collections.abc import Callable

from backchannel.errors import Misuse
from backchannel.papers import markdown, plain, wordwrite
from backchannel.papers.model import Document


def _pdf(document: Document) -> bytes:
    from backchannel.papers import pdf  # a fifth of a second, which only this form needs

    return pdf.write(document)


FORMS: dict[str, Callable[[Document], bytes]] = {
    "txt": lambda document: plain.write(document).encode(),
    "md": lambda document: markdown.write(document).encode(),
    "docx": wordwrite.write,
    "pdf": _pdf,
}


def write(document: Document, form: str) -> bytes:
    """The document as `txt`, `md`, `docx` or `pdf`; the same bytes for the same document, with no hour of its own."""
    if form not in FORMS:
        raise Misuse("paper-form", f"A text is not written as {form!r}.", f"Choose one of {', '.join(FORMS)}.")
    return FORMS[form](document)
