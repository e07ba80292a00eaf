"""The desk at which `vane spend` is tried: the shipped policies, and an account with a key for each track."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.market.spend.sync_command import VARIABLE
from harness.market.spend.track_keys import FILE as KEYS
from tests.fakes import openrouter_spend as fake
from tests.shipped import PROJECT, copied, shipped
from tests.spend.desk import Desk


@pytest.fixture
def account() -> Iterator[fake.Account]:
    """An account with a key for each track, in May 2026."""
    with fake.Server() as account:
        account.add_key("vane-token")
        account.add_key("vane-dollar", "800", "monthly")
        account.add_key("vane-gray")
        yield account


@pytest.fixture
def desk(
    account: fake.Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """The shipped project beside that account."""
    project = copied(tmp_path / "project")
    (project / KEYS).parent.mkdir(parents=True)
    shutil.copyfile(PROJECT / KEYS, project / KEYS)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(VARIABLE, fake.MANAGEMENT)
    for key in account.keys:
        monkeypatch.setenv(f"OPENROUTER_{key.name.removeprefix('vane-').upper()}_KEY", key.secret)
    for module in ("attribution", "import_command"):
        monkeypatch.setattr(f"harness.market.spend.{module}.compile_policies", lambda folder, targets: shipped())
    return Desk(project, account, capsys)
