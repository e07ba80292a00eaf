"""`vane spend sync`: what the account says of its last 30 completed days, into the ledger."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from compiler.commands.asking import say
from compiler.commands.findings import show
from compiler.diagnostics import Place, PolicyError
from harness.clock import Clock
from harness.market.spend.account import Asking, Said
from harness.market.spend.booking import Booking, Change, book, enter, key_names
from harness.market.spend.engine import ledger_file
from harness.market.spend.findings import NO_MANAGEMENT_KEY
from harness.market.spend.ledger import reading, writing
from harness.market.spend.money import plain_usd, shown_usd
from harness.market.spend.track_keys import track_keys
from harness.openrouter import OpenRouter, UnansweredError
from harness.telling import telling

#: As `vane account` reads it.
VARIABLE = "OPENROUTER_MANAGEMENT_KEY"


def run(asked: argparse.Namespace, clock: Clock | None = None) -> int:
    """0: synced, or nothing new; 1: an answer did not come or is odd, and the ledger is as it was."""
    try:
        file = ledger_file(asked.ledger, asked.project)
        said = _said(asked, clock or Clock())
        booking = _booked(file, said, asked.dry_run)
    except PolicyError as error:
        show(error.findings, asked.format, asked.project)
        return 1
    show(said.notes, asked.format, asked.project)
    if asked.json:
        print(json.dumps(as_json(booking, asked.dry_run), indent=1, sort_keys=True))
    else:
        for line in lines(booking, asked.dry_run):
            say(line)
    return 0


def _said(asked: argparse.Namespace, clock: Clock) -> Said:
    tracks, secret = track_keys(asked.project), os.environ.get(VARIABLE)
    if not secret:
        raise PolicyError([NO_MANAGEMENT_KEY.at(Place(VARIABLE), f"{VARIABLE} is not set")])

    def own(variable: str) -> OpenRouter | None:
        key = os.environ.get(variable)
        return OpenRouter(asked.api, key, clock=clock) if key else None

    try:
        with OpenRouter(asked.api, secret, clock=clock) as client, telling() as tell:
            return Asking(client, own, tell).ask(tracks)
    except UnansweredError as error:  # of the key or the address: before any question
        raise PolicyError([NO_MANAGEMENT_KEY.at(Place(error.question), error.problem)]) from error


def _booked(file: Path, said: Said, is_dry: bool) -> Booking:
    """Look first: what contradicts the ledger must not even make a new file."""
    with reading(file) as ledger:
        booking = book(said, ledger)
    if is_dry:
        return booking
    with writing(file) as ledger:
        booking = book(said, ledger)
        enter(booking, ledger)
    return booking


def lines(booking: Booking, is_dry: bool) -> Iterable[str]:
    """What a sync did, in words."""
    said, names = booking.said, key_names(booking.said.keys)
    days, cost = {change.day for change in booking.added}, sum(change.new for change in booking.added)
    yield f"{said.window.name}: {len(days)} days new ({shown_usd(cost)}), {len(booking.revised)} revised, " + (
        "nothing written (--dry-run)" if is_dry else "written" if booking.added or booking.revised else "as it was"
    )
    for change in booking.revised:
        old = shown_usd(change.old or 0)
        yield f"  revised: {change.day}, {names.get(change.key, change.key)}: {old} → {shown_usd(change.new)}"
    if unexplained := sum((row.usd + row.byok_usd for row in booking.rows if not row.key), start=0 * cost):
        yield f"  no key of the account explains {shown_usd(unexplained)} of it"
    for counter in said.counters:
        spent = counter.total_usd if counter.month_usd is None else counter.month_usd
        limit = "" if counter.limit_usd is None else f" of {shown_usd(counter.limit_usd)}"
        yield f"  {counter.what}: {shown_usd(spent)}{limit} {'ever' if counter.month_usd is None else 'this month'}"
    if booking.gaps:
        yield (
            f"  MISSING: {booking.gaps[0]} to {booking.gaps[-1]} ({len(booking.gaps)} days) were never synced, and "
            "OpenRouter tells 30 days; import the dashboard's CSV export: vane spend import FILE"
        )


def as_json(booking: Booking, is_dry: bool) -> dict[str, Any]:
    """The same for programs; money is text."""
    said = booking.said
    return {
        "written": not is_dry,
        "from": str(said.window.first),
        "to": str(said.window.last),
        "added": [_change(change) for change in booking.added],
        "revised": [_change(change) for change in booking.revised],
        "unchanged": booking.unchanged,
        "counters": [
            {"what": each.what, "total_usd": plain_usd(each.total_usd)}
            | {name: plain_usd(getattr(each, name)) for name in ("limit_usd", "remaining_usd", "month_usd")}
            for each in said.counters
        ],
        "missing_days": [str(day) for day in booking.gaps],
        "notes": [note.message for note in said.notes],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "day": str(change.day),
        "key": change.key,
        "old_usd": plain_usd(change.old),
        "new_usd": plain_usd(change.new),
    }
