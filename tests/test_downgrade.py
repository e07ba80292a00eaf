"""A downgraded dollar track: who moves, who stays, who pauses, and what every reader of the plan says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.change import compare, compiled_files
from compiler.cli import main
from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import PolicyError, errors
from compiler.plan import Route
from compiler.safety import Unsafe, unsafe
from harness.bench.legs import Addresses, ways
from tests.shipped import PROJECT, copied, edit, shipped, targets

OPUS, FLASH, HY3, M27 = (
    "anthropic/claude-opus-4.7", "deepseek/deepseek-v4-flash", "tencent/hy3-preview", "minimax/minimax-m2.7",
)  # fmt: skip
TOKEN = [FLASH, HY3, M27]
CAP = "  cap: dollar-monthly\n"
DOWNGRADED = "  downgraded: {until: 2026-W23, to: token, except: [incident], reason: Spend passed the cap}\n"
KEYS = "label: credentials\n    deny: [free, gray"
NO_TOKEN_MODEL = (KEYS, f"{KEYS}, {', '.join(TOKEN)}")
DOLLAR_IDE = ("track: token\nslots:", "track: dollar\nslots:")


def downgraded(folder: Path, *, lines: str = DOWNGRADED) -> Path:
    project = copied(folder)
    edit(project / "policies/tracks.yaml", (CAP, CAP + lines))
    return project


def compiled(project: Path) -> Compiled:
    return compile_policies(project / "policies", targets())


def route(side: Compiled, scenario: str = "security-audit", situation: int = 0) -> Route:
    return next(route for route in side.plans[situation].routes if route.scenario == scenario)


def file(side: Compiled, path: str) -> str:
    return next(artifact.content for name, artifact in side.files() if name == path).decode()


def models(route: Route) -> list[str]:
    return [hop.model for hop in route.hops]


def test_the_work_goes_to_the_other_track_and_the_trace_names_the_line(tmp_path: Path) -> None:
    side = compiled(downgraded(tmp_path))
    moved = route(side)
    assert (moved.track, models(moved), moved.ticket, moved.paused) == ("token", TOKEN, None, None)
    (step,) = [step for step in moved.trace if step.decided_by == "apply_downgraded"]
    lines = side.texts["policies/tracks.yaml"].splitlines()
    assert lines[step.place.line - 1].strip().startswith("downgraded:")
    assert step.what == "downgraded until 2026-W23: track token"
    assert all(moved.hops[0].preferences.zdr for _ in moved.hops), "the block on credentials holds"
    agents = json.loads(file(side, "machines/studio/openclaw.json"))["agents"]["entries"]
    assert "anthropic" not in json.dumps(agents)
    assert [other for other in side.plans[0].routes if other.scenario != "security-audit"] == [
        other for other in shipped().plans[0].routes if other.scenario != "security-audit"
    ]


def test_incident_work_stays_where_the_line_says_so(tmp_path: Path) -> None:
    project = downgraded(tmp_path)
    scenario = project / "policies/scenarios/security-audit.yaml"
    edit(scenario, ("track: dollar\n", "track: dollar\nincident: true\n"))
    stays = route(compiled(project))
    assert (stays.track, models(stays)) == ("dollar", [OPUS, *TOKEN])
    assert "incident work stays on the dollar track" in [step.what for step in stays.trace]
    edit(project / "policies/tracks.yaml", ("except: [incident], ", ""))
    assert models(route(compiled(project))) == TOKEN


def test_the_plan_behind_the_downgrade_is_compiled_ahead_and_held_to_the_rules(tmp_path: Path) -> None:
    project = downgraded(tmp_path)
    over = next(plan for plan in compiled(project).plans if plan.situation == "the downgrade is over")
    assert over.routes == shipped().plans[0].routes
    assert over.machines == shipped().plans[0].machines
    edit(project / "policies/sensitive-data.yaml", (KEYS, f"{KEYS}, {OPUS}"))
    with pytest.raises(PolicyError) as refused:
        compiled(project)
    assert {finding.code for finding in errors(refused.value.findings)} == {"VN301"}, "not only on the day it ends"


def test_a_paused_leg_of_the_harness_is_left_out_and_said(tmp_path: Path) -> None:
    project = paused_project(tmp_path)
    edit(project / "policies/acceptance.yaml", ("scenario: agent-loops", "scenario: security-audit"))
    found, left_out = ways(compiled(project), ["batch"], (), Addresses(), is_own_suite=False)
    assert {way.leg for way in found} == {"mlx", "remote"}
    assert [finding.message for finding in left_out] == ["security-audit does not run on openrouter: it is paused"]


def test_the_dollar_key_waits_for_the_end_as_it_was(tmp_path: Path) -> None:
    side = compiled(downgraded(tmp_path))
    for name in ("keys", "guardrails"):
        was, now = (json.loads(file(each, f"openrouter/{name}.json"))[name] for each in (shipped(), side))
        dollar = [[entry for entry in entries if entry["name"] == "vane-dollar"] for entries in (was, now)]
        assert dollar[0] == dollar[1] != []


def test_what_the_blocks_deny_is_left_out_of_what_a_downgrade_brings(tmp_path: Path) -> None:
    project = downgraded(tmp_path)
    edit(project / "policies/sensitive-data.yaml", (KEYS, f"{KEYS}, {FLASH}"))
    moved = route(compiled(project))
    assert models(moved) == [HY3, M27]
    left_out = [step for step in moved.trace if step.decided_by == "hold_blocks"]
    assert [step.what for step in left_out] == [
        f"{FLASH} is left out: 'credentials' may not reach it, {FLASH!r} is denied"
    ]
    assert left_out[0].place.file == "policies/sensitive-data.yaml"


def paused_project(folder: Path) -> Path:
    project = downgraded(folder)
    edit(project / "policies/sensitive-data.yaml", NO_TOKEN_MODEL)
    return project


def test_a_scenario_without_a_model_pauses_with_a_finding_and_reaches_nothing(tmp_path: Path) -> None:
    side = compiled(paused_project(tmp_path))
    paused = route(side)
    assert (models(paused), paused.paused) == (
        [], "'credentials' may reach no model of the token track, which does its work now"
    )  # fmt: skip
    (finding,) = [finding for finding in side.findings if finding.code == "VN406" and "tracks" in finding.place.file]
    assert (finding.severity.value, finding.place.line) == ("warning", 17)
    assert "scenario 'security-audit' is paused" in finding.message and finding.fix
    openclaw = json.loads(file(side, "machines/studio/openclaw.json"))
    assert "security-audit" not in json.dumps(openclaw)
    assert len(openclaw["agents"]["entries"]) == len(side.plans[0].machines["studio"].on("openclaw")) > 1
    assert openclaw["agents"]["ownership"] == "explicit", "an unknown agent is refused, and nobody stands in for it"


def test_a_contingency_pauses_as_well_instead_of_failing(tmp_path: Path) -> None:
    project = copied(tmp_path)
    edit(project / "policies/sensitive-data.yaml", NO_TOKEN_MODEL)
    side = compiled(project)
    assert models(route(side)) == [OPUS], "and between two runs there is no fallback either"
    passed = next(plan for plan in side.plans if plan.situation == "cap dollar-monthly is passed")
    assert next(route for route in passed.routes if route.scenario == "security-audit").paused
    (finding,) = [finding for finding in side.findings if finding.code == "VN406"]
    assert finding.message.endswith("(when cap dollar-monthly is passed)")
    assert finding.place.file == "policies/caps.yaml"


def test_explain_and_tests_know_a_pause(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = paused_project(tmp_path)
    assert main(["explain", "-C", str(project), "security-audit"]) == 0
    told = capsys.readouterr().out
    assert "  paused: 'credentials' may reach no model of the token track" in told
    assert "taken up by studio" in told and "reach\n  nothing\n" in told
    assert "when cap dollar-monthly is passed: the same route" in told
    assert f"when the downgrade is over: {OPUS} (dollar)\n" in told
    assert main(["explain", "-C", str(project), "security-audit", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["paused"].startswith("'credentials' may reach no model")
    assert main(["test", "-C", str(project)]) == 0, "tests.yaml promises how things usually stand"
    assert main(["compile", "-C", str(project)]) == 0
    assert main(["verify", "-C", str(project)]) == 0
    assert main(["why", "-C", str(project), "machines/studio/openclaw.json", "agents.entries.batch.model.primary"]) == 0


def test_cursor_refuses_a_paused_alias_also_where_no_data_is_labelled(tmp_path: Path) -> None:
    project = paused_project(tmp_path)
    edit(project / "policies/scenarios/ide-assist.yaml", DOLLAR_IDE, ("data: [", "data: [credentials, "))
    side = compiled(project)
    assert "VN223" not in {finding.code for finding in side.findings}
    settings = json.loads(file(side, "machines/air-ana/cursor/settings.json"))
    assert (settings["aliases"], settings["modelConfig"], settings["userAddedModels"]) == ([], {}, [])
    assert json.loads(file(side, "openrouter/presets.json"))["presets"] == []
    assert "`@preset/acme-ide`: `'credentials' may reach no model" in file(side, "machines/air-ana/cursor/card.md")
    guard, home = tmp_path / "guard.py", tmp_path / "home"
    guard.write_text(file(side, "machines/air-ana/cursor/vane-cursor-guard"))
    (tmp_path / "guard.json").write_text(file(side, "machines/air-ana/cursor/guard.json"), "utf-8")
    home.mkdir()
    for model, goes_on in (("@preset/acme-ide", False), ("something-else", True)):
        event = {"hook_event_name": "beforeSubmitPrompt", "workspace_roots": [], "prompt": "hi", "model": model}
        done = subprocess.run(
            [sys.executable, str(guard)], input=json.dumps(event), capture_output=True, text=True, check=True,
            timeout=60, env={"HOME": str(home), "PATH": os.environ["PATH"]},
        )  # fmt: skip
        reply = json.loads(done.stdout)
        assert reply["continue"] is goes_on
        assert goes_on or "@preset/acme-ide is paused: 'credentials' may reach" in reply["user_message"]


def test_a_gateway_with_nothing_but_paused_work_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = paused_project(tmp_path)
    for name in ("agent-loops", "batch", "gray-trials", "multimodal-docs", "private-desk"):
        (project / f"policies/scenarios/{name}.yaml").unlink()
    for name in ("acceptance.yaml", "tests.yaml", "market.yaml"):
        (project / f"policies/{name}").unlink()
    served = "    mlx: {model: mlx/mlx-community/Qwen3-30B-A3B-4bit, context_tokens: 40960}\n"
    edit(project / "policies/fleet.yaml", ("[gateway, mlx, harness]", "[gateway]"), (served, ""))
    edit(project / "policies/scenarios/security-audit.yaml", ("expected_share: 0.08", "expected_share: 0.78"))
    assert main(["compile", "-C", str(project)]) == 1
    assert "no scenario that is not paused ('security-audit') serves openclaw on 'studio'" in capsys.readouterr().err


def between(before: Compiled, after: Compiled) -> list[Unsafe]:
    change = compare(before, after, compiled_files(before), compiled_files(after))
    return list(unsafe(change, before, after))


def test_a_downgrade_and_its_end_pass_the_thresholds_by_themselves(tmp_path: Path) -> None:
    project = downgraded(tmp_path)
    edit(project / "policies/market.yaml", ("percent: 34", "percent: 1"), ("touched_percent: 50", "touched_percent: 1"))
    down = compiled(project)
    edit(project / "policies/tracks.yaml", (DOWNGRADED, ""))
    up = compiled(project)
    assert between(up, down) == between(down, up) == []
    change = compare(down, up, compiled_files(down), compiled_files(up))
    assert change.dollars > 200, "what it costs is told all the same"
    edit(project / "policies/tracks.yaml", (f"primary: {OPUS}", "primary: google/gemini-3-flash-preview"))
    assert {each.finding.code for each in between(down, compiled(project))} == {"VN931", "VN933"}


def test_the_end_of_a_downgrade_hides_no_dearer_model(tmp_path: Path) -> None:
    project = downgraded(tmp_path)
    edit(project / "policies/tracks.yaml", (f"primary: {OPUS}", "primary: google/gemini-3-flash-preview"))
    down = compiled(project)
    edit(
        project / "policies/tracks.yaml",
        (DOWNGRADED, ""), ("primary: google/gemini-3-flash-preview", f"primary: {OPUS}"),
    )  # fmt: skip
    assert "VN932" in {each.finding.code for each in between(down, compiled(project))}


def git(project: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(project), *identity, *arguments], capture_output=True, check=True)


def test_diff_says_downgraded_and_paused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = copied(tmp_path)
    edit(project / "policies/sensitive-data.yaml", NO_TOKEN_MODEL)
    git(project, "init", "-q", "-b", "main")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "as it was")
    edit(project / "policies/tracks.yaml", (CAP, CAP + DOWNGRADED))
    assert main(["diff", "-C", str(project), "HEAD", "--check-safe"]) == 0
    told = capsys.readouterr().out
    assert "security-audit on studio: downgraded: to token until 2026-W23, paused: 'credentials' may reach no" in told
    assert "    paused: policies/tracks.yaml:17:3" in told
    git(project, "commit", "-aqm", "down")
    edit(project / "policies/tracks.yaml", (DOWNGRADED, ""))
    assert main(["diff", "-C", str(project), "HEAD", "--check-safe"]) == 0
    assert "security-audit on studio: no longer downgraded, no longer paused, primary none" in capsys.readouterr().out


def test_the_shipped_project_is_not_downgraded() -> None:
    assert "downgraded:" not in (PROJECT / "policies/tracks.yaml").read_text()
