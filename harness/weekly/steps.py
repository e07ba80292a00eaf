"""The steps of a week. Each calls a command's own function, and can be run again: what is done stays done."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from compiler.cli import parser
from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from compiler.plan import Track
from compiler.targets import installed
from compiler.whole_file import write_whole
from harness.bench import run_command
from harness.bench.store import find_run
from harness.clock import Clock
from harness.guards.week import guards_of
from harness.market import archive, lock_command, refresh_command
from harness.market.spend import sync_command
from harness.market.spend.engine import opened
from harness.market.spend.view import View, gray_share, look, since, standing
from harness.propose import written
from harness.propose.decide import Decided, decide
from harness.propose.replayed import replay_on
from harness.propose.week_evidence import gather_week, ledger_of
from harness.report import command as report_command
from harness.report.stored.decisions import FILE as DECISIONS_FILE
from harness.report.stored.decisions import decisions_json
from harness.report.stored.harness import FILE as HARNESS_FILE
from harness.report.stored.spend import FILE as SPEND_FILE
from harness.report.stored.spend import Spend, spend_json
from harness.weekly.merged_lock import merged_lock
from harness.weeks import Week

TRACKS: tuple[Track, ...] = get_args(Track)
State = Literal["done", "failed", "skipped"]


@dataclass(slots=True)
class Monday:
    """One run over a week. `decided` is what the step propose comes to, `done` names the steps that are."""

    project: Path
    week: Week
    clock: Clock
    api: str | None
    ledger: str | None
    max_usd: str | None
    legs: tuple[str, ...]
    #: keys of what is open on the branch already, and stays
    standing: frozenset[str] = frozenset()
    decided: Decided | None = None
    done: list[str] = field(default_factory=list)

    @property
    def is_past(self) -> bool:
        """Whether other weeks have ended since: what is asked today is then no evidence for it."""
        return self.week != Week.last_complete(self.clock.now())

    def asked(self, *words: str) -> argparse.Namespace:
        """What a command is given."""
        return parser().parse_args([*words, "-C", str(self.project)])

    def with_api(self) -> tuple[str, ...]:
        """Another address, where one was given."""
        return ("--api", self.api) if self.api else ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step."""

    state: State
    words: str = ""
    code: int = 0


def _by_code(code: int, words: str = "") -> Outcome:
    return Outcome("failed" if code else "done", "" if code else words, code)


def refresh(monday: Monday) -> Outcome:
    """Rankings and prices."""
    asked = monday.asked("market", "refresh", "--week", str(monday.week), *monday.with_api())
    return _by_code(refresh_command.run(asked, monday.clock))


def bench(monday: Monday) -> Outcome:
    """The week's run by the lock that is merged: a new one, or the rest of one that was cut off."""
    if (archive.folder(monday.project, monday.week) / HARNESS_FILE).is_file():
        return Outcome("done", "the week has its run already")
    if monday.is_past:
        return Outcome("skipped", "today's answers are not that week's")
    try:
        run = find_run(monday.project, str(monday.week))
        what: tuple[str, ...] = ("--resume", str(run))
    except PolicyError:
        what = ("--week", str(monday.week), *(word for leg in monday.legs for word in ("--leg", leg)))
    most = ("--max-usd", monday.max_usd) if monday.max_usd is not None else ()
    with merged_lock(monday.project):
        return _by_code(run_command.run(monday.asked("bench", "run", *what, *most, *monday.with_api())))


def spend(monday: Monday) -> Outcome:
    """The ledger, how the money stood and what the guards did in the week, by the lock that is merged."""
    with merged_lock(monday.project):
        return _spend(monday)


def _spend(monday: Monday) -> Outcome:
    if not monday.is_past:
        where = ("--ledger", monday.ledger) if monday.ledger else ()
        code = sync_command.run(monday.asked("spend", "sync", *where, *monday.with_api()), monday.clock)
        if code:
            return _by_code(code)
    folder = archive.folder(monday.project, monday.week)
    last, today = monday.week.sunday, monday.week.after().monday
    with opened(monday.ledger, monday.project) as engine:
        view = look(engine, monday.project, since(last), today)
        guards = guards_of(engine, view.attribution.policies, monday.week)
    write_whole(folder / SPEND_FILE, spend_json(_stood(monday, view)))
    if guards:
        write_whole(folder / DECISIONS_FILE, decisions_json(guards))
    return Outcome("done", "" if guards else "no guard's log was imported for the week")


def _stood(monday: Monday, view: View) -> Spend:
    last, today = monday.week.sunday, monday.week.after().monday
    there = [track for track in TRACKS if view.attribution.policies.track(track)]
    standings = tuple(standing(view, track, last, today) for track in there)
    return Spend(week=str(monday.week), as_of=today, standings=standings, gray=gray_share(view, monday.week))


def lock(monday: Monday) -> Outcome:
    """The models of the policies, pinned as they are today."""
    if monday.is_past:
        return Outcome("skipped", "today's lock is not that week's")
    return _by_code(lock_command.run(monday.asked("lock", *monday.with_api())))


def propose(monday: Monday) -> Outcome:
    """What the evidence comes to, as proposals.json and pull-request.md."""
    targets = installed()
    with merged_lock(monday.project):
        ledger = ledger_of(monday.project, monday.week, monday.ledger)
    evidence = gather_week(monday.project, monday.week, ledger)
    with ExitStack() as stack:
        engine = stack.enter_context(opened(monday.ledger, monday.project)) if evidence.ledger else None
        replay = replay_on(engine, monday.project, monday.week) if engine else None
        decided = decide(evidence, monday.project / "policies", targets, replay, monday.standing)
    written.write(monday.project, decided, targets)
    monday.decided = decided
    counts = (len(decided.made), len(decided.tickets), len(decided.not_proposed))
    return Outcome("done", "{} proposals, {} tickets, {} looked at and left as they are".format(*counts))


def report(monday: Monday) -> Outcome:
    """The week's page and the index."""
    report_command.write(monday.project, monday.week, monday.project / archive.FOLDER)
    return Outcome("done")


STEPS: Mapping[str, Callable[[Monday], Outcome]] = {
    "refresh": refresh, "bench": bench, "spend": spend, "lock": lock, "propose": propose, "report": report,
}  # fmt: skip


def run(name: str, monday: Monday) -> Outcome:
    """One step; what it finds is shown, and fails it alone."""
    try:
        return STEPS[name](monday)
    except PolicyError as error:
        show(error.findings, "text", monday.project)
        return Outcome("failed", "", 1)
