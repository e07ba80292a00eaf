"""`vane fleet status`: every Mac in a table, and whether somebody has to look."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from deploy.fleet.show import age
from deploy.release.rings import PATH
from tests.deploy.desk import git
from tests.deploy.fleet import COMMIT, report, rings

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    generated = tmp_path / "project/generated"
    (generated / "rollout").mkdir(parents=True)
    machines = dict.fromkeys(("air-ana", "air-ben", "studio"), "policies/fleet.yaml:3")
    (generated / "manifest.json").write_text(json.dumps({"machines": machines}))
    (generated / PATH).write_bytes(rings(("canary", ("air-ben",), 3, 1)))
    (tmp_path / "reports").mkdir()
    return tmp_path / "project"


def leave(project: Path, *reports: dict[str, Any]) -> None:
    for data in reports:
        (project.parent / "reports" / f"{data['machine']}.json").write_text(json.dumps(data))


def status(project: Path, *more: str) -> int:
    place = ("--folder", str(project.parent / "reports")) if "--git" not in more else ()
    return main(["fleet", "status", "-C", str(project), *place, *more])


def test_all_well(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave(project, *map(report, ("air-ana", "air-ben", "studio")))
    assert status(project) == 0
    assert (
        capsys.readouterr().out
        == """\
Mac      ring    release  sync     health  age    drift
air-ben  canary  7        in-sync  good    3 min
air-ana  rest    7        in-sync  good    3 min
studio   rest    7        in-sync  good    3 min

canary: 1 of 1 has release 7 and is well
rest: 2 of 2 have release 7 and are well
"""
    )


def test_a_rollout_on_its_way_is_well(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = {"state": "waiting", "drift": []}
    leave(project, report("air-ben"), report("air-ana", 6, sync=waiting), report("studio", 6, sync=waiting))
    assert status(project) == 0
    said = capsys.readouterr().out
    assert "air-ana  rest    6 (behind)  waiting  good" in said
    assert "rest: 0 of 2 have release 7" in said


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"sync": {"state": "rolled-back", "drift": []}}, "rolled-back !"),
        ({"health": {"state": "bad"}}, "in-sync !  bad"),
        ({"health": {"state": "missing"}}, "in-sync !  missing"),
        ({"at": (NOW - datetime.timedelta(days=8)).isoformat()}, "in-sync !  good    8 d"),
        ({"release": None, "sync": {"state": "no-release", "drift": []}}, "none (behind)"),
    ],
)
def test_a_mac_that_needs_somebody(
    project: Path, more: dict[str, Any], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(project, report("air-ben"), report("studio"), report("air-ana", **more))
    assert status(project) == 1
    said = capsys.readouterr().out
    assert shown in said
    assert "1 Mac needs somebody" in said


def test_a_mac_without_a_report_and_one_that_nobody_knows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave(project, report("air-ben"), report("studio"), report("air-zoe"))
    assert status(project) == 1
    said = capsys.readouterr().out
    assert "air-ana  rest    no report" in said
    assert "does not name: air-zoe" in said


def test_drift_is_counted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drift = {"state": "mended", "drift": ["a", "b"]}
    leave(project, report("air-ben", sync=drift), report("air-ana"), report("studio"))
    assert status(project) == 0
    assert "mended   good    3 min  2\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "more",
    [
        {"sync": {"state": "fine | `rm -rf`", "drift": []}}, {"health": {"state": "\x1b[31m"}}, {"machine": "air-ben "},
        {"at": "yesterday"}, {"at": "2026-05-01T00:00:00"}, {"soaked": -1}, {"soaked": True}, {"soaked": "4"},
        {"release": {"number": 7, "commit": "<script>"}}, {"format": "other/1"}, {"sync": []},
    ],
)  # fmt: skip
def test_what_strangers_may_have_written_is_not_shown(
    project: Path, more: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file = project.parent / "reports/air-ana.json"
    file.write_text(json.dumps({**report("air-ana"), **more}))
    for format in ("text", "markdown", "json"):
        assert status(project, "--format", format) == 1
        said = capsys.readouterr().out
        assert "not a report" in said
        assert "\x1b" not in said
        if format == "markdown":
            assert all(line.replace("\\|", "").count("|") == 8 for line in said.splitlines() if line.startswith("|"))
            assert "<script>" not in said


def test_json_and_markdown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave(project, report("air-ben"), report("air-ana", 6), report("studio"))
    assert status(project, "--format", "json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["good"] is True
    assert data["newest"] == {"number": 7, "commit": COMMIT[7]}
    assert data["rings"] == [{"ring": "canary", "done": 1, "of": 1}, {"ring": "rest", "done": 1, "of": 2}]
    assert [row["machine"] for row in data["machines"]] == ["air-ben", "air-ana", "studio"]
    assert data["machines"][1]["release"]["number"] == 6
    assert status(project, "--format", "markdown") == 0
    assert "| air-ana | rest | 6 (behind) | in-sync | good | 3 min |  |" in capsys.readouterr().out


def test_over_a_git_repository(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = project.parent / "team.git"
    git(project.parent, "init", "--quiet", "--bare", str(address))
    assert status(project, "--git", str(address)) == 1
    assert capsys.readouterr().out.count("no report") == 4
    from deploy.release.reports import GitReports

    for machine in ("air-ana", "air-ben", "studio"):
        GitReports(str(address)).publish(machine, json.dumps(report(machine)).encode())
    assert status(project, "--git", str(address)) == 0
    assert status(project, "--git", str(project.parent / "nowhere.git")) == 1
    assert "VD208" in capsys.readouterr().err


def test_what_cannot_be_read_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "status", "-C", str(project), "--folder", str(project / "nowhere")]) == 1
    assert "VD208" in capsys.readouterr().err
    (project / "generated/manifest.json").write_text("{}")
    assert status(project) == 1
    assert "VD101" in capsys.readouterr().err


def test_ages() -> None:
    said = [age(datetime.timedelta(seconds=seconds)) for seconds in (-3600, -5, 59, 60, 7199, 7200, 90_000)]
    assert said == ["in the future", "now", "now", "1 min", "1 h", "2 h", "1 d"]


def test_what_is_wrong_with_a_guard_is_told_by_its_code_alone(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report may hold anything: of a guard's words none is shown, and of codes only those that there are."""
    parts = {"guard": {"state": "bad", "words": "<script>", "code": "VD311", "fix": "x"}, "y": {"code": "VD999"}}
    leave(project, *map(report, ("air-ana", "air-ben")), report("studio", health={"state": "bad", "parts": parts}))
    assert status(project) == 1
    shown = capsys.readouterr().out
    assert "studio: VD311 a guard cannot work\n" in shown
    assert "script" not in shown
    assert status(project, "--format", "json") == 1
    rows = json.loads(capsys.readouterr().out)["machines"]
    assert {row["machine"]: row["guards"] for row in rows} == {"air-ana": [], "air-ben": [], "studio": ["VD311"]}
