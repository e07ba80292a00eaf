"""What a replay comes to, against sums that were made by hand; what it must keep, for any rows."""

from __future__ import annotations

import datetime
from decimal import Decimal, localcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.diagnostics import PolicyError
from compiler.load import load
from compiler.policy import FILES
from harness.market.simulate.amounts import EXACT, Amounts, whole
from harness.market.simulate.bill import Bill, Row
from harness.market.simulate.pricing import Range
from harness.market.simulate.run import unpriced
from harness.market.simulate.sides import side
from harness.market.spend.rows import Activity, Call
from tests.shipped import copied, edit
from tests.simulate.ledgers import (
    DAY,
    FLASH,
    GEMINI,
    HY3,
    OPUS,
    SONNET,
    M,
    Rows,
    activity,
    call,
    changed,
    replayed,
    replays,
    shipped_side,
    with_overrides,
)  # fmt: skip

BEFORE = shipped_side()
IDE_ON_SONNET = changed(f"ide-assist.primary={SONNET}", of=BEFORE)
BATCH_ON_SONNET = changed(f"batch.primary={SONNET}", of=BEFORE)


def exact(point: str, low: str | None = None, high: str | None = None) -> Range:
    return Range(Decimal(point), Decimal(low or point), Decimal(high or point))


def by_name(rows: tuple[Row, ...]) -> dict[str, Row]:
    return {row.name: row for row in rows}


