"""What moved, for programs. Tokens are whole numbers, percentages have one decimal, prices are text in USD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import simplejson

from harness.market.exposure import Exposure, Flag, Use
from harness.market.moved import Moved, citation
from harness.market.moves import Line, Moves, Standing
from harness.market.numbers import percent, share
from harness.market.price_moves import PriceMoves
from harness.market.rankings import Ranking

_UNKNOWN_TOTAL = "a source does not know the platform's total"
_DEPTHS = "the two sources list to different depths"


def as_json(moved: Moved) -> str:
    """One object. A value that is not known is null, and `notes` or a `reason` beside it says why."""
    moves = moved.moves
    data = {
        "week": _week(moves.now),
        "against": _week(moves.then),
        "weeks_apart": moves.weeks_apart,
        "threshold_percent": moves.threshold_percent,
        "depth": moves.depth,
        "notes": list(moved.notes),
        "total": _total(moves),
        "top": [_line(line, moves) for line in moves.top],
        "movers": [_line(line, moves) for line in moves.movers],
        "entrants": [_line(line, moves) for line in moves.entrants],
        "dropouts": [_line(line, moves) for line in moves.dropouts],
        "successions": [_succession(line, moves) for line in moves.successions],
        "vendors": _vendors(moves),
        "origins": _origins(moves),
        "concentration": _concentration(moves),
        "prices": _prices(moved.prices),
        "policy": _policy(moved.exposure),
        "citation": list(moved.citations),
    }
    return str(simplejson.dumps(data, indent=2, use_decimal=True, ensure_ascii=True)) + "\n"


def _week(ranking: Ranking) -> Mapping[str, Any]:
    origin = ranking.provenance
    return {
        "week": str(ranking.week),
        "kind": origin.kind,
        "exact": origin.exact,
        "complete": ranking.is_complete,
        "listed": len(ranking.platform.models),
        "citation": citation(ranking),
    }


def _total(moves: Moves) -> Mapping[str, Any]:
    now, then = moves.now.platform.total, moves.then.platform.total
    found = {"tokens": now, "previous_tokens": then, "change_percent": percent(moves.total_change)}
    return found if now is not None and then is not None else {**found, "reason": _UNKNOWN_TOTAL}


def _line(line: Line, moves: Moves) -> dict[str, Any]:
    now, then = line.now, line.then
    return {
        "model": line.name,
        "vendor": line.vendor.slug,
        "rank": now.rank if now else None,
        "previous_rank": then.rank if then else None,
        "climbed": line.climbed,
        "tokens": now.tokens if now else None,
        "previous_tokens": then.tokens if then else None,
        "change_percent": percent(line.change),
        "claimed_percent": line.claimed_percent,
        "share_percent": percent(share(now.tokens, moves.now.platform.total)) if now else None,
        "part_of_week": line.part_of_week,
        "rows": _rows(now),
        "previous_rows": _rows(then),
    }


def _rows(standing: Standing | None) -> Sequence[Mapping[str, Any]]:
    """Rows with their ranks as the source has them."""
    rows = standing.rows if standing else ()
    return [{"permaslug": row.permaslug, "rank": row.rank, "tokens": row.tokens, "days": len(row.days)} for row in rows]


def _succession(line: Line, moves: Moves) -> Mapping[str, Any]:
    return {
        "predecessors": list(line.group.predecessors),
        "successors": list(line.group.successors),
        **_line(line, moves),
    }


def _vendors(moves: Moves) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "vendor": row.vendor.slug,
            "name": row.vendor.name,
            "country": row.vendor.country,
            "tokens": row.now,
            "previous_tokens": row.then,
            "share_percent_at_least": percent(row.share),
            "change_percent": percent(row.change) if moves.is_like_for_like else None,
            **({} if moves.is_like_for_like else {"reason": _DEPTHS}),
        }
        for row in moves.vendors
    ]


def _origins(moves: Moves) -> Mapping[str, Any]:
    found = moves.origins
    return {
        "countries": {
            code: {"tokens": tokens, "share_percent_at_least": percent(found.share(code))}
            for code, tokens in found.tokens.items()
        },
        "unlisted_tokens": found.unlisted,
    }


def _concentration(moves: Moves) -> Mapping[str, Any]:
    found = moves.concentration()
    shares = {f"{name}_percent": percent(value) for name, value in found.items() if name != "hhi"}
    hhi = found["hhi"]
    told = {**shares, "hhi_at_least": None if hhi is None else round(hhi)}
    return told if hhi is not None else {**told, "reason": _UNKNOWN_TOTAL}


def _prices(moved: PriceMoves) -> Mapping[str, Any]:
    return {
        "reason": moved.reason,
        "changes": [
            {"model": c.model, "price": c.name, "old": _money(c.old), "new": _money(c.new),
             "change_percent": percent(c.change), "passes_threshold": c.passes}
            for c in moved.changes
        ],
        "cheaper_providers": [
            {"model": c.model, "provider": c.provider, "tag": c.tag, "blended": _money(c.price),
             "locked_blended": _money(c.locked), "is_new": c.is_new}
            for c in moved.cheaper
        ],
        "own_or_other": [
            {"model": c.model, "own": c.own.tag, "own_blended": _money(c.own_price), "other": c.other.tag,
             "other_blended": _money(c.other_price)}
            for c in moved.own_or_other
        ],
    }  # fmt: skip


def _money(price: Decimal | None) -> str | None:
    return None if price is None else f"{price.normalize():f}"


def _policy(found: Exposure | None) -> Mapping[str, Any] | None:
    if found is None:
        return None
    return {
        "models": [
            {
                **_use(use),
                "rank": line.now.rank if line and line.now else None,
                "previous_rank": line.then.rank if line and line.then else None,
                "change_percent": percent(line.change) if line else None,
            }
            for use, line in found.models
        ],
        "flags": [_flag(flag) for flag in found.flags],
    }


def _use(use: Use) -> dict[str, Any]:
    routed = [{"file": place.file, "line": place.line, "column": place.column} for place in use.places]
    return {"model": use.model, "permaslug": use.permaslug, "routed": routed, "scenarios": list(use.scenarios)}


def _flag(flag: Flag) -> Mapping[str, Any]:
    return {"kind": flag.kind, "message": flag.message, **_use(flag.use)}
