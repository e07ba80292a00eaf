"""A desk that publishes releases: a git repository with generated/ in it, and a key."""

from __future__ import annotations

import argparse
import hashlib
import json
import plistlib
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.bundle import command

MACHINE = "air-ana"
Files = Mapping[str, bytes]


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=desk", "-c", "user.email=desk@acme.example", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *author, "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def make_key(folder: Path, name: str = "key") -> Path:
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    return key


def allow(file: Path, *keys: Path) -> None:
    """Write the allowed-signers file that a Mac holds."""
    lines = [f'release namespaces="weathervane" {key.with_suffix(".pub").read_text().strip()}\n' for key in keys]
    file.write_text("".join(lines))
    file.chmod(0o644)


@dataclass(frozen=True)
class Desk:
    project: Path
    out: Path
    key: Path

    def commit(self, files: Files, machine: str = MACHINE) -> str:
        """Commit what a compile would have written for one Mac; return the commit."""
        generated = self.project / "generated"
        shutil.rmtree(generated / "machines" / machine, ignore_errors=True)
        for path, content in files.items():
            file = generated / "machines" / machine / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if path.endswith("guard") else 0o644)
        present = sorted(path for path in (generated / "machines").rglob("*") if path.is_file())
        artifacts = {
            path.relative_to(generated).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in present
        }
        (generated / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
        git(self.project, "add", "--all")
        git(self.project, "commit", "--quiet", "--allow-empty", "--message", "compiled")
        return git(self.project, "rev-parse", "HEAD")

    def bundle(self, rolls_back: str | None = None, key: Path | None = None) -> int:
        asked = argparse.Namespace(project=self.project, out=self.out, key=key or self.key, rolls_back=rolls_back)
        return command.run(asked)

    def publish(self, files: Files, machine: str = MACHINE) -> str:
        """Commit and bundle; return the digest of the Mac's bundle."""
        self.commit(files, machine)
        assert self.bundle() == 0
        return self.newest(machine)

    def newest(self, machine: str = MACHINE) -> str:
        return (self.out / f"{machine}.latest").read_text().strip()


def new_desk(folder: Path) -> Desk:
    project = folder / "project"
    project.mkdir()
    git(project, "init", "--quiet", "--initial-branch=main")
    return Desk(project, folder / "out", make_key(folder))


def plist(label: str, **keys: Any) -> bytes:
    data = {"Label": label, "ProgramArguments": ["/bin/sh", "-c", "true"], "Comment": "Weathervane", **keys}
    return plistlib.dumps(data, sort_keys=True)


def openclaw(**keys: Any) -> bytes:
    return (json.dumps({"meta": {"lastTouchedVersion": "2026.9.6"}, **keys}, indent=2) + "\n").encode()


def hooks(prefix: Path, timeout: int = 10) -> bytes:
    entry = {"command": f"{prefix}/cursor/vane-cursor-guard", "type": "command", "timeout": timeout, "failClosed": True}
    return json.dumps({"version": 1, "hooks": {"beforeSubmitPrompt": [entry]}}, indent=2).encode()
