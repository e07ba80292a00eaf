"""The harness's measures with their intervals: a dot for what was measured, a bar for what it may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.bench.numbers import NONE, milliseconds
from harness.report.charts.scale import Axis, Tick
from harness.report.stored.harness import HarnessRun, LegRun, Percentile, Rate
from harness.report.words import cut, model, several


@dataclass(frozen=True, slots=True)
class Mark:
    """One measure. `is_open`: the data give no upper bound, so the bar has no end."""

    kind: str
    low: str
    at: str
    high: str
    is_open: bool
    words: str
    says: str


@dataclass(frozen=True, slots=True)
class Row:
    """A leg and scenario."""

    name: str
    about: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Rows over one axis, which need not begin at nothing."""

    title: str
    #: what its words are called in the table's head, one for each mark of a row
    columns: tuple[str, ...]
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]

    @property
    def has_open(self) -> bool:
        """Whether a bar has no end."""
        return any(mark.is_open for row in self.rows for mark in row.marks)


def charts(run: HarnessRun) -> Iterator[Chart]:
    """Latency, tasks, tool calls."""
    yield _latency(run)
    tasks = [(leg, leg.successes) for leg in run.legs]
    least = min((rate.low for _, rate in tasks if rate.low is not None), default=0.0)
    yield _rates("Tasks right", tasks, Axis(next((m for m in (0.8, 0.6, 0.2) if m <= least), 0.0), 1))
    errors = [(leg, leg.tool_errors) for leg in run.legs if leg.tool_errors.total]
    most = max((rate.high for _, rate in errors if rate.high is not None), default=0.0)
    yield _rates("Tool-call errors", errors, Axis(0, next((m for m in (0.1, 0.2, 0.4) if m >= most), 1.0)))


def _name(leg: LegRun) -> str:
    return f"{cut(leg.leg)} · {cut(leg.scenario, 40)}"


def _asked(leg: LegRun) -> str:
    return ", ".join(model(name) if "/" in name else cut(name) for name in leg.models) or "no model"


def _latency(run: HarnessRun) -> Chart:
    found = [
        (leg, warmth, speed.calls, (("p50", speed.total_p50_ms), ("p95", speed.total_p95_ms)))
        for leg in run.legs for warmth, speed in sorted(leg.latency.items(), reverse=True)
    ]  # fmt: skip
    axis = _axis([each for *_, both in found for _, each in both])
    rows = tuple(
        Row(
            _name(leg), f"{_asked(leg)}, {'cached prompt' if warmth == 'cached' else warmth}, {several(calls, 'call')}",
            tuple(_timed(kind, each, axis) for kind, each in both),
        )
        for leg, warmth, calls, both in found
    )  # fmt: skip
    ticks = tuple(
        Tick(axis.place(step), f"{step:g} ms" if step < 1000 else f"{step / 1000:g} s") for step in axis.steps()
    )
    return Chart("Time to the whole answer", ("P50", "P95"), ticks, rows)


def _axis(found: Sequence[Percentile]) -> Axis:
    values = [max(value, 1.0) for each in found for value in (each.low, each.value, each.high) if value is not None]
    if not values:
        return Axis(100, 10_000, is_log=True)
    return Axis(min(values) / 1.3, max(values) * 1.3, is_log=True)


def _timed(kind: str, found: Percentile, axis: Axis) -> Mark:
    low = "?" if found.low is None else milliseconds(found.low)
    high = "no upper bound" if found.high is None else milliseconds(found.high)
    words = f"{'≥ ' if found.at_least else ''}{milliseconds(found.value)}"
    return Mark(
        kind, axis.place(found.value if found.low is None else found.low), axis.place(found.value),
        "100%" if found.high is None else axis.place(found.high), found.high is None,
        words, f"{kind.upper()} {words} ({low} … {high})",
    )  # fmt: skip


def _rates(title: str, found: Sequence[tuple[LegRun, Rate]], axis: Axis) -> Chart:
    rows = tuple(Row(_name(leg), _asked(leg), _rated(rate, axis)) for leg, rate in found)
    ticks = tuple(Tick(axis.place(step), f"{100 * step:g} %") for step in axis.steps())
    return Chart(title, ("rate",), ticks, rows)


def _rated(rate: Rate, axis: Axis) -> tuple[Mark, ...]:
    if rate.rate is None or rate.low is None or rate.high is None:
        return (Mark("none", "0%", "0%", "0%", False, NONE, "nothing was counted"),)
    words = f"{100 * rate.rate:.1f} %"
    says = f"{words} ({100 * rate.low:.1f} … {100 * rate.high:.1f}), {rate.count} of {rate.total}"
    return (Mark("p50", axis.place(rate.low), axis.place(rate.rate), axis.place(rate.high), False, words, says),)
