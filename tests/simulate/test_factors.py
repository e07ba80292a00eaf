"""How many tokens another model takes: what runs tell, and what the bill makes of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from harness.bench.attempt import Attempt, Usage
from harness.bench.store import Store
from harness.market.simulate.factors import ASSUMED, FEWEST_PROMPTS, answers_of_runs, of_attempts
from harness.market.simulate.notes import notes
from tests.runs.test_store import HEADER, attempt
from tests.simulate.ledgers import FLASH, OPUS, SONNET, M, call, changed, replayed, shipped_side, with_overrides

BEFORE = shipped_side()
AFTER = changed(f"ide-assist.primary={SONNET}", of=BEFORE)


def slug(model: str, permaslug: str) -> str:
    return {"anthropic/claude-4.6-sonnet-20260217": SONNET}.get(model, model)


def answers(model: str, prompts: int, prompt: int, completion: int, spread: int = 0) -> tuple[Attempt, ...]:
    """One whole answer of OpenRouter's leg for each prompt; `spread` makes prompts unlike each other."""
    return tuple(
        replace(
            attempt(f"case-{n}"), leg="openrouter", model=model, answered_by=model, prompt_sha256=f"{n:064}",
            usage=Usage(prompt + n * spread, completion, 0, 0, None), http_status=200, error=None,
        )
        for n in range(prompts)
    )  # fmt: skip


def test_a_factor_is_the_ratio_of_the_sums_on_the_same_prompts() -> None:
    runs = (*answers(FLASH, 20, 1000, 100), *answers(SONNET, 30, 1300, 80))
    factor = of_attempts(runs, slug, {SONNET}).of(FLASH, SONNET)
    assert factor.prompts == 20
    assert factor.prompt.all == (Decimal("1.3"),)
    assert factor.completion.all == (Decimal("0.8"),)


def test_prompts_that_differ_give_an_interval_around_the_point() -> None:
    runs = (*answers(FLASH, 20, 1000, 100), *answers(SONNET, 20, 1000, 100, spread=50))
    ratio = of_attempts(runs, slug, {SONNET}).of(FLASH, SONNET).prompt
    assert ratio.point == Decimal("1.475")
    assert Decimal("1.3") < ratio.low < ratio.point < ratio.high < Decimal("1.65")


def test_who_answered_counts_by_the_lock_s_name() -> None:
    named = tuple(replace(a, answered_by="anthropic/claude-4.6-sonnet-20260217") for a in answers(SONNET, 12, 5, 5))
    assert of_attempts((*named, *answers(FLASH, 12, 5, 5)), slug, {SONNET}).of(FLASH, SONNET).prompts == 12


def test_few_prompts_failed_calls_and_other_legs_tell_nothing() -> None:
    enough = answers(FLASH, FEWEST_PROMPTS, 10, 10)
    for other in (
        answers(SONNET, FEWEST_PROMPTS - 1, 10, 10),
        tuple(replace(a, error="timeout") for a in answers(SONNET, FEWEST_PROMPTS, 10, 10)),
        tuple(replace(a, leg="remote") for a in answers(SONNET, FEWEST_PROMPTS, 10, 10)),
    ):
        assert of_attempts((*enough, *other), slug, {SONNET}).of(FLASH, SONNET) == ASSUMED


def test_runs_of_a_project_are_read_and_what_is_no_run_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / ".vane/runs"
    folder.mkdir(parents=True)
    (folder / "broken.jsonl").write_text("no run\n")
    with Store(folder / "2026-W21.jsonl", HEADER) as store:
        for each in answers(FLASH, 3, 10, 10):
            store.add(each)
    assert [a.usage.prompt_tokens for a in answers_of_runs(tmp_path)] == [10, 10, 10]


def test_the_bill_carries_the_factor_and_its_interval(tmp_path: Path) -> None:
    runs = (*answers(FLASH, 20, 1000, 100), *answers(SONNET, 20, 1000, 150, spread=50))
    factor = of_attempts(runs, slug, {SONNET}).of(FLASH, SONNET)
    report = replayed(tmp_path, [call("a", FLASH, M, M, scenario="ide-assist")], BEFORE, AFTER, runs)
    assert report.bill.after.point == 3 * Decimal("1.475") + 15 * Decimal("1.5")
    assert report.bill.after.low == 3 * factor.prompt.low + 15 * factor.completion.low
    assert report.bill.after.high == 3 * factor.prompt.high + 15 * factor.completion.high
    (note,) = (note for note in notes(report) if note.kind == "factor")
    assert "prompt 1.48 times (" in note.words
    assert "20 prompts" in note.words


def test_without_runs_the_factor_is_one_and_said_to_be_an_assumption(tmp_path: Path) -> None:
    report = replayed(tmp_path, [call("a", FLASH, M, M, scenario="ide-assist")], BEFORE, AFTER)
    assert report.bill.after.point == 18
    (note,) = (note for note in notes(report) if note.kind == "assumed-factor")
    assert note.tokens == 2 * M


def test_a_longer_count_of_the_same_prompt_may_pass_the_new_model_s_limit(tmp_path: Path) -> None:
    runs = (*answers(FLASH, 20, 1000, 100), *answers(OPUS, 20, 2000, 100))
    before = with_overrides(BEFORE, OPUS, overrides=[{"min_prompt_tokens": 200_000, "prices": {"prompt": "0.00001"}}])
    after = with_overrides(
        changed(f"ide-assist.primary={OPUS}", of=BEFORE), OPUS,
        overrides=[{"min_prompt_tokens": 200_000, "prices": {"prompt": "0.00001"}}],
    )  # fmt: skip
    rows = [call(str(n), FLASH, n, scenario="ide-assist") for n in (100_000, 100_001)]
    report = replayed(tmp_path, rows, before, after, runs)
    assert report.bill.after.point == 200_000 * Decimal("0.000005") + 200_002 * Decimal("0.00001")
