"""Which attempts count for what. Cost counts every attempt; outcomes count the final one of a case and repeat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from harness.bench.attempt import Attempt
from harness.bench.stats.percentiles import Timing

#: A prompt that lay in the server's prompt cache is answered many times faster: those calls stand apart.
Warmth = Literal["cold", "cached"]


def measured(attempts: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """All but warm-ups, which are of repeat 0."""
    return tuple(attempt for attempt in attempts if attempt.repeat > 0)


def finals(attempts: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """One for each case and repeat: the outcome."""
    return tuple(attempt for attempt in measured(attempts) if attempt.final)


def timed(attempts: Iterable[Attempt]) -> Iterator[Attempt]:
    """What has a time: answers that count, and every attempt that a timeout cut off, also if it was made again."""
    return (a for a in measured(attempts) if a.censored or (a.final and a.error is None))


def timing(attempt: Attempt) -> Timing:
    """Time to the whole answer; in an open loop from its place on the clock."""
    return Timing(attempt.total_ms, attempt.censored)


def warmth(attempt: Attempt) -> Warmth:
    """Cached where the answer says that at least half of the prompt was; cold where it says less, or nothing."""
    prompt, cached = attempt.usage.prompt_tokens, attempt.usage.cached_tokens
    return "cached" if prompt and cached and 2 * cached >= prompt else "cold"


def is_tool_error(attempt: Attempt) -> bool | None:
    """By OpenRouter's definition; None where the request does not count for its rate."""
    grade = attempt.grade
    return None if grade is None or not grade.is_tool_request else grade.protocol_error is not None


def is_task_failure(attempt: Attempt) -> bool | None:
    """None where no answer came that could be graded: that is the transport's failure, not the model's."""
    return None if attempt.grade is None else not attempt.grade.success
