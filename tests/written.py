"""Small compilations to write, and what a folder then holds: shared by the tests of `compiler.write`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.diagnostics import Place
from compiler.targets import Artifact

VERSION = "1.2.3"


@dataclass(frozen=True)
class Compilation:
    """What `compiler.write` needs to know of a compile."""

    artifacts: Mapping[str, Artifact]
    inputs: Mapping[str, str] = field(default_factory=lambda: {"policies/tracks.yaml": "0" * 64})
    machine_places: Mapping[str, Place] = field(default_factory=lambda: {"air": Place("policies/fleet.yaml", 3)})

    def files(self) -> Iterator[tuple[str, Artifact]]:
        yield from self.artifacts.items()


def artifact(path: str, content: str, *, executable: bool = False, lines: tuple[int, ...] = (1,)) -> Artifact:
    places = tuple(Place("policies/tracks.yaml", line) for line in lines)
    return Artifact(path.partition("/")[2], content.encode(), places, executable)


def compilation(contents: Mapping[str, str]) -> Compilation:
    """Path → content; a name that ends in `!` is that of a program."""
    return Compilation(
        {path.rstrip("!"): artifact(path, text, executable=path[-1] == "!") for path, text in contents.items()}
    )


#: Between the two a file is added, changed, removed (with its folder), and changed in its mode alone.
OLD = compilation(
    {
        "machines/air/openclaw.json": "old air\n",
        "machines/air/cursor/guard": "guard\n",
        "machines/air/cursor/run!": "old program\n",
        "machines/gone/openclaw.json": "gone\n",
        "machines/gone/launchd/a.plist": "gone too\n",
        "machines/same/openclaw.json": "same\n",
        "contingencies/cap/machines/air/openclaw.json": "old cap\n",
    }
)
NEW = compilation(
    {
        "machines/air/openclaw.json": "new air, and longer\n",
        "machines/air/cursor/guard!": "guard\n",
        "machines/air/cursor/run!": "new program\n",
        "machines/same/openclaw.json": "same\n",
        "machines/studio/launchd/b.plist": "added\n",
        "contingencies/gray/machines/air/openclaw.json": "added for gray\n",
    }
)
#: Nobody's files: beside artifacts, and in a folder that is not the compiler's.
FOREIGN = {"machines/air/notes.txt": "mine\n", "weeks/2026-W21/ranking.csv": "a,b\n"}


def put(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")


def tree(folder: Path) -> dict[str, tuple[bytes, bool] | str]:
    """Everything in a folder: files with content and executable bit, where links point, and folders that are empty."""
    found: dict[str, tuple[bytes, bool] | str] = {}
    for at, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(at, name)
            inside = path.relative_to(folder).as_posix()
            if path.is_symlink():
                found[inside] = f"-> {path.readlink()}"
            elif path.is_file():
                found[inside] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
            elif not any(path.iterdir()):
                found[inside] = "empty folder"
    return found


def expected(compiled: Compilation, foreign: Mapping[str, str] | None = None) -> dict[str, tuple[bytes, bool] | str]:
    """What `tree` finds after a write, but for the manifest."""
    ours: dict[str, tuple[bytes, bool] | str] = {
        path: (artifact.content, artifact.executable) for path, artifact in compiled.files()
    }
    return ours | {path: (text.encode(), False) for path, text in (foreign or {}).items()}


def is_as_its_manifest_says(generated: Path) -> bool:
    """Whether every artifact that the manifest owns lies there with its digest."""
    artifacts = json.loads((generated / "manifest.json").read_bytes())["artifacts"]
    digests = {path: hashlib.sha256((generated / path).read_bytes()).hexdigest() for path in artifacts}
    return bool(artifacts == digests)
