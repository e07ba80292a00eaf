"""A project, a market, and `vane market refresh` between them, at a time that the test says."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from compiler.cli import parser
from harness.clock import Clock
from harness.market import archive
from harness.market.refresh_command import run
from harness.weeks import Week
from tests.fakes.openrouter_market import Fault, Market


class Done(NamedTuple):
    """What a run of the tool said."""

    code: int
    out: str
    err: str


@dataclass
class Desk:
    """Runs the command; waiting is noted and not done."""

    project: Path
    market: Market
    api: str
    capture: pytest.CaptureFixture[str]
    waited: list[float] = field(default_factory=list)

    def __call__(self, *arguments: str) -> Done:
        asked = parser().parse_args(["market", "refresh", "-C", str(self.project), "--api", self.api, *arguments])
        code = run(asked, Clock(now=lambda: self.market.now, pause=self.waited.append))
        return Done(code, *self.capture.readouterr())

    def fault(self, path: str = "", times: int = 99, **how: Any) -> None:
        """From now on, this goes wrong."""
        self.market.faults.append(Fault(path, times, **how))

    def changed(self, path: str, change: Callable[[Any], Any]) -> None:
        """From now on, answers are changed so."""
        self.fault(path, change=change)

    def pass_days(self, days: int) -> None:
        """Time goes on, on both sides."""
        self.market.now += datetime.timedelta(days=days)
        self.market.faults.clear()

    @property
    def files(self) -> dict[str, bytes]:
        """Everything in the archive."""
        folder = self.project / archive.FOLDER
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
        }

    def json(self, week: Week, name: str) -> Any:
        """A file of a week."""
        return json.loads((archive.folder(self.project, week) / name).read_bytes())
