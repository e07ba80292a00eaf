"""From the guards' logs to what a week's page, its pull request and its rules are told."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from harness.guards.page import parts, sentences
from harness.guards.week import guards_of
from harness.market.spend.engine import opened
from harness.market.spend.import_guard_log import enter_decisions, read_logs
from harness.market.spend.importing import Names
from harness.market.spend.ledger import writing
from harness.propose.pull_request import Facts, pull_request
from harness.report.stored.decisions import FILE, Compared, Decisions, decisions, decisions_json
from harness.weeks import Week
from tests.guard.logs import FLASH, LOCAL, MONDAY, OPUS, OWL, Line, Work, line, stopped, week, write
from tests.propose.test_pull_request import empty
from tests.shipped import shipped

NOW = datetime.datetime(2026, 5, 18, 6, 17, tzinfo=datetime.UTC)
WEEK = Week.of(MONDAY.date())
BEFORE = MONDAY - datetime.timedelta(weeks=1)
HOUR = datetime.timedelta(hours=1)
POLICIES = shipped().policies


def told(folder: Path, lines: Iterator[Line] | list[Line], of: Week = WEEK) -> Decisions | None:
    """What the week comes to after an import of these lines."""
    found = read_logs([write(folder / "log.jsonl", lines)], Names.of(POLICIES), NOW)
    with writing(folder / "ledger") as ledger:
        enter_decisions(found, ledger)
    with opened(str(folder / "ledger"), folder) as engine:
        return guards_of(engine, POLICIES, of)


@pytest.fixture
def known(tmp_path: Path) -> Decisions:
    """A small week of two Macs, by hand."""
    lines = [
        line("1", MONDAY, wanted=OWL, prompt_tokens=900, completion_tokens=100, scenario="batch"),
        line("2", MONDAY + HOUR, wanted=OWL, chosen=FLASH, action="reroute", reason="share", scenario="batch"),
        line("3", MONDAY + 2 * HOUR, prompt_tokens=6900, completion_tokens=1000, scenario="agent-loops"),
        stopped("4", MONDAY, "label", labels=["customer-data", "credentials"], wanted=OWL, scenario="batch"),
        line("5", MONDAY, wanted=OWL, chosen=LOCAL, action="reroute", reason="label", labels=["credentials"]),
        stopped("6", MONDAY, "ticket", wanted=OPUS, scenario="security-audit", machine="air-ana"),
        stopped("7", MONDAY, "unreadable", wanted=FLASH, machine="air-ana", surface="cursor", scenario=None),
        line("8", BEFORE, wanted=OWL),
    ]  # fmt: skip
    found = told(tmp_path, lines)
    assert found is not None
    return found


def test_shares_are_counted_of_all_that_guards_saw(known: Decisions) -> None:
    """A Mac's own model is in the whole, as the guard itself counts."""
    assert (known.decisions, known.tokens, known.gray_tokens) == (7, 1000 + 1100 + 7900 + 1100, 1000)
    assert (known.max_share, known.share, known.is_over) == (Decimal("0.1"), Fraction(1000, 11100), False)
    assert [(part.scenario, part.tokens, part.gray_tokens) for part in known.parts] == [
        ("agent-loops", 7900, 0), ("batch", 3200, 1000),
    ]  # fmt: skip


def test_what_was_stopped_is_counted_by_label_and_scenario(known: Decisions) -> None:
    assert {(act.action, act.reason, act.label, act.scenario): act.count for act in known.acts} == {
        ("reroute", "share", None, "batch"): 1,
        ("block", "label", "customer-data", "batch"): 1,
        ("block", "label", "credentials", "batch"): 1,
        ("reroute", "label", "credentials", "batch"): 1,
        ("block", "ticket", None, "security-audit"): 1,
        ("block", "unreadable", None, "(none)"): 1,
    }


