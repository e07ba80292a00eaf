"""The agent and the real OpenClaw: its check, its gateway's health, a hot reload, and back from a release that is bad.

launchd is played by what it is to the agent: something that starts a property list's command and keeps its process.
"""

from __future__ import annotations

import json
import os
import plistlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import pytest

from deploy.agent.launchctl import Launchctl, Service
from deploy.agent.log import Log
from deploy.agent.mac import Mac
from deploy.agent.settings import Settings
from deploy.agent.site import Site
from deploy.agent.status import Report
from deploy.agent.work import Agent
from tests.contract.gateway import START_PATIENCE, STOP_PATIENCE, TOKEN_VARIABLE, free_port
from tests.contract.installation import command
from tests.contract.npm import PROJECT
from tests.deploy.desk import MACHINE, Desk, allow, new_desk, plist

GATEWAY, DOMAIN = "ai.openclaw.gateway", "gui/501"
COMPILED = PROJECT / "generated/machines/studio/openclaw.json"
#: Where nobody listens: what OpenClaw would ask of the world by itself ends there.
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Processes(Launchctl):
    """Loaded jobs are processes of this test."""

    log: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def service(self, label: str) -> Service | None:
        if (process := self.running.get(label)) is None:
            return None
        ended = process.poll() is not None
        return Service(DOMAIN, "spawn scheduled" if ended else "running", None if ended else process.pid)

    def printed(self, domain: str, label: str) -> Service | None:
        return self.service(label) if domain == DOMAIN else None

    def load(self, label: str, file: Path) -> None:
        data = plistlib.loads(file.read_bytes())
        environment = {"PATH": os.environ["PATH"], **data["EnvironmentVariables"]}
        with self.log.open("ab") as log:
            self.running[label] = subprocess.Popen(
                data["ProgramArguments"], env=environment, cwd=self.log.parent, stdout=log, stderr=log
            )

    def unload(self, label: str, exit_seconds: float) -> None:
        if process := self.running.pop(label, None):
            process.terminate()
            try:
                process.wait(STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_PATIENCE)

    def start(self, label: str) -> None:
        """It was started by being loaded."""


@dataclass
class Studio:
    """A Mac that is a folder, with the real OpenClaw below its prefix."""

    folder: Path
    desk: Desk
    jobs: Processes
    port: int
    token: str

    def config(self, **more: Any) -> dict[str, Any]:
        """What is compiled for the gateway's Mac, at a port of this test."""
        data: dict[str, Any] = json.loads(COMPILED.read_bytes())
        data["gateway"]["port"] = self.port
        return {**data, **more}

    def with_agent(self, name: str) -> dict[str, Any]:
        data = self.config()
        entries = data["agents"]["entries"]
        entries[name] = {**entries["batch"], "workspace": f"~/.openclaw/workspace-{name}"}
        return data

    def job(self, *command_: str) -> bytes:
        home = self.folder / "home"
        secrets = json.loads(COMPILED.read_bytes())["secrets"]["providers"]["default"]["allowlist"]
        environment = {
            "HOME": str(home), "TMPDIR": str(self.folder), "OPENCLAW_STATE_DIR": f"{home}/.openclaw",
            "OPENCLAW_CONFIG_PATH": f"{home}/.openclaw/openclaw.json", "OPENCLAW_CONFIG_READONLY": "1",
            "OPENCLAW_PROXY_URL": NOWHERE, **dict.fromkeys(secrets, "none"), TOKEN_VARIABLE: self.token,
        }  # fmt: skip
        run = command_ or (*command(), "gateway", "--port", str(self.port))
        return plist(GATEWAY, KeepAlive=True, ProgramArguments=list(run), EnvironmentVariables=environment)

    def publish(self, config: dict[str, Any], job: bytes | None = None) -> str:
        content = json.dumps(config, indent=2).encode()
        guard = {f"guard/{file.name}": file.read_bytes() for file in (COMPILED.parent / "guard").iterdir()}
        return self.desk.publish({"openclaw.json": content, f"launchd/{GATEWAY}.plist": job or self.job(), **guard})

    def run(self, health_seconds: int = START_PATIENCE) -> Report:
        home, domains = self.folder / "home", (DOMAIN,)
        site = Site(
            home, self.folder / "prefix", self.folder / "state", home / "Library/LaunchAgents", self.folder, domains
        )
        signers = self.folder / "allowed_signers"
        remote = {"folder": str(self.desk.out)}
        settings = Settings(MACHINE, remote, signers, site.prefix, health_seconds=health_seconds)
        return Agent(Mac(site, settings, self.jobs, Log(site.state))).run()

    @property
    def log(self) -> str:
        said = (self.folder / "state/agent.log").read_text()
        return said + self.jobs.log.read_text("utf-8", "replace")[-4000:] if self.jobs.log.exists() else said

    def agents(self) -> set[str]:
        """What the running gateway offers."""
        answer = httpx.get(
            f"http://127.0.0.1:{self.port}/v1/models", headers={"Authorization": f"Bearer {self.token}"}, timeout=60
        )
        return {str(model["id"]) for model in answer.json()["data"]}

    def is_well(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    for name in ("home", "state", "prefix/openclaw/node_modules/.bin"):
        (tmp_path / name).mkdir(parents=True, mode=0o700)
    program = tmp_path / "prefix/openclaw/node_modules/.bin/openclaw"
    program.write_text(f'#!/bin/sh\nexec {" ".join(command())} "$@"\n')
    program.chmod(0o755)
    desk = new_desk(tmp_path)
    allow(tmp_path / "allowed_signers", desk.key)
    made = Studio(tmp_path, desk, Processes(tmp_path / "gateway.log"), free_port(), token_hex(24))
    try:
        yield made
    finally:
        for label in list(made.jobs.running):
            made.jobs.unload(label, STOP_PATIENCE)


def test_a_gateway_is_deployed_reloaded_and_restored(studio: Studio) -> None:
    first = studio.publish(studio.config())
    report = studio.run()
    assert report.sync == "in-sync", studio.log
    assert report.health["gateway"].verdict == "good"
    process = studio.jobs.running[GATEWAY]
    guard = json.loads((studio.folder / "home/.openclaw/guard/state/status.json").read_text("utf-8"))
    assert guard["ok"] is True, guard

    second = studio.publish(studio.with_agent("newcomer"))
    report = studio.run()
    assert (report.sync, report.state.current) == ("in-sync", second), studio.log
    assert studio.jobs.running[GATEWAY] is process, "a new configuration needs no restart"
    deadline = time.monotonic() + START_PATIENCE
    while "openclaw/newcomer" not in studio.agents() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert "openclaw/newcomer" in studio.agents(), studio.log

    studio.publish(studio.config(token_track={"primary": "deepseek-v4-flash"}))
    report = studio.run()
    assert (report.sync, report.state.current) == ("refused", second)
    assert report.refusal is not None
    assert (report.refusal.code, "token_track" in report.refusal.message) == ("VD303", True)
    assert studio.jobs.running[GATEWAY] is process

    bad = studio.publish(studio.config(), studio.job("/bin/sh", "-c", "exit 1"))
    report = studio.run(health_seconds=5)
    assert (report.sync, report.state.current, report.offered) == ("rolled-back", second, bad), studio.log
    deadline = time.monotonic() + START_PATIENCE
    while not studio.is_well() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert studio.is_well(), studio.log
    assert "openclaw/newcomer" in studio.agents()
    assert first != second
