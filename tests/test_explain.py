"""`vane explain` says all that the plan, the artifacts and the blocks say, and nothing else."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.explain import explain
from compiler.plan import AccountPlan
from compiler.verify import reaches
from tests.shipped import PROJECT, compile_once, copied, edit, shipped, targets

SCENARIOS = sorted(shipped().policies.scenarios)


@pytest.fixture(autouse=True)
def compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.commands.asking.compile_policies", compile_once)


def said(capsys: pytest.CaptureFixture[str], *arguments: str, project: Path = PROJECT) -> str:
    assert main(["explain", "-C", str(project), *arguments]) == 0
    found = capsys.readouterr()
    assert found.err == ""
    return found.out


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_it_tells_every_path_that_the_targets_read(scenario: str) -> None:
    found = explain(shipped(), targets(), scenario)
    told = {
        (machine, model, path)
        for reached in found.reached
        for machine in reached.machines or ("the account",)
        for model, paths in reached.models.items()
        for path in paths
    }
    expected = {
        (machine, reach.model, reach.path)
        for bundle in shipped().bundles
        if not bundle.folder
        for reach in reaches(bundle.artifacts, targets())
        if reach.scenario == scenario
        for machine in (("the account",) if isinstance(bundle.plan, AccountPlan) else bundle.machines)
    }
    assert told == expected
    assert {machine for machine, _, _ in told} >= set(found.machines) != set()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_text_and_json_hold_the_whole_trace(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    route = explain(shipped(), targets(), scenario).route
    text, data = said(capsys, scenario), json.loads(said(capsys, scenario, "--json"))
    for step in route.trace:
        assert f"  {step.place}  {step.what}  ({step.decided_by})\n" in text
    assert [(step["pass"], step["what"], step["place"]) for step in data["trace"]] == [
        (step.decided_by, step.what, str(step.place)) for step in route.trace
    ]
    assert [hop["model"] for hop in data["route"]] == [hop.model for hop in route.hops]
    assert said(capsys, scenario) == text


def test_a_route_shows_key_price_preferences_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "security-audit")
    assert (
        "  1 anthropic/claude-opus-4.7   key dollar   $5 in, $25 out per million tokens   policies/tracks.yaml:15:12\n"
        "      data_collection: deny, zdr: true, order: [anthropic]\n" in text
    )
    assert "ticket ^(SEC|ARCH)-\\d+$" in text
    assert "  1 mlx/mlx-community/Qwen3-4B-4bit   no key   runs on our own Mac   " in said(capsys, "local-drafts")


def test_blocks_tell_whom_they_deny_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "local-drafts")
    lock = shipped().policies.lock
    assert f"    denied, it does not run on a Mac of ours: {', '.join(sorted(lock.models))}\n" in text
    assert "    The works agreement keeps personnel data on our own machines.\n" in text
    assert "    calls must ask for zdr: true, data_collection: deny\n" in text
    assert "    denied, it is free: openrouter/owl-alpha\n" in text
    assert "\nblocks\n" not in said(capsys, "gray-trials")


def test_contingencies_tell_the_other_route(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "security-audit")
    assert (
        "  when cap dollar-monthly is passed: deepseek/deepseek-v4-flash (token), then tencent/hy3-preview (token), "
        "then minimax/minimax-m2.7 (token)\n"
        "    policies/caps.yaml:8:19  cap dollar-monthly is passed: track token  (apply_situation)\n" in text
    )
    assert "  when the gray pool is rolled back: the same route\n" in text


def test_machines_that_are_alike_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "ide-assist")
    assert text.count("  on 6 machines: air-ana, air-ben, air-chloe, air-dmitri, air-emeka, air-fang\n") == 1
    assert "  on air-ben\n" in said(capsys, "ide-assist", "--machine", "air-ben")
    elsewhere = said(capsys, "ide-assist", "--machine", "studio")
    assert ", not by studio\n" in elsewhere
    assert "\nreach\n  nothing on studio\n" in elsewhere


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["batsch"], "no scenario 'batsch'; did you mean 'batch'?"),
        (["\x1b[31m"], "no scenario '\\x1b[31m'; there are agent-loops, "),
        (["batch", "--machine", "air-anna"], "no machine 'air-anna'; did you mean 'air-ana'?"),
    ],
)
def test_names_that_do_not_exist(arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "-C", str(PROJECT), *arguments]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert hint in found.err
    assert "\x1b" not in found.err


def test_policies_that_do_not_compile_are_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(copied(tmp_path) / "policies/scenarios/batch.yaml", ("data: [source-code]", "data: [sauce-code]"))
    assert main(["explain", "-C", str(tmp_path), "batch"]) == 1
    assert "VN201" in capsys.readouterr().err


HOSTILE = '"A&B" <b> ]]> {{ 7*7 }} | `rm` 🦉'


def test_text_of_policies_is_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(
        copied(tmp_path) / "policies/scenarios/batch.yaml",
        ("title: Nightly batches, tagging and summaries", f"title: '{HOSTILE}'"),
    )
    assert said(capsys, "batch", project=tmp_path).startswith(f"batch: {HOSTILE}\n")
    data: dict[str, Any] = json.loads(said(capsys, "batch", "--json", project=tmp_path))
    assert data["title"] == HOSTILE


def test_prices_keep_every_digit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = copied(tmp_path) / "policies/models.lock.json"
    edit(lock, ('"prompt": "0.000000066"', '"prompt": "0.000000066000000000000000000001"'))
    assert "$0.066000000000000000000001 in, $0.26 out" in said(capsys, "batch", project=tmp_path)
    price = json.loads(said(capsys, "batch", "--json", project=tmp_path))["route"][0]["usd_per_million"]["prompt"]
    assert Decimal(price) == Decimal("0.066000000000000000000001")