def test_a_call_is_priced_by_the_kind_of_each_token(tmp_path: Path) -> None:
    rows = [call("a", OPUS, M, M // 10, "9", key="h-dollar", cached=M // 2, written=M // 4)]
    bill = replayed(tmp_path, rows, BEFORE).bill
    # a quarter at $5, half at $0.50, a quarter at $6.25, a tenth at $25 a million
    assert bill.before == exact("5.5625")
    assert bill.billed == Decimal(9)
    assert bill.change == exact("0")


def test_a_changed_route_takes_its_rows_along(tmp_path: Path) -> None:
    rows = [
        call("a", FLASH, M, M, "0.336", scenario="ide-assist"),
        call("b", HY3, M, 0, "0.066", scenario="ide-assist"),
        call("c", FLASH, M, M, "0.336", scenario="agent-loops"),
    ]
    report = replayed(tmp_path, rows, BEFORE, IDE_ON_SONNET)
    bill = report.bill
    assert bill.before.point == Decimal("0.738")
    # Sonnet for the first at 3 + 15; Hy3 was the first fallback and is it still; agent-loops stays
    assert bill.after == exact("18.402")
    models = by_name(bill.by_model())
    assert models[SONNET].after == 18
    assert models[SONNET].before == 0
    assert models[FLASH].before == Decimal("0.672")
    assert models[FLASH].after == Decimal("0.336")
    assert by_name(bill.by_scenario())["ide-assist"].after == Decimal("18.066")
    assert by_name(bill.by_key())["vane-token"].billed == Decimal("0.738")


def test_work_that_several_scenarios_share_goes_by_expected_shares_and_is_bounded_by_all_or_nothing(
    tmp_path: Path,
) -> None:
    bill = replayed(tmp_path, [activity(FLASH, 62 * M, 0, "6.944")], BEFORE, IDE_ON_SONNET).bill
    shared = by_name(bill.by_scenario())["agent-loops + ide-assist"]
    assert shared.before == Decimal("6.944")
    # 22 of 62 million at $3, 40 at $0.112. Sonnet's cache may have taken them in: at most 62 million at $3.75
    assert bill.after == exact("70.48", "6.944", "232.5")
    assert bill.change == exact("63.536", "0", "225.556")
    tokens = by_name(bill.by_model())
    assert tokens[SONNET].tokens_after == 22 * M
    assert tokens[FLASH].tokens_after == 40 * M


def test_another_track_is_another_key(tmp_path: Path) -> None:
    policies = copied(tmp_path) / "policies"
    edit(policies / "scenarios/security-audit.yaml", ("track: dollar", "track: token"))
    rows = [call("a", OPUS, M, 0, "5", key="h-dollar", scenario="security-audit")]
    bill = replayed(tmp_path, rows, BEFORE, side("changed", load(policies, FILES))).bill
    keys = by_name(bill.by_key())
    assert keys["vane-dollar"].before == 5
    assert keys["vane-dollar"].after == 0
    assert keys["vane-token"].before == 0
    assert keys["vane-token"].after == Decimal("0.112")
    assert by_name(bill.by_track())["token"].after == Decimal("0.112")


def test_what_no_route_explains_stays_as_it_was_and_has_a_line(tmp_path: Path) -> None:
    rows = [activity(OPUS, M, 0, "5.2", key="h-token"), activity(FLASH, M, 0, "0.1", key="h-x")]
    report = replayed(tmp_path, rows, BEFORE, IDE_ON_SONNET)
    (line,) = report.bill.by_scenario()
    assert line.name == "(no scenario of the plan)"
    assert line.before == line.after == Decimal("5.112")
    assert by_name(report.bill.by_track())["(no track's key)"].after == Decimal("0.112")


def test_calls_detail_a_bill_and_never_add_to_it(tmp_path: Path) -> None:
    rows: Rows = [
        activity(FLASH, 10 * M, M, "1.4", requests=9),
        call("a", FLASH, 4 * M, M, "0.6", scenario="ide-assist"),
    ]
    report = replayed(tmp_path, rows, BEFORE)
    lines = by_name(report.bill.by_scenario())
    assert report.bill.billed == Decimal("1.4")
    assert lines["ide-assist"].billed == Decimal("0.6")
    assert lines["agent-loops + ide-assist"].tokens_before == 6 * M
    assert sum(outcome.amounts.requests for outcome in report.bill.outcomes) == 9


def test_a_log_that_contradicts_the_bill_tells_nothing(tmp_path: Path) -> None:
    rows: Rows = [activity(FLASH, M, 0, "0.1"), call("a", FLASH, 2 * M, 0, "0.1", scenario="ide-assist")]
    report = replayed(tmp_path, rows, BEFORE)
    assert [line.name for line in report.bill.by_scenario()] == ["agent-loops + ide-assist"]
    assert report.rows.contradicting == 2 * M


def test_calls_of_days_and_keys_without_a_bill_are_the_money(tmp_path: Path) -> None:
    other = DAY + datetime.timedelta(days=1)
    rows: Rows = [
        activity(FLASH, M, 0, "0.1"),
        call("on a billed day, of a key that the bill does not have", FLASH, M, 0, "7", key="name:vane-token"),
        call("on another day", FLASH, M, 0, "0.2", key="name:vane-token", day=other, scenario="batch"),
    ]
    report = replayed(tmp_path, rows, BEFORE)
    assert report.bill.billed == Decimal("0.3")
    assert by_name(report.bill.by_key())["vane-token"].billed == Decimal("0.3")


@pytest.mark.parametrize(
    ("cached", "expected"),
    [(None, ("0.112", "0.022", "0.112")), (0, ("0.112", None, None)), (M, ("0.022", None, None))],
)
def test_what_a_cache_gave_is_bounded_where_nobody_tells(
    tmp_path: Path, cached: int | None, expected: tuple[str, str | None, str | None]
) -> None:
    bill = replayed(tmp_path, [activity(FLASH, M, 0, "0.1", cached=cached)], BEFORE).bill
    assert bill.before == exact(*expected)
    assert bill.change == exact("0"), "both sides are unknown in the same way"


def test_a_price_for_long_prompts_holds_above_its_limit(tmp_path: Path) -> None:
    override = {"min_prompt_tokens": 200_000, "prices": {"prompt": "0.00001"}}
    before = with_overrides(BEFORE, OPUS, overrides=[override], discount="0.5")
    rows = [call(str(n), OPUS, n, 0, "1", key="h-dollar") for n in (200_000, 200_001)]
    bill = replayed(tmp_path, rows, before).bill
    assert bill.before == exact("1.500005"), "half of 200,000 × $5 and of 200,001 × $10 a million"


def test_a_bill_of_a_day_knows_only_the_mean_length(tmp_path: Path) -> None:
    before = with_overrides(BEFORE, FLASH, overrides=[{"min_prompt_tokens": 200_000, "prices": {"prompt": "0.000001"}}])
    short = replayed(tmp_path, [activity(FLASH, M, 0, "1", requests=5)], before).bill
    assert short.before == exact("0.112", "0.112", "1"), "a mean of 200,000 is not above it; each may be"
    long = replayed(tmp_path, [activity(FLASH, M, 0, "1", requests=4)], before).bill
    assert long.before == exact("1", "0.112", "1")
    untold = replayed(tmp_path, [activity(FLASH, 200_000, 0, "1", requests=0)], before).bill
    assert untold.before.point == Decimal("0.0224"), "without a count, it is one request"


@pytest.mark.parametrize(("hour", "usd"), [(16, "0.112"), (17, "0.056"), (0, "0.056"), (1, "0.112")])
def test_a_price_of_some_hours_holds_in_them_over_midnight(tmp_path: Path, hour: int, usd: str) -> None:
    override = {"utc_start": "1630", "utc_end": "0030", "prices": {"prompt": "0.000000056"}}
    before = with_overrides(BEFORE, FLASH, overrides=[override])
    assert replayed(tmp_path, [call("a", FLASH, M, hour=hour)], before).bill.before == exact(usd)


def test_days_of_the_week_are_a_bound(tmp_path: Path) -> None:
    """What OpenRouter's numbers for days mean is not described."""
    before = with_overrides(BEFORE, FLASH, overrides=[{"utc_days": [0, 6], "prices": {"prompt": "0.000000056"}}])
    assert replayed(tmp_path, [call("a", FLASH, M)], before).bill.before == exact("0.112", "0.056", "0.112")


def test_a_cache_write_price_below_the_prompt_s_is_on_top_of_it(tmp_path: Path) -> None:
    bill = replayed(tmp_path, [call("a", GEMINI, M, written=M)], BEFORE).bill
    with localcontext(EXACT):
        assert bill.before.point == M * (Decimal("0.0000005") + Decimal("0.00000008333333333333334"))


def test_a_model_without_a_price_counts_as_billed_and_is_named(tmp_path: Path) -> None:
    report = replayed(tmp_path, [activity("acme/gone", M, 0, "1.5")], BEFORE)
    assert report.bill.before == exact("1.5")
    (finding,) = unpriced(report)
    assert (finding.code, "acme/gone" in finding.message, "1,000,000 tokens" in finding.message) == (
        "VM301",
        True,
        True,
    )


def test_a_permaslug_in_a_ledger_is_the_model_of_the_lock(tmp_path: Path) -> None:
    report = replayed(tmp_path, [activity("deepseek/deepseek-v4-flash-20260423", M, 0, "0.1")], BEFORE)
    assert [row.name for row in report.bill.by_model()] == [FLASH]


def test_a_route_to_a_model_without_a_price_of_its_own_is_refused(tmp_path: Path) -> None:
    router = with_overrides(IDE_ON_SONNET, SONNET, prompt="-1", completion="-1")
    with pytest.raises(PolicyError) as refused:
        replayed(tmp_path, [call("a", FLASH, M, scenario="ide-assist")], BEFORE, router)
    (finding,) = refused.value.findings
    assert finding.code == "VM302"
    assert SONNET in finding.message


def test_no_row_in_the_period_is_no_bill_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        replayed(tmp_path, [activity(FLASH, M, day=datetime.date(2026, 4, 30))], BEFORE)
    assert refused.value.findings[0].code == "VM303"


models = st.sampled_from([FLASH, HY3, OPUS, SONNET, GEMINI, "acme/unknown"])
money = st.decimals(0, 5000, places=12).map(str)
few = st.integers(0, 3 * M)
keys = st.sampled_from(["h-token", "h-dollar", "h-x", "name:vane-gray", ""])
days = st.integers(1, 3).map(lambda day: DAY.replace(day=day))


@st.composite
def ledgers(draw: st.DrawFn) -> list[Activity | Call]:
    bills = draw(
        st.lists(
            st.builds(
                activity, models, few, few, money, key=keys, day=days, requests=st.integers(1, 9),
                cached=st.none() | st.just(0), source=st.sampled_from(["activity", "export.csv"]),
            ),
            max_size=4,
        )
    )  # fmt: skip
    calls = draw(
        st.lists(
            st.builds(
                call, st.uuids().map(str), models, few, few, money, key=keys, day=days, cached=st.none() | st.just(0),
                written=st.none() | st.just(0), hour=st.integers(0, 23),
                scenario=st.sampled_from([None, "ide-assist", "batch", "security-audit", "nobody's"]),
            ),
            max_size=6,
        )
    )  # fmt: skip
    return [*bills, *calls]


def splits(bill: Bill) -> tuple[tuple[Row, ...], ...]:
    return bill.by_scenario(), bill.by_track(), bill.by_model(), bill.by_key()


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=ledgers())
def test_no_split_loses_or_makes_money_and_no_unchanged_policy_changes_it(
    tmp_path: Path, rows: list[Activity | Call]
) -> None:
    rows = [*rows, activity(HY3, 1, 0, "0.000000000001")]
    same, other = (report.bill for report in replays(tmp_path, rows, BEFORE, (BEFORE, BATCH_ON_SONNET)))
    assert same.change == Range()
    assert same.after == same.before == other.before
    for bill in (same, other):
        for lines in splits(bill):
            with localcontext(EXACT):
                assert sum(line.billed for line in lines) == bill.billed
                assert sum(line.before for line in lines) == bill.before.point
                assert sum(line.after for line in lines) == bill.after.point
        for found in (bill.before, bill.after, bill.change):
            assert found.low <= found.point <= found.high


@given(st.lists(st.fractions(0, 100, max_denominator=60), min_size=1, max_size=8))
def test_whole_parts_add_up_and_are_near(parts: list[object]) -> None:
    pieces = whole(parts)  # type: ignore[arg-type]
    assert sum(pieces) == round(sum(parts))  # type: ignore[arg-type]
    assert all(abs(piece - part) < 1 for piece, part in zip(pieces, parts, strict=True))  # type: ignore[operator]


def test_a_split_keeps_every_token_and_every_part_of_money() -> None:
    from fractions import Fraction

    whole_amounts = Amounts(requests=3, prompt=100, completion=7, cached=11, billed=Decimal("0.000000000007"))
    pieces = whole_amounts.split([Fraction(22, 62), Fraction(40, 62)])
    assert pieces[0] + pieces[1] == whole_amounts
    assert pieces[0].prompt == 35
