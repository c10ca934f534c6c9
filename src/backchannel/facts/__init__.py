"""What there is, as plain facts: dicts, lists, strings, numbers. JSON is made of them, and so is every page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Facts = dict[str, Any]

Tell: TypeAlias = Callable[[str, str, str, str], None]
"""Tells of one step that comes next: who, which verb, the rest of the sentence, by which command."""
