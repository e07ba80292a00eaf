"""What changed between two runs on one leg, metric by metric: estimates, intervals and p-values, not yet judged."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
from scipy.stats import norm

from harness.bench.pairs import Costs, Failures, Pairs, Times
from harness.bench.stats.intervals import LEVEL, samples_needed
from harness.bench.stats.percentiles import percentile
from harness.bench.stats.power import Spread, rate_power, rate_spread, ratio_power, smallest_ratio_rise, smallest_rise
from harness.bench.stats.rates import Rates, change_interval, change_p, discordance, tango
from harness.bench.stats.resampling import (
    bootstrap_log_ratio,
    bootstrap_ratio_of_means,
    least_p,
    percentile_interval,
    sign_flip_p,
    swap_p,
)

Metric = Literal["tool_error", "task_failure", "latency_p95", "latency_p50", "cost"]
Unit = Literal["points", "percent"]
_Z = float(norm.ppf((1 + LEVEL) / 2))
P50, P95 = 0.5, 0.95


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric. Changes are shares: 0.02 is two points of a rate, or two percent of a time. Up is worse."""

    metric: Metric
    unit: Unit
    #: a share, milliseconds, or dollars of one pass over the prompts
    base: float | Decimal
    candidate: float | Decimal
    #: whether a timeout hides how large the value is
    base_at_least: bool
    candidate_at_least: bool
    change: float
    #: of the change; None where no bound exists
    low: float | None
    high: float | None
    #: two-sided; None where the metric is shown and not asked about
    p: float | None
    broke: int
    fixed: int
    #: chance that a change is found by a comparison like this, at an error rate and a threshold
    power: Callable[[float, float, float], float]
    #: how much of a change a comparison like this finds four times of five, at an error rate and a threshold
    sees: Callable[[float, float], float | None]
    #: the interval as it would be at a number of repeats, if the estimate stays
    at_repeats: Callable[[float], tuple[float, float | None]]
    note: str = ""


def measures(pairs: Pairs) -> tuple[Measure, ...]:
    """Every metric that both runs have evidence for."""
    found = []
    if pairs.tool_errors:
        found.append(_failure_measure("tool_error", pairs.tool_errors))
    if pairs.task_failures:
        found.append(_failure_measure("task_failure", pairs.task_failures))
    if pairs.times:
        found.append(_time_measure("latency_p95", pairs.times, P95, pairs.repeats))
        found.append(_time_measure("latency_p50", pairs.times, P50, pairs.repeats))
    if pairs.costs and pairs.costs.base_usd > 0:
        found.append(_cost_measure(pairs.costs, pairs.repeats))
    return tuple(found)


def _failure_measure(metric: Metric, failures: Failures) -> Measure:
    rates = failures.rates
    interval = change_interval(rates)
    return Measure(
        metric, "points", float(rates.base.mean()), float(rates.candidate.mean()), False, False, rates.change,
        interval.low, interval.high, change_p(rates), failures.broke, failures.fixed,
        power=lambda rise, alpha, threshold: rate_power(rates, rise, alpha, threshold),
        sees=lambda alpha, threshold: smallest_rise(rates, alpha, threshold),
        at_repeats=_rate_forecast(rates),
    )  # fmt: skip


def _rate_forecast(rates: Rates) -> Callable[[float], tuple[float, float]]:
    spread, change = rate_spread(rates), rates.change
    have = 2 / float((1 / rates.base_calls + 1 / rates.candidate_calls).mean())
    pairs = discordance(rates)

    def at(repeats: float) -> tuple[float, float]:
        error = spread.error(repeats)
        low, high = tango(*(count * repeats / have for count in pairs))
        return min(low, change - _Z * error), max(high, change + _Z * error)

    return at


def _time_measure(metric: Metric, times: Times, quantile: float, repeats: int) -> Measure:
    base, candidate = percentile(times.base, quantile), percentile(times.candidate, quantile)
    assert base is not None and candidate is not None  # a prompt of `times` has calls on both sides
    draws = bootstrap_log_ratio(times.base_pool, times.candidate_pool, quantile, times.prompts)
    low, high = (math.expm1(bound) for bound in percentile_interval(draws, LEVEL))
    error = float(draws.std(ddof=1))
    calls, needed = min(base.calls, candidate.calls), samples_needed(quantile)
    change = times.candidate_pool.quantile(quantile) / times.base_pool.quantile(quantile)
    spread = Spread(0.0, error**2 * repeats)

    def at(more: float) -> tuple[float, float | None]:
        reach = _Z * spread.error(more)
        enough = calls * more / repeats >= needed and not candidate.at_least
        return change * math.exp(-reach) - 1, change * math.exp(reach) - 1 if enough else None

    return Measure(
        metric, "percent", base.ms, candidate.ms, base.at_least, candidate.at_least, change - 1,
        # what a timeout hides is longer: of the base it takes the lower bound away, of the candidate the upper one
        None if base.at_least else low, None if candidate.at_least or calls < needed else high,
        swap_p(times.base_pool, times.candidate_pool, quantile, times.prompts) if quantile == P95 else None, 0, 0,
        power=_ratio_power(error, times.prompts),
        sees=_ratio_sees(error, times.prompts),
        at_repeats=at,
        note=_time_note(times, calls, needed),
    )  # fmt: skip


def _ratio_power(error: float, prompts: int) -> Callable[[float, float, float], float]:
    return lambda rise, alpha, threshold: (
        ratio_power(rise, error, alpha, threshold) if least_p(prompts) <= alpha else 0.0
    )


def _ratio_sees(error: float, prompts: int) -> Callable[[float, float], float | None]:
    return lambda alpha, threshold: smallest_ratio_rise(error, alpha, threshold) if least_p(prompts) <= alpha else None


def _time_note(times: Times, calls: int, needed: int) -> str:
    notes = [f"{times.warmth} calls"]
    if times.left_out:
        notes.append(f"{times.left_out} other calls left out")
    if calls < needed:
        notes.append(f"{calls} calls have no upper bound for it, {needed} have")
    return "; ".join(notes)


def _cost_measure(costs: Costs, repeats: int) -> Measure:
    draws = bootstrap_ratio_of_means(costs.base, costs.candidate)
    low, high = percentile_interval(draws, LEVEL) if len(draws) else (1.0, 1.0)
    change = float(costs.candidate_usd / costs.base_usd) - 1
    positive = draws[draws > 0]
    error = float(np.log(positive).std(ddof=1)) if len(positive) > 1 else 0.0
    return Measure(
        "cost", "percent", costs.base_usd, costs.candidate_usd, False, False, change, low - 1, high - 1,
        sign_flip_p(costs.candidate - costs.base), 0, 0,
        power=_ratio_power(error, len(costs.base)),
        sees=_ratio_sees(error, len(costs.base)),
        at_repeats=lambda more: (
            (1 + change) * math.exp(-_Z * error * math.sqrt(repeats / more)) - 1,
            (1 + change) * math.exp(_Z * error * math.sqrt(repeats / more)) - 1,
        ),
    )  # fmt: skip
