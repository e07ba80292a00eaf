"""`vane simulate`: what a period's bill would have been under changed policies."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

from compiler.commands.asking import refuse, refuse_unknown
from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from compiler.revisions import NoRevision
from harness.bench.page import as_markdown, as_text
from harness.clock import Clock
from harness.market.form import dumped
from harness.market.simulate.factors import answers_of_runs
from harness.market.simulate.page import data, page
from harness.market.simulate.period import span_of
from harness.market.simulate.report import Report
from harness.market.simulate.run import simulate, unpriced
from harness.market.simulate.sides import Setting, UnknownScenario, sides
from harness.market.spend.engine import opened
from harness.market.spend.standing import Span


def run(asked: argparse.Namespace, clock: Clock | None = None) -> int:
    """0: shown; 1: policies, ledger or prices do not allow it; 2: a wrong question."""
    project: Path = asked.project
    try:
        today = (clock or Clock()).now().astimezone(datetime.UTC).date()
        span = span_of(asked.month, asked.since, asked.until, today)
        settings = [Setting.parse(text) for text in asked.set]
        report = _report(asked, span, settings)
    except (ValueError, NoRevision) as error:
        return refuse(str(error))
    except UnknownScenario as error:
        return refuse_unknown("scenario", error.name, error.known)
    except PolicyError as error:
        show(error.findings, "text", project)
        return 1
    show(tuple(unpriced(report)), "text", project)
    if asked.json:
        sys.stdout.write(dumped(data(report)).decode())
    else:
        layout = as_markdown if asked.markdown else as_text
        sys.stdout.write(layout(tuple(page(report))))
    return 0


def _report(asked: argparse.Namespace, span: Span, settings: list[Setting]) -> Report:
    before, after = sides(asked.project, asked.against, asked.policies, settings)
    with opened(asked.ledger, asked.project) as engine:
        return simulate(engine, span, before, after, answers_of_runs(asked.project))
