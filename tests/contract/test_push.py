"""`vane fleet push` with the real pyinfra and a real sshd on the loopback: two Macs that are folders."""

from __future__ import annotations

import hashlib
import json
import marshal
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.release.rings import PATH
from tests.contract.gateway import free_port
from tests.contract.npm import PROJECT
from tests.contract.sshd import Sshd, sshd
from tests.contract.wheels import wheels
from tests.deploy.accounts import NOBODY, PYTHON
from tests.deploy.desk import Desk, allow, git, make_key, new_desk, openclaw, plist
from tests.deploy.fleet import rings
from tests.deploy.rehearsal import FAKES

AGENT = "ai.weathervane.deploy"
MACS = ("air-ana", "air-ben")
IS_ROOT = os.geteuid() == 0


@dataclass(frozen=True)
class Team:
    """A desk with its own home, two Macs, and the sshd that stands before both."""

    folder: Path
    desk: Desk
    sshd: Sshd

    @property
    def ssh(self) -> Path:
        return self.folder / "desk-home/.ssh"

    def push(self, *machines: str, port: int = 0) -> subprocess.CompletedProcess[str]:
        where = f"127.0.0.1:{port or self.sshd.port}"
        command = [sys.executable, "-m", "compiler.cli", "fleet", "push", "-C", str(self.desk.project)]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.ssh.parent),
            "PYTHONPATH": f"{wheels('push')}:{PROJECT}",
        }
        return subprocess.run(
            [*command, "--bundles", str(self.desk.out), *(f"{machine}={where}" for machine in machines or MACS)],
            env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def name(self, machine: str) -> str | None:
        file = self.folder / machine / "home/.openclaw/openclaw.json"
        return str(json.loads(file.read_bytes())["name"]) if file.exists() else None

    def publish(self, name: str) -> None:
        for machine in MACS:
            agent = ["/bin/sh", "-c", "true", AGENT, str(self.folder / machine / "vane-agent"), "run"]
            files = {"openclaw.json": openclaw(name=name)}
            files[f"launchd/{AGENT}.plist"] = plist(AGENT, ProgramArguments=agent, StartInterval=300)
            self.desk.commit(files, machine)
        generated = self.desk.project / "generated"
        manifest = json.loads((generated / "manifest.json").read_bytes())
        (generated / "rollout").mkdir(exist_ok=True)
        content = rings(("canary", MACS[:1], 1, 1))
        (generated / PATH).write_bytes(content)
        manifest["artifacts"][PATH] = hashlib.sha256(content).hexdigest()
        (generated / "manifest.json").write_text(json.dumps({**manifest, "machines": dict.fromkeys(MACS, "x:1")}))
        git(self.desk.project, "add", "--all")
        git(self.desk.project, "commit", "--quiet", "--message", "named")
        assert self.desk.bundle() == 0


def set_up(team: Team, machine: str) -> None:
    """What the ten lines of docs/set-up-a-mac.md leave on a Mac. By this sshd root comes in."""
    root = team.folder / machine
    for name in ("home/.config/weathervane", "bin"):
        (root / name).mkdir(parents=True)
    allow(root / "allowed_signers", team.desk.key)
    agent = {"machine": machine, "remote": {"folder": "/nowhere"}, "allowed_signers": str(root / "allowed_signers")}
    settings = root / "home/.config/weathervane/agent.json"
    settings.write_text(json.dumps({**agent, "prefix": str(root / "prefix"), "health_seconds": 20}))
    settings.chmod(0o600)
    (root / "launchd").write_bytes(marshal.dumps({"jobs": {}, "calls": [], "pids": 100}, 2))
    (root / "bin/launchctl").write_text(f"#!{PYTHON} -IS\n{(FAKES / 'launchctl').read_text().partition(chr(10))[2]}")
    (root / "bin/launchctl").chmod(0o755)
    fallen = f"chown -R {NOBODY}:{NOBODY} $3 {root}\nset -- setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups"
    environment = f"HOME={root}/home FAKE_LAUNCHD={root}/launchd PATH={root}/bin:$PATH"
    (root / "vane-agent").write_text(
        f"""#!/bin/sh
from=$3
{fallen if IS_ROOT else "set --"}
exec "$@" env {environment} {PYTHON} -ISB {root}/agent.pyz run --from "$from"
"""
    )
    (root / "vane-agent").chmod(0o755)
    (root / "agent.pyz").write_bytes((team.desk.out / "vane-agent.pyz").read_bytes())


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that every account may enter."""
    with tempfile.TemporaryDirectory(prefix="vane-team-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
def team(folder: Path) -> Iterator[Team]:
    with sshd(folder, os.environ["PATH"]) as running:
        made = Team(folder, new_desk(folder), running)
        made.ssh.mkdir(parents=True, mode=0o700)
        (made.ssh / "known_hosts").write_text(running.known_host)
        (made.ssh / "id_ed25519").write_bytes(running.key.read_bytes())
        (made.ssh / "id_ed25519").chmod(0o600)
        made.publish("one")
        for machine in MACS:
            set_up(made, machine)
        yield made


def test_each_mac_gets_its_own_bundle(team: Team) -> None:
    done = team.push()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [team.name(machine) for machine in MACS] == ["one", "one"]
    assert "air-ana  canary  done\n  air-ana: release 3" in done.stdout
    assert "air-ben  rest  done\n" in done.stdout
    assert not list(Path("/tmp").glob("vane-push.*"))
    team.publish("two")
    assert team.push("air-ben").returncode == 0, "who brings it by hand does not wait"
    assert [team.name(machine) for machine in MACS] == ["one", "two"]


def test_it_stops_at_the_first_bad_ring(team: Team) -> None:
    allow(team.folder / "air-ana/allowed_signers", make_key(team.folder, "stranger"))
    done = team.push()
    assert done.returncode == 1
    assert "air-ana  canary  not done\n" in done.stdout
    assert "VD203" in done.stdout
    assert "stopped at ring canary; not touched: air-ben\n" in done.stdout
    assert team.name("air-ben") is None


@pytest.mark.parametrize("known", ["", "other"])
def test_a_host_key_that_is_not_known_is_not_taken(team: Team, known: str) -> None:
    file = team.ssh / "known_hosts"
    words = make_key(team.folder, "another_host").with_suffix(".pub").read_text()
    file.write_text(f"[127.0.0.1]:{team.sshd.port} {words}" if known else "")
    before = file.read_bytes()
    done = team.push("air-ana")
    assert done.returncode == 1
    assert "VD503" in done.stdout
    assert "host key" in done.stdout.lower()
    assert file.read_bytes() == before
    assert team.name("air-ana") is None


def test_a_host_that_does_not_answer(team: Team) -> None:
    done = team.push("air-ana", port=free_port())
    assert done.returncode == 1
    assert "VD503" in done.stdout


def test_a_mac_without_python_and_one_without_an_agent(team: Team) -> None:
    agent = team.folder / "air-ana/vane-agent"
    agent.write_text("#!/usr/bin/env python3-that-is-not-there\n")
    done = team.push("air-ana")
    assert done.returncode == 1
    assert "VD504" in done.stdout
    agent.unlink()
    assert "VD504" in team.push("air-ana").stdout
    assert not list(Path("/tmp").glob("vane-push.*"))
