"""`vane doctor` and `vane-agent doctor`: each thing that a Mac lacks is named with what mends it, and nothing else."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.cli import main as vane
from deploy.agent import command, doctor
from deploy.agent.command import main
from deploy.agent.labels import AGENT, GATEWAY
from deploy.agent.roles import role_checks
from deploy.agent.site import STATE
from deploy.release.archive import Release
from deploy.release.check import Check, checks_text
from deploy.release.manifest import Entry, Manifest, Origin
from tests.deploy.desk import Desk, openclaw, plist
from tests.deploy.rehearsal import Rehearsal, program
from tests.deploy.test_command import settings

GENERATED = Path(__file__).parents[2] / "generated/machines"
SHIPPED = Path(__file__).parents[2]
FIRST = {"openclaw.json": openclaw(agents={}), f"launchd/{AGENT}.plist": plist(AGENT, StartInterval=300)}


@pytest.fixture
def laptop(mac: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """A Mac whose owner calls the agent, with nothing set up."""
    monkeypatch.setenv("HOME", str(mac.home))
    for module in (command, doctor):
        monkeypatch.setattr(module, "site_of", lambda user, prefix: replace(mac.site, state=mac.home / STATE))
    return mac


def missing(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is missing, by the words between the first two colons."""
    lines = capsys.readouterr().out.splitlines()
    return [line.split(": ")[1] for line in lines if line.startswith("missing")]


def test_a_mac_from_nothing_to_nothing_missing(
    laptop: Rehearsal, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_SYSTEM_PATH", "/nowhere")
    assert main(["doctor"]) == 1
    assert missing(capsys) == ["agent.json"]
    (laptop.root / "reports").mkdir()
    laptop.settings.allowed_signers.unlink()
    settings(laptop, remote={"folder": str(desk.out)})
    assert main(["doctor"]) == 1
    assert missing(capsys) == ["allowed signers", "remote", "reports", "program", "job", "Python of the job", "release"]
    settings(laptop, reports={"folder": str(laptop.root / "reports")})
    laptop.settings.allowed_signers.write_text(f"release {desk.key.with_suffix('.pub').read_text()}")
    (laptop.prefix / "bin").mkdir()
    (laptop.prefix / "bin/vane-agent").write_text("#!/bin/sh\n")
    (laptop.prefix / "bin/vane-agent").chmod(0o755)
    desk.publish(FIRST)
    assert main(["run"]) == 0
    capsys.readouterr()
    assert main(["doctor"]) == 1
    assert missing(capsys) == ["job", "Python of the job", "OpenClaw"]
    (laptop.prefix / "bin/python3").symlink_to(sys.executable)
    program(laptop.root, "openclaw", 'echo "{\\"valid\\": true}"')
    file = laptop.home / f"Library/LaunchAgents/{AGENT}.plist"
    laptop.mac.launchctl.load(AGENT, file)
    assert main(["doctor"]) == 0
    assert missing(capsys) == []


def of_machine(machine: str, prefix: Path) -> Release:
    """The shipped files of a Mac as a release, with the prefix of a rehearsal."""
    folder = GENERATED / machine
    contents = {
        path.relative_to(folder).as_posix(): path.read_bytes().replace(b"/opt/weathervane", bytes(prefix))
        for path in folder.rglob("*")
        if path.is_file()
    }
    entries = tuple(
        Entry(path, path.partition("/")[0] if "/" in path else "openclaw", "0" * 64, len(content), 0o644)
        for path, content in sorted(contents.items())
    )
    return Release("0" * 64, Manifest(machine, Origin(1, "0" * 40), (), None, entries), contents)


def lacks(mac: Rehearsal, machine: str) -> list[str]:
    return [f"{each.role} {each.what}" for each in role_checks(of_machine(machine, mac.prefix), mac.site) if each.fix]


def executable(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)


def test_what_a_laptop_needs_for_its_roles(mac: Rehearsal) -> None:
    assert lacks(mac, "air-ana") == [
        "mlx program", "mlx weights", "openclaw OpenClaw", "openclaw secret", "cursor Cursor", "cursor guard",
    ]  # fmt: skip
    executable(mac.prefix / "venv/bin/python3")
    executable(mac.prefix / "openclaw/node_modules/.bin/openclaw")
    executable(mac.prefix / "cursor/vane-cursor-guard")
    (mac.root / "Applications/Cursor.app").mkdir()
    snapshot = mac.home / ".cache/huggingface/hub/models--mlx-community--Qwen3-4B-4bit/snapshots/a"
    snapshot.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (snapshot / name).write_text("{}")
    assert lacks(mac, "air-ana") == ["openclaw secret"]
    environment = mac.home / ".config/weathervane/env"
    environment.parent.mkdir(parents=True)
    environment.write_text("OPENCLAW_GATEWAY_TOKEN='x'\n")
    assert lacks(mac, "air-ana") == ["openclaw secrets"], "others may read it"
    environment.chmod(0o600)
    assert lacks(mac, "air-ana") == []


def test_what_the_always_on_mac_needs_for_its_roles(mac: Rehearsal) -> None:
    found = lacks(mac, "studio")
    assert found.count("gateway program") == 2
    assert {"gateway OpenClaw", "harness program", "mlx program", "mlx weights"} < {*found}
    names = [each.words for each in role_checks(of_machine("studio", mac.prefix), mac.site) if each.what == "secret"]
    assert names == sorted(names)
    assert {"OPENCLAW_GATEWAY_TOKEN", "OPENROUTER_TOKEN_KEY", "OPENROUTER_DOLLAR_KEY"} <= {*names}
    folder = mac.home / ".config/weathervane"
    folder.mkdir(parents=True)
    for file, some in (("env", names[:1]), (f"env.{GATEWAY}", names[1:])):
        (folder / file).write_text("".join(f"export {name}='sk-or-v1-0123456789abcdef'\n" for name in some))
        (folder / file).chmod(0o600)
    assert "gateway secret" not in lacks(mac, "studio")


def test_no_value_is_shown() -> None:
    secret = "sk-or-v1-0123456789abcdef0123456789abcdef"
    said = checks_text([Check("a", "b", f"{secret}\x1b[1m\nok       forged", "x")])
    assert secret not in said
    assert said.count("\n") == 2
    assert "\x1b" not in said


def test_at_a_desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    outcome = vane(["doctor", "-C", str(SHIPPED)])
    said = capsys.readouterr().out
    assert "ok       desk: compiled: 7 Macs in rings canary, rest\n" in said
    assert "[x] Token and dollar tracks split: " in said
    assert outcome == int("missing" in said or "[ ]" in said or "[?]" in said)
    assert vane(["doctor", "-C", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "fix: run it in a clone of the project, or on a Mac" in said
    assert "[" not in said
