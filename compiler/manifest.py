"""generated/manifest.json: which files are ours, what they held, and which policy lines they came from."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from compiler.diagnostics import Code, Place, PolicyError
from compiler.targets import Artifact

BROKEN_MANIFEST = Code(
    "VN913", "broken-manifest", "generated/manifest.json cannot be read",
    "restore it with `git checkout generated/manifest.json`, or delete it: then old files are reported as foreign",
    "The manifest says which files are ours to replace or remove. Without it nothing may be removed.",
)  # fmt: skip

MANIFEST = "manifest.json"
FORMAT = "weathervane-manifest/1"
#: Folders in generated/ in which every file is an artifact; others belong to the harness.
OWNED_FOLDERS = ("contingencies", "machines", "openrouter", "rollout")


class Compilation(Protocol):
    """What there is to write."""

    @property
    def inputs(self) -> Mapping[str, str]: ...
    @property
    def machine_places(self) -> Mapping[str, Place]: ...
    def files(self) -> Iterator[tuple[str, Artifact]]: ...


def read_manifest(generated: Path) -> Mapping[str, str]:
    """Path → SHA-256 of every artifact that the last compile wrote; empty where there was none."""
    try:
        raw = manifest_on_disk(generated)
        if raw is None:
            return {}
        manifest: Any = json.loads(raw)
        if manifest["format"] != FORMAT:
            raise ValueError(f"its format is {manifest['format']!r:.60}")
        artifacts: Mapping[str, str] = manifest["artifacts"]
        for path, digest in artifacts.items():
            if not isinstance(digest, str) or not _is_ours(path):
                raise ValueError(f"it may not own {path!r:.60}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        place = Place(f"{generated.name}/{MANIFEST}")
        raise PolicyError([BROKEN_MANIFEST.at(place, f"not a manifest of ours: {error}")]) from error
    return artifacts


def _is_ours(path: str) -> bool:
    """Whether a manifest may own that path: it decides what gets deleted, so it must stay inside our folders."""
    parts = path.split("/")
    return parts[0] in OWNED_FOLDERS and all(part not in ("", ".", "..") for part in parts)


def manifest_bytes(compiled: Compilation, version: str) -> bytes:
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
        "artifacts": {},
    }
    head = json.dumps(manifest, indent=1, ensure_ascii=False).removesuffix("{}\n}")
    return f"{head}{_lines(artifacts)}\n}}\n".encode()


def _lines(artifacts: Mapping[str, str]) -> str:
    """What json.dumps would make of them, which encodes in C only where it need not indent."""
    quoted = json.encoder.encode_basestring
    lines = ",\n".join(f'  {quoted(path)}: "{digest}"' for path, digest in sorted(artifacts.items()))
    return f"{{\n{lines}\n }}" if lines else "{}"


def _by_line(lines: set[str]) -> list[str]:
    def order(line: str) -> tuple[str, int]:
        file, _, number = line.rpartition(":")
        return file, int(number)

    return sorted(lines, key=order)


def manifest_on_disk(generated: Path) -> bytes | None:
    """Content of the manifest, if there is one."""
    path = generated / MANIFEST
    if not os.path.lexists(path):
        return None
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError("it is not a regular file")
    return path.read_bytes()
