"""What a week can find about the repository. `harness/codes.py` shows them to `vane rules`."""

from __future__ import annotations

from compiler.diagnostics import Code, Severity

GIT_REFUSED = Code(
    "VW101", "git-refused", "Git does not do what the week needs", "mend what git says, then run it again",
    "The branch is built beside your working tree; whatever fails there, your files and branches are as they were.",
)  # fmt: skip
UNCOMMITTED = Code(
    "VW102", "uncommitted-policies", "Policies have changes that are not committed", "commit or stash them first",
    "A proposal is a change of what was reviewed. Mixed with other changes nobody could drop it alone.",
)  # fmt: skip
ON_THE_BRANCH = Code(
    "VW103", "on-the-bots-branch", "The weekly branch itself is checked out", "check out the main branch first",
    "The week starts from what is merged, and builds its branch anew. The tree that has it would look full of changes.",
)  # fmt: skip
LOCK_KEPT = Code(
    "VW104", "lock-kept", "The new lock is not on the branch: with it the policies do not compile",
    "decide on the models that the findings name, then run `vane lock`",
    "A branch that does not compile could not be merged, and the evidence would wait with it.", Severity.WARNING,
)  # fmt: skip
NOT_ON_ORIGIN = Code(
    "VW105", "not-on-origin", "The weekly branch has people's commits that origin has not",
    "push the branch, or delete it here: git branch -D BRANCH",
    "The week builds on what origin has of its branch. What only this clone has would be lost.",
)  # fmt: skip
CODES = (GIT_REFUSED, UNCOMMITTED, ON_THE_BRANCH, LOCK_KEPT, NOT_ON_ORIGIN)
