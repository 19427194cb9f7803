"""Runs commands of the command line in this process, and takes what they print."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.cli import main


def run_command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return status, said.out, said.err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """What a command prints for programs, as a strict reader of JSON takes it."""
    assert main([*arguments, "--json"]) == 0

    def reject(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(capsys.readouterr().out, parse_constant=reject)
