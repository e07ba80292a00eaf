"""`vane week`: the steps in order, then the branch, then one summary."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from compiler.commands.asking import refuse
from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from compiler.targets import installed
from harness.bench.run_options import money
from harness.clock import Clock
from harness.market import archive
from harness.outside import inert
from harness.propose import written
from harness.propose.pull_request import FILE, title
from harness.report import command as report_command
from harness.weekly.arguments import STEPS as NAMES
from harness.weekly.branch import Branch, carry, survey
from harness.weekly.commits import Built, beneath, build, peoples, push
from harness.weekly.git import PREFIX, web_address
from harness.weekly.steps import Monday, Outcome
from harness.weekly.steps import run as run_step
from harness.weeks import Week

INTERRUPTED = 130


def run(asked: argparse.Namespace, clock: Clock | None = None) -> int:
    """0: every step that was asked for is done; 1: one is not, the others are; 2: called wrongly; 130: interrupted."""
    clock = clock or Clock()
    try:
        week = Week.parse(asked.week) if asked.week else Week.last_complete(clock.now())
        money(asked.max_usd)  # now, and not when half of the steps are done
    except ValueError as error:
        return refuse(str(error))
    if asked.push and not asked.commit:
        return refuse("--push pushes what --commit makes: say both")
    if asked.commit and "propose" not in steps_of(asked):
        return refuse("--commit commits what the step propose comes to: do not leave it out")
    try:
        branch = survey(asked.project, week) if asked.commit else None
        if branch:
            carry(asked.project, branch)
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1
    return _run(asked, week, clock, branch)


def steps_of(asked: argparse.Namespace) -> tuple[str, ...]:
    """Those that were asked for, in order."""
    first = NAMES.index(asked.since) if asked.since else 0
    wanted = asked.only or NAMES[first:]
    return tuple(name for name in NAMES if name in wanted and name not in asked.skip)


def _run(asked: argparse.Namespace, week: Week, clock: Clock, branch: Branch | None) -> int:
    project: Path = asked.project
    standing = branch.standing if branch else frozenset()
    legs = tuple(asked.leg or ())
    monday = Monday(project, week, clock, asked.api, asked.ledger, asked.max_usd, legs, standing)
    outcomes: dict[str, Outcome] = {}
    for name in steps_of(asked):
        print(f"vane: {week}: {name}", file=sys.stderr)
        outcomes[name] = run_step(name, monday)
        if outcomes[name].state == "done":
            monday.done.append(name)
        if outcomes[name].code == INTERRUPTED:
            break
    built = None
    worst = max((outcome.code for outcome in outcomes.values()), default=0)
    if branch and monday.decided and worst != INTERRUPTED:
        try:
            built = _commit(project, branch, monday, is_pushed=asked.push)
        except PolicyError as error:
            show(error.findings, "text", project)
            worst = max(worst, 1)
    _summary(week, outcomes, monday)
    if branch and built and not _is_quiet(outcomes, monday):
        _branch(asked, branch, built)
    return worst if worst in (0, INTERRUPTED) else 1


def _commit(project: Path, branch: Branch, monday: Monday, *, is_pushed: bool) -> Built:
    assert monday.decided is not None  # the caller has looked
    found = monday.decided
    monday.decided = decided = replace(found, beneath=beneath(branch, found), peoples=peoples(branch, found))
    address, names = web_address(project), monday.done

    def derive(tree: Path) -> None:
        written.write(tree, decided, installed(), f"{address}/blob/{branch.name}" if address else None)
        if "report" in names:
            report_command.write(tree, decided.week, tree / archive.FOLDER)

    built = build(project, branch, decided, derive)
    show(built.findings, "text", project)
    if is_pushed and built.commit != branch.tip:
        push(project, branch, built)
    return built


def _is_quiet(outcomes: Mapping[str, Outcome], monday: Monday) -> bool:
    """Whether all went well and there is nothing to say."""
    is_silent = monday.decided is not None and monday.decided.is_silent
    return is_silent and not any(outcome.code for outcome in outcomes.values())


def _summary(week: Week, outcomes: Mapping[str, Outcome], monday: Monday) -> None:
    """A line a step, then the decision. No line begins with words from outside: a log would obey them."""
    decided = monday.decided
    if decided and _is_quiet(outcomes, monday):
        print(
            f"{week}: nothing to propose, no pull request; {len(decided.not_proposed)} looked at and left as they are"
        )
        return
    for name in NAMES:
        outcome = outcomes.get(name, Outcome("skipped"))
        print(f"{name:8} {outcome.state}{f': {outcome.words}' if outcome.words else ''}")
    if decided:
        print(f"decision {title(decided)}")
        for line in _decisions([made.proposal.title for made in decided.made], "proposal"):
            print(line)
        for line in _decisions([ticket.proposal.title for ticket in decided.tickets], "ticket"):
            print(line)
        if not decided.is_silent:
            print(f"text     {archive.FOLDER}/{week}/{FILE}")


def _branch(asked: argparse.Namespace, branch: Branch, built: Built) -> None:
    """What became of it, and how to look at it: the evidence lies in this working tree too, so git checks out none."""
    before = branch.tip if asked.push else branch.local or branch.tip
    said = "on top of people's commits" if branch.foreign else "built anew" if before else "new"
    print(f"branch   {branch.name}: {'unchanged' if built.commit == before else said}")
    where = () if asked.project == Path() else ("-C", str(asked.project))
    folder = f"../{branch.name.removeprefix(PREFIX)}"
    print(f"look     {shlex.join(('git', *where, 'worktree', 'add', folder, branch.name))}")


def _decisions(titles: Sequence[str], word: str) -> Sequence[str]:
    return [f"{word:8} {inert(each)[:200]}" for each in titles]
