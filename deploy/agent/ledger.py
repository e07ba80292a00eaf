"""ledger.json: what the agent wrote, and what was there before. Only what stands here is ever removed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.account.refusal import Refusal
from deploy.release.whole import make_folder, write_lasting

FILE, FORMAT = "ledger.json", "weathervane-agent-ledger/1"
#: Where copies of what people had lie, and how many of their edits are kept.
KEPT, MOST_COPIES = "kept", 50


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
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
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
    kept = folder / KEPT / name
    make_folder(kept.parent)
    if kept.exists():
        kept.touch()
    else:
        write_lasting(kept, content)
    return name


def kept_copy(folder: Path, name: str) -> bytes:
    """Raises OSError."""
    return (folder / KEPT / name).read_bytes()


def prune_copies(folder: Path, ledger: Ledger) -> None:
    """Remove the oldest of the copies that will not be put back: somebody who edits each day must not fill a disk."""
    needed = {owned.original for owned in ledger.files.values()}
    kept = list((folder / KEPT).iterdir()) if (folder / KEPT).is_dir() else []
    loose = sorted((copy for copy in kept if copy.name not in needed), key=lambda copy: copy.stat().st_mtime_ns)
    for copy in loose[:-MOST_COPIES]:
        copy.unlink()
