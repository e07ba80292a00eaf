"""An answer held against its case. Deterministic: no model judges, no clock, no network; no answer makes it raise.

Two numbers come out and are never mixed. The protocol error is OpenRouter's: it asks whether a client could have run
the calls. Success asks whether the answer was right. A call may fit its schema and be wrong, and the other way round.
"""

from __future__ import annotations

from harness.bench.attempt import Answer, Failure, Grade, Usage
from harness.bench.case import Case
from harness.bench.expectation import Calls, Contains, FitsSchema, Matches, PatchGives
from harness.bench.grade import calls, json_text, patch, text
from harness.bench.grade.nothing import reason
from harness.bench.grade.protocol import is_tool_request, protocol_error
from harness.bench.grade.verdict import Verdict

#: Goes into each suite's hash. Raise it with any change of this package that can change a grade.
GRADING = 2


def grade(case: Case, answer: Answer, usage: Usage | None = None) -> Grade:
    """The grade of an answer. `usage` tells an empty message from one whose call the server dropped."""
    asked = is_tool_request(case, answer)
    error = protocol_error(case.tools, answer.calls) if asked else None
    wrong = _judged(case, answer, asked=asked)
    if wrong is None:
        return Grade(asked, error, success=True, failure=None)
    failure, detail = _named(case, answer, usage, wrong)
    return Grade(asked, error, success=False, failure=failure, detail=detail)


def _judged(case: Case, answer: Answer, *, asked: bool) -> Verdict:
    if asked and not answer.calls:  # whatever stands there instead: the model made a call, and the server lost it
        return "dropped_call", "finish_reason is tool_calls, and no call came"
    expected = case.expectation
    if isinstance(expected, Calls):
        return calls.judge(expected, case.tools, answer.calls)
    if answer.calls:
        return "call_when_irrelevant", f"called {answer.calls[0].name[:80]!r} where text was the answer"
    if not answer.text.strip():
        return "empty_answer", "no text"  # what must not be there is not there, and still nothing was answered
    return _judged_text(expected, answer.text, case.max_tokens)


def _judged_text(expected: Contains | Matches | FitsSchema | PatchGives, said: str, max_tokens: int) -> Verdict:
    if isinstance(expected, Contains):
        return text.contains(expected, said)
    if isinstance(expected, Matches):
        return text.matches(expected, said, max_tokens)
    if isinstance(expected, PatchGives):
        return patch.judge(expected, said)
    return json_text.judge(expected, said)


def _named(case: Case, answer: Answer, usage: Usage | None, wrong: tuple[Failure, str]) -> tuple[Failure, str]:
    """The failure by its deepest cause: an answer that was cut off is not one that chose a wrong value."""
    if answer.finish_reason == "length":
        return "truncated", f"cut off at {case.max_tokens} tokens"
    if answer.calls or wrong[0] == "dropped_call":
        return wrong
    return reason(case, answer, usage) or wrong
