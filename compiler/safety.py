"""Whether a change stays within the thresholds of market.yaml, or says why it may go beyond them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from compiler.change import Change
from compiler.compile import Compiled
from compiler.diagnostics import Code, Finding

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


def unsafe(change: Change, before: Compiled | None, after: Compiled) -> Iterator[Finding]:
    """Each threshold that the change passes: what, measured, limit, count.

    The limits are those of the side that was reviewed: a change cannot raise its own.
    """
    for loosened in change.loosened:
        yield LOOSENED.at(loosened.place, loosened.what)
    market = (before.policies.market if before else None) or after.policies.market
    if market is None:
        return
    limits = market.safe_change
    rerouted = sum(route.is_rerouted for route in change.routes)
    touched = len(change.machines_touched)
    for code, name, count, total, limit in (
        (MANY_REROUTED, "scenarios_rerouted_percent", rerouted, change.scenarios, limits.scenarios_rerouted_percent),
        (MANY_MACHINES, "machines_touched_percent", touched, change.machines, limits.machines_touched_percent),
    ):
        measured = Decimal(100 * count) / total if total else Decimal(0)
        if measured > limit:
            what = "scenarios rerouted" if code is MANY_REROUTED else "Macs touched"
            place = after.policies.place("market.yaml", "safe_change", name)
            yield code.at(place, f"{what}: {measured:.2f} % is over {limit.normalize():f} % ({count}/{total})")
    if change.dollars > limits.dollars_per_month:
        place = after.policies.place("market.yaml", "safe_change", "dollars_per_month")
        limit = limits.dollars_per_month.normalize()
        movers = sum(route.dollars > 0 for route in change.routes)
        yield DEARER.at(place, f"dollars a month: +${change.dollars:.2f} is over +${limit:f} ({movers} scenarios)")


def acknowledgements(before: Compiled | None, after: Compiled) -> tuple[tuple[str, str], ...]:
    """(file, reason) of every `acknowledge:` line that this change adds or rewords."""
    found = []
    for file, document in after.policies.documents.files.items():
        reason = _reason(document.data)
        old = before.policies.documents.files.get(file) if before else None
        if reason and (old is None or _reason(old.data) != reason):
            found.append((f"{after.policies.documents.folder}/{file}", reason))
    return tuple(found)


def _reason(data: object) -> str | None:
    return data.get("acknowledge") if isinstance(data, dict) else None
