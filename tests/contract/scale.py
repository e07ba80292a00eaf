"""PySpark, where Java is."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import pytest

from tests.contract.wheels import wheels


def installed_pyspark() -> Path:
    """The folder that has it, on `sys.path` from now on."""
    if not shutil.which("java"):
        pytest.skip("Spark needs Java 17 or newer, and there is none: apt install openjdk-17-jre-headless")
    folder = wheels("scale")
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    return folder
