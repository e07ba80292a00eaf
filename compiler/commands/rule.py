"""`vane rule CODE`: what a finding means."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
import textwrap

from compiler.codes import codes
from compiler.commands.rules import described


def run(asked: argparse.Namespace) -> int:
    """Title, reason and fix of one code."""
    by_name = {name: code for code in codes() for name in (code.code, code.name)}
    wanted = asked.code.upper() if asked.code.upper() in by_name else asked.code.lower()
    if wanted not in by_name:
        near = difflib.get_close_matches(wanted, by_name, 1)
        hint = f"did you mean {near[0]}?" if near else "`vane rules` lists all."
        print(f"vane: no rule {asked.code!r}; {hint}", file=sys.stderr)
        return 2
    code = by_name[wanted]
    if asked.json:
        print(json.dumps(described(code), indent=2))
        return 0
    print(f"{code.code} {code.name} ({code.severity.value})\n\n{code.title}.\n")
    print(textwrap.fill(" ".join(code.why.split()), 100))
    print(f"\nfix: {code.fix}")
    return 0
