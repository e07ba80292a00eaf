"""`vane bench serve-mlx`: the compiled property list, run by hand on the real mlx_lm.server."""

from __future__ import annotations

import json
import os
import plistlib
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from compiler.cli import main
from compiler.compile import compile_policies
from harness.bench.mlx_job import MACHINES
from tests.mlx.conftest import QUESTION, REPOSITORY, SECONDS
from tests.shipped import copied, edit, targets

LIST = "launchd/ai.weathervane.mlx.plist"
#: Those of the shipped fleet that the tests ask about.
LAPTOP, DAEMON = "air-ana", "studio"
SERVE = ("bench", "serve-mlx")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose Macs have their programs in this environment, with the property lists of two of them."""
    project = copied(tmp_path_factory.mktemp("fleet"))
    prefix = project / "prefix"
    prefix.mkdir()
    (prefix / "venv").symlink_to(sys.prefix)
    edit(project / "policies" / "fleet.yaml", ("prefix: /opt/weathervane", f"prefix: {prefix}"))
    for name, artifact in compile_policies(project / "policies", targets()).files():
        if name in {f"machines/{machine}/{LIST}" for machine in (LAPTOP, DAEMON)}:
            file = project / "generated" / name
            file.parent.mkdir(parents=True)
            file.write_bytes(artifact.content)
    return project


@pytest.fixture
def project(compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what was compiled, with a free port in the lists, and a home folder of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "project"
    shutil.copytree(compiled / "generated", folder / "generated")
    for machine in (LAPTOP, DAEMON):
        data = of(folder, machine)
        arguments = data["ProgramArguments"]
        arguments[arguments.index("--port") + 1] = str(port)
        rewrite(folder, machine, data)
    return folder


def rewrite(project: Path, machine: str, data: dict[str, Any]) -> None:
    (project / MACHINES / machine / LIST).write_bytes(plistlib.dumps(data))


def of(project: Path, machine: str) -> dict[str, Any]:
    found: dict[str, Any] = plistlib.loads((project / MACHINES / machine / LIST).read_bytes())
    return found


def serve(project: Path, *more: str) -> int:
    return main([*SERVE, "-C", str(project), *more])


def test_it_serves_as_the_list_says_until_it_is_ended(project: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "huggingface").symlink_to(home)
    command = [sys.executable, "-m", "compiler.cli", *SERVE, "-C", str(project), "--machine", LAPTOP, "--json"]
    with subprocess.Popen(
        command, env={**os.environ, "A_VARIABLE_OF_THE_SHELL": "1"}, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            told = json.loads(process.stdout.readline())
            answer = httpx.post(
                f"{told['url']}/chat/completions", json={"messages": QUESTION, "max_tokens": 2},
                timeout=SECONDS, trust_env=False,
            )  # fmt: skip
            assert answer.json()["usage"]["completion_tokens"] == 2
            if sys.platform == "linux":
                check_surroundings(Path("/proc") / str(told["pid"]), of(project, LAPTOP), tmp_path)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(SECONDS)
    assert (code, told["model"]) == (0, REPOSITORY)
    assert "Starting httpd" in Path(told["log"]).read_text("utf-8")
    with pytest.raises(httpx.ConnectError):
        httpx.get(told["url"], trust_env=False)


def check_surroundings(process: Path, data: dict[str, Any], home: Path) -> None:
    """What a running server has: the list's environment, command, umask and launchd's working folder."""
    pairs = (each.partition("=") for each in (process / "environ").read_text().split("\0") if each)
    environment = {name: value for name, _, value in pairs}
    assert environment.items() >= data["EnvironmentVariables"].items()
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["HOME"] == str(home)
    assert "A_VARIABLE_OF_THE_SHELL" not in environment
    words = (process / "cmdline").read_text().split("\0")[:-1]
    assert words == data["ProgramArguments"][4:]  # the launcher has replaced itself
    assert (process / "cwd").readlink() == Path("/")
    assert f"Umask:\t{data['Umask']:04o}" in (process / "status").read_text()


def test_a_dry_run_says_what_the_list_says(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(project, "--machine", LAPTOP, "--dry-run", "--json") == 0
    told, data = json.loads(capsys.readouterr().out), of(project, LAPTOP)
    assert told["command"] == data["ProgramArguments"]
    assert told["environment"].items() >= data["EnvironmentVariables"].items()
    assert (told["umask"], told["user"], told["model"]) == (data["Umask"], None, REPOSITORY)
    assert serve(project, "--machine", DAEMON, "--dry-run") == 0
    text = capsys.readouterr().out
    assert "  HOME=/Users/vane\n" in text and "  USER=vane\n" in text
    assert "umask 077; cd /; as vane" in text
    assert "-m mlx_lm server --model mlx-community/Qwen3-30B-A3B-4bit" in text


def test_missing_weights_are_said_with_the_command_that_gets_them(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(project, "--machine", LAPTOP) == 1
    said = capsys.readouterr().err
    hf = Path(of(project, LAPTOP)["ProgramArguments"][4]).with_name("hf")
    assert "VB318" in said
    assert f"HOME={tmp_path} {hf} download {REPOSITORY}" in said
    assert hf.exists()


def test_a_port_in_use_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = of(project, LAPTOP)["ProgramArguments"]
    port = int(arguments[arguments.index("--port") + 1])
    with socket.create_server(("127.0.0.1", port)):
        assert serve(project, "--machine", LAPTOP) == 1
    said = capsys.readouterr().err
    assert f"VB320 something listens on 127.0.0.1:{port} already" in said
    assert f"--mlx-url http://127.0.0.1:{port}/v1" in said


def test_a_daemons_list_is_for_its_user_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(project, "--machine", DAEMON) == 1
    said = capsys.readouterr().err
    assert "VB321 the server of studio runs as vane" in said
    assert "sudo -u vane vane bench serve-mlx --machine studio" in said


def test_no_other_program_is_started_than_that_of_the_list(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = of(project, LAPTOP)
    data["ProgramArguments"][4] = "/nowhere/bin/python3"
    rewrite(project, LAPTOP, data)
    assert serve(project, "--machine", LAPTOP) == 1
    assert "VB319 /nowhere/bin/python3 is not there" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", [b"no list", b"<plist/>", plistlib.dumps({"Label": "a", "ProgramArguments": ["b"]})]
)
def test_a_list_that_cannot_be_read_is_a_finding(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / MACHINES / "mac" / LIST
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert serve(tmp_path) == 1
    assert "VN904" in capsys.readouterr().err


def test_which_machine_must_be_clear(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / MACHINES / "desk").mkdir(parents=True)
    assert serve(tmp_path) == 2
    assert "no machine in generated/ has an MLX server" in capsys.readouterr().err
    assert serve(project) == 2
    assert "say with --machine which of these: air-ana, studio" in capsys.readouterr().err
    assert serve(project, "--machine", "air-anna") == 2
    assert "did you mean 'air-ana'?" in capsys.readouterr().err
    (project / MACHINES / "desk").mkdir()
    assert serve(project, "--machine", "desk") == 2
    assert "desk has no MLX server; these have: air-ana, studio" in capsys.readouterr().err
