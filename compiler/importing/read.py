"""One file of any of the formats → what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from compiler.importing.found import Found
from compiler.importing.litellm import read_litellm
from compiler.importing.openclaw import read_openclaw
from compiler.importing.skeleton import read_skeleton
from compiler.importing.slugs import Catalogue
from compiler.importing.source import literal_keys, read_source

_READERS: Mapping[str, Callable[[Mapping[str, Any], Catalogue], Found]] = {
    "openclaw": read_openclaw,
    "litellm": read_litellm,
    "skeleton": read_skeleton,
}


def read_import(path: Path, catalogue: Catalogue) -> Found:
    """What can be carried over from a file, and what not. Raises PolicyError where it cannot be read."""
    root, kind = read_source(path)
    return replace(_READERS[kind](root, catalogue), literal_keys=literal_keys(root))
