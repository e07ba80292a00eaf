"""A project, an account that spends in fake time, and the commands between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from compiler.cli import main, parser
from harness.clock import Clock
from harness.market.spend.sync_command import VARIABLE
from tests.fakes import openrouter_spend as fake
from tests.shipped import copied
from tests.spend.desk import Done


@dataclass
class Office:
    """A team's project beside its account: `run` is what a person or the weekly run types."""

    project: Path
    account: fake.Account
    capture: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Done:
        """A command at the account's time."""
        timed = {("spend", "sync"): "harness.market.spend.sync_command", ("propose",): "harness.propose.command"}
        self.capture.readouterr()
        for words, module in timed.items():
            if arguments[: len(words)] == words:
                api = ("--api", self.account.api) if "sync" in words else ()
                asked = parser().parse_args([*arguments, *api, "-C", str(self.project)])
                clock = Clock(now=lambda: self.account.now, pause=lambda _: None)
                return Done(import_module(module).run(asked, clock=clock), *self.capture.readouterr())
        return Done(main([*arguments, "-C", str(self.project)]), *self.capture.readouterr())

    def good(self, *arguments: str) -> str:
        """A command that must succeed."""
        done = self.run(*arguments)
        assert done.code == 0, done.out + done.err
        return done.out

    def key(self, track: str) -> fake.Key:
        """A track's key."""
        return next(key for key in self.account.keys if key.name == f"vane-{track}")

    @property
    def tracks(self) -> Path:
        """The file that a downgrade edits."""
        return self.project / "policies/tracks.yaml"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    """The shipped policies, compiled; and a key for each track, the dollar one with its limit."""
    with fake.Server() as account:
        account.add_key("vane-token")
        account.add_key("vane-dollar", "800", "monthly")
        account.add_key("vane-gray")
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(VARIABLE, fake.MANAGEMENT)
        for key in account.keys:
            monkeypatch.setenv(f"OPENROUTER_{key.name.removeprefix('vane-').upper()}_KEY", key.secret)
        office = Office(copied(tmp_path / "project"), account, capsys)
        yield office
