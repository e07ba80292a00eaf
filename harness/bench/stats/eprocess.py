"""Evidence that may be looked at every week: an e-process on the prompts that broke and those that were fixed.

Each discordant prompt multiplies E by 2q if it broke and by 2(1 - q) if it was fixed. Where nothing changed, both are
as likely, E is a nonnegative martingale that starts at 1, and it ever reaches 20 with probability 1/20 at most (Ville
1939; Ramdas et al. 2023, Statist. Sci. 38:576). So it may be read after every run, and acted on at once.

What is a discordant pair. A prompt gives one pair to a comparison, however often it was repeated: broke if it failed
more often in the candidate than in the base over the repeats that both have, fixed if less often. Repeats of a prompt
can all fail together, so they are no pairs of their own: twelve repeats of one broken prompt would count as evidence of
twelve. With the same repeats on both sides, the sign is as likely to be one as the other where nothing changed.

A run serves once. Week 25 against 24 and 26 against 25 share week 25: if a prompt failed there by chance, it broke in
one and is fixed in the other, and knowing the first foretells the second. A comparison with a run that was already
taken changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Q = 0.75
ACT_AT = 20.0


@dataclass(frozen=True, slots=True)
class EProcess:
    """What is known so far."""

    broke: int = 0
    fixed: int = 0
    runs: frozenset[str] = frozenset()

    @property
    def value(self) -> float:
        """E now."""
        return e_value(self.broke, self.fixed)

    def take(self, broke: int, fixed: int, runs: frozenset[str]) -> EProcess:
        """With a comparison more; the same if one of its runs was taken before."""
        if runs & self.runs:
            return self
        return EProcess(self.broke + broke, self.fixed + fixed, self.runs | runs)


def e_value(broke: int, fixed: int, q: float = Q) -> float:
    """(2q)^broke (2(1 - q))^fixed."""
    return float((2 * q) ** broke * (2 * (1 - q)) ** fixed)


def adjusted(values: Sequence[float]) -> tuple[float, ...]:
    """E-values corrected for their number: each becomes the least mean of itself with any others.

    The mean of e-values is an e-value, however they depend on each other, so this is closed testing as Holm's is
    (Vovk & Wang 2021, Ann. Statist. 49:1736): acting at 20 errs in any of them with probability 1/20 at most.
    """
    return tuple(_least_mean(value, sorted((*values[:at], *values[at + 1 :]))) for at, value in enumerate(values))


def _least_mean(value: float, others: Sequence[float]) -> float:
    total, least = value, value
    for count, other in enumerate(others, 2):
        total += other
        least = min(least, total / count)
    return least
