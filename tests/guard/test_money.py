"""The guards' turns say whose the bill's money is. They never make it more, and never less."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.market.simulate.amounts import Amounts
from harness.market.spend.cells import Cell, cells
from harness.market.spend.engine import opened
from harness.market.spend.ledger import writing
from harness.market.spend.money import part_of
from harness.market.spend.rows import Activity, Call, Decision
from harness.market.spend.settled import Grain, settled
from tests.guard.decisions import turn
from tests.simulate.ledgers import FLASH, GEMINI, HY3, OPUS, SONNET, activity, call, changed, replayed, shipped_side

DAY = datetime.date(2026, 5, 20)
M = 1_000_000


def answered(tmp_path: Path, *rows: Activity | Call | Decision) -> tuple[Cell, ...]:
    with writing(tmp_path / "ledger") as ledger:
        ledger.add(rows)
    with opened(str(tmp_path / "ledger"), tmp_path) as engine:
        return cells(engine, DAY, DAY + datetime.timedelta(days=1))


def by_scenario(found: Iterable[Cell]) -> dict[str | None, tuple[str, int, int, int]]:
    grouped: dict[str | None, list[Cell]] = defaultdict(list)
    for cell in found:
        grouped[cell.scenario].append(cell)
    return {
        name: (
            f"{sum((each.cost for each in of), Decimal(0)).normalize():f}",
            sum(each.requests for each in of),
            sum(each.prompt_tokens for each in of),
            sum(each.completion_tokens for each in of),
        )
        for name, of in grouped.items()
    }


def test_a_bill_split_by_turns(tmp_path: Path) -> None:
    """What the guard was told by the provider is taken as it is; the rest of the bill stays nobody's."""
    found = answered(
        tmp_path,
        activity(FLASH, 10 * M, M, "1.50", requests=20),
        turn("a", FLASH, 4 * M, M // 2, "0.60", scenario="batch", calls=8),
        turn("b", FLASH, 3 * M, M // 4, "0.45", scenario="agent-loops", calls=5),
    )
    assert by_scenario(found) == {
        "batch": ("0.6", 8, 4 * M, M // 2),
        "agent-loops": ("0.45", 5, 3 * M, M // 4),
        None: ("0.45", 7, 3 * M, M // 4),
    }


def test_an_estimate_gives_way_to_the_bill(tmp_path: Path) -> None:
    """The lock's prices come to more than a cheap provider charged: all of the money is split, and no more."""
    found = answered(
        tmp_path,
        activity(FLASH, 8 * M, M, "0.90", requests=10),
        turn("a", FLASH, 4 * M, M // 2, "0.60", scenario="batch", calls=12),
        turn("b", FLASH, 4 * M, M // 2, "1.20", scenario="agent-loops", calls=6),
    )
    assert by_scenario(found) == {
        "batch": ("0.3", 6, 4 * M, M // 2),
        "agent-loops": ("0.6", 3, 4 * M, M // 2),
        None: ("0", 1, 0, 0),
    }


def test_several_providers_share_in_a_turn(tmp_path: Path) -> None:
    """A guard does not know who answered: each provider's part keeps its size."""
    bills = activity(FLASH, M, 0, "0.20"), replace(activity(FLASH, 3 * M, 0, "0.30", requests=3), provider="other")
    found = answered(tmp_path, *bills, turn("a", FLASH, 2 * M, 0, "0.25", scenario="batch", calls=2))
    of = {(cell.provider, cell.scenario): (cell.usd, cell.prompt_tokens) for cell in found}
    assert of == {
        ("provider", "batch"): (Decimal("0.1"), M // 2),
        ("other", "batch"): (Decimal("0.15"), 3 * M // 2),
        ("provider", None): (Decimal("0.1"), M // 2),
        ("other", None): (Decimal("0.15"), 3 * M // 2),
    }


@pytest.mark.parametrize(("told", "names"), [(102, {"batch", None}), (103, {None})])
def test_a_turn_over_midnight_and_a_contradiction(tmp_path: Path, told: int, names: set[str | None]) -> None:
    """A fiftieth more may be another day's; a log that says more contradicts the bill, and tells nothing."""
    bill = activity(FLASH, 100, 0, "1.00")
    found = answered(tmp_path, bill, turn("a", FLASH, told, 0, "0.50", scenario="batch"))
    assert {cell.scenario for cell in found if cell.tokens or cell.cost} == names | ({None} if told > 102 else set())
    assert sum(cell.usd for cell in found) == Decimal("1.00")
    assert sum(cell.tokens for cell in found) == 100


def test_calls_that_name_their_scenario_go_first(tmp_path: Path) -> None:
    """A log of generations and the guard's tell of the same calls: nothing counts twice, whatever the guard says."""
    rows = (
        activity(FLASH, 100, 0, "1.00", requests=2),
        call("gen-1", FLASH, 60, 0, "0.60", scenario="batch"),
    )
    same = turn("a", FLASH, 60, 0, "0.60", scenario="agent-loops")
    assert by_scenario(answered(tmp_path, *rows, same)) == {"batch": ("0.6", 1, 60, 0), None: ("0.4", 1, 40, 0)}


def test_calls_without_a_scenario_are_split(tmp_path: Path) -> None:
    """The account's export on a day that was never synced: calls are the money, and turns say whose."""
    found = answered(tmp_path, call("gen-1", FLASH, 100, 10, "1.00"), turn("a", FLASH, 50, 5, "9", scenario="batch"))
    assert by_scenario(found)["batch"] == ("1", 1, 50, 5)
    assert sum(cell.usd for cell in found) == Decimal("1.00")


def test_a_day_of_which_nothing_else_tells(tmp_path: Path) -> None:
    """Then the guards' turns are the money; and no more so once anything else of that day is known, by any key."""
    alone = turn("a", FLASH, 50, 5, "0.25", scenario="batch", calls=3)
    assert by_scenario(answered(tmp_path, alone)) == {"batch": ("0.25", 3, 50, 5)}
    found = answered(tmp_path, activity(OPUS, 9, 9, "2.00", key="h-dollar"))
    assert by_scenario(found) == {None: ("2", 1, 9, 9)}


def test_what_costs_nothing_is_no_money(tmp_path: Path) -> None:
    """A Mac's own model, a turn that was stopped, and one that no provider answered."""
    rows = (
        turn("a", "mlx/x", 50, 5, "0", scenario="batch", key=""),
        turn("b", FLASH, 0, 0, "0", scenario="batch", calls=2),
    )  # fmt: skip
    assert answered(tmp_path, *rows) == ()


# ---- whatever comes: conserved

UNITS = st.integers(0, 10**15)
COUNT = st.integers(0, 10**6)
SCENARIO = st.none() | st.sampled_from(["batch", "agent-loops"])
GRAINS = st.lists(
    st.tuples(
        st.sampled_from(["bill", "call", "turn"]), st.integers(1, 2), st.sampled_from(["A", "B"]), SCENARIO,
        st.tuples(UNITS, COUNT, COUNT, COUNT),
    ),
    max_size=12,
)  # fmt: skip


@given(GRAINS)
def test_every_token_and_every_unit_of_money_once(
    found: list[tuple[str, int, str, str | None, tuple[int, ...]]],
) -> None:
    """On each day all of the highest source that there is, with nothing below zero."""
    grains = []
    for source, number, provider, scenario, (units, requests, prompt, completion) in found:
        day, named = datetime.date(2026, 5, number), None if source == "bill" else scenario or None
        if source == "turn":
            named = scenario or "batch"
        amounts = Amounts(
            requests, prompt, completion, uncounted=prompt, unwritten=prompt, billed=Decimal(units).scaleb(-12)
        )
        at = provider if source != "turn" else ""
        grains.append(
            Grain(day, (at,), "line", source, named is not None, (day, at, named), amounts)  # type: ignore[arg-type]
        )
    rows = settled(grains, lambda kind, by: (*kind[:-1], by[-1])).rows
    for day in {grain.day for grain in grains}:
        of_day = [grain for grain in grains if grain.day == day]
        highest = next(s for s in ("bill", "call", "turn") if any(grain.source == s for grain in of_day))
        money = sum((grain.sums for grain in of_day if grain.source == highest), Amounts())
        is_whole = sum((sums for kind, sums in rows.items() if kind[0] == day), Amounts())
        assert (is_whole.billed, is_whole.requests) == (money.billed, money.requests)
        assert (is_whole.prompt, is_whole.completion) == (money.prompt, money.completion)
    assert all(getattr(sums, name) >= 0 for sums in rows.values() for name in Amounts.__slots__)


@given(UNITS, UNITS, UNITS)
def test_a_part_of_an_amount(amount: int, told: int, of: int) -> None:
    part = part_of(amount, told, of)
    assert 0 <= part <= amount
    if 0 < told <= of:
        assert part * of <= amount * told < (part + 1) * of
    money = (Decimal(each).scaleb(-12) for each in (amount, told, of))
    assert part_of(*money) == Decimal(part).scaleb(-12)


# ---- what is asked of a ledger


def test_simulate_replays_whose_turns_they_were(tmp_path: Path) -> None:
    """Opus's bill is two scenarios'; only a log says how much would move with one of them."""
    bill = activity(OPUS, 10 * M, M, "75", key="h-dollar", requests=10)
    half = turn("a", OPUS, 5 * M, M // 2, "37.50", scenario="security-audit", key="h-dollar", calls=5)
    after = changed(f"security-audit.primary={SONNET}")
    whole = replayed(tmp_path, [bill], shipped_side(), after)
    told = replayed(tmp_path, [bill, half], shipped_side(), after)
    assert told.bill.billed == whole.bill.billed == Decimal(75)
    moved = sum(part.amounts.prompt for outcome in told.bill.outcomes for part in outcome.parts if part.moved)
    assert moved >= 5 * M
    named = [outcome for outcome in told.bill.outcomes if outcome.kind.scenario == "security-audit"]
    assert [(o.amounts.prompt, o.amounts.completion, o.amounts.billed) for o in named] == [
        (5 * M, M // 2, Decimal("37.5"))
    ]


def test_simulate_takes_turns_alone(tmp_path: Path) -> None:
    """Without a bill the guards' log is replayed by itself."""
    turns = [turn(name, HY3, M, 0, "0.066", scenario=name) for name in ("batch", "ide-assist")]
    report = replayed(tmp_path, turns, shipped_side(), changed(f"batch.primary={GEMINI}"))
    by = {outcome.kind.scenario: outcome.change.point for outcome in report.bill.outcomes}
    assert by["ide-assist"] == 0
    assert by["batch"] > 0
