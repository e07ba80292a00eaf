"""The clone in which pages are carried out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.fences import PROJECT
from tests.docs.walk import ANA, Walk

#: What a team has of the project; the tool itself is installed.
PARTS = ("policies", "generated", "docs/market", "docs/examples")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped project as it was merged, made once."""
    folder = tmp_path_factory.mktemp("docs") / "routes"
    for part in PARTS:
        shutil.copytree(PROJECT / part, folder / part)
    shutil.copy(PROJECT / ".gitignore", folder)
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Routes"]):
        subprocess.run(["git", *command], cwd=folder, env=os.environ | ANA, check=True)
    return folder


@pytest.fixture
def walk(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """Somebody in a clone of their own."""
    project = tmp_path / "routes"
    shutil.copytree(clone, project, symlinks=True)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    walk = Walk(project, monkeypatch)
    with walk.opened:
        yield walk
