"""Texts as papers: written as plain text, Markdown, Word and PDF, and read from the first three.

It knows no channel and no instrument: a `Document` goes out as bytes, bytes come in as a `Document`. A file from
outside is hostile until read: limits before inflating, no entities, nothing fetched, nothing run.
"""

from backchannel.papers.model import Comment, Document, Imported, Paragraph, Run, words
from backchannel.papers.reading import read
from backchannel.papers.writing import FORMS, write

__all__ = ["FORMS", "Comment", "Document", "Imported", "Paragraph", "Run", "read", "words", "write"]
