"""The run store: a file of JSON lines that only grows. The run's header first, then what happened, as it happened.

Rows are of four kinds. `sent`: a call is about to go out. `attempt`: it ended, and how. `prompt`: what was sent, where
texts are kept. `look`: the run was compared, to see whether more repeats would decide. A `sent` without its `attempt`
was in flight when the run was cut off: nobody knows what it cost.

A row is one write to a file that is open for appending, so a killed run leaves whole rows and at most one torn end,
which is cut off when the run goes on. Rows reach the disk once a second (`Store.sync`, away from the event loop): a
kill loses nothing, a power cut at most a second.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from compiler.diagnostics import Place, PolicyError
from harness.bench.attempt import Attempt, LegName
from harness.bench.rows import attempt_of, row_of
from harness.bench.run_codes import RUN_IN_USE, UNREADABLE_RUN

FOLDER = Path(".vane") / "runs"
FORMAT = 1
_SHARD = "-shard-"
#: Warm-up calls are rows too, because they cost; they are of this repeat and never final.
WARM_UP = 0


class Unit(NamedTuple):
    """What is counted once: a case on a leg, in one of its repeats, by its own way or on trial."""

    leg: LegName
    case: str
    repeat: int
    trial: str = ""


@dataclass(frozen=True, slots=True)
class RunLeg:
    """Which model answers a scenario's cases on a leg, and whose route it is by the plan."""

    leg: LegName
    scenario: str
    route: str
    model: str
    #: as in the attempts
    trial: str = ""


@dataclass(frozen=True, slots=True)
class Untried:
    """A trial that a run does without, because its key was not there."""

    #: the scenario whose route would have been tried
    trial: str
    model: str
    variable: str


