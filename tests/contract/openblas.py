"""A fast BLAS for MLX on Linux, whose wheel multiplies float32 forty times slower with its own.

Debian's packages are unpacked into an ignored folder: nothing of the machine changes, and nobody must be root.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache" / "openblas"
#: With what the library loads beside it.
PACKAGES = ("libopenblas0-pthread", "libgfortran5", "libquadmath0")
_PRELOADED = "openblas-pthread/libopenblas.so.0"
_SECONDS = 300


class NoBlas(Exception):
    """It cannot be had here; the message says why."""


def with_blas(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which MLX multiplies fast. Raises NoBlas where there is none; a Mac needs none."""
    if sys.platform != "linux":
        return dict(environment)
    libraries = f"usr/lib/{platform.machine()}-linux-gnu"
    for root in (Path("/"), CACHE):
        if (root / libraries / _PRELOADED).exists():
            return _loading(environment, root / libraries)
    _unpack()
    if not (CACHE / libraries / _PRELOADED).exists():
        raise NoBlas(f"{PACKAGES[0]} holds no {libraries}/{_PRELOADED}")
    return _loading(environment, CACHE / libraries)


def _loading(environment: Mapping[str, str], libraries: Path) -> dict[str, str]:
    preloaded = str(libraries / _PRELOADED)
    return {**environment, "LD_PRELOAD": preloaded, "LD_LIBRARY_PATH": str(libraries)}


def _unpack() -> None:
    """Download the packages as any user may, and unpack them."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise NoBlas(f"no Debian, whose {PACKAGES[0]} is wanted")
    CACHE.mkdir(parents=True, exist_ok=True)
    download = ["apt-get", "download", "-qq", *PACKAGES]
    done = _ran(download)
    if done.returncode and os.getuid() == 0:  # a bare machine has no lists of packages yet
        _ran(["apt-get", "update", "-qq"])
        done = _ran(download)
    if done.returncode:
        raise NoBlas(f"apt-get download: {done.stderr.strip()[-200:]}")
    for package in CACHE.glob("*.deb"):
        _ran(["dpkg", "-x", str(package), str(CACHE)])


def _ran(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=CACHE, capture_output=True, text=True, timeout=_SECONDS, check=False)
