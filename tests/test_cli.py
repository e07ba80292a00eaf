"""The command line as people, shells and CI meet it: exit codes, colours, pipes, interruptions, and its own faults."""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from compiler import VERSION, cli
from compiler.cli import main
from compiler.codes import codes
from tests.samples import changed, write_policies

PROJECT = Path(__file__).parents[1]
SECRET = "sk-or-v1-0123456789abcdef0123456789abcdef"
COMMANDS = re.findall(r"^    (\w+)\b", cli.parser().format_help().partition("COMMAND\n")[2], re.MULTILINE)
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


def exit_of(*arguments: str) -> int:
    """Exit code in this process, also where argparse ends it."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


# ---- help and usage


def test_every_command_is_known() -> None:
    assert {"compile", "lock", "schema", "rules", "rule", "completion"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_has_examples_that_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of(command, "--help") == 0
    examples = capsys.readouterr().out.partition("examples:\n")[2].splitlines()
    assert examples
    for line in examples:
        example = re.split(r"\s{3,}| > ", line.strip())[0]
        assert example.startswith(f"vane {command}"), line
        assert cli.parser().parse_args(example.replace("'", "").split()[1:]).command == command


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of("--help") == 0
    assert "exit codes: 0 good, 1 findings, 2 usage, 3 internal error" in capsys.readouterr().out
    assert exit_of("--version") == 0
    assert capsys.readouterr().out == f"vane {VERSION}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("compil",),
        ("compile", "--chek"),
        ("compile", "--check", "--dry-run"),
        ("compile", "--format", "xml"),
        ("compile", "surplus"),
        ("lock", "--from"),
        ("rule",),
        ("rule", "VN999"),
        ("rule", "unknown-modle"),
        ("schema", "tracts"),
        ("help", "polices"),
        ("completion", "fish"),
    ],
)
def test_usage_errors(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err


# ---- rules


def test_rules_lists_every_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [code.code for code in codes()]
    assert main(["rules", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["code"] for entry in listed] == [code.code for code in codes()]
    assert all(value for entry in listed for value in entry.values())


def test_codes_are_distinct_and_in_order() -> None:
    assert [code.code for code in codes()] == sorted({code.code for code in codes()})
    assert len({code.name for code in codes()}) == len(codes())


@pytest.mark.parametrize("name", ["VN203", "vn203", "unknown-model", "Unknown-Model"])
def test_rule_explains(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", name]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("VN203 unknown-model (error)\n")
    assert "\nfix: " in printed
    assert main(["rule", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] == "VN203"


def test_rule_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "unknown-modle"]) == 2
    assert "did you mean unknown-model?" in capsys.readouterr().err


# ---- faults, interruptions, pipes


def fail(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def raising(*arguments: object) -> None:
        raise error

    monkeypatch.setattr("compiler.compile.compile_policies", raising)


def test_internal_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    fail(monkeypatch, ZeroDivisionError(f"with {SECRET} in hand"))
    assert main(["compile", "-C", str(tmp_path)]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" in printed.err
    assert "ZeroDivisionError" in printed.err
    assert f"vane {VERSION}: internal error in `vane compile`. This is our fault, not yours.\n" in printed.err
    assert printed.err.endswith(f"Please report it with the text above: {cli.REPORT}\n")
    assert SECRET not in printed.err


def test_a_package_of_the_extra_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {what!r}", name=what)

    monkeypatch.setattr(
        "compiler.cli.import_module", lambda name: missing(name) if "command" in name else HARNESS[name]
    )
    what = "duckdb.sub"
    assert main(["demo"]) == 1
    assert capsys.readouterr().err == "vane: `vane demo` needs duckdb: install 'weathervane[harness]'\n"
    what = "harness.demo.tuor"
    assert main(["demo"]) == 3, "a fault of ours is no missing package"
    what = "yaml"
    assert main(["compile", "-C", str(tmp_path)]) == 3, "nor is what every installation needs"


HARNESS = {name: import_module(name) for name in (cli.HARNESS, cli.DEPLOY)}


def test_errors_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policies(tmp_path)
    fail(monkeypatch, PermissionError(13, "Permission denied", "generated/\x1b[2Jx"))
    assert main(["compile", "-C", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "vane: generated/\\x1b[2Jx: Permission denied\n"


def test_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    fail(monkeypatch, KeyboardInterrupt())
    assert main(["compile", "-C", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "vane: interrupted; files are whole, run it again\n"


def test_nobody_reads_on() -> None:
    """`vane rules | head -1`, with a reader that has already left."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "compiler.cli", "rules"]
    try:
        ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    finally:
        os.close(writer)
    assert ended.stderr == b""
    assert ended.returncode == 128 + signal.SIGPIPE


