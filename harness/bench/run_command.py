"""`vane bench run`: run the suite and keep every attempt."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from compiler.commands.asking import refuse, refuse_unknown, say
from compiler.commands.findings import show
from compiler.compile import compile_policies
from compiler.diagnostics import PolicyError
from compiler.targets import installed
from harness.bench import dry_run
from harness.bench.deciding import decider
from harness.bench.finish import finish
from harness.bench.grade import grade
from harness.bench.legs import Addresses
from harness.bench.open_legs import open_legs
from harness.bench.prepare import Prepared, check_prices, chosen_suite, prepare
from harness.bench.progress import usd, watcher
from harness.bench.run_header import check_same, choice_of, header_of
from harness.bench.run_options import Options, UsageError, checked, run_file
from harness.bench.runner import Settings
from harness.bench.session import Ended, Session, left
from harness.bench.store import Run, RunHeader, Store, free_file, read_run
from harness.bench.trials import as_begun, keyless, without

INTERRUPTED = 130


def run(asked: argparse.Namespace) -> int:
    """0: done, or stopped by --max-usd; 1: findings; 2: called wrongly; 130: interrupted, and can go on."""
    try:
        now = datetime.datetime.now(datetime.UTC)
        return _run(asked, checked(asked, now), now)
    except UsageError as error:
        return refuse(str(error))
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1


def _run(asked: argparse.Namespace, options: Options, now: datetime.datetime) -> int:
    before = read_run(asked.resume).header if asked.resume else None
    if before and before.looks == 1 and asked.until_decided:
        raise UsageError(f"{asked.resume} began without --until-decided; begin a new run with it")
    suite = chosen_suite(Path(before.suite_folder) if before and before.suite_folder else asked.suite)
    compiled = compile_policies(asked.project / "policies", installed())
    choice, known = choice_of(asked, options, before), {case.scenario for case in suite.cases}
    if unknown := sorted(set(choice.scenarios) - known):
        return refuse_unknown("scenario", unknown[0], known)
    prepared = prepare(compiled, suite, choice, Addresses(asked.api, asked.mlx_url, asked.remote_url))
    if not asked.dry_run:  # which asks for no key
        prepared = without(prepared, as_begun(before) if before else keyless(prepared), compiled.policies)
    show(prepared.left_out, "text", asked.project)
    header = before or header_of(asked, options, compiled, prepared, now)
    if asked.dry_run:
        return _dry_run(asked, prepared, header)
    if before:
        check_same(before, prepared, asked.resume)
    if options.max_usd is not None:
        check_prices(prepared)
    made = _make_calls(asked, options, prepared, header)
    return _tell(asked, made)


def _dry_run(asked: argparse.Namespace, prepared: Prepared, header: RunHeader) -> int:
    found = dry_run.rows(prepared, header.repeats, header.seed, stream=header.stream)
    if asked.json:
        print(dry_run.as_json(found))
    else:
        dry_run.show(found, f"{header.suite} {header.suite_version}")
    return 0


@dataclass(frozen=True, slots=True)
class _Made:
    """The calls, when they are over."""

    file: Path
    ended: Ended
    left: Counter[str]
    run: Run


def _make_calls(asked: argparse.Namespace, options: Options, prepared: Prepared, header: RunHeader) -> _Made:
    file = asked.resume or run_file(asked, free_file(asked.project, header.week, header.shard))
    settings = Settings(header.seed, asked.concurrency, asked.rate, asked.timeout, header.stream)
    # asked before a call is made: there may be nothing to decide against
    needs = decider(asked.project, asked.against, header, file) if asked.until_decided else None
    with ExitStack() as stack:
        # a run that goes on is locked before it is read; a new one gets its file when all else is ready
        store = stack.enter_context(Store(file)) if asked.resume else None
        before = read_run(file) if store else None
        todo = left(prepared.pairs, header, before)
        legs = [leg for leg, calls in todo.items() if calls or needs]  # also those that repeats may be bought for
        pairs = stack.enter_context(open_legs(prepared, legs, file.with_suffix(".mlx.log")))
        store = store or stack.enter_context(Store(file, header))
        progress = stack.enter_context(watcher(todo))
        session = Session(pairs, header, before, settings, options.max_usd, grade, asked.warm_up, needs)
        ended = session.run(store, progress)
    done = read_run(file)
    return _Made(file, ended, left(prepared.pairs, header, done), done)


def _tell(asked: argparse.Namespace, made: _Made) -> int:
    """Say what came out, and what did not."""
    # a shard is no evidence, nor is what somebody broke off: the one is merged, the other goes on
    is_evidence = made.run.header.shard == (1, 1) and not made.ended.interrupted and bool(made.run.done)
    finished = finish(asked.project, made.file, is_evidence=is_evidence)
    sys.stderr.write(finished.problems)
    files = [made.file, *finished.files]
    finals = [attempt for attempt in made.run.attempts if attempt.final]
    failed = sum(attempt.error is not None for attempt in finals)
    if asked.json:
        print(json.dumps({
            "run": str(made.file),
            "files": [str(file) for file in files],
            "calls": len(finals),
            "without_answer": failed,
            "left": made.left.total(),
            "ended_early": made.ended.early,
            "interrupted": made.ended.interrupted,
            "most_usd": format(made.run.most_usd, "f"),
        }, indent=2))  # fmt: skip
    else:
        say(f"{len(finals)} calls, {failed} without an answer, {usd(made.run.most_usd)} at most")
        for file in files:
            say(f"  {file}")
    for leg, why in made.ended.early.items():
        print(f"vane: {leg}: {why}; {made.left[leg]} calls are left", file=sys.stderr)
    if made.left.total():
        print(f"vane: to go on: vane bench run --resume {made.file}", file=sys.stderr)
    return INTERRUPTED if made.ended.interrupted else 1 if finished.problems else 0
