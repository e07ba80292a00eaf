"""Weeks of the harness that never were: runs of a known world, in which it is known what changed and what did not.

The world is less kind than the textbook. Prompts differ: most never fail, some often do. Repeats of a prompt in a run
tend to give the same answer. Latencies are lognormal with a level of each prompt, a heavy tail, timeouts, a drift while
the run goes on, and days on which everything is a little slower. Some calls get no answer at all.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from harness.bench.attempt import Attempt, Grade, LegName, TransportError, Usage
from harness.bench.sides import Side
from harness.bench.store import Run, RunHeader, RunLeg
from harness.bench.verdicts import Thresholds

LEGS: tuple[LegName, ...] = ("mlx", "openrouter", "remote")
SCENARIOS = {"mlx": "local-drafts", "openrouter": "agent-loops", "remote": "private-desk"}
#: those of the shipped acceptance.yaml
THRESHOLDS = Thresholds(promote_points=0.01, demote_points=0.02, promote_percent=0.10, demote_percent=0.30)
TIMEOUT_MS = 60_000.0
#: Legs, and whose trial they are: what a run asks first, and what it asks besides.
_WAYS = (*LEGS, "openrouter"), ("", "", "", "gray-trials")
_START = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Change:
    """What is different in the candidate, on every prompt alike."""

    tool_errors: float = 0.0
    task_failures: float = 0.0
    latency: float = 1.0
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class World:
    """How the legs behave."""

    prompts: int = 50
    repeats: int = 3
    legs: int = 3
    #: of the openrouter leg, prompts that go to each of several models; none: all go to one
    parts: tuple[int, ...] = ()
    #: prompts that a further model of the openrouter leg is asked besides
    on_trial: int = 0
    tool_prompts: float = 0.7
    tool_error_rate: float = 0.03
    failure_rate: float = 0.08
    #: how much rates differ between prompts: a Beta's two parameters add up to this; small is unlike
    evenness: float = 2.0
    #: chance that a repeat gives the run's first answer again
    sameness: float = 0.3
    prompt_spread: float = 0.6
    call_spread: float = 0.4
    #: share of calls that take four times as long
    slow: float = 0.02
    #: of a run from start to end, and of a day as a whole; standard deviations
    drift: float = 0.10
    day: float = 0.03
    no_answer: float = 0.005

    @classmethod
    def shipped(cls, repeats: int = 3) -> World:
        """Three legs, whose fifty prompts are split among models as by the shipped policies."""
        return cls(repeats=repeats, parts=(33, 8, 5, 4), on_trial=45)


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """What a leg's prompts are like, week after week."""

    tool: NDArray[np.bool_]
    tool_error: Floats
    failure: Floats
    level_ms: Floats
    cost: Floats


def week(world: World, random: np.random.Generator, change: Change | None = None) -> tuple[Side, Side]:
    """A base and a candidate run of the same prompts."""
    legs = legs_of(world, random)
    return run("base", world, legs, random), run("candidate", world, legs, random, change or Change())


def legs_of(world: World, random: np.random.Generator) -> list[Leg]:
    """Prompts that stay the same over many weeks."""
    legs = [_leg(world, random) for _ in range(world.legs)]
    return [*legs, _leg(replace(world, prompts=world.on_trial), random)] if world.on_trial else legs


def run(
    name: str, world: World, legs: Sequence[Leg], random: np.random.Generator, change: Change | None = None
) -> Side:
    """One run of all legs."""
    attempts = tuple(
        attempt
        for which, trial, leg in zip(*_WAYS, legs, strict=False)
        for attempt in _attempts(which, trial, world, leg, random, change or Change())
    )
    return Side(name, Run(header(name, world), attempts))


def header(name: str, world: World, sha256: str = "a" * 64) -> RunHeader:
    """A header; the name stands in for the moment of the start."""
    started = _START + datetime.timedelta(seconds=int.from_bytes(name.encode()[-4:], "big"))
    legs = tuple(
        RunLeg(leg, SCENARIOS[leg], SCENARIOS[leg], "deepseek/deepseek-v4-flash") for leg in LEGS[: world.legs]
    )
    return RunHeader(
        "0", "2026-W23", "fifty", "1", sha256, None, 1, world.repeats, legs, (1, 1), True, False, 1, None, 60.0, started
    )


def growing(side: Side, looks: int) -> Side:
    """The run, as if it had been begun to be looked at more than once."""
    return side._replace(run=replace(side.run, header=replace(side.run.header, looks=looks)))


