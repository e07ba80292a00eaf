"""The largest matching, against trying everything."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from harness.bench.grade.matching import largest_matching

CHOICES = st.lists(st.lists(st.integers(0, 4), max_size=5, unique=True), max_size=5)


def brute_force(choices: list[list[int]]) -> int:
    """The most pairs, over every way to choose one right or none for each left."""
    ways = itertools.product(*[[None, *each] for each in choices])
    sizes = [len(taken) for way in ways if len(taken := [r for r in way if r is not None]) == len(set(taken))]
    return max(sizes)


@given(CHOICES)
def test_as_large_as_brute_force(choices: list[list[int]]) -> None:
    pairs = largest_matching(choices)
    assert len(pairs) == brute_force(choices)
    assert len(set(pairs.values())) == len(pairs)
    assert all(right in choices[left] for left, right in pairs.items())


def test_the_first_that_fits_may_have_to_give_way() -> None:
    assert largest_matching([[0, 1], [0]]) == {0: 1, 1: 0}
