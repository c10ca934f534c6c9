"""Take one check away from the real code, so that a test can show that the check is what stops an attack."""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType
from typing import Any

import pytest

from backchannel.channel import fold
from tests.seal.kit import weakened


def weaken(monkeypatch: pytest.MonkeyPatch, module: str, *changes: tuple[str, str]) -> None:
    """Replace parts of a module's source, each of which must be there once, everywhere it is used."""
    original = sys.modules[f"backchannel.{module}"]
    copy = weakened(module, *changes)
    for name, new in list(vars(copy).items()):
        old = getattr(original, name, None)
        if isinstance(new, FunctionType) and isinstance(old, FunctionType) and _differ(old, new):
            _everywhere(monkeypatch, old, new)
        elif isinstance(new, type) and new.__module__ == copy.__name__ and isinstance(old, type):
            for attribute, value in vars(new).items():
                if isinstance(value, FunctionType) and _differ(vars(old)[attribute], value):
                    monkeypatch.setattr(old, attribute, value)
            monkeypatch.setitem(copy.__dict__, name, old)


def _differ(old: Any, new: FunctionType) -> bool:
    if not isinstance(old, FunctionType):
        return False
    one, other = old.__code__, new.__code__
    return (one.co_code, one.co_names, repr(one.co_consts)) != (other.co_code, other.co_names, repr(other.co_consts))


def _everywhere(monkeypatch: pytest.MonkeyPatch, old: Any, new: Any) -> None:
    for loaded in [m for n, m in sys.modules.items() if n.startswith("backchannel") and isinstance(m, ModuleType)]:
        for name, value in list(vars(loaded).items()):
            if value is old:
                monkeypatch.setattr(loaded, name, new)
    for kind, handler in list(fold._HANDLERS.items()):
        if handler is old:
            monkeypatch.setitem(fold._HANDLERS, kind, new)
