"""`vane bench run --dry-run`: what would be called, and what it costs at most."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

from compiler.commands.asking import say
from harness.bench.prepare import Prepared, worst_cases


def rows(prepared: Prepared, repeats: int, seed: int, *, stream: bool) -> list[dict[str, Any]]:
    """An object for each case on each leg; `worst_usd` is of all its repeats, null where nobody knows."""
    return [
        {
            "case": case.id,
            "leg": way.leg,
            "model": way.model,
            "scenario": case.scenario,
            "route": way.route,
            "repeats": repeats,
            "worst_usd": None if worst is None else format(worst * repeats, "f"),
        }
        for case, way, worst in worst_cases(prepared, seed, stream=stream)
    ]


def as_json(found: list[dict[str, Any]]) -> str:
    """A JSON list with a line for each object."""
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in found) + "\n]"


def show(found: list[dict[str, Any]], suite: str) -> None:
    """A line for each case and leg, then the sums of each leg and model."""
    for row in found:
        say(f"{row['leg']:<11} {row['case']:<36} {row['model']:<40} {_usd(row['worst_usd'])}")
    calls: Counter[tuple[str, str]] = Counter()
    worst: dict[tuple[str, str], Decimal] = {}
    for row in found:
        key = (row["leg"], row["model"])
        calls[key] += row["repeats"]
        worst[key] = worst.get(key, Decimal(0)) + Decimal(row["worst_usd"] or 0)
    say()
    for (leg, model), count in calls.items():
        say(f"{leg:<11} {model:<40} {count:>6} calls, at most {_usd(worst[leg, model])}")
    unknown = sum(row["worst_usd"] is None for row in found)
    unsaid = f", and what {unknown} cases without a list price cost" if unknown else ""
    total = sum(worst.values(), Decimal(0))
    say(f"{suite}: {calls.total()} calls, at most {_usd(total)}{unsaid}; nothing was called")


def _usd(amount: Decimal | str | None) -> str:
    return "no list price" if amount is None else f"${Decimal(amount):.4f}"
