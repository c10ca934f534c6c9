"""LibreOffice, which is not ours, shows the changes and comments of our Word files as such, and writes them back."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from backchannel.papers import Comment, Document, Paragraph, Run, read, words, write
from tests.conftest import ROOT

WHEN = datetime(1984, 5, 12, 14, 30, tzinfo=UTC)
ARABIC = "يوقف الطرفان الأعمال العدائية"
TEXT = {"text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0", "dc": "http://purl.org/dc/elements/1.1/"}
TEXT["office"] = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
PAPER = Document(
    "A treaty <b>",
    "Text 7",
    (
        Paragraph("1", (Run("The Parties "), Run("may", "removed", "Chile", WHEN), Run("shall", "added", "Perú", WHEN)),
                  (Comment("Cardinal Samorè", WHEN, "Why?\nHow?"),), "bracketed"),
        Paragraph("", (Run("Nobody wants this & that.", "removed", "Chile", WHEN),)),
        Paragraph("2", (Run("All new:\n[a] [b]", "added", "Chile", WHEN),), (), "agreed ad referendum (Chile)"),
        Paragraph("3", (Run(ARABIC + " "), Run("جميع", "added", "لجنة", WHEN), Run(" (ONU)."))),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def office() -> str:
    """LibreOffice; where apt can install it (about twenty seconds), it does."""
    if shutil.which("soffice") is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run([ROOT / "tools" / "debian", "libreoffice-writer-nogui"], capture_output=True, timeout=300)
    found = shutil.which("soffice")
    if found is None:
        pytest.skip("no LibreOffice on this machine, and none could be installed")
    return found


def convert(office: str, folder: Path, source: Path, form: str) -> Path:
    out = folder / form
    profile = f"-env:UserInstallation=file://{folder}/profile"
    env = {**os.environ, "HOME": str(folder), "SAL_USE_VCLPLUGIN": "svp"}
    command = [office, profile, "--headless", "--convert-to", form, "--outdir", str(out), str(source)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, env=env)
    made = out / f"{source.stem}.{form}"
    assert made.is_file(), ran.stderr
    return made


@pytest.mark.timeout(600)
def test_libreoffice_shows_changes_and_comments_as_such(office: str, tmp_path: Path) -> None:
    source = tmp_path / "paper.docx"
    source.write_bytes(write(PAPER, "docx"))

    seen = ElementTree.parse(convert(office, tmp_path, source, "fodt")).getroot()  # noqa: S314
    changes = set()
    for kind in ("insertion", "deletion"):
        for change in seen.iterfind(f".//text:tracked-changes/text:changed-region/text:{kind}", TEXT):
            who = change.findtext(".//dc:creator", None, TEXT)
            assert (change.findtext(".//dc:date", "", TEXT)).startswith("1984-05-12T14:30")
            changes.add((kind, who))
    assert changes == {("deletion", "Chile"), ("insertion", "Perú"), ("insertion", "Chile"), ("insertion", "لجنة")}
    (comment,) = seen.iterfind(".//office:annotation", TEXT)
    assert comment.findtext("dc:creator", None, TEXT) == "Cardinal Samorè"
    assert ["".join(p.itertext()) for p in comment.iterfind("text:p", TEXT)] == ["Why?", "How?"]

    # Saved by LibreOffice as Word, it is still the same to us.
    back = convert(office, tmp_path, source, "docx").read_bytes()
    for changes_, first, others in (
        ("accept", "The Parties shall", ["All new:\n[a] [b]", f"{ARABIC} جميع (ONU)."]),
        ("reject", "The Parties may", ["Nobody wants this & that.", f"{ARABIC}  (ONU)."]),
    ):
        got = read(back, "paper.docx", changes_).document
        assert words(got) == [first, *others]
        assert (got.title, got.subtitle) == ("A treaty <b>", "Text 7")
        assert got.paragraphs[0].status == "bracketed"
        assert got.paragraphs[0].comments == (Comment("Cardinal Samorè", WHEN, "Why?\nHow?"),)
