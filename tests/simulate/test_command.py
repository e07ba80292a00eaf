"""`vane simulate` as people run it."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
from pathlib import Path

import pytest

from compiler.cli import main
from harness.market.simulate.period import span_of
from harness.market.spend.ledger import FILE
from tests.shipped import copied, edit
from tests.simulate.ledgers import FLASH, HY3, OPUS, SONNET, M, activity, call, write_ledger

ROWS = (
    activity(FLASH, 90 * M, 9 * M, "11.5", cached=40 * M, requests=900),
    activity(HY3, 20 * M, 2 * M, "1.9", cached=None),
    activity(OPUS, 4 * M, M, "44", key="h-dollar", cached=M),
    activity("acme/<b>gone</b>", M, 0, "1", cached=None),
    call("a", FLASH, 10 * M, M, "1.3", scenario="ide-assist"),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = copied(tmp_path / "project")
    write_ledger(project / FILE, ROWS)
    return project


def simulate(project: Path, *arguments: str) -> int:
    return main(["simulate", "--month", "2026-05", "-C", str(project), *arguments])


def test_the_page_says_both_bills_and_what_it_cannot_know(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(project, "--set", f"ide-assist.primary={SONNET}") == 0
    out, err = capsys.readouterr()
    assert f"after: policies/ with ide-assist.primary={SONNET}" in out
    assert re.search(r"as billed +\$58\.40\n", out)
    for words in ("What it cannot know", "an assumption", "agent-loops + ide-assist", "vane-dollar", "30 of 31 days"):
        assert words in out
    assert "VM301 warning: 'acme/<b>gone</b>'" in err


def test_markdown_escapes_what_comes_from_outside(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(project, "--markdown") == 0
    out = capsys.readouterr().out
    assert "acme/\\<b\\>gone" in out
    assert "| --: |" in out


def test_json_has_every_digit_and_unchanged_policies_change_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(project, "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["usd"]["billed"] == "58.4"
    assert data["usd"]["change"] == {"point": "0", "low": "0", "high": "0"}
    assert data["usd"]["before"] == data["usd"]["after"]
    assert {row["name"] for row in data["by_track"]} == {"token", "dollar"}
    assert "assumed-factor" not in {note["kind"] for note in data["unknown"]}


def test_a_revision_is_what_the_rows_were_made_under(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        subprocess.run(["git", "-C", str(project), *who, *arguments], check=True, capture_output=True)

    git("init", "-b", "main")
    git("add", "policies")
    git("commit", "-m", "policies")
    edit(project / "policies/scenarios/batch.yaml", (f"primary: {HY3}", f"primary: {SONNET}"))
    assert simulate(project, "--against", "main", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert {row["name"]: row["after_usd"] for row in data["by_model"]}[SONNET] == "90"
    assert data["before"].startswith("policies/ at ")
    assert simulate(project, "--against", "nowhere") == 2
    assert "no revision 'nowhere'" in capsys.readouterr().err


def test_another_folder_is_the_changed_policies(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proposal = copied(tmp_path / "proposal") / "policies"
    edit(proposal / "scenarios/batch.yaml", (f"primary: {HY3}", f"primary: {SONNET}"))
    assert simulate(project, "--policies", str(proposal), "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert {row["name"]: row["after_usd"] for row in data["by_model"]}[SONNET] == "90"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--set", f"ide-asist.primary={SONNET}"], 2, "did you mean 'ide-assist'?"),
        (["--set", "ide-assist.model=x"], 2, "is not SCENARIO.primary=MODEL"),
        (["--set", "ide-assist.primary=anthropic/claude-sonnet-9"], 1, "anthropic/claude-sonnet-9"),
        (["--set", "ide-assist.primary=openrouter/owl-alpha"], 1, "VN"),
        (["--month", "2026-13"], 2, "no month such as 2026-05"),
        (["--month", "2026-04"], 1, "ledger.duckdb:1:1 VM303 no row of 2026-04\n  fix:"),
        (["--since", "2026-05-20"], 2, "give --month, or --since and --until"),
        (["--ledger", "nowhere.duckdb"], 1, "VM220"),
    ],
)
def test_a_wrong_question_is_answered_in_words(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert simulate(project, *arguments) == code
    assert said in capsys.readouterr().err


TODAY = datetime.date(2026, 6, 3)
Asked = tuple[str | None, str | None, str | None]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ((None, None, None), "2026-05-01", "2026-05-31"),
        (("2024-02", None, None), "2024-02-01", "2024-02-29"),
        (("2025-12", None, None), "2025-12-01", "2025-12-31"),
        ((None, "2026-05-18", "2026-05-24"), "2026-05-18", "2026-05-24"),
        ((None, "2026-05-18", None), "2026-05-18", "2026-06-02"),
    ],
)
def test_a_period_is_whole_days(asked: Asked, first: str, last: str) -> None:
    found = span_of(*asked, TODAY)
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)


@pytest.mark.parametrize("asked", [(None, None, "2026-05-01"), (None, "2026-06-02", "2026-06-01"), (None, "x", None)])
def test_no_period_is_refused(asked: Asked) -> None:
    with pytest.raises(ValueError, match=r"--until needs|no day"):
        span_of(*asked, TODAY)
