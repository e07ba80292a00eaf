"""`vane init`: what a new repository holds, that it passes its own checks, and that nothing is overwritten."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.cli import main
from compiler.starting.answers import QUESTIONS
from tests.importing.shapes import HUGE, SHAPES, Shape, answer, lock_with_mlx
from tests.importing.test_openclaw import by_agent
from tests.shipped import PROJECT, shipped
from tests.test_workflows import lint

TEAM = (
    "--owner", "Sky-Team", "--laptops", "kai, li-2", "--gateway", "https://hub.sky.example:8443", "--cap", "350.50",
)  # fmt: skip


def init(project: Path, *options: str) -> int:
    return main(["init", "-C", str(project), *options])


def files(project: Path) -> dict[str, bytes]:
    paths = (path for path in project.rglob("*") if path.is_file() or path.is_symlink())
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository from nothing. Tests look at it, and change nothing."""
    project = tmp_path_factory.mktemp("team") / "new"
    assert init(project, *TEAM) == 0
    return project


# ---- from nothing


def test_it_passes_its_own_checks(team: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "--check", "-C", str(team)]) == 0
    assert main(["test", "-C", str(team)]) == 0
    assert "12 passed, 0 failed" in capsys.readouterr().out
    assert main(["verify", "-C", str(team)]) == 0


def test_the_answers_stand_in_the_policies(team: Path) -> None:
    fleet = _data(team, "fleet")
    assert list(fleet["machines"]) == ["hub", "kai", "li-2"]
    assert fleet["machines"]["hub"]["address"] == "https://hub.sky.example:8443"
    assert fleet["machines"]["li-2"] == fleet["machines"]["kai"] and fleet["machines"]["kai"]["gateway"] == "hub"
    assert fleet["rings"][0]["machines"] == ["kai"]
    assert str(_data(team, "caps")["caps"]["dollar-monthly"]["limit_usd"]) == "350.5"
    assert "github.com/Sky-Team/*" in _data(team, "sensitive-data")["labels"]["source-code"]["repos"]
    assert _data(team, "scenarios/ide-assist")["alias"] == "sky-team-ide"


def test_all_else_is_as_shipped_with_its_comments_and_without_the_article(team: Path) -> None:
    for kind in ("tracks", "market", "acceptance", "tests", "scenarios/agent-loops", "scenarios/private-desk"):
        assert _data(team, kind) == _data(PROJECT, kind)
    for path, content in files(team).items():
        if path.endswith(".yaml") and path.startswith("policies/"):
            text = content.decode()
            assert text.startswith("# yaml-language-server") and "article" not in text and "acme" not in text, path
    assert "# Candidates: pinned and watched, routed nowhere yet.\n" in (team / "policies/market.yaml").read_text(
        "utf-8"
    )
    assert (
        shipped().policies.lock.models.keys()
        == json.loads((team / "policies/models.lock.json").read_text("utf-8"))["models"].keys()
    )


def _data(project: Path, kind: str) -> Any:
    return yaml.safe_load((project / f"policies/{kind}.yaml").read_text("utf-8"))


def test_one_laptop_is_a_team(tmp_path: Path) -> None:
    assert init(tmp_path, "--laptops", "air-ana") == 0
    assert main(["compile", "--check", "-C", str(tmp_path)]) == 0


# ---- beside the policies


def test_linters_take_its_workflows(team: Path) -> None:
    for name, done in lint(team).items():
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def test_its_workflows_are_ours_but_for_the_tests_of_the_tool(team: Path) -> None:
    for name in ("check", "comment", "weekly", "deploy"):
        theirs, ours = (
            yaml.safe_load((folder / f".github/workflows/{name}.yml").read_text("utf-8")) for folder in (team, PROJECT)
        )
        if name == "check":
            del ours["jobs"]["test"]
        if name == "deploy":  # the release's notes name a page
            theirs, ours = (json.loads(json.dumps(each).replace(HOME, "")) for each in (theirs, ours))
        assert theirs == ours


