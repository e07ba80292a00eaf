"""A plan as text: which files change, and with --diff how."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from deploy.account.refusal import one_line
from deploy.agent.files import Change
from deploy.agent.mac import MacPlan
from deploy.agent.place import Found
from deploy.release.archive import Release
from deploy.release.secret import masked


def plan_text(plan: MacPlan, release: Release | None, *, with_diff: bool) -> str:
    """What a run would do."""
    name = f"release {release.manifest.origin.number} ({release.digest[:12]})" if release else "no release"
    lines = [f"to {name}:"]
    for change in plan.files.changes:
        edited = " (a person changed it; a copy is kept)" if change.is_edited else ""
        lines.append(f"  {change.verb} {change.place}{edited}")
        lines += [f"    {line}" for line in _diff(change)] if with_diff else []
    lines += [f"  leave {path} (no longer wanted, but somebody changed it)" for path in plan.files.left]
    lines += [f"  reload {label}" for label in plan.reloads]
    if len(lines) == 1:
        lines.append("  nothing to do")
    return "".join(f"{one_line(line)}\n" for line in lines)


def _diff(change: Change) -> Iterator[str]:
    """What is on a Mac may hold what must not be shown."""
    old, new = _lines(change.old), _lines(change.new)
    yield from list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:]


def _lines(found: Found | None) -> list[str]:
    return masked(found.content.decode("utf-8", "replace")).splitlines() if found else []
