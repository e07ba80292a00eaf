"""From a ledger and two sets of policies to a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from compiler.diagnostics import Finding, Place, PolicyError
from harness.bench.attempt import Attempt
from harness.market.simulate.amounts import Amounts
from harness.market.simulate.bill import Key
from harness.market.simulate.book import book
from harness.market.simulate.cells import read_cells
from harness.market.simulate.codes import NO_ROWS, UNPRICED
from harness.market.simulate.factors import of_attempts
from harness.market.simulate.replay import Replay
from harness.market.simulate.report import Report
from harness.market.simulate.routes import routes
from harness.market.simulate.settled import Settled, settled
from harness.market.simulate.sides import Side
from harness.market.simulate.tariff import cuts
from harness.market.spend.engine import Engine, table
from harness.market.spend.money import shown_usd
from harness.market.spend.rows import NAMED
from harness.market.spend.standing import Span
from harness.market.spend.track_keys import track_of


def simulate(engine: Engine, span: Span, before: Side, after: Side, runs: Sequence[Attempt]) -> Report:
    """Replay the rows. `runs`: answers of the harness, for how many tokens each model takes.

    Raises PolicyError where there are no rows, or a model of the changed policies has no price.
    """
    prices = book(after.policies.lock, before.policies.lock)
    both = routes(before.plan, after.plan, before.policies)
    reached = {hop.model for route in after.plan.routes for hop in route.hops}
    factors = of_attempts(runs, prices.slug, reached)
    limits = cuts(prices.tariffs.values(), factors.prompt_scales)
    rows = settled(read_cells(engine, span, limits), prices.slug)
    if not rows.rows:
        raise PolicyError([NO_ROWS.at(Place(engine.name), f"no row of {span.name}")])
    bill = Replay(both, prices, factors, limits, _keys(engine, rows)).bill(rows)
    return Report(bill, before.name, after.name, engine.name, span, rows, prices)


def _keys(engine: Engine, rows: Settled) -> Mapping[str, Key]:
    """The account's keys, and those that a log knows by name alone."""
    named = (kind.key for kind, _ in rows.rows if kind.key.startswith(NAMED))
    by_name = {key: key.removeprefix(NAMED) for key in named}
    found = {key: Key(name, track_of(name)) for key, name in by_name.items()}
    return found | {row["key"]: Key(row["name"], row["track"]) for row in engine.answer(table("keys"))}


def unpriced(report: Report) -> Iterator[Finding]:
    """A warning for each model that the lock has no price for."""
    found: dict[str, Amounts] = {}
    for outcome in report.bill.outcomes:
        if not outcome.is_priced:
            model = outcome.kind.model
            found[model] = found.get(model, Amounts()) + outcome.amounts
    for model, amounts in sorted(found.items()):
        said = f"{model!r} has no price in the lock: {amounts.tokens:,} tokens, {shown_usd(amounts.billed)} as billed"
        yield UNPRICED.at(Place("policies/models.lock.json"), said)
