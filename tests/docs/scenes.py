"""What must have happened before some commands of the pages: an edit, a month of spend, Macs that reported.

The rest of a page finds the clone as it is shipped, with whatever the page itself did to it.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import sys
import tomllib
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from compiler.cli import main
from deploy.account import api
from deploy.release.rings import PATH
from harness.clock import Clock
from harness.market.spend.ledger import FILE
from harness.market.spend.sync_command import VARIABLE
from tests.deploy.fleet import report, rings
from tests.docs.walk import Scene, Walk
from tests.fakes import openrouter_management as management
from tests.fakes import openrouter_spend as spending
from tests.shipped import edit
from tests.simulate.ledgers import DAY, FLASH, GEMINI, HY3, OPUS, M, activity, call, write_ledger

#: A month of the six-person team, in five rows a day and a log that knows whose some calls were.
A_MONTH = tuple(
    row
    for day in (DAY.replace(day=number) for number in range(1, 32))
    for row in (
        activity(FLASH, 31 * M, 3 * M, "2.914", cached=18 * M, day=day, requests=1500),
        activity(HY3, 9 * M, M, "0.811", cached=None, day=day, requests=300),
        activity(GEMINI, 6 * M, M // 2, "3.9", cached=2 * M, day=day, requests=200),
        activity(OPUS, 4 * M, M // 2, "24.75", key="h-dollar", cached=2 * M, day=day, requests=60),
        call(f"gen-{day}", FLASH, 4 * M, M // 2, "0.4", cached=2 * M, scenario="ide-assist", day=day),
    )
)
_TIMED = (
    "harness.market.spend.sync_command", "harness.market.spend.show_command", "harness.market.spend.tickets_command",
    "harness.propose.command",
)  # fmt: skip


def two_mistakes(walk: Walk) -> None:
    """A model that does not exist, and customer data in the gray pool."""
    article = " # the article writes minimax/m2.7, which OpenRouter does not serve"
    edit(walk.project / "policies/tracks.yaml", (f"minimax/minimax-m2.7{article}", "minimax/m2.7"))
    edit(
        walk.project / "policies/scenarios/gray-trials.yaml", ("track: gray\n", "track: gray\ndata: [customer-data]\n")
    )


def first_two_swapped(walk: Walk) -> None:
    """Hy3 before V4-Flash."""
    walk.git("checkout", "-q", "--", "policies")
    edit(
        walk.project / "policies/tracks.yaml",
        ("primary: deepseek/deepseek-v4-flash", "primary: tencent/hy3-preview"),
        ("- tencent/hy3-preview", "- deepseek/deepseek-v4-flash"),
    )


def as_merged(walk: Walk) -> None:
    """Policies without anybody's edit."""
    walk.git("checkout", "-q", "--", "policies")


def a_ledger(walk: Walk) -> None:
    """A month of rows."""
    write_ledger(walk.project / FILE, A_MONTH)


def synced(walk: Walk) -> None:
    """25 days of a team, on an account that `vane spend sync` has asked."""
    account = _account(walk)
    keys = {key.name.removeprefix("vane-"): key for key in account.keys}
    for number in range(1, 26):
        noon = datetime.time(9, 30)
        at = datetime.datetime.combine(account.now.date() - datetime.timedelta(days=number), noon, datetime.UTC)
        scale = 1 + number % 5
        account.spend(keys["token"], FLASH, 4_000_000 * scale, 400_000 * scale, at=at)
        account.spend(keys["token"], HY3, 1_000_000 * scale, 90_000 * scale, at=at)
        account.spend(keys["dollar"], OPUS, 700_000 * scale, 60_000 * scale, at=at)
        account.spend(keys["gray"], "openrouter/owl-alpha", 300_000 * scale, 20_000 * scale, at=at)
    _sync(walk, account)


