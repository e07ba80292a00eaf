"""A plan in a file: what it rests on, and what it does. Whoever applies it can only do exactly that."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from deploy.account import answers
from deploy.account.desired import Desired
from deploy.account.plan import Action, Plan
from deploy.account.refusal import Refusal
from deploy.account.state import Account

FORMAT = "weathervane/account-plan/1"


def plan_data(plan: Plan, desired: Desired, account: Account) -> dict[str, Any]:
    """As the file and `--json` have it."""
    counts = {verb: sum(action.verb == verb for action in plan.actions) for verb in ("create", "update", "delete")}
    return {
        "format": FORMAT,
        "desired": desired.digest,
        "account": account.fingerprint,
        "counts": counts,
        "actions": [_action(action) for action in plan.actions],
        "notes": list(plan.notes),
    }


def _action(action: Action) -> dict[str, Any]:
    changes = [{"field": change.field, "old": change.old, "new": change.new} for change in action.changes]
    return {
        "verb": action.verb,
        "kind": action.kind,
        "name": action.name,
        "id": action.id,
        "changes": changes,
        "body": dict(action.body),
    }


def write_plan(file: Path, data: dict[str, Any]) -> None:
    """Whole or not at all, for its owner alone."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(answers.written(data, pretty=True) + "\n")
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_plan(file: Path) -> Any:
    """What a plan file holds. Raises Refusal."""
    try:
        data = answers.fields(answers.parsed(file.read_bytes()))
    except OSError as error:
        raise Refusal(
            "VA302", str(file), f"cannot be read: {error.strerror}", "vane account plan --out FILE"
        ) from error
    except ValueError as error:
        raise Refusal("VA302", str(file), f"it is no plan: {error}", "vane account plan --out FILE") from error
    if data.get("format") != FORMAT:
        raise Refusal("VA302", str(file), "it is no plan of this version", "vane account plan --out FILE")
    return data


def hold_against(file: Path, saved: Any, current: dict[str, Any]) -> None:
    """Whether the saved plan is what would be planned now, to the last field. Raises Refusal."""
    if saved.get("desired") != current["desired"]:
        raise Refusal("VA303", str(file), "generated/openrouter changed since the plan", "plan again")
    if saved.get("account") != current["account"]:
        raise Refusal("VA304", str(file), "the account changed since the plan", "plan again")
    if answers.written(saved.get("actions")) != answers.written(current["actions"]):
        raise Refusal("VA302", str(file), "its actions are not what follows from what it rests on", "plan again")
