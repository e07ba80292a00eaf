"""The demo's steps: what each does, what it says, and which files to look at afterwards."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from compiler.cli import main, parser
from harness.bench.suite import load_suite
from harness.clock import Clock
from harness.demo.account import account_of
from harness.demo.stub import Stub, serving
from harness.demo.team import KNOWN, WEEK, Team, archive_week
from harness.market import archive
from harness.weekly.command import run as run_week
from harness.weekly.steps import Monday, run

INTERRUPTED = 130
#: The Monday on which the week is looked at.
NOW = datetime.datetime.combine(WEEK.after().monday, datetime.time(6, 17), datetime.UTC)
_FOLDER = f"{archive.FOLDER}/{WEEK}"


class StoppedError(Exception):
    """A step that did not come to its end, and what it said."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Stop:
    """A step of the tour."""

    title: str
    #: what was printed on the way, as far as it is worth reading here
    said: tuple[str, ...]
    #: file in the repository → what it shows
    look: dict[str, str]


def stops(team: Team) -> Iterator[Stop]:
    """One after the other; each is done when it is given. Raises StoppedError, or KeyboardInterrupt."""
    yield _compiled(team)
    yield _market(team.project)
    cases = load_suite().cases
    account = account_of(team.compiled.policies, NOW, WEEK)
    with serving(Stub(account, cases)) as api:
        monday = Monday(team.project, WEEK, Clock(now=lambda: NOW), api, None, None, ("openrouter",))
        yield _suite(monday, len(cases))
        yield _bill(monday)
    yield _proposals(team.project)


def _compiled(team: Team) -> Stop:
    machines = team.compiled.machine_places
    title = "A team's policies, compiled: six people on laptops, and one Mac that never sleeps"
    said = f"compiled {len(machines)} machines: {team.changes}"
    return Stop(title, (said,), {
        "policies/tracks.yaml": "which models carry the volume, and which the liability",
        "policies/sensitive-data.yaml": "what may never reach which model",
        "generated/machines/studio/openclaw.json": "what a Mac reads; nothing is written that was not read back",
        "generated/contingencies": "the same for a passed cap and for a pool that is rolled back",
    })  # fmt: skip


def _market(project: Path) -> Stop:
    archive_week(project)
    said = _heard(lambda: main(["market", "diff", str(WEEK), "--write", "-C", str(project)]))
    top = takewhile(lambda line: not line.startswith("Movers"), said)
    title = f"The market: {WEEK} beside {len(KNOWN)} weeks before it, as OpenRouter published them"
    return Stop(title, tuple(top), {
        f"{_FOLDER}/rankings.json": "a week of the archive, whole and with its source",
        f"{_FOLDER}/market.md": "all that moved",
    })  # fmt: skip


def _suite(monday: Monday, cases: int) -> Stop:
    said = _heard(lambda: run("bench", monday).code)
    title = f"The harness: {cases} prompts, each as often as acceptance.yaml says, against a stub on this machine"
    return Stop(title, said[:1], {
        f"{_FOLDER}/harness.md": "rates with their intervals; the stub read the answer book, and is at times unsure",
        ".vane/runs": "every attempt, also as Parquet",
    })  # fmt: skip


def _bill(monday: Monday) -> Stop:
    said = _heard(lambda: run("spend", monday).code)
    title = "The bill: an account that never was, in which an agent went round in circles for a week"
    return Stop(title, said, {
        f"{_FOLDER}/spend.json": "how the money stood when the week was over",
        ".vane/ledger.duckdb": "the ledger; `vane spend show 2026-06` asks it",
    })  # fmt: skip


def _proposals(project: Path) -> Stop:
    words = ["week", str(WEEK), "-C", str(project), "--commit", "--push", "--only", "propose", "--only", "report"]
    said = _heard(lambda: run_week(parser().parse_args(words), Clock(now=lambda: NOW)))
    title = "The proposals: one commit each, on a branch of their own, and the text of the pull request"
    decided = tuple(line for line in said if line.startswith(("proposal", "ticket", "branch")))
    return Stop(title, decided, {
        f"{_FOLDER}/pull-request.md": "what a reviewer reads; it is below",
        f"{_FOLDER}/proposals.json": "the same for programs",
        f"{_FOLDER}/index.html": "the week's page",
    })  # fmt: skip


def _heard(step: Callable[[], int]) -> tuple[str, ...]:
    """What a command prints, in lines. One that fails stops the tour with all that it said."""
    out, beside = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(beside):
        code = step()
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code:
        raise StoppedError(out.getvalue() + beside.getvalue())
    return tuple(out.getvalue().splitlines())