@dataclass(frozen=True, slots=True)
class RunHeader:
    """The first line of a run: all that decides what is asked, and how it was measured."""

    tool: str
    week: str
    suite: str
    suite_version: str
    suite_sha256: str
    #: the suite's folder as it was named; None for the shipped one
    suite_folder: str | None
    seed: int
    repeats: int
    legs: tuple[RunLeg, ...]
    #: (k, n): every n-th case from the k-th; (1, 1) is all of them
    shard: tuple[int, int]
    stream: bool
    keep_text: bool
    concurrency: int
    rate: float | None
    timeout_seconds: float
    started: datetime.datetime
    #: shards that a merged run lacks
    missing_shards: tuple[int, ...] = ()
    #: how often it is compared at most, decided when it began: more than once where it grows until it is decided
    looks: int = 1
    untried: tuple[Untried, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its file tells it."""

    header: RunHeader
    #: every attempt in the order in which they ended, also warm-ups (repeat 0) and those that were made again
    attempts: tuple[Attempt, ...]
    #: calls that were in flight when the run was cut off, and what each cost at most: nobody knows more
    cut_off: tuple[tuple[Unit, Decimal], ...] = ()
    #: what all of it cost at most: as billed or listed, and the worst case where nobody knows
    most_usd: Decimal = Decimal(0)
    #: how often it was compared so far to decide whether it grows
    looked: int = 0

    @property
    def done(self) -> frozenset[Unit]:
        """What has its final attempt."""
        return frozenset(unit_of(attempt) for attempt in self.attempts if attempt.final)


def unit_of(attempt: Attempt) -> Unit:
    """What an attempt was for."""
    return Unit(attempt.leg, attempt.case, attempt.repeat, attempt.trial)


def read_run(file: Path, shown: str | None = None) -> Run:
    """A run from its file; an end torn by a kill is left out. Raises PolicyError for what is no run."""
    shown = shown or str(file)
    header: RunHeader | None = None
    attempts: list[Attempt] = []
    cut_off: list[tuple[Unit, Decimal]] = []
    open_calls: dict[Unit, Decimal] = {}
    spent, looked = Decimal(0), 0
    for number, row in _rows(file, shown):
        try:
            if number == 1:
                header = _header_of(row)
            elif row["row"] == "attempt":
                attempts.append(attempt_of(row))
                worst = open_calls.pop(unit_of(attempts[-1]), Decimal(0))
                spent += worst if attempts[-1].cost_usd is None else attempts[-1].cost_usd
            elif row["row"] == "look":
                looked += 1
            elif row["row"] == "sent":
                unit = Unit(row["leg"], row["case"], row["repeat"], row.get("trial", ""))
                worst = Decimal(row["worst_usd"])
                cut_off += [(unit, open_calls[unit])] if unit in open_calls else []
                open_calls[unit] = worst
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise _unreadable(shown, number, f"no row of a run ({type(error).__name__}: {error})") from error
    if header is None:
        raise _unreadable(shown, 1, "it is empty")
    cut_off += open_calls.items()
    return Run(header, tuple(attempts), tuple(cut_off), spent + sum(worst for _, worst in cut_off), looked)


def find_run(project: Path, name: str | None) -> Path:
    """The newest run, the newest of a week, or a run's file. Raises PolicyError where there is none."""
    if name and (Path(name).suffix or os.sep in name):
        if not Path(name).is_file():
            raise _unreadable(name, 1, "there is no such file")
        return Path(name)
    found = [file for file in (project / FOLDER).glob("*.jsonl") if _is_of(file.stem, name)]
    runs = sorted(found, key=lambda file: (file.stat().st_mtime_ns, file.name))
    if not runs:
        raise _unreadable(str(FOLDER), 1, f"there is no run of {name!r}" if name else "there is no run")
    return runs[-1]


def free_file(project: Path, week: str, shard: tuple[int, int]) -> Path:
    """A name for a new run that no earlier run of the week has."""
    part = "" if shard == (1, 1) else f"{_SHARD}{shard[0]}-of-{shard[1]}"
    number = 1
    while (file := project / FOLDER / f"{week}{part}{'' if number == 1 else f'-{number}'}.jsonl").exists():
        number += 1
    return file


def _is_of(stem: str, week: str | None) -> bool:
    """Whether a file is a whole run, of a week: a shard has to be named."""
    return _SHARD not in stem and (week is None or stem == week or stem.startswith(f"{week}-"))


def _rows(file: Path, shown: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line number and content of each whole row."""
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    return  # torn by a kill
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise _unreadable(shown, number, "no row of a run")
                yield number, row
    except (ValueError, RecursionError) as error:
        raise _unreadable(shown, number, f"no JSON ({error})") from error


def _unreadable(shown: str, line: int, why: str) -> PolicyError:
    return PolicyError([UNREADABLE_RUN.at(Place(shown, line), f"{shown}: {why}")])


def _header_of(row: Mapping[str, Any]) -> RunHeader:
    if row.get("row") != "run" or row.get("format") != FORMAT:
        raise ValueError("the first line is no header of a run")
    fields = {name: value for name, value in row.items() if name not in ("row", "format")}
    started = datetime.datetime.fromisoformat(fields.pop("started"))
    legs = tuple(RunLeg(**leg) for leg in fields.pop("legs"))
    k, n = fields.pop("shard")
    missing = tuple(fields.pop("missing_shards"))
    untried = tuple(Untried(**each) for each in fields.pop("untried", ()))
    return RunHeader(**fields, started=started, legs=legs, shard=(k, n), missing_shards=missing, untried=untried)


def header_row(header: RunHeader) -> dict[str, Any]:
    """The header as plain data."""
    return {"row": "run", "format": FORMAT, **asdict(header), "started": header.started.isoformat()}


class Store:
    """A run's file, open for more rows and locked against others. A context manager."""

    def __init__(self, file: Path, header: RunHeader | None = None) -> None:
        """A new run with its header, or (without one) a run that goes on. Raises PolicyError if another writes."""
        self.file = file
        if header is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if header is not None else 0)
        self._descriptor = os.open(file, flags, 0o600)
        try:
            self._lock()
            if header is not None:
                self._append(header_row(header))
            else:
                self._cut_torn_end()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.sync()
        os.close(self._descriptor)

    def sent(self, unit: Unit, worst_usd: Decimal) -> None:
        """Note that a call goes out, and what it may cost at most."""
        self._append({"row": "sent", **unit._asdict(), "worst_usd": format(worst_usd, "f")})

    def prompt(self, case: str, sha256: str, body: Mapping[str, Any]) -> None:
        """Keep the text of a prompt."""
        self._append({"row": "prompt", "case": case, "sha256": sha256, "body": body})

    def look(self) -> None:
        """Note that the run is compared: a look counts, also if a kill ends what it decided."""
        self._append({"row": "look"})

    def add(self, attempt: Attempt) -> None:
        """Keep an attempt that ended."""
        self._append(row_of(attempt))

    def copy(self, line: bytes) -> None:
        """Keep a row of another run as it is."""
        self._write(line)

    def sync(self) -> None:
        """Bring to the disk what was written. Takes milliseconds: keep it away from what is being timed."""
        os.fsync(self._descriptor)

    def _append(self, row: Mapping[str, Any]) -> None:
        self._write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")

    def _write(self, whole: bytes) -> None:
        line = memoryview(whole)
        while line:  # one write, unless the disk is full: then the next one raises
            line = line[os.write(self._descriptor, line) :]

    def _lock(self) -> None:
        """Held by the open file, so it ends with the process however that ends."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PolicyError([RUN_IN_USE.at(Place(str(self.file)), f"{self.file} is being written")]) from error

    def _cut_torn_end(self) -> None:
        size = whole = os.fstat(self._descriptor).st_size
        while whole and os.pread(self._descriptor, 1, whole - 1) != b"\n":
            step = min(whole, 65536)
            block = os.pread(self._descriptor, step, whole - step)
            found = block.rfind(b"\n")
            whole = whole - step + found + 1 if found >= 0 else whole - step
        if whole < size:
            os.ftruncate(self._descriptor, whole)