HOME = "https://github.com/weathervane/weathervane/blob/main/"


def test_what_its_workflows_call_is_there(team: Path) -> None:
    texts = "".join(file.read_text("utf-8") for file in (team / ".github/workflows").glob("*.yml"))
    called = set(re.findall(r"(?:\.github/scripts|script)/[\w.-]+\w", texts)) - {".github/scripts/"}
    assert len(called) >= 7
    assert [path for path in called if not (team / path).is_file()] == []
    assert "make " not in texts.replace("make one", ""), "a team has no Makefile of ours"
    for path in ("script/bootstrap", ".github/scripts/route-diff", ".github/scripts/with-token"):
        assert (team / path).stat().st_mode & stat.S_IXUSR
    assert "@your-org" not in (team / ".github/CODEOWNERS").read_text("utf-8")


def test_bootstrap_installs_once(team: Path, tmp_path: Path) -> None:
    """With a `python3` that only notes what it is asked."""
    asked = tmp_path / "asked"
    program = tmp_path / "bin/python3"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >>{asked}\n[ "$2" = venv ] && mkdir -p .venv/bin && cp "$0" .venv/bin/python\nexit 0\n',
        "utf-8",
    )
    program.chmod(0o755)
    (tmp_path / "script").mkdir()
    for path in ("script/bootstrap", "requirements.txt"):
        (tmp_path / path).write_bytes((team / path).read_bytes())
    for _ in range(2):
        done = subprocess.run(
            ["sh", str(tmp_path / "script/bootstrap")], env={"PATH": f"{program.parent}:/usr/bin:/bin"}, check=False
        )
        assert done.returncode == 0
    lines = asked.read_text("utf-8").splitlines()
    assert len(lines) == 3 and lines[-1].endswith("install --requirement requirements.txt")


# ---- around what a team has


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape is not HUGE], ids=lambda shape: shape.name)
def test_around_an_openclaw_json(shape: Shape, tmp_path: Path) -> None:
    """Without the one of three hundred agents: its compile takes seconds, and tests/importing compiles it."""
    project = tmp_path / "team"
    assert init(project, *_has(tmp_path, shape.text), "--from-models", str(tmp_path / "models-2026-05-22.json")) == 0
    assert main(["compile", "--check", "-C", str(project)]) == 0
    compiled = (project / "generated/machines/gateway-mac/openclaw.json").read_bytes()
    assert by_agent({"openclaw.json": compiled}) == {name: set(models) for name, models in shape.expected.items()}
    if shape is SHAPES[0]:
        assert main(["test", "-C", str(project)]) == 0
        assert main(["verify", "-C", str(project)]) == 0


def _has(folder: Path, text: str) -> tuple[str, ...]:
    """What the team has: the file, a saved answer, and the MLX model's facts."""
    written = {"openclaw.json": text, "models-2026-05-22.json": json.dumps(answer()), "facts.json": lock_with_mlx()}
    for name, content in written.items():
        (folder / name).write_text(content, "utf-8")
    return ("--from", str(folder / "openclaw.json"), "--lock-from", str(folder / "facts.json"))


SIMPLE = json.dumps({"agents": {"defaults": {"model": {"primary": "openrouter/deepseek/deepseek-v4-flash"}}}})


def test_the_shipped_lock_is_enough_for_models_that_it_knows(tmp_path: Path) -> None:
    file = tmp_path / "openclaw.json"
    file.write_text(SIMPLE, "utf-8")
    assert init(tmp_path / "team", "--from", str(file)) == 0
    lock = json.loads((tmp_path / "team/policies/models.lock.json").read_text("utf-8"))
    assert list(lock["models"]) == ["deepseek/deepseek-v4-flash"]
    assert main(["compile", "--check", "-C", str(tmp_path / "team")]) == 0


