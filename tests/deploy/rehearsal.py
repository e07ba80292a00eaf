"""A Mac that is a folder: home, prefix, launchd's stand-in, and an agent that is told they are real."""

from __future__ import annotations

import marshal
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy.agent.launchctl import Launchctl
from deploy.agent.log import Log
from deploy.agent.mac import Mac
from deploy.agent.settings import Settings
from deploy.agent.site import Site
from deploy.agent.state import State, read_state
from deploy.agent.status import Report
from deploy.agent.work import Agent
from tests.deploy.accounts import PYTHON
from tests.deploy.desk import MACHINE, Desk, allow

FAKES = Path(__file__).parents[1] / "fakes"
GUI = "gui/501"


@dataclass(frozen=True)
class Rehearsal:
    """`root` holds all of the Mac, so that it can be copied and put back."""

    root: Path
    desk: Desk
    settings: Settings

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def prefix(self) -> Path:
        return self.root / "prefix"

    @property
    def state_folder(self) -> Path:
        return self.root / "state"

    @property
    def state(self) -> State:
        return read_state(self.state_folder)

    @property
    def site(self) -> Site:
        return Site(
            home=self.home,
            prefix=self.prefix,
            state=self.state_folder,
            launch=self.home / "Library/LaunchAgents",
            applications=self.root / "Applications",
            domains=(GUI, "user/501"),
        )

    @property
    def mac(self) -> Mac:
        return Mac(self.site, self.settings, Launchctl(self.site.domains), Log(self.state_folder))

    @property
    def agent(self) -> Agent:
        return Agent(self.mac)

    def run(self, *, is_scheduled: bool = False) -> Report:
        return self.agent.run(is_scheduled=is_scheduled)

    def having(self, **settings: Any) -> Rehearsal:
        return replace(self, settings=replace(self.settings, **settings))

    @property
    def impatient(self) -> Rehearsal:
        """Where health will not come, and waiting for it would only take time."""
        return self.having(health_seconds=1)

    def file(self, path: str) -> bytes:
        return (self.home / path).read_bytes()

    def job_file(self, label: str) -> bytes:
        return self.file(f"Library/LaunchAgents/{label}.plist")

    # ---- launchd's stand-in

    @property
    def launchd(self) -> dict[str, Any]:
        return dict(marshal.loads((self.root / "launchd").read_bytes()))

    def set_launchd(self, **quirks: Any) -> None:
        (self.root / "launchd").write_bytes(marshal.dumps({**self.launchd, **quirks}, 2))

    def calls(self) -> list[str]:
        """What launchctl was asked since the last look, questions left out."""
        calls = [str(call) for call in self.launchd["calls"]]
        self.set_launchd(calls=[])
        return [call for call in calls if not call.startswith("print ")]

    def loaded(self, label: str, domain: str = GUI) -> bytes | None:
        job = self.launchd["jobs"].get(f"{domain}/{label}")
        return str(job["content"]).encode() if job and job["ends"] is None else None

    # ---- going back in time

    def keep(self) -> Path:
        copy = self.root.with_name("kept")
        shutil.copytree(self.root, copy, symlinks=True)
        return copy

    def put_back(self, copy: Path) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(copy, self.root, symlinks=True)


def new_rehearsal(folder: Path, desk: Desk) -> Rehearsal:
    root = folder / "mac"
    for name in ("home", "prefix", "state", "Applications", "bin"):
        (root / name).mkdir(parents=True)
    (root / "state").chmod(0o700)
    fake = (FAKES / "launchctl").read_text().partition("\n")[2]
    (root / "bin/launchctl").write_text(f"#!{PYTHON} -IS\n{fake}")  # no shim in between: it is called often
    (root / "bin/launchctl").chmod(0o755)
    program(root, "pgrep", "exit 1")
    (root / "launchd").write_bytes(marshal.dumps({"jobs": {}, "calls": [], "pids": 100}, 2))
    allow(root / "allowed_signers", desk.key)
    settings = Settings(
        MACHINE, {"folder": str(desk.out)}, root / "allowed_signers", prefix=root / "prefix", health_seconds=60
    )
    return Rehearsal(root, desk, settings)


def program(root: Path, name: str, script: str) -> None:
    """A program on the Mac's PATH."""
    file = root / "bin" / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
