"""`vane fleet status | push`."""

from __future__ import annotations

import argparse
import datetime
import sys

from deploy.account.refusal import Refusal
from deploy.fleet.members import read_members
from deploy.fleet.show import FORMATS
from deploy.fleet.state import fleet_state
from deploy.release.reports import reports_at


def run(asked: argparse.Namespace) -> int:
    """0: all well; 1: a Mac needs somebody, or refused."""
    try:
        if asked.fleet == "push":
            from deploy.fleet.push import push

            return push(asked, print)
        return _status(asked)
    except Refusal as refusal:
        sys.stdout.flush()
        sys.stderr.write(refusal.text)
        return refusal.exit_code


def _status(asked: argparse.Namespace) -> int:
    place = {"git": asked.git} if asked.git else {"folder": str(asked.folder)}
    members = read_members(asked.project)
    state = fleet_state(members, reports_at(place).read(), datetime.datetime.now(datetime.UTC))
    print(FORMATS[asked.format](state), end="")
    return 0 if state.is_good else 1
