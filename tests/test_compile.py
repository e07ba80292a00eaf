"""The whole way from policies to files: pure, complete, and refusing as a whole."""

from __future__ import annotations

import hashlib
import json
import plistlib
import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.compile import check_artifacts, compile_policies
from compiler.diagnostics import PolicyError, Severity
from compiler.targets import Artifact, Target, installed
from tests.samples import AGENTS, POLICIES, changed, write_policies
from tests.written import is_as_its_manifest_says, tree

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


def compiled_files(policies: Path) -> dict[str, Artifact]:
    return dict(compile_policies(policies).files())


def target(name: str = "demo", check: Iterable[str] = (), content: bytes = b"x") -> Target:
    """A target that renders one file a Mac, and reads nothing from it."""
    return replace(
        installed()[0],
        name=name,
        emit=lambda plan: (Artifact(f"{name}.txt", content, ()),),
        emit_account=lambda account: (),
        check=lambda path, content: tuple(check),
        read=lambda files: (),
    )


# ---- the pipeline


def test_sample_compiles_without_a_finding(project: Path) -> None:
    compiled = compile_policies(project / "policies")
    assert [finding for finding in compiled.findings if finding.severity is not Severity.NOTE] == []
    assert set(compiled.machine_places) == {"studio", "air-ana"}
    assert {path for path in dict(compiled.files()) if path.startswith("machines/air-ana/openclaw")}


def test_inputs_are_the_files_as_read(project: Path) -> None:
    expected = {f"policies/{file}": hashlib.sha256(text.encode()).hexdigest() for file, text in POLICIES.items()}
    assert compile_policies(project / "policies").inputs == expected


def test_every_artifact_names_policy_lines(project: Path) -> None:
    texts = compile_policies(project / "policies").texts
    for path, artifact in compiled_files(project / "policies").items():
        assert artifact.sources, path
        for place in artifact.sources:
            assert 1 <= place.line <= texts[place.file].count("\n") + 1, f"{path}: {place}"


def test_a_contingency_holds_only_what_it_changes(project: Path) -> None:
    compiled = compile_policies(project / "policies")
    standing = {machine: b.plan for b in compiled.bundles if not b.folder for machine in b.machines}
    others = [(b.plan, machine) for b in compiled.bundles if b.folder for machine in b.machines]
    assert others
    assert [machine for plan, machine in others if plan == standing[machine]] == []


def test_equal_macs_are_rendered_once(project: Path) -> None:
    fleet = POLICIES["fleet.yaml"]
    laptop = fleet[fleet.index("  air-ana:") :]
    write_policies(project, {"fleet.yaml": fleet + laptop.replace("air-ana", "air-ben").replace("Ana", "Ben")})
    files = compiled_files(project / "policies")
    ours = {path: artifact for path, artifact in files.items() if path.startswith("machines/air-ana/")}
    assert ours
    for path, artifact in ours.items():
        assert files[path.replace("air-ana", "air-ben")] is artifact


def test_nothing_is_written_when_anything_is_wrong(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["compile", "-C", str(project)])
    before = tree(project / "generated")
    write_policies(project, {**changed("fleet.yaml", "owner: Ana", "owner: Bea"), "caps.yaml": "version: 2\n"})
    assert main(["compile", "-C", str(project)]) == 1
    assert tree(project / "generated") == before
    assert "policies/caps.yaml" in capsys.readouterr().err


def test_what_a_target_refuses_is_a_finding(project: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        compile_policies(project / "policies", [target(check=["line 1: it is odd"])])
    finding = caught.value.findings[0]
    assert finding.code == "VN601"
    assert "demo.txt of " in finding.message
    assert finding.message.endswith("line 1: it is odd")


def test_equal_artifacts_are_checked_once(project: Path) -> None:
    compiled = compile_policies(project / "policies", [target()])
    seen: list[str] = []

    def noting(path: str, content: bytes) -> Iterable[str]:
        seen.append(path)
        return ()

    assert list(check_artifacts(compiled.bundles, [replace(target(), check=noting)])) == []
    assert seen == ["demo.txt"]


# ---- purity


def test_the_same_bytes_on_every_machine(project: Path, tmp_path: Path) -> None:
    """Another process, hash seed, folder, time zone, language and order of directory entries."""
    expected = {path: (a.content, a.executable) for path, a in compiled_files(project / "policies").items()}
    elsewhere = tmp_path / "else" / "where"
    for file in reversed(list(POLICIES)):
        write_policies(elsewhere, {other: None for other in POLICIES if other != file})
    environment = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PATH": "", "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "compiler.cli", "compile"]
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run(command, cwd=elsewhere, env=environment | cache, capture_output=True, timeout=60, check=True)
    found = tree(elsewhere / "generated")
    found.pop("manifest.json")
    assert found == expected
    main(["compile", "-C", str(project)])
    assert tree(project / "generated") == tree(elsewhere / "generated")
    assert is_as_its_manifest_says(elsewhere / "generated")


def test_no_network_no_clock_no_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = compiled_files(project / "policies")

    def forbidden(*arguments: object, **options: object) -> Any:
        raise AssertionError("the compiler must not ask for this")

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr("time.time", forbidden)
    monkeypatch.setattr("random.random", forbidden)
    for name in ("OPENROUTER_API_KEY", "HOME", "USER", "VANE"):
        monkeypatch.setenv(name, "/elsewhere")
    assert compiled_files(project / "policies") == expected


def test_layout_and_comments_of_policies_do_not_matter(project: Path) -> None:
    expected = {path: a.content for path, a in compiled_files(project / "policies").items()}
    write_policies(project, {"scenarios/agents.yaml": f"# why\n\n{AGENTS}\n# the end\n"})
    assert {path: a.content for path, a in compiled_files(project / "policies").items()} == expected


HOSTILE = "a \"b\" & 'c' <d> ]]> {{ e }} {% f %} \\n $(g) `h` 🦊 ${i} --> %j%"


def test_text_of_policies_comes_out_intact(project: Path) -> None:
    quoted = json.dumps(HOSTILE, ensure_ascii=False)
    write_policies(
        project,
        changed("scenarios/agents.yaml", "title: Agents on our repositories", f"title: {quoted}")
        | changed("sensitive-data.yaml", "reason: Contracts forbid providers that keep data.", f"reason: {quoted}")
        | changed("fleet.yaml", "owner: Ana", f"owner: {quoted}"),
    )
    files = compiled_files(project / "policies")
    texts: list[str] = []
    for path, artifact in files.items():
        if path.endswith(".json"):
            texts += _strings(json.loads(artifact.content))
        elif path.endswith(".plist"):
            texts += _strings(plistlib.loads(artifact.content))
    assert any(HOSTILE in text for text in texts)


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    below = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for entry in below for text in _strings(entry)]
