"""`vane test`: what must stay true is asked of artifacts and lock, in every situation, and a failure names its line."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from compiler.assertions import CODES, Outcome, evaluate, worst_price
from compiler.cli import main
from compiler.compile import compile_policies
from compiler.diagnostics import Severity
from tests.shipped import PROJECT, copied, edit, shipped, targets

FLASH = "deepseek/deepseek-v4-flash"


def outcomes(project: Path, tests: str | None = None) -> tuple[Outcome, ...]:
    if tests is not None:
        (project / "policies/tests.yaml").write_text(f"version: 1\ntests:\n{tests}", "utf-8")
    return evaluate(compile_policies(project / "policies", targets()), targets())


def only(project: Path, test: str) -> Outcome:
    (outcome,) = outcomes(project, f"  - name: it\n    {test}\n")
    return outcome


def test_the_shipped_set_is_real_and_holds(capsys: pytest.CaptureFixture[str]) -> None:
    tests = shipped().policies.tests
    assert tests is not None
    for question in ("primary", "never", "zdr", "max_price"):
        assert any(getattr(test, question) for test in tests.tests), question
    assert {test.scenario for test in tests.tests} | {test.label for test in tests.tests} >= set(
        shipped().policies.sensitive.labels
    )
    assert main(["test", "-C", str(PROJECT)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [*(f"ok     {test.name}" for test in tests.tests), f"{len(tests.tests)} passed, 0 failed"]


def test_never_takes_classes_of_models(tmp_path: Path) -> None:
    project = copied(tmp_path)
    assert only(project, "scenario: private-desk\n    never: [cloud]").passed
    assert only(project, "scenario: batch\n    never: [gray, free]").passed
    for scenario, never, named in (
        ("batch", "cloud", "tencent/hy3-preview"),
        ("gray-trials", "gray", "openrouter/owl-alpha"),
        ("gray-trials", "free", "openrouter/owl-alpha"),
    ):
        outcome = only(project, f"scenario: {scenario}\n    never: [{never}]")
        assert not outcome.passed
        assert any(named in finding.message for finding in outcome.findings)


#: Each is what one of the shipped tests is there to stop, once nothing else stops it: the blocks are gone.
WRONG = (
    ("tracks.yaml", "primary: deepseek/deepseek-v4-flash", "primary: moonshotai/kimi-k2.6"),
    ("tracks.yaml", "primary: anthropic/claude-opus-4.7", "primary: anthropic/claude-sonnet-4.6"),
    ("scenarios/batch.yaml", "[deepseek/deepseek-v4-flash]", "[anthropic/claude-opus-4.7]"),
    ("scenarios/gray-trials.yaml", "track: gray\n", "track: gray\ndata: [customer-data, source-code]\n"),
    ("scenarios/local-drafts.yaml", "Qwen3-4B-4bit}", f"Qwen3-4B-4bit, fallbacks: [{FLASH}]}}"),
    ("scenarios/private-desk.yaml", "A3B-4bit}", f"A3B-4bit, fallbacks: [{FLASH}]}}"),
    ("scenarios/security-audit.yaml", "track: dollar\n", "track: dollar\nroute: {primary: acme/dear}\n"),
)


def test_every_shipped_test_can_fail(tmp_path: Path) -> None:
    policies = copied(tmp_path) / "policies"
    for file, old, new in WRONG:
        edit(policies / file, (old, new))
    labels, _ = (policies / "sensitive-data.yaml").read_text("utf-8").split("\nblocks:")
    (policies / "sensitive-data.yaml").write_text(f"{labels}\nblocks: []\n", "utf-8")
    lock = json.loads((policies / "models.lock.json").read_text("utf-8"))
    dear = lock["models"]["anthropic/claude-opus-4.7"]
    lock["models"]["acme/dear"] = dear | {"pricing": {"prompt": "0.00003", "completion": "0.00018"}}
    (policies / "models.lock.json").write_text(json.dumps(lock), "utf-8")
    assert [outcome.name for outcome in outcomes(tmp_path) if outcome.passed] == []


def test_a_primary_that_moved(tmp_path: Path) -> None:
    project = copied(tmp_path)
    edit(
        project / "policies/tracks.yaml",
        ("primary: deepseek/deepseek-v4-flash", "primary: tencent/hy3-preview"),
        ("- tencent/hy3-preview", "- deepseek/deepseek-v4-flash"),
    )
    outcome = only(project, f"scenario: agent-loops\n    primary: {FLASH}")
    (finding,) = outcome.findings
    assert (finding.code, finding.place.file, finding.place.line) == ("VN801", "policies/tests.yaml", 5)
    assert finding.message == (
        "'it': agent-loops starts with 'tencent/hy3-preview', not 'deepseek/deepseek-v4-flash': "
        "policies/tracks.yaml:7:12 says so"
    )


def test_a_primary_is_asked_of_how_things_stand(tmp_path: Path) -> None:
    assert only(copied(tmp_path), "scenario: security-audit\n    primary: anthropic/claude-opus-4.7").passed


def test_a_label_asks_every_scenario_that_carries_it(tmp_path: Path) -> None:
    outcome = only(copied(tmp_path), f"label: source-code\n    primary: {FLASH}")
    said = {finding.message.split(" starts")[0] for finding in outcome.findings}
    assert said == {f"'it': {name}" for name in ("batch", "local-drafts", "private-desk", "security-audit")}


def test_a_model_that_is_within_reach_names_path_and_line(tmp_path: Path) -> None:
    outcome = only(copied(tmp_path), "scenario: batch\n    never: [openrouter/owl-alpha, deepseek/deepseek-v4-flash]")
    (finding,) = outcome.findings
    assert (finding.code, finding.place.line, finding.place.column) == ("VN802", 5, 35)
    assert finding.message.startswith(
        "'it': batch on studio reaches 'deepseek/deepseek-v4-flash' (policies/scenarios/batch.yaml:10) "
        "by agents.entries.batch.model.fallbacks[0] and "
    )


def test_a_shared_seat_counts_and_names_its_line(tmp_path: Path) -> None:
    (finding,) = only(copied(tmp_path), "scenario: batch\n    never: [mlx/mlx-community/Qwen3-30B-A3B-4bit]").findings
    assert "(policies/scenarios/private-desk.yaml:10) by agents.defaults.compaction.model" in finding.message


def test_contingencies_count(tmp_path: Path) -> None:
    (finding,) = only(copied(tmp_path), f"scenario: gray-trials\n    never: [{FLASH}]").findings
    assert "gray-trials on studio reaches" in finding.message  # past the ceiling the guard sends it there
    assert "(policies/tracks.yaml:7) by guard/guard.json scenarios.gray-trials.instead[" in finding.message
    assert finding.message.endswith(" more paths")  # the gray pool rolled back, and the cap passed


def test_calls_that_may_be_kept(tmp_path: Path) -> None:
    outcome = only(copied(tmp_path), "label: source-code\n    zdr: true")
    assert {finding.code for finding in outcome.findings} == {"VN803"}
    said = "\n".join(finding.message for finding in outcome.findings)
    assert "batch on studio reaches 'tencent/hy3-preview' (policies/scenarios/batch.yaml:9)" in said
    assert "without asking for zero retention" in said
    assert "security-audit" not in said  # credentials require it there
    assert "mlx/" not in said
    assert only(tmp_path, "scenario: security-audit\n    zdr: true").passed
    assert not only(tmp_path, "scenario: security-audit\n    zdr: false").passed


def test_cursor_counts_by_scenario_and_by_label(tmp_path: Path) -> None:
    said = [
        finding.message for finding in only(copied(tmp_path), f"label: customer-data\n    never: [{FLASH}]").findings
    ]
    assert any("ide-assist on air-ana reaches" in message for message in said)
    # by a guard on the gateway, and by Cursor's
    assert any("label:customer-data on studio reaches" in message and "more path" in message for message in said)
    assert all("policies/tracks.yaml:7" in message for message in said)


@pytest.mark.parametrize(
    ("limit", "kinds"),
    [
        ("{prompt: 0.5, completion: 3}", set()),
        ("{prompt: 0.49}", {"prompt"}),
        ("{completion: 2.9999999999999999999999999999}", {"completion"}),
        ("{prompt: 0.1, completion: 0.1}", {"prompt", "completion"}),
    ],
)
def test_the_worst_price_of_a_scenario(limit: str, kinds: set[str], tmp_path: Path) -> None:
    outcome = only(copied(tmp_path), f"scenario: multimodal-docs\n    max_price: {limit}")
    assert {finding.code for finding in outcome.findings} <= {"VN804"}
    assert {
        kind for kind in ("prompt", "completion") for f in outcome.findings if f" {kind} tokens" in f.message
    } == kinds


def with_pricing(project: Path, model: str, **pricing: object) -> Path:
    file = project / "policies/models.lock.json"
    lock = json.loads(file.read_text("utf-8"))
    lock["models"][model]["pricing"] |= pricing
    file.write_text(json.dumps(lock, indent=2), "utf-8")
    return project


LONG = {"min_prompt_tokens": 200_000, "prices": {"prompt": "0.0000004"}}
NIGHT = {"utc_start": "2200", "utc_end": "0600", "prices": {"prompt": "0.0000009", "completion": "0.0000001"}}


@pytest.mark.parametrize(
    ("pricing", "worst"),
    [
        ({}, Decimal("0.112")),
        ({"overrides": [LONG]}, Decimal("0.4")),
        ({"overrides": [LONG, NIGHT]}, Decimal("0.9")),
        ({"overrides": [NIGHT, LONG]}, Decimal("0.9")),
        ({"overrides": [NIGHT], "discount": "0.5"}, Decimal("0.45")),
        ({"overrides": [{"min_prompt_tokens": 5, "prices": {"prompt": "-1"}}]}, None),
    ],
)
def test_long_prompts_and_dear_hours_count(pricing: dict[str, object], worst: Decimal | None, tmp_path: Path) -> None:
    project = with_pricing(copied(tmp_path), FLASH, **pricing)
    policies = compile_policies(project / "policies", targets()).policies
    assert worst_price(FLASH, "prompt", policies) == worst
    assert worst_price("nobody/knows", "prompt", policies) is None
    outcome = only(project, "scenario: batch\n    max_price: {prompt: 0.3}")
    if worst is None:
        assert "whose price is not known" in outcome.findings[0].message
    elif worst > Decimal("0.3"):
        (finding,) = outcome.findings
        assert f"costs up to ${worst} per million prompt tokens: $0.3 is the most" in finding.message
        assert "(policies/scenarios/batch.yaml:10)" in finding.message
    assert outcome.passed is (worst is not None and worst <= Decimal("0.3"))


def test_a_test_that_holds_nothing_is_a_warning(tmp_path: Path) -> None:
    project = copied(tmp_path)
    blocked = "  - {label: orphan, deny: [cloud, mlx/*], reason: Nobody may see it.}\n"
    edit(
        project / "policies/sensitive-data.yaml",
        ("  personnel:\n", "  orphan: {title: Nobody's}\n  personnel:\n"),
        ("blocks:\n", f"blocks:\n{blocked}"),
    )
    outcome = only(project, "label: orphan\n    zdr: true")
    assert [(finding.code, finding.severity) for finding in outcome.findings] == [("VN805", Severity.WARNING)]
    assert outcome.passed


def test_the_command_prints_like_a_test_runner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = copied(tmp_path)
    first = '  - name: "a\\u202F🦉"\n    scenario: batch\n    primary: tencent/hy3-preview\n'
    text = f"{first}  - name: b\n    scenario: batch\n    never: [{FLASH}]\n"
    (project / "policies/tests.yaml").write_text(f"version: 1\ntests:\n{text}", "utf-8")
    assert main(["test", "-C", str(project)]) == 1
    found = capsys.readouterr()
    assert found.out == "ok     a\\u202f🦉\nFAILED b\n1 passed, 1 failed\n"
    assert found.err.startswith("policies/tests.yaml:8:13 VN802 'b': batch on studio reaches")
    assert f"  8 |     never: [{FLASH}]\n" in found.err


@pytest.mark.parametrize("format", ["json", "github", "sarif"])
def test_programs_get_findings_alone(format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = copied(tmp_path)
    text = f"  - name: b\n    scenario: batch\n    never: [{FLASH}]\n"
    (project / "policies/tests.yaml").write_text(f"version: 1\ntests:\n{text}", "utf-8")
    assert main(["test", "-C", str(project), "--format", format]) == 1
    found = capsys.readouterr()
    assert "VN802" in found.out
    if format != "github":
        json.loads(found.out)
    assert found.err == "FAILED b\n0 passed, 1 failed\n"


def test_without_tests_nothing_is_tested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied(tmp_path) / "policies/tests.yaml").unlink()
    assert main(["test", "-C", str(tmp_path)]) == 0
    found = capsys.readouterr()
    assert found.out == "0 passed, 0 failed\n"
    assert "nothing is tested" in found.err


def test_policies_that_do_not_compile_are_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(copied(tmp_path) / "policies/tests.yaml", ("scenario: batch", "scenario: bach"))
    assert main(["test", "-C", str(tmp_path)]) == 1
    assert "VN201" in capsys.readouterr().err


def test_the_codes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    listed = capsys.readouterr().out
    assert all(f"{code.code}  " in listed for code in CODES)
    assert {code.code[:3] for code in CODES} == {"VN8"}
