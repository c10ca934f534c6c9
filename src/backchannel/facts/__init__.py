"""What there is, as plain facts: dicts, lists, strings, numbers. JSON is made of them, and so is every page."""

from __future__ import annotations

from typing import Any

Facts = dict[str, Any]
