"""What a refresh archives is what a diff reads: prices of the fake market, in the form that the refresh writes."""

from __future__ import annotations

import json

from compiler.cli import main
from tests.market.desk import Desk


def test_a_refreshed_week_is_compared_with_prices(desk: Desk) -> None:
    assert desk().code == 0
    desk.pass_days(7)
    assert desk().code == 0
    assert main(["market", "diff", "-C", str(desk.project), "--json"]) == 0
    found = json.loads(desk.capture.readouterr().out)
    assert (found["week"]["week"], found["against"]["week"]) == ("2026-W25", "2026-W24")
    assert found["week"]["kind"] == "official"
    assert found["prices"]["reason"] is None
    lock = json.loads((desk.project / "policies/models.lock.json").read_text("utf-8"))
    stored = json.loads((desk.project / "generated/weeks/2026-W25/prices.json").read_text("utf-8"))
    both = lock["models"].keys() & stored["models"].keys()
    differ = {m for m in both if lock["models"][m]["pricing"] != stored["models"][m]["pricing"]}
    assert differ
    assert {change["model"] for change in found["prices"]["changes"]} == differ
    assert {model["model"] for model in found["policy"]["models"]} >= both
    page = desk.files["2026-W25/market.md"]
    assert main(["market", "diff", "-C", str(desk.project), "--write"]) == 0
    assert desk.files["2026-W25/market.md"] == page


def test_a_refresh_says_what_moved_and_draws_it(desk: Desk) -> None:
    assert desk().code == 0
    assert "2026-W24/market.md" not in desk.files, "nothing to compare with"
    desk.pass_days(7)
    done = desk()
    assert done.code == 0
    names = ("market.md", "rankings.svg", "rankings.png", "rankings-dark.png")
    assert {f"2026-W25/{name}" for name in names} <= desk.files.keys()
    assert all(f"generated/weeks/2026-W25/{name}\n" in done.err for name in names)
    before = desk.files
    assert desk().code == 0
    assert desk.files == before


def test_a_broken_older_week_keeps_only_the_pictures_out(desk: Desk) -> None:
    assert desk().code == 0
    desk.pass_days(7)
    assert desk().code == 0
    desk.pass_days(7)
    (desk.project / "generated/weeks/2026-W24/rankings.json").write_text("{}", "utf-8")
    done = desk()
    assert done.code == 1
    assert "generated/weeks/2026-W24/rankings.json" in done.err
    assert "the week is archived; when that is mended: vane market diff 2026-W26 --write" in done.err
    assert "2026-W26/rankings.json" in desk.files
    assert "2026-W26/rankings.svg" not in desk.files
