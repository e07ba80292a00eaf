"""What a plan is for: how things stand, or a contingency that is compiled ahead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from compiler.plan import Route
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
    return tuple(found)
