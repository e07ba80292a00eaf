"""From what was asked to a run's header, and back: a run that goes on is asked what its header says."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

from compiler import VERSION
from compiler.compile import Compiled
from compiler.diagnostics import Place, PolicyError
from harness.bench.prepare import Choice, Prepared
from harness.bench.run_codes import OTHER_RUN
from harness.bench.run_options import Options
from harness.bench.session import LOOKS
from harness.bench.store import RunHeader


def choice_of(asked: argparse.Namespace, options: Options, header: RunHeader | None) -> Choice:
    """Which part of which suite: as asked, or as the run began."""
    if header is None:
        return Choice(asked.suite, tuple(asked.leg or ()), tuple(asked.scenario or ()), options.shard)
    legs, scenarios = {leg.leg for leg in header.legs}, {leg.scenario for leg in header.legs}
    folder = Path(header.suite_folder) if header.suite_folder else None
    return Choice(folder, tuple(sorted(legs)), tuple(sorted(scenarios)), header.shard)


def header_of(
    asked: argparse.Namespace, options: Options, compiled: Compiled, prepared: Prepared, now: datetime.datetime
) -> RunHeader:
    """The header of a new run."""
    suite, acceptance = prepared.suite, compiled.policies.acceptance
    return RunHeader(
        tool=VERSION,
        week=str(options.week),
        suite=suite.name,
        suite_version=suite.version,
        suite_sha256=suite.sha256,
        suite_folder=str(asked.suite) if asked.suite else None,
        seed=asked.seed,
        repeats=asked.repeats or (acceptance.suite.repeats if acceptance else 1),
        legs=prepared.legs,
        shard=options.shard,
        stream=not asked.no_stream,
        keep_text=asked.keep_text,
        concurrency=asked.concurrency,
        rate=asked.rate,
        timeout_seconds=asked.timeout,
        started=now,
        looks=LOOKS if asked.until_decided else 1,
        untried=prepared.untried,
    )


def check_same(header: RunHeader, prepared: Prepared, file: Path) -> None:
    """Raises PolicyError unless the suite and the routes are still those of the run."""
    why = []
    if header.suite_sha256 != prepared.suite.sha256:
        why.append(f"the suite was {header.suite_sha256[:12]}… and is {prepared.suite.sha256[:12]}…")
    now = {(leg.leg, leg.scenario, leg.trial): leg for leg in prepared.legs}
    for leg in header.legs:
        if (found := now.get((leg.leg, leg.scenario, leg.trial))) != leg:
            why.append(f"{leg.scenario} on {leg.leg} was {leg.model} and is {found.model if found else 'gone'}")
    began = {(leg.leg, leg.scenario, leg.trial) for leg in header.legs}
    for key in sorted(now.keys() - began):
        why.append(f"{now[key].scenario} on {now[key].leg} was not asked of {now[key].model}")
    if why:
        raise PolicyError([OTHER_RUN.at(Place(str(file)), f"{file}: {'; '.join(why)}")])
