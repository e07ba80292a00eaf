"""Whose spend it is: keys are tracks, and models on a track's key are scenarios, as the plan has them.

Where the plan lets several scenarios reach a model by the same key, the spend is theirs together: one line that names
them all. Where it lets none, the line says so. Nothing is spread by a guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.compile import compile_policies
from compiler.plan import Plan
from compiler.policy import TRACK_KEYS, Policies
from harness.market.exposure import permaslug
from harness.market.spend.cells import Cell
from harness.market.spend.rows import NAMED, NO_KEY, Key
from harness.market.spend.track_keys import track_of

#: Between the scenarios of a shared line.
AND = " + "
NO_TRACK, NO_SCENARIO = "(no track's key)", "(no scenario of the plan)"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Lines for what was spent."""

    #: hash → track, for keys that are a track's
    tracks: Mapping[str, str]
    #: (track, permaslug without variant) → the scenarios that may have asked, the likeliest first
    scenarios: Mapping[tuple[str, str], tuple[str, ...]]
    #: permaslugs of the gray pool's models
    gray: frozenset[str]
    policies: Policies

    def track(self, cell: Cell) -> str:
        """The track whose key paid, or a line for what is no track's."""
        return self.tracks.get(cell.key) or track_of(cell.key.removeprefix(NAMED)) or NO_TRACK

    def scenario(self, cell: Cell) -> str:
        """The scenario that a log names; else all that the plan lets ask for this model by this key."""
        if cell.scenario is not None:
            return cell.scenario
        return AND.join(self.scenarios.get((self.track(cell), family(cell.permaslug)), ())) or NO_SCENARIO

    def is_gray(self, cell: Cell) -> bool:
        """Whether the model is in the gray pool, whichever key paid."""
        return cell.permaslug in self.gray or cell.model in self.gray

    @property
    def track_names(self) -> tuple[str, ...]:
        """The tracks that the team has."""
        return tuple(name for name in TRACK_KEYS if self.policies.track(name) is not None)


def attribution(project: Path, keys: Iterable[Key]) -> Attribution:
    """By the policies as they are now. Raises PolicyError where they do not compile."""
    compiled = compile_policies(project / "policies", ())
    return attribution_of(compiled.policies, compiled.plans[0], keys)


def attribution_of(policies: Policies, plan: Plan, keys: Iterable[Key]) -> Attribution:
    """By a plan: whose primary it is comes first, then whose fallback."""
    places: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for route in (*plan.routes, *plan.usual):  # what was spent before a downgrade has its scenario too
        for number, hop in enumerate(route.hops):
            places[hop.key, family(permaslug(hop.model, policies))].setdefault(route.scenario, number)
    gray = policies.tracks.gray_pool.models if policies.tracks.gray_pool else ()
    return Attribution(
        tracks={key.key: key.track for key in keys if key.track and key.key != NO_KEY},
        scenarios={place: tuple(sorted(ranks, key=lambda s: (ranks[s], s))) for place, ranks in places.items()},
        gray=frozenset(name for model in gray for name in (model, permaslug(model, policies))),
        policies=policies,
    )


def family(permaslug: str) -> str:
    """A permanent name without its variant: the plan names models, and a bill may say `:free`."""
    return permaslug.partition(":")[0]
