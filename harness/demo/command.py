"""`vane demo`: a team's week in a scratch repository, with a tour on the way."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from compiler.commands.asking import refuse, say
from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from compiler.targets.openrouter.emit import VARIABLES
from harness.demo.account import MANAGEMENT, Key
from harness.demo.team import WEEK, Team, found_team
from harness.demo.tour import Stop, StoppedError, stops
from harness.market import archive
from harness.market.spend.sync_command import VARIABLE
from harness.propose.pull_request import FILE
from harness.report.week_page import PAGE
from harness.weekly.git import PREFIX


def run(asked: argparse.Namespace) -> int:
    """0: the week is there to be looked at; 1: a step failed; 2: the folder is taken. What fails leaves nothing."""
    begun = time.monotonic()
    into: Path | None = asked.into
    if into and (into.exists() or into.is_symlink()):
        return refuse(f"{str(into)!r} is there already; --into takes a folder that is not")
    folder = (into or Path(tempfile.mkdtemp(prefix="vane-demo-"))).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _environment(_variables()), _interruptible():
            team = found_team(folder)
            _walk(team)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, PolicyError):  # of a git that refuses
            show(error.findings, "text", folder, {})
        elif isinstance(error, StoppedError):
            sys.stderr.write(error.said)
        else:
            raise
        print(f"vane: the demo stopped here, and {folder} is gone again", file=sys.stderr)
        return 1
    _end(team, time.monotonic() - begun)
    if asked.open:
        webbrowser.open(_file(team, PAGE).as_uri())
    return 0


def _walk(team: Team) -> None:
    say("A week of a team's model routing, from the rankings to the pull request. No key, no network.")
    say(f"All of it lies in {team.project}")
    for number, stop in enumerate(stops(team), 1):
        _listen()  # the harness's run takes signals for itself, and leaves none set
        _show(number, stop)


@contextmanager
def _interruptible() -> Iterator[None]:
    """What is asked to end clears up as after Ctrl-C."""
    before = signal.getsignal(signal.SIGTERM)
    _listen()
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _listen() -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _show(number: int, stop: Stop) -> None:
    say()
    say(f"{number}. {stop.title}")
    for line in stop.said:
        say(f"   {line}".rstrip())
    width = max(map(len, stop.look))
    for file, what in stop.look.items():
        say(f"   > {file.ljust(width)}  {what}")
    sys.stdout.flush()


def _end(team: Team, seconds: float) -> None:
    page, text, branch = _file(team, PAGE), _file(team, FILE), f"{PREFIX}{WEEK}"
    say()
    for line in text.read_text("utf-8").splitlines():
        say(f"  | {line}".rstrip())
    say()
    say(f"That was a week, in {seconds:.0f} s. Its page: {page}")
    say(f"The branch:   git -C {team.project} log --patch main..{branch}")
    say(f"Ask it:       vane explain security-audit -C {team.project}")
    say(f"Away with it: rm -r {team.project.parent}")
    say("Your own:     vane init")


def _file(team: Team, name: str) -> Path:
    return archive.folder(team.project, WEEK) / name


def _variables() -> Mapping[str, str]:
    """The demo's keys in place of any real ones, and no proxy on the way to ourselves."""
    keys = {variable: Key(track, {}).secret for track, variable in VARIABLES.items()}
    return {**keys, VARIABLE: MANAGEMENT, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
