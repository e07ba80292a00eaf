"""What a run against the real programs shows at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Row:
    """What the stub saw of one turn."""

    scenario: str
    primary_answers: str
    asked: str
    key: str
    then: str


SEEN = pytest.StashKey[list[Row]]()
HEADINGS = Row("scenario", "primary answers", "upstream model asked", "key asked", "fallback order seen")


@pytest.fixture(scope="session")
def seen(pytestconfig: pytest.Config) -> list[Row]:
    """Rows of the table at the end of the run."""
    return pytestconfig.stash.setdefault(SEEN, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if rows := config.stash.get(SEEN, None):
        terminalreporter.section("what the real gateway asked for")
        for line in lines([HEADINGS, *rows]):
            terminalreporter.write_line(line)


def lines(rows: Sequence[Row]) -> list[str]:
    """Rows as text in columns."""
    cells = [astuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
