"""Many questions at once, one error rate for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def adjusted(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down p-values (Holm 1979, Scand. J. Statist. 6:65): rejecting those up to alpha errs in any of them
    with probability alpha at most, however they depend on each other.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    scaled = (p_values[index] * (len(order) - place) for place, index in enumerate(order))
    stepped = dict(zip(order, accumulate(scaled, max), strict=True))
    return tuple(min(1.0, stepped[index]) for index in range(len(p_values)))
