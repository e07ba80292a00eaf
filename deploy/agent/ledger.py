"""ledger.json: what the agent wrote, and what was there before. Only what stands here is ever removed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal
from deploy.release.whole import write_lasting

FILE, FORMAT = "ledger.json", "weathervane-agent-ledger/1"


@dataclass(frozen=True, slots=True)
class Owned:
    """A file of ours: what it may hold (two answers while it changes), and the copy of what a person had there."""

    anchor: str
    path: str
    blend: str
    by_person: bool
    digests: tuple[str, ...]
    original: str | None
    original_mode: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """`files` by their whole path; `loaded` is the property list that launchd last took from us, by label."""

    files: Mapping[str, Owned] = field(default_factory=dict)
    loaded: Mapping[str, str] = field(default_factory=dict)
    #: what Cursor's settings held before ours; see cursor_settings.py
    cursor: Mapping[str, Any] = field(default_factory=dict)


def read_ledger(folder: Path) -> Ledger:
    """Raises Refusal: an agent that forgot what is its own would leave it lying, or take what is not."""
    file = folder / FILE
    try:
        data = json.loads(file.read_bytes())
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r:.60}")
        files = {path: Owned(**{**owned, "digests": tuple(owned["digests"])}) for path, owned in data["files"].items()}
        return Ledger(files, dict(data["loaded"]), dict(data["cursor"]))
    except FileNotFoundError:
        return Ledger()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fix = "restore it from a backup, or set this Mac up anew"
        raise Refusal("VD403", str(file), f"it is damaged: {error}", fix) from error


def write_ledger(folder: Path, ledger: Ledger) -> None:
    """Whole or not at all, and lasting."""
    data = {"format": FORMAT, **asdict(ledger)}
    write_lasting(folder / FILE, (json.dumps(data, indent=1, sort_keys=True) + "\n").encode())


def digest(content: bytes) -> str:
    """As the ledger names contents."""
    return hashlib.sha256(content).hexdigest()


def keep_copy(folder: Path, content: bytes) -> str:
    """Keep what a person had, for its owner's eyes; return its name below kept/."""
    name = digest(content)
    kept = folder / "kept"
    kept.mkdir(mode=0o700, exist_ok=True)
    if not (kept / name).exists():
        write_lasting(kept / name, content)
    return name


def kept_copy(folder: Path, name: str) -> bytes:
    """Raises OSError."""
    return (folder / "kept" / name).read_bytes()
