"""Artifacts → disk. Each file is old or new at any moment, and the manifest, written last, says what is ours.

A file is written beside its place under a temporary name and renamed over it. Files that the last manifest owned and
that are no longer compiled are removed before the new manifest stands, so that a killed run loses track of none. They
go first: where upper and lower case are one, the old spelling of a name would take the new file with it. Files that no
manifest owns are left alone and reported.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics import Code, Finding, Place, PolicyError, Severity
from compiler.manifest import (
    BROKEN_MANIFEST,
    MANIFEST,
    OWNED_FOLDERS,
    Compilation,
    manifest_bytes,
    manifest_on_disk,
    read_manifest,
)
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
    "VN912", "linked-folder", "A link, file or folder in generated/ stands where something else must be",
    "remove it; the next compile puts what belongs there",
    "Writing through a link would change files outside generated/.",
)  # fmt: skip
CODES = (FOREIGN_FILE, EDITED_FILE, LINKED_FOLDER, BROKEN_MANIFEST)

_TEMPORARY = ".vane-"


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
    """Bring generated/ to what was compiled: removals first, then artifacts, then the manifest."""
    manifest = manifest_bytes(compiled, version)
    _refuse_unless_folder(generated)
    generated.mkdir(parents=True, exist_ok=True)
    with alone(generated):
        changes = _compare(generated, compiled, manifest)
        for path in changes.stale:
            _remove(generated, path)
        wanted = {*changes.new, *changes.changed}
        folders: set[str] = set()
        for path, artifact in compiled.files():
            if path in wanted:
                _write_file(generated, path, artifact.content, 0o755 if artifact.executable else 0o644, folders)
        if MANIFEST in wanted:
            _write_file(generated, MANIFEST, manifest, 0o644, folders)
    return changes


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other command writes there: two would share temporary files. The lock goes with its process."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _refuse_unless_folder(generated: Path) -> None:
    if generated.is_symlink() or (generated.exists() and not generated.is_dir()):
        raise PolicyError([LINKED_FOLDER.at(Place(generated.name), f"{generated.name!r} is not a folder")])


def compare(generated: Path, compiled: Compilation, version: str) -> Changes:
    """What `write` would do."""
    _refuse_unless_folder(generated)
    return _compare(generated, compiled, manifest_bytes(compiled, version))


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
        elif _same(f"{generated}/{path}", artifact):
            unchanged += 1
        else:
            changed.append(path)
    before = manifest_on_disk(generated)
    if before != manifest:
        (new if before is None else changed).append(MANIFEST)
    gone = sorted(path for path in present - expected if path in owned)
    edited = [path for path in gone if not _holds(generated / path, owned[path])]
    litter = sorted(path for path in present if _is_litter(path))
    stale = [*sorted({*gone}.difference(edited)), *litter]
    foreign = sorted((present - expected - owned.keys()).difference(litter))
    if blocked := sorted(_blocked(expected, present.difference(stale))):
        places = (Place(f"{generated.name}/{path}") for path in blocked)
        raise PolicyError([LINKED_FOLDER.at(place, f"{place.file!r} is in the way") for place in places])
    return Changes(tuple(new), tuple(changed), tuple(stale), tuple(foreign), tuple(edited), unchanged)


def _blocked(expected: set[str], left: set[str]) -> set[str]:
    """Files and links where folders must be, and folders where files must be."""
    return (left & _folders(expected)) | (expected & _folders(left))


def _folders(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for folder in {path.rpartition("/")[0] for path in paths}:
        at = folder
        while at and at not in found:
            found.add(at)
            at = at.rpartition("/")[0]
    return found


def _walk(generated: Path) -> Iterator[str]:
    """Every file in the folders that are ours, by path inside generated/; folders with nothing in them end in `/`."""
    for top in (*OWNED_FOLDERS, f"{_TEMPORARY}{MANIFEST}"):
        if not (generated / top).is_dir() or (generated / top).is_symlink():
            yield from [top] if os.path.lexists(generated / top) else []
            continue
        stack = [top]
        while stack:
            folder = stack.pop()
            entries = list(os.scandir(generated / folder))
            if not entries:
                yield f"{folder}/"
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    stack.append(path)
                else:
                    yield path


def _same(path: str, artifact: Artifact) -> bool:
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode) or found.st_size != len(artifact.content):
        return False
    if bool(found.st_mode & 0o100) != artifact.executable:
        return False
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123
        return stream.read() == artifact.content


def _holds(path: Path, digest: str) -> bool:
    """Whether it is still the file that we wrote."""
    return stat.S_ISREG(path.lstat().st_mode) and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def _is_litter(path: str) -> bool:
    """Whether a killed run may leave such a thing: a temporary file, or a folder with nothing in it."""
    return path.rpartition("/")[2].startswith(_TEMPORARY) or path.endswith("/")


def _write_file(generated: Path, path: str, content: bytes, mode: int, folders: set[str]) -> None:
    folder, _, name = path.rpartition("/")
    _make_folder(generated, folder, folders)
    temporary = f"{generated}/{folder}/{_TEMPORARY}{name}"
    # The name is fixed, so that a leftover of a killed run is overwritten; O_NOFOLLOW, so that a planted link is not.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
    except OSError as error:  # a full disk says no name
        raise OSError(error.errno, error.strerror, f"{generated}/{path}") from error
    finally:
        os.close(handle)
    os.replace(temporary, f"{generated}/{path}")  # noqa: PTH105  (a Path for each of 100,000 files costs seconds)


def _make_folder(generated: Path, folder: str, known: set[str]) -> None:
    """Make a folder and those above it, none of them through a link; `known` ones need no second look."""
    if folder in known:
        return
    known.add(folder)
    if not folder:
        generated.mkdir(parents=True, exist_ok=True)
        return
    above, _, name = folder.rpartition("/")
    _make_folder(generated, above, known)
    try:
        os.mkdir(f"{generated}/{folder}")  # noqa: PTH102
    except FileExistsError:
        if not stat.S_ISDIR(os.lstat(f"{generated}/{folder}").st_mode):
            place = Place(f"{generated.name}/{folder}")
            raise PolicyError([LINKED_FOLDER.at(place, f"{name!r} is not a folder")]) from None


def _remove(generated: Path, path: str) -> None:
    """Remove a file and the folders that it leaves empty."""
    at = generated / path
    if not path.endswith("/"):
        at.unlink(missing_ok=True)
        at = at.parent
    while at != generated and _removed_empty(at):
        at = at.parent


def _removed_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
