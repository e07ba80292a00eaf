"""A summary and a comparison for programs: what `--json` prints and harness.json holds. Money is decimal text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from harness.bench.compare import Comparison, Key, LegComparison, undecided
from harness.bench.stats.eprocess import EProcess
from harness.bench.stats.percentiles import Percentile
from harness.bench.summary import Rate, RunSummary, Speed, Summary
from harness.bench.verdicts import Result

VERSION = 1


def as_json(data: Mapping[str, Any]) -> bytes:
    """Same data, same bytes."""
    return (json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False) + "\n").encode()


def summary_data(summary: Summary) -> dict[str, Any]:
    """A run in numbers."""
    header = summary.header
    return {
        "run": summary.name,
        "week": header.week,
        "started": header.started.isoformat(),
        "suite": {"name": header.suite, "version": header.suite_version, "sha256": header.suite_sha256},
        "seed": header.seed,
        "concurrency": header.concurrency,
        "rate": header.rate,
        "timeout_seconds": header.timeout_seconds,
        "looks": header.looks,
        "missing_shards": list(header.missing_shards),
        "untried": [asdict(each) for each in header.untried],
        "cut_off": summary.cut_off,
        "legs": [_group(group) for group in summary.groups],
    }


def _group(group: RunSummary) -> dict[str, Any]:
    money = group.money
    return {
        "leg": group.leg,
        "scenario": group.scenario,
        "trial": group.trial,
        "models": list(group.models),
        "answered_by": list(group.answered_by),
        "providers": list(group.providers),
        "prompts": group.prompts,
        "repeats": group.repeats,
        "calls": group.calls,
        "tool_errors": _rate(group.tool_errors),
        "tool_error_kinds": dict(group.tool_error_kinds),
        "dropped_calls": group.dropped_calls,
        "successes": _rate(group.successes),
        "failures": dict(group.failures),
        "unanswered": dict(group.transport),
        "attempts": group.attempts,
        "retries": group.retries,
        "rate_limit_waits": group.rate_limit_waits,
        "timeouts": group.timeouts,
        "latency": {speed.warmth: _speed(speed) for speed in group.speeds},
        "usd": {
            "billed": f"{money.billed:f}",
            "by_list_price": f"{money.listed:f}",
            "each_run": f"{money.each_run:f}",
            "warm_up": f"{money.warm_up:f}",
            "attempts_of_unknown_cost": money.unknown,
        },
    }


def _rate(rate: Rate) -> dict[str, Any]:
    share = rate.count / rate.total if rate.total else None
    bounds = {"low": _short(rate.interval.low), "high": _short(rate.interval.high)}
    return {"count": rate.count, "total": rate.total, "rate": _short(share), **bounds}


def _speed(speed: Speed) -> dict[str, Any]:
    return {
        "calls": speed.calls,
        "first_token_p50_ms": _percentile(speed.first_token_p50),
        "first_token_p95_ms": _percentile(speed.first_token_p95),
        "total_p50_ms": _percentile(speed.total_p50),
        "total_p95_ms": _percentile(speed.total_p95),
        "tokens_per_second": _short(speed.tokens_per_second),
    }


def _percentile(found: Percentile | None) -> dict[str, Any] | None:
    if found is None:
        return None
    bounds = {"low": _short(found.interval.low), "high": _short(found.interval.high)}
    return {"value": _short(found.ms), "at_least": found.at_least, **bounds}


def comparison_data(comparison: Comparison) -> dict[str, Any]:
    """What follows for each model of each leg, and the state that the next week's e-processes go on from."""
    return {
        "base": comparison.base,
        "candidate": comparison.candidate,
        "suite_sha256": comparison.suite_sha256,
        "looks": comparison.looks,
        "legs": [_leg(leg) for leg in comparison.legs],
        "missing_legs": list(comparison.missing_legs),
        "e_processes": [
            {"leg": leg, "metric": metric, "base_models": list(base), "candidate_models": list(candidate),
             "broke": process.broke, "fixed": process.fixed, "runs": sorted(process.runs)}
            for (leg, metric, base, candidate), process in sorted(comparison.processes.items(), key=_by_key)
        ],
        "to_buy": [
            {"leg": need.leg, "models": list(need.models), "prompts": len(need.cases), "repeats": need.repeats}
            for need in undecided(comparison)
        ],
    }  # fmt: skip


def _by_key(item: tuple[Key, EProcess]) -> Key:
    return item[0]


def _leg(leg: LegComparison) -> dict[str, Any]:
    pairs = leg.pairs
    return {
        "leg": pairs.leg,
        "outcome": leg.outcome,
        "reasons": list(leg.reasons),
        "repeats_that_would_decide": leg.repeats,
        "base_models": list(pairs.base_models),
        "candidate_models": list(pairs.candidate_models),
        "routes": list(leg.routes),
        "answered_by": list(pairs.answered_by),
        "prompts": len(pairs.cases),
        "repeats": pairs.repeats,
        "left_out": list(leg.left_out),
        "unanswered": {
            "base": [pairs.unanswered.base, pairs.unanswered.base_calls],
            "candidate": [pairs.unanswered.candidate, pairs.unanswered.candidate_calls],
        },
        "metrics": {result.question.measure.metric: _result(result) for result in leg.results},
    }


def _result(result: Result) -> dict[str, Any]:
    question, measure = result.question, result.question.measure
    process = question.process
    return {
        "unit": measure.unit,
        "base": _value(measure.base),
        "candidate": _value(measure.candidate),
        "base_at_least": measure.base_at_least,
        "candidate_at_least": measure.candidate_at_least,
        "change": _short(measure.change),
        "low": _short(measure.low),
        "high": _short(measure.high),
        "p": _short(measure.p),
        "p_adjusted": _short(question.p_adjusted),
        "verdict": None if measure.p is None else result.verdict,
        "sees": _short(result.sees()),
        "repeats_that_would_decide": result.repeats,
        "note": measure.note,
        "e_value": None if process is None else _short(process.value),
        "e_adjusted": _short(question.e_adjusted),
    }


def _value(value: float | Decimal) -> float | str | None:
    return f"{value:f}" if isinstance(value, Decimal) else _short(value)


def _short(value: float | None) -> float | None:
    """Six digits that count: more would only say which version of a library computed them."""
    return None if value is None else float(f"{value:.6g}")
