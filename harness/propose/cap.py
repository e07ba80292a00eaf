"""The cap's rule: an overrun downgrades the dollar track for the weeks that follow, and a new period's money ends it.

A cap is passed when more than its limit and its overrun was spent. Where OpenRouter's own limit on the key stops the
spend at the cap, nothing can ever be counted above it: then a key at its limit, and a forecast above limit and overrun,
say the same.

A period is a cap's: a month, a week or a day. While it runs, an overrun in it is reason enough. When it is over, its
overrun counts only in the week after the one that passed the cap: later the rule has had its turn, and a period that
begins with its money unspent is not punished for the one before. So the same evidence never proposes the same twice,
and nothing has to be remembered from run to run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from compiler.policy import Policies
from compiler.policy.tracks import Downgraded
from harness.market.spend.money import shown_usd
from harness.market.spend.standing import Standing
from harness.propose.edit import Edit
from harness.propose.proposal import NotProposed, Proposal, Statement, Verdict
from harness.weeks import Week

DOWNGRADE, RESTORE = "cap-downgrade", "cap-restore"
TRACKS, PATH = "tracks.yaml", ("dollar_track", "downgraded")


@dataclass(frozen=True, slots=True)
class Money:
    """What the dollar track spent: in the period of today, and as the last complete week and the one before it left it.

    The last two are the same period as today's, or one that is over.
    """

    now: Standing
    week_ended: Standing
    week_before: Standing


def propose(money: Money, policies: Policies, week: Week) -> Iterator[Verdict]:
    """What the money says in `week`, the one that runs."""
    dollar = policies.tracks.dollar_track
    if dollar is None or money.now.cap is None:
        yield NotProposed(DOWNGRADE, "dollar track", "there is no dollar track with a cap")
    elif dollar.downgraded is None:
        yield _downgrade(money, policies, week)
    elif week <= Week.parse(dollar.downgraded.until):
        yield NotProposed(DOWNGRADE, "dollar track", f"it is downgraded until {dollar.downgraded.until} already")
    elif _passed(money.now) or money.now.is_spent:
        yield _prolonged(money.now, dollar.downgraded, week)
    else:
        yield _restore(money.now, dollar.downgraded)


def _passed(standing: Standing) -> bool:
    return standing.is_overrun or _is_stopped_short(standing)


def _is_stopped_short(standing: Standing) -> bool:
    """Whether the key's limit holds back what would have passed the cap by more than its overrun."""
    ahead, threshold = standing.forecast, standing.threshold_usd
    return standing.is_spent and ahead is not None and threshold is not None and ahead.usd > threshold


def _downgrade(money: Money, policies: Policies, week: Week) -> Verdict:
    over = next((each for each in (money.now, money.week_ended) if _is_due(each, money)), None)
    if over is None:
        return NotProposed(DOWNGRADE, "dollar track", _why_not(money))
    cap = policies.caps[str(over.cap)]
    until = max(week, Week.of(over.period.last))
    lines = {"until": str(until), "to": cap.downgrade_to, "except": ["incident"], "reason": _reason(over)}
    return Proposal(
        rule=DOWNGRADE,
        kind="downgrade",
        title=f"Downgrade the dollar track to the {cap.downgrade_to} track until {until}",
        evidence=_evidence(over),
        edits=(Edit(TRACKS, "set", PATH, lines),),
        effect=f"Work of the dollar track runs on the {cap.downgrade_to} track; incident work stays, and what blocks "
        "keep from its models is paused.",
        confidence="high",
        reversal=f"The weekly run takes the lines out after {until}, once the period's spend is below the cap.",
    )


def _is_due(standing: Standing, money: Money) -> bool:
    """Whether an overrun is news: of the period that runs, or of one that passed its cap only in the last week."""
    if not _passed(standing):
        return False
    before = money.week_before
    was_over = before.period == standing.period and before.ledger_usd > (before.threshold_usd or 0)
    return standing.period == money.now.period or not was_over


def _why_not(money: Money) -> str:
    said = f"{_spent(money.now)} in {money.now.period.name}, and a downgrade needs more than {_threshold(money.now)}"
    if _passed(money.week_ended):
        return f"{said}; {money.week_ended.period.name} passed its cap earlier, and is over"
    return said + _unknown(money.now)


def _prolonged(now: Standing, downgraded: Downgraded, week: Week) -> Proposal:
    until = max(week, Week.of(now.period.last))
    return Proposal(
        rule=DOWNGRADE,
        kind="downgrade",
        title=f"Keep the dollar track on the {downgraded.to} track until {until}",
        evidence=_evidence(now),
        edits=(
            Edit(TRACKS, "set", (*PATH, "until"), str(until)),
            Edit(TRACKS, "set", (*PATH, "reason"), _reason(now)),
        ),
        effect=f"The downgrade that ended with {downgraded.until} goes on.",
        confidence="high",
        reversal=f"The weekly run takes the lines out after {until}, once the period's spend is below the cap.",
    )


def _restore(now: Standing, downgraded: Downgraded) -> Verdict:
    if now.unknown_days and now.counter_usd is None:
        return NotProposed(RESTORE, "dollar track", f"it cannot be said what the period cost{_unknown(now)}")
    return Proposal(
        rule=RESTORE,
        kind="restore",
        title="Give the dollar track its work back",
        evidence=(
            *_evidence(now),
            Statement(f"The downgrade was for the weeks until {downgraded.until}.", f"policies/{TRACKS}"),
        ),
        edits=(Edit(TRACKS, "delete", PATH),),
        effect="Scenarios of the dollar track go back to its models; paused ones run again.",
        confidence="high",
        reversal=f"Spend of {now.period.name} above {_threshold(now)} downgrades the track again.",
    )


def _evidence(standing: Standing) -> tuple[Statement, ...]:
    counted = [f"{shown_usd(standing.ledger_usd)} of completed days in the ledger"]
    if standing.counter_usd is not None:
        counted.append(f"{shown_usd(standing.counter_usd)} on the key's live counter")
    spent = f"The dollar track spent {_spent(standing)} in {standing.period.name}: {', '.join(counted)}"
    ahead = ""
    if _is_stopped_short(standing) and standing.forecast:
        ahead = (
            f" At the pace of {standing.forecast.days_seen} days it would come to {shown_usd(standing.forecast.usd)}."
        )
    limit = f"Its cap {standing.cap!r} is {shown_usd(standing.limit_usd or Decimal(0))}"
    overrun = f"{_percent(standing)} % above it, {_threshold(standing)}, counts as passed"
    return (
        Statement(f"{spent}{_unknown(standing)}.{ahead}", "policies/tracks.yaml"),
        Statement(f"{limit}; {overrun}.", "policies/caps.yaml"),
    )


def _reason(standing: Standing) -> str:
    limit = shown_usd(standing.limit_usd or Decimal(0))
    said = f"{standing.period.name} cost {_spent(standing)} of {limit}"
    if standing.is_overrun or standing.forecast is None:
        return f"{said}, over the {_percent(standing)} % on top"
    return f"{said}, and would come to {shown_usd(standing.forecast.usd)} if the key went on"


def _spent(standing: Standing) -> str:
    return shown_usd(standing.spent_usd)


def _threshold(standing: Standing) -> str:
    return shown_usd(standing.threshold_usd or Decimal(0))


def _percent(standing: Standing) -> str:
    return f"{(standing.overrun_percent or Decimal(0)).normalize():f}"


def _unknown(standing: Standing) -> str:
    days = len(standing.unknown_days)
    return f" (nothing is known of {days} day{'s' if days > 1 else ''})" if days else ""
