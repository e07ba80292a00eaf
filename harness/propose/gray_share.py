"""The gray pool's rule: above its share of a complete week's tokens, work leaves the pool until it fits.

The ledger knows which models are gray, not which scenario sent how much to them where several share one. So the planned
shares stand in, and the confidence says so: the smallest scenario that is planned large enough goes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from compiler.policy import Policies
from harness.market.numbers import tokens, unsigned
from harness.market.spend.standing import GrayShare
from harness.propose.edit import Edit
from harness.propose.proposal import NotProposed, Proposal, Statement, Verdict

RULE, ABOUT = "gray-share", "gray pool"


def propose(found: GrayShare | None, policies: Policies) -> Iterator[Verdict]:
    """What a week's share says."""
    scenarios = [name for name, scenario in policies.scenarios.items() if scenario.track == "gray"]
    if found is None:
        yield NotProposed(RULE, ABOUT, "there is no gray pool")
    elif found.unknown_days:
        yield NotProposed(RULE, ABOUT, f"the ledger lacks {len(found.unknown_days)} of the days of {found.week}")
    elif not found.is_over:
        most = unsigned(Fraction(found.max_share))
        yield NotProposed(RULE, ABOUT, f"{unsigned(found.share)} of {found.week}'s tokens, {most} is the ceiling")
    elif not scenarios:
        yield NotProposed(RULE, ABOUT, f"{unsigned(found.share)} of {found.week}'s tokens, and no scenario is on it")
    else:
        yield _shrunk(found, _leaving(scenarios, found, policies), policies)


def _leaving(scenarios: list[str], found: GrayShare, policies: Policies) -> str:
    """The scenario to move: of those planned large enough to bring the share down, the smallest; else the largest."""
    planned = {name: policies.scenarios[name].expected_share or Decimal(0) for name in scenarios}
    whole, share = sum(planned.values(), Decimal(0)), found.share or Fraction(0)
    by_size = sorted(scenarios, key=lambda name: (planned[name], name))
    if not whole:
        return by_size[-1]
    excess = (share - Fraction(found.max_share)) / share
    return next((name for name in by_size if Fraction(planned[name]) / Fraction(whole) >= excess), by_size[-1])


def _shrunk(found: GrayShare, scenario: str, policies: Policies) -> Proposal:
    share, most = unsigned(found.share), unsigned(Fraction(found.max_share))
    file = policies.scenario_files[scenario]
    counted = (
        f"{tokens(found.gray_tokens)} of {tokens(found.tokens)} tokens of {found.week} went to gray models: {share}"
    )
    return Proposal(
        rule=RULE,
        kind="gray-share",
        title=f"Take {scenario} off the gray pool",
        evidence=(
            Statement(f"{counted}.", "policies/tracks.yaml"),
            Statement(f"The pool's ceiling is {most}.", "policies/tracks.yaml"),
        ),
        edits=(Edit(file, "set", ("track",), "token"),),
        effect=f"{scenario} runs on the token track; the gray pool keeps the scenarios that are left.",
        confidence="medium",
        reversal=f"Put it back when the share has been below {most} and the trial still has a question to answer.",
    )
