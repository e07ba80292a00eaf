"""Whose a row was by the plan that it was made under, and where a changed plan sends it.

A row moves only where its scenario's route changed: a call that was answered at rank i of the old route is answered at
rank i of the new one, or at its last. Work of a scenario that the changed plan pauses is not done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from compiler.plan import Plan, Route
from compiler.policy import Policies
from harness.market.spend.attribution import ranks


@dataclass(frozen=True, slots=True)
class Where:
    """A model, and the class of the key that pays for it; None for a key that is no track's."""

    model: str
    key: str | None


#: Where work goes that a block keeps from every model: to none.
PAUSED = Where("(paused)", "paused")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a part of the rows would have gone."""

    where: Where
    weight: Fraction


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the plans say of rows: whose they were, and where they would have gone."""

    #: one or more; none for rows that no route explains
    scenarios: tuple[str, ...]
    targets: tuple[Target, ...]
    #: a log named the scenario, and its route does not have the model
    off_route: bool = False
    #: the plans name a scenario, and the model is a fallback there
    at_fallback: bool = False


@dataclass(frozen=True, slots=True)
class Routes:
    """Two plans beside each other."""

    before: Mapping[str, Route]
    after: Mapping[str, Route]
    #: (key's track, model) → scenario → rank, by the first plan
    ranks: Mapping[tuple[str, str], Mapping[str, int]]
    #: planned parts of the tokens, which decide where nothing better is known
    shares: Mapping[str, Fraction]

    def verdict(self, scenario: str, was: Where) -> Verdict:
        """Of rows of a scenario; "" where no log tells it."""
        if scenario:
            return self._named(scenario, was)
        found = self._ranks(was)
        first = min(found.values(), default=0)
        names = tuple(sorted(name for name, rank in found.items() if rank == first))
        if not names:
            return Verdict((), (Target(was, Fraction(1)),))
        return Verdict(names, self._targets(names, first, was), at_fallback=first > 0)

    def _named(self, scenario: str, was: Where) -> Verdict:
        rank = self._ranks(was).get(scenario)
        where = self._moved(scenario, rank or 0, was) if scenario in self.before else was
        return Verdict((scenario,), (Target(where, Fraction(1)),), off_route=rank is None)

    def _ranks(self, was: Where) -> Mapping[str, int]:
        return self.ranks.get((was.key, was.model), {}) if was.key else {}

    def _targets(self, names: Sequence[str], rank: int, was: Where) -> tuple[Target, ...]:
        shares = [self.shares.get(name, Fraction(0)) for name in names]
        if not all(shares):
            shares = [Fraction(1)] * len(names)
        found: dict[Where, Fraction] = {}
        for name, share in zip(names, shares, strict=True):
            where = self._moved(name, rank, was)
            found[where] = found.get(where, Fraction(0)) + share / sum(shares)
        return tuple(Target(where, weight) for where, weight in found.items())

    def _moved(self, scenario: str, rank: int, was: Where) -> Where:
        before, after = self.before[scenario], self.after.get(scenario)
        if after is None or _hops(before) == _hops(after):
            return was
        if not after.hops:
            return PAUSED
        hop = after.hops[min(rank, len(after.hops) - 1)]
        return Where(hop.model, hop.key)


def _hops(route: Route) -> tuple[tuple[str, str], ...]:
    return tuple((hop.model, hop.key) for hop in route.hops)


def routes(before: Plan, after: Plan, policies: Policies) -> Routes:
    """The routes of two standing plans, with the shares that the first one's policies expect."""
    shares = {
        name: Fraction(scenario.expected_share)
        for name, scenario in policies.scenarios.items()
        if scenario.expected_share is not None
    }
    was, becomes = ({route.scenario: route for route in plan.routes} for plan in (before, after))
    return Routes(was, becomes, ranks(before, str), shares)
