"""One run of what many runners did: only of the same suite, seed and routes, and no call twice.

Runners share the cases (shards), or the legs: a Mac has its own model, any machine can ask OpenRouter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from compiler.diagnostics import Finding, Place, PolicyError
from harness.bench.run_codes import MISSING_SHARDS, UNLIKE_SHARDS
from harness.bench.store import Run, RunHeader, Store, read_run

#: What all shards of a run agree about.
_SAME = ("week", "suite", "suite_version", "suite_sha256", "seed", "repeats", "stream", "keep_text", "tool", "looks")


def merge(files: Sequence[Path], out: Path) -> tuple[RunHeader, tuple[Finding, ...]]:
    """Write the merged run. Raises PolicyError where the files do not belong together; nothing is written then."""
    runs = [read_run(file) for file in files]
    if problems := tuple(_problems(files, runs)):
        raise PolicyError(problems)
    header = _merged(runs)
    with Store(out, header) as store:
        for file in files:
            for line in _rows(file):
                store.copy(line)
    if not header.missing_shards:
        return header, ()
    missing = ", ".join(f"{k}/{runs[0].header.shard[1]}" for k in header.missing_shards)
    return header, (MISSING_SHARDS.at(Place(str(out)), f"shards {missing} are missing"),)


def _merged(runs: Sequence[Run]) -> RunHeader:
    parts, count = _parts(runs), runs[0].header.shard[1]
    legs = dict.fromkeys(leg for run in runs for leg in run.header.legs)
    return replace(
        runs[0].header,
        shard=(1, 1),
        legs=tuple(legs),
        started=min(run.header.started for run in runs),
        missing_shards=tuple(k for k in range(1, count + 1) if any((leg.leg, k) not in parts for leg in legs)),
        untried=tuple(dict.fromkeys(each for run in runs for each in run.header.untried)),
    )


def _parts(runs: Sequence[Run]) -> Counter[tuple[str, int]]:
    """How many of the files have a leg's shard."""
    return Counter((leg, run.header.shard[0]) for run in runs for leg in {each.leg for each in run.header.legs})


def _problems(files: Sequence[Path], runs: Sequence[Run]) -> Iterator[Finding]:
    first = runs[0].header
    for file, run in zip(files, runs, strict=True):
        place, header = Place(str(file)), run.header
        for name in _SAME:
            if (mine := getattr(header, name)) != (its := getattr(first, name)):
                yield UNLIKE_SHARDS.at(place, f"{file}: {name} is {mine}, and {its} in {files[0]}")
        if header.shard[1] != first.shard[1]:
            yield UNLIKE_SHARDS.at(place, f"{file}: shard of {header.shard[1]}, and of {first.shard[1]} in {files[0]}")
        models = {(leg.leg, leg.scenario, leg.trial): leg.model for leg in first.legs}
        for leg in header.legs:
            if (its := models.get((leg.leg, leg.scenario, leg.trial), leg.model)) != leg.model:
                said = f"{file}: {leg.scenario} on {leg.leg} is {leg.model}, and {its} in {files[0]}"
                yield UNLIKE_SHARDS.at(place, said)
    twice = sorted(part for part, count in _parts(runs).items() if count > 1)
    for leg_name, k in twice:
        said = f"shard {k}/{first.shard[1]} of the {leg_name} leg comes more than once"
        yield UNLIKE_SHARDS.at(Place(str(files[0])), said)
    counted = Counter(unit for run in runs for unit in run.done)
    if not twice and (again := [unit for unit, count in counted.items() if count > 1]):
        said = f"{len(again)} calls are in more than one file, first {again[0].case} on {again[0].leg}"
        yield UNLIKE_SHARDS.at(Place(str(files[0])), said)


def _rows(file: Path) -> Iterator[bytes]:
    """The rows of a run as they are, without its header and a torn end."""
    with file.open("rb") as stream:
        next(stream)
        yield from (line for line in stream if line.endswith(b"\n"))
