"""The package that is installed is the one that is here."""

from __future__ import annotations

from importlib.metadata import version

import backchannel


def test_the_version_is_said_once() -> None:
    assert backchannel.__version__ == version("backchannel")
