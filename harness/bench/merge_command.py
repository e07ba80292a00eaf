"""`vane bench merge`: make one run of the shards or legs of many runners."""

from __future__ import annotations

import argparse
import sys

from compiler.commands.asking import refuse, say
from compiler.commands.findings import show
from compiler.diagnostics import PolicyError
from harness.bench.finish import finish
from harness.bench.merging import merge


def run(asked: argparse.Namespace) -> int:
    """0: written, also where shards are missing, which is said; 1: they do not belong together; 2: called wrongly."""
    if asked.out.exists() or asked.out.suffix != ".jsonl":
        return refuse(f"--out takes a new file that ends in .jsonl, not {str(asked.out)!r}")
    try:
        header, findings = merge(asked.shards, asked.out)
    except PolicyError as error:
        show(error.findings, "text", asked.project)
        return 1
    show(findings, "text", asked.project)
    finished = finish(asked.project, asked.out, is_evidence=not header.missing_shards)
    sys.stderr.write(finished.problems)
    say(f"{asked.out}: {len(asked.shards)} parts of {header.suite} {header.suite_version}, week {header.week}")
    for file in finished.files:
        say(f"  {file}")
    return 1 if finished.problems else 0
