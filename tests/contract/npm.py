"""Programs from npm in ignored folders of the project: each in one of its own, because npm clears what it finds."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
HOME = PROJECT / ".cache" / "contract"
PATIENCE = 900


def installed(folder: str, packages: Mapping[str, str]) -> Path:
    """The folder that holds these packages in these versions; installs them where one is missing."""
    prefix = HOME / folder
    modules = prefix / "node_modules"
    if not _there(modules, packages):
        npm = shutil.which("npm")
        wanted = [f"{name}@{version}" for name, version in packages.items()]
        assert npm, f"npm is needed to install {', '.join(wanted)}"
        prefix.mkdir(parents=True, exist_ok=True)
        flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", str(prefix)]
        for _ in range(2):  # a registry may hang up once
            subprocess.run([npm, "install", *flags, *wanted], check=False, timeout=PATIENCE)
            if _there(modules, packages):
                return modules
        pytest.fail(f"npm could not install {', '.join(wanted)}: its output is above")
    return modules


def installed_node() -> str:
    """The node of the machine."""
    node = shutil.which("node")
    assert node, "node is needed to run programs from npm"
    return node


def _there(modules: Path, packages: Mapping[str, str]) -> bool:
    return all(_version(modules / name) == version for name, version in packages.items())


def _version(place: Path) -> str | None:
    manifest = place / "package.json"
    return str(json.loads(manifest.read_text("utf-8"))["version"]) if manifest.is_file() else None
