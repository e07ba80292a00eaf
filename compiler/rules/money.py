"""Rules about money: caps, tickets and shares."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from compiler.diagnostics import Severity
from compiler.plan import Plan
from compiler.policy import TRACK_KEYS, Policies
from compiler.rules.registry import Problem, plan_rule, policy_rule


@policy_rule("VN401", "dollar-without-cap", "The dollar track has no cap", fix="add `cap:` with a name from caps.yaml")
def dollar_without_cap(policies: Policies) -> Iterator[Problem]:
    """The dollar track carries the dearest models. Without a hard cap one loop of an agent is the month's bill."""
    if policies.tracks.dollar_track and policies.tracks.dollar_track.cap is None:
        yield Problem(policies.place("tracks.yaml", "dollar_track", key=True), "the dollar track has no cap")


@policy_rule(
    "VN402", "dollar-without-ticket", "The dollar track asks for no ticket",
    fix="add `escalation: {ticket: '<regular expression>'}`",
)  # fmt: skip
def dollar_without_ticket(policies: Policies) -> Iterator[Problem]:
    """A ticket id makes each use of a dear model somebody's decision, and lets the bill be read by ticket."""
    if policies.tracks.dollar_track and policies.tracks.dollar_track.escalation is None:
        yield Problem(policies.place("tracks.yaml", "dollar_track", key=True), "the dollar track asks for no ticket")


@plan_rule(
    "VN403", "gray-share-over-ceiling", "More tokens are planned for the gray pool than its ceiling allows",
    fix="lower the expected_share of gray scenarios, or raise max_share in a reviewed change",
)  # fmt: skip
def gray_share_over_ceiling(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """Gray models are on trial: free, unproven, gone without notice. The ceiling keeps an outage of one bearable. What
    a passed cap would move into the pool counts too."""
    pool = policies.tracks.gray_pool
    gray = [route.scenario for route in plan.routes if route.track == "gray" and route.paused is None]
    planned = {name: share for name in gray if (share := policies.scenarios[name].expected_share)}
    total = sum(planned.values(), Decimal(0))
    if pool and total > pool.max_share:
        said = f"gray scenarios ({len(planned)}) plan {_percent(total)} of tokens, the ceiling is"
        place = policies.scenario_place(list(planned)[-1], "expected_share")
        yield Problem(place, f"{said} {_percent(pool.max_share)}")


@policy_rule(
    "VN404", "shares-off-balance", "The expected token shares do not add up to 1",
    fix="make the expected_share of all scenarios add up to 1",
)  # fmt: skip
def shares_off_balance(policies: Policies) -> Iterator[Problem]:
    """The weekly report compares what was planned with what was billed; a plan of 97 % or 104 % compares nothing."""
    planned = [(n, s.expected_share) for n, s in policies.scenarios.items() if s.expected_share is not None]
    total = sum((share for _, share in planned), Decimal(0))
    if planned and total != 1:
        said = f"the expected shares of {len(planned)} scenarios add up to {_percent(total)}"
        yield Problem(policies.scenario_place(planned[-1][0], "expected_share"), said)


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"


@policy_rule(
    "VN405", "unused-cap", "A cap limits nothing", severity=Severity.WARNING,
    fix="name it in a track, or delete it",
)  # fmt: skip
def unused_cap(policies: Policies) -> Iterator[Problem]:
    """A cap that no track names looks like protection and is none."""
    used = {track.cap for name in TRACK_KEYS if (track := policies.track(name))}
    for name in policies.caps:
        if name not in used:
            yield Problem(policies.place("caps.yaml", "caps", name, key=True), f"no track names the cap {name!r}")


@plan_rule(
    "VN406", "downgrade-pauses", "A downgrade leaves a scenario without a model, and it pauses",
    severity=Severity.WARNING,
    fix="let the work go to a track whose models its data may reach, or mark the scenario `incident: true`",
)  # fmt: skip
def downgrade_pauses(plan: Plan, policies: Policies) -> Iterator[Problem]:
    """Blocks hold in a downgrade too. What may not reach the models of the track that takes over is not sent there, nor
    anywhere else: the scenario has no route until the downgrade ends. The same is compiled ahead for each cap, so that
    it is known before the money is gone."""
    for route in plan.routes:
        if route.paused is not None:
            moved = next(step for step in reversed(route.trace) if step.what.startswith("paused: "))
            yield Problem(moved.place, f"scenario {route.scenario!r} is paused: {route.paused}")
