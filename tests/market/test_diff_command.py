"""`vane market diff` on the shipped archive, its numbers recomputed here from the raw rows."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from tests.market.shipped import OFFICIAL, PROJECT, WEEKS, raw, totals


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the shipped project that tests may edit."""
    shutil.copytree(PROJECT / "policies", tmp_path / "policies")
    shutil.copytree(WEEKS, tmp_path / "generated/weeks")
    return tmp_path


def diff(project: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["market", "diff", "-C", str(project), *arguments]) == 0
    return capsys.readouterr().out


def as_json(project: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(diff(project, capsys, *arguments, "--json"))


def permille(new: int, old: int) -> int:
    """The change in tenths of a percent, halves to even, on whole numbers alone."""
    quotient, rest = divmod(abs(new - old) * 1000, old)
    up = 2 * rest > old or (2 * rest == old and quotient % 2)
    return (quotient + bool(up)) * (1 if new >= old else -1)


def test_the_numbers_of_week_25(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(project, capsys, "2026-W25")
    now, then = totals("2026-W25"), totals("2026-W24")
    ranks, before = ([slug for slug, _ in sorted(week.items(), key=lambda p: -p[1])] for week in (now, then))
    assert [line["model"] for line in found["top"]] == ranks[:10]
    for rank, line in enumerate(found["top"], 1):
        slug = line["model"]
        assert (line["rank"], line["tokens"]) == (rank, now[slug])
        assert line["previous_rank"] == (before.index(slug) + 1 if slug in then else None)
        expected = permille(now[slug], then[slug]) if slug in then else None
        assert (line["change_percent"] and round(line["change_percent"] * 10)) == expected
    whole = {w: sum(totals(w).values()) + raw(w)["platform"]["other_tokens"] for w in ("2026-W24", "2026-W25")}
    assert (found["total"]["tokens"], found["total"]["previous_tokens"]) == (whole["2026-W25"], whole["2026-W24"])
    assert round(found["total"]["change_percent"] * 10) == permille(whole["2026-W25"], whole["2026-W24"])
    assert {e["model"] for e in found["entrants"]} == {*ranks[:10]} - {*before[:10]}
    assert {d["model"] for d in found["dropouts"]} == {*before[:10]} - {*ranks[:10]}
    watched = {*ranks[:10], *before[:10], *(model["permaslug"] for model in found["policy"]["models"])}
    moved = {s for s in watched & now.keys() & then.keys() if abs(now[s] - then[s]) * 100 >= 30 * then[s]}
    assert {m["model"] for m in found["movers"]} == moved
    assert moved


@pytest.mark.parametrize("week", OFFICIAL[1:])
def test_vendors_and_countries_of_every_week(week: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, now = as_json(project, capsys, week), totals(week)
    for row in found["vendors"]:
        mine = sum(tokens for slug, tokens in now.items() if slug.split("/")[0] == row["vendor"])
        assert (row["tokens"] or 0) == mine
    listed = sum(country["tokens"] for country in found["origins"]["countries"].values())
    assert listed == sum(now.values()) == found["total"]["tokens"] - found["origins"]["unlisted_tokens"]


def test_china_in_week_22(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(project, capsys, "2026-W22")
    assert found["origins"]["countries"]["CN"]["share_percent_at_least"] == 44.8
    assert found["notes"] == ["2026-W21 is an article's table, not from the official data set; its numbers are rounded"]


def test_a_real_succession(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = "google/gemini-3.1-flash-lite-preview-20260303", "google/gemini-3.1-flash-lite-20260507"
    (found,) = as_json(project, capsys, "2026-W23")["successions"]
    now, then = totals("2026-W23"), totals("2026-W22")
    assert (found["predecessors"], found["successors"]) == ([old], [new])
    assert (found["tokens"], found["previous_tokens"]) == (now[old] + now[new], then[old] + then[new])


def test_the_articles_routing_ticket(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """V4-Flash is a mover by the article's own word and by the archive; Kimi K2.6 fell out of the Top 10."""
    tracks = project / "policies/tracks.yaml"
    text = tracks.read_text("utf-8")
    tracks.write_text(text.replace("- tencent/hy3-preview", "- moonshotai/kimi-k2.6"), "utf-8")
    found = as_json(project, capsys, "2026-W21")
    assert found["week"]["kind"], found["against"]["kind"] == ("article", "scrape")
    mover = found["movers"][0]
    assert (mover["model"], mover["claimed_percent"]) == ("deepseek/deepseek-v4-flash-20260423", 66)
    assert round(mover["change_percent"] * 10) == permille(3_430_000_000_000, 1_110_000_000_000)
    assert "2026-W19 is 2 weeks earlier: changes are over all of them, not over one" in found["notes"]
    assert "moonshotai/kimi-k2.6-20260420" in {line["model"] for line in found["dropouts"]}
    (flag,) = [flag for flag in found["policy"]["flags"] if flag["model"] == "moonshotai/kimi-k2.6"]
    assert flag["kind"] == "fell-out"
    (place,) = flag["routed"]
    assert (place["file"], "kimi-k2.6" in text.splitlines()[place["line"] - 1]) == ("policies/tracks.yaml", False)
    assert "kimi-k2.6" in tracks.read_text("utf-8").splitlines()[place["line"] - 1]
    assert set(flag["scenarios"]) == {"agent-loops", "ide-assist"}
    assert found["total"]["change_percent"] is None
    assert found["total"]["reason"]


def test_a_free_variant_that_ends_is_flagged(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The real end of hy3-preview:free, between the snapshots of 11 May and the article's week."""
    found = as_json(project, capsys, "2026-W21")
    (flag,) = [flag for flag in found["policy"]["flags"] if flag["kind"] == "lost-free-variant"]
    assert flag["model"] == "tencent/hy3-preview"
    (hy3,) = found["successions"]
    assert hy3["predecessors"] == ["tencent/hy3-preview-20260421:free"]
    assert hy3["previous_tokens"] == 2_680_000_000_000 + 857_000_000_000


def test_no_prices_are_no_zeros(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(project, capsys, "2026-W25")["prices"]
    assert found["reason"] == "not archived for this week"
    assert found["changes"] == found["cheaper_providers"] == found["own_or_other"] == []


def test_the_page_of_the_week(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = project / "generated/weeks/2026-W25/market.md"
    page.unlink(missing_ok=True)
    shown = diff(project, capsys, "2026-W25", "--markdown", "--write")
    assert page.read_text("utf-8") == shown
    assert "Source: OpenRouter (openrouter.ai/rankings), as of 2026-08-22T00\\:10\\:38Z." in shown


@pytest.mark.parametrize("week", ["2026-W21", *OFFICIAL])
def test_shipped_pages_are_of_the_shipped_weeks(week: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Up to the movers: from there on the policies of the day on which a page was filed have a say."""
    filed, now = (WEEKS / week / "market.md").read_text("utf-8"), diff(project, capsys, week, "--markdown")
    assert filed.partition("## Movers")[0] == now.partition("## Movers")[0]


def test_names_from_outside_do_nothing_in_markdown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The archive refuses such permaslugs; what a source says of itself is free text."""
    file = project / "generated/weeks/2026-W25/rankings.json"
    week = json.loads(file.read_text("utf-8"))
    week["citation"] = "| [x](https://example.org) <img src=x> @everyone `rm` #1 www.example.org"
    file.write_text(json.dumps(week), "utf-8")
    shown = diff(project, capsys, "2026-W25", "--markdown").splitlines()
    (line,) = [line for line in shown if "example" in line]
    assert line == (
        r"\| \[x\](https\://example.org) \<img src=x\> @<!-- -->everyone \`rm\` \#<!-- -->1 www\.example.org"
    )


def test_a_week_that_is_not_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["market", "diff", "-C", str(project), "2026-W20"]) == 1
    assert "2026-W20 is not in the archive" in capsys.readouterr().err
    assert main(["market", "diff", "-C", str(project), "2025-W46"]) == 1
    assert "no week before 2025-W46 is archived" in capsys.readouterr().err
    assert main(["market", "diff", "-C", str(project), "week 25"]) == 2
    assert "no ISO week" in capsys.readouterr().err
    shutil.rmtree(project / "generated/weeks")
    assert main(["market", "diff", "-C", str(project)]) == 1
    assert "the archive holds no week" in capsys.readouterr().err


def test_policies_that_cannot_be_read_are_not_spoken_of(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "policies/tracks.yaml").write_text("version: 2\n", "utf-8")
    found = as_json(project, capsys, "2026-W25")
    assert found["policy"] is None
    assert re.search("policies cannot be read", found["notes"][0])
    assert found["top"]
