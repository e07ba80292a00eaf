"""What runs on a team's own Macs costs nothing: neither a downgrade nor a passed cap moves it to the cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.load import load
from compiler.plan import Plan, Route
from compiler.policy import FILES, parse
from compiler.resolve import resolve
from tests.samples import DRAFTS, TRACKS, write_policies

MLX, HY3, FLASH = "mlx/acme/Small-4bit", "tencent/hy3-preview", "deepseek/deepseek-v4-flash"
CAP = "  cap: dollar-monthly\n"
DOWNGRADED = f"{CAP}  downgraded: {{until: 2026-W23, to: token, reason: Spend passed the cap}}\n"
DOLLAR = DRAFTS.replace("track: token", "track: dollar").replace("data: [personnel, customer-data]\n", "")


def plans(folder: Path, scenario: str, tracks: str = TRACKS) -> tuple[Plan, ...]:
    changes = {"tracks.yaml": tracks, "scenarios/drafts.yaml": scenario}
    policies, findings = parse(load(write_policies(folder, changes), FILES))
    assert policies is not None, findings
    return resolve(policies)


def drafts(plan: Plan) -> tuple[str, list[str]]:
    (route,) = (route for route in plan.routes if route.scenario == "drafts")
    return route.track, _models(route)


def _models(route: Route) -> list[str]:
    return [hop.model for hop in route.hops]


@pytest.mark.parametrize("tracks", [TRACKS, TRACKS.replace(CAP, DOWNGRADED)])
def test_a_model_of_ones_own_stays(tracks: str, tmp_path: Path) -> None:
    for plan in plans(tmp_path, DOLLAR, tracks):
        assert drafts(plan) == ("dollar", [MLX]), plan.situation


def test_one_that_is_paid_for_behind_it_is_moved(tmp_path: Path) -> None:
    paid = DOLLAR.replace("{primary: mlx/acme/Small-4bit}", f"{{primary: {MLX}, fallbacks: [{HY3}]}}")
    standing, *contingencies = plans(tmp_path, paid)
    assert drafts(standing) == ("dollar", [MLX, HY3, FLASH])
    passed = next(plan for plan in contingencies if "dollar-monthly" in plan.situation)
    assert drafts(passed)[0] == "token"
    downgraded, *_ = plans(tmp_path, paid, TRACKS.replace(CAP, DOWNGRADED))
    assert drafts(downgraded)[0] == "token"
