"""`vane account plan | apply`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TextIO

from deploy.account.answers import written
from deploy.account.api import OPENROUTER, VARIABLE, Api
from deploy.account.apply import Applying
from deploy.account.desired import Desired, read_desired
from deploy.account.handover import STANDARD_OUTPUT, handover
from deploy.account.plan import Plan, make_plan
from deploy.account.plan_file import hold_against, plan_data, read_plan, write_plan
from deploy.account.refusal import Refusal, one_line
from deploy.account.show import plan_text, title
from deploy.account.state import Account, read_account


@dataclass(frozen=True, slots=True)
class Situation:
    """What is desired, what is there, and what follows."""

    desired: Desired
    account: Account
    plan: Plan

    @property
    def data(self) -> dict[str, Any]:
        return plan_data(self.plan, self.desired, self.account)


def run(asked: argparse.Namespace) -> int:
    """0: fine; 1: refused, or changes under --check; 2: called wrongly."""
    try:
        return _plan(asked) if asked.account == "plan" else _apply(asked)
    except Refusal as refusal:
        sys.stdout.flush()
        sys.stderr.write(refusal.text)
        return refusal.exit_code


def _plan(asked: argparse.Namespace) -> int:
    with _situation(asked) as (_, now):
        if asked.out:
            write_plan(asked.out, now.data)
        print(written(now.data, pretty=True) if asked.json else plan_text(now.plan), end="\n" if asked.json else "")
    if now.plan.deletes and not asked.json:
        print("Deletions are applied only with --allow-delete.")
    if asked.out and not asked.json:
        print(f"Apply exactly this plan with: vane account apply {one_line(str(asked.out))}")
    return 1 if asked.check and now.plan.actions else 0


def _apply(asked: argparse.Namespace) -> int:
    #: standard output is for secrets alone where they go there
    out = sys.stderr if asked.secrets_to == STANDARD_OUTPUT else sys.stdout
    saved = read_plan(asked.plan) if asked.plan else None
    with _situation(asked) as (api, now):
        if saved is not None:
            hold_against(asked.plan, saved, now.data)
        out.write(plan_text(now.plan))
        if not now.plan.actions:
            return 0
        if now.plan.deletes and not asked.allow_delete:
            fix = "read what goes in the plan above; if it shall, add --allow-delete"
            raise Refusal("VA305", "plan", f"{now.plan.deletes} deletions", fix)
        place = handover(asked.secrets_to, asked.project) if now.plan.creates_keys else nullcontext(_Nowhere())
        with place as secrets:
            if saved is None and not asked.yes:
                if not _is_confirmed(out):
                    out.write("Nothing was changed.\n")
                    return 1
                _same_as_before(api, now)
            _work_through(Applying(api, now.desired, now.account, secrets), now.plan, out)
    return 0


@contextmanager
def _situation(asked: argparse.Namespace) -> Iterator[tuple[Api, Situation]]:
    desired = read_desired(asked.project / "generated" / "openrouter")
    with Api(asked.api or OPENROUTER, os.environ.get(VARIABLE)) as api:
        account = read_account(api, desired)
        yield api, Situation(desired, account, make_plan(desired, account))


class _Nowhere:
    """For plans that make no key."""

    def give(self, variable: str, secret: str) -> None:
        raise OSError(f"nobody expected a secret for {variable}")


def _is_confirmed(out: TextIO) -> bool:
    if not sys.stdin.isatty():
        raise Refusal("VA307", "standard input", "nobody is there to ask", "read `vane account plan`; then --yes")
    out.write("Do this? Only `yes` counts: ")
    out.flush()
    return sys.stdin.readline().strip() == "yes"


def _same_as_before(api: Api, now: Situation) -> None:
    """A question can stand for hours."""
    if read_account(api, now.desired).fingerprint != now.account.fingerprint:
        raise Refusal("VA304", "plan", "the account changed since the plan", "plan again")


def _work_through(applying: Applying, plan: Plan, out: TextIO) -> None:
    for number, action in enumerate(plan.actions):
        try:
            applying.do(action)
        except Refusal:
            out.write(f"  FAILED {title(action)}\n")
            for left in plan.actions[number + 1 :]:
                out.write(f"  not done: {title(left)}\n")
            out.write(f"Stopped: {number} done, 1 failed, {len(plan.actions) - number - 1} not done.\n")
            out.flush()
            raise
        out.write(f"  done: {title(action)}\n")
        out.flush()
    out.write(f"Applied: {len(plan.actions)} done.\n")
