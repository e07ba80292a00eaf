"""A second entry of a leg: the gray pool is asked besides, so that a week has evidence of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import Finding
from harness.bench.evidence import write_evidence
from harness.bench.legs import Addresses, Way, ways
from harness.bench.store import Untried, read_run
from harness.propose.gray_rollback import gray_rollback
from harness.propose.signal import Signal
from harness.propose.verdict import verdict
from harness.propose.week_evidence import gather_week
from harness.report.checklist import Leg
from harness.report.evidence import legs as asked_of
from harness.weeks import Week
from tests.fakes.chat import KEY, Call, Reply, refused, said
from tests.runs.conftest import GRAY, Desk, no_finish, suite_of, tool_case
from tests.shipped import edit, targets

PARIS = [("get_weather", '{"city": "Paris"}')]
FLASH, HY3, OWL = "deepseek/deepseek-v4-flash", "tencent/hy3-preview", "openrouter/owl-alpha"
CASES = tuple(
    tool_case(f"{scenario}-{number}", scenario) for scenario in ("agent-loops", "batch") for number in range(6)
)
TRIAL = "  - {leg: openrouter, scenario: gray-trials} "


def right(call: Call) -> Reply:
    return said(call, calls=PARIS)


def gray_errs(call: Call) -> Reply:
    """The gray model calls with what the tool's schema does not have."""
    return said(call, calls=[("get_weather", '{"town": 1}')]) if call.model == OWL else right(call)


