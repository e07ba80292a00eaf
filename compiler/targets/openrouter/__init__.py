"""OpenRouter: keys, guardrails and presets of the team's account, as desired state for `vane account`."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.plan import MachinePlan
from compiler.targets import Artifact, Target
from compiler.targets.openrouter.check import check
from compiler.targets.openrouter.emit import emit
from compiler.targets.openrouter.read import read


def _nothing_on_macs(plan: MachinePlan) -> Iterable[Artifact]:
    return ()


TARGET = Target("openrouter", _nothing_on_macs, check, read, emit)
