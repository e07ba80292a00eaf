"""A change as people read it: in words scenario by scenario, then the files. Text, Markdown, JSON."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from compiler.change import Change, Difference, Files, RouteChange
from compiler.compile import Compiled
from compiler.redact import redact
from compiler.safety import Unsafe

#: GitHub refuses comments above 65,536 characters.
LONGEST_MARKDOWN = 60_000


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `vane diff` says."""

    base: str
    head: str
    change: Change
    unsafe: tuple[Unsafe, ...]
    acknowledged: tuple[tuple[str, str], ...]
    #: (title, unified diff) of each distinct change of a file
    files: tuple[tuple[str, str], ...]
    laptops: frozenset[str]
    notes: tuple[str, ...] = ()

    @property
    def is_safe(self) -> bool:
        """Whether nothing passes a threshold, or somebody answers for it."""
        return not self.unsafe or bool(self.acknowledged)


def file_changes(old: Files, new: Files) -> tuple[tuple[str, str], ...]:
    """The artifact diff; Macs with equal changes are shown once."""
    alike: dict[tuple[str, bytes | None, bytes | None], list[str]] = {}
    for path in sorted({*old, *new}, key=lambda path: (path.startswith("contingencies/"), path)):
        was, now = old.get(path), new.get(path)
        if was != now:
            head, machine, rest = _split(path)
            alike.setdefault((f"{head}{{}}{rest}" if machine else path, was, now), []).append(machine)
    return tuple(_file_change(pattern, machines, was, now) for (pattern, was, now), machines in alike.items())


def _split(path: str) -> tuple[str, str, str]:
    """A path as (folder, machine, rest); machine is empty where it belongs to none."""
    head, found, tail = path.partition("machines/")
    machine, _, rest = tail.partition("/")
    return (f"{head}machines/", machine, f"/{rest}") if found else (path, "", "")


def _file_change(pattern: str, machines: Sequence[str], was: bytes | None, now: bytes | None) -> tuple[str, str]:
    where = machines[0] if len(machines) == 1 else f"{{{','.join(machines)}}}"
    path = pattern.replace("{}", where, 1)
    verb = "new: " if was is None else "gone: " if now is None else ""
    old, new = ((side or b"").decode("utf-8", "replace").splitlines() for side in (was, now))
    lines = difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")
    return f"{verb}generated/{path}", "\n".join(lines)


# What follows words the report. Names of models are shown without their author, as people say them.


def sentence(route: RouteChange, laptops: frozenset[str]) -> str:
    """One scenario's change in words."""
    where = _where(route.machines, laptops)
    if route.kind != "changed":
        price = route.price_after if route.kind == "added" else route.price_before
        cost = f", ${_money(price)} per million tokens at list price" if price else ""
        return f"{route.scenario} on {where}: {route.kind}{cost}"
    said = [_difference(difference) for difference in route.differences]
    said += _effect(route.price_before, route.price_after)
    return f"{route.scenario} on {where}: {', '.join(said) or 'no change of where calls go'}"


def _where(machines: Sequence[str], laptops: frozenset[str]) -> str:
    if len(machines) == 1:
        return machines[0]
    kind = "laptops" if laptops.issuperset(machines) else "Macs"
    return f"{len(machines)} {kind}" if machines else "no Mac"


def _difference(difference: Difference) -> str:
    if difference.what in ("downgraded", "paused"):  # whole sentences: the state that ends or begins
        return f"{difference.what}: {difference.after}" if difference.after else f"no longer {difference.what}"
    before, after = (_short(side) if side else "none" for side in (difference.before, difference.after))
    return f"{difference.what} {before} → {after}"


def _short(models: str) -> str:
    return ", ".join(part if part.startswith("mlx/") else part.rpartition("/")[2] for part in models.split(", "))


def _effect(before: Decimal | None, after: Decimal | None) -> Iterator[str]:
    if before is None or after is None or before == after:
        return
    if not before:
        yield f"from free to ${_money(after)} per million tokens at list price"
        return
    percent = (after - before) / before * 100
    yield f"{'+' if percent > 0 else '−'}{abs(percent):.0f} % at list price"


def _money(amount: Decimal | None) -> str:
    return f"{amount or 0:,.2f}"


def _dollars(change: Change) -> str:
    sign = "+" if change.dollars > 0 else "−" if change.dollars < 0 else "±"
    return f"{sign}${_money(abs(change.dollars))} a month at list price and the expected shares"


def _totals(report: Report) -> str:
    change = report.change
    rerouted = sum(route.is_rerouted for route in change.routes)
    touched = f"{len(change.machines_touched)} of {change.machines} Macs touched"
    return f"{rerouted} of {change.scenarios} scenarios rerouted, {touched}, {_dollars(change)}"


