"""The table that a run of the gateway contract prints at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What the stub saw of one turn."""

    scenario: str
    primary_answers: str
    asked: str
    key: str
    then: str


HEADINGS = Row("scenario", "primary answers", "upstream model asked", "key asked", "fallback order seen")


def table(rows: Sequence[Row]) -> list[str]:
    """Rows as text in columns, scenario by scenario."""
    cells = [astuple(row) for row in (HEADINGS, *sorted(rows, key=lambda row: row.scenario))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
