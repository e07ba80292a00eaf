"""A project, a fake of every leg, a small suite, and the tool between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.compile import Compiled, compile_policies
from compiler.targets import Target
from harness.bench.case import Case, Suite
from harness.bench.expectation import Calls, Contains, ExpectedCall
from harness.bench.store import Run, read_run
from tests.fakes.chat import KEY, Chat
from tests.shipped import copied, shipped

VARIABLES = ("OPENROUTER_TOKEN_KEY", "OPENROUTER_DOLLAR_KEY", "OPENCLAW_GATEWAY_TOKEN")
GRAY = "OPENROUTER_GRAY_KEY"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def text_case(name: str, scenario: str = "agent-loops", modalities: tuple[str, ...] = ("text",)) -> Case:
    """Wants the word that the fake says."""
    messages = ({"role": "user", "content": f"Case {name}: do you understand?"},)
    return Case(name, scenario, "text", messages, (), Contains(("understood",)), 50, modalities)


def tool_case(name: str, scenario: str = "agent-loops") -> Case:
    """Wants one call."""
    messages = ({"role": "user", "content": f"Case {name}: weather in Paris?"},)
    expected = Calls((ExpectedCall("get_weather", {"city": ("Paris",)}),))
    return Case(name, scenario, "single", messages, (WEATHER,), expected, 50)


def suite_of(*cases: Case) -> Suite:
    return Suite("small", "1", "c" * 64, cases)


@dataclass(frozen=True, slots=True)
class Done:
    """What a run of the tool said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Runs `vane bench run` on a project, with all legs on one fake."""

    project: Path
    chat: Chat
    capture: pytest.CaptureFixture[str]
    use: Callable[[Suite], None]

    @property
    def file(self) -> Path:
        return self.project / "run.jsonl"

    def __call__(self, *arguments: str) -> Done:
        """As given."""
        code = main(["bench", *arguments, "-C", str(self.project)])
        return Done(code, *self.capture.readouterr())

    def run(self, *arguments: str, out: bool = True) -> Done:
        """`vane bench run` without warm-up, on the fake."""
        url = self.chat.address
        where = ["--api", url, "--mlx-url", url, "--remote-url", url.removesuffix("/v1")]
        return self("run", *where, *(("--out", str(self.file)) if out else ()), "--warm-up", "0", *arguments)

    @property
    def kept(self) -> Run:
        return read_run(self.file)


@pytest.fixture
def chat() -> Iterator[Chat]:
    with Chat() as server:
        yield server


@pytest.fixture
def desk(chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """The shipped policies, compiled once unless a test edits them; three cases until `use` is called. No pictures.

    Without the gray track's key, so nothing is asked on trial: tests of that set it.
    """
    for variable in VARIABLES:
        monkeypatch.setenv(variable, KEY)
    monkeypatch.delenv(GRAY, raising=False)

    def use(suite: Suite) -> None:
        monkeypatch.setattr("harness.bench.run_command.chosen_suite", lambda folder: suite)

    use(suite_of(text_case("one"), text_case("two"), tool_case("three")))
    monkeypatch.setattr("harness.bench.run_command.finish", no_finish)
    project = copied(tmp_path)
    before = {file: file.read_bytes() for file in (project / "policies").rglob("*.yaml")}

    def compiled(folder: Path, targets: Sequence[Target]) -> Compiled:
        untouched = all(file.read_bytes() == content for file, content in before.items())
        return shipped() if untouched else compile_policies(folder, targets)

    monkeypatch.setattr("harness.bench.run_command.compile_policies", compiled)
    return Desk(project, chat, capsys, use)


def as_fast_as_ever(file: Path) -> Path:
    """A run whose every answer took a second: a busy machine is no slower model."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    times = {"first_token_ms": 1000.0, "last_token_ms": 1000.0, "total_ms": 1000.0}
    timed = ({**row, **times} if row["row"] == "attempt" else row for row in rows)
    file.write_text("".join(f"{json.dumps(row)}\n" for row in timed), "utf-8")
    return file


def no_finish(project: Path, run: Path, *, is_evidence: bool) -> object:
    """Drawing takes seconds; tests of what comes after the calls do it for themselves."""
    from harness.bench.finish import Finished

    return Finished((), "")
