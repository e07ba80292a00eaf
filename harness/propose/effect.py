"""What a proposal would do: the bill at list price, whom it reaches, and what the harness knows of the new model."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from compiler.change import Change, compare
from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import PolicyError
from compiler.policy import TRACK_KEYS
from compiler.targets import Target
from compiler.whole_file import write_whole
from harness.propose.replayed import Replay
from harness.propose.signal import route_of
from harness.propose.trial import Trial
from harness.report.stored.harness import HarnessRun, LegRun, Percentile, Rate


@dataclass(frozen=True, slots=True)
class Effect:
    """Of one proposal upon those before it. None: not known, and `words` says why."""

    #: change of a month's bill at list price, by the planned shares
    usd_per_month: Decimal | None
    scenarios: tuple[str, ...]
    machines: int
    words: tuple[str, ...]


def effects(
    policies: Path, trials: Sequence[Trial], targets: Sequence[Target], run: HarnessRun | None, replay: Replay | None
) -> list[Effect]:
    """One for each trial, in order. `policies` is only read."""
    with tempfile.TemporaryDirectory(prefix="vane-effect-") as scratch:
        copy = Path(scratch) / policies.name
        shutil.copytree(policies, copy)
        before = _compiled(copy, targets)
        found: list[Effect] = []
        for trial in trials:
            for file, text in trial.files:
                write_whole(copy / file, text.encode("utf-8"))
            after = compile_policies(copy, targets)  # it was tried out: it compiles
            found.append(_effect(before, after, run, replay) if before else _mended(trial, after, run))
            before = after
    return found


def _compiled(policies: Path, targets: Sequence[Target]) -> Compiled | None:
    """None for policies that the first proposal has to mend."""
    with suppress(PolicyError):
        return compile_policies(policies, targets)
    return None


def _mended(trial: Trial, after: Compiled, run: HarnessRun | None) -> Effect:
    """Of a proposal without which the policies do not compile: whom it reaches is told by the routes that it edits."""
    plan, edited = after.plans[0], {route_of(edit) for edit in trial.proposal.edits}
    routes = [route for route in plan.routes if {route.scenario, TRACK_KEYS.get(route.track)} & edited]
    touched = tuple(sorted(route.scenario for route in routes))
    machines = sum(any(route.scenario in touched for route in mac.routes) for mac in plan.machines.values())
    why = "Bill: not known. Without it the policies do not compile, so there is nothing to compare with."
    firsts = {route.hops[0].model for route in routes if route.hops}
    return Effect(None, touched, machines, (why, *_told(touched, machines, firsts, run)))


def _effect(before: Compiled, after: Compiled, run: HarnessRun | None, replay: Replay | None) -> Effect:
    change = compare(before, after, {}, {})
    touched = tuple(route.scenario for route in change.routes if route.differences)
    machines = {name for route in change.routes if route.differences for name in route.machines}
    usd = change.dollars if after.policies.market else None
    words = list(_words(change, usd, touched, len(machines), after, run))
    if replay:
        words.insert(1, replay(before, after))
    return Effect(usd, touched, len(machines), tuple(words))


def _words(
    change: Change, usd: Decimal | None, touched: Sequence[str], machines: int, after: Compiled, run: HarnessRun | None
) -> Iterator[str]:
    if usd is None:
        yield "Bill: not known, no market.yaml says how much work there is."
    else:
        yield f"Bill: {usd:+.2f} USD a month at list price, by the planned shares."
    rerouted = {route.scenario for route in change.routes if route.is_rerouted}
    firsts = {route.hops[0].model for route in after.plans[0].routes if route.scenario in rerouted and route.hops}
    yield from _told(touched, machines, firsts, run)


def _told(touched: Sequence[str], machines: int, firsts: Set[str], run: HarnessRun | None) -> Iterator[str]:
    if touched:
        yield f"Reach: {', '.join(touched)}, on {machines} Mac{'' if machines == 1 else 's'}."
    for model in sorted(firsts):
        yield measured(model, run)


def measured(model: str, run: HarnessRun | None) -> str:
    """Latency and success of a model in the week's run, with their intervals; or that nobody knows."""
    legs = [leg for leg in run.legs if leg.models == (model,)] if run else []
    if not legs:
        return f"Latency and success of {model} on our prompts: not known, no leg of the week's run asked it."
    return "; ".join(_measured(leg) for leg in legs) + "."


def _measured(leg: LegRun) -> str:
    times = [f"P95 {warmth} {_time(of.total_p95_ms)}" for warmth, of in sorted(leg.latency.items())]
    asked = f"{', '.join(leg.models)} on leg {leg.leg}, prompts of {leg.scenario}"
    return f"{asked}: success {_rate(leg.successes)}, {', '.join(times)}"


def _rate(rate: Rate) -> str:
    if rate.rate is None or rate.low is None or rate.high is None:
        return "not known"
    return f"{100 * rate.rate:.1f} % ({100 * rate.low:.1f} … {100 * rate.high:.1f})"


def _time(found: Percentile) -> str:
    low, high = ("?" if bound is None else f"{bound / 1000:.1f}" for bound in (found.low, found.high))
    return f"{'≥ ' if found.at_least else ''}{found.value / 1000:.1f} s ({low} … {high})"
