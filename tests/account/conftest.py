"""A project with desired state, a fake account, and the tool between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.targets.openrouter.emit import emit
from deploy.account import api
from tests.fakes.openrouter_management import MANAGEMENT_KEY, Management, Server
from tests.targets.test_openrouter import PLAN


@dataclass(frozen=True, slots=True)
class Done:
    """What a run of the tool said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Runs `vane account` on a project and an account."""

    project: Path
    account: Management
    capture: pytest.CaptureFixture[str]
    waited: list[float] = field(default_factory=list)

    @property
    def secrets(self) -> Path:
        """Where secrets may go: beside the project."""
        return self.project.parent / "secrets.env"

    def __call__(self, *arguments: str) -> Done:
        code = main(["account", *arguments, "-C", str(self.project), "--api", self.account.address])
        return Done(code, *self.capture.readouterr())

    def apply(self, *arguments: str) -> Done:
        """Without questions, secrets to a file."""
        self.secrets.unlink(missing_ok=True)
        return self("apply", "--yes", "--secrets-to", str(self.secrets), *arguments)

    def edit(self, kind: str, change: Callable[[Any], object]) -> None:
        """Change what is desired."""
        file = self.project / "generated" / "openrouter" / f"{kind}.json"
        data = json.loads(file.read_text("utf-8"))
        change(data[kind])
        file.write_text(json.dumps(data), "utf-8")


@pytest.fixture
def account() -> Iterator[Management]:
    """An empty account."""
    with Server() as state:
        yield state


@pytest.fixture
def desk(
    account: Management, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """The desired state is that of tests/golden/targets/openrouter."""
    project = tmp_path / "project"
    for artifact in emit(PLAN):
        file = project / "generated" / artifact.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.content)
    monkeypatch.setenv(api.VARIABLE, MANAGEMENT_KEY)
    desk = Desk(project, account, capsys)
    monkeypatch.setattr("deploy.account.api.time.sleep", desk.waited.append)
    return desk
