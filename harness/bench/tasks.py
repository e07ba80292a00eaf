"""Which calls a run makes, in which order, and what each of them sends."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import httpx

from compiler import VERSION
from harness.bench.call import Request, encoded
from harness.bench.case import Case
from harness.bench.cost import worst_case
from harness.bench.legs import Way
from harness.bench.store import WARM_UP, Unit


@dataclass(frozen=True, slots=True)
class Task:
    """A case on a leg, once."""

    case: Case
    way: Way
    repeat: int

    @property
    def unit(self) -> Unit:
        """What it is counted as."""
        return Unit(self.way.leg, self.case.id, self.repeat, self.way.trial)


def runnable(cases: Sequence[Case], ways: Sequence[Way]) -> tuple[list[tuple[Case, Way]], list[tuple[Case, Way]]]:
    """Each case with its way on each leg; those that the way's model takes, and those with a picture too many."""
    by_scenario: dict[str, list[Way]] = {}
    for way in ways:
        by_scenario.setdefault(way.scenario, []).append(way)
    pairs = [(case, way) for case in cases for way in by_scenario.get(case.scenario, ())]
    takes = [way.modalities.issuperset(case.modalities) for case, way in pairs]
    return (
        [pair for pair, fits in zip(pairs, takes, strict=True) if fits],
        [pair for pair, fits in zip(pairs, takes, strict=True) if not fits],
    )


def shard_of(cases: Sequence[Case], shard: tuple[int, int]) -> tuple[Case, ...]:
    """Every n-th case from the k-th."""
    k, n = shard
    return tuple(cases[k - 1 :: n])


def tasks(
    pairs: Iterable[tuple[Case, Way]], repeats: range, seed: int, done: Collection[Unit] = frozenset()
) -> Iterator[Task]:
    """The calls of a leg that are not done, repeat by repeat, each time in another order that the seed decides.

    Whatever cuts the run off leaves whole repeats behind it, and a drift of the day meets every case alike.
    """
    pairs = list(pairs)
    for repeat in repeats:
        order = list(range(len(pairs)))
        random.Random(f"{seed}/{repeat}").shuffle(order)
        for index in order:
            task = Task(*pairs[index], repeat)
            if task.unit not in done:
                yield task


def warm_ups(pairs: Sequence[tuple[Case, Way]], count: int) -> list[Task]:
    """The first calls of a leg, uncounted: one for each model and setting of the request, then any others."""
    kinds: dict[object, tuple[Case, Way]] = {}
    for case, way in pairs:
        kinds.setdefault((way.model, bool(case.tools), case.response_format is not None), (case, way))
    others = [pair for pair in pairs if pair not in kinds.values()] if len(kinds) < count else []
    return [Task(case, way, WARM_UP) for case, way in [*kinds.values(), *others][:count]]


def prompt_of(case: Case) -> dict[str, Any]:
    """What every leg is sent alike."""
    body: dict[str, Any] = {"messages": list(case.messages), "max_tokens": case.max_tokens, "temperature": 0}
    if case.tools:
        body["tools"] = list(case.tools)
    if case.response_format is not None:
        body["response_format"] = case.response_format
    return body


def prompt_hash(case: Case) -> str:
    """SHA-256 of what every leg is sent alike."""
    return hashlib.sha256(json.dumps(prompt_of(case), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def request_of(task: Task, seed: int, *, stream: bool) -> Request:
    """The request, ready to be sent."""
    case, way = task.case, task.way
    body = {"model": way.wire_model, **prompt_of(case), "seed": seed}
    if way.parameters is not None:  # a provider that must know every parameter would refuse those that it does not
        body = {name: value for name, value in body.items() if name not in _OPTIONAL or name in way.parameters}
    if way.provider:
        body["provider"] = way.provider
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return Request(_url(way.base_url), _headers(way.key, stream), encoded(body))


@lru_cache(maxsize=16)
def _headers(key: str, stream: bool) -> httpx.Headers:
    """Made once for a key."""
    fields = {
        "content-type": "application/json",
        "accept": "text/event-stream" if stream else "application/json",
        # whole pieces as they are: a decoder would hold them back
        "accept-encoding": "identity",
        "user-agent": f"weathervane/{VERSION}",
    }
    return httpx.Headers({**fields, "authorization": f"Bearer {key}"} if key else fields)


@lru_cache(maxsize=16)
def _url(base_url: str) -> httpx.URL:
    return httpx.URL(f"{base_url}/chat/completions")


_OPTIONAL = frozenset({"seed", "temperature", "response_format"})


def worst_of(task: Task, body: bytes) -> Decimal | None:
    """What the call costs at most; None where nobody knows."""
    return None if task.way.prices is None else worst_case(task.case, body, task.way.prices)
