"""What docs/simulate.md shows is what the tool prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.cli import main
from harness.market.spend.ledger import FILE
from tests.shipped import PROJECT, copied
from tests.simulate.ledgers import DAY, FLASH, GEMINI, HY3, OPUS, M, activity, call, write_ledger

PAGE = (PROJECT / "docs/simulate.md").read_text("utf-8")
SHOWN = re.findall(r"```console\n\$ vane ([^\n]*)\n(.*?)```", PAGE, re.DOTALL)
#: A month of the six-person team, in five rows a day and a log that knows whose some calls were.
ROWS = tuple(
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


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_examples(
    command: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_ledger(copied(tmp_path) / FILE, ROWS)
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 0
    assert capsys.readouterr().out == shown


def test_the_example_was_found() -> None:
    assert len(SHOWN) == 1
