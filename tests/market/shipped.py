"""The shipped archive as raw rows, read with plain code that shares nothing with what it checks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
WEEKS = PROJECT / "generated/weeks"
OFFICIAL = ("2026-W22", "2026-W23", "2026-W24", "2026-W25", "2026-W26", "2026-W27")


def raw(week: str) -> Any:
    """A week's file."""
    return json.loads((WEEKS / week / "rankings.json").read_text("utf-8"))


def totals(week: str) -> Counter[str]:
    """Tokens by permaslug, summed from the days."""
    found: Counter[str] = Counter()
    for model in raw(week)["platform"]["models"]:
        for tokens in model["days"].values():
            assert type(tokens) is int
            found[model["permaslug"]] += tokens
    return found


def answer() -> dict[str, Any]:
    """The official weeks as a saved answer of GET /datasets/rankings-daily would hold them.

    The archive keeps `other` by week: here each day has a seventh, and Monday the rest of the division.
    """
    rows = []
    for week in OFFICIAL:
        stored = raw(week)["platform"]
        for number, day in enumerate(raw(week)["days"]):
            listed = [(m["days"][day], m["permaslug"]) for m in stored["models"] if day in m["days"]]
            seventh, rest = divmod(stored["other_tokens"], 7)
            rows += [_row(day, slug, tokens) for tokens, slug in sorted(listed, reverse=True)]
            rows.append(_row(day, "other", seventh + (0 if number else rest)))
    meta = {"as_of": "2026-08-22T00:10:38Z", "start_date": rows[0]["date"], "end_date": rows[-1]["date"]}
    return {"data": rows, "meta": {**meta, "version": "v1"}}


def _row(day: str, slug: str, tokens: int) -> dict[str, str]:
    return {"date": day, "model_permaslug": slug, "total_tokens": str(tokens)}
