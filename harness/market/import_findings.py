"""What `vane market import` can find in a file."""

from __future__ import annotations

from compiler.diagnostics import Code, Severity

UNKNOWN_FORM = Code(
    "VM170", "unknown-form", "A file is no form of rankings that can be imported",
    "give a saved answer of GET /datasets/rankings-daily (JSON), a CSV archive of weekly snapshots, or an article's "
    "table (YAML): docs/market.md shows each",
    "A page's or frontend's own data is not a source: it changes its sections without a word.",
)  # fmt: skip
ODD_ROW = Code(
    "VM171", "odd-row", "A row of an imported file is not what its form says",
    "get the file again from its source; do not mend it by hand",
    "One wrong row is a sign of a wrong file. Nothing of it enters the archive.",
)  # fmt: skip
NO_WHOLE_WEEK = Code(
    "VM172", "no-whole-week", "A file holds no whole ISO week",
    "give one that covers Monday to Sunday in UTC",
    "A part of a week compared with a week is a false alarm.",
)  # fmt: skip
PART_OF_WEEK = Code(
    "VM173", "part-of-week", "A week of the file is not whole, and was left out",
    "import it when the week is over", "A part of a week compared with a week is a false alarm.",
    severity=Severity.NOTE,
)  # fmt: skip
BETTER_SOURCE = Code(
    "VM174", "better-source", "A week is archived from a better source, and was kept",
    "nothing to do; to force it, delete the week's folder first",
    "The official data set stands above a saved answer, that above a scrape, and that above an article.",
    severity=Severity.NOTE,
)  # fmt: skip
CODES = (UNKNOWN_FORM, ODD_ROW, NO_WHOLE_WEEK, PART_OF_WEEK, BETTER_SOURCE)
