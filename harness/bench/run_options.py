"""What `vane bench run` was asked, checked: numbers within reason, and no two options that contradict each other."""

from __future__ import annotations

import argparse
import datetime
import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from harness.weeks import Week

_SHARD = re.compile(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,4})")
_MOST_CALLS_AT_ONCE = 1024
_MOST_REPEATS = 1000
#: What --resume takes from the run's own header. Saying it again would be ignored, or be another run.
_OF_THE_HEADER = {"suite": None, "leg": None, "scenario": None, "repeats": None, "week": None, "shard": None,
                  "out": None, "seed": 1, "no_stream": False, "keep_text": False}  # fmt: skip


class UsageError(ValueError):
    """The command was asked for something that cannot be."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options that need more than argparse does."""

    max_usd: Decimal | None
    shard: tuple[int, int]
    week: Week


def checked(asked: argparse.Namespace, now: datetime.datetime) -> Options:
    """The options; raises UsageError for the first that cannot be."""
    if asked.resume:
        said = [name for name, default in _OF_THE_HEADER.items() if getattr(asked, name) != default]
        if said:
            raise UsageError(f"--resume goes on with what the run was asked; leave out --{said[0].replace('_', '-')}")
    for name, value, most in (
        ("repeats", asked.repeats, _MOST_REPEATS),
        ("concurrency", asked.concurrency, _MOST_CALLS_AT_ONCE),
    ):
        if value is not None and not 1 <= value <= most:
            raise UsageError(f"--{name} takes 1 to {most}, not {value}")
    for name, number in (("rate", asked.rate), ("timeout", asked.timeout)):
        if number is not None and not (math.isfinite(number) and number > 0):
            raise UsageError(f"--{name} takes a number above 0, not {number}")
    if asked.warm_up < 0:
        raise UsageError(f"--warm-up takes 0 or more, not {asked.warm_up}")
    if asked.until_decided and asked.max_usd is None:
        raise UsageError("--until-decided buys calls: say with --max-usd for how much at most")
    if asked.until_decided and asked.shard:
        raise UsageError("--until-decided looks at all of a run: no --shard with it")
    if asked.against and not asked.until_decided:
        raise UsageError("--against is for --until-decided; to compare runs that are there: vane bench compare")
    return Options(money(asked.max_usd), _shard(asked.shard), _week(asked.week, now))


def money(text: str | None) -> Decimal | None:
    """What --max-usd says; raises UsageError where that is no amount, and so no bound."""
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0 or value.adjusted() > 6:
        raise UsageError(f"--max-usd takes an amount such as 2.50, not {text!r}")
    return value


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    found = _SHARD.fullmatch(text)
    if not found or int(found.group(1)) > int(found.group(2)):
        raise UsageError(f"--shard takes K/N with K from 1 to N, such as 2/8, not {text!r}")
    return int(found.group(1)), int(found.group(2))


def _week(text: str | None, now: datetime.datetime) -> Week:
    try:
        return Week.parse(text) if text else Week.of(now.date())
    except ValueError as error:
        raise UsageError(f"--week: {error}") from error


def run_file(asked: argparse.Namespace, free: Path) -> Path:
    """Where a new run goes. Raises UsageError for a name that is taken."""
    file: Path = asked.out or free
    if file.suffix != ".jsonl":
        raise UsageError(f"--out takes a file that ends in .jsonl, not {str(file)!r}")
    if file.exists():
        raise UsageError(f"{str(file)!r} is there already; to go on with it: --resume {file}")
    return file