def test_models_that_no_lock_knows_leave_the_compile_for_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "openclaw.json"
    file.write_text(SIMPLE.replace("deepseek-v4-flash", "deepseek-v9"), "utf-8")
    assert init(tmp_path / "team", "--from", str(file)) == 0
    assert "next:\n  vane lock, then vane compile" in capsys.readouterr().out
    assert not (tmp_path / "team/generated").exists()


def test_a_file_that_is_none_stops_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "openclaw.json").write_text("{", "utf-8")
    assert init(tmp_path / "team", "--from", str(tmp_path / "openclaw.json")) == 1
    assert "VN711" in capsys.readouterr().err
    assert not (tmp_path / "team").exists()


def test_an_option_that_the_file_answers_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "openclaw.json").write_text(SIMPLE, "utf-8")
    assert init(tmp_path / "team", "--from", str(tmp_path / "openclaw.json"), "--cap", "9") == 2
    assert capsys.readouterr().err.startswith("vane: --cap: with --from")


# ---- what is there


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = {".gitignore": "mine\n", "policies/tracks.yaml": "mine\n", "generated/openrouter/keys.json": "{}\n"}
    for path, text in there.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    before = files(tmp_path)
    assert init(tmp_path) == 1
    said = capsys.readouterr()
    assert all(f"{path}:1:1 VN719" in said.err for path in there) and "\n3 errors\n" in said.err
    assert said.out == ""
    assert files(tmp_path) == before


def test_links_and_folders_are_in_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "elsewhere").mkdir()
    project = tmp_path / "team"
    (project / "requirements.txt").mkdir(parents=True)
    (project / "policies").symlink_to(tmp_path / "elsewhere")
    (project / "script").write_text("a file", "utf-8")
    assert init(project) == 1
    said = capsys.readouterr().err
    assert all(f"{path}:1:1 VN719" in said for path in ("policies/caps.yaml", "requirements.txt", "script/bootstrap"))
    assert [*(tmp_path / "elsewhere").iterdir()] == []


def test_the_same_again_writes_nothing(team: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(team)
    assert init(team, *TEAM) == 0
    assert "wrote 0 files\n" in capsys.readouterr().out
    assert files(team) == before


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path / "team", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "new      policies/tracks.yaml\n" in said and "would write" in said
    assert not (tmp_path / "team").exists()


# ---- questions


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("--from", "no-such-file"),
        ("--owner", "acme/x"),
        ("--owner", "$(id)"),
        ("--laptops", "Ana's Air"),
        ("--laptops", "air,air"),
        ("--laptops", ","),
        ("--laptops", "studio"),
        ("--gateway", "http://studio.acme.example"),
        ("--gateway", "https://9.9.9.9"),
        ("--cap", "0"),
        ("--cap", "1e9"),
        ("--cap", "NaN"),
    ],
)
def test_an_answer_that_cannot_be(option: str, wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path / "team", option, wrong) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("vane: --")
    assert not (tmp_path / "team").exists()


def test_five_questions_on_a_terminal(tmp_path: Path) -> None:
    project = tmp_path / "team"
    typed = b"\nSky Team\nSky-Team\nkai\nhttps://hub.sky.example\n99\n"
    said = _on_a_terminal(typed, "init", "-C", str(project))
    assert [question.words in said for question in QUESTIONS] == [True] * 5
    assert "is no name of an organization" in said, "and asked again"
    assert "compiled 2 machines" in said
    assert "limit_usd: 99\n" in (project / "policies/caps.yaml").read_text("utf-8")
    assert "@Sky-Team/security" in (project / ".github/CODEOWNERS").read_text("utf-8")


def _on_a_terminal(typed: bytes, *arguments: str) -> str:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "compiler.cli", *arguments]
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "dumb"}
    said = b""
    try:
        with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=env) as process:
            os.close(follower)
            os.write(leader, typed)
            while piece := _read(leader):
                said += piece
            assert process.wait(60) == 0, said.decode()
    finally:
        os.close(leader)
    return said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that the other side has closed it
        return b""
