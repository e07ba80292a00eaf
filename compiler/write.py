"""Artifacts → disk. Each file is old or new at any moment, and the manifest, written last, says what is ours.

A file is written beside its place under a temporary name and renamed over it. Files that the last manifest owned and
that are no longer compiled are removed before the new manifest stands, so that a killed run loses track of none. Files
that no manifest owns are left alone and reported.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from compiler.diagnostics import Code, Finding, Place, PolicyError, Severity
from compiler.targets import Artifact

FOREIGN_FILE = Code(
    "VN910", "foreign-file", "A file in generated/ is not ours", "move it elsewhere, or delete it",
    "What lies beside artifacts looks deployed and is not. It is left alone, and named.", Severity.WARNING,
)  # fmt: skip
EDITED_FILE = Code(
    "VN911", "edited-file", "A stale file was edited by hand", "keep what you need, then delete it",
    "It would be removed as stale, but it holds what no policy gives: so it is left alone, and named.",
    Severity.WARNING,
)  # fmt: skip
LINKED_FOLDER = Code(
    "VN912", "linked-folder", "A folder in generated/ is a link, or a file stands where a folder must be",
    "remove it; the next compile makes the folder",
    "Writing through a link would change files outside generated/.",
)  # fmt: skip
BROKEN_MANIFEST = Code(
    "VN913", "broken-manifest", "generated/manifest.json cannot be read",
    "restore it with `git checkout generated/manifest.json`, or delete it: then old files are reported as foreign",
    "The manifest says which files are ours to replace or remove. Without it nothing may be removed.",
)  # fmt: skip
CODES = (FOREIGN_FILE, EDITED_FILE, LINKED_FOLDER, BROKEN_MANIFEST)

MANIFEST = "manifest.json"
FORMAT = "weathervane-manifest/1"
#: Folders in generated/ in which every file is an artifact; others belong to the harness.
OWNED_FOLDERS = ("contingencies", "machines", "openrouter")
_TEMPORARY = ".vane-"


class Compilation(Protocol):
    """What there is to write."""

    @property
    def inputs(self) -> Mapping[str, str]: ...
    @property
    def machine_places(self) -> Mapping[str, Place]: ...
    def files(self) -> Iterator[tuple[str, Artifact]]: ...


@dataclass(frozen=True, slots=True)
class Changes:
    """What a write did, or would do: paths inside generated/."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    stale: tuple[str, ...]
    foreign: tuple[str, ...]
    edited: tuple[str, ...]
    unchanged: int

    @property
    def any(self) -> bool:
        """Whether generated/ is not what the policies give."""
        return bool(self.new or self.changed or self.stale)

    def __str__(self) -> str:
        counts = (len(self.new), "new"), (len(self.changed), "changed"), (len(self.stale), "removed")
        said = [f"{count} {word}" for count, word in counts if count]
        return ", ".join([*said, f"{self.unchanged} unchanged"])


def write(generated: Path, compiled: Compilation, version: str) -> Changes:
    """Bring generated/ to what was compiled: artifacts first, then removals, then the manifest."""
    manifest = _manifest_bytes(compiled, version)
    changes = _compare(generated, compiled, manifest)
    wanted = {*changes.new, *changes.changed}
    folders: set[str] = set()
    for path, artifact in compiled.files():
        if path in wanted:
            _write_file(generated, path, artifact.content, 0o755 if artifact.executable else 0o644, folders)
    for path in changes.stale:
        _remove(generated, path)
    if MANIFEST in wanted:
        _write_file(generated, MANIFEST, manifest, 0o644, folders)
    return changes


def compare(generated: Path, compiled: Compilation, version: str) -> Changes:
    """What `write` would do."""
    return _compare(generated, compiled, _manifest_bytes(compiled, version))


def leftovers(changes: Changes, folder: str) -> tuple[Finding, ...]:
    """Findings about files that were left alone."""
    foreign = (FOREIGN_FILE.at(Place(f"{folder}/{path}"), "no compile wrote this file") for path in changes.foreign)
    edited = (EDITED_FILE.at(Place(f"{folder}/{path}"), "no longer compiled, but edited") for path in changes.edited)
    return (*foreign, *edited)


def _compare(generated: Path, compiled: Compilation, manifest: bytes) -> Changes:
    owned = read_manifest(generated)
    new, changed, unchanged = [], [], 0
    expected: set[str] = set()
    present = set(_walk(generated))
    for path, artifact in compiled.files():
        expected.add(path)
        if path not in present:
            new.append(path)
        elif _same(generated / path, artifact):
            unchanged += 1
        else:
            changed.append(path)
    before = _reads(generated / MANIFEST)
    if before != manifest:
        (changed if before else new).append(MANIFEST)
    gone = sorted(path for path in present - expected if path in owned)
    edited = tuple(path for path in gone if hashlib.sha256(_reads(generated / path)).hexdigest() != owned[path])
    stale = tuple(path for path in gone if path not in edited)
    left = {path for path in present - expected - owned.keys() if not _is_temporary(path)}
    temporary = tuple(sorted(path for path in present if _is_temporary(path)))
    return Changes(tuple(new), tuple(changed), (*stale, *temporary), tuple(sorted(left)), edited, unchanged)


