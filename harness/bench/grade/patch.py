"""An edit: the diff in the answer must apply without fuzz and give the expected file, to the letter."""

from __future__ import annotations

import re

from harness.bench.expectation import PatchGives
from harness.bench.grade.fences import code_blocks
from harness.bench.grade.verdict import Verdict
from harness.bench.unified_diff import DoesNotApplyError, apply, files_of


def judge(expected: PatchGives, text: str) -> Verdict:
    """Whether the diff turns the file into what it should be."""
    diff = _diff_in(text)
    if diff is None:
        return "patch_does_not_apply", "no unified diff in the answer"
    other = next((name for name in files_of(diff) if not _is_same_file(name, expected.path)), None)
    if other is not None:
        return "wrong_patch", f"it changes {other[:120]!r}, not {expected.path!r}"
    try:
        result = apply(diff, expected.before)
    except DoesNotApplyError as error:
        return "patch_does_not_apply", str(error)[:160]
    accepted = (expected.after, *expected.also)
    is_right = any(result.rstrip("\n") == good.rstrip("\n") for good in accepted)
    return None if is_right else ("wrong_patch", "it applies, and gives another file than asked for")


def _diff_in(text: str) -> str | None:
    """The diff without the words around it: what stands in code blocks, or everything from its first header on."""
    blocks = [block for block in code_blocks(text) if re.search("^@@", block, re.MULTILINE)]
    if blocks:
        return "".join(blocks)
    start = re.search(r"^(?:diff --git |--- |@@)", text, re.MULTILINE)
    return text[start.start() :] if start and re.search("^@@", text, re.MULTILINE) else None


def _is_same_file(name: str, path: str) -> bool:
    return name in (path, f"a/{path}", f"b/{path}", f"./{path}", f"/{path}")
