"""Many Macs around one desk: each a folder with an agent of its own, all fed and heard by folders."""

from __future__ import annotations

import datetime
import hashlib
import json
import plistlib
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.agent.launchctl import Launchctl, Service
from deploy.agent.log import Log
from deploy.agent.mac import Mac
from deploy.agent.settings import Settings
from deploy.agent.site import Site
from deploy.agent.status import Report
from deploy.agent.work import Agent
from deploy.release.rings import PATH
from tests.deploy.desk import Desk, allow, git, openclaw, plist

SERVER, CRASHES, GUI = "ai.weathervane.server", "crashes", "gui/501"
COMMIT = {number: f"{number:040x}" for number in (6, 7)}


def report(machine: str, number: int = 7, *, minutes: int = 3, **more: Any) -> dict[str, Any]:
    """What a Mac said so many minutes ago: well, and in sync with a release."""
    origin = {"number": number, "commit": COMMIT[number]}
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=minutes)
    data = {
        "format": "weathervane-agent-status/1", "machine": machine, "passes": 9, "soaked": 4, "at": at.isoformat(),
        "release": {**origin, "digest": "0" * 64}, "offer": origin, "sync": {"state": "in-sync", "drift": []},
        "health": {"state": "good"},
    }  # fmt: skip
    return {**data, **more}


def rings(*rings: tuple[str, Iterable[str], int, int]) -> bytes:
    """rollout/rings.json of (name, Macs, reports in a row, enough)."""
    listed = [
        {"ring": name, "machines": sorted(machines), "healthy_reports": soak, "enough": enough}
        for name, machines, soak, enough in rings
    ]
    return json.dumps({"format": "weathervane-rings/1", "rings": listed, "last": "rest"}, indent=1).encode()


class Jobs(Launchctl):
    """launchd of one Mac in this process. What a job's Comment says, happens: `crashes` ends at once."""

    def __init__(self, loaded: dict[str, Service]) -> None:
        super().__init__((GUI,))
        self._loaded = loaded

    def service(self, label: str) -> Service | None:
        return self._loaded.get(label)

    def printed(self, domain: str, label: str) -> Service | None:
        return self._loaded.get(label) if domain == GUI else None

    def unload(self, label: str, exit_seconds: float) -> None:
        self._loaded.pop(label, None)

    def load(self, label: str, file: Path) -> None:
        is_well = plistlib.loads(file.read_bytes())["Comment"] != CRASHES
        self._loaded[label] = Service(GUI, "running" if is_well else "spawn failed", 1 if is_well else None)

    def start(self, label: str) -> None:
        """It was started by being loaded."""


@dataclass(frozen=True)
class Fleet:
    """Each Mac has an openclaw.json, and a server whose property list may be of a job that crashes."""

    folder: Path
    desk: Desk
    machines: tuple[str, ...]
    reports: Mapping[str, str] | None
    loaded: dict[str, dict[str, Service]] = field(default_factory=dict)
    #: (Mac, number of the publication) → bundle
    digests: dict[tuple[str, int], str] = field(default_factory=dict)

    def publish(self, rings: bytes | None, name: str, comment: str = "well", rolls_back: str | None = None) -> str:
        """Commit what a compile of all Macs would write, and bundle it; return the commit."""
        generated = self.desk.project / "generated"
        of_each = {"openclaw.json": openclaw(name=name), f"launchd/{SERVER}.plist": server(comment)}
        files = {f"machines/{machine}/{path}": each for machine in self.machines for path, each in of_each.items()}
        if rings is not None:
            files[PATH] = rings
        for path, content in files.items():
            (generated / path).parent.mkdir(parents=True, exist_ok=True)
            (generated / path).write_bytes(content)
        artifacts = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
        named = dict.fromkeys(self.machines, "policies/fleet.yaml:1")
        (generated / "manifest.json").write_text(json.dumps({"artifacts": artifacts, "machines": named}))
        git(self.desk.project, "add", "--all")
        git(self.desk.project, "commit", "--quiet", "--allow-empty", "--message", name)
        assert self.desk.bundle(rolls_back) == 0
        number = len(self.digests) // len(self.machines) + 1
        self.digests.update({(machine, number): self.desk.newest(machine) for machine in self.machines})
        return git(self.desk.project, "rev-parse", "HEAD")

    def agent(self, machine: str, *, brought: bool = False) -> Agent:
        root = self.folder / machine
        for name in ("home", "state"):
            (root / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        signers = self.folder / "allowed_signers"
        if not signers.exists():
            allow(signers, self.desk.key)
        site = Site(
            home=root / "home",
            prefix=self.folder / "prefix",
            state=root / "state",
            launch=root / "home/Library/LaunchAgents",
            applications=self.folder / "Applications",
            domains=(GUI,),
        )
        remote = {"folder": str(self.desk.out)}
        settings = Settings(machine, remote, signers, site.prefix, reports=self.reports, health_seconds=1)
        return Agent(Mac(site, settings, Jobs(self.loaded.setdefault(machine, {})), Log(site.state)), brought=brought)

    def run(self, *machines: str) -> dict[str, Report]:
        """One pass of each, in order."""
        return {machine: self.agent(machine).run() for machine in machines or self.machines}

    def round(self, seed: int) -> dict[str, Report]:
        """A pass of every Mac, in an order that nobody chose."""
        return self.run(*random.Random(seed).sample(self.machines, len(self.machines)))

    def rounds_until(self, name: str, most: int, seed: int) -> int:
        """Rounds after which all have a release; 0 where `most` do not do it."""
        for number in range(1, most + 1):
            self.round(seed * 1000 + number)
            if len(self.with_release(name)) == len(self.machines):
                return number
        return 0

    def was_on(self, machine: str, number: int) -> bool:
        """Whether a Mac ever began to take a release: its log says so."""
        begun = f" to {self.digests[machine, number][:12]}\n"
        return begun in (self.folder / machine / "state/agent.log").read_text()

    def with_release(self, name: str) -> set[str]:
        """Macs that have it."""
        return {machine for machine in self.machines if self._name(machine) == name}

    def _name(self, machine: str) -> str | None:
        file = self.folder / machine / "home/.openclaw/openclaw.json"
        return str(json.loads(file.read_bytes())["name"]) if file.exists() else None


def server(comment: str) -> bytes:
    return plist(SERVER, KeepAlive=True, Comment=comment)


def new_fleet(folder: Path, desk: Desk, count: int) -> Fleet:
    (folder / "reports").mkdir()
    machines = tuple(f"mac-{number:03}" for number in range(count))
    return Fleet(folder / "macs", desk, machines, {"folder": str(folder / "reports")})
