"""What a refresh of the market and its archive can find. `harness/codes.py` shows them to `vane rules`."""

from __future__ import annotations

from compiler.diagnostics import Code

BROKEN_WEEK = Code(
    "VM150", "broken-week", "A file of the archive is not what `vane market refresh` writes",
    "restore it: git checkout generated/weeks",
    "The archive is evidence for years. A file that was edited or cut off must not be read as a quiet week.",
)  # fmt: skip
NO_SUCH_WEEK = Code(
    "VM151", "no-such-week", "A week is not in the archive", "fetch it: vane market refresh --week WEEK",
    "Missing evidence is said to be missing; no other week stands in for it.",
)  # fmt: skip
LINKED_ARCHIVE = Code(
    "VM152", "linked-archive", "Something else stands where the archive's folder must be", "remove it",
    "Writing through a link would change files outside generated/.",
)  # fmt: skip
CODES: tuple[Code, ...] = (BROKEN_WEEK, NO_SUCH_WEEK, LINKED_ARCHIVE)