@pytest.fixture
def trial(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk with the gray track's key: its OpenRouter leg asks the gray pool besides."""
    monkeypatch.setenv(GRAY, KEY)
    desk.use(suite_of(*CASES))
    desk.chat.rule = right
    return desk


def run(desk: Desk, week: str, *arguments: str) -> Path:
    file = desk.project / ".vane" / "runs" / f"{week}.jsonl"
    done = desk.run(
        "--leg", "openrouter", "--week", week, "--out", str(file), "--concurrency", "4", *arguments, out=False
    )
    assert done.code == 0, done.err
    return file


def test_the_gray_pool_rolls_back_on_prompts_of_others(trial: Desk) -> None:
    run(trial, "2026-W20", "--repeats", "2")
    trial.chat.rule = gray_errs
    write_evidence(trial.project, run(trial, "2026-W21", "--repeats", "2"))
    known = gather_week(trial.project, Week(2026, 21), None)
    assert known.run is not None and known.run.comparison is not None
    legs = {leg.candidate_models: (leg.outcome, leg.routes) for leg in known.run.comparison.legs}
    assert legs[(OWL,)] == ("rollback", ("gray-trials",))
    assert legs[(FLASH,)] == ("hold", ("agent-loops",)) and legs[(HY3,)] == ("hold", ("batch",))
    calls = {(leg.scenario, leg.models): leg.calls for leg in known.run.legs}
    assert calls == {("agent-loops", (FLASH,)): 12, ("batch", (HY3,)): 12, ("gray-trials", (OWL,)): 24}
    assert asked_of(known.run)["openrouter"] == Leg(prompts=12, answered=24), "what was tried is no further prompt"
    (found,) = (each for each in gray_rollback(known) if isinstance(each, Signal))
    assert [str(each) for each in found.proposal.edits] == ["scenarios/gray-trials.yaml: set track token"]
    assert not [each for each in verdict(known) if isinstance(each, Signal)]


def test_both_ways_are_rows_of_their_own_and_go_on_after_a_kill(trial: Desk) -> None:
    file = run(trial, "2026-W20", "--repeats", "2")
    whole = read_run(file)
    assert Counter((row.case, row.repeat) for row in whole.attempts) == {
        (case.id, repeat): 2 for case in CASES for repeat in (1, 2)
    }
    assert Counter((row.trial, row.model) for row in whole.attempts) == {
        ("", FLASH): 12, ("", HY3): 12, ("gray-trials", OWL): 24,
    }  # fmt: skip
    rows = file.read_text().splitlines(keepends=True)
    file.write_text("".join(rows[:-9]))
    left = len(whole.done) - len(read_run(file).done)
    before = trial.chat.count
    assert trial.run("--resume", str(file), out=False).code == 0
    assert read_run(file).done == whole.done and len(read_run(file).attempts) == len(whole.attempts)
    assert trial.chat.count - before == left > 0


def test_a_run_that_began_without_a_trial_does_not_go_on_with_one(trial: Desk) -> None:
    file = run(trial, "2026-W20", "--repeats", "1")
    first, *rest = file.read_text().splitlines(keepends=True)
    header = json.loads(first)
    header["legs"] = [leg for leg in header["legs"] if not leg["trial"]]
    file.write_text("".join((json.dumps(header) + "\n", *rest)))
    done = trial.run("--resume", str(file), out=False)
    assert done.code == 1 and f"batch on openrouter was not asked of {OWL}" in done.err


def test_a_trial_that_is_rate_limited_ends_and_holds_up_nobody(trial: Desk) -> None:
    limited = {"Retry-After": "0"}
    trial.chat.rule = lambda call: refused(429, "Rate limit exceeded", limited) if call.model == OWL else right(call)
    file = run(trial, "2026-W20", "--repeats", "2", "--concurrency", "1")
    kept = read_run(file)
    assert Counter(row.model for row in kept.attempts if row.final) == {FLASH: 12, HY3: 12, OWL: 1}
    assert Counter(row.error for row in kept.attempts if row.model == OWL) == {"rate_limited": 4}
    trial.chat.rule = right
    assert trial.run("--resume", str(file), out=False).code == 0
    assert Counter(row.model for row in read_run(file).attempts if row.final) == {FLASH: 12, HY3: 12, OWL: 24}


def test_without_its_key_a_trial_is_left_out_and_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the run goes on with the key there; a run that began with its trial needs the key to go on."""
    desk.use(suite_of(*CASES))
    desk.chat.rule = right
    file = desk.project / ".vane" / "runs" / "2026-W20.jsonl"
    where = ("--leg", "openrouter", "--week", "2026-W20", "--out", str(file), "--repeats", "1")
    done = desk.run(*where, out=False)
    said_ = f"VB322 warning: {GRAY} is not set: {OWL} is not asked as a trial of gray-trials"
    assert (done.code, f"policies/acceptance.yaml:8:33 {said_}" in done.err) == (0, True), done.err
    assert Counter(row.model for row in read_run(file).attempts) == {FLASH: 6, HY3: 6}
    assert read_run(file).header.untried == (Untried("gray-trials", OWL, GRAY),)
    write_evidence(desk.project, file)
    page = (desk.project / "generated/weeks/2026-W20/harness.md").read_text("utf-8").replace("\\", "")
    assert f"The trial of gray-trials was left out, without {GRAY}: {OWL} was not asked." in page
    assert f"{GRAY} for the trial of gray-trials: whether {OWL} got better or worse is not known" in (
        gather_week(desk.project, Week(2026, 20), None).missing
    )

    monkeypatch.setenv(GRAY, KEY)
    acceptance = desk.project / "policies" / "acceptance.yaml"
    before = acceptance.read_text("utf-8")
    for policies in (before, "".join(line for line in before.splitlines(keepends=True) if TRIAL not in line)):
        acceptance.write_text(policies, "utf-8")
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:-4]))
        assert desk.run("--resume", str(file), out=False).code == 0
        assert Counter(row.model for row in read_run(file).attempts) == {FLASH: 6, HY3: 6}
    acceptance.write_text(before, "utf-8")

    file = run(desk, "2026-W21", "--repeats", "1")
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-4]))
    monkeypatch.delenv(GRAY)
    done = desk.run("--resume", str(file), out=False)
    assert (done.code, f"VB313 {GRAY} is not set; it is for openrouter/gray-trials" in done.err) == (1, True), done.err


def test_what_serves_refuses_without_its_key_whatever_is_on_trial(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token track's key serves: that a trial of batch needs it too makes it no trial's key."""
    twice = f"  - {{leg: openrouter, scenario: batch}}\n{TRIAL}"
    edit(desk.project / "policies" / "acceptance.yaml", (TRIAL, twice))
    desk.use(suite_of(*CASES))
    monkeypatch.delenv("OPENROUTER_TOKEN_KEY")
    done = desk.run("--leg", "openrouter")
    assert done.code == 1 and not desk.file.exists() and desk.chat.count == 0
    assert "VB313 OPENROUTER_TOKEN_KEY is not set; it is for openrouter/agent-loops, openrouter/batch" in done.err
    assert "batch is not asked as a trial" not in done.err


def test_a_merged_run_names_the_trials_that_its_parts_left_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.bench.merge_command.finish", no_finish)
    desk.use(suite_of(*CASES[:2]))
    files = [desk.project / f"{leg}.jsonl" for leg in ("mlx", "openrouter")]
    for file in files:
        assert desk.run("--leg", file.stem, "--repeats", "1", "--out", str(file), out=False).code == 0
    merged = desk.project / "merged.jsonl"
    assert desk("merge", *map(str, files), "--out", str(merged)).code == 0
    assert [read_run(file).header.untried for file in (*files, merged)] == [
        (), (Untried("gray-trials", OWL, GRAY),), (Untried("gray-trials", OWL, GRAY),),
    ]  # fmt: skip


def test_a_dry_run_names_both_ways_and_what_each_costs(trial: Desk) -> None:
    rows = json.loads(trial.run("--leg", "openrouter", "--repeats", "1", "--dry-run", "--json").out)
    routes = Counter((row["route"], row["model"]) for row in rows)
    assert routes == {("agent-loops", FLASH): 6, ("batch", HY3): 6, ("gray-trials", OWL): 12}
    free = {float(row["worst_usd"]) == 0 for row in rows if row["model"] == OWL}
    assert free == {True} and all(float(row["worst_usd"]) > 0 for row in rows if row["model"] != OWL)
    assert trial.chat.count == 0


def test_a_model_is_tried_once_and_not_where_it_serves(trial: Desk) -> None:
    """Named again, or by a second scenario with the same model, it is no second trial."""
    twice = f"  - {{leg: openrouter, scenario: batch}}\n{TRIAL}\n{TRIAL}"
    edit(trial.project / "policies" / "acceptance.yaml", (TRIAL, twice))
    rows = json.loads(trial.run("--leg", "openrouter", "--repeats", "1", "--dry-run", "--json").out)
    routes = Counter((row["scenario"], row["route"]) for row in rows)
    assert routes == {
        ("agent-loops", "agent-loops"): 6, ("batch", "batch"): 6, ("agent-loops", "batch"): 6,
        ("agent-loops", "gray-trials"): 6, ("batch", "gray-trials"): 6,
    }  # fmt: skip


def asked(compiled: Compiled, *, is_own_suite: bool) -> tuple[list[Way], tuple[Finding, ...]]:
    found, left_out = ways(
        compiled, ["agent-loops", "gray-trials"], ["openrouter"], Addresses(), is_own_suite=is_own_suite
    )
    return [way for way in found if way.trial], left_out


def test_a_teams_own_prompts_are_tried_only_where_no_block_is_in_the_way(trial: Desk) -> None:
    """And what the gray pool serves anyway is not asked of it twice."""
    compiled = compile_policies(trial.project / "policies", targets())
    assert [(way.scenario, way.model) for way in asked(compiled, is_own_suite=False)[0]] == [("agent-loops", OWL)]
    found, left_out = asked(compiled, is_own_suite=True)
    assert found == []
    (finding,) = left_out
    assert finding.message.startswith(
        "agent-loops does not run on openrouter as a trial of gray-trials: label source-code"
    )
