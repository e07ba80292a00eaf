"""`vane report`: where the pages go, what the index links, and that nothing is written on bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.cli import main
from harness.report.index_page import totals
from harness.weeks import Week
from tests.market.weeks import ranking
from tests.report.evidence_files import WEEK
from tests.report.parsed import parsed


def report(project: Path, *arguments: str) -> int:
    return main(["report", *arguments, "-C", str(project)])


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.html")}


def test_the_newest_week_and_the_index(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weeks = project / "generated" / "weeks"
    assert report(project) == 0
    made = files(weeks)
    assert set(made) == {"2026-W25/index.html", "index.html"}
    first = capsys.readouterr().out
    assert "2026-W25/index.html" in first and first.count(": written\n") == 2
    times = {file: file.stat().st_mtime_ns for file in weeks.rglob("*.html")}
    assert report(project) == 0
    assert files(weeks) == made
    assert {file: file.stat().st_mtime_ns for file in weeks.rglob("*.html")} == times
    assert capsys.readouterr().out.count(": unchanged\n") == 2, "and it is said"


def test_the_index_links_the_weeks_that_have_a_page(project: Path) -> None:
    assert report(project, "2026-W23") == 0
    assert report(project, "2026-W25") == 0
    index = parsed((project / "generated" / "weeks" / "index.html").read_bytes())
    linked = [address for address in index.addresses if "W" in address]
    assert sorted(linked) == ["2026-W23/index.html", "2026-W25/index.html"]
    assert "rankings, prices, harness, spend, proposals" in index.text
    assert "2026-W25: 46 656 698 226 967 tokens" in index.says()
    assert "2026-W21: ~28.90 T tokens" in index.says(), "an article's table is rounded"


def test_a_compile_leaves_the_pages_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(project) == 0
    made = files(project / "generated")
    assert main(["compile", "-C", str(project)]) == 0
    assert main(["compile", "--check", "-C", str(project)]) == 0
    assert files(project / "generated") == made
    assert "foreign" not in capsys.readouterr().err


def test_elsewhere_the_page_still_finds_its_files(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    assert report(project, "2026-W25", "--out", str(out)) == 0
    page = parsed((out / "2026-W25" / "index.html").read_bytes())
    (market,) = (address for address in page.addresses if address.endswith("market.md"))
    assert (out / "2026-W25" / market).resolve() == project / "generated" / "weeks" / "2026-W25" / "market.md"
    assert not files(project / "generated")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["2026-W99"], 2, "2026 has no week 99"),
        (["June"], 2, "is no ISO week"),
        (["2025-W01"], 1, "2025-W01 has no evidence at all"),
    ],
)
def test_a_week_that_is_not_there(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert report(project, *arguments) == code
    assert said in capsys.readouterr().err
    assert not files(project)


def test_a_link_is_not_written_through(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    week, elsewhere = project / "generated" / "weeks" / "2026-W25", tmp_path / "elsewhere"
    week.rename(elsewhere)
    week.symlink_to(elsewhere)
    assert report(project, "2026-W25") == 1
    assert "VM152" in capsys.readouterr().err
    assert not files(elsewhere) and not files(project)


def test_an_empty_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(tmp_path) == 1
    assert "there is no week to report on" in capsys.readouterr().err


def test_a_broken_week_elsewhere_in_the_archive_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "generated" / "weeks" / "2026-W19" / "rankings.json").write_text("{", "utf-8")
    assert report(project) == 1
    assert "generated/weeks/2026-W19/rankings.json" in capsys.readouterr().err
    assert not files(project)


def test_the_line_of_totals_has_gaps_where_nobody_knows() -> None:
    one, two, four = (ranking(week) for week in (WEEK, WEEK.after(), WEEK.after(3)))
    found = totals([one, two, four])
    assert found
    assert [line.kind for line in found.lines] == ["", "gap"]
    assert [tick.words for tick in found.ticks] == [str(WEEK), str(Week(2026, 28))]
    assert totals([one]) is None
    assert totals([one, ranking(WEEK.after(), days=3)]) is None
