"""The package that is installed is the one that is here."""

from __future__ import annotations

import importlib
from importlib.metadata import version

import pytest

import backchannel


def test_the_version_is_said_once() -> None:
    assert backchannel.__version__ == version("backchannel")


def test_importing_the_program_does_not_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module("backchannel.__main__")
    assert capsys.readouterr() == ("", "")
