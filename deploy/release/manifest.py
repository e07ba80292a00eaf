"""What a release is: for which Mac, where it stands in the history of releases, and each of its files by its hash."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = "weathervane-release/1"
#: How many releases before its own one names. A Mac that was away for longer is judged by the number alone.
LINEAGE = 256
MOST_FILES, MOST_BYTES = 2000, 8 << 20
MODES = (0o644, 0o755)

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,120}(?:/[A-Za-z0-9][A-Za-z0-9._@-]{0,120}){0,4}")


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where a release stands: the `number`-th change of what Macs get on the main branch, made by `commit`."""

    number: int
    commit: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a release. Where it goes on the Mac is the agent's knowledge, never the bundle's."""

    path: str
    kind: str
    sha256: str
    size: int
    mode: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A release. Where `rolls_back` is set, Macs at that release, or at one before it, shall go back to this one."""

    machine: str
    origin: Origin
    lineage: tuple[str, ...]
    rolls_back: Origin | None
    entries: tuple[Entry, ...]


def manifest_bytes(manifest: Manifest) -> bytes:
    """One form for one manifest."""
    return (json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1, sort_keys=True) + "\n").encode()


def parse_manifest(content: bytes) -> Manifest:
    """Raises ValueError on anything that `manifest_bytes` would not have written."""
    try:
        data = json.loads(content)
        if data.get("format") != FORMAT:
            raise ValueError(f"its format is {data.get('format')!r:.60}")
        manifest = Manifest(
            machine=_matching(_NAME, data["machine"]),
            origin=_origin(data["origin"]),
            lineage=tuple(_matching(_COMMIT, commit) for commit in data["lineage"]),
            rolls_back=None if data["rolls_back"] is None else _origin(data["rolls_back"]),
            entries=tuple(_entry(entry) for entry in data["entries"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a manifest of a release: {type(error).__name__} {error}") from error
    check_entries(manifest.entries)
    if manifest_bytes(manifest) != content:
        raise ValueError("the manifest is not in its one form")
    return manifest


def check_entries(entries: Sequence[Entry]) -> None:
    """Raises ValueError where a path could leave its folder, or where two would meet on a Mac's disk."""
    if len(entries) > MOST_FILES:
        raise ValueError(f"{len(entries)} files are more than {MOST_FILES}")
    for entry in entries:
        if not is_path(entry.path):
            raise ValueError(f"{entry.path!r:.120} is no path inside a release")
    paths = [entry.path for entry in entries]
    if paths != sorted(paths) or len({path.casefold() for path in paths}) != len(paths):
        raise ValueError("the files are not in order, or two have one name")


def is_path(path: str) -> bool:
    """Whether it names a file inside a release: relative, plain, no part that begins with a dot."""
    return len(path) <= 90 and bool(_PATH.fullmatch(path))  # what USTAR holds without tricks


def is_machine(name: str) -> bool:
    """Whether it is the name of a Mac."""
    return bool(_NAME.fullmatch(name))


def is_digest(text: str) -> bool:
    """Whether it is a SHA-256 in lower case."""
    return bool(_DIGEST.fullmatch(text))


def origin_of(data: Any) -> Origin | None:
    """As JSON had it. Raises ValueError."""
    try:
        return None if data is None else _origin(data)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no place in history: {data!r:.60}") from error


def _origin(data: Any) -> Origin:
    return Origin(count_of(data["number"]), _matching(_COMMIT, data["commit"]))


def _entry(data: Any) -> Entry:
    mode = count_of(data["mode"])
    if mode not in MODES:
        raise ValueError(f"mode {mode:o} is none of ours")
    size = count_of(data["size"])
    if size > MOST_BYTES:
        raise ValueError(f"{size} bytes are more than {MOST_BYTES}")
    return Entry(str(data["path"]), _matching(_NAME, data["kind"]), _matching(_DIGEST, data["sha256"]), size, mode)


def count_of(value: Any) -> int:
    """A whole number from zero on, as JSON had it. Raises ValueError."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r:.60} is no count")
    return value


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{value!r:.120} is not as it should be")
    return value
