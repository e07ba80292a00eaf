"""Python packages of an extra in an ignored folder of their own: few need them, and they are large."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.npm import HOME, PATIENCE, PROJECT


def wheels(extra: str) -> Path:
    """The folder that has what requirements-<extra>.txt pins; installs it where it is missing or another version."""
    requirements = PROJECT / f"requirements-{extra}.txt"
    folder, stamp = HOME / extra, HOME / extra / ".installed"
    wanted = requirements.read_text("utf-8")
    if not (stamp.is_file() and stamp.read_text("utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--target", str(folder), "-r", str(requirements)]
        for _ in range(2):  # an index may be busy once
            if not subprocess.run(command, check=False, timeout=PATIENCE).returncode:
                break
            shutil.rmtree(folder, ignore_errors=True)
        else:
            pytest.fail(f"pip could not install {requirements.name}: its output is above")
        stamp.write_text(wanted, "utf-8")
    return folder
