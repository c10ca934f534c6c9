"""A person's side: the vault, the way to the relay, and the `Desk` that the faces and Python programs use.

from backchannel.desk import Desk
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backchannel.desk.desk import Desk as Desk

__all__ = ["Desk"]


def __getattr__(name: str) -> Any:
    """`Desk`, when it is asked for: most parts of a desk are used without the whole."""
    if name == "Desk":
        from backchannel.desk.desk import Desk

        return Desk
    raise AttributeError(name)
