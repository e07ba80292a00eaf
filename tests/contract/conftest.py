"""The real OpenClaw for all contracts, and what a run shows at its end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.contract.bench import STORMY, opened, storm
from tests.contract.description import Absent, find
from tests.contract.gateway import Gateway, home
from tests.contract.installation import command
from tests.contract.table import Row, table
from tests.contract.turns import FILES, Bench, Turn

PATIENCE = 240
#: Said where OpenClaw lost hold of its own state, which is no answer to what was asked of it.
DID_NOT_RUN = "OpenClaw lost the lock on its own state (another OpenClaw process owns state-lifecycle)"

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
        home(folder, {name: there for name, there in FILES.items() if name.startswith("guard/")})
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


NOTES = pytest.StashKey[list[str]]()
SEEN = pytest.StashKey[list[Row]]()


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, seen: list[Row]) -> Iterator[Bench]:
    """One gateway for all cases."""
    with opened(tmp_path_factory.mktemp("gateway"), seen) as made:
        yield made


@pytest.fixture(scope="session")
def storms(bench: Bench) -> Iterator[Mapping[str, Future[Turn]]]:
    """What OpenClaw repeats for minutes, by agent: all side by side, while the other cases run."""
    with ThreadPoolExecutor(len(STORMY)) as pool:
        yield {agent: pool.submit(storm, bench, agent) for agent in STORMY}


@pytest.fixture(autouse=True)
def _a_gateway_that_is_lost_is_not_asked(request: pytest.FixtureRequest) -> None:
    if "bench" in request.fixturenames and request.getfixturevalue("bench").gateway.is_lost:
        pytest.skip(DID_NOT_RUN)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fixtures = getattr(item, "funcargs", {})
    add_log(report, fixtures)
    if report.failed and any(gateway.is_lost for gateway in gateways(fixtures)):
        item.config.stash.setdefault(NOTES, []).append(f"{item.nodeid} DID NOT RUN: {DID_NOT_RUN}")
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, DID_NOT_RUN)
    return report


def gateways(fixtures: Mapping[str, object]) -> Iterator[Gateway]:
    """The gateways that a case spoke with: by a fixture, or below its own folder."""
    for fixture in fixtures.values():
        if isinstance(gateway := getattr(fixture, "gateway", None), Gateway):
            yield gateway
    folder = fixtures.get("tmp_path")
    for log in folder.rglob("gateway.log") if isinstance(folder, Path) else ():
        yield Gateway((), {}, "", log.parent, 0)


def add_log(report: pytest.TestReport, fixtures: Mapping[str, object]) -> None:
    """A case that failed shows what the gateway said, if it spoke with one."""
    bench = fixtures.get("bench")
    if report.failed and isinstance(bench, Bench):
        report.sections.append(("The gateway's log", bench.gateway.log))


@pytest.fixture(scope="session")
def seen(pytestconfig: pytest.Config) -> list[Row]:
    """Rows of the table at the end of the run."""
    return pytestconfig.stash.setdefault(SEEN, [])


@pytest.fixture(scope="session")
def notes(pytestconfig: pytest.Config) -> list[str]:
    """What a person must know of the run, said at its end."""
    return pytestconfig.stash.setdefault(NOTES, [])


@pytest.fixture(scope="session")
def specification(tmp_path_factory: pytest.TempPathFactory, notes: list[str]) -> Path:
    """OpenRouter's own description of its API as a file, for Prism; without one, what needs it is skipped, and said."""
    try:
        source, data = find()
    except Absent as absent:
        notes.append(f"The contracts with OpenRouter's API DID NOT RUN: {absent}")
        pytest.skip(str(absent))
    notes.append(f"The contracts with OpenRouter's API were held against {source}")
    file = tmp_path_factory.mktemp("description") / "openrouter.json"
    file.write_text(json.dumps(data), "utf-8")
    return file


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for note in config.stash.get(NOTES, []):
        terminalreporter.write_line(note)
    if rows := config.stash.get(SEEN, None):
        terminalreporter.section("what the real gateway asked for")
        for line in table(rows):
            terminalreporter.write_line(line)
