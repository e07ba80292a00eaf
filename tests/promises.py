"""What the comparison promises, tried on simulated weeks. A short run is in the tests, the long one in `make bench`.

A claim is a metric called worse or better. In a world without change every claim is false. "Within the margin" is no
claim of a change, and right in that world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import TypeVar

import numpy as np

from harness.bench.compare import Carried, Comparison, compare
from harness.bench.measures import Metric
from harness.bench.sides import Side
from harness.bench.stats.eprocess import ACT_AT
from harness.bench.verdicts import Result
from tests.simulated_weeks import THRESHOLDS, Change, World, growing, legs_of, run, week

T = TypeVar("T")
LOOKS = 4
#: Trials that are not worth other processes.
FEW = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """Of some trials, how many did what was counted."""

    trials: int
    hits: int

    @property
    def share(self) -> float:
        """Hits of trials."""
        return self.hits / self.trials


def results(comparison: Comparison) -> Iterator[Result]:
    """All of all legs."""
    return (result for leg in comparison.legs for result in leg.results)


def claims(comparison: Comparison) -> tuple[Metric, ...]:
    """What is called worse or better."""
    return tuple(r.question.measure.metric for r in results(comparison) if r.verdict in ("worse", "better"))


def history(world: World, weeks: int, seed: int) -> tuple[int, bool]:
    """Weeks without change of the same prompts, each with a base and a candidate of its own, e-processes carried on.

    How many weeks claimed something, and whether an e-process ever acted.
    """
    random = np.random.default_rng(seed)
    legs = legs_of(world, random)
    carried: Carried = {}
    claiming, acted = 0, False
    for number in range(weeks):
        base, candidate = (run(f"{kind}{number:02d}", world, legs, random) for kind in ("b", "c"))
        comparison = compare(base, candidate, THRESHOLDS, carried=carried)
        claiming += bool(claims(comparison))
        acted |= any((r.question.e_adjusted or 0) >= ACT_AT for r in results(comparison))
        carried = comparison.processes
    return claiming, acted


def grown(world: World, seed: int) -> bool:
    """Whether any of four looks at a growing run without change claimed something."""
    base, candidate = week(replace(world, repeats=world.repeats * LOOKS), np.random.default_rng(seed))
    for look in range(1, LOOKS + 1):
        one, other = (_first(side, look * world.repeats) for side in (base, growing(candidate, LOOKS)))
        if claims(compare(one, other, THRESHOLDS)):
            return True
    return False


def _first(side: Side, repeats: int) -> Side:
    attempts = tuple(attempt for attempt in side.run.attempts if attempt.repeat <= repeats)
    return side._replace(run=replace(side.run, attempts=attempts))


def power(world: World, metric: Metric, change: Change, size: float, seed: int) -> tuple[int, float, int]:
    """For how many models the change was found, for how many the report of a week without change says it would be, and
    of how many it is asked."""
    random = np.random.default_rng(seed)
    quiet = compare(*week(world, random), THRESHOLDS)
    changed = compare(*week(world, random, change), THRESHOLDS)
    found = [r.verdict == "worse" for r in results(changed) if r.question.measure.metric == metric]
    said = sum(r.chance(size) for r in results(quiet) if r.question.measure.metric == metric)
    return sum(found), said, len(found)


def histories(world: World, count: int, weeks: int) -> tuple[Seen, Seen]:
    """Weeks with a claim, and histories in which an e-process acted."""
    found = list(_each(history, [(world, weeks, seed) for seed in range(count)]))
    return (
        Seen(count * weeks, sum(claiming for claiming, _ in found)),
        Seen(count, sum(acted for _, acted in found)),
    )


def looks(world: World, count: int) -> Seen:
    """Runs that claimed something at any of their looks."""
    return Seen(count, sum(_each(grown, [(world, seed) for seed in range(count)])))


def powers(world: World, metric: Metric, change: Change, size: float, count: int) -> tuple[Seen, float]:
    """Models for which a change was found, and the share that the reports promised."""
    found = list(_each(power, [(world, metric, change, size, seed) for seed in range(count)]))
    trials = sum(asked for *_, asked in found)
    return Seen(trials, sum(hits for hits, *_ in found)), sum(said for _, said, _ in found) / trials


def _each(work: Callable[..., T], arguments: Sequence[tuple[object, ...]]) -> Iterator[T]:
    """One after the other, or many at a time where there are many."""
    if len(arguments) < FEW:
        yield from (work(*each) for each in arguments)
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, *zip(*arguments, strict=True), chunksize=4)