def test_who_told_and_who_did_not(known: Decisions) -> None:
    logs = {(log.machine, log.surface): (log.decisions, log.unreadable) for log in known.logs}
    assert logs == {("air-ana", "cursor"): (1, 1), ("air-ana", "openclaw"): (1, 0), ("studio", "openclaw"): (5, 0)}
    assert set(known.silent) == {*POLICIES.fleet.machines} - {"air-ana", "studio"}
    said = " ".join(sentences(known))
    assert "7 decisions of 2 Macs: air-ana, studio." in said
    assert "Gray models had 9.0 % of the tokens that guards counted (1.00 K of 11.10 K; at most 10.0 %)." in said
    assert "The guard of air-ana (cursor) had no policy that it could read for 1 turn." in said
    assert "No log came of air-ben" in said


def test_a_share_above_the_ceiling_says_so(tmp_path: Path) -> None:
    found = told(tmp_path, [line("1", MONDAY, wanted=OWL), line("2", MONDAY)])
    assert found is not None
    assert found.is_over
    assert "which is more than it may have" in " ".join(sentences(found))


def test_the_file_comes_back_as_it_was(known: Decisions, tmp_path: Path) -> None:
    folder = tmp_path / "generated/weeks" / str(WEEK)
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(decisions_json(known))
    assert decisions(tmp_path, WEEK) == known
    assert decisions_json(known) == decisions_json(known.model_copy())


def test_no_log_is_no_week_of_zeros(tmp_path: Path) -> None:
    assert told(tmp_path, [line("1", BEFORE)]) is None


def test_the_pull_request(known: Decisions) -> None:
    text = pull_request(empty(), Facts((), (), (), guards=known))
    section = text.partition("## What the guards did\n")[2].partition("\n## ")[0]
    assert "| blocked | a label | customer-data | batch | 1 |" in section
    assert "| blocked | no ticket | – | security-audit | 1 |" in section
    assert "What the guards did" not in pull_request(empty(), Facts((), (), ()))


# ---- tool-call errors


def two_weeks(before: float, now: float, model: str = OWL, sessions: int = 120) -> Iterator[Line]:
    yield from week(BEFORE, [Work("batch", model, sessions, before), Work("agent-loops", FLASH, 60, 0.03)], seed=3)
    yield from week(MONDAY, [Work("batch", model, sessions, now), Work("agent-loops", FLASH, 60, 0.03)], seed=4)


def by_scenario(found: Decisions | None) -> dict[str, Compared]:
    assert found is not None
    return {each.scenario: each for each in found.compared if each.against == "week"}


def test_a_rise_of_three_points_in_production(tmp_path: Path) -> None:
    """Some two thousand tool calls a week decide what a run of fifty prompts leaves open."""
    found = by_scenario(told(tmp_path, two_weeks(0.03, 0.065)))
    assert found["batch"].candidate == "openrouter/owl-alpha"
    assert found["batch"].verdict == "worse"
    assert found["batch"].low > 0
    assert found["agent-loops"].verdict in ("within", "unclear")


@pytest.mark.parametrize(("before", "now", "sessions"), [(0.03, 0.03, 120), (0.03, 0.065, 15), (0.01, 0.02, 150)])
def test_no_rise_no_evidence_and_a_rise_too_small_to_count(
    tmp_path: Path, before: float, now: float, sessions: int
) -> None:
    found = by_scenario(told(tmp_path, two_weeks(before, now, sessions=sessions)))
    assert "batch" not in found or found["batch"].verdict != "worse"
    assert ("batch" in found) is (sessions >= 20)


def test_models_of_one_route_are_compared_in_the_week(tmp_path: Path) -> None:
    """The fallback's sessions of the same work against those of the route's first model."""
    hy3 = "openrouter/tencent/hy3-preview"
    work = [Work("agent-loops", FLASH, 100, 0.02), Work("agent-loops", hy3, 100, 0.09)]
    found = told(tmp_path, week(MONDAY, work))
    assert found is not None
    (against,) = (each for each in found.compared if each.against == "model")
    assert (against.base, against.candidate, against.verdict) == (
        "deepseek/deepseek-v4-flash", "tencent/hy3-preview", "worse",
    )  # fmt: skip
    rows = {row[1]: row for row in parts(found)[2].rows}
    assert 90 <= int(rows["tencent/hy3-preview"][2]) <= 100, "sessions that called a tool"
