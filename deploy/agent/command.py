"""`vane-agent`: what it can be asked."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deploy.account.refusal import Refusal
from deploy.agent.doctor import examine
from deploy.agent.launchctl import Launchctl
from deploy.agent.log import Log
from deploy.agent.mac import Mac
from deploy.agent.settings import FILE, read_settings
from deploy.agent.show import plan_text
from deploy.agent.site import site_of
from deploy.agent.state import read_state
from deploy.agent.status import read_report, report_data, report_text
from deploy.agent.transition import as_refusal
from deploy.agent.work import Agent, Busy
from deploy.release.check import checks_text
from deploy.release.reported import QUIET
from deploy.release.secret import masked

GOOD, FINDINGS, INTERNAL = 0, 1, 3


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        prog="vane-agent",
        description="Bring this Mac to the release that was signed for it, and keep it there.",
        epilog="exit codes: 0 good, 1 something to look at, 2 usage, 3 internal error",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="one pass: fetch, verify, apply, check health, confirm or go back")
    run.add_argument("--dry-run", action="store_true", help="only show what a pass would do")
    run.add_argument(
        "--from", dest="brought", type=Path, metavar="FOLDER",
        help="take the release that somebody put there, now, whatever the rings before this Mac's say",
    )  # fmt: skip
    run.add_argument("--jitter", action="store_true", help="sleep up to jitter_seconds first, as launchd's passes do")
    plan = commands.add_parser("plan", help="show what a pass would do")
    status = commands.add_parser("status", help="what the last pass found")
    status.add_argument("--json", action="store_true", help="as status.json has it")
    suspend = commands.add_parser("suspend", help="change nothing until `resume`")
    suspend.add_argument("reason", nargs="?", default="no reason given", help="why, for those who ask")
    resume = commands.add_parser("resume", help="go on; also take up again what was given up")
    rollback = commands.add_parser("rollback", help="go back to the release before, and stay off this one")
    doctor = commands.add_parser("doctor", help="what this Mac lacks, and the command that mends it")
    for command in (run, plan):
        command.add_argument("--diff", action="store_true", help="show how each file would change")
    for command in (run, plan, status, suspend, resume, rollback, doctor):
        command.add_argument("--user", help="on an always-on Mac: the account whose files and jobs these are")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    asked = parser().parse_args(arguments)
    try:
        return _run(asked)
    except Busy:
        print("vane-agent: another one is at work; nothing to do")
        return GOOD
    except (Refusal, OSError) as error:
        sys.stderr.write(masked(as_refusal(error).text))
        return FINDINGS
    except Exception as error:
        sys.stderr.write(masked("".join(traceback.format_exception(error))))
        print("vane-agent: internal error. This is our fault, not yours.", file=sys.stderr)
        return INTERNAL


def _run(asked: argparse.Namespace) -> int:
    if asked.command == "doctor":
        return _doctor(asked.user)
    settings = read_settings(Path.home() / FILE)
    brought: Path | None = getattr(asked, "brought", None)
    if brought is not None:
        settings = replace(settings, remote={"folder": str(brought.absolute())})
    site = site_of(asked.user, settings.prefix)
    agent = Agent(Mac(site, settings, Launchctl(site.domains), Log(site.state)), brought=brought is not None)
    if asked.command == "status":
        return _status(site.state, as_json=asked.json)
    if asked.command == "plan" or (asked.command == "run" and asked.dry_run):
        return _plan(agent, with_diff=asked.diff)
    if asked.command == "suspend":
        agent.suspend(asked.reason)
        return GOOD
    if asked.command == "resume":
        agent.resume()
        return GOOD
    report = agent.run(is_scheduled=asked.jitter) if asked.command == "run" else agent.roll_back()
    print(report_text(report_data(report)), end="")
    return GOOD if report.is_quiet else FINDINGS


def _doctor(user: str | None) -> int:
    checks = tuple(examine(user))
    print(checks_text(checks), end="")
    return GOOD if all(check.is_there for check in checks) else FINDINGS


def _plan(agent: Agent, *, with_diff: bool) -> int:
    release, plan, refusal = agent.plan()
    if refusal is not None:
        sys.stderr.write(masked(refusal.text))
    print(plan_text(plan, release, with_diff=with_diff), end="")
    return FINDINGS if refusal else GOOD


def _status(folder: Path, *, as_json: bool) -> int:
    data = read_report(folder)
    if data is None:
        raise Refusal("VD404", "status", "no pass has ended on this Mac yet", "vane-agent run")
    print(json.dumps(data, indent=1, ensure_ascii=False) if as_json else report_text(data), end="\n" if as_json else "")
    if journal := read_state(folder).journal:
        words = f"{journal.phase} {journal.target[:12]}, coming from {(journal.source or 'nothing')[:12]}"
        print(f"vane-agent: at work, or cut off: {words}; `vane-agent run` goes on", file=sys.stderr)
    return GOOD if data["sync"]["state"] in QUIET else FINDINGS