def text(report: Report) -> str:
    """For a terminal."""
    lines = [f"policies {report.base} → {report.head}: {_totals(report)}", *report.notes, ""]
    for route in report.change.routes:
        lines.append(sentence(route, report.laptops))
        lines += [f"    {d.what}: {d.place}" for d in route.differences]
    if not report.change.routes:
        lines.append("no route changes")
    for finding in (each.finding for each in report.unsafe):
        state = "acknowledged" if report.acknowledged else "UNSAFE"
        lines.append(f"{state}: {finding.place} {finding.code} {finding.message}")
    lines += [f"reason ({file}): {' '.join(reason.split())}" for file, reason in report.acknowledged]
    for title, diff in report.files:
        lines += ["", title, diff]
    return redact("\n".join(lines)) + "\n"


def markdown(report: Report) -> str:
    """For a comment on a pull request, cut to what GitHub takes."""
    parts = [f"### Routes: {_code(report.base)} → {_code(report.head)}", "", f"{_totals(report)}.", ""]
    parts += [f"> {note}" for note in report.notes]
    parts += [f"- {_emphasised(sentence(route, report.laptops))}{_lines(route)}" for route in report.change.routes]
    if not report.change.routes:
        parts.append("No route changes.")
    parts += list(_markdown_safety(report))
    head = redact("\n".join(parts))
    return head + _details(report.files, LONGEST_MARKDOWN - len(head))


def _emphasised(words: str) -> str:
    scenario, _, rest = words.partition(" ")
    return f"**{scenario}** {_escaped(rest)}"


def _lines(route: RouteChange) -> str:
    places = dict.fromkeys(f"{d.place.file}:{d.place.line}" for d in route.differences)
    return f" ({', '.join(map(_code, places))})" if places else ""


def _markdown_safety(report: Report) -> Iterator[str]:
    if not report.unsafe:
        return
    state = "Beyond the thresholds, and acknowledged" if report.acknowledged else "Unsafe without an acknowledge line"
    yield f"\n**{state}:**"
    for finding in (each.finding for each in report.unsafe):
        place = _code(f"{finding.place.file}:{finding.place.line}")
        yield f"- {_code(finding.code)} {_escaped(finding.message)} ({place})"
    for file, reason in report.acknowledged:
        yield f"- reason in {_code(file)}: {_code(' '.join(reason.split()))}"


def _details(files: Sequence[tuple[str, str]], room: int) -> str:
    shown: list[str] = []
    for number, (title, diff) in enumerate(files):
        fence = "`" * max(3, 1 + _longest_run(diff))
        block = f"\n\n<details><summary>{_html(title)}</summary>\n\n{fence}diff\n{redact(diff)}\n{fence}\n</details>"
        if len(block) > room - 200:
            left = len(files) - number
            shown.append(f"\n\n{left} more changed file{'s' if left != 1 else ''}: `vane diff` shows all.")
            break
        room -= len(block)
        shown.append(block)
    return "".join(shown) + "\n"


def _longest_run(words: str) -> int:
    longest = run = 0
    for character in words:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _code(words: str) -> str:
    """A Markdown code span that holds any text."""
    fence = "`" * (1 + _longest_run(words))
    pad = " " if words[:1] == "`" or words[-1:] == "`" else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def _escaped(words: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|~!@" else c for c in words)


def _html(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_json(report: Report) -> str:
    """For programs. Money is decimal text in USD."""
    change = report.change
    data = {
        "base": report.base,
        "head": report.head,
        "notes": list(report.notes),
        "scenarios": change.scenarios,
        "machines": change.machines,
        "machines_touched": list(change.machines_touched),
        "dollars_per_month": f"{change.dollars:f}",
        "routes": [_route_fields(route) for route in change.routes],
        "unsafe": [_unsafe_fields(each) for each in report.unsafe],
        "acknowledged": [{"file": file, "reason": reason} for file, reason in report.acknowledged],
        "safe": report.is_safe,
        "files": [{"title": title, "diff": redact(diff)} for title, diff in report.files],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _unsafe_fields(each: Unsafe) -> Mapping[str, Any]:
    found = each.finding
    numbers = {name: value for name in ("measured", "limit") if (value := getattr(each, name)) is not None}
    counts = {name: value for name in ("count", "total") if (value := getattr(each, name)) is not None}
    shown = {name: f"{value:f}" for name, value in numbers.items()}
    return {"code": found.code, "message": found.message, "place": str(found.place)} | shown | counts


def _route_fields(route: RouteChange) -> Mapping[str, Any]:
    return {
        "scenario": route.scenario,
        "kind": route.kind,
        "machines": list(route.machines),
        "rerouted": route.is_rerouted,
        "differences": [
            {"what": d.what, "before": d.before, "after": d.after, "place": str(d.place)} for d in route.differences
        ],
        "price_before": None if route.price_before is None else f"{route.price_before:f}",
        "price_after": None if route.price_after is None else f"{route.price_after:f}",
        "dollars_per_month": f"{route.dollars:f}",
    }


def laptops_of(sides: Iterable[Compiled | None]) -> frozenset[str]:
    """Machines that are laptops, on either side."""
    fleets = (side.policies.fleet.machines for side in sides if side)
    return frozenset(name for machines in fleets for name, machine in machines.items() if machine.is_laptop)
