"""What a person is asked: passphrases, confirmations, texts. Nothing secret is ever taken from the command line."""

from __future__ import annotations

import os
import sys
import warnings
from getpass import GetPassWarning
from pathlib import Path

import typer

from backchannel.cli.options import PASSPHRASE, Settings
from backchannel.cli.show import foreign
from backchannel.errors import Misuse

LARGEST = 1_000_000
"""Bytes of a text that is read; more than the longest that may be sent (200,000 characters)."""

BACKUP_PASSPHRASE, NEW_PASSPHRASE = "BACKCHANNEL_BACKUP_PASSPHRASE", "BACKCHANNEL_NEW_PASSPHRASE"


def passphrase(prompt: str = "Passphrase", *, variable: str = PASSPHRASE, twice: bool = False) -> str:
    """From the environment, or typed unseen."""
    given = os.environ.get(variable)
    if given:
        return given
    first = hidden(prompt, variable)
    if twice and hidden(f"{prompt}, once more", variable) != first:
        # Not "type it again": the next thing here is the shell, which shows and keeps what is typed.
        raise Misuse("passphrase", "The two were not the same.", "Run the command again.", "Nothing was changed.")
    return first


def hidden(prompt: str, variable: str) -> str:
    """Something secret, typed unseen. Refuses where it would be seen, or where nobody is there to type."""
    needed = Misuse(
        "ask",
        f"{prompt}: it has to be typed, and there is no terminal here to type it unseen.",
        f"Use a terminal, or set {variable}.",
        "Nothing was done.",
    )
    try:
        with warnings.catch_warnings():
            # getpass would go on, and show what is typed
            warnings.simplefilter("error", GetPassWarning)
            return str(typer.prompt(foreign(prompt), hide_input=True, err=True, default="", show_default=False))
    except (GetPassWarning, typer.Abort) as error:
        sys.stderr.write("\n")
        if isinstance(error, typer.Abort) and sys.stdin.isatty():
            raise KeyboardInterrupt from error
        raise needed from error


def confirm(question: str, given: Settings, *, yes: bool) -> None:
    """Ask once, naming the thing; `Misuse` unless the answer is yes. With --json nothing is asked."""
    if yes:
        return
    unasked = Misuse(
        "confirm", "Nothing was done: this asks first, and nobody answered.", "Use a terminal, or add --yes.", ""
    )
    if given.json:
        raise unasked
    sys.stdout.flush()
    try:
        agreed = typer.confirm(foreign(question), err=True)
    except typer.Abort as error:
        sys.stderr.write("\n")
        raise unasked from error
    if not agreed:
        raise Misuse("declined", "Nothing was done.", "", "")


def written(words: str | None, file: str | None, given: Settings, what: str) -> str:
    """A person's text: as an argument, from `--file`, from stdin (`-`), or typed until Ctrl-D."""
    if words is not None and file is not None:
        raise Misuse("usage", f"The {what} was given twice.", "Give it as text, or with --file.", "Nothing was done.")
    source = file if file is not None else "-" if words is None else words
    if file is None and source != "-":
        return source
    if source == "-":
        if sys.stdin.isatty() and not given.json:
            sys.stderr.write(f"Write the {what}; end with Ctrl-D on a line of its own.\n")
        return _text(sys.stdin.buffer.read(LARGEST + 1), f"The {what} on stdin")
    return _text(read_file(Path(source)), f"The file {source}")


def read_file(path: Path, largest: int = LARGEST) -> bytes:
    """The bytes of a file that a person named. `Misuse`: `file` if it cannot be read, `too-large` beyond `largest`."""
    try:
        with path.expanduser().open("rb") as stream:
            found = stream.read(largest + 1)
    except OSError as error:
        raise Misuse(
            "file", f"The file {path} cannot be read: {error.strerror}.", "Check its name.", "Nothing was done."
        ) from error
    if len(found) > largest:
        raise Misuse(
            "too-large",
            f"The file {path} has more than {largest:,} bytes.",
            "Shorten it.",
            "Nothing was done.",
        )
    return found


def write_file(path: Path, content: bytes) -> None:
    """A new file that a person named; what is there already is never overwritten."""
    try:
        # For its owner only: who wants others to read it says so, and a program never does.
        file = os.open(path.expanduser(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
    except FileExistsError as error:
        raise Misuse(
            "exists", f"The file {path} is there already.", "Choose another name.", "Nothing was overwritten."
        ) from error
    except OSError as error:
        raise Misuse(
            "file",
            f"The file {path} cannot be written: {error.strerror}.",
            "Choose another place.",
            "Nothing was lost.",
        ) from error


def _text(raw: bytes, what: str) -> str:
    if len(raw) > LARGEST:
        raise Misuse("too-large", f"{what} is too long.", "Divide it into several.", "Nothing was done.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Misuse("not-text", f"{what} is not text in UTF-8.", "Save it as UTF-8.", "Nothing was done.") from error


def line(prompt: str, given: Settings) -> str:
    """One line, typed or from stdin; more lines may follow it (a code is printed in several)."""
    if given.json:
        raise Misuse("ask", f"{prompt} is needed, and with --json nothing is asked.", "Give it as - and on stdin.", "")
    if sys.stdin.isatty():
        sys.stderr.write(f"{prompt} (end with an empty line):\n")
        sys.stderr.flush()
    lines = []
    while (typed := sys.stdin.readline()).strip():
        lines.append(typed)
    if not lines:
        raise Misuse("ask", f"{prompt} was not given.", "Do it again.", "Nothing was done.")
    return "".join(lines)
