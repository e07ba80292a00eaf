"""Fixtures of the deploy tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
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
    """A Mac that nobody deployed to yet."""
    made = new_rehearsal(tmp_path, desk)
    _on(made, monkeypatch)
    return made


def _on(mac: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the Mac's programs be found, and its waits be short."""
    monkeypatch.setenv("PATH", f"{mac.root / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_LAUNCHD", str(mac.root / "launchd"))
    for name in ("HF_HUB_CACHE", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(health, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(health, "RELOAD_SECONDS", 0.1)
    monkeypatch.setattr(launchctl, "_EVERY", 0.05)


@pytest.fixture
def open_mac(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """A Mac below a folder that every account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="vane-mac-"))
    folder.chmod(0o755)
    try:
        made = new_rehearsal(folder, new_desk(folder))
        _on(made, monkeypatch)
        yield made
    finally:
        shutil.rmtree(folder)
