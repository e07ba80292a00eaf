"""The thresholds that a comparison is judged by, from the project's policies."""

from __future__ import annotations

from pathlib import Path

from compiler.diagnostics import Place, PolicyError, errors
from compiler.load import load
from compiler.policy import FILES, parse
from harness.bench.comparison_codes import NO_THRESHOLDS
from harness.bench.verdicts import Thresholds


def thresholds(project: Path) -> Thresholds:
    """acceptance.yaml's. Raises PolicyError where the policies cannot be read, or have none."""
    policies, findings = parse(load(project / "policies", FILES))
    if policies is None or errors(findings):
        raise PolicyError(findings)
    if policies.acceptance is None:
        raise PolicyError([NO_THRESHOLDS.at(Place("policies/acceptance.yaml"), "there is no acceptance.yaml")])
    return Thresholds.of(policies.acceptance)
