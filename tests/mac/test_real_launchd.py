"""The agent and the real launchctl, on a Mac: `.github/workflows/mac.yml` runs it. Its one label is its own."""

from __future__ import annotations

import os
import plistlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from deploy.agent.launchctl import Launchctl, Service
from deploy.agent.log import Log
from deploy.agent.mac import Mac
from deploy.agent.settings import Settings
from deploy.agent.site import Site
from deploy.agent.work import Agent
from tests.deploy.desk import MACHINE, Desk, allow, new_desk, plist

pytestmark = pytest.mark.skipif(sys.platform != "darwin", reason="only a Mac has launchd")
LABEL = "ai.weathervane.rehearsal"


@dataclass(frozen=True)
class Real:
    """This Mac's launchd, a home that is a folder, and LaunchAgents that are this account's."""

    mac: Mac
    desk: Desk

    @property
    def job(self) -> Service | None:
        return self.mac.launchctl.service(LABEL)

    def run(self) -> Any:
        return Agent(self.mac).run()

    def publish(self, *command: str, **keys: Any) -> None:
        data = {"ProgramArguments": list(command), "KeepAlive": True, "ThrottleInterval": 10, **keys}
        self.desk.publish({f"launchd/{LABEL}.plist": plist(LABEL, **data)})


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    uid, launch = os.getuid(), Path.home() / "Library/LaunchAgents"
    launch.mkdir(parents=True, exist_ok=True)
    desk = new_desk(tmp_path)
    for name in ("state", "prefix"):
        (tmp_path / name).mkdir(mode=0o700)
    allow(tmp_path / "allowed_signers", desk.key)
    domains = (f"gui/{uid}", f"user/{uid}")
    site = Site(Path.home(), tmp_path / "prefix", tmp_path / "state", launch, tmp_path / "Applications", domains)
    settings = Settings(MACHINE, {"folder": str(desk.out)}, tmp_path / "allowed_signers", health_seconds=30)
    made = Real(Mac(site, settings, Launchctl(domains), Log(site.state)), desk)
    try:
        yield made
    finally:
        made.mac.launchctl.unload(LABEL, 30)
        (launch / f"{LABEL}.plist").unlink(missing_ok=True)


def printed(real: Real) -> str:
    assert real.job is not None
    command = ["launchctl", "print", f"{real.job.domain}/{LABEL}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def arguments(real: Real) -> list[str]:
    found = re.search(r"arguments = \{(.*?)\}", printed(real), re.DOTALL)
    return found[1].split() if found else []


def test_a_release_a_change_and_a_mend(real: Real) -> None:
    real.publish("/bin/sleep", "100000")
    assert real.run().sync == "in-sync"
    first = real.job
    assert first is not None
    assert first.state == "running"
    assert real.run().sync == "in-sync"
    assert real.job == first, "what is right is not touched"
    real.publish("/bin/sleep", "200000")
    assert real.run().sync == "in-sync"
    assert arguments(real) == ["/bin/sleep", "200000"], "launchd has the new list, not only the file"
    real.mac.launchctl.unload(LABEL, 30)
    assert real.run().sync == "mended"
    assert real.job is not None


def test_a_job_that_does_not_stay_up_is_taken_back(real: Real) -> None:
    real.publish("/bin/sleep", "100000")
    assert real.run().sync == "in-sync"
    real.publish("/usr/bin/false")
    short = replace(real, mac=replace(real.mac, settings=replace(real.mac.settings, health_seconds=5)))
    report = short.run()
    assert report.sync == "rolled-back"
    assert report.refusal.code == "VD307"
    assert arguments(real) == ["/bin/sleep", "100000"]
    assert real.job is not None


def test_a_disabled_label_comes_up(real: Real) -> None:
    domain = f"gui/{os.getuid()}"
    subprocess.run(["launchctl", "disable", f"{domain}/{LABEL}"], check=False)
    real.publish("/bin/sleep", "100000")
    assert real.run().sync == "in-sync"
    assert real.job is not None


def test_every_compiled_list_is_one_for_macos(tmp_path: Path) -> None:
    found: Mapping[Path, bytes] = {
        path: path.read_bytes() for path in (Path(__file__).parents[2] / "generated").rglob("*.plist")
    }
    assert found
    for path, content in found.items():
        done = subprocess.run(["plutil", "-convert", "xml1", "-o", "-", str(path)], capture_output=True, check=True)
        assert plistlib.loads(done.stdout) == plistlib.loads(content)
