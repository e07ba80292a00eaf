"""A model that really speaks, through the real mlx_lm.server, where the disk and the registry allow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.bench.case import Case
from harness.bench.expectation import Contains
from tests.contract.openblas import NoBlas, with_blas
from tests.contract.smollm2 import NoModel, model
from tests.mlx.conftest import REPOSITORY, needs_compiler
from tests.mlx_models import in_cache
from tests.runs.conftest import Desk, chat, desk, suite_of

__all__ = ["chat", "desk"]
QUESTIONS = {"capital": ("What is the capital of France?", "Paris"), "colours": ("Name three colours.", "")}


@pytest.fixture(scope="module")
def smollm2() -> Path:
    needs_compiler()
    try:
        return model()
    except NoModel as error:
        pytest.skip(str(error))


def test_it_answers_in_pieces_and_always_alike(desk: Desk, smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = in_cache(desk.project / "hf", REPOSITORY)
    snapshot.parent.mkdir()
    snapshot.symlink_to(smollm2)
    monkeypatch.setenv("HF_HOME", str(desk.project / "hf"))
    try:
        for variable, value in with_blas(os.environ).items():
            monkeypatch.setenv(variable, value)
    except NoBlas:
        pass  # slower, and right all the same
    desk.use(suite_of(*(
        Case(name, "local-drafts", "text", ({"role": "user", "content": question},), (), Contains((word,)), 24)
        for name, (question, word) in QUESTIONS.items()
    )))  # fmt: skip
    done = desk("run", "--leg", "mlx", "--repeats", "2", "--keep-text", "--out", str(desk.file), "--timeout", "600")
    assert done.code == 0, done.err
    rows = {(row.case, row.repeat): row for row in desk.kept.attempts if row.final}
    assert len(rows) == 4
    for row in rows.values():
        assert (row.error, row.cost_basis) == (None, "free")
        assert row.answer and row.answer.finish_reason in ("stop", "length")
        assert row.token_chunks > 1 and row.first_token_ms is not None and row.last_token_ms is not None
        assert row.first_token_ms < row.last_token_ms <= row.total_ms
        assert row.usage.prompt_tokens and row.usage.completion_tokens
        assert row.token_chunks <= row.usage.completion_tokens <= 24
        assert row.tokens_per_second
    for name in QUESTIONS:
        first, second = rows[name, 1], rows[name, 2]
        assert first.answer_sha256 == second.answer_sha256  # greedy: the same words
        assert first.usage.completion_tokens == second.usage.completion_tokens
        assert (second.usage.cached_tokens or 0) >= (second.usage.prompt_tokens or 0) / 2
    capital = rows["capital", 1]
    assert capital.grade and capital.grade.success, capital.answer
