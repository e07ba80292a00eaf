"""Two trained versions of a model through the real mlx_lm.server, and what `vane bench compare` makes of them."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.bench.prepare import chosen_suite
from harness.bench.store import Run, read_run
from tests.contract.openblas import NoBlas, with_blas
from tests.contract.trained_model import TOOLS, held_out, suite, versions
from tests.mlx.conftest import REPOSITORY, needs_compiler
from tests.mlx_models import in_cache
from tests.runs.conftest import Desk, chat, desk
from tests.shipped import edit

__all__ = ["chat", "desk"]
REPEATS = 4
#: Fifty prompts cannot hold the shipped margins, and no latency is decided on a machine that does other things.
MARGINS = (
    ("promote: {tool_error_rise_points: 1.0, p95_latency_rise_percent: 10}",
     "promote: {tool_error_rise_points: 15.0, p95_latency_rise_percent: 900}"),
    ("demote: {tool_error_rise_points: 2.0, p95_latency_rise_percent: 30}",
     "demote: {tool_error_rise_points: 15.0, p95_latency_rise_percent: 900}"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trained:
    """The folders of both versions, and the environment in which they are fast."""

    first: Path
    second: Path
    environment: Mapping[str, str]


@pytest.fixture(scope="module")
def trained() -> Trained:
    needs_compiler()
    try:
        environment = with_blas(os.environ)
    except NoBlas as error:
        pytest.skip(f"training takes hours without OpenBLAS, which cannot be had here: {error}")
    return Trained(*versions(environment), environment)


def measured(desk: Desk, model: Path, name: str, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run of a version, put where the shipped policies' model is looked for."""
    home = desk.project / f"hf-{name}"
    snapshot = in_cache(home, REPOSITORY)
    snapshot.parent.mkdir()
    snapshot.symlink_to(model)
    for variable, value in {**trained.environment, "HF_HOME": str(home)}.items():
        monkeypatch.setenv(variable, value)
    out = desk.project / f"{name}.jsonl"
    cases = desk.project / "suite"
    done = desk("run", "--leg", "mlx", "--suite", str(cases), "--repeats", str(REPEATS), "--out", str(out))
    assert done.code == 0, done.err
    return out


def right(run: Run) -> int:
    """Prompts that were answered rightly every time."""
    failed = {row.case for row in run.attempts if row.final and not (row.grade and row.grade.success)}
    return len(held_out()) - len(failed)


def test_the_second_version_is_promoted_and_the_way_back_rolled_back(
    desk: Desk, trained: Trained, monkeypatch: pytest.MonkeyPatch, notes: list[str]
) -> None:
    monkeypatch.setattr("harness.bench.run_command.chosen_suite", chosen_suite)
    edit(desk.project / "policies" / "acceptance.yaml", *MARGINS)
    suite(desk.project / "suite")
    first = measured(desk, trained.first, "first", trained, monkeypatch)
    second = measured(desk, trained.second, "second", trained, monkeypatch)

    runs = [read_run(file) for file in (first, second)]
    for run in runs:
        rows = [row for row in run.attempts if row.final]
        assert len(rows) == len(held_out()) * REPEATS
        assert {row.error for row in rows} == {None}
    notes.append(f"Trained callers of tools: {right(runs[0])} and then {right(runs[1])} of {len(held_out())} right")
    assert 0 < right(runs[0]) < right(runs[1])
    failures = Counter(row.grade.failure for row in runs[0].attempts if row.grade and not row.grade.success)
    assert failures.keys() <= {"wrong_value", "wrong_tool", "no_call", "call_when_irrelevant", "dropped_parallel",
                               "extra_call", "dropped_call", "truncated", "missing_parameter"}  # fmt: skip

    check_outcome(desk, first, second, "promote")
    check_outcome(desk, second, first, "rollback")


def check_outcome(desk: Desk, base: Path, candidate: Path, expected: str) -> None:
    done = desk("compare", str(base), str(candidate), "--json")
    assert done.code == 0, done.err
    data: dict[str, Any] = json.loads(done.out)
    (leg,) = data["legs"]
    assert leg["outcome"] == expected, desk("compare", str(base), str(candidate)).out


def test_training_renders_prompts_as_the_server_does(trained: Trained) -> None:
    """Else the model would be asked in a language that it was not taught."""
    from mlx_lm.tokenizer_utils import load

    words = load(trained.second)
    assert words.has_tool_calling
    for example in held_out():
        tools = [{"type": "function", "function": {"name": name, "parameters": TOOLS[name]}} for name in example.tools]
        asked = [{"role": "user", "content": example.sentence}]
        rendered = words.apply_chat_template(asked, tools=tools, add_generation_prompt=True)  # type: ignore[no-untyped-call]
        assert rendered == words.encode(example.prompt, add_special_tokens=False)
