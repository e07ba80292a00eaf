"""Where reports lie: a file a Mac in a folder, or a branch a Mac in a git repository."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from deploy.account.refusal import Refusal
from deploy.release.git import last_words
from deploy.release.manifest import is_machine
from deploy.release.reported import MOST_BYTES
from deploy.release.whole import write_lasting

#: Each Mac has a branch of its own below it, so that no two ever meet in a merge.
BRANCHES = "refs/heads/vane-reports/"
_FILE, _SECONDS = "status.json", 120
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "vane-agent"), ("EMAIL", "vane-agent@localhost"))
}
_LATER = "see that the place can be reached from here, and written by agents; their next pass tries again"


class Reports(Protocol):
    """A place of reports. `read` without names gives all that there are; what is missing is left out."""

    def publish(self, machine: str, content: bytes) -> None: ...
    def read(self, machines: Iterable[str] | None = None) -> Mapping[str, bytes]: ...


def reports_at(place: Mapping[str, str]) -> Reports:
    """As agent.json writes it: {"folder": …} or {"git": …}."""
    return FolderReports(Path(place["folder"])) if "folder" in place else GitReports(place["git"])


def _refusal(place: object, why: str) -> Refusal:
    return Refusal("VD208", str(place), why, _LATER)


class FolderReports:
    """A folder, such as a share that every Mac mounts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, machine: str, content: bytes) -> None:
        """Raises Refusal."""
        file = self._folder / f"{machine}.json"
        try:
            write_lasting(file, content, 0o644)
        except OSError as error:
            raise _refusal(self._folder, str(error.strerror)) from error
        with suppress(OSError):  # a share may have no such thing; where it has, launchd's umask hid it from the others
            file.chmod(0o644)

    def read(self, machines: Iterable[str] | None = None) -> Mapping[str, bytes]:
        """Raises Refusal."""
        try:
            present = {path.stem for path in self._folder.iterdir() if path.suffix == ".json"}
        except OSError as error:
            raise _refusal(self._folder, str(error.strerror)) from error
        wanted = present if machines is None else present.intersection(machines)
        found = ((machine, self._content(machine)) for machine in sorted(wanted) if is_machine(machine))
        return {machine: content for machine, content in found if content is not None}

    def _content(self, machine: str) -> bytes | None:
        try:
            handle = os.open(self._folder / f"{machine}.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as stream:
                return stream.read(MOST_BYTES) if stat.S_ISREG(os.fstat(handle).st_mode) else None
        except OSError:
            return None


class GitReports:
    """Branches of one commit each, without history. A clone for each use: it is small, and nothing piles up."""

    def __init__(self, address: str) -> None:
        self._address = address

    def publish(self, machine: str, content: bytes) -> None:
        """Raises Refusal."""
        with self._clone() as clone:
            blob = self._git(clone, "hash-object", "-w", "--stdin", given=content).decode().strip()
            tree = self._git(clone, "mktree", given=f"100644 blob {blob}\t{_FILE}\n".encode()).decode().strip()
            commit = self._git(clone, "commit-tree", "-m", f"report of {machine}", tree).decode().strip()
            self._git(clone, "push", "--quiet", "--force", self._address, f"{commit}:{BRANCHES}{machine}")

    def read(self, machines: Iterable[str] | None = None) -> Mapping[str, bytes]:
        """Raises Refusal."""
        with self._clone() as clone:
            there = self._git(clone, "ls-remote", "--", self._address, f"{BRANCHES}*").decode("utf-8", "replace")
            names = {line.partition("\t")[2].removeprefix(BRANCHES) for line in there.splitlines()}
            asked = names if machines is None else names.intersection(machines)
            wanted = sorted(name for name in asked if is_machine(name))
            if wanted:
                specs = "\n".join(f"{BRANCHES}{name}:refs/reports/{name}" for name in wanted)
                fetch = ("fetch", "--quiet", "--depth=1", "--no-tags", "--stdin", "--", self._address)
                self._git(clone, *fetch, given=specs.encode())
            return dict(self._blobs(clone, wanted))

    def _blobs(self, clone: str, machines: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for machine in machines:
            blob = f"refs/reports/{machine}:{_FILE}"
            try:
                if int(self._git(clone, "cat-file", "-s", blob)) <= MOST_BYTES:
                    yield machine, self._git(clone, "cat-file", "blob", blob)
            except Refusal:  # a branch of that name without a report in it
                continue

    @contextmanager
    def _clone(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="vane-reports-") as clone:
            self._git(clone, "init", "--quiet", "--bare", "--template=")
            yield clone

    def _git(self, clone: str, *arguments: str, given: bytes = b"") -> bytes:
        environment = {**os.environ, **_WHO, "GIT_TERMINAL_PROMPT": "0", "GIT_DIR": clone}
        try:
            done = subprocess.run(
                ["git", *arguments], input=given, capture_output=True, check=False, timeout=_SECONDS, env=environment
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _refusal(self._address, f"git: {error}") from error
        if done.returncode:
            raise _refusal(self._address, last_words(done))
        return done.stdout
