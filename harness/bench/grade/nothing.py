"""Why an answer without a call is not what it should be: dropped on the way, leaked as text, refused, or empty."""

from __future__ import annotations

import re

from harness.bench.attempt import Answer, Usage
from harness.bench.case import Case
from harness.bench.grade.leaked import leaked_call
from harness.bench.grade.verdict import Verdict

_REFUSALS = re.compile(
    r"\s{0,20}(?:(?:sorry|apologies|unfortunately)[,.!]? )?(?:but )?"
    r"I(?:'m|’m| am) (?:sorry|unable to|not able to|afraid I|not comfortable)"
    r"|\s{0,20}(?:(?:sorry|apologies|unfortunately)[,.!]? )?(?:but )?"
    r"I (?:cannot|can't|can’t|won't|won’t|must decline|have to decline) ?(?:help|assist|comply|do that|provide|to)?",
    re.IGNORECASE,
)


def reason(case: Case, answer: Answer, usage: Usage | None) -> Verdict:
    """The cause that lies deeper than a wrong answer; nothing where the answer is simply wrong."""
    if answer.refusal or answer.finish_reason == "content_filter":
        return "refusal", (answer.refusal or "the provider's filter stopped the answer")[:160]
    if not answer.text.strip():
        return _empty(case, answer, usage)
    if case.tools and (markup := leaked_call(answer.text, case.tools)):
        return "tool_call_as_text", f"a call leaked as text: {markup}"
    if _REFUSALS.match(answer.text):
        return "refusal", answer.text.strip()[:160]
    return None


def _empty(case: Case, answer: Answer, usage: Usage | None) -> Verdict:
    spoken = (usage.completion_tokens or 0) - (usage.reasoning_tokens or 0) if usage else 0
    if case.tools and spoken > 0 and not answer.reasoning_chars:
        return "dropped_call", f"{spoken} tokens were generated, and nothing came"
    return "empty_answer", "no text and no call"
