"""A plan as people know plans: + ~ -, old → new, counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from deploy.account import answers
from deploy.account.plan import Action, Change, Plan
from deploy.account.refusal import one_line

SIGNS = {"create": "+", "update": "~", "delete": "-"}
NOTHING = "No changes. The account holds what generated/openrouter says.\n"
_WIDTH = 30
#: Fields whose lists are sets: what comes and what goes tells more than two long lists.
_SETS = frozenset({"allowed_models"})
#: Of every key of the account a limit resets at midnight UTC, weeks on Monday.
_PERIODS = {"daily": "daily at midnight UTC", "weekly": "Mondays at midnight UTC", "monthly": "monthly, in UTC"}


def plan_text(plan: Plan) -> str:
    """All of it; ends with the counts."""
    lines = [line for action in plan.actions for line in (*_action(action), "")]
    lines += [f"  note: {one_line(note)}" for note in plan.notes]
    if plan.notes:
        lines.append("")
    head = "\n".join(lines) + "\n" if lines else ""
    return f"{head}{counts(plan.actions)}\n" if plan.actions else f"{head}{NOTHING}"


def counts(actions: Sequence[Action]) -> str:
    """The line `Plan: 3 to create, 1 to change, 0 to delete.`."""
    number = {verb: sum(action.verb == verb for action in actions) for verb in SIGNS}
    return f"Plan: {number['create']} to create, {number['update']} to change, {number['delete']} to delete."


def title(action: Action) -> str:
    """`+ key vane-token`."""
    return f"{SIGNS[action.verb]} {action.kind} {one_line(action.name)}"


def _action(action: Action) -> Iterator[str]:
    yield f"  {title(action)}"
    for change in action.changes:
        yield from _change(change, is_new=action.verb == "create")


def _change(change: Change, *, is_new: bool) -> Iterator[str]:
    field = f"      {one_line(change.field):<{_WIDTH}} "
    if change.field in _SETS:
        old, new = set(change.old or ()), set(change.new or ())
        if change.old is None and not is_new:
            yield f"{field}any → only these"
        else:
            yield field.rstrip()
        yield from (f"        + {one_line(entry)}" for entry in sorted(new - old))
        yield from (f"        - {one_line(entry)}" for entry in sorted(old - new))
    elif is_new:
        yield f"{field}{_value(change.field, change.new)}"
    else:
        yield f"{field}{_value(change.field, change.old)} → {_value(change.field, change.new)}"


def _value(field: str, value: Any) -> str:
    if value is None:
        return "none" if field in ("limit", "limit_reset", "guardrail") else "not set"
    if field == "limit" and isinstance(value, Decimal):
        return f"{value:f} USD"
    if field == "limit_reset":
        return _PERIODS.get(value, one_line(str(value)))
    if isinstance(value, tuple):
        return one_line(", ".join(str(entry) for entry in value))
    return one_line(value if isinstance(value, str) else answers.written(value))
