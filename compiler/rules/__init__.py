"""Rules: what may not stand in policies although it parses. Each is a small function that yields problems.

A rule never prints, raises or mends. Policy rules look at what people wrote; plan rules look at what it resolves to, in
every situation that is compiled ahead. A new rule is a function in one of these modules and a line in a tuple here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from compiler.diagnostics import Code, Finding, Place
from compiler.plan import Plan
from compiler.policy import Policies
from compiler.rules import fleet, models, money, privacy, references, rings, surfaces
from compiler.rules.registry import PlanRule, PolicyRule

#: Rules whose findings leave nothing that could be resolved; they run first.
REFERENCE_RULES: tuple[PolicyRule, ...] = (
    references.dangling_reference,
    references.circular_downgrade,
    surfaces.scenario_without_track,
)
POLICY_RULES: tuple[PolicyRule, ...] = (
    models.unknown_model,
    models.unpinned_model,
    models.expired_model,
    models.expiring_model,
    models.router_in_route,
    models.repeated_model,
    money.dollar_without_cap,
    money.dollar_without_ticket,
    money.shares_off_balance,
    money.unused_cap,
    privacy.literal_secret,
    privacy.gray_model_off_track,
    privacy.loosened_preference,
    privacy.deny_without_model,
    surfaces.slot_claimed_twice,
    surfaces.slot_of_other_surface,
    surfaces.cursor_without_slot,
    surfaces.cursor_alias,
    surfaces.cursor_needs_api,
    surfaces.key_of_other_surface,
    surfaces.tier_mismatch,
    fleet.always_on_on_laptop,
    fleet.mlx_does_not_fit,
    fleet.mlx_role,
    fleet.port_taken,
    fleet.gateway_link,
    fleet.daemon_user,
    fleet.harness_without_acceptance,
    rings.ring_named_twice,
    rings.machine_in_two_rings,
    rings.ring_never_done,
)
PLAN_RULES: tuple[PlanRule, ...] = (
    models.needs_not_met,
    money.gray_share_over_ceiling,
    money.downgrade_pauses,
    privacy.denied_model_reachable,
    privacy.unroutable_preferences,
    privacy.zdr_unknown,
    surfaces.surface_without_scenario,
    surfaces.scenario_without_machine,
    fleet.mlx_model_not_served,
)
#: Messages about one place that are said in full.
_MOST_SAID = 3


def check_references(policies: Policies) -> tuple[Finding, ...]:
    """Findings that leave nothing to resolve."""
    return tuple(finding for rule in REFERENCE_RULES for finding in rule.findings(policies))


def check_policies(policies: Policies) -> tuple[Finding, ...]:
    """Findings about what people wrote."""
    return tuple(finding for rule in POLICY_RULES for finding in rule.findings(policies))


def check_plans(plans: Iterable[Plan], policies: Policies) -> tuple[Finding, ...]:
    """Findings about what it resolves to; what a contingency shares with the standing plan is said once.

    One line stands in the routes of many scenarios, situations and Macs: what is wrong with it is one finding.
    """
    seen: dict[tuple[str, Place], dict[str, Finding]] = {}
    for plan in plans:
        for rule in PLAN_RULES:
            for finding in rule.findings(plan, policies):
                bare = finding.message.removesuffix(f" (when {plan.situation})")
                seen.setdefault((finding.code, finding.place), {}).setdefault(bare, finding)
    return tuple(_as_one(tuple(alike.values())) for alike in seen.values())


def _as_one(alike: tuple[Finding, ...]) -> Finding:
    """The first in place of all, with what the next ones say and how many more there are."""
    said = [finding.message for finding in alike[:_MOST_SAID]]
    if left := len(alike) - len(said):
        said.append(f"and {left:,} more like these")
    return replace(alike[0], message="; ".join(said))


def codes() -> tuple[Code, ...]:
    """The code of every rule."""
    rules: tuple[PolicyRule | PlanRule, ...] = (*REFERENCE_RULES, *POLICY_RULES, *PLAN_RULES)
    return tuple(rule.code for rule in rules)
