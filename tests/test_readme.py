"""What the README shows is what the tool prints."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from compiler.cli import main

PROJECT = Path(__file__).parents[1]
SHOWN = re.findall(r"```console\n\$ vane ([^\n]*)\n(.*?)```", (PROJECT / "README.md").read_text("utf-8"), re.DOTALL)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped project that tests may edit."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for folder in ("policies", "generated"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def test_findings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, shown = SHOWN[0]
    edit(
        project / "policies/tracks.yaml",
        ("minimax/minimax-m2.7 # the article writes minimax/m2.7, which OpenRouter does not serve", "minimax/m2.7"),
    )
    edit(project / "policies/scenarios/gray-trials.yaml", ("track: gray\n", "track: gray\ndata: [customer-data]\n"))
    assert main(command.split()) == 1
    assert capsys.readouterr().err == shown


def test_diff(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, shown = SHOWN[1]
    git(project, "init", "-q", "-b", "main")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "before")
    edit(
        project / "policies/tracks.yaml",
        ("primary: deepseek/deepseek-v4-flash", "primary: tencent/hy3-preview"),
        ("- tencent/hy3-preview", "- deepseek/deepseek-v4-flash"),
    )
    assert main(command.split()) == 0
    assert shown in capsys.readouterr().out


def test_explain(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, shown = SHOWN[2]
    assert main(command.split()) == 0
    assert shown in capsys.readouterr().out


def git(project: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(project), *identity, *arguments], check=True)


def test_all_examples_were_found() -> None:
    assert [command for command, _ in SHOWN] == ["compile", "diff", "explain security-audit"]


@pytest.mark.parametrize(
    "page", sorted(PROJECT.glob("*.md")) + sorted(PROJECT.glob("docs/**/*.md")), ids=lambda p: p.name
)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^(`{3,}).*?^\1`*$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)  # shown, no links
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        assert "://" in target or (page.parent / target).exists(), target
