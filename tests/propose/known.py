"""A week's evidence made up in memory: the shipped policies, small rankings, the lock as the week's catalogue."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from compiler.policy import Policies
from compiler.policy.lock import LockedModel
from harness.market.catalogue import Catalogue, Endpoint
from harness.market.exposure import exposure
from harness.market.moved import Moved
from harness.market.moves import moves
from harness.market.price_moves import PriceMoves
from harness.propose.history import History
from harness.propose.proposal import NotProposed
from harness.propose.signal import Rule, Signal
from harness.propose.trial import Trial, try_out
from harness.propose.week_evidence import WeekEvidence
from harness.report.stored.harness import HarnessRun
from harness.report.stored.proposals import Proposals
from harness.weeks import Week
from tests.market.weeks import ranking
from tests.shipped import PROJECT, shipped, targets

WEEK = Week(2026, 24)
FLASH, HY3, M27 = "deepseek/deepseek-v4-flash", "tencent/hy3-preview", "minimax/minimax-m2.7"
OPUS, OWL, MIMO = "anthropic/claude-opus-4.7", "openrouter/owl-alpha", "xiaomi/mimo-v2.5"
GEMINI = "google/gemini-3-flash-preview"


def permaslugs() -> Mapping[str, str]:
    """Slug → the name that rankings have for it."""
    return {slug: model.canonical_slug for slug, model in shipped().policies.lock.models.items()}


def catalogue(
    gone: Iterable[str] = (),
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    endpoints: Mapping[str, tuple[Endpoint, ...]] | None = None,
    more: Iterable[str] = (),
) -> Catalogue:
    """The lock's models as they are offered this week, some of them gone or changed."""
    lock = shipped().policies.lock
    kept: dict[str, LockedModel] = {slug: model for slug, model in lock.models.items() if slug not in gone}
    for slug, update in (changed or {}).items():
        kept[slug] = kept[slug].model_copy(update=dict(update))
    slugs = frozenset({*lock.catalogue, *more}) - {*gone}
    return Catalogue(kept, slugs, endpoints or {})


def evidence(
    now: Mapping[str, int] | None = None,
    then: Mapping[str, int] | None = None,
    *,
    offered: Catalogue | None = None,
    offered_before: Catalogue | None = None,
    run: HarnessRun | None = None,
    past: Mapping[Week, Proposals] | None = None,
    policies: Policies | None = None,
    days: int = 7,
) -> WeekEvidence:
    """Tokens by permaslug in both weeks; without them the rankings are not archived."""
    policies = policies or shipped().policies
    moved = None
    if now is not None and then is not None:
        weeks = ranking(WEEK, now, days), ranking(WEEK.before(), then)
        found = moves(*weeks, 10, Decimal(30), {*permaslugs().values()})
        moved = Moved(found, PriceMoves(), exposure(found, policies, offered), ())
    return WeekEvidence(WEEK, policies, moved, offered, offered_before, run, None, History(WEEK, past or {}))


def signals(rule: Rule, known: WeekEvidence) -> list[Signal]:
    """What a rule would propose."""
    return [each for each in rule(known) if isinstance(each, Signal)]


def looked(rule: Rule, known: WeekEvidence) -> dict[str, str]:
    """What a rule looked at and left alone, and why."""
    return {each.about: each.why for each in rule(known) if isinstance(each, NotProposed)}


def remembered(week: Week, *seen: str, proposed: Iterable[tuple[str, tuple[str, ...]]] = ()) -> Proposals:
    """proposals.json of a week: keys that were seen, and (key, routes) that were proposed."""
    made = [{"rule": "r", "title": key, "key": key, "routes": routes} for key, routes in proposed]
    return Proposals.model_validate({"week": str(week), "proposals": made, "seen": seen})


def tried(tmp_path: Path, *found: Signal, lock_without: Iterable[str] = ()) -> tuple[Trial, ...]:
    """Proposals tried out on a copy of the shipped policies, whose lock may have lost models."""
    folder = tmp_path / "policies"
    shutil.copytree(PROJECT / "policies", folder)
    file = folder / "models.lock.json"
    text = file.read_text("utf-8")
    if lock_without:
        lock = json.loads(text)
        for slug in lock_without:
            lock["models"].pop(slug, None)
            lock["catalogue"].remove(slug)
        file.write_text(json.dumps(lock, indent=2), "utf-8")
    return try_out(folder, [each.proposal for each in found], targets())


def run_of(*legs: Mapping[str, Any]) -> HarnessRun:
    """A run with a comparison of these legs."""
    return HarnessRun.model_validate({
        "summary": {
            "week": str(WEEK), "run": "r", "started": "x", "suite": {"name": "s", "version": "1"},
            "missing_shards": [], "cut_off": 0, "legs": [],
        },
        "comparison": {"base": "2026-W23", "legs": list(legs)},
    })  # fmt: skip


def leg(outcome: str, base: str = FLASH, candidate: str = FLASH, name: str = "openrouter", **metrics: Any) -> Any:
    """A compared leg; metrics by name as (change, low, high, verdict)."""
    return {
        "leg": name, "outcome": outcome, "reasons": ["because"], "base_models": [base], "candidate_models": [candidate],
        "metrics": {
            metric: {"unit": "points" if metric != "latency_p95" else "percent", "change": change, "low": low,
                     "high": high, "verdict": verdict}
            for metric, (change, low, high, verdict) in metrics.items()
        },
    }  # fmt: skip


def without_gray(policies: Policies) -> Policies:
    """The same team without a gray pool."""
    return replace(policies, tracks=policies.tracks.model_copy(update={"gray_pool": None}))
