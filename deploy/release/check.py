"""A thing that must be there, whether it is, and the command that mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deploy.account.refusal import one_line
from deploy.release.secret import masked


@dataclass(frozen=True, slots=True)
class Check:
    """`fix` is empty where it is there."""

    role: str
    what: str
    words: str
    fix: str = ""

    @property
    def is_there(self) -> bool:
        """Whether nothing has to be done."""
        return not self.fix


def checks_text(checks: Iterable[Check]) -> str:
    """Two lines for what is missing, one for all else."""
    lines = []
    for check in checks:
        lines.append(f"{'ok     ' if check.is_there else 'missing'}  {check.role}: {check.what}: {check.words}")
        lines += [] if check.is_there else [f"  fix: {check.fix}"]
    return "".join(f"{one_line(masked(line))}\n" for line in lines)