def over_the_cap(walk: Walk) -> None:
    """Opus for 51 dollars a day, on 20 days of May."""
    account = _account(walk)
    token, dollar, _ = account.keys
    for number in range(1, 21):
        noon = datetime.datetime(2026, 5, number, 12, tzinfo=datetime.UTC)
        account.spend(token, FLASH, 40_000_000, 4_000_000, at=noon)
        account.spend(dollar, OPUS, 51 * 200_000, 0, at=noon)
    account.now = datetime.datetime(2026, 5, 21, 6, 17, tzinfo=datetime.UTC)
    _sync(walk, account)


def an_older_account(walk: Walk) -> None:
    """The account is as the last merge left it: a lower limit, another model, and a key that no track uses any more."""
    account = walk.enter(management.Server())
    walk.patch.setenv(api.VARIABLE, management.MANAGEMENT_KEY)
    walk.patch.setattr("deploy.account.command.OPENROUTER", account.address)
    _quietly("account", "apply", "--yes", "--secrets-to", "-")
    account.key("vane-dollar").update(limit=500)
    allowed = account.guardrail("vane-token")["allowed_models"]
    allowed.remove("tencent/hy3-preview-20260421")
    allowed.append("openai/gpt-5.4")
    account.add_key("vane-old")


def two_macs_reported(walk: Walk) -> None:
    """The canary has release 7, the other Mac waits."""
    reports = walk.project.parent / "team/reports"
    reports.mkdir(parents=True)
    walk.stand_ins["/Volumes/team"] = str(reports.parent)
    generated = walk.project / "generated"
    machines = dict.fromkeys(("air-ana", "air-ben"), "policies/fleet.yaml:3")
    (generated / "manifest.json").write_text(json.dumps({"machines": machines}))
    (generated / PATH).write_bytes(rings(("canary", ("air-ana",), 3, 1)))
    waiting = report("air-ben", 6, sync={"state": "waiting", "drift": []}, minutes=1)
    for said in (report("air-ana"), waiting):
        (reports / f"{said['machine']}.json").write_text(json.dumps(said))


def lamp_is_installed(walk: Walk) -> None:
    """What `pip install -e lamp` leaves: the package's folder and its entry points."""
    folder = walk.project / "lamp"
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    ((group, entries),) = project["entry-points"].items()
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    walk.patch.syspath_prepend(folder)
    walk.opened.callback(sys.modules.pop, "lamp", None)


def _account(walk: Walk) -> spending.Account:
    account = walk.enter(spending.Server())
    account.add_key("vane-token")
    account.add_key("vane-dollar", "800", "monthly")
    account.add_key("vane-gray")
    walk.patch.setenv(VARIABLE, spending.MANAGEMENT)
    for key in account.keys:
        walk.patch.setenv(f"OPENROUTER_{key.name.removeprefix('vane-').upper()}_KEY", key.secret)
    for module in _TIMED:
        walk.patch.setattr(f"{module}.Clock", lambda: Clock(now=lambda: account.now, pause=lambda _: None))
    return account


def _sync(walk: Walk, account: spending.Account) -> None:
    _quietly("spend", "sync", "--api", account.api)


def _quietly(*arguments: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(arguments)
    if code:
        pytest.fail(f"vane {' '.join(arguments)}: {said.getvalue()}")


#: page → command → what happened before it
SCENES: Mapping[str, Mapping[str, Scene]] = MappingProxyType(
    {
        "README.md": {
            "vane compile": two_mistakes,
            "vane diff": first_two_swapped,
            "vane explain security-audit": as_merged,
        },
        "docs/account.md": {"vane account plan": an_older_account},
        "docs/deploy.md": {"vane fleet status --folder /Volumes/team/reports": two_macs_reported},
        "docs/propose.md": {"vane propose": over_the_cap},
        "docs/simulate.md": {
            "vane simulate --month 2026-05 --set batch.primary=google/gemini-3-flash-preview": a_ledger
        },
        "docs/spend.md": {"vane spend show 2026-05 --by track": synced},
        "docs/write-a-target.md": {"vane compile": lamp_is_installed},
    }
)
