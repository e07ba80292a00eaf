"""`vane spend import guard-log`: the guards' logs, from any number of Macs and in any order, into the ledger.

A line that a kill or a power cut left unfinished is passed over and named: the guard goes on behind it. Any other line
that is not as a guard writes it refuses the whole import, with all such lines named, so that nothing is lost unseen.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics import Finding, Place, PolicyError
from harness.market.spend.amounts import OddError
from harness.market.spend.findings import CUT_OFF, DUPLICATE_ROW, NOT_AN_EXPORT
from harness.market.spend.guard_lines import is_cut_off, read_line
from harness.market.spend.importing import Names, Taken
from harness.market.spend.ledger import Ledger
from harness.market.spend.rows import Decision

#: More wrong lines than these say nothing new.
MOST_FINDINGS = 50
_FIX = "fetch the log again, or take the line out if it stays so; nothing was taken"


@dataclass(frozen=True, slots=True)
class Logs:
    """What some files hold."""

    #: each with where it stands
    placed: tuple[tuple[Place, Decision], ...]
    #: lines that a kill cut off
    cut_off: tuple[Finding, ...]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Without their places."""
        return tuple(decision for _, decision in self.placed)


def read_logs(files: Iterable[Path], names: Names, now: datetime.datetime) -> Logs:
    """All lines of all files, each once. Raises PolicyError where a line is wrong: then none is taken."""
    found: dict[str, tuple[Place, Decision]] = {}
    cut_off: list[Finding] = []
    wrong: list[Finding] = []
    for place, line in _lines(files):
        if is_cut_off(line):
            cut_off.append(CUT_OFF.at(place, f"the line is cut off after {len(line)} bytes; it is passed over"))
            continue
        try:
            decision = read_line(line, names, now)
        except OddError as error:
            wrong.append(error.code.at(place, str(error), _FIX))
        else:
            first, known = found.setdefault(decision.id, (place, decision))
            if known != decision:
                wrong.append(DUPLICATE_ROW.at(place, f"{decision.id} says something else at {first}"))
        if len(wrong) == MOST_FINDINGS:
            break
    if wrong:
        raise PolicyError(wrong)
    return Logs(tuple(found.values()), tuple(cut_off))


def _lines(files: Iterable[Path]) -> Iterator[tuple[Place, bytes]]:
    for file in files:
        try:
            with file.open("rb") as stream:
                for number, line in enumerate(stream, 1):
                    if content := line.rstrip(b"\r\n"):
                        yield Place(str(file), number), content
        except OSError as error:
            said = f"it cannot be read: {error.strerror}"
            raise PolicyError([NOT_AN_EXPORT.at(Place(str(file)), said)]) from error


def enter_decisions(logs: Logs, ledger: Ledger) -> Taken:
    """Those that the ledger has not. A guard never writes a line again: raises PolicyError where one has changed."""
    ids = [decision.id for decision in logs.decisions]
    old = {each.id: each for each in ledger.rows(Decision, "id IN (SELECT unnest(?))", (ids,))}
    for place, decision in logs.placed:
        if decision.id in old and _written(old[decision.id]) != _written(decision):
            said = f"{decision.id} is in the ledger already, and says something else there"
            raise PolicyError([DUPLICATE_ROW.at(place, said, "one of the two was changed by somebody: find out which")])
    new = [decision for decision in logs.decisions if decision.id not in old]
    ledger.add(new)
    return Taken(len(new), 0, len(ids) - len(new))


def _written(decision: Decision) -> tuple[object, ...]:
    """What its line said: which key and permanent name that was, the ledger and the lock may learn later."""
    known = ("key", "model", "permaslug")
    return tuple(getattr(decision, name) for name in Decision.__slots__ if name not in known)
