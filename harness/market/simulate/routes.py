"""Whose a row was by the plan that it was made under, and where a changed plan sends it.

A row moves only where its scenario's route changed: a call that was answered at rank i of the old route is answered at
rank i of the new one, or at its last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from compiler.plan import Plan, Route
from compiler.policy import Policies


@dataclass(frozen=True, slots=True)
class Where:
    """A model, and the class of the key that pays for it; None for a key that is no track's."""

    model: str
    key: str | None


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
    #: planned parts of the tokens, which decide where nothing better is known
    shares: Mapping[str, Fraction]

    def verdict(self, scenario: str, was: Where) -> Verdict:
        """Of rows of a scenario; "" where no log tells it."""
        if scenario:
            return self._named(scenario, was)
        ranks = {name: rank for name, route in self.before.items() if (rank := _rank(route, was)) is not None}
        first = min(ranks.values(), default=0)
        names = tuple(sorted(name for name, rank in ranks.items() if rank == first))
        if not names:
            return Verdict((), (Target(was, Fraction(1)),))
        return Verdict(names, self._targets(names, first, was), at_fallback=first > 0)

    def _named(self, scenario: str, was: Where) -> Verdict:
        route = self.before.get(scenario)
        rank = _rank(route, was) if route else None
        where = self._moved(scenario, rank or 0, was) if route else was
        return Verdict((scenario,), (Target(where, Fraction(1)),), off_route=rank is None)

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
        hop = after.hops[min(rank, len(after.hops) - 1)]
        return Where(hop.model, hop.key)


def _hops(route: Route) -> tuple[tuple[str, str], ...]:
    return tuple((hop.model, hop.key) for hop in route.hops)


def _rank(route: Route, was: Where) -> int | None:
    return next((rank for rank, hop in enumerate(route.hops) if (hop.model, hop.key) == (was.model, was.key)), None)


def routes(before: Plan, after: Plan, policies: Policies) -> Routes:
    """The routes of two standing plans, with the shares that the first one's policies expect."""
    shares = {
        name: Fraction(scenario.expected_share)
        for name, scenario in policies.scenarios.items()
        if scenario.expected_share is not None
    }
    return Routes({r.scenario: r for r in before.routes}, {r.scenario: r for r in after.routes}, shares)
