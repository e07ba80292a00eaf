"""Who can stand for whom: a largest matching between expected and given calls (Kuhn's augmenting paths)."""

from __future__ import annotations

from collections.abc import Sequence


def largest_matching(choices: Sequence[Sequence[int]]) -> dict[int, int]:
    """Left → right, as many pairs as possible; `choices[left]` are the rights that it may have.

    Taking the first that fits is not enough: a call that fits two expectations may take the place of one that fits
    only one of them.
    """
    left_of: dict[int, int] = {}
    for left in range(len(choices)):
        _place(left, choices, left_of, set())
    return {left: right for right, left in left_of.items()}


def _place(left: int, choices: Sequence[Sequence[int]], left_of: dict[int, int], tried: set[int]) -> bool:
    for right in choices[left]:
        if right in tried:
            continue
        tried.add(right)
        if right not in left_of or _place(left_of[right], choices, left_of, tried):
            left_of[right] = left
            return True
    return False
