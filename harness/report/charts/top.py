"""The Top 10 as a table with bars: what each holds, what changed, and whether a route of ours uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.market.families import parse
from harness.market.moved import Moved
from harness.market.moves import Line
from harness.market.numbers import share, signed, unsigned
from harness.report.charts.scale import portion
from harness.report.words import NONE, about, counted, cut, minus, model

_CLAIMED, _PART = "*", "†"


@dataclass(frozen=True, slots=True)
class Row:
    """A family of the Top 10."""

    rank: str
    was: str
    name: str
    vendor: str
    is_ours: bool
    bar: str
    tokens: str
    change: str
    share: str
    says: str


def ours(moved: Moved) -> frozenset[str]:
    """Families of the models that some scenario's route can ask for."""
    if moved.exposure is None:
        return frozenset()
    return frozenset(parse(use.permaslug).family for use, _ in moved.exposure.models if use.scenarios)


def rows(moved: Moved) -> Iterator[Row]:
    """By rank."""
    moves, mine = moved.moves, ours(moved)
    longest = max((line.now.tokens for line in moves.top if line.now), default=0)
    exact = moves.now.provenance.exact
    for line in moves.top:
        if line.now:
            tokens = line.now.tokens
            yield Row(
                rank=str(line.now.rank), was=str(line.then.rank) if line.then else NONE, name=model(line.name),
                vendor=cut(line.vendor.name), is_ours=parse(line.name).family in mine, bar=portion(tokens, longest),
                tokens=about(tokens, exact), change=_change(moved, line),
                share=unsigned(share(tokens, moves.now.platform.total)), says=_says(moved, line, tokens),
            )  # fmt: skip


def signs(found: Sequence[Row]) -> Iterator[str]:
    """What the signs behind changes mean, where there are some."""
    if any(row.change.endswith(_CLAIMED) for row in found):
        yield f"{_CLAIMED} By its source's own word."
    if any(row.change.endswith(_PART) for row in found):
        yield f"{_PART} Not listed on all days of both weeks."


def _change(moved: Moved, line: Line) -> str:
    claimed = moved.moves.claim(line)
    if claimed is not None:
        return minus(f"{claimed:+d} %{_CLAIMED}")
    return minus(f"{signed(line.change)}{_PART if line.part_of_week and line.change is not None else ''}")


def _says(moved: Moved, line: Line, tokens: int) -> str:
    now, then = moved.moves.now, moved.moves.then
    before = counted(line.then.tokens, then.provenance.exact) if line.then else "not listed"
    return f"{cut(line.name)}: {counted(tokens, now.provenance.exact)} tokens, {before} in {then.week}"
