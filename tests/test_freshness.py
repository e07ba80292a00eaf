"""When a check needs no compile: only where nothing changed, and only by a record that no pull request can bring."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.commands import freshness
from compiler.compile import Compiled, compile_policies
from tests.samples import AGENTS, write_policies

PROJECT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weathervane"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the sample's policies, apart from the cache."""
    write_policies(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture(autouse=True)
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands for the compiler's sources, so that whoever edits the real ones meanwhile changes no test."""
    folder = tmp_path / "compiler"
    folder.mkdir()
    (folder / "rules.py").write_text("one")
    monkeypatch.setattr(freshness, "_COMPILER", folder)
    return folder


@pytest.fixture
def fresh(project: Path) -> Path:
    """A project that was compiled and checked, so that its record stands."""
    assert main(["compile", "-C", str(project)]) == 0
    assert main(["compile", "-C", str(project), "--check"]) == 0
    before = freshness.inputs(project)
    assert before
    assert freshness.recall(project, before) is not None
    return project


def compiles(project: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a check of the project compiles it."""
    asked: list[Path] = []

    def noting(policies: Path) -> Compiled:
        asked.append(policies)
        return compile_policies(policies)

    with monkeypatch.context() as patched:
        patched.setattr("compiler.compile.compile_policies", noting)
        main(["compile", "-C", str(project), "--check"])
    return bool(asked)


def test_nothing_changed(fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert not compiles(fresh, monkeypatch)
    assert capsys.readouterr().out == "generated/ is up to date\n"


def edit(path: str, suffix: str = "\n") -> Callable[[Path], None]:
    def editing(project: Path) -> None:
        file = project / path
        file.write_text(file.read_text("utf-8") + suffix, "utf-8")

    return editing


def rewrite_unseen(project: Path) -> None:
    """Other content of the same size, with the old modification time put back."""
    file = project / "generated/machines/studio/openclaw.json"
    before = file.stat()
    content = file.read_bytes()
    with file.open("r+b") as stream:
        stream.write(content[:-2].replace(b"deepseek", b"deepsink") + content[-2:])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap_links(project: Path) -> None:
    file = project / "generated/machines/studio/openclaw.json"
    file.rename(project / "real.json")
    file.symlink_to(project / "real.json")


@pytest.mark.parametrize(
    "change",
    [
        edit("policies/tracks.yaml"),
        edit("policies/models.lock.json"),
        edit("policies/scenarios/agents.yaml", "# a comment\n"),
        lambda project: (project / "policies/scenarios/new.yaml").write_text(AGENTS, "utf-8"),
        lambda project: (project / "policies/tests.yaml").unlink(),
        lambda project: (project / "policies/tests.yaml").chmod(0o600),
        edit("generated/machines/studio/openclaw.json"),
        rewrite_unseen,
        swap_links,
        lambda project: (project / "generated/machines/air-ana/cursor/vane-cursor-guard").chmod(0o644),
        lambda project: (project / "generated/machines/studio/openclaw.json").unlink(),
        lambda project: (project / "generated/machines/studio/notes.txt").write_text("mine"),
        edit("generated/manifest.json"),
        lambda project: shutil.rmtree(project / "generated"),
    ],
)
def test_any_change_is_compiled(fresh: Path, change: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch) -> None:
    change(fresh)
    assert compiles(fresh, monkeypatch)


def test_other_sources_of_the_compiler_are_compiled(
    fresh: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sources / "__pycache__").mkdir()
    (sources / "__pycache__/rules.pyc").write_text("bytecode")
    assert not compiles(fresh, monkeypatch)
    (sources / "rules.py").write_text("two")
    assert compiles(fresh, monkeypatch)
    assert not compiles(fresh, monkeypatch)
    (sources / "more.py").write_text("")
    assert compiles(fresh, monkeypatch)


def test_the_compiler_itself_counts_as_its_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert (freshness._COMPILER / "compile.py").samefile(compile_policies.__code__.co_filename)


def test_other_packages_are_compiled(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "site-packages"
    (packages / "pydantic-99.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(packages))
    assert compiles(fresh, monkeypatch)
    assert not compiles(fresh, monkeypatch)


ENTRY = "[console_scripts]\nzed = zed:main\n\n[weathervane.targets]\nzed = zed_target:TARGET\n"
TARGET = """\
from compiler.targets import Artifact, Target
TARGET = Target("zed", lambda plan: [Artifact("zed.txt", b"one", ())], lambda *_: (), lambda _: ())
"""


@pytest.mark.parametrize("metadata", ["zed-1.0.dist-info", "zed.egg-info"])
def test_where_somebody_elses_target_is_there_is_no_short_cut(
    project: Path, own_cache: Path, tmp_path: Path, metadata: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its code may change without a new version, and it need not lie where pip installs."""
    folder = tmp_path / "anywhere"
    (folder / metadata).mkdir(parents=True)
    (folder / metadata / "entry_points.txt").write_text(ENTRY)
    (folder / "zed_target.py").write_text(TARGET)
    monkeypatch.syspath_prepend(str(folder))
    assert main(["compile", "-C", str(project)]) == 0
    assert main(["compile", "-C", str(project), "--check"]) == 0
    monkeypatch.delitem(sys.modules, "zed_target")
    (folder / "zed_target.py").write_text(TARGET.replace("one", "another"))
    assert main(["compile", "-C", str(project), "--check"]) == 1
    assert not own_cache.exists()
    monkeypatch.delitem(sys.modules, "zed_target")


@pytest.mark.parametrize("format", ["text", "json", "github", "sarif"])
@pytest.mark.parametrize("warned", [False, True])
def test_the_short_cut_says_what_the_compile_says(
    project: Path, format: str, warned: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if warned:
        file = project / "policies/sensitive-data.yaml"
        file.write_text(file.read_text("utf-8").replace("deny: [cloud]", "deny: [cloud, opnai/*]"), "utf-8")
    main(["compile", "-C", str(project)])
    if warned:
        (project / "generated/machines/notes.txt").write_text("mine")
    check = ["compile", "-C", str(project), "--check", "--format", format]
    capsys.readouterr()
    assert main(check) == 0
    first = capsys.readouterr()
    assert ("VN307" in first.out + first.err) is warned
    assert ("VN910" in first.out + first.err) is warned
    monkeypatch.delattr("compiler.compile.compile_policies")
    assert main(check) == 0
    assert capsys.readouterr() == first


@pytest.mark.parametrize("record", [None, b"", b"x" * 128, b"\xff\xfe"])
def test_without_a_good_record_it_is_compiled(
    fresh: Path, own_cache: Path, record: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = own_cache.iterdir()
    file.unlink() if record is None else file.write_bytes(record)
    assert compiles(fresh, monkeypatch)
    assert not compiles(fresh, monkeypatch)


def test_a_record_cannot_be_brought_along(
    fresh: Path, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies outside the project, for one project alone: not even a true one in the project or a copy counts."""
    (record,) = own_cache.iterdir()
    assert stat.S_IMODE(own_cache.stat().st_mode) == 0o700
    assert not record.is_relative_to(fresh)
    content = record.read_bytes()
    record.unlink()
    for place in (".cache/weathervane", "policies/.cache/weathervane", "generated", "."):
        (fresh / place).mkdir(parents=True, exist_ok=True)
        (fresh / place / record.name).write_bytes(content)
    monkeypatch.chdir(fresh)
    assert compiles(Path(), monkeypatch)
    copy = tmp_path / "copy"
    shutil.copytree(fresh, copy)
    assert compiles(copy, monkeypatch)


def test_a_failed_check_leaves_no_record(project: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["compile", "-C", str(project), "--check"]) == 1
    assert main(["compile", "-C", str(project), "--dry-run"]) == 0
    assert not own_cache.exists()
    write_policies(project, {"caps.yaml": "version: 2\n"})
    assert main(["compile", "-C", str(project)]) == 1
    assert not own_cache.exists()


def test_policies_that_change_during_the_compile_are_not_remembered(
    project: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(policies: Path) -> Compiled:
        compiled = compile_policies(policies)
        edit("policies/tracks.yaml")(project)
        return compiled

    assert main(["compile", "-C", str(project)]) == 0
    monkeypatch.setattr("compiler.compile.compile_policies", changing)
    assert main(["compile", "-C", str(project), "--check"]) == 0
    assert not own_cache.exists()


def test_a_compile_leaves_the_record_to_the_next_check(project: Path, own_cache: Path) -> None:
    assert main(["compile", "-C", str(project)]) == 0
    assert not own_cache.exists()


def test_a_cache_that_cannot_be_written_is_none(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    assert main(["compile", "-C", str(project)]) == 0
    assert main(["compile", "-C", str(project), "--check"]) == 0


def test_a_fresh_check_pays_for_nothing(fresh: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from compiler.cli import main; code = main(sys.argv[1:]);"
        "heavy = {'pydantic', 'jinja2', 'yaml', 'jsonschema', 'httpx', 'simplejson'} & set(sys.modules);"
        "sys.exit(f'{code} {sorted(heavy)}')"
    )
    environment = {"PYTHONPATH": str(PROJECT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code, "compile", "-C", str(fresh), "--check"]
    for _ in range(2):  # the first run makes the record
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "generated/ is up to date\n"
    assert ended.stderr == "0 []\n"
