"""The real OpenClaw for all contracts, and what a run shows at its end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import pytest

from tests.contract.installation import command

PATIENCE = 240

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Verdict = Callable[[bytes], dict[str, Any]]


@pytest.fixture(scope="session")
def openclaw(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a command of OpenClaw on a configuration file, with a state folder of its own."""
    program = command()

    def run(*arguments: str, content: bytes = b"{}") -> subprocess.CompletedProcess[str]:
        folder = tmp_path_factory.mktemp("openclaw")
        file = folder / "openclaw.json"
        file.write_bytes(content)
        file.chmod(0o600)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "OPENCLAW_CONFIG_PATH": str(file),
            "OPENCLAW_STATE_DIR": str(folder / "state"),
        }
        for patience in (PATIENCE, 2 * PATIENCE):  # a start may be tried twice
            try:
                done = subprocess.run(
                    [*program, *arguments],
                    env=environment,
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    timeout=patience,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                continue
            if done.stdout.strip():
                return done
        return pytest.fail(f"openclaw {' '.join(arguments)} said nothing, twice")

    return run


@pytest.fixture(scope="session")
def verdict(openclaw: Run) -> Verdict:
    """What `openclaw config validate` says about a file."""

    def ask(content: bytes) -> dict[str, Any]:
        done = openclaw("config", "validate", "--json", content=content)
        assert done.stdout.strip(), done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return ask


@dataclass(frozen=True, slots=True)
class Row:
    """What the stub saw of one turn."""

    scenario: str
    primary_answers: str
    asked: str
    key: str
    then: str


NOTES = pytest.StashKey[list[str]]()
SEEN = pytest.StashKey[list[Row]]()
HEADINGS = Row("scenario", "primary answers", "upstream model asked", "key asked", "fallback order seen")


@pytest.fixture(scope="session")
def seen(pytestconfig: pytest.Config) -> list[Row]:
    """Rows of the table at the end of the run."""
    return pytestconfig.stash.setdefault(SEEN, [])


@pytest.fixture(scope="session")
def notes(pytestconfig: pytest.Config) -> list[str]:
    """What a person must know of the run, said at its end."""
    return pytestconfig.stash.setdefault(NOTES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for note in config.stash.get(NOTES, []):
        terminalreporter.write_line(note)
    if rows := config.stash.get(SEEN, None):
        terminalreporter.section("what the real gateway asked for")
        for line in lines([HEADINGS, *rows]):
            terminalreporter.write_line(line)


def lines(rows: Sequence[Row]) -> list[str]:
    """Rows as text in columns."""
    cells = [astuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
