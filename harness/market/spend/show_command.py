"""`vane spend show`: a month of the ledger, against its caps."""

from __future__ import annotations

import argparse
import datetime
import json
import re
import sys
from pathlib import Path

from compiler.commands.asking import refuse
from compiler.commands.findings import show
from compiler.diagnostics import Place, PolicyError
from compiler.formats import one_line
from compiler.whole_file import write_whole
from harness.bench.page import as_markdown, as_text
from harness.clock import Clock
from harness.market.spend.engine import opened
from harness.market.spend.findings import NOT_A_MONTH
from harness.market.spend.month import SPLITS, Month, month
from harness.market.spend.month_page import month_data, month_page
from harness.market.spend.standing import Span
from harness.market.spend.view import View, look, since

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def run(asked: argparse.Namespace, clock: Clock | None = None) -> int:
    """0: shown; 1: there is no ledger, or nothing of that month in it; 2: no month."""
    today = (clock or Clock()).now().astimezone(datetime.UTC).date()
    span = month_of(asked.month, today)
    if span is None:
        return refuse(f"{asked.month!r} is no month that has begun, such as {today:%Y-%m}")
    if asked.chart and asked.chart.suffix not in (".svg", ".png"):
        return refuse(f"--chart {asked.chart}: a picture's name ends in .svg or .png")
    try:
        found, view = look_at(asked, span, today)
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1
    if asked.chart:
        _draw(asked.chart, found, view)
    if asked.json:
        print(json.dumps(month_data(found), indent=1))
    else:
        page = month_page(found)
        sys.stdout.write(as_markdown(page) if asked.markdown else as_text(page))
    return 0


def month_of(name: str | None, today: datetime.date) -> Span | None:
    """The month that was asked for, else today's; None where it is none, or has not begun."""
    if name is None:
        return Span.month(today)
    if not _MONTH.fullmatch(name):
        return None
    span = Span.month(datetime.date.fromisoformat(f"{name}-01"))
    return span if span.first <= today else None


def look_at(asked: argparse.Namespace, span: Span, today: datetime.date) -> tuple[Month, View]:
    """The month in the ledger. Raises PolicyError where nothing is known of it."""
    last = min(span.last, today)
    with opened(asked.ledger, asked.project) as engine:
        view = look(engine, asked.project, min(span.first, since(last)), span.last)
    if len(view.unknown(span.first, span.last)) == len(span.days):
        raise PolicyError([NOT_A_MONTH.at(Place(engine.name), f"the ledger knows no day of {span.name}")])
    return month(view, span, today, (asked.by,) if asked.by else SPLITS), view


def _draw(file: Path, found: Month, view: View) -> None:
    from harness.market.spend.chart import drawn

    write_whole(file, drawn(found, view, file.suffix))
    print(one_line(f"{file}: drawn"), file=sys.stderr)
