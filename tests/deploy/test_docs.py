"""docs/set-up-a-mac.md: its ten lines, typed in by an ordinary account on a Mac with nothing on it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from deploy.agent.settings import Settings
from deploy.release.reported import Sync
from tests.deploy.accounts import IS_PYTHON_FOR_EVERYBODY, NOBODY, PYTHON, as_owner
from tests.deploy.rehearsal import Rehearsal, program

PROJECT = Path(__file__).parents[2]
SETUP = (PROJECT / "docs/set-up-a-mac.md").read_text("utf-8")
DEPLOY = (PROJECT / "docs/deploy.md").read_text("utf-8")
IS_ROOT = os.geteuid() == 0


def ten_lines() -> str:
    section = SETUP.split("## A Mac from nothing\n")[1]
    found = re.search(r'```sh title="on the Mac"\n(.*?)```', section, re.DOTALL)
    assert found
    return found[1]


def test_they_are_ten() -> None:
    assert ten_lines().count("\n") == 10


@pytest.mark.skipif(IS_ROOT and not IS_PYTHON_FOR_EVERYBODY, reason="no Python that an ordinary account may run")
def test_a_new_user(open_mac: Rehearsal) -> None:
    mac = open_mac
    team, prefix = mac.root / "team", mac.root / "opt/weathervane"
    for folder in (team / "reports", mac.root / "opt", mac.home):
        folder.mkdir(parents=True, exist_ok=True)
    shipped = PROJECT / "generated/machines/air-ana"
    files = {
        path.relative_to(shipped).as_posix(): path.read_bytes().replace(b"/opt/weathervane", bytes(prefix))
        for path in shipped.rglob("*")
        if path.is_file()
    }
    mac.desk.publish(files)
    mac.desk.out.rename(team / "releases")
    (team / "weathervane-release.pub").write_bytes(mac.desk.key.with_suffix(".pub").read_bytes())
    program(mac.root, "sudo", 'exec "$@"')
    program(mac.root, "python3", f'exec {PYTHON} "$@"')
    script = ten_lines().replace("/Volumes/team", str(team)).replace("/opt/weathervane", str(prefix))
    said = mac.root / "said"

    def typed() -> None:
        environment = {"HOME": str(mac.home), "PATH": os.environ["PATH"], "FAKE_LAUNCHD": os.environ["FAKE_LAUNCHD"]}
        with said.open("w") as out:
            done = subprocess.run(["sh", "-c", script], env=environment, stdout=out, stderr=out, check=False)
        assert done.returncode == 1, "doctor: the model and the programs are not on this machine"

    ended = as_owner(mac.root, typed)
    text = said.read_text()
    assert ended == 0, text
    assert 'Good "weathervane" signature for release' in text
    assert "sync    in-sync\n" in text
    assert "job: ai.weathervane.deploy is loaded" in text
    lacks = {line.split(": ")[0].split()[1] for line in text.splitlines() if line.startswith("missing")}
    assert lacks == {"mlx", "openclaw", "cursor"}, "nothing that every Mac needs"
    assert mac.file(".openclaw/openclaw.json") == files["openclaw.json"]
    assert json.loads((team / "reports/air-ana.json").read_bytes())["sync"]["state"] == "in-sync"
    domain = f"gui/{NOBODY if IS_ROOT else os.geteuid()}"
    assert mac.loaded("ai.weathervane.deploy", domain) == files["launchd/ai.weathervane.deploy.plist"]


def test_every_setting_and_every_state_is_told() -> None:
    named = set(re.findall(r"`([a-z_-]+)`", SETUP + DEPLOY))
    assert set(Settings.__slots__) <= named
    assert {*Sync.__args__} - {"no-release"} <= named  # type: ignore[attr-defined]
