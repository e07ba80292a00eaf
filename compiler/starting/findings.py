"""What can be in the way of a new repository."""

from __future__ import annotations

from compiler.diagnostics import Code

IN_THE_WAY = Code(
    "VN719", "in-the-way", "A file is there already, with other content",
    "move it elsewhere and run it again, then put your lines into the new one; `--dry-run` lists what would be written",
    "`vane init` overwrites nothing. A file that already is what it would write is in nobody's way.",
)  # fmt: skip
CODES = (IN_THE_WAY,)
