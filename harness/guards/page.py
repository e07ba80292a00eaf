"""What the guards did in a week, in sentences and tables: for the week's page and for the pull request."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from harness.bench.numbers import NONE, change_words
from harness.market.numbers import share, tokens, unsigned
from harness.market.page import Part
from harness.report.stored.decisions import Act, Compared, Decisions, ToolErrors
from harness.report.words import several

#: What a guard does, and why, as people say it.
_ACTIONS = {"block": "blocked", "reroute": "sent elsewhere", "warn": "warned", "allow": "let pass"}
_REASONS = {
    "share": "the gray share", "cap": "the cap", "label": "a label", "ticket": "no ticket",
    "unreadable": "no policy to go by",
}  # fmt: skip
SAID = {"worse": "worse", "better": "better", "within": "within its margin", "unclear": "no evidence either way"}


def parts(found: Decisions) -> tuple[Part, ...]:
    """All of it."""
    return (
        Part("", tuple(sentences(found))),
        Part("What was not simply let pass", (), ("done", "because of", "label", "scenario", "turns"),
             tuple(map(_act, found.acts)), frozenset({4})),
        Part("Tool-call errors of production", (), ("scenario", "model", "sessions", "tool calls", "failed", "95 %"),
             tuple(map(_errors, found.tool_errors)), frozenset({2, 3, 4, 5})),
        Part("How they changed", tuple(map(compared_words, found.compared))),
    )  # fmt: skip


def sentences(found: Decisions) -> Iterator[str]:
    """What a reviewer asks first."""
    macs = {log.machine for log in found.logs}
    yield f"{found.decisions} decisions of {several(len(macs), 'Mac')}: {', '.join(sorted(macs))}."
    yield from _gray(found)
    for log in found.logs:
        if log.unreadable:
            turns = several(log.unreadable, "turn")
            yield f"The guard of {log.machine} ({log.surface}) had no policy that it could read for {turns}."
    if found.silent:
        yield f"No log came of {', '.join(found.silent)}: what their guards did is not known."


def _gray(found: Decisions) -> Iterator[str]:
    if found.max_share is None:
        return
    most = unsigned(Fraction(found.max_share))
    over = ", which is more than it may have" if found.is_over else ""
    counted = f"{tokens(found.gray_tokens)} of {tokens(found.tokens)}; at most {most}"
    yield f"Gray models had {unsigned(found.share)} of the tokens that guards counted ({counted}){over}."
    gray = (part for part in found.parts if part.gray_tokens)
    if said := ", ".join(f"{part.scenario} {unsigned(share(part.gray_tokens, part.tokens))}" for part in gray):
        yield f"Gray models' part by scenario: {said}."


def _act(act: Act) -> tuple[str, ...]:
    action, reason = _ACTIONS.get(act.action, act.action), _REASONS.get(act.reason, act.reason)
    return action, reason, act.label or NONE, act.scenario, str(act.count)


def _errors(of: ToolErrors) -> tuple[str, ...]:
    bounds = NONE if of.low is None or of.high is None else f"{100 * of.low:.1f} … {100 * of.high:.1f} %"
    failed = unsigned(Fraction(of.errors, of.calls))
    return of.scenario, of.model, str(of.sessions), str(of.calls), failed, bounds


def compared_words(of: Compared) -> str:
    """One comparison in a sentence without a full stop."""
    change = change_words(of.change, of.low, of.high, "points")
    base = "the week before" if of.against == "week" else of.base
    rates = f"{100 * of.base_rate:.1f} % → {100 * of.rate:.1f} % of tool calls failed"
    size = f"{several(of.sessions, 'session')}, {several(of.calls, 'tool call')}"
    return f"{of.scenario} on {of.candidate}, against {base}: {rates}, {change}, {SAID[of.verdict]} ({size})"
