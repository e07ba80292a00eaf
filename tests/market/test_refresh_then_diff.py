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
    assert main(["market", "diff", "-C", str(desk.project), "--write"]) == 0
    assert "2026-W25/market.md" in desk.files
