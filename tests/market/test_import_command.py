"""`vane market import`: what enters the archive, what is left out, what is refused whole."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from harness.market.import_csv import shown_week
from harness.weeks import Week
from tests.market.shipped import OFFICIAL, PROJECT, WEEKS, answer, raw

ARTICLE = PROJECT / "docs/market/2026-W21.article.yaml"
HEADER = "snapshot_date,rank_by_tokens,slug,name,total_tokens,percent_change\n"
#: 3 May 2026 is a Sunday
CSV = HEADER + (
    "2026-05-03,1,tencent/hy3-preview-20260421:free,Hy3,3030123456789,799\n"
    "2026-05-03,2,moonshotai/kimi-k2.6-20260420,Kimi,1820000000000,0\n"
    "2026-05-11,1,tencent/hy3-preview-20260421:free,Hy3,2680000000000,-12\n"
    "2026-05-13,1,tencent/hy3-preview-20260421:free,Hy3,880000000000,\n"
)


def take(project: Path, name: str, content: str, *more: str) -> int:
    file = project / name
    file.write_text(content, "utf-8")
    return main(["market", "import", "-C", str(project), str(file), *more])


def archived(project: Path) -> list[str]:
    return sorted(path.parent.name for path in project.glob("generated/weeks/*/rankings.json"))


def platform(project: Path, week: str) -> Any:
    return json.loads((project / f"generated/weeks/{week}/rankings.json").read_text("utf-8"))["platform"]


def test_a_saved_answer_gives_the_shipped_weeks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(tmp_path, "answer.json", json.dumps(answer()), "--source", "a test") == 0
    assert archived(tmp_path) == list(OFFICIAL)
    for week in OFFICIAL:
        assert platform(tmp_path, week) == raw(week)["platform"]
    said = capsys.readouterr().out
    assert "2026-W25: 61 models, 46.66 T tokens, saved: written" in said
    assert take(tmp_path, "answer.json", json.dumps(answer()), "--source", "a test") == 0
    assert capsys.readouterr().out.count("unchanged") == len(OFFICIAL)


def test_edge_weeks_are_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = answer()
    saved["data"] = [row for row in saved["data"] if "2026-05-31" <= row["date"] <= "2026-06-20"]
    assert take(tmp_path, "answer.json", json.dumps(saved)) == 0
    assert archived(tmp_path) == ["2026-W23", "2026-W24"]
    said = capsys.readouterr().err
    assert "2026-W22: 1 of 7 days" in said
    assert "2026-W25: 6 of 7 days" in said


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(tmp_path, "answer.json", json.dumps(answer()), "--dry-run") == 0
    assert archived(tmp_path) == []
    assert "would be written" in capsys.readouterr().out


def _without_day(saved: Any) -> None:
    saved["data"] = [row for row in saved["data"] if row["date"] != "2026-06-10"]


def _twice(saved: Any) -> None:
    saved["data"].append(saved["data"][3])


def _no_other(saved: Any) -> None:
    saved["data"] = [row for row in saved["data"] if (row["date"], row["model_permaslug"]) != ("2026-06-10", "other")]


def _only_part(saved: Any) -> None:
    saved["data"] = [row for row in saved["data"] if row["date"] >= "2026-07-01"]


def _in_millions(saved: Any) -> None:
    for row in saved["data"]:
        row["total_tokens"] = str(int(row["total_tokens"]) // 10**6)


def _halved(saved: Any) -> None:
    for row in saved["data"]:
        if row["date"] >= "2026-06-22":
            row["total_tokens"] = str(int(row["total_tokens"]) * 2 // 5)


def _top_nine(saved: Any) -> None:
    days: dict[str, list[Any]] = {}
    for row in saved["data"]:
        days.setdefault(row["date"], []).append(row)
    saved["data"] = [row for rows in days.values() for row in (*rows[:9], rows[-1])]


def _set(key: str, value: Any) -> Callable[[Any], None]:
    def change(saved: Any) -> None:
        saved["data"][5][key] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without_day, "VM110 1 days are missing between the first and last: 2026-06-10"),
        (_twice, "stands twice on 2026-05-25"),
        (_no_other, "2026-06-10 has no row `other`"),
        (_only_part, "VM172 its 5 days hold no week"),
        (_set("total_tokens", 5.5), "row 5: total_tokens of"),
        (_set("total_tokens", 595090081549), "is 595090081549, not a whole number of 64 bits as a decimal string"),
        (_set("total_tokens", "9" * 19), "is '9999999999999999999', not a whole number"),
        (_set("total_tokens", "-1"), "is '-1', not a whole number"),
        (_set("total_tokens", "1٣"), "not a whole number"),
        (_set("model_permaslug", "a/b\u202e"), r"row 5: model_permaslug is 'a/b\u202e', not author/model"),
        (_set("date", "2026-02-30"), "row 5: date is '2026-02-30', not YYYY-MM-DD"),
        (_in_millions, "another unit, or another section"),
        (_halved, "VM111"),
        (_top_nine, "VM109"),
        (lambda saved: saved["meta"].update(as_of="2099-01-01T00:00:00Z"), "VM113"),
        (lambda saved: saved["meta"].update(as_of="2026-07-05T10:00:00Z"), "before 2026-07-05 was over"),
        (lambda saved: saved["meta"].update(as_of="yesterday"), "meta has no as_of, start_date and end_date in UTC"),
        (lambda saved: saved["meta"].update(as_of="2026-08-22T00:10:38"), "meta has no as_of"),
        (lambda saved: saved.update(data=[]), "VM108 GET /datasets/rankings-daily: it holds no row"),
        (lambda saved: saved["data"].insert(0, None), "row 0: it is None, no object"),
    ],
)
def test_an_odd_answer_is_refused_whole(
    change: Callable[[Any], None], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = answer()
    change(saved)
    assert take(tmp_path, "answer.json", json.dumps(saved)) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "generated").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"meta": {"source_url": "https://example.org/rankings"}, "models": []}', "no list of rows under `data`"),
        ('{"data": [{"date": "2026-0', "it is not JSON: was it cut off?"),
        ("[" * 100_000, "neither an answer"),
        ('{"data":' * 100_000, "it is not JSON"),
        ("", "neither an answer in JSON, nor a CSV archive, nor an article's table"),
        ("<html>", "neither an answer"),
    ],
)
def test_other_files_are_no_source(content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(tmp_path, "page.json", content) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "generated").exists()


def test_files_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path, tmp_path / "nothing.json"):
        assert main(["market", "import", "-C", str(tmp_path), str(path)]) == 1
    (tmp_path / "latin.csv").write_bytes(b"\xff\xfe")
    assert main(["market", "import", "-C", str(tmp_path), str(tmp_path / "latin.csv")]) == 1
    said = capsys.readouterr().err
    assert [word in said for word in ("not a regular file", "No such file", "it is not UTF-8")] == [True] * 3


def test_a_csv_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(tmp_path, "weekly.csv", CSV) == 0
    assert archived(tmp_path) == ["2026-W18", "2026-W19"]
    assert "the snapshot of 2026-05-13, a Wednesday, shows 2026-W20 to date" in capsys.readouterr().err
    exact, rounded = (
        json.loads((tmp_path / f"generated/weeks/{week}/rankings.json").read_text())
        for week in ("2026-W18", "2026-W19")
    )
    assert (exact["provenance"]["kind"], exact["provenance"]["exact"]) == ("scrape", True)
    assert rounded["provenance"]["exact"] is False
    assert (
        rounded["provenance"]["source"] == "weekly.csv: snapshot of 2026-05-11, taken to show 2026-05-04 to 2026-05-10"
    )
    assert (exact["platform"]["total_tokens"], exact["platform"]["other_tokens"], exact["citation"]) == (None,) * 3
    claims = [row.get("claimed_percent") for row in exact["platform"]["models"]]
    assert claims == [799, None]  # such an archive writes 0 for a new model too


def test_which_week_a_snapshot_shows() -> None:
    days = [datetime.date(2026, 2, 7) + datetime.timedelta(days=n) for n in range(4)]  # Saturday to Tuesday
    assert [shown_week(day) for day in days] == [None, Week(2026, 6), Week(2026, 6), None]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("3030123456789", "3.03e12", "weekly.csv:2:1 VM171 total_tokens is '3.03e12', not a whole number above zero"),
        ("3030123456789", "0", "total_tokens is '0'"),
        ("2026-05-03,2", "2026-05-03,3", "2026-05-03: ranks do not count 1, 2, 3"),
        ("3030123456789", "1", "2026-05-03: ranks are not in the order of tokens"),
        ("moonshotai/kimi-k2.6-20260420", "tencent/hy3-preview-20260421:free", "2026-05-03: a model is listed twice"),
        ("moonshotai/kimi-k2.6-20260420", "kimi k2.6", "weekly.csv:3:1 VM171 slug is 'kimi k2.6', not author/model"),
        ("2026-05-11", "2026-05-04", "two snapshots show 2026-W18; the second is of 2026-05-04"),
        ("2026-05-11", "2026-02-31", "snapshot_date is 2026-02-31, which is no day"),
        (",Kimi,", ",Kimi,5,", "not as many values as there are columns"),
        ("799", "79.9", "percent_change is '79.9', not whole percent"),
    ],
)
def test_an_odd_csv_is_refused_whole(
    old: str, new: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in CSV
    assert take(tmp_path, "weekly.csv", CSV.replace(old, new, 1)) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "generated").exists()


def test_only_mid_week_snapshots_are_no_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(tmp_path, "weekly.csv", HEADER + CSV.splitlines()[-1]) == 1
    assert "VM172 1 rows, and no snapshot of a Sunday or a Monday" in capsys.readouterr().err


def test_the_articles_table(tmp_path: Path) -> None:
    assert take(tmp_path, "article.yaml", ARTICLE.read_text("utf-8")) == 0
    assert platform(tmp_path, "2026-W21") == raw("2026-W21")["platform"]
    assert (WEEKS / "2026-W21/rankings.json").read_bytes() == (
        tmp_path / "generated/weeks/2026-W21/rankings.json"
    ).read_bytes()
    found = platform(tmp_path, "2026-W21")
    assert found["total_tokens"] == 28_900_000_000_000
    assert {row["permaslug"]: row.get("claimed_percent") for row in found["models"]}["openrouter/owl-alpha"] == 29


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tokens: 3070000000000", "tokens: 3.07 T", "expected a whole number"),
        ("tokens: 3070000000000", "tokens: 3570000000000", "rows are not in the order of their tokens"),
        ("28900000000000", "14000000000000", "the platform only 14000000000000"),
        ("week: 2026-W21", "week: 2026-W54", "2026 has no week 54"),
        ("x-ai/grok-4.1-fast", "openrouter/owl-alpha", "a model is listed twice"),
        ("platform_tokens", "platform_token", "platform_token"),
        ("models:", "models: [", "article.yaml:"),
    ],
)
def test_an_odd_table_is_refused(
    old: str, new: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ARTICLE.read_text("utf-8")
    assert old in text
    assert take(tmp_path, "article.yaml", text.replace(old, new)) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "generated").exists()


def test_a_better_source_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(tmp_path, "answer.json", json.dumps(answer())) == 0
    before = (tmp_path / "generated/weeks/2026-W22/rankings.json").read_bytes()
    article = ARTICLE.read_text("utf-8").replace("week: 2026-W21", "week: 2026-W22")
    capsys.readouterr()
    assert take(tmp_path, "article.yaml", article) == 0
    said = capsys.readouterr()
    assert "2026-W22 is archived as saved, the file is an article" in said.err
    assert "article: kept what is there" in said.out
    older = answer()
    older["meta"]["as_of"] = "2026-07-06T00:00:00Z"
    assert take(tmp_path, "older.json", json.dumps(older)) == 0
    assert "is archived as of 2026-08-22" in capsys.readouterr().err
    assert (tmp_path / "generated/weeks/2026-W22/rankings.json").read_bytes() == before


def test_a_worse_source_is_replaced(tmp_path: Path) -> None:
    article = ARTICLE.read_text("utf-8").replace("week: 2026-W21", "week: 2026-W22")
    assert take(tmp_path, "article.yaml", article) == 0
    assert take(tmp_path, "answer.json", json.dumps(answer())) == 0
    assert platform(tmp_path, "2026-W22") == raw("2026-W22")["platform"]