def _leg(world: World, random: np.random.Generator) -> Leg:
    def rates(mean: float) -> Floats:
        return random.beta(mean * world.evenness, (1 - mean) * world.evenness, world.prompts)

    return Leg(
        tool=random.random(world.prompts) < world.tool_prompts,
        tool_error=rates(world.tool_error_rate),
        failure=rates(world.failure_rate),
        level_ms=np.exp(random.normal(np.log(2000), world.prompt_spread, world.prompts)),
        cost=np.exp(random.normal(np.log(0.002), 0.8, world.prompts)),
    )


def _models(which: LegName, trial: str, world: World) -> list[str]:
    """Who is asked each prompt."""
    if trial:
        return ["made/on-trial"] * world.on_trial
    parts = world.parts if which == "openrouter" and world.parts else (world.prompts,)
    return [f"made/model-{number}" for number, count in enumerate(parts) for _ in range(count)]


def _attempts(
    which: LegName, trial: str, world: World, leg: Leg, random: np.random.Generator, change: Change
) -> Iterator[Attempt]:
    models = _models(which, trial, world)
    shape = (len(models), world.repeats)
    errs = _marks(leg.tool_error, change.tool_errors, world, random)
    fails = _marks(leg.failure, change.task_failures, world, random) | (errs & leg.tool[:, None])
    order = random.permutation(leg.tool.size * world.repeats).reshape(shape) / (leg.tool.size * world.repeats) - 0.5
    noise = random.normal(0, world.call_spread, shape) + random.normal(0, world.drift) * order
    slow = np.where(random.random(shape) < world.slow, 4.0, 1.0)
    ms = leg.level_ms[:, None] * np.exp(noise + random.normal(0, world.day)) * slow * change.latency
    cost = leg.cost[:, None] * np.exp(random.normal(0, 0.15, shape)) * change.cost
    lost = random.random(shape) < world.no_answer
    for prompt, model in enumerate(models):
        for repeat in range(world.repeats):
            at = (prompt, repeat)
            grade = _grade(bool(leg.tool[prompt]), bool(errs[at]), bool(fails[at]))
            yield attempt(
                which, f"case-{prompt:03d}", repeat + 1, ms=float(ms[at]), cost=f"{cost[at]:.7f}", model=model,
                trial=trial, grade=None if lost[at] else grade, error="connection_lost" if lost[at] else None,
            )  # fmt: skip


def _marks(rates: Floats, rise: float, world: World, random: np.random.Generator) -> NDArray[np.bool_]:
    raised = np.clip(rates + rise * (1 - rates) / (1 - rates.mean()), 0, 1)[:, None]
    marks: NDArray[np.bool_] = random.random((len(rates), world.repeats)) < raised
    same = random.random(marks.shape) < world.sameness
    return np.where(same, marks[:, :1], marks)


def _grade(is_tool: bool, errs: bool, fails: bool) -> Grade:
    error = is_tool and errs
    return Grade(is_tool, "SchemaMismatch" if error else None, not fails, "wrong_value" if fails else None)


def attempt(
    leg: LegName = "openrouter", case: str = "case-000", repeat: int = 1, *, ms: float = 1000.0,
    cost: str | None = "0.001",
    grade: Grade | None = None, error: TransportError | None = None, number: int = 1, final: bool = True,
    cached: int = 0, model: str = "deepseek/deepseek-v4-flash", answered_by: str | None = None, detail: str = "",
    trial: str = "",
) -> Attempt:  # fmt: skip
    """A row; longer than the timeout is a timeout."""
    censored = ms > TIMEOUT_MS and error is None
    error = "timeout" if censored else error
    money = None if cost is None or error else Decimal(cost)
    return Attempt(
        case=case, scenario=SCENARIOS[leg], leg=leg, trial=trial, model=model, answered_by=answered_by or model,
        provider="one", repeat=repeat, attempt=number, final=final, started=_START, queued_ms=0.0,
        first_token_ms=None if error else min(ms, TIMEOUT_MS) / 4, total_ms=min(ms, TIMEOUT_MS), censored=censored,
        http_status=None if error else 200, error=error, error_detail=detail,
        usage=Usage(prompt_tokens=400, completion_tokens=80, cached_tokens=cached),
        cost_usd=money, cost_basis="unknown" if money is None else "billed", grade=None if error else grade,
        prompt_sha256="b" * 64, answer_sha256=None if error else "c" * 64,
        last_token_ms=None if error else min(ms, TIMEOUT_MS), token_chunks=0 if error else 20,
    )  # fmt: skip
