"""The desk at which `vane market refresh` is tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.openrouter import VARIABLE
from tests.fakes.openrouter_market import KEY, Server
from tests.market.desk import Desk
from tests.samples import write_policies


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh that archives numbers only: what stands beside them has tests of its own, and takes a second."""
    monkeypatch.setattr("harness.market.refresh_command.pages", lambda project, week: {})


@pytest.fixture
def server() -> Iterator[Server]:
    """The fake market."""
    with Server() as running:
        yield running


@pytest.fixture
def desk(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """The tool asks the fake market."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv(VARIABLE, KEY)
    write_policies(tmp_path / "project")
    return Desk(tmp_path / "project", server.market, server.api, capsys)
