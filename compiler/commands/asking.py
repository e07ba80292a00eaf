"""What commands that ask about the compiled result have in common: compiling in memory, and names that do not exist."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from compiler.commands.findings import show
from compiler.compile import Compiled, compile_policies
from compiler.diagnostics import PolicyError
from compiler.formats import one_line
from compiler.targets import Target

#: A line that people can take in.
_MOST_NAMES = 12


def compiled_or_shown(project: Path, targets: Sequence[Target], format: str = "text") -> Compiled | None:
    """What the policies compile to, with nothing written; None after showing why they do not compile."""
    try:
        return compile_policies(project / "policies", targets)
    except PolicyError as error:
        show(error.findings, format, project)
        return None


def refuse_unknown(what: str, name: str, known: Iterable[str]) -> int:
    """Say that a name exists nowhere and which one may be meant; the exit code of wrong usage."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    listed = ", ".join(names[:_MOST_NAMES]) + (
        f", … and {len(names) - _MOST_NAMES} more" if names[_MOST_NAMES:] else ""
    )
    hint = f"did you mean {near[0]!r}?" if near else f"there are {listed}" if names else "there is none"
    return refuse(f"no {what} {name!r}; {hint}")


def refuse(why: str) -> int:
    """Say what is wrong with the question; the exit code of wrong usage."""
    print(f"vane: {one_line(why)}", file=sys.stderr)
    return 2


def say(line: str = "") -> None:
    """Print one line of text that may hold anything."""
    print(one_line(line))


def named(machines: Sequence[str], most: int = 8) -> str:
    """Machines in words: the one, or how many and which."""
    if not machines:
        return "the account"
    if len(machines) == 1:
        return machines[0]
    left = len(machines) - most
    return f"{len(machines)} machines: {', '.join(machines[:most])}" + (f", … and {left} more" if left > 0 else "")
