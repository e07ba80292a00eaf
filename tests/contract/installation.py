"""OpenClaw and node from npm, in an ignored folder of the project: installed once, some minutes."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
HOME = PROJECT / ".cache" / "contract"
OPENCLAW = "2026.9.6"
NODE = "24.21.0"


def node_package() -> str | None:
    """The npm package that holds node itself; on a Mac the installed node serves."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine())
    return f"node-linux-{machine}" if platform.system() == "Linux" and machine else None


def installed() -> bool:
    wanted = {"openclaw": OPENCLAW} | ({package: NODE} if (package := node_package()) else {})
    return all(version_of(name) == version for name, version in wanted.items())


def version_of(package: str) -> str | None:
    manifest = HOME / "node_modules" / package / "package.json"
    return str(json.loads(manifest.read_text("utf-8"))["version"]) if manifest.is_file() else None


def install() -> None:
    npm = shutil.which("npm")
    assert npm, "npm is needed to install OpenClaw"
    HOME.mkdir(parents=True, exist_ok=True)
    package = node_package()
    wanted = [f"openclaw@{OPENCLAW}", *([f"{package}@{NODE}"] if package else [])]
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", str(HOME)]
    for _ in range(2):  # a registry may hang up once
        done = subprocess.run([npm, "install", *flags, *wanted], check=False, timeout=900)
        if done.returncode == 0:
            return
    pytest.fail(f"npm could not install {', '.join(wanted)}: its output is above")


def command() -> tuple[str, ...]:
    """How to start OpenClaw; installs it where it is missing."""
    if not installed():
        install()
    package = node_package()
    node = str(HOME / "node_modules" / package / "bin" / "node") if package else shutil.which("node")
    assert node, "node is needed to run OpenClaw"
    return node, str(HOME / "node_modules" / "openclaw" / "openclaw.mjs")
