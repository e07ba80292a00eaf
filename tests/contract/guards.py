"""Gateways with the compiled guard in them, cheap enough for many turns, and what their guards wrote down."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.gateway import TOKEN_VARIABLE, Gateway, home, overlay, running
from tests.contract.installation import command
from tests.contract.turns import FILES, KEYS, VARIABLES
from tests.fakes.upstream import Upstream, self_signed

#: The guard with a clock around it, and the guard itself beside that.
TIMED = {
    "guard/index.js": Path(__file__).with_name("guard_timer.mjs").read_bytes(),
    "guard/guarded.js": FILES["guard/index.js"],
}
#: Turns that a gateway works on at once.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Guarded:
    """A gateway, the stub behind it, and the guard's folder."""

    gateway: Gateway
    upstream: Upstream
    #: ~/.openclaw/guard
    folder: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The decision log."""
        file = self.folder / "state" / "decisions.jsonl"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    @property
    def milliseconds(self) -> list[float]:
        """What the guard took of each turn that is over, where it has a clock around it."""
        return [float(line) for line in (self.folder / "milliseconds").read_text("utf-8").split()]

    @property
    def status(self) -> dict[str, Any]:
        """What the guard says of itself."""
        said: dict[str, Any] = json.loads((self.folder / "state" / "status.json").read_text("utf-8"))
        return said

    def wait_for_lines(self, count: int, patience: float = 60) -> None:
        """A turn is written down when OpenClaw says that it is over, which may be after its answer."""
        deadline = time.monotonic() + patience
        while len(self.lines) < count:
            assert time.monotonic() < deadline, f"{len(self.lines)} lines, not {count}"
            time.sleep(0.1)

    def policy(self, change: Mapping[str, Any]) -> None:
        """Other data for the guard, from the next turn on."""
        data = json.loads(FILES["guard/guard.json"]) | dict(change)
        aside = self.folder / "guard.json.new"
        aside.write_text(json.dumps(data), "utf-8")
        aside.replace(self.folder / "guard.json")


def configuration(mlx_port: int) -> bytes:
    """The compiled file for many short turns: few tools, no instructions in front, several turns at once."""
    data = json.loads(overlay(FILES["openclaw.json"], mlx_port, {}))
    data["tools"]["profile"] = "minimal"
    data["agents"]["defaults"] |= {
        "maxConcurrent": AT_ONCE,
        "skipBootstrap": True,
        "contextInjection": "never",
        "skills": [],
    }
    return json.dumps(data, ensure_ascii=False).encode()


@contextmanager
def guarded(
    folder: Path, upstream: Upstream, certificate: Path, content: bytes | None = None, *, is_timed: bool = False
) -> Iterator[Guarded]:
    """A gateway in a home of its own, or again in the one that is there."""
    folder.mkdir(exist_ok=True)
    state = folder / ".openclaw"
    if not state.exists():
        files = {**FILES, **(TIMED if is_timed else {})}
        home(folder, {**files, "openclaw.json": content or configuration(upstream.mlx.port)})
    environment = {
        **home(folder, {}),
        **{VARIABLES[key]: value for value, key in KEYS.items()},
        TOKEN_VARIABLE: secrets.token_hex(32),
    }
    with running(command(), environment, folder, upstream, certificate) as gateway:
        yield Guarded(gateway, upstream, state / "guard")


@contextmanager
def stub(folder: Path) -> Iterator[tuple[Upstream, Path]]:
    """The upstream services, and the certificate to trust."""
    certificate = self_signed(folder)
    with Upstream(certificate).running() as upstream:
        yield upstream, certificate[0]
