"""generated/machines/ → what goes into each Mac's bundle: exactly what the compile's manifest vouches for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.release.manifest import Entry, check_entries, is_machine
from deploy.release.rings import KIND
from deploy.release.secret import SECRET

_COMPILE = "run `vane compile`, commit, and bundle again"


def machines(project: Path) -> Iterator[tuple[str, tuple[Entry, ...], Mapping[str, bytes]]]:
    """Name, entries and contents of every Mac. Raises Refusal."""
    generated = project / "generated"
    owned, rollout = _owned(generated)
    if not owned:
        raise Refusal("VD101", "generated/manifest.json", "it names no Mac", _COMPILE)
    shared = {f"{KIND}/{path}": content for path, content in _contents(generated / KIND, rollout).items()}
    of_all = tuple(_entry(generated, path, content) for path, content in shared.items())
    for machine, digests in sorted(owned.items()):
        if not is_machine(machine):
            raise Refusal("VD103", f"generated/machines/{machine}", "no name for a Mac", "name it a-z, 0-9, -")
        contents = _contents(generated / "machines" / machine, digests)
        own = (_entry(generated / "machines" / machine, path, content) for path, content in contents.items())
        entries = tuple(sorted((*own, *of_all), key=lambda entry: entry.path))
        try:
            check_entries(entries)
        except ValueError as error:
            raise Refusal("VD103", f"generated/machines/{machine}", str(error), "rename the file") from error
        yield machine, entries, {**contents, **shared}


def _owned(generated: Path) -> tuple[Mapping[str, Mapping[str, str]], Mapping[str, str]]:
    """Mac → path → SHA-256, as the last compile wrote them down; and what is about all Macs together."""
    found: dict[str, dict[str, str]] = {}
    rollout: dict[str, str] = {}
    try:
        artifacts = json.loads((generated / "manifest.json").read_bytes())["artifacts"]
        for path, digest in artifacts.items():
            top, _, rest = path.partition("/")
            machine, _, inner = rest.partition("/")
            if top == "machines":
                found.setdefault(machine, {})[inner] = str(digest)
            elif top == KIND:
                rollout[rest] = str(digest)
    except OSError as error:
        raise Refusal("VD101", "generated/manifest.json", f"cannot be read: {error.strerror}", _COMPILE) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal("VD101", "generated/manifest.json", "it is no manifest of a compile", _COMPILE) from error
    return found, rollout


def _contents(folder: Path, digests: Mapping[str, str]) -> Mapping[str, bytes]:
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or path.is_file()}
    for path in sorted(present ^ digests.keys()):
        raise Refusal("VD101", f"{folder.name}/{path}", "it is on disk or in the manifest, not in both", _COMPILE)
    return {path: _read(folder, path, digest) for path, digest in digests.items()}


def _read(folder: Path, path: str, digest: str) -> bytes:
    place = f"{folder.name}/{path}"
    file = folder / path
    if any(part.is_symlink() for part in (file, *file.parents) if part.is_relative_to(folder)):
        raise Refusal("VD103", place, "it is a symbolic link", _COMPILE)
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise Refusal("VD101", place, "it is not what the compile wrote", _COMPILE)
    if found := SECRET.search(content.decode("utf-8", "replace")):
        line = content[: found.start()].count(b"\n") + 1
        raise Refusal("VD104", f"{place}:{line}", "it looks like a credential", "name keys, never write them down")
    return content


def _entry(folder: Path, path: str, content: bytes) -> Entry:
    top = path.partition("/")[0] if "/" in path else ""
    kind = "openclaw" if not top or top.startswith("workspace-") else top
    mode = 0o755 if (folder / path).stat().st_mode & 0o100 else 0o644
    return Entry(path, kind, hashlib.sha256(content).hexdigest(), len(content), mode)
