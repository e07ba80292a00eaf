"""A history as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby

from harness.market.history import Subject, WeekOf
from harness.market.numbers import percent, signed, tokens, unsigned
from harness.weeks import DAYS

_HEAD = ("week", "tokens", "rank", "share", "change", "")
_BLOCKS = "▁▂▃▄▅▆▇█"
#: A line of a terminal.
_MOST_BLOCKS = 72
_GAP = "·"
_UNKNOWN = "–"


def as_json(weeks: Sequence[WeekOf]) -> str:
    """One object a week. Tokens are whole numbers; percentages are decimal strings; null is not known."""
    return json.dumps([_object(each) for each in weeks], indent=2) + "\n"


def _object(each: WeekOf) -> dict[str, object]:
    return {
        "week": str(each.week), "status": each.status, "tokens": each.tokens, "rank": each.rank,
        "share_percent": _decimal(each.share), "change_percent": _decimal(each.change), "total_tokens": each.total,
        "exact": each.exact, "complete": each.complete, "days_listed": each.days, "permaslugs": list(each.permaslugs),
    }  # fmt: skip


def _decimal(value: Fraction | None) -> str | None:
    shown = percent(value)
    return None if shown is None else str(shown)


def as_text(of: Subject, weeks: Sequence[WeekOf]) -> str:
    """A heading, a line of blocks, a table, and what its signs mean."""
    rows = [_HEAD, *(row for _, run in groupby(weeks, key=_kind) for row in _rows(tuple(run)))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [_heading(of, weeks), *_blocks(weeks), "", *(_line(row, widths) for row in rows)]
    return "\n".join([*lines, *_signs(weeks)]) + "\n"


def _heading(of: Subject, weeks: Sequence[WeekOf]) -> str:
    names = sorted({name for each in weeks for name in each.permaslugs})
    if of.kind == "family" and names != [of.name]:
        return f"{of.name}: {', '.join(names) or 'not listed'}"
    return f"{of.name}: {len(names)} models" if of.kind == "vendor" else of.name


def _kind(each: WeekOf) -> str:
    """Weeks with numbers have a line each; runs of others share one, which says why there are none."""
    if each.status == "listed":
        return "total unknown" if each.tokens is None else str(each.week)
    return each.status


def _rows(run: Sequence[WeekOf]) -> Iterator[tuple[str, ...]]:
    first, last = run[0], run[-1]
    if first.tokens is not None:
        count = ("" if first.exact else "~") + tokens(first.tokens)
        moved = ("" if first.change_exact or first.change is None else "~") + signed(first.change)
        part = ("" if first.exact or first.share is None else "~") + unsigned(first.share)
        yield str(first.week), count, str(first.rank or _UNKNOWN), part, moved, _note(first)
    elif len(run) == 1:
        yield str(first.week), _kind(first), "", "", "", ""
    else:
        yield str(first.week), _kind(first), "", "", "", f"to {last.week}, {len(run)} weeks"


def _note(each: WeekOf) -> str:
    notes = [] if each.complete else ["the week is not whole"]
    if each.days is not None and each.days < DAYS:
        notes.append(f"listed on {each.days} of {DAYS} days")
    return "; ".join(notes)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    week, *numbers, note = row
    aligned = [number.rjust(width) for number, width in zip(numbers, widths[1:-1], strict=True)]
    return "  ".join([week.ljust(widths[0]), *aligned, note]).rstrip()


def _blocks(weeks: Sequence[WeekOf]) -> Iterator[str]:
    """A block a week, from nothing to the most; a point where nothing is known."""
    shown = weeks[-_MOST_BLOCKS:]
    most = max((each.tokens or 0 for each in shown), default=0)
    if most:
        yield "".join(_GAP if each.tokens is None else _block(each.tokens, most) for each in shown)


def _block(count: int, most: int) -> str:
    return _BLOCKS[min(len(_BLOCKS) - 1, count * len(_BLOCKS) // most)]


def _signs(weeks: Sequence[WeekOf]) -> Iterator[str]:
    said = []
    if any(not each.exact for each in weeks if each.tokens is not None):
        said.append("~ from rounded numbers")
    if any(each.tokens is not None and each.total is None for each in weeks):
        said.append("no share where the source has no total")
    if said:
        yield ""
        yield "; ".join(said)
