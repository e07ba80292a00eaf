"""What the policies say: guard.json, which lies beside the program."""

from __future__ import annotations

import functools
import json
import os
from typing import Any

from .events import NoRules

FORMAT = "weathervane/guard/1"
RULES_FILE = "guard.json"


def rules_path() -> str:
    """Where the file lies."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), RULES_FILE)


def rules_bytes() -> bytes:
    """The file as it lies there."""
    with open(rules_path(), "rb") as file:
        return file.read()


def rules_stamp() -> str | None:
    """What changes when the file is replaced: cheap enough to look at each time."""
    try:
        found = os.stat(rules_path())
    except OSError:
        return None
    return str(found.st_ino) + "-" + str(found.st_size) + "-" + str(found.st_mtime_ns)


def rules_digest() -> str | None:
    """The SHA-256 of the file, by which a status says which policies hold."""
    import hashlib  # slow to load, and only needed when something changed

    try:
        return hashlib.sha256(rules_bytes()).hexdigest()
    except OSError:
        return None


@functools.cache
def rules() -> dict[str, Any]:
    """The whole file. Without it, or with one that this guard does not know, nothing can be judged."""
    try:
        found = json.loads(rules_bytes())
    except (OSError, ValueError) as error:
        raise NoRules(RULES_FILE + " beside the guard cannot be read (" + type(error).__name__ + ")") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT or not isinstance(found.get("cursor"), dict):
        raise NoRules(RULES_FILE + " beside the guard is not one that it knows")
    return found


def cursor() -> dict[str, Any]:
    """What it says about Cursor."""
    found: dict[str, Any] = rules()["cursor"]
    return found
