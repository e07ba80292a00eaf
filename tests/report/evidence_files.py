"""A project with a week of everything: the archive's real rankings, and made prices, harness run, spend and proposals.

Prices are the shipped lock's, moved a little from week to week. The run is of a simulated world, written by the
harness's own code.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import shutil
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from harness.bench.compare import compare
from harness.bench.report import render
from harness.bench.sides import Side
from harness.bench.summary import summarise
from harness.weeks import Week
from tests.shipped import PROJECT, copied
from tests.simulated_weeks import THRESHOLDS, Change, World, legs_of, run

WEEK = Week(2026, 25)
#: input prices, as a multiple of the lock's, of the weeks up to WEEK; one week has none
_FACTORS: dict[str, tuple[str | None, ...]] = {
    "deepseek/deepseek-v4-flash": ("1", "1", None, "0.9", "0.9"),
    "minimax/minimax-m2.7": ("1", "1.2", None, "1", "1.1"),
}
_WORLD = World(prompts=50, repeats=3, legs=3)
_JUNE = {"name": "2026-06", "first": "2026-06-01", "last": "2026-06-30"}
_SEEN = {"level": "0.90", "days_seen": 21, "days_left": 9}


def _standing(
    track: str, spent: str, limit: str | None = None, forecast: dict[str, str] | None = None
) -> dict[str, Any]:
    """A track's money, as the ledger tells it."""
    return {
        "track": track, "cap": None if limit is None else f"{track}-monthly", "period": _JUNE, "spent_usd": spent,
        "ledger_usd": spent, "counter_usd": None, "limit_usd": limit, "overrun_percent": limit and "15",
        "forecast": forecast and {**forecast, **_SEEN}, "unknown_days": [],
    }  # fmt: skip


SPEND: dict[str, Any] = {
    "week": str(WEEK),
    "as_of": "2026-06-22",
    "standings": [
        _standing("token", "486.31", None, {"usd": "663.10", "low": "611.40", "high": "722.85"}),
        _standing("dollar", "612.4", "800", {"usd": "845.20", "low": "772.95", "high": "921.60"}),
        _standing("gray", "0"),
    ],
    "gray": {"week": {"year": 2026, "number": 25}, "gray_tokens": 31_200_000, "tokens": 812_000_000,
             "max_share": "0.10", "unknown_days": []},
    "unattributed_usd": "3.18",
}  # fmt: skip
DECISIONS: dict[str, Any] = {
    "week": str(WEEK), "decisions": 4812, "silent": ["air-fang"], "tokens": 812_000_000, "gray_tokens": 31_200_000,
    "max_share": "0.10",
    "logs": [
        {"machine": "studio", "surface": "openclaw", "decisions": 4700, "unreadable": 0,
         "first": "2026-06-15T00:00:03Z", "last": "2026-06-21T23:58:41Z"},
        {"machine": "air-ana", "surface": "cursor", "decisions": 112, "unreadable": 3,
         "first": "2026-06-15T07:12:00Z", "last": "2026-06-19T16:40:12Z"},
    ],
    "parts": [{"scenario": "batch", "tokens": 290_000_000, "gray_tokens": 31_200_000}],
    "acts": [{"action": "reroute", "reason": "share", "label": None, "scenario": "batch", "count": 211},
             {"action": "block", "reason": "label", "label": "personnel", "scenario": "agent-loops", "count": 2}],
    "tool_errors": [{"scenario": "batch", "model": "openrouter/owl-alpha", "sessions": 240, "calls": 3120,
                     "errors": 94, "low": 0.022, "high": 0.041}],
    "compared": [{"against": "week", "scenario": "batch", "base": "openrouter/owl-alpha",
                  "candidate": "openrouter/owl-alpha", "base_rate": 0.028, "rate": 0.03, "sessions": 240, "calls": 3120,
                  "change": 0.002, "low": -0.009, "high": 0.013, "p": 0.7, "verdict": "unclear"}],
}  # fmt: skip
PROPOSALS: dict[str, Any] = {
    "week": str(WEEK),
    "proposals": [
        {"rule": "entrant", "title": "Try GLM 5.2 in the gray pool",
         "evidence": [{"says": "It entered the Top 10 at rank 10 with 1.27 T tokens", "file": "market.md"},
                      {"says": "No harness run knows it yet"}],
         "edits": [{"file": "policies/tracks.yaml", "path": "gray_pool.models",
                    "value": "[openrouter/owl-alpha, z-ai/glm-5.2]"}],
         "effect": "One more model for trials on public data; no other route reaches it",
         "confidence": "low: one week, five days of it",
         "reversal": "it leaves the Top 20, or tool-call errors rise by two points"},
    ],
    "looked_at": [{"what": "anthropic/claude-4.8-opus", "reason": "+35.9 %, but no route uses it"}],
}  # fmt: skip


@cache
def harness_files() -> dict[str, bytes]:
    """What a run leaves in its week's folder."""
    random = np.random.default_rng(7)
    world = legs_of(_WORLD, random)
    base = run("2026-W24", _WORLD, world, random)
    candidate = run("2026-W25", _WORLD, world, random, Change(latency=1.05))
    started = datetime.datetime(2026, 6, 22, 4, 17, tzinfo=datetime.UTC)
    header = dataclasses.replace(candidate.run.header, week=str(WEEK), started=started)
    side = Side("2026-W25", dataclasses.replace(candidate.run, header=header))
    files = render(summarise(side.name, side.run), compare(base, side, THRESHOLDS), THRESHOLDS)
    return dict(files)


def archive_of(project: Path, last: Week = WEEK, weeks: int = 8) -> Path:
    """The archive's real weeks up to `last`."""
    for back in range(weeks):
        name = str(last.before(back))
        source = PROJECT / "generated" / "weeks" / name
        if source.is_dir():
            to = project / "generated" / "weeks" / name
            to.mkdir(parents=True)
            for file in ("rankings.json", "rankings.svg", "market.md"):
                if (source / file).is_file():
                    shutil.copy(source / file, to)
    return project


def whole(project: Path) -> Path:
    """All evidence of WEEK, in a project with the shipped policies that is compiled."""
    shutil.copytree(PROJECT / "generated", project / "generated", ignore=shutil.ignore_patterns("weeks"))
    archive_of(copied(project))
    folder = project / "generated" / "weeks" / str(WEEK)
    for name, content in harness_files().items():
        (folder / name).write_bytes(content)
    keep(folder / "spend.json", SPEND)
    keep(folder / "decisions.json", DECISIONS)
    keep(folder / "proposals.json", PROPOSALS)
    for back in range(5):
        write_prices(project, WEEK.before(back), 4 - back)
    return project


def keep(file: Path, data: Any) -> None:
    file.write_text(json.dumps(data), "utf-8")


def write_prices(project: Path, week: Week, number: int) -> None:
    """The lock's models as the catalogue of a week."""
    lock = json.loads((project / "policies" / "models.lock.json").read_text("utf-8"))
    models = lock["models"]
    for slug, factors in _FACTORS.items():
        if (factor := factors[number]) is None:
            return
        pricing = models[slug]["pricing"]
        pricing["prompt"] = f"{Decimal(pricing['prompt']) * Decimal(factor):f}"
    prices = {"week": str(week), "models": models, "endpoints": {}, "catalogue": sorted(models)}
    keep(project / "generated" / "weeks" / str(week) / "prices.json", prices)
