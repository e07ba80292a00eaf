"""What a comparison can find. Apart from it, so that `vane rules` needs no statistics."""

from __future__ import annotations

from compiler.diagnostics import Code

UNLIKE_SUITES = Code(
    "VB201", "unlike-suites", "Two runs are of different suites",
    "run the suite of one of them again, and compare with that",
    "With another prompt, tool or accepted answer a difference says nothing of the model. Only equal hashes compare.",
)  # fmt: skip
NOTHING_IN_COMMON = Code(
    "VB202", "nothing-in-common", "Two runs have no prompt on a leg in common",
    "run the same legs and scenarios in both",
    "Only the same prompt on the same leg compares; averages over different prompts do not.",
)  # fmt: skip
BROKEN_EVIDENCE = Code(
    "VB203", "broken-evidence", "A week's harness.json is not what `vane bench run` writes",
    "restore it: git checkout generated/weeks",
    "The next week goes on from its e-processes. Evidence that was cut off must not start again in silence.",
)  # fmt: skip
NO_THRESHOLDS = Code(
    "VB204", "no-thresholds", "Nothing says which changes matter",
    "write acceptance.yaml with `promote` and `demote`",
    "Whether a rise of a point is worth a rollback is for people to say, and to review, before there is a result.",
)  # fmt: skip
CODES = (UNLIKE_SUITES, NOTHING_IN_COMMON, BROKEN_EVIDENCE, NO_THRESHOLDS)
