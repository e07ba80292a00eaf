"""A ledger's decisions of a week → what the page, the pull request and the rules are told of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from compiler.policy import Policies
from harness.guards import asked, errors
from harness.guards.asked import Group
from harness.market.exposure import permaslug
from harness.market.spend.engine import Engine
from harness.report.stored.decisions import Act, Decisions, Log, Part
from harness.weeks import Week

#: Roles of Macs on which a guard runs.
_GUARDED = frozenset({"gateway", "openclaw", "cursor"})
_NO_SCENARIO = "(none)"


def guards_of(engine: Engine, policies: Policies, week: Week) -> Decisions | None:
    """None where no guard's log of the week came."""
    found = asked.groups(engine, week)
    if not found:
        return None
    now, before = (errors.work(asked.sessions(engine, each)) for each in (week, week.before()))
    parts = tuple(_parts(found, policies))
    pool = policies.tracks.gray_pool
    logs = tuple(_logs(found))
    return Decisions(
        week=str(week),
        decisions=sum(each.decisions for each in found),
        logs=logs,
        silent=tuple(_silent(logs, policies)),
        tokens=sum(part.tokens for part in parts),
        gray_tokens=sum(part.gray_tokens for part in parts),
        max_share=pool.max_share if pool else None,
        parts=parts,
        acts=tuple(_acts(found)),
        tool_errors=tuple(errors.rates(now)),
        compared=errors.comparisons(now, before, policies),
    )


def _logs(found: Iterable[Group]) -> Iterator[Log]:
    by: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for each in found:
        by[each.machine, each.surface].append(each)
    for (machine, surface), of in sorted(by.items()):
        yield Log(
            machine=machine,
            surface=surface,
            decisions=sum(each.decisions for each in of),
            first=min(each.first for each in of),
            last=max(each.last for each in of),
            unreadable=sum(each.decisions for each in of if each.reason == "unreadable"),
        )


def _silent(logs: Iterable[Log], policies: Policies) -> Iterator[str]:
    told = {log.machine for log in logs}
    machines = policies.fleet.machines if policies.fleet else {}
    yield from (name for name, of in sorted(machines.items()) if name not in told and _GUARDED & {*of.roles})


def _parts(found: Iterable[Group], policies: Policies) -> Iterator[Part]:
    pool = policies.tracks.gray_pool
    gray = {name for model in (pool.models if pool else ()) for name in (model, permaslug(model, policies))}
    tokens: Counter[str] = Counter()
    gray_tokens: Counter[str] = Counter()
    for each in found:
        scenario = each.scenario or _NO_SCENARIO
        tokens[scenario] += each.tokens
        gray_tokens[scenario] += each.tokens if gray & {each.model, each.permaslug} else 0
    for scenario, count in sorted(tokens.items()):
        if count:
            yield Part(scenario=scenario, tokens=count, gray_tokens=gray_tokens[scenario])


def _acts(found: Iterable[Group]) -> Iterator[Act]:
    counts: Counter[tuple[str, str, str | None, str]] = Counter()
    for each in found:
        if each.reason is not None:
            labels = each.labels.split() if each.reason == "label" else ()
            for label in labels or (None,):
                counts[each.action, each.reason, label, each.scenario or _NO_SCENARIO] += each.decisions
    for (action, reason, label, scenario), count in sorted(counts.items(), key=lambda c: (-c[1], str(c[0]))):
        yield Act(action=action, reason=reason, label=label, scenario=scenario, count=count)
