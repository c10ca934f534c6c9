"""Drafts: what was typed and not sent, kept for its person until it is sent, thrown away or old (spec/web.md, 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from backchannel.desk.vault.vault import Vault

SECONDS = 7 * 24 * 3600.0
LARGEST = 400_000
"""Bytes of one draft; what is longer is not kept."""
MOST = 64

Fields: TypeAlias = tuple[tuple[str, str], ...]
_ENCODE = msgspec.msgpack.encode
_DECODE = msgspec.msgpack.Decoder(Fields).decode
"""As it was typed: what is sealed has one form, what is half typed has none."""


class Draft(NamedTuple):
    """What stood in a form. `buttons` and `about` (what the form itself says it is about) tell which form.

    Fields whose names begin with an underscore are no fields: they say what could be chosen.
    """

    place: str
    target: str
    buttons: tuple[str, ...]
    about: Fields
    fields: Fields
    at: float = 0.0
    n: int = 0


class Drafts:
    """All drafts of a desk. They never leave it, in no backup either."""

    def __init__(self, vault: Vault, clock: Callable[[], float]) -> None:
        self._vault, self._clock = vault, clock

    def keep(self, draft: Draft, channel: int | None = None) -> bool:
        """Keep what stands in a form now, in the place of what stood there before; whether that was possible.

        An empty form is no draft. `channel`: with which it goes.
        """
        fields, about, buttons = _ENCODE(draft.fields), _ENCODE(draft.about), " ".join(draft.buttons)
        with self._vault.transaction():
            self._vault.execute(
                "DELETE FROM draft WHERE place = ? AND buttons = ? AND about = ? OR at <= ?",
                (draft.place, buttons, about, self._clock() - SECONDS),
            )
            if (
                not any(value.strip() for name, value in draft.fields if name[:1] != "_")
                or len(fields) + len(about) > LARGEST
            ):
                return False
            self._vault.execute(
                "INSERT INTO draft (c, place, target, buttons, about, fields, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (channel, draft.place, draft.target, buttons, about, fields, self._clock()),
            )
            self._vault.execute(
                "DELETE FROM draft WHERE n NOT IN (SELECT n FROM draft ORDER BY at DESC, n DESC LIMIT ?)", (MOST,)
            )
        return True

    def of(self, place: str) -> list[Draft]:
        """What was typed on a page and not sent, newest first."""
        return self._where("place = ?", place)

    def all(self) -> list[Draft]:
        """All that was typed and not sent, newest first."""
        return self._where("? = 0", 0)

    def sent(self, target: str, button: str, fields: Sequence[tuple[str, str]]) -> None:
        """A form was sent, and done: what was kept of it is destroyed."""
        done = [
            (one.n,)
            for one in self._where("target = ?", target)
            if button in one.buttons and set(one.about) <= set(fields)
        ]
        self._vault.executemany("DELETE FROM draft WHERE n = ?", done)

    def discard(self, place: str) -> None:
        """Throw away what was typed on a page."""
        self._vault.execute("DELETE FROM draft WHERE place = ?", (place,))

    def sweep(self) -> bool:
        """Destroy what is too old. Whether there was anything: the write-ahead log holds it until that is emptied."""
        old = self._clock() - SECONDS
        if self._vault.one("SELECT 1 FROM draft WHERE at <= ?", (old,)) is None:  # mostly: nothing is written then
            return False
        return self._vault.execute("DELETE FROM draft WHERE at <= ?", (old,)).rows > 0

    def _where(self, condition: str, value: object) -> list[Draft]:
        rows = self._vault.query(
            f"SELECT place, target, buttons, about, fields, at, n FROM draft WHERE {condition} AND at > ?"  # noqa: S608
            " ORDER BY at DESC, n DESC",
            (value, self._clock() - SECONDS),
        )
        return [
            Draft(place, target, tuple(buttons.split()), _DECODE(about), _DECODE(fields), at, n)
            for place, target, buttons, about, fields, at, n in rows
        ]
