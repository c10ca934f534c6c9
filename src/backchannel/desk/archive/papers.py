"""The papers of an archive: one share each, for one trustee (spec/archive.md, 1.3)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from backchannel.desk.vault import files
from backchannel.errors import Misuse


class Papers(NamedTuple):
    """What is handed out, once: the file's words, how many shares it takes, and the shares. `repr` says nothing."""

    reference: tuple[str, ...]
    threshold: int
    shares: tuple[str, ...]

    def __repr__(self) -> str:
        return "<Papers>"

    def text(self, number: int) -> str:
        """One paper, from 1. Whoever finds it learns of no channel and no name."""
        return (
            f"# Share {number} of {len(self.shares)} of a sealed archive. Any {self.threshold} of them open it;"
            " fewer open nothing.\n"
            "# The words of the archive's file, to be compared before it is opened:\n"
            + _rows(self.reference, "#")
            + "# The share. Nobody else may read it, and it cannot be had again. It is used with: backchannel archive\n"
            + _rows(self.shares[number - 1].split(), "")
        )

    def write(self, folder: Path) -> None:
        """Each into a file of its own, which only this user can read. `Misuse("exists")` unless the folder is new."""
        try:
            folder.mkdir(mode=files.FOLDER_MODE)
        except FileExistsError as error:
            raise Misuse("exists", f"{folder} is there already.", "Name a new folder.", "Nothing was done.") from error
        try:
            for number in range(1, len(self.shares) + 1):
                target = folder / f"share-{number}-of-{len(self.shares)}.txt"
                handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, files.FILE_MODE)
                with os.fdopen(handle, "w", encoding="ascii") as out:
                    out.write(self.text(number))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _rows(words: Sequence[str], lead: str) -> str:
    rows = [words[k : k + 4] for k in range(0, len(words), 4)]
    numbered = [[f"{4 * k + j:2} {word:<9}" for j, word in enumerate(row, 1)] for k, row in enumerate(rows)]
    return "".join(f"{lead}  {'  '.join(row)}".rstrip() + "\n" for row in numbered)
