"""The guard as a plugin of OpenClaw: files that are emitted as they stand, beside each openclaw.json."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files as resources

#: Below the Mac's folder here, and below ~/.openclaw there.
FOLDER = "guard"
_KINDS = (".js", ".json")


@cache
def files() -> Mapping[str, bytes]:
    """The plugin's files by name."""
    folder = resources(__package__ or "").joinpath(FOLDER)
    found = {each.name: each.read_bytes() for each in folder.iterdir() if each.name.endswith(_KINDS)}
    return dict(sorted(found.items()))


@cache
def build() -> str:
    """One name for all of their bytes: a gateway loads the guard again when openclaw.json has another one."""
    digest = hashlib.sha256()
    for name, content in files().items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
