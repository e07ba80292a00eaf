"""What guards are told about a Mac's routes: where a turn may go instead, and what holds past a limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.compile import Compiled, compile_policies
from compiler.guard.check import check
from compiler.plan import Guard, MachinePlan
from tests.shipped import artifact, copied, edit, shipped, targets

STUDIO = "machines/studio/guard/guard.json"
QWEN = "mlx/mlx-community/Qwen3-30B-A3B-4bit"


def guard_of(compiled: Compiled, situation: str = "standing", machine: str = "studio") -> Guard:
    plan: MachinePlan = next(plan for plan in compiled.plans if plan.situation == situation).machines[machine]
    return plan.guard


def rules(compiled: Compiled, path: str = STUDIO) -> dict[str, Any]:
    return dict(json.loads(next(each.content for name, each in compiled.files() if name == path)))


def instead(compiled: Compiled, scenario: str) -> list[str]:
    return [choice["model"] for choice in rules(compiled)["scenarios"][scenario]["instead"]]


def edited(tmp_path: Path, file: str, *changes: tuple[str, str]) -> Compiled:
    project = copied(tmp_path)
    edit(project / "policies" / file, *changes)
    return compile_policies(project / "policies", targets())


def test_both_guards_of_a_mac_read_the_same_bytes_and_macs_alike_get_them_too() -> None:
    content = artifact("air-ana", "guard/guard.json")
    assert artifact("air-ana", "cursor/guard.json") == artifact("air-ben", "guard/guard.json") == content
    assert list(check(content)) == []
    assert json.loads(artifact("studio", "guard/guard.json"))["cursor"] is None
    assert json.loads(content)["cursor"]["aliases"] == {"acme-ide": "ide-assist"}


def test_the_way_out_is_short_and_has_no_dear_and_no_gray_model() -> None:
    found = {name: instead(shipped(), name) for name in rules(shipped())["scenarios"]}
    assert found["agent-loops"] == ["openrouter/google/gemini-3.1-flash-lite", QWEN]  # cheaper first, local last
    assert found["batch"] == ["openrouter/minimax/minimax-m2.7", QWEN]
    assert found["security-audit"] == [QWEN]  # all else may see what its own models may see, and no more
    assert found["multimodal-docs"] == []  # no model here that sees pictures may see more
    assert found["private-desk"] == []  # what runs on our own Macs stays there
    assert not any("dollar" in model or "gray" in model for models in found.values() for model in models)


def test_a_model_that_nobody_serves_with_zero_retention_is_no_way_out(tmp_path: Path) -> None:
    project = copied(tmp_path)
    file = project / "policies/models.lock.json"
    lock = json.loads(file.read_text("utf-8"))
    lock["models"]["minimax/minimax-m2.7"]["zdr"] = False
    file.write_text(json.dumps(lock), "utf-8")
    edit(project / "policies/tracks.yaml", ("    - minimax/minimax-m2.7 #", "    #"))
    compiled = compile_policies(project / "policies", targets())
    assert instead(compiled, "batch") == ["openrouter/google/gemini-3.1-flash-lite", QWEN]


def test_past_a_limit_the_compiled_contingency_holds() -> None:
    scenarios = rules(shipped())["scenarios"]
    rolled = rules(shipped(), f"contingencies/gray-rolled-back/{STUDIO}")["scenarios"]
    passed = rules(shipped(), f"contingencies/dollar-monthly-passed/{STUDIO}")["scenarios"]
    assert scenarios["gray-trials"]["past_share"] == [each["model"] for each in rolled["gray-trials"]["candidates"]]
    assert scenarios["security-audit"]["past_cap"] == [each["model"] for each in passed["security-audit"]["candidates"]]
    assert scenarios["security-audit"]["cap"] == "dollar-monthly"
    assert (rolled["gray-trials"]["past_share"], passed["security-audit"]["past_cap"]) == (None, None)
    assert all(each["past_share"] is None for name, each in scenarios.items() if name != "gray-trials")
    assert guard_of(shipped(), "the gray pool is rolled back").gray is None
    assert guard_of(shipped(), "cap dollar-monthly is passed").caps == ()


def test_incident_work_keeps_its_route(tmp_path: Path) -> None:
    compiled = edited(tmp_path, "scenarios/security-audit.yaml", ("data: [", "incident: true\ndata: ["))
    audit = rules(compiled)["scenarios"]["security-audit"]
    assert (audit["incident"], audit["past_cap"], audit["cap"]) == (True, None, "dollar-monthly")


def test_work_that_nothing_may_do_past_the_cap_is_paused(tmp_path: Path) -> None:
    changes = ("data: [source-code, credentials]", "data: [credentials]\nroute: {primary: anthropic/claude-opus-4.7}")
    project = copied(tmp_path)
    edit(project / "policies/scenarios/security-audit.yaml", changes)
    edit(
        project / "policies/sensitive-data.yaml",
        (
            "  - label: credentials\n    deny: [free, gray]",
            "  - label: credentials\n    deny: [free, gray, deepseek/*]",
        ),
    )
    edit(
        project / "policies/tracks.yaml", ("    - tencent/hy3-preview\n", ""), ("    - minimax/minimax-m2.7 #", "    #")
    )
    edit(project / "policies/tracks.yaml", ("  fallbacks:\n", "  fallbacks: []\n"))
    compiled = compile_policies(project / "policies", targets())
    assert rules(compiled)["scenarios"]["security-audit"]["past_cap"] == []


def test_a_model_that_only_the_guard_asks_has_a_provider_and_the_privacy_of_its_route(tmp_path: Path) -> None:
    project = copied(tmp_path)
    for name in ("agent-loops", "batch"):
        (project / f"policies/scenarios/{name}.yaml").unlink()
    (project / "policies/scenarios/security-audit.yaml").unlink()
    (project / "policies/tests.yaml").unlink()
    (project / "policies/acceptance.yaml").unlink()
    edit(project / "policies/scenarios/multimodal-docs.yaml", ("expected_share: 0.12", "expected_share: 0.78"))
    edit(project / "policies/scenarios/private-desk.yaml", ("[compaction]", "[compaction, system]"))
    edit(project / "policies/fleet.yaml", ("[gateway, mlx, harness]", "[gateway, mlx]"))
    compiled = compile_policies(project / "policies", targets())
    root = json.loads(next(c.content for n, c in compiled.files() if n == "machines/studio/openclaw.json"))
    ref = "openrouter/deepseek/deepseek-v4-flash"
    assert ref in rules(compiled)["scenarios"]["gray-trials"]["past_share"]
    assert ref.partition("/")[2] in [row["id"] for row in root["models"]["providers"]["openrouter"]["models"]]
    assert root["agents"]["defaults"]["models"][ref]["params"]["extraBody"]["provider"]["data_collection"] == "deny"


def test_a_way_past_the_share_is_as_private_as_the_scenario_that_takes_it(tmp_path: Path) -> None:
    project = copied(tmp_path)
    edit(
        project / "policies/scenarios/security-audit.yaml", ("data: [source-code, credentials]", "data: [source-code]")
    )
    edit(project / "policies/scenarios/gray-trials.yaml", ("track: gray\n", "track: gray\ndata: [notes]\n"))
    block = "  - {label: notes, require: {zdr: true}, reason: Nobody keeps our notes.}\n"
    edit(
        project / "policies/sensitive-data.yaml",
        ("  personnel:\n", "  notes: {title: Notes}\n  personnel:\n"), ("blocks:\n", f"blocks:\n{block}"),
    )  # fmt: skip
    compiled = compile_policies(project / "policies", targets())
    root = json.loads(next(c.content for n, c in compiled.files() if n == "machines/studio/openclaw.json"))
    for model in rules(compiled)["scenarios"]["gray-trials"]["past_share"]:
        assert root["agents"]["defaults"]["models"][model]["params"]["extraBody"]["provider"]["zdr"] is True


@pytest.mark.parametrize(
    ("edit_of", "problem"),
    [
        (lambda r: r["scenarios"]["batch"].update(past_cap=["openrouter/x/y"]), "of which nothing says who may see it"),
        (lambda r: r["scenarios"]["batch"]["candidates"].clear(), "should be non-empty"),
        (lambda r: r["scenarios"]["batch"]["instead"].append(r["scenarios"]["batch"]["candidates"][0]), "there twice"),
        (lambda r: r["scenarios"]["batch"].update(ticket="a.b"), "its ticket: 'a.b'"),
        (lambda r: r["scenarios"]["batch"]["labels"].append("nobody-s"), "it names the label 'nobody-s'"),
        (lambda r: r["prices"].pop("openrouter/tencent/hy3-preview"), "has no price, not even null"),
        (lambda r: r["caps"][0].update(limit_usd=800), "is not of type 'string'"),
        (lambda r: r["caps"][0].update(period="yearly"), "is not one of"),
        (lambda r: r["labels"].update({"No": r["labels"]["personnel"]}), "does not match"),
    ],
)
def test_data_that_contradicts_itself_is_refused(edit_of: Any, problem: str) -> None:
    data = rules(shipped())
    edit_of(data)
    assert any(problem in said for said in check(json.dumps(data).encode()))