def test_in_a_pipeline() -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", f"'{sys.executable}' -m compiler.cli rules | head -1"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.stdout.startswith(codes()[0].code)
    assert ended.stderr == ""


def test_a_terminal_that_cannot_show_everything(tmp_path: Path) -> None:
    write_policies(tmp_path, changed("tracks.yaml", "[tencent/hy3-preview]", "['🦊/é']"))
    ended = vane("compile", env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, cwd=tmp_path)
    assert ended.returncode == 1
    assert "\\U0001f98a" in ended.stderr
    assert "internal error" not in ended.stderr


# ---- colour


def on_a_terminal(project: Path, **environment: str) -> bytes:
    """What `vane compile` prints to a terminal."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "compiler.cli", "compile", "-C", str(project)]
    env = {**os.environ, "TERM": "xterm", **environment}
    try:
        with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=env) as process:
            os.close(follower)
            printed = b"".join(iter(lambda: _read(leader), b""))
            assert process.wait(60) == 1
    finally:
        os.close(leader)
    return printed


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that the other side has closed it
        return b""


@pytest.mark.parametrize(
    ("environment", "is_colourful"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour_only_on_a_terminal_that_wants_it(
    tmp_path: Path, environment: dict[str, str], is_colourful: bool
) -> None:
    write_policies(tmp_path, UNKNOWN_MODEL)
    printed = on_a_terminal(tmp_path, **environment)
    assert b"VN203" in printed
    assert (b"\x1b[31mVN203\x1b[0m" in printed) is is_colourful
    assert (b"\x1b" in printed) is is_colourful


def test_no_colour_in_a_pipe(tmp_path: Path) -> None:
    write_policies(tmp_path, UNKNOWN_MODEL)
    ended = vane("compile", "-C", str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "VN203" in ended.stderr
    assert "\x1b" not in ended.stderr


# ---- topics


def test_help_lists_the_docs_and_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    listed = capsys.readouterr().out
    for page in (PROJECT / "docs").glob("*.md"):
        assert re.search(rf"^{page.stem} +\S", listed, re.MULTILINE)
    assert main(["help", "policies"]) == 0
    assert capsys.readouterr().out == (PROJECT / "docs/policies.md").read_text("utf-8")


def test_help_knows_commands_and_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "compile"]) == 0
    assert capsys.readouterr().out.startswith("usage: vane compile")
    assert main(["help", "vn203"]) == 0
    assert capsys.readouterr().out.startswith("VN203 unknown-model")


def test_help_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "polices"]) == 2
    assert "did you mean 'policies'?" in capsys.readouterr().err


# ---- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert script.endswith("\n")
    assert [command for command in COMMANDS if command not in script] == []


def test_completion_of_bash_parses_and_completes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])
    script = capsys.readouterr().out
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    asked = 'COMP_WORDS=(vane comp) COMP_CWORD=1; _shtab_vane; printf "%s\\n" "${COMPREPLY[@]}"'
    ended = subprocess.run(["bash", "-c", f"{script}\n{asked}"], capture_output=True, text=True, check=False)
    assert ended.stdout.split() == ["compile", "completion"]


@pytest.mark.parametrize("format", ["text", "json", "sarif"])
def test_a_full_disk_is_a_finding_with_a_place(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policies(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("compiler.write.os.write", full)
        code = main(["compile", "-C", str(tmp_path), "--format", format])
    printed = capsys.readouterr()
    assert code == 1
    assert re.search(r"^vane: \S*generated/machines/\S+: No space left on device$", printed.err, re.MULTILINE)
    if format == "json":
        (finding,) = json.loads(printed.out)
        assert finding["code"] == "VN905"
        assert "generated/machines/" in finding["file"]
    elif format == "sarif":
        (result,) = json.loads(printed.out)["runs"][0]["results"]
        assert result["ruleId"] == "VN905"
