"""Programs from npm in ignored folders of the project: each in one of its own, because npm clears what it finds."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2] / ".cache" / "contract"
PATIENCE = 600


def installed(folder: str, package: str, version: str) -> Path:
    """The package's own folder; installs it where it is missing."""
    prefix = HOME / folder
    place = prefix / "node_modules" / package
    if _version(place) != version:
        npm = shutil.which("npm")
        assert npm, f"npm is needed to install {package}"
        prefix.mkdir(parents=True, exist_ok=True)
        flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", str(prefix)]
        for _ in range(2):  # a registry may hang up once
            subprocess.run([npm, "install", *flags, f"{package}@{version}"], check=False, timeout=PATIENCE)
            if _version(place) == version:
                return place
        pytest.fail(f"npm could not install {package}@{version}: its output is above")
    return place


def _version(place: Path) -> str | None:
    manifest = place / "package.json"
    return str(json.loads(manifest.read_text("utf-8"))["version"]) if manifest.is_file() else None
