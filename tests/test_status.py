"""`vane` alone: where a project stands and what to do next, from files, without a network and without a wait."""

from __future__ import annotations

import datetime
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from harness.market import archive
from harness.report.stored.spend import Spend, spend_json
from harness.weeks import Week
from tests.deploy.fleet import report
from tests.propose.standings import standing
from tests.samples import changed, write_policies
from tests.weekly.conftest import git

NOW = datetime.datetime.now(datetime.UTC)
LAST = Week.last_complete(NOW)
PROJECT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a project's folder, with a home of its own, on a machine without a network."""

    def refuse(*_: object) -> None:
        raise AssertionError("it asks the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Compiled, and with the last week archived."""
    write_policies(tmp_path / "project")
    assert main(["compile"]) == 0
    archived(tmp_path / "project", LAST)
    return tmp_path / "project"


def archived(project: Path, week: Week, **files: bytes) -> None:
    folder = archive.folder(project, week)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / archive.RANKINGS).write_bytes(b"{}")
    for name, content in files.items():
        (folder / f"{name}.json").write_bytes(content)


def money(week: Week, spent: str) -> bytes:
    stood = standing(str(week.sunday), spent)
    return spend_json(Spend(week=str(week), as_of=week.after().monday, standings=(stood,)))


def facts(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """By subject; what `vane` says must be the same."""
    capsys.readouterr()
    assert main([]) == 0
    said = capsys.readouterr().out
    assert main(["status", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    for fact in data["facts"]:
        assert fact["says"] in said
    last = f"next: {data['next']}" if data["next"] else "Nothing waits for you here."
    assert said.endswith(f"\n\n{last}\n")
    return {**{fact["subject"]: fact["says"] for fact in data["facts"]}, "next": data["next"]}


def test_outside_it_says_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "vane demo" in said and "vane init" in said and str(tmp_path / "project") in said
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"project": None}


def test_all_is_well(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archived(project, LAST, spend=money(LAST, "75.50"))
    found = facts(capsys)
    assert found["policies"] == "compile; no findings" and found["generated/"] == "up to date"
    assert found["week"] == f"{LAST}, in generated/weeks/{LAST}"
    assert found["spend"].startswith("dollar track: $75.50 of $800.00") and "(9 %)" in found["spend"]
    assert found["next"] is None


def test_the_second_time_nothing_is_compiled(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = facts(capsys)
    monkeypatch.setattr("compiler.compile.compile_policies", None)
    assert facts(capsys) == first


def test_what_is_first_comes_first(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each fault is worse than the one before it, and names another next command."""
    before = LAST.before(2)
    archive.folder(project, LAST).joinpath(archive.RANKINGS).unlink()
    archived(project, before, spend=money(before, "900"))
    found = facts(capsys)
    assert found["week"].endswith(f"{LAST} is over too") and "(112 %)" in found["spend"]
    assert found["next"] == "vane week"

    keys = project / "generated/openrouter/keys.json"
    keys.write_text("{}", "utf-8")
    found = facts(capsys)
    assert found["generated/"].startswith("stale: 1 changed") and found["next"] == "vane compile"

    write_policies(project, changed("tracks.yaml", "[tencent/hy3-preview]", "[tencent/hy3-previw]"))
    found = facts(capsys)
    assert found["policies"] == "do not compile: 1 error; the first: policies/tracks.yaml:4:15 VN203"
    assert found["next"] == "vane compile" and "generated/" not in found


def test_a_passed_cap_asks_for_a_proposal(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archived(project, LAST, spend=money(LAST, "941"))
    assert facts(capsys)["next"] == "vane propose --dry-run"


def test_a_large_fleet_is_not_compiled_to_say_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("compiler.commands.status._MOST_MACHINES", 0)
    monkeypatch.setattr("compiler.compile.compile_policies", None)
    found = facts(capsys)
    assert found["next"] == "vane compile --check" and "not compared" in found["generated/"]


def test_a_broken_file_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archived(project, LAST, spend=b"{")
    found = facts(capsys)
    assert f"generated/weeks/{LAST}/spend.json" in found["spend"] and found["next"] == "vane report"


def test_what_waits_for_a_review(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "all")
    for branch in (f"weathervane/{LAST.before()}", f"weathervane/{LAST}", "weathervane/mine"):
        git(project, "checkout", "--quiet", "-b", branch, "main")
        git(project, "commit", "--quiet", "--allow-empty", "-m", branch)
    git(project, "update-ref", f"refs/remotes/origin/weathervane/{LAST}", "HEAD")
    git(project, "checkout", "--quiet", "main")
    found = facts(capsys)
    assert found["review"] == f"not merged: weathervane/{LAST.before()}, weathervane/{LAST}"
    assert found["next"] == f"git log --patch ..weathervane/{LAST}"


def test_what_macs_reported(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "vane fleet status" in facts(capsys)["Macs"]
    settings = tmp_path / "home/.config/weathervane/agent.json"
    settings.parent.mkdir(parents=True)
    own = {
        "machine": "studio",
        "remote": {"folder": "/x"},
        "allowed_signers": "/x",
        "reports": {"folder": str(tmp_path)},
    }
    settings.write_text(json.dumps(own), "utf-8")
    machines = json.loads((project / "generated/manifest.json").read_text("utf-8"))["machines"]
    for machine in machines:
        (tmp_path / f"{machine}.json").write_text(json.dumps(report(machine)), "utf-8")
    assert facts(capsys)["Macs"].endswith("all well")
    (tmp_path / f"{min(machines)}.json").unlink()
    found = facts(capsys)
    assert found["Macs"].startswith("1 of ") and found["next"] == f"vane fleet status --folder {tmp_path}"
    settings.write_text("{}", "utf-8")
    assert "agent.json" in facts(capsys)["Macs"]
