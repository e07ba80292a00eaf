"""`vane demo` whole, in a process of its own, from an empty folder: what it leaves, asks, and clears up."""

from __future__ import annotations

import datetime
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.cli import main
from harness.bench.grade import grade
from harness.bench.suite import load_suite
from harness.demo.answers import right_answer
from harness.demo.team import WEEK
from harness.weeks import Week

PROJECT = Path(__file__).parents[2]
NOW = datetime.datetime.now(datetime.UTC)
#: Loaded by every Python of the demo: whoever asks for another host than this one ends with an error.
OFFLINE = """\
import sys
def refuse(event, arguments):
    if event == "socket.connect":
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "a socket file"
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host not in ("127.0.0.1", b"127.0.0.1"):
        raise AssertionError(f"the demo asks {host}")
sys.addaudithook(refuse)
"""


def demo(folder: Path, *options: str) -> subprocess.Popen[str]:
    """The demo in an empty folder, without anything of ours in its environment but a key that it must not use."""
    (folder / "offline").mkdir()
    (folder / "offline" / "sitecustomize.py").write_text(OFFLINE, "utf-8")
    for name in ("empty", "temporary"):
        (folder / name).mkdir()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder / "empty"), "TMPDIR": str(folder / "temporary"),
        "PYTHONPATH": f"{folder / 'offline'}:{PROJECT}", "OPENROUTER_TOKEN_KEY": "sk-or-v1-somebodys-own",
        "HTTP_PROXY": "http://192.0.2.1:9",
    }  # fmt: skip
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background has none
        "import sys; from compiler.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, "demo", *options], cwd=folder / "empty", env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_week_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "empty"))
    said, errors = demo(tmp_path, "--into", str(tmp_path / "here")).communicate(timeout=600)
    assert errors == ""
    project = tmp_path / "here/team"
    week = project / f"generated/weeks/{WEEK}"
    stops = [line for line in said.splitlines() if re.match(r"\d\. ", line)]
    assert [line[:2] for line in stops] == ["1.", "2.", "3.", "4.", "5."]
    named = re.findall(r"^   > (\S+)", said, re.MULTILINE)
    assert len(named) == 13 and [file for file in named if not (project / file).exists()] == []
    text = (week / "pull-request.md").read_text("utf-8")
    assert text.startswith(f"# {WEEK}: Downgrade the dollar track to the token track")
    for line in text.splitlines():
        assert f"  | {line}".rstrip() in said
    assert f"Its page: {week / 'index.html'}" in said and "vane init" in said.splitlines()[-1]
    harness = json.loads((week / "harness.json").read_text("utf-8"))
    legs = harness["summary"]["legs"]
    assert {leg["leg"] for leg in legs} == {"openrouter"}
    # all fifty, and the 45 that carry no pictures again for the model on trial
    assert sum(leg["prompts"] for leg in legs) == 50 + 45
    branch = f"main..weathervane/{WEEK}"
    log = ["git", "-C", str(project), "log", "--reverse", "--format=%s", branch]
    subjects = subprocess.run(log, check=True, capture_output=True, text=True).stdout.splitlines()
    assert subjects[0].startswith("Downgrade the dollar track") and subjects[-1].startswith(f"{WEEK}: ")
    assert main(["compile", "--check", "-C", str(project)]) == 0, "what it leaves is a team's repository"
    assert [*(tmp_path / "temporary").iterdir()] == [] and [*(tmp_path / "empty").iterdir()] == []
    capsys.readouterr()
    assert main(["status", "-C", str(project)]) == 0
    shown = capsys.readouterr().out.replace(f"; {Week.last_complete(NOW)} is over", "; 2026-W47 is over")
    assert f"```text\n{shown}```" in (PROJECT / "docs/adopt.md").read_text("utf-8")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(kind: signal.Signals, tmp_path: Path) -> None:
    process = demo(tmp_path)
    assert process.stdout
    for line in process.stdout:
        if line.startswith("1. "):
            assert [*(tmp_path / "temporary").iterdir()] != []
            process.send_signal(kind)
            break
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 130, errors
    assert [*(tmp_path / "temporary").iterdir()] == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("mine", "utf-8")
    assert main(["demo", "--into", str(tmp_path / "mine")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text("utf-8") == "mine"


def test_a_step_that_fails_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("harness.demo.tour.archive_week", lambda project: None)
    assert main(["demo", "--into", str(tmp_path / "here")]) == 1
    said = capsys.readouterr().err
    assert str(WEEK) in said and said.endswith(f"vane: the demo stopped here, and {tmp_path / 'here'} is gone again\n")
    assert not (tmp_path / "here").exists()


def test_a_git_that_refuses_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\necho too old >&2\nexit 1\n", "utf-8")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["demo", "--into", str(tmp_path / "here")]) == 1
    assert "too old" in capsys.readouterr().err
    assert not (tmp_path / "here").exists()


def test_the_answer_book_is_right() -> None:
    """What the stub's model says is graded as right: what it gets wrong, it gets wrong on purpose."""
    cases = load_suite().cases
    book = {case.id: right_answer(case) for case in cases}
    assert all(grade(case, answer).success for case in cases if (answer := book[case.id]))
    assert sum(answer is None for answer in book.values()) == 4, "those that a pattern judges"
