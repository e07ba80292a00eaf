"""The text for the comment is made from GitHub's merge of a pull request, and the check fails where it must."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
ROUTE_DIFF = PROJECT / ".github" / "scripts" / "route-diff"
BIN = Path(sys.executable).parent


class Repository:
    """A project as GitHub checks it out for a pull request: the merge of the change into its base."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / "bin" / "vane").symlink_to(BIN / "vane")
        self.git("init", "--quiet", "--initial-branch", "main")
        shutil.copytree(PROJECT / "policies", folder / "policies")
        self.commit()

    def git(self, *arguments: str) -> None:
        someone = ["-c", "user.name=someone", "-c", "user.email=someone@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *someone, *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def commit(self) -> None:
        self.git("add", "--all", "--", ":!.venv")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")

    def merge(self, **files: str) -> None:
        """A pull request that writes these files, merged into a base that has moved on."""
        self.git("checkout", "--quiet", "-b", "change")
        for name, text in files.items():
            (self.folder / name).write_text(text, "utf-8")
        self.commit()
        self.git("checkout", "--quiet", "main")
        (self.folder / "README.md").write_text("moved on")
        self.commit()
        self.git("merge", "--quiet", "--no-ff", "--message", "merge", "change")

    def describe(self) -> tuple[int, str]:
        """Exit code and text of the script, as the workflow calls it."""
        environment = {**os.environ, "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md")}
        environment |= {"XDG_CACHE_HOME": str(self.folder / "cache")}
        command = [str(ROUTE_DIFF), "route-diff", "12"]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert "Traceback" not in done.stderr
        assert (self.folder / "route-diff/pull-request").read_text() == "12\n"
        return done.returncode, (self.folder / "route-diff/comment.md").read_text("utf-8")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set where the tests run in somebody's git hook
        monkeypatch.delenv(name, raising=False)
    return Repository(tmp_path)


def swapped() -> str:
    """tracks.yaml with the first two models of the token track changed over."""
    text = (PROJECT / "policies/tracks.yaml").read_text("utf-8")
    first, second = "deepseek/deepseek-v4-flash", "tencent/hy3-preview"
    changed = text.replace(f"primary: {first}", f"primary: {second}").replace(f"- {second}", f"- {first}")
    assert changed != text
    return changed


def test_a_change_beyond_the_thresholds_is_told_and_fails(repository: Repository) -> None:
    repository.merge(**{"policies/tracks.yaml": swapped()})
    status, text = repository.describe()
    assert status == 1
    assert text.startswith("### Routes:")
    assert "**agent-loops**" in text
    assert "hy3-preview" in text
    assert "Unsafe without an acknowledge line" in text
    assert (repository.folder / "summary.md").read_text("utf-8") == text


def test_who_answers_for_it_may_make_it(repository: Repository) -> None:
    repository.merge(**{"policies/tracks.yaml": f"{swapped()}acknowledge: Hy3 is cheaper & as good, says @alice\n"})
    status, text = repository.describe()
    assert status == 0
    assert "Hy3 is cheaper & as good" in text


def test_no_policy_changes(repository: Repository) -> None:
    repository.merge(**{"notes.md": "nothing of a route"})
    assert repository.describe() == (0, "")
    assert not (repository.folder / "summary.md").exists()


def test_policies_that_do_not_compile_are_said_to(repository: Repository) -> None:
    repository.merge(**{"policies/tracks.yaml": "version: 1\ntoken_track: {primary: no/such}\n"})
    status, text = repository.describe()
    assert status == 1
    assert text == "The policies could not be compared. The annotations of the run say where and why.\n"
