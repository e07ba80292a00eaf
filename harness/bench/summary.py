"""A run in numbers: for each leg and scenario what came back, how fast, at what price, and how sure that is. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from harness.bench.attempt import Attempt, LegName
from harness.bench.outcomes import (
    Warmth,
    finals,
    is_task_failure,
    is_tool_error,
    measured,
    timed,
    timing,
    warmth,
)
from harness.bench.stats.intervals import Interval, samples_needed, wilson
from harness.bench.stats.percentiles import Percentile, Timing, percentile
from harness.bench.store import Run, RunHeader

P50, P95 = 0.5, 0.95
#: An answer that says "later": waited for, counted, and no fault of the model.
_RATE_LIMITED = "rate_limited"
_TIMEOUTS = ("timeout", "stalled")


@dataclass(frozen=True, slots=True)
class Rate:
    """A count of a total, with Wilson's interval."""

    count: int
    total: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class Speed:
    """Calls of one warmth. First tokens are those of streamed answers; None where nothing was streamed."""

    warmth: Warmth
    calls: int
    first_token_p50: Percentile | None
    first_token_p95: Percentile | None
    total_p50: Percentile
    total_p95: Percentile
    tokens_per_second: float | None


@dataclass(frozen=True, slots=True)
class Money:
    """USD of all attempts, also those made again. What was billed and what a list price says are never added up."""

    billed: Decimal
    listed: Decimal
    #: of warm-ups, whatever their basis; in neither of the two
    warm_up: Decimal
    #: attempts whose cost nobody stated
    unknown: int
    #: one run of every prompt once, mean over repeats
    each_run: Decimal


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One leg and scenario."""

    leg: LegName
    scenario: str
    #: the same, where it was tried with prompts of others; else ""
    trial: str
    models: tuple[str, ...]
    answered_by: tuple[str, ...]
    providers: tuple[str, ...]
    prompts: int
    repeats: int
    calls: int
    #: by OpenRouter's definition: of the requests with tools that ended in tool calls
    tool_errors: Rate
    tool_error_kinds: tuple[tuple[str, int], ...]
    #: calls that the server lost: no error by that definition, and no success either
    dropped_calls: int
    #: of the answers that were graded
    successes: Rate
    failures: tuple[tuple[str, int], ...]
    #: final calls without an answer, by error; in neither of the two rates
    transport: tuple[tuple[str, int], ...]
    attempts: int
    retries: int
    rate_limit_waits: int
    timeouts: int
    speeds: tuple[Speed, ...]
    money: Money

    @property
    def unanswered(self) -> int:
        """Final calls without an answer."""
        return sum(count for _, count in self.transport)


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole run."""

    name: str
    header: RunHeader
    groups: tuple[RunSummary, ...]
    #: calls in flight when the run was cut off: nobody knows what they cost
    cut_off: int


def summarise(name: str, run: Run) -> Summary:
    """Every leg and scenario that the run has rows of; what was on trial is the trial's, whose prompts it had."""
    rows: dict[tuple[LegName, str, str], list[Attempt]] = defaultdict(list)
    for attempt in run.attempts:
        rows[attempt.leg, attempt.trial or attempt.scenario, attempt.trial].append(attempt)
    groups = tuple(_group(*key, rows[key]) for key in sorted(rows))
    return Summary(name, run.header, groups, len(run.cut_off))


def repeats_for_bound(prompts: int) -> int:
    """Repeats of each prompt from which P95 has an interval at all."""
    return -(-samples_needed(P95) // max(1, prompts))


def _group(leg: LegName, scenario: str, trial: str, attempts: Sequence[Attempt]) -> RunSummary:
    rows, counted = measured(attempts), finals(attempts)
    errors = [error for a in counted if (error := is_tool_error(a)) is not None]
    failed = [failure for a in counted if (failure := is_task_failure(a)) is not None]
    return RunSummary(
        leg=leg,
        scenario=scenario,
        trial=trial,
        models=_names(a.model for a in attempts),
        answered_by=_names(a.answered_by for a in counted),
        providers=_names(a.provider for a in counted),
        prompts=len({a.case for a in counted}),
        repeats=len({a.repeat for a in counted}),
        calls=len(counted),
        tool_errors=_rate(sum(errors), len(errors)),
        tool_error_kinds=_counts(a.grade.protocol_error for a in counted if is_tool_error(a) and a.grade),
        dropped_calls=sum(a.grade is not None and a.grade.failure == "dropped_call" for a in counted),
        successes=_rate(len(failed) - sum(failed), len(failed)),
        failures=_counts(_failure(a) for a in counted if is_task_failure(a)),
        transport=_counts(a.error for a in counted),
        attempts=len(rows),
        retries=sum(a.attempt > 1 for a in rows),
        rate_limit_waits=sum(a.error == _RATE_LIMITED and not a.final for a in rows),
        timeouts=sum(a.error in _TIMEOUTS for a in rows),
        speeds=_speeds(rows),
        money=_money(attempts),
    )


def _failure(attempt: Attempt) -> str:
    assert attempt.grade is not None  # only what was graded has failed
    return attempt.grade.failure or attempt.grade.protocol_error or "not named"


def _rate(count: int, total: int) -> Rate:
    return Rate(count, total, wilson(count, total))


def _names(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))


def _counts(names: Iterable[str | None]) -> tuple[tuple[str, int], ...]:
    """Most frequent first."""
    return tuple(sorted(Counter(name for name in names if name).items(), key=lambda item: (-item[1], item[0])))


def _speeds(attempts: Sequence[Attempt]) -> tuple[Speed, ...]:
    kinds: tuple[Warmth, ...] = ("cold", "cached")
    with_time = tuple(timed(attempts))
    found = ((kind, [attempt for attempt in with_time if warmth(attempt) == kind]) for kind in kinds)
    return tuple(_speed(kind, rows) for kind, rows in found if rows)


def _speed(kind: Warmth, attempts: Sequence[Attempt]) -> Speed:
    totals = [timing(attempt) for attempt in attempts]
    p50, p95 = percentile(totals, P50), percentile(totals, P95)
    assert p50 is not None and p95 is not None  # there are attempts
    rates = [rate for attempt in attempts if (rate := attempt.tokens_per_second) is not None]
    firsts = _first_tokens(attempts)
    return Speed(
        kind, len(attempts), percentile(firsts, P50), percentile(firsts, P95), p50, p95,
        median(rates) if rates else None,
    )  # fmt: skip


def _first_tokens(attempts: Sequence[Attempt]) -> tuple[Timing, ...]:
    """A call that a timeout cut off before its first token waited for it at least that long."""
    if all(attempt.first_token_ms is None for attempt in attempts):
        return ()
    return tuple(
        Timing(a.first_token_ms) if a.first_token_ms is not None else Timing(a.total_ms, True)
        for a in attempts
        if a.first_token_ms is not None or a.censored
    )


def _money(attempts: Sequence[Attempt]) -> Money:
    rows = measured(attempts)
    billed, listed = (_sum(a for a in rows if a.cost_basis == basis) for basis in ("billed", "list"))
    repeats = len({attempt.repeat for attempt in rows})
    return Money(
        billed=billed,
        listed=listed,
        warm_up=_sum(attempt for attempt in attempts if attempt.repeat == 0),
        unknown=sum(attempt.cost_usd is None for attempt in rows),
        each_run=(billed + listed) / repeats if repeats else Decimal(0),
    )


def _sum(attempts: Iterable[Attempt]) -> Decimal:
    return sum((attempt.cost_usd or Decimal(0) for attempt in attempts), Decimal(0))
