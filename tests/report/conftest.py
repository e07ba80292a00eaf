"""A project with all evidence of one week, made once; tests that change something work on a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.report.evidence_files import whole


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed."""
    return whole(tmp_path_factory.mktemp("report") / "project")


@pytest.fixture
def project(kept: Path, tmp_path: Path) -> Path:
    """A copy."""
    return Path(shutil.copytree(kept, tmp_path / "project"))
