"""A project, an account that spends, and `vane spend` between them, at a time that the test says."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from compiler.cli import parser
from harness.clock import Clock
from harness.market.spend.ledger import FILE, reading
from harness.market.spend.rows import Activity, Call, Counter, Key
from tests.fakes import openrouter_spend as fake


class Done(NamedTuple):
    """What a run of the tool said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """Runs the command against the fake account."""

    project: Path
    account: fake.Account
    capture: pytest.CaptureFixture[str]

    def __call__(self, step: str, *arguments: str | Path) -> Done:
        api = ("--api", self.account.api) if step == "sync" else ()
        asked = parser().parse_args(["spend", step, *map(str, arguments), *api, "-C", str(self.project)])
        self.capture.readouterr()
        run = import_module(f"harness.market.spend.{step}_command").run
        timed = {} if step == "export" else {"clock": Clock(now=lambda: self.account.now, pause=lambda _: None)}
        return Done(run(asked, **timed), *self.capture.readouterr())

    @property
    def file(self) -> Path:
        return self.project / FILE

    def key(self, track: str) -> fake.Key:
        """A track's key."""
        return next(key for key in self.account.keys if key.name == f"vane-{track}")

    def activity(self) -> tuple[Activity, ...]:
        with reading(self.file) as ledger:
            return ledger.rows(Activity) if ledger else ()

    def everything(self) -> tuple[Any, ...]:
        """All rows of the ledger but what the live counters said."""
        with reading(self.file) as ledger:
            return (*ledger.rows(Activity), *ledger.rows(Call), *ledger.rows(Key)) if ledger else ()

    def all_rows(self) -> tuple[Any, ...]:
        with reading(self.file) as ledger:
            return (*self.everything(), *ledger.rows(Counter)) if ledger else ()


def spend_a_day(desk: Desk, day: datetime.date, scale: int = 1) -> None:
    """A day of a team: flash and Hy3 on the token key, Opus on the dollar key, Owl on the gray one."""
    at = datetime.datetime.combine(day, datetime.time(9, 30), datetime.UTC)
    account = desk.account
    account.spend(desk.key("token"), "deepseek/deepseek-v4-flash", 4_000_000 * scale, 400_000 * scale, at=at)
    account.spend(desk.key("token"), "tencent/hy3-preview", 1_000_000 * scale, 90_000 * scale, at=at)
    account.spend(desk.key("dollar"), "anthropic/claude-opus-4.7", 700_000 * scale, 60_000 * scale, at=at)
    account.spend(desk.key("gray"), "openrouter/owl-alpha", 300_000 * scale, 20_000 * scale, at=at)
