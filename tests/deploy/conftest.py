"""Fixtures of the deploy tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.agent import health, launchctl
from tests.deploy.desk import Desk, new_desk
from tests.deploy.rehearsal import Rehearsal, new_rehearsal


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return new_desk(tmp_path)


@pytest.fixture
def mac(tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """A Mac that nobody deployed to yet; its waits are short."""
    made = new_rehearsal(tmp_path, desk)
    monkeypatch.setenv("PATH", f"{made.root / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_LAUNCHD", str(made.root / "launchd"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setattr(health, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(launchctl, "_EVERY", 0.01)
    return made
