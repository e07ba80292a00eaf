"""`vane compile` as people and CI meet it: what it writes, what it shows, and what it must not show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from tests.samples import changed, write_policies

PROJECT = Path(__file__).parents[1]
SECRET = "sk-or-v1-0123456789abcdef0123456789abcdef"
UNKNOWN_MODEL = changed("tracks.yaml", "[tencent/hy3-preview]", "[tencent/hy3-previw]")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    for name in ("NO_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def vane(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The tool in a process of its own."""
    command = [sys.executable, "-m", "compiler.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


def test_compile_and_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    assert main(["compile", "-C", str(tmp_path), "--check"]) == 1
    assert "new: generated/machines/studio/" in capsys.readouterr().out
    assert not (tmp_path / "generated").exists()
    assert main(["compile", "-C", str(tmp_path)]) == 0
    assert re.fullmatch(r"compiled 2 machines: \d+ new, 0 unchanged\n", capsys.readouterr().out)
    assert main(["compile", "-C", str(tmp_path), "--check"]) == 0
    assert capsys.readouterr().out == "generated/ is up to date\n"


def test_check_shows_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    main(["compile", "-C", str(tmp_path)])
    air = tmp_path / "generated/machines/air-ana"
    edited, linked, program, gone = (
        air / "openclaw.json", air / "cursor/settings.json", air / "cursor/vane-cursor-guard", air / "cursor/card.md",
    )  # fmt: skip
    edited.write_text(edited.read_text("utf-8").replace("{", f"{{\x1b[2J\r{SECRET}", 1), "utf-8")
    (tmp_path / "private").write_text("private words")
    linked.unlink()
    linked.symlink_to(tmp_path / "private")
    program.chmod(0o644)
    gone.unlink()
    capsys.readouterr()
    before = edited.read_bytes()
    assert main(["compile", "-C", str(tmp_path), "--check"]) == 1
    out = capsys.readouterr().out
    assert "--- generated/machines/air-ana/openclaw.json (on disk)\n" in out
    assert "\n-{\\x1b[2J\\r" in out
    assert "\x1b" not in out
    assert SECRET not in out
    assert "changed: generated/machines/air-ana/cursor/settings.json is not a regular file\n" in out
    assert "private words" not in out
    assert "changed: generated/machines/air-ana/cursor/vane-cursor-guard must be executable\n" in out
    assert "new: generated/machines/air-ana/cursor/card.md\n" in out
    assert out.endswith("Run `vane compile` and commit.\n")
    assert edited.read_bytes() == before
    assert main(["compile", "-C", str(tmp_path)]) == 0
    assert main(["compile", "-C", str(tmp_path), "--check"]) == 0


def test_check_lists_instead_of_flooding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    main(["compile", "-C", str(tmp_path)])
    artifacts = sorted(file for file in (tmp_path / "generated").rglob("*") if file.is_file())
    assert len(artifacts) > 21
    for file in artifacts:
        if file.name != "manifest.json":
            file.write_bytes(b"edited, and without a line end")
    capsys.readouterr()
    assert main(["compile", "-C", str(tmp_path), "--check"]) == 1
    out = capsys.readouterr().out
    assert out.count("(on disk)") == 20
    listed = out.count("\nchanged: generated/")
    assert f"\nchanged: … and {len(artifacts) - 21 - listed} more\n" in out or listed == len(artifacts) - 21
    assert "\n+(no newline" not in out
    assert "\n-(no newline at the end)\n" in out


def test_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    assert main(["compile", "-C", str(tmp_path), "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "new      generated/machines/studio/openclaw.json\n" in out
    assert out.splitlines()[-1].startswith("would write: ")
    assert not (tmp_path / "generated").exists()


def test_foreign_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    foreign = tmp_path / "generated/machines/air-ana" / os.fsdecode(b"notes\n\x1b[2J\xff")
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"mine")
    assert main(["compile", "-C", str(tmp_path)]) == 0
    err = capsys.readouterr().err
    assert "generated/machines/air-ana/notes\\n\\x1b[2J\\udcff:1:1 VN910 warning: " in err
    assert "\x1b" not in err
    for form in ("json", "sarif", "github"):
        assert main(["compile", "-C", str(tmp_path), "--format", form]) == 0
        assert "VN910" in capsys.readouterr().out
    assert foreign.read_bytes() == b"mine"


# ---- findings


def test_findings_on_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path, UNKNOWN_MODEL)
    assert main(["compile", "-C", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(
        "policies/tracks.yaml:4:15 VN203 unknown model 'tencent/hy3-previw'\n"
        "  4 |   fallbacks: [tencent/hy3-previw]\n"
        "    |               ^^^^^^^^^^^^^^^^^^\n"
        "  fix: did you mean 'tencent/hy3-preview'?\n"
    )
    assert not (tmp_path / "generated").exists()


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
@pytest.mark.parametrize("changes", [{}, UNKNOWN_MODEL], ids=["good", "bad"])
def test_findings_for_programs(
    tmp_path: Path, form: str, changes: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_policies(tmp_path, changes)
    assert main(["compile", "-C", str(tmp_path), "--format", form]) == (1 if changes else 0)
    out = capsys.readouterr().out
    if form == "json":
        assert [entry["code"] for entry in json.loads(out)] == (["VN203"] if changes else [])
    elif form == "sarif":
        assert len(json.loads(out)["runs"][0]["results"]) == (1 if changes else 0)
    else:
        assert out.startswith("::error file=policies/tracks.yaml,line=4,") if changes else out == ""


def test_no_policies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "-C", str(tmp_path)]) == 1
    assert "VN101" in capsys.readouterr().err


def test_no_file_outside_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policies = write_policies(tmp_path, {"caps.yaml": None})
    (tmp_path / "private").write_text("private words\n")
    (policies / "caps.yaml").symlink_to(tmp_path / "private")
    for form in ("text", "json", "github", "sarif"):
        assert main(["compile", "-C", str(tmp_path), "--format", form]) == 1
        printed = "".join(capsys.readouterr())
        assert "VN109" in printed
        assert "private words" not in printed


def test_a_pipe_among_the_policies_does_not_hold_us_up(tmp_path: Path) -> None:
    policies = write_policies(tmp_path)
    os.mkfifo(policies / "scenarios/pipe.yaml")
    ended = vane("compile", "-C", str(tmp_path))
    assert ended.returncode == 1
    assert "VN101" in ended.stderr


def test_an_unwritable_place_is_no_internal_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    (tmp_path / "generated").write_text("a file in the place of the folder")
    assert main(["compile", "-C", str(tmp_path)]) == 1
    assert "VN912" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["compile"], ["compile", "--check"], ["test"], ["lock", "--from", "x-2026-05-22.json"]]
)
def test_a_loop_of_links_is_a_finding(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (write_policies(tmp_path) / "scenarios/loop.yaml").symlink_to("loop.yaml")
    assert main([*command, "-C", str(tmp_path)]) == 1
    assert "policies/scenarios/loop.yaml:1:1 VN101" in capsys.readouterr().err


def test_a_closed_output_is_no_internal_error(tmp_path: Path) -> None:
    write_policies(tmp_path)
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m compiler.cli compile -C "$1" >&-', "sh", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