def read_manifest(generated: Path) -> Mapping[str, str]:
    """Path → SHA-256 of every artifact that the last compile wrote; empty where there was none."""
    raw = _reads(generated / MANIFEST)
    if not raw:
        return {}
    try:
        manifest: Any = json.loads(raw)
        if manifest["format"] != FORMAT:
            raise ValueError(manifest["format"])
        artifacts: Mapping[str, str] = manifest["artifacts"]
        if not all(isinstance(k, str) and isinstance(v, str) and _is_ours(k) for k, v in artifacts.items()):
            raise ValueError("artifacts")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        place = Place(f"{generated.name}/{MANIFEST}")
        raise PolicyError([BROKEN_MANIFEST.at(place, f"not a manifest of ours: {error}")]) from error
    return artifacts


def _is_ours(path: str) -> bool:
    """Whether a manifest may own that path: it decides what gets deleted, so it must stay inside our folders."""
    parts = path.split("/")
    return parts[0] in OWNED_FOLDERS and all(part not in ("", ".", "..") for part in parts)


def _manifest_bytes(compiled: Compilation, version: str) -> bytes:
    """Every artifact's SHA-256, and for each distinct content the policy lines that it came from."""
    artifacts: dict[str, str] = {}
    sources: dict[str, set[str]] = {}
    known: dict[int, str] = {}
    for path, artifact in compiled.files():
        digest = known.get(id(artifact))
        if digest is None:
            digest = known[id(artifact)] = hashlib.sha256(artifact.content).hexdigest()
            sources.setdefault(digest, set()).update(f"{place.file}:{place.line}" for place in artifact.sources)
        artifacts[path] = digest
    manifest = {
        "format": FORMAT,
        "compiler": version,
        "inputs": dict(sorted(compiled.inputs.items())),
        "machines": {name: f"{place.file}:{place.line}" for name, place in sorted(compiled.machine_places.items())},
        "contents": {digest: {"sources": _by_line(lines)} for digest, lines in sorted(sources.items())},
        "artifacts": dict(sorted(artifacts.items())),
    }
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()


def _by_line(lines: set[str]) -> list[str]:
    def order(line: str) -> tuple[str, int]:
        file, _, number = line.rpartition(":")
        return file, int(number)

    return sorted(lines, key=order)


def _walk(generated: Path) -> Iterator[str]:
    """Every file in the folders that are ours, by path inside generated/."""
    for top in OWNED_FOLDERS:
        stack = [top] if os.path.lexists(generated / top) else []
        while stack:
            folder = stack.pop()
            try:
                entries = list(os.scandir(generated / folder))
            except NotADirectoryError:
                yield folder
                continue
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    stack.append(path)
                else:
                    yield path


def _same(path: Path, artifact: Artifact) -> bool:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size != len(artifact.content):
        return False
    return bool(found.st_mode & 0o100) == artifact.executable and _reads(path) == artifact.content


def _reads(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return b""


def _is_temporary(path: str) -> bool:
    return path.rpartition("/")[2].startswith(_TEMPORARY)


def _write_file(generated: Path, path: str, content: bytes, mode: int, folders: set[str]) -> None:
    folder, _, name = path.rpartition("/")
    if folder not in folders:
        _make_folder(generated, folder)
        folders.add(folder)
    temporary = f"{generated}/{folder}/{_TEMPORARY}{name}"
    # The name is fixed, so that a leftover of a killed run is overwritten; O_NOFOLLOW, so that a planted link is not.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
    finally:
        os.close(handle)
    os.replace(temporary, f"{generated}/{path}")  # noqa: PTH105  (a Path for each of 100,000 files costs seconds)


def _make_folder(generated: Path, folder: str) -> None:
    at = generated
    at.mkdir(parents=True, exist_ok=True)
    for part in folder.split("/") if folder else ():
        at = at / part
        try:
            at.mkdir()
        except FileExistsError:
            if not stat.S_ISDIR(at.lstat().st_mode):
                place = Place(f"{generated.name}/{at.relative_to(generated).as_posix()}")
                raise PolicyError([LINKED_FOLDER.at(place, f"{at.name!r} is not a folder")]) from None


def _remove(generated: Path, path: str) -> None:
    """Remove a file and the folders that it leaves empty."""
    target = generated / path
    target.unlink(missing_ok=True)
    for parent in target.parents:
        if parent == generated or not _removed_empty(parent):
            return


def _removed_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
