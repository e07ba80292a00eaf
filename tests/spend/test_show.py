"""`vane spend show` and `tickets`: the month against its caps, and the same total whichever way it is split."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.market.spend.engine import opened
from harness.market.spend.money import shown_usd, to_cents
from harness.market.spend.month import SPLITS, month
from harness.market.spend.standing import GrayShare, Period, Span
from harness.market.spend.view import gray_share, look, standing
from harness.weeks import Week
from tests.spend.desk import Desk, spend_a_day

DAY = datetime.timedelta(days=1)
CENT = Decimal("0.01")


@pytest.fixture
def synced(desk: Desk) -> Desk:
    """Seventeen days of May and a week of April."""
    today = desk.account.now.date()
    for number in range(1, 25):
        spend_a_day(desk, today - number * DAY, 1 + number % 5)
    assert desk("sync").code == 0
    return desk


def test_every_split_is_the_total(synced: Desk) -> None:
    said = synced("show", "--json").json
    billed = sum((s.usd for s in synced.account.spent if s.at.month == 5), Decimal(0))
    assert Decimal(said["total"]["cost_usd"]) == billed
    assert list(said["splits"]) == list(SPLITS)
    for lines in said["splits"].values():
        assert sum(Decimal(line["cost_usd"]) for line in lines) == billed
        for name in ("requests", "prompt_tokens", "completion_tokens"):
            assert sum(line[name] for line in lines) == said["total"][name]


def test_whose_it_is(synced: Desk) -> None:
    said = synced("show", "--json").json["splits"]
    assert [line["name"] for line in said["track"]] == ["dollar", "token", "gray"]
    assert [line["name"] for line in said["scenario"]] == [
        "security-audit",
        "agent-loops + ide-assist + batch + security-audit",
        "batch + agent-loops + ide-assist + security-audit",
        "gray-trials",
    ]


def test_what_is_nobodys_is_a_line_of_its_own(synced: Desk) -> None:
    other = synced.account.add_key("other")
    synced.account.spend(other, "tencent/hy3-preview", 50_000_000, 0, at=synced.account.now - DAY)
    opus = synced.account.spend(synced.key("token"), "anthropic/claude-opus-4.7", 1000, 0, at=synced.account.now - DAY)
    synced("sync")
    said = synced("show", "--json").json["splits"]
    assert {line["name"]: line["cost_usd"] for line in said["track"]}["(no track's key)"] == "3.3"
    unknown = next(line for line in said["scenario"] if line["name"] == "(no scenario of the plan)")
    assert Decimal(unknown["cost_usd"]) == Decimal("3.3") + opus.usd


def test_the_dollar_track_against_its_cap(synced: Desk) -> None:
    synced.account.spend(synced.key("dollar"), "anthropic/claude-opus-4.7", 0, 20_000_000)  # today: 500 USD
    synced("sync")
    dollar = next(each for each in synced("show", "--json").json["standings"] if each["track"] == "dollar")
    ledger = Decimal(dollar["ledger_usd"])
    assert Decimal(dollar["counter_usd"]) == Decimal(dollar["spent_usd"]) == ledger + 500
    assert (dollar["limit_usd"], dollar["threshold_usd"]) == ("800", "920")
    forecast = {name: Decimal(dollar["forecast"][name]) for name in ("low_usd", "usd", "high_usd")}
    assert ledger < forecast["low_usd"] <= forecast["usd"] <= forecast["high_usd"]
    text = synced("show").out
    assert "by the key's live counter" in text


@pytest.mark.parametrize(("opus_tokens", "is_spent", "is_overrun"), [
    (20_000_000, False, False), (32_000_000, True, False), (36_800_000, True, False), (36_800_001, True, True),
])  # fmt: skip
def test_spent_and_overrun(desk: Desk, opus_tokens: int, is_spent: bool, is_overrun: bool) -> None:
    """800 USD is spent at 800, and passed by more than 15 % only above 920."""
    desk.account.spend(desk.key("dollar"), "anthropic/claude-opus-4.7", 0, opus_tokens, at=desk.account.now - DAY)
    desk("sync")
    today = desk.account.now.date()
    with opened(None, desk.project) as engine:
        view = look(engine, desk.project, today.replace(day=1), today)
    found = standing(view, "dollar", today, today)
    assert (found.spent_usd, found.is_spent, found.is_overrun) == (
        opus_tokens * Decimal("0.000025"),
        is_spent,
        is_overrun,
    )
    assert standing(view, "token", today, today).spent_usd == 0


def test_the_gray_share_of_a_week(synced: Desk) -> None:
    today = synced.account.now.date()
    with opened(None, synced.project) as engine:
        view = look(engine, synced.project, today - 40 * DAY, today)
    whole, before = gray_share(view, Week(2026, 20)), gray_share(view, Week(2026, 16))
    assert whole and before
    assert (whole.tokens, whole.gray_tokens) == (6_570_000 * 20, 320_000 * 20)  # seven days, twenty times a day's
    assert (whole.is_over, whole.unknown_days, whole.max_share) == (False, (), Decimal("0.10"))
    assert len(before.unknown_days) == 5  # the sync saw its Saturday and its Sunday, with nothing on them
    assert before.share is None


def test_a_gray_share_is_over_above_the_ceiling_alone() -> None:
    def of(gray: int) -> GrayShare:
        return GrayShare(Week(2026, 20), gray, 1000, Decimal("0.10"), ())

    assert [of(gray).is_over for gray in (0, 100, 101, 1000)] == [False, False, True, True]


def test_a_month_that_is_not_known_in_part_says_so(synced: Desk) -> None:
    synced.account.pass_days(40)
    synced("sync")
    said = synced("show", "2026-05", "--json").json
    assert said["unknown_days"] == [f"2026-05-{day}" for day in range(18, 28)]
    assert "MISSING: nothing is known of 10 days between 2026-05-18 and 2026-05-27" in synced("show", "2026-05").out


@pytest.mark.parametrize("by", SPLITS)
def test_one_split_alone(synced: Desk, by: str) -> None:
    said = synced("show", "--by", by, "--markdown").out
    assert said.count("## By ") == 1
    assert f"## By {by}" in said


@pytest.mark.parametrize(("name", "start"), [("spend.svg", b"<svg"), ("spend.png", b"\x89PNG")])
def test_the_picture(synced: Desk, tmp_path: Path, name: str, start: bytes) -> None:
    assert synced("show", "--chart", tmp_path / name).code == 0
    content = (tmp_path / name).read_bytes()
    assert content.startswith(start)
    if name.endswith("svg"):
        assert b"dollar: $" in content and b"of $800.00 in 2026-05" in content
        assert synced("show", "--chart", tmp_path / name).code == 0
        assert (tmp_path / name).read_bytes() == content


def test_a_picture_of_another_kind(synced: Desk) -> None:
    assert synced("show", "--chart", "spend.pdf").code == 2


def test_names_from_outside_stay_text(synced: Desk) -> None:
    opus = synced.account.spent[0]
    opus.provider = "<img src=x>|`$(id)`\u202e"
    synced("sync")
    said = synced("show", "--markdown").out
    assert "<img" not in said.replace("\\<img", "")
    assert "\u202e" not in said + synced("show").out


def test_logs_say_how_a_bill_splits_and_what_had_no_ticket(synced: Desk) -> None:
    lines = [
        {
            "data": {
                "id": f"gen-log-{number}", "created_at": "2026-05-16T09:30:00Z", "model": "anthropic/claude-opus-4.7",
                "provider_name": "Anthropic", "total_cost": 0.5, "native_tokens_prompt": 100,
                "native_tokens_completion": 10,
            },
            "api_key_name": "vane-dollar", "scenario": "incident", "ticket": ticket,
        }
        for number, ticket in enumerate(("SEC-12", None, "later", "ARCH-3"))
    ]  # fmt: skip
    # one call is no more than a bill's one request: four of them contradict it
    one, four = synced.project / "one.jsonl", synced.project / "four.jsonl"
    one.write_text(json.dumps(lines[0]), "utf-8")
    four.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    total = synced("show", "--json").json["total"]
    assert synced("import", one).code == 0
    said = synced("show", "--json").json
    assert (said["total"], said["splits"]["scenario"][-2]["name"]) == (total, "incident")
    assert synced("import", four).out.endswith("3 new, 0 revised, 1 known\n")
    said = synced("show", "--json").json
    assert said["total"] == total
    assert "incident" not in {line["name"] for line in said["splits"]["scenario"]}
    bare = synced("tickets", "--json").json
    assert [call["ticket"] for call in bare["without_ticket"]] == [None, "later"]
    assert Decimal(bare["spent_usd"]) - Decimal(bare["not_in_logs_usd"]) == 2
    text = synced("tickets").out
    assert "2 calls without a ticket" in text
    assert "gen-log-1" in text and "gen-log-0" not in text


def test_calls_are_the_money_of_days_that_were_never_synced(desk: Desk) -> None:
    desk.project.joinpath("export.csv").write_text(
        "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,model_permaslug,provider_name,api_key_name\n"
        "gen-old-1,2026-03-02 10:00:00,1.25,1000,10,deepseek/deepseek-v4-flash-20260423,DeepInfra,vane-token\n",
        "utf-8",
    )
    assert desk("import", desk.project / "export.csv").code == 0
    said = desk("show", "2026-03", "--json").json
    assert (said["total"]["cost_usd"], len(said["unknown_days"])) == ("1.25", 30)
    assert said["splits"]["track"][0]["name"] == "token"
    assert said["splits"]["model"][0]["name"] == "deepseek/deepseek-v4-flash"


@given(st.dictionaries(st.integers(), st.decimals(0, 10**6, places=12), max_size=30))
def test_cents_add_up(parts: dict[int, Decimal]) -> None:
    cents = to_cents(parts)
    assert sum(cents.values(), Decimal(0)) == sum(parts.values(), Decimal(0)).quantize(CENT)
    assert all(abs(cents[name] - amount) < CENT for name, amount in parts.items())


@pytest.mark.parametrize(("amount", "shown"), [
    ("0", "$0.00"), ("0.004", "< $0.01"), ("1234567.891", "$1,234,567.89"), ("0.01", "$0.01"),
])  # fmt: skip
def test_money_in_words(amount: str, shown: str) -> None:
    assert shown_usd(Decimal(amount)) == shown


PERIODS: tuple[Period, ...] = ("daily", "weekly", "monthly")


@given(st.dates(datetime.date(2020, 1, 1), datetime.date(2035, 12, 31)), st.sampled_from(PERIODS))
def test_periods_hold_their_day(day: datetime.date, period: Period) -> None:
    span = Span.of(period, day)
    assert day in span.days
    assert len(span.days) in {"daily": (1,), "weekly": (7,), "monthly": (28, 29, 30, 31)}[period]


def test_month_is_pure(synced: Desk) -> None:
    """The same view gives the same month; nothing of it is a float."""
    today = synced.account.now.date()
    with opened(None, synced.project) as engine:
        view = look(engine, synced.project, today.replace(day=1) - 28 * DAY, today)
    found = month(view, Span.month(today), today)
    assert found == month(view, Span.month(today), today)
    assert "float" not in repr([type(value) for line in found.splits["model"] for value in (line.usd, line.cost)])
