"""harness.json, as far as the page shows it (harness/bench/data.py writes it)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from harness.report.stored.file import Kept, StoredFile, read
from harness.weeks import Week

FILE = "harness.json"


class Rate(Kept):
    """A count of a total, with its interval."""

    count: int
    total: int
    rate: float | None
    low: float | None
    high: float | None


class Percentile(Kept):
    """Milliseconds; None for a bound that the data do not give. `at_least`: a timeout cut it off."""

    value: float
    at_least: bool
    low: float | None
    high: float | None


class Latency(Kept):
    """Calls of one warmth."""

    calls: int
    total_p50_ms: Percentile
    total_p95_ms: Percentile


class Cost(Kept):
    """USD."""

    billed: Decimal
    by_list_price: Decimal
    each_run: Decimal


class LegRun(Kept):
    """One leg and scenario."""

    leg: str
    scenario: str
    #: whose trial it was, of prompts that the leg has besides
    trial: str = ""
    models: tuple[str, ...]
    prompts: int
    repeats: int
    calls: int
    tool_errors: Rate
    successes: Rate
    unanswered: Mapping[str, int]
    latency: Mapping[str, Latency]
    usd: Cost

    @property
    def answered(self) -> int:
        """Calls that came back with an answer."""
        return self.calls - sum(self.unanswered.values())


class ComparedMetric(Kept):
    """How a metric changed: a share of calls (`points`) or of the base's value, with its interval at 95 %."""

    unit: str
    change: float | None
    low: float | None
    high: float | None
    verdict: Literal["worse", "better", "within", "unclear"] | None


class ComparedLeg(Kept):
    """What the comparison with the run before says of a model on a leg."""

    leg: str
    outcome: Literal["rollback", "promote", "hold"]
    reasons: tuple[str, ...]
    base_models: tuple[str, ...] = ()
    candidate_models: tuple[str, ...] = ()
    #: scenarios whose routes were asked
    routes: tuple[str, ...] = ()
    metrics: Mapping[str, ComparedMetric] = Field(default_factory=dict)


class Comparison(Kept):
    """Against the run before."""

    base: str
    legs: tuple[ComparedLeg, ...]


class SuiteOf(Kept):
    """Which prompts."""

    name: str
    version: str


class Untried(Kept):
    """A trial that the run did without, because its key was not there."""

    trial: str
    model: str
    variable: str


class HarnessRun(StoredFile):
    """The week's run."""

    run: str
    started: str
    suite: SuiteOf
    missing_shards: tuple[int, ...]
    cut_off: int
    untried: tuple[Untried, ...] = ()
    legs: tuple[LegRun, ...]
    comparison: Comparison | None

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        """The file keeps the run in `summary`, beside the comparison."""
        if isinstance(data, dict) and isinstance(data.get("summary"), dict):
            return {**data["summary"], "comparison": data.get("comparison")}
        return data


def harness_run(project: Path, week: Week) -> HarnessRun | None:
    """The run that is evidence for a week. Raises PolicyError for a broken file."""
    return read(HarnessRun, project, week, FILE)
