"""What a plan is for (as things stand, or a contingency that is compiled ahead), and what its passes have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from compiler.diagnostics import Place
from compiler.plan import SHARED_SLOTS, Route, Step
from compiler.policy import TRACK_KEYS, Policies


@dataclass(frozen=True, slots=True)
class Situation:
    """What the plan is for: nothing special, a passed cap, or the gray pool rolled back."""

    name: str
    folder: str
    passed_cap: str | None = None
    gray_rolled_back: bool = False
    #: as if no track were downgraded
    is_usual: bool = False


STANDING = Situation("standing", "")
Routes = tuple[Route, ...]
Pass = Callable[[Routes, Policies, Situation], Routes]


def situations(policies: Policies) -> tuple[Situation, ...]:
    """The standing situation and every contingency that these policies can get into."""
    capped = {track.cap for name in TRACK_KEYS if (track := policies.track(name)) and track.cap}
    found = [STANDING]
    found += (Situation(f"cap {cap} is passed", f"contingencies/{cap}-passed/", cap) for cap in sorted(capped))
    if policies.tracks.gray_pool:
        folder = "contingencies/gray-rolled-back/"
        found.append(Situation("the gray pool is rolled back", folder, gray_rolled_back=True))
    if policies.tracks.dollar_track and policies.tracks.dollar_track.downgraded:
        found.append(Situation("the downgrade is over", "contingencies/downgrade-over/", is_usual=True))
    return tuple(found)


def noted(route: Route, by: str, what: str, place: Place) -> Route:
    """The route with one more step in its trace."""
    return replace(route, trace=(*route.trace, Step(by, what, place)))


def served_labels(route: Route, routes: tuple[Route, ...]) -> tuple[str, ...]:
    """The labels of all work that a route may see: its own, and of the agents for whom it holds a shared seat."""
    if not SHARED_SLOTS.intersection(route.slots):
        return route.labels
    beside = (r for r in routes if r.surface == route.surface and (r.tier == "local") == (route.tier == "local"))
    return tuple(dict.fromkeys(label for each in (route, *beside) for label in each.labels))
