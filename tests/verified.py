"""Running `vane verify` on edited files of the shipped project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from tests.shipped import PROJECT, artifact

#: a model that blocks deny
BLOCKED = "openrouter/owl-alpha"


def findings(
    capsys: pytest.CaptureFixture[str], *arguments: str | Path, project: Path = PROJECT
) -> list[dict[str, Any]]:
    """What the command reports, after looking whether its exit code fits."""
    code = main(["verify", "-C", str(project), "--format", "json", *map(str, arguments)])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert code == (1 if found else 0)
    return found


def put(tmp_path: Path, name: str, value: Any) -> Path:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(value if isinstance(value, bytes) else json.dumps(value, indent=2).encode())
    return file


def openclaw() -> dict[str, Any]:
    return dict(json.loads(artifact("studio", "openclaw.json")))
