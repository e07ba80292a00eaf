"""`vane rules`: everything that a compile can find."""

from __future__ import annotations

import argparse
import json

from compiler.codes import codes


def run(asked: argparse.Namespace) -> int:
    """One line a code."""
    if asked.json:
        print(json.dumps([described(code) for code in codes()], indent=2))
        return 0
    for code in codes():
        print(f"{code.code}  {code.severity.value:7}  {code.name:27}  {code.title}")
    return 0


def described(code: object) -> dict[str, str]:
    """All fields of a code."""
    return {key: str(getattr(code, key)) for key in ("code", "name", "severity", "title", "why", "fix")}
