"""How many tokens a model takes where another took some: measured on the same prompts in the harness's runs, or one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path

from compiler.diagnostics import PolicyError
from harness.bench.attempt import Attempt
from harness.bench.store import FOLDER, read_run

#: Fewer prompts say nothing of others.
FEWEST_PROMPTS = 10
_PLACES = Decimal("0.0001")
_ONE = Decimal(1)
#: bounds of the 95 % interval
_LOW, _HIGH = 0.025, 0.975


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of tokens with its 95 % interval."""

    point: Decimal = _ONE
    low: Decimal = _ONE
    high: Decimal = _ONE

    @property
    def all(self) -> tuple[Decimal, ...]:
        """Point and bounds, the same once."""
        return tuple(dict.fromkeys((self.point, self.low, self.high)))


@dataclass(frozen=True, slots=True)
class Factor:
    """Of prompt and completion; `prompts` is how many prompts both models answered, 0 for an assumption."""

    prompt: Ratio = Ratio()
    completion: Ratio = Ratio()
    prompts: int = 0


#: Nothing measured: as many tokens as before.
ASSUMED = Factor()
_Answers = Mapping[str, tuple[Fraction, Fraction]]


@dataclass(frozen=True, slots=True)
class Factors:
    """What runs tell of pairs of models."""

    #: model → prompt's hash → mean tokens of prompt and completion
    answers: Mapping[str, _Answers]

    def of(self, before: str, after: str) -> Factor:
        """The factor from one model to another."""
        if before == after:
            return ASSUMED
        one, other = self.answers.get(before, {}), self.answers.get(after, {})
        both = sorted(one.keys() & other.keys())
        if len(both) < FEWEST_PROMPTS:
            return ASSUMED
        pairs = [(one[prompt], other[prompt]) for prompt in both]
        ratios = [_ratio([(b[kind], a[kind]) for b, a in pairs]) for kind in (0, 1)]
        return Factor(ratios[0], ratios[1], len(both))

    def prompt_scales(self, models: Iterable[str]) -> frozenset[Decimal]:
        """Every factor of prompts that rows of any measured model may meet on the way to these models."""
        found = (self.of(before, after).prompt.all for after in models for before in self.answers)
        return frozenset(scale for scales in found for scale in scales)


def _ratio(pairs: Sequence[tuple[Fraction, Fraction]]) -> Ratio:
    """Ratio of the sums; prompts are drawn with replacement for its interval, as the comparison of runs does."""
    import numpy as np

    from harness.bench.stats.resampling import bootstrap_ratio_of_means

    base, candidate = (sum((pair[side] for pair in pairs), Fraction(0)) for side in (0, 1))
    if not base or not candidate:
        return Ratio()
    columns = [np.array([float(pair[side]) for pair in pairs], dtype=np.float64) for side in (0, 1)]
    low, high = np.quantile(bootstrap_ratio_of_means(columns[0], columns[1]), [_LOW, _HIGH])
    exact = candidate / base
    point = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_PLACES, ROUND_HALF_EVEN)
    lowest, highest = (
        Decimal(float(low)).quantize(_PLACES, ROUND_FLOOR),
        Decimal(float(high)).quantize(_PLACES, ROUND_CEILING),
    )
    return Ratio(point, min(point, max(lowest, _PLACES)), max(point, highest))


def answers_of_runs(project: Path) -> tuple[Attempt, ...]:
    """All attempts of a project's runs. A file that is no run tells nothing; `vane bench show` says why."""
    attempts: list[Attempt] = []
    for file in sorted((project / FOLDER).glob("*.jsonl")):
        with suppress(PolicyError, OSError):
            attempts += read_run(file).attempts
    return tuple(attempts)


def of_attempts(attempts: Iterable[Attempt], slug: Callable[[str, str], str]) -> Factors:
    """Mean tokens of each model's whole answers, prompt by prompt. `slug` gives who answered the lock's name.

    Only OpenRouter's leg counts: a gateway puts a prompt of its own before each, and a Mac's tokens cost nothing.
    """
    tokens: dict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for attempt in attempts:
        usage = attempt.usage
        is_whole = attempt.final and attempt.error is None and attempt.leg == "openrouter"
        if is_whole and usage.prompt_tokens is not None and usage.completion_tokens is not None:
            tokens[slug(attempt.answered_by or attempt.model, attempt.model)][attempt.prompt_sha256].append(
                (usage.prompt_tokens, usage.completion_tokens)
            )
    return Factors({model: {p: _mean(pairs) for p, pairs in prompts.items()} for model, prompts in tokens.items()})


def _mean(pairs: Sequence[tuple[int, int]]) -> tuple[Fraction, Fraction]:
    return Fraction(sum(p for p, _ in pairs), len(pairs)), Fraction(sum(c for _, c in pairs), len(pairs))
