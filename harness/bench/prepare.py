"""What a run will call: the cases with their ways, filtered and sharded; what is left out, and the worst case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from compiler.compile import Compiled
from compiler.diagnostics import Finding, Place, PolicyError
from harness.bench.case import Case, Suite
from harness.bench.legs import ACCEPTANCE, Addresses, Way, ways
from harness.bench.run_codes import LEFT_OUT, NO_PRICE
from harness.bench.store import RunLeg, Untried
from harness.bench.suite import SHIPPED, load_suite
from harness.bench.tasks import Task, request_of, runnable, shard_of, worst_of

Pair = tuple[Case, Way]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which part of which suite runs where."""

    suite: Path | None
    legs: tuple[str, ...]
    scenarios: tuple[str, ...]
    shard: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that can be said before the first call."""

    suite: Suite
    #: leg → its cases, each with its way
    pairs: Mapping[str, Sequence[Pair]]
    left_out: tuple[Finding, ...]
    untried: tuple[Untried, ...] = ()

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way that a case takes."""
        return tuple(dict.fromkeys(way for pairs in self.pairs.values() for _, way in pairs))

    @property
    def legs(self) -> tuple[RunLeg, ...]:
        """As the run's header names them."""
        return tuple(RunLeg(way.leg, way.scenario, way.route, way.model, way.trial) for way in self.ways)


def prepare(compiled: Compiled, suite: Suite, choice: Choice, other: Addresses) -> Prepared:
    """Give each chosen case its ways. Raises PolicyError where a leg cannot run."""
    wanted = choice.scenarios or tuple({case.scenario for case in suite.cases})
    cases = [case for case in shard_of(suite.cases, choice.shard) if case.scenario in wanted]
    found, blocked = ways(compiled, wanted, choice.legs, other, is_own_suite=choice.suite is not None)
    fitting, unfit = runnable(cases, found)
    pairs: dict[str, list[Pair]] = {way.leg: [] for way in found}
    for case, way in fitting:
        pairs[way.leg].append((case, way))
    return Prepared(suite, pairs, (*blocked, *_unfit(unfit, compiled)))


def chosen_suite(folder: Path | None) -> Suite:
    """The shipped suite, or a team's own."""
    return load_suite(folder or SHIPPED)


def _unfit(pairs: Collection[Pair], compiled: Compiled) -> Iterator[Finding]:
    """A finding for each leg and model that does not take what its cases bring."""
    counted = Counter((way.leg, way.model, _excess(case, way)) for case, way in pairs)
    place = compiled.policies.place(ACCEPTANCE, "legs", key=True)
    for (leg, model, excess), count in counted.items():
        yield LEFT_OUT.at(place, f"{count} cases do not run on {leg}: {model} takes no {excess}")


def _excess(case: Case, way: Way) -> str:
    return ", ".join(sorted(set(case.modalities) - way.modalities))


def worst_cases(prepared: Prepared, seed: int, *, stream: bool) -> Iterator[tuple[Case, Way, Decimal | None]]:
    """Each call with what it costs at most, once."""
    for pairs in prepared.pairs.values():
        for case, way in pairs:
            task = Task(case, way, 1)
            yield case, way, worst_of(task, request_of(task, seed, stream=stream).body)


def check_prices(prepared: Prepared) -> None:
    """Under a limit every call must have a worst case. Raises PolicyError for models and agents without one."""
    without = sorted({(way.leg == "remote", way.model) for way in prepared.ways if way.prices is None})
    if without:
        raise PolicyError([_unpriced(model, is_agent=is_agent) for is_agent, model in without])


def _unpriced(model: str, *, is_agent: bool) -> Finding:
    if is_agent:
        said = f"{model} is an agent that asks models of the API as often as it likes, so --max-usd cannot hold"
        return NO_PRICE.at(Place(f"policies/{ACCEPTANCE}"), said, "leave the leg out with --leg")
    return NO_PRICE.at(Place("policies/models.lock.json"), f"{model} has no list price, so --max-usd cannot hold")
