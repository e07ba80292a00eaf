"""What comes along and is no code: pyproject.toml brings every file that the tool asks for, and to the same place."""

from __future__ import annotations

import tomllib
from pathlib import Path, PurePosixPath

import pytest

from compiler import shipped as module
from compiler.shipped import shipped
from compiler.starting.beside import SCRIPTS, WORKFLOWS
from harness.demo.team import KNOWN, WEEK

PROJECT = Path(__file__).parents[1]
WANTED = {
    ".github/CODEOWNERS",
    ".github/zizmor.yml",
    ".vscode/settings.json",
    "policies/models.lock.json",
    *(f".github/workflows/{name}" for name in WORKFLOWS),
    *(f".github/scripts/{name}" for name in SCRIPTS),
    *(f"generated/weeks/{week}/rankings.json" for week in (*KNOWN, WEEK)),
    *(path.relative_to(PROJECT).as_posix() for path in (PROJECT / "policies").rglob("*.yaml")),
}


def brought() -> dict[str, list[str]]:
    configuration = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    found: dict[str, list[str]] = configuration["tool"]["setuptools"]["data-files"]
    return found


def test_every_file_comes_along() -> None:
    files = {
        path.relative_to(PROJECT).as_posix()
        for each in brought().values()
        for glob in each
        for path in PROJECT.glob(glob)
    }
    assert WANTED - files == set()


def test_each_lands_where_it_is_looked_for() -> None:
    for folder, globs in brought().items():
        for glob in globs:
            assert folder == f"share/weathervane/{PurePosixPath(glob).parent}"


def test_from_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pip leaves it: the files are in the wheel's record, wherever it puts them."""
    (tmp_path / "lib" / "weathervane-1.dist-info").mkdir(parents=True)
    record = "../share/weathervane/policies/tracks.yaml,,\ncompiler/shipped.py,,\n"
    (tmp_path / "lib/weathervane-1.dist-info/RECORD").write_text(record, "utf-8")
    (tmp_path / "lib/weathervane-1.dist-info/METADATA").write_text("Name: weathervane\nVersion: 1\n", "utf-8")
    monkeypatch.setattr("sys.path", [str(tmp_path / "lib")])
    monkeypatch.setattr(module, "_SOURCE", tmp_path / "lib")
    module._root.cache_clear()
    try:
        assert shipped("policies/tracks.yaml") == tmp_path / "share/weathervane/policies/tracks.yaml"
    finally:
        module._root.cache_clear()
