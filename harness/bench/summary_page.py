"""A run's summary as a page for people."""

from __future__ import annotations

from collections.abc import Iterator

from harness.bench.numbers import NONE, counted, milliseconds, names, percentile_words, rate_words, usd
from harness.bench.page import Block, Heading, Sentence, Table
from harness.bench.summary import RunSummary, Speed, Summary, repeats_for_bound


def summary_page(summary: Summary) -> tuple[Block, ...]:
    """Rates, times, money and what went wrong, with the limits of what they show."""
    header = summary.header
    asked = f"{header.suite} {header.suite_version} ({header.suite_sha256[:12]}), seed {header.seed}"
    return (
        Heading(f"Harness run {summary.name}, week {header.week}", 1),
        Sentence(f"Suite {asked}, {header.started:%Y-%m-%d %H:%M} UTC, {_way(summary)}."),
        *_missing(summary),
        Heading("Answers"),
        _answers(summary),
        Heading("Latency"),
        _latency(summary),
        Heading("Cost"),
        _cost(summary),
        *_wrong(summary),
        Heading("How sure this is"),
        *(Sentence(words, is_item=True) for words in _caveats(summary)),
    )


def _way(summary: Summary) -> str:
    header = summary.header
    clock = f"an open loop of {header.rate:g} calls a second" if header.rate else "a closed loop"
    calls = "call" if header.concurrency == 1 else "calls"
    return f"{clock} with {header.concurrency} {calls} in flight on each leg, timeout {header.timeout_seconds:g} s"


def _missing(summary: Summary) -> Iterator[Block]:
    if not summary.groups:
        yield Sentence("The run has no calls.")
    if summary.header.missing_shards:
        yield Sentence(f"Shards missing: {', '.join(map(str, summary.header.missing_shards))}.")
    for each in summary.header.untried:
        yield Sentence(f"The trial of {each.trial} was left out, without {each.variable}: {each.model} was not asked.")
    if summary.cut_off:
        yield Sentence(f"{summary.cut_off} calls were in flight when the run was cut off; what they cost is unknown.")


def _answers(summary: Summary) -> Table:
    header = ("leg", "scenario", "model", "calls", "tool-call errors", "dropped", "tasks right", "no answer")
    return Table(
        header,
        tuple(
            (
                group.leg, group.scenario, names(group.models), f"{group.prompts} × {group.repeats}",
                rate_words(group.tool_errors), f"{group.dropped_calls}", rate_words(group.successes),
                f"{group.unanswered} of {group.calls}",
            )
            for group in summary.groups
        ),
        numbers=3,
    )  # fmt: skip


def _latency(summary: Summary) -> Table:
    header = ("leg", "scenario", "prompt", "calls", "first token P50", "P95", "total P50", "P95", "tokens/s")
    rows = ((group, speed) for group in summary.groups for speed in group.speeds)
    return Table(header, tuple((g.leg, g.scenario, *_speed(speed)) for g, speed in rows), numbers=3)


def _speed(speed: Speed) -> tuple[str, ...]:
    percentiles = (speed.first_token_p50, speed.first_token_p95, speed.total_p50, speed.total_p95)
    rate = NONE if speed.tokens_per_second is None else f"{speed.tokens_per_second:.0f}"
    return (speed.warmth, f"{speed.calls}", *map(percentile_words, percentiles), rate)


def _cost(summary: Summary) -> Table:
    header = ("leg", "scenario", "billed", "by list price", "each run of the prompts", "warm-up", "unknown")
    return Table(
        header,
        tuple(
            (
                group.leg, group.scenario, usd(group.money.billed), usd(group.money.listed),
                usd(group.money.each_run), usd(group.money.warm_up), f"{group.money.unknown} attempts",
            )
            for group in summary.groups
        ),
        numbers=2,
    )  # fmt: skip


def _wrong(summary: Summary) -> Iterator[Block]:
    yield Heading("What went wrong")
    header = ("leg", "scenario", "kind", "what")
    rows = [(group.leg, group.scenario, *row) for group in summary.groups for row in _wrongs(group)]
    yield Table(header, tuple(rows), numbers=4) if rows else Sentence("Nothing.")


def _wrongs(group: RunSummary) -> Iterator[tuple[str, str]]:
    if group.tool_error_kinds:
        yield "tool-call errors", counted(group.tool_error_kinds)
    if group.failures:
        yield "failed tasks", counted(group.failures)
    if group.transport:
        yield "no answer", counted(group.transport)
    if group.retries or group.rate_limit_waits or group.timeouts:
        waits = f"{group.retries} retries, {group.rate_limit_waits} waits for a rate limit, {group.timeouts} timeouts"
        yield "attempts", f"{group.attempts} for {group.calls} calls: {waits}"
    if set(group.answered_by) - set(group.models):
        yield "answered by", f"{names(group.answered_by)} (asked: {names(group.models)})"


def _caveats(summary: Summary) -> Iterator[str]:
    yield (
        "Brackets hold 95 % intervals: Wilson for rates, order statistics for percentiles. "
        "? is a bound that the data cannot give."
    )
    short = [(g, s) for g in summary.groups for s in g.speeds if s.total_p95.interval.high is None]
    for group, speed in short:
        yield _short(group, speed)
    if any(group.repeats > 1 for group in summary.groups):
        yield (
            "Repeats of a prompt are not new prompts: with repeats, an interval is about these prompts, and takes "
            "their repeats for independent. For prompts like them it would be wider."
        )
    if any(speed.total_p95.at_least for group in summary.groups for speed in group.speeds):
        yield "≥: the percentile lies among calls that a timeout cut off; the true value is longer."
    yield "Tool-call errors follow OpenRouter's definition; calls without an answer are in neither rate."
    if any(group.dropped_calls for group in summary.groups):
        yield (
            "Dropped: the answer ended in a tool call that never came, as when a server cannot parse it. OpenRouter's "
            "definition sees no error in that; as a task it failed."
        )


def _short(group: RunSummary, speed: Speed) -> str:
    where = f"{group.leg} {group.scenario}, {speed.warmth}"
    if speed.total_p95.at_least:
        limit = milliseconds(speed.total_p95.ms)
        return f"{where}: too many calls hit the timeout; P95 is at least {limit}."
    needed = repeats_for_bound(group.prompts)
    return (
        f"{where}: {speed.calls} calls have no upper bound of P95 at 95 %. "
        f"{needed} repeats of {group.prompts} prompts would."
    )
