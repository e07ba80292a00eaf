"""Whether a change stays within the thresholds of market.yaml, or says why it may go beyond them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from compiler.change import Change
from compiler.compile import Compiled
from compiler.diagnostics import Code, Finding
from compiler.load import Documents
from compiler.loosened import Loosened
from compiler.policy.types import says_why

MANY_REROUTED = Code(
    "VN931", "many-scenarios-rerouted", "A change reroutes more scenarios than market.yaml allows",
    "split the change, or add `acknowledge: <reason>` to the policy file that you change",
    "When many routes move at once, nobody can tell next week which of them did it.",
)  # fmt: skip
DEARER = Code(
    "VN932", "dearer-month", "A change raises the month's bill by more than market.yaml allows",
    "choose a cheaper route, or add `acknowledge: <reason>` to the policy file that you change",
    "A dear route is a decision. The amount is list price times the expected share of market.yaml's volume.",
)  # fmt: skip
MANY_MACHINES = Code(
    "VN933", "many-machines-touched", "A change touches more Macs than market.yaml allows",
    "split the change, or add `acknowledge: <reason>` to the policy file that you change",
    "What goes wrong on every Mac at once leaves nobody to mend it.",
)  # fmt: skip
LOOSENED = Code(
    "VN934", "block-loosened", "A change lets sensitive data reach more than before",
    "restore the block, or add `acknowledge: <reason>` to the policy file that you change",
    "Blocks are promises to customers and colleagues. Taking one back is for a person to answer.",
)  # fmt: skip
CODES = (MANY_REROUTED, DEARER, MANY_MACHINES, LOOSENED)


@dataclass(frozen=True, slots=True)
class Unsafe:
    """A threshold that a change passes. Measured and limit: percent, or USD a month; count and total: how many of."""

    finding: Finding
    measured: Decimal | None = None
    limit: Decimal | None = None
    count: int | None = None
    total: int | None = None


def unsafe(change: Change, before: Compiled | None, after: Compiled) -> Iterator[Unsafe]:
    """Each threshold that the change passes: what, measured, limit, count.

    The limits are those of the side that was reviewed: a change cannot raise its own. A downgrade by itself is not held
    against them, for it says its own reason; what else changes at the same time is.
    """
    yield from map(_unsafe_block, change.loosened)
    market = (before.policies.market if before else None) or after.policies.market
    if market is None:
        return
    limits = market.safe_change
    rerouted = sum(route.is_rerouted for route in change.reviewed)
    touched = 0 if change.is_downgrade_alone else len(change.machines_touched)
    for code, name, count, total, limit in (
        (MANY_REROUTED, "scenarios_rerouted_percent", rerouted, change.scenarios, limits.scenarios_rerouted_percent),
        (MANY_MACHINES, "machines_touched_percent", touched, change.machines, limits.machines_touched_percent),
    ):
        measured = Decimal(100 * count) / total if total else Decimal(0)
        if measured > limit:
            what = "scenarios rerouted" if code is MANY_REROUTED else "Macs touched"
            said = f"{what}: {measured:.2f} % is over {limit.normalize():f} % ({count}/{total})"
            finding = code.at(after.policies.place("market.yaml", "safe_change", name), said)
            yield Unsafe(finding, round(measured, 2), limit, count, total)
    dollars = sum((route.dollars for route in change.reviewed), Decimal(0))
    if dollars > limits.dollars_per_month:
        place = after.policies.place("market.yaml", "safe_change", "dollars_per_month")
        limit = limits.dollars_per_month
        movers = sum(route.dollars > 0 for route in change.reviewed)
        said = f"+${dollars:.2f} is over +${limit.normalize():f} ({movers} scenarios)"
        yield Unsafe(DEARER.at(place, f"dollars a month: {said}"), round(dollars, 2), limit, movers)


def _unsafe_block(loosened: Loosened) -> Unsafe:
    return Unsafe(LOOSENED.at(loosened.place, loosened.what))


def unmeasured(loosened: Iterator[Loosened]) -> Iterator[Unsafe]:
    """What is unsafe beside a base that does not compile."""
    return map(_unsafe_block, loosened)


def acknowledgements(before: Documents | None, after: Compiled) -> tuple[tuple[str, str], ...]:
    """(file, reason) of every `acknowledge:` line that this change adds or rewords."""
    found = []
    for file, document in after.policies.documents.files.items():
        reason = _reason(document.data)
        old = before.files.get(file) if before else None
        if reason and (old is None or _reason(old.data) != reason):
            found.append((f"{after.policies.documents.folder}/{file}", reason))
    return tuple(found)


def _reason(data: object) -> str | None:
    written = data.get("acknowledge") if isinstance(data, dict) else None
    return " ".join(written.split()) if isinstance(written, str) and says_why(written) else None
