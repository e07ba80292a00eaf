"""PySpark in an ignored folder of its own: 400 MB that nobody needs who keeps the ledger in one file."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.npm import HOME, PATIENCE, PROJECT

REQUIREMENTS = PROJECT / "requirements-scale.txt"


def installed_pyspark() -> Path:
    """The folder that has it, on `sys.path` from now on; installs it where it is missing or another version."""
    folder, stamp = HOME / "pyspark", HOME / "pyspark" / ".installed"
    assert shutil.which("java"), "Spark needs Java 17; on Debian: apt install openjdk-17-jre-headless"
    wanted = REQUIREMENTS.read_text("utf-8")
    if not (stamp.is_file() and stamp.read_text("utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        done = subprocess.run(
            [*command, "--target", str(folder), "-r", str(REQUIREMENTS)], check=False, timeout=PATIENCE
        )
        if done.returncode:
            pytest.fail("pip could not install PySpark: its output is above")
        stamp.write_text(wanted, "utf-8")
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    return folder
