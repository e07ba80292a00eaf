"""`vane spend tickets`: dollar-track calls without a ticket, as far as logs show them."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from typing import Any

from compiler.commands.asking import refuse
from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from harness.bench.page import Block, Heading, Sentence, Table, as_text
from harness.clock import Clock
from harness.market.spend.engine import opened
from harness.market.spend.money import plain_usd, shown_usd
from harness.market.spend.show_command import month_of
from harness.market.spend.standing import Span
from harness.market.spend.tickets import Tickets, tickets
from harness.market.spend.view import look


def run(asked: argparse.Namespace, clock: Clock | None = None) -> int:
    """0: listed, or there is none; 1: there is no ledger; 2: no month."""
    today = (clock or Clock()).now().astimezone(datetime.UTC).date()
    span = month_of(asked.month, today)
    if span is None:
        return refuse(f"{asked.month!r} is no month that has begun, such as {today:%Y-%m}")
    try:
        with opened(asked.ledger, asked.project) as engine:
            found = tickets(engine, look(engine, asked.project, span.first, span.last))
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1
    if asked.json:
        print(json.dumps(_data(found, span), indent=1))
    else:
        sys.stdout.write(as_text(_page(found, span)))
    return 0


def _page(found: Tickets, span: Span) -> tuple[Block, ...]:
    title = Heading(f"Dollar track in {span.name}: {len(found.without)} calls without a ticket", 1)
    asks = f"A ticket must match {found.pattern}." if found.pattern else "tracks.yaml asks for no ticket (escalation)."
    unseen = f"No log shows the calls behind {shown_usd(found.unlogged)} of {shown_usd(found.spent)}."
    rows = tuple(
        (f"{c.at:%Y-%m-%d %H:%M}", c.model, c.scenario or "–", c.ticket or "none", shown_usd(c.cost), c.id)
        for c in found.without
    )
    listed = (
        (Table(("when (UTC)", "model", "scenario", "ticket", "cost", "generation"), rows, numbers=6),) if rows else ()
    )
    return (title, Sentence(asks), Sentence(unseen), *listed)


def _data(found: Tickets, span: Span) -> dict[str, Any]:
    return {
        "month": span.name,
        "pattern": found.pattern,
        "spent_usd": plain_usd(found.spent),
        "not_in_logs_usd": plain_usd(found.unlogged),
        "without_ticket": [
            {
                "id": call.id, "at": call.at.isoformat(), "model": call.model, "scenario": call.scenario,
                "ticket": call.ticket, "machine": call.machine, "cost_usd": plain_usd(call.cost),
            }
            for call in found.without
        ],
    }  # fmt: skip
