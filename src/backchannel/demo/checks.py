"""A check: something that is tried, with what was seen; or why it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from backchannel.errors import BackchannelError


class Check(NamedTuple):
    """What was checked, whether it holds, and what was seen. `title` is for people, `name` for programs."""

    name: str
    title: str
    ok: bool
    detail: str


class Failed(Exception):
    """What a check found instead of what should be there."""


def run(name: str, title: str, check: Callable[[], str]) -> Check:
    """Carry out a check that tells what it saw, or raises `Failed` or an error of ours."""
    try:
        return Check(name, title, True, check())
    except Failed as found:
        return Check(name, title, False, str(found))
    except BackchannelError as problem:
        return Check(name, title, False, problem.what)


def must(holds: bool, otherwise: str) -> None:
    """`Failed` unless it holds."""
    if not holds:
        raise Failed(otherwise)
