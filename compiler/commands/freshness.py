"""Whether generated/ is known to be up to date, without compiling: for hooks that run at every commit.

The compiler is pure, so equal inputs give equal outputs. After a check that found all up to date, the digest of
everything that went in (policies, compiler, packages) is remembered in the user's cache folder, together with which
files came out, as the file system knows them, and with the findings: the short cut says what the compile said. A
compile that writes leaves this to the next check, for it would have to look at each file once more. The record lies
outside the project: a pull request can neither bring nor change it, so the short cut can be no way around the check.
Whoever lacks the record, such as a fresh CI machine, compiles.

Policies and compiler count by content, installed packages by name and version. A target that is not ours may be edited
at any time without a new version, anywhere on Python's path: where there is one, there is no short cut. Outputs are
many (80,000 files for 10,000 Macs) and count by inode, size, mode and the two times of their last change, which is what
git's index goes by: whoever writes a file cannot keep its ctime.

Imports nothing but the standard library: an up-to-date check must not pay for pydantic or Jinja.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

_COMPILER = Path(__file__).resolve().parent.parent
#: The entry points of targets (compiler.targets has the same name, and needs imports), and where our own lie.
_TARGETS, _OURS = "weathervane.targets", "compiler.targets."


def recall(project: Path, before: str) -> str | None:
    """The findings that an earlier check remembered for exactly these inputs and outputs; None where it did not."""
    try:
        stands, _, findings = _record(project).read_text("utf-8").partition("\n")
        return findings if stands == before + _outputs(project) else None
    except (OSError, ValueError):
        return None


def remember(project: Path, before: str, findings: str) -> None:
    """Record that the outputs on disk are what the inputs give, if these are still what they were before the compile.

    A cache that cannot be written is none.
    """
    if inputs(project) != before:
        return
    with contextlib.suppress(OSError):
        record = _record(project)
        record.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = record.with_suffix(f".{os.getpid()}")
        temporary.write_text(f"{before}{_outputs(project)}\n{findings}", "utf-8")
        temporary.replace(record)


def _record(project: Path) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "weathervane")
    return cache / hashlib.sha256(os.fsencode(project.resolve())).hexdigest()


def inputs(project: Path) -> str | None:
    """Digest of everything that goes into a compile; None where another's target makes that untellable."""
    packages = _packages()
    if any(map(_brings_target, packages)):
        return None
    return _digest(_COMPILER, project / "policies", seed="\n".join((sys.version, *packages)))


def _outputs(project: Path) -> str:
    """Digest of which files there are and when each was last changed, without opening any."""
    total = hashlib.sha256()
    for path, entry in _files(project / "generated"):
        state = entry.stat(follow_symlinks=False)
        seen = (state.st_ino, state.st_mode, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        total.update(f"{path}\0{seen}\0".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _digest(*roots: Path, seed: str = "") -> str:
    total = hashlib.sha256(seed.encode())
    for root in roots:
        for path, _ in _files(root):
            total.update(f"{path}\0{_state(path)}\0".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _state(path: str) -> str:
    """Content and mode of a file; where a link points. To open anything else, a pipe say, could take for ever."""
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return f"link {os.readlink(path)}"  # noqa: PTH115  (Path objects would cost more than the hashing)
    if not stat.S_ISREG(mode):
        return f"{mode}"
    try:
        with open(path, "rb") as stream:  # noqa: PTH123
            return f"{mode & 0o777} {hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except PermissionError:  # the compile says it, with a place
        return f"{mode & 0o777} unreadable"


def _files(folder: Path | str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every file below a folder in a fixed order, as text paths: Path objects would cost more than the hashing."""
    folders: list[Path | str] = [folder]
    while folders:
        try:
            entries = sorted(os.scandir(folders.pop()), key=_name)
        except OSError:
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield entry.path, entry
            elif entry.name != "__pycache__":
                folders.append(entry.path)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _packages() -> list[str]:
    """The folder with name and version of every distribution that Python can see, as importlib.metadata finds them."""
    found = []
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for name in sorted(os.listdir(folder or ".")):  # noqa: PTH208
                if name.lower().endswith((".dist-info", ".egg-info")) or name == "EGG-INFO":
                    found.append(f"{folder or '.'}/{name}")
    return found


def _brings_target(package: str) -> bool:
    """Whether a distribution adds a target that is not one of ours. importlib.metadata would take 40 ms to tell."""
    try:
        with open(f"{package}/entry_points.txt", encoding="utf-8") as stream:  # noqa: PTH123
            lines = [line.strip() for line in stream]
    except (OSError, ValueError):
        return False
    group = ""
    for line in lines:
        if line.startswith("["):
            group = line.strip("[] ")
        elif group == _TARGETS and "=" in line and not line.partition("=")[2].strip().startswith(_OURS):
            return True
    return False
