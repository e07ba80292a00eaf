"""How a rule is written down: a decorator that gives a function its code and its explanation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from compiler.diagnostics import Code, Finding, Place, Severity
from compiler.plan import Plan
from compiler.policy import Policies


class Problem(NamedTuple):
    """What a rule yields: where, what, and a fix where it knows a better one than its general advice."""

    place: Place
    message: str
    fix: str = ""


def several(names: Sequence[str]) -> str:
    """Machines that one cause concerns, as a message names them: all of a few, the first of many."""
    shown = ", ".join(map(repr, names[:3]))
    return f"{shown} and {len(names) - 3:,} more" if len(names) > 3 else shown


class PolicyRule(NamedTuple):
    """A check of what people wrote."""

    code: Code
    check: Callable[[Policies], Iterable[Problem]]

    def findings(self, policies: Policies) -> Iterator[Finding]:
        """What the rule has to say."""
        return (self.code.at(*problem) for problem in self.check(policies))


class PlanRule(NamedTuple):
    """A check of what the policies resolve to, in one situation."""

    code: Code
    check: Callable[[Plan, Policies], Iterable[Problem]]

    def findings(self, plan: Plan, policies: Policies) -> Iterator[Finding]:
        """What the rule has to say; outside the standing plan it names the situation."""
        for place, message, fix in self.check(plan, policies):
            yield self.code.at(place, message if plan.is_standing else f"{message} (when {plan.situation})", fix)


def policy_rule(
    code: str, name: str, title: str, *, fix: str, severity: Severity = Severity.ERROR
) -> Callable[[Callable[[Policies], Iterable[Problem]]], PolicyRule]:
    """Make a rule of a function over policies; its docstring tells why the rule exists."""
    return lambda check: PolicyRule(
        Code(code, name, title, fix, inspect.cleandoc(check.__doc__ or ""), severity), check
    )


def plan_rule(
    code: str, name: str, title: str, *, fix: str, severity: Severity = Severity.ERROR
) -> Callable[[Callable[[Plan, Policies], Iterable[Problem]]], PlanRule]:
    """Make a rule of a function over a plan; its docstring tells why the rule exists."""
    return lambda check: PlanRule(Code(code, name, title, fix, inspect.cleandoc(check.__doc__ or ""), severity), check)
