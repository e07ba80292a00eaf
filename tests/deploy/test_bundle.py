"""`vane bundle` at a desk: the same bytes for the same release, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from compiler.cli import main
from deploy.account.refusal import Refusal
from deploy.bundle.agent_file import agent_bytes
from deploy.release.archive import unpack
from deploy.release.codes import CODES
from deploy.release.signature import sign, verify
from tests.deploy.desk import Desk, allow, git, make_key

FILES = {"openclaw.json": b"{}\n", "launchd/a.plist": b"<plist/>\n", "cursor/vane-cursor-guard": b"#!x\n"}


def read(desk: Desk, machine: str = "air-ana") -> bytes:
    return (desk.out / f"{desk.newest(machine)}.tar").read_bytes()


def test_same_release_same_bytes(desk: Desk, tmp_path: Path) -> None:
    desk.publish(FILES)
    first = {file.name: file.read_bytes() for file in desk.out.iterdir()}
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(desk.project), str(clone))
    again = tmp_path / "again"
    assert main(["bundle", "-C", str(clone), "--out", str(again), "--key", str(desk.key)]) == 0
    assert {file.name: file.read_bytes() for file in again.iterdir()} == first


def test_a_bundle_holds_its_files_and_its_place_in_history(desk: Desk) -> None:
    first = desk.commit(FILES)
    git(desk.project, "commit", "--quiet", "--allow-empty", "--message", "no release: it changes no Mac")
    second = desk.commit({**FILES, "openclaw.json": b'{"a": 1}\n'})
    assert desk.bundle() == 0
    release = unpack(read(desk))
    assert release.digest == desk.newest()
    assert (release.manifest.origin.number, release.manifest.origin.commit) == (2, second)
    assert release.manifest.lineage == (first,)
    assert release.contents == {**FILES, "openclaw.json": b'{"a": 1}\n'}
    entries = {entry.path: (entry.kind, entry.mode) for entry in release.manifest.entries}
    assert entries == {
        "openclaw.json": ("openclaw", 0o644),
        "launchd/a.plist": ("launchd", 0o644),
        "cursor/vane-cursor-guard": ("cursor", 0o755),
    }


def test_a_commit_that_changes_no_mac_gives_the_same_release(desk: Desk) -> None:
    digest = desk.publish(FILES)
    (desk.project / "README.md").write_text("more\n")
    git(desk.project, "add", "README.md")
    git(desk.project, "commit", "--quiet", "--message", "docs")
    assert desk.bundle() == 0
    assert desk.newest() == digest


def test_every_bundle_is_signed(desk: Desk, tmp_path: Path) -> None:
    desk.publish(FILES)
    allow(tmp_path / "allowed", desk.key)
    for file in (desk.out / f"{desk.newest()}.tar", desk.out / "vane-agent.pyz"):
        verify(file.read_bytes(), file.with_name(f"{file.name}.sig").read_bytes(), tmp_path / "allowed")


def test_signatures_of_others_or_for_other_things_do_not_hold(desk: Desk, tmp_path: Path) -> None:
    allow(tmp_path / "allowed", desk.key)
    with pytest.raises(Refusal, match="VD203"):
        verify(b"x", sign(b"x", make_key(tmp_path, "foreign")), tmp_path / "allowed")
    with pytest.raises(Refusal, match="VD203"):
        verify(b"y", sign(b"x", desk.key), tmp_path / "allowed")
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(desk.key), "-n", "file"]
    other = subprocess.run(command, input=b"x", capture_output=True, check=True).stdout
    with pytest.raises(Refusal, match="VD203"):
        verify(b"x", other, tmp_path / "allowed")


def refused(desk: Desk, capsys: pytest.CaptureFixture[str], rolls_back: str | None = None) -> str:
    """The code with which nothing was written."""
    assert desk.bundle(rolls_back) == 1
    assert not desk.out.exists()
    words = capsys.readouterr().err
    code = words.split(" VD")[1][:3]
    assert f"VD{code}" in CODES
    assert "\n  fix: " in words
    return f"VD{code}"


def test_refuses_what_was_not_committed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.commit(FILES)
    (desk.project / "generated/machines/air-ana/extra.json").write_text("{}")
    assert refused(desk, capsys) == "VD101"


def test_refuses_what_no_compile_wrote(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.commit(FILES)
    file = desk.project / "generated/machines/air-ana/openclaw.json"
    file.write_text("{}  \n")
    git(desk.project, "commit", "--all", "--quiet", "--message", "edited by hand")
    assert refused(desk, capsys) == "VD101"


def test_refuses_links(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.commit(FILES)
    file = desk.project / "generated/machines/air-ana/openclaw.json"
    file.unlink()
    file.symlink_to("/etc/hostname")
    git(desk.project, "commit", "--all", "--quiet", "--message", "a link")
    assert refused(desk, capsys) == "VD103"


def test_refuses_secrets_and_does_not_repeat_them(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "sk-or-v1-0123456789abcdef0123456789abcdef"
    desk.commit({"openclaw.json": f'{{\n"apiKey": "{secret}"}}\n'.encode()})
    assert desk.bundle() == 1
    words = capsys.readouterr().err
    assert "air-ana/openclaw.json:2 VD104" in words
    assert secret not in words


def test_refuses_a_shallow_clone(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk.commit(FILES)
    desk.commit({**FILES, "openclaw.json": b'{"a": 1}\n'})
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{desk.project}", str(tmp_path / "shallow"))
    assert refused(Desk(tmp_path / "shallow", desk.out, desk.key), capsys) == "VD102"


def test_refuses_to_roll_back_what_is_not_later(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    commit = desk.commit(FILES)
    assert refused(desk, capsys, rolls_back=commit) == "VD102"
    assert refused(desk, capsys, rolls_back="--output=/tmp/x") == "VD102"


def test_refuses_a_key_that_cannot_sign(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk.commit(FILES)
    assert refused(Desk(desk.project, desk.out, tmp_path / "no-key"), capsys) == "VD105"


def test_refuses_what_is_no_project(tmp_path: Path, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert refused(Desk(tmp_path / "empty", desk.out, desk.key), capsys) == "VD102"


def test_the_agent_is_one_file_of_the_standard_library(tmp_path: Path) -> None:
    """It runs where no package is installed, and holds no more than it needs."""
    file = tmp_path / "vane-agent.pyz"
    file.write_bytes(agent_bytes())
    assert file.read_bytes() == agent_bytes()
    done = subprocess.run([sys.executable, "-ISB", file, "--help"], capture_output=True, text=True, check=True)
    assert "one pass: fetch, verify, apply" in done.stdout
    names = zipfile.ZipFile(file).namelist()
    assert "deploy/agent/command.py" in names
    assert not [name for name in names if "bundle" in name or name.endswith("account/api.py")]


def test_the_shipped_project_bundles(desk: Desk) -> None:
    """What the compiler really writes fits: names, kinds, sizes, and nothing that looks like a secret."""
    shipped = Path(__file__).parents[2] / "generated"
    for machine in ("air-ana", "studio"):
        artifacts = json.loads((shipped / "manifest.json").read_bytes())["artifacts"]
        prefix = f"machines/{machine}/"
        paths = [path.removeprefix(prefix) for path in artifacts if path.startswith(prefix)]
        desk.publish({path: (shipped / prefix / path).read_bytes() for path in paths}, machine)
        assert set(unpack(read(desk, machine)).contents) == set(paths)
