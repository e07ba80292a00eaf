"""Two runs → the same prompts side by side, as the statistics take them: on each leg, apart by who was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np

from harness.bench.attempt import Attempt, LegName
from harness.bench.outcomes import Warmth, finals, is_task_failure, is_tool_error, measured, timed, timing, warmth
from harness.bench.stats.percentiles import Timing
from harness.bench.stats.rates import Rates
from harness.bench.stats.resampling import Floats, Pooled

_Outcome: TypeAlias = Callable[[Attempt], bool | None]
_Models: TypeAlias = tuple[str, ...]
#: A case, and whose trial; a prompt that was asked both ways is a pair in each.
_Way: TypeAlias = tuple[str, str]
#: case → repeat → whether it failed
_Marks: TypeAlias = Mapping[str, Mapping[int, bool]]
#: A shorter time than a clock can tell; keeps logarithms finite.
_SHORTEST_MS = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Failures:
    """A kind of failure in both runs, and the prompts that broke and were fixed (one pair a prompt)."""

    rates: Rates
    broke: int
    fixed: int


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Times of one warmth in both runs; prompts are numbered alike on both sides."""

    warmth: Warmth
    prompts: int
    base: tuple[Timing, ...]
    candidate: tuple[Timing, ...]
    base_pool: Pooled
    candidate_pool: Pooled
    #: calls of the other warmth, or without a partner
    left_out: int


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What one call of a prompt cost in both runs, all its attempts together: mean over repeats."""

    #: money of one pass over the prompts that both runs have prices for
    base_usd: Decimal
    candidate_usd: Decimal
    #: the same prompt by prompt, for ratios alone
    base: Floats
    candidate: Floats


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Calls that the transport failed, of all calls."""

    base: int
    base_calls: int
    candidate: int
    candidate_calls: int

    @property
    def rise(self) -> float:
        """Change of the share."""
        return self.candidate / max(1, self.candidate_calls) - self.base / max(1, self.base_calls)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Prompts of a leg that the base asked of one model, and the candidate of one (the same, or another).

    What neither run has evidence for is None.
    """

    leg: LegName
    #: each of the cases, and on whose trial it was, if on one
    ways: tuple[tuple[str, str], ...]
    cases: tuple[str, ...]
    #: of these prompts
    scenarios: tuple[str, ...]
    #: who was asked; more than one only where a run asked several models the same prompt
    base_models: tuple[str, ...]
    candidate_models: tuple[str, ...]
    #: by what names answers came, in either run; whatever they are, an answer counts for who was asked
    answered_by: tuple[str, ...]
    #: of the prompt that has the fewest in either run
    repeats: int
    tool_errors: Failures | None
    task_failures: Failures | None
    times: Times | None
    costs: Costs | None
    unanswered: Unanswered


def paired(leg: LegName, base: Iterable[Attempt], candidate: Iterable[Attempt]) -> tuple[Pairs, ...]:
    """The prompts that both runs have on a leg, apart by base's and candidate's model; empty where there is none.

    A route is a model's, so evidence is too: four routes in one sum say that something got worse, and never which.
    """
    one, other = (_by_way(leg, side) for side in (base, candidate))
    parts: dict[tuple[_Models, _Models], list[_Way]] = defaultdict(list)
    for way in sorted(one.keys() & other.keys()):
        parts[_models(one[way]), _models(other[way])].append(way)
    return tuple(
        _of(leg, ways, [a for way in ways for a in one[way]], [a for way in ways for a in other[way]])
        for _, ways in sorted(parts.items())
    )


def _by_way(leg: LegName, attempts: Iterable[Attempt]) -> Mapping[_Way, list[Attempt]]:
    """Every attempt of what has an outcome."""
    found: dict[_Way, list[Attempt]] = defaultdict(list)
    for attempt in measured(attempts):
        if attempt.leg == leg:
            found[attempt.case, attempt.trial].append(attempt)
    return {way: rows for way, rows in found.items() if finals(rows)}


def _of(leg: LegName, ways: Sequence[_Way], one: Sequence[Attempt], other: Sequence[Attempt]) -> Pairs:
    return Pairs(
        leg=leg,
        ways=tuple(ways),
        cases=tuple(case for case, _ in ways),
        scenarios=tuple(sorted({attempt.scenario for attempt in (*one, *other)})),
        base_models=_models(one),
        candidate_models=_models(other),
        answered_by=tuple(sorted({a.answered_by for a in (*one, *other) if a.answered_by})),
        repeats=min(_fewest_repeats(one), _fewest_repeats(other)),
        tool_errors=_failures(one, other, is_tool_error),
        task_failures=_failures(one, other, is_task_failure),
        times=_times(one, other),
        costs=_costs(one, other),
        unanswered=_unanswered(one, other),
    )


def _models(attempts: Iterable[Attempt]) -> _Models:
    return tuple(sorted({attempt.model for attempt in attempts}))


def _fewest_repeats(attempts: Iterable[Attempt]) -> int:
    seen: dict[str, set[int]] = defaultdict(set)
    for attempt in finals(attempts):
        seen[attempt.case].add(attempt.repeat)
    return min(len(repeats) for repeats in seen.values())


def _failures(base: Sequence[Attempt], candidate: Sequence[Attempt], outcome: _Outcome) -> Failures | None:
    one, other = _marks(base, outcome), _marks(candidate, outcome)
    cases = sorted(one.keys() & other.keys())
    if not cases:
        return None
    counts = [
        np.array([count(marks[case]) for case in cases], dtype=np.int64)
        for marks in (one, other)
        for count in (_failed, len)
    ]
    signs = [_sign(one[case], other[case]) for case in cases]
    return Failures(Rates(*counts), signs.count(1), signs.count(-1))


def _marks(attempts: Iterable[Attempt], outcome: _Outcome) -> _Marks:
    marks: dict[str, dict[int, bool]] = defaultdict(dict)
    for attempt in finals(attempts):
        if (failed := outcome(attempt)) is not None:
            marks[attempt.case][attempt.repeat] = failed
    return marks


def _failed(marks: Mapping[int, bool]) -> int:
    return sum(marks.values())


def _sign(base: Mapping[int, bool], candidate: Mapping[int, bool]) -> int:
    """1: broke, -1: fixed, over the repeats that both have: unlike numbers of repeats would make one likelier."""
    both = base.keys() & candidate.keys()
    change = sum(candidate[repeat] - base[repeat] for repeat in both)
    return (change > 0) - (change < 0)


def _times(base: Sequence[Attempt], candidate: Sequence[Attempt]) -> Times | None:
    """Cold calls, or the prompt-cached ones if more prompts have those in both runs: never one against the other."""
    kinds: tuple[Warmth, ...] = ("cold", "cached")
    found = {kind: (_timings(base, kind), _timings(candidate, kind)) for kind in kinds}
    common = {kind: sorted(one.keys() & other.keys()) for kind, (one, other) in found.items()}
    kind = max(kinds, key=lambda kind: len(common[kind]))
    if not (cases := common[kind]):
        return None
    one, other = (tuple(timing for case in cases for timing in side[case]) for side in found[kind])
    base_pool, candidate_pool = (_pool([side[case] for case in cases]) for side in found[kind])
    total = sum(len(timings) for sides in found.values() for side in sides for timings in side.values())
    return Times(kind, len(cases), one, other, base_pool, candidate_pool, total - len(one) - len(other))


def _timings(attempts: Iterable[Attempt], kind: Warmth) -> Mapping[str, list[Timing]]:
    timings: dict[str, list[Timing]] = defaultdict(list)
    for attempt in timed(attempts):
        if warmth(attempt) == kind:
            timings[attempt.case].append(timing(attempt))
    return timings


def _pool(prompts: Sequence[Sequence[Timing]]) -> Pooled:
    times = np.array([max(t.ms, _SHORTEST_MS) for timings in prompts for t in timings], dtype=np.float64)
    return Pooled.of(times, np.repeat(np.arange(len(prompts)), [len(timings) for timings in prompts]))


def _costs(base: Sequence[Attempt], candidate: Sequence[Attempt]) -> Costs | None:
    one, other = _cost_of_a_call(base), _cost_of_a_call(candidate)
    cases = sorted(one.keys() & other.keys())
    if not cases:
        return None
    totals = [sum((side[case] for case in cases), Decimal(0)) for side in (one, other)]
    ratios = [np.array([float(side[case]) for case in cases], dtype=np.float64) for side in (one, other)]
    return Costs(totals[0], totals[1], ratios[0], ratios[1])


def _cost_of_a_call(attempts: Iterable[Attempt]) -> Mapping[str, Decimal]:
    """Prompt → mean over its repeats; only prompts all of whose outcomes have a known cost."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    repeats: dict[str, int] = defaultdict(int)
    unknown: set[str] = set()
    for attempt in measured(attempts):
        totals[attempt.case] += attempt.cost_usd or Decimal(0)
        repeats[attempt.case] += attempt.final
        if attempt.final and attempt.cost_usd is None:
            unknown.add(attempt.case)
    return {case: totals[case] / count for case, count in repeats.items() if count and case not in unknown}


def _unanswered(base: Sequence[Attempt], candidate: Sequence[Attempt]) -> Unanswered:
    one, other = finals(base), finals(candidate)
    failed = [sum(a.error is not None for a in side) for side in (one, other)]
    return Unanswered(failed[0], len(one), failed[1], len(other))
