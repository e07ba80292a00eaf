"""`vane diff`: what a change does in words, and whether it stays within the thresholds."""

from __future__ import annotations

import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from compiler import diff
from compiler.cli import main
from compiler.commands.diff import _report

SHIPPED = Path(__file__).parents[1] / "policies"


def git(project: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(project), *identity, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose main branch holds the shipped policies, on a branch of its own."""
    shutil.copytree(SHIPPED, tmp_path / "policies")
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "-b", "change")
    return tmp_path


def commit(project: Path) -> str:
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "change")
    return git(project, "rev-parse", "HEAD")


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / "policies" / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new), "utf-8")


def said(project: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["diff", "-C", str(project), *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def to_sonnet(project: Path) -> None:
    """Give ide-assist a dear route of its own."""
    route = "track: token\nroute: {primary: anthropic/claude-sonnet-4.6}"
    edit(project, "scenarios/ide-assist.yaml", "track: token", route)


def test_nothing_changes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(project, capsys, "--check-safe")
    assert code == 0
    assert "0 of 8 scenarios rerouted, 0 of 7 Macs touched, ±$0.00 a month" in out
    assert "no route changes" in out
    assert "+++" not in out


def test_a_route_in_words_with_its_price_and_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to_sonnet(project)
    commit(project)
    git(project, "checkout", "-q", "-b", "back")
    edit(project, "scenarios/ide-assist.yaml", "route: {primary: anthropic/claude-sonnet-4.6}\n", "")
    code, out, _ = said(project, capsys, "change")
    assert code == 0
    # 0.8 × 3 + 0.2 × 15 = 5.40 before, 0.8 × 0.112 + 0.2 × 0.224 = 0.1344 after
    assert "ide-assist on 6 laptops: primary claude-sonnet-4.6 → deepseek-v4-flash, " in out
    assert ", −98 % at list price" in out
    assert "    primary: policies/tracks.yaml:7:12" in out
    # 22 % of 1,000 million tokens
    assert "−$1,158.43 a month" in out


def test_equal_file_changes_are_shown_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to_sonnet(project)
    _, out, _ = said(project, capsys)
    laptops = "air-ana,air-ben,air-chloe,air-dmitri,air-emeka,air-fang"
    assert out.count(f"generated/machines/{{{laptops}}}/cursor/settings.json\n") == 1
    assert '+        "anthropic/claude-sonnet-4.6"' in out


def test_list_price_effect_uses_the_lock_of_each_side(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = project / "policies/models.lock.json"
    data = json.loads(lock.read_text("utf-8"))
    data["models"]["deepseek/deepseek-v4-flash"]["pricing"]["prompt"] = "0.000000224"
    data["models"]["deepseek/deepseek-v4-flash"]["pricing"]["completion"] = "0.000000448"
    lock.write_text(json.dumps(data), "utf-8")
    code, out, _ = said(project, capsys, "--format", "json")
    assert code == 0
    routes = {route["scenario"]: route for route in json.loads(out)["routes"]}
    assert Decimal(routes["agent-loops"]["price_before"]) == Decimal("0.1344")
    assert Decimal(routes["agent-loops"]["price_after"]) == Decimal("0.2688")
    assert routes["agent-loops"]["rerouted"] is False
    assert set(routes) == {"agent-loops", "ide-assist"}


def test_added_and_removed_scenarios(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (project / "policies/scenarios/gray-trials.yaml").read_text("utf-8")
    (project / "policies/scenarios/trials.yaml").write_text(text.replace("gray-trials", "trials"), "utf-8")
    (project / "policies/scenarios/gray-trials.yaml").unlink()
    edit(project, "acceptance.yaml", "scenario: gray-trials", "scenario: trials")
    _, out, _ = said(project, capsys)
    assert "gray-trials on studio: removed" in out
    assert "\ntrials on studio: added" in out


def test_two_revisions_and_a_subfolder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "team" / "routing"
    shutil.copytree(SHIPPED, project / "policies")
    git(tmp_path, "init", "-q", "-b", "main")
    first = commit(tmp_path)
    to_sonnet(project)
    second = commit(tmp_path)
    code, out, _ = said(project, capsys, first, second)
    assert code == 0
    assert f"policies {first[:7]} → {second[:7]}: 1 of 8 scenarios rerouted" in out


def test_default_base_is_where_the_branch_left_main(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(project, "checkout", "-q", "main")
    edit(project, "caps.yaml", "limit_usd: 800", "limit_usd: 801")
    edit(project, "scenarios/batch.yaml", "primary: tencent/hy3-preview", "primary: deepseek/deepseek-v4-flash")
    edit(project, "scenarios/batch.yaml", "fallbacks: [deepseek/deepseek-v4-flash]", "fallbacks: [tencent/hy3-preview]")
    commit(project)
    git(project, "checkout", "-q", "change")
    _, out, _ = said(project, capsys)
    assert "no route changes" in out


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "HEAD:policies", ""])
def test_unknown_revision_is_a_usage_error(project: Path, capsys: pytest.CaptureFixture[str], revision: str) -> None:
    code, out, err = said(project, capsys, "--", revision or " ")
    assert code == 2
    assert out == ""
    assert "no revision" in err


def test_outside_of_git(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(SHIPPED, tmp_path / "policies")
    code, _, err = said(tmp_path, capsys)
    assert code == 2
    assert "no git repository" in err


def test_head_that_does_not_compile_is_findings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "tracks.yaml", "primary: anthropic/claude-opus-4.7", "primary: anthropic/claude-opus-4.77")
    code, _, err = said(project, capsys)
    assert code == 1
    assert "VN203" in err


def test_base_that_does_not_compile_still_shows_the_change(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(project, "checkout", "-q", "main")
    edit(project, "tracks.yaml", "primary: anthropic/claude-opus-4.7", "primary: anthropic/claude-opus-4.77")
    broken = commit(project)
    edit(project, "tracks.yaml", "primary: anthropic/claude-opus-4.77", "primary: anthropic/claude-opus-4.7")
    code, out, _ = said(project, capsys, broken)
    assert code == 0
    assert "the base does not compile (" in out
    assert "security-audit on studio: added" in out
    assert said(project, capsys, broken, "--check-safe")[0] == 1, "what cannot be measured is not safe"


def test_first_policies_pass_no_threshold(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(project, "checkout", "-q", "--orphan", "empty")
    git(project, "rm", "-rqf", ".")
    (project / "readme").write_text("nothing yet")
    empty = commit(project)
    git(project, "checkout", "-q", "main")
    code, out, _ = said(project, capsys, empty, "--check-safe")
    assert code == 0
    assert "has no policies: everything is new" in out


LOOSENINGS = [
    ("sensitive-data.yaml", "deny: [cloud]", "deny: [free]", "'personnel' may now reach"),
    ("sensitive-data.yaml", ", github.com/acme/support-*]", "]", "no longer covers repo 'github.com/acme/support-*'"),
    ("sensitive-data.yaml", "[private-keys, api-keys]", "[api-keys]", "no longer covers detector 'private-keys'"),
    ("sensitive-data.yaml", "    detectors: [card-numbers]\n", "", "no longer covers detector 'card-numbers'"),
    ("sensitive-data.yaml", "{4,8}", "{4}", r"no longer covers pattern '\\bPERS-[0-9]{4,8}\\b'"),
    ("sensitive-data.yaml", "['**/customers/**', ", "[", "no longer covers path '**/customers/**'"),
    ("scenarios/batch.yaml", "data: [source-code]\n", "", "'batch' no longer carries label 'source-code'"),
    (
        "sensitive-data.yaml",
        "    require: {data_collection: deny}\n",
        "",
        "'source-code' no longer requires data_collection: deny",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "named"), LOOSENINGS, ids=lambda value: str(value)[:30])
def test_each_loosened_block_is_unsafe(
    project: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, named: str
) -> None:
    edit(project, file, old, new)
    code, out, err = said(project, capsys, "--check-safe")
    assert code == 1
    assert "VN934" in out
    assert named in out
    assert "acknowledge" in err


def test_a_tightened_block_is_safe(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "scenarios/batch.yaml", "data: [source-code]", "data: [source-code, customer-data]")
    edit(project, "sensitive-data.yaml", "'**/secrets/**']", "'**/secrets/**', '**/keys/**']")
    edit(project, "market.yaml", "machines_touched_percent: 50", "machines_touched_percent: 100")
    commit(project)
    code, out, _ = said(project, capsys)
    assert code == 0
    assert "VN934" not in out


def test_thresholds_name_measured_limit_and_count(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "tracks.yaml", "primary: deepseek/deepseek-v4-flash", "primary: anthropic/claude-sonnet-4.6")
    code, out, _ = said(project, capsys, "--check-safe")
    assert code == 1
    assert "VN933 Macs touched: 100.00 % is over 50 % (7/7)" in out
    assert "VN932 dollars a month: +$3264.67 is over +$200 (2 scenarios)" in out
    assert "VN931" not in out, "two of eight scenarios are a quarter"


def test_many_scenarios(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "tracks.yaml", "primary: deepseek/deepseek-v4-flash", "primary: minimax/minimax-m2.7")
    edit(project, "tracks.yaml", "    - minimax/minimax-m2.7", "    - deepseek/deepseek-v4-flash")
    edit(project, "scenarios/batch.yaml", "primary: tencent/hy3-preview", "primary: minimax/minimax-m2.7")
    _, out, _ = said(project, capsys)
    assert "VN931 scenarios rerouted: 37.50 % is over 34 % (3/8)" in out


def test_a_change_cannot_raise_its_own_limits(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "tracks.yaml", "primary: deepseek/deepseek-v4-flash", "primary: anthropic/claude-sonnet-4.6")
    edit(project, "market.yaml", "dollars_per_month: 200", "dollars_per_month: 9000")
    code, out, _ = said(project, capsys, "--check-safe")
    assert code == 1
    assert "is over +$200" in out


def test_acknowledged_with_a_reason(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reason = "Sonnet for the audit week, decided in ARCH-12"
    edit(project, "tracks.yaml", "version: 1", f"version: 1\nacknowledge: {reason}")
    edit(project, "tracks.yaml", "primary: deepseek/deepseek-v4-flash", "primary: anthropic/claude-sonnet-4.6")
    code, out, _ = said(project, capsys, "--check-safe")
    assert code == 0
    assert f"reason (policies/tracks.yaml): {reason}" in out
    assert "acknowledged: policies/market.yaml" in out
    commit(project)
    git(project, "checkout", "-q", "-b", "next")
    edit(project, "sensitive-data.yaml", "deny: [cloud]", "deny: [free]")
    code, _, _ = said(project, capsys, "change", "--check-safe")
    assert code == 1, "an old reason does not answer for a new change"


def test_markdown_holds_hostile_text_and_fits_a_comment(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "</details> ``` @everyone [x](http://evil.example) <script>"
    edit(project, "tracks.yaml", "version: 1", f"version: 1\nacknowledge: '{hostile}'")
    edit(project, "scenarios/batch.yaml", "title: Nightly batches", "title: '```` </details> &' #")
    edit(project, "sensitive-data.yaml", "deny: [cloud]", "deny: [free]")
    code, out, _ = said(project, capsys, "--format", "markdown")
    assert code == 0
    assert f"````{hostile}````" in out, "inside a code span whose fence is longer than any in the text"
    assert "\n`````diff\n" in out
    assert len(out) < 65_536


def test_markdown_is_cut_to_the_limit_and_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to_sonnet(project)
    monkeypatch.setattr(diff, "LONGEST_MARKDOWN", 700)
    with_room = diff.markdown(_report(project, "main", None, project.parent / f"{project.name}-out"))
    assert len(with_room) <= 700
    assert "more changed file" in with_room
    assert with_room.count("<details>") == with_room.count("</details>")


def test_a_model_that_leaves_the_lock_loosens_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(
        project, "market.yaml", "  - x-ai/grok-4.3 # the article's x-ai/grok-4.1-fast was retired on 15 May 2026\n", ""
    )
    file = project / "policies/models.lock.json"
    lock = json.loads(file.read_text("utf-8"))
    del lock["models"]["x-ai/grok-4.3"]
    file.write_text(json.dumps(lock), "utf-8")
    code, out, _ = said(project, capsys, "--check-safe")
    assert code == 0, out
    assert "VN934" not in out


def test_a_change_cannot_make_its_own_month_small(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "tracks.yaml", "primary: deepseek/deepseek-v4-flash", "primary: anthropic/claude-sonnet-4.6")
    edit(project, "market.yaml", "tokens_per_month: 1000000000", "tokens_per_month: 1000000")
    edit(project, "scenarios/agent-loops.yaml", "expected_share: 0.40", "expected_share: 0.01")
    edit(project, "scenarios/gray-trials.yaml", "expected_share: 0\n", "expected_share: 0.39\n")
    edit(project, "tracks.yaml", "max_share: 0.10", "max_share: 0.50")
    code, out, _ = said(project, capsys, "--check-safe")
    assert code == 1
    assert "VN932 dollars a month: +$3264.67 is over +$200 (2 scenarios)" in out
    assert "plans another volume (1,000,000,000 tokens a month, prompt share 0.80 → 1,000,000 tokens" in out
    assert "expected share 40 % → 1 %" in out


@pytest.mark.parametrize("reason", ['"   "', '"."', '"ok"', "yes-1"])
def test_a_reason_is_made_of_words(project: Path, capsys: pytest.CaptureFixture[str], reason: str) -> None:
    edit(project, "tracks.yaml", "version: 1", f"version: 1\nacknowledge: {reason}")
    edit(project, "sensitive-data.yaml", "deny: [cloud]", "deny: [free]")
    code, _, err = said(project, capsys, "--check-safe")
    assert code == 1
    assert "policies/tracks.yaml" in err
    assert "'acknowledge': say why, in words" in err


def test_a_renamed_scenario_keeps_its_labels_or_answers_for_them(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = project / "policies/scenarios/private-desk.yaml"
    text = old.read_text("utf-8").replace("private-desk", "desk")
    kept = "data: [customer-data, source-code, credentials, personnel]"
    assert kept in text
    for file in ("acceptance.yaml", "tests.yaml"):
        path = project / "policies" / file
        path.write_text(path.read_text("utf-8").replace("private-desk", "desk"), "utf-8")
    old.unlink()
    new = project / "policies/scenarios/desk.yaml"
    new.write_text(text, "utf-8")
    _, out, _ = said(project, capsys)
    assert "VN934" not in out
    new.write_text(text.replace(kept, "data: [customer-data]"), "utf-8")
    code, out, _ = said(project, capsys, "--check-safe")
    assert code == 1
    assert "VN934 scenario 'private-desk' is gone, and no new one carries its label 'personnel'" in out


def test_beside_a_base_that_does_not_compile_blocks_still_hold(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(project, "checkout", "-q", "main")
    edit(project, "tracks.yaml", "version: 1", "version: 1\nacknowledge: an old reason of last year")
    edit(project, "caps.yaml", "limit_usd: 800", "limit_usd: many")
    broken = commit(project)
    edit(project, "caps.yaml", "limit_usd: many", "limit_usd: 800")
    edit(project, "sensitive-data.yaml", "deny: [cloud]", "deny: [free]")
    edit(project, "scenarios/batch.yaml", "data: [source-code]\n", "")
    code, out, _ = said(project, capsys, broken, "--check-safe")
    assert code == 1, "the old reason answers for nothing new"
    assert "VN934 the base does not compile, and labels or blocks change" in out
    assert "VN934 scenarios/batch.yaml no longer carries 'source-code'" in out


def test_what_another_version_compiled_is_a_change_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Templates are no policies, and yet touch Macs: what generated/ held in the base is what counts."""
    assert main(["compile", "-C", str(project)]) == 0
    for file in project.glob("generated/machines/*/openclaw.json"):
        file.write_text(file.read_text("utf-8") + "// as an older version wrote it\n", "utf-8")
    base = commit(project)
    capsys.readouterr()
    code, out, _ = said(project, capsys, base, "--check-safe", "--format", "json")
    told = json.loads(out)
    assert code == 1
    assert len(told["machines_touched"]) == 7
    (unsafe,) = told["unsafe"]
    assert (unsafe["code"], unsafe["measured"], unsafe["limit"]) == ("VN933", "100.00", "50")
    assert (unsafe["count"], unsafe["total"]) == (7, 7)
    assert any("-// as an older version wrote it" in file["diff"] for file in told["files"])
