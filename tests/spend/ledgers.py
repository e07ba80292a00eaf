"""Ledgers made by a seed, with every way in which bills and logs meet; and what the rules say of them, worked out again
without an engine. DuckDB is held against it in `make test`, PySpark in `make contract`.
"""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from harness.market.spend.cells import Cell, cells
from harness.market.spend.engine import Engine
from harness.market.spend.rows import BILL, PLACES, Activity, Call, Key

FIRST = datetime.date(2026, 4, 1)
DAYS = 30
LAST = FIRST + datetime.timedelta(days=DAYS - 1)
MODELS = (
    ("deepseek/deepseek-v4-flash", "deepseek/deepseek-v4-flash-20260423"),
    ("anthropic/claude-opus-4.7", "anthropic/claude-4.7-opus-20260416"),
    ("openrouter/owl-alpha", "openrouter/owl-alpha"),
    ("ünknown/модель", "ünknown/модель"),
)
KEYS = (Key("hash-token", "vane-token", "token"), Key("hash-dollar", "vane-dollar", "dollar"), Key("hash-x", "x", None))
_SUMS = ("usd", "byok_usd", "requests", "prompt_tokens", "completion_tokens")


def made(seed: int) -> tuple[tuple[Activity, ...], tuple[Call, ...]]:
    """Bills of some days, and calls that fit them, contradict them, or stand alone."""
    dice = random.Random(seed)
    activity: list[Activity] = []
    calls: list[Call] = []
    for number in range(DAYS):
        day = FIRST + datetime.timedelta(days=number)
        is_billed = dice.random() < 0.7
        for key in ("hash-token", "hash-dollar", "hash-x", "", "name:vane-gray"):
            for model, permaslug in MODELS:
                own = [_call(dice, f"{day}-{key}-{model}-{n}", day, key, model, permaslug) for n in range(3)]
                calls += own[: dice.randrange(4)]
                if is_billed and key != "name:vane-gray" and dice.random() < 0.6:
                    activity.append(_bill(dice, own, day, key, model, permaslug))
    return tuple(activity), tuple(calls)


def _money(dice: random.Random) -> Decimal:
    return dice.choice((Decimal(0), Decimal(dice.randrange(10**15)) * PLACES, Decimal(dice.randrange(100)) / 100))


def _call(dice: random.Random, id: str, day: datetime.date, key: str, model: str, permaslug: str) -> Call:
    return Call(
        id=id, at=datetime.datetime.combine(day, datetime.time(dice.randrange(24), 59), datetime.UTC), day=day, key=key,
        model=model, permaslug=permaslug, endpoint="", provider=dice.choice(("A", "B")), usd=_money(dice),
        byok_usd=_money(dice) if dice.random() < 0.2 else Decimal(0), prompt_tokens=dice.randrange(10**6),
        completion_tokens=dice.randrange(10**5), reasoning_tokens=0, cached_tokens=None, cache_write_tokens=None,
        scenario=dice.choice((None, "security-audit", "batch")), ticket=dice.choice((None, "SEC-7", "no ticket")),
        machine=None, session=None, source="export",
    )  # fmt: skip


def _bill(dice: random.Random, calls: Iterable[Call], day: datetime.date, key: str, model: str, slug: str) -> Activity:
    """As much as its calls and something more, or something of its own that need not fit them."""
    of = [call for call in calls if call.provider == "A"] if dice.random() < 0.6 else []
    return Activity(
        day=day, key=key, model=model, permaslug=slug, endpoint=dice.choice(("e1", "e2")), provider="A",
        usd=sum((call.usd for call in of), _money(dice)), byok_usd=sum((call.byok_usd for call in of), Decimal(0)),
        requests=len(of) + dice.randrange(3), prompt_tokens=sum(call.prompt_tokens for call in of) + dice.randrange(10),
        completion_tokens=sum(call.completion_tokens for call in of), reasoning_tokens=0, cached_tokens=None,
        source=BILL,
    )  # fmt: skip


def check(engine: Engine, activity: tuple[Activity, ...], calls: tuple[Call, ...]) -> tuple[Cell, ...]:
    """The engine's cells are what the rules say, and no digit of money is lost or made."""
    found = cells(engine, FIRST, LAST)
    assert found == expected(activity, calls)
    billed = {row.day for row in activity}
    total = sum((row.usd for row in activity), Decimal(0))
    total += sum((call.usd for call in calls if call.day not in billed), Decimal(0))
    assert sum((cell.usd for cell in found), Decimal(0)) == total
    return found


def expected(activity: Iterable[Activity], calls: Iterable[Call]) -> tuple[Cell, ...]:
    """The rules of decision 0014, by hand: bills first, then the calls of scenarios where they fit, then free calls."""
    bills: dict[tuple[object, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    parts: dict[tuple[object, ...], dict[tuple[object, ...], dict[str, Decimal]]]
    parts = defaultdict(lambda: defaultdict(lambda: defaultdict(Decimal)))
    free: dict[tuple[object, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    activity = tuple(activity)
    billed = {row.day for row in activity}
    for row in activity:
        for name in _SUMS:
            bills[row.day, row.key, row.model, row.permaslug, row.provider][name] += getattr(row, name)
    for call in calls:
        place = (call.day, call.key, call.model, call.permaslug, call.provider)
        target = free[*place, call.scenario] if call.day not in billed else None
        if target is None and call.scenario is not None:
            target = parts[place][*place, call.scenario]
        for name in _SUMS if target is not None else ():
            assert target is not None
            target[name] += 1 if name == "requests" else getattr(call, name)
    found = dict(free)
    for split_of, bill in bills.items():
        split = parts.get(split_of, {})
        taken = {name: sum((part[name] for part in split.values()), Decimal(0)) for name in _SUMS}
        if any(taken[name] > bill[name] for name in _SUMS):
            split, taken = {}, dict.fromkeys(_SUMS, Decimal(0))
        rest = {name: bill[name] - taken[name] for name in _SUMS}
        found |= split | ({(*split_of, None): rest} if any(rest.values()) else {})
    rows = (_cell(place, sums) for place, sums in found.items())
    return tuple(sorted(rows, key=lambda c: (c.day, c.key, c.model, c.permaslug, c.provider, c.scenario or "")))


def _cell(place: tuple[object, ...], sums: dict[str, Decimal]) -> Cell:
    whole = {name: sums[name] if name.endswith("usd") else int(sums[name]) for name in _SUMS}
    return Cell(*place, **whole)  # type: ignore[arg-type]
