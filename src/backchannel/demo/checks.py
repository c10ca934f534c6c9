"""A check: something that is tried, with what was seen; or why it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from backchannel.errors import BackchannelError


class Check(NamedTuple):
    """What was checked, whether it holds, and what was seen. `title` is for people, `name` for programs.

    `ok` is None for what could not be tried on this machine; `detail` then says why.
    """

    name: str
    title: str
    ok: bool | None
    detail: str


class Failed(Exception):
    """What a check found instead of what should be there."""


class NotTried(Exception):
    """Why a check could not be tried here."""


def run(name: str, title: str, check: Callable[[], str]) -> Check:
    """Carry out a check that tells what it saw, or raises `Failed`, `NotTried` or an error of ours."""
    try:
        return Check(name, title, True, check())
    except Failed as found:
        return Check(name, title, False, str(found))
    except NotTried as why:
        return Check(name, title, None, str(why))
    except BackchannelError as problem:
        return Check(name, title, False, problem.what)


def must(holds: bool, otherwise: str) -> None:
    """`Failed` unless it holds."""
    if not holds:
        raise Failed(otherwise)
