"""Whatever was spent: each split has the same total, and no line of it is lost or doubled."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.market.spend.attribution import attribution_of
from harness.market.spend.cells import Cell
from harness.market.spend.money import to_cents
from harness.market.spend.month import SPLITS, month
from harness.market.spend.rows import Key
from harness.market.spend.standing import Span
from harness.market.spend.view import View
from tests.shipped import shipped
from tests.spend.ledgers import KEYS, MODELS

MAY = Span.month(datetime.date(2026, 5, 1))
TODAY = datetime.date(2026, 5, 20)
MONEY = st.decimals(0, 10_000, places=12)
COUNT = st.integers(0, 10**12)


def cell(day: datetime.date, key: str, model: int, provider: str, scenario: str | None, *sums: Any) -> Cell:
    usd, byok, counts = sums
    return Cell(day, key, *MODELS[model], provider, scenario, usd, byok, *counts)


CELLS = st.lists(
    st.builds(
        cell,
        st.dates(datetime.date(2026, 4, 20), TODAY),
        st.sampled_from([*(key.key for key in KEYS), "", "name:vane-gray", "name:gone"]),
        st.integers(0, len(MODELS) - 1),
        st.text(max_size=3),
        st.none() | st.sampled_from(["batch", "security-audit", "not in the plan"]),
        MONEY,
        MONEY,
        st.tuples(COUNT, COUNT, COUNT),
    ),
    max_size=30,
)


def view(cells: list[Cell], keys: tuple[Key, ...] = KEYS) -> View:
    made = attribution_of(shipped().policies, shipped().plans[0], keys)
    known = frozenset(cell.day for cell in cells)
    return View(datetime.date(2026, 4, 20), MAY.last, tuple(cells), made, {}, known, ())


@given(CELLS)
def test_every_split_sums_to_the_total(cells: list[Cell]) -> None:
    found = month(view(cells), MAY, TODAY)
    of_may = [cell for cell in cells if cell.day.month == 5 and cell.day < TODAY]
    assert found.total.cost == sum((cell.cost for cell in of_may), Decimal(0))
    for split in SPLITS:
        lines = found.splits[split]
        assert len({line.name for line in lines}) == len(lines)
        for name in ("usd", "byok_usd", "cost", "requests", "prompt_tokens", "completion_tokens"):
            assert sum((getattr(line, name) for line in lines), Decimal(0)) == getattr(found.total, name)
        cents = to_cents({line.name: line.cost for line in lines})
        assert sum(cents.values(), Decimal(0)) == found.total.cost.quantize(Decimal("0.01"))


@given(CELLS)
def test_tracks_and_what_is_no_tracks_are_the_total(cells: list[Cell]) -> None:
    """What the standings of all tracks leave over is the line of no track, for the days that are over."""
    found = month(view(cells), MAY, TODAY)
    other = sum((line.cost for line in found.splits["track"] if line.name.startswith("(")), Decimal(0))
    assert sum((each.ledger_usd for each in found.standings), other) == found.total.cost
