"""`vane verify` as a command: what it holds, whose a file is, where findings point, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from compiler import VERSION
from compiler.cli import main
from compiler.on_disk import CODES, owner_of
from compiler.write import write
from tests.shipped import PROJECT, artifact, compile_once, copied, edit, shipped
from tests.targets.openclaw_files import merged
from tests.verified import BLOCKED, findings, openclaw, put


@pytest.fixture(autouse=True)
def compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.commands.asking.compile_policies", compile_once)


def on_disk(tmp_path: Path) -> Path:
    """The shipped project, compiled."""
    write(copied(tmp_path) / "generated", shipped(), VERSION)
    return tmp_path


def test_all_of_generated_is_held(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = on_disk(tmp_path)
    assert main(["verify", "-C", str(project)]) == 0
    assert re.fullmatch(r"verified \d+ files: nothing gets past the blocks\n", capsys.readouterr().out)
    for file in (
        "machines/air-fang/openclaw.json",
        "contingencies/dollar-monthly-passed/machines/studio/openclaw.json",
    ):
        put(project / "generated", file, merged(json.loads((project / "generated" / file).read_bytes()),
                                                {"hooks": {"gmail": {"model": BLOCKED}}}))  # fmt: skip
    found = findings(capsys, project=project)
    assert {finding["file"] for finding in found} == {
        "generated/machines/air-fang/openclaw.json",
        "generated/contingencies/dollar-monthly-passed/machines/studio/openclaw.json",
    }
    assert any("on studio (dollar-monthly-passed): hooks.gmail.model" in finding["message"] for finding in found)
    assert findings(capsys, "--machine", "air-ben", project=project) == []


def test_a_guardrail_that_admits_more_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = on_disk(tmp_path)
    file = project / "generated/openrouter/guardrails.json"
    data = json.loads(file.read_text("utf-8"))
    token, dollar, _ = data["guardrails"]
    token["allowed_models"]["openrouter/owl-alpha"] = "openrouter/owl-alpha"
    dollar["enforce_zdr_anthropic"] = False
    file.write_text(json.dumps(data), "utf-8")
    found = findings(capsys, str(file), project=project)
    assert {each["code"]: each["message"].partition(" reaches ")[2] for each in found} == {
        "VN903": "'openrouter/owl-alpha': no route on this key holds it",
        "VN902": "'anthropic/claude-opus-4.7': calls with blocked labels use it, and zero retention is not enforced",
    }
    assert {each["message"] for each in findings(capsys, project=project)} == {each["message"] for each in found}


@pytest.mark.parametrize("gone", ["cursor/vane-cursor-guard", "cursor/hooks.json"])
def test_a_file_that_is_gone_from_disk_is_reported(
    gone: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = on_disk(tmp_path)
    (project / "generated/machines/air-ben" / gone).unlink()
    found = findings(capsys, project=project)
    assert {finding["code"] for finding in found} == {"VN901"}
    assert all("on air-ben" in finding["message"] for finding in found)


def test_a_machine_that_no_policy_describes_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generated = on_disk(tmp_path) / "generated"
    shutil.copytree(generated / "machines/studio", generated / "machines/ghost")
    shutil.copytree(generated / "machines/studio", generated / "contingencies/flood/machines/studio")
    found = findings(capsys, project=tmp_path)
    said = {finding["message"].rpartition(": ")[2] for finding in found}
    assert said == {"no policy describes ghost", "no policy describes studio (flood)"}
    assert {finding["code"] for finding in found} == {"VN903"}


def test_the_place_is_the_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = on_disk(tmp_path)
    file = project / "generated/machines/studio/openclaw.json"
    text = artifact("studio", "openclaw.json").decode()
    old = '"primary": "openrouter/tencent/hy3-preview"'
    file.write_text(text.replace(old, f'"primary": "openrouter/{BLOCKED}"', 1), "utf-8")
    line = text[: text.index(old)].count("\n") + 1
    found = findings(capsys, file, project=project)
    assert {(finding["line"], finding["column"], finding["width"]) for finding in found} == {(line, 22, 33)}
    assert {finding["code"] for finding in found} == {"VN901", "VN903"}
    assert main(["verify", "-C", str(project)]) == 1
    assert f'  {line} |           "primary": "openrouter/{BLOCKED}",\n' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("openclaw.json", b"{"),
        ("openclaw.json", b"[]"),
        ("openclaw.json", b"\xff"),
        ("openclaw.json", b"[" * 100_000),
        ("cursor/settings.json", b'{"aliases": [1]}'),
        ("cursor/settings.json", b'{"aliases": [], "aliases": []}'),
        ("cursor/settings.json", b'{"modelConfig": {"composer": "x"}}'),
        ("cursor/hooks.json", b'{"hooks": []}'),
        ("cursor/guard.json", b'{"cursor": null}'),
        ("cursor/guard.json", b"\xff"),
        ("guard/guard.json", b"[]"),
    ],
)
def test_what_cannot_be_read_is_reported(
    path: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, path, content)
    found = findings(capsys, file, "--machine", "air-ana")
    assert "VN904" in {finding["code"] for finding in found}


def test_an_empty_folder_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [finding["code"] for finding in findings(capsys, project=copied(tmp_path))] == ["VN904"]
    (tmp_path / "generated/machines").mkdir(parents=True)
    (tmp_path / "generated/machines/studio").symlink_to(tmp_path)
    (found,) = findings(capsys, project=tmp_path)
    assert (found["code"], found["file"]) == ("VN904", "generated/machines/studio")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["openclaw.json"], "whose file is it?"),
        (["openclaw.json", "--machine", "studioo"], "did you mean 'studio'?"),
        (["other.json", "--machine", "studio"], "studio has no file of that name; it has "),
    ],
)
def test_questions_that_cannot_be_answered(
    arguments: list[str], hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("openclaw.json", "other.json"):
        put(tmp_path, name, openclaw())
    assert main(["verify", "-C", str(PROJECT), *arguments]) == 2
    assert hint in capsys.readouterr().err


def test_a_file_that_does_not_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "-C", str(PROJECT), str(tmp_path / "openclaw.json"), "--machine", "studio"]) == 1
    assert "No such file" in capsys.readouterr().err


def test_policies_that_do_not_compile_are_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(on_disk(tmp_path) / "policies/scenarios/batch.yaml", ("track: token", "track: tokken"))
    assert {finding["code"] for finding in findings(capsys, project=tmp_path)} == {"VN122"}


@pytest.mark.parametrize(
    ("path", "machine", "folder", "inside"),
    [
        ("generated/machines/studio/openclaw.json", "studio", "", "openclaw.json"),
        ("/x/contingencies/c-passed/machines/m/cursor/a", "m", "contingencies/c-passed/", "cursor/a"),
        ("openrouter/keys.json", "", "", "openrouter/keys.json"),
        ("contingencies/c-passed/openrouter/keys.json", "", "contingencies/c-passed/", "openrouter/keys.json"),
    ],
)
def test_a_path_says_whose_a_file_is(path: str, machine: str, folder: str, inside: str) -> None:
    found = owner_of(path)
    assert found is not None
    assert (found[0].machine, found[0].folder, found[1]) == (machine, folder, inside)
    assert owner_of("weeks/2026-W21/report.html") is None
    assert owner_of("manifest.json") is None


def test_the_codes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    listed = capsys.readouterr().out
    assert all(f"{code.code}  " in listed for code in CODES)
