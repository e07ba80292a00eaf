"""`vane test`: policies/tests.yaml against what the policies compile to."""

from __future__ import annotations

import argparse
import sys

from compiler.assertions import evaluate
from compiler.commands.asking import compiled_or_shown
from compiler.commands.findings import show
from compiler.formats import one_line
from compiler.targets import installed


def run(asked: argparse.Namespace) -> int:
    """0: every test holds; 1: one does not, or the policies do not compile."""
    targets = installed()
    compiled = compiled_or_shown(asked.project, targets, asked.format)
    if compiled is None:
        return 1
    outcomes = evaluate(compiled, targets)
    out = sys.stdout if asked.format == "text" else sys.stderr
    for outcome in outcomes:
        print(f"{'ok    ' if outcome.passed else 'FAILED'} {one_line(outcome.name)}", file=out)
    out.flush()
    show([finding for outcome in outcomes for finding in outcome.findings], asked.format, asked.project, compiled.texts)
    passed = sum(outcome.passed for outcome in outcomes)
    if compiled.policies.tests is None:
        print("vane: there is no policies/tests.yaml: nothing is tested", file=sys.stderr)
    print(f"{passed} passed, {len(outcomes) - passed} failed", file=out)
    return 0 if passed == len(outcomes) else 1
