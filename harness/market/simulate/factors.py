"""How many tokens a model takes where another took some: measured on the same prompts in the harness's runs, or one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path

from compiler.diagnostics import PolicyError
from harness.bench.attempt import Attempt
from harness.bench.store import FOLDER, read_run

#: Fewer prompts say nothing of others.
FEWEST_PROMPTS = 10
_GRAINS = 10_000
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
#: Prompt's hash → mean tokens of prompt and completion.
_Answers = Mapping[str, tuple[Fraction, Fraction]]


@dataclass(frozen=True, slots=True)
class Factors:
    """What runs tell of pairs of models."""

    measured: Mapping[tuple[str, str], Factor]

    def of(self, before: str, after: str) -> Factor:
        """The factor from one model to another."""
        return self.measured.get((before, after), ASSUMED)

    @property
    def prompt_scales(self) -> frozenset[Decimal]:
        """Every factor of prompts that rows may meet."""
        return frozenset(scale for factor in self.measured.values() for scale in factor.prompt.all)


def _factor(one: _Answers, other: _Answers) -> Factor | None:
    both = sorted(one.keys() & other.keys())
    if len(both) < FEWEST_PROMPTS:
        return None
    prompt, completion = (_ratio([(one[p][kind], other[p][kind]) for p in both]) for kind in (0, 1))
    return Factor(prompt, completion, len(both))


def _ratio(pairs: Sequence[tuple[Fraction, Fraction]]) -> Ratio:
    """Ratio of the sums; prompts are drawn with replacement for its interval, as the comparison of runs does."""
    import numpy as np

    from harness.bench.stats.resampling import bootstrap_ratio_of_means

    base, candidate = (sum((pair[side] for pair in pairs), Fraction(0)) for side in (0, 1))
    if not base or not candidate:
        return Ratio()
    columns = [np.array([float(pair[side]) for pair in pairs], dtype=np.float64) for side in (0, 1)]
    bounds = np.quantile(bootstrap_ratio_of_means(columns[0], columns[1]), [_LOW, _HIGH])
    point, low, high = (_rounded(value) for value in (candidate / base, *map(Fraction, map(float, bounds))))
    return Ratio(point, min(point, low), max(point, high))


def _rounded(value: Fraction) -> Decimal:
    """Four places; nothing takes no tokens."""
    return max(Decimal(round(value * _GRAINS)) / _GRAINS, 1 / Decimal(_GRAINS))


def answers_of_runs(project: Path) -> tuple[Attempt, ...]:
    """All attempts of a project's runs. A file that is no run tells nothing; `vane bench show` says why."""
    attempts: list[Attempt] = []
    for file in sorted((project / FOLDER).glob("*.jsonl")):
        with suppress(PolicyError, OSError):
            attempts += read_run(file).attempts
    return tuple(attempts)


def of_attempts(attempts: Iterable[Attempt], slug: Callable[[str, str], str], reached: Iterable[str]) -> Factors:
    """From every model that answered to those of `reached`. `slug` gives who answered the lock's name.

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
    answers = {model: {p: _mean(pairs) for p, pairs in prompts.items()} for model, prompts in tokens.items()}
    both = product(answers, sorted(answers.keys() & set(reached)))
    found = {(b, a): factor for b, a in both if b != a and (factor := _factor(answers[b], answers[a]))}
    return Factors(found)


def _mean(pairs: Sequence[tuple[int, int]]) -> tuple[Fraction, Fraction]:
    return Fraction(sum(p for p, _ in pairs), len(pairs)), Fraction(sum(c for _, c in pairs), len(pairs))
