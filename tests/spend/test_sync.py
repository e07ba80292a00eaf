"""`vane spend sync` against an account in fake time: complete, repeated, revised, and never twice."""

from __future__ import annotations

import datetime
from collections import defaultdict
from decimal import Decimal

import pytest

from tests.fakes.openrouter_spend import Fault
from tests.spend.desk import Desk, spend_a_day

DAY = datetime.timedelta(days=1)


def spend_days(desk: Desk, count: int) -> None:
    today = desk.account.now.date()
    for number in range(1, count + 1):
        spend_a_day(desk, today - number * DAY)


def by_day_and_key(desk: Desk) -> dict[tuple[datetime.date, str], Decimal]:
    found: dict[tuple[datetime.date, str], Decimal] = defaultdict(Decimal)
    for spent in desk.account.spent:
        found[spent.at.date(), spent.key] += spent.usd
    return dict(found)


def test_it_books_completed_days_by_key(desk: Desk) -> None:
    spend_days(desk, 3)
    spend_a_day(desk, desk.account.now.date())  # today is not over
    done = desk("sync")
    assert (done.code, done.err.count("GET /activity")) == (0, 4)
    assert "3 days new" in done.out
    today = desk.account.now.date()
    booked: dict[tuple[datetime.date, str], Decimal] = defaultdict(Decimal)
    for row in desk.activity():
        booked[row.day, row.key] += row.usd
    assert booked == {cell: usd for cell, usd in by_day_and_key(desk).items() if cell[0] < today}


def test_a_second_sync_changes_nothing(desk: Desk) -> None:
    spend_days(desk, 5)
    desk("sync")
    before = desk.all_rows()
    assert "as it was" in desk("sync").out
    assert desk.all_rows() == before


def test_a_revised_day_replaces_its_rows_and_says_so(desk: Desk) -> None:
    spend_days(desk, 2)
    desk("sync")
    opus = next(spent for spent in desk.account.spent if spent.model == "anthropic/claude-opus-4.7")
    opus.usd += Decimal("2.25")
    done = desk("sync", "--json").json
    (revised,) = done["revised"]
    assert (revised["day"], revised["key"]) == (str(opus.at.date()), desk.key("dollar").hash)
    assert Decimal(revised["new_usd"]) - Decimal(revised["old_usd"]) == Decimal("2.25")
    assert f"revised: {opus.at.date()}, vane-dollar" not in desk("sync").out


def test_what_no_key_explains_has_a_line_of_its_own(desk: Desk) -> None:
    spend_days(desk, 1)
    stray = desk.account.add_key("somebody's")
    desk.account.spend(stray, "tencent/hy3-preview", 10_000_000, 1000, at=desk.account.now - DAY)
    desk.account.keys.remove(stray)  # deleted before anybody synced
    assert "no key of the account explains $0.66" in desk("sync").out
    (row,) = [row for row in desk.activity() if not row.key]
    assert (row.model, row.usd, row.requests) == ("tencent/hy3-preview", Decimal("0.66026"), 1)


def test_a_key_that_is_deleted_later_keeps_its_rows(desk: Desk) -> None:
    stray = desk.account.add_key("trial")
    desk.account.spend(stray, "tencent/hy3-preview", 10_000_000, 1000, at=desk.account.now - DAY)
    desk("sync")
    before = desk.activity()
    desk.account.keys.remove(stray)
    assert "as it was" in desk("sync").out
    assert desk.activity() == before


def test_days_that_nobody_can_ask_for_any_more_are_named(desk: Desk) -> None:
    spend_days(desk, 2)
    desk("sync")
    desk.account.pass_days(33)
    done = desk("sync", "--json").json
    assert done["missing_days"] == ["2026-05-18", "2026-05-19", "2026-05-20"]


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    spend_days(desk, 2)
    done = desk("sync", "--dry-run")
    assert "nothing written" in done.out
    assert not desk.file.exists()


def test_a_track_without_its_variable_has_no_counter_and_the_rest_is_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend_days(desk, 1)
    monkeypatch.delenv("OPENROUTER_GRAY_KEY")
    done = desk("sync")
    assert (done.code, "VM211" in done.err, "OPENROUTER_GRAY_KEY is not set" in done.err) == (0, True, True)
    assert desk.activity()


def test_an_inference_key_is_refused(desk: Desk) -> None:
    desk.account.faults.append(Fault("/credits", 403, "Only management keys can perform this operation"))
    done = desk("sync")
    assert (done.code, "VM202" in done.err) == (1, True)
    assert not desk.file.exists()
